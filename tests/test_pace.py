"""The pace on virtual time: never more than asked in any window, and hardly less."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialer.campaign import Rate
from dialer.pace import Pace, SlidingWindow
from dialer.vozagent import TurnWithdrawn
from tests.simulated_api import busiest_window
from tests.virtual_time import VirtualLoop

RATES = [
    *(Rate(count=1), Rate(count=7), Rate(count=50), Rate(count=200), Rate(count=1000)),
    *(Rate(count=60, per_seconds=60), Rate(count=600, per_seconds=60)),
]
Meanwhile = Callable[["Calls"], Awaitable[None]]


def seeded(seed: int) -> Random:
    return Random(seed)  # noqa: S311 - a seed makes every run the same run


async def nothing(_calls: Calls) -> None:
    pass


@dataclass
class Calls:
    """Callers that share one pace; every call takes `reply_seconds` after it was sent."""

    rate: Rate
    callers: int
    reply_seconds: Callable[[], float] = lambda: 0.1
    already_sent: tuple[float, ...] = ()
    latest: float = 0.0  # how late the timers of the loop may be
    times: list[float] = field(default_factory=list)  # when each call was sent
    withdrawn: list[float] = field(default_factory=list)

    def make(self, count: int, *, meanwhile: Meanwhile = nothing) -> Calls:
        """Make so many calls, or as many as the pace gives turns for before it is closed."""
        self.left = count
        self.loop = VirtualLoop(latest=self.latest)
        self.loop.run_until_complete(self._run(meanwhile))
        self.ended = self.loop.time()
        self.loop.close()
        return self

    async def _run(self, meanwhile: Meanwhile) -> None:
        self.pace = Pace(self.rate, already_sent=self.already_sent)
        self.closed = False
        async with asyncio.TaskGroup() as group:
            for _ in range(self.callers):
                group.create_task(self._caller())
            group.create_task(self._do(meanwhile))

    async def _do(self, meanwhile: Meanwhile) -> None:
        await meanwhile(self)

    async def _caller(self) -> None:
        while self.left > 0 and not self.closed:
            self.left -= 1
            async with self.pace.make_ready() as take_turn:
                try:
                    await take_turn()
                except TurnWithdrawn:
                    self.left += 1
                    self.withdrawn.append(self.loop.time())
                    continue
                self.times.append(self.loop.time())
            await asyncio.sleep(self.reply_seconds())

    def close(self) -> None:
        """What a stop does."""
        self.closed = True
        self.pace.close()

    def busiest(self) -> int:
        return busiest_window(self.times, seconds=self.rate.per_seconds)

    def share_used(self) -> float:
        """Of the rate, between the first call and the last."""
        return (len(self.times) - 1) / (self.times[-1] - self.times[0]) / self.rate.per_second

    def sent_between(self, first: float, last: float) -> int:
        return sum(first <= time < last for time in self.times)


def plentiful(rate: Rate, **changes: float) -> Calls:
    """Callers enough for the rate, whatever happens to some of them."""
    return Calls(rate, max(10, round(rate.per_second * 0.5)), **changes)  # type: ignore[arg-type]


def three_windows(rate: Rate) -> int:
    return max(50, round(rate.per_second * max(3, 3 * rate.per_seconds)))


# The promise


@pytest.mark.parametrize("latest", [0.0, 0.002])
@pytest.mark.parametrize("rate", RATES, ids=str)
def test_the_rate_is_never_exceeded_in_any_window(rate: Rate, latest: float) -> None:
    assert plentiful(rate, latest=latest).make(three_windows(rate)).busiest() <= rate.count


@pytest.mark.parametrize("latest", [0.0, 0.002])
@pytest.mark.parametrize("rate", RATES, ids=str)
def test_the_rate_is_used_to_99_percent(rate: Rate, latest: float) -> None:
    assert plentiful(rate, latest=latest).make(three_windows(rate)).share_used() >= 0.99


@pytest.mark.parametrize("rate", [Rate(count=5), Rate(count=1), Rate(count=60, per_seconds=60)], ids=str)
def test_even_timers_of_a_crowded_machine_cost_less_than_one_percent(rate: Rate) -> None:
    assert plentiful(rate, latest=0.008).make(100).share_used() >= 0.99


def test_the_first_call_waits_for_nothing() -> None:
    assert Calls(Rate(count=1, per_seconds=60), 1).make(1).times[0] < 1e-6


@pytest.mark.parametrize("rate", RATES, ids=str)
def test_calls_are_spread_evenly_from_the_first(rate: Rate) -> None:
    times = plentiful(rate).make(20).times

    assert min(later - earlier for earlier, later in pairwise(times)) >= 0.99 / rate.per_second


def test_one_slow_caller_keeps_nobody_from_calling() -> None:
    replies = iter([1000.0])
    calls = Calls(Rate(count=10), 20, lambda: next(replies, 0.1)).make(100)

    assert calls.share_used() >= 0.99


def test_a_caller_that_gives_its_turn_back_costs_no_time() -> None:
    times: list[float] = []

    async def story(loop: VirtualLoop) -> None:
        pace = Pace(Rate(count=10))
        for number in range(100):
            async with pace.make_ready() as take_turn:
                if number % 2:
                    continue
                await take_turn()
                times.append(loop.time())

    with_loop(story)
    assert (len(times) - 1) / (times[-1] - times[0]) >= 0.99 * 5


# Stalls


@pytest.mark.parametrize("stall", [0.5, 5.0])
@pytest.mark.parametrize("rate", RATES, ids=str)
def test_no_burst_follows_a_stall(rate: Rate, stall: float) -> None:
    async def stall_once(calls: Calls) -> None:
        await asyncio.sleep(1.5)
        calls.loop.stall(stall)

    calls = plentiful(rate).make(three_windows(rate), meanwhile=stall_once)
    after = 1.5 + stall

    assert calls.busiest() <= rate.count
    assert calls.sent_between(after, after + 0.1) <= 1 + 0.1 * rate.per_second


@pytest.mark.parametrize("rate", RATES, ids=str)
def test_many_stalls_never_exceed_the_rate(rate: Rate) -> None:
    dice = seeded(3)

    async def stall_often(calls: Calls) -> None:
        for _ in range(20):
            await asyncio.sleep(dice.random() * 0.3)
            calls.loop.stall(dice.choice([0.01, 0.04, 0.06, 0.11, 0.5, 5.0]))

    assert plentiful(rate).make(three_windows(rate), meanwhile=stall_often).busiest() <= rate.count


def test_a_late_call_is_made_up_for_only_a_little() -> None:
    async def stall_once(calls: Calls) -> None:
        await asyncio.sleep(1.0)
        calls.loop.stall(0.5)

    calls = plentiful(Rate(count=60, per_seconds=60)).make(20, meanwhile=stall_once)

    assert min(later - earlier for earlier, later in pairwise(calls.times)) >= 0.9


def test_after_a_long_stall_the_turns_that_were_waited_for_are_withdrawn() -> None:
    """Their connections have been idle for as long."""

    async def stall_once(calls: Calls) -> None:
        await asyncio.sleep(1.5)
        calls.loop.stall(5.0)

    assert plentiful(Rate(count=50)).make(200, meanwhile=stall_once).withdrawn


@dataclass
class SleepyClock:
    """A wall clock that goes on while the machine sleeps, which the loop's own does not."""

    loop: VirtualLoop
    slept: timedelta = timedelta(0)

    def __call__(self) -> datetime:
        return self.loop.utc_now() + self.slept


