"""The full account of a campaign for machines: one record for each row, with every attempt that was made."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Row, text

from dialer.account import FROM_ROWS, ROW_COLUMNS, row_record
from dialer.ledger import time_of, time_text
from dialer.results import Fate, RowResult, row_result

SELECT_ACCOUNT = text(
    f"SELECT {ROW_COLUMNS}, l.tier, l.region, l.first_name, l.last_name, l.source, l.tags, l.notes,"
    f" l.generation {FROM_ROWS} ORDER BY r.row"
)
# A lead's attempts stand with its own row, not with the rows that have the same number.
SELECT_ATTEMPTS = text(
    "SELECT r.row, a.attempt_id, a.run_id, a.generation, a.begun_at, a.sent_at, a.ended_at, a.outcome,"
    " a.http_status, a.code, a.reason, a.call_id, a.status, a.is_new_contact, a.contact_id, a.to_phone,"
    " a.settled_at, a.trace_tag FROM rows AS r"
    " JOIN leads AS l ON l.campaign_id = :campaign_id AND l.e164 = r.e164 AND l.row = r.row"
    " JOIN attempts AS a ON a.lead_id = l.lead_id WHERE r.load_id = :load_id ORDER BY r.row, a.attempt_id"
)
_BATCH = 1000


@dataclass(frozen=True, slots=True)
class AttemptRecord:
    """One attempt to call a lead. Times here and below are aware and UTC."""

    attempt_id: int
    run_id: int
    generation: int  # above 1: a person decided that the lead be called once more
    begun_at: datetime
    sent_at: datetime | None  # None: no byte of it was sent
    ended_at: datetime | None
    outcome: str | None  # None: under way, or cut off
    http_status: int | None
    code: str | None
    reason: str | None
    call_id: str | None
    status: str | None
    is_new_contact: bool | None
    contact_id: str | None
    to_phone: str | None
    settled_at: datetime | None
    trace_tag: str | None


@dataclass(frozen=True, slots=True)
class AccountRecord:
    """One row of the sheet with all that is known of it; the fields are in the order of the columns."""

    campaign: str
    row: int
    cell: str | None
    verdict: str
    status: str
    reason_code: str | None
    reason: str | None
    value: str | None  # the raw text of the cell, or the number of a row that waits
    phone: str | None  # E.164; the fields of the lead are those of its own row, also beside a duplicate
    tier: str | None
    region: str | None
    first_name: str | None
    last_name: str | None
    source: str | None
    tags: tuple[str, ...]
    notes: str | None
    to_phone: str | None
    called_at: datetime | None
    attempts: int
    generation: int | None
    call_id: str | None
    contact_id: str | None
    is_new_contact: bool | None
    deferred_until: datetime | None
    call_status: str | None
    call_ended: bool | None
    call_stale: bool | None
    duration_seconds: float | None
    call_started_at: str | None  # as the API wrote it
    call_ended_at: str | None
    appointment_booked: bool | None
    lead_qualification: str | None
    call_intent: str | None
    summary: str | None
    cost: str | None  # USD, decimal
    recording_url: str | None
    transcript: str | None
    attempt_log: tuple[AttemptRecord, ...]


def account_records(
    connection: Connection,
    campaign: str,
    *,
    campaign_id: int,
    load_id: int,
    recall_since: datetime,
    now: datetime,
) -> Iterator[AccountRecord]:
    """Every row of a load that has a result, in the sheet's order, as seen at `now`.

    Rows and attempts are two walks over the ledger side by side: memory does not grow with the sheet.
    """
    bound = {"campaign_id": campaign_id, "load_id": load_id, "recall_since": time_text(recall_since)}
    streaming = connection.execution_options(yield_per=_BATCH)
    attempts = _AttemptsByRow(streaming.execute(SELECT_ATTEMPTS, bound))
    for row in streaming.execute(SELECT_ACCOUNT, bound):
        result = row_result(row_record(connection, row), now=now)
        if result is not None:
            yield _record(campaign, row, result, attempts.of(row.row))


class _AttemptsByRow:
    """Hands out the attempts of ascending rows."""

    def __init__(self, rows: Iterator[Row[Any]]) -> None:
        self._groups = groupby(rows, key=lambda row: row.row)
        self._next = next(self._groups, None)

    def of(self, row: int) -> tuple[AttemptRecord, ...]:
        while self._next is not None and self._next[0] < row:
            self._next = next(self._groups, None)
        if self._next is None or self._next[0] != row:
            return ()
        return tuple(_attempt(each) for each in self._next[1])


def _record(
    campaign: str, row: Row[Any], result: RowResult, attempts: tuple[AttemptRecord, ...]
) -> AccountRecord:
    fate = result.fate or Fate()
    heard = result.fate is not None
    return AccountRecord(
        campaign=campaign,
        row=result.row,
        cell=result.cell,
        verdict=row.verdict,
        status=result.status,
        reason_code=result.reason_code,
        reason=result.reason,
        value=result.value,
        phone=row.e164,
        tier=row.tier,
        region=row.region,
        first_name=row.first_name,
        last_name=row.last_name,
        source=row.source,
        tags=tuple(json.loads(row.tags)) if row.tags else (),
        notes=row.notes,
        to_phone=result.to_phone,
        called_at=result.called_at,
        attempts=result.attempts,
        generation=row.generation,
        call_id=result.call_id,
        contact_id=result.contact_id,
        is_new_contact=result.is_new_contact,
        deferred_until=time_of(row.deferred_until)
        if result.status == "deferred" and row.deferred_until
        else None,
        call_status=fate.call_status,
        call_ended=fate.ended if heard else None,
        call_stale=fate.stale if heard else None,
        duration_seconds=fate.duration_seconds,
        call_started_at=fate.started_at,
        call_ended_at=fate.ended_at,
        appointment_booked=fate.appointment_booked,
        lead_qualification=fate.lead_qualification,
        call_intent=fate.call_intent,
        summary=fate.summary,
        cost=fate.cost_usd,
        recording_url=fate.recording_url,
        transcript=fate.transcript,
        attempt_log=attempts,
    )


def _attempt(row: Row[Any]) -> AttemptRecord:
    return AttemptRecord(
        attempt_id=row.attempt_id,
        run_id=row.run_id,
        generation=row.generation,
        begun_at=time_of(row.begun_at),
        sent_at=_time(row.sent_at),
        ended_at=_time(row.ended_at),
        outcome=row.outcome,
        http_status=row.http_status,
        code=row.code,
        reason=row.reason,
        call_id=row.call_id,
        status=row.status,
        is_new_contact=None if row.is_new_contact is None else bool(row.is_new_contact),
        contact_id=row.contact_id,
        to_phone=row.to_phone,
        settled_at=_time(row.settled_at),
        trace_tag=row.trace_tag,
    )


def _time(text: str | None) -> datetime | None:
    return time_of(text) if text else None
