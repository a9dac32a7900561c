"""How far a mail domain speaks for an office."""

from __future__ import annotations

import pytest

from config.data import read_data
from inbox_worker.domains import DomainTrust, is_below, judge_domain

OWN = ("courts.example", "Bar.Example")


@pytest.mark.parametrize(
    ("domain", "trust"),
    [
        pytest.param("gov", DomainTrust.OFFICIAL, id="a top-level domain of governments"),
        pytest.param("dekalbcounty.example.gov", DomainTrust.OFFICIAL, id="below .gov"),
        pytest.param("tribe.nsn.gov", DomainTrust.OFFICIAL, id="tribal"),
        pytest.param("army.mil", DomainTrust.OFFICIAL, id="below .mil"),
        pytest.param("co.example.ga.us", DomainTrust.OFFICIAL, id="below .us"),
        pytest.param("COURT.GA.US", DomainTrust.OFFICIAL, id="in capitals"),
        pytest.param("court.ga.us.", DomainTrust.OFFICIAL, id="with the root's dot"),
        pytest.param("courts.example", DomainTrust.OFFICIAL, id="the site's own list"),
        pytest.param("clerk.courts.example", DomainTrust.OFFICIAL, id="below one of the list"),
        pytest.param("bar.example", DomainTrust.OFFICIAL, id="the list in any case"),
        pytest.param("gmail.com", DomainTrust.WEBMAIL, id="a public provider"),
        pytest.param("mail.yahoo.com", DomainTrust.WEBMAIL, id="below a provider"),
        pytest.param("notcourts.example", DomainTrust.OTHER, id="only ends alike"),
        pytest.param("courts.example.evil.example", DomainTrust.OTHER, id="only begins alike"),
        pytest.param("example-gov.example", DomainTrust.OTHER, id="gov within a label"),
        pytest.param("gov.example", DomainTrust.OTHER, id="gov on the left"),
        pytest.param("xgmail.com", DomainTrust.OTHER, id="a provider's name at the end"),
        pytest.param("bail.example", DomainTrust.OTHER, id="anyone's"),
        pytest.param("", DomainTrust.OTHER, id="none"),
    ],
)
def test_a_domain_is_judged_by_its_labels(domain: str, trust: DomainTrust) -> None:
    assert judge_domain(domain, OWN) is trust


def test_a_provider_stays_one_whatever_the_site_lists() -> None:
    assert judge_domain("gmail.com", ("gmail.com",)) is DomainTrust.WEBMAIL


def test_without_a_list_only_governments_are_official() -> None:
    assert judge_domain("courts.example") is DomainTrust.OTHER


@pytest.mark.parametrize(
    ("domain", "below"),
    [("a.b.example", True), ("b.example", True), ("ab.example", False), ("example", False)],
)
def test_below_means_the_same_or_a_subdomain(domain: str, below: bool) -> None:
    assert is_below(domain, ["b.example"]) == below


def test_the_providers_list_holds_domains_each_once() -> None:
    lines = read_data("webmail_domains.txt").decode().splitlines()
    domains = [line for line in lines if line and not line.startswith("#")]
    assert len(domains) == len(set(domains)) > 10
    assert all(d == d.lower().strip() and "." in d and "@" not in d for d in domains)
