"""Where a US ZIP Code or a Canadian postal code lies."""

from __future__ import annotations

from zoneinfo import available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.postal_codes import PROVINCES, Area, _zip_areas, postal_area, province
from dialer.zones import US_STATES

# Post offices that everybody knows, one of each state and of the places beside them.
TOWNS = {
    "35203": "AL", "99501": "AK", "85001": "AZ", "72201": "AR", "90001": "CA", "96150": "CA", "80202": "CO",
    "06103": "CT", "20500": "DC", "19901": "DE", "33101": "FL", "34102": "FL", "30303": "GA", "39901": "GA",
    "96813": "HI", "83702": "ID", "60601": "IL", "46204": "IN", "50309": "IA", "67202": "KS", "40202": "KY",
    "70112": "LA", "04101": "ME", "21201": "MD", "02108": "MA", "48226": "MI", "55401": "MN", "39201": "MS",
    "63101": "MO", "59601": "MT", "68102": "NE", "89101": "NV", "03101": "NH", "07102": "NJ", "87501": "NM",
    "10001": "NY", "14604": "NY", "27601": "NC", "58102": "ND", "43215": "OH", "73102": "OK", "97201": "OR",
    "19103": "PA", "02903": "RI", "29201": "SC", "57104": "SD", "37203": "TN", "75201": "TX", "73301": "TX",
    "84101": "UT", "05401": "VT", "23219": "VA", "20190": "VA", "98101": "WA", "25301": "WV", "53202": "WI",
    "82001": "WY",
}  # fmt: skip


@pytest.mark.parametrize(("code", "state"), TOWNS.items())
def test_a_zip_code_tells_its_state(code: str, state: str) -> None:
    found = postal_area(code)
    assert found is not None
    assert found.subdivisions == {state}


def test_every_state_has_zip_codes() -> None:
    assert {code for area in _zip_areas().values() for code in area.subdivisions} == set(US_STATES)


def test_no_zip_code_of_a_state_keeps_a_clock_that_the_state_lacks() -> None:
    odd = {
        code
        for code, area in _zip_areas().items()
        for state in area.subdivisions
        if not set(area.time_zones) <= set(US_STATES[state].time_zones)
    }
    assert odd == {"967"}  # Hawaii's, with American Samoa


@pytest.mark.parametrize(
    ("code", "zones"),
    [
        ("32501", {"America/Chicago"}),  # Pensacola
        ("32401", {"America/New_York", "America/Chicago"}),  # Panama City, and Port St. Joe across the line
        ("79901", {"America/Chicago", "America/Denver"}),  # El Paso
        ("37402", {"America/New_York"}),  # Chattanooga
        ("37723", {"America/New_York", "America/Chicago"}),  # Crab Orchard, Tennessee
        ("49801", {"America/New_York", "America/Chicago"}),  # Iron Mountain
        ("97914", {"America/Los_Angeles", "America/Denver"}),  # Ontario, Oregon
        ("86515", {"America/Phoenix", "America/Denver"}),  # Window Rock
        ("96799", {"Pacific/Honolulu", "Pacific/Pago_Pago"}),
        ("00901", {"America/Puerto_Rico"}),
        ("96910", {"Pacific/Guam"}),
    ],
)
def test_a_zip_code_near_a_line_between_zones_has_the_clocks_of_both_sides(
    code: str, zones: set[str]
) -> None:
    found = postal_area(code)
    assert found is not None
    assert set(found.time_zones) == zones


@pytest.mark.parametrize("text", ["10001-1234", "10001 1234", "100011234", " 10001 ", "10001.0"])
def test_a_zip_code_may_be_written_in_several_ways(text: str) -> None:
    assert postal_area(text) == postal_area("10001")


def test_a_zip_code_that_has_lost_its_zero_is_found() -> None:
    assert postal_area("2108") == postal_area("02108")


@pytest.mark.parametrize(
    ("text", "provinces"),
    [
        ("K1A 0B1", {"ON"}),
        ("h2x1y4", {"QC"}),
        ("V6B", {"BC"}),
        ("X0A 0H0", {"NT", "NU"}),
        ("B3J 1S9", {"NS"}),
    ],
)
def test_a_canadian_code_tells_its_province(text: str, provinces: set[str]) -> None:
    found = postal_area(text)
    assert found is not None
    assert (found.country, found.subdivisions) == ("CA", provinces)


def test_montreal_keeps_one_clock() -> None:
    found = postal_area("H2X 1Y4")
    assert found == Area("CA", frozenset({"QC"}), ("America/Toronto",))


@pytest.mark.parametrize(
    "text", ["", "123", "123456", "SW1A 1AA", "09012", "96201", "99999-", "D1A 0B1", "75001 Paris", "none"]
)
def test_what_tells_no_place_is_no_area(text: str) -> None:
    assert postal_area(text) is None


@given(st.text(max_size=12))
def test_any_text_gives_an_area_of_known_clocks_or_none(text: str) -> None:
    found = postal_area(text)
    assert found is None or set(found.time_zones) <= available_timezones()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        *(("ON", "ON"), ("ontario", "ON"), ("CA-QC", "QC"), ("Québec", "QC"), ("P.E.I.", "PE"), ("NY", None)),
        *(("British Columbia, Canada", "BC"), ("ON - Ontario", "ON"), ("Ont.", "ON"), ("ON/QC", None)),
    ],
)
def test_a_province_is_read_by_name_or_code(text: str, code: str | None) -> None:
    assert province(text) == code


def test_every_zone_of_a_province_exists() -> None:
    assert {zone for each in PROVINCES.values() for zone in each.time_zones} <= available_timezones()
