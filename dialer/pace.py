"""When the next call may be sent: an exact sliding window, one turn after the other.

aiolimiter alone cannot hold the promise (it lets a whole bucket through at once, or wastes a part of
the rate on late timers), so it only meters how many callers make ready; the window decides.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from datetime import datetime

from aiolimiter import AsyncLimiter

from dialer.campaign import Rate
from dialer.vozagent import TakeTurn, TurnWithdrawn

# Paced this much below the rate, a late timer never makes the window refuse a turn that was due.
_HEADROOM = 0.995
_WINDOW_MARGIN = 1.003
# How far a late turn may be made up for: more would be a burst after a stall.
_MOST_CATCH_UP_SECONDS = 0.1
_LEAST_CATCH_UP_SECONDS = 0.05
# A gap shorter than this cannot be kept: a timer of the event loop may be as late as the gap is long.
_SHORTEST_GAP_SECONDS = 0.002
# A turn further away than this is not waited for with an open connection: a server that drops idle
# connections would make the outcome uncertain.
_LONGEST_HELD_SECONDS = 0.25
# How soon a caller that waits far from its turn notices that the run was stopped.
_LOOK_AGAIN_SECONDS = 0.5
_SLOWEST_SHARE = 1 / 64
# From nothing back to the whole rate in ten seconds; by time and not by calls, since a slow pace makes few.
_CLIMB_PER_SECOND = 0.1
_LONGEST_CLIMB_SECONDS = 2.0  # what one call that got through can prove


class SlidingWindow:
    """Keeps at most `rate.count` sends in any window of `rate.per_seconds`; times are monotonic seconds."""

    def __init__(self, rate: Rate) -> None:
        self._rate = rate
        self._sent: deque[float] = deque(maxlen=rate.count)
        self._due = float("-inf")  # when the next send is due by even spacing
        self.share = 1.0  # of the rate, after the API asked to slow down
        self._changed = float("-inf")  # when the share was changed last

    def earliest(self, now: float) -> float:
        """The earliest time, not before `now`, at which the next send keeps the window."""
        at = max(now, self._due)
        if len(self._sent) == self._rate.count:
            # A little later than one window after, for the network's own jitter; still above the headroom.
            at = max(at, self._sent[0] + self._rate.per_seconds * _WINDOW_MARGIN)
        return at

    @property
    def spacing(self) -> float:
        """Seconds between two sends at the pace of now."""
        return self._rate.per_seconds / (self._rate.count * _HEADROOM * self.share)

    def record(self, now: float) -> None:
        """Note that a send begins `now`."""
        self._sent.append(now)
        # A little lateness is made up for; after a stall or a slow-down the spacing begins anew.
        allowed = max(_LEAST_CATCH_UP_SECONDS, min(_MOST_CATCH_UP_SECONDS, self.spacing))
        late = now - self._due
        due = (self._due if late <= allowed and self.share == 1.0 else now) + self.spacing
        # While lateness is made up for the spacing is halved, never gone: a burst on the wire stays out.
        gap = self.spacing / 2
        self._due = max(due, now + gap) if gap >= _SHORTEST_GAP_SECONDS else due

    def correct(self, sent: float) -> None:
        """Note that the send recorded last left a little later than its turn came."""
        self._sent[-1] = max(self._sent[-1], sent)

    def slow_down(self, now: float) -> None:
        """Halve the pace."""
        self.share = max(_SLOWEST_SHARE, self.share / 2)
        self._changed = now

    def climb_back(self, now: float) -> None:
        """Take one step back towards the whole rate, as long as the time since the last one."""
        seconds = min(_LONGEST_CLIMB_SECONDS, now - self._changed)
        self.share = min(1.0, self.share + _CLIMB_PER_SECOND * seconds)
        self._changed = now


class Pace:
    """Gives out turns to many callers, in order, and holds everybody back when told to."""

    def __init__(
        self,
        rate: Rate,
        *,
        already_sent: Iterable[float] = (),
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        """Begin a pace; `already_sent` are sends before this start, in this loop's time, oldest first.

        The loop's own clock stands still while a machine sleeps; with `clock` even that is noticed.
        """
        self._clock = clock
        self._window = SlidingWindow(rate)
        for sent in already_sent:
            self._window.record(sent)
        # At least two: with one alone, every late timer of the meter would be lost for good.
        ahead = max(2, round(rate.per_second * _LONGEST_HELD_SECONDS))
        self._meter = AsyncLimiter(ahead, ahead / rate.per_second)
        self._approaching = asyncio.Lock()
        self._queue = asyncio.Lock()
        self._ready = 0  # callers that were let through to make ready and have not sent yet
        self._held_until = float("-inf")
        self._closed = False
        self._slowed_at = float("-inf")

    @property
    def share(self) -> float:
        """The share of the asked rate that is used now; below 1 after the API asked to slow down."""
        return self._window.share

    @asynccontextmanager
    async def make_ready(self) -> AsyncIterator[TakeTurn]:
        """Wait until a turn is near enough to open a connection for it; gives the function that takes it.

        That function waits for the exact moment to send, and raises TurnWithdrawn if it is not coming
        soon. Leaving the block without having taken the turn gives it back.
        """
        async with self._approaching:
            await self._be_metered()
            await self._come_near()
            self._ready += 1
        waiting = True

        async def take_turn() -> None:
            nonlocal waiting
            await self._turn()
            waiting = False
            self._ready -= 1

        try:
            yield take_turn
        finally:
            if waiting:
                self._ready -= 1

    def note_sent(self, sent: float) -> None:
        """Note when the first byte of the turn taken last leaves, by the loop's time: the window counts from
        there. Between the two another thread, or another program, may have had the processor."""
        self._window.correct(sent)

    def hold(self, seconds: float) -> None:
        """Let nobody send for `seconds` from now; a longer hold already in force stays."""
        self._held_until = max(self._held_until, asyncio.get_running_loop().time() + seconds)

    def slow_down(self) -> None:
        """Halve the pace, at most once a second: callers in flight bring the same news many times."""
        now = asyncio.get_running_loop().time()
        if now - self._slowed_at >= 1.0:
            self._slowed_at = now
            self._window.slow_down(now)

    def climb_back(self) -> None:
        """Go a little way back towards the whole rate, after a call that got through."""
        self._window.climb_back(asyncio.get_running_loop().time())

    def close(self) -> None:
        """Give out no more turns; whoever waits for one is withdrawn."""
        self._closed = True

    async def _be_metered(self) -> None:
        metered = self._meter.has_capacity()  # then it is had at once, and no limit of time is needed
        if metered:
            await self._meter.acquire()
        while not (metered or self._closed):
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_AGAIN_SECONDS):
                    await self._meter.acquire()
                    metered = True

    async def _come_near(self) -> None:
        loop = asyncio.get_running_loop()
        while not self._closed:
            own_turn = self._next(loop.time()) + self._ready * self._window.spacing
            wait = own_turn - loop.time() - _LONGEST_HELD_SECONDS
            if wait <= 0:
                return
            await asyncio.sleep(min(wait, _LOOK_AGAIN_SECONDS))

    async def _turn(self) -> None:
        loop = asyncio.get_running_loop()
        waited = self._stopwatch()
        async with self._queue:
            while (wait := self._next(loop.time()) - loop.time()) > 0:
                if self._closed or waited() + wait > 2 * _LONGEST_HELD_SECONDS:
                    raise TurnWithdrawn
                await asyncio.sleep(wait)
            # A process that was stopped, or a machine that slept, comes back with a turn of long ago.
            if self._closed or waited() > 2 * _LONGEST_HELD_SECONDS:
                raise TurnWithdrawn
            self._window.record(loop.time())

    def _stopwatch(self) -> Callable[[], float]:
        """A function that tells the seconds since now, by whichever of the two clocks has gone further."""
        loop, clock = asyncio.get_running_loop(), self._clock
        begun, begun_at = loop.time(), clock() if clock else None

        def waited() -> float:
            seconds = loop.time() - begun
            if clock is None or begun_at is None:
                return seconds
            return max(seconds, (clock() - begun_at).total_seconds())

        return waited

    def _next(self, now: float) -> float:
        return max(self._window.earliest(now), self._held_until)
