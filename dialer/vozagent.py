"""The VozAgent API's client: every reply and every failure becomes an outcome.

Whether something was sent is told by positive proof only: the transport announces the first byte of a
request with the trace event `http11.send_request_headers.started` (httpcore), and without that event
nothing left this machine. The exception's class is no proof. No request is ever repeated in here.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
import zlib
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields
from datetime import timedelta
from typing import Any, Self
from urllib.parse import urlsplit

import httpx

from dialer.errors import SettingsError
from dialer.outcomes import Outcome, Unknown, Unsent
from dialer.printable import clean
from dialer.replies import Reply, read_reply
from dialer.wire import Wire, WireTransport

SEND_STARTED = "http11.send_request_headers.started"
LONGEST_BODY = 1_000_000  # bytes; the rest of a longer body is not read
_CONNECT_SECONDS = 10.0
_REDACTED = "[the key]"
_SHORTEST_SECRET = 8  # characters; a shorter one could be a word

TakeTurn = Callable[[], Awaitable[None]]


class TurnWithdrawn(Exception):
    """Raised by `take_turn` where everybody was told to wait or stop: nothing was sent."""


class _HasLeft(Exception):
    """The API closed the connection before the first byte was handed to it."""


@dataclass(frozen=True, slots=True)
class Api:
    """Where the API is and how to enter. The key never appears in a repr, a log or an error."""

    base_url: str  # with the version and without a slash at the end: https://api.vozagent.ai/v1
    key: str = field(repr=False)
    timeout: timedelta = timedelta(seconds=30)  # the whole exchange of one call, after its turn came
    ssl_context: ssl.SSLContext | None = field(default=None, repr=False, compare=False)
    keep_seconds: float = 0  # how long a caller's connection may be idle and still serve its next call

    @property
    def origin(self) -> str:
        """Scheme, host and port: what a ledger belongs to."""
        return origin(self.base_url)

    @property
    def key_ending(self) -> str:
        """The last four characters of the key: enough to tell two keys apart."""
        return self.key[-4:]


@dataclass(slots=True)
class Exchange:
    """What is known of one request while it is under way."""

    started: bool = False  # the first byte was about to leave
    sent_at: float | None = None  # the loop's time of that moment
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytearray = field(default_factory=bytearray)
    secret: str = field(default="", repr=False)  # the key, which no outcome may hold
    note_sent: Callable[[float], None] = field(default=lambda _at: None, repr=False)  # is told `sent_at`


class Connection:
    """One caller's own connection to the API: no other caller waits for it, none sees its state."""

    def __init__(
        self, api: Api, *, transport: httpx.AsyncBaseTransport | None = None, wire: Wire | None = None
    ) -> None:
        """Prepare a connection; nothing is opened yet.

        A test may bring a wire over sockets of its own, or a whole transport that sends the trace.
        """
        self._api = api
        self._wire = wire or Wire()
        # A client around it would follow redirects, keep cookies and read the environment unless told not to,
        # and take as long again to do none of that.
        self._transport = transport or WireTransport(
            self._wire, ssl_context=api.ssl_context or ssl_context(), keep_seconds=api.keep_seconds
        )
        self._url: httpx.URL | None = None  # until it is needed: one that cannot be read is an outcome
        self._headers = httpx.Headers({"Connection": "keep-alive"} | headers_of(api))
        # No limits for single reads and writes: the exchange has one, which would always be over first.
        self._timeouts = {"connect": _CONNECT_SECONDS, "read": None, "write": None}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self._transport.aclose()

    async def create_call(
        self, request: Mapping[str, Any], *, take_turn: TakeTurn, exchange: Exchange
    ) -> Outcome:
        """POST /calls/outbound once, and tell how it ended. Never raises but for a cancellation.

        `request` is the JSON body (see `plan.call_request`). `take_turn` is awaited at the last moment
        before the first byte leaves; `exchange` is filled in on the way, so that `outcome_when_cut_off`
        can tell what is known of a call whose task was cancelled.
        """
        self._wire.begin()
        exchange.secret = self._api.key
        try:
            await self._post(request, take_turn, exchange)
        except TurnWithdrawn:
            return Unsent("withdrawn before it was sent", unreachable=False)
        except _HasLeft:
            return Unsent("the API closed the connection before anything was sent")
        except httpx.UnsupportedProtocol as error:
            return Unsent(describe(error), settings=True)
        except asyncio.CancelledError:
            self._look_at_status_line(exchange)
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is called, the trace decides what it means
            self._look_at_status_line(exchange)
            if exchange.status is None:
                return _without_reply(error, exchange)
        return _with_reply(exchange, request)

    def _look_at_status_line(self, exchange: Exchange) -> None:
        """The headers broke off or made no sense: of a call that was created the status line is enough."""
        if exchange.status is None and exchange.started:
            exchange.status = self._wire.created_status()

    async def _post(self, request: Mapping[str, Any], take_turn: TakeTurn, exchange: Exchange) -> None:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(2 * _CONNECT_SECONDS) as deadline:

            async def trace(event: str, _facts: object) -> None:
                if event != SEND_STARTED:
                    return
                deadline.reschedule(None)
                await take_turn()
                if self._wire.has_left():
                    raise _HasLeft
                exchange.started = True
                exchange.sent_at = loop.time()
                exchange.note_sent(exchange.sent_at)
                deadline.reschedule(exchange.sent_at + self._api.timeout.total_seconds())

            self._url = self._url or httpx.URL(f"{self._api.base_url}/calls/outbound")
            sent = httpx.Request(
                "POST",
                self._url,
                headers=self._headers,
                json=dict(request),
                extensions={"trace": trace, "timeout": self._timeouts},
            )
            response = await self._transport.handle_async_request(sent)
            try:
                exchange.status = response.status_code
                exchange.headers = {name.lower(): value for name, value in response.headers.items()}
                async for chunk in response.aiter_raw():
                    exchange.body += chunk[: LONGEST_BODY - len(exchange.body)]
                    if len(exchange.body) >= LONGEST_BODY:
                        break
            finally:
                await response.aclose()


