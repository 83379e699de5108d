"""Walks a worksheet's XML before it is rewritten: proves that it can be, and measures it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from xml.parsers import expat

from dialer.sheet_xml import Cell, Grammar, Part, RowXml, UnsafeSheet, cells, find_grammar, parts, rows

_MAX_SHAPES = 10_000

# What one row looks like to the survey: the letters of its cells, which are self-closed, which are empty.
_Shape = tuple[tuple[bytes, ...], tuple[bytes, ...], tuple[bool, ...]]


@dataclass(frozen=True, slots=True)
class SheetSurvey:
    """What has to be known of a worksheet's XML before cells are added to it."""

    grammar: Grammar
    width: int  # columns up to the last cell that holds anything
    full_width: int  # columns up to the last cell at all, even if it only has a style
    last_row: int  # 0 for a sheet without rows
    header_style: bytes  # the attribute `s="3"` of the header row's last cell, or nothing


def survey_sheet(chunks: Iterable[bytes], *, header_row: int | None) -> SheetSurvey:
    """Reads a worksheet's XML once, as a stream. Raises UnsafeSheet if rewriting it would be a risk."""
    stream = iter(_well_formed(chunks))
    first = next(stream, b"")
    grammar = find_grammar(first)
    survey = _Survey(grammar, header_row)
    for part, xml in parts(chain([first], stream), grammar):
        if part is Part.ROWS:
            survey.add(xml)
    return SheetSurvey(grammar, survey.width, survey.full_width, survey.last_row, survey.header_style)


class _Survey:
    """What the blocks of rows that were added so far have shown."""

    def __init__(self, grammar: Grammar, header_row: int | None) -> None:
        self._grammar = grammar
        self._header_row = header_row
        self._shapes: dict[_Shape, tuple[int, int]] = {}
        self.width = self.full_width = self.last_row = 0
        self.header_style = b""

    def add(self, block: bytes) -> None:
        count = 0
        for row in rows(block, self._grammar, last_number=self.last_row):
            count += 1
            self.last_row = row.number
            width, full_width = self._widths(block, row)
            self.width = max(self.width, width)
            self.full_width = max(self.full_width, full_width)
            if row.number == self._header_row and (found := cells(block, row, self._grammar)):
                self.header_style = next(
                    (cell for cell in reversed(found) if cell.holds_something), found[-1]
                ).style
        if block.count(self._grammar.row_start) != count:
            raise UnsafeSheet("a row stands inside another, or something is called like a row")

    def _widths(self, block: bytes, row: RowXml) -> tuple[int, int]:
        """Width and full width of a row whose cells are proven to be in order."""
        shapes = self._grammar.cell_shape.findall(block, row.tag_end, row.content_end)
        if not shapes:
            return 0, 0
        letters, digits, closed, empty = zip(*shapes, strict=True)
        if set(digits) != {b"%d" % row.number}:
            return _measure(cells(block, row, self._grammar))  # cells without references, or odd ones
        shape = (letters, closed, tuple(map(bool, empty)))
        known = self._shapes.get(shape)
        if known is None:
            # Rows of one shape differ in their row number only, so the proof of one is the proof of all.
            known = _measure(cells(block, row, self._grammar))
            if len(self._shapes) >= _MAX_SHAPES:
                self._shapes.clear()
            self._shapes[shape] = known
        return known


def _measure(found: list[Cell]) -> tuple[int, int]:
    holding = [cell.column + 1 for cell in found if cell.holds_something]
    return max(holding, default=0), max((cell.column + 1 for cell in found), default=0)


def _well_formed(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Hands on the chunks; once all are through, they are proven to be what `sheet_xml` relies on."""
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = _refuse("a document type (DOCTYPE)")
    parser.StartCdataSectionHandler = _refuse("a CDATA section")
    parser.CommentHandler = _refuse_tags("a comment")
    parser.ProcessingInstructionHandler = _refuse_tags("a processing instruction")
    try:
        for chunk in chunks:
            parser.Parse(chunk, False)  # noqa: FBT003 - expat takes no keyword
            yield chunk
        parser.Parse(b"", True)  # noqa: FBT003
    except (expat.ExpatError, LookupError, ValueError) as error:  # the latter for odd encodings
        raise UnsafeSheet(f"its XML is not well-formed ({error})") from error


def _refuse(what: str) -> Callable[..., None]:
    def refuse(*_event: object) -> None:
        raise UnsafeSheet(f"its XML has {what}")

    return refuse


def _refuse_tags(what: str) -> Callable[..., None]:
    def refuse(*texts: str) -> None:
        if any("<" in text for text in texts):
            raise UnsafeSheet(f"its XML has {what} with a tag in it")

    return refuse
