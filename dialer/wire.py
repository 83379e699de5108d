"""The wire of one connection: what the other side has said so far, and whether it has left.

httpx tells of a reply only once its headers are whole. A status line that says that a call was created
is proof by itself, so the first bytes of a reply are kept as they come.
"""

from __future__ import annotations

import asyncio
import re
import select
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import Any

import httpcore
import httpx

from dialer.sockets import Sockets

_LONGEST_HEAD = 65_536  # bytes that are kept of a reply
_STATUS_LINE = re.compile(rb"HTTP/[0-9]\.[0-9] (?P<status>[0-9]{3})(?: [^\r\n]*)?\r?\n")
_BLANK_LINE = re.compile(rb"\n\r?\n")
_CREATED = range(200, 300)
_LEFT = select.POLLHUP | select.POLLERR | getattr(select, "POLLRDHUP", 0)  # the last one is Linux's

SocketOptions = Iterable[Any] | None


class Wire(httpcore.AsyncNetworkBackend):
    """Opens connections for one caller, one after the other, and remembers what the latest call heard."""

    def __init__(self, backend: httpcore.AsyncNetworkBackend | None = None) -> None:
        """Prepare a wire; `backend` is what opens the connections, real sockets unless a test brings one."""
        self.drops_idle = False  # the other side has left a connection soon after a call on it
        self._backend = backend or Sockets()
        self._stream: httpcore.AsyncNetworkStream | None = None
        self._is_new = True  # the stream has served no call before this one
        self._heard = bytearray()

    def begin(self) -> None:
        """Forget what was heard by the call before this one."""
        self._heard.clear()
        self._is_new = False

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the library's own interface
        local_address: str | None = None,
        socket_options: SocketOptions = None,
    ) -> httpcore.AsyncNetworkStream:
        """Open a connection that is listened to."""
        self._stream, self._is_new = None, True
        self._stream = await self._backend.connect_tcp(
            host, port, timeout=timeout, local_address=local_address, socket_options=socket_options
        )
        return _Listening(self._stream, self._heard)

    async def sleep(self, seconds: float) -> None:
        """Wait as the backend does."""
        await self._backend.sleep(seconds)

    def has_left(self) -> bool:
        """True if the other side has surely closed the connection already; False if that cannot be told.

        On a connection that has served a call before, a word that nobody asked for is a farewell too.
        """
        if not self._is_new and self._stream is not None and self._stream.get_extra_info("is_readable"):
            self.drops_idle = True
            return True
        sock = self._stream.get_extra_info("socket") if self._stream is not None else None
        if sock is None:
            return False
        number = sock.fileno()
        if number < 0:
            return True
        poll = select.poll()
        # What can be read is not asked: after a TLS handshake there may be tickets that nobody waits for.
        poll.register(number, _LEFT)
        return bool(poll.poll(0))

    def created_status(self) -> int | None:
        """The 2xx of a whole status line that came through, whatever came after it; else None."""
        at = 0
        while line := _STATUS_LINE.match(self._heard, at):
            status = int(line["status"])
            if not 100 <= status < 200 or status == 101:
                return status if 200 <= status < 300 else None
            blank = _BLANK_LINE.search(self._heard, line.end() - 1)
            if blank is None:
                return None
            at = blank.end()
        return None


class _Listening(httpcore.AsyncNetworkStream):
    """A stream whose first bytes are kept."""

    def __init__(self, stream: httpcore.AsyncNetworkStream, heard: bytearray) -> None:
        self._stream = stream
        self._heard = heard

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        chunk = await self._stream.read(max_bytes, timeout=timeout)
        self._heard += chunk[: _LONGEST_HEAD - len(self._heard)]
        return chunk

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        await self._stream.write(buffer, timeout=timeout)

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> httpcore.AsyncNetworkStream:
        stream = await self._stream.start_tls(ssl_context, server_hostname, timeout=timeout)
        return _Listening(stream, self._heard)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class WireTransport(httpx.AsyncHTTPTransport):
    """httpx's own transport, over a wire."""

    def __init__(self, wire: Wire, *, ssl_context: ssl.SSLContext, keep_seconds: float = 0) -> None:
        super().__init__(verify=ssl_context, trust_env=False)
        # httpx hands on everything to httpcore but this.
        self._pool = _OneAtATime(wire, ssl_context, keep_seconds)  # type: ignore[assignment]


