"""The judge of the nights: who may be called when, and how often.

Written from the rules themselves and not from the program: a small table of its own, which imports nothing of
it. For whom it is in doubt about a day it demands nothing, and forbids nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

Hours = tuple[tuple[float, float], ...]  # local hours of a day, half-open
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@dataclass(frozen=True)
class Place:
    """Where somebody lives, and what holds there."""

    name: str
    zones: tuple[str, ...]  # all of them must be open
    weekday: Hours = ()
    saturday: Hours = ()
    sunday: Hours = ()
    holiday: Hours | None = ()  # None: as on any other day
    holidays: frozenset[date] = frozenset()  # those that are certain
    perhaps: frozenset[date] = frozenset()  # days that may be holidays
    caps: tuple[tuple[int, timedelta], ...] = ()

    def hours(self, day: date) -> Hours:
        if self.holiday is not None and day in self.holidays:
            return self.holiday
        return (*[self.weekday] * 5, self.saturday, self.sunday)[day.weekday()]


def days(*texts: str) -> frozenset[date]:
    return frozenset(map(date.fromisoformat, texts))


_EASTER = ("2026-04-03", "2026-04-06")
_ALL = ((8.0, 20.0),)

PLACES = {
    place.name: place
    for place in (
        # ten states
        Place("FL", ("America/New_York",), _ALL, _ALL, _ALL, None, caps=((3, DAY),)),
        Place("OK", ("America/Chicago",), _ALL, _ALL, _ALL, None, caps=((3, DAY),)),
        Place("OR", ("America/Los_Angeles",), _ALL, _ALL, _ALL, None, caps=((3, DAY),)),
        Place(
            *("LA", ("America/Chicago",), _ALL, _ALL, ()),
            holidays=days("2026-04-03"),
            perhaps=days("2026-10-12"),
        ),
        Place(
            *("AL", ("America/Chicago",), _ALL, _ALL, ()),
            holidays=days("2026-10-12"),
            perhaps=days("2026-04-03"),
        ),
        Place(
            *("NE", ("America/Chicago",), ((8, 21),), ((8, 21),), ((13, 21),), ((13, 21),)),
            perhaps=days("2026-10-12", "2026-04-03", "2026-04-24"),
        ),
        Place(
            *("RI", ("America/New_York",), ((9, 18),), ((10, 17),), ()),
            holidays=days("2026-10-12"),
            perhaps=days("2026-04-03"),
        ),
        Place(
            *("SD", ("America/Chicago", "America/Denver"), ((9, 21),), (), ()),
            perhaps=days("2026-10-12", "2026-04-03"),
        ),
        Place("WA", ("America/Los_Angeles",), _ALL, _ALL, _ALL, None),
        Place("AZ", ("America/Phoenix",), ((8, 21),), ((8, 21),), ((8, 21),), None),
        # eight countries
        Place(
            *("FR", ("Europe/Paris",), ((10, 13), (14, 20))),
            holidays=days("2026-04-06", "2026-11-01"),
            perhaps=days("2026-04-03", "2026-11-02"),
            caps=((4, 30 * DAY),),
        ),
        Place(
            *("ES", ("Europe/Madrid",), ((9, 21),)),
            holidays=days("2026-04-03", "2026-10-12"),
            perhaps=days("2026-03-19", "2026-03-20", "2026-04-02", "2026-04-06", "2026-11-02"),
        ),
        Place(
            *("IT", ("Europe/Rome",), ((9, 20),), ((10, 19),)),
            holidays=days("2026-04-06", "2026-11-01"),
            perhaps=days("2026-04-04", "2026-10-31", "2026-10-05", "2026-10-04"),
        ),
        Place(
            *("AU", ("Australia/Sydney",), ((9, 20),), ((9, 17),)),
            holidays=days(*_EASTER),
            perhaps=days("2026-04-04", "2026-03-09", "2026-10-05", "2026-11-03"),
        ),
        Place(
            *("ZA", ("Africa/Johannesburg",), ((8, 20),), ((9, 13),)),
            holidays=days("2026-03-21", *_EASTER),
            perhaps=days("2026-11-04"),
        ),
        Place(
            *("IN", ("Asia/Kolkata",), ((10, 21),), ((10, 21),), ((10, 21),)),
            holidays=days("2026-04-03"),
            perhaps=days(
                *("2026-03-03", "2026-03-04", "2026-03-19", "2026-03-20", "2026-03-21", "2026-03-26"),
                *("2026-03-27", "2026-03-31", "2026-10-02", "2026-10-18", "2026-10-19", "2026-10-20"),
                *("2026-10-21", "2026-10-26", "2026-11-08", "2026-11-09"),
            ),
        ),
        Place(
            *("AE", ("Asia/Dubai",), ((9, 18),), ((9, 18),), ((9, 18),)),
            perhaps=days(*(f"2026-03-{day}" for day in range(18, 25))),
            caps=((1, DAY), (2, 7 * DAY)),
        ),
        Place(
            *("CO", ("America/Bogota",), ((7, 19),), ((8, 15),)),
            holidays=days("2026-03-23", "2026-04-02", "2026-04-03", "2026-10-12"),
            perhaps=days("2026-11-02"),
            caps=((1, DAY),),
        ),
        # Nobody knows when people may be called there: never.
        Place("DE", ("Europe/Berlin",)),
        Place("GB", ("Europe/London",)),
    )
}


def allowed(place: Place, moment: datetime) -> bool:
    """Whether a call may begin at a moment, by every clock of the place."""
    return all(_open(place, moment.astimezone(ZoneInfo(zone))) for zone in place.zones)


def _open(place: Place, local: datetime) -> bool:
    hour = local.hour + local.minute / 60 + local.second / 3600
    return any(first <= hour < last for first, last in place.hours(local.date()))


def surely_open(place: Place, first: datetime, last: datetime) -> bool:
    """Whether calls are allowed all the time between two moments, and no day of it is in doubt."""
    moment = first
    while moment <= last:
        if not allowed(place, moment) or _in_doubt(place, moment):
            return False
        moment += MINUTE
    return True


def _in_doubt(place: Place, moment: datetime) -> bool:
    return any(moment.astimezone(ZoneInfo(zone)).date() in place.perhaps for zone in place.zones)


def surely_open_for(place: Place, first: datetime, last: datetime, *, minutes: int) -> bool:
    """Whether calls are allowed for so long without a break somewhere between two moments."""
    step = timedelta(minutes=10)
    moment = first
    while moment + minutes * MINUTE <= last:
        if surely_open(place, moment, moment + minutes * MINUTE):
            return True
        moment += step
    return False


def over_a_cap(place: Place, calls: Sequence[datetime]) -> str | None:
    """The cap that the calls of one number have broken; None for none."""
    ordered = sorted(calls)
    for most, window in place.caps:
        for at, call in enumerate(ordered):
            inside = [each for each in ordered[: at + 1] if call - each < window]
            if len(inside) > most:
                return f"{len(inside)} calls within {window}, the last at {call:%Y-%m-%d %H:%M} UTC"
    return None


def may_be_capped(place: Place, calls: Iterable[datetime], first: datetime, last: datetime) -> bool:
    """Whether a cap may have been reached at some moment between two."""
    known = list(calls)
    return any(sum(first - window <= call <= last for call in known) >= most for most, window in place.caps)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
