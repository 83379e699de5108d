from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer import report_words as words
from dialer.report import FIXED_STATUSES, Kind

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def kind(code: str | None) -> Kind:
    return Kind("failed", code, rows=1, reasons=(), examples=())


@pytest.mark.parametrize(
    ("part", "whole", "told"),
    [
        (0, 0, "-"),
        (0, 9, "0%"),
        (9, 9, "100%"),
        (1, 3, "33%"),
        (5, 1_000, "0.5%"),
        (1, 100_000, "<0.1%"),
        (995, 1_000, "99.5%"),
        (99_999, 100_000, ">99.9%"),
    ],
)
def test_a_share_is_told_in_per_cent(part: int, whole: int, told: str) -> None:
    assert words.share(part, whole) == told


@given(st.integers(1, 10**7), st.data())
def test_a_share_is_none_or_all_only_if_it_is(whole: int, data: st.DataObject) -> None:
    part = data.draw(st.integers(0, whole))
    assert (words.share(part, whole) == "0%") == (part == 0)
    assert (words.share(part, whole) == "100%") == (part == whole)


@pytest.mark.parametrize(("value", "told"), [(0, "0 rows"), (1, "1 row"), (12_345, "12,345 rows")])
def test_a_count_takes_the_plural(value: int, told: str) -> None:
    assert words.count(value, "row") == told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("not permitted", "not permitted."),
        ("Mend it.", "Mend it."),
        ("Really?", "Really?"),
        ("He said “no.”", "He said “no.”"),
        ("cut off…", "cut off…"),
        ("", ""),
    ],
)
def test_a_text_ends_as_a_sentence_does(text: str, told: str) -> None:
    assert words.sentence(text) == told


def test_a_moment_is_told_on_the_readers_clock() -> None:
    assert words.moment(NOON, BERLIN) == "22 Nov 2026, 13:00"


@pytest.mark.parametrize(
    ("took", "told"),
    [
        (timedelta(seconds=41), "22 Nov 2026, 13:00:00 to 13:00:41 (41 seconds)"),
        (timedelta(minutes=68), "22 Nov 2026, 13:00 to 14:08 (1 hour 8 minutes)"),
        (timedelta(hours=12), "22 Nov 2026, 13:00 to 23 Nov 2026, 01:00 (12 hours)"),
        (timedelta(seconds=-1), "22 Nov 2026, 13:00"),
    ],
)
def test_a_period_tells_from_when_to_when_and_how_long(took: timedelta, told: str) -> None:
    assert words.period(NOON, NOON + took, BERLIN) == told


def test_a_period_without_an_end_is_a_moment() -> None:
    assert words.period(NOON, None, BERLIN) == "22 Nov 2026, 13:00"


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0, "under a second"),
        (1, "1 second"),
        (61, "1 minute 1 second"),
        (3_600, "1 hour"),
        (3_601, "1 hour"),
        (200_000, "2 days 7 hours"),
    ],
)
def test_a_duration_is_told_in_two_units(seconds: int, told: str) -> None:
    assert words.duration(seconds) == told


@pytest.mark.parametrize(("seconds", "told"), [(1, "1 second"), (900, "15 minutes"), (604_800, "7 days")])
def test_a_width_is_told_in_its_largest_whole_unit(seconds: int, told: str) -> None:
    assert words.width(seconds) == told


@pytest.mark.parametrize(("hours", "told"), [(0, "UTC+00:00"), (5.75, "UTC+05:45"), (-3.5, "UTC\u221203:30")])
def test_an_offset_is_told_from_utc(hours: float, told: str) -> None:
    assert words.offset(NOON.astimezone(timezone(timedelta(hours=hours)))) == told


@pytest.mark.parametrize(
    ("code", "told"),
    [("phone_missing", "Phone missing"), ("http_422", "HTTP 422"), (None, "Failed"), ("INVALID", "INVALID")],
)
def test_a_code_is_told_as_words(code: str | None, told: str) -> None:
    assert words.kind_title(kind(code)) == told


def test_a_refused_request_is_mended_in_its_row() -> None:
    expected = "Mend the row, most often its phone number, then retry."
    assert words.next_for_failure(kind("invalid_request")) == expected


def test_a_forbidden_number_is_a_matter_of_the_account() -> None:
    expected = (
        "The API will not call these numbers with this key. "
        "Ask whoever manages the VozAgent account, then retry."
    )
    assert words.next_for_failure(kind("http_403")) == expected


def test_a_code_of_the_apis_own_is_told_by_its_message() -> None:
    assert words.next_for_failure(kind("carrier_down")) == "Read the API's message, mend the row, then retry."


@pytest.mark.parametrize("status", FIXED_STATUSES)
@pytest.mark.parametrize("told", [words.MEANINGS, words.BRIEFLY, words.NEXT])
def test_every_status_is_explained_in_whole_sentences(status: str, told: dict[str, str]) -> None:
    assert told[status][0].isupper()
    assert told[status].endswith(".")


@pytest.mark.parametrize(
    ("code", "told"), [(None, ""), (0, "0, done"), (75, "75, try again later"), (9, "9")]
)
def test_an_exit_code_is_told_with_what_it_stands_for(code: int | None, told: str) -> None:
    assert words.exit_code(code) == told


@pytest.mark.parametrize(
    ("calls", "seconds", "most", "told"),
    [
        (3000, 600, 3000, "5/s"),
        (1000, 600, 3000, "1.7/s"),
        (30, 60, 40, "30/min"),
        (40, 60, 60, "0.7/s"),
        (2, 3600, 4, "2/h"),
        (1, 86_400, 2, "1/day"),
        (250_000, 3600, 250_000, "69/s"),
        (0, 60, 60, "0"),
    ],
)
def test_a_pace_is_told_in_the_unit_in_which_the_most_are_at_least_one(
    calls: int, seconds: int, most: int, told: str
) -> None:
    assert words.pace(calls, seconds, most=most) == told


@pytest.mark.parametrize(
    ("usd", "told"),
    [
        ("0", "0.00 USD"),
        ("12.345", "12.34 USD"),
        ("11014.43", "11,014.43 USD"),
        ("0.1458", "0.15 USD"),
        ("0.0061", "0.0061 USD"),
        ("0.048", "0.048 USD"),
        ("0.00001", "less than 0.0001 USD"),
    ],
)
def test_money_is_told_to_the_cent_or_with_two_digits_that_say_something(usd: str, told: str) -> None:
    assert words.money(Decimal(usd)) == told


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(40, "40 seconds"), (43_500, "12 hours 5 minutes"), (86_400, "24 hours"), (5_241_600, "1,456 hours")],
)
def test_time_on_the_phone_is_told_in_hours_at_most(seconds: int, told: str) -> None:
    assert words.hours(seconds) == told
