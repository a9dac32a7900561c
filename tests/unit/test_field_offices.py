"""Field offices: which one a court's place points to, and which tables are none."""

from __future__ import annotations

import pytest

from config.data import read_data
from parsers.classification.field_offices import FieldOffices, parse_field_offices
from parsers.errors import ParseError

OFFICES = parse_field_offices(read_data("offices/field_offices.toml"))


@pytest.mark.parametrize(
    ("state", "county", "office"),
    [
        pytest.param("GA", "Fulton", "Atlanta", id="a state of one office"),
        pytest.param("GA", "", "Atlanta", id="whose county does not matter"),
        pytest.param("MD", "", "Baltimore", id="which opened after the others"),
        pytest.param("CA", "Orange County", "Los Angeles", id="a county that is named"),
        pytest.param("NY", "orange", "New York", id="one of the same name elsewhere"),
        pytest.param("CA", "IMPERIAL COUNTY", "San Diego", id="in capitals"),
        pytest.param("CA", "Alameda", "San Francisco", id="all others of a state"),
        pytest.param("NY", "Erie County", "Buffalo", id="all others, again"),
        pytest.param("NY", "Brooklyn", "New York", id="a borough by its other name"),
        pytest.param("CA", "", "", id="a county is needed and not given"),
        pytest.param("TX", "Harris", "", id="a table that the site has to fill"),
        pytest.param("NM", "", "El Paso", id="a state that hangs on an office elsewhere"),
        pytest.param("AS", "", "", id="no office at all"),
        pytest.param("TRIBAL", "", "", id="no state"),
        pytest.param("", "", "", id="nothing given"),
    ],
)
def test_a_court_points_to_an_office(state: str, county: str, office: str) -> None:
    assert OFFICES.find(state, county) == office


def test_all_twenty_five_offices_are_there_and_every_state_but_texas_points_to_one() -> None:
    assert len(OFFICES.names) == 25
    assert set(OFFICES.states.values()) | set(OFFICES.counties.values()) | set(
        OFFICES.others.values()
    ) == set(OFFICES.names) - {"Harlingen", "Houston", "San Antonio"}
    states = {*OFFICES.states, *OFFICES.others}
    assert len(states) == 50 - 1 + 5, "the states but Texas, DC, and four territories"


ROW = 'name = "One"\nsource = "design"\ndate = 2026-11-25\n'


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"\xff", id="no text"),
        pytest.param(b"office = 3", id="no table"),
        pytest.param(b"", id="nothing"),
        pytest.param(f"[[office]]\n{ROW}colour = 1".encode(), id="an unknown key"),
        pytest.param(b'[[office]]\nname = "One"\nsource = "design"', id="no date"),
        pytest.param(f'[[office]]\n{ROW}states = ["Ohio"]'.encode(), id="no USPS code"),
        pytest.param(
            f'[[office]]\n{ROW}states = ["OH"]\n[[office]]\n{ROW}states = ["OH"]'.encode(),
            id="a state of two offices",
        ),
        pytest.param(
            f'[[office]]\n{ROW}counties = {{ OH = ["Kay", "Kay County"] }}'.encode(),
            id="a county twice",
        ),
    ],
)
def test_a_table_that_is_none_is_refused(data: bytes) -> None:
    with pytest.raises(ParseError) as error:
        parse_field_offices(data)
    assert error.value.code == "bad_offices"


def test_no_offices_find_none() -> None:
    assert FieldOffices(names=()).find("GA", "") == ""
