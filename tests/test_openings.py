"""Whose calling hours are open now, in a real ledger, and how a plan says so."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from dialer.calling_hours import LegalHours, open_at_any_hour
from dialer.campaign import Reading
from dialer.caps import Capped
from dialer.hours_screen import MOST_LINES, hours_lines, unread_sentence
from dialer.leads import Lead
from dialer.openings import Asked, ask_hours
from dialer.plan import OpenFrom
from dialer.pool import Closed, HoursCheck
from dialer.survey import settings_in_words
from dialer.vozagent import Api
from dialer.windows import parse_week
from tests.builders import World, lead, policy

MakeWorld = Callable[..., World]
NOON = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)  # a Monday, in New York
EIGHT = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)  # ... there
LIVE = Api("https://api.example.com/v1", "sk_test")


def at(hour: int, minute: int = 0, *, day: int = 23) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


def hours(now: datetime, week: str | None = None) -> LegalHours:
    return LegalHours(lambda: now, parse_week(week) if week else None)


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    phones = ("+12125550101", "+12135550102", "+13055550103", "+442079460104", "+33199001205", "+12135550106")
    regions = ("US", "US", "US", "GB", "FR", "US")
    made: World = make_world(
        leads=[
            lead(row, phone=phone, region=region)
            for row, (phone, region) in enumerate(zip(phones, regions, strict=True), start=2)
        ]
    )
    return made


def asked(world: World, closed: HoursCheck, capped: Mapping[int, Capped] | None = None) -> Asked:
    choice = world.choice(policy())
    with world.ledger.transaction() as connection:
        return ask_hours(connection, choice, closed, capped or {})


def test_leads_are_counted_by_their_calling_hours(world: World) -> None:
    assert asked(world, hours(EIGHT)).open_from == (
        OpenFrom(1, now=True, at=at(18, 55), rule=""),
        OpenFrom(1, now=True, at=at(0, 55, day=24), rule=""),
        OpenFrom(1, now=True, at=at(1, 55, day=24), rule=""),
        OpenFrom(2, now=False, at=at(16), rule="US"),
        OpenFrom(1, now=False, at=None, rule="GB unknown"),
    )


def test_whoever_must_wait_is_noted_with_the_time(world: World) -> None:
    found = asked(world, hours(EIGHT))

    assert (found.deferred, found.first and found.first.row) == (3, 2)
    told = {each.row: each.reason for each in world.results() if each.status == "deferred"}
    assert told[3] == (
        "It is 05:00 on a Monday in America/Los_Angeles; calls are allowed there 08:00-21:00 (US)."
        " May be called from 2026-11-23 16:00 UTC on."
    )
    assert set(told) == {3, 5, 7}


def test_a_cap_keeps_a_lead_whose_hours_are_open(world: World) -> None:
    found = asked(world, hours(NOON), {2: Capped(until=at(23), reason="Too often.")})

    assert found.deferred == 2  # this one, and the one in London
    assert [each.reason for each in world.results() if each.row == 2] == [
        "Too often. May be called from 2026-11-23 23:00 UTC on."
    ]


def test_nobody_s_hours_are_asked_for_at_any_hour(world: World) -> None:
    found = asked(world, open_at_any_hour)

    assert (found.deferred, found.open_from, found.first and found.first.row) == (0, (), 2)


def test_a_cap_holds_at_any_hour(world: World) -> None:
    assert asked(world, open_at_any_hour, {2: Capped(until=at(23), reason="Too often.")}).deferred == 1


def test_another_check_of_hours_may_be_asked(world: World) -> None:
    def closed(one: Lead) -> Closed | None:
        return Closed(None, "No.") if one.row == 2 else None

    assert asked(world, closed).deferred == 1


def test_the_operator_s_window_lets_a_doubtful_country_be_called(world: World) -> None:
    found = asked(world, hours(NOON, "09:00-18:00"))

    assert [each.rule for each in found.open_from if each.at is None] == []


def test_cells_that_could_not_be_read_are_counted(make_world: MakeWorld) -> None:
    told: list[dict[str, Any]] = [
        {"time_zone": "GMT+1"},
        {"time_zone": "Zulu", "postal_code": "?"},
        {"time_zone": "EST", "postal_code": "10001"},
    ]
    world = make_world(leads=[lead(row, **cells) for row, cells in enumerate(told, start=2)])

    assert asked(world, hours(NOON)).unread == {"time_zone": 2, "postal_code": 1}


def test_a_lead_s_own_cells_tell_its_hours() -> None:
    here = lead(2, phone="+12135550101", time_zone="Eastern")

    assert hours(EIGHT)(here) is None
    assert hours(EIGHT)(lead(2, phone="+12135550101")) is not None


def test_holidays_are_kept() -> None:
    """Thanksgiving, in Alabama, where nobody may be called then."""
    noon = at(18, day=26)
    found = hours(noon)(lead(2, phone="+12055550101"))

    assert found == Closed(
        at(14, day=27),
        "It is 12:00 on a Thursday in America/Chicago; no calls are allowed there on this day (US-AL).",
    )


# In words


def lines(*open_from: OpenFrom) -> list[tuple[int, str]]:
    return list(hours_lines(open_from, now=NOON))


def test_every_kind_of_calling_hours_has_its_words() -> None:
    assert lines(
        OpenFrom(312, now=True, at=at(21), rule=""),
        OpenFrom(7, now=True, at=at(1, 55, day=24), rule=""),
        OpenFrom(1, now=True, at=None, rule=""),
        OpenFrom(120, now=False, at=at(18), rule="US-CA"),
        OpenFrom(4, now=False, at=None, rule="GB unknown"),
        OpenFrom(5, now=False, at=None, rule="time zone unknown"),
        OpenFrom(6, now=False, at=None, rule="operator 00:00-01:00"),
    ) == [
        (312, "now, until 21:00 UTC"),
        (7, "now, until Tuesday 01:55 UTC"),
        (1, "now"),
        (120, "from 18:00 UTC on (US-CA)"),
        (4, "never: the calling hours of GB are not known (--hours sets yours)"),
        (5, "never: their time zone is not known"),
        (6, "never: no hour in common in the next 14 days (operator 00:00-01:00)"),
    ]


def test_many_kinds_are_told_in_few_lines() -> None:
    told = lines(*(OpenFrom(2, now=False, at=at(hour), rule="US") for hour in range(MOST_LINES + 3)))

    assert told[-1] == (6, "at other times, as the report says")
    assert len(told) == MOST_LINES + 1


def test_what_was_passed_over_is_said() -> None:
    assert unread_sentence({"time_zone": 7, "postal_code": 1, "state": 0}) == (
        "Passed over, because they could not be read with certainty: 7 time zones, 1 postal code. The calling"
        " hours of these leads go by what else is known of their place."
    )


def test_nothing_passed_over_is_not_mentioned() -> None:
    assert unread_sentence({}) is None


@pytest.mark.parametrize(
    ("wishes", "words"),
    [
        ({}, "legal hours where the lead lives"),
        ({"any_hour": True}, "any hour, on the operator's own responsibility (--any-hour)"),
        (
            {"hours": parse_week("mon-fri 09:00-18:00")},
            "legal hours where the lead lives, within the operator's mon-fri 09:00-18:00 (--hours)",
        ),
    ],
)
def test_the_settings_of_a_run_say_who_answers_for_its_hours(wishes: dict[str, Any], words: str) -> None:
    assert settings_in_words(policy(**wishes), Reading(), LIVE)["calling hours"] == words


def test_the_settings_of_a_run_tell_its_waiting_and_its_time() -> None:
    told = settings_in_words(policy(wait=True, until=NOON), Reading(), LIVE)

    assert (told["waits for them"], told["until"]) == ("yes", "2026-11-23T17:00+00:00")
