"""Where a campaign stands, counted by SQL alone: a million rows are counted and not one of them is read.

The numbers are those that the report counts row by row (`account.row_results`), which is what
`tests/test_standing.py` compares them with.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy import Connection, text

from dialer import account
from dialer.account import latest_run, recall_after, row_results
from dialer.ledger import time_of, time_text
from dialer.loads import Load, is_newest
from dialer.replies import RESERVED_STATUSES
from dialer.results import RowResult

CALLED = "called"  # stands for all the words that the API gives its calls
_USUAL_WORD = "queued"  # as the API documents its answer to a POST

_WAITING = ("pending", "deferred", "recent")  # which of them a lead is depends on the clock alone
_OTHERS = ("failed", "unknown", *_WAITING, "invalid", "duplicate", "suppressed")

# What the row of a suppressed lead says itself decides, once the lead was tried, whose status it bears.
COUNT_SUPPRESSED_LEADS = text(
    "SELECT l.state, r.verdict, count(*) AS n FROM leads AS l"
    " JOIN rows AS r ON r.load_id = l.load_id AND r.row = l.row"
    " WHERE l.load_id = :load_id AND l.suppressed GROUP BY l.state, r.verdict"
)
SELECT_LATELY_ELSEWHERE = text(
    "SELECT 1 FROM campaigns AS c WHERE c.campaign_id <> :campaign_id AND EXISTS"
    " (SELECT 1 FROM attempts AS a WHERE a.campaign_id = c.campaign_id AND a.begun_at > :recall_since)"
    " LIMIT 1"
)
# Two walks over a short index instead of one over all leads; see `leads_deferred`.
COUNT_DEFERRED = text(
    "SELECT count(*) FROM leads WHERE load_id = :load_id AND state = 'due' AND deferred_reason IS NOT NULL"
    " AND (deferred_until IS NULL OR deferred_until > :now) AND NOT suppressed"
)
COUNT_RECENT = text("""
    SELECT count(*) AS recent,
           coalesce(sum(CASE WHEN l.deferred_reason IS NOT NULL
                              AND (l.deferred_until IS NULL OR l.deferred_until > :now)
                             THEN 1 ELSE 0 END), 0) AS deferred
      FROM leads AS l
     WHERE l.load_id = :load_id AND l.state = 'due' AND NOT l.suppressed
       AND EXISTS (SELECT 1 FROM attempts AS a
                    WHERE a.e164 = l.e164 AND a.campaign_id <> l.campaign_id AND a.begun_at > :recall_since
                      AND (a.outcome IS NULL OR a.outcome IN ('called', 'unknown')))""")
COUNT_ATTEMPTS = text(
    "SELECT count(*) AS n, max(attempt_id) AS newest FROM attempts WHERE campaign_id = :campaign_id"
)
# In the words of `attempts_of_other_words`: each called lead that it does not hold bears the usual word.
COUNT_OTHER_WORDS = text(
    "SELECT coalesce(a.status, 'accepted') AS word, count(*) AS n FROM attempts AS a"
    " CROSS JOIN leads AS l"  # in this order: the index first
    " WHERE a.campaign_id = :campaign_id AND a.outcome IS NOT NULL"
    " AND l.lead_id = a.lead_id AND l.last_attempt_id = a.attempt_id"
    " AND (a.status IS NULL OR a.status <> 'queued')"
    " AND l.load_id = :load_id AND l.state = 'called' GROUP BY 1"
)
COUNT_ENDED_CALLS = text(
    "SELECT ended, count(*) AS n FROM calls WHERE campaign_id = :campaign_id GROUP BY ended ORDER BY ended"
)
SELECT_LATEST_LOOK = text("SELECT max(looked_at) FROM calls WHERE campaign_id = :campaign_id")
SELECT_NAME_OF_LEDGER = text("SELECT value FROM facts WHERE name = 'ledger'")


@dataclass(frozen=True, slots=True)
class Point:
    """From which point in time a campaign is looked at. Both are aware and UTC."""

    now: datetime
    recall_since: datetime  # called elsewhere after this time is `recent`


def count_rows(connection: Connection, load: Load, point: Point) -> Mapping[str, int]:
    """How many rows of a load have which status, with `called` for all words of the API; none is left out."""
    if not is_newest(connection, load.load_id, campaign_id=load.campaign_id):
        return _read_all(connection, load, point)
    bound = {
        "campaign_id": load.campaign_id,
        "load_id": load.load_id,
        "now": time_text(point.now),
        "recall_since": time_text(point.recall_since),
    }
    verdicts = {row.verdict: row.n for row in connection.execute(account.COUNT_REFUSED_ROWS, bound)}
    states = {row.state: row.n for row in connection.execute(account.COUNT_LEADS, bound)}
    refused = {(r.state, r.verdict): r.n for r in connection.execute(COUNT_SUPPRESSED_LEADS, bound)}
    deferred = int(connection.execute(COUNT_DEFERRED, bound).scalar_one())
    recent = 0
    if connection.execute(SELECT_LATELY_ELSEWHERE, bound).first() is not None:
        found = connection.execute(COUNT_RECENT, bound).one()
        recent, deferred = found.recent, deferred - found.deferred
    by_own_row = {
        state: sum(n for (of, verdict), n in refused.items() if of == state and verdict == "suppressed")
        for state in ("due", "sending", "called", "failed", "unknown")
    }
    waiting = sum(n for (state, _), n in refused.items() if state == "due")
    happened = by_own_row["called"] + by_own_row["unknown"] + by_own_row["sending"]
    return {
        CALLED: states.get("called", 0),
        "failed": states.get("failed", 0) - by_own_row["failed"],
        "unknown": states.get("unknown", 0) + states.get("sending", 0),
        "pending": states.get("due", 0) - waiting - deferred - recent,
        "deferred": deferred,
        "recent": recent,
        "invalid": verdicts.get("invalid", 0),
        "duplicate": verdicts.get("duplicate", 0),
        "suppressed": verdicts.get("suppressed", 0) - happened + waiting - by_own_row["due"],
    }


def count_statuses(connection: Connection, load: Load, point: Point) -> dict[str, int]:
    """How many rows of a load have which status, called ones by the API's own words; only what there is."""
    return with_words(connection, load, point, count_rows(connection, load, point))


