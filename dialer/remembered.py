"""Uses the mapping that was remembered for a sheet's headers, remembers one that is given, or forgets it."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from datetime import date
from enum import Enum, auto
from pathlib import Path

from dialer.campaign import Reading
from dialer.columns import names_refusals, parse_override
from dialer.errors import UsageError
from dialer.saved_mappings import SavedMapping, SavedMappings, signature
from dialer.snapshot import Snapshot
from dialer.spreadsheet import open_table
from dialer.table import SheetHead
from dialer.understanding import understand


class Memory(Enum):
    """What is to be done about a mapping that was remembered, or should be."""

    USE = auto()
    IGNORE = auto()  # --no-saved-mapping
    SAVE = auto()  # --save-mapping


@dataclass(frozen=True, slots=True)
class Remembered:
    """How a sheet is to be read, and what has to be said about it."""

    reading: Reading
    remark: str | None = None


def with_memory(
    snapshot: Snapshot, reading: Reading, memory: Memory, *, file: Path, today: date, rehearse: bool = False
) -> Remembered:
    """The reading with the mapping that is remembered for the sheet's headers; what is given with --map wins.

    With SAVE the mapping that is given is remembered in `file`; where none is given, what was remembered is
    forgotten. With `rehearse` nothing is written. Raises UsageError for a sheet without a header, under
    which nothing can be remembered, and SheetError for one that cannot be read.
    """
    saved = SavedMappings(file)
    if memory is Memory.IGNORE or (memory is Memory.SAVE and rehearse):
        return Remembered(reading)
    if memory is Memory.SAVE and reading.mapping:
        saved.save(_signature_of(snapshot, reading), reading.mapping, today=today)
        return Remembered(reading, f"Remembered for sheets with these headers: {', '.join(reading.mapping)}.")
    known = saved.all()
    found = _find(snapshot, reading, known) if known else None
    if memory is Memory.SAVE:
        if found is None:
            return Remembered(reading, "No mapping is remembered, because no --map was given.")
        saved.forget(found.signature)
        return Remembered(
            reading, "The mapping for sheets with these headers is forgotten, because no --map was given."
        )
    return _completed(reading, found, known[found.signature]) if found else Remembered(reading)


def _signature_of(snapshot: Snapshot, reading: Reading) -> str:
    """The signature of the header in the sheet that is read."""
    with open_table(snapshot.path, encoding=reading.encoding, delimiter=reading.delimiter) as spreadsheet:
        table = understand(spreadsheet, reading, file=snapshot.source.name)
        number = table.columns.header_row
        header = next((row.cells for row in table.head.rows if row.number == number), ())
    name = signature(header)
    if name is None:
        raise UsageError(
            f"{snapshot.source.name} has no known header under which a mapping could be remembered: name its"
            " row with --header-row N, or leave --save-mapping out.",
            code="mapping_not_saved",
        )
    return name


@dataclass(frozen=True, slots=True)
class _Found:
    """Where a header stands under which something is remembered."""

    signature: str
    header_row: int
    sheet: str | None  # None where there is no other


def _find(snapshot: Snapshot, reading: Reading, known: Container[str]) -> _Found | None:
    with open_table(snapshot.path, encoding=reading.encoding, delimiter=reading.delimiter) as spreadsheet:
        heads = spreadsheet.heads
    for head in heads:
        if not _may_be_meant(head, reading.sheet):
            continue
        for row in head.rows:
            name = signature(row.cells) if reading.header_row in {None, row.number} else None
            if name is not None and name in known:
                return _Found(name, row.number, head.name if len(heads) > 1 else reading.sheet)
    return None


def _completed(reading: Reading, found: _Found, saved: SavedMapping) -> Remembered:
    given = {parse_override(text)[0] for text in reading.mapping}
    used = tuple(text for text in saved.mapping if parse_override(text)[0] not in given)
    if not used:
        return Remembered(reading)
    changes = {"mapping": (*used, *reading.mapping), "header_row": found.header_row, "sheet": found.sheet}
    remark = (
        f"The mapping remembered on {saved.saved_on} for these headers is used ({', '.join(used)});"
        " --no-saved-mapping leaves it out."
    )
    return Remembered(reading.model_copy(update=changes), remark)


def _may_be_meant(head: SheetHead, asked: str | None) -> bool:
    name = head.name or ""
    return not names_refusals(name) if asked is None else name.casefold() == asked.strip().casefold()
