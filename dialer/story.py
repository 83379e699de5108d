"""One person's story in a ledger: the sheets they stood in, every attempt, and where they stand now."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, text

from dialer.account import FATE_COLUMNS, SELECT_ROWS_OF_NUMBER, fate_of, latest_run, recall_after, row_record
from dialer.ledger import time_of, time_text
from dialer.loads import latest_load
from dialer.results import Fate, RowResult, row_result
from dialer.suppressions import Suppression, suppression_of

# The one statement that reads all rows: rows have no index by number, since this question alone needs it.
SELECT_ROWS_OF_SHEETS = text(
    "SELECT c.name, c.campaign_id, o.loaded_at, o.path, r.row, r.cell, r.verdict, r.problems"
    " FROM rows AS r JOIN loads AS o ON o.load_id = r.load_id"
    " JOIN campaigns AS c ON c.campaign_id = o.campaign_id"
    " WHERE r.e164 = :e164 AND o.complete ORDER BY o.load_id, r.row"
)
SELECT_ATTEMPTS = text(f"""
    SELECT c.name, c.campaign_id, a.run_id, a.generation, a.begun_at, a.sent_at, a.ended_at, a.outcome,
           a.http_status, a.code, a.reason, a.call_id, a.status, a.is_new_contact, a.contact_id, a.settled_at,
           {FATE_COLUMNS}
      FROM attempts AS a JOIN campaigns AS c ON c.campaign_id = a.campaign_id
      LEFT JOIN calls AS k ON k.attempt_id = a.attempt_id
     WHERE a.e164 = :e164 ORDER BY a.attempt_id""")  # noqa: S608 - constants


@dataclass(frozen=True, slots=True)
class InSheet:
    """A row that held the number. Times here and below are aware and UTC."""

    at: datetime  # when the sheet was loaded
    campaign: str
    path: str
    row: int
    cell: str | None
    verdict: str
    reason: str | None  # why nobody was to be called for this row


@dataclass(frozen=True, slots=True)
class Tried:
    """An attempt to call the number."""

    at: datetime  # when it was sent, or else begun
    campaign: str
    run_id: int
    sent: bool
    by_decision: bool  # a person decided that they be called once more
    outcome: str | None  # None: under way, or cut off
    http_status: int | None
    code: str | None
    reason: str | None
    status: str | None  # the API's word
    call_id: str | None
    contact_id: str | None
    is_new_contact: bool | None
    settled_at: datetime | None  # when an unknown one was found in the API's records
    fate: Fate | None


@dataclass(frozen=True, slots=True)
class Stands:
    """Where a row with the number stands now in a campaign's newest sheet."""

    campaign: str
    result: RowResult


@dataclass(frozen=True, slots=True)
class Story:
    """All that a ledger knows of a number."""

    phone: str  # E.164
    sheets: tuple[InSheet, ...]  # in the order in which they were loaded
    attempts: tuple[Tried, ...]  # in the order in which they were begun
    stands: tuple[Stands, ...]  # by campaign
    suppression: Suppression | None  # what keeps the number from being called by anyone

    @property
    def is_empty(self) -> bool:
        """True where the ledger never heard of the number."""
        return not (self.sheets or self.attempts or self.suppression)


def tell(connection: Connection, e164: str, *, now: datetime) -> Story:
    """The story of a number as seen at `now`."""
    bound = {"e164": e164}
    sheets = connection.execute(SELECT_ROWS_OF_SHEETS, bound).all()
    attempts = connection.execute(SELECT_ATTEMPTS, bound).all()
    campaigns = sorted({(row.name, row.campaign_id) for row in (*sheets, *attempts)})
    return Story(
        phone=e164,
        sheets=tuple(_in_sheet(row) for row in sheets),
        attempts=tuple(_tried(row) for row in attempts),
        stands=tuple(
            Stands(name, result)
            for name, campaign_id in campaigns
            for result in _results(connection, campaign_id, e164, now=now)
        ),
        suppression=suppression_of(connection, e164),
    )


def _results(connection: Connection, campaign_id: int, e164: str, *, now: datetime) -> list[RowResult]:
    load = latest_load(connection, campaign_id, complete_only=True)
    if load is None:
        return []
    bound = {
        "campaign_id": campaign_id,
        "load_id": load.load_id,
        "e164": e164,
        "recall_since": time_text(now - recall_after(latest_run(connection, campaign_id))),
    }
    rows = connection.execute(SELECT_ROWS_OF_NUMBER, bound).all()
    found = [row_result(row_record(connection, row), now=now) for row in rows]
    return [result for result in found if result is not None]


def _in_sheet(row: Row[Any]) -> InSheet:
    problems = json.loads(row.problems) if row.problems else []
    return InSheet(
        at=time_of(row.loaded_at),
        campaign=row.name,
        path=row.path,
        row=row.row,
        cell=row.cell,
        verdict=row.verdict,
        reason=" ".join(problem["message"] for problem in problems) or None,
    )


def _tried(row: Row[Any]) -> Tried:
    return Tried(
        at=time_of(row.sent_at or row.begun_at),
        campaign=row.name,
        run_id=row.run_id,
        sent=row.sent_at is not None,
        by_decision=row.generation > 1,
        outcome=row.outcome,
        http_status=row.http_status,
        code=row.code,
        reason=row.reason,
        status=row.status,
        call_id=row.call_id,
        contact_id=row.contact_id,
        is_new_contact=None if row.is_new_contact is None else bool(row.is_new_contact),
        settled_at=time_of(row.settled_at) if row.settled_at else None,
        fate=fate_of(row) if row.fate_of is not None else None,
    )
