"""Morning, afternoon, evening, on the clock of whoever is called."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from dialer.day_parts import part_of, tried, within_parts
from dialer.windows import parse_week, week_in_words


@pytest.mark.parametrize(
    ("local", "part"),
    [
        ((0, 0), "morning"),
        ((11, 59), "morning"),
        ((12, 0), "afternoon"),
        ((16, 59), "afternoon"),
        ((17, 0), "evening"),
        ((23, 59), "evening"),
    ],
)
def test_the_parts_of_the_day_have_their_edges(local: tuple[int, int], part: str) -> None:
    assert part_of(datetime(2026, 3, 2, *local, tzinfo=UTC), "Etc/UTC") == part


def test_the_clock_is_that_of_the_person() -> None:
    noon_in_utc = datetime(2026, 7, 1, 16, 30, tzinfo=UTC)

    assert [part_of(noon_in_utc, zone) for zone in ("America/New_York", "America/Denver")] == [
        "afternoon",
        "morning",
    ]


def test_a_call_to_a_number_of_many_clocks_was_in_the_parts_of_all_of_them() -> None:
    at = datetime(2026, 7, 1, 16, 30, tzinfo=UTC)

    assert tried([at], ("America/New_York", "America/Denver")) == ("morning", "afternoon")


def test_hours_are_cut_to_the_parts() -> None:
    week = parse_week("mon-fri 09:00-18:00, sat 10:00-11:00")

    assert week_in_words(within_parts(week, ("afternoon", "evening"))) == "mon-fri 12:00-17:00, 17:00-18:00"


def test_without_hours_the_parts_are_the_hours() -> None:
    assert week_in_words(within_parts(None, ("morning", "evening"))) == "00:00-12:00, 17:00-24:00"
