"""Connections to the simulated API: what is written to one arrives, what it answers comes when it comes."""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from typing import TYPE_CHECKING, Any

import httpcore

from tests.simulation.chance import dice

if TYPE_CHECKING:
    from tests.simulation.api import Heard
    from tests.simulation.machine import Machine

FIN = "FIN"
RESET = "RESET"
Piece = bytes | str  # some bytes, or FIN, or RESET
Replies = list[tuple[float, Piece]]  # each piece with the seconds after the request when it arrives

_LARGEST_READ = 65_536
_FOR_EVER = 1e6


class SimulatedNetwork(httpcore.AsyncNetworkBackend):
    """Opens connections to the machine's API, wherever they are meant to go."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        # A dice of its own: who drops idle connections changes nothing else in a story.
        self._dice = dice(machine.seed, "idle connections")
        self._drops_idle = self._dice.random() < 0.5

    async def connect_tcp(
        self,
        host: str,  # noqa: ARG002 - there is one API in this world
        port: int,  # noqa: ARG002
        timeout: float | None = None,  # noqa: ASYNC109 - the library's own interface
        local_address: str | None = None,  # noqa: ARG002
        socket_options: Any = None,  # noqa: ARG002
    ) -> httpcore.AsyncNetworkStream:
        """Connect, or fail to."""
        machine = self._machine
        machine.pass_by("connects")
        trouble, seconds = machine.api.weather.connecting()
        if trouble == "refused":
            await asyncio.sleep(seconds)
            raise httpcore.ConnectError("All connection attempts failed")
        if trouble == "silent":
            await asyncio.sleep(_FOR_EVER if timeout is None else timeout)
            raise httpcore.ConnectTimeout
        await asyncio.sleep(seconds)
        machine.pass_by("is connected")
        return SimulatedStream(machine, drops_idle=self._drops_after())

    def _drops_after(self) -> float | None:
        """After how many seconds without a word the server closes a connection, if it ever does."""
        return self._dice.choice([0.0, 0.02, 0.08, 0.2]) if self._drops_idle else None

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class SimulatedStream(httpcore.AsyncNetworkStream):
    """One connection."""

    def __init__(self, machine: Machine, *, drops_idle: float | None) -> None:
        self._machine = machine
        self._drops_idle = drops_idle
        self._served = False  # a reply was sent whole, and nothing is under way
        self._written = bytearray()
        self._replies: deque[tuple[float, Piece]] = deque()
        self._heard: Heard | None = None
        self._ended: str | None = None  # FIN or RESET, once that was heard

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002, ASYNC109
        """Hand bytes to the network; a request that is whole is answered."""
        if not buffer:
            return
        machine = self._machine
        machine.pass_by("sends")
        if self._ended is not None:
            raise httpcore.WriteError(self._ended)
        if self._served and self._replies:
            if self._replies[0][0] <= machine.now:
                return  # the server has closed: what is written now is lost, and its farewell is read next
            self._replies.clear()
            self._served = False
        if not self._written:
            self._heard = machine.api.is_asked(buffer)
        self._written += buffer
        head, blank, body = bytes(self._written).partition(b"\r\n\r\n")
        if blank and len(body) >= _length(head):
            self._written.clear()
            assert self._heard is not None
            now = machine.now
            replies = machine.api.answer(self._heard, head, body)
            self._replies.extend((now + after, piece) for after, piece in replies)
            if self._drops_idle is not None and self._heard.served_well:
                self._served = True
                self._replies.append((self._replies[-1][0] + self._drops_idle, FIN))
        machine.pass_by("has sent")

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002, ASYNC109
        """Wait for the next piece of a reply."""
        machine = self._machine
        if self._ended == FIN:
            return b""
        wait = self._replies[0][0] - machine.now if self._replies else _FOR_EVER
        if timeout is not None and wait > timeout:
            await asyncio.sleep(timeout)
            raise httpcore.ReadTimeout
        if wait > 0:
            await asyncio.sleep(wait)
        machine.pass_by("hears")
        _, piece = self._replies.popleft()
        if isinstance(piece, str):
            self._ended = piece
            if piece == RESET:
                raise httpcore.ReadError("connection reset by peer")
            return b""
        if len(piece) > _LARGEST_READ:
            self._replies.appendleft((machine.now, piece[_LARGEST_READ:]))
            piece = piece[:_LARGEST_READ]
        if self._heard is not None:
            self._heard.bytes += piece
        return piece

    async def aclose(self) -> None:
        """Close; what was still to come is lost."""
        self._replies.clear()
        self._ended = self._ended or FIN

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> httpcore.AsyncNetworkStream:
        raise NotImplementedError("the simulated API speaks plain HTTP")

    def get_extra_info(self, info: str) -> Any:
        """Only whether there is something to read: on an idle connection that means that it was closed."""
        if info == "is_readable":
            return bool(self._replies) and self._replies[0][0] <= self._machine.now
        return None


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name == b"content-length":
            return int(value)
    return 0
