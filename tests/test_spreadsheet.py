"""Files of every format become the same rows, and whatever is no honest sheet is refused in one sentence."""

from __future__ import annotations

import codecs
import io
import os
import resource
import subprocess
import sys
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
import xlwt
from odf.opendocument import OpenDocumentSpreadsheet
from odf.style import Style, TableProperties
from odf.table import Table

from dialer.errors import DialerError, SheetError, SheetMissing, UsageError
from dialer.spreadsheet import AskHidden, format_of, open_table
from dialer.table import Format, Row, TableInfo
from tests.command import ROOT
from tests.spreadsheets.make import text_cell, xlsb, xlsx, xlsx_parts, zipped

SHEETS = Path(__file__).parent / "spreadsheets"


def read(name: str | Path, sheet: str | None = None, **options: str) -> list[tuple[int, tuple[str, ...]]]:
    with open_table(SHEETS / name, **options) as table:
        return [(row.number, row.cells) for row in table.rows(sheet)]


def hidden_rows_of(name: str | Path) -> list[int]:
    with open_table(SHEETS / name, hidden=AskHidden.SURELY) as table:
        return [row.number for row in table.rows() if row.hidden]


def info_of(name: str) -> TableInfo:
    with open_table(SHEETS / name) as table:
        return table.info


def refusal(path: Path, **options: Any) -> DialerError:
    with pytest.raises(DialerError) as caught, open_table(path, **options) as table:
        list(table.rows())
    return caught.value


def sheet_of(tmp_path: Path, rows: int) -> Path:
    path = tmp_path / "long.xlsx"
    lines = (f'<row r="{n}">{text_cell(f"A{n}", f"row {n}")}</row>' for n in range(1, rows + 1))
    path.write_bytes(xlsx(f"<sheetData>{''.join(lines)}</sheetData>"))
    return path


@pytest.mark.parametrize("ending", ["xlsx", "xls", "xlsb", "ods"])
def test_rows_and_columns_are_excels_even_where_the_used_range_begins_at_c4(ending: str) -> None:
    assert read(f"begins_at_c4.{ending}") == [
        (1, ()),
        (2, ()),
        (3, ()),
        (4, ("", "", "Name", "Phone")),
        (5, ("", "", "Ann Example", "+12015550123")),
        (6, ()),
        (7, ("", "", "Bo Sample", "+442079460001")),
    ]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("begins_at_c4.xlsx", Format.XLSX),
        ("macros_inside.xlsm", Format.XLSM),
        ("begins_at_c4.xlsb", Format.XLSB),
        ("begins_at_c4.xls", Format.XLS),
        ("begins_at_c4.ods", Format.ODS),
        ("semicolons_western.csv", Format.CSV),
    ],
)
def test_the_format_is_told_by_content_whatever_the_file_is_called(
    tmp_path: Path, name: str, expected: Format
) -> None:
    misnamed = tmp_path / "leads.pdf"
    misnamed.write_bytes((SHEETS / name).read_bytes())
    with open_table(misnamed) as table:
        assert table.info.format is expected


def test_cells_are_text_as_a_person_reads_them() -> None:
    assert read("all_kinds_of_cells.xlsx") == [
        (
            1,
            (
                *("text", "12", "15551234567", "1.5", "0.1", "1000000000000000.0", "TRUE", "FALSE"),
                *("2026-11-22", "2026-11-22 10:30:00", "#N/A", "ab", "", "-7", "2015550123"),
            ),
        )
    ]


def test_an_error_in_a_cell_is_its_text_even_one_that_the_parser_does_not_know() -> None:
    assert [cells for _, cells in read("errors_in_cells.xlsx")] == [
        ("#N/A", 'a text: t="e"'),
        ("#REF!", 'a text: t="e"'),
        ("#SPILL!", 'a text: t="e"'),
        ("#ERROR!", 'a text: t="e"'),
        ("#GETTING_DATA", 'a text: t="e"'),
    ]


def test_an_error_in_a_cell_of_an_opendocument_sheet_is_its_text() -> None:
    assert [cells[2:] for _, cells in read("errors_in_cells.ods")] == [
        ("#N/A",),
        ("#REF!",),
        ("Err:502",),
        ("text",),
    ]


