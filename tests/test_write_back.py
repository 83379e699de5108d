"""A sheet comes back in its own format, whole or not at all; a list of what to mend is a sheet as well."""

from __future__ import annotations

import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialer.errors import DialerError, SheetError, SheetMissing
from dialer.result_table import ResultCell, ResultTable, WrittenReport
from dialer.spreadsheet import open_table
from dialer.table import Format, Row
from dialer.whole_file import whole_file
from dialer.write_back import write_back, write_fix_list, write_template
from tests.spreadsheets.make import FILES, text_cell, xlsx

SHEETS = Path(__file__).parent / "spreadsheets"
RESULTS = ((5, ("c1", True)), (7, ("=1+1", None)))


def write(
    source: Path,
    target: Path,
    results: tuple[tuple[int, tuple[ResultCell, ...]], ...] = RESULTS,
    *,
    header_row: int | None = 4,
    existing: dict[str, int] | None = None,
) -> WrittenReport:
    with open_table(source) as table:
        info = table.info
    return write_back(
        source,
        target,
        info=info,
        sheet=None,
        header_row=header_row,
        results=ResultTable(("call_id", "is_new_contact"), results, existing or {}),
    )


def cells(path: Path) -> list[tuple[str, ...]]:
    with open_table(path) as table:
        return [row.cells for row in table.rows()]


REPORT = [
    (),
    (),
    (),
    ("", "", "Name", "Phone", "call_id", "is_new_contact"),
    ("", "", "Ann Example", "+12015550123", "c1", "TRUE"),
    (),
    ("", "", "Bo Sample", "+442079460001", "=1+1"),
]


@pytest.mark.parametrize("ending", ["xlsx", "xls", "xlsb", "ods"])
def test_every_workbook_comes_back_with_its_rows_and_results(tmp_path: Path, ending: str) -> None:
    report = write(SHEETS / f"begins_at_c4.{ending}", tmp_path / f"leads.results.{ending}")
    assert cells(report.path) == REPORT


@pytest.mark.parametrize("ending", ["xls", "xlsb", "ods"])
def test_what_is_no_new_excel_sheet_comes_back_as_one_and_says_so(tmp_path: Path, ending: str) -> None:
    assert write(SHEETS / f"begins_at_c4.{ending}", tmp_path / f"a.{ending}") == WrittenReport(
        tmp_path / "a.xlsx",
        Format.XLSX,
        {"call_id": 4, "is_new_contact": 5},
        2,
        remarks=(f"The report is an XLSX workbook of text, because {ending.upper()} cannot be added to.",),
    )


def test_macros_stay_inside_their_workbook(tmp_path: Path) -> None:
    report = write(SHEETS / "macros_inside.xlsm", tmp_path / "a.xlsm")
    assert (report.path, report.format, report.fallback_reason) == (tmp_path / "a.xlsm", Format.XLSM, None)


def test_a_text_comes_back_as_text(tmp_path: Path) -> None:
    report = write(SHEETS / "semicolons_western.csv", tmp_path / "a.csv", ((2, ("c1", False)),), header_row=1)
    assert (report, (tmp_path / "a.csv").read_bytes()) == (
        WrittenReport(tmp_path / "a.csv", Format.CSV, {"call_id": 3, "is_new_contact": 4}, 1),
        "Name;Phone;Notes;call_id;is_new_contact\r\nJosé Example;+12015550123;Größe, 5 £;c1;false\r\n".encode(
            "cp1252"
        ),
    )


def test_a_text_with_a_damaged_character_keeps_it(tmp_path: Path) -> None:
    source = SHEETS / "one_damaged_character.csv"
    write(source, tmp_path / "a.csv", (), header_row=None)
    assert (tmp_path / "a.csv").read_bytes() == source.read_bytes()


def test_a_sheet_that_cannot_be_added_to_safely_comes_back_anew_and_says_why(tmp_path: Path) -> None:
    report = write(
        SHEETS / "rows_out_of_order.xlsx", tmp_path / "a.xlsm", ((2, ("c1", None)),), header_row=None
    )
    assert (report, cells(report.path)) == (
        WrittenReport(
            tmp_path / "a.xlsx",
            Format.XLSX,
            {"call_id": 1, "is_new_contact": 2},
            1,
            "row 1 stands after row 2",
            ("The report is a plain new workbook, without your formatting: row 1 stands after row 2.",),
        ),
        [("1",), ("12015550123", "c1")],
    )


