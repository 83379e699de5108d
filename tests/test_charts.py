from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.charts import BASELINE, Chart, Segment, over_time, scale, stacked
from dialer.report import Bucket

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
COUNTS = st.lists(st.integers(0, 10_000_000), min_size=1, max_size=6)


def bar(*counts: int) -> tuple[Segment, ...]:
    return stacked(*(("called", "Called", count) for count in counts))


def per_cent(text: str) -> float:
    return float(text.removesuffix("%"))


def chart(*counts: int, bucket_seconds: int = 300) -> Chart:
    step = timedelta(seconds=bucket_seconds)
    buckets = [Bucket(NOON + place * step, calls) for place, calls in enumerate(counts)]
    drawn = over_time(buckets, bucket_seconds=bucket_seconds)
    assert drawn is not None
    return drawn


@given(COUNTS.filter(any))
def test_the_segments_of_a_bar_fill_it(counts: list[int]) -> None:
    assert sum(per_cent(segment.width) for segment in bar(*counts)) == pytest.approx(100, abs=0.01)


@given(COUNTS.filter(any))
def test_whatever_is_there_can_be_seen(counts: list[int]) -> None:
    assert all((per_cent(segment.width) > 0.5) == (segment.rows > 0) for segment in bar(*counts))


@given(COUNTS)
def test_segments_follow_each_other_without_a_gap(counts: list[int]) -> None:
    segments = bar(*counts)
    ends = [per_cent(segment.left) + per_cent(segment.width) for segment in segments[:-1]]
    assert [per_cent(segment.left) for segment in segments[1:]] == pytest.approx(ends, abs=0.01)


def test_a_bar_of_nothing_has_no_width() -> None:
    assert [segment.width for segment in bar(0, 0)] == ["0%", "0%"]


@given(st.integers(0, 10**9))
def test_an_axis_holds_the_tallest_column_with_at_most_four_steps(most: int) -> None:
    top, step = scale(most)
    assert most <= top
    assert top % step == 0
    assert 1 <= top // step <= 4


@pytest.mark.parametrize(
    ("most", "axis"), [(0, (1, 1)), (1, (1, 1)), (7, (8, 2)), (9, (10, 5)), (3604, (4000, 1000))]
)
def test_the_levels_of_an_axis_are_round_numbers(most: int, axis: tuple[int, int]) -> None:
    assert scale(most) == axis


def test_no_calls_make_no_chart() -> None:
    assert over_time([], bucket_seconds=0) is None


def test_a_column_stands_on_the_baseline() -> None:
    column = chart(3, 4).columns[0]
    assert float(column.top) + float(column.height) == pytest.approx(BASELINE)


def test_a_columns_height_is_in_proportion_to_its_calls() -> None:
    short, tall = chart(1, 4).columns
    assert float(tall.height) == pytest.approx(4 * float(short.height), abs=0.2)


def test_a_single_column_does_not_fill_the_page() -> None:
    assert per_cent(chart(12).columns[0].width) < 10


def test_the_busiest_column_is_named_by_its_time() -> None:
    assert chart(1, 9, 2).busiest.label == "22 Nov 2026, 12:05"


def test_seconds_are_named_where_columns_are_narrower_than_a_minute() -> None:
    assert chart(1, 9, bucket_seconds=5).busiest.label == "22 Nov 2026, 12:00:05"


def test_days_are_named_without_a_clock() -> None:
    assert chart(1, 9, bucket_seconds=86_400).busiest.label == "23 Nov 2026"


def test_at_most_four_labels_stand_under_the_chart() -> None:
    assert [mark.label for mark in chart(*[1] * 48).marks] == ["12:00", "13:20", "14:35", "15:55"]


def test_the_day_stands_below_a_label_where_it_changes() -> None:
    assert [mark.note for mark in chart(*[1] * 40, bucket_seconds=3_600).marks] == [
        "22 Nov",
        "23 Nov",
        "",
        "24 Nov",
    ]


def test_the_year_stands_below_a_day_where_it_changes() -> None:
    assert [mark.note for mark in chart(*[1] * 48, bucket_seconds=86_400).marks] == ["2026", "", "", "2027"]
