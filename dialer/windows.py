"""Hours of a day and of a week, as a person writes them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from dialer.errors import UsageError

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MINUTES_A_DAY = 24 * 60
_WINDOW = re.compile(r"\s*([0-9]{1,2}):([0-5][0-9])\s*[-\u2013]\s*([0-9]{1,2}):([0-5][0-9])\s*")
_DAYS = re.compile(
    r"\s*(?P<first>[a-z]{3})[a-z]*(?:\s*[-\u2013]\s*(?P<last>[a-z]{3})[a-z]*)?\s+", re.IGNORECASE
)
_MOMENT = re.compile(r"\s*([01]?[0-9]|2[0-4]):([0-5][0-9])\s*")
# A deadline that has passed so lately is over; before that, the one of the next day is meant.
_LATELY = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of one local day, half-open, in minutes after midnight."""

    start_minute: int
    end_minute: int  # at most 1440

    def __str__(self) -> str:
        return "-".join(f"{m // 60:02}:{m % 60:02}" for m in (self.start_minute, self.end_minute))


Week = tuple[tuple[Window, ...], ...]  # Monday to Sunday; () is a day without calls


def parse_window(text: str) -> Window:
    """Reads "09:00-18:00". The end may be 24:00; a window does not cross midnight. Raises `UsageError`."""
    match = _WINDOW.fullmatch(text)
    if match:
        start_hour, start, end_hour, end = map(int, match.groups())
        window = Window(start_hour * 60 + start, end_hour * 60 + end)
        if window.start_minute < window.end_minute <= MINUTES_A_DAY:
            return window
    raise UsageError(
        f'"{text}" is no calling window: write it like 09:00-18:00, start before end, on one day.',
        code="window_unreadable",
    )


def parse_week(text: str) -> Week:
    """Reads "09:00-18:00" for every day, or "mon-fri 09:00-18:00, sat 10:00-14:00"; days not named have none.

    Windows after the first of some days need not name them again: "mon-fri 10:00-13:00, 14:00-20:00". Raises
    `UsageError`.
    """
    week: list[list[Window]] = [[] for _ in DAYS]
    days = range(len(DAYS))
    for part in text.split(","):
        named = _DAYS.match(part)
        if named:
            days = _days(named, text)
        window = parse_window(part[named.end() :] if named else part)
        for day in days:
            week[day].append(window)
    return tuple(map(tuple, week))


def week_in_words(week: Week) -> str:
    """Writes a week as `parse_week` reads it."""
    if len(set(week)) == 1:
        return _windows(week[0])
    first, parts = 0, []
    for day in range(1, len(DAYS) + 1):
        if day == len(DAYS) or week[day] != week[first]:
            if week[first]:
                days = DAYS[first] if day - first == 1 else f"{DAYS[first]}-{DAYS[day - 1]}"
                parts.append(f"{days} {_windows(week[first])}")
            first = day
    return ", ".join(parts)


def parse_until(text: str, *, now: datetime) -> datetime:
    """Reads "20:00" as the next moment at which the clock of `now` (aware, local) shows that time.

    A time that has passed within the last six hours is over, and not meant for tomorrow: a night that begins
    too late must not last a day. Raises `UsageError`.
    """
    match = _MOMENT.fullmatch(text)
    if match is None or int(match[1]) * 60 + int(match[2]) > MINUTES_A_DAY:
        raise UsageError(f'"{text}" is no time of day: write it like 20:00.', code="until_unreadable")
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    days, minutes = divmod(int(match[1]) * 60 + int(match[2]), MINUTES_A_DAY)
    moments = [
        (midnight + timedelta(days=days + ahead)).replace(hour=minutes // 60, minute=minutes % 60)
        for ahead in (-1, 0, 1)
    ]
    return next(moment for moment in moments if moment > now - _LATELY)


def until_on_this_machine(text: str, *, now: datetime) -> datetime:
    """Reads "20:00" as `parse_until` does, on the clock of this machine, which may be changed before then."""
    shown = parse_until(text, now=now.astimezone())
    # An aware local time keeps the offset of today: what the clock will show then is what was asked for.
    return shown.replace(tzinfo=None).astimezone()


def _days(named: re.Match[str], text: str) -> range:
    first, last = (named["first"].lower(), (named["last"] or named["first"]).lower())
    if first in DAYS and last in DAYS and DAYS.index(first) <= DAYS.index(last):
        return range(DAYS.index(first), DAYS.index(last) + 1)
    raise UsageError(
        f'"{text}" names no days of the week in their order: write mon-fri 09:00-18:00, sat 10:00-14:00.',
        code="window_unreadable",
    )


def _windows(windows: tuple[Window, ...]) -> str:
    return ", ".join(map(str, windows))