def test_a_text_that_begins_like_a_formula_is_no_formula_in_a_new_workbook(tmp_path: Path) -> None:
    report = write(SHEETS / "begins_at_c4.ods", tmp_path / "a.xlsx")
    sheet = openpyxl.load_workbook(report.path).active
    assert [(cell.value, cell.data_type) for cell in sheet[7][2:5]] == [
        ("Bo Sample", "s"),
        ("+442079460001", "s"),
        ("=1+1", "s"),
    ]


def test_a_report_of_an_old_workbook_is_updated_in_place_when_fed_back(tmp_path: Path) -> None:
    first = write(SHEETS / "begins_at_c4.xls", tmp_path / "a.xlsx")
    second = write(first.path, tmp_path / "b.xlsx", ((5, ("c2", False)),), existing=dict(first.columns))
    assert cells(second.path) == [
        *REPORT[:4],
        ("", "", "Ann Example", "+12015550123", "c2", "FALSE"),
        *REPORT[5:],
    ]


def test_a_report_can_take_the_place_of_the_sheet_it_was_made_of(tmp_path: Path) -> None:
    path = tmp_path / "a.results.csv"
    path.write_bytes(b"Name\nAnn\n")
    write(path, path, ((2, ("c1", True)),), header_row=1)
    assert path.read_bytes() == b"Name,call_id,is_new_contact\nAnn,c1,true\n"


def test_a_sheet_without_room_is_refused(tmp_path: Path) -> None:
    source = tmp_path / "a.xlsx"
    source.write_bytes(xlsx(f'<sheetData><row r="1">{text_cell("XFD1", "x")}</row></sheetData>'))
    with pytest.raises(SheetError) as caught:
        write(source, tmp_path / "b.xlsx", (), header_row=None)
    assert caught.value.sentence == (
        "a.xlsx has no room for the results within Excel's 16,384 columns; delete what stands in its last"
        " columns, and try again."
    )


def test_a_sheet_that_has_gone_meanwhile_is_missing_and_no_report_is_left(tmp_path: Path) -> None:
    source = tmp_path / "a.csv"
    source.write_bytes(b"Name\n")
    with open_table(source) as table:
        info = table.info
    source.unlink()
    with pytest.raises(SheetMissing):
        write_back(
            source, tmp_path / "b.csv", info=info, sheet=None, header_row=1, results=ResultTable((), ())
        )
    assert list(tmp_path.iterdir()) == []


def test_a_report_may_be_read_by_whoever_may_read_the_sheet(tmp_path: Path) -> None:
    source = tmp_path / "a.csv"
    source.write_bytes(b"Name\n")
    source.chmod(0o640)
    write(source, tmp_path / "b.csv", (), header_row=1)
    assert stat.S_IMODE((tmp_path / "b.csv").stat().st_mode) == 0o640


def test_a_failure_leaves_the_old_report_and_nothing_else(tmp_path: Path) -> None:
    def failing() -> Iterator[tuple[int, tuple[ResultCell, ...]]]:
        yield 2, ("c1", True)
        raise KeyboardInterrupt

    source, target = tmp_path / "a.csv", tmp_path / "b.csv"
    source.write_bytes(b"Name\nAnn\nBo\n")
    target.write_bytes(b"the old report")
    with pytest.raises(KeyboardInterrupt):
        write(source, target, failing(), header_row=1)  # type: ignore[arg-type]
    assert ({path.name for path in tmp_path.iterdir()}, target.read_bytes()) == (
        {"a.csv", "b.csv"},
        b"the old report",
    )


def test_a_place_that_cannot_be_written_to_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DialerError) as caught, whole_file(tmp_path / "file" / "report.csv"):
        pass
    assert (caught.value.exit_code, caught.value.sentence) == (
        1,
        (
            f"{tmp_path}/file/report.csv could not be written (File exists); make room or choose another"
            " place with --output, and write it again."
        ),
    )


