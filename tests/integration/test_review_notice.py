"""What the notice of a filed request says and carries."""

from __future__ import annotations

from hashlib import sha256

import pytest

from tests.worker_harness import CLERK, ORTEGA, Opener, compose, fill


@pytest.mark.parametrize("attach", [True, False])
def test_the_original_is_attached_or_named_as_the_site_wants(
    open_harness: Opener, attach: bool
) -> None:
    harness, form = open_harness(review={"attach_original": attach}), fill()
    harness.deliver(compose(CLERK, "Form attached.", files={"form.pdf": form}))
    notice = harness.newest(ORTEGA, "review_notice")
    text = " ".join(notice.text.split())
    assert (form in notice.files.values()) is attach
    assert (sha256(form).hexdigest() in text) is not attach
    shown = harness.reply(ORTEGA, "SHOW", to=notice)
    assert (form in shown.files.values()) is attach
    assert (sha256(form).hexdigest() in " ".join(shown.text.split())) is not attach
    assert "Field office for the record check. Atlanta, by the place of the court." in text
    assert "Strong numbers on the form: A-Number." in text
