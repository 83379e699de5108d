"""An API on a real socket that behaves as badly as it is told, and remembers every byte it was sent."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

Behaviour = Callable[["RudeConnection"], Awaitable[None]]

CREATED = b'{"call_id": "call-1", "status": "queued", "to_phone": "+12015550123"}'


def reply(status: str = "201 Created", body: bytes = CREATED, **headers: str) -> bytes:
    """The bytes of a whole reply; `headers` with underscores for dashes."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


@dataclass
class RudeConnection:
    """One connection, as the server sees it."""

    server: RudeServer
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def request(self) -> bytes:
        """One whole request, or what came of it until the end."""
        with suppress(asyncio.IncompleteReadError):
            head = await self._take(self.reader.readuntil(b"\r\n\r\n"))
            length = next(
                int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if b"content-length" in line
            )
            await self._take(self.reader.readexactly(length))
        return bytes(self.server.received)

    async def headers(self) -> None:
        """The headers of a request and nothing of its body."""
        with suppress(asyncio.IncompleteReadError):
            await self._take(self.reader.readuntil(b"\r\n\r\n"))

    async def close(self) -> None:
        """Close the connection, and return when the other side can know it."""
        self.writer.close()
        with suppress(ConnectionError):
            await self.writer.wait_closed()

    async def _take(self, awaited: Awaitable[bytes]) -> bytes:
        try:
            chunk = await awaited
        except asyncio.IncompleteReadError as error:
            self.server.received += error.partial
            raise
        self.server.received += chunk
        return chunk

    async def say(self, *chunks: bytes) -> None:
        """Send these bytes, one chunk after the other, as far as the client will have them."""
        with suppress(ConnectionError):
            for chunk in chunks:
                self.writer.write(chunk)
                await self.writer.drain()

    async def drip(self, text: bytes, *, seconds: float = 0.02) -> None:
        """Send one byte after the other, slowly, until the client is gone."""
        for number in range(len(text)):
            await self.say(text[number : number + 1])
            with suppress(TimeoutError):
                await asyncio.wait_for(self.server.over.wait(), seconds)
            if self.server.over.is_set():
                return

    async def hang(self) -> None:
        """Say nothing more until the client is gone."""
        await self.server.over.wait()

    def reset(self) -> None:
        """Break the connection off as a crashed machine does."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


@dataclass
class RudeServer:
    """What happened at one server."""

    received: bytearray = field(default_factory=bytearray)  # every byte that was sent to it
    connections: int = 0
    port: int = 0
    scheme: str = "http"
    over: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def base_url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}/v1"


@asynccontextmanager
async def rude_server(behave: Behaviour, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[RudeServer]:
    """A server that meets every connection with `behave`, and then reads on until the client is gone."""
    rude = RudeServer(scheme="https" if tls else "http")
    tasks: set[asyncio.Task[None]] = set()

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        rude.connections += 1
        with suppress(ConnectionError):
            await behave(RudeConnection(rude, reader, writer))
            rude.received += await reader.read()
        writer.close()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(meet(reader, writer))
        tasks.add(task)

    server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls)
    rude.port = server.sockets[0].getsockname()[1]
    try:
        yield rude
    finally:
        rude.over.set()
        server.close()
        if tasks:
            await asyncio.wait(tasks, timeout=5)
        await server.wait_closed()