@pytest.mark.parametrize("stalled", [True, False])
def test_a_turn_of_before_a_long_sleep_is_withdrawn(stalled: object) -> None:
    """Whoever was about to send when the process was stopped, or the machine slept, does not send late."""
    told: list[str] = []

    async def story(loop: VirtualLoop) -> None:
        clock = SleepyClock(loop)
        pace = Pace(Rate(count=4), clock=clock)

        async def sleep() -> None:
            await asyncio.sleep(0.1)
            if stalled:
                loop.stall(3600)
            else:
                clock.slept = timedelta(hours=1)

        async with pace.make_ready() as take_turn:
            await take_turn()
        sleeping = asyncio.ensure_future(sleep())
        async with pace.make_ready() as take_turn:
            try:
                await take_turn()
            except TurnWithdrawn:
                told.append("withdrawn")
        await sleeping

    with_loop(story)
    assert told == ["withdrawn"]


def test_a_clock_set_back_withdraws_nobody() -> None:
    times: list[float] = []

    async def story(loop: VirtualLoop) -> None:
        clock = SleepyClock(loop)
        pace = Pace(Rate(count=10), clock=clock)
        for _ in range(10):
            clock.slept -= timedelta(hours=1)
            async with pace.make_ready() as take_turn:
                await take_turn()
            times.append(loop.time())

    with_loop(story)
    assert len(times) == 10


# Holds


