"""Runs that stay until calling hours come, and runs that end at a time of day: on a virtual clock."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from dialer import orders
from dialer.calling_hours import legal_hours
from dialer.campaign import Policy, Rate
from dialer.leads import Lead
from dialer.pool import Closed, Pool
from dialer.retry import Stop
from tests.builders import World, lead, number, policy
from tests.virtual_time import START

MakeWorld = Callable[..., World]
SOON = timedelta(minutes=5)
HOUR = timedelta(hours=1)
NEW_YORK, CHICAGO, DENVER, LOS_ANGELES = (
    "+12125550{:03}",
    "+13125550{:03}",
    "+13035550{:03}",
    "+12135550{:03}",
)


def waits(**changes: object) -> Policy:
    return policy(wait=True, **changes)


def opens_at_row(world: World) -> Callable[[Lead], Closed | None]:
    """Row n may be called from n times five minutes after the start on."""

    def closed(one: Lead) -> Closed | None:
        opens = START + one.row * SOON
        return Closed(opens, "Too early there.") if world.loop.utc_now() < opens else None

    return closed


def minutes_of_calls(world: World) -> dict[str, int]:
    """How many minutes after the start each number was called."""
    return {each: round(seconds) // 60 for seconds, each in world.api.created}


@pytest.fixture
def three(make_world: MakeWorld) -> World:
    """Three leads, who may be called five, ten and fifteen minutes after the start."""
    world: World = make_world(leads=[lead(row) for row in (1, 2, 3)])
    return world


def test_everybody_is_called_as_their_hours_come(three: World) -> None:
    three.run(waits(), closed=opens_at_row(three))

    assert minutes_of_calls(three) == {number(1): 5, number(2): 10, number(3): 15}


def test_the_first_call_begins_as_soon_as_the_hours_come(three: World) -> None:
    three.run(waits(), closed=opens_at_row(three))

    assert [round(seconds) % 300 for seconds, _ in three.api.created] == [0, 0, 0]


def test_a_run_that_has_waited_leaves_nobody_deferred(three: World) -> None:
    progress = three.run(waits(), closed=opens_at_row(three))

    assert (progress.called, progress.deferred, progress.stop) == (3, 0, None)


def test_a_run_that_does_not_wait_ends_at_once(three: World) -> None:
    progress = three.run(closed=opens_at_row(three))

    assert (progress.deferred, three.loop.time() < 5) == (3, True)


def test_whoever_has_no_hours_is_not_waited_for(three: World) -> None:
    progress = three.run(
        waits(), closed=lambda one: Closed(None, "Not known.") if one.row == 3 else opens_at_row(three)(one)
    )

    assert (progress.called, progress.deferred) == (2, 1)
    assert three.loop.time() < 610


def test_a_limit_ends_the_waiting(three: World) -> None:
    three.run(waits(limit=1), closed=opens_at_row(three))

    assert list(minutes_of_calls(three)) == [number(1)]
    assert three.loop.time() < 310


def test_what_came_first_is_not_called_again_by_a_later_pass(make_world: MakeWorld) -> None:
    world = make_world(leads=[lead(row) for row in range(4)])

    world.run(waits(), closed=opens_at_row(world))

    assert set(Counter(each for _, each in world.api.received).values()) == {1}


def test_while_it_waits_a_run_says_until_when(three: World) -> None:
    seen = []

    async def look(pool: Pool) -> None:
        await asyncio.sleep(60)
        seen.append(pool.progress.waiting_until)

    progress = three.run(waits(), closed=opens_at_row(three), meanwhile=look)

    assert (seen, progress.waiting_until) == ([START + SOON], None)


@pytest.mark.parametrize("order", ["pause", "stop"])
def test_an_order_is_heard_within_two_seconds_of_waiting(three: World, order: str) -> None:
    async def give(_pool: Pool) -> None:
        await asyncio.sleep(100)
        now, campaign_id = three.loop.utc_now(), three.campaign.campaign_id
        with three.ledger.transaction() as connection:
            if order == "pause":
                orders.set_pause(connection, campaign_id, reason="by a person", now=now)
            else:
                orders.request_stop(connection, campaign_id, now=now)

    progress = three.run(waits(), closed=opens_at_row(three), meanwhile=give)

    assert progress.stop is not None
    assert 100 <= three.loop.time() < 102.1
    assert three.api.received == []


def test_an_interruption_ends_the_waiting_at_once(three: World) -> None:
    async def interrupt(pool: Pool) -> None:
        await asyncio.sleep(100)
        pool.stop(Stop("interrupted", "Stopped.", exit_code=130))

    progress = three.run(waits(), closed=opens_at_row(three), meanwhile=interrupt)

    assert progress.stop is not None
    assert three.loop.time() < 100.1


def test_a_clock_that_jumps_forward_is_noticed(three: World) -> None:
    """As after a laptop slept: its own timers stood still."""

    async def jump(_pool: Pool) -> None:
        await asyncio.sleep(60)
        three.loop.set_clock(HOUR)

    three.run(waits(), closed=opens_at_row(three), meanwhile=jump)

    assert [round(seconds) // 10 for seconds, _ in three.api.created] == [6, 6, 6]


def test_hours_that_end_meanwhile_are_kept(make_world: MakeWorld) -> None:
    """One call a minute; the second lead's hours end before its turn comes, and come again later."""
    world = make_world(leads=[lead(row) for row in (2, 3)])

    def closed(one: Lead) -> Closed | None:
        since = world.loop.utc_now() - START
        if one.row == 2 or since % SOON < timedelta(seconds=30):
            return None
        return Closed(START + (since // SOON + 1) * SOON, "Too late there.")

    world.run(waits(rate=Rate(count=1, per_seconds=60), concurrency=2), closed=closed)

    assert list(minutes_of_calls(world).values()) == [0, 5]


def test_each_zone_is_called_in_its_own_hours(make_world: MakeWorld) -> None:
    """From two minutes to eight in New York, by the law of the file."""
    leads = [lead(row, phone=(NEW_YORK, CHICAGO)[row % 2].format(100 + row)) for row in range(40)]
    world = make_world(leads=leads)
    world.loop.set_clock(datetime(2026, 3, 3, 12, 58, tzinfo=UTC) - START)

    world.run(waits(rate=Rate(count=50)), closed=legal_hours(world.loop.utc_now))

    assert Counter(minutes_of_calls(world).values()) == {2: 20, 62: 20}


# --until


def test_no_call_begins_after_the_time(make_world: MakeWorld) -> None:
    world = make_world(leads=[lead(row) for row in range(2, 102)])

    progress = world.run(policy(rate=Rate(count=10), until=START + timedelta(seconds=5)))

    assert max(seconds for seconds, _ in world.api.received) < 5
    assert 45 <= progress.called <= 50
    assert progress.stop == Stop(
        "deadline",
        "It is 15:00, and no call begins from then on (--until): the rest is left for the next run.",
        exit_code=75,
    )


def test_whoever_is_left_at_that_time_stays_pending(make_world: MakeWorld) -> None:
    world = make_world(leads=[lead(row) for row in range(2, 102)])

    progress = world.run(policy(rate=Rate(count=10), until=START + timedelta(seconds=5)))

    assert Counter(world.statuses().values()) == {"queued": progress.called, "pending": 100 - progress.called}


def test_a_time_that_has_passed_lets_nobody_be_called(world: World) -> None:
    progress = world.run(policy(until=START))

    assert world.api.received == []
    assert progress.stop is not None


def test_a_run_that_is_done_before_does_not_wait_for_the_time(world: World) -> None:
    progress = world.run(policy(until=START + HOUR))

    assert (progress.called, progress.stop) == (10, None)
    assert world.loop.time() < 60


def test_a_slow_pace_does_not_outlast_the_time(make_world: MakeWorld) -> None:
    world = make_world(leads=[lead(row) for row in (2, 3, 4)])

    world.run(policy(rate=Rate(count=1, per_seconds=60), until=START + timedelta(seconds=30)))

    assert len(world.api.received) == 1
    assert world.loop.time() < 33


def test_hours_that_open_after_the_time_are_not_waited_for(three: World) -> None:
    progress = three.run(waits(until=START + 2 * SOON), closed=opens_at_row(three))

    assert (progress.called, progress.deferred) == (1, 2)
    assert three.loop.time() < 310


def test_the_time_is_told_by_the_clock_on_the_wall(make_world: MakeWorld) -> None:
    world = make_world(leads=[lead(row) for row in range(2, 102)])

    async def jump(_pool: Pool) -> None:
        await asyncio.sleep(2)
        world.loop.set_clock(HOUR)

    progress = world.run(policy(rate=Rate(count=10), until=START + HOUR), meanwhile=jump)

    assert 15 <= progress.called <= 22
