"""The journal of attempts: the intent before each call, the outcome after.

Promise 1 lives here: `begin` refuses a lead that any attempt may already have called, in the same
transaction that writes the new intent down.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, text

from dialer import orders
from dialer.bounds import Gate, reached_cap
from dialer.caps import Capped
from dialer.fates import NEWEST_CALL_ENDED
from dialer.ledger import Clock, time_of, time_text
from dialer.outcomes import Called, Forbidden, Halted, Outcome, Refused, Throttled, Unknown, Unsent
from dialer.retry import Decision, LeadState, Stop
from dialer.statements import run
from dialer.suppressions import SUPPRESSED, claim_values, hold_back
from dialer.whom import RECENT, Choice, DueLead, due_leads
from dialer.writer import Writer

LONGEST_WAY_TO_SEND = timedelta(minutes=1)  # from the intent to the first byte: connecting, and the turn
INTERRUPTED = "dialer was stopped while this call was under way"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One POST that is written down and may be sent, for its own `due.lead`, which bears any trace tag."""

    attempt_id: int
    due: DueLead


# A second round (:again is 1, else 0) is a generation of its own, and needs the end of the call before it.
_CLAIM = f"""
    UPDATE leads AS l SET state = 'sending', generation = l.generation + :again,
           deferred_until = NULL, deferred_reason = NULL
     WHERE l.lead_id = :lead_id AND l.state = :from_state AND NOT l.suppressed AND NOT {RECENT}
       AND NOT EXISTS (SELECT 1 FROM attempts AS b WHERE b.lead_id = l.lead_id
                        AND b.generation = l.generation + :again
                        AND (b.outcome IS NULL OR b.outcome IN ('called', 'unknown')))
       AND (:again = 0 OR {NEWEST_CALL_ENDED})"""  # noqa: S608 - constants
CLAIM_LEAD = text(f"{_CLAIM} AND NOT {SUPPRESSED}")
# Where nobody is on the do-not-call list, a number need not be looked up in it, nor be hashed for that.
CLAIM_LEAD_WITHOUT_A_LIST = text(f"{_CLAIM} AND NOT EXISTS (SELECT 1 FROM suppressions)")  # noqa: S608 - constants
INSERT_ATTEMPT = text(
    "INSERT INTO attempts (lead_id, campaign_id, run_id, e164, from_state, begun_at, trace_tag,"
    " generation) VALUES (:lead_id, :campaign_id, :run_id, :e164, :from_state, :begun_at, :trace_tag,"
    " (SELECT generation FROM leads WHERE lead_id = :lead_id)) RETURNING attempt_id"
)
END_ATTEMPT = text(
    "UPDATE attempts SET ended_at = :ended_at, sent_at = :sent_at, outcome = :outcome,"
    " http_status = :http_status, code = :code, reason = :reason, call_id = :call_id, status = :status,"
    " is_new_contact = :is_new_contact, contact_id = :contact_id, to_phone = :to_phone"
    " WHERE attempt_id = :attempt_id AND outcome IS NULL"
)
MOVE_LEAD = text(
    "UPDATE leads SET state = :state, attempts = attempts + :counted, last_attempt_id = :attempt_id,"
    " last_run_id = CASE WHEN :counted = 1 THEN :run_id ELSE last_run_id END WHERE lead_id = :lead_id"
)
GIVE_LEAD_BACK = text("UPDATE leads SET state = :state WHERE lead_id = :lead_id")
DEFER_LEAD = text(
    "UPDATE leads SET deferred_until = :until, deferred_reason = :reason WHERE lead_id = :lead_id"
)
CLOSE_INTERRUPTED_LEADS = text(
    "UPDATE leads SET state = 'unknown', attempts = attempts + 1, last_attempt_id ="
    " (SELECT max(a.attempt_id) FROM attempts AS a WHERE a.lead_id = leads.lead_id)"
    " WHERE state = 'sending' AND load_id IN (SELECT load_id FROM loads WHERE campaign_id = :campaign_id)"
)
CLOSE_INTERRUPTED_ATTEMPTS = text(
    "UPDATE attempts SET outcome = 'unknown', code = 'interrupted', reason = :reason, ended_at = :now"
    " WHERE campaign_id = :campaign_id AND outcome IS NULL"
)
# What is open may be sent at this moment by a run beside this one, or was by one that a crash cut off.
SELECT_LATEST_SENDS = text(
    "SELECT coalesce(sent_at, ended_at, :now) AS sent FROM attempts WHERE begun_at > :begun_since"
    " AND coalesce(sent_at, ended_at, :now) > :since AND (outcome IS NULL OR outcome <> 'unsent')"
    " ORDER BY sent DESC LIMIT :most"
)
# What paused a campaign first stays the reason, whatever comes in while calls in flight end.
PAUSE_BY_BREAKER = text(
    "UPDATE campaigns SET paused_at = :now, paused_reason = :reason WHERE campaign_id = :campaign_id"
    " AND (paused_reason IS NULL OR :alarm)"
)
SELECT_SAME_CALL = text(
    "SELECT l.row FROM attempts AS a JOIN leads AS l ON l.lead_id = a.lead_id"
    " WHERE a.call_id = :call_id AND a.e164 <> :e164 ORDER BY a.attempt_id LIMIT 1"
)


