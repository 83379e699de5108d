"""Hands an Excel workbook back with result columns.

One sheet's XML is rewritten as a stream. Besides it only what says how far the sheet reaches is widened (its
tables, and the hidden name of its filter), and cell formats are added behind the last one; every other part
of the archive is copied as it is.
"""

from __future__ import annotations

import zipfile
import zlib
from contextlib import suppress
from dataclasses import dataclass, field
from typing import BinaryIO

from dialer.areas import Area
from dialer.cell_styles import CellStyles, add_styles
from dialer.result_table import ResultPlacement, ResultTable
from dialer.sheet_part import SheetPlace, find_sheet, part_bytes, part_chunks, related_parts
from dialer.sheet_rewrite import Layout, rewrite_sheet
from dialer.sheet_survey import SheetSurvey, survey_sheet
from dialer.sheet_xml import UnsafeSheet
from dialer.widened_parts import NewColumns, table_area, widened_filter_name, widened_table
from dialer.zip_copy import check_archive, copy_archive

MAX_COLUMNS = 16_384
_WIDTH = 18  # in characters, as Excel measures columns


@dataclass(frozen=True, slots=True)
class AddedTo:
    """What became of the sheet of a workbook."""

    placement: ResultPlacement
    remarks: tuple[str, ...] = ()  # sentences about what could not be widened


@dataclass(slots=True)
class _Parts:
    """The parts of an archive that are written anew, beside the sheet's own."""

    archive: zipfile.ZipFile
    place: SheetPlace
    survey: SheetSurvey
    written: dict[str, bytes] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)

    def read(self, part: str) -> bytes:
        return self.written.get(part) or part_bytes(self.archive, part)


def add_to_workbook(
    source: BinaryIO, out: BinaryIO, *, sheet: str, header_row: int | None, results: ResultTable
) -> AddedTo:
    """Copies the workbook `source` to `out` with the results in its sheet called `sheet`.

    Memory does not grow with the sheet. Raises UnsafeSheet, before it has taken any result, if the sheet
    cannot be rewritten with certainty, and ValueError for results that are out of order.
    """
    try:
        archive = zipfile.ZipFile(source)
        check_archive(source, archive)
        place = find_sheet(archive, sheet)
        survey = survey_sheet(part_chunks(archive, place.sheet), header_row=header_row)
        parts = _Parts(archive, place, survey)
        styles = _styles(parts)
        new = _new_columns(survey, header_row, results)
        wide = _widen(parts, new) if new else None
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError) as error:
        raise UnsafeSheet(f"its archive cannot be read with certainty ({error})") from error
    if survey.width + len(results.names) > MAX_COLUMNS:
        raise UnsafeSheet(f"its widest row leaves no room within Excel's {MAX_COLUMNS:,} columns")
    placement = ResultPlacement(results, width=survey.width)
    widths = {at: results.widths.get(name, _WIDTH) for at, name in placement.new_columns().items()}
    layout = Layout(survey, header_row, widths, wide, styles)
    content = rewrite_sheet(part_chunks(archive, place.sheet), layout, placement)
    replaced = {part: [xml] for part, xml in parts.written.items()}
    copy_archive(source, archive, out, replaced={**replaced, place.sheet: content})
    placement.finish()
    return AddedTo(placement, tuple(parts.remarks))


def _new_columns(survey: SheetSurvey, header_row: int | None, results: ResultTable) -> NewColumns | None:
    names = tuple(name for name in results.names if name not in results.existing)
    return NewColumns(header_row, survey.width, names) if names and header_row is not None else None


def _styles(parts: _Parts) -> dict[int, CellStyles]:
    """The formats for the results, added to the workbook's styles; none where that is not safe."""
    part = parts.place.styles
    if part is None:
        return {}
    with suppress(UnsafeSheet):
        before = parts.read(part)
        after, styles = add_styles(before, [0, *(int(style or b"0") for style in parts.survey.body_styles)])
        if after != before:
            parts.written[part] = after
        return dict(styles)
    return {}


def _widen(parts: _Parts, new: NewColumns) -> Area | None:
    """Widens the sheet's tables; gives what its own filter is to cover, or None if it stays as it is."""
    tables = related_parts(parts.archive, parts.place.sheet, parts.survey.tables)
    areas = {part: table_area(parts.read(part)) for part in tables}
    for part in tables:
        others = [area for other, area in areas.items() if other != part and area is not None]
        try:
            widened = widened_table(parts.read(part), new, others=others)
        except UnsafeSheet:
            widened = None
        if widened is not None:
            parts.written[part] = widened
        elif (area := areas[part]) is None or area.top == new.header_row:
            parts.remarks.append("A table of the sheet could not be widened: the results stand beside it.")
    old = parts.survey.filter
    if old is None or old.top != new.header_row or old.right >= new.last:
        return None
    wide = old.widened(new.last)
    with suppress(UnsafeSheet):
        before = parts.read(parts.place.workbook)
        after = widened_filter_name(before, sheet=parts.place.index, old=old, new=wide)
        if after != before:
            parts.written[parts.place.workbook] = after
    return wide