class _OneAtATime:
    """In the place of a pool: one connection for one request, and for the next if that follows at once.

    An idle connection may be dropped by the server at the moment it is used again, so one is kept for
    `keep_seconds` at most, and only after a call that was created; and no more once the server dropped one
    sooner than that. What was left over of one reply would be read as the next one's, so a connection on
    which anything was left is not used again.
    """

    def __init__(self, wire: Wire, ssl_context: ssl.SSLContext, keep_seconds: float) -> None:
        self._wire = wire
        self._ssl_context = ssl_context
        self._keep_seconds = keep_seconds
        self._kept: httpcore.AsyncHTTP11Connection | None = None
        self._kept_until = 0.0  # by the loop's time

    async def handle_async_request(self, request: httpcore.Request) -> httpcore.Response:
        """Send a request, and give the reply as soon as its headers are whole."""
        kept = await self._take_kept(request.url.origin)
        connection = kept or await self._connect(request)
        try:
            response = await connection.handle_async_request(request)
        except BaseException as error:
            if kept is not None and isinstance(error, httpcore.NetworkError | httpcore.ProtocolError):
                self._wire.drops_idle = True
            await connection.aclose()
            raise
        may_keep = self._keep_seconds and not self._wire.drops_idle and response.status in _CREATED
        release = self._keep if may_keep else _close
        return httpcore.Response(
            response.status,
            headers=response.headers,
            content=_ToTheEnd(response.stream, connection, release),
            extensions=response.extensions,
        )

    async def _take_kept(self, origin: httpcore.Origin) -> httpcore.AsyncHTTP11Connection | None:
        kept, self._kept = self._kept, None
        if kept is None:
            return None
        if asyncio.get_running_loop().time() <= self._kept_until and kept.can_handle_request(origin):
            if not kept.has_expired():
                return kept
            self._wire.drops_idle = True
        await kept.aclose()
        return None

    async def _keep(self, connection: httpcore.AsyncHTTP11Connection) -> None:
        """Keep a connection whose reply is whole, with nothing behind it; close any other."""
        # httpcore would hand on what is left over to the next request; h11 tells of it, and nobody else can.
        nothing_left = connection._h11_state.trailing_data == (b"", False)  # noqa: SLF001
        if connection.is_idle() and nothing_left:
            self._kept = connection
            self._kept_until = asyncio.get_running_loop().time() + self._keep_seconds
        else:
            await connection.aclose()

    async def _connect(self, request: httpcore.Request) -> httpcore.AsyncHTTP11Connection:
        origin = request.url.origin
        if origin.scheme not in {b"http", b"https"}:
            scheme = origin.scheme.decode()
            raise httpcore.UnsupportedProtocol(f"Request URL has an unsupported protocol '{scheme}://'.")
        seconds = request.extensions["timeout"]["connect"]
        host = origin.host.decode()
        stream = await self._wire.connect_tcp(host, origin.port, timeout=seconds)
        if origin.scheme == b"https":
            self._ssl_context.set_alpn_protocols(["http/1.1"])
            stream = await stream.start_tls(self._ssl_context, host, timeout=seconds)
        return httpcore.AsyncHTTP11Connection(origin, stream)

    async def aclose(self) -> None:
        """Close the connection that was kept, if there is one."""
        kept, self._kept = self._kept, None
        if kept is not None:
            await kept.aclose()


async def _close(connection: httpcore.AsyncHTTP11Connection) -> None:
    await connection.aclose()


class _ToTheEnd:
    """The body of a reply; once it is closed, its connection is released."""

    def __init__(
        self,
        stream: Any,
        connection: httpcore.AsyncHTTP11Connection,
        release: Callable[[httpcore.AsyncHTTP11Connection], Awaitable[None]],
    ) -> None:
        self._stream = stream
        self._connection = connection
        self._release = release

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._stream:
            yield chunk

    async def aclose(self) -> None:
        try:
            await self._stream.aclose()
        except BaseException:
            await self._connection.aclose()
            raise
        await self._release(self._connection)
