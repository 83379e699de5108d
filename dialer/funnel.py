"""From rows to calls, and from calls to what they led to: how many come how far, and why not more."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from dialer.charts import Bar, bars
from dialer.report import Summary
from dialer.report_words import number

# Rows that stand for nobody who could be called.
_NOBODY: Final = ("invalid", "duplicate", "suppressed")
_NOT_YET: Final = ("failed", "unknown", "pending", "deferred", "recent")


def steps(summary: Summary) -> tuple[Bar, ...]:
    """The steps of the funnel; below each stands why fewer come to it than to the one before.

    What became of the calls is part of it only where something is known of it.
    """
    people = summary.rows - sum(summary.count(status) for status in _NOBODY)
    parts = [
        ("Rows in the sheet", summary.rows, ""),
        ("People who can be called", people, _less((s, summary.count(s)) for s in _NOBODY)),
        ("Called", summary.called, _less((s, summary.count(s)) for s in _NOT_YET)),
    ]
    calls = summary.calls
    if calls is not None:
        running = calls.heard - calls.ended - calls.stale
        others = calls.ended - calls.completed
        unheard = summary.called - calls.heard
        parts += [
            (
                "Calls that ended",
                calls.ended,
                _less(
                    (("not ended yet", running), ("never seen to end", calls.stale), ("unheard of", unheard))
                ),
            ),
            ("Completed calls", calls.completed, _less((("ended otherwise", others),))),
            ("Appointments booked", calls.appointments, ""),
        ]
    return bars(*parts, whole=summary.rows)


def _less(left: Iterable[tuple[str, int]]) -> str:
    """Who dropped out before a step, in words; nothing if nobody did."""
    told = [f"{number(rows)} {words}" for words, rows in left if rows > 0]
    return f"less {', '.join(told)}" if told else ""