@pytest.mark.parametrize(
    ("name", "hidden"), [("hidden_rows.xlsx", [3, 5, 6]), ("hidden_rows.ods", [3, 5, 6, 7, 8, 9, 10])]
)
def test_rows_hidden_by_hand_or_by_a_filter_are_told_if_asked_for(name: str, hidden: list[int]) -> None:
    assert hidden_rows_of(name) == hidden


def test_nobody_looks_for_hidden_rows_unasked() -> None:
    with open_table(SHEETS / "hidden_rows.xlsx") as table:
        assert [row.number for row in table.rows() if row.hidden] == []


def test_hidden_rows_are_told_far_down_a_sheet(tmp_path: Path) -> None:
    path = tmp_path / "long.xlsx"
    lines = (f'<row r="{n}" hidden="{n % 700 // 699}"><c><v>{n}</v></c></row>' for n in range(1, 2500))
    path.write_bytes(xlsx(f"<sheetData>{''.join(lines)}</sheetData>"))
    assert hidden_rows_of(path) == [699, 1399, 2099]


def test_hidden_rows_are_those_of_the_sheet_that_is_walked() -> None:
    with open_table(SHEETS / "honest.xlsx", hidden=AskHidden.SURELY) as table:
        assert [row.hidden for sheet in ("Secret", "Leads") for row in table.rows(sheet)] == [False] * 5


def test_a_text_has_no_hidden_rows() -> None:
    assert hidden_rows_of("semicolons_western.csv") == []


@pytest.mark.parametrize("ending", ["xls", "xlsb"])
def test_a_format_that_does_not_tell_its_hidden_rows_is_refused_when_they_are_asked_for(ending: str) -> None:
    error = refusal(SHEETS / f"begins_at_c4.{ending}", hidden=AskHidden.SURELY)
    assert (type(error), error.code, error.sentence) == (
        SheetError,
        "hidden_rows_unknown",
        (
            f"The hidden rows of an {ending.upper()} sheet cannot be told: save it as XLSX, or leave"
            " --visible-only out."
        ),
    )


def test_hidden_rows_that_cannot_be_told_with_certainty_are_not_guessed() -> None:
    error = refusal(SHEETS / "rows_out_of_order.xlsx", hidden=AskHidden.SURELY)
    assert (type(error), error.code, error.sentence) == (
        SheetError,
        "hidden_rows_unknown",
        (
            "The hidden rows of rows_out_of_order.xlsx cannot be told with certainty: open it in Excel, save"
            " it as a new file, and try again, or leave --visible-only out."
        ),
    )


def test_every_sheet_has_a_head_and_hidden_ones_are_marked() -> None:
    with open_table(SHEETS / "honest.xlsx") as table:
        heads = [(head.name, head.hidden, head.rows[0].cells) for head in table.heads]
    assert heads == [
        ("Leads", False, ("Name", "Phone")),
        ("Read me", False, ("nothing here",)),
        ("Secret", True, ("not for you",)),
    ]


def old_excel_with_a_hidden_sheet() -> bytes:
    workbook = xlwt.Workbook()
    workbook.add_sheet("Leads")
    workbook.add_sheet("Secret").visibility = 1
    file = io.BytesIO()
    workbook.save(file)
    return file.getvalue()


def opendocument_with_a_hidden_sheet() -> bytes:
    document = OpenDocumentSpreadsheet()
    unseen = Style(name="unseen", family="table")
    unseen.addElement(TableProperties(display=False))
    document.automaticstyles.addElement(unseen)
    document.spreadsheet.addElement(Table(name="Leads"))
    document.spreadsheet.addElement(Table(name="Secret", stylename=unseen))
    file = io.BytesIO()
    document.write(file)
    return file.getvalue()


@pytest.mark.parametrize("build", [old_excel_with_a_hidden_sheet, opendocument_with_a_hidden_sheet])
def test_hidden_sheets_of_other_formats_are_marked_too(tmp_path: Path, build: Callable[[], bytes]) -> None:
    path = tmp_path / "leads"
    path.write_bytes(build())
    with open_table(path) as table:
        assert [(head.name, head.hidden) for head in table.heads] == [("Leads", False), ("Secret", True)]


