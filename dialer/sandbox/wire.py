"""uvicorn, taught to tell when a request arrived, to close without a word, and to end with exit code 0."""

from __future__ import annotations

import signal
import socket
import threading
from asyncio import Transport
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import cast

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from dialer.sandbox.clock import now
from dialer.sandbox.connection import CONNECTION, RECEIVED_AT, Connection, Scope


class SandboxProtocol(HttpToolsProtocol):
    """Hands the connection beneath each request to the application."""

    connection: Connection

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override] # as uvicorn's own does
        """Keeps the transport where the faults find it."""
        super().connection_made(transport)
        self.connection = Connection(transport)

    def on_headers_complete(self) -> None:
        """Notes the time before anything else happens to the request."""
        scope = cast(Scope, self.scope)  # ASGI allows a server's own keys beside those that uvicorn types
        scope[RECEIVED_AT] = now()
        scope[CONNECTION] = self.connection
        super().on_headers_complete()

    def shutdown(self) -> None:
        """Lets go of what would hang for ever."""
        super().shutdown()
        self.connection.stop()


class SandboxServer(uvicorn.Server):
    """Tells when it accepts connections, and ends quietly on SIGINT and SIGTERM."""

    def __init__(self, config: uvicorn.Config, when_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._when_ready = when_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Starts, then says so."""
        await super().startup(sockets)
        self._when_ready()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """As uvicorn does it, without raising the signal again at the end: being stopped is no failure."""
        if threading.current_thread() is not threading.main_thread():
            yield  # Python hears signals in the main thread only
            return
        signals = (signal.SIGINT, signal.SIGTERM)
        before = {number: signal.signal(number, self.handle_exit) for number in signals}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
