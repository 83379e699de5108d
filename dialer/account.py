"""What the ledger tells of a campaign: counts for plan and status, one record a row for the report."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, text

from dialer.campaign import DEFAULT_RECALL_AFTER, parse_duration
from dialer.leads import RowProblem, Verdict
from dialer.ledger import time_of, time_text
from dialer.loads import is_newest
from dialer.plan import ProblemKind
from dialer.results import Fate, LastAttempt, LeadRecord, RowRecord, RowResult, row_result
from dialer.retry import LeadState

# In the words of the index that holds these rows and no others.
COUNT_REFUSED_ROWS = text(
    "SELECT verdict, count(*) AS n FROM rows WHERE load_id = :load_id"
    " AND verdict NOT IN ('callable', 'assumed') GROUP BY verdict"
)
# Not in one GROUP BY: all rows together would be sorted first, a million in memory.
COUNT_VERDICTS = text(
    f"{COUNT_REFUSED_ROWS.text}"  # noqa: S608 - a constant
    " UNION ALL SELECT 'callable', count(*) FROM rows WHERE load_id = :load_id AND verdict = 'callable'"
    " UNION ALL SELECT 'assumed', count(*) FROM rows WHERE load_id = :load_id AND verdict = 'assumed'"
)
COUNT_LEADS = text("SELECT state, count(*) AS n FROM leads WHERE load_id = :load_id GROUP BY state")
COUNT_SUPPRESSED = text(
    "SELECT state, count(*) AS n FROM leads WHERE load_id = :load_id AND suppressed GROUP BY state"
)
COUNT_STATES_BY_ROWS = text(
    # Through the rows, since a load that was begun and given up has taken leads with it.
    "SELECT l.state, count(DISTINCT l.lead_id) AS n FROM rows AS r JOIN leads AS l"
    " ON l.campaign_id = :campaign_id AND l.e164 = r.e164"
    " WHERE r.load_id = :load_id AND NOT l.suppressed GROUP BY l.state"
)
SELECT_PROBLEM_ROWS = text(
    "SELECT row, verdict, problems FROM rows WHERE load_id = :load_id AND problems IS NOT NULL"
    " AND verdict <> 'not_a_lead' ORDER BY row"
)
SELECT_VERDICTS = text("SELECT row, verdict FROM rows WHERE load_id = :load_id ORDER BY row")
SELECT_PROBLEMS = text(
    "SELECT row, problems FROM rows WHERE load_id = :load_id AND problems IS NOT NULL ORDER BY row"
)
FATE_COLUMNS = """
           k.call_id AS fate_of, k.call_status, k.ended AS call_ended, k.stale AS call_stale,
           k.duration_seconds, k.call_started_at, k.call_ended_at, k.appointment_booked,
           k.lead_qualification, k.call_intent, k.summary, k.cost_usd, k.recording_url, k.transcript"""
# For a row that waits: the last time that another campaign called, or may have called, its number.
ROW_COLUMNS = f"""
           r.row, r.verdict, r.cell, r.problems,
           l.row AS lead_row, l.e164, l.cell AS lead_cell, l.state, l.suppressed, l.attempts,
           l.deferred_until, l.deferred_reason,
           a.attempt_id, a.begun_at, a.sent_at, a.call_id, a.status, a.is_new_contact, a.contact_id,
           a.code, a.reason, {FATE_COLUMNS},
           CASE WHEN l.state = 'due' THEN
               (SELECT max(o.begun_at) FROM attempts AS o
                 WHERE o.e164 = l.e164 AND o.campaign_id <> l.campaign_id AND o.begun_at > :recall_since
                   AND (o.outcome IS NULL OR o.outcome IN ('called', 'unknown'))) END AS elsewhere_at"""  # noqa: S608 - constants
FROM_ROWS = """
      FROM rows AS r
      LEFT JOIN leads AS l ON l.campaign_id = :campaign_id AND l.e164 = r.e164
      LEFT JOIN attempts AS a ON a.attempt_id = l.last_attempt_id
      LEFT JOIN calls AS k ON k.attempt_id = a.attempt_id
     WHERE r.load_id = :load_id"""
SELECT_ROWS = text(f"SELECT {ROW_COLUMNS} {FROM_ROWS} ORDER BY r.row")
SELECT_ROWS_OF_NUMBER = text(f"SELECT {ROW_COLUMNS} {FROM_ROWS} AND r.e164 = :e164 ORDER BY r.row")
SELECT_CAMPAIGN_OF_CALL = text(
    "SELECT c.name FROM attempts AS a JOIN campaigns AS c ON c.campaign_id = a.campaign_id"
    " WHERE a.e164 = :e164 AND a.begun_at = :begun_at"
)
SELECT_CAMPAIGNS = text(
    "SELECT campaign_id, name, kind, created_at, paused_reason, paused_at FROM campaigns ORDER BY name"
)
SELECT_LATEST_RUN = text(
    "SELECT run_id, started_at, ended_at, exit_code, stopped, settings FROM runs"
    " WHERE campaign_id = :campaign_id ORDER BY run_id DESC LIMIT 1"
)
SELECT_LAST_CALL = text(
    "SELECT a.begun_at, a.outcome, a.call_id, c.name FROM attempts AS a"
    " JOIN campaigns AS c ON c.campaign_id = a.campaign_id WHERE a.e164 = :e164 AND a.begun_at > :since"
    " AND (a.outcome IS NULL OR a.outcome IN ('called', 'unknown')) ORDER BY a.attempt_id DESC LIMIT 1"
)


@dataclass(frozen=True, slots=True)
class CampaignLine:
    """One campaign in a list of all."""

    campaign_id: int
    name: str
    kind: str
    created_at: str
    paused_reason: str | None
    paused_at: datetime | None


@dataclass(frozen=True, slots=True)
class RunRecord:
    """How a run began and ended; `ended_at` is None while it lasts, or after a crash."""

    run_id: int
    started_at: datetime
    ended_at: datetime | None
    exit_code: int | None
    stopped: str | None
    settings: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class LastCall:
    """The last time that a number was called, or may have been."""

    at: datetime
    outcome: str | None  # "called", "unknown", or None while under way
    call_id: str | None
    campaign: str


def count_verdicts(connection: Connection, load_id: int) -> dict[str, int]:
    """How many rows of a load have which verdict."""
    return {row.verdict: row.n for row in connection.execute(COUNT_VERDICTS, {"load_id": load_id}) if row.n}


def count_states(connection: Connection, *, campaign_id: int, load_id: int) -> dict[str, int]:
    """How many leads of a load are in which state; suppressed ones are not counted."""
    bound = {"campaign_id": campaign_id, "load_id": load_id}
    if not is_newest(connection, load_id, campaign_id=campaign_id):
        return {row.state: row.n for row in connection.execute(COUNT_STATES_BY_ROWS, bound)}
    counts = Counter({row.state: int(row.n) for row in connection.execute(COUNT_LEADS, bound)})
    counts.subtract({row.state: int(row.n) for row in connection.execute(COUNT_SUPPRESSED, bound)})
    return {state: n for state, n in counts.items() if n}


def problem_kinds(connection: Connection, load_id: int) -> tuple[ProblemKind, ...]:
    """The kinds of problems of a load, the most frequent first, each with its first occurrence."""
    counts: Counter[str] = Counter()
    first: dict[str, RowProblem] = {}
    for row in connection.execute(SELECT_PROBLEM_ROWS, {"load_id": load_id}):
        for problem in _problems(row.problems)[:1]:
            counts[problem.code] += 1
            first.setdefault(problem.code, problem)
    return tuple(
        ProblemKind(code, count, first[code].cell, first[code].value, first[code].message)
        for code, count in counts.most_common()
    )


def verdicts(connection: Connection, load_id: int) -> Iterator[tuple[int, str]]:
    """Every row of a load in the sheet's order: its number and its verdict."""
    rows = connection.execution_options(yield_per=1000).execute(SELECT_VERDICTS, {"load_id": load_id})
    return ((row.row, row.verdict) for row in rows)