def with_words(connection: Connection, load: Load, point: Point, counts: Mapping[str, int]) -> dict[str, int]:
    """The `counts` of `count_rows` with the API's own words instead of `called`; only what there is."""
    if not is_newest(connection, load.load_id, campaign_id=load.campaign_id):
        return account.count_statuses(_results(connection, load, point))
    bound = {"campaign_id": load.campaign_id, "load_id": load.load_id}
    words = {row.word: int(row.n) for row in connection.execute(COUNT_OTHER_WORDS, bound)}
    usual = {_USUAL_WORD: counts[CALLED] - sum(words.values())}
    others = {status: rows for status, rows in counts.items() if status != CALLED}
    return {status: rows for status, rows in (usual | words | others).items() if rows}


@dataclass(frozen=True, slots=True)
class State:
    """What a report says of the ledger that it was made from."""

    fingerprint: str
    asked_at: datetime | None  # when the API was last asked what became of the campaign's calls


def state_of(connection: Connection, load: Load, *, now: datetime) -> State:
    """Where a campaign stands in this ledger."""
    run = latest_run(connection, load.campaign_id)
    counts = count_rows(connection, load, Point(now=now, recall_since=now - recall_after(run)))
    looked = connection.execute(SELECT_LATEST_LOOK, {"campaign_id": load.campaign_id}).scalar()
    return State(fingerprint(connection, load, counts), time_of(looked) if looked else None)


def fingerprint(connection: Connection, load: Load, counts: Mapping[str, int]) -> str:
    """Names this ledger and where the campaign stands in it, in twelve digits: `3f9c-1a22-7be0`.

    Two reports with the same fingerprint were made from the same ledger, with no call, no new sheet and no
    news of a call between them. `counts` are those of `count_rows`.
    """
    standing = dict(counts)
    standing["waiting"] = sum(standing.pop(status) for status in _WAITING)
    bound = {"campaign_id": load.campaign_id}
    attempts = connection.execute(COUNT_ATTEMPTS, bound).one()
    parts = (
        connection.execute(SELECT_NAME_OF_LEDGER).scalar(),
        load.campaign_id,
        load.load_id,
        load.sha256,
        sorted(standing.items()),
        tuple(attempts),
        [tuple(row) for row in connection.execute(COUNT_ENDED_CALLS, bound)],
        connection.execute(SELECT_LATEST_LOOK, bound).scalar(),
    )
    digits = sha256(repr(parts).encode()).hexdigest()
    return f"{digits[:4]}-{digits[4:8]}-{digits[8:12]}"


def _results(connection: Connection, load: Load, point: Point) -> Iterator[RowResult]:
    return row_results(
        connection,
        campaign_id=load.campaign_id,
        load_id=load.load_id,
        recall_after=point.now - point.recall_since,
        now=point.now,
    )


def _read_all(connection: Connection, load: Load, point: Point) -> Mapping[str, int]:
    counts = dict.fromkeys((CALLED, *_OTHERS), 0)
    for status, rows in account.count_statuses(_results(connection, load, point)).items():
        counts[status if status in RESERVED_STATUSES else CALLED] += rows
    return counts
