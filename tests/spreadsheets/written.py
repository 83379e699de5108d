"""Adds results to a workbook in memory and reads it back, for the tests of several modules."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence

from python_calamine import CalamineWorkbook

from dialer.result_table import ResultCell, ResultPlacement, ResultTable
from dialer.workbook import add_to_workbook
from tests.spreadsheets.make import MAIN, xlsx

PART = "xl/worksheets/sheet1.xml"
Results = Mapping[int, tuple[ResultCell, ...]]


def add(
    content: bytes,
    results: Results,
    *,
    names: Sequence[str] = ("call_id", "status"),
    header_row: int | None = 1,
    existing: Mapping[str, int] | None = None,
    sheet: str = "Leads",
) -> tuple[bytes, ResultPlacement]:
    table = ResultTable(tuple(names), sorted(results.items()), existing or {})
    out = io.BytesIO()
    added = add_to_workbook(io.BytesIO(content), out, sheet=sheet, header_row=header_row, results=table)
    return out.getvalue(), added.placement


def sheet_xml(content: bytes, part: str = PART) -> str:
    return zipfile.ZipFile(io.BytesIO(content)).read(part).decode()


def by_calamine(content: bytes) -> list[list[object]]:
    return (
        CalamineWorkbook.from_filelike(io.BytesIO(content))
        .get_sheet_by_index(0)
        .to_python(skip_empty_area=False)
    )


def worksheet(
    before: str = "", after: str = "", row: str = '<row r="1"><c r="B1"><v>1</v></c></row>'
) -> bytes:
    return xlsx(f'<worksheet xmlns="{MAIN}">{before}<sheetData>{row}</sheetData>{after}</worksheet>')
