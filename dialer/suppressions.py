"""Whom this ledger never calls: its do-not-call list, and what it means for a sheet and for a call."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, bindparam, text

from dialer.do_not_call import FORGOTTEN, LONGEST_E164, Entry, Kind, keyed_hash, plain_hash, prefixes
from dialer.facts import HASH_KEY, count_revision, hash_key, take_key
from dialer.leads import RowProblem, RowReading, Verdict
from dialer.ledger import time_text
from dialer.ledger_file import looked_at
from dialer.printable import clean

# For the statement that claims a lead: each value is looked up by the index of (kind, value).
_PREFIXES = [f"prefix_{place}" for place in range(LONGEST_E164 - 1)]
SUPPRESSED = f"""
    EXISTS (SELECT 1 FROM suppressions AS s WHERE (s.kind = 'number' AND s.value = :e164)
               OR (s.kind = 'prefix' AND s.value IN ({", ".join(f":{name}" for name in _PREFIXES)}))
               OR (s.kind = 'hash' AND s.value IN (:keyed_hash, :plain_hash)))"""  # noqa: S608 - constants

SELECT_ANY = text("SELECT 1 FROM suppressions LIMIT 1")
SELECT_AMONG = text(
    "SELECT kind, value, reason, added_at FROM suppressions WHERE kind = :kind AND value IN :values"
).bindparams(bindparam("values", expanding=True))
SELECT_ALL = text("SELECT kind, value, reason, added_at FROM suppressions ORDER BY suppression_id")
INSERT_SUPPRESSION = text(
    "INSERT INTO suppressions (kind, value, reason, added_at) VALUES (:kind, :value, :reason, :now)"
    " ON CONFLICT (kind, value) DO NOTHING"
)
DELETE_SUPPRESSION = text("DELETE FROM suppressions WHERE kind = :kind AND value = :value")
SUPPRESS_LEAD = text(
    "UPDATE leads SET suppressed = TRUE WHERE lead_id = :lead_id AND state IN ('due', 'failed')"
)
SUPPRESS_ROW_OF_LEAD = text(
    "UPDATE rows SET verdict = 'suppressed', problems = :problems WHERE verdict IN ('callable', 'assumed')"
    " AND load_id = (SELECT load_id FROM leads WHERE lead_id = :lead_id)"
    " AND row = (SELECT row FROM leads WHERE lead_id = :lead_id)"
)
# Who says "do not call" in the sheet itself; what says it unclearly is about that sheet only.
SELECT_OPT_OUTS = text(
    "SELECT DISTINCT e164 FROM rows WHERE load_id = :load_id AND verdict = 'suppressed'"
    """ AND e164 IS NOT NULL AND problems LIKE '%"code": "do_not_call",%'"""
)

FORGOTTEN_MESSAGE = "This person asked to be forgotten: nothing about them is kept, and they are not called."
_FORGOTTEN_CODE = "forgotten"
_AT_ONCE = 10_000  # values in one statement


@dataclass(frozen=True, slots=True)
class Suppression:
    """An entry of the list with what is known of it."""

    entry: Entry
    reason: str | None
    added_at: str  # as `ledger.time_text` writes it

    @property
    def forgotten(self) -> bool:
        """True for the mark that `dialer forget` leaves."""
        return self.reason == FORGOTTEN and self.entry.kind is Kind.HASH

    def problem(self, e164: str, cell: str | None) -> RowProblem:
        """What is said of a row that the entry covers; of somebody forgotten it says nothing."""
        if self.forgotten:
            return RowProblem(_FORGOTTEN_CODE, None, cell, "", FORGOTTEN_MESSAGE)
        way_out = f"{self.entry.value}*" if self.entry.kind is Kind.PREFIX else e164
        message = (
            f"This number is on the do-not-call list of this ledger{why(self)}, so this person is not "
            f"called: `dialer suppress remove {way_out}` takes it off."
        )
        return RowProblem("suppressed", None, cell, e164, message)


def why(suppression: Suppression) -> str:
    """The reason in brackets, or nothing."""
    return f" ({clean(suppression.reason)})" if suppression.reason else ""


def claim_values(connection: Connection, e164: str) -> dict[str, str]:
    """What `SUPPRESSED` binds for a number."""
    key = hash_key(connection)
    begins = prefixes(e164)[: len(_PREFIXES)]
    begins += [e164] * (len(_PREFIXES) - len(begins))
    hashes = {"keyed_hash": keyed_hash(e164, key), "plain_hash": plain_hash(e164)}
    return dict(zip(_PREFIXES, begins, strict=True)) | hashes | {"e164": e164}


def suppressed_among(connection: Connection, numbers: Collection[str]) -> dict[str, Suppression]:
    """Of these numbers those that are never called, each with the entry that says most about it."""
    if not numbers or connection.execute(SELECT_ANY).first() is None:
        return {}
    key = hash_key(connection)
    covering: dict[tuple[Kind, str], list[str]] = {}
    for e164 in numbers:
        covering.setdefault((Kind.NUMBER, e164), []).append(e164)
        for value in (keyed_hash(e164, key), plain_hash(e164)):
            covering.setdefault((Kind.HASH, value), []).append(e164)
        for value in prefixes(e164):
            covering.setdefault((Kind.PREFIX, value), []).append(e164)
    found: dict[str, Suppression] = {}
    for kind in (Kind.PREFIX, Kind.NUMBER, Kind.HASH):  # what comes later wins: the mark of the forgotten
        values = [value for of, value in covering if of is kind]
        for suppression in _select(connection, kind, values):
            for e164 in covering[kind, suppression.entry.value]:
                found[e164] = suppression
    return found


def suppression_of(connection: Connection, e164: str) -> Suppression | None:
    """The entry that keeps a number from being called, or None."""
    return suppressed_among(connection, [e164]).get(e164)


def applied(connection: Connection, readings: Sequence[RowReading]) -> list[RowReading]:
    """The rows of a sheet with those suppressed whom this ledger never calls.

    Of somebody forgotten nothing is left but the row: neither number nor name may be stored again.
    """
    numbers = {reading.lead.phone for reading in readings if reading.lead is not None}
    found = suppressed_among(connection, numbers)
    if not found:
        return list(readings)
    return [
        _suppressed(reading, found[reading.lead.phone])
        if reading.lead is not None and reading.lead.phone in found
        else reading
        for reading in readings
    ]


def _suppressed(reading: RowReading, suppression: Suppression) -> RowReading:
    e164 = reading.lead.phone if reading.lead is not None else ""
    problem = suppression.problem(e164, reading.cell)
    if suppression.forgotten:
        return RowReading(reading.row, Verdict.SUPPRESSED, cell=reading.cell, problems=(problem,))
    return reading._replace(verdict=Verdict.SUPPRESSED, problems=(*reading.problems, problem))


def is_forgotten(reading: RowReading) -> bool:
    """True for the row of somebody who asked to be forgotten."""
    return bool(reading.problems) and reading.problems[-1].code == _FORGOTTEN_CODE


def hold_back(connection: Connection, lead_id: int, e164: str) -> bool:
    """Note that a lead which was about to be called is on the list by now, if it is."""
    suppression = suppression_of(connection, e164)
    if suppression is None:
        return False
    held = connection.execute(SUPPRESS_LEAD, {"lead_id": lead_id}).rowcount == 1
    if held:  # what has happened stays on record
        problems = json.dumps([asdict(suppression.problem(e164, None))], ensure_ascii=False)
        connection.execute(SUPPRESS_ROW_OF_LEAD, {"lead_id": lead_id, "problems": problems})
    return held


def add(connection: Connection, entries: Iterable[Entry], *, reason: str | None, now: datetime) -> int:
    """Put entries on the list; gives how many are new.

    The number of somebody forgotten is not written down again: they are on it already.
    """
    wanted = list(dict.fromkeys(entries))
    numbers = [entry.value for entry in wanted if entry.kind is Kind.NUMBER]
    marked = {e164 for e164, found in suppressed_among(connection, numbers).items() if found.forgotten}
    added = 0
    for entry in wanted:
        if entry.kind is Kind.NUMBER and entry.value in marked:
            continue
        bound = {"kind": entry.kind.value, "value": entry.value, "reason": reason, "now": time_text(now)}
        added += connection.execute(INSERT_SUPPRESSION, bound).rowcount
    if added:
        count_revision(connection)
    return added


def remove(connection: Connection, entry: Entry) -> int:
    """Take an entry off the list, and with a number its hashes; gives how many entries that were."""
    gone = [entry]
    if entry.kind is Kind.NUMBER:
        hashes = (keyed_hash(entry.value, hash_key(connection)), plain_hash(entry.value))
        gone += [Entry(Kind.HASH, value) for value in hashes]
    removed = sum(
        connection.execute(DELETE_SUPPRESSION, {"kind": each.kind.value, "value": each.value}).rowcount
        for each in gone
    )
    if removed:
        count_revision(connection)
    return removed


def all_suppressions(connection: Connection) -> Iterator[Suppression]:
    """The whole list in the order in which it came."""
    for row in connection.execution_options(yield_per=1000).execute(SELECT_ALL):
        yield _suppression(row)


def remember_opt_outs(connection: Connection, load_id: int, *, file: str, now: datetime) -> int:
    """Put on the list whoever says "do not call" in a column of this sheet; gives how many are new."""
    numbers = connection.execute(SELECT_OPT_OUTS, {"load_id": load_id}).scalars().all()
    entries = [Entry(Kind.NUMBER, e164) for e164 in numbers]
    return add(connection, entries, reason=f"opted out in {clean(file)}", now=now)


def borrow(connection: Connection, path: Path) -> None:
    """Take over the list of the ledger at `path`, for a ledger that lives as long as a check does."""
    with looked_at(path) as source:
        if source.execute("SELECT 1 FROM sqlite_master WHERE name = 'suppressions'").fetchone() is None:
            return  # older than the list
        key = source.execute("SELECT value FROM facts WHERE name = ?", (HASH_KEY,)).fetchone()
        take_key(connection, key[0])
        rows = source.execute("SELECT kind, value, reason, added_at FROM suppressions")
        while several := rows.fetchmany(_AT_ONCE):
            bound = [dict(zip(("kind", "value", "reason", "now"), row, strict=True)) for row in several]
            connection.execute(INSERT_SUPPRESSION, bound)


def _select(connection: Connection, kind: Kind, values: Sequence[str]) -> Iterator[Suppression]:
    for start in range(0, len(values), _AT_ONCE):
        bound = {"kind": kind.value, "values": values[start : start + _AT_ONCE]}
        for row in connection.execute(SELECT_AMONG, bound):
            yield _suppression(row)


def _suppression(row: Any) -> Suppression:
    return Suppression(Entry(Kind(row.kind), row.value), row.reason, row.added_at)
