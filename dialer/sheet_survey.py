"""Walks a worksheet's XML before it is rewritten: proves that it can be, and measures it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

from dialer.alike_rows import AlikeRows
from dialer.areas import Area
from dialer.sheet_outline import SheetOutline
from dialer.sheet_xml import (
    Cell,
    Grammar,
    Part,
    RowXml,
    UnsafeSheet,
    cells,
    find_grammar,
    parts,
    rows,
    well_formed,
)

_MAX_SHAPES = 10_000
_MAX_STYLES = 500  # a sheet with more kinds of last cells gets its results without their looks
_MERGED_BEYOND = 64  # columns; what is merged further out is a band across the page

# What one row looks like to the survey: the letters of its cells, which are self-closed, which are empty.
_Shape = tuple[tuple[bytes, ...], tuple[bytes, ...], tuple[bytes, ...]]


@dataclass(frozen=True, slots=True)
class SheetSurvey:
    """What has to be known of a worksheet's XML before cells are added to it."""

    grammar: Grammar
    width: int  # columns up to the last cell that holds anything, or that is merged with one
    full_width: int  # columns up to the last cell at all, even if it only has a style
    last_row: int  # 0 for a sheet without rows
    row_extensions: bool  # something else than cells stands in a row
    header_style: bytes  # the style of the header row's last cell, in digits, or nothing
    body_styles: frozenset[bytes]  # the same of the last cells of the rows below
    filter: Area | None  # of the sheet itself, not of a table
    tables: tuple[str, ...]  # identities of the sheet's relationships to its tables


@dataclass(frozen=True, slots=True)
class _Measure:
    """What the shape of a row tells."""

    width: int
    full_width: int
    holding: int  # the index of the last cell that holds something; -1 if there is none


def survey_sheet(chunks: Iterable[bytes], *, header_row: int | None) -> SheetSurvey:
    """Reads a worksheet's XML once, as a stream. Raises UnsafeSheet if rewriting it would be a risk."""
    stream = iter(well_formed(chunks))
    first = next(stream, b"")
    grammar = find_grammar(first)
    survey = _Survey(grammar, header_row)
    outline = SheetOutline(grammar.prefix, header_row=header_row)
    for part, xml in parts(chain([first], stream), grammar):
        if part is Part.ROWS:
            survey.add(xml)
        else:
            outline.feed(xml)
    return SheetSurvey(
        grammar=grammar,
        width=outline.merged_width(survey.width, beyond=_MERGED_BEYOND),
        full_width=survey.full_width,
        last_row=survey.last_row,
        row_extensions=survey.row_extensions,
        header_style=survey.header_style,
        body_styles=frozenset(survey.neighbours),
        filter=outline.filter,
        tables=tuple(outline.tables),
    )


class _Survey:
    """What the blocks of rows that were added so far have shown."""

    def __init__(self, grammar: Grammar, header_row: int | None) -> None:
        self._grammar = grammar
        self._header_row = header_row
        self._first_body_row = (header_row or 0) + 1
        self._shapes: dict[_Shape, _Measure] = {}
        self._alike: AlikeRows[_Measure] = AlikeRows(grammar)  # below the header
        self.width = self.full_width = self.last_row = 0
        self.row_extensions = False
        self.header_style = b""
        self._last_styles: set[bytes] = set()
        self._holding_styles: set[bytes] = set()

    @property
    def neighbours(self) -> set[bytes]:
        """The styles of the cells beside which results will stand."""
        beside_empty_cells = self.full_width > self.width or self.row_extensions
        return self._last_styles | (self._holding_styles if beside_empty_cells else set())

    def add(self, block: bytes) -> None:
        count = 0
        for row in rows(block, self._grammar, last_number=self.last_row):
            count += 1
            self.last_row = row.number
            measure = self._measure(block, row)
            self.width = max(self.width, measure.width)
            self.full_width = max(self.full_width, measure.full_width)
            if row.number == self._header_row:
                found = cells(block, row, self._grammar)
                self.header_style = found[measure.holding].style if found else b""
        self.row_extensions = self.row_extensions or b"extLst" in block
        if block.count(self._grammar.row_start) != count:
            raise UnsafeSheet("a row stands inside another, or something is called like a row")

    def _measure(self, block: bytes, row: RowXml) -> _Measure:
        """What a row tells whose cells are proven to be in order."""
        in_body = row.number >= self._first_body_row
        if in_body and (found := self._alike.find(block, row)):
            return found  # and its styles were kept
        shapes = self._grammar.cell_shape.findall(block, row.tag_end, row.content_end)
        if not shapes:
            return _Measure(0, 0, -1)
        letters, digits, styles, closed, empty = zip(*shapes, strict=True)
        known = None
        if set(digits) != {b"%d" % row.number}:
            measure = _measured(cells(block, row, self._grammar))  # without references, or with odd ones
        else:
            shape = (letters, closed, empty)
            known = self._shapes.get(shape)
            # Rows of one shape differ in their row number only, so the proof of one is the proof of all.
            measure = known or _measured(cells(block, row, self._grammar))
            if known is None:
                if len(self._shapes) >= _MAX_SHAPES:
                    self._shapes.clear()
                self._shapes[shape] = measure
        if in_body:
            self._keep(styles, measure)
            if known is not None:
                self._alike.learn(block, row, measure)
        return measure

    def _keep(self, styles: Sequence[bytes], measure: _Measure) -> None:
        if styles[-1] not in self._last_styles and len(self._last_styles) < _MAX_STYLES:
            self._last_styles.add(styles[-1])
        if measure.holding < 0 or styles[measure.holding] in self._holding_styles:
            return
        if len(self._holding_styles) < _MAX_STYLES:
            self._holding_styles.add(styles[measure.holding])


def _measured(found: list[Cell]) -> _Measure:
    last = next((index for index in reversed(range(len(found))) if found[index].holds_something), -1)
    return _Measure(found[last].column + 1 if last >= 0 else 0, found[-1].column + 1 if found else 0, last)
