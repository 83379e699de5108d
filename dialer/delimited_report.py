"""Hands a delimited text back with result columns: every byte of the user's stays as it was.

Rows that get results are padded with delimiters up to the widest row, and the new cells stand before
their line end. Result columns that the text has already are replaced where they stand.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import BinaryIO

from dialer.delimited import TextForm, read_records
from dialer.raw_records import RawRecord, raw_records, reads_as_ascii
from dialer.result_table import DANGEROUS_STARTS, ResultCell, ResultPlacement, ResultTable, harmless

_BETWEEN = "\x1f"  # no cell holds it, or it is looked at more closely
_DANGEROUS = re.compile(
    f"{_BETWEEN}(?:[{re.escape(DANGEROUS_STARTS.replace('+', ''))}]|[+](?![1-9][0-9]{{6,14}}{_BETWEEN}))"
)


def add_to_text(
    source: BinaryIO,
    out: BinaryIO,
    *,
    form: TextForm,
    name: str,
    header_row: int | None,
    results: ResultTable,
) -> ResultPlacement:
    """Copies `source` to `out` with the results, reading it twice; memory does not grow with the text.

    Raises SheetError where the text cannot be read, and ValueError for results of rows it does not have.
    """
    # The bytes are copied as they are, so a damaged character does no harm here.
    form = replace(form, encoding=replace(form.encoding, errors="replace"))
    width = max((record.columns for record in raw_records(source, form, name=name)), default=0)
    placement = ResultPlacement(results, width=max(width, 1))
    new = placement.new_columns()
    header = _Cells(tuple(new), tuple(new.values()))
    records = raw_records(source, form, name=name)
    if results.neutralise:
        records = _harmless_records(source, form, name=name)
    writer = _Writer(form)
    first = 0 if form.separator_line else 1  # the line `sep=;` has no number
    for number, record in enumerate(records, start=first):
        if number == header_row:
            out.write(writer.with_cells(record, header))
        elif (cells := placement.take(number)) is None:
            out.write(record.raw)
        else:
            out.write(writer.with_cells(record, _Cells(placement.positions, cells)))
    placement.finish()
    return placement


def _harmless_records(source: BinaryIO, form: TextForm, *, name: str) -> Iterator[RawRecord]:
    """The records, in which an apostrophe stands before what a spreadsheet would take for a formula."""
    codec, mark = form.encoding.codec, form.encoding.mark
    writer = _Writer(form)
    apostrophe, quote, delimiter = (character.encode(codec) for character in ("'", '"', form.delimiter))
    for record in read_records(source, form, name=name):
        raw = record.raw
        if record.number and any(harmless(cell) != cell for cell in record.cells):
            marked = mark if raw.startswith(mark) else b""
            content, line_end = writer.without_line_end(raw[len(marked) :])
            pieces = writer.pieces(RawRecord(content, len(record.cells), plain=False))
            for index, cell in enumerate(record.cells):
                if harmless(cell) != cell:
                    opening = quote if pieces[index].startswith(quote) else b""
                    pieces[index] = opening + apostrophe + pieces[index][len(opening) :]
            raw = marked + delimiter.join(pieces) + line_end
        yield RawRecord(raw, len(record.cells), plain=False)


@dataclass(frozen=True, slots=True)
class _Cells:
    """Cells of a record, and where they belong."""

    columns: tuple[int, ...]  # ascending
    cells: Sequence[ResultCell]


class _Writer:
    """Writes cells in the form that a text has."""

    def __init__(self, form: TextForm) -> None:
        self._delimiter = form.delimiter
        self._codec = form.encoding.codec
        self._mark = form.encoding.mark
        self._line_ends = tuple(line_end.encode(self._codec) for line_end in ("\r\n", "\n", "\r"))
        self._needs_quotes = re.compile(f'[{re.escape(form.delimiter)}"\\r\\n]')
        self._ascii_is_ascii = form.encoding.wide or reads_as_ascii(form)

    def with_cells(self, record: RawRecord, placed: _Cells) -> bytes:
        """The record's bytes with its results."""
        content, line_end = self.without_line_end(record.raw)
        columns = max(record.columns, 1)
        inside = 0
        if placed.columns and placed.columns[0] < columns:
            inside = sum(column < columns for column in placed.columns)
            content = self._replace(content, record, placed, inside)
        if inside == len(placed.columns):
            return content + line_end
        gap = self._delimiter * (placed.columns[inside] - columns + 1)
        if placed.columns[-1] - placed.columns[inside] == len(placed.columns) - inside - 1:
            return content + self._encode(gap + self._joined(placed.cells[inside:])) + line_end
        added = ""
        for column, cell in zip(placed.columns[inside:], placed.cells[inside:], strict=True):
            added += self._delimiter * (column - columns + 1) + self._as_written(cell)
            columns = column + 1
        return content + self._encode(added) + line_end

    def without_line_end(self, raw: bytes) -> tuple[bytes, bytes]:
        """The record without its line end, and its line end."""
        for line_end in self._line_ends:
            if raw.endswith(line_end):
                return raw[: -len(line_end)], line_end
        return raw, b""

    def pieces(self, record: RawRecord) -> list[bytes]:
        """The cells of a record, without a mark and a line end, as they stand in its bytes."""
        delimiter = self._delimiter.encode(self._codec)
        if record.plain:
            return record.raw.split(delimiter)
        whole = record.raw if self._ascii_is_ascii else _masked(record.raw, self._codec)
        spans = cell_spans(whole, delimiter, '"'.encode(self._codec))
        return [record.raw[start:end] for start, end in spans]

    def _replace(self, content: bytes, record: RawRecord, placed: _Cells, inside: int) -> bytes:
        """The content with its first result cells replaced, all else byte for byte as it was."""
        mark = self._mark if content.startswith(self._mark) else b""
        pieces = self.pieces(record._replace(raw=content[len(mark) :]))
        for column, cell in zip(placed.columns[:inside], placed.cells[:inside], strict=True):
            pieces[column] = self._encode(self._as_written(cell))
        return mark + self._delimiter.encode(self._codec).join(pieces)

    def _joined(self, cells: Sequence[ResultCell]) -> str:
        """Cells that stand side by side, as they stand in the text."""
        texts = [cell if type(cell) is str else _bare(cell) for cell in cells]
        between = _BETWEEN + _BETWEEN.join(texts) + _BETWEEN
        if (
            self._delimiter in between
            or '"' in between
            or "\r" in between
            or "\n" in between
            or _DANGEROUS.search(between)
        ):
            texts = [self._as_written(cell) for cell in cells]
        return self._delimiter.join(texts)

    def _as_written(self, cell: ResultCell) -> str:
        """The cell as it stands in the text, made harmless, and quoted where it has to be."""
        if not isinstance(cell, str):
            return _bare(cell)
        text = harmless(cell)
        if self._needs_quotes.search(text) is None:
            return text
        return '"' + text.replace('"', '""') + '"'

    def _encode(self, text: str) -> bytes:
        """The text's bytes; a character that the encoding lacks becomes its plain letter or `?`."""
        try:
            return text.encode(self._codec)
        except UnicodeEncodeError:
            return "".join(_nearest(character, self._codec) for character in text).encode(self._codec)


