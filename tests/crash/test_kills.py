"""About thirty real kills; `python -m tests.crash --kills 300` is the same with more of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.crash.condemned import CALLERS, Condemned, Prison
from tests.crash.executioner import MOMENTS, Executioner

KILLS = 30
_AT_ONCE = 2


@pytest.fixture(scope="module")
def condemned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Condemned]]:
    """Six campaigns, each killed five times and then left alone."""
    with Executioner(_AT_ONCE) as executioner:
        yield Prison(tmp_path_factory.mktemp("prison"), executioner).kill(KILLS, at_once=_AT_ONCE)


def test_nearly_all_kills_were_carried_out(condemned: list[Condemned]) -> None:
    """A campaign may have ended before its next hour came."""
    assert sum(one.kills for one in condemned) >= KILLS - 3


def test_every_moment_was_struck(condemned: list[Condemned]) -> None:
    struck = {moment for one in condemned for moment in one.moments}

    assert set(MOMENTS) <= struck


def test_nobody_is_called_twice(condemned: list[Condemned]) -> None:
    assert [one.twice for one in condemned] == [[]] * len(condemned)


def test_no_row_is_lost(condemned: list[Condemned]) -> None:
    assert [one.lost for one in condemned] == [0] * len(condemned)


def test_the_rows_come_back_in_their_order(condemned: list[Condemned]) -> None:
    people = [f"Person {place}" for place in range(1, condemned[0].rows_in - 1)]

    assert [[row["first_name"] for row in one.rows] for one in condemned] == [
        [*people, "Nora", "Person 1 again"]
    ] * len(condemned)


def test_nothing_false_is_reported(condemned: list[Condemned]) -> None:
    assert [one.false_reports for one in condemned] == [[]] * len(condemned)


def test_no_more_are_unknown_for_each_kill_than_there_were_callers(condemned: list[Condemned]) -> None:
    assert all(one.unknown <= CALLERS * one.kills for one in condemned)


def test_a_call_that_was_created_before_a_kill_is_found_at_the_next_start(condemned: list[Condemned]) -> None:
    found = [row for one in condemned for row in one.rows if "found in the API's records" in row["reason"]]

    assert found
    assert all(row["call_id"] for row in found)


def test_the_lock_of_a_killed_run_is_free(condemned: list[Condemned]) -> None:
    assert all(75 not in one.codes for one in condemned)


def test_the_run_after_the_last_kill_ends_with_1_where_somebody_is_unknown_and_there_was_something_to_do(
    condemned: list[Condemned],
) -> None:
    """A run that finds nothing to do ends with 0, whatever the runs before it left unknown."""
    assert [one.last.returncode for one in condemned] == [
        int(one.unknown > 0 and one.last.json["called_now"] > 0) for one in condemned
    ]
