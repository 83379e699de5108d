"""`dialer suppress`: people on the do-not-call list of a ledger, and off it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from itertools import islice

from dialer import suppressions
from dialer.access import known_ledger, open_ledger
from dialer.cells import line
from dialer.columns import Columns, find_columns, lead_score
from dialer.do_not_call import Entry, Kind, read_entry, write_entry
from dialer.errors import SheetError, UsageError
from dialer.facts import hash_key
from dialer.headers import Field
from dialer.ledger import Ledger
from dialer.phones import region_of
from dialer.printable import clean
from dialer.result_table import harmless
from dialer.settings import Place
from dialer.snapshot import taken
from dialer.spreadsheet import open_table
from dialer.table import Row, a1

COLUMNS = ("phone", "reason", "added_at")  # of the list as it is printed; it can be imported again
_BATCH = 1000
_CELLS_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Unread:
    """A cell of an imported list that is no entry."""

    cell: str
    message: str


@dataclass(slots=True)
class Listed:
    """What came of putting entries on the list."""

    ledger: str
    added: int = 0
    known: int = 0  # were on it already
    unread: list[Unread] = field(default_factory=list)

    def as_json(self) -> dict[str, object]:
        """The object of `suppress add --json` and `suppress import --json`."""
        return asdict(self)

    def sentences(self) -> list[str]:
        """What a person is told."""
        known = f" {self.known:,} were on it already." if self.known else ""
        lines = [f"On the do-not-call list of {self.ledger}: {self.added:,} more.{known}"]
        if self.unread:
            lines += [f"{each.cell}: {each.message}" for each in self.unread[:_CELLS_SHOWN]]
            cells = "1 cell" if len(self.unread) == 1 else f"{len(self.unread):,} cells"
            lines.append(
                f"{cells} could not be read, and keep nobody from being called: mend them, and import the "
                "file again."
            )
        return lines


def add(place: Place, texts: Sequence[str], *, reason: str | None, region: str | None) -> Listed:
    """Put these numbers, first digits or hashes on the list; none of them if one cannot be read.

    Raises UsageError for that one.
    """
    with open_ledger(place, place.base_url) as opened, opened.ledger.transaction() as connection:
        key = hash_key(connection)
        entries = [_entry(text, region=region, key=key) for text in texts]
        why = clean(reason) or None
        added = suppressions.add(connection, entries, reason=why, now=opened.ledger.clock())
        return Listed(str(opened.shown_path), added, len(entries) - added)


def remove(place: Place, texts: Sequence[str], *, region: str | None) -> int:
    """Take these off the list, all of them or none; gives how many there were.

    Raises UsageError for one that is not on it, and names what still covers the number.
    """
    with open_ledger(place, place.base_url) as opened, opened.ledger.transaction() as connection:
        key = hash_key(connection)
        for text in texts:
            entry = _entry(text, region=region, key=key)
            removed = suppressions.remove(connection, entry)
            number = entry.value if entry.kind is Kind.NUMBER else ""
            covering = suppressions.suppression_of(connection, number)
            if covering is not None:
                by = write_entry(covering.entry, key=key)
                raise UsageError(
                    f"{clean(text)} is covered by {by}: `dialer suppress remove {by}` takes that off.",
                    code="still_suppressed",
                )
            if not removed:
                raise UsageError(
                    f"{clean(text)} is not on the do-not-call list of {opened.shown_path}.",
                    code="not_suppressed",
                )
    return len(texts)


def import_list(place: Place, file: str, *, reason: str | None, region: str | None) -> Listed:
    """Put a whole file on the list: a sheet with phone columns, or one entry to a line.

    What cannot be read is told in `unread`, and all the rest counts. Raises SheetError for a file that
    cannot be read at all.
    """
    with (
        taken(file) as snapshot,
        open_table(snapshot.path) as spreadsheet,
        open_ledger(place, place.base_url) as opened,
    ):
        head = max(spreadsheet.heads, key=lambda each: lead_score(each.rows))
        with opened.ledger.reading() as connection:
            key = hash_key(connection)
        why = clean(reason) or clean(f"imported from {snapshot.source.name}")
        reader = _Reader(_columns(head.rows), region, key, why)
        listed = Listed(str(opened.shown_path))
        rows = reader.below_header(spreadsheet.rows(head.name))
        while batch := list(islice(rows, _BATCH)):
            _put(opened.ledger, reader.read(batch, listed), listed)
        return listed


def write_list(place: Place) -> Iterator[str]:
    """The list as lines of CSV with a header, which `dialer suppress import` reads again."""
    yield _csv(COLUMNS)
    for found, text in _all(place):
        yield _csv((text, harmless(found.reason or ""), found.added_at))


def list_as_json(place: Place) -> dict[str, object]:
    """The object of `suppress list --json`."""
    return {
        "suppressions": [
            {
                "entry": text,
                "kind": found.entry.kind.value,
                "reason": found.reason,
                "added_at": found.added_at,
            }
            for found, text in _all(place)
        ]
    }


def _all(place: Place) -> Iterator[tuple[suppressions.Suppression, str]]:
    if known_ledger(place) is None:
        return
    with open_ledger(place, place.base_url) as opened, opened.ledger.reading() as connection:
        key = hash_key(connection)
        for found in suppressions.all_suppressions(connection):
            yield found, write_entry(found.entry, key=key)


def _entry(text: str, *, region: str | None, key: bytes) -> Entry:
    entry = read_entry(text, region=region, key=key)
    if isinstance(entry, str):
        raise UsageError(f"{clean(text)!r} cannot be put on the list or off it. {entry}", code="no_entry")
    return entry


def _columns(head: Sequence[Row]) -> Columns | None:
    """The columns of a sheet of people; None for a plain list."""
    try:
        return find_columns(head)
    except SheetError:
        return None


@dataclass(frozen=True, slots=True)
class _Reader:
    """Everything that reading one row of a list takes."""

    columns: Columns | None
    region: str | None
    key: bytes
    reason: str  # for rows that give none

    def below_header(self, rows: Iterable[Row]) -> Iterator[Row]:
        """The rows that hold entries; in a plain list `#` begins a remark."""
        first = self.columns.first_data_row if self.columns else 1
        plain = self.columns is None
        return (r for r in rows if r.number >= first and not (plain and r.cell(0).lstrip().startswith("#")))

    def read(self, rows: Iterable[Row], listed: Listed) -> list[tuple[Entry, str]]:
        """The entries of these rows with their reasons; what is none goes to `listed.unread`."""
        found: list[tuple[Entry, str]] = []
        for row in rows:
            for position in self.columns.phones if self.columns else (0,):
                text = line(row.cell(position))
                if not text:
                    continue
                entry = read_entry(text, region=self._region(row), key=self.key)
                if isinstance(entry, str):
                    listed.unread.append(Unread(a1(row.number, position), entry))
                else:
                    found.append((entry, self._reason(row)))
        return found

    def _region(self, row: Row) -> str | None:
        country = self.columns.fields.get(Field.COUNTRY) if self.columns else None
        named = region_of(row.cell(country)) if country is not None and row.cell(country) else None
        return named or self.region

    def _reason(self, row: Row) -> str:
        names = [header.strip().casefold() for header in self.columns.headers] if self.columns else []
        own = line(row.cell(names.index("reason"))) if tuple(names) == COLUMNS else ""
        return own or self.reason


def _put(ledger: Ledger, entries: Sequence[tuple[Entry, str]], listed: Listed) -> None:
    by_reason: dict[str, list[Entry]] = {}
    for entry, reason in entries:
        by_reason.setdefault(reason, []).append(entry)
    with ledger.transaction() as connection:
        for reason, several in by_reason.items():
            added = suppressions.add(connection, several, reason=reason, now=ledger.clock())
            listed.added += added
            listed.known += len(several) - added


def _csv(cells: Sequence[str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(cells)
    return text.getvalue()
