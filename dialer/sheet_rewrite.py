"""Writes result cells into a worksheet's XML, after `sheet_survey` has proven that this is safe."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, repeat
from typing import NamedTuple

from dialer.areas import Area
from dialer.cell_styles import CellStyles
from dialer.result_cells import CellWriter, Looks
from dialer.result_table import ResultCell, ResultPlacement
from dialer.sheet_frame import with_column_widths, with_dimension, with_filter
from dialer.sheet_survey import SheetSurvey
from dialer.sheet_xml import STYLE, Cell, Part, RowXml, cells, parts, rows
from dialer.table import column_letters

_BEHIND_ALL = 1 << 20
_SPANS = re.compile(rb"""\sspans\s*=\s*["'][^"']*["']""")


@dataclass(frozen=True, slots=True)
class Layout:
    """How a worksheet looks once its results stand in it."""

    survey: SheetSurvey
    header_row: int | None  # Excel's row number
    widths: Mapping[int, int]  # of the new columns: position -> characters
    filter: Area | None  # what the sheet's filter is widened to; None for a filter that stays as it is
    styles: Mapping[int, CellStyles]  # of the neighbours, by their index; {} where none could be added


class _Band(NamedTuple):  # made for every row
    """Cells that stand side by side in a row: the headers of the new columns, or a row's results."""

    columns: tuple[int, ...]  # ascending
    openings: tuple[str, ...]
    cells: tuple[ResultCell, ...]
    header: bool = False


def rewrite_sheet(chunks: Iterable[bytes], layout: Layout, placement: ResultPlacement) -> Iterator[bytes]:
    """Streams the worksheet's XML with the results in it; `chunks` are the XML that was surveyed.

    Header texts take the style of the header row's last cell, results one like that of their row's last
    cell. Results for a row that the XML leaves out get a row of their own.
    """
    survey = layout.survey
    writer = _Writer(layout, placement)
    stream = parts(chunks, survey.grammar)
    for part, xml in stream:
        match part:
            case Part.HEAD:
                yield writer.head(xml)
            case Part.ROWS:
                yield writer.rows(xml)
            case Part.TAIL:
                yield writer.end_of_rows()
                tail = chain([xml], (more for _, more in stream))
                if survey.filter is not None and layout.filter is not None:
                    tail = chain(with_filter(tail, old=survey.filter, new=layout.filter))
                yield from tail


