"""The sheet is handed back with eight columns of results that are there already: SHEET RESULTS ROWS."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from dialer.columns import RESULT_COLUMNS
from dialer.result_table import ResultCell, ResultTable
from dialer.spreadsheet import format_of
from dialer.table import Format, TableInfo
from dialer.write_back import write_back


def results(rows: int) -> Iterator[tuple[int, tuple[ResultCell, ...]]]:
    """What became of the rows from row 2 on."""
    for row in range(2, rows + 2):
        called_at = "2026-01-15T12:00:00Z"
        yield (
            row,
            (f"call-{row:08x}", "queued", row % 2 == 0, "+12015550123", f"c{row:08x}", called_at, 1, None),
        )


def main(sheet: str, target: str, rows: str) -> None:
    """Write the sheet with its results."""
    source = Path(sheet)
    told = format_of(source)
    # As a report knows it from the loading of the sheet.
    workbook = told is not Format.CSV
    info = TableInfo(
        source.name,
        told,
        sheets=("Leads",) if workbook else (),
        encoding=None if workbook else "utf-8",
        delimiter=None if workbook else ",",
    )
    written = write_back(
        source,
        Path(target),
        info=info,
        sheet=info.sheets[0] if info.sheets else None,
        header_row=1,
        results=ResultTable(RESULT_COLUMNS, results(int(rows))),
    )
    if written.fallback_reason or written.rows != int(rows):
        sys.exit(f"not as it should be: {written}")


if __name__ == "__main__":
    main(*sys.argv[1:])
