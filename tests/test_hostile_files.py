"""No file takes more than 2 GB or 20 seconds before it is refused: measured from outside the process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.outside import Measured, measure
from tests.spreadsheets import hostile
from tests.spreadsheets.make import FOLDER
from tests.test_every_spreadsheet import READINGS

MOST_SECONDS = 20.0
MOST_BYTES = 2_000_000_000


@pytest.fixture(scope="module")
def slowness(tmp_path_factory: pytest.TempPathFactory) -> float:
    """How much longer everything takes here now than if nobody else needed the machine; 1.0 at least."""
    usual = measure("check", FOLDER / "utf8_with_mark.csv", cwd=tmp_path_factory.mktemp("desk"))
    return max(1.0, usual.seconds / usual.processor_seconds)


@pytest.fixture(scope="module", params=hostile.FILES)
def attempt(request: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Measured]:
    """One file, checked by the installed command, and what that took."""
    return request.param, measure("check", FOLDER / request.param, cwd=tmp_path_factory.mktemp("desk"))


def test_it_is_refused_in_one_sentence_with_exit_code_65(attempt: tuple[str, Measured]) -> None:
    name, measured = attempt
    finished = measured.finished
    assert (finished.returncode, finished.stdout, finished.stderr) == (
        65,
        "",
        f"dialer: {READINGS[name]['sentence']}\n",
    )


def test_it_is_refused_within_20_seconds(attempt: tuple[str, Measured], slowness: float) -> None:
    _, measured = attempt
    assert (measured.processor_seconds < MOST_SECONDS, measured.seconds < MOST_SECONDS * slowness) == (
        True,
        True,
    )


def test_all_processes_together_hold_less_than_2_gigabytes(attempt: tuple[str, Measured]) -> None:
    _, measured = attempt
    assert measured.tree_bytes < MOST_BYTES


def test_no_process_takes_more_than_2_gigabytes_of_addresses(attempt: tuple[str, Measured]) -> None:
    _, measured = attempt
    assert measured.most_addresses < MOST_BYTES


def test_what_swells_is_stopped_by_the_limit_and_not_by_luck(tmp_path: Path) -> None:
    measured = measure("check", FOLDER / "strings_that_swell.xlsx", cwd=tmp_path)
    assert measured.largest_bytes > 1_000_000_000
