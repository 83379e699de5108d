"""The template has the columns that are understood, and an example that nobody calls."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from dialer.errors import UsageError
from dialer.spreadsheet import open_table
from dialer.template import write_template
from tests.command import run_dialer
from tests.test_every_spreadsheet import reading_of

NAMES = ("leads.xlsx", "leads.csv", "leads.tsv")
UNDERSTOOD = {
    "phone": "Phone",
    "first_name": "First name",
    "last_name": "Last name",
    "country": "Country",
    "source": "Source",
    "tags": "Tags",
    "notes": "Notes",
    "do_not_call": "Do not call",
}


def refusal(target: Path) -> str:
    with pytest.raises(UsageError) as caught:
        write_template(target)
    return caught.value.sentence


@pytest.mark.parametrize("name", NAMES)
def test_every_column_of_the_template_is_understood(tmp_path: Path, name: str) -> None:
    write_template(tmp_path / name)
    assert reading_of(tmp_path / name)["mapping"] == UNDERSTOOD


@pytest.mark.parametrize("name", NAMES)
def test_its_example_is_no_lead_and_says_so(tmp_path: Path, name: str) -> None:
    write_template(tmp_path / name)
    assert reading_of(tmp_path / name)["rows"] == ["2 B2 not_a_lead example_row"]


def test_one_of_its_two_marks_is_enough_to_know_the_example(tmp_path: Path) -> None:
    path = tmp_path / "leads.csv"
    write_template(path)
    text = path.read_text(encoding="utf-8-sig")
    path.write_text(text.replace("Person (delete this row)", "Person"), encoding="utf-8")
    assert reading_of(path)["rows"] == ["2 G2 not_a_lead example_row"]


def test_a_lead_written_over_the_example_is_a_lead(tmp_path: Path) -> None:
    path = tmp_path / "leads.csv"
    write_template(path)
    header = path.read_text(encoding="utf-8-sig").splitlines()[0]
    path.write_text(f"{header}\nAnn,Example,+12015550124,US,,,,\n", encoding="utf-8")
    assert reading_of(path)["rows"] == ["2 C2 callable +12015550124"]


def test_what_is_typed_into_the_workbook_stays_text(tmp_path: Path) -> None:
    write_template(tmp_path / "leads.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "leads.xlsx")["Leads"]
    assert [sheet.column_dimensions[column].number_format for column in "ABCDEFGH"] == ["@"] * 8


def test_the_text_template_begins_with_a_mark_for_excel(tmp_path: Path) -> None:
    write_template(tmp_path / "leads.csv")
    with open_table(tmp_path / "leads.csv") as table:
        assert (table.info.encoding, table.info.delimiter) == ("utf-8-sig", ",")


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    target = tmp_path / "leads.csv"
    target.write_text("mine")
    assert (refusal(target), target.read_text()) == (
        f"There is a {target} already: name another file, or move it.",
        "mine",
    )


def test_a_name_that_promises_another_format_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path / "leads.ods") == (
        f"The template {tmp_path / 'leads.ods'} can be an Excel file or a text: name it like leads.xlsx or"
        " leads.csv."
    )


def test_the_command_writes_it_and_says_where(tmp_path: Path) -> None:
    done = run_dialer("template", cwd=tmp_path)
    assert (done.returncode, done.stdout, (tmp_path / "leads.xlsx").exists()) == (0, "leads.xlsx\n", True)
