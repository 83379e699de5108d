"""What `dialer check` shows a person, in a terminal of 80 columns."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.command import ROOT, run_dialer
from tests.spreadsheets.make import FOLDER
from tests.spreadsheets.parts import book

NARROW = {"COLUMNS": "80"}
SAMPLES = sorted((ROOT / "sample_leads").iterdir())
SHEET = """\
Name;Phone;Country;Town
Ann Example;+1 201 555 0123;;Springfield
Bo Sample;201 555 0124;US;
Cy Instance;201-555-CALL;US;
Di Specimen;201-555-EASY;US;
Ed Model;;US;
Flo Pattern;+12015550123;;
"""
SCREEN = """\
File    leads.csv (csv)
Text    utf-8, columns parted by semicolons
Header  row 1
Rows    6 below row 1

  field        column     for example
  phone        Phone      +1 201 555 0123
  full_name    Name       Ann Example
  country      Country    US

  Not used  Town

  2  callable   will be called
  3  invalid    cannot be called as they stand; see below
  1  duplicate  another row with the same number is the one called

What to mend, and how:

    letters  2 rows: B4, B5
    There are letters in the number: write all of it in digits, and an extension
    as x204. B4 holds “201-555-CALL”.

    phone_missing  1 row: B6
    There is no phone number in B6: write one there, with its country code.

    same_number_other_name  1 row: B7
    Row 2 has the same number for "Ann Example", this one for "Flo Pattern":
    find out whose it is. It holds “+12015550123”.
"""


def screen(path: Path, folder: Path, *options: str) -> str:
    return run_dialer("check", path, *options, cwd=folder, env=NARROW).stdout


def test_the_whole_screen_of_a_sheet(tmp_path: Path) -> None:
    (tmp_path / "leads.csv").write_text(SHEET)
    assert screen(tmp_path / "leads.csv", tmp_path) == SCREEN


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.name)
def test_no_line_about_a_sample_is_wider_than_the_terminal(sample: Path, tmp_path: Path) -> None:
    assert [line for line in screen(sample, tmp_path).splitlines() if len(line) > 80] == []


def test_what_nobody_sees_of_a_sheet_is_said(tmp_path: Path) -> None:
    assert screen(FOLDER / "hidden_columns.xlsx", tmp_path).splitlines()[:5] == [
        "File    hidden_columns.xlsx (xlsx)",
        "Sheet   Leads",
        "Header  row 1",
        "Rows    2 below row 1",
        'Note    Column C, "Mobile", is hidden, and is read all the same.',
    ]


def test_hidden_rows_that_are_left_out_are_said_as_well(tmp_path: Path) -> None:
    told = screen(FOLDER / "hidden_rows.xlsx", tmp_path, "--visible-only")
    assert "Note    3 rows are hidden and left out (--visible-only).\n" in told


def test_with_json_what_is_to_be_said_goes_to_stderr(tmp_path: Path) -> None:
    done = run_dialer("check", FOLDER / "hidden_rows.xlsx", "--json", cwd=tmp_path)
    assert (done.json["data_rows"], done.stderr) == (
        5,
        "3 rows are hidden and read all the same; --visible-only leaves hidden rows out.\n",
    )


def test_a_run_says_it_with_its_plan(tmp_path: Path) -> None:
    done = run_dialer("run", FOLDER / "hidden_rows.xlsx", "--sandbox", "--dry-run", cwd=tmp_path)
    assert "3 rows are hidden and read all the same" in done.stderr


def test_of_very_many_sheets_the_first_are_named(tmp_path: Path) -> None:
    leads = (("Name", "Phone"), ("Ann Example", "+12015550123"))
    (tmp_path / "leads.xlsx").write_bytes(book({"Leads": leads, **{f"Empty {n}": () for n in range(12)}}))
    told = run_dialer("check", "leads.xlsx", cwd=tmp_path).stdout.splitlines()[1]
    assert told == (
        "Sheet   Leads (not read: Empty 0, Empty 1, Empty 2, Empty 3, Empty 4, Empty 5, Empty 6, Empty 7"
        " and 4 more; choose with --sheet)"
    )


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("no_phone_column.csv", (1, ["Name", "Email", "City"], 1)),
        ("header_alone.csv", (1, ["Name", "Phone", "Country"], 0)),
        ("headerless.csv", (None, [], 2)),
        ("switchboards_alone.csv", (1, ["Name", "Company Phone", "Fax"], 2)),
    ],
)
def test_json_tells_what_could_be_read_of_a_sheet_without_leads(
    name: str, expected: tuple[int | None, list[str], int], tmp_path: Path
) -> None:
    table = run_dialer("check", FOLDER / name, "--json", cwd=tmp_path).json
    assert (table["header_row"], table["columns"], table["data_rows"]) == expected
