"""Whose word counts that a mail comes from its author."""

from __future__ import annotations

import pytest

from parsers.mail.authentication import judge_authentication
from parsers.mail.parsing import parse_message

TRUSTED = ("mx.agency.example",)
INTERNAL = (("X-MS-Exchange-Organization-AuthAs", "Internal"),)
FROM = "From: R. Ortega <r.ortega@agency.example>"
MX = "Authentication-Results: mx.agency.example"
PASS = f"{MX}; dmarc=pass header.from=agency.example"
FAIL = f"{MX}; dmarc=fail header.from=agency.example"
AUTH_AS = "X-MS-Exchange-Organization-AuthAs"
KELVIN = "\u212a"  # Lower-cased it becomes a plain k.

CASES: dict[str, tuple[list[str], str]] = {
    # What passes.
    "DMARC pass for the author's domain": ([PASS, FROM], "dmarc"),
    "the gateway's name in capitals": (
        ["Authentication-Results: MX.Agency.EXAMPLE; dmarc=pass header.from=agency.example", FROM],
        "dmarc",
    ),
    "capitals in field name, method and result": (
        ["AUTHENTICATION-results: mx.agency.example; DMARC=Pass Header.From=Agency.Example", FROM],
        "dmarc",
    ),
    "a version after the gateway's name": (
        [
            "Authentication-Results: mx.agency.example 1; dmarc=pass header.from=agency.example",
            FROM,
        ],
        "dmarc",
    ),
    "a comment after the gateway's name, as amavis writes": (
        [
            (
                "Authentication-Results: mx.agency.example (amavisd-new);"
                " dkim=pass (1024-bit key) header.d=agency.example"
            ),
            FROM,
        ],
        "dkim",
    ),
    "comments between, as OpenDMARC writes": (
        [f"{MX}; dmarc=pass (p=reject dis=none) header.from=agency.example", FROM],
        "dmarc",
    ),
    "an unknown property between, as Exchange writes": (
        [
            (
                f"{MX}; spf=pass smtp.mailfrom=agency.example; dmarc=pass action=none"
                " header.from=agency.example; compauth=pass reason=100"
            ),
            FROM,
        ],
        "dmarc",
    ),
    "folded over several lines": (
        [
            (
                "Authentication-Results: mx.agency.example;\r\n"
                "\tspf=fail smtp.mailfrom=x.example;\r\n"
                "\tdmarc=pass\r\n\theader.from=agency.example"
            ),
            FROM,
        ],
        "dmarc",
    ),
    "a forgery below ours": (
        [PASS, "Authentication-Results: elsewhere.example; dmarc=fail header.from=x", FROM],
        "dmarc",
    ),
    "a failure below ours, from an earlier hop": ([PASS, FAIL, FROM], "dmarc"),
    "DKIM of the author's domain": ([f"{MX}; dkim=pass header.d=agency.example", FROM], "dkim"),
    "DKIM beside DMARC none": (
        [f"{MX}; dmarc=none header.from=agency.example; dkim=pass header.d=agency.example", FROM],
        "dkim",
    ),
    "DKIM by its identity alone": (
        [f"{MX}; dkim=pass header.i=r.ortega@agency.example", FROM],
        "dkim",
    ),
    "DKIM by its domain identity alone": (
        [f"{MX}; dkim=pass header.i=@agency.example header.s=one", FROM],
        "dkim",
    ),
    "DMARC pass for a domain below, which the gateway aligned with its parent's signature": (
        [
            f"{MX}; dkim=pass header.d=agency.example; dmarc=pass header.from=field.agency.example",
            "From: a@field.agency.example",
        ],
        "dmarc",
    ),
    "DKIM with the algorithm named": (
        [f"{MX}; dkim=pass header.d=agency.example header.a=rsa-sha256 header.s=one", FROM],
        "dkim",
    ),
    "the second of two signatures": (
        [f"{MX}; dkim=pass header.d=list.example; dkim=pass header.d=agency.example", FROM],
        "dkim",
    ),
    "an internal mark": ([f"{AUTH_AS}: Internal", FROM], "trusted_internal"),
    "an internal mark, its name in other case": (
        [f"{AUTH_AS.upper()}: Internal", FROM],
        "trusted_internal",
    ),
    "an internal mark above a failure": ([f"{AUTH_AS}: Internal", FAIL, FROM], "trusted_internal"),
    # Whose field it is.
    "no field at all": ([FROM], "none"),
    "a field of another gateway on top of ours": (
        [
            "Authentication-Results: elsewhere.example; dmarc=pass header.from=agency.example",
            PASS,
            FROM,
        ],
        "none",
    ),
    "an empty field on top of ours": (["Authentication-Results:", PASS, FROM], "none"),
    "a name that only begins like ours": (
        [
            (
                "Authentication-Results: mx.agency.example.evil.example; dmarc=pass"
                " header.from=agency.example"
            ),
            FROM,
        ],
        "none",
    ),
    "a name that only ends like ours": (
        [
            "Authentication-Results: evil-mx.agency.example; dmarc=pass header.from=agency.example",
            FROM,
        ],
        "none",
    ),
    "our name in a comment": (
        [
            (
                "Authentication-Results: elsewhere.example (mx.agency.example); dmarc=pass"
                " header.from=agency.example"
            ),
            FROM,
        ],
        "none",
    ),
    "a comment before our name": (
        [
            "Authentication-Results: (x) mx.agency.example; dmarc=pass header.from=agency.example",
            FROM,
        ],
        "none",
    ),
    "our name in quotes": (
        [
            'Authentication-Results: "mx.agency.example"; dmarc=pass header.from=agency.example',
            FROM,
        ],
        "none",
    ),
    "no name at all": (
        ["Authentication-Results: dmarc=pass header.from=agency.example", FROM],
        "none",
    ),
    "a name and nothing else": ([MX, FROM], "none"),
    "a letter that only lower-cases to ours": (
        [
            f"Authentication-Results: mx.{KELVIN}.example; dmarc=pass header.from=agency.example",
            FROM,
        ],
        "none",
    ),
    "a result whose letters only look right": (
        [f"{MX}; dmarc=pa\u017fs header.from=agency.example", FROM],
        "none",
    ),
    "an ARC field": (
        [
            (
                "ARC-Authentication-Results: i=1; mx.agency.example; dmarc=pass"
                " header.from=agency.example"
            ),
            FROM,
        ],
        "none",
    ),
    "a field of a similar name": (
        [
            "X-Authentication-Results: mx.agency.example; dmarc=pass header.from=agency.example",
            FROM,
        ],
        "none",
    ),
    "an original field kept by a list": (
        [
            (
                "Original-Authentication-Results: mx.agency.example; dmarc=pass"
                " header.from=agency.example"
            ),
            FROM,
        ],
        "none",
    ),
    # What it says.
    "DMARC fail": ([FAIL, FROM], "none"),
    "DMARC fail beside an aligned signature": (
        [f"{MX}; dmarc=fail header.from=agency.example; dkim=pass header.d=agency.example", FROM],
        "none",
    ),
    "DMARC pass for another domain": (
        [f"{MX}; dmarc=pass header.from=elsewhere.example", FROM],
        "none",
    ),
    "DMARC pass for the parent of the author's domain": (
        [PASS, "From: a@field.agency.example"],
        "none",
    ),
    "DMARC pass for no domain": ([f"{MX}; dmarc=pass", FROM], "none"),
    "DMARC pass for two domains": (
        [f"{MX}; dmarc=pass header.from=agency.example header.from=elsewhere.example", FROM],
        "none",
    ),
    "DMARC pass and DMARC fail": (
        [f"{PASS}; dmarc=fail header.from=agency.example", FROM],
        "none",
    ),
    "two DMARC passes": ([f"{PASS}; dmarc=pass header.from=elsewhere.example", FROM], "none"),
    "DMARC none alone": ([f"{MX}; dmarc=none header.from=agency.example", FROM], "none"),
    "a best guess is no pass": (
        [f"{MX}; dmarc=bestguesspass action=none header.from=agency.example", FROM],
        "none",
    ),
    "DMARC pass inside a comment": (
        [f"{MX}; spf=none (dmarc=pass header.from=agency.example)", FROM],
        "none",
    ),
    "DMARC pass inside a reason": (
        [f'{MX}; spf=none reason="; dmarc=pass header.from=agency.example"', FROM],
        "none",
    ),
    "DMARC pass inside a quoted value": (
        [f'{MX}; spf=none smtp.mailfrom="x; dmarc=pass header.from=agency.example"', FROM],
        "none",
    ),
    "SPF pass alone": ([f"{MX}; spf=pass smtp.mailfrom=agency.example", FROM], "none"),
    "ARC pass alone": ([f"{MX}; arc=pass header.d=agency.example", FROM], "none"),
    "none": ([f"{MX}; none", FROM], "none"),
    "DKIM of another domain": ([f"{MX}; dkim=pass header.d=elsewhere.example", FROM], "none"),
    "DKIM of a parent domain, which only DMARC can align": (
        [f"{MX}; dkim=pass header.d=agency.example", "From: a@field.agency.example"],
        "none",
    ),
    "DKIM of a registry above the domain": (
        [f"{MX}; dkim=pass header.d=ga.us", "From: a@court.ga.us"],
        "none",
    ),
    "DKIM by an identity below the author's domain": (
        [f"{MX}; dkim=pass header.i=@field.agency.example", FROM],
        "none",
    ),
    "DKIM by SHA-1": (
        [f"{MX}; dkim=pass header.d=agency.example header.a=rsa-sha1", FROM],
        "none",
    ),
    "DKIM with a dot behind the domain": (
        [f"{MX}; dkim=pass header.d=agency.example.", FROM],
        "none",
    ),
    "DMARC pass with a dot behind the domain": (
        [f"{MX}; dmarc=pass header.from=agency.example.", FROM],
        "none",
    ),
    "DMARC pass for a look-alike domain": (
        [f"{MX}; dmarc=pass header.from=agency-example.example", FROM],
        "none",
    ),
    "DMARC pass for the wire form of a look-alike domain": (
        [f"{MX}; dmarc=pass header.from=xn--agncy-7ra.example", FROM],
        "none",
    ),
    "DKIM fail of the author's domain": (
        [f"{MX}; dkim=fail header.d=agency.example", FROM],
        "none",
    ),
    "DKIM of no domain": ([f"{MX}; dkim=pass header.s=one", FROM], "none"),
    "DKIM of a top-level domain": ([f"{MX}; dkim=pass header.d=example", FROM], "none"),
    "DKIM of a subdomain": ([f"{MX}; dkim=pass header.d=a.agency.example", FROM], "none"),
    "DKIM of a domain with the same ending": (
        [f"{MX}; dkim=pass header.d=cy.example", FROM],
        "none",
    ),
    "DKIM with two signing domains": (
        [f"{MX}; dkim=pass header.d=agency.example header.d=x.example", FROM],
        "none",
    ),
    "DKIM whose identity is not its signer's": (
        [f"{MX}; dkim=pass header.d=elsewhere.example header.i=@agency.example", FROM],
        "none",
    ),
    "a DKIM policy result is no signature": (
        [f"{MX}; dkim-adsp=pass header.d=agency.example", FROM],
        "none",
    ),
    "a pass above a failure of the same signer does not hide DMARC": (
        [
            (
                f"{MX}; dkim=pass header.d=agency.example; dkim=fail header.d=agency.example;"
                " dmarc=fail header.from=agency.example"
            ),
            FROM,
        ],
        "none",
    ),
    "ARC's copy of a result is none of ours": (
        [
            (
                "ARC-Authentication-Results: i=1; mx.agency.example; dmarc=pass"
                " header.from=agency.example"
            ),
            FROM,
        ],
        "none",
    ),
    # What breaks parsers.
    "rubbish after the results": ([f"{PASS}; rubbish", FROM], "none"),
    "an unclosed comment": ([f"{MX} (; dmarc=pass header.from=agency.example", FROM], "none"),
    "a thousand open comments": (
        [f"{MX}; dmarc={'(' * 1000}pass header.from=agency.example", FROM],
        "none",
    ),
    "a very long field": ([f"{PASS}; spf=none" + " smtp.a=b" * 5000, FROM], "none"),
    "an unknown version": (
        [
            "Authentication-Results: mx.agency.example 2; dmarc=pass header.from=agency.example",
            FROM,
        ],
        "none",
    ),
    # Who the author is.
    "two From fields": ([PASS, FROM, "From: x@agency.example"], "none"),
    "the same From field twice": ([PASS, FROM, FROM], "none"),
    "a second From field without an address": ([PASS, FROM, "From: nobody"], "none"),
    "two mailboxes in one From field": (
        [PASS, "From: r.ortega@agency.example, x@elsewhere.example"],
        "none",
    ),
    "one mailbox and something broken": ([PASS, "From: r.ortega@agency.example, <x"], "none"),
    "no From field": ([PASS], "none"),
    "a display name that is the staff address": (
        [PASS, 'From: "r.ortega@agency.example" <x@elsewhere.example>'],
        "none",
    ),
    "two From fields with an internal mark": (
        [f"{AUTH_AS}: Internal", FROM, "From: x@agency.example"],
        "none",
    ),
    # Who the author is, to one program and to another.
    "a group": ([PASS, "From: Staff: r.ortega@agency.example;"], "none"),
    "an empty group before the address": ([PASS, "From: Staff:; r.ortega@agency.example"], "none"),
    "a route": ([PASS, "From: <@elsewhere.example:r.ortega@agency.example>"], "none"),
    "a comment inside the address": ([PASS, "From: r.(x)ortega@agency.example"], "none"),
    "a comment inside the domain": ([PASS, "From: <r.ortega@agency.(x)example>"], "none"),
    "spaces around the at sign": ([PASS, "From: r.ortega @ agency.example"], "none"),
    "a comment before the address": ([PASS, "From: (x) r.ortega@agency.example"], "none"),
    "another address in a comment": (
        [PASS, "From: r.ortega@agency.example (x@elsewhere.example)"],
        "none",
    ),
    "a bare address before the one in brackets": (
        [PASS, "From: x@elsewhere.example <r.ortega@agency.example>"],
        "none",
    ),
    "a list that ends in a comma": ([PASS, "From: r.ortega@agency.example,"], "none"),
    "an address as an encoded word": (
        [PASS, "From: =?utf-8?q?r.ortega=40agency.example?="],
        "none",
    ),
    "a line break in an encoded word": (
        [PASS, "From: =?utf-8?q?x=0D=0AFrom:_r.ortega=40agency.example?= <x@elsewhere.example>"],
        "none",
    ),
    "a dot behind the author's domain": ([PASS, "From: r.ortega@agency.example."], "none"),
    "a letter of another script": ([PASS, "From: r.\u043ertega@agency.example"], "none"),
    "a domain outside ASCII": (
        [f"{MX}; dmarc=pass header.from=agency.example", "From: r.ortega@agenc\u00fd.example"],
        "none",
    ),
    "a fullwidth at sign": ([PASS, "From: r.ortega\uff20agency.example"], "none"),
    "a name with a comment": ([PASS, "From: R. Ortega (ERO) <r.ortega@agency.example>"], "dmarc"),
    "a name behind the address": ([PASS, "From: r.ortega@agency.example (R. Ortega)"], "dmarc"),
    "a quoted name with every sign": (
        [PASS, 'From: "Ortega, R: <x@y.example>; \\"Bob\\"" <R.Ortega@AGENCY.example>'],
        "dmarc",
    ),
    "an encoded name": (
        [PASS, "From: =?utf-8?q?R=2E_Ort=C3=A9ga?= <r.ortega@agency.example>"],
        "dmarc",
    ),
    "a wire form of a domain outside ASCII": (
        [f"{MX}; dmarc=pass header.from=xn--bcher-kva.example", "From: a@xn--bcher-kva.example"],
        "dmarc",
    ),
    # Line ends that only some programs see.
    "a field behind a lone CR": (["Subject: x\r" + PASS, FROM], "none"),
    "an internal mark behind a lone CR": ([f"Subject: x\r{AUTH_AS}: Internal", FROM], "none"),
    "an internal mark behind a lone LF": ([f"Subject: x\n{AUTH_AS}: Internal", FROM], "none"),
    "a line that is no field": ([PASS, FROM, "no field", "X: y"], "dmarc"),
    # Internal marks.
    "an internal mark with another value": ([f"{AUTH_AS}: Anonymous", FROM], "none"),
    "an internal mark that only begins right": ([f"{AUTH_AS}: Internal; no", FROM], "none"),
    "an internal mark in other case": ([f"{AUTH_AS}: internal", FROM], "none"),
    "two internal marks": ([f"{AUTH_AS}: Internal", f"{AUTH_AS}: Internal", FROM], "none"),
    "an empty internal mark": ([f"{AUTH_AS}:", FROM], "none"),
}


@pytest.mark.parametrize(("fields", "method"), CASES.values(), ids=CASES)
def test_the_first_field_of_our_gateway_decides(fields: list[str], method: str) -> None:
    raw = "\r\n".join((*fields, "Subject: x", "", "APPROVE")).encode()
    verdict = judge_authentication(
        parse_message(raw), trusted_authserv_ids=TRUSTED, trusted_internal=INTERNAL
    )
    assert (verdict.passed, verdict.method) == (method != "none", method)
    assert verdict.reason.endswith(".")
    assert "@" not in verdict.reason
    assert verdict.code == method or method == "none"


def test_without_trust_nothing_passes() -> None:
    message = parse_message(f"{PASS}\r\n{AUTH_AS}: Internal\r\n{FROM}\r\n\r\n".encode())
    assert not judge_authentication(message, trusted_authserv_ids=()).passed


def test_an_internal_mark_without_a_value_trusts_nobody() -> None:
    message = parse_message(f"{AUTH_AS}:\r\n{FROM}\r\n\r\n".encode())
    verdict = judge_authentication(
        message, trusted_authserv_ids=TRUSTED, trusted_internal=((AUTH_AS, ""),)
    )
    assert not verdict.passed
