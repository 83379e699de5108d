"""The clocks of countries, and the names that people give them in a sheet."""

from __future__ import annotations

from zoneinfo import available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.clocks import _SAID, possible, read_time_zone, zones_of_country


@pytest.mark.parametrize(
    ("text", "zones"),
    [
        ("America/New_York", {"America/New_York"}),
        (" america/new york ", {"America/New_York"}),
        ("america_slash_chicago", {"America/Chicago"}),  # as HubSpot writes it
        ("America/Indiana/Indianapolis", {"America/Indiana/Indianapolis"}),
        ("US/Eastern", {"US/Eastern"}),
        ("Eastern", {"America/New_York"}),
        ("EST", {"America/New_York"}),
        ("E.S.T.", {"America/New_York"}),
        ("EST5EDT", {"America/New_York"}),
        ("Eastern Time (US & Canada)", {"America/New_York"}),
        ("(UTC-05:00) Eastern Time (US & Canada)", {"America/New_York"}),
        ("Pacific Daylight Time", {"America/Los_Angeles", "Asia/Manila"}),
        ("PST8PDT", {"America/Los_Angeles", "Asia/Manila"}),
        ("MST", {"America/Denver", "America/Phoenix"}),
        ("MDT", {"America/Denver"}),
        ("IST", {"Asia/Kolkata", "Europe/Dublin", "Asia/Jerusalem"}),
        ("AEST", {"Australia/Sydney", "Australia/Brisbane"}),
    ],
)
def test_a_time_zone_is_read(text: str, zones: set[str]) -> None:
    assert set(read_time_zone(text)) == zones


@pytest.mark.parametrize(
    "text", ["", "GMT+1", "UTC-5", "-05:00", "Etc/GMT+5", "Zulu", "morning", "New Yrok", "?"]
)
def test_what_is_not_certain_is_no_time_zone(text: str) -> None:
    assert read_time_zone(text) == ()


@given(st.text(max_size=30))
def test_any_text_gives_time_zones_that_exist(text: str) -> None:
    assert set(read_time_zone(text)) <= available_timezones()


def test_every_zone_that_people_say_exists() -> None:
    assert {zone for zones in _SAID.values() for zone in zones} <= available_timezones()


@pytest.mark.parametrize(
    ("country", "zones"),
    [("GB", ("Europe/London",)), ("ZA", ("Africa/Johannesburg",)), ("XX", ()), ("", ())],
)
def test_a_country_has_the_zones_of_the_tz_database(country: str, zones: tuple[str, ...]) -> None:
    assert zones_of_country(country) == zones


def test_a_country_may_have_many_zones() -> None:
    assert {"Australia/Perth", "Australia/Sydney"} <= set(zones_of_country("AU"))


@pytest.mark.parametrize(
    ("zone", "among"),
    [
        ("America/Detroit", "America/New_York"),
        ("US/Pacific", "America/Los_Angeles"),
        ("Europe/Berlin", "Europe/Paris"),
    ],
)
def test_zones_whose_clocks_agree_all_year_are_one(zone: str, among: str) -> None:
    assert possible([zone], [among], year=2026) == (zone,)


@pytest.mark.parametrize(
    ("zone", "among"),
    [
        ("America/Phoenix", "America/Denver"),  # no summer time
        ("Europe/Lisbon", "Europe/Dakar"),
        ("America/Chicago", "America/New_York"),
        ("Atlantis/City", "America/New_York"),
        ("America/New_York", "Atlantis/City"),
    ],
)
def test_zones_whose_clocks_differ_at_any_time_are_not(zone: str, among: str) -> None:
    assert possible([zone], [among], year=2026) == ()
