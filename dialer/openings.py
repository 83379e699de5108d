"""Asks for all chosen leads whether their calling hours are open; whoever must wait is noted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from dialer import journal, whom
from dialer.calling_hours import LegalHours, open_at_any_hour
from dialer.caps import Capped
from dialer.hours import Opening
from dialer.leads import Lead
from dialer.ledger import Connection
from dialer.plan import OpenFrom
from dialer.pool_means import Closed, HoursCheck
from dialer.whom import Choice

_BATCH = 1000
_Kind = tuple[bool, datetime | None, str]  # open now; when it closes or opens; what decides


@dataclass(frozen=True, slots=True)
class Asked:
    """What the chosen leads were told."""

    deferred: int = 0  # must wait, for their hours or for a cap
    first: Lead | None = None  # who need not
    open_from: tuple[OpenFrom, ...] = ()  # () where nobody's hours are asked for
    unread: Mapping[str, int] | None = None  # how many rows say their "time_zone" so that nobody can read it


def ask_hours(
    connection: Connection, choice: Choice, closed: HoursCheck, capped: Mapping[int, Capped]
) -> Asked:
    """Asks for every chosen lead; `capped`, by row, are those whom a cap keeps from being called."""
    if closed is open_at_any_hour and not capped:
        found = whom.due_leads(connection, choice, after_row=-1, most=1)
        return Asked(first=found[0].lead if found else None)
    hours = closed if isinstance(closed, LegalHours) else None
    kinds: Counter[_Kind] = Counter()
    unread: Counter[str] = Counter()
    deferred, first, after = 0, None, -1
    while batch := whom.due_leads(connection, choice, after_row=after, most=_BATCH):
        after = batch[-1].lead.row
        for due in batch:
            if hours is not None:
                opening = hours.opening(due.lead)
                kinds[_kind(opening)] += 1
                for name in hours.unread(due.lead):
                    unread[name] += 1
                shut = None if opening.may_call else Closed(opening.opens_at, opening.reason)
            else:
                shut = closed(due.lead)
            cap = capped.get(due.lead.row)
            if cap is not None:
                shut = Closed(cap.until, cap.reason)
            if shut is not None:
                deferred += 1
                journal.defer(connection, due, until=shut.until, reason=shut.reason)
            else:
                first = first or due.lead
    return Asked(deferred, first, _sorted(kinds), unread)


def _kind(opening: Opening) -> _Kind:
    if opening.may_call:
        return (True, opening.closes_at, "")
    # "US-FL 08:00-20:00" opens at one moment for all its zones' leads; the hours make the table too wide.
    return (False, opening.opens_at, opening.rule if opening.opens_at is None else opening.rule.split()[0])


def _sorted(kinds: Mapping[_Kind, int]) -> tuple[OpenFrom, ...]:
    found: Iterable[OpenFrom] = (
        OpenFrom(count, now=now, at=at, rule=rule) for (now, at, rule), count in kinds.items()
    )
    return tuple(sorted(found, key=lambda each: (not each.now, each.at is None, str(each.at), each.rule)))
