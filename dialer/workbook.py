"""Hands an Excel workbook back with result columns.

One sheet's XML is rewritten as a stream; every other part of the archive is copied as it is.
"""

from __future__ import annotations

import posixpath
import zipfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from dialer.result_table import ResultPlacement, ResultTable
from dialer.sheet_rewrite import rewrite_sheet
from dialer.sheet_survey import survey_sheet
from dialer.sheet_xml import UnsafeSheet
from dialer.zip_copy import check_archive, copy_archive

_CHUNK = 1 << 18
MAX_COLUMNS = 16_384
_MAX_DIRECTORY_PART_BYTES = 16 << 20


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
        part = _sheet_part(archive, sheet)
        survey = survey_sheet(_chunks(archive, part), header_row=header_row)
    except (zipfile.BadZipFile, zlib.error, EOFError, ParseError, DefusedXmlException, ValueError) as error:
        raise UnsafeSheet(f"its archive cannot be read with certainty ({error})") from error
    if survey.width + len(results.names) > MAX_COLUMNS:
        raise UnsafeSheet(f"its widest row leaves no room within Excel's {MAX_COLUMNS:,} columns")
    placement = ResultPlacement(results, width=survey.width)
    content = rewrite_sheet(_chunks(archive, part), survey=survey, header_row=header_row, placement=placement)
    copy_archive(source, archive, out, part=part, content=content)
    placement.finish()
    return placement


def _chunks(archive: zipfile.ZipFile, part: str) -> Iterator[bytes]:
    with archive.open(part) as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def _sheet_part(archive: zipfile.ZipFile, sheet: str) -> str:
    """The name of the part that holds the sheet's XML (ECMA-376 part 2, 9.3, relationships)."""
    workbook = next(
        (target for kind, target in _relationships(archive, "").values() if kind.endswith("/officeDocument")),
        None,
    )
    if workbook is None:
        raise UnsafeSheet("its archive names no workbook")
    relationships = _relationships(archive, workbook)
    for element in _parsed(archive, workbook).iter():
        if _local_name(element.tag) == "sheet" and element.get("name") == sheet:
            identity = next((value for key, value in element.items() if key.endswith("}id")), "")
            _, part = relationships.get(identity, ("", ""))
            if part in archive.namelist():
                return part
    raise UnsafeSheet("its archive does not tell where the sheet is")


def _relationships(archive: zipfile.ZipFile, part: str) -> dict[str, tuple[str, str]]:
    """Identity -> (type, name of the part) of a part's relationships; "" is the archive's own."""
    folder, name = posixpath.split(part)
    found = {}
    for element in _parsed(archive, posixpath.join(folder, "_rels", f"{name}.rels")):
        target = posixpath.normpath(posixpath.join("/", folder, element.get("Target", ""))).lstrip("/")
        found[element.get("Id", "")] = (element.get("Type", ""), target)
    return found


def _parsed(archive: zipfile.ZipFile, part: str) -> Element:
    try:
        if archive.getinfo(part).file_size > _MAX_DIRECTORY_PART_BYTES:
            raise UnsafeSheet(f"its part {part} is too large")
        root: Element = fromstring(archive.read(part), forbid_dtd=True)
    except LookupError as error:
        raise UnsafeSheet(f"its part {part} is missing, or in an encoding that nobody knows") from error
    return root


def _local_name(tag: str) -> str:
    return tag.rpartition("}")[2]
