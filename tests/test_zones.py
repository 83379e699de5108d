"""Where a number may ring: its time zones, its country, its US states."""

from __future__ import annotations

from zoneinfo import available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialer.zones import NOWHERE, US_STATES, Place, UsState, _place, place, us_state


def test_a_number_tells_its_zone_country_and_state() -> None:
    assert place("+12015550123") == Place(("America/New_York",), "US", frozenset({"NJ"}))


def test_a_number_abroad_has_no_us_state() -> None:
    assert place("+442079460123") == Place(("Europe/London",), "GB", frozenset())


@pytest.mark.parametrize("e164", ["+15550100123", "+1", "nonsense", ""])
def test_what_is_no_working_number_is_nowhere(e164: str) -> None:
    assert place(e164) == NOWHERE


def test_a_toll_free_number_may_be_of_any_state() -> None:
    assert place("+18005550123").us_states == frozenset(US_STATES)


def test_an_unlisted_exchange_has_every_zone_of_its_area_code() -> None:
    assert place("+14235550123").time_zones == ("America/Chicago", "America/New_York")


def test_a_listed_exchange_has_its_own_zones() -> None:
    assert place("+12085550123").time_zones == ("America/Boise", "America/Los_Angeles")


def test_every_area_code_of_the_us_tells_one_state_but_for_numbers_of_no_place() -> None:
    places = {code: place(f"+1{code}5550123") for code in range(200, 1000)}
    untold = {code for code, found in places.items() if found.country == "US" and len(found.us_states) > 1}
    toll_free, premium = {800, 833, 844, 855, 866, 877, 888}, {900}
    personal = {500, 521, 522, 525, 526, 527, 528, 529, 532, 533, 544, 566, 577, 588}
    assert untold <= toll_free | premium | personal


@settings(max_examples=300, deadline=None)
@given(st.integers(200, 989), st.integers(200, 999), st.integers(0, 9999))
def test_a_number_is_of_the_place_of_its_exchange(area: int, exchange: int, line: int) -> None:
    """What is looked up once for ten thousand numbers is what each of them would tell by itself."""
    number = f"+1{area}{exchange}{line:04}"
    alone = _place(number)
    if alone != NOWHERE and alone.country is not None:
        assert place(number) == alone


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("FL", "FL"),
        ("florida", "FL"),
        (" New  York ", "NY"),
        ("US-TX", "TX"),
        ("N.Y.", "NY"),
        ("Washington State", "WA"),
        ("Washington, D.C.", "DC"),
        ("CA - California", "CA"),
        ("Texas (TX)", "TX"),
        ("New York, NY", "NY"),
        ("California, USA", "CA"),
        ("State of Ohio", "OH"),
        ("Calif.", "CA"),
        ("W. Va.", "WV"),
        ("Ontario", None),
        ("Flroida", None),
        ("NY/NJ", None),
        ("Kansas City, MO", None),
        ("USA", None),
        ("", None),
    ],
)
def test_a_state_is_read_by_name_or_code(text: str, code: str | None) -> None:
    assert us_state(text) == code


@pytest.mark.parametrize("state", US_STATES.values(), ids=US_STATES)
def test_every_zone_of_a_state_exists(state: UsState) -> None:
    assert set(state.time_zones) <= available_timezones()
