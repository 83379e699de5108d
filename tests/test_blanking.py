"""Rows of a file are emptied in place: the others stay as they are, to the byte."""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Sequence
from pathlib import Path

import openpyxl
import pytest
from openpyxl.comments import Comment
from openpyxl.worksheet.worksheet import Worksheet

from dialer.blanking import CannotBlank, Vanishing, blank_rows
from dialer.vanishing import own_columns
from tests.spreadsheets.parts import book, shared_strings, worksheet

LEFT = {"status": "suppressed", "reason": "forgotten <&>"}


def third(row: int, _texts: Sequence[str]) -> bool:
    return row == 3


def ann(_row: int, texts: Sequence[str]) -> bool:
    return "Ann" in texts


def blank(path: Path, wanted: object = third, *, sheet: str | None = None) -> int:
    assert callable(wanted)
    return blank_rows(path, Vanishing(wanted, LEFT), sheet=sheet)


# Text


def written(tmp_path: Path, content: bytes) -> Path:
    (tmp_path / "x.csv").write_bytes(content)
    return tmp_path / "x.csv"


TEXTS: dict[str, tuple[bytes, bytes]] = {
    "commas": (b"a,b\n1,2\nAnn,3\n4,5\n", b"a,b\n1,2\n,\n4,5\n"),
    "semicolons and carriage returns": (b"a;b\r\n1;2\r\nAnn;3\r\n4;5\r\n", b"a;b\r\n1;2\r\n;\r\n4;5\r\n"),
    "quotes and lines in a cell": (b'a,b\n1,2\n"Ann\nB","x,""y"\n4,5\n', b"a,b\n1,2\n,\n4,5\n"),
    "no line end": (b"a,b\n1,2\nAnn,3", b"a,b\n1,2\n,"),
    "a mark": (b"\xef\xbb\xbfa,b\n1,2\nAnn,3\n", b"\xef\xbb\xbfa,b\n1,2\n,\n"),
    "a separator line": (b"sep=;\na;b\n1;2\nAnn;3\n", b"sep=;\na;b\n1;2\n;\n"),
    "western letters": (b"a,b\n1,caf\xe9\nAnn,\xe9\n", b"a,b\n1,caf\xe9\n,\n"),
    "two bytes": (
        "\ufeffa,b\n1,2\nAnn,3\n4,5\n".encode("utf-16-le"),
        "\ufeffa,b\n1,2\n,\n4,5\n".encode("utf-16-le"),
    ),
    "a report": (
        b"a,call_id,status,reason\n1,c,queued,\nAnn,d,queued,x\n",
        b"a,call_id,status,reason\n1,c,queued,\n,,suppressed,forgotten <&>\n",
    ),
    "a report with prefixes": (
        b"status,call_id,dialer_status,reason\nhot,c,queued,\nAnn,d,queued,x\n",
        b"status,call_id,dialer_status,reason\nhot,c,queued,\n,,suppressed,forgotten <&>\n",
    ),
    "no such row": (b"a,b\n1,2\n", b"a,b\n1,2\n"),
}


@pytest.mark.parametrize(("before", "after"), TEXTS.values(), ids=TEXTS)
def test_a_row_of_a_text_is_emptied_and_the_rest_stays(tmp_path: Path, before: bytes, after: bytes) -> None:
    path = written(tmp_path, before)
    blank(path)

    assert path.read_bytes() == after


def test_the_rows_that_were_emptied_are_counted(tmp_path: Path) -> None:
    path = written(tmp_path, b"a,b\nAnn,1\nBob,2\nAnn,3\n")

    assert (blank(path, ann), blank(path, ann)) == (2, 0)


def test_a_file_without_such_rows_is_not_written_to(tmp_path: Path) -> None:
    path = written(tmp_path, b"a,b\n1,2\n")
    before = path.stat()
    blank(path)

    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_the_rights_of_the_file_stay(tmp_path: Path) -> None:
    path = written(tmp_path, b"a,b\n1,2\nAnn,3\n")
    path.chmod(0o640)
    blank(path)

    assert path.stat().st_mode & 0o777 == 0o640


# Workbooks


