"""How often one number may be called: the caps of the law where it may ring, and the operator's own.

The rules stand in `data/caps.toml`, each with its source. All that may apply hold at once, so that the lowest
wins; the operator's own can only narrow them.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any

from dialer.limits import Cap
from dialer.whereabouts import Told, whereabouts

LONGEST_WINDOW = timedelta(days=30)
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class CapRule:
    """A cap, whose it is, and where that was read."""

    jurisdiction: str  # "FR", "US-FL"; "--cap" for the operator's own
    cap: Cap
    confidence: str = "A"  # from "A", the law's text was seen, to "C", one secondary source
    source: str = "the operator"
    read: date | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Capped:
    """A number was called as often as a cap allows."""

    until: datetime  # aware, UTC, on the minute: from then on it may be called
    reason: str  # one sentence for the report


@cache
def rules() -> Mapping[str, tuple[CapRule, ...]]:
    """Gives the rules of `data/caps.toml` by jurisdiction."""
    text = files("dialer").joinpath("data", "caps.toml").read_text(encoding="utf-8")
    return {jurisdiction: _rules(jurisdiction, row) for jurisdiction, row in tomllib.loads(text).items()}


def own_rules(caps: Iterable[Cap]) -> tuple[CapRule, ...]:
    """The operator's own caps as rules."""
    return tuple(CapRule("--cap", cap) for cap in caps)


def legal_rules(e164: str, told: Told, *, year: int) -> tuple[CapRule, ...]:
    """The caps of the law for a number of whose place a row tells so much: those of its countries, and of
    every US state in which it may ring.

    These are the state that the row names and the number's own; a number that tells no state, as a toll-free
    one, may ring in all of them, unless the row names it.
    """
    where = whereabouts(e164, told, year=year)
    states = sorted(where.us_states | where.us_states_beside)
    names = (*where.countries, *(f"US-{state}" for state in states))
    return tuple(rule for name in names for rule in rules().get(name, ()))


def reached(calls: Sequence[datetime], holding: Iterable[CapRule], *, now: datetime) -> Capped | None:
    """The cap that the calls of a number have reached at `now`, the last to lift of several; None for none.

    `calls` are when it was called, or may have been (aware, in any order).
    """
    found = [(lifts, rule) for rule in holding if (lifts := _lifts(calls, rule.cap, now)) is not None]
    if not found:
        return None
    lifts, rule = max(found, key=lambda each: each[0])
    inside = sum(at > now - rule.cap.window for at in calls)
    times = {1: "once", 2: "twice"}.get(inside, f"{inside} times")
    reason = (
        f"This number was called {times} in the last {rule.cap.window_in_words}, and the cap is "
        f"{rule.cap.count} ({rule.jurisdiction}{f' {rule.cap}' if rule.jurisdiction == '--cap' else ''})."
    )
    up = lifts.astimezone(UTC).replace(second=0, microsecond=0)
    return Capped(up if up == lifts else up + _MINUTE, reason)


def _lifts(calls: Sequence[datetime], cap: Cap, now: datetime) -> datetime | None:
    """When the cap allows another call; None if it does now."""
    inside = sorted(at for at in calls if at > now - cap.window)
    return inside[-cap.count] + cap.window if len(inside) >= cap.count else None


def _rules(jurisdiction: str, row: Mapping[str, Any]) -> tuple[CapRule, ...]:
    return tuple(
        CapRule(jurisdiction, Cap.parse(text), row["confidence"], row["source"], row["read"], row["note"])
        for text in row["caps"]
    )
