"""What stands beside each row: exactly one status, and the reason where nobody was called."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from dialer.leads import RowProblem, Verdict
from dialer.replies import ACCEPTED
from dialer.retry import LeadState

_TO_THE_SECOND = len("2026-01-15T12:00:00")
NOT_CALLED_YET = "Not called yet: run the same command again."

# What has happened, or may have, stays on record when the row says later on that it must not be called.
_HAPPENED = frozenset({LeadState.SENDING, LeadState.CALLED, LeadState.UNKNOWN})


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a call later on, in the API's own words; None is what it did not say."""

    call_status: str | None = None
    ended: bool = False
    stale: bool = False  # it never ended within the time that was given
    duration_seconds: float | None = None
    started_at: str | None = None  # both as the API wrote them
    ended_at: str | None = None
    appointment_booked: bool | None = None
    lead_qualification: str | None = None
    call_intent: str | None = None
    summary: str | None = None
    cost_usd: str | None = None  # decimal
    recording_url: str | None = None
    transcript: str | None = None  # kept only on request


@dataclass(frozen=True, slots=True)
class RowResult:
    """What became of one row of the sheet."""

    row: int  # Excel's row number
    status: str  # one of `replies.RESERVED_STATUSES`, else the API's own word for the call
    cell: str | None = None  # the phone cell, e.g. "C7"
    to_phone: str | None = None  # the number sent, E.164
    called_at: datetime | None = None  # aware, UTC
    attempts: int = 0
    is_new_contact: bool | None = None
    reason_code: str | None = None  # stable, or the API's own code
    reason: str | None = None  # a sentence: why the row was not called, or what was odd about the call
    value: str | None = None  # the raw text of the cell
    call_id: str | None = None
    contact_id: str | None = None
    fate: Fate | None = None  # None until somebody has asked the API for it


@dataclass(frozen=True, slots=True)
class LastAttempt:
    """The last attempt for a lead that came to an end of its own. Times are aware and UTC."""

    at: datetime
    call_id: str | None
    status: str | None
    is_new_contact: bool | None
    contact_id: str | None
    code: str | None
    reason: str | None
    fate: Fate | None = None


@dataclass(frozen=True, slots=True)
class LeadRecord:
    """Where the lead of a row stands. Times are aware and UTC."""

    row: int  # the row that is called for this number
    phone: str
    cell: str
    state: LeadState
    suppressed: bool
    attempts: int
    last: LastAttempt | None = None
    called_elsewhere: tuple[str, datetime] | None = None  # campaign and time, if lately
    deferred: tuple[str, datetime | None] | None = None  # reason, and when it may be called


@dataclass(frozen=True, slots=True)
class RowRecord:
    """A row as the ledger holds it."""

    row: int
    verdict: Verdict
    cell: str | None
    problems: tuple[RowProblem, ...]
    lead: LeadRecord | None


def row_result(record: RowRecord, *, now: datetime) -> RowResult | None:
    """What stands beside a row as seen at `now`; None for a row that is no lead."""
    match record.verdict:
        case Verdict.NOT_A_LEAD:
            return None
        case Verdict.INVALID | Verdict.SUPPRESSED:
            lead = record.lead
            if lead is not None and lead.row == record.row and lead.state in _HAPPENED:
                return _lead_result(record.row, lead, now)
            return _not_callable(record)
        case Verdict.DUPLICATE:
            if record.lead is None:
                raise ValueError(f"row {record.row} is a duplicate of nothing")
            return RowResult(
                row=record.row,
                status="duplicate",
                cell=record.cell,
                reason_code="duplicate",
                reason=" ".join((same_number(record.lead), *(each.message for each in record.problems))),
                value=record.lead.phone,
            )
        case Verdict.CALLABLE | Verdict.ASSUMED:
            if record.lead is None:
                raise ValueError(f"row {record.row} is callable and has no lead")
            return _lead_result(record.row, record.lead, now)
        case never:
            assert_never(never)


