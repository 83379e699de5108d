"""Morning, afternoon, evening: who did not answer in one of them is called in another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from zoneinfo import ZoneInfo

from dialer.windows import DAYS, MINUTES_A_DAY, Week, Window

# On the clock of the person who is called.
PARTS: Mapping[str, Window] = MappingProxyType(
    {
        "morning": Window(0, 12 * 60),
        "afternoon": Window(12 * 60, 17 * 60),
        "evening": Window(17 * 60, MINUTES_A_DAY),
    }
)
_ALL_DAY: Week = ((Window(0, MINUTES_A_DAY),),) * len(DAYS)


def part_of(moment: datetime, time_zone: str) -> str:
    """The part of the day at a moment (aware) in a time zone (IANA name)."""
    local = moment.astimezone(ZoneInfo(time_zone))
    minute = local.hour * 60 + local.minute
    return next(name for name, window in PARTS.items() if minute < window.end_minute)


def tried(calls: Iterable[datetime], time_zones: Iterable[str]) -> tuple[str, ...]:
    """The parts of the day in which any of the calls was made, by any of the clocks, the earliest first."""
    zones = tuple(time_zones)
    found = {part_of(call, zone) for call in calls for zone in zones}
    return tuple(name for name in PARTS if name in found)


def within_parts(week: Week | None, parts: Sequence[str]) -> Week:
    """The hours of a week that lie in these parts of the day; without a week, of every day."""
    return tuple(
        tuple(cut for window in day for name in parts if (cut := _common(window, PARTS[name])) is not None)
        for day in week or _ALL_DAY
    )


def _common(one: Window, other: Window) -> Window | None:
    start, end = max(one.start_minute, other.start_minute), min(one.end_minute, other.end_minute)
    return Window(start, end) if start < end else None
