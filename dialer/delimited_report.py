"""Hands a delimited text back with result columns: every byte of the user's stays as it was.

Rows that get results are padded with delimiters up to the widest row, and the new cells stand before
their line end. Result columns that the text has already are replaced where they stand.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from typing import BinaryIO

from dialer.delimited import Record, TextForm, read_records
from dialer.result_table import DANGEROUS_STARTS, ResultCell, ResultPlacement, ResultTable, harmless


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
    width = max((len(record.cells) for record in read_records(source, form, name=name)), default=0)
    placement = ResultPlacement(results, width=max(width, 1))
    writer = _Writer(form)
    headers = list(placement.new_columns().items())
    for record in read_records(source, form, name=name):
        placed = list(zip(placement.positions, placement.take(record.number) or (), strict=False))
        placed = headers if record.number == header_row else placed
        out.write(writer.with_cells(record, placed) if placed else record.raw)
    placement.finish()
    return placement


class _Writer:
    """Writes cells in the form that a text has."""

    def __init__(self, form: TextForm) -> None:
        self._delimiter = form.delimiter
        self._codec = form.encoding.codec
        self._mark = form.encoding.mark
        self._line_ends = tuple(line_end.encode(self._codec) for line_end in ("\r\n", "\n", "\r"))
        forbidden = re.escape(form.delimiter) + '"\\r\\n'
        self._plain = re.compile(f"[^{forbidden}{re.escape(DANGEROUS_STARTS)}][^{forbidden}]*")
        self._needs_quotes = re.compile(f"[{forbidden}]")
        self._ascii_is_ascii = form.encoding.wide or self._codec == "utf-8" or _single_byte(self._codec)

    def with_cells(self, record: Record, placed: Sequence[tuple[int, ResultCell]]) -> bytes:
        """The record's bytes with its results; `placed` is in ascending order of position."""
        content, line_end = self._without_line_end(record.raw)
        columns = max(len(record.cells), 1)
        inside = sum(column < columns for column, _ in placed)
        if inside:
            content = self._replace(content, placed[:inside])
        added = ""
        for column, cell in placed[inside:]:
            added += self._delimiter * (column - columns + 1) + self._as_written(cell)
            columns = column + 1
        return content + self._encode(added) + line_end

    def _replace(self, content: bytes, placed: Sequence[tuple[int, ResultCell]]) -> bytes:
        """The content with some of its cells replaced, all others byte for byte as they were."""
        mark = self._mark if content.startswith(self._mark) else b""
        rest = content[len(mark) :]
        plain = rest if self._ascii_is_ascii else _masked(rest, self._codec)
        delimiter = self._delimiter.encode(self._codec)
        spans = cell_spans(plain, delimiter, '"'.encode(self._codec))
        pieces = [rest[start:end] for start, end in spans]
        for column, cell in placed:
            pieces[column] = self._encode(self._as_written(cell))
        return mark + delimiter.join(pieces)

    def _without_line_end(self, raw: bytes) -> tuple[bytes, bytes]:
        for line_end in self._line_ends:
            if raw.endswith(line_end):
                return raw[: -len(line_end)], line_end
        return raw, b""

    def _as_written(self, cell: ResultCell) -> str:
        """The cell as it stands in the text, made harmless, and quoted where it has to be."""
        if cell is None:
            return ""
        if isinstance(cell, bool):
            return "true" if cell else "false"
        if isinstance(cell, int):
            return str(cell)
        if self._plain.fullmatch(cell):
            return cell
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


def _single_byte(codec: str) -> bool:
    return len(bytes(range(256)).decode(codec, "replace")) == 256


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
