"""Where a lead may be: the best source that its row has, and what no source may open."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialer.whereabouts import Told, Whereabouts, whereabouts
from dialer.zones import place

NEW_JERSEY, MIAMI, TORONTO, LONDON = "+12015550123", "+13055550123", "+14165550123", "+442079460123"
TOLL_FREE, NO_PLACE, SATELLITE = "+18005550123", "+15550100123", "+881612345678"
EASTERN, CENTRAL, PACIFIC = "America/New_York", "America/Chicago", "America/Los_Angeles"
EVERYWHERE = place(TOLL_FREE).time_zones


def where(number: str, region: str | None = "US", **told: Any) -> Whereabouts:
    return whereabouts(number, Told(region, **told), year=2026)


@pytest.mark.parametrize(
    ("number", "told", "zones"),
    [
        # the number alone
        (NEW_JERSEY, {}, {EASTERN}),
        (TOLL_FREE, {}, set(EVERYWHERE)),
        (NO_PLACE, {}, set()),
        # a state: all of its clocks, though the number's own part of it has only one
        (MIAMI, {"state": "FL"}, {EASTERN, CENTRAL}),
        (NO_PLACE, {"state": "Texas"}, {CENTRAL, "America/Denver"}),
        # a postal code is more exact than the state that it lies in
        (MIAMI, {"state": "FL", "postal_code": "33101"}, {EASTERN}),
        (MIAMI, {"postal_code": "32501"}, {CENTRAL}),
        # ... and where they disagree, the clocks of both hold
        (NO_PLACE, {"state": "NY", "postal_code": "90001"}, {EASTERN, PACIFIC}),
        # another state than the number's: the number may not have moved
        (NEW_JERSEY, {"state": "CA"}, {EASTERN, PACIFIC}),
        (NEW_JERSEY, {"postal_code": "90001"}, {EASTERN, PACIFIC}),
        (NEW_JERSEY, {"postal_code": "00901"}, {EASTERN, "America/Puerto_Rico"}),
        (NEW_JERSEY, {"state": "Puerto Rico"}, {EASTERN, "America/Puerto_Rico"}),
        (NEW_JERSEY, {"state": "PR", "postal_code": "00901"}, {EASTERN, "America/Puerto_Rico"}),
        (NEW_JERSEY, {"state": "PR", "postal_code": "90001"}, {EASTERN, PACIFIC, "America/Puerto_Rico"}),
        (NEW_JERSEY, {"state": "CA - California"}, {EASTERN, PACIFIC}),
        # a time zone is the best of all
        (NEW_JERSEY, {"time_zone": "Pacific"}, {PACIFIC}),
        (NO_PLACE, {"time_zone": "US/Eastern"}, {"US/Eastern"}),
        (MIAMI, {"state": "FL", "time_zone": "CST"}, {CENTRAL}),
        (NEW_JERSEY, {"time_zone": "MST"}, {"America/Denver", "America/Phoenix"}),
        # ... unless it cannot be there
        (NEW_JERSEY, {"time_zone": "Europe/Paris"}, {EASTERN, "Europe/Paris"}),
        (MIAMI, {"state": "FL", "time_zone": "Pacific"}, {EASTERN, CENTRAL, PACIFIC, "Asia/Manila"}),
        (NO_PLACE, {"time_zone": "Europe/Paris"}, set()),
        # a number of no place may ring in any, whatever the row says
        (TOLL_FREE, {"time_zone": "Eastern"}, set(EVERYWHERE)),
        (TOLL_FREE, {"state": "NY", "postal_code": "10001"}, set(EVERYWHERE)),
        # what cannot be read is passed over
        (NEW_JERSEY, {"time_zone": "GMT+1", "state": "n/a", "postal_code": "?"}, {EASTERN}),
        (NEW_JERSEY, {"time_zone": "GMT+1", "state": "CA"}, {EASTERN, PACIFIC}),
    ],
)
def test_the_best_source_tells_the_clocks(number: str, told: dict[str, str], zones: set[str]) -> None:
    assert set(where(number, **told).time_zones) == zones


@pytest.mark.parametrize(
    ("number", "region", "told", "zones"),
    [
        (TORONTO, "CA", {"postal_code": "H2X 1Y4"}, {"America/Toronto"}),
        (TORONTO, "CA", {"state": "NS"}, {"America/Halifax", "America/Glace_Bay"}),
        (TORONTO, "CA", {"time_zone": "America/Vancouver"}, {"America/Vancouver"}),
        (LONDON, "GB", {"state": "OK", "postal_code": "10001"}, {"Europe/London"}),
        (LONDON, "GB", {"time_zone": "GMT"}, {"Europe/London"}),
        (LONDON, "FR", {}, {"Europe/London", "Europe/Paris"}),
        (SATELLITE, None, {"time_zone": "Europe/Paris"}, set()),
    ],
)
def test_so_it_does_abroad(number: str, region: str, told: dict[str, str], zones: set[str]) -> None:
    assert set(where(number, region, **told).time_zones) == zones


def test_a_state_that_the_row_names_is_ruled_by_its_own_law_and_the_number_s_narrows_it() -> None:
    found = where(MIAMI, state="TX")
    assert (found.us_states, found.us_states_beside) == ({"TX"}, {"FL"})


def test_a_canadian_code_beside_a_us_number_brings_the_rules_of_both_countries() -> None:
    found = where(NEW_JERSEY, postal_code="H2X 1Y4")
    assert (found.countries, found.us_states, found.calendars) == (("CA", "US"), {"NJ"}, ("CA-QC",))


def test_a_part_of_another_country_has_its_own_holidays() -> None:
    assert where(LONDON, "GB", state="Scotland").calendars == ("GB-Scotland",)


@pytest.mark.parametrize(
    ("told", "unread"),
    [
        ({"time_zone": "GMT+1", "state": "open", "postal_code": "?"}, ("postal_code", "state", "time_zone")),
        ({"time_zone": "EST", "state": "NJ", "postal_code": "07102"}, ()),
        ({}, ()),
    ],
)
def test_what_was_passed_over_is_told(told: dict[str, str], unread: tuple[str, ...]) -> None:
    assert where(NEW_JERSEY, **told).unread == unread


def test_a_postal_code_is_not_looked_at_outside_north_america() -> None:
    assert where(LONDON, "GB", postal_code="SW1A 1AA", state="London").unread == ()


CELLS = st.sampled_from(
    ["", "NY", "FL", "open", "OK", "ON", "10001", "H2X 1Y4", "EST", "GMT+1", "Europe/Paris"]
)


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from([TOLL_FREE, SATELLITE, "+18775550123", "+80012345678"]),
    st.builds(Told, st.sampled_from([None, "US"]), CELLS, CELLS, CELLS),
)
def test_a_number_of_no_place_keeps_all_of_its_clocks_or_has_none(number: str, told: Told) -> None:
    zones = set(whereabouts(number, told, year=2026).time_zones)
    assert not zones or (zones >= set(place(number).time_zones) and place(number).time_zones)


@settings(max_examples=200, deadline=None)
@given(st.builds(Told, st.just("US"), CELLS, CELLS, st.just("")))
def test_a_state_never_takes_away_the_number_s_clock_unless_it_is_the_number_s_own(told: Told) -> None:
    found = whereabouts(NEW_JERSEY, told, year=2026)
    assert EASTERN in found.time_zones
