"""What bounds the calls of a run beside its hours: caps for each number, calls in a day, money.

An attempt counts if it was sent or may have been: called, unknown, or under way. What the API refused, put
off or never got made no phone ring.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Protocol

from sqlalchemy import Connection, text

from dialer.caps import LONGEST_WINDOW, Capped, legal_rules, own_rules, reached
from dialer.leads import Lead
from dialer.ledger import time_of, time_text
from dialer.limits import Cap, format_money
from dialer.retry import Stop
from dialer.statements import run
from dialer.whereabouts import told

DAY = timedelta(hours=24)
# An attempt is written down before its turn comes: what was sent within a window was begun a little earlier.
MARGIN = timedelta(minutes=1)
# Of attempts AS a: those that count.
COUNTS = "(a.outcome IS NULL OR a.outcome IN ('called', 'unknown'))"

SELECT_CALLS = text(
    "SELECT coalesce(a.sent_at, a.begun_at) AS at FROM attempts AS a"  # noqa: S608 - constants
    f" WHERE a.e164 = :e164 AND a.begun_at > :since AND {COUNTS}"
)
SELECT_NEWEST_ATTEMPT = text("SELECT max(attempt_id) AS newest FROM attempts")
COUNT_CALLS_SINCE = text(
    f"SELECT count(*) AS n, min(a.begun_at) AS oldest FROM attempts AS a"  # noqa: S608 - constants
    f" WHERE a.begun_at > :since AND {COUNTS}"
)
# By the records that `dialer outcomes` has read; what a call without one costs is an estimate.
SUM_COSTS = text(
    "SELECT count(*) AS calls, count(k.cost_usd) AS priced,"  # noqa: S608 - constants
    " coalesce(sum(CAST(k.cost_usd AS REAL)), 0) AS cost FROM attempts AS a"
    f" LEFT JOIN calls AS k ON k.attempt_id = a.attempt_id WHERE a.campaign_id = :campaign_id AND {COUNTS}"
)
SUM_ALL_COSTS = text(
    "SELECT count(cost_usd) AS priced, coalesce(sum(CAST(cost_usd AS REAL)), 0) AS cost FROM calls"
)


class Allowance(Protocol):
    """So many calls may still be begun, by all that the ledger knows."""

    @property
    def option(self) -> str:
        """The option that asks for it."""
        ...

    def left(self, connection: Connection, *, now: datetime) -> int:
        """How many calls may be begun at `now`."""
        ...

    def in_words(self, connection: Connection, *, now: datetime) -> str:
        """What was used of it by `now`, for the plan."""
        ...

    def stop(self, connection: Connection, *, now: datetime) -> Stop:
        """Why the run ends when none may."""
        ...


@dataclass(frozen=True, slots=True)
class MaxCalls:
    """At most so many calls in any 24 hours, of all campaigns of the ledger together."""

    most: int
    option: str = "--max-calls"

    def left(self, connection: Connection, *, now: datetime) -> int:
        """How many calls may be begun at `now`."""
        return max(0, self.most - _begun_in_a_day(connection, now=now)[0])

    def in_words(self, connection: Connection, *, now: datetime) -> str:
        """How many calls were begun in the last 24 hours."""
        calls, _ = _begun_in_a_day(connection, now=now)
        return f"at most {self.most:,} calls in 24 hours, of all campaigns; {calls:,} were begun"

    def stop(self, connection: Connection, *, now: datetime) -> Stop:
        """Says how many calls there were, and from when on there may be another."""
        calls, oldest = _begun_in_a_day(connection, now=now)
        again = ""
        if oldest is not None and calls == self.most:
            again = f" from {oldest + DAY:%Y-%m-%d %H:%M} UTC on"
        sentence = (
            f"Stopped at --max-calls {self.most}: so many calls were begun in the last 24 hours, by all "
            f"campaigns of this ledger; the same command goes on{again or ' later'}."
        )
        return Stop("max_calls", sentence, exit_code=75)


@dataclass(frozen=True, slots=True)
class Budget:
    """At most so many dollars for all calls of a campaign: known costs, and an estimate for the rest."""

    dollars: Decimal
    campaign_id: int
    per_call: Decimal  # what a call is taken to cost of which the API has not told it
    of_calls: int | None = None  # over so many known costs `per_call` is the mean; None: the operator said it
    option: str = "--budget"

    def spent(self, connection: Connection) -> Decimal:
        """What the calls of the campaign have cost, by estimate."""
        calls, priced, cost = run(connection, SUM_COSTS, {"campaign_id": self.campaign_id}).rows[0]
        return _rounded(Decimal(str(cost)) + (calls - priced) * self.per_call)

    def left(self, connection: Connection, *, now: datetime) -> int:  # noqa: ARG002 - an Allowance
        """How many calls the budget pays for."""
        return max(0, int((self.dollars - self.spent(connection)) / self.per_call))

    def in_words(self, connection: Connection, *, now: datetime) -> str:  # noqa: ARG002 - an Allowance
        """What the calls of the campaign have cost, by estimate."""
        spent = format_money(self.spent(connection))
        return f"{format_money(self.dollars)} for this campaign, about {spent} of it spent ({self.estimate})"

    def stop(self, connection: Connection, *, now: datetime) -> Stop:  # noqa: ARG002 - an Allowance
        """Says what the campaign has cost, by estimate."""
        sentence = (
            f"Stopped at --budget {self.dollars}usd: the calls of this campaign have cost about "
            f"{format_money(self.spent(connection))} ({self.estimate}), and another one would exceed it: "
            "a larger --budget lets it go on."
        )
        return Stop("budget", sentence, exit_code=75)

    @property
    def estimate(self) -> str:
        """Where the estimate comes from."""
        each = f"{format_money(self.per_call)} a call"
        if self.of_calls is None:
            return f"an estimate: {each} (--cost-per-call)"
        known = "the one known cost" if self.of_calls == 1 else f"the mean of {self.of_calls:,} known costs"
        return f"an estimate: {each}, {known}"


@dataclass(frozen=True, slots=True)
class Bounds:
    """What the calls of one run may not exceed."""

    own_caps: tuple[Cap, ...] = ()
    legal_caps: bool = False  # those of the law hold as well
    allowances: tuple[Allowance, ...] = ()

    @property
    def caps(self) -> bool:
        """True if there may be a cap for any number."""
        return self.legal_caps or bool(self.own_caps)


NO_BOUNDS = Bounds()


def reached_cap(connection: Connection, lead: Lead, bounds: Bounds, *, now: datetime) -> Capped | None:
    """The cap that the number of a lead has reached at `now`, by all calls of the ledger; None for none.

    Where it is asked in the transaction that writes the next attempt down, nobody can come in between.
    """
    if not bounds.caps:
        return None
    since = time_text(now - LONGEST_WINDOW - MARGIN)
    found = run(connection, SELECT_CALLS, {"e164": lead.phone, "since": since}).rows
    if not found:  # as nearly always: where the number may ring takes far longer to find out
        return None
    holding = own_rules(bounds.own_caps)
    if bounds.legal_caps:
        holding += legal_rules(lead.phone, told(lead), year=now.year)
    return reached([time_of(row[0]) for row in found], holding, now=now)


def known_cost(connection: Connection, campaign_id: int) -> tuple[Decimal, int] | None:
    """What a call costs on average, and over how many calls: of the campaign, else of the ledger."""
    _, priced, cost = run(connection, SUM_COSTS, {"campaign_id": campaign_id}).rows[0]
    if not priced or not cost:
        priced, cost = run(connection, SUM_ALL_COSTS, {}).rows[0]
    return (_rounded(Decimal(str(cost)) / priced), priced) if priced and cost else None


def _begun_in_a_day(connection: Connection, *, now: datetime) -> tuple[int, datetime | None]:
    """How many calls all campaigns began in the 24 hours before `now`, and when the first of them."""
    calls, oldest = run(connection, COUNT_CALLS_SINCE, {"since": time_text(now - DAY)}).rows[0]
    return int(calls), time_of(oldest) if oldest is not None else None


def _rounded(dollars: Decimal) -> Decimal:
    """Without what a sum of floats leaves behind."""
    return dollars.quantize(Decimal("0.000001"))


@dataclass(slots=True)
class Gate:
    """Asks how many calls are left before each of them, but counts anew only when it may be none.

    Since the last count no more calls can have been begun than attempts were written down.
    """

    allowances: Sequence[Allowance]
    _left: dict[int, int] = field(default_factory=dict)  # place of an allowance -> what it left
    _counted_at: dict[int, int] = field(default_factory=dict)  # ... when this attempt was the newest

    def shut(self, connection: Connection, *, now: datetime) -> Stop | None:
        """Why no call may be begun at `now`; None if one may."""
        if not self.allowances:
            return None
        newest = run(connection, SELECT_NEWEST_ATTEMPT, {}).rows[0][0] or 0
        for place, allowance in enumerate(self.allowances):
            surely = self._left.get(place, 0) - (newest - self._counted_at.get(place, 0))
            if surely > 0:
                continue
            left = allowance.left(connection, now=now)
            if left == 0:
                return allowance.stop(connection, now=now)
            self._left[place], self._counted_at[place] = left, newest
        return None
