"""From rows to calls to appointments: every step says why fewer come to it."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given

from dialer.funnel import steps
from dialer.report import Summary, summarise
from dialer.results import Fate, RowResult
from tests.test_report import FACTS, SHEETS

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def summary(*rows: RowResult) -> Summary:
    return summarise(rows, FACTS, zone=UTC)


def told(*rows: RowResult) -> list[tuple[str, int, str]]:
    return [(step.label, step.count, step.note) for step in steps(summary(*rows))]


def called(row: int, fate: Fate | None = None) -> RowResult:
    return RowResult(row, "queued", called_at=NOON, fate=fate)


def test_rows_people_and_calls_are_the_steps_before_anything_is_known_of_the_calls() -> None:
    rows = [called(2), *(RowResult(row, "invalid") for row in (3, 4)), RowResult(5, "duplicate")]

    assert told(*rows, RowResult(6, "suppressed"), RowResult(7, "failed"), RowResult(8, "recent")) == [
        ("Rows in the sheet", 7, ""),
        ("People who can be called", 3, "less 2 invalid, 1 duplicate, 1 suppressed"),
        ("Called", 1, "less 1 failed, 1 recent"),
    ]


def test_what_became_of_the_calls_goes_on_with_them() -> None:
    fates = [
        Fate("completed", ended=True, appointment_booked=True),
        Fate("completed", ended=True),
        Fate("no-answer", ended=True),
        Fate("in-progress"),
        Fate("queued", stale=True),
        None,
    ]

    assert told(*(called(row, fate) for row, fate in enumerate(fates, start=2)))[3:] == [
        ("Calls that ended", 3, "less 1 not ended yet, 1 never seen to end, 1 unheard of"),
        ("Completed calls", 2, "less 1 ended otherwise"),
        ("Appointments booked", 1, ""),
    ]


def test_a_bar_is_as_long_as_its_share_of_the_rows() -> None:
    found = steps(summary(called(2), RowResult(3, "invalid")))

    assert [(step.share, step.width) for step in found] == [
        ("100%", "100.000%"),
        ("50%", "50.000%"),
        ("50%", "50.000%"),
    ]


def test_a_step_that_one_row_of_many_reaches_can_still_be_seen() -> None:
    found = steps(summary(called(2), *(RowResult(row, "invalid") for row in range(3, 3000))))

    assert [step.width for step in found] == ["100.000%", "0.800%", "0.800%"]


@given(SHEETS)
def test_no_step_is_larger_than_the_one_before(rows: list[RowResult]) -> None:
    counts = [step.count for step in steps(summary(*rows))[:3]]

    assert counts == sorted(counts, reverse=True)
