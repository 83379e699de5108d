"""Rates, durations, rows and the policy: what a person may write, and what is refused with a sentence."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from dialer.campaign import (
    Breakers,
    Policy,
    Rate,
    Reading,
    format_duration,
    parse_duration,
    parse_rows,
)

# Rates


@pytest.mark.parametrize(
    ("text", "count", "per_seconds"),
    [
        ("5/s", 5, 1),
        (" 5 / s ", 5, 1),
        ("5/S", 5, 1),
        ("1/sec", 1, 1),
        ("50/second", 50, 1),
        ("300/min", 300, 60),
        ("300/m", 300, 60),
        ("300/minute", 300, 60),
        ("999999/s", 999999, 1),
    ],
)
def test_a_rate_is_a_number_per_second_or_minute(text: str, count: int, per_seconds: int) -> None:
    rate = Rate.parse(text)

    assert (rate.count, rate.per_seconds) == (count, per_seconds)


@pytest.mark.parametrize(
    "text", ["", "5", "/s", "0/s", "-5/s", "1.5/s", "5/h", "5/ss", "5 s", "1000000/s", "5/s,", "5//s"]
)
def test_any_other_rate_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no rate") as caught:
        Rate.parse(text)

    assert str(caught.value) == (
        f"{text!r} is no rate: write a whole number per second or minute, as 5/s or 30/min."
    )


@pytest.mark.parametrize(("text", "per_second"), [("5/s", 5.0), ("30/min", 0.5), ("600/min", 10.0)])
def test_a_rate_knows_its_average(text: str, per_second: float) -> None:
    assert Rate.parse(text).per_second == per_second


@settings(deadline=None)
@given(st.integers(1, 999_999), st.sampled_from([1, 60]))
def test_a_rate_is_written_as_it_is_read(count: int, per_seconds: Any) -> None:
    rate = Rate(count=count, per_seconds=per_seconds)

    assert Rate.parse(str(rate)) == rate


# Durations


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("60", 60),
        ("90s", 90),
        ("90 sec", 90),
        ("1.5", 1.5),
        ("0", 0),
        ("10m", 600),
        ("10min", 600),
        ("1.5h", 5400),
        ("24H", 86_400),
        ("7d", 604_800),
        (" 7d ", 604_800),
        ("36525d", 36_525 * 86_400),
    ],
)
def test_a_duration_is_a_number_and_a_unit(text: str, seconds: float) -> None:
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "h", "-1h", "1w", "1h30m", "1,5h", "soon", "nan", "inf", "1e3", ".5h"])
def test_any_other_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no duration") as caught:
        parse_duration(text)

    assert str(caught.value) == f"{text!r} is no duration: write a number and s, min, h or d, as 60s or 24h."


@pytest.mark.parametrize("text", ["36526d", "400000d", "999999999d", "99999999999999999999d", "9" * 400])
def test_a_duration_beyond_a_century_is_refused(text: str) -> None:
    """A moment so long ago has no date, or one that does not compare with ours."""
    with pytest.raises(ValueError, match="is too long a duration") as caught:
        parse_duration(text)

    assert str(caught.value) == (
        f"{text!r} is too long a duration: write a number and s, min, h or d, as 24h."
    )


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (0.5, "0.5s"),
        (60, "1min"),
        (61, "61s"),
        (5400, "90min"),
        (86_400, "24h"),
        (172_800, "2d"),
        (90_000, "25h"),
        (1_234_567, "1234567s"),
        (1_234_567.25, "1234567.25s"),
    ],
)
def test_a_duration_is_written_in_its_largest_whole_unit(seconds: float, text: str) -> None:
    assert format_duration(timedelta(seconds=seconds)) == text


@settings(deadline=None, max_examples=300)
@given(st.timedeltas(timedelta(0), timedelta(days=36_525)))
def test_a_duration_is_written_as_it_is_read(duration: timedelta) -> None:
    assert parse_duration(format_duration(duration)) == duration


# Rows


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("5", ((5, 5),)),
        ("5-40,77", ((5, 40), (77, 77))),
        ("77,5-40", ((5, 40), (77, 77))),
        ("5-40,30-50", ((5, 50),)),
        ("5,6,7", ((5, 7),)),
        ("5-40,10", ((5, 40),)),
        (" 5 - 40 , 77 ", ((5, 40), (77, 77))),
        ("1-1048576", ((1, 1_048_576),)),
    ],
)
def test_rows_are_united_ranges_in_order(text: str, rows: tuple[tuple[int, int], ...]) -> None:
    assert parse_rows(text) == rows


@pytest.mark.parametrize("text", ["", ",", "5,", "0", "0-5", "40-5", "-5", "5-", "a", "5-40-60", "12345678"])
def test_any_other_rows_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="names no rows") as caught:
        parse_rows(text)

    assert str(caught.value) == f"{text!r} names no rows: write Excel's row numbers, as 5-40,77."


@settings(deadline=None, max_examples=200)
@given(st.lists(st.tuples(st.integers(1, 60), st.integers(1, 60)).map(sorted), min_size=1, max_size=8))
def test_united_ranges_name_the_same_rows_once(ranges: list[list[int]]) -> None:
    united = parse_rows(",".join(f"{first}-{last}" for first, last in ranges))

    named = [row for first, last in united for row in range(first, last + 1)]
    assert named == sorted({row for first, last in ranges for row in range(first, last + 1)})


# The policy


@pytest.mark.parametrize(
    ("rate", "callers"),
    [
        ("1/s", 2),
        ("5/s", 10),
        ("7/s", 14),
        ("24/s", 48),
        ("25/s", 50),
        ("1000/s", 50),
        ("1/min", 2),
        ("90/min", 3),
    ],
)
def test_there_are_callers_enough_for_replies_of_two_seconds(rate: str, callers: int) -> None:
    assert Policy(assistant_name="Voz", rate=Rate.parse(rate)).callers == callers


def test_the_number_of_callers_can_be_set() -> None:
    assert Policy(assistant_name="Voz", rate=Rate(count=1000), concurrency=3).callers == 3


@pytest.mark.parametrize(
    ("assistant", "shown"), [({"assistant_name": "Voz"}, "Voz"), ({"assistant_id": "a-1"}, "a-1")]
)
def test_the_assistant_goes_by_name_or_id(assistant: dict[str, str], shown: str) -> None:
    assert Policy.model_validate(assistant).assistant == shown


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"assistant_name": "Voz", "assistant_id": "a-1"},
        {"assistant_name": "Voz", "concurrency": 0},
        {"assistant_name": "Voz", "concurrency": 1001},
        {"assistant_name": "Voz", "limit": 0},
        {"assistant_name": "Voz", "timeout": timedelta(0)},
        {"assistant_name": "Voz", "retries": 3},
    ],
)
def test_a_policy_that_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Policy.model_validate(wrong)


@pytest.mark.parametrize("wrong", [{"max_unknown_in_row": 0}, {"max_refused_in_row": -1}, {"max_typo": 5}])
def test_a_breaker_that_never_or_always_trips_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValidationError):
        Breakers.model_validate(wrong)


def test_a_policy_cannot_change_under_way() -> None:
    with pytest.raises(ValidationError):
        Policy(assistant_name="Voz").limit = 5


def test_the_defaults_are_those_of_the_contract() -> None:
    policy = Policy(assistant_name="Voz")

    assert (str(policy.rate), policy.recall_after, policy.give_up_after, policy.breakers) == (
        "5/s",
        timedelta(hours=24),
        timedelta(seconds=60),
        Breakers(max_unknown_in_row=5, max_refused_in_row=20, max_forbidden_in_row=3, max_internal_errors=3),
    )


def test_two_equal_readings_are_the_same_load() -> None:
    assert Reading(region="US").model_dump_json() == Reading(region="US").model_dump_json()