@pytest.fixture
def workbook(tmp_path: Path) -> Path:
    """Three people on the first sheet; Ann, in row 3, has a comment, a link and a formula."""
    book = openpyxl.Workbook()
    leads = book.worksheets[0]
    leads.title = "Leads"
    rows = (
        ("Name", "Phone", "call_id", "status", "reason"),
        ("Olive", "+12015550101", "c1", "queued", None),
        ("Ann", "+12015550102", "c2", "queued", "odd"),
        ("Bob", 12015550103, "c3", "queued", None),
    )
    for row in rows:
        leads.append(row)
    leads["F3"] = '="Ann"&" Secret"'
    leads["B3"].font = openpyxl.styles.Font(bold=True)
    for cell, words in (("A2", "a friend"), ("A3", "Ann's secret")):
        leads[cell].comment = Comment(words, "somebody")
    leads["A2"].hyperlink = "mailto:olive@example.com"
    leads["A3"].hyperlink = "mailto:ann@secret.example"
    second = book.create_sheet("More")
    for more in (("Name",), ("Olive",), ("Ann",)):
        second.append(more)
    book.save(tmp_path / "x.xlsx")
    return tmp_path / "x.xlsx"


def sheet_of(path: Path, name: str = "Leads") -> Worksheet:
    sheet = openpyxl.load_workbook(path)[name]
    assert isinstance(sheet, Worksheet)
    return sheet


def everything_in(path: Path) -> str:
    with zipfile.ZipFile(path) as archive:
        return " ".join(archive.read(name).decode("utf-8", "replace") for name in archive.namelist())


def test_a_row_of_a_workbook_keeps_its_place_and_what_is_left(workbook: Path) -> None:
    blank(workbook, sheet="Leads")

    assert [[cell.value for cell in row] for row in sheet_of(workbook)["A2:F4"]] == [
        ["Olive", "+12015550101", "c1", "queued", None, None],
        [None, None, None, "suppressed", "forgotten <&>", None],
        ["Bob", 12015550103, "c3", "queued", None, None],
    ]


def test_nothing_of_the_row_stays_in_any_part(workbook: Path) -> None:
    blank(workbook, ann)
    found = everything_in(workbook)

    assert [word for word in ("Ann", "secret", "Secret", "+12015550102", "c2") if word in found] == []


def test_what_others_need_stays_in_every_part(workbook: Path) -> None:
    blank(workbook, ann)
    olive = sheet_of(workbook)["A2"]

    assert (olive.comment and olive.comment.text, olive.hyperlink and olive.hyperlink.target) == (
        "a friend",
        "mailto:olive@example.com",
    )


def test_the_emptied_cells_keep_their_style(workbook: Path) -> None:
    blank(workbook, sheet="Leads")

    assert sheet_of(workbook)["B3"].font.bold


def test_a_row_number_means_the_sheet_that_was_named(workbook: Path) -> None:
    blank(workbook, sheet="Leads")

    assert sheet_of(workbook, "More")["A3"].value == "Ann"


def test_a_person_is_looked_for_on_every_sheet(workbook: Path) -> None:
    assert (blank(workbook, ann), sheet_of(workbook, "More")["A3"].value) == (2, None)


def test_a_text_that_others_have_too_stays_theirs(workbook: Path) -> None:
    blank(workbook, sheet="Leads")

    assert (sheet_of(workbook)["D2"].value, sheet_of(workbook)["D4"].value) == ("queued", "queued")


def test_numbers_of_a_workbook_are_seen_as_texts(workbook: Path) -> None:
    assert blank(workbook, lambda _row, texts: "12015550103" in texts) == 1


def test_every_other_part_keeps_its_bytes(workbook: Path) -> None:
    with zipfile.ZipFile(workbook) as archive:
        before = {name: archive.read(name) for name in archive.namelist()}
    blank(workbook, sheet="Leads")
    with zipfile.ZipFile(workbook) as archive:
        changed = {name for name in archive.namelist() if archive.read(name) != before[name]}

    assert changed == {
        *("xl/worksheets/sheet1.xml", "xl/worksheets/_rels/sheet1.xml.rels", "xl/comments/comment1.xml"),
    }


