"""What happened to a campaign lately: its sheets, its runs, its last attempts, and who waits until when."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, text

from dialer.journal import LONGEST_WAY_TO_SEND
from dialer.ledger import time_of, time_text

_ENOUGH_FOR_A_PACE = 1000

SELECT_LOADS = text(
    "SELECT load_id, loaded_at, complete, path, understood FROM loads"
    " WHERE campaign_id = :campaign_id ORDER BY load_id DESC LIMIT :most"
)
COUNT_ROWS = text("SELECT count(*) FROM rows WHERE load_id = :load_id")
# In the words of the index that holds these rows and no others.
COUNT_NO_LEADS = text(
    "SELECT count(*) FROM rows WHERE load_id = :load_id"
    " AND verdict NOT IN ('callable', 'assumed') AND verdict = 'not_a_lead'"
)
# A campaign is run by one run at a time, so that the attempts of its time are those of the run.
SELECT_RUNS = text(
    "SELECT u.run_id, u.started_at, u.ended_at, u.exit_code, u.stopped,"
    " (SELECT count(*) FROM attempts AS a WHERE a.campaign_id = u.campaign_id"
    " AND a.begun_at BETWEEN u.started_at AND coalesce(u.ended_at, :now)) AS attempts"
    " FROM runs AS u WHERE u.campaign_id = :campaign_id ORDER BY u.run_id DESC LIMIT :most"
)
# Of a long run its end tells the pace; to count all of it would take longer than everything else here.
COUNT_SENT = text(
    "SELECT count(*) AS n, min(sent) AS first, max(sent) AS last FROM"
    " (SELECT coalesce(sent_at, begun_at) AS sent FROM attempts WHERE campaign_id = :campaign_id"
    " AND begun_at BETWEEN :since AND :until ORDER BY begun_at DESC LIMIT :most) AS latest"
)
# What is sent now was begun a moment ago: an attempt is written down before its turn comes.
COUNT_SENT_LATELY = text(
    "SELECT count(*) AS n, min(sent_at) AS first, max(sent_at) AS last FROM attempts"
    " WHERE campaign_id = :campaign_id AND begun_at BETWEEN :begun_since AND :until"
    " AND sent_at BETWEEN :since AND :until"
)
_ATTEMPT = (
    "SELECT a.attempt_id, a.begun_at, a.sent_at, a.e164, a.outcome, a.code, a.reason, a.status, a.call_id,"
    " l.row, l.cell"
)
SELECT_LATEST_ATTEMPTS = text(
    f"{_ATTEMPT} FROM attempts AS a JOIN leads AS l ON l.lead_id = a.lead_id"
    " WHERE a.campaign_id = :campaign_id ORDER BY a.begun_at DESC, a.attempt_id DESC LIMIT :most"
)
SELECT_UNKNOWN = text(
    f"{_ATTEMPT} FROM leads AS l JOIN attempts AS a ON a.attempt_id = l.last_attempt_id"
    " WHERE l.load_id = :load_id AND l.state = 'unknown' ORDER BY l.row LIMIT :most"
)
COUNT_WAITING = text("""
    SELECT l.deferred_until, min(l.deferred_reason) AS reason, count(*) AS n
      FROM leads AS l
     WHERE l.load_id = :load_id AND l.state = 'due' AND l.deferred_reason IS NOT NULL
       AND (l.deferred_until IS NULL OR l.deferred_until > :now) AND NOT l.suppressed
       AND NOT EXISTS (SELECT 1 FROM attempts AS a
                        WHERE a.e164 = l.e164 AND a.campaign_id <> l.campaign_id
                          AND a.begun_at > :recall_since
                          AND (a.outcome IS NULL OR a.outcome IN ('called', 'unknown')))
     GROUP BY l.deferred_until ORDER BY l.deferred_until LIMIT :most""")
COUNT_FATES = text(
    "SELECT CASE WHEN k.stale THEN 'stale' ELSE coalesce(k.call_status, 'no word') END AS word, count(*) AS n"
    " FROM leads AS l JOIN calls AS k ON k.attempt_id = l.last_attempt_id"
    " WHERE l.load_id = :load_id AND l.state = 'called' GROUP BY 1"
)
SELECT_ANY_FATE = text("SELECT 1 FROM calls WHERE campaign_id = :campaign_id LIMIT 1")


@dataclass(frozen=True, slots=True)
class LoadLine:
    """A sheet that was loaded. Times here and below are aware and UTC."""

    load_id: int
    loaded_at: datetime
    complete: bool  # False: it is being read, or was given up
    path: str
    rows: int


@dataclass(frozen=True, slots=True)
class RunLine:
    """A run: `ended_at` is None while it lasts, or after a crash."""

    run_id: int
    started_at: datetime
    ended_at: datetime | None
    exit_code: int | None
    stopped: str | None  # the sentence that says why it ended early
    attempts: int  # begun in it, whatever came of them


@dataclass(frozen=True, slots=True)
class AttemptLine:
    """One attempt, and the row whose lead it was."""

    at: datetime  # when it was sent, or else begun
    row: int
    cell: str
    phone: str
    outcome: str | None  # None: under way, or cut off
    status: str | None  # the API's word
    call_id: str | None
    code: str | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """Leads that may be called from the same time on."""

    until: datetime | None  # None: nobody knows
    leads: int
    reason: str  # of one of them


@dataclass(frozen=True, slots=True)
class Sent:
    """The attempts of some time; the first and the last one by the time at which they were sent."""

    attempts: int
    first: datetime | None
    last: datetime | None


def latest_loads(connection: Connection, campaign_id: int, *, most: int) -> tuple[LoadLine, ...]:
    """The newest sheets of a campaign, the newest first."""
    rows = connection.execute(SELECT_LOADS, {"campaign_id": campaign_id, "most": most}).all()
    return tuple(
        LoadLine(r.load_id, time_of(r.loaded_at), bool(r.complete), r.path, _held(connection, r))
        for r in rows
    )


def _held(connection: Connection, load: Row[Any]) -> int:
    """How many rows of a load hold a lead, or should: of a complete one it is known how many it read."""
    bound = {"load_id": load.load_id}
    read = json.loads(load.understood).get("data_rows")
    if read is None:
        read = connection.execute(COUNT_ROWS, bound).scalar_one()
    return int(read) - int(connection.execute(COUNT_NO_LEADS, bound).scalar_one())


def latest_runs(connection: Connection, campaign_id: int, *, now: datetime, most: int) -> tuple[RunLine, ...]:
    """The newest runs of a campaign, the newest first."""
    bound = {"campaign_id": campaign_id, "now": time_text(now), "most": most}
    return tuple(
        RunLine(
            row.run_id,
            time_of(row.started_at),
            time_of(row.ended_at) if row.ended_at else None,
            row.exit_code,
            row.stopped,
            row.attempts,
        )
        for row in connection.execute(SELECT_RUNS, bound)
    )


def sent(connection: Connection, campaign_id: int, *, since: datetime, until: datetime) -> Sent:
    """The attempts of a campaign that were begun from `since` to `until`, but only the last thousand of
    them; one that was never sent counts with the time at which it was begun."""
    bound = {
        "campaign_id": campaign_id,
        "since": time_text(since),
        "until": time_text(until),
        "most": _ENOUGH_FOR_A_PACE,
    }
    return _sent(connection.execute(COUNT_SENT, bound).one())


def sent_lately(connection: Connection, campaign_id: int, *, since: datetime, until: datetime) -> Sent:
    """The calls that were sent from `since`, some seconds ago, to `until`, as far as they have ended."""
    bound = {
        "campaign_id": campaign_id,
        "since": time_text(since),
        "until": time_text(until),
        "begun_since": time_text(since - LONGEST_WAY_TO_SEND),
    }
    return _sent(connection.execute(COUNT_SENT_LATELY, bound).one())


def _sent(row: Row[Any]) -> Sent:
    return Sent(row.n, time_of(row.first) if row.first else None, time_of(row.last) if row.last else None)


def latest_attempts(connection: Connection, campaign_id: int, *, most: int) -> tuple[AttemptLine, ...]:
    """The last attempts of a campaign, the newest first."""
    rows = connection.execute(SELECT_LATEST_ATTEMPTS, {"campaign_id": campaign_id, "most": most})
    return tuple(_attempt(row) for row in rows)


def unknown_leads(connection: Connection, load_id: int, *, most: int) -> tuple[AttemptLine, ...]:
    """The attempts of a load that have no certain answer, in the sheet's order."""
    rows = connection.execute(SELECT_UNKNOWN, {"load_id": load_id, "most": most})
    return tuple(_attempt(row) for row in rows)


