"""Writes result cells into a worksheet's XML, after `sheet_survey` has proven that this is safe."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from dialer.result_table import ResultCell, ResultPlacement
from dialer.sheet_survey import SheetSurvey
from dialer.sheet_xml import Cell, Part, RowXml, cells, letters_to_column, parts, rows
from dialer.table import column_letters

MAX_CELL_CHARACTERS = 32_767
_RESULT_WIDTH = 18  # in characters, as Excel measures columns
_SPANS = re.compile(rb"""\sspans\s*=\s*["'][^"']*["']""")
_SIMPLE_TEXT = re.compile(r"(?:[0-9A-Za-z+:.-]|_(?!x))+(?: (?:[0-9A-Za-z+:.,()-]|_(?!x))+)*")
_ESCAPE_LIKE = re.compile("_(?=x[0-9A-Fa-f]{4}_)")
_UNSPEAKABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_SURROGATE = re.compile("[\ud800-\udfff]")

_Placed = Sequence[tuple[int, ResultCell]]


def rewrite_sheet(
    chunks: Iterable[bytes],
    *,
    survey: SheetSurvey,
    header_row: int | None,
    placement: ResultPlacement,
) -> Iterator[bytes]:
    """Streams the worksheet's XML with the results in it; `chunks` are the XML that was surveyed.

    Header texts take the style of the header row's last cell, results the default style. Results for a row
    that the XML leaves out get a row of their own.
    """
    writer = _Writer(survey, header_row, placement)
    tail_begun = False
    for part, xml in parts(chunks, survey.grammar):
        match part:
            case Part.HEAD:
                yield writer.head(xml)
            case Part.ROWS:
                yield writer.rows(xml)
            case Part.TAIL:
                if not tail_begun:
                    yield writer.end_of_rows()
                    tail_begun = True
                yield xml


def cell_text(text: str) -> str:
    """The text as an Excel cell can hold it: at most 32,767 characters, and what XML cannot say escaped as
    Excel does it, `_x001B_` (ECMA-376 part 1, 22.9.2.19, ST_Xstring)."""
    text = _ESCAPE_LIKE.sub("_x005F_", text[:MAX_CELL_CHARACTERS])
    text = _UNSPEAKABLE.sub(lambda match: f"_x{ord(match.group()):04X}_", text)
    return _SURROGATE.sub("\ufffd", text)[:MAX_CELL_CHARACTERS]


class _Writer:
    """Knows what to write where, while the parts of a worksheet pass by in order."""

    def __init__(self, survey: SheetSurvey, header_row: int | None, placement: ResultPlacement) -> None:
        self._survey = survey
        self._grammar = survey.grammar
        self._prefix = survey.grammar.prefix
        self._placement = placement
        self._header = placement.header()
        self._header_row = header_row if self._header else None  # None once it is written
        self._letters = {column: column_letters(column).encode() for column in placement.columns.values()}
        self._last_row = 0
        self._end_of_rows = b""

    def head(self, xml: bytes) -> bytes:
        """The XML up to the rows, with the dimension widened, widths for new columns, and sheetData open."""
        sheet_data = xml.rfind(b"<")
        before, tag = self._dimension(xml[:sheet_data]), xml[sheet_data:]
        if tag.endswith(b"/>"):
            tag = tag[:-2].rstrip() + b">"
            self._end_of_rows = b"</" + self._prefix + b"sheetData>"
        return self._column_widths(before) + tag

    def rows(self, block: bytes) -> bytes:
        """A block of rows with the results in it."""
        written: list[bytes] = []
        copied = 0
        for row in rows(block, self._grammar, last_number=self._last_row):
            missing = self._missing_rows(before=row.number)
            self._last_row = row.number
            placed = self._placed(row.number)
            if not missing and not placed:
                continue
            written += (block[copied : row.start], missing)
            copied = row.start
            if placed:
                written.append(self._with_cells(block, row, placed))
                copied = row.end
        written.append(block[copied:])
        return b"".join(written)

    def end_of_rows(self) -> bytes:
        """What has to stand before the end tag of sheetData."""
        return self._missing_rows(before=None) + self._end_of_rows

    def _placed(self, number: int) -> _Placed | None:
        if number == self._header_row:
            self._header_row = None
            return self._header
        return self._placement.take(number)

    def _missing_rows(self, *, before: int | None) -> bytes:
        """Rows that the XML leaves out although they have results."""
        written = b""
        while numbers := [n for n in (self._header_row, self._placement.next_row()) if n is not None]:
            number = min(numbers)
            if before is not None and number >= before:
                break
            if number <= self._last_row:
                raise ValueError(f"there are results for row {number}, which has its texts already")
            self._last_row = number
            new = b"".join(
                self._cell(number, column, cell, b"") for column, cell in self._placed(number) or ()
            )
            written += b'<%srow r="%d">%s</%srow>' % (self._prefix, number, new, self._prefix)
        return written

    def _with_cells(self, block: bytes, row: RowXml, placed: _Placed) -> bytes:
        """The row with its results, in the order of columns."""
        tag = _SPANS.sub(b"", block[row.start : row.tag_end])
        content = block[row.tag_end : row.content_end]
        end_tag = block[row.content_end : row.end]
        if row.self_closed:
            tag = tag[:-2].rstrip() + b">"
            end_tag = b"</" + self._prefix + b"row>"
        style = self._survey.header_style if placed is self._header else b""
        if placed[0][0] >= self._survey.full_width and b"extLst" not in content:
            content += b"".join([self._cell(row.number, column, cell, style) for column, cell in placed])
        else:
            content = self._merged(block, row, placed, style)
        return tag + content + end_tag

    def _merged(self, block: bytes, row: RowXml, placed: _Placed, style: bytes) -> bytes:
        """The row's content with its results, where cells stand already in or behind their columns."""
        written: list[bytes] = []
        copied = row.tag_end
        waiting = list(placed)
        for old in self._cells_from(block, row, placed[0][0]):
            written.append(block[copied : old.start])
            copied = old.start
            while waiting and waiting[0][0] < old.column:
                column, cell = waiting.pop(0)
                written.append(self._cell(row.number, column, cell, style))
            if waiting and waiting[0][0] == old.column:
                column, cell = waiting.pop(0)
                # A number in a place that was only styled might be shown as a date, so it does without.
                kept = b"" if type(cell) is int and not old.holds_something else old.style
                written.append(self._cell(row.number, column, cell, kept or style))
                copied = old.end
            written.append(block[copied : old.end])
            copied = old.end
        written += [self._cell(row.number, column, cell, style) for column, cell in waiting]
        written.append(block[copied : row.content_end])  # what may follow the cells, e.g. extLst
        return b"".join(written)

    def _cells_from(self, block: bytes, row: RowXml, column: int) -> list[Cell]:
        """The row's cells; those before `column` may be missing, where that saves taking them apart."""
        reference = b'r="%s%d"' % (self._letters[column], row.number)
        place = block.find(reference, row.tag_end, row.content_end)
        tag = block.rfind(b"<", row.tag_end, max(place, 0))
        if tag >= 0:
            found = cells(block, row, self._grammar, start=tag)
            if found and found[0].column == column:  # so it was the cell, not a text that looks like it
                return found
        return cells(block, row, self._grammar)

    def _cell(self, row: int, column: int, cell: ResultCell, style: bytes) -> bytes:
        """A cell's XML; nothing for an empty one, except that a styled place keeps its style."""
        p = self._prefix
        opening = b'<%sc r="%s%d"' % (p, self._letters[column], row)
        if style:
            opening += b" " + style
        if cell is None:
            return opening + b"/>" if style else b""
        if isinstance(cell, bool):
            return b'%s t="b"><%sv>%d</%sv></%sc>' % (opening, p, cell, p, p)
        if isinstance(cell, int):
            return b"%s><%sv>%d</%sv></%sc>" % (opening, p, cell, p, p)
        # An inline string is never a formula, whatever it begins with.
        return b'%s t="inlineStr"><%sis><%st%s</%st></%sis></%sc>' % (opening, p, p, _text_xml(cell), p, p, p)

    def _dimension(self, xml: bytes) -> bytes:
        cell = rb"([A-Z]{1,3})([0-9]{1,7})"
        pattern = rb"""(<%sdimension\s[^<>]*?ref\s*=\s*["'])%s(?::%s)?(["'])"""
        found = re.search(pattern % (re.escape(self._prefix), cell, cell), xml)
        if found is None:
            return xml
        opening, left, top, right, bottom, closing = found.groups()
        last_column = max(letters_to_column(right or left), self._placement.width - 1)
        last_row = max(int(bottom or top), self._survey.last_row)
        range_end = f"{column_letters(last_column)}{last_row}".encode()
        widened = opening + left + top + b":" + range_end + closing
        return xml[: found.start()] + widened + xml[found.end() :]

    def _column_widths(self, xml: bytes) -> bytes:
        """A width for the new columns, unless the sheet says something of columns there already."""
        if not self._header:
            return xml
        p = self._prefix
        first, last = self._header[0][0] + 1, self._header[-1][0] + 1
        column = b'<%scol min="%d" max="%d" width="%d" customWidth="1"/>' % (p, first, last, _RESULT_WIDTH)
        described = re.findall(rb"""<%scol\s[^<>]*?max\s*=\s*["']([0-9]{1,7})["']""" % re.escape(p), xml)
        if not described:
            return b"%s<%scols>%s</%scols>" % (xml, p, column, p)
        end = xml.rfind(b"</%scols" % p)
        if max(map(int, described)) >= first or end < 0:
            return xml
        return xml[:end] + column + xml[end:]


def _text_xml(text: str) -> bytes:
    """What stands between `<t` and `</t>`; ASCII alone, so that it is right in whatever encoding."""
    if _SIMPLE_TEXT.fullmatch(text) and len(text) <= MAX_CELL_CHARACTERS:
        return b">" + text.encode()
    escaped = cell_text(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    kept = b' xml:space="preserve">' if escaped != escaped.strip() or "\n" in escaped else b">"
    return kept + escaped.replace("\r", "&#13;").encode("ascii", "xmlcharrefreplace")
