"""Calls that the ledger did not know and a report's own columns tell of: they count as made."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, text

from dialer.evidence import Evidence
from dialer.ledger import time_text
from dialer.loads import INSERT_RUN
from dialer.retry import LeadState

FROM_REPORT = "The ledger did not know this call: a report that was fed back tells of it."

# Whom no attempt of this ledger has called, or may have, and whose calls it does not know from elsewhere.
SELECT_UNTRIED = text(
    "SELECT l.lead_id, l.e164, l.attempts FROM leads AS l"
    " WHERE l.campaign_id = :campaign_id AND l.e164 IN :numbers"
    " AND l.state IN ('due', 'failed')"
    " AND NOT EXISTS (SELECT 1 FROM attempts AS a WHERE a.lead_id = l.lead_id"
    " AND (a.outcome IS NULL OR a.outcome IN ('called', 'unknown')))"
).bindparams(bindparam("numbers", expanding=True))
SELECT_KNOWN_CALLS = text("SELECT call_id FROM attempts WHERE call_id IN :call_ids").bindparams(
    bindparam("call_ids", expanding=True)
)
SELECT_TRIED_NUMBERS = text(
    "SELECT e164 FROM attempts WHERE e164 IN :numbers AND outcome IN ('called', 'unknown')"
).bindparams(bindparam("numbers", expanding=True))
INSERT_KNOWN_ATTEMPT = text(
    "INSERT INTO attempts (lead_id, campaign_id, run_id, e164, from_state, begun_at, sent_at, ended_at,"
    " outcome, code, reason, call_id, status, is_new_contact, contact_id, to_phone, generation)"
    " VALUES (:lead_id, :campaign_id, :run_id, :e164, 'due', :at, :at, :at, :outcome, 'from_report', :reason,"
    " :call_id, :status, :is_new_contact, :contact_id, :e164,"
    " (SELECT generation FROM leads WHERE lead_id = :lead_id)) RETURNING attempt_id"
)
SETTLE_LEAD = text(
    "UPDATE leads SET state = :outcome,"
    " attempts = CASE WHEN attempts > :attempts THEN attempts ELSE :attempts END,"
    " last_attempt_id = :attempt_id, last_run_id = :run_id WHERE lead_id = :lead_id"
)
CLOSE_RUN = text("UPDATE runs SET ended_at = :now, exit_code = 0 WHERE run_id = :run_id")


def recover(
    connection: Connection, campaign_id: int, told: Sequence[Evidence], *, file: str, now: datetime
) -> int:
    """Write down the calls that a report tells of and this ledger does not know; gives how many.

    Refusals are written down as well, and not counted.

    A call that the ledger knows, from whichever campaign, is left as the ledger has it.
    """
    unknown_to_us = _unknown_to_us(connection, told)
    if not unknown_to_us:
        return 0
    numbers = sorted({each.e164 for each in unknown_to_us})
    bound = {"campaign_id": campaign_id, "numbers": numbers}
    leads = {row.e164: row for row in connection.execute(SELECT_UNTRIED, bound)}
    found = {each.e164: each for each in unknown_to_us if _is_news(each, leads.get(each.e164))}
    if not found:
        return 0
    settings = json.dumps({"calls told of by a report": file}, ensure_ascii=False)
    run_id = connection.execute(
        INSERT_RUN, {"campaign_id": campaign_id, "now": time_text(now), "settings": settings}
    ).scalar_one()
    connection.execute(CLOSE_RUN, {"run_id": run_id, "now": time_text(now)})
    for e164, each in found.items():
        _write(
            connection,
            each,
            {"campaign_id": campaign_id, "run_id": run_id, "lead_id": leads[e164].lead_id},
            now,
        )
    return sum(each.state is not LeadState.FAILED for each in found.values())


def _is_news(told: Evidence, lead: Row[Any] | None) -> bool:
    """True if the ledger may believe the report. That somebody was refused it knows itself, if it tried."""
    return lead is not None and (told.state is not LeadState.FAILED or lead.attempts == 0)


def _unknown_to_us(connection: Connection, told: Sequence[Evidence]) -> list[Evidence]:
    if not told:
        return []
    call_ids = sorted({each.call_id for each in told if each.call_id})
    known_calls = set(connection.execute(SELECT_KNOWN_CALLS, {"call_ids": call_ids}).scalars())
    numbers = sorted({each.e164 for each in told if not each.call_id})
    tried = set(connection.execute(SELECT_TRIED_NUMBERS, {"numbers": numbers}).scalars())
    return [
        each for each in told if (each.call_id not in known_calls if each.call_id else each.e164 not in tried)
    ]


def _write(connection: Connection, told: Evidence, lead: dict[str, Any], now: datetime) -> None:
    attempt_id = connection.execute(
        INSERT_KNOWN_ATTEMPT,
        lead
        | {
            "e164": told.e164,
            "at": time_text(told.called_at or now),
            "outcome": told.state.value,
            "reason": told.reason if told.state is LeadState.FAILED else FROM_REPORT,
            "call_id": told.call_id,
            "status": told.status,
            "is_new_contact": told.is_new_contact,
            "contact_id": told.contact_id,
        },
    ).scalar_one()
    connection.execute(
        SETTLE_LEAD,
        lead | {"outcome": told.state.value, "attempts": told.attempts, "attempt_id": attempt_id},
    )