def waiting_leads(
    connection: Connection, load_id: int, *, now: datetime, recall_since: datetime, most: int
) -> tuple[Waiting, ...]:
    """Who waits for calling hours, by the time from which they may be called, the soonest first."""
    bound = {"load_id": load_id, "now": time_text(now), "recall_since": time_text(recall_since), "most": most}
    return tuple(
        Waiting(time_of(row.deferred_until) if row.deferred_until else None, row.n, row.reason)
        for row in connection.execute(COUNT_WAITING, bound)
    )


def fates_of_calls(connection: Connection, *, campaign_id: int, load_id: int) -> dict[str, int]:
    """What became of the calls of a load, in the API's own words; empty until somebody asked it."""
    if not outcomes_known(connection, campaign_id):
        return {}
    return {row.word: row.n for row in connection.execute(COUNT_FATES, {"load_id": load_id})}


def outcomes_known(connection: Connection, campaign_id: int) -> bool:
    """True once the API has told of any call of the campaign what became of it."""
    return connection.execute(SELECT_ANY_FATE, {"campaign_id": campaign_id}).first() is not None


def _attempt(row: Row[Any]) -> AttemptLine:
    return AttemptLine(
        at=time_of(row.sent_at or row.begun_at),
        row=row.row,
        cell=row.cell,
        phone=row.e164,
        outcome=row.outcome,
        status=row.status,
        call_id=row.call_id,
        code=row.code,
        reason=row.reason,
    )