@dataclass(frozen=True, slots=True)
class Ending:
    """How an attempt ended, what follows, and when it was sent (None: it was not)."""

    outcome: Outcome
    decision: Decision
    sent_at: datetime | None


def begin(
    connection: Connection,
    due: DueLead,
    *,
    run_id: int,
    recall_since: str,
    now: datetime,
    trace_tag: str | None = None,
) -> Attempt | None:
    """Write the intent down; None if this lead must not be called after all."""
    if not _claim(connection, due, recall_since=recall_since):
        hold_back(connection, due.lead_id, due.lead.phone)
        return None
    inserted = run(
        connection,
        INSERT_ATTEMPT,
        {
            "lead_id": due.lead_id,
            "campaign_id": due.campaign_id,
            "run_id": run_id,
            "e164": due.lead.phone,
            "from_state": due.from_state.value,
            "begun_at": time_text(now),
            "trace_tag": trace_tag,
        },
    )
    if trace_tag is not None:
        due = replace(due, lead=due.lead._replace(tags=(*due.lead.tags, trace_tag)))
    return Attempt(inserted.rows[0][0], due)


def _claim(connection: Connection, due: DueLead, *, recall_since: str) -> bool:
    """Mark a lead as being called; False if it may not be."""
    state = due.from_state
    bound = {
        "lead_id": due.lead_id,
        "from_state": state.value,
        "recall_since": recall_since,
        "again": int(state is LeadState.CALLED),
    }
    if run(connection, CLAIM_LEAD_WITHOUT_A_LIST, bound).changed == 1:
        return True
    return run(connection, CLAIM_LEAD, bound | claim_values(connection, due.lead.phone)).changed == 1


def end(
    connection: Connection,
    attempt: Attempt,
    ending: Ending,
    *,
    run_id: int,
    now: datetime,
) -> None:
    """Write down how an attempt ended, where its lead stands now, and a breaker's pause.

    What has ended once stays as it is.
    """
    outcome = _with_call_of_another(connection, ending.outcome, e164=attempt.due.lead.phone)
    ended = run(
        connection,
        END_ATTEMPT,
        _outcome_columns(outcome)
        | {
            "attempt_id": attempt.attempt_id,
            "ended_at": time_text(now),
            "sent_at": time_text(ending.sent_at) if ending.sent_at else None,
        },
    )
    if ended.changed != 1:
        return
    decision = ending.decision
    due = attempt.due
    if decision.stop is not None and decision.stop.pause:
        stop = decision.stop
        bound = {"now": time_text(now), "reason": stop.sentence, "alarm": stop.alarm}
        connection.execute(PAUSE_BY_BREAKER, bound | {"campaign_id": due.campaign_id})
    if decision.state is LeadState.DUE:
        run(connection, GIVE_LEAD_BACK, {"lead_id": due.lead_id, "state": due.from_state.value})
        return
    run(
        connection,
        MOVE_LEAD,
        {
            "lead_id": due.lead_id,
            "state": decision.state.value,
            "counted": int(decision.counts_as_attempt),
            "attempt_id": attempt.attempt_id,
            "run_id": run_id,
        },
    )


def _with_call_of_another(connection: Connection, outcome: Outcome, *, e164: str) -> Outcome:
    """The outcome; it is odd if the API gave another number's call the same id."""
    if not isinstance(outcome, Called) or outcome.call_id is None:
        return outcome
    found = run(connection, SELECT_SAME_CALL, {"call_id": outcome.call_id, "e164": e164}).rows
    if not found:
        return outcome
    oddity = f"the API gave this call_id to row {found[0][0]} as well"
    return replace(outcome, oddities=(*outcome.oddities, oddity))


def defer(connection: Connection, due: DueLead, *, until: datetime | None, reason: str) -> None:
    """Note that a lead may not be called at this hour, and when it may."""
    connection.execute(
        DEFER_LEAD,
        {"lead_id": due.lead_id, "until": time_text(until) if until else None, "reason": reason},
    )


