"""Opens the sockets that httpcore talks over, on asyncio's own transports.

httpcore's usual way takes twice the processor time of a whole exchange to do the same, which a connection
that serves one call only pays for every call.
"""

from __future__ import annotations

import asyncio
import select
import socket
import ssl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import httpcore

_MOST_UNREAD = 1 << 16  # bytes that are taken from the network before anybody asks for them
_MOST_UNSENT = 1 << 16  # bytes that wait for those that are written next
_NEXT_ADDRESS_SECONDS = 0.25  # how long an address may stay silent before the next one is tried (RFC 8305)


class Sockets(httpcore.AsyncNetworkBackend):
    """Opens TCP connections."""

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the library's own interface
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect within `timeout` seconds. Raises httpcore's ConnectError and ConnectTimeout."""
        loop = asyncio.get_running_loop()
        local = (local_address, 0) if local_address is not None else None
        is_name = any(char.isalpha() for char in host) and ":" not in host
        with _told_as(httpcore.ConnectTimeout, httpcore.ConnectError):
            try:
                async with asyncio.timeout(timeout):
                    _, stream = await loop.create_connection(
                        _Socket,
                        host,
                        port,
                        local_addr=local,
                        happy_eyeballs_delay=_NEXT_ADDRESS_SECONDS if is_name else None,
                    )
            except socket.gaierror:
                raise
            except ConnectionError as error:
                raise httpcore.ConnectError("All connection attempts failed") from error
        for option in socket_options or ():
            stream.get_extra_info("socket").setsockopt(*option)
        return stream

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)


class _Socket(asyncio.Protocol, httpcore.AsyncNetworkStream):
    """One connection: what is written leaves once a reply is waited for, in one piece; what has come is kept
    until it is asked for, up to a bound."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._unsent = bytearray()
        self._unread = bytearray()
        self._ended = False  # nothing more will come
        self._error: Exception | None = None
        self._reader: asyncio.Future[None] | None = None
        self._writer: asyncio.Future[None] | None = None  # pending while the network takes no more

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - of a stream it always is one
        self._transport = transport
        # Until somebody writes or reads: what a server says too early belongs to TLS, if that comes next.
        transport.pause_reading()

    def data_received(self, data: bytes) -> None:
        self._unread += data
        if len(self._unread) > _MOST_UNREAD:
            self._open.pause_reading()
        _wake(self._reader)

    def eof_received(self) -> bool:
        self._ended = True
        _wake(self._reader)
        # The other side may still want to hear us; with TLS there is no such half.
        return self._open.get_extra_info("sslcontext") is None

    def connection_lost(self, error: Exception | None) -> None:
        self._ended, self._error = True, error
        _wake(self._reader)
        self.resume_writing()

    def pause_writing(self) -> None:
        self._writer = asyncio.get_running_loop().create_future()

    def resume_writing(self) -> None:
        _wake(self._writer)
        self._writer = None

    @property
    def _open(self) -> asyncio.Transport:
        assert self._transport is not None  # noqa: S101 - set before anybody holds this
        return self._transport

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        await self._send(timeout)
        if not self._unread and not self._ended:
            self._open.resume_reading()
            self._reader = asyncio.get_running_loop().create_future()
            with _told_as(httpcore.ReadTimeout, httpcore.ReadError):
                async with asyncio.timeout(timeout):
                    await self._reader
        if not self._unread and self._error is not None:
            raise httpcore.ReadError(str(self._error)) from self._error
        chunk = bytes(self._unread[:max_bytes])
        del self._unread[:max_bytes]
        return chunk

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        self._unsent += buffer
        if len(self._unsent) > _MOST_UNSENT:
            await self._send(timeout)

    async def _send(self, seconds: float | None) -> None:
        """Hand over what was written. If the other side is through, reading tells how it ended."""
        if not self._unsent or self._ended or self._open.is_closing():
            return
        self._open.resume_reading()
        self._open.write(self._unsent)
        self._unsent = bytearray()
        if self._writer is not None:
            with _told_as(httpcore.WriteTimeout, httpcore.WriteError):
                async with asyncio.timeout(seconds):
                    await self._writer

    async def aclose(self) -> None:
        self._open.abort()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> httpcore.AsyncNetworkStream:
        stream = _Socket()
        with _told_as(httpcore.ConnectTimeout, httpcore.ConnectError):
            async with asyncio.timeout(timeout):
                transport = await asyncio.get_running_loop().start_tls(
                    self._open, stream, ssl_context, server_hostname=server_hostname
                )
        if transport is None:
            raise httpcore.ConnectError("the connection was closed while TLS was begun")
        stream.connection_made(transport)
        return stream

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable":  # httpcore's word: something came, or the end, that nobody has asked for
            return bool(self._unread) or self._ended or self._open.is_closing() or self._has_news()
        return self._open.get_extra_info(info)

    def _has_news(self) -> bool:
        """Whether the system holds what the event loop has not seen yet."""
        poll = select.poll()
        poll.register(self._open.get_extra_info("socket").fileno(), select.POLLIN | select.POLLHUP)
        return bool(poll.poll(0))


def _wake(sleeper: asyncio.Future[None] | None) -> None:
    if sleeper is not None and not sleeper.done():
        sleeper.set_result(None)


@contextmanager
def _told_as(timeout: type[Exception], other: type[Exception]) -> Iterator[None]:
    """Turn the system's errors into httpcore's."""
    try:
        yield
    except TimeoutError as error:
        raise timeout from error
    except OSError as error:  # and with it those of TLS
        raise other(str(error)) from error
