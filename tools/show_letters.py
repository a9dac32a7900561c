"""Letters as web pages and pictures, to be looked at on a desk, on a phone, in light and dark.

Outcomes: for each HTML mail of a folder, and for a few letters about invented things, a page
whose pictures are in it; beside each page one picture for every width and scheme, where Chromium is
installed. A mail without HTML is passed over. Whatever cannot be written ends the program.

    python -m tools.show_letters MAILS PAGES [WORD ...]

MAILS holds `.eml` files, as `make demo` leaves them in `demo-output`; each WORD limits the pages
to those whose name or heading holds it.
"""

from __future__ import annotations

import base64
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import date
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from outbound.letters.chart import Bar
from outbound.letters.compose import Fact, Letter, Letterhead
from outbound.letters.digest_letters import Digest, OldCase, compose_digest
from outbound.letters.requester_letters import Deficiency, DeficiencyItem, compose_deficiency

#: Widths in dots, and how much of a long letter is shown.
WIDTHS = {"desk": 900, "phone": 390}
HEIGHT = 4200
#: How Chromium is asked for each scheme; `forced` is what a mail program does that inverts by
#: itself, whatever the mail says.
SCHEMES = {
    "light": ("--blink-settings=preferredColorScheme=1",),
    "dark": ("--blink-settings=preferredColorScheme=0",),
    "forced": ("--force-dark-mode", "--enable-features=WebContentsForceDark"),
}
_QUIET = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    "--hide-scrollbars",
)
#: A window has a least width, which is more than a phone's: the page is shown in a frame.
_FRAME = (
    '<!DOCTYPE html><html lang="en"><head><title>Letter</title><meta name="color-scheme" '
    'content="light dark"></head><body style="margin:0"><iframe title="Letter" src="{}" '
    'style="border:0;color-scheme:light dark;width:{}px;height:{}px"></iframe></body></html>'
)


def find_page(raw: bytes) -> str | None:
    """Return a mail's HTML with its inline pictures in it, None where it has none."""
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    body = message.get_body(("html",))
    if body is None:
        return None
    html = str(body.get_content())
    for part in message.walk():
        name = str(part.get("Content-ID", "")).strip("<>")
        data = part.get_payload(decode=True)
        if name and isinstance(data, bytes):
            html = html.replace(f"cid:{name}", build_data_url(part.get_content_type(), data))
    return html


def build_data_url(media_type: str, data: bytes) -> str:
    """Return a picture as an address that holds it (RFC 2397)."""
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"


def build_samples() -> Iterator[tuple[str, Letter]]:
    """Yield letters that a folder of mails may lack, about invented things."""
    head = Letterhead(agency="Example Agency", mailbox="outreach@agency.example")
    number = "CJS-2026-000001-5"
    digest = Digest(
        head=head,
        day=date(2026, 5, 4),
        counts=(Fact(label="In review", value="14"), Fact(label="On hold", value="2")),
        ages=(
            Bar(label="0 to 1 day", count=7),
            Bar(label="2 to 5 days", count=5),
            Bar(label="late", count=2, is_late=True),
        ),
        oldest=(
            OldCase(
                tracking_number=number,
                status="in review",
                business_days=8,
                due_date=date(2026, 5, 12),
                assigned_to="",
            ),
        ),
        due_soon=3,
        away=(Fact(label="R. Example", value="until May 8; K. Example stands in"),),
        events=1204,
        fingerprint="9f" * 32,
    )
    yield "sample-digest", compose_digest(digest)
    items = (
        DeficiencyItem(label="Date of birth", section="Person"),
        DeficiencyItem(label="A-Number", sentence="This looks like a telephone number."),
    )
    deficiency = Deficiency(head=head, tracking_number=number, items=items, returned_form=b"%PDF-")
    yield "sample-deficiency", compose_deficiency(deficiency)


def list_pages(mails: Path) -> Iterator[tuple[str, str]]:
    """Yield the name and the HTML of each letter."""
    for path in sorted(mails.glob("*.eml")):
        html = find_page(path.read_bytes())
        if html is not None:
            yield path.stem, html
    for name, letter in build_samples():
        page = letter.html
        for picture in letter.pictures:
            data = build_data_url("image/png", picture.data)
            page = page.replace(f"cid:{picture.content_id}", data)
        yield name, page


def draw_page(chromium: str, page: Path, profile: str) -> None:
    """Draw a page in every width and scheme, beside it."""
    for width_name, width in WIDTHS.items():
        frame = page.with_name(f"{page.stem}-{width_name}.frame.html")
        frame.write_text(_FRAME.format(page.name, width, HEIGHT), encoding="utf-8")
        for scheme, options in SCHEMES.items():
            picture = page.with_name(f"{page.stem}-{width_name}-{scheme}.png")
            command = (
                *(chromium, *_QUIET, *options, f"--user-data-dir={profile}"),
                *(f"--window-size={max(width, 500)},{HEIGHT}", f"--screenshot={picture}"),
                frame.as_uri(),
            )
            subprocess.run(command, check=True, capture_output=True, timeout=120)
        frame.unlink()


def main(mails: str, pages: str, *words: str) -> None:
    """Write the pages, and the pictures where Chromium is installed."""
    folder = Path(pages).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with tempfile.TemporaryDirectory() as profile:
        for name, html in list_pages(Path(mails)):
            found = re.search(r"<h1[^>]*>([^<]*)", html)
            about = f"{name} {found[1] if found else ''}".lower()
            if words and not any(word.lower() in about for word in words):
                continue
            page = folder / f"{name}.html"
            page.write_text(html, encoding="utf-8")
            print(page.name, "-", found[1] if found else "")
            if chromium:
                draw_page(chromium, page, profile)
    if not chromium:
        print("Chromium is not installed: no pictures were made.")


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