def test_a_hold_lets_nobody_send_until_it_is_over() -> None:
    async def hold(calls: Calls) -> None:
        await asyncio.sleep(2.01)
        calls.pace.hold(20)

    calls = plentiful(Rate(count=10)).make(60, meanwhile=hold)

    assert calls.sent_between(2.01, 22.01) == 0
    assert calls.sent_between(22.01, 22.1) == 1


def test_a_shorter_hold_does_not_end_a_longer_one() -> None:
    async def hold_twice(calls: Calls) -> None:
        calls.pace.hold(20)
        await asyncio.sleep(1)
        calls.pace.hold(2)

    assert plentiful(Rate(count=10)).make(5, meanwhile=hold_twice).sent_between(0.01, 20) == 0


def test_a_hold_is_no_reason_for_a_burst() -> None:
    async def hold(calls: Calls) -> None:
        await asyncio.sleep(1)
        calls.pace.hold(3)

    calls = plentiful(Rate(count=50)).make(300, meanwhile=hold)

    assert calls.busiest() <= 50
    assert calls.sent_between(4.0, 4.1) <= 6


def test_turns_waited_for_when_a_hold_comes_are_withdrawn_soon() -> None:
    async def hold(calls: Calls) -> None:
        await asyncio.sleep(1.01)
        calls.pace.hold(20)

    calls = plentiful(Rate(count=20)).make(60, meanwhile=hold)

    assert calls.withdrawn
    assert max(calls.withdrawn) <= 1.01 + 0.5


def test_a_short_hold_withdraws_nobody() -> None:
    async def hold(calls: Calls) -> None:
        await asyncio.sleep(1.01)
        calls.pace.hold(0.1)

    assert not Calls(Rate(count=10), 2).make(30, meanwhile=hold).withdrawn


# Slowing down


def test_slowing_down_halves_the_pace() -> None:
    async def slow(calls: Calls) -> None:
        calls.pace.slow_down()

    calls = plentiful(Rate(count=50)).make(100, meanwhile=slow)

    assert (calls.pace.share, round(calls.share_used(), 2)) == (0.5, 0.5)


def test_the_same_news_within_a_second_slows_down_once() -> None:
    async def slow(calls: Calls) -> None:
        for _ in range(10):
            calls.pace.slow_down()
            await asyncio.sleep(0.09)

    assert Calls(Rate(count=50), 2).make(1, meanwhile=slow).pace.share == 0.5


def test_the_pace_never_falls_below_a_64th() -> None:
    async def slow(calls: Calls) -> None:
        for _ in range(100):
            calls.pace.slow_down()
            await asyncio.sleep(1)

    assert Calls(Rate(count=50), 2).make(1, meanwhile=slow).pace.share == 1 / 64


def test_calls_that_get_through_bring_the_whole_rate_back_and_no_more() -> None:
    async def slow_then_climb(calls: Calls) -> None:
        calls.pace.slow_down()
        shares = []
        for _ in range(30):
            await asyncio.sleep(0.5)
            calls.pace.climb_back()
            shares.append(round(calls.pace.share, 2))
        assert (shares[0], shares[1], shares[9], shares[-1]) == (0.55, 0.6, 1.0, 1.0)

    calls = plentiful(Rate(count=50)).make(900, meanwhile=slow_then_climb)

    assert calls.sent_between(8, 13) >= 0.99 * 250
    assert calls.busiest() <= 50


def test_one_call_after_a_long_hold_does_not_bring_the_whole_rate_back() -> None:
    async def story(loop: VirtualLoop) -> None:
        pace = Pace(Rate(count=50))
        for _ in range(3):
            pace.slow_down()
            await asyncio.sleep(1)
        loop.stall(600)
        pace.climb_back()
        assert round(pace.share, 3) == 0.325

    with_loop(story)


def test_climbing_back_under_way_never_exceeds_the_rate() -> None:
    async def up_and_down(calls: Calls) -> None:
        dice = seeded(5)
        for _ in range(60):
            await asyncio.sleep(0.07)
            (calls.pace.slow_down if dice.random() < 0.2 else calls.pace.climb_back)()

    assert plentiful(Rate(count=20)).make(100, meanwhile=up_and_down).busiest() <= 20


# What was sent before this start


def test_calls_of_the_run_before_count_in_the_window() -> None:
    before = tuple(-0.5 + 0.01 * n for n in range(10))
    calls = Calls(Rate(count=10), 20, already_sent=before).make(40)

    assert busiest_window([*before, *calls.times], seconds=1) <= 10


