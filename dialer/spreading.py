"""Whoever is called once more is called in another part of their day, as far as their hours allow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from dialer.calling_hours import LegalHours
from dialer.day_parts import PARTS, tried, within_parts
from dialer.hours import Opening
from dialer.leads import Lead
from dialer.pool_means import HoursCheck
from dialer.whereabouts import told, whereabouts


@dataclass(frozen=True, slots=True)
class SpreadHours(LegalHours):
    """Legal hours, and for whoever was called before only parts of the day in which they were not.

    Where all parts were tried, or the hours never lie in another one, every part is as good as any.
    """

    earlier: Mapping[int, tuple[datetime, ...]] = field(default_factory=dict)  # row -> when called before

    def opening(self, lead: Lead) -> Opening:
        """When the lead may be called, seen at the time of `clock`."""
        plain = LegalHours.opening(self, lead)
        calls = self.earlier.get(lead.row, ())
        if (
            not calls or plain.opens_at is None
        ):  # unknown hours stay unknown: a window would stand in for them
            return plain
        where = whereabouts(lead.phone, told(lead), year=self.clock().year)
        before = tried(calls, where.time_zones)
        untried = tuple(name for name in PARTS if name not in before)
        narrowed = LegalHours(self.clock, within_parts(self.week, untried)).opening(lead)
        if narrowed.opens_at is None:
            return plain
        if narrowed.may_call:
            return narrowed
        reason = (
            f"This person was called in the {' and in the '.join(before)} before: the next call is made in"
            f" the {' or the '.join(untried)}."
        )
        return replace(narrowed, rule="--again", reason=reason)


def spread(closed: HoursCheck, earlier: Mapping[int, tuple[datetime, ...]]) -> HoursCheck:
    """The hours, with second and later calls spread over the day; nothing is where no hours are asked for."""
    if not earlier or not isinstance(closed, LegalHours):
        return closed
    return SpreadHours(closed.clock, closed.week, earlier)
