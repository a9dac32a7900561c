"""The tags that letter templates use beside those of the engine.

`{% p %} … {% endp %}` and its like set what stands between as the filter of that name does; one
argument may follow the name (`{% step 1 %}`). `{% insert "_closing.j2" %}` puts in what several
letters share. Both do their work when a template is compiled, as far as it can be done then:
words without a variable are set once and not again for each letter.
"""

from __future__ import annotations

from typing import Any

from jinja2 import TemplateNotFound, nodes
from jinja2.ext import Extension
from jinja2.parser import Parser
from markupsafe import Markup


class BlockTags(Extension):
    """Reads the tags that set all up to their end."""

    tags = {"p", "note", "callout", "bullets", "item", "steps", "step", "html_only"}  # noqa: RUF012  the base says so

    def parse(self, parser: Parser) -> nodes.Node:
        """Return what a tag and all up to its end stand for."""
        tag = next(parser.stream)
        is_bare = parser.stream.current.test("block_end")
        arguments = [] if is_bare else [parser.parse_expression()]
        body = parser.parse_statements((f"name:end{tag.value}",), drop_needle=True)
        words = self._find_constant(body)
        part = nodes.Filter(words, tag.value, arguments, [], None, None, lineno=tag.lineno)
        if words is None:
            return nodes.FilterBlock(body, part, lineno=tag.lineno)
        return nodes.Output([part], lineno=tag.lineno)

    def _find_constant(self, body: list[nodes.Node]) -> nodes.TemplateData | None:
        """Return the words of `body` when they are the same in every letter."""
        context = nodes.EvalContext(self.environment)
        join = (Markup("") if context.autoescape else "").join
        words: list[Any] = []
        for node in body:
            if not isinstance(node, nodes.Output):
                return None
            try:
                words += [child.as_const(context) for child in node.nodes]
            except nodes.Impossible:
                return None
        return nodes.TemplateData(join(words))


class InsertTag(Extension):
    """Reads the tag that puts in another template, which then costs a letter nothing."""

    tags = {"insert"}  # noqa: RUF012  the base says so

    def parse(self, parser: Parser) -> list[nodes.Node]:
        """Return what the template that is named says."""
        next(parser.stream)
        name = parser.stream.expect("string").value
        loader = self.environment.loader
        if loader is None:
            raise TemplateNotFound(name)
        source, _, _ = loader.get_source(self.environment, name)
        return self.environment.parse(source, name).body
