"""What the log says of each call, and of the pace while calls are made."""

from __future__ import annotations

from collections.abc import Callable
from typing import assert_never

from dialer import logs
from dialer.outcomes import Called, Forbidden, Halted, Outcome, Refused, Throttled, Unknown, Unsent
from dialer.whom import DueLead

# A pace that climbs back does so in many small steps: only these are news.
_CLIMBED = 1.5


class CallLog:
    """Hears of every attempt that has ended, and of the share of its rate that the API lets a run use."""

    def __init__(self, *, rate: str, share: Callable[[], float]) -> None:
        self._rate = rate
        self._share = share
        self._told = 1.0

    def __call__(self, due: DueLead, outcome: Outcome, seconds: float) -> None:
        """Write an attempt down: its row and the last two digits of its number, never who it is."""
        tell = logs.warn if isinstance(outcome, Unknown | Halted | Forbidden) else logs.note
        tell(
            "call_ended",
            row=due.lead.row,
            number=logs.masked(due.lead.phone),
            seconds=round(seconds, 3),
            **_facts(outcome),
        )
        share = self._share()
        if share < self._told or (share > self._told and (share == 1.0 or share >= _CLIMBED * self._told)):
            logs.note("pace_changed", asked=self._rate, share=round(share, 3))
            self._told = share


def _facts(outcome: Outcome) -> dict[str, object]:
    """Nothing of what the API says in its own words: it may quote the person who was to be called."""
    match outcome:
        case Called():
            return {"outcome": "called", "http_status": outcome.http_status}
        case Refused():
            return {"outcome": "refused", "http_status": outcome.http_status}
        case Forbidden():
            return {"outcome": "forbidden", "http_status": outcome.http_status}
        case Halted():
            return {"outcome": "halted", "http_status": outcome.http_status}
        case Throttled():
            return {"outcome": "throttled", "retry_after_seconds": outcome.retry_after_seconds}
        case Unsent():
            return {"outcome": "unsent", "reason": logs.without_people(outcome.reason)}
        case Unknown(http_status=None):
            return {"outcome": "unknown", "reason": logs.without_people(outcome.reason)}
        case Unknown():
            return {"outcome": "unknown", "http_status": outcome.http_status}
        case never:
            assert_never(never)