def test_a_hidden_sheet_of_a_binary_workbook_is_marked(tmp_path: Path) -> None:
    path = tmp_path / "leads.xlsb"
    path.write_bytes(xlsb({0: {0: "Phone"}}, hidden=True))
    with open_table(path) as table:
        assert [(head.name, head.hidden) for head in table.heads] == [("Leads", True)]


def test_a_head_is_the_first_sixty_rows(tmp_path: Path) -> None:
    with open_table(sheet_of(tmp_path, 100)) as table:
        assert [row.number for row in table.heads[0].rows] == list(range(1, 61))


def test_the_sheet_that_is_named_is_read() -> None:
    assert read("honest.xlsx", "Secret") == [(1, ("not for you",))]


def test_a_sheet_that_does_not_exist_is_a_mistake_of_usage() -> None:
    with pytest.raises(UsageError) as caught:
        read("honest.xlsx", "Lead")
    assert caught.value.sentence == (
        'honest.xlsx has no sheet called "Lead"; its sheets are "Leads", "Read me", "Secret".'
    )


def test_a_text_has_no_sheet_to_name() -> None:
    with pytest.raises(UsageError) as caught:
        read("semicolons_western.csv", "Leads")
    assert caught.value.sentence == (
        'semicolons_western.csv is a text file and has no sheets; leave out --sheet "Leads".'
    )


def test_a_text_tells_its_encoding_and_delimiter() -> None:
    assert info_of("semicolons_western.csv") == TableInfo(
        "semicolons_western.csv", Format.CSV, encoding="cp1252", delimiter=";"
    )


def test_the_users_encoding_and_delimiter_win() -> None:
    assert read("semicolons_western.csv", encoding="cp1250", delimiter=",")[1] == (
        2,
        ("José Example;+12015550123;Größe", " 5 Ł"),
    )


def test_a_long_sheet_comes_whole_and_in_order(tmp_path: Path) -> None:
    with open_table(sheet_of(tmp_path, 3500)) as table:
        assert list(table.rows()) == [Row(n, (f"row {n}",)) for n in range(1, 3501)]


def test_a_walk_that_was_given_up_does_not_disturb_the_next(tmp_path: Path) -> None:
    with open_table(sheet_of(tmp_path, 2500)) as table:
        next(table.rows())
        assert [row.number for row in table.rows()] == list(range(1, 2501))


@pytest.mark.parametrize("name", ["begins_at_c4.xlsx", "semicolons_western.csv"])
def test_an_older_walk_does_not_go_on_beside_a_newer_one(name: str) -> None:
    with open_table(SHEETS / name) as table:
        older = table.rows()
        next(older)
        next(table.rows())
        with pytest.raises(RuntimeError, match="another walk over the sheet has begun"):
            list(older)


@pytest.mark.parametrize("mark", [b"", codecs.BOM_UTF16_LE])
def test_utf_16_is_text_even_where_its_bytes_look_like_controls(tmp_path: Path, mark: bytes) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(mark + ("\u4e03\u0b05,12015550123\r\n" * 9).encode("utf-16-le"))
    assert read(path)[0] == (1, ("\u4e03\u0b05", "12015550123"))


def test_a_text_can_be_walked_again_and_again() -> None:
    with open_table(SHEETS / "semicolons_western.csv") as table:
        next(table.rows())
        assert [row.number for row in table.rows()] == [1, 2]


