"""What a run is told from another terminal: to pause for good, or to stop this once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from dialer import orders
from dialer.orders import STOPPED
from dialer.pool import Pool
from dialer.retry import Stop
from tests.builders import World, lead, policy
from tests.virtual_time import START

MakeWorld = Callable[..., World]


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    """A hundred leads, at ten a second."""
    return make_world(leads=[lead(row) for row in range(2, 102)])


def order(world: World, what: str) -> None:
    with world.ledger.transaction() as connection:
        if what == "stop":
            orders.request_stop(connection, world.campaign.campaign_id, now=START)
        else:
            orders.set_pause(connection, world.campaign.campaign_id, reason=what, now=START)


def asked(world: World) -> Stop | None:
    with world.ledger.reading() as connection:
        return orders.stop_asked(connection, world.campaign.campaign_id)


def test_nobody_has_asked_for_anything(world: World) -> None:
    assert asked(world) is None


def test_a_stop_pauses_nothing(world: World) -> None:
    order(world, "stop")

    assert asked(world) == Stop("stopped", STOPPED, exit_code=75)


def test_a_pause_is_for_good(world: World) -> None:
    order(world, "stop")
    order(world, "lunch")

    assert asked(world) == Stop("paused", "The campaign was paused: lunch", exit_code=75)


def test_what_an_earlier_run_was_asked_is_forgotten(world: World) -> None:
    order(world, "stop")
    with world.ledger.transaction() as connection:
        orders.request_stop(connection, world.campaign.campaign_id, now=None)

    assert asked(world) is None


def test_a_run_stops_within_two_seconds_and_finishes_its_calls(world: World) -> None:
    async def stop_after_three_seconds(_pool: Pool) -> None:
        await asyncio.sleep(3)
        order(world, "stop")

    progress = world.run(policy(), meanwhile=stop_after_three_seconds)

    assert (progress.stop, world.loop.time() <= 5) == (Stop("stopped", STOPPED, exit_code=75), True)
    assert progress.called == len(world.api.received)


def test_after_a_stop_the_next_run_goes_on(world: World) -> None:
    order(world, "stop")
    world.run()
    with world.ledger.transaction() as connection:
        orders.request_stop(connection, world.campaign.campaign_id, now=None)
    world.run()

    assert (len(world.api.created), world.api.numbers_created_twice()) == (100, set())