def _not_callable(record: RowRecord) -> RowResult:
    first = record.problems[0] if record.problems else None
    reasons = " ".join(problem.message for problem in record.problems)
    return RowResult(
        row=record.row,
        status=record.verdict.value,
        cell=(first.cell if first else None) or record.cell,
        reason_code=first.code if first else record.verdict.value,
        reason=reasons or "This row says not to call.",
        value=first.value if first else None,
    )


def same_number(lead: LeadRecord) -> str:
    """Why a duplicate of this lead's row is not called itself."""
    if lead.suppressed and lead.state not in _HAPPENED:
        return f"Same number as row {lead.row}, and a row with this number says not to call."
    return f"Same number as row {lead.row}, which is the one that is called."


def _lead_result(row: int, lead: LeadRecord, now: datetime) -> RowResult:
    last = lead.last
    match lead.state:
        case LeadState.CALLED:
            return RowResult(
                row=row,
                status=(last and last.status) or ACCEPTED,
                cell=lead.cell,
                to_phone=lead.phone,
                called_at=last.at if last else None,
                attempts=lead.attempts,
                is_new_contact=last.is_new_contact if last else None,
                reason_code=last.code if last else None,
                reason=last.reason if last else None,
                call_id=last.call_id if last else None,
                contact_id=last.contact_id if last else None,
                fate=last.fate if last else None,
            )
        case LeadState.SENDING:
            return _attempted(row, lead, "unknown", "under_way", "The call is under way.")
        case LeadState.FAILED | LeadState.UNKNOWN:
            code = (last and last.code) or lead.state.value
            reason = (last and last.reason) or "no reason was given"
            return _attempted(row, lead, lead.state.value, code, reason)
        case LeadState.DUE:
            return _waiting(row, lead, now)
        case never:
            assert_never(never)


def _attempted(row: int, lead: LeadRecord, status: str, code: str, reason: str) -> RowResult:
    return RowResult(
        row=row,
        status=status,
        cell=lead.cell,
        to_phone=lead.phone,
        attempts=lead.attempts,
        reason_code=code,
        reason=reason,
    )


def _waiting(row: int, lead: LeadRecord, now: datetime) -> RowResult:
    status, reason = "pending", NOT_CALLED_YET
    if lead.suppressed:
        status, reason = "suppressed", "Another row with this number says not to call."
    elif lead.called_elsewhere is not None:
        campaign, at = lead.called_elsewhere
        status = "recent"
        reason = f"Campaign {campaign} called this number at {at:%Y-%m-%d %H:%M} UTC."
    elif lead.deferred is not None and (lead.deferred[1] is None or lead.deferred[1] > now):
        status, reason = "deferred", lead.deferred[0]
        if lead.deferred[1] is not None:
            reason += f" May be called from {lead.deferred[1]:%Y-%m-%d %H:%M} UTC on."
    return RowResult(
        row=row,
        status=status,
        cell=lead.cell,
        attempts=lead.attempts,
        reason_code=status,
        reason=reason,
        value=lead.phone,
    )


def fate_columns(result: RowResult) -> tuple[str | bool | float | None, ...]:
    """The cells that tell what became of a row's call, in the order of `own_columns.FATE_COLUMNS`."""
    fate = result.fate or Fate()
    return (
        fate.call_status,
        _plain(fate.duration_seconds),
        fate.appointment_booked,
        fate.lead_qualification,
        fate.call_intent,
        fate.summary,
        _plain(float(fate.cost_usd)) if fate.cost_usd else None,
        fate.recording_url,
        fate.transcript or None,
    )


def _plain(value: float | None) -> float | None:
    """A whole number without a point behind it."""
    return int(value) if value is not None and value == int(value) else value


def result_columns(result: RowResult) -> tuple[str | bool | int | None, ...]:
    """The cells beside a row, in the order of `columns.RESULT_COLUMNS`; None is an empty cell.

    `attempts` stays empty for rows that could not be attempted.
    """
    attempted = result.attempts > 0 or result.to_phone is not None or result.status == "pending"
    return (
        result.call_id,
        result.status,
        result.is_new_contact,
        result.to_phone,
        result.contact_id,
        result.called_at.isoformat()[:_TO_THE_SECOND] + "Z" if result.called_at else None,
        result.attempts if attempted else None,
        result.reason,
    )
