"""Tells which rows and columns of a sheet a person does not see: hidden by hand, by a filter, or folded.

The parser of workbooks does not say so, and a second full parse would double the time, so the tags of the
rows are looked at as the sheet's XML streams by. Sources: ECMA-376 part 1, 18.3.1.13 (col), 18.3.1.73 (row)
and 18.3.1.81 (sheetFormatPr); OpenDocument part 3, `table:visibility`.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from typing import BinaryIO
from xml.parsers import expat

from dialer.sheet_part import find_sheet_part, part_chunks
from dialer.sheet_xml import Part, UnsafeSheet, cell_row, find_grammar, parts, rows

_MAX_ROWS = 1_048_576
_MAX_COLUMNS = 16_384
_OPENDOCUMENT_PART = "content.xml"
_HIDDEN = re.compile(rb"""\shidden\s*=\s*["'](?:1|true)["']""")
_HIDDEN_BY_DEFAULT = re.compile(rb"""\szeroHeight\s*=\s*["'](?:1|true)["']""")

_COLUMN = re.compile(rb"<(?:[\w.\-]+:)?col\s[^<>]*>")
_FIRST = re.compile(rb"""\smin\s*=\s*["'](\d{1,5})["']""")
_LAST = re.compile(rb"""\smax\s*=\s*["'](\d{1,5})["']""")
# One of these stands in the XML of every sheet that hides anything.
_SIGNS = (b"hidden", b"zeroHeight", b"visibility")
_LONGEST_SIGN = max(map(len, _SIGNS))

HiddenRows = bytearray  # 1 at the number of every hidden row, 0 at all others; index 0 stands for no row


@dataclass(frozen=True, slots=True)
class Hidden:
    """What a person does not see of a sheet."""

    rows: HiddenRows
    columns: frozenset[int] = frozenset()  # 0 is A


def find_hidden(file: BinaryIO, sheet: str) -> Hidden:
    """What is hidden of the sheet called `sheet` in an XLSX, XLSM or ODS file.

    Memory does not grow with the sheet. Raises UnsafeSheet where it cannot be told with certainty.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            is_ods = _OPENDOCUMENT_PART in archive.namelist()
            part = _OPENDOCUMENT_PART if is_ods else find_sheet_part(archive, sheet)
            if not _may_hide(part_chunks(archive, part)):
                return Hidden(HiddenRows(1 + _MAX_ROWS))
            chunks = part_chunks(archive, part)
            return _in_opendocument(chunks, sheet) if is_ods else _in_worksheet(chunks)
    except (zipfile.BadZipFile, zlib.error, EOFError, expat.ExpatError, LookupError, ValueError) as error:
        raise UnsafeSheet(f"its archive cannot be read with certainty ({error})") from error


def _may_hide(chunks: Iterable[bytes]) -> bool:
    """A look that takes a third of the time, and is all that most sheets need."""
    before = b""
    for chunk in chunks:
        piece = before + chunk
        if any(sign in piece for sign in _SIGNS):
            return True
        before = chunk[-_LONGEST_SIGN:]
    return False


def _in_worksheet(chunks: Iterable[bytes]) -> Hidden:
    stream = iter(chunks)
    first = next(stream, b"")
    grammar = find_grammar(first)
    hidden = HiddenRows(1 + _MAX_ROWS)
    columns: frozenset[int] = frozenset()
    last_number = 0
    for part, xml in parts(chain([first], stream), grammar):
        if part is Part.HEAD:
            columns = _columns(xml)
            if _HIDDEN_BY_DEFAULT.search(xml):
                hidden = HiddenRows(b"\1") * len(hidden)  # those that the XML leaves out; the others say it
        if part is not Part.ROWS:
            continue
        for row in rows(xml, grammar, last_number=last_number):
            last_number = row.number
            if cell_row(xml, row, grammar) not in {None, last_number}:
                raise UnsafeSheet(f"row {last_number} has a cell of another row")
            hidden[last_number] = _HIDDEN.search(xml, row.start, row.tag_end) is not None
    return Hidden(hidden, columns)


def _columns(head: bytes) -> frozenset[int]:
    """The hidden columns by what stands in front of the rows."""
    hidden: set[int] = set()
    for tag in _COLUMN.findall(head):
        first, last = _FIRST.search(tag), _LAST.search(tag)
        if _HIDDEN.search(tag) and first and last:
            hidden.update(range(int(first[1]) - 1, min(int(last[1]), _MAX_COLUMNS)))
    return frozenset(hidden)


def _in_opendocument(chunks: Iterable[bytes], sheet: str) -> Hidden:
    tables = _Tables(sheet)
    parser = expat.ParserCreate()
    parser.StartElementHandler = tables.start
    parser.EndElementHandler = tables.end
    for chunk in chunks:
        parser.Parse(chunk, False)  # noqa: FBT003 - expat takes no keyword
    parser.Parse(b"", True)  # noqa: FBT003
    if tables.hidden is None:
        raise UnsafeSheet("its archive does not tell where the sheet is")
    return Hidden(tables.hidden, frozenset(tables.columns))


class _Tables:
    """Follows the elements of a spreadsheet's XML; its prefixes are those that every program writes."""

    def __init__(self, sheet: str) -> None:
        self._sheet = sheet
        self._tables: list[str | None] = []  # the names of those that are open
        self._row = 0  # the last one
        self._column = 0  # the next one
        self.hidden: HiddenRows | None = None
        self.columns: set[int] = set()

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "table:table-row":
            if self._tables == [self._sheet]:
                self._add(int(attributes.get("table:number-rows-repeated", 1)), attributes)
        elif tag == "table:table-column":
            if self._tables == [self._sheet]:
                self._add_columns(int(attributes.get("table:number-columns-repeated", 1)), attributes)
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
        if self.hidden is not None and _is_hidden(attributes):
            self.hidden[first : last + 1] = b"\1" * (last + 1 - first)

    def _add_columns(self, count: int, attributes: dict[str, str]) -> None:
        first, self._column = self._column, min(self._column + max(count, 0), _MAX_COLUMNS)
        if _is_hidden(attributes):
            self.columns.update(range(first, self._column))


def _is_hidden(attributes: dict[str, str]) -> bool:
    return attributes.get("table:visibility", "visible") != "visible"
