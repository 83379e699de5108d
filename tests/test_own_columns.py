"""Dialer's own columns are known again in a report that is fed back, and nobody else's are taken for ours."""

from __future__ import annotations

import pytest

from dialer.own_columns import FATE_COLUMNS, RESULT_COLUMNS, find_own
from dialer.understanding import Understood

FATES = FATE_COLUMNS[:-1]  # without the transcript


def own(*headers: str) -> dict[str, int]:
    return find_own(headers)[0]


def from_(position: int, *names: str) -> dict[str, int]:
    return {name: place for place, name in enumerate(names, start=position)}


def test_a_sheet_that_is_no_report_has_none() -> None:
    assert find_own(("phone", "status", "reason", *FATE_COLUMNS)) == ({}, frozenset())


def test_a_sheet_without_a_header_has_none() -> None:
    assert find_own(()) == ({}, frozenset())


def test_the_result_columns_are_known() -> None:
    assert own("phone", *RESULT_COLUMNS, "mine") == from_(1, *RESULT_COLUMNS)


def test_the_fate_columns_are_known_beside_them() -> None:
    assert own("phone", *RESULT_COLUMNS, *FATES) == from_(1, *RESULT_COLUMNS, *FATES)


def test_the_transcript_is_known() -> None:
    assert own("phone", *RESULT_COLUMNS, *FATE_COLUMNS) == from_(1, *RESULT_COLUMNS, *FATE_COLUMNS)


def test_the_fate_columns_are_known_behind_a_column_of_somebody_elses() -> None:
    expected = from_(1, *RESULT_COLUMNS) | from_(10, *FATES)

    assert own("phone", *RESULT_COLUMNS, "mine", *FATES, "mine as well") == expected


def test_our_columns_are_known_by_their_prefix() -> None:
    prefixed = [f"dialer_{name}" for name in (*RESULT_COLUMNS, *FATES)]

    assert own("status", "summary", *prefixed) == from_(2, *RESULT_COLUMNS, *FATES)


def test_capitals_and_blanks_do_not_matter() -> None:
    shouted = [f" {name.upper()} " for name in (*RESULT_COLUMNS, *FATES)]

    assert own("phone", *shouted) == from_(1, *RESULT_COLUMNS, *FATES)


def test_fate_columns_that_somebody_deleted_are_missed_and_the_others_known() -> None:
    left = [name for name in FATES if name not in {"duration_seconds", "cost"}]

    assert own("phone", *RESULT_COLUMNS, *left) == from_(1, *RESULT_COLUMNS, *left)


@pytest.mark.parametrize(
    "names", [("call_status",), ("call_status", "summary"), ("summary", "cost", "transcript"), ("summary",)]
)
def test_a_few_columns_of_such_names_are_somebody_elses(names: tuple[str, ...]) -> None:
    assert own("phone", *RESULT_COLUMNS, "mine", *names) == from_(1, *RESULT_COLUMNS)


def test_columns_in_another_order_are_somebody_elses() -> None:
    assert own("phone", *RESULT_COLUMNS, *reversed(FATES)) == from_(1, *RESULT_COLUMNS)


def test_of_several_runs_the_last_one_counts_and_none_is_anybody_elses() -> None:
    headers = ("phone", *RESULT_COLUMNS, *FATES, *RESULT_COLUMNS, *FATES)

    assert find_own(headers) == (from_(17, *RESULT_COLUMNS, *FATES), frozenset(range(1, 33)))


def test_understood_keeps_where_they_stand() -> None:
    results = own("phone", *RESULT_COLUMNS, *FATES)
    understood = Understood("r.csv", "csv", None, (), "utf-8", ",", 1, results=results)

    assert Understood.from_json(understood.to_json()).results == results
