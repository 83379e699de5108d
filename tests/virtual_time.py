"""An event loop whose clock jumps to the next timer: hours of pacing run in milliseconds, always alike."""

from __future__ import annotations

import asyncio
import selectors
from datetime import UTC, datetime, timedelta

_LEAST_STEP_SECONDS = 1e-9
START = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)  # a Monday


class _JumpingSelector(selectors.SelectSelector):
    """Waits for nothing: what the loop would have slept is added to its clock."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready:
            if timeout is None:
                raise RuntimeError("the program waits for something that will never come")
            # Never quite standing still: rounding could leave a timer a hair's breadth ahead for ever.
            self.now += max(_LEAST_STEP_SECONDS, timeout)
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop on virtual time; `utc_now` is a clock that agrees with it."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now

    def utc_now(self) -> datetime:
        return START + timedelta(seconds=self.time())
