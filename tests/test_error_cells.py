"""Error cells become text, and nothing else changes."""

from __future__ import annotations

import io
import zipfile

import pytest
from python_calamine import CalamineWorkbook

from dialer.error_cells import with_errors_as_text
from tests.spreadsheets.make import MAIN, text_cell, xlsx, xlsx_parts, zipped

PART = "xl/worksheets/sheet1.xml"


def sheet_of(row: str) -> str:
    return f'<worksheet xmlns="{MAIN}"><sheetData><row r="1">{row}</row></sheetData></worksheet>'


def changed(row: str) -> str:
    """The XML of a row after error cells have become text."""
    readable = with_errors_as_text(io.BytesIO(xlsx(sheet_of(row))))
    xml = zipfile.ZipFile(readable).read(PART).decode()
    return xml.partition('<row r="1">')[2].partition("</row></sheetData>")[0]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ('<c r="A1" t="e"><v>#N/A</v></c>', '<c r="A1" t="str"><v>#N/A</v></c>'),
        ('<c t="e" r="A1" vm="1"><v>#N/A</v></c>', '<c t="str" r="A1" vm="1"><v>#N/A</v></c>'),
        ('<x:c\n t = "e"/>', '<x:c\n t = "str"/>'),
        ('<c r="A1" s="1" t="e"/><c t="e"/>', '<c r="A1" s="1" t="str"/><c t="str"/>'),
    ],
)
def test_an_error_cell_becomes_a_cell_of_text(row: str, expected: str) -> None:
    row, expected = (each.replace("<x:c", '<x:c xmlns:x="x"') for each in (row, expected))
    assert changed(row) == expected


@pytest.mark.parametrize(
    "row",
    [
        '<c r="A1" t="b"><v>1</v></c>',
        '<c r="A1" cm="e"/>',
        '<col r="A1" t="e"/>',
        '<c r="A1"><v>t="e"</v></c>',
        '<c r="A1" t="str"><v>&lt;c t="e"&gt;</v></c>',
    ],
)
def test_a_workbook_without_error_cells_is_not_even_copied(row: str) -> None:
    file = io.BytesIO(xlsx(sheet_of(row)))
    assert with_errors_as_text(file) is file


def test_an_error_cell_is_found_wherever_the_stream_is_cut() -> None:
    row = text_cell("A1", "x" * 50) + '<c r="B1" t="e"><v>#REF!</v></c>'
    rows = "".join(f"<row>{row.replace('1', str(n))}</row>" for n in range(1, 9000))
    readable = with_errors_as_text(io.BytesIO(xlsx(f"<sheetData>{rows}</sheetData>")))
    texts = CalamineWorkbook.from_filelike(readable).get_sheet_by_index(0).to_python()
    assert {row[1] for row in texts} == {"#REF!"}


def test_every_other_part_stays_as_it_is() -> None:
    parts = xlsx_parts(sheet_of('<c r="A1" t="e"><v>#N/A</v></c>')) | {"xl/media/a.bin": b'<c t="e">' * 9}
    copy = zipfile.ZipFile(with_errors_as_text(io.BytesIO(zipped(parts))))
    before = zipfile.ZipFile(io.BytesIO(zipped(parts)))
    assert [name for name in before.namelist() if copy.read(name) != before.read(name)] == [PART]


def test_the_parser_finds_the_file_at_its_start() -> None:
    assert with_errors_as_text(io.BytesIO(xlsx(sheet_of("")))).tell() == 0


@pytest.mark.parametrize("content", [b"", b"no archive", xlsx(sheet_of('<c t="e"/>'))[:-40]])
def test_what_is_no_whole_archive_is_left_to_the_parser(content: bytes) -> None:
    file = io.BytesIO(content)
    assert with_errors_as_text(file) is file
