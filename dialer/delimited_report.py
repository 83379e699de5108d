"""Hands a delimited text back with result columns: every byte of the user's stays as it was.

Rows that get results are padded with delimiters up to the widest row, and the new cells stand before
their line end. Result columns that the text has already are replaced where they stand.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import BinaryIO

from dialer.delimited import TextForm, read_records
from dialer.raw_records import RawRecord, raw_records, reads_as_ascii
from dialer.result_table import ResultCell, ResultPlacement, ResultTable, harmless
from dialer.text_cells import TextCells

_PIECES = 4_000  # that are written at once
_Numbered = Iterable[tuple[int, RawRecord]]


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
    width = max((columns for _, columns, _ in raw_records(source, form, name=name)), default=0)
    placement = ResultPlacement(results, width=max(width, 1))
    records = raw_records(source, form, name=name)
    if results.neutralise:
        records = _harmless_records(source, form, name=name)
    numbered = enumerate(records, start=0 if form.separator_line else 1)  # the line `sep=;` has no number
    last_columns = range(max(placement.width, width) - len(results.names), max(placement.width, width))
    if results.names and placement.positions == tuple(last_columns):
        _place_together(numbered, out, form, header_row, placement)
    else:
        _place(numbered, out, _Records(form), header_row, placement)
    return placement


def _place_together(
    numbered: _Numbered, out: BinaryIO, form: TextForm, header_row: int | None, placement: ResultPlacement
) -> None:
    """Copies the records with the results, which stand side by side behind all others."""
    codec, before = form.encoding.codec, placement.positions[0]
    delimiter, (crlf, lf, cr) = form.delimiter.encode(codec), _line_ends(form)
    records, new = _Records(form), placement.new_columns()
    lines = TextCells(form).joined(placement.rest())
    nothing = (None, b"")
    next_row, line = next(lines, nothing)
    pieces: list[bytes] = []
    for number, record in numbered:
        if len(pieces) > _PIECES:
            out.write(b"".join(pieces))
            pieces.clear()
        raw, columns, _ = record
        if number == header_row:
            pieces.append(records.with_cells(record, tuple(new), tuple(new.values())))
            continue
        if number != next_row:
            pieces.append(raw)
            continue
        if columns <= before:
            end = crlf if raw.endswith(crlf) else lf if raw.endswith(lf) else cr if raw.endswith(cr) else b""
            gap = delimiter if columns == before else delimiter * (before - (columns or 1) + 1)
            pieces += (raw[: -len(end)] if end else raw, gap, line, end)
        else:
            pieces.append(records.with_last_cells(record, before, line))
        next_row, line = next(lines, nothing)
    out.write(b"".join(pieces))
    if next_row is not None:
        raise ValueError(f"there are results for row {next_row}, which the sheet does not have")


def _place(
    numbered: _Numbered, out: BinaryIO, records: _Records, header_row: int | None, placement: ResultPlacement
) -> None:
    """Copies the records with the results in the columns that stand, and behind the widest one."""
    new = placement.new_columns()
    for number, record in numbered:
        if number == header_row:
            out.write(records.with_cells(record, tuple(new), tuple(new.values())))
        else:
            cells = placement.take(number)
            out.write(records.with_cells(record, placement.positions, cells) if cells else record[0])
    placement.finish()


def _harmless_records(source: BinaryIO, form: TextForm, *, name: str) -> Iterator[RawRecord]:
    """The records, in which an apostrophe stands before what a spreadsheet would take for a formula."""
    records = _Records(form)
    for record in read_records(source, form, name=name):
        raw = record.raw
        if record.number and any(harmless(cell) != cell for cell in record.cells):
            raw = records.harmless(raw, record.cells)
        yield raw, len(record.cells), False


class _Records:
    """Takes records apart and puts them together again, in the form that a text has."""

    def __init__(self, form: TextForm) -> None:
        self._codec = form.encoding.codec
        self._mark = form.encoding.mark
        self._cells = TextCells(form)
        self._ends = _line_ends(form)
        self._delimiter, self._quote, self._apostrophe = (
            character.encode(self._codec) for character in (form.delimiter, '"', "'")
        )
        self._ascii_is_ascii = form.encoding.wide or reads_as_ascii(form)

    def with_cells(self, record: RawRecord, columns: Sequence[int], cells: Sequence[ResultCell]) -> bytes:
        """The record's bytes with cells in these columns, which ascend."""
        raw, count, plain = record
        mark, content, end = self._parted(raw)
        count = max(count, 1)
        inside = bool(columns) and columns[0] < count
        pieces = self._pieces(content, plain=plain) if inside else [content]
        for column, cell in zip(columns, cells, strict=True):
            if column < count:
                pieces[column] = self._cells.one(cell)
            else:
                pieces += [b""] * (column - count) + [self._cells.one(cell)]
                count = column + 1
        return mark + self._delimiter.join(pieces) + end

    def with_last_cells(self, record: RawRecord, first: int, line: bytes) -> bytes:
        """The record's bytes with all its cells from position `first` on replaced by others."""
        raw, _, plain = record
        mark, content, end = self._parted(raw)
        return mark + self._delimiter.join([*self._pieces(content, plain=plain)[:first], line]) + end

    def harmless(self, raw: bytes, cells: Sequence[str]) -> bytes:
        """The record's bytes with an apostrophe in its dangerous cells; `cells` are their texts."""
        mark, content, end = self._parted(raw)
        pieces = self._pieces(content, plain=False)
        for index, cell in enumerate(cells):
            if harmless(cell) != cell:
                opening = self._quote if pieces[index].startswith(self._quote) else b""
                pieces[index] = opening + self._apostrophe + pieces[index][len(opening) :]
        return mark + self._delimiter.join(pieces) + end

    def _parted(self, raw: bytes) -> tuple[bytes, bytes, bytes]:
        """The mark, the content and the line end of a record."""
        mark = self._mark if self._mark and raw.startswith(self._mark) else b""
        end = next((end for end in self._ends if raw.endswith(end)), b"")
        return mark, raw[len(mark) : len(raw) - len(end)], end

    def _pieces(self, content: bytes, *, plain: bool) -> list[bytes]:
        """The cells of a record as they stand in its bytes."""
        if plain:
            return content.split(self._delimiter)
        whole = content if self._ascii_is_ascii else _masked(content, self._codec)
        return [content[start:end] for start, end in cell_spans(whole, self._delimiter, self._quote)]


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


def _line_ends(form: TextForm) -> tuple[bytes, ...]:
    return tuple(end.encode(form.encoding.codec) for end in ("\r\n", "\n", "\r"))


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
