"""The parts letters are set in: two forms of each, none forgets to clean, exact wrapping."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import nodes
from jinja2.nodes import Node

from outbound.letters import compose, plain
from outbound.letters import html as html_parts
from outbound.letters.blocks import BlockTags
from outbound.letters.compose import Fact
from outbound.letters.digest_letters import ShownChart
from outbound.letters.reply_letters import AnswerRow, AnswerTable, EchoLine
from outbound.letters.review_letters import (
    ChangedField,
    Comparison,
    FieldRow,
    FieldToCheck,
    ReadyReply,
)
from outbound.letters.words import WIDTH, clean_text, shrink_blank_lines, wrap_lines, wrap_text
from parsers.values.ssn import mask_ssn

#: Parts within a line of plain text; their block cleans them.
INLINE = {"mail", "phone", "strong", "code"}
#: Parts whose words are other parts, clean already.
LISTS = {"bullets", "steps"}
HOSTILE = "<b>&\u202e\x07 123-45-6789"
ROW = FieldRow(label=HOSTILE, value=HOSTILE, raw=HOSTILE, note=HOSTILE, is_flagged=True)
CHECK = FieldToCheck(
    **dict.fromkeys(("label", "value", "raw", "shown", "read_by", "note"), HOSTILE),
    others=(HOSTILE,),
    page=1,
    picture=b"\x89PNG\r\n\x1a\n" + bytes(20),
    picture_id="spot1.0123@agency.example",
)
CHANGES = Comparison(
    earlier=HOSTILE, changes=(ChangedField(label=HOSTILE, old=HOSTILE, new=HOSTILE),)
)
ANSWERS = AnswerTable(
    caption=HOSTILE, rows=(AnswerRow(question=HOSTILE, answer=HOSTILE, note=HOSTILE),)
)
#: What the parts are given that take more than words.
GIVEN: dict[str, tuple[object, ...]] = {
    # In the link of an address every space is quoted, and a number behind it never stands alone.
    "mail": ("<b>&\u202e\x07",),
    "step": (HOSTILE, 1),
    "lines": ((HOSTILE, HOSTILE),),
    "facts": ((Fact(label=HOSTILE, value=HOSTILE),), HOSTILE, HOSTILE, HOSTILE),
    "fields": ((ROW,), HOSTILE),
    "checks": ((CHECK,),),
    "chart": (ShownChart(picture_id="a.0@agency.example", alt=HOSTILE, width=520),),
    "changes": (CHANGES,),
    "answers": (ANSWERS,),
    "echo": (EchoLine(text=HOSTILE, problems=(HOSTILE,)),),
    "buttons": ((ReadyReply(title=HOSTILE, href=HOSTILE, lines=()),),),
}


def test_every_part_has_a_plain_and_an_html_form() -> None:
    assert set(plain.PARTS) == set(html_parts.PARTS)
    assert set(plain.PARTS) >= BlockTags.tags | INLINE | set(GIVEN)


@pytest.mark.parametrize("name", sorted(html_parts.PARTS))
def test_every_part_cleans_and_escapes_what_it_shows_in_html(name: str) -> None:
    html = html_parts.PARTS[name](*GIVEN.get(name, (HOSTILE,)))
    assert "&lt;b&gt;&amp;" in html
    assert not [hidden for hidden in ("<b>", "\u202e", "\x07", "123-45") if hidden in html]


@pytest.mark.parametrize("name", sorted(set(plain.PARTS) - INLINE - LISTS))
def test_every_block_cleans_what_it_shows_in_plain_text(name: str) -> None:
    text = plain.PARTS[name](*GIVEN.get(name, (HOSTILE,)))
    assert not [hidden for hidden in ("\u202e", "\x07", "123-45") if hidden in text]


def test_no_template_shows_a_value_outside_the_blocks_that_clean_it() -> None:
    environment = compose._build_environment("txt")
    loader = environment.loader
    assert loader is not None
    names = [n for n in environment.list_templates(extensions=["j2"]) if n != "layout.html.j2"]
    loose = {
        f"{name}:{value.lineno}"
        for name in names
        for value in find_loose(environment.parse(loader.get_source(environment, name)[0]))
    }
    # The word that a letter is internal, and the rule below the title.
    assert loose == {"layout.txt.j2:1", "layout.txt.j2:3"}


def find_loose(node: Node) -> Iterator[Node]:
    """Find what is shown neither by a block that cleans, nor within one."""
    cleaning = {"clean", *plain.PARTS} - INLINE - LISTS
    if isinstance(node, nodes.FilterBlock) and node.filter.name in cleaning:
        return
    shown = node.nodes if isinstance(node, nodes.Output) else []
    for value in shown:
        is_clean = isinstance(value, nodes.Filter) and value.name in cleaning
        if not is_clean and next(value.find_all(nodes.Name), None) is not None:
            yield value
    for child in node.iter_child_nodes():
        yield from find_loose(child)


def test_words_without_a_variable_are_set_when_a_template_is_compiled() -> None:
    environment = compose._build_environment("html")
    constant = "{% bullets %}{% item %}{{ 'a & b'|code }} <{% enditem %}{% endbullets %}"
    varying = "{% bullets %}{% item %}{{ word }}{% enditem %}{% endbullets %}"
    assert next(environment.parse(constant).find_all(nodes.FilterBlock), None) is None
    assert len(list(environment.parse(varying).find_all(nodes.FilterBlock))) == 2
    [shown] = environment.from_string(constant).render().split("<li")[1:]
    assert "a &amp; b</code> <</li>" in shown


words = st.lists(
    st.text("ab-\u200b\u00a0 \t\n", max_size=30) | st.text(max_size=90), max_size=60
).map(" ".join)
indents = st.sampled_from(["", "- ", "10. ", "    ^ ", "      "])


@given(text=words, indent=indents, hanging=indents)
def test_paragraphs_are_wrapped_as_the_standard_library_does(
    text: str, indent: str, hanging: str
) -> None:
    cleaned = clean_text(" ".join(text.split()))
    expected = textwrap.fill(
        cleaned,
        width=WIDTH,
        initial_indent=indent,
        subsequent_indent=hanging,
        break_long_words=False,
        break_on_hyphens=False,
    )
    found = wrap_text(text, indent, hanging)
    if len(indent) + len(cleaned) <= WIDTH:
        assert found == indent + cleaned
    else:
        assert found == expected


@given(text=st.text("a \t\n\r", max_size=60))
def test_spare_space_is_shrunk(text: str) -> None:
    shrunk = shrink_blank_lines(text)
    assert shrunk.split() == text.split()
    assert re.search(r"[ \t]\n|\n{3}", shrunk) is None
    assert shrunk == shrunk.strip() + "\n"


def test_a_number_is_masked_though_its_label_stands_in_the_line_above() -> None:
    assert wrap_lines("My SSN is\n123456789", indent="  ") == "  My SSN is\n  ***-**-****"


@given(
    gaps=st.lists(
        st.sampled_from(["", " ", "-", ".", "\u2010", " -", "- ", "\n"]), min_size=8, max_size=8
    ),
    label=st.sampled_from(["SSN ", "Social Security No. ", "x"]),
)
def test_the_short_way_misses_no_number(gaps: list[str], label: str) -> None:
    digits = [*zip("12345678", gaps, strict=True)]
    text = label + "".join(d + gap for d, gap in digits) + "9"
    assert clean_text(text) == mask_ssn(text)