class _Writer:
    """Knows what to write where, while the parts of a worksheet pass by in order."""

    def __init__(self, layout: Layout, placement: ResultPlacement) -> None:
        self._layout = layout
        self._survey = survey = layout.survey
        self._grammar = survey.grammar
        self._prefix = survey.grammar.prefix
        self._placement = placement
        self._xml = CellWriter(self._prefix, layout.styles)
        self._openings = self._xml.openings(placement.positions)
        self._body_letters = [column_letters(column).encode() for column in placement.positions]
        new = placement.new_columns()
        texts = tuple(new.values())
        self._header = _Band(tuple(new), self._xml.openings(tuple(new)), texts, header=True)
        self._header_row = layout.header_row if new else None  # None once it is written
        # Where no cell stands in or behind the result columns, rows need not be taken apart.
        self._all_behind = not survey.row_extensions and survey.full_width <= min(
            placement.positions, default=0
        )
        self._last_row = 0
        self._end_of_rows = b""

    def head(self, xml: bytes) -> bytes:
        """The XML up to the rows, with the dimension widened, widths for new columns, and sheetData open."""
        sheet_data = xml.rfind(b"<")
        before, tag = xml[:sheet_data], xml[sheet_data:]
        if tag.endswith(b"/>"):
            tag = tag[:-2].rstrip() + b">"
            self._end_of_rows = b"</" + self._prefix + b"sheetData>"
        before = with_dimension(before, width=self._placement.width, last_row=self._survey.last_row)
        return with_column_widths(before, self._grammar, self._layout.widths) + tag

    def rows(self, block: bytes) -> bytes:
        """A block of rows with the results in it."""
        written: list[bytes] = []
        copied = 0
        for row in rows(block, self._grammar, last_number=self._last_row):
            due = self._due_row()
            missing = self._missing_rows(before=row.number) if due is not None and due < row.number else b""
            self._last_row = row.number
            band = self._band(row.number)
            if missing:
                written += (block[copied : row.start], missing)
                copied = row.start
            if band is None:
                continue
            tag = block[row.start : row.tag_end]
            if row.self_closed:
                opened = _SPANS.sub(b"", tag[:-2].rstrip()) + b">"
                looks = repeat(self._beside(band, None))
                new = self._xml.row(row.number, band.openings, band.cells, looks)
                written += (block[copied : row.start], opened, new, b"</%srow>" % self._prefix)
                copied = row.end
                continue
            if b"spans" in tag:
                written += (block[copied : row.start], _SPANS.sub(b"", tag))
                copied = row.tag_end
            if self._all_behind:
                looks = repeat(self._beside(band, self._last_style(block, row)))
                written += (
                    block[copied : row.content_end],
                    self._xml.row(row.number, band.openings, band.cells, looks),
                )
                copied = row.content_end
            else:
                new = self._replaced(block, row, band) or self._merged(block, row, band)
                written += (block[copied : row.tag_end], new)
                copied = row.content_end
        written.append(block[copied:])
        return b"".join(written)

    def end_of_rows(self) -> bytes:
        """What has to stand before the end tag of sheetData."""
        return self._missing_rows(before=None) + self._end_of_rows

    def _band(self, number: int) -> _Band | None:
        """What has to be written into a row, if anything."""
        if number == self._header_row:
            self._header_row = None
            return self._header
        results = self._placement.take(number)
        return _Band(self._placement.positions, self._openings, results) if results else None

    def _due_row(self) -> int | None:
        """The number of the first row that something has to be written into and was not yet."""
        due = self._placement.next_row()
        if self._header_row is None:
            return due
        return self._header_row if due is None else min(due, self._header_row)

    def _missing_rows(self, *, before: int | None) -> bytes:
        """Rows that the XML leaves out although they have results."""
        written = b""
        while (number := self._due_row()) is not None:
            if before is not None and number >= before:
                break
            if number <= self._last_row:
                raise ValueError(f"there are results for row {number}, which has its texts already")
            self._last_row = number
            band = self._band(number)
            looks = self._beside(band, None) if band else None
            new = self._xml.row(number, band.openings, band.cells, repeat(looks)) if band and looks else b""
            written += b'<%srow r="%d">%s</%srow>' % (self._prefix, number, new, self._prefix)
        return written

    def _beside(self, band: _Band, neighbour: bytes | None) -> Looks:
        """The looks of new cells beside one with a style, in digits; None for a row without cells."""
        if band.header:
            return self._xml.in_place(self._survey.header_style)
        return self._xml.beside(neighbour or b"")

    def _last_style(self, block: bytes, row: RowXml) -> bytes:
        """The style of the row's last cell."""
        start = block.rfind(b"<%sc " % self._prefix, row.tag_end, row.content_end)
        if start < 0:
            return b""
        style = STYLE.search(block, start, block.find(b">", start))
        return style.group(1) if style else b""

    def _replaced(self, block: bytes, row: RowXml, band: _Band) -> bytes | None:
        """The row's content where its last cells are exactly those in the columns of the band; else None."""
        if band.header or self._survey.row_extensions:
            return None
        start = block.find(band.openings[0].encode() + b'%d"' % row.number, row.tag_end, row.content_end)
        if start < 0:
            return None
        shapes = self._grammar.cell_shape.findall(block, start, row.content_end)
        ends = (b"</%sc>" % self._prefix, b"/>")  # so nothing else stands behind the last cell
        if [letters for letters, *_ in shapes] != self._body_letters or not block.endswith(
            ends[bool(shapes[-1][3])], start, row.content_end
        ):
            return None
        looks = [
            self._xml.in_place(style, filled=not (closed or empty)) for _, _, style, closed, empty in shapes
        ]
        return block[row.tag_end : start] + self._xml.row(row.number, band.openings, band.cells, looks)

    def _merged(self, block: bytes, row: RowXml, band: _Band) -> bytes:
        """The row's content with its results, where cells stand already in or behind their columns."""
        written: list[bytes] = []
        copied = row.tag_end
        neighbour: bytes | None = None
        waiting = deque(zip(band.columns, band.openings, band.cells, strict=True))

        def write(looks: Looks) -> None:
            _, opening, cell = waiting.popleft()
            written.append(self._xml.cell(row.number, opening, cell, looks))

        def add(before: int) -> None:
            while waiting and waiting[0][0] < before:
                if waiting[0][2] is None:
                    waiting.popleft()  # where there was no cell, no empty one is put
                else:
                    write(self._beside(band, neighbour))

        for old in self._cells_from(block, row, band.columns[0]):
            written.append(block[copied : old.start])
            add(before=old.column)
            copied = old.start
            if waiting and waiting[0][0] == old.column:
                bare_header = band.header and not old.style
                kept = self._xml.in_place(old.style, filled=old.holds_something)
                write(self._beside(band, None) if bare_header else kept)
                copied = old.end
            written.append(block[copied : old.end])
            copied = old.end
            if old.holds_something or old.column < self._survey.width:
                neighbour = old.style
        add(before=_BEHIND_ALL)
        written.append(block[copied : row.content_end])  # what may follow the cells, e.g. extLst
        return b"".join(written)

    def _cells_from(self, block: bytes, row: RowXml, column: int) -> list[Cell]:
        """The row's cells; those before `column` may be missing, where that saves taking them apart."""
        reference = b'r="%s%d"' % (column_letters(column).encode(), row.number)
        place = block.find(reference, row.tag_end, row.content_end)
        tag = block.rfind(b"<", row.tag_end, max(place, 0))
        if tag >= 0:
            found = cells(block, row, self._grammar, start=tag)
            if found and found[0].column == column:  # so it was the cell, not a text that looks like it
                return found
        return cells(block, row, self._grammar)
