"""The pool's question to `hours`: may this lead be called now?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from dialer.holiday_calendar import is_holiday
from dialer.hours import Opening, opening
from dialer.leads import Lead
from dialer.pool_means import Closed, HoursCheck
from dialer.whereabouts import told, whereabouts
from dialer.windows import Week


def open_at_any_hour(_lead: Lead) -> Closed | None:
    """Nobody's hours are asked for: the API is on this machine, or the operator answers for it."""
    return None


@dataclass(frozen=True, slots=True)
class LegalHours:
    """When the law where a lead lives, and the operator's own week, allow a call."""

    clock: Callable[[], datetime]
    week: Week | None = None

    def __call__(self, lead: Lead) -> Closed | None:
        """None if the lead may be called at the time of `clock`, else why not, and until when."""
        found = self.opening(lead)
        return None if found.may_call else Closed(found.opens_at, found.reason)

    def opening(self, lead: Lead) -> Opening:
        """When the lead may be called, seen at the time of `clock`."""
        return opening(
            lead.phone,
            now=self.clock(),
            region=lead.region,
            state=lead.subdivision,
            postal_code=lead.postal_code,
            time_zone=lead.time_zone,
            window=self.week,
            is_holiday=is_holiday,
        )

    def unread(self, lead: Lead) -> tuple[str, ...]:
        """Which of the lead's own cells about its place say nothing that could be read: "postal_code"."""
        if not (lead.subdivision or lead.postal_code or lead.time_zone):
            return ()
        return whereabouts(lead.phone, told(lead), year=self.clock().year).unread


def legal_hours(clock: Callable[[], datetime], week: Week | None = None) -> HoursCheck:
    """Whether the law where the lead lives, and the operator's `week`, allow a call at `clock`'s time."""
    return LegalHours(clock, week)
