"""Sockets on loopback: what is written leaves in one piece, what comes is kept within bounds."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from contextlib import closing
from typing import Any

import httpcore
import pytest

from dialer.sockets import Sockets
from tests.rude_server import RudeConnection, rude_server

Story = Callable[[Any], Awaitable[Any]]


def told(behave: Callable[[RudeConnection], Awaitable[None]], story: Story) -> tuple[Any, bytes]:
    """What comes of a story on a connection to a server that behaves like this, and what the server got."""

    async def whole() -> tuple[Any, bytes]:
        async with rude_server(behave) as server:
            stream = await Sockets().connect_tcp("127.0.0.1", server.port, timeout=5)
            try:
                return await story(stream), bytes(server.received)
            finally:
                await stream.aclose()

    return asyncio.run(whole())


async def echo_the_first_piece(connection: RudeConnection) -> None:
    await connection.say(await connection.reader.read(65_536))


async def quiet(connection: RudeConnection) -> None:
    await connection.hang()


def test_what_is_written_leaves_in_one_piece_when_a_reply_is_waited_for() -> None:
    async def story(stream: httpcore.AsyncNetworkStream) -> bytes:
        await stream.write(b"head ")
        await stream.write(b"body")
        return await stream.read(100, timeout=5)

    assert told(echo_the_first_piece, story)[0] == b"head body"


def test_nothing_leaves_before_a_reply_is_waited_for() -> None:
    async def story(stream: httpcore.AsyncNetworkStream) -> None:
        await stream.write(b"head")
        for _ in range(20):
            await asyncio.sleep(0)

    assert told(quiet, story)[1] == b""


def test_at_most_what_was_asked_for_is_read_and_the_rest_comes_next() -> None:
    async def story(stream: httpcore.AsyncNetworkStream) -> list[bytes]:
        await stream.write(b"abcdef")
        return [await stream.read(4, timeout=5), await stream.read(4, timeout=5)]

    assert told(echo_the_first_piece, story)[0] == [b"abcd", b"ef"]


def test_the_end_is_told_after_everything_that_came_before_it() -> None:
    async def say_and_close(connection: RudeConnection) -> None:
        await connection.say(b"last words")
        await connection.close()

    async def story(stream: httpcore.AsyncNetworkStream) -> list[bytes]:
        return [await stream.read(100, timeout=5) for _ in range(3)]

    assert told(say_and_close, story)[0] == [b"last words", b"", b""]


def test_a_reset_is_a_read_error() -> None:
    async def reset(connection: RudeConnection) -> None:
        connection.reset()

    async def story(stream: httpcore.AsyncNetworkStream) -> None:
        await stream.read(100, timeout=5)

    with pytest.raises(httpcore.ReadError, match="reset by peer"):
        told(reset, story)


def test_silence_is_a_read_timeout() -> None:
    async def story(stream: httpcore.AsyncNetworkStream) -> None:
        await stream.read(100, timeout=0.05)

    with pytest.raises(httpcore.ReadTimeout):
        told(quiet, story)


def test_a_server_that_takes_nothing_is_a_write_timeout() -> None:
    async def deaf(connection: RudeConnection) -> None:
        transport: Any = connection.writer.transport
        transport.pause_reading()
        await connection.hang()
        transport.resume_reading()

    async def story(stream: httpcore.AsyncNetworkStream) -> None:
        await stream.write(b"x" * 50_000_000, timeout=0.2)

    with pytest.raises(httpcore.WriteTimeout):
        told(deaf, story)


def test_a_flood_that_nobody_reads_is_left_to_the_network() -> None:
    async def flood(connection: RudeConnection) -> None:
        await connection.say(await connection.reader.read(1), *[b"x" * 65_536] * 200)

    async def story(stream: Any) -> int:
        await stream.write(b"?")
        await stream.read(1, timeout=5)
        for _ in range(50):
            await asyncio.sleep(0.001)
        return len(stream._unread)

    assert told(flood, story)[0] < 400_000


def test_nobody_there_is_a_connect_error() -> None:
    with closing(socket.socket()) as bound:
        bound.bind(("127.0.0.1", 0))
        with pytest.raises(httpcore.ConnectError, match="All connection attempts failed"):
            asyncio.run(Sockets().connect_tcp("127.0.0.1", bound.getsockname()[1], timeout=5))


def test_a_name_that_nobody_has_is_a_connect_error() -> None:
    with pytest.raises(httpcore.ConnectError):
        asyncio.run(Sockets().connect_tcp("voz.invalid", 443, timeout=5))
