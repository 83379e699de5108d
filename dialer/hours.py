"""May this lead be called now, and if not, when next.

The rules stand in `data/hours.toml`, each with its source. A moment is open when every rule that may apply
allows it in every time zone in which the number may ring; what is not known counts as closed.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache, partial, reduce
from importlib.resources import files
from itertools import pairwise, product
from operator import and_
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dialer.whereabouts import Told, whereabouts
from dialer.windows import MINUTES_A_DAY, Week, Window, parse_window

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
HORIZON = timedelta(days=14)  # how far ahead the next opening is looked for
_WHOLE_DAY = (1 << MINUTES_A_DAY) - 1
_NEVER = datetime.max.replace(tzinfo=UTC)
_HOURS = ("weekday", "saturday", "sunday", "holiday", "eve")
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

HolidayCalendar = Callable[[str, date], bool]  # (jurisdiction as in the data, local date) -> a public holiday


def no_holidays(jurisdiction: str, day: date) -> bool:  # noqa: ARG001 - a HolidayCalendar
    """Says of every day that it is no public holiday."""
    return False


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
    eve: tuple[Window, ...] | None = None  # on the day before a public holiday; None: as on any other day

    def windows(self, day: date, is_holiday: HolidayCalendar) -> tuple[Window, ...]:
        """Gives the hours of a local day; () is a day without calls."""
        if self.holiday is not None and is_holiday(self.jurisdiction, day):
            return self.holiday
        usual = self.week[day.weekday()]
        if self.eve is not None and usual and is_holiday(self.jurisdiction, day + DAY):
            return self.eve
        return usual


@dataclass(frozen=True, slots=True)
class Opening:
    """Whether a lead may be called at a moment, and if not, when next."""

    may_call: bool
    opens_at: datetime | None  # UTC, on the minute; this minute if it may be called; None if unknown or never
    rule: (
        str  # what decided, "US-FL 08:00-20:00": the last to open or, if it may be called, the first to close
    )
    reason: str  # one sentence for the report; "" if it may be called
    closes_at: datetime | None = field(
        default=None, compare=False
    )  # UTC; the first minute that is closed again


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
    postal_code: str | None = None,
    time_zone: str | None = None,
    window: Window | Week | None = None,
    close_early: timedelta = timedelta(minutes=5),
    is_holiday: HolidayCalendar = no_holidays,
) -> Opening:
    """Says whether a number may be called at `now` (aware), and if not, when next: at most 14 days ahead.

    The clocks, from the best source that the lead has: `time_zone`, `postal_code` or `state` as the sheet
    writes them, the country, the number's prefix. Where several remain, all must be open. What cannot be read
    is passed over for the next source. A better source never opens what another makes impossible: the clocks
    of all hold where a time zone cannot be in the lead's country or state, where state and postal code
    disagree, where the state isn't the number's, and for numbers of no place at all (toll-free, roaming).
    `region` is the country, ISO 3166 alpha-2; if it isn't the number's own, rules and clocks of both hold.
    The rules are those of the country and of the US state that the row names, else the number's; the number's
    state, if it is another one, narrows them by its own rule as far as that is known.
    A country that has a rule for automated voices, as Canada has, gets that rule too.
    Where a rule is missing or doubtful (confidence D), nobody is called unless the operator sets `window`,
    which stands in for a missing rule and narrows all others, the doubtful ones too.
    Hours are half-open, and close `close_early` before their end, because a call connects later than it is
    begun. `is_holiday` knows the public holidays of countries, US states and Canadian provinces.
    """
    told = Told(region, state, postal_code, time_zone)
    where = whereabouts(e164, told, year=now.year)
    beside = tuple(f"US-{code}" for code in sorted(where.us_states_beside))
    return _opening(
        where.time_zones,
        _jurisdictions(where.countries, where.us_states),
        now.astimezone(UTC).replace(second=0, microsecond=0),
        window,
        -(-close_early // MINUTE),
        is_holiday,
        beside,
        where.calendars,
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
        eve=hours.get("eve"),
    )


def _rule_of_the_operator(window: Window | Week) -> Rule:
    week = ((window,),) * 7 if isinstance(window, Window) else window
    return Rule("operator", week, None, "A", "the operator's calling window", None, "")


def _jurisdictions(countries: Iterable[str], states: Iterable[str]) -> tuple[str, ...]:
    """From the widest to the most particular. A US state without a row of its own has only its country's."""
    particular = (*(f"{country}-ADAD" for country in countries), *(f"US-{state}" for state in sorted(states)))
    return (*countries, *(name for name in particular if name in rules()))


