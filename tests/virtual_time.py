"""An event loop whose clock jumps to the next timer: hours of pacing run in milliseconds, always alike."""

from __future__ import annotations

import asyncio
import selectors
from datetime import UTC, datetime, timedelta
from random import Random

_LEAST_STEP_SECONDS = 1e-9
START = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)  # a Monday


class _JumpingSelector(selectors.SelectSelector):
    """Waits for nothing: what the loop would have slept is added to its clock."""

    def __init__(self, latest: float, dice: Random) -> None:
        super().__init__()
        self.now = 0.0
        self._latest = latest
        self._dice = dice

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready:
            if timeout is None:
                raise RuntimeError("the program waits for something that will never come")
            # Never quite standing still: rounding could leave a timer a hair's breadth ahead for ever.
            self.now += max(_LEAST_STEP_SECONDS, timeout)
            if timeout:
                self.now += self._latest * self._dice.random()
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop on virtual time; `utc_now` is a clock that agrees with it.

    Its timers are up to `latest` seconds late, as those of a busy machine.
    """

    def __init__(self, *, latest: float = 0.0, seed: int = 7) -> None:
        self._jumping = _JumpingSelector(latest, Random(seed))  # noqa: S311 - a seed makes every run the same
        super().__init__(self._jumping)
        self._set_by = timedelta(0)

    def time(self) -> float:
        return self._jumping.now

    def stall(self, seconds: float) -> None:
        """Let time pass in which nothing runs: a busy processor, a sleeping laptop."""
        self._jumping.now += seconds

    def set_clock(self, by: timedelta) -> None:
        """Set the clock on the wall; what the loop waits for does not come any sooner or later."""
        self._set_by += by

    def utc_now(self) -> datetime:
        return START + self._set_by + timedelta(seconds=self.time())
