"""pandas, read and write: adds three columns to SHEET (CSV or XLSX) and writes RESULTS."""

from __future__ import annotations

import sys

import pandas


def main(sheet: str, results: str) -> None:
    """Add `call_id`, `status` and `is_new_contact` to every row."""
    is_csv = sheet.endswith(".csv")
    frame = pandas.read_csv(sheet, dtype=str) if is_csv else pandas.read_excel(sheet, dtype=str)
    frame["call_id"] = [f"call-{row:08x}" for row in range(2, len(frame) + 2)]
    frame["status"] = "queued"
    frame["is_new_contact"] = [row % 2 == 0 for row in range(2, len(frame) + 2)]
    if is_csv:
        frame.to_csv(results, index=False)
    else:
        frame.to_excel(results, index=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