@lru_cache(maxsize=2**14)
def _opening(  # noqa: PLR0913, PLR0917 - the key of the cache
    time_zones: tuple[str, ...],
    jurisdictions: tuple[str, ...],
    minute: datetime,
    window: Window | Week | None,
    minutes_early: int,
    is_holiday: HolidayCalendar,
    beside: tuple[str, ...] = (),
    calendars: tuple[str, ...] = (),
) -> Opening:
    """`opening` for all leads of the same zones and jurisdictions in the same minute.

    `beside` are jurisdictions that only narrow, `calendars` subdivisions whose holidays count as well.
    """
    if not time_zones or not all(map(_is_known, time_zones)):
        reason = "The time zone of this number is not known: it is called only with --any-hour."
        return _refusal("time zone unknown", reason)
    found = {name: rules().get(name) for name in jurisdictions}
    doubtful = [name for name, rule in found.items() if rule is None or rule.confidence == "D"]
    if window is None and (doubtful or not found):
        where = ", ".join(doubtful) or "this number's country"
        known = f"The calling hours of {where} are not known for certain"
        reason = (
            f"{known}: --hours sets a window of yours, --any-hour calls all the same; you answer for both."
        )
        return _refusal(f"{where} unknown", reason)
    also = [rules()[name] for name in beside if name in rules()]
    holding = [rule for rule in (*also, *found.values()) if rule and rule.week]
    if window:
        holding.append(_rule_of_the_operator(window))
    pairs = product(holding, time_zones)
    return _decide(
        [_LocalRule(rule, zone, minutes_early, _with(calendars, is_holiday)) for rule, zone in pairs], minute
    )


@cache
def _with(calendars: tuple[str, ...], is_holiday: HolidayCalendar) -> HolidayCalendar:
    """The calendar of a jurisdiction, and those of its parts in which the lead is."""
    if not calendars:
        return is_holiday

    def any_of_them(jurisdiction: str, day: date) -> bool:
        parts = (name for name in calendars if name[:2] == jurisdiction[:2])
        return any(is_holiday(name, day) for name in (jurisdiction, *parts))

    return any_of_them


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
        closes_at = closes(first_to_close)
        return Opening(
            may_call=True,
            opens_at=minute,
            rule=first_to_close.text(minute),
            reason="",
            closes_at=None if closes_at == _NEVER else closes_at,
        )
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
            first = ahead * MINUTES_A_DAY + window.start_minute
            length = max(0, window.end_minute - local_rule.minutes_early - window.start_minute)
            local |= ((1 << length) - 1) << first
    minutes = 0
    for start, end, offset in _offsets(local_rule.time_zone, day):
        minutes |= (local >> (MINUTES_A_DAY + offset)) & ((1 << end) - (1 << start))
    return minutes


@lru_cache(maxsize=2**12)
def _offsets(time_zone: str, day: date) -> tuple[tuple[int, int, int], ...]:
    """The stretches of a UTC day, each with the zone's offset from UTC; all in minutes."""
    midnight, clock = datetime.combine(day, time(), UTC), ZoneInfo(time_zone)

    def offset(minute: int) -> int:
        moment = midnight + minute * MINUTE
        return (moment.astimezone(clock).replace(tzinfo=UTC) - moment) // MINUTE

    changes = []
    if offset(0) != offset(MINUTES_A_DAY):
        changes = [m for m in range(1, MINUTES_A_DAY) if offset(m) != offset(m - 1)]
    return tuple((start, end, offset(start)) for start, end in pairwise((0, *changes, MINUTES_A_DAY)))


@cache
def _is_known(time_zone: str) -> bool:
    try:
        ZoneInfo(time_zone)
    except ZoneInfoNotFoundError:
        return False
    return True