REFUSALS = {
    "needs_a_password.xlsx": (
        "encrypted",
        (
            "needs_a_password.xlsx is protected by a password; open it in Excel, remove the password"
            " (File > Info > Protect Workbook), save it, and try again."
        ),
    ),
    "cut_off.xlsx": (
        "truncated",
        (
            "cut_off.xlsx is cut off: its end is missing, as after an interrupted download or copy;"
            " fetch it again and try again."
        ),
    ),
    "bytes_overwritten.xlsx": (
        "corrupt",
        (
            "bytes_overwritten.xlsx is damaged and cannot be unpacked; open it in Excel, which may repair it,"
            " save it as a new file, and try again, or ask for it again."
        ),
    ),
    "doctype_in_a_part.xlsx": (
        "doctype",
        (
            "doctype_in_a_part.xlsx was refused: its part docProps/app.xml declares a document type"
            " (DOCTYPE), which no spreadsheet program writes; open it in Excel, save it as a new file,"
            " and try again."
        ),
    ),
    "swells_when_unpacked.xlsx": (
        "zip_bomb",
        (
            "swells_when_unpacked.xlsx was refused: its part xl/sharedStrings.xml would swell to 30,000,005"
            " bytes from 29,180, more than an honest sheet does; open it in Excel, delete the formatted but"
            " empty rows and columns, save it as a new file, and try again."
        ),
    ),
    "lies_about_its_size.xlsx": (
        "corrupt",
        (
            "lies_about_its_size.xlsx is damaged and cannot be read; open it in Excel, which may repair it,"
            " save it as a new file, and try again."
        ),
    ),
    "looping_sectors.xls": (
        "parser_died",
        (
            "looping_sectors.xls was refused, because reading it takes too much memory or makes the"
            " parser fail; open it in Excel, save the sheet of leads as a new file or as CSV, and try again."
        ),
    ),
    "cells_far_apart.xlsx": (
        "parser_died",
        (
            "cells_far_apart.xlsx was refused, because reading it takes too much memory or makes the"
            " parser fail; open it in Excel, save the sheet of leads as a new file or as CSV, and try again."
        ),
    ),
    "billions_of_repeated_cells.ods": (
        "corrupt",
        (
            "billions_of_repeated_cells.ods is damaged and cannot be read; open it in Excel, which may repair"
            " it, save it as a new file, and try again."
        ),
    ),
    "web_page.xls": (
        "not_a_sheet",
        (
            "web_page.xls is a web page or XML file, not a spreadsheet; open it in Excel and save it as .xlsx"
            " or .csv, and try again."
        ),
    ),
    "picture.csv": (
        "not_a_sheet",
        "picture.csv is a picture, not a spreadsheet; ask for the sheet itself, and try again.",
    ),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_what_is_no_honest_sheet_is_refused_in_one_sentence(name: str) -> None:
    error = refusal(SHEETS / name)
    assert (type(error), error.code, error.sentence) == (SheetError, *REFUSALS[name])


@pytest.mark.parametrize(
    ("start", "kind"),
    [
        (b"\x1f\x8b\x08", "a gzip archive"),
        (b"BZh91AY&SY", "a bzip2 archive"),
        (b"\xfd7zXZ\0", "an XZ archive"),
        (b"(\xb5/\xfd\x04", "a Zstandard archive"),
        (b"PAR1", "a Parquet file"),
        (b"ARROW1\0\0", "an Arrow file"),
        (b'{"leads": []}', "a file of JSON"),
        (b' \r\n[ {"name": "Ann"}]', "a file of JSON"),
        (b"BEGIN:VCARD\r\n", "a file of contacts (vCard)"),
    ],
)
def test_what_is_often_sent_in_the_place_of_a_sheet_is_called_by_its_name(
    tmp_path: Path, start: bytes, kind: str
) -> None:
    path = tmp_path / "leads.csv"
    path.write_bytes(start + b" and more" * 9)
    assert refusal(path).sentence.startswith(f"leads.csv is {kind}, not a spreadsheet; ")


@pytest.mark.parametrize("start", ["[Name],[Phone]\n", "{Name},Phone\n", "[1],2\n"])
def test_a_bracket_at_the_start_makes_no_json(tmp_path: Path, start: str) -> None:
    path = tmp_path / "leads.csv"
    path.write_text(start + "Ann,+12015550123\n")
    assert len(read(path)) == 2


def test_no_hostile_file_takes_this_process_memory() -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for name in REFUSALS:
        refusal(SHEETS / name)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # kilobytes


def test_a_missing_file_has_its_own_exit_code(tmp_path: Path) -> None:
    error = refusal(tmp_path / "none.csv")
    assert (type(error), error.exit_code, error.sentence) == (
        SheetMissing,
        66,
        f"There is no file {tmp_path}/none.csv; check its name and folder.",
    )


def test_a_folder_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path).sentence == f"{tmp_path} is a folder; name one spreadsheet in it."


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").touch()
    assert refusal(tmp_path / "a.csv").sentence == ("a.csv is empty (0 bytes); ask for the sheet again.")


