"""The socket beneath a request, for the faults that HTTP has no words for."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

CONNECTION = "dialer.sandbox.connection"
RECEIVED_AT = "dialer.sandbox.received_at"


class Connection:
    """One client's connection: can be ended without an answer, and learns when the server wants to stop."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self.transport = transport
        self.hanging = False  # True: nothing will ever be answered, so the server need not wait for it
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """The server is about to stop: pauses end at once, what hangs is closed."""
        self._stopping.set()
        if self.hanging:
            self.transport.close()

    async def pause(self, seconds: float) -> None:
        """Waits, but not longer than the server runs."""
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            return

    def close(self) -> None:
        """Ends the connection as if the server had nothing to say (FIN)."""
        self.transport.close()

    def reset(self) -> None:
        """Ends the connection with a reset (RST)."""
        client = self.transport.get_extra_info("socket")
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request, and the ways to answer it or not."""

    scope: Scope
    receive: Receive
    send: Send

    @property
    def connection(self) -> Connection:
        """The socket beneath; a ConnectionAbortedError where the app is called without a server."""
        connection = self.scope.get(CONNECTION)
        if not isinstance(connection, Connection):
            raise ConnectionAbortedError("this fault needs a server with a real socket")
        return connection

    async def pause(self, seconds: float) -> None:
        """Waits, on a real socket not longer than the server runs."""
        if CONNECTION in self.scope:
            await self.connection.pause(seconds)
        else:
            await asyncio.sleep(seconds)

    async def until_gone(self) -> None:
        """Waits until the client has left or the connection is closed."""
        while (await self.receive())["type"] != "http.disconnect":
            pass