def headers_of(api: Api) -> dict[str, str]:
    """What every request carries."""
    return {
        "Authorization": f"Bearer {api.key}",
        "Accept": "application/json",
        "Accept-Encoding": "identity",
        "User-Agent": "vozagent-dialer",
    }


def outcome_when_cut_off(exchange: Exchange, request: Mapping[str, Any]) -> Outcome:
    """What is known of a call whose task was cancelled while it waited, connected or listened."""
    if not exchange.started:
        return Unsent("the run was stopped", unreachable=False)
    if exchange.status is None:
        return Unknown("the run was stopped before the reply came")
    return _with_reply(exchange, request)


def _with_reply(exchange: Exchange, request: Mapping[str, Any]) -> Outcome:
    sent_to = str(request["phone_number"])
    body, secret = _decoded(exchange), exchange.secret
    if len(secret) < _SHORTEST_SECRET:
        return read_reply(Reply(exchange.status or 0, exchange.headers, body), sent_to=sent_to)
    # An API may quote the key, and what it says is written down. Twice: before a text is cut off in the
    # midst of the key, and after what JSON has escaped can be read.
    body = body.replace(secret.encode(), _REDACTED.encode())
    outcome = read_reply(Reply(exchange.status or 0, exchange.headers, body), sent_to=sent_to)
    told: dict[str, Any] = {each.name: getattr(outcome, each.name) for each in fields(outcome)}
    texts = {name: said.replace(secret, _REDACTED) for name, said in told.items() if isinstance(said, str)}
    return type(outcome)(**told | texts)


def _without_reply(error: Exception, exchange: Exchange) -> Outcome:
    known = isinstance(error, httpx.TransportError | TimeoutError | OSError)
    if not exchange.started:
        # No network was at fault: the request could not even be written, and never will be.
        return Unsent(describe(error), settings=not known)
    return Unknown(f"no reply ({describe(error)})", internal=not known)


def describe(error: Exception) -> str:
    """The name of an error and what it says, on one line and without the key."""
    # A complaint about our own headers quotes them, and with them the key.
    text = "" if isinstance(error, httpx.LocalProtocolError) else clean(str(error))
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _decoded(exchange: Exchange) -> bytes:
    """The body as plain bytes. We ask for no compression; what comes compressed all the same is unpacked
    up to the cap, and left alone where it is broken."""
    body = bytes(exchange.body)
    if exchange.headers.get("content-encoding", "").lower() not in {"gzip", "deflate"}:
        return body
    try:
        return zlib.decompressobj(wbits=zlib.MAX_WBITS | 32).decompress(body, LONGEST_BODY)
    except zlib.error:
        return body


def ssl_context() -> ssl.SSLContext:
    """One context for many connections: certificates are verified, and loaded once."""
    return httpx.create_ssl_context()


def origin(base_url: str) -> str:
    """Scheme, host and port of a base URL, as `https://api.vozagent.ai` or `http://127.0.0.1:8410`."""
    parts = urlsplit(base_url)
    host = (parts.hostname or "").rstrip(".")  # a root dot names the same host, and the same ledger
    port = (
        f":{parts.port}" if parts.port and parts.port != {"https": 443, "http": 80}.get(parts.scheme) else ""
    )
    return f"{parts.scheme}://[{host}]{port}" if ":" in host else f"{parts.scheme}://{host}{port}"


def is_loopback(base_url: str) -> bool:
    """True where the API is on this machine: no real phone rings, and plain http is allowed."""
    host = urlsplit(base_url).hostname
    address = _address(host)
    return host == "localhost" or (address is not None and address.is_loopback)


def check_base_url(text: str) -> str:
    """A base URL that may be used, without a slash at the end. Raises SettingsError for any other."""

    def refuse(why: str) -> SettingsError:
        return SettingsError(
            f"The base URL {clean(text)!r} {why}: write it as https://api.vozagent.ai/v1.", code="base_url"
        )

    text = text.strip()
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise refuse("cannot be read") from None
    # What `urlsplit` drops or keeps in silence, and a client reads in another way.
    if any(char in "\\\x7f" or char <= " " for char in text):
        raise refuse("cannot be read")
    if not parts.hostname or port == 0:
        raise refuse("names no host")
    if "@" in parts.netloc:
        raise refuse("holds a user name")
    if "?" in text or "#" in text:
        raise refuse("has something after its path")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(text)):
        raise refuse("is not https")
    address = _reached(parts.hostname)
    if address is not None and address.is_link_local:
        raise refuse("names a link-local address")
    return text.rstrip("/")


def _reached(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address that the system makes of a host, in whichever old way it is written; None for a name."""
    address = _address(host)
    if isinstance(address, ipaddress.IPv6Address):
        return address.ipv4_mapped or address
    if address is None:
        with suppress(OSError):  # 2852039166, 0xa9fea9fe and 169.254.43518 are all 169.254.169.254
            return ipaddress.IPv4Address(socket.inet_aton(host))
    return address


def _address(host: str | None) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address that a host is written as, or None for a name."""
    try:
        return ipaddress.ip_address(host or "")
    except ValueError:
        return None
