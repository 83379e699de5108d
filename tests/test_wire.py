"""What the first bytes of a reply prove, and whether the other side has left."""

from __future__ import annotations

import asyncio
import socket
from contextlib import closing
from typing import Any

import httpcore
import pytest

from dialer.wire import Wire

CREATED = b"HTTP/1.1 201 Created\r\n"
HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"


class Spoken(httpcore.AsyncNetworkStream):
    """A stream on which these bytes were said, and nothing will be said any more."""

    def __init__(self, said: list[bytes], sock: Any = None) -> None:
        self._said = said
        self._sock = sock

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002, ASYNC109
        return self._said.pop(0) if self._said else b""

    def get_extra_info(self, info: str) -> Any:
        return self._sock if info == "socket" else None


class OneStream(httpcore.AsyncNetworkBackend):
    """Opens that one stream."""

    def __init__(self, stream: Spoken) -> None:
        self._stream = stream

    async def connect_tcp(self, *_where: Any, **_how: Any) -> httpcore.AsyncNetworkStream:
        return self._stream


def heard(*said: bytes) -> Wire:
    """A wire that has heard all this."""
    wire = Wire(OneStream(Spoken([*said])))

    async def listen() -> None:
        stream = await wire.connect_tcp("api", 443)
        while await stream.read(65_536):
            pass

    asyncio.run(listen())
    return wire


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (CREATED, 201),
        (CREATED + b"Content-Le", 201),
        (b"HTTP/1.1 201\r\n", 201),
        (b"HTTP/1.1 201 \r\n", 201),
        (b"HTTP/1.0 204 No Content\n", 204),
        (b"HTTP/1.1 299 x\x00y\r\n", 299),
        (HINTS + CREATED, 201),
        (HINTS * 3 + CREATED, 201),
        (b"HTTP/1.1 100 Continue\n\n" + CREATED, 201),
        (b"HTTP/1.1 201 Created", None),
        (b"HTTP/1.1 201 Created\r", None),
        (b"HTTP/1.1 2010 Created\r\n", None),
        (b"HTTP/1.1 20 Created\r\n", None),
        (b"HTTP/1.1  201 Created\r\n", None),
        (b"http/1.1 201 Created\r\n", None),
        (b"HTTP/2 201\r\n", None),
        (b"\r\n" + CREATED, None),
        (b"HTTP/1.1 400 Bad\r\n" + CREATED, None),
        (b"HTTP/1.1 500 Oh\r\n\r\n" + CREATED, None),
        (b"HTTP/1.1 101 Switching\r\n\r\n" + CREATED, None),
        (b"HTTP/1.1 103 Early Hints\r\n" + CREATED, None),  # its headers are not over
        (b"", None),
    ],
)
def test_a_whole_2xx_status_line_is_proof_and_nothing_else_is(said: bytes, status: int | None) -> None:
    assert heard(said).created_status() == status


def test_a_status_line_may_come_byte_by_byte() -> None:
    assert heard(*(bytes([byte]) for byte in HINTS + CREATED)).created_status() == 201


def test_only_the_beginning_of_a_long_reply_is_kept() -> None:
    wire = heard(CREATED, *[b"x" * 65_536] * 20)

    assert (wire.created_status(), len(wire._heard)) == (201, 65_536)


def test_what_was_heard_on_the_connection_before_is_forgotten() -> None:
    wire = heard(CREATED)
    wire.begin()

    assert wire.created_status() is None


def left(sock: Any) -> bool:
    """Whether a connection over this socket was left by the other side."""
    wire = Wire(OneStream(Spoken([], sock)))
    asyncio.run(wire.connect_tcp("api", 443))
    return wire.has_left()


def test_a_connection_that_is_open_was_not_left() -> None:
    ours, theirs = socket.socketpair()
    with closing(ours), closing(theirs):
        assert not left(ours)


def test_words_alone_are_no_farewell() -> None:
    """After a TLS handshake there are tickets to be read, and all is well."""
    ours, theirs = socket.socketpair()
    with closing(ours), closing(theirs):
        theirs.sendall(b"a ticket")

        assert not left(ours)


def test_a_connection_that_was_closed_was_left() -> None:
    ours, theirs = socket.socketpair()
    with closing(ours):
        theirs.sendall(b"a ticket")
        theirs.close()

        assert left(ours)


def test_a_socket_that_we_have_lost_ourselves_was_left() -> None:
    ours, theirs = socket.socketpair()
    ours.close()
    with closing(theirs):
        assert left(ours)


def test_where_there_is_no_socket_nothing_can_be_told() -> None:
    assert not left(None)


def test_before_there_is_a_connection_nobody_has_left() -> None:
    assert not Wire().has_left()
