"""Hours of a day and of a week, as a person writes them."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.errors import UsageError
from dialer.windows import Week, Window, parse_until, parse_week, until_on_this_machine, week_in_words

DAY, MORNING, AFTERNOON = Window(540, 1080), Window(600, 780), Window(840, 1200)
IN_ORDER = "names no days of the week in their order: write mon-fri 09:00-18:00, sat 10:00-14:00."
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "week"),
    [
        ("09:00-18:00", ((DAY,),) * 7),
        ("10:00-13:00, 14:00-20:00", ((MORNING, AFTERNOON),) * 7),
        ("mon-fri 09:00-18:00", (*((DAY,),) * 5, (), ())),
        ("Mon - Friday 10:00-13:00, 14:00-20:00, sat 9:00-18:00", (*((MORNING, AFTERNOON),) * 5, (DAY,), ())),
        ("sun 09:00-18:00", (*((),) * 6, (DAY,))),
    ],
)
def test_a_week_is_read(text: str, week: Week) -> None:
    assert parse_week(text) == week


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("9-18", '"9-18" is no calling window: write it like 09:00-18:00, start before end, on one day.'),
        ("", '"" is no calling window: write it like 09:00-18:00, start before end, on one day.'),
        (
            "mon-fri",
            '"mon-fri" is no calling window: write it like 09:00-18:00, start before end, on one day.',
        ),
        (
            "fri-mon 09:00-18:00",
            f'"fri-mon 09:00-18:00" {IN_ORDER}',
        ),
        (
            "xyz 09:00-18:00",
            f'"xyz 09:00-18:00" {IN_ORDER}',
        ),
    ],
)
def test_nonsense_is_no_week(text: str, sentence: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_week(text)
    assert caught.value.sentence == sentence


@given(st.tuples(*[st.sampled_from([(DAY,), (MORNING, AFTERNOON), ()])] * 7).filter(any))
def test_a_week_is_read_as_it_is_written(week: Week) -> None:
    assert parse_week(week_in_words(week)) == week


def test_a_week_is_written_as_briefly_as_it_can_be() -> None:
    words = week_in_words((*((DAY,),) * 5, (MORNING,), ()))
    assert words == "mon-fri 09:00-18:00, sat 10:00-13:00"


@pytest.mark.parametrize(
    ("now", "text", "until"),
    [
        ("2026-11-22 07:00", "20:00", "2026-11-22 20:00"),
        ("2026-11-22 22:00", "06:00", "2026-11-23 06:00"),
        ("2026-11-22 22:00", "24:00", "2026-11-23 00:00"),
        ("2026-11-22 20:05", "20:00", "2026-11-22 20:00"),
        ("2026-11-23 01:59", "20:00", "2026-11-22 20:00"),
        ("2026-11-23 02:00", "20:00", "2026-11-23 20:00"),
    ],
)
def test_a_deadline_is_the_next_such_time_unless_it_has_just_passed(now: str, text: str, until: str) -> None:
    moment = parse_until(text, now=datetime.fromisoformat(now).replace(tzinfo=BERLIN))
    assert f"{moment:%Y-%m-%d %H:%M}" == until


@pytest.mark.parametrize(
    ("evening", "deadline"),
    [
        ("2027-03-14T03:00Z", "2027-03-14T10:00Z"),  # the clock is put forward in this night
        ("2026-11-01T02:00Z", "2026-11-01T11:00Z"),  # and back in this one
    ],
)
def test_a_deadline_is_what_the_clock_shows_when_it_was_changed_in_the_night(
    evening: str, deadline: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setenv("TZ", "America/New_York")
        time.tzset()
        until = until_on_this_machine("06:00", now=datetime.fromisoformat(evening)).astimezone(UTC)
    time.tzset()
    assert until == datetime.fromisoformat(deadline)


@pytest.mark.parametrize("text", ["20", "8pm", "24:01", "25:00", ""])
def test_nonsense_is_no_time_of_day(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_until(text, now=datetime(2026, 11, 22, tzinfo=BERLIN))
    assert caught.value.sentence == f'"{text}" is no time of day: write it like 20:00.'