def test_the_only_links_of_a_sheet_go_with_their_list(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.worksheets[0].append(["Name"])
    book.worksheets[0].append(["Ann"])
    book.worksheets[0]["A2"].hyperlink = "mailto:ann@secret.example"
    book.save(tmp_path / "x.xlsx")
    blank(tmp_path / "x.xlsx", ann)

    found = everything_in(tmp_path / "x.xlsx")
    assert ("hyperlinks" in found, "secret" in found) == (False, False)


def shared(tmp_path: Path, *rows: str) -> Path:
    """A workbook whose texts are shared: 0 Name, 1 Ann, 2 queued, 3 in pieces, 4 nothing at all."""
    strings = shared_strings(
        "<t>Name</t>", "<t>Ann</t>", "<t>queued</t>", "<r><t>An</t></r><r><t>na &amp; co</t></r>", ""
    )
    data = "".join(f'<row r="{number}">{cells}</row>' for number, cells in enumerate(rows, 1))
    path = tmp_path / "shared.xlsx"
    path.write_bytes(
        book(
            {"Leads": worksheet(f"<sheetData>{data}</sheetData>")},
            more={"xl/sharedStrings.xml": strings},
        )
    )
    return path


def c(reference: str, string: int) -> str:
    return f'<c r="{reference}" t="s"><v>{string}</v></c>'


def strings_in(path: Path) -> str:
    with zipfile.ZipFile(path) as archive:
        return archive.read("xl/sharedStrings.xml").decode().partition("<sst")[2].partition(">")[2]


def test_a_shared_text_that_only_the_row_needs_goes_and_the_others_keep_their_numbers(tmp_path: Path) -> None:
    path = shared(tmp_path, c("A1", 0), c("A2", 1) + c("B2", 2) + c("C2", 3), c("A3", 4) + c("B3", 2))

    assert blank(path, ann) == 1
    assert strings_in(path) == (
        "<si><t>Name</t></si><si><t/></si><si><t>queued</t></si><si><t/></si><si></si></sst>"
    )


def test_a_shared_text_in_pieces_is_seen_as_one(tmp_path: Path) -> None:
    path = shared(tmp_path, c("A1", 0), c("A2", 3))

    assert blank(path, lambda _row, texts: texts == ["Anna & co"]) == 1


def test_a_row_without_cells_is_no_row_to_empty(tmp_path: Path) -> None:
    path = shared(tmp_path, c("A1", 0), "", c("A3", 1))

    assert blank(path, lambda _row, _texts: True) == 2


def test_the_text_of_a_formula_is_seen_as_well_as_its_value(tmp_path: Path) -> None:
    path = shared(tmp_path, c("A1", 0), '<c r="A2" t="str"><f>"An"&amp;"n"</f><v>Ann</v></c>')

    assert blank(path, lambda _row, texts: texts == ['"An"&"n"\nAnn']) == 1


# What cannot be changed


@pytest.mark.parametrize("name", ["begins_at_c4.xls", "begins_at_c4.ods", "begins_at_c4.xlsb"])
def test_a_format_that_cannot_be_changed_is_told(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes((Path(__file__).parent / "spreadsheets" / name).read_bytes())

    with pytest.raises(
        CannotBlank, match=f"^an {path.suffix[1:].upper()} file cannot be changed row by row$"
    ):
        blank(path)


@pytest.mark.parametrize("name", ["doctype_in_a_part.xlsx", "cut_off.xlsx", "needs_a_password.xlsx"])
def test_a_workbook_that_is_not_sound_is_not_changed(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes((Path(__file__).parent / "spreadsheets" / name).read_bytes())
    before = path.read_bytes()

    with pytest.raises(CannotBlank):
        blank(path, lambda _row, _texts: True)
    assert path.read_bytes() == before


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(CannotBlank, match="There is no file"):
        blank(tmp_path / "x.csv")


def test_dialers_own_columns_are_the_last_of_their_names() -> None:
    header = ["Status", "Reason", "call_id", "dialer_status", "dialer_reason"]

    assert own_columns(header, LEFT) == {3: "suppressed", 4: "forgotten <&>"}


def test_a_sheet_that_is_no_report_has_none_of_dialers_columns() -> None:
    assert own_columns(["Status", "Reason"], LEFT) == {}


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    path = written(tmp_path, b'call_id,status,reason\nx,"a, b",\nAnn,y,\n')
    blank_rows(path, Vanishing(third, {"status": "a, b", "reason": 'say "no"'}))

    with path.open(newline="") as file:
        assert list(csv.reader(file))[2] == ["", "a, b", 'say "no"']
