"""Attempts without a certain answer: finding them, settling one as called, opening a new round for a lead.

None of this ever touches an attempt that ended in another way.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, text

from dialer.ledger import time_of, time_text

# One whose lead is called knows of a call; one that is being called at this moment must not be touched.
SELECT_OPEN = text("""
    SELECT a.attempt_id, a.lead_id, a.run_id, a.e164, a.begun_at, a.sent_at, a.ended_at, a.looked_at,
           a.trace_tag, c.name AS campaign, l.row, l.first_name, l.last_name
      FROM attempts AS a JOIN leads AS l ON l.lead_id = a.lead_id
      JOIN campaigns AS c ON c.campaign_id = a.campaign_id
     WHERE a.campaign_id = :campaign_id AND a.outcome = 'unknown' AND l.state NOT IN ('called', 'sending')
     ORDER BY coalesce(a.looked_at, ''), a.attempt_id""")
SELECT_CAMPAIGNS = text(
    "SELECT campaign_id, name FROM campaigns AS c WHERE EXISTS (SELECT 1 FROM attempts AS a"
    " WHERE a.campaign_id = c.campaign_id AND a.outcome = 'unknown')"
    " OR EXISTS (SELECT 1 FROM attempts AS a WHERE a.campaign_id = c.campaign_id AND a.outcome IS NULL)"
    " ORDER BY name"
)
COUNT_UNKNOWN = text("SELECT count(*) FROM leads WHERE campaign_id = :campaign_id AND state = 'unknown'")
# Whatever may have made a call to this number whose id is not written down.
SELECT_CLAIMS = text("""
    SELECT attempt_id, lead_id, begun_at, sent_at, outcome, trace_tag FROM attempts
     WHERE e164 = :e164
       AND (outcome IS NULL OR outcome = 'unknown' OR (outcome = 'called' AND call_id IS NULL))""")
SELECT_KNOWN_CALLS = text("SELECT DISTINCT call_id FROM attempts WHERE call_id IN :call_ids").bindparams(
    bindparam("call_ids", expanding=True)
)
SETTLE_ATTEMPT = text("""
    UPDATE attempts SET outcome = 'called', code = 'reconciled', call_id = :call_id,
           reason = CASE WHEN reason IS NULL THEN :how ELSE reason || '; ' || :how END,
           contact_id = :contact_id, to_phone = e164, status = NULL, settled_at = :now, looked_at = :now
     WHERE attempt_id = :attempt_id AND outcome = 'unknown'
       AND NOT EXISTS (SELECT 1 FROM attempts AS o WHERE o.call_id = :call_id)
       AND NOT EXISTS (SELECT 1 FROM attempts AS o WHERE o.e164 = attempts.e164 AND o.outcome IS NULL)""")
SETTLE_LEAD = text("""
    UPDATE leads SET state = 'called', last_attempt_id = :attempt_id, deferred_until = NULL,
           deferred_reason = NULL
     WHERE lead_id = (SELECT lead_id FROM attempts WHERE attempt_id = :attempt_id)
       AND state IN ('unknown', 'due', 'failed')""")
MARK_LOOKED = text("UPDATE attempts SET looked_at = :now WHERE attempt_id IN :attempt_ids").bindparams(
    bindparam("attempt_ids", expanding=True)
)
# The newest attempt of the round of now decides how old a lead's unknown is; a call under way forbids it.
SELECT_REDIALLABLE = text("""
    SELECT l.lead_id, l.row, l.e164, l.first_name, l.last_name, max(coalesce(a.sent_at, a.begun_at)) AS at
      FROM leads AS l JOIN attempts AS a ON a.lead_id = l.lead_id AND a.generation = l.generation
     WHERE l.campaign_id = :campaign_id AND l.load_id = :load_id AND l.state = 'unknown'
       AND NOT l.suppressed
       AND (NOT :some_rows OR EXISTS (SELECT 1 FROM run_rows AS r WHERE r.run_id = :run_id
                                       AND l.row BETWEEN r.first_row AND r.last_row))
     GROUP BY l.lead_id, l.row, l.e164, l.first_name, l.last_name
    HAVING max(coalesce(a.sent_at, a.begun_at)) <= :before
       AND sum(CASE WHEN a.outcome IS NULL THEN 1 ELSE 0 END) = 0
     ORDER BY l.row""")
OPEN_GENERATION = text("""
    UPDATE leads SET state = 'due', generation = generation + 1, deferred_until = NULL, deferred_reason = NULL
     WHERE lead_id = :lead_id AND state = 'unknown'""")
# Whoever is due in a second round was not called in it. Through the unknown attempts, which are few, and
# which every lead with a second round has.
WITHDRAW_GENERATIONS = text("""
    UPDATE leads SET state = 'unknown', generation = generation - 1, deferred_until = NULL,
           deferred_reason = NULL
     WHERE state = 'due' AND generation > 1
       AND lead_id IN (SELECT lead_id FROM attempts
                        WHERE campaign_id = :campaign_id AND outcome = 'unknown')""")


@dataclass(frozen=True, slots=True)
class OpenAttempt:
    """An attempt that was sent, or may have been, without a certain answer. Times are aware and UTC."""

    attempt_id: int
    lead_id: int
    run_id: int
    campaign: str
    row: int
    phone: str
    name: str  # the person's, as far as it is known
    begun_at: datetime
    ended_at: datetime | None
    looked_at: datetime | None  # when the API's records were last asked for it
    trace_tag: str | None


@dataclass(frozen=True, slots=True)
class KnownClaim:
    """An attempt that may have made a call whose id is not written down."""

    attempt_id: int
    lead_id: int
    begun_at: datetime  # aware, UTC, by this machine's clock
    outcome: str | None  # "unknown"; "called" without an id; None while it is under way
    trace_tag: str | None


@dataclass(frozen=True, slots=True)
class Redial:
    """A lead whose call is unknown and may be made again, if a person decides so."""

    lead_id: int
    row: int
    phone: str
    name: str
    at: datetime  # when the unknown call was sent; aware, UTC


@dataclass(frozen=True, slots=True)
class Settlement:
    """What was found out about an attempt: the call is there."""

    attempt_id: int
    call_id: str
    contact_id: str
    how: str  # how it was found, for the report; it is added to why there was no answer


def open_attempts(connection: Connection, campaign_id: int) -> list[OpenAttempt]:
    """The attempts of a campaign that nobody has settled, those first that were not looked at for longest."""
    return [_open_attempt(row) for row in connection.execute(SELECT_OPEN, {"campaign_id": campaign_id})]


def campaigns_to_look_at(connection: Connection) -> list[tuple[int, str]]:
    """Id and name of every campaign with an attempt that is unknown or was cut off, by name."""
    return [(row.campaign_id, row.name) for row in connection.execute(SELECT_CAMPAIGNS)]


def count_unknown(connection: Connection, campaign_id: int) -> int:
    """How many leads of a campaign are unknown."""
    return int(connection.execute(COUNT_UNKNOWN, {"campaign_id": campaign_id}).scalar_one())


def claims(connection: Connection, phone: str) -> list[KnownClaim]:
    """Every attempt on a number, of any campaign, that may have made a call that is not written down."""
    rows = connection.execute(SELECT_CLAIMS, {"e164": phone})
    return [
        KnownClaim(r.attempt_id, r.lead_id, time_of(r.sent_at or r.begun_at), r.outcome, r.trace_tag)
        for r in rows
    ]


def known_calls(connection: Connection, call_ids: Iterable[str]) -> set[str]:
    """Which of these calls the ledger knows as an attempt's."""
    return set(connection.execute(SELECT_KNOWN_CALLS, {"call_ids": sorted(call_ids)}).scalars())


