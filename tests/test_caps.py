"""How often one number may be called: the rules of the data file, whom they hold for, when they lift."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from dialer.caps import Capped, CapRule, legal_rules, own_rules, reached, rules
from dialer.limits import Cap
from dialer.whereabouts import Told

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
FLORIDA, NEW_JERSEY, TOLL_FREE = "+13055550123", "+12015550123", "+18005550123"
FRANCE, EMIRATES, COLOMBIA = "+33199001234", "+971501234567", "+573011234567"

# Told again here so that a slip in the data file cannot hide.
CAPS = {
    "US-FL": ["3/24h"],
    "US-OK": ["3/24h"],
    "US-OR": ["3/24h"],
    "FR": ["4/30d"],
    "AE": ["1/24h", "2/7d"],
    "CO": ["1/24h"],
}


def ago(*hours: float) -> list[datetime]:
    return [NOW - timedelta(hours=each) for each in hours]


def holding(e164: str, **said: str) -> list[str]:
    """Which caps the law sets for a number, as `US-FL 3/24h`."""
    return [f"{rule.jurisdiction} {rule.cap}" for rule in legal_rules(e164, Told(**said), year=2026)]


# The data file


def test_the_caps_in_the_data_file_are_those_that_were_read() -> None:
    assert {name: [str(rule.cap) for rule in several] for name, several in rules().items()} == CAPS


@pytest.mark.parametrize("jurisdiction", CAPS)
def test_every_cap_says_where_and_when_it_was_read_and_how_sure_it_is(jurisdiction: str) -> None:
    rule = rules()[jurisdiction][0]

    assert (bool(rule.source), rule.confidence in "ABC", rule.read is not None) == (True, True, True)


# For whom they hold


def test_the_caps_of_a_country_hold_for_its_numbers() -> None:
    assert [holding(number) for number in (FRANCE, EMIRATES, COLOMBIA)] == [
        ["FR 4/30d"],
        ["AE 1/24h", "AE 2/7d"],
        ["CO 1/24h"],
    ]


def test_the_cap_of_a_state_holds_for_the_numbers_of_its_area_codes() -> None:
    assert (holding(FLORIDA), holding(NEW_JERSEY)) == (["US-FL 3/24h"], [])


@pytest.mark.parametrize("written", ["FL", "fl", "Florida", "US-FL"])
def test_the_cap_of_the_state_that_the_sheet_names_holds_as_well(written: str) -> None:
    assert holding(NEW_JERSEY, state=written) == ["US-FL 3/24h"]


def test_the_cap_of_the_state_of_a_postal_code_holds_as_well() -> None:
    assert holding(NEW_JERSEY, postal_code="33101") == ["US-FL 3/24h"]


def test_who_moved_away_keeps_the_cap_of_their_number() -> None:
    assert holding(FLORIDA, state="Oregon") == ["US-FL 3/24h", "US-OR 3/24h"]


def test_a_number_that_tells_no_state_has_the_caps_of_all() -> None:
    assert holding(TOLL_FREE) == ["US-FL 3/24h", "US-OK 3/24h", "US-OR 3/24h"]


def test_a_number_that_tells_no_state_has_those_of_the_state_that_the_sheet_names() -> None:
    assert holding(TOLL_FREE, state="NY") == []


def test_the_country_of_the_row_counts_beside_that_of_the_number() -> None:
    assert holding(NEW_JERSEY, region="FR") == ["FR 4/30d"]


# When they are reached, and when they lift


def capped(calls: list[datetime], *caps: str) -> Capped | None:
    return reached(calls, own_rules(Cap.parse(cap) for cap in caps), now=NOW)


def test_fewer_calls_than_a_cap_allows_reach_nothing() -> None:
    assert capped(ago(1, 2), "3/24h") is None


def test_a_cap_lifts_when_the_oldest_of_its_calls_leaves_the_window() -> None:
    assert capped(ago(1, 23, 2, 30), "3/24h") == Capped(
        NOW + timedelta(hours=1),
        "This number was called 3 times in the last 24 hours, and the cap is 3 (--cap 3/24h).",
    )


def test_a_call_of_exactly_so_long_ago_has_left_the_window() -> None:
    assert capped(ago(24, 1), "2/24h") is None


def test_more_calls_than_a_cap_allows_lift_when_there_is_room_again() -> None:
    """As where the cap was set, or another campaign began, after they were made."""
    found = capped(ago(20, 10, 5), "1/24h")

    assert found is not None
    assert found.until == NOW + timedelta(hours=19)


def test_of_several_caps_that_are_reached_the_last_to_lift_is_told() -> None:
    found = capped(ago(1, 2), "1/24h", "2/7d", "9/30d")

    assert found is not None
    assert found.reason == "This number was called twice in the last 7 days, and the cap is 2 (--cap 2/7d)."


def test_a_cap_lifts_on_the_minute_and_never_before() -> None:
    found = capped([NOW - timedelta(hours=1, seconds=-1)], "1/24h")

    assert found is not None
    assert found.until == NOW + timedelta(hours=23, minutes=1)


def test_a_call_in_the_future_counts_as_one_of_now() -> None:
    """The clock of the machine was set back."""
    assert capped(ago(-5), "1/24h") is not None


def test_a_rule_of_the_law_is_told_by_its_jurisdiction() -> None:
    found = reached(ago(3), [CapRule("CO", Cap.parse("1/24h"))], now=NOW)

    assert found is not None
    assert found.reason == "This number was called once in the last 24 hours, and the cap is 1 (CO)."