def problems(connection: Connection, load_id: int) -> Iterator[tuple[int, tuple[RowProblem, ...]]]:
    """Every row of a load with something wrong, in the sheet's order: its number and what that is."""
    rows = connection.execution_options(yield_per=1000).execute(SELECT_PROBLEMS, {"load_id": load_id})
    for number, stored in rows:
        yield number, _problems(stored)


def row_records(
    connection: Connection, *, campaign_id: int, load_id: int, recall_since: datetime
) -> Iterator[RowRecord]:
    """Every row of a load in the sheet's order, with where its lead stands."""
    bound = {"campaign_id": campaign_id, "load_id": load_id, "recall_since": time_text(recall_since)}
    rows = connection.execution_options(yield_per=1000).execute(SELECT_ROWS, bound)
    for row in rows:
        yield row_record(connection, row)


def row_record(connection: Connection, row: Row[Any]) -> RowRecord:
    """What a row of `SELECT_ROWS` tells."""
    return RowRecord(
        row=row.row,
        verdict=Verdict(row.verdict),
        cell=row.cell,
        problems=_problems(row.problems),
        lead=_lead_record(connection, row) if row.lead_row is not None else None,
    )


def row_results(
    connection: Connection, *, campaign_id: int, load_id: int, recall_after: timedelta, now: datetime
) -> Iterator[RowResult]:
    """Every row's result in the sheet's order, as seen at `now`; rows that are no leads have none."""
    records = row_records(
        connection, campaign_id=campaign_id, load_id=load_id, recall_since=now - recall_after
    )
    for record in records:
        result = row_result(record, now=now)
        if result is not None:
            yield result