def test_a_pipe_is_refused_without_waiting_for_its_writer(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.csv")
    assert refusal(tmp_path / "a.csv").sentence == (
        f"{tmp_path}/a.csv is a device or a pipe, not a file; save the sheet to a file first."
    )


@contextmanager
def nobody() -> Iterator[None]:
    """Whoever runs the tests, without the rights of root."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(user)


def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("Phone\n")
    path.chmod(0)
    for folder in (tmp_path, *tmp_path.parents[:3]):
        if folder.owner() == path.owner() and folder != Path("/tmp"):  # noqa: S108 - only compared with
            folder.chmod(0o755)
    with nobody():
        error = refusal(path)
    assert error.sentence == f"{path} cannot be opened (Permission denied); check that you may read it."


def test_an_archive_of_a_thousand_and_one_parts_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(zipped({f"p{n}": "" for n in range(1001)}))
    assert refusal(path).sentence == (
        "a.xlsx was refused: it holds more than 1,000 parts, more than a spreadsheet has; open it in Excel,"
        " save the sheet of leads alone as a new file, and try again."
    )


def test_the_format_of_a_workbook_is_not_told_where_it_breaks_the_limits() -> None:
    with pytest.raises(DialerError) as caught:
        format_of(SHEETS / "swells_when_unpacked.xlsx")
    assert caught.value.code == "zip_bomb"


def test_a_directory_too_large_to_look_at_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(zipped({f"{n:0>200}": "" for n in range(6000)}))
    assert refusal(path).code == "zip_bomb"


def test_a_workbook_of_more_than_a_hundred_megabytes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with path.open("wb") as file:
        file.write(b"PK\x03\x04")
        file.truncate(100_000_001)  # a hole, which takes no room
    assert refusal(path).sentence == (
        "a.xlsx is larger than 100 MB, the limit for workbooks; split it, or save the sheet as CSV, which may"
        " have any size."
    )


def test_a_part_in_an_encoding_that_nobody_knows_has_no_doctype(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(
        zipped(xlsx_parts("<sheetData/>") | {"a.xml": '<?xml version="1.0" encoding="UTF-98"?><a/>'})
    )
    assert read(path) == []


def test_a_doctype_is_found_in_utf_16_and_behind_a_long_comment(tmp_path: Path) -> None:
    hidden = f"<!--{'x' * 9000}--><!DOCTYPE a><a/>".encode("utf-16")
    path = tmp_path / "a.xlsx"
    path.write_bytes(zipped({"[Content_Types].xml": "<a/>", "xl/workbook.xml": "<a/>", "x.bin": hidden}))
    assert refusal(path).code == "doctype"


def test_memory_does_not_grow_with_a_text(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    path.write_text("Name,Phone\n" + "Ann Example,+12015550123\n" * 60_000)
    with open_table(path) as table, closing(table.rows()) as rows:
        next(rows)
        tracemalloc.start()
        last = max(row.number for row in rows)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert (last, peak < 4_000_000) == (60_001, True)


def content_of(path: Path) -> object:
    """What a file holds, however it was packed: the parts of an archive, or else its bytes."""
    try:
        archive = zipfile.ZipFile(path)
    except zipfile.BadZipFile:
        return path.read_bytes()
    return [(entry.filename, entry.date_time, part_of(archive, entry)) for entry in archive.infolist()]


def part_of(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes | None:
    try:
        return archive.read(entry)
    except (zipfile.BadZipFile, zlib.error):  # some are made to be unreadable
        return None


def test_the_nasty_files_are_made_again_as_they_stand(tmp_path: Path) -> None:
    # In a process of its own, because odfpy's files depend on those that it has written before.
    subprocess.run([sys.executable, "-m", "tests.spreadsheets.make", tmp_path], cwd=ROOT, check=True)
    made = [path.name for path in tmp_path.iterdir()]
    assert [name for name in made if content_of(tmp_path / name) != content_of(SHEETS / name)] == []
