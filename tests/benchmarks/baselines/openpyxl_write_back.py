"""openpyxl, load and save: adds three columns to SHEET and writes RESULTS."""

from __future__ import annotations

import sys

import openpyxl


def main(sheet: str, results: str) -> None:
    """Add `call_id`, `status` and `is_new_contact` to every row."""
    workbook = openpyxl.load_workbook(sheet)
    page = workbook.worksheets[0]
    width = page.max_column
    for place, name in enumerate(("call_id", "status", "is_new_contact"), start=1):
        page.cell(1, width + place, name)
    for row in range(2, page.max_row + 1):
        page.cell(row, width + 1, f"call-{row:08x}")
        page.cell(row, width + 2, "queued")
        page.cell(row, width + 3, row % 2 == 0)
    workbook.save(results)


if __name__ == "__main__":
    main(*sys.argv[1:])
