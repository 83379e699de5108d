"""What a night came to: its sums, its exit code, and how a person reads it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from dialer.night_facts import Left
from dialer.night_screens import head_lines, message_of, tail_lines
from dialer.nights import NightEnd, SheetEnd, Where, most_serious

BEGAN = datetime(2026, 3, 2, 22, 0, tzinfo=UTC)
OPENS = datetime(2026, 3, 3, 13, 0, tzinfo=UTC)

GOOD = SheetEnd("a.csv", Where.DONE, "/in/done/a.csv", counts={"called": 5, "invalid": 1}, called_now=5)
PARTLY = SheetEnd(
    "b.csv",
    Where.PROCESSING,
    "/in/processing/b.csv",
    exit_code=75,
    counts={"called": 2, "deferred": 3, "pending": 1},
    called_now=2,
    left=Left(pending=1, deferred=3, next_at=OPENS),
)
WRONG = SheetEnd(
    "c.csv", Where.FAILED, "/in/failed/c.csv", exit_code=65, trouble=("c.csv: there is no phone column.",)
)


def night(*sheets: SheetEnd, growing: tuple[str, ...] = ()) -> NightEnd:
    return NightEnd("/in", BEGAN, BEGAN + timedelta(minutes=7), sheets, growing)


@pytest.mark.parametrize(
    ("codes", "worst"),
    [
        ([], 0),
        ([0, 0], 0),
        ([75, 0], 75),
        ([75, 1], 1),
        ([1, 65], 65),
        ([65, 69], 69),
        ([69, 78], 78),
        ([78, 77], 77),
        ([77, 143], 143),
        ([2, 65], 2),
    ],
)
def test_the_exit_code_is_the_one_that_a_person_must_hear_of_first(codes: list[int], worst: int) -> None:
    assert (most_serious(codes), most_serious(reversed(codes))) == (worst, worst)


def test_the_line_of_a_night_adds_up() -> None:
    line = night(GOOD, PARTLY, WRONG).as_json()

    assert (line["rows"], line["counts"], line["called_now"], line["files"]) == (
        12,
        {"called": 7, "invalid": 1, "deferred": 3, "pending": 1},
        7,
        {"all": 3, "inbox": 0, "processing": 1, "done": 1, "failed": 1, "gone": 0},
    )


def test_the_line_says_what_is_left_and_from_when_on() -> None:
    assert night(GOOD, PARTLY).as_json()["left"] == {
        "rows": 4,
        "pending": 1,
        "deferred": 3,
        "recent": 0,
        "forbidden": 0,
        "never": 0,
        "again": 0,
        "next": "2026-03-03T13:00:00Z",
    }


def test_a_person_reads_which_sheets_there_were() -> None:
    assert [line.partition(": ")[2] for line in head_lines(night(GOOD, PARTLY, WRONG))] == [
        "3 sheets, 1 done, 1 with something left, 1 failed."
    ]


def test_a_person_reads_what_is_left_and_what_to_do() -> None:
    calls, left, trouble = tail_lines(night(GOOD, PARTLY, WRONG))

    assert (calls, left.partition("; ")[0], trouble) == (
        "7 people called this night.",
        "Left for the next night: 4 rows (1 pending, 3 deferred)",
        "c.csv: there is no phone column.",
    )


def test_that_people_wait_for_their_hours_is_no_trouble() -> None:
    assert [message_of(night(*sheets)).trouble for sheets in ((GOOD, PARTLY), (GOOD, WRONG))] == [False, True]


def test_no_number_stands_in_the_record_in_full() -> None:
    told = SheetEnd("d.csv", Where.DONE, "/d", exit_code=1, trouble=("The API says +12015550123 is odd.",))

    assert "2015550123" not in str(night(told).as_json())
