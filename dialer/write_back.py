"""Hands sheets back: the report, the list of what to mend, the template. The input is never written to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, assert_never

from dialer.delimited import find_form
from dialer.delimited_report import add_to_text
from dialer.errors import SheetError
from dialer.result_table import ResultPlacement, ResultTable, WrittenReport
from dialer.sheet_xml import UnsafeSheet
from dialer.spreadsheet import open_table, opened
from dialer.table import Format, Row, TableInfo
from dialer.whole_file import whole_file
from dialer.workbook import MAX_COLUMNS, add_to_workbook

if TYPE_CHECKING:
    from dialer.new_workbook import CellProblems


def write_back(
    source: Path,
    target: Path,
    *,
    info: TableInfo,
    sheet: str | None,
    header_row: int | None,
    results: ResultTable,
) -> WrittenReport:
    """Writes the sheet `source` with its results to `target`, which is there whole or not at all.

    CSV comes back as CSV with every byte of the user's, XLSX and XLSM as themselves with one sheet's XML
    added to, everything else as a new XLSX of text. An Excel sheet that cannot be added to safely comes back
    as a new XLSX, too, and `fallback_reason` says why; so does one that is to be neutralised, since formulas,
    links and macros may stand anywhere in a workbook. `info` is what was understood of the source;
    `sheet` None means its first. The path of a new workbook ends in `.xlsx`, whatever `target` is called,
    because Excel refuses other endings.
    Raises DialerError `not_written`; SheetError where the source has become unreadable or has no room for
    more columns; ValueError for results out of order or of rows that the sheet does not have.
    """
    reason = None
    match info.format:
        case Format.CSV:
            with opened(source) as file, whole_file(target, like=source) as out:
                form = find_form(file, encoding=info.encoding, delimiter=info.delimiter)
                placement = add_to_text(
                    file, out, form=form, name=source.name, header_row=header_row, results=results
                )
            return WrittenReport(target, info.format, placement.columns, placement.rows)
        case Format.XLSX | Format.XLSM if not results.neutralise:
            name = info.sheets[0] if sheet is None else sheet
            try:
                with opened(source) as file, whole_file(target, like=source) as out:
                    added = add_to_workbook(file, out, sheet=name, header_row=header_row, results=results)
                columns, rows = added.placement.columns, added.placement.rows
                return WrittenReport(target, info.format, columns, rows, remarks=added.remarks)
            except UnsafeSheet as unsafe:
                reason = str(unsafe)
                remark = f"The report is a plain new workbook, without your formatting: {reason}."
        case Format.XLSX | Format.XLSM:
            remark = "The report is a plain new workbook, without your formatting, because it is neutralised."
        case Format.XLSB | Format.XLS | Format.ODS:
            old = info.format.upper()
            remark = f"The report is an XLSX workbook of text, because {old} cannot be added to."
        case unreachable:
            assert_never(unreachable)
    new = target.with_suffix(".xlsx")
    with whole_file(new, like=source) as out:
        placement = _anew(source, out, sheet, header_row=header_row, results=results)
    return WrittenReport(new, Format.XLSX, placement.columns, placement.rows, reason, (remark,))


def write_fix_list(
    target: Path, rows: Iterable[Row], problems: Mapping[int, CellProblems], *, header_row: int | None
) -> None:
    """Writes a new Excel copy of the sheet in which the cells to mend are coloured and say how.

    `rows` are all rows of the sheet, `problems` by Excel's row number. Raises DialerError `not_written`.
    """
    from dialer.new_workbook import write_marked  # noqa: PLC0415 - openpyxl takes long, and is seldom needed

    with whole_file(target) as out:
        write_marked(out, _gapless(rows), title="Leads", header_row=header_row, problems=problems)


def write_template(target: Path, headers: Sequence[str], example: Sequence[str]) -> None:
    """Writes a new Excel sheet with a header and an example row. Raises DialerError `not_written`."""
    from dialer.new_workbook import write_plain  # noqa: PLC0415 - openpyxl takes long, and is seldom needed

    with whole_file(target) as out:
        write_plain(out, (headers, example), title="Leads")


def _anew(
    source: Path, out: BinaryIO, sheet: str | None, *, header_row: int | None, results: ResultTable
) -> ResultPlacement:
    """A new workbook with the text of the sheet and the results."""
    from dialer.new_workbook import write_with_results  # noqa: PLC0415 - openpyxl takes long, and is seldom needed

    with open_table(source) as table:
        width = max((len(row.cells) for row in table.rows(sheet)), default=0)
        if width + len(results.names) > MAX_COLUMNS:
            raise SheetError(
                f"{source.name} has no room for the results within Excel's {MAX_COLUMNS:,} columns;"
                " delete what stands in its last columns, and try again.",
                code="too_wide",
            )
        title = table.info.sheets[0] if sheet is None else sheet
        return write_with_results(
            out, table.rows(sheet), title=title, width=width, header_row=header_row, results=results
        )


def _gapless(rows: Iterable[Row]) -> Iterator[Row]:
    """The rows with blank ones where numbers are missing, so that every row keeps its number."""
    number = 0
    for row in rows:
        for missing in range(number + 1, row.number):
            yield Row(missing, ())
        number = row.number
        yield row
