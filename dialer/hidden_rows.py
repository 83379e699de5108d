"""Tells which rows of a sheet a person does not see: hidden by hand, by a filter, or in a folded outline.

The parser of workbooks does not say so, and a second full parse would double the time, so the tags of the
rows are looked at as the sheet's XML streams by. Sources: ECMA-376 part 1, 18.3.1.73 (row) and 18.3.1.81
(sheetFormatPr); OpenDocument part 3, `table:visibility`.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterable
from itertools import chain
from typing import BinaryIO
from xml.parsers import expat

from dialer.sheet_part import find_sheet_part, part_chunks
from dialer.sheet_xml import Part, UnsafeSheet, cell_row, find_grammar, parts, rows

_MAX_ROWS = 1_048_576
_OPENDOCUMENT_PART = "content.xml"
_HIDDEN = re.compile(rb"""\shidden\s*=\s*["'](?:1|true)["']""")
_HIDDEN_BY_DEFAULT = re.compile(rb"""\szeroHeight\s*=\s*["'](?:1|true)["']""")

HiddenRows = bytearray  # 1 at the number of every hidden row, 0 at all others; index 0 stands for no row


def find_hidden_rows(file: BinaryIO, sheet: str) -> HiddenRows:
    """The hidden rows of the sheet called `sheet` in an XLSX, XLSM or ODS file.

    Memory does not grow with the sheet. Raises UnsafeSheet where they cannot be told with certainty.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            if _OPENDOCUMENT_PART in archive.namelist():
                return _in_opendocument(part_chunks(archive, _OPENDOCUMENT_PART), sheet)
            return _in_worksheet(part_chunks(archive, find_sheet_part(archive, sheet)))
    except (zipfile.BadZipFile, zlib.error, EOFError, expat.ExpatError, LookupError, ValueError) as error:
        raise UnsafeSheet(f"its archive cannot be read with certainty ({error})") from error


def _in_worksheet(chunks: Iterable[bytes]) -> HiddenRows:
    stream = iter(chunks)
    first = next(stream, b"")
    grammar = find_grammar(first)
    hidden = HiddenRows(1 + _MAX_ROWS)
    last_number = 0
    for part, xml in parts(chain([first], stream), grammar):
        if part is Part.HEAD and _HIDDEN_BY_DEFAULT.search(xml):
            hidden = HiddenRows(b"\1") * len(hidden)  # those that the XML leaves out; the others say it
        if part is not Part.ROWS:
            continue
        for row in rows(xml, grammar, last_number=last_number):
            last_number = row.number
            if cell_row(xml, row, grammar) not in {None, last_number}:
                raise UnsafeSheet(f"row {last_number} has a cell of another row")
            hidden[last_number] = _HIDDEN.search(xml, row.start, row.tag_end) is not None
    return hidden


def _in_opendocument(chunks: Iterable[bytes], sheet: str) -> HiddenRows:
    tables = _Tables(sheet)
    parser = expat.ParserCreate()
    parser.StartElementHandler = tables.start
    parser.EndElementHandler = tables.end
    for chunk in chunks:
        parser.Parse(chunk, False)  # noqa: FBT003 - expat takes no keyword
    parser.Parse(b"", True)  # noqa: FBT003
    if tables.hidden is None:
        raise UnsafeSheet("its archive does not tell where the sheet is")
    return tables.hidden


class _Tables:
    """Follows the elements of a spreadsheet's XML; its prefixes are those that every program writes."""

    def __init__(self, sheet: str) -> None:
        self._sheet = sheet
        self._tables: list[str | None] = []  # the names of those that are open
        self._row = 0  # the last one
        self.hidden: HiddenRows | None = None

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "table:table-row":
            if self._tables == [self._sheet]:
                self._add(int(attributes.get("table:number-rows-repeated", 1)), attributes)
        elif tag == "table:table":
            self._tables.append(attributes.get("table:name"))
            if self._tables == [self._sheet]:
                if self.hidden is not None:
                    raise UnsafeSheet("two of its sheets have one name")
                self.hidden = HiddenRows(1 + _MAX_ROWS)
            elif self._sheet in self._tables:
                raise UnsafeSheet("a table stands inside a cell")

    def end(self, tag: str) -> None:
        if tag == "table:table":
            self._tables.pop()

    def _add(self, count: int, attributes: dict[str, str]) -> None:
        first, last = self._row + 1, min(self._row + max(count, 0), _MAX_ROWS)
        self._row = last
        if self.hidden is not None and attributes.get("table:visibility", "visible") != "visible":
            self.hidden[first : last + 1] = b"\1" * (last + 1 - first)