def test_a_full_disk_is_said() -> None:
    with pytest.raises(DialerError) as caught, whole_file(Path("/dev/full") / "report.csv"):
        pass
    assert caught.value.code == "not_written"


# A limit for the size of files stands for a disk that has no more room for what is written.
FULL = """
import resource, sys
from pathlib import Path
from dialer.errors import DialerError
from dialer.whole_file import whole_file
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
try:
    with whole_file(Path(sys.argv[1])) as out:
        for _ in range(100):
            out.write(bytes(100_000))
except DialerError as error:
    print(error.sentence)
"""


def test_a_disk_that_becomes_full_leaves_the_old_report_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "a.csv"
    target.write_bytes(b"the old report")
    done = subprocess.run([sys.executable, "-c", FULL, target], capture_output=True, text=True, check=True)
    assert (done.stdout, {path.name: path.read_bytes() for path in tmp_path.iterdir()}) == (
        (
            f"{target} could not be written (File too large); make room or choose another place with"
            " --output, and write it again.\n"
        ),
        {"a.csv": b"the old report"},
    )


def test_folders_are_made_where_they_are_missing(tmp_path: Path) -> None:
    with whole_file(tmp_path / "reports" / "today" / "a.csv") as out:
        out.write(b"x")
    assert (tmp_path / "reports" / "today" / "a.csv").read_bytes() == b"x"


def test_the_list_of_what_to_mend_marks_and_explains_the_wrong_cells(tmp_path: Path) -> None:
    rows = [Row(1, ("Name", "Phone")), Row(3, ("=Ann", "555")), Row(4, ("Bo",))]
    problems = {3: [(1, "Add the country code."), (1, "Too short.")], 4: [(1, "Add a phone number.")]}
    write_fix_list(tmp_path / "fix.xlsx", rows, problems, header_row=1)
    sheet = openpyxl.load_workbook(tmp_path / "fix.xlsx").active
    assert [
        (cell.coordinate, cell.value, cell.comment.text, cell.fill.fgColor.rgb)
        for row in sheet.iter_rows()
        for cell in row
        if cell.comment
    ] == [
        ("B3", "555", "Add the country code.\nToo short.", "FFF4B183"),
        ("B4", None, "Add a phone number.", "FFF4B183"),
    ]
    assert [(sheet["A3"].value, sheet["A3"].data_type), sheet["A1"].font.b] == [("=Ann", "s"), True]


def test_a_template_is_a_sheet_with_a_header_and_an_example(tmp_path: Path) -> None:
    write_template(tmp_path / "a.xlsx", ("Name", "Phone"), ("Ann Example", "+12015550123"))
    assert cells(tmp_path / "a.xlsx") == [("Name", "Phone"), ("Ann Example", "+12015550123")]


@pytest.mark.parametrize("name", FILES)
def test_any_file_that_can_be_read_can_be_handed_back(tmp_path: Path, name: str) -> None:
    try:
        before = cells(SHEETS / name)
    except SheetError:
        return
    results = tuple((number, ("c1", True)) for number, row in enumerate(before, 1) if row)
    report = write(SHEETS / name, tmp_path / name, results, header_row=None)
    width = report.columns["call_id"]
    true = "true" if report.format is Format.CSV else "TRUE"
    assert cells(report.path) == [
        (*row, *[""] * (width - len(row)), "c1", true) if row else row for row in before
    ]


@settings(deadline=None, max_examples=15)
@given(
    st.lists(st.lists(st.text(st.characters(codec="utf-8"), max_size=5), max_size=3), min_size=1, max_size=4)
)
def test_any_text_can_stand_in_a_new_workbook(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]
) -> None:
    path = tmp_path_factory.mktemp("a") / "a.xlsx"
    write_fix_list(path, [Row(n, tuple(row)) for n, row in enumerate(rows, 1)], {}, header_row=None)
    read = cells(path)
    written = ["|".join(row).rstrip("|").replace("\r\n", "\n").replace("\r", "\n") for row in rows]
    assert ["|".join(row) for row in read] + [""] * (len(written) - len(read)) == written
