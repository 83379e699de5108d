"""What dialer adds to a sheet: a few columns and, for some rows, their cells."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from operator import itemgetter
from pathlib import Path

from dialer.table import Format

ResultCell = str | bool | int | float | None

# What makes a spreadsheet take a cell for a formula, also in full-width forms.
DANGEROUS_STARTS = "=+-@\t\r\n\0\uff1d\uff0b\uff0d\uff20"
_PHONE = re.compile(r"\+[1-9][0-9]{6,14}")


@dataclass(frozen=True, slots=True)
class ResultTable:
    """The result columns and the rows that have results; a row that is not named gets nothing."""

    names: tuple[str, ...]  # header texts, in the order in which the columns stand
    # (Excel's row number, cells in the order of `names`), by ascending row
    cells: Iterable[tuple[int, tuple[ResultCell, ...]]]
    # The name -> position (0 is A) of result columns that the sheet has already, because it is a report fed
    # back: they are updated where they stand. All others are added after the widest row.
    existing: Mapping[str, int] = field(default_factory=dict)
    widths: Mapping[str, int] = field(default_factory=dict)  # name -> width in characters, where it matters
    neutralise: bool = False  # make the user's own cells harmless as well


@dataclass(frozen=True, slots=True)
class WrittenReport:
    """What became of the sheet that was handed back."""

    path: Path
    format: Format  # of the report, not of the source
    columns: Mapping[str, int]  # every result column's name -> position, 0 is A
    rows: int  # how many rows got results
    fallback_reason: str | None = None  # why an Excel sheet came back as a plain new workbook
    remarks: tuple[str, ...] = ()  # sentences for whoever gets the report


class ResultPlacement:
    """Knows where each result cell goes, and hands out the rows' results as a walk over the sheet meets
    the rows.

    `width` is the number of columns the sheet has; `columns` are every result column's name and position,
    `positions` the positions in ascending order. Raises ValueError for results that name a row twice,
    out of order, or with another number of cells than there are names: a fault of the caller.
    """

    def __init__(self, results: ResultTable, *, width: int) -> None:
        added = [name for name in results.names if name not in results.existing]
        self.columns = {name: results.existing.get(name, -1) for name in results.names}
        self.columns |= {name: width + index for index, name in enumerate(added)}
        self.rows = 0
        self._new = frozenset(added)
        # (position, index in `names`) of every result column, by ascending position
        order = sorted((column, index) for index, column in enumerate(self.columns.values()))
        self.positions = tuple(column for column, _ in order)
        indices = [index for _, index in order]
        self._in_order = None if indices == sorted(indices) else itemgetter(*indices)
        self._walk = _checked(results)
        self._next = next(self._walk, None)

    @property
    def width(self) -> int:
        """How many columns the sheet has once the result columns stand."""
        return max(self.columns.values(), default=-1) + 1

    def new_columns(self) -> dict[int, str]:
        """Position -> header text of the columns that are new, by ascending position."""
        return dict(sorted((column, name) for name, column in self.columns.items() if name in self._new))

    def next_row(self) -> int | None:
        """The number of the next row that has results."""
        return None if self._next is None else self._next[0]

    def take(self, row: int) -> tuple[ResultCell, ...] | None:
        """A row's results in the order of `positions`, or None if it has none. Ask for ascending rows."""
        if self._next is None or self._next[0] > row:
            return None
        number, cells = self._next
        if number < row:
            raise ValueError(f"there are results for row {number}, which the sheet does not have")
        self._next = next(self._walk, None)
        self.rows += 1
        return cells if self._in_order is None else self._in_order(cells)

    def rest(self) -> Iterator[tuple[int, tuple[ResultCell, ...]]]:
        """The results of all rows that were not taken yet, each with the row's number."""
        while self._next is not None:
            number, cells = self._next
            self._next = next(self._walk, None)
            self.rows += 1
            yield number, cells if self._in_order is None else self._in_order(cells)

    def finish(self) -> None:
        """Raises ValueError if results are left for rows that the walk did not meet."""
        if self._next is not None:
            raise ValueError(f"there are results for row {self._next[0]}, which the sheet does not have")


def harmless(text: str) -> str:
    """Makes a text that dialer adds to a CSV file safe to open: what a spreadsheet would take for a formula
    gets an apostrophe in front (CWE-1236, OWASP "CSV Injection").

    A strict E.164 number stays bare: it cannot be code, and has to be readable again.
    """
    if text.startswith(tuple(DANGEROUS_STARTS)) and not _PHONE.fullmatch(text):
        return "'" + text
    return text


def _checked(results: ResultTable) -> Iterator[tuple[int, tuple[ResultCell, ...]]]:
    last = 0
    for row, cells in results.cells:
        if row <= last or len(cells) != len(results.names):
            raise ValueError(f"results for row {row} after row {last}: {len(cells)} cells")
        last = row
        yield row, cells
