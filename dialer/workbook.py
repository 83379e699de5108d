"""Hands an Excel workbook back with result columns.

One sheet's XML is rewritten as a stream; every other part of the archive is copied as it is.
"""

from __future__ import annotations

import zipfile
import zlib
from typing import BinaryIO

from dialer.result_table import ResultPlacement, ResultTable
from dialer.sheet_part import find_sheet_part, part_chunks
from dialer.sheet_rewrite import rewrite_sheet
from dialer.sheet_survey import survey_sheet
from dialer.sheet_xml import UnsafeSheet
from dialer.zip_copy import check_archive, copy_archive

MAX_COLUMNS = 16_384


def add_to_workbook(
    source: BinaryIO, out: BinaryIO, *, sheet: str, header_row: int | None, results: ResultTable
) -> ResultPlacement:
    """Copies the workbook `source` to `out` with the results in its sheet called `sheet`.

    Memory does not grow with the sheet. Raises UnsafeSheet, before it has taken any result, if the sheet
    cannot be rewritten with certainty, and ValueError for results that are out of order.
    """
    try:
        archive = zipfile.ZipFile(source)
        check_archive(source, archive)
        part = find_sheet_part(archive, sheet)
        survey = survey_sheet(part_chunks(archive, part), header_row=header_row)
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError) as error:
        raise UnsafeSheet(f"its archive cannot be read with certainty ({error})") from error
    if survey.width + len(results.names) > MAX_COLUMNS:
        raise UnsafeSheet(f"its widest row leaves no room within Excel's {MAX_COLUMNS:,} columns")
    placement = ResultPlacement(results, width=survey.width)
    content = rewrite_sheet(
        part_chunks(archive, part), survey=survey, header_row=header_row, placement=placement
    )
    copy_archive(source, archive, out, replaced={part: content})
    placement.finish()
    return placement
