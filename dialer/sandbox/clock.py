"""The time, as the sandbox sees it."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], float]
"""Gives the time as epoch seconds (UTC) with microseconds."""


class SteadyClock:
    """Epoch seconds that go on evenly: small corrections of the wall clock are not seen, only great ones are.

    So a pace can be measured with it, and it still tells the time after the machine has slept.
    """

    def __init__(self, wall: Clock = time.time, monotonic: Clock = time.monotonic) -> None:
        self._wall = wall
        self._monotonic = monotonic
        self._epoch_at_zero = wall() - monotonic()

    def __call__(self) -> float:
        steady = self._epoch_at_zero + self._monotonic()
        wall = self._wall()
        if abs(wall - steady) < 1.0:
            return steady
        self._epoch_at_zero = wall - self._monotonic()
        return wall


now = SteadyClock()


def timestamp(epoch_seconds: float) -> str:
    """The time as the API writes it: whole seconds, UTC, `2024-01-15T12:00:00Z`."""
    return datetime.fromtimestamp(epoch_seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
