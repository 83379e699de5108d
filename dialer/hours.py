"""May this lead be called now, and if not, when next.

The rules stand in `data/hours.toml`, each with its source. A moment is open when every rule that may apply
allows it in every time zone in which the number may ring; what is not known counts as closed.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache, partial, reduce
from importlib.resources import files
from itertools import pairwise, product
from operator import and_
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dialer.errors import UsageError
from dialer.zones import US_STATES, Place, place, us_state

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
HORIZON = timedelta(days=14)  # how far ahead the next opening is looked for
_MINUTES_A_DAY = DAY // MINUTE
_WHOLE_DAY = (1 << _MINUTES_A_DAY) - 1
_NEVER = datetime.max.replace(tzinfo=UTC)
_HOURS = ("weekday", "saturday", "sunday", "holiday")
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

HolidayCalendar = Callable[[str, date], bool]  # (jurisdiction as in the data, local date) -> a public holiday


def no_holidays(jurisdiction: str, day: date) -> bool:  # noqa: ARG001 - a HolidayCalendar
    """Says of every day that it is no public holiday."""
    return False


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of one local day, half-open, in minutes after midnight."""

    start_minute: int
    end_minute: int  # at most 1440

    def __str__(self) -> str:
        return "-".join(f"{m // 60:02}:{m % 60:02}" for m in (self.start_minute, self.end_minute))


@dataclass(frozen=True, slots=True)
class Rule:
    """The hours at which one jurisdiction allows calls, and where that was read."""

    jurisdiction: str  # "US", "US-FL", "CA-ADAD"
    week: tuple[tuple[Window, ...], ...]  # Monday to Sunday; () when the hours are not known
    holiday: tuple[Window, ...] | None  # None: a public holiday is like any other day
    confidence: str  # from "A", the law's text was seen, to "D", the sources disagree or are silent
    source: str
    read: date | None
    note: str

    def windows(self, day: date, is_holiday: HolidayCalendar) -> tuple[Window, ...]:
        """Gives the hours of a local day; () is a day without calls."""
        if self.holiday is not None and is_holiday(self.jurisdiction, day):
            return self.holiday
        return self.week[day.weekday()]


@dataclass(frozen=True, slots=True)
class Opening:
    """Whether a lead may be called at a moment, and if not, when next."""

    may_call: bool
    opens_at: datetime | None  # UTC, on the minute; this minute if it may be called; None if unknown or never
    rule: (
        str  # what decided, "US-FL 08:00-20:00": the last to open or, if it may be called, the first to close
    )
    reason: str  # one sentence for the report; "" if it may be called


def parse_window(text: str) -> Window:
    """Reads "09:00-18:00". The end may be 24:00; a window does not cross midnight. Raises `UsageError`."""
    match = re.fullmatch(r"\s*([0-9]{1,2}):([0-5][0-9])\s*[-\u2013]\s*([0-9]{1,2}):([0-5][0-9])\s*", text)
    if match:
        start_hour, start, end_hour, end = map(int, match.groups())
        window = Window(start_hour * 60 + start, end_hour * 60 + end)
        if window.start_minute < window.end_minute <= _MINUTES_A_DAY:
            return window
    raise UsageError(
        f'"{text}" is no calling window: write it like 09:00-18:00, start before end, on one day.',
        code="window_unreadable",
    )


@cache
def rules() -> Mapping[str, Rule]:
    """Gives the rules of `data/hours.toml` by jurisdiction."""
    text = files("dialer").joinpath("data", "hours.toml").read_text(encoding="utf-8")
    return {jurisdiction: _rule(jurisdiction, row) for jurisdiction, row in tomllib.loads(text).items()}


