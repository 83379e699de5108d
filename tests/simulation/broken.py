"""Programs with one part broken, each in a way that somebody might well write. The judge must notice.

A part is replaced from outside, as the simulated machine replaces the network: the program has no switches.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection as Transaction
from sqlalchemy import text

from dialer import dialing, journal, reconcile, reporter, run
from dialer.account import row_results
from dialer.journal import Attempt, Ending, RunJournal
from dialer.outcomes import Called, Outcome, Refused, Throttled, Unknown, Unsent
from dialer.results import RowResult
from dialer.retry import LeadState
from dialer.unknowns import OpenAttempt
from dialer.vozagent import Connection, Exchange, TakeTurn
from dialer.whom import Choice, DueLead, choose
from tests.simulation.machine import Substitute


class IntentAfterTheCall(RunJournal):
    """Writes the intent down together with the outcome: a crash between them leaves no mark."""

    async def begin(self, lead: DueLead) -> Attempt | None:
        return Attempt(0, lead)

    async def end(self, attempt: Attempt, ending: Ending) -> None:
        begun = await super().begin(attempt.due)
        if begun is not None:
            await super().end(begun, ending)


class UnknownIsDue(RunJournal):
    """Takes a time-out for a call that was not made."""

    async def end(self, attempt: Attempt, ending: Ending) -> None:
        if isinstance(ending.outcome, Unknown):
            decision = replace(ending.decision, state=LeadState.DUE, counts_as_attempt=False)
            ending = Ending(Unsent(ending.outcome.reason), decision, ending.sent_at)
        await super().end(attempt, ending)


class OutcomeLost(RunJournal):
    """Does not wait until the outcome is on disk, and loses one now and then."""

    _ended = 0

    async def end(self, attempt: Attempt, ending: Ending) -> None:
        OutcomeLost._ended += 1
        if OutcomeLost._ended % 2:
            await super().end(attempt, ending)


class _Rereading(Connection):
    """Tells another outcome than it should."""

    async def create_call(
        self, request: Mapping[str, Any], *, take_turn: TakeTurn, exchange: Exchange
    ) -> Outcome:
        return self.reread(await super().create_call(request, take_turn=take_turn, exchange=exchange))

    def reread(self, outcome: Outcome) -> Outcome:
        raise NotImplementedError


class RetryInTheTransport(Connection):
    """Sends a request once more when there was no reply, as many clients do unasked."""

    async def create_call(
        self, request: Mapping[str, Any], *, take_turn: TakeTurn, exchange: Exchange
    ) -> Outcome:
        outcome = await super().create_call(request, take_turn=take_turn, exchange=exchange)
        if isinstance(outcome, Unknown):
            again = Exchange()
            outcome = await super().create_call(request, take_turn=_at_once, exchange=again)
        return outcome


async def _at_once() -> None:
    pass


class ExceptionIsProof(_Rereading):
    """Takes a connection that broke for one on which nothing ever arrived."""

    def reread(self, outcome: Outcome) -> Outcome:
        if isinstance(outcome, Unknown) and "Error" in outcome.reason:
            return Unsent(outcome.reason)
        return outcome


class BodyDecides(_Rereading):
    """Takes a 201 without a call_id for a failure."""

    def reread(self, outcome: Outcome) -> Outcome:
        if isinstance(outcome, Called) and outcome.call_id is None:
            return Refused(outcome.http_status, "no_call_id", "The reply held no call_id.")
        return outcome


class ThrottledIsFailed(_Rereading):
    """Takes a 429 for a refusal of this lead."""

    def reread(self, outcome: Outcome) -> Outcome:
        return Refused(429, "throttled", outcome.message) if isinstance(outcome, Throttled) else outcome


def crash_is_due(connection: Transaction, campaign_id: int, *, now: datetime) -> int:
    """Call those again at whom the program died."""
    del now
    bound = {"campaign_id": campaign_id}
    leads = "UPDATE leads SET state = 'due' WHERE campaign_id = :campaign_id AND state = 'sending'"
    attempts = "UPDATE attempts SET outcome = 'unsent' WHERE campaign_id = :campaign_id AND outcome IS NULL"
    connection.execute(text(leads), bound)
    return connection.execute(text(attempts), bound).rowcount


_write = reconcile._write


async def not_found_is_due(attempt: OpenAttempt, found: Any, means: reconcile.Means) -> bool:
    """Take a call that the API's records do not hold for one that was not made."""
    if found is not None:
        return await _write(attempt, found, means)

    def give_back(connection: Transaction) -> None:
        bound = {"lead_id": attempt.lead_id, "attempt_id": attempt.attempt_id}
        connection.execute(text("UPDATE leads SET state = 'due' WHERE lead_id = :lead_id"), bound)
        connection.execute(
            text("UPDATE attempts SET outcome = 'unsent' WHERE attempt_id = :attempt_id"), bound
        )

    await means.writer.do(give_back)
    return False


def recent_is_due(*arguments: Any, **options: Any) -> Choice:
    """Forget what other campaigns did today."""
    return replace(choose(*arguments, **options), recall_since="9999")


def row_lost(*arguments: Any, **options: Any) -> Iterator[RowResult]:
    """Leave out rows of the report that are unknown."""
    return (row for row in row_results(*arguments, **options) if row.status != "unknown")


BROKEN: dict[str, Substitute] = {
    "intent written after the call": (dialing, "RunJournal", IntentAfterTheCall),
    "unknown called again": (dialing, "RunJournal", UnknownIsDue),
    "retry in the transport": (dialing, "Connection", RetryInTheTransport),
    "an exception's name is proof": (dialing, "Connection", ExceptionIsProof),
    "interrupted called again": (journal, "close_interrupted", crash_is_due),
    "not found called again": (reconcile, "_write", not_found_is_due),
    "outcome lost": (dialing, "RunJournal", OutcomeLost),
    "body decides": (dialing, "Connection", BodyDecides),
    "throttled is failed": (dialing, "Connection", ThrottledIsFailed),
    "pace forgotten": (dialing, "already_sent", lambda _ledger, _rate: []),
    "recent called again": (run, "choose", recent_is_due),
    "row lost": (reporter, "row_results", row_lost),
}