def _bare(cell: ResultCell) -> str:
    """What is no text, or nothing."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return str(cell)


def cell_spans(content: bytes, delimiter: bytes, quote: bytes) -> list[tuple[int, int]]:
    """Where each cell of a record begins and ends in its bytes, found as the csv module finds it: a
    quotation mark counts only at the start of a cell, and from its closing on the cell is plain again.

    `content` is without the record's line end; delimiter and quote are one character of its encoding.
    """
    unit = len(delimiter)
    spans: list[tuple[int, int]] = []
    start = 0
    while True:
        end = start
        if content.startswith(quote, start):
            end = _closing_quote(content, start + unit, quote) + unit
        end = _find(content, delimiter, end)
        spans.append((start, end))
        if end >= len(content):
            return spans
        start = end + unit


def _closing_quote(content: bytes, position: int, quote: bytes) -> int:
    unit = len(quote)
    while True:
        position = _find(content, quote, position)
        if not content.startswith(quote, position + unit):
            return position
        position += 2 * unit


def _find(content: bytes, wanted: bytes, position: int) -> int:
    """Where `wanted` stands from `position` on, in whole characters; the content's end if nowhere."""
    found = content.find(wanted, position)
    while found >= 0 and found % len(wanted):
        found = content.find(wanted, found + 1)
    return len(content) if found < 0 else found


def _masked(content: bytes, codec: str) -> bytes:
    """The content with every byte of its longer characters blotted out, because in Shift JIS, GBK and Big5
    such a byte may look like a delimiter."""
    decoder = codecs.getincrementaldecoder(codec)("replace")
    masked = bytearray(b"\xff") * len(content)
    first = 0
    for position in range(len(content)):
        if decoder.decode(content[position : position + 1]):
            if position == first:
                masked[position] = content[position]
            first = position + 1
    return bytes(masked)


def _nearest(character: str, codec: str) -> str:
    plain = unicodedata.normalize("NFKD", character)
    for candidate in (character, plain, plain.encode("ascii", "ignore").decode()):
        try:
            candidate.encode(codec)
        except UnicodeEncodeError:
            continue
        if candidate:
            return candidate
    return "?"
