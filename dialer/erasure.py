"""Takes a person out of a ledger, or out of a backup of it, whatever its schema.

Rows stay and say that somebody was forgotten, so that no row of a sheet is lost; the lead, its attempts and
what became of its calls are deleted. A keyed hash of the number stays, so that nobody calls them again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, TextClause, inspect, text

from dialer import suppressions
from dialer.do_not_call import FORGOTTEN, Entry, Kind, keyed_hash
from dialer.facts import hash_key
from dialer.leads import RowProblem
from dialer.traces import Traces

SELECT_CAMPAIGNS = text(
    "SELECT DISTINCT c.campaign_id, c.name, c.kind FROM leads AS l"
    " JOIN campaigns AS c ON c.campaign_id = l.campaign_id WHERE l.e164 = :e164 ORDER BY c.name"
)
SELECT_KEPT_WORDS = text("SELECT first_name, last_name, notes FROM leads WHERE e164 = :e164")
SELECT_SHEETS = text(
    "SELECT l.path, r.row, r.e164, r.problems FROM rows AS r JOIN loads AS l ON l.load_id = r.load_id"
    " JOIN campaigns AS c ON c.campaign_id = l.campaign_id"
    " WHERE (r.e164 = :e164 OR r.problems IS NOT NULL) AND c.kind = 'sheet' ORDER BY l.load_id, r.row"
)
SELECT_FORGOTTEN_ROWS = text(
    "SELECT row FROM rows WHERE load_id = :load_id AND verdict = 'suppressed' AND e164 IS NULL"
    """ AND problems LIKE '%"code": "forgotten",%'"""
)
SELECT_ROWS_WITH_PROBLEMS = text("SELECT load_id, row, problems FROM rows WHERE problems IS NOT NULL")
FORGET_ROWS = text(
    "UPDATE rows SET e164 = NULL, verdict = 'suppressed', problems = :problems WHERE e164 = :e164"
)
FORGET_ROW = text(
    "UPDATE rows SET e164 = NULL, verdict = 'suppressed', problems = :problems"
    " WHERE load_id = :load_id AND row = :row"
)
FORGET_FINGERPRINTS = text("UPDATE rows SET fingerprint = NULL WHERE problems = :problems")
DELETE_FATES = text(
    "DELETE FROM calls WHERE attempt_id IN (SELECT attempt_id FROM attempts WHERE e164 = :e164)"
)
DELETE_ATTEMPTS = text("DELETE FROM attempts WHERE e164 = :e164")
DELETE_LEADS = text("DELETE FROM leads WHERE e164 = :e164")
# A campaign of one `dialer call` is nothing but that person.
DELETE_SINGLE_CALLS = (
    text("DELETE FROM run_rows WHERE run_id IN (SELECT run_id FROM runs WHERE campaign_id = :campaign_id)"),
    text("DELETE FROM runs WHERE campaign_id = :campaign_id"),
    text("DELETE FROM rows WHERE load_id IN (SELECT load_id FROM loads WHERE campaign_id = :campaign_id)"),
    text("DELETE FROM loads WHERE campaign_id = :campaign_id"),
    text("DELETE FROM campaigns WHERE campaign_id = :campaign_id"),
)
SELECT_LOADS = text("SELECT load_id, reading, understood FROM loads")
SET_LOAD = text("UPDATE loads SET reading = :reading, understood = :understood WHERE load_id = :load_id")
SELECT_RUNS = text("SELECT run_id, settings, stopped FROM runs")
SET_RUN = text("UPDATE runs SET settings = :settings, stopped = :stopped WHERE run_id = :run_id")
SELECT_PAUSES = text("SELECT campaign_id, paused_reason FROM campaigns WHERE paused_reason IS NOT NULL")
SET_PAUSE = text("UPDATE campaigns SET paused_reason = :reason WHERE campaign_id = :campaign_id")
SELECT_REASONS = text("SELECT attempt_id, reason FROM attempts WHERE reason IS NOT NULL")
SET_REASON = text("UPDATE attempts SET reason = :reason WHERE attempt_id = :attempt_id")
FORGET_DIALLED = text("UPDATE attempts SET to_phone = NULL WHERE to_phone = :e164")
SELECT_NOTES = text("SELECT lead_id, notes FROM leads WHERE notes IS NOT NULL")
SELECT_SOURCES = text("SELECT lead_id, source FROM leads WHERE source IS NOT NULL")
SELECT_TAGS = text("SELECT lead_id, tags FROM leads WHERE tags <> '[]'")
SET_NOTES = text("UPDATE leads SET notes = :reason WHERE lead_id = :lead_id")
SET_SOURCE = text("UPDATE leads SET source = :reason WHERE lead_id = :lead_id")
SET_TAGS = text("UPDATE leads SET tags = :tags WHERE lead_id = :lead_id")
SELECT_STORIES = text(
    "SELECT attempt_id, summary, transcript FROM calls WHERE summary IS NOT NULL OR transcript IS NOT NULL"
)
FORGET_STORY = text("UPDATE calls SET summary = NULL, transcript = NULL WHERE attempt_id = :attempt_id")
SELECT_REASONS_TO_SUPPRESS = text(
    "SELECT suppression_id, reason FROM suppressions WHERE reason IS NOT NULL AND reason <> :forgotten"
)
FORGET_REASON_TO_SUPPRESS = text(
    "UPDATE suppressions SET reason = NULL WHERE suppression_id = :suppression_id"
)

IN_THE_PLACE_OF_A_REASON = "This text named somebody who asked to be forgotten."


@dataclass(frozen=True, slots=True)
class Known:
    """What a ledger knows of a person."""

    campaigns: tuple[str, ...]  # names, of single calls as well
    sheets: tuple[tuple[str, int], ...]  # path and Excel's row number, of every load
    texts: tuple[str, ...]  # whole names, and notes


@dataclass(frozen=True, slots=True)
class Erased:
    """How much was taken out of a ledger."""

    rows: int
    attempts: int
    campaigns: int


def known_of(connection: Connection, e164: str) -> Known:
    """What the ledger knows of the person with this number."""
    bound = {"e164": e164}
    words = connection.execute(SELECT_KEPT_WORDS, bound).all()
    names = [" ".join(filter(None, (row.first_name, row.last_name))) for row in words]
    backwards = [", ".join(filter(None, (row.last_name, row.first_name))) for row in words]
    notes = [row.notes for row in words if row.notes]
    texts = tuple(filter(None, dict.fromkeys((*names, *backwards, *notes))))
    traces = Traces.of(e164, texts)
    return Known(
        campaigns=tuple(row.name for row in connection.execute(SELECT_CAMPAIGNS, bound)),
        sheets=tuple(
            (row.path, row.row)
            for row in connection.execute(SELECT_SHEETS, bound)
            if row.e164 == e164 or traces.without_in_json(row.problems) != row.problems
        ),
        texts=texts,
    )


def mark(connection: Connection, e164: str, *, now: datetime) -> None:
    """Leave a hash instead of the number: never called again, and not written down again."""
    suppressions.remove(connection, Entry(Kind.NUMBER, e164))
    hashed = Entry(Kind.HASH, keyed_hash(e164, hash_key(connection)))
    suppressions.add(connection, [hashed], reason=FORGOTTEN, now=now)


def knows_hashes(connection: Connection) -> bool:
    """False for a backup of before there was a do-not-call list: nothing can be marked in it."""
    return "facts" in inspect(connection).get_table_names()


def forgotten_rows(connection: Connection, load_id: int) -> frozenset[int]:
    """The rows of a load whose people asked to be forgotten."""
    return frozenset(connection.execute(SELECT_FORGOTTEN_ROWS, {"load_id": load_id}).scalars())


def erase(connection: Connection, traces: Traces) -> Erased:
    """Take the person out of every table that this schema has."""
    inspector = inspect(connection)
    tables = set(inspector.get_table_names())
    bound: dict[str, Any] = {"e164": traces.e164}
    campaigns = connection.execute(SELECT_CAMPAIGNS, bound).all()
    if "calls" in tables:
        connection.execute(DELETE_FATES, bound)
        _forget_stories(connection, traces)
    attempts = connection.execute(DELETE_ATTEMPTS, bound).rowcount
    connection.execute(FORGET_DIALLED, bound)
    connection.execute(DELETE_LEADS, bound)
    rows = _forget_rows(connection, traces)
    if "fingerprint" in {column["name"] for column in inspector.get_columns("rows")}:
        connection.execute(FORGET_FINGERPRINTS, {"problems": _PROBLEMS})
    for campaign in campaigns:
        if campaign.kind == "call":
            for statement in DELETE_SINGLE_CALLS:
                connection.execute(statement, {"campaign_id": campaign.campaign_id})
    _forget_loads_and_runs(connection, traces)
    _forget_texts(connection, traces, SELECT_PAUSES, SET_PAUSE)
    _forget_texts(connection, traces, SELECT_REASONS, SET_REASON)
    _forget_texts(connection, traces, SELECT_NOTES, SET_NOTES)
    _forget_texts(connection, traces, SELECT_SOURCES, SET_SOURCE)
    for lead in connection.execute(SELECT_TAGS).all():
        if (tags := traces.without_in_json(lead.tags)) != lead.tags:
            connection.execute(SET_TAGS, {"lead_id": lead.lead_id, "tags": tags})
    if "suppressions" in tables:
        _forget_reasons_to_suppress(connection, traces)
    return Erased(rows, attempts, len(campaigns))


_PROBLEMS = json.dumps(
    [asdict(RowProblem("forgotten", None, None, "", suppressions.FORGOTTEN_MESSAGE))], ensure_ascii=False
)


def _forget_rows(connection: Connection, traces: Traces) -> int:
    """Rows with the number, and rows that could not be read and hold it all the same."""
    count = connection.execute(FORGET_ROWS, {"e164": traces.e164, "problems": _PROBLEMS}).rowcount
    found = [
        {"load_id": row.load_id, "row": row.row, "problems": _PROBLEMS}
        for row in connection.execute(SELECT_ROWS_WITH_PROBLEMS)
        if row.problems != _PROBLEMS and traces.without_in_json(row.problems) != row.problems
    ]
    for bound in found:
        connection.execute(FORGET_ROW, bound)
    return count + len(found)


def _forget_loads_and_runs(connection: Connection, traces: Traces) -> None:
    for load in connection.execute(SELECT_LOADS).all():
        reading, understood = map(traces.without_in_json, (load.reading, _without_samples(load.understood)))
        if (reading, understood) != (load.reading, load.understood):
            bound = {"load_id": load.load_id, "reading": reading, "understood": understood}
            connection.execute(SET_LOAD, bound)
    for run in connection.execute(SELECT_RUNS).all():
        settings = traces.without_in_json(run.settings)
        stopped = IN_THE_PLACE_OF_A_REASON if run.stopped and traces.is_in(run.stopped) else run.stopped
        if (settings, stopped) != (run.settings, run.stopped):
            connection.execute(SET_RUN, {"run_id": run.run_id, "settings": settings, "stopped": stopped})


def _without_samples(understood: str) -> str:
    """Samples are somebody's; an earlier dialer kept them."""
    stored = json.loads(understood)
    if not stored.get("samples"):
        return understood
    return json.dumps(stored | {"samples": {}}, ensure_ascii=False)


def _forget_texts(connection: Connection, traces: Traces, select: TextClause, update: TextClause) -> None:
    """Replace what was said of somebody else and names this person; a row is an id and its text."""
    found: Iterable[Any] = connection.execute(select).all()
    for row in found:
        named, said = row._fields[0], row[1]
        if traces.is_in(said):
            connection.execute(update, {named: row[0], "reason": IN_THE_PLACE_OF_A_REASON})


def _forget_stories(connection: Connection, traces: Traces) -> None:
    for row in connection.execute(SELECT_STORIES).all():
        if traces.is_in(row.summary or "") or traces.is_in(row.transcript or ""):
            connection.execute(FORGET_STORY, {"attempt_id": row.attempt_id})


def _forget_reasons_to_suppress(connection: Connection, traces: Traces) -> None:
    for row in connection.execute(SELECT_REASONS_TO_SUPPRESS, {"forgotten": FORGOTTEN}).all():
        if traces.is_in(row.reason):
            connection.execute(FORGET_REASON_TO_SUPPRESS, {"suppression_id": row.suppression_id})