def close_interrupted(connection: Connection, campaign_id: int, *, now: datetime) -> int:
    """Make every attempt that a crash cut off unknown, and say how many there were.

    Only a run that holds the campaign's lock may do so: nobody else can be sending then.
    """
    bound = {"campaign_id": campaign_id, "now": time_text(now), "reason": INTERRUPTED}
    connection.execute(CLOSE_INTERRUPTED_LEADS, {"campaign_id": campaign_id})
    return connection.execute(CLOSE_INTERRUPTED_ATTEMPTS, bound).rowcount


def latest_sends(connection: Connection, *, within: timedelta, most: int, now: datetime) -> list[datetime]:
    """When the last calls of all campaigns were sent, oldest first: the pace holds across restarts."""
    since = now - within
    bound = {
        "now": time_text(now),
        "since": time_text(since),
        "begun_since": time_text(since - LONGEST_WAY_TO_SEND),
        "most": most,
    }
    return sorted(time_of(row.sent) for row in connection.execute(SELECT_LATEST_SENDS, bound))


class RunJournal:
    """The journal as the pool of one run uses it: every method returns once its words are on disk."""

    def __init__(
        self, writer: Writer, choice: Choice, *, clock: Clock, trace: Callable[[], str] | None = None
    ) -> None:
        """`trace` makes the tag that an attempt sends along; without it none is sent."""
        self._writer = writer
        self._choice = choice
        self._clock = clock
        self._trace = trace
        self._gate = Gate(choice.bounds.allowances)

    async def due(self, *, after_row: int, most: int) -> list[DueLead]:
        """The next leads to call, in the sheet's order."""
        return await self._writer.do(lambda c: due_leads(c, self._choice, after_row=after_row, most=most))

    async def begin(self, lead: DueLead) -> Attempt | Capped | Stop | None:
        """Commit the intent to call. None if this lead must not be called after all, Capped (which is noted)
        if its number was called too often, Stop if the run may begin no more calls."""
        return await self._writer.do(lambda c: self._begin(c, lead))

    def _begin(self, connection: Connection, lead: DueLead) -> Attempt | Capped | Stop | None:
        choice, now = self._choice, self._clock()
        shut = self._gate.shut(connection, now=now)
        if shut is not None:
            return shut
        capped = reached_cap(connection, lead.lead, choice.bounds, now=now)
        if capped is not None:
            defer(connection, lead, until=capped.until, reason=capped.reason)
            return capped
        return begin(
            connection,
            lead,
            run_id=choice.run_id,
            recall_since=choice.recall_since,
            now=now,
            trace_tag=self._trace() if self._trace else None,
        )

    async def end(self, attempt: Attempt, ending: Ending) -> None:
        """Commit how an attempt ended."""
        await self._writer.do(
            lambda c: end(c, attempt, ending, run_id=self._choice.run_id, now=self._clock())
        )

    async def defer(self, lead: DueLead, *, until: datetime | None, reason: str) -> None:
        """Commit that a lead may not be called at this hour."""
        await self._writer.do(lambda c: defer(c, lead, until=until, reason=reason))

    async def stop_asked(self) -> Stop | None:
        """Why this run is to end, if a person or a breaker wants that."""
        return await self._writer.do(lambda c: orders.stop_asked(c, self._choice.campaign_id))


_NO_CALL = dict.fromkeys(
    ("call_id", "status", "is_new_contact", "contact_id", "to_phone", "code", "http_status")
)


def _outcome_columns(outcome: Outcome) -> dict[str, Any]:
    match outcome:
        case Called():
            return {
                "outcome": "called",
                "http_status": outcome.http_status,
                "code": "oddity" if outcome.oddities else None,
                "reason": "; ".join(outcome.oddities) or None,
                "call_id": outcome.call_id,
                "status": outcome.status,
                "is_new_contact": outcome.is_new_contact,
                "contact_id": outcome.contact_id,
                "to_phone": outcome.to_phone,
            }
        case Refused() | Forbidden():
            found = {"outcome": "failed", "code": outcome.code, "reason": outcome.message}
            return _NO_CALL | found | {"http_status": outcome.http_status}
        case Halted():
            found = {"outcome": "halted", "code": outcome.code, "reason": outcome.message}
            return _NO_CALL | found | {"http_status": outcome.http_status}
        case Throttled():
            return _NO_CALL | {"outcome": "throttled", "reason": outcome.message, "http_status": 429}
        case Unsent():
            return _NO_CALL | {"outcome": "unsent", "reason": outcome.reason}
        case Unknown():
            found = {"outcome": "unknown", "code": "no_certain_answer", "reason": outcome.reason}
            return _NO_CALL | found | {"http_status": outcome.http_status}
