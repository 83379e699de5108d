"""Leads + history + now: who is due, who waits, who is skipped and why; and what exactly is sent.

A plan is a value: `--dry-run` prints it and performs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from dialer.campaign import Policy
from dialer.leads import Lead


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """One kind of row problem, how often it occurs, and its first occurrence as an example."""

    code: str
    count: int
    cell: str | None
    value: str
    message: str


@dataclass(frozen=True, slots=True)
class OpenFrom:
    """How many of the chosen have the same calling hours: open until a moment, or from one on."""

    count: int
    now: bool  # open now
    at: (
        datetime | None
    )  # UTC; when they close if they are open, else when they open; None: not known, or never
    rule: str  # what keeps them from being called now: "US-FL", "GB unknown"; "" if nothing does


@dataclass(frozen=True, slots=True)
class Allowed:
    """How many calls something leaves that all calls share: the ledger's calls of a day, the budget."""

    option: str  # "--budget"
    calls: int
    words: str  # what it is and how much of it is used
    sentence: str  # why nobody is called once nothing is left


@dataclass(frozen=True, slots=True)
class ByAssistant:
    """How many of the chosen an assistant is to call."""

    assistant: str
    count: int
    first_row: int  # Excel's number of the first row that wants it


@dataclass(frozen=True, slots=True)
class Survey:
    """What the ledger knows before a run: counts of rows and leads, all of the load in hand."""

    rows: Mapping[str, int]  # by verdict, as `leads.Verdict`
    states: Mapping[str, int]  # of the leads, as `retry.LeadState`; suppressed ones are not among them
    chosen: int  # leads that this run's selection holds
    recent: int  # ... of these, called by another campaign lately
    deferred: int  # ... of these, outside calling hours now, or over a cap
    assumed: int  # ... of these, with an assumed country
    again: int = 0  # ... of these, called before: it is their second round, or a later one
    problems: tuple[ProblemKind, ...] = ()  # most frequent first
    assistants: tuple[ByAssistant, ...] = ()  # most calls first; () where the campaign has one for all
    capped: int = 0  # of the deferred, those whose number was called as often as a cap allows
    open_from: tuple[OpenFrom, ...] = ()  # the calling hours of the chosen; () where they are not asked for
    unread: Mapping[str, int] = field(default_factory=dict)  # cells about a place that say nothing, by field
    allowed: tuple[Allowed, ...] = ()  # what bounds the number of calls beside the policy's limit


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run is about to do."""

    due: int  # how many are called now
    survey: Survey
    policy: Policy
    expected: timedelta  # how long the calls take at the rate, if every reply comes in time
    first_request: Mapping[str, Any] | None  # the JSON of the first call

    @property
    def callable_now(self) -> int:
        """How many could be called now, if neither a limit nor an allowance kept any for later."""
        return max(0, self.survey.chosen - self.survey.recent - self.survey.deferred)

    @property
    def in_all(self) -> int:
        """How many this run calls: those due now, and with --wait all whose calling hours come."""
        if not self.policy.wait or self.used_up is not None:
            return self.due
        most = self.callable_now + self.survey.deferred
        return min(most, *(each.calls for each in self.survey.allowed), self.policy.limit or most)

    @property
    def kept_by(self) -> str:
        """The option that keeps most of these for later; empty if none does."""
        bounds = [(each.calls, each.option) for each in self.survey.allowed]
        if self.policy.limit is not None:
            bounds.append((self.policy.limit, "--limit"))
        return min(bounds)[1] if bounds else ""

    @property
    def used_up(self) -> Allowed | None:
        """The allowance because of which nobody is called now; None if there is none."""
        if not self.callable_now:
            return None
        return next((each for each in self.survey.allowed if each.calls == 0), None)


def make_plan(survey: Survey, policy: Policy, *, first: Lead | None) -> Plan:
    """Decide how many are called now; `first` is the first lead due, if there is one."""
    due = max(0, survey.chosen - survey.recent - survey.deferred)
    due = min(due, *(each.calls for each in survey.allowed), policy.limit or due)
    seconds = max(0, due - 1) / policy.rate.per_second
    return Plan(
        due=due,
        survey=survey,
        policy=policy,
        expected=timedelta(seconds=round(seconds)),
        first_request=call_request(first, policy) if first and due else None,
    )


def call_request(lead: Lead, policy: Policy) -> dict[str, Any]:
    """The JSON body of POST /calls/outbound for one lead, its keys in the documentation's order.

    The lead's own assistant and source win over the campaign's; tags of both are united, the lead's first.
    """
    tags = list(dict.fromkeys((*lead.tags, *policy.tags)))
    body = {
        "phone_number": lead.phone,
        "assistant_id": None if lead.assistant else policy.assistant_id,
        "assistant_name": lead.assistant or (None if policy.assistant_per_row else policy.assistant_name),
        "first_name": lead.first_name,
        "last_name": lead.last_name,
        "source": lead.source or policy.source,
        "tags": tags,
        "notes": lead.notes,
    }
    return {name: value for name, value in body.items() if value}
