"""Writes new Excel workbooks, row by row, in which every text stays the text it was.

openpyxl would make a formula of whatever begins with `=`; here a cell's type is always said.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import BinaryIO

from openpyxl import Workbook
from openpyxl.cell import Cell, WriteOnlyCell
from openpyxl.comments import Comment
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet._write_only import WriteOnlyWorksheet
from openpyxl.worksheet.properties import PageSetupProperties

from dialer.result_cells import cell_text
from dialer.result_table import ResultCell, ResultPlacement, ResultTable, harmless
from dialer.table import Row

_MAX_TITLE_CHARACTERS = 31
_NOT_IN_TITLES = str.maketrans(dict.fromkeys("[]:*?/\\", "_"))
_BOLD = Font(name="Calibri", size=11, bold=True)
_WRONG = PatternFill("solid", fgColor="FFF4B183")
_WIDTH = 18  # in characters, as Excel measures columns
_TEXT_FORMAT = "@"  # without it Excel makes numbers of phones and eats their plus
_COMMENT_SIZE = (320, 120)  # width, height in pixels

# What is wrong with cells: (position, 0 is A; a sentence that says how to mend it).
CellProblems = Sequence[tuple[int, str]]


def write_with_results(
    out: BinaryIO,
    rows: Iterable[Row],
    *,
    title: str,
    width: int,
    header_row: int | None,
    results: ResultTable,
) -> ResultPlacement:
    """Writes a new workbook with the rows, as text, and the results behind their `width` columns, or in the
    columns that they have already. Raises ValueError for results of rows that there are not."""
    placement = ResultPlacement(results, width=width)
    headers = placement.new_columns()
    with _sheet(out, title) as sheet:
        for row in rows:
            placed = zip(placement.positions, placement.take(row.number) or (), strict=False)
            cells: list[ResultCell] = list(row.cells)
            for column, cell in headers.items() if row.number == header_row else placed:
                cells += [None] * (column + 1 - len(cells))
                cells[column] = cell
            sheet.append([_cell(sheet, cell, bold=row.number == header_row) for cell in cells])
        placement.finish()
    return placement


def write_marked(
    out: BinaryIO,
    rows: Iterable[Row],
    *,
    title: str,
    header_row: int | None,
    problems: Mapping[int, CellProblems],
) -> None:
    """Writes a new workbook with the rows, as text, in which the cells with problems are coloured and bear
    their sentences as comments; `problems` are by Excel's row number."""
    with _sheet(out, title, frozen_rows=header_row or 0) as sheet:
        for row in rows:
            wrong = _comments(problems.get(row.number, ()))
            width = max(len(row.cells), max(wrong, default=-1) + 1)
            cells = [
                _cell(sheet, row.cell(column), bold=row.number == header_row, comment=wrong.get(column))
                for column in range(width)
            ]
            sheet.append(cells)


def write_plain(out: BinaryIO, rows: Iterable[Sequence[str]], *, title: str) -> None:
    """Writes a new workbook with a bold first row; all cells are text, and so is what is typed below them."""
    with _sheet(out, title, number_format=_TEXT_FORMAT) as sheet:
        for index, row in enumerate(rows):
            sheet.append([_cell(sheet, text, bold=index == 0) for text in row])


def write_tables(out: BinaryIO, tables: Iterable[tuple[str, Iterable[Sequence[ResultCell]]]]) -> None:
    """Writes a new workbook with a sheet for each title and its rows, of which the first is the header."""
    workbook = Workbook(write_only=True)
    try:
        for title, rows in tables:
            sheet = workbook.create_sheet(title)
            sheet.freeze_panes = "A2"
            for index, row in enumerate(rows):
                sheet.append([_cell(sheet, cell, bold=index == 0) for cell in row])
    except BaseException:
        for sheet in workbook.worksheets:
            sheet.close()
        raise
    workbook.save(out)


@contextmanager
def _sheet(
    out: BinaryIO, title: str, *, number_format: str = "General", frozen_rows: int = 0
) -> Iterator[WriteOnlyWorksheet]:
    """The only sheet of a new workbook, which is written to `out` at the end of the block. With frozen rows
    it is made to be worked through: they stay in sight, and all columns are printed on one page."""
    workbook = Workbook(write_only=True)
    usable = "".join(c for c in title.translate(_NOT_IN_TITLES) if c.isprintable()).strip("' ")
    sheet = workbook.create_sheet(usable[:_MAX_TITLE_CHARACTERS] or "Leads")
    for column in range(1, 27):
        dimension = sheet.column_dimensions[get_column_letter(column)]
        dimension.width, dimension.number_format = _WIDTH, number_format
    if frozen_rows:
        sheet.freeze_panes = f"A{frozen_rows + 1}"
        sheet.page_setup.orientation, sheet.page_setup.fitToHeight = "landscape", 0
        sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    try:
        yield sheet
    except BaseException:
        sheet.close()
        raise
    workbook.save(out)


def _cell(
    sheet: WriteOnlyWorksheet, value: ResultCell, *, bold: bool = False, comment: str | None = None
) -> Cell | ResultCell:
    if (value is None or value == "") and comment is None:
        return None
    if not isinstance(value, str):
        return value
    cell = WriteOnlyCell(sheet)
    cell.value = cell_text(value)
    cell.data_type = "s"
    if harmless(value) != value:
        cell.quotePrefix = True
    if bold:
        cell.font = _BOLD
    if comment is not None:
        cell.fill = _WRONG
        width, height = _COMMENT_SIZE
        cell.comment = Comment(cell_text(comment), "dialer", width=width, height=height)
    return cell


def _comments(problems: CellProblems) -> dict[int, str]:
    comments: dict[int, str] = {}
    for column, sentence in problems:
        comments[column] = f"{comments[column]}\n{sentence}" if column in comments else sentence
    return comments
