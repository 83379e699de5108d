"""The pool's question to `hours`: may this lead be called now?"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from dialer.hours import opening
from dialer.leads import Lead
from dialer.pool import Closed, HoursCheck


def open_at_any_hour(_lead: Lead) -> Closed | None:
    """Nobody's hours are asked for: the API is on this machine, or the operator answers for it."""
    return None


def legal_hours(clock: Callable[[], datetime]) -> HoursCheck:
    """Whether the law where the lead lives allows a call at the time of `clock`."""

    def closed(lead: Lead) -> Closed | None:
        found = opening(lead.phone, now=clock(), region=lead.region)
        return None if found.may_call else Closed(found.opens_at, found.reason)

    return closed
