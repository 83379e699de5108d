"""A caller's connection that serves its next call at once: as certain as a new one, or not used."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from functools import cache
from pathlib import Path

import pytest

from dialer.campaign import Rate
from dialer.dialing import keep_seconds
from dialer.outcomes import Called, Outcome, Refused, Unknown, Unsent
from dialer.vozagent import Api, Connection, Exchange, TakeTurn, ssl_context
from tests.builders import policy
from tests.rude_modes import (
    CREATED_ALL_THE_SAME,
    GOOD,
    LEFT_BEFORE_THE_TURN,
    NEVER_DONE,
    NOT_CREATED,
    SENT,
    UNCERTAIN,
    reset_after_reading,
    says,
)
from tests.rude_server import Behaviour, RudeConnection, RudeServer, reply, rude_server

KEY = "sk-CANARY-9f3"
CONTEXT = ssl_context()
UNTRUSTED = Path(__file__).with_name("untrusted.pem")
REQUEST = {"phone_number": "+12015550123", "assistant_name": "Voz"}
LONG = 60.0  # seconds; far more than a test takes
AWAY = Unsent("the API closed the connection before anything was sent")


async def at_once() -> None:
    """A turn that comes at once."""


async def nothing() -> None:
    """The second call follows at once."""


def calls(
    behave: Behaviour,
    *,
    keep: float = LONG,
    timeout: float = 30.0,
    between: Callable[[], Awaitable[None]] = nothing,
    second_turn: TakeTurn = at_once,
    more: int = 0,
    tls: ssl.SSLContext | None = None,
) -> tuple[Sequence[Outcome], RudeServer]:
    """Two calls of one caller, one after the other, `between` them whatever happens; and `more` at once."""

    async def story() -> tuple[Sequence[Outcome], RudeServer]:
        context = CONTEXT
        if tls is not None:
            context = ssl_context()
            context.load_verify_locations(UNTRUSTED)
        async with rude_server(behave, tls=tls) as server:
            api = Api(server.base_url, KEY, timedelta(seconds=timeout), context, keep)
            async with Connection(api) as connection:
                first = await connection.create_call(REQUEST, take_turn=at_once, exchange=Exchange())
                await between()
                second = await connection.create_call(REQUEST, take_turn=second_turn, exchange=Exchange())
                rest = [
                    await connection.create_call(REQUEST, take_turn=at_once, exchange=Exchange())
                    for _ in range(more)
                ]
        return (first, second, *rest), server

    return asyncio.run(story())


def good_once_then(behave: Behaviour) -> Behaviour:
    """Serve the first call of a connection well, and its second like this."""

    async def both(connection: RudeConnection) -> None:
        await connection.request()
        await connection.say(reply())
        await behave(connection)

    return both


async def serve(connection: RudeConnection) -> None:
    """Serve call after call on one connection, until the caller has gone."""
    while len(await connection.request()) and not connection.reader.at_eof():
        await connection.say(reply())


# It is used


def test_a_connection_serves_the_call_that_follows_at_once() -> None:
    outcomes, server = calls(serve)

    assert (outcomes, server.connections) == ((GOOD, GOOD), 1)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_connection_over_tls_does_so_too(version: ssl.TLSVersion) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(UNTRUSTED)
    context.maximum_version = context.minimum_version = version

    outcomes, server = calls(serve, tls=context)

    assert (outcomes, server.connections) == ((GOOD, GOOD), 1)


@cache
def met_second(name: str) -> tuple[Outcome, RudeServer]:
    """What the second call of a connection meets, where the first was served well."""
    slow = name in NEVER_DONE or name in UNCERTAIN
    outcomes, server = calls(good_once_then(SENT[name]), timeout=0.3 if slow else 30.0)
    assert outcomes[0] == GOOD
    return outcomes[1], server


@pytest.mark.parametrize("name", UNCERTAIN)
def test_what_nobody_can_tell_is_unknown_on_a_kept_connection(name: str) -> None:
    assert isinstance(met_second(name)[0], Unknown)


@pytest.mark.parametrize("name", CREATED_ALL_THE_SAME)
def test_a_2xx_status_line_is_a_call_on_a_kept_connection(name: str) -> None:
    assert met_second(name)[0] == CREATED_ALL_THE_SAME[name][1]


@pytest.mark.parametrize("name", NOT_CREATED)
def test_a_refusal_is_told_as_it_came_on_a_kept_connection(name: str) -> None:
    assert met_second(name)[0] == NOT_CREATED[name][1]


@pytest.mark.parametrize("name", sorted(set(SENT) - {"reply before reading"}))
def test_each_call_is_sent_once_over_a_kept_connection(name: str) -> None:
    server = met_second(name)[1]

    assert (server.connections, server.received.count(b"POST ") <= 2) == (1, True)


# It is not used


def test_without_leave_a_connection_serves_one_call() -> None:
    outcomes, server = calls(serve, keep=0)

    assert (outcomes, server.connections) == ((GOOD, GOOD), 2)


def test_a_connection_that_was_idle_too_long_is_not_used_again() -> None:
    outcomes, server = calls(serve, keep=1e-9)

    assert (outcomes, server.connections) == ((GOOD, GOOD), 2)


@pytest.mark.parametrize(
    "said",
    [
        reply(Connection="close"),
        reply().replace(b"HTTP/1.1", b"HTTP/1.0", 1),
        reply() + b"more of it",
        reply() + reply(),
        reply("400 Bad Request", b"{}"),
        reply("429 Too Many Requests", b"{}", Retry_After="1"),
    ],
    ids=["close", "HTTP 1.0", "more than promised", "two replies", "a refusal", "throttled"],
)
def test_after_such_a_reply_the_next_call_has_a_connection_of_its_own(said: bytes) -> None:
    ways = iter([says_and_stays(said), says_and_stays(reply("404 Not Found", b"{}"))])

    async def behave(connection: RudeConnection) -> None:
        await next(ways)(connection)

    _, server = calls(behave)

    assert server.connections == 2


def says_and_stays(said: bytes) -> Behaviour:
    async def behave(connection: RudeConnection) -> None:
        await connection.request()
        await connection.say(said)

    return behave


def test_a_broken_call_leaves_no_connection_behind() -> None:
    ways = iter([reset_after_reading, says(reply())])

    async def behave(connection: RudeConnection) -> None:
        await next(ways)(connection)

    outcomes, server = calls(behave)

    assert ([type(outcome) for outcome in outcomes], server.connections) == ([Unknown, Called], 2)


def between_and_after(leave: Behaviour) -> tuple[Behaviour, Callable[[], Awaitable[None]]]:
    """Serve a call, then do this to the connection before the next one; and how to wait until it is done."""
    asked, through = asyncio.Event(), asyncio.Event()
    ways = iter([True])

    async def behave(connection: RudeConnection) -> None:
        if not next(ways, False):
            await serve(connection)
            return
        await connection.request()
        await connection.say(reply())
        await asked.wait()
        await leave(connection)
        through.set()

    async def until_it_is_done() -> None:
        asked.set()
        await through.wait()

    return behave, until_it_is_done


@pytest.mark.parametrize("name", LEFT_BEFORE_THE_TURN)
def test_a_connection_that_the_server_has_left_meanwhile_is_no_error(name: str) -> None:
    behave, meanwhile = between_and_after(LEFT_BEFORE_THE_TURN[name])

    outcomes, server = calls(behave, between=meanwhile)

    assert (outcomes, server.connections) == ((GOOD, GOOD), 2)


def test_a_server_that_drops_young_connections_gets_a_new_one_for_every_call() -> None:
    behave, meanwhile = between_and_after(LEFT_BEFORE_THE_TURN["close"])

    outcomes, server = calls(behave, between=meanwhile, more=2)

    assert (outcomes, server.connections) == ((GOOD,) * 4, 4)


def test_so_does_one_that_drops_them_while_the_turn_is_waited_for() -> None:
    behave, meanwhile = between_and_after(LEFT_BEFORE_THE_TURN["close"])

    outcomes, server = calls(behave, second_turn=meanwhile, more=2)

    assert (outcomes, server.connections) == ((GOOD, AWAY, GOOD, GOOD), 3)


def test_so_does_one_that_drops_them_as_the_call_is_sent() -> None:
    ways = iter([good_once_then(reset_after_reading), serve, serve])

    async def behave(connection: RudeConnection) -> None:
        await next(ways)(connection)

    outcomes, server = calls(behave, more=2)

    assert ([type(outcome) for outcome in outcomes], server.connections) == (
        [Called, Unknown, Called, Called],
        3,
    )


async def say_once_more(connection: RudeConnection) -> None:
    await connection.say(reply())


@pytest.mark.parametrize("leave", [*LEFT_BEFORE_THE_TURN.values(), say_once_more])
def test_a_connection_that_is_left_while_the_turn_is_waited_for_is_unsent(leave: Behaviour) -> None:
    """A late word is left as well: it would be read as the reply to this call."""
    behave, meanwhile = between_and_after(leave)

    outcomes, server = calls(behave, second_turn=meanwhile)

    assert (outcomes, server.received.count(b"POST ")) == ((GOOD, AWAY), 1)


def test_a_late_second_reply_is_not_taken_for_the_next_ones() -> None:
    behave, meanwhile = between_and_after(say_once_more)
    refuse = says_and_stays(reply("400 Bad Request", b"{}"))
    ways = iter([behave, refuse])

    async def first_then_refuse(connection: RudeConnection) -> None:
        await next(ways)(connection)

    outcomes, _ = calls(first_then_refuse, between=meanwhile)

    assert [type(outcome) for outcome in outcomes] == [Called, Refused]


# When it may


@pytest.mark.parametrize(
    ("rate", "concurrency", "seconds"),
    [("5/s", 1, 0), ("10/s", 1, 0.1), ("300/min", 10, 0), ("1000/s", 50, 0.1), ("400/s", 50, 0)],
)
def test_only_callers_that_hardly_wait_for_their_turns_keep_connections(
    rate: str, concurrency: int, seconds: float
) -> None:
    chosen = policy(rate=Rate.parse(rate), concurrency=concurrency)

    assert keep_seconds(chosen) == seconds
