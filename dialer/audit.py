"""Looks whether a ledger is sound: as a file, as a database, and in what it promises of its attempts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import Connection, text

_EXAMPLES = 5

# Each tells of leads, rows or attempts that contradict a promise: its first column is what is shown.
CALLED_TWICE = text(
    "SELECT 'lead ' || lead_id FROM attempts WHERE outcome IS NULL OR outcome IN ('called', 'unknown')"
    " GROUP BY lead_id, generation HAVING count(*) > 1"
)
NUMBER_CALLED_TWICE = text(
    "SELECT 'campaign ' || campaign_id FROM attempts"
    " WHERE outcome IS NULL OR outcome IN ('called', 'unknown')"
    " GROUP BY campaign_id, e164, generation HAVING count(*) > 1"
)
CALLED_WITHOUT_A_CALL = text(
    "SELECT 'lead ' || l.lead_id FROM leads AS l WHERE l.state IN ('called', 'unknown') AND NOT EXISTS"
    " (SELECT 1 FROM attempts AS a WHERE a.lead_id = l.lead_id AND a.outcome IN ('called', 'unknown'))"
)
CALL_NOT_REMEMBERED = text(
    "SELECT 'attempt ' || a.attempt_id FROM attempts AS a JOIN leads AS l ON l.lead_id = a.lead_id"
    " WHERE a.outcome IN ('called', 'unknown') AND l.state IN ('due', 'failed')"
    " AND a.generation = l.generation"
)
UNDER_WAY_ON_ONE_SIDE = text(
    "SELECT 'lead ' || l.lead_id FROM leads AS l WHERE (l.state = 'sending') <> EXISTS"
    " (SELECT 1 FROM attempts AS a WHERE a.lead_id = l.lead_id AND a.outcome IS NULL)"
)
ROW_WITHOUT_A_LEAD = text(
    "SELECT 'load ' || r.load_id || ' row ' || r.row FROM rows AS r"
    " JOIN loads AS o ON o.load_id = r.load_id AND o.complete"
    " WHERE r.verdict IN ('callable', 'assumed', 'duplicate') AND NOT EXISTS"
    " (SELECT 1 FROM leads AS l WHERE l.campaign_id = o.campaign_id AND l.e164 = r.e164)"
)
PROMISES = (
    ("No lead is called twice in a round.", CALLED_TWICE),
    ("No number is called twice in a campaign's round.", NUMBER_CALLED_TWICE),
    ("Whoever counts as called has an attempt that called, or may have.", CALLED_WITHOUT_A_CALL),
    ("Whom an attempt called, or may have, does not wait to be called.", CALL_NOT_REMEMBERED),
    ("What is under way is so for lead and attempt alike.", UNDER_WAY_ON_ONE_SIDE),
    ("Every row that can be called has its lead.", ROW_WITHOUT_A_LEAD),
)
SELECT_ATTEMPTS = text(
    "SELECT a.attempt_id, c.name AS campaign, c.kind, l.row AS sheet_row, a.e164, a.generation AS round,"
    " a.begun_at, a.sent_at, a.ended_at, a.settled_at, a.outcome, a.http_status, a.code, a.reason,"
    " a.call_id, a.status, a.is_new_contact, a.contact_id, a.to_phone, a.trace_tag, a.run_id,"
    " r.started_at AS run_started_at FROM attempts AS a"
    " JOIN campaigns AS c ON c.campaign_id = a.campaign_id JOIN leads AS l ON l.lead_id = a.lead_id"
    " JOIN runs AS r ON r.run_id = a.run_id ORDER BY a.attempt_id"
)
SELECT_SCHEMA = text("SELECT version_num FROM alembic_version")
COUNT_KINDS = text("SELECT kind, count(*) AS n FROM campaigns GROUP BY kind")
COUNT_ATTEMPTS = text("SELECT count(*) FROM attempts")
COUNT_SUPPRESSIONS = text("SELECT count(*) FROM suppressions")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    promise: str
    broken: int  # how often; 0 is sound
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AuditedAttempt:
    """One attempt as an auditor gets it. Times are as `ledger.time_text` writes them."""

    attempt_id: int
    campaign: str
    kind: str  # "sheet", or "call" for a single `dialer call`
    sheet_row: int  # Excel's row number in the newest sheet that holds the lead
    e164: str
    round: int
    begun_at: str
    sent_at: str | None
    ended_at: str | None
    settled_at: str | None
    outcome: str | None  # None while under way
    http_status: int | None
    code: str | None
    reason: str | None
    call_id: str | None
    status: str | None
    is_new_contact: bool | None
    contact_id: str | None
    to_phone: str | None
    trace_tag: str | None
    run_id: int
    run_started_at: str


ATTEMPT_COLUMNS = tuple(field.name for field in fields(AuditedAttempt))


@dataclass(frozen=True, slots=True)
class Size:
    """How much a ledger holds."""

    schema: str
    sheets: int  # campaigns that were made from a sheet
    single_calls: int
    attempts: int
    suppressions: int


def in_words(finding: Finding) -> str:
    """One line for a person."""
    if not finding.broken:
        return f"{finding.promise} ok"
    times = "once" if finding.broken == 1 else f"{finding.broken:,} times"
    return f"{finding.promise} BROKEN {times}: {'; '.join(finding.examples)}"


def findings(connection: Connection) -> Iterator[Finding]:
    """Everything that is looked at, the file first."""
    for promise, pragma in (
        ("The file is whole.", "PRAGMA integrity_check(100)"),
        ("Nothing refers to what is not there.", "PRAGMA foreign_key_check"),
    ):
        said = [" ".join(map(str, row)) for row in connection.exec_driver_sql(pragma)]
        yield _finding(promise, [] if said == ["ok"] else said)
    for promise, statement in PROMISES:
        yield _finding(promise, list(connection.execute(statement).scalars()))


def attempts(connection: Connection) -> Iterator[AuditedAttempt]:
    """Every attempt of every campaign, in the order in which they were begun."""
    for row in connection.execution_options(yield_per=1000).execute(SELECT_ATTEMPTS):
        told: dict[str, Any] = dict(row._mapping)  # noqa: SLF001 - a public name of SQLAlchemy's
        is_new = told["is_new_contact"]
        yield AuditedAttempt(**told | {"is_new_contact": None if is_new is None else bool(is_new)})


def size_of(connection: Connection) -> Size:
    """How much the ledger holds."""
    kinds = {row.kind: row.n for row in connection.execute(COUNT_KINDS)}
    return Size(
        schema=str(connection.execute(SELECT_SCHEMA).scalar_one()),
        sheets=kinds.get("sheet", 0),
        single_calls=kinds.get("call", 0),
        attempts=int(connection.execute(COUNT_ATTEMPTS).scalar_one()),
        suppressions=int(connection.execute(COUNT_SUPPRESSIONS).scalar_one()),
    )


def _finding(promise: str, broken: list[str]) -> Finding:
    return Finding(promise, len(broken), tuple(broken[:_EXAMPLES]))
