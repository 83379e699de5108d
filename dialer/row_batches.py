"""The rows of a sheet become readings, so many at a time as memory takes whatever they hold."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path
from typing import Any

from dialer.columns import Columns
from dialer.evidence import fingerprint
from dialer.leads import Lead, RowProblem, RowReader, RowReading, Verdict
from dialer.phones import Tier
from dialer.table import Row
from dialer.templates import Templates

# What `Batch.plainly` gives: nothing but texts, numbers and tuples.
Plain = tuple[list[tuple[Any, ...]], dict[int, int | None], int, dict[str, str], int]

_MANY_OBJECTS = 500_000  # a few times what two batches hold; some 50 MB
_IN_ORDER = attrgetter("code", "column", "cell", "value", "message")  # of a `RowProblem`
_VERDICTS = {verdict.value: verdict for verdict in Verdict}
_TIERS = {tier.value: tier for tier in Tier}


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much a batch may hold."""

    rows: int
    weight: int  # bytes, roughly


@dataclass(slots=True)
class Batch:
    """Rows that were read, one after the other."""

    readings: list[RowReading] = field(default_factory=list)
    fingerprints: dict[int, int | None] = field(default_factory=dict)  # by row number
    rows: list[Row] = field(default_factory=list)  # of a report, whose own columns tell of calls; else none
    hidden: int = 0  # rows that nobody sees, whether they were left out or not
    samples: dict[str, str] = field(default_factory=dict)  # the first values of fields not met before
    weight: int = 0

    def take(self, other: Batch) -> None:
        """Add the rows of the batch that follows."""
        self.readings += other.readings
        self.fingerprints |= other.fingerprints
        self.rows += other.rows
        self.hidden += other.hidden
        self.samples |= other.samples
        self.weight += other.weight

    def plainly(self) -> Plain:
        """The batch of a sheet that is no report, as any format of data can carry it."""
        told = [
            (
                row,
                str(verdict),
                cell,
                lead and (*lead[:2], str(lead.tier), *lead[3:]),
                tuple(map(_IN_ORDER, problems)) if problems else (),
            )
            for row, verdict, cell, lead, problems in self.readings
        ]
        return told, self.fingerprints, self.hidden, self.samples, self.weight

    @classmethod
    def from_plain(cls, plain: Plain) -> Batch:
        """The batch that `plainly` told of."""
        told, fingerprints, hidden, samples, weight = plain
        readings = [
            RowReading(
                row,
                _VERDICTS[verdict],
                cell,
                Lead(lead[0], lead[1], _TIERS[lead[2]], *lead[3:]) if lead else None,
                tuple(RowProblem(*problem) for problem in problems) if problems else (),
            )
            for row, verdict, cell, lead, problems in told
        ]
        return cls(readings, fingerprints, hidden=hidden, samples=samples, weight=weight)


@dataclass(frozen=True, slots=True)
class Way:
    """Everything that reading the rows of one table takes."""

    columns: Columns
    templates: Templates
    sheet: str | None  # its name, as sentences mention it
    region: str | None
    visible_only: bool
    marking: bool  # whether the next load will ask whose row it was

    def unseen(self) -> dict[str, int]:
        """Every field with the position of its column: of none a value is known yet."""
        phones = enumerate(self.columns.phones, start=1)
        named = {("phone" if number == 1 else f"phone_{number}"): at for number, at in phones}
        return named | {each.value: at for each, at in self.columns.fields.items()}

    def batches(
        self, rows: Iterable[Row], unseen: dict[str, int], *, sizes: Sizes, after: int = 0
    ) -> Iterator[Batch]:
        """The readings of all rows behind row `after` that can hold a lead.

        `unseen` loses the fields that a batch has a sample of. All that is asked of a row's cells is asked at
        once: later they are cold, and take twice as long.
        """
        columns = self.columns
        first = max(columns.first_data_row, after + 1)
        read = RowReader(columns, sheet=self.sheet, region=self.region, templates=self.templates).read
        batch = Batch()
        for row in rows:
            if row.number < first or row.blank:
                continue
            if row.hidden:
                batch.hidden += 1
                if self.visible_only:
                    continue
            batch.readings.append(read(row))
            if self.marking:
                batch.fingerprints[row.number] = fingerprint(row, columns)
            if columns.results:
                batch.rows.append(row)
            if unseen:
                _take_samples(row, unseen, batch.samples)
            batch.weight += 64 * len(row.cells) + sum(map(len, row.cells))
            if len(batch.readings) == sizes.rows or batch.weight > sizes.weight:
                yield batch
                batch = Batch()
        if batch.readings or batch.hidden:
            yield batch


@dataclass(frozen=True, slots=True)
class Job:
    """A delimited text to be read in another process."""

    path: Path
    encoding: str | None  # the user's own choice, and so is the delimiter
    delimiter: str | None
    way: Way


@contextmanager
def few_collections() -> Iterator[None]:
    """Lets the garbage collector rest as long as rows come and go: they hold no cycles, and looking for some
    in every batch took a quarter of the time. What has cycles all the same is found once it is much."""
    before = gc.get_threshold()
    gc.set_threshold(_MANY_OBJECTS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _take_samples(row: Row, unseen: dict[str, int], samples: dict[str, str]) -> None:
    """Note the values of fields that no row before had, which are `unseen` no more."""
    for name, position in list(unseen.items()):
        value = row.cell(position).strip()
        if value:
            samples[name] = value
            del unseen[name]
