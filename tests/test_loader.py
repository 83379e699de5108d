"""A sheet goes into a real ledger: which sheet of a workbook, and which of its rows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import openpyxl
import pytest

from dialer import account, loads
from dialer.campaign import Reading
from dialer.errors import SheetError
from dialer.ledger import Ledger
from dialer.loader import Loaded, NotUnderstood, load
from dialer.results import RowRecord
from dialer.snapshot import taken
from tests.spreadsheets.make import text_cell, xlsx

SHEETS = Path(__file__).parent / "spreadsheets"
NOW = datetime(2026, 1, 2, tzinfo=UTC)
HEADER = ("Name", "Phone")
ANN, BO = ("Ann Example", "+12015550123"), ("Bo Sample", "+12015550124")


class Desk:
    """A ledger with one campaign, into which sheets are loaded."""

    def __init__(self, folder: Path) -> None:
        self.ledger = Ledger(folder / "ledger.sqlite3", clock=lambda: NOW)
        with self.ledger.transaction() as connection:
            self.campaign = loads.ensure_campaign(connection, "leads", now=NOW)

    def load(self, path: Path, **reading: object) -> Loaded:
        with taken(str(path)) as snapshot:
            return load(self.ledger, self.campaign, snapshot, Reading.model_validate(reading))

    def records(self, loaded: Loaded) -> list[RowRecord]:
        with self.ledger.reading() as connection:
            found = account.row_records(
                connection,
                campaign_id=self.campaign.campaign_id,
                load_id=loaded.load_id,
                recall_since=NOW,
            )
            return list(found)

    def rows(self, path: Path, **reading: object) -> list[int]:
        """The numbers of the rows that are in the ledger once the sheet is loaded."""
        return [record.row for record in self.records(self.load(path, **reading))]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.ledger.close()


def workbook(path: Path, **sheets: tuple[tuple[str, str], ...]) -> Path:
    """A workbook of these sheets; those whose names begin with `hidden` are hidden."""
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        sheet.sheet_state = "hidden" if name.startswith("hidden") else "visible"
        for row in rows:
            sheet.append(row)
    book.active = next(n for n, sheet in enumerate(book.worksheets) if sheet.sheet_state == "visible")
    book.save(path)
    return path


def refusal(desk: Desk, path: Path, **reading: object) -> SheetError:
    with pytest.raises(SheetError) as caught:
        desk.load(path, **reading)
    return caught.value


@pytest.mark.parametrize("name", ["hidden_rows.xlsx", "hidden_rows.ods"])
def test_rows_that_nobody_sees_are_left_out_if_asked(desk: Desk, name: str) -> None:
    assert desk.rows(SHEETS / name, visible_only=True)[:2] == [2, 4]


def test_rows_that_nobody_sees_are_leads_unless_asked(desk: Desk) -> None:
    assert desk.rows(SHEETS / "hidden_rows.xlsx") == [2, 3, 4, 5, 6]


def test_rows_that_are_left_out_do_not_count_as_data_rows(desk: Desk) -> None:
    assert desk.load(SHEETS / "hidden_rows.xlsx", visible_only=True).understood.data_rows == 2


def test_rows_that_excel_and_openpyxl_hide_are_left_out(desk: Desk, tmp_path: Path) -> None:
    path = workbook(tmp_path / "leads.xlsx", Leads=(HEADER, ANN, BO, ("Cy", "+12015550125")))
    book = openpyxl.load_workbook(path)
    book["Leads"].auto_filter.ref = "A1:B4"
    book["Leads"].row_dimensions[3].hidden = True
    book.save(path)
    assert desk.rows(path, visible_only=True) == [2, 4]


def test_the_rows_of_the_chosen_sheet_count_not_those_of_the_first(desk: Desk, tmp_path: Path) -> None:
    path = workbook(tmp_path / "leads.xlsx", Notes=(("a", "b"), ("c", "d")), Leads=(HEADER, ANN, BO))
    book = openpyxl.load_workbook(path)
    book["Notes"].row_dimensions[2].hidden = True
    book["Leads"].row_dimensions[3].hidden = True
    book.save(path)
    assert desk.rows(path, visible_only=True) == [2]


def test_asking_for_visible_rows_is_another_reading_of_the_same_sheet(desk: Desk) -> None:
    desk.load(SHEETS / "hidden_rows.xlsx")
    assert desk.load(SHEETS / "hidden_rows.xlsx", visible_only=True).unchanged is False


def test_a_text_has_only_visible_rows(desk: Desk) -> None:
    assert desk.rows(SHEETS / "ragged_with_nul.csv", visible_only=True) == [2, 3]


def test_a_sheet_without_visible_rows_is_refused(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "leads.xlsx"
    header = f'<row r="1">{text_cell("A1", "Phone")}</row>'
    hidden = f'<row r="2" hidden="1">{text_cell("A2", ANN[1])}</row>'
    path.write_bytes(xlsx(f"<sheetData>{header}{hidden}</sheetData>"))
    error = refusal(desk, path, visible_only=True)
    assert (type(error), error.code, error.sentence) == (
        NotUnderstood,
        "no_rows",
        (
            "There are no visible rows below the header of sheet 'Leads' of leads.xlsx: show some, or leave"
            " --visible-only out."
        ),
    )


def test_a_format_that_does_not_tell_its_hidden_rows_is_refused(desk: Desk) -> None:
    error = refusal(desk, SHEETS / "begins_at_c4.xls", visible_only=True)
    assert error.sentence == (
        "The hidden rows of an XLS sheet cannot be told: save it as XLSX, or leave --visible-only out."
    )


def test_of_two_equal_sheets_the_visible_one_holds_the_leads(desk: Desk, tmp_path: Path) -> None:
    path = workbook(tmp_path / "leads.xlsx", hidden_copy=(HEADER, ANN), Leads=(HEADER, BO))
    assert desk.load(path).understood.sheet == "Leads"


def test_a_hidden_sheet_that_alone_looks_like_leads_holds_them(desk: Desk, tmp_path: Path) -> None:
    path = workbook(tmp_path / "leads.xlsx", Cover=(("Call these", "please"),), hidden_leads=(HEADER, ANN))
    assert desk.load(path).understood.sheet == "hidden_leads"


def test_a_hidden_sheet_can_be_asked_for(desk: Desk, tmp_path: Path) -> None:
    path = workbook(tmp_path / "leads.xlsx", Leads=(HEADER, ANN), hidden_leads=(HEADER, BO))
    assert desk.load(path, sheet="Hidden_Leads").understood.sheet == "hidden_leads"


def problems(desk: Desk, path: Path, cells: tuple[str, ...]) -> list[str]:
    """What is wrong with a row of these cells, whose formulas have failed, under Phone and Do Not Call."""
    header = f'<row r="1">{text_cell("A1", "Phone")}{text_cell("B1", "Do Not Call")}</row>'
    path.write_bytes(xlsx(f'<sheetData>{header}<row r="2">{"".join(cells)}</row></sheetData>'))
    return [problem.code for record in desk.records(desk.load(path)) for problem in record.problems]


def test_a_phone_whose_formula_failed_is_no_missing_phone(desk: Desk, tmp_path: Path) -> None:
    cells = ('<c r="A2" t="e"><f>A9</f><v>#REF!</v></c>', text_cell("B2", "no"))
    assert problems(desk, tmp_path / "leads.xlsx", cells) == ["excel_error"]


def test_nobody_is_called_whose_refusal_hides_behind_a_failed_formula(desk: Desk, tmp_path: Path) -> None:
    cells = (text_cell("A2", ANN[1]), '<c r="B2" t="e"><f>A9</f><v>#REF!</v></c>')
    assert problems(desk, tmp_path / "leads.xlsx", cells) == ["do_not_call_unclear"]


def test_rows_that_hold_very_much_are_written_few_at_a_time(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "heavy.csv"
    heavy = ",".join(["x" * 100_000] * 9)
    path.write_text("Phone,a,b,c,d,e,f,g,h,i\n" + f"+12015550123,{heavy}\n" * 60)
    told: list[int] = []
    with taken(str(path)) as snapshot:
        load(desk.ledger, desk.campaign, snapshot, Reading(), on_rows=told.append)
    assert (len(told) > 1, told[-1]) == (True, 60)