@pytest.mark.parametrize("rate", RATES, ids=str)
def test_a_crash_loop_never_exceeds_the_rate(rate: Rate) -> None:
    """Ten starts, each of which dies after a few calls and comes back a moment later."""
    times: list[float] = []
    now = 0.0
    for _ in range(10):
        earlier = tuple(time - now for time in times if time > now - rate.per_seconds)[-rate.count :]
        calls = Calls(rate, 10, already_sent=earlier).make(7)
        times += [now + time for time in calls.times]
        now = times[-1] + 0.001

    assert busiest_window(times, seconds=rate.per_seconds) <= rate.count


# Closing


@pytest.mark.parametrize("rate", [*RATES, Rate(count=1, per_seconds=60)], ids=str)
def test_after_a_close_everybody_leaves_within_a_second(rate: Rate) -> None:
    async def close(calls: Calls) -> None:
        await asyncio.sleep(1.01)
        calls.close()

    calls = Calls(rate, 50, lambda: 0.0).make(10**9, meanwhile=close)

    assert calls.ended <= 1.01 + 1


def test_after_a_close_nobody_sends() -> None:
    async def close(calls: Calls) -> None:
        await asyncio.sleep(1.01)
        calls.close()

    assert plentiful(Rate(count=50)).make(10**9, meanwhile=close).sent_between(1.01, 1e9) == 0


def test_a_close_during_a_hold_does_not_wait_for_its_end() -> None:
    async def close(calls: Calls) -> None:
        await asyncio.sleep(1)
        calls.pace.hold(3600)
        await asyncio.sleep(1)
        calls.close()

    assert plentiful(Rate(count=50)).make(10**9, meanwhile=close).ended <= 3


# The window alone


def test_a_window_lets_one_more_in_only_after_the_first_has_left_it() -> None:
    window = SlidingWindow(Rate(count=2))
    for now in (0.0, 0.1):
        window.record(now)

    assert 1.0 < window.earliest(0.2) < 1.01


def test_the_window_counts_from_the_first_byte_and_not_from_the_turn() -> None:
    window = SlidingWindow(Rate(count=2))
    window.record(0.0)
    window.correct(0.02)
    window.record(0.5)

    assert 1.02 < window.earliest(0.6) < 1.03


def test_lateness_is_made_up_for_at_twice_the_pace_and_not_at_once() -> None:
    window = SlidingWindow(Rate(count=10))
    window.record(0.0)
    window.record(0.19)  # 0.09 s late

    assert window.earliest(0.19) == pytest.approx(0.24, abs=0.001)


@settings(deadline=None, max_examples=200)
@given(st.sampled_from(RATES), st.lists(st.floats(0, 3), min_size=1, max_size=100))
def test_whoever_sends_at_the_earliest_time_or_later_keeps_the_window(
    rate: Rate, delays: list[float]
) -> None:
    window, now, times = SlidingWindow(rate), 0.0, []
    for delay in delays:
        now = window.earliest(now) + delay / rate.count
        window.record(now)
        times.append(now)

    assert busiest_window(times, seconds=rate.per_seconds) <= rate.count


@settings(deadline=None, max_examples=60)
@given(
    rate=st.sampled_from([Rate(count=1), Rate(count=7), Rate(count=50), Rate(count=60, per_seconds=60)]),
    callers=st.integers(1, 40),
    seed=st.integers(0, 1000),
    latest=st.sampled_from([0.0, 0.003, 0.03]),
    troubles=st.lists(
        st.tuples(st.floats(0, 2), st.sampled_from(["stall", "hold", "slow", "climb"])), max_size=8
    ),
)
def test_no_trouble_and_no_jitter_exceeds_the_rate(
    rate: Rate, callers: int, seed: int, latest: float, troubles: list[tuple[float, str]]
) -> None:
    dice = seeded(seed)

    async def trouble(calls: Calls) -> None:
        for wait, kind in troubles:
            await asyncio.sleep(wait)
            match kind:
                case "stall":
                    calls.loop.stall(dice.random() * 2)
                case "hold":
                    calls.pace.hold(dice.random() * 2)
                case "slow":
                    calls.pace.slow_down()
                case _:
                    calls.pace.climb_back()

    calls = Calls(rate, callers, lambda: dice.random() * 0.5, latest=latest).make(150, meanwhile=trouble)

    assert calls.busiest() <= rate.count
    assert len(calls.times) == 150


def with_loop(story: Callable[[VirtualLoop], Awaitable[None]]) -> None:
    """Run a story on virtual time."""
    loop = VirtualLoop()

    async def whole() -> None:
        await story(loop)

    loop.run_until_complete(whole())
    loop.close()
