"""Every file of `tests/spreadsheets/` is read as `readings.toml`, checked by hand, says it should be."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from dialer.campaign import Reading
from dialer.check import Check
from dialer.errors import SheetError
from tests.spreadsheets.make import FILES, FOLDER

READINGS: dict[str, dict[str, Any]] = tomllib.loads((FOLDER / "readings.toml").read_text(encoding="utf-8"))
# Read by the tests of the limits, because they take their time: tests/test_hostile_files.py.
_SLOW = {"many_sheets_of_one_part.xlsx"}


def reading_of(path: Path) -> dict[str, Any]:
    """What `dialer check` finds in a file, as `readings.toml` writes it: what is empty is left out."""
    try:
        with Check(str(path), Reading(), rows=()) as checking:
            found = checking.findings()
            rows = [row_in_words(row) for row in checking.rows()] if found.problem is None else []
    except SheetError as error:
        return {"refused": error.code, "sentence": error.sentence}
    table = found.table
    told = {
        name: table[name] for name in ("format", "sheet", "encoding", "delimiter", "header_row", "columns")
    }
    told |= {"data_rows": table["data_rows"], "mapping": dict(table["mapping"])}
    told |= {"remarks": list(found.remarks), "rows": rows}
    told |= {"counts": {verdict: count for verdict, count in table["counts"].items() if count}}
    if found.problem is not None:
        told |= {"refused": found.problem.code, "sentence": found.problem.sentence}
    return {name: value for name, value in told.items() if value not in (None, [], {})}


def row_in_words(row: dict[str, Any]) -> str:
    """`2 B2 callable +12015550123`, `3 B3 invalid letters`."""
    codes = (problem["code"] for problem in row["problems"])
    return " ".join(map(str, filter(None, (row["row"], row["cell"], row["verdict"], row["phone"], *codes))))


@pytest.mark.parametrize("name", [name for name in FILES if name not in _SLOW])
def test_every_spreadsheet_is_read_as_it_should_be(name: str) -> None:
    assert reading_of(FOLDER / name) == READINGS[name]


def test_every_spreadsheet_has_an_expected_reading() -> None:
    assert set(READINGS) == set(FILES)


def test_nothing_else_lies_in_the_folder() -> None:
    files = {path.name for path in FOLDER.iterdir() if path.is_file()}
    assert {name for name in files if not name.endswith((".py", ".toml"))} == set(FILES)


def test_there_are_at_least_sixty_of_them() -> None:
    assert len(FILES) >= 60


def test_the_rows_of_every_reading_add_up() -> None:
    assert [
        name
        for name, told in READINGS.items()
        if "counts" in told and sum(told["counts"].values()) != told["data_rows"]
    ] == []
