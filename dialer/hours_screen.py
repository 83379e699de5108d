"""The calling hours of a plan: how many may be called now, how many from when on, and who not at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from dialer.plan import OpenFrom

MOST_LINES = 12
_COLUMNS = {"time_zone": "time zone", "postal_code": "postal code", "state": "state"}


def hours_lines(open_from: Sequence[OpenFrom], *, now: datetime) -> Iterator[tuple[int, str]]:
    """How many leads have which calling hours, each with a few words: 312, "now, until 21:00 EST".

    Times are on the clock of `now`, which is aware. `open_from` comes sorted. At most `MOST_LINES` and one.
    """
    for each in open_from[:MOST_LINES]:
        yield each.count, _in_words(each, now)
    rest = open_from[MOST_LINES:]
    if rest:
        yield sum(each.count for each in rest), "at other times, as the report says"


def unread_sentence(unread: Mapping[str, int]) -> str | None:
    """Says how many cells about the place of leads were passed over; None if there is none."""
    told = [
        f"{count:,} {_COLUMNS[name]}{'' if count == 1 else 's'}" for name, count in unread.items() if count
    ]
    if not told:
        return None
    return (
        f"Passed over, because they could not be read with certainty: {', '.join(told)}. The calling hours of"
        " these leads go by what else is known of their place."
    )


def _in_words(each: OpenFrom, now: datetime) -> str:
    if each.now:
        return "now" if each.at is None else f"now, until {_moment(each.at, now)}"
    if each.at is not None:
        return f"from {_moment(each.at, now)} on ({each.rule})"
    # "GB unknown", "time zone unknown", or hours that never meet
    where, _, known = each.rule.rpartition(" ")
    if known != "unknown":
        return f"never: no hour in common in the next 14 days ({each.rule})"
    if where == "time zone":
        return "never: their time zone is not known"
    return f"never: the calling hours of {where} are not known (--hours sets yours)"


def _moment(moment: datetime, now: datetime) -> str:
    local = moment.astimezone(now.tzinfo)
    day = "" if local.date() == now.date() else f"{local:%A} "
    return f"{day}{local:%H:%M %Z}"