def settle(connection: Connection, settlement: Settlement, *, now: datetime) -> bool:
    """Write down that an unknown attempt is a call; False if it, or the call, was settled meanwhile."""
    bound = {
        "attempt_id": settlement.attempt_id,
        "call_id": settlement.call_id,
        "contact_id": settlement.contact_id,
        "how": settlement.how,
        "now": time_text(now),
    }
    if connection.execute(SETTLE_ATTEMPT, bound).rowcount != 1:
        return False
    connection.execute(SETTLE_LEAD, {"attempt_id": settlement.attempt_id})
    return True


def mark_looked(connection: Connection, attempt_ids: Sequence[int], *, now: datetime) -> None:
    """Note that the API's records were asked for these attempts."""
    if attempt_ids:
        connection.execute(MARK_LOOKED, {"attempt_ids": list(attempt_ids), "now": time_text(now)})


def redialable(
    connection: Connection, chosen: tuple[int, int, int], *, some_rows: bool, before: datetime
) -> list[Redial]:
    """The unknown leads of a load that were last tried before a moment, in the sheet's order.

    `chosen` are the ids of campaign, load and run; `some_rows` keeps to the rows of that run.
    """
    campaign_id, load_id, run_id = chosen
    bound = {
        "campaign_id": campaign_id,
        "load_id": load_id,
        "run_id": run_id,
        "some_rows": some_rows,
        "before": time_text(before),
    }
    rows = connection.execute(SELECT_REDIALLABLE, bound)
    return [Redial(row.lead_id, row.row, row.e164, _name(row), time_of(row.at)) for row in rows]


def open_generation(connection: Connection, redials: Iterable[Redial]) -> int:
    """Let these leads be called once more, as a person decided; gives how many there are.

    What was attempted so far stays on record, and counts.
    """
    return sum(connection.execute(OPEN_GENERATION, {"lead_id": one.lead_id}).rowcount for one in redials)


def withdraw_generations(connection: Connection, campaign_id: int) -> None:
    """Take decisions to call once more back, for leads that were not called by them: they are unknown again.

    Such a decision holds for one run. Only who holds the campaign's lock may do this.
    """
    connection.execute(WITHDRAW_GENERATIONS, {"campaign_id": campaign_id})


def _open_attempt(row: Row[Any]) -> OpenAttempt:
    return OpenAttempt(
        attempt_id=row.attempt_id,
        lead_id=row.lead_id,
        run_id=row.run_id,
        campaign=row.campaign,
        row=row.row,
        phone=row.e164,
        name=_name(row),
        begun_at=time_of(row.sent_at or row.begun_at),
        ended_at=time_of(row.ended_at) if row.ended_at else None,
        looked_at=time_of(row.looked_at) if row.looked_at else None,
        trace_tag=row.trace_tag,
    )


def _name(row: Row[Any]) -> str:
    return " ".join(part for part in (row.first_name, row.last_name) if part)