def opening(  # noqa: PLR0913 - the moment, what is known of the lead, and what the operator set
    e164: str,
    *,
    now: datetime,
    region: str | None = None,
    state: str | None = None,
    window: Window | None = None,
    close_early: timedelta = timedelta(minutes=5),
    is_holiday: HolidayCalendar = no_holidays,
) -> Opening:
    """Says whether a number may be called at `now` (aware), and if not, when next: at most 14 days ahead.

    The zones and the US state come from the number's prefix; where several are possible, all must be open.
    `region` is the country, ISO 3166 alpha-2; if it isn't the number's own, the rules of both hold.
    `state` is the lead's US state, name or code: its rule holds instead of that of the number's state, and if
    the two differ, the clocks of both hold. Text that names no state is passed over.
    A country that has a rule for automated voices, as Canada has, gets that rule too.
    Where a rule is missing or doubtful (confidence D), nobody is called unless the operator sets `window`,
    which stands in for a missing rule and narrows all others, the doubtful ones too.
    Hours close `close_early` before their end, because a call connects later than it is begun.
    `is_holiday` knows the public holidays; no calendar comes with dialer yet, so by default no day is one.
    """
    where = place(e164)
    countries = sorted({country for country in (region, where.country) if country})
    stated = us_state(state) if state and "US" in countries else None
    return _opening(
        _time_zones(where, stated),
        _jurisdictions(countries, {stated} if stated else where.us_states),
        now.astimezone(UTC).replace(second=0, microsecond=0),
        window,
        -(-close_early // MINUTE),
        is_holiday,
    )


def _rule(jurisdiction: str, row: Mapping[str, Any]) -> Rule:
    hours = {key: tuple(map(parse_window, row[key])) for key in _HOURS if key in row}
    return Rule(
        jurisdiction=jurisdiction,
        week=(*[hours["weekday"]] * 5, hours["saturday"], hours["sunday"]) if "weekday" in hours else (),
        holiday=hours.get("holiday"),
        confidence=row["confidence"],
        source=row["source"],
        read=row["read"],
        note=row.get("note", ""),
    )


def _rule_of_the_operator(window: Window) -> Rule:
    return Rule("operator", ((window,),) * 7, None, "A", "the operator's calling window", None, "")


def _time_zones(where: Place, stated: str | None) -> tuple[str, ...]:
    if stated is None or stated in where.us_states or not where.time_zones:
        return where.time_zones
    # A number taken along to another state: its owner's clock may be either.
    return tuple(sorted({*where.time_zones, *US_STATES[stated].time_zones}))


def _jurisdictions(countries: Iterable[str], states: Iterable[str]) -> tuple[str, ...]:
    """From the widest to the most particular. A US state without a row of its own has only its country's."""
    particular = (*(f"{country}-ADAD" for country in countries), *(f"US-{state}" for state in sorted(states)))
    return (*countries, *(name for name in particular if name in rules()))


@lru_cache(maxsize=2**14)
def _opening(
    time_zones: tuple[str, ...],
    jurisdictions: tuple[str, ...],
    minute: datetime,
    window: Window | None,
    minutes_early: int,
    is_holiday: HolidayCalendar,
) -> Opening:
    """`opening` for all leads of the same zones and jurisdictions in the same minute."""
    if not time_zones or not all(map(_is_known, time_zones)):
        reason = "The time zone of this number is not known: it is called only with --any-hour."
        return _refusal("time zone unknown", reason)
    found = {name: rules().get(name) for name in jurisdictions}
    doubtful = [name for name, rule in found.items() if rule is None or rule.confidence == "D"]
    if window is None and (doubtful or not found):
        where = ", ".join(doubtful) or "this number's country"
        known = f"The calling hours of {where} are not known for certain"
        reason = f"{known}: --any-hour calls there, and you answer for it."
        return _refusal(f"{where} unknown", reason)
    holding = [rule for rule in found.values() if rule and rule.week]
    if window:
        holding.append(_rule_of_the_operator(window))
    pairs = product(holding, time_zones)
    return _decide([_LocalRule(rule, zone, minutes_early, is_holiday) for rule, zone in pairs], minute)


def _refusal(rule: str, reason: str) -> Opening:
    return Opening(may_call=False, opens_at=None, rule=rule, reason=reason)


def _decide(local_rules: list[_LocalRule], minute: datetime) -> Opening:
    def open_to_all(day: date) -> int:
        return reduce(and_, (_open_minutes(local_rule, day) for local_rule in local_rules))

    def opens(local_rule: _LocalRule) -> datetime:
        return _first_minute(partial(_open_minutes, local_rule), minute) or _NEVER

    def closes(local_rule: _LocalRule) -> datetime:
        return _first_minute(lambda day: _WHOLE_DAY & ~_open_minutes(local_rule, day), minute) or _NEVER

    opens_at = _first_minute(open_to_all, minute)
    most_particular_first = local_rules[::-1]
    if opens_at == minute:
        first_to_close = min(most_particular_first, key=closes)
        return Opening(may_call=True, opens_at=minute, rule=first_to_close.text(minute), reason="")
    last_to_open = max(most_particular_first, key=opens)
    reason = last_to_open.reason(minute)
    if opens_at is None:
        reason = "The rules and the time zones of this number have no hour in common in the next 14 days."
    return Opening(may_call=False, opens_at=opens_at, rule=last_to_open.text(minute), reason=reason)


def _first_minute(minutes_of: Callable[[date], int], minute: datetime) -> datetime | None:
    """The first minute from `minute` on that is set in `minutes_of` its UTC day, within the horizon."""
    midnight = minute.replace(hour=0, minute=0)
    past = (minute - midnight) // MINUTE
    while midnight <= minute + HORIZON:
        bits = minutes_of(midnight.date()) >> past << past
        if bits:
            first = midnight + ((bits & -bits).bit_length() - 1) * MINUTE
            return first if first <= minute + HORIZON else None
        midnight, past = midnight + DAY, 0
    return None


@dataclass(frozen=True, slots=True)
class _LocalRule:
    """A rule on the clock of one time zone."""

    rule: Rule
    time_zone: str
    minutes_early: int
    is_holiday: HolidayCalendar

    def text(self, minute: datetime) -> str:
        return f"{self.rule.jurisdiction} {self._hours(minute) or 'none'}"

    def reason(self, minute: datetime) -> str:
        local = minute.astimezone(ZoneInfo(self.time_zone))
        now = f"It is {local:%H:%M} on a {_WEEKDAYS[local.weekday()]} in {self.time_zone}"
        hours = self._hours(minute)
        if not hours:
            return f"{now}; no calls are allowed there on this day ({self.rule.jurisdiction})."
        of_day = local.hour * 60 + local.minute
        late = any(window.start_minute <= of_day < window.end_minute for window in self._windows(minute))
        end = f", and none is begun in the last {self.minutes_early} minutes" if late else ""
        return f"{now}; calls are allowed there {hours} ({self.rule.jurisdiction}){end}."

    def _hours(self, minute: datetime) -> str:
        return ", ".join(map(str, self._windows(minute)))

    def _windows(self, minute: datetime) -> tuple[Window, ...]:
        return self.rule.windows(minute.astimezone(ZoneInfo(self.time_zone)).date(), self.is_holiday)


@lru_cache(maxsize=2**14)
def _open_minutes(local_rule: _LocalRule, day: date) -> int:
    """The open minutes of a UTC day, as bits: bit 0 is 00:00 UTC."""
    local = 0  # the open minutes of three local days, the middle one of the same date as the UTC day
    for ahead in range(3):
        for window in local_rule.rule.windows(day + (ahead - 1) * DAY, local_rule.is_holiday):
            first = ahead * _MINUTES_A_DAY + window.start_minute
            length = max(0, window.end_minute - local_rule.minutes_early - window.start_minute)
            local |= ((1 << length) - 1) << first
    minutes = 0
    for start, end, offset in _offsets(local_rule.time_zone, day):
        minutes |= (local >> (_MINUTES_A_DAY + offset)) & ((1 << end) - (1 << start))
    return minutes


@lru_cache(maxsize=2**12)
def _offsets(time_zone: str, day: date) -> tuple[tuple[int, int, int], ...]:
    """The stretches of a UTC day, each with the zone's offset from UTC; all in minutes."""
    midnight, clock = datetime.combine(day, time(), UTC), ZoneInfo(time_zone)

    def offset(minute: int) -> int:
        moment = midnight + minute * MINUTE
        return (moment.astimezone(clock).replace(tzinfo=UTC) - moment) // MINUTE

    changes = []
    if offset(0) != offset(_MINUTES_A_DAY):
        changes = [m for m in range(1, _MINUTES_A_DAY) if offset(m) != offset(m - 1)]
    return tuple((start, end, offset(start)) for start, end in pairwise((0, *changes, _MINUTES_A_DAY)))


@cache
def _is_known(time_zone: str) -> bool:
    try:
        ZoneInfo(time_zone)
    except ZoneInfoNotFoundError:
        return False
    return True