def count_statuses(results: Iterable[RowResult]) -> dict[str, int]:
    """How many rows have which status."""
    return dict(Counter(result.status for result in results))


def campaigns(connection: Connection) -> list[CampaignLine]:
    """All campaigns by name."""
    return [
        CampaignLine(
            row.campaign_id,
            row.name,
            row.kind,
            row.created_at,
            row.paused_reason,
            time_of(row.paused_at) if row.paused_at else None,
        )
        for row in connection.execute(SELECT_CAMPAIGNS)
    ]


def latest_run(connection: Connection, campaign_id: int) -> RunRecord | None:
    """The newest run of a campaign, or None."""
    row = connection.execute(SELECT_LATEST_RUN, {"campaign_id": campaign_id}).one_or_none()
    if row is None:
        return None
    return RunRecord(
        run_id=row.run_id,
        started_at=time_of(row.started_at),
        ended_at=time_of(row.ended_at) if row.ended_at else None,
        exit_code=row.exit_code,
        stopped=row.stopped,
        settings=json.loads(row.settings),
    )


def recall_after(run: RunRecord | None) -> timedelta:
    """How long a number that another campaign called is left alone, as this run had it; else the default."""
    stored = run.settings.get("recall after") if run else None
    return parse_duration(stored) if stored else DEFAULT_RECALL_AFTER


def last_call(connection: Connection, e164: str, *, since: datetime) -> LastCall | None:
    """The last attempt on a number after `since` that called it, or may have."""
    row = connection.execute(SELECT_LAST_CALL, {"e164": e164, "since": time_text(since)}).one_or_none()
    return LastCall(time_of(row.begun_at), row.outcome, row.call_id, row.name) if row else None


def _problems(stored: str | None) -> tuple[RowProblem, ...]:
    return tuple(RowProblem(**problem) for problem in json.loads(stored)) if stored else ()


def _lead_record(connection: Connection, row: Row[Any]) -> LeadRecord:
    elsewhere = None
    if row.elsewhere_at is not None:
        found = connection.execute(SELECT_CAMPAIGN_OF_CALL, {"e164": row.e164, "begun_at": row.elsewhere_at})
        elsewhere = (str(found.scalars().first()), time_of(row.elsewhere_at))
    deferred = None
    if row.deferred_reason is not None:
        deferred = (row.deferred_reason, time_of(row.deferred_until) if row.deferred_until else None)
    return LeadRecord(
        row=row.lead_row,
        phone=row.e164,
        cell=row.lead_cell,
        state=LeadState(row.state),
        suppressed=bool(row.suppressed),
        attempts=row.attempts,
        last=_last_attempt(row) if row.attempt_id is not None else None,
        called_elsewhere=elsewhere,
        deferred=deferred,
    )


def _last_attempt(row: Row[Any]) -> LastAttempt:
    return LastAttempt(
        at=time_of(row.sent_at or row.begun_at),
        call_id=row.call_id,
        status=row.status,
        is_new_contact=None if row.is_new_contact is None else bool(row.is_new_contact),
        contact_id=row.contact_id,
        code=row.code,
        reason=row.reason,
        fate=fate_of(row) if row.fate_of is not None else None,
    )


def fate_of(row: Row[Any]) -> Fate:
    """What the columns of `calls` tell of a call."""
    return Fate(
        call_status=row.call_status,
        ended=bool(row.call_ended),
        stale=bool(row.call_stale),
        duration_seconds=row.duration_seconds,
        started_at=row.call_started_at,
        ended_at=row.call_ended_at,
        appointment_booked=None if row.appointment_booked is None else bool(row.appointment_booked),
        lead_qualification=row.lead_qualification,
        call_intent=row.call_intent,
        summary=row.summary,
        cost_usd=row.cost_usd,
        recording_url=row.recording_url,
        transcript=row.transcript,
    )
