"""The API's client over real sockets: what is told of a call, whatever the other side does."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import time
import zlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from dialer import vozagent
from dialer.errors import SettingsError
from dialer.outcomes import Called, Halted, Outcome, Refused, Unknown, Unsent
from dialer.plan import call_request
from dialer.vozagent import (
    LONGEST_BODY,
    Api,
    Connection,
    Exchange,
    TakeTurn,
    TurnWithdrawn,
    check_base_url,
    is_loopback,
    origin,
    outcome_when_cut_off,
    ssl_context,
)
from tests.builders import lead, policy
from tests.rude_modes import (
    CREATED_ALL_THE_SAME,
    GOOD,
    HEAD,
    LEFT_BEFORE_THE_TURN,
    NEVER_DONE,
    NO_OBJECT,
    NOT_CREATED,
    SENT,
    UNCERTAIN,
    close_after_reading,
    hang_after_reading,
    hang_before_reading,
    reset_after_reading,
    says,
    says_and_hangs,
    talk_without_end,
)
from tests.rude_server import Behaviour, RudeConnection, RudeServer, reply, rude_server
from tests.simulated_api import SimulatedApi
from tests.virtual_time import VirtualLoop

KEY = "sk-CANARY-9f3"
CONTEXT = ssl_context()  # loading the certificates takes 20 ms each time
UNTRUSTED = Path(__file__).with_name("untrusted.pem")  # a certificate that is its own issuer, and its key
REQUEST = {"phone_number": "+12015550123", "assistant_name": "Voz"}


async def at_once() -> None:
    """A turn that comes at once."""


async def withdrawn() -> None:
    raise TurnWithdrawn


@dataclass(frozen=True)
class Met:
    """One call, seen from both sides."""

    outcome: Outcome
    exchange: Exchange
    server: RudeServer
    seconds: float


def meet(
    behave: Behaviour,
    *,
    take_turn: TakeTurn = at_once,
    timeout: float = 5.0,
    request: dict[str, Any] | None = None,
    scheme: str = "http",
) -> Met:
    """Call once at a server that behaves like this."""

    async def story() -> Met:
        async with rude_server(behave) as server:
            base_url = server.base_url.replace("http", scheme, 1)
            begun = time.monotonic()
            outcome, exchange = await call(
                Api(base_url, KEY, timedelta(seconds=timeout), CONTEXT), take_turn=take_turn, request=request
            )
            seconds = time.monotonic() - begun
        return Met(outcome, exchange, server, seconds)

    return asyncio.run(story())


async def call(
    api: Api, *, take_turn: TakeTurn = at_once, request: dict[str, Any] | None = None
) -> tuple[Outcome, Exchange]:
    exchange = Exchange()
    async with Connection(api) as connection:
        outcome = await connection.create_call(request or REQUEST, take_turn=take_turn, exchange=exchange)
    return outcome, exchange


def outcome_at(base_url: str, **changes: Any) -> Outcome:
    """Call once at an address where nobody may be."""
    return asyncio.run(call(Api(base_url, KEY, timedelta(seconds=5), CONTEXT), **changes))[0]


@cache
def met_once(name: str) -> Met:
    """One meeting that several tests look at."""
    return meet(SENT[name], timeout=0.2)


@pytest.mark.parametrize("name", UNCERTAIN)
def test_what_was_sent_and_not_answered_for_certain_is_unknown(name: str) -> None:
    assert isinstance(met_once(name).outcome, Unknown)


@pytest.mark.parametrize("name", CREATED_ALL_THE_SAME)
def test_a_2xx_status_line_is_a_call(name: str) -> None:
    behave, called = CREATED_ALL_THE_SAME[name]

    assert meet(behave, timeout=0.5 if name in NEVER_DONE else 30.0).outcome == called


@pytest.mark.parametrize("name", NOT_CREATED)
def test_a_refusal_is_told_as_it_came(name: str) -> None:
    behave, outcome = NOT_CREATED[name]

    assert meet(behave).outcome == outcome


@pytest.mark.parametrize("name", SENT)
def test_nothing_is_told_to_be_unsent_of_which_a_byte_may_have_arrived(name: str) -> None:
    met = met_once(name)

    assert met.exchange.started
    assert not isinstance(met.outcome, Unsent)


@pytest.mark.parametrize("name", SENT)
def test_no_request_is_ever_repeated(name: str) -> None:
    met = met_once(name)

    assert met.server.connections == 1
    assert met.server.received.count(b"POST ") <= 1


@pytest.mark.parametrize(
    "name", ["hang after reading", "hang before reading", "1xx and silence", *sorted(NEVER_DONE)]
)
def test_the_whole_exchange_is_over_when_its_time_is_up(name: str) -> None:
    assert 0.3 <= meet(SENT[name], timeout=0.3).seconds < 1.5


@pytest.mark.parametrize("name", ["5 MB", "a body without end"])
def test_a_long_body_is_read_up_to_the_cap(name: str) -> None:
    assert len(meet(SENT[name]).exchange.body) == LONGEST_BODY


def test_the_end_of_a_long_body_is_not_waited_for() -> None:
    assert meet(talk_without_end, timeout=30.0).seconds < 10


def test_a_bomb_of_gzip_is_unpacked_up_to_the_cap() -> None:
    packer = zlib.compressobj(wbits=31)
    bomb = b"".join(packer.compress(b" " * 1_000_000) for _ in range(100)) + packer.flush()

    met = meet(says(reply(body=bomb, Content_Encoding="gzip")))

    assert (met.outcome, len(vozagent._decoded(met.exchange))) == (
        Called(201, oddities=NO_OBJECT),
        LONGEST_BODY,
    )


def test_a_failure_is_named_without_noise() -> None:
    assert meet(close_after_reading).outcome == Unknown(
        "no reply (RemoteProtocolError: Server disconnected without sending a response.)"
    )


def test_a_time_out_is_named() -> None:
    outcome = meet(hang_after_reading, timeout=0.2).outcome

    assert outcome in (Unknown("no reply (TimeoutError)"), Unknown("no reply (ReadTimeout)"))


# Nothing was sent


@pytest.fixture
def nobody_listens() -> Iterator[str]:
    """The base URL of a port that belongs to us and that nobody listens on."""
    with closing(socket.socket()) as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}/v1"


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_refused_connection_is_unsent(nobody_listens: str, scheme: str) -> None:
    assert outcome_at(nobody_listens.replace("http", scheme, 1)) == Unsent(
        "ConnectError: All connection attempts failed"
    )


def test_a_name_that_nobody_has_is_unsent() -> None:
    outcome = outcome_at("https://api.voz.invalid/v1")

    assert isinstance(outcome, Unsent)
    assert (outcome.unreachable, outcome.settings) == (True, False)


async def read_to_the_end(connection: RudeConnection) -> None:
    await connection.say(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def test_tls_to_a_plain_port_is_unsent() -> None:
    met = meet(read_to_the_end, scheme="https")

    assert isinstance(met.outcome, Unsent)
    assert (met.outcome.unreachable, met.outcome.settings) == (True, False)
    assert b"POST" not in met.server.received


def test_a_tls_handshake_that_hangs_is_unsent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vozagent, "_CONNECT_SECONDS", 0.2)
    met = meet(hang_before_reading, scheme="https")

    assert met.outcome == Unsent("ConnectTimeout")
    assert b"POST" not in met.server.received


@pytest.mark.parametrize("given", [None, ssl_context()])
def test_a_certificate_is_always_checked(given: ssl.SSLContext | None) -> None:
    connection = Connection(Api("https://api.vozagent.ai/v1", KEY, ssl_context=given))

    context = connection._transport._pool._ssl_context  # type: ignore[attr-defined]  # inside httpx
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)


@pytest.mark.parametrize(
    "base_url", ["ftp://127.0.0.1/v1", "/v1", "https://xn--a/v1", "http://127.0.0.1:1/\x00"]
)
def test_an_address_that_never_works_is_a_matter_of_settings(base_url: str) -> None:
    outcome = outcome_at(base_url)

    assert isinstance(outcome, Unsent)
    assert outcome.settings


@pytest.mark.parametrize("notes", ["\udcff", float("nan"), object()])
def test_a_request_that_cannot_be_written_is_unsent_and_no_matter_of_the_network(
    nobody_listens: str, notes: Any
) -> None:
    outcome = outcome_at(nobody_listens, request=REQUEST | {"notes": notes})

    assert isinstance(outcome, Unsent)
    assert outcome.settings


def test_a_call_whose_turn_is_withdrawn_is_unsent() -> None:
    met = meet(read_to_the_end, take_turn=withdrawn)

    assert met.outcome == Unsent("withdrawn before it was sent", unreachable=False)
    assert met.server.received == b""


# The other side leaves while the turn is waited for

LEFT = Unsent("the API closed the connection before anything was sent")


def left_before_the_turn(behave: Behaviour, *, tls: bool = False) -> Met:
    """Call at a server that is through with the connection before the turn comes."""

    async def story() -> Met:
        through = asyncio.Event()

        async def tell(connection: RudeConnection) -> None:
            await behave(connection)
            through.set()

        async def wait() -> None:
            await through.wait()

        async with rude_server(tell, tls=server_context() if tls else None) as server:
            context = trusting_context() if tls else CONTEXT
            outcome, exchange = await call(
                Api(server.base_url, KEY, timedelta(seconds=5), context), take_turn=wait
            )
        return Met(outcome, exchange, server, 0.0)

    return asyncio.run(story())


@pytest.mark.parametrize("name", LEFT_BEFORE_THE_TURN)
def test_a_connection_that_was_closed_before_the_first_byte_is_unsent(name: str) -> None:
    met = left_before_the_turn(LEFT_BEFORE_THE_TURN[name])

    assert (met.outcome, met.exchange.started, bytes(met.server.received)) == (LEFT, False, b"")


@pytest.mark.parametrize("name", ["half close", "reset"])
def test_a_tls_connection_that_was_closed_before_the_first_byte_is_unsent(name: str) -> None:
    met = left_before_the_turn(LEFT_BEFORE_THE_TURN[name], tls=True)

    assert (met.outcome, met.exchange.started, bytes(met.server.received)) == (LEFT, False, b"")


@pytest.mark.parametrize("name", LEFT_BEFORE_THE_TURN)
def test_a_connection_that_is_closed_at_the_moment_of_sending_is_unsent_only_if_nothing_was_sent(
    name: str,
) -> None:
    """Which of the two it is depends on who is faster; what is told must fit."""
    met = meet(LEFT_BEFORE_THE_TURN[name])

    assert isinstance(met.outcome, Unknown if met.exchange.started else Unsent)


# TLS


def server_context() -> ssl.SSLContext:
    """A server with a certificate that nobody has signed."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(UNTRUSTED)
    return context


def trusting_context() -> ssl.SSLContext:
    """A client that trusts this certificate."""
    context = ssl_context()
    context.load_verify_locations(UNTRUSTED)
    return context


def over_tls(behave: Behaviour, *, server: ssl.SSLContext, client: ssl.SSLContext) -> Met:
    """Call once over TLS."""

    async def story() -> Met:
        async with rude_server(behave, tls=server) as rude:
            outcome, exchange = await call(Api(rude.base_url, KEY, timedelta(seconds=5), client))
        return Met(outcome, exchange, rude, 0.0)

    return asyncio.run(story())


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_call_over_tls_is_called(version: ssl.TLSVersion) -> None:
    """The tickets that TLS 1.3 sends after the handshake are no reason to think that the server left."""
    server = server_context()
    server.maximum_version = server.minimum_version = version

    assert over_tls(says(reply()), server=server, client=trusting_context()).outcome == GOOD


def test_over_tls_as_well_the_status_line_is_enough() -> None:
    met = over_tls(says(HEAD, b"Content-Le"), server=server_context(), client=trusting_context())

    assert met.outcome == Called(201, oddities=NO_OBJECT)


def test_a_certificate_that_nobody_trusts_is_unsent() -> None:
    met = over_tls(says(reply()), server=server_context(), client=ssl_context())

    assert isinstance(met.outcome, Unsent)
    assert "CERTIFICATE_VERIFY_FAILED" in met.outcome.reason
    assert bytes(met.server.received) == b""


def test_a_tls_server_without_a_common_cipher_is_unsent() -> None:
    server = server_context()
    server.maximum_version = ssl.TLSVersion.TLSv1_2
    server.set_ciphers("ECDHE-ECDSA-AES128-GCM-SHA256")
    client = trusting_context()
    client.set_ciphers("ECDHE-ECDSA-AES256-GCM-SHA384")
    met = over_tls(says(reply()), server=server, client=client)

    assert isinstance(met.outcome, Unsent)
    assert (met.outcome.unreachable, met.outcome.settings) == (True, False)


@pytest.mark.parametrize("name", ["close", "reset", "408 and close"])
def test_a_tls_handshake_that_is_broken_off_is_unsent(name: str) -> None:
    met = meet(LEFT_BEFORE_THE_TURN[name], scheme="https")

    assert isinstance(met.outcome, Unsent)
    assert (met.outcome.unreachable, met.outcome.settings) == (True, False)


def test_a_connection_that_is_never_accepted_is_unsent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vozagent, "_CONNECT_SECONDS", 0.2)
    with closing(socket.socket()) as deaf, ExitStack() as callers:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        for _ in range(2):  # whoever comes after these is left standing
            caller = callers.enter_context(closing(socket.socket()))
            caller.settimeout(0)
            caller.connect_ex(deaf.getsockname())
        outcome = outcome_at(f"http://127.0.0.1:{deaf.getsockname()[1]}/v1")

    assert outcome == Unsent("ConnectTimeout")


async def fails() -> None:
    raise ZeroDivisionError("a fault inside")


def test_a_call_whose_turn_fails_is_unsent() -> None:
    met = meet(read_to_the_end, take_turn=fails)

    assert isinstance(met.outcome, Unsent)
    assert met.server.received == b""


# The turn


def test_the_turn_is_taken_when_all_is_ready_and_nothing_is_sent() -> None:
    async def story() -> tuple[int, bytes, Outcome]:
        arrived = asyncio.Event()

        async def behave(connection: RudeConnection) -> None:
            arrived.set()
            await connection.request()
            await connection.say(reply())

        async with rude_server(behave) as server:
            seen: list[Any] = []

            async def look() -> None:
                await arrived.wait()
                seen.extend([server.connections, bytes(server.received)])

            outcome, _ = await call(Api(server.base_url, KEY), take_turn=look)
            return seen[0], seen[1], outcome

    assert asyncio.run(story()) == (1, b"", GOOD)


def on_virtual_time(api: SimulatedApi, *, turn_seconds: float, timeout: float) -> tuple[Outcome, Exchange]:
    async def late() -> None:
        await asyncio.sleep(turn_seconds)

    async def story() -> tuple[Outcome, Exchange]:
        exchange = Exchange()
        slow = Api("http://127.0.0.1:9/v1", KEY, timedelta(seconds=timeout))
        async with Connection(slow, transport=api) as connection:
            outcome = await connection.create_call(REQUEST, take_turn=late, exchange=exchange)
        return outcome, exchange

    loop = VirtualLoop()
    try:
        return loop.run_until_complete(story())
    finally:
        loop.close()


def test_the_first_byte_is_told_of_as_it_leaves() -> None:
    told: list[float] = []

    async def story() -> float | None:
        exchange = Exchange(note_sent=told.append)
        async with Connection(Api("http://127.0.0.1:9/v1", KEY), transport=SimulatedApi()) as connection:
            await connection.create_call(REQUEST, take_turn=at_once, exchange=exchange)
        return exchange.sent_at

    loop = VirtualLoop()
    try:
        assert [loop.run_until_complete(story())] == told
    finally:
        loop.close()


def test_waiting_for_the_turn_uses_up_no_time_of_the_exchange() -> None:
    outcome, _ = on_virtual_time(SimulatedApi(seconds=4.0), turn_seconds=1000.0, timeout=5.0)

    assert isinstance(outcome, Called)


def test_the_time_of_the_exchange_begins_with_the_first_byte() -> None:
    outcome, exchange = on_virtual_time(SimulatedApi(seconds=6.0), turn_seconds=3.0, timeout=5.0)

    assert outcome == Unknown("no reply (TimeoutError)")
    assert exchange.sent_at == pytest.approx(3.0)


# A caller that is cancelled


def cancelled(behave: Behaviour, *, take_turn: TakeTurn, until: str) -> tuple[Exchange, RudeServer]:
    """Cancel a call once the server was reached, or once it has read the request."""

    async def story() -> tuple[Exchange, RudeServer]:
        reached = {"connected": asyncio.Event(), "read": asyncio.Event(), "said": asyncio.Event()}

        async def tell(connection: RudeConnection) -> None:
            reached["connected"].set()
            request, say = connection.request, connection.say

            async def notice_request() -> bytes:
                whole = await request()
                reached["read"].set()
                return whole

            async def notice_words(*chunks: bytes) -> None:
                await say(*chunks)
                reached["said"].set()

            connection.request, connection.say = notice_request, notice_words  # type: ignore[method-assign]  # to know when
            await behave(connection)

        async with rude_server(tell) as server:
            exchange = Exchange()
            async with Connection(Api(server.base_url, KEY, ssl_context=CONTEXT)) as connection:
                task = asyncio.create_task(
                    connection.create_call(REQUEST, take_turn=take_turn, exchange=exchange)
                )
                await reached[until].wait()
                # What was said lies in the socket; the client has taken it once it waits again.
                for _ in range(50):
                    await asyncio.sleep(0)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
        return exchange, server

    return asyncio.run(story())


async def never() -> None:
    await asyncio.Event().wait()


def test_a_call_cancelled_while_it_waits_for_its_turn_was_not_sent() -> None:
    exchange, server = cancelled(hang_after_reading, take_turn=never, until="connected")

    assert (exchange.started, bytes(server.received)) == (False, b"")


def test_a_call_cancelled_while_it_waits_for_the_reply_was_sent() -> None:
    exchange, server = cancelled(hang_after_reading, take_turn=at_once, until="read")

    assert exchange.started
    assert exchange.sent_at is not None
    assert server.received.startswith(b"POST ")


def cut_off(behave: Behaviour, *, take_turn: TakeTurn = at_once, until: str = "read") -> Outcome:
    exchange, _ = cancelled(behave, take_turn=take_turn, until=until)
    return outcome_when_cut_off(exchange, REQUEST)


def test_a_call_cut_off_before_its_turn_is_unsent() -> None:
    assert cut_off(hang_after_reading, take_turn=never, until="connected") == Unsent(
        "the run was stopped", unreachable=False
    )


def test_a_call_cut_off_before_a_status_line_is_unknown() -> None:
    assert cut_off(hang_after_reading) == Unknown("the run was stopped before the reply came")


@pytest.mark.parametrize("said", [HEAD, HEAD + b"Content-Le", HEAD + b"Content-Length: 10\r\n\r\n{"])
def test_a_call_cut_off_after_a_2xx_status_line_is_called(said: bytes) -> None:
    assert cut_off(says_and_hangs(said), until="said") == Called(201, oddities=NO_OBJECT)


# What is sent


def request_of(met: Met) -> tuple[str, dict[str, str], bytes]:
    """The request line, the headers and the body that the server received."""
    head, _, body = bytes(met.server.received).partition(b"\r\n\r\n")
    line, *headers = head.decode().split("\r\n")
    return line, {name.lower(): value for name, value in (h.split(": ", 1) for h in headers)}, body


def test_the_request_goes_to_the_documented_path() -> None:
    assert request_of(meet(says(reply())))[0] == "POST /v1/calls/outbound HTTP/1.1"


def test_the_headers_are_exactly_these() -> None:
    met = meet(says(reply()))

    _, headers, body = request_of(met)
    assert headers == {
        "host": f"127.0.0.1:{met.server.port}",
        "connection": "keep-alive",
        "authorization": f"Bearer {KEY}",
        "accept": "application/json",
        "accept-encoding": "identity",
        "user-agent": "vozagent-dialer",
        "content-type": "application/json",
        "content-length": str(len(body)),
    }


def test_the_body_is_the_request_as_json_in_utf_8() -> None:
    request = call_request(lead(first_name="Zoë", notes='東京 "\n\u2028', tags=("a", "b")), policy())

    _, _, body = request_of(meet(says(reply()), request=dict(request)))

    assert body.decode() == json.dumps(request, ensure_ascii=False, separators=(",", ":"))


# Connections


def two_calls(behave: Behaviour) -> tuple[Sequence[Outcome], RudeServer]:
    """Two calls, one after the other, over one connection if it holds."""

    async def story() -> tuple[Sequence[Outcome], RudeServer]:
        async with (
            rude_server(behave) as server,
            Connection(Api(server.base_url, KEY, ssl_context=CONTEXT)) as connection,
        ):
            outcomes = [
                await connection.create_call(REQUEST, take_turn=at_once, exchange=Exchange())
                for _ in range(2)
            ]
        return outcomes, server

    return asyncio.run(story())


def test_no_connection_serves_two_calls() -> None:
    async def answer(connection: RudeConnection) -> None:
        while True:
            await connection.request()
            await connection.say(reply())

    outcomes, server = two_calls(answer)

    assert (outcomes, server.connections) == ([GOOD, GOOD], 2)


def test_a_connection_that_the_server_has_closed_is_no_error() -> None:
    outcomes, server = two_calls(says(reply()))

    assert (outcomes, server.connections) == ([GOOD, GOOD], 2)


def test_what_is_left_over_of_one_reply_is_not_the_next_ones() -> None:
    ways = iter([reply() + reply(), reply("400 Bad Request", b"")])

    async def answer(connection: RudeConnection) -> None:
        await connection.request()
        await connection.say(next(ways))

    outcomes, _ = two_calls(answer)

    assert [type(outcome) for outcome in outcomes] == [Called, Refused]


def test_after_a_broken_call_the_next_has_a_connection_of_its_own() -> None:
    ways = iter([reset_after_reading, says(reply())])

    async def behave(connection: RudeConnection) -> None:
        await next(ways)(connection)

    outcomes, server = two_calls(behave)

    assert ([type(outcome) for outcome in outcomes], server.connections) == ([Unknown, Called], 2)


# Where nothing may go


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("path", ["/v1/calls/outbound", "/elsewhere"])
def test_a_redirect_is_never_followed(status: int, path: str) -> None:
    async def story() -> tuple[Outcome, RudeServer, RudeServer]:
        async with rude_server(says(reply())) as elsewhere:
            location = f"http://127.0.0.1:{elsewhere.port}{path}"
            async with rude_server(says(reply(f"{status} Moved", b"", Location=location))) as server:
                outcome, _ = await call(Api(server.base_url, KEY))
        return outcome, server, elsewhere

    outcome, server, elsewhere = asyncio.run(story())

    assert isinstance(outcome, Unknown if status == 303 else Halted)
    assert (server.connections, elsewhere.connections) == (1, 0)


def test_no_proxy_of_the_environment_sees_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> tuple[Outcome, RudeServer]:
        async with rude_server(says(reply())) as proxy, rude_server(says(reply())) as server:
            for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
                monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
                monkeypatch.setenv(name.lower(), f"http://127.0.0.1:{proxy.port}")
            monkeypatch.delenv("NO_PROXY", raising=False)
            monkeypatch.delenv("no_proxy", raising=False)
            outcome, _ = await call(Api(server.base_url, KEY))
        return outcome, proxy

    outcome, proxy = asyncio.run(story())

    assert (outcome, proxy.connections) == (GOOD, 0)


# The key


def test_the_key_is_in_no_repr() -> None:
    api = Api("https://api.vozagent.ai/v1", KEY)

    assert KEY not in f"{api!r} {api} {Connection(api)!r} {replace(api, timeout=timedelta(1))!r}"


def test_of_the_key_only_the_ending_is_shown() -> None:
    assert Api("https://api.vozagent.ai/v1", KEY).key_ending == "-9f3"


@pytest.mark.parametrize("name", SENT)
def test_no_outcome_holds_the_key(name: str) -> None:
    met = met_once(name)

    assert KEY not in repr((met.outcome, met.exchange))


@pytest.mark.parametrize("spoilt", [f"{KEY}\nX: 1", f"{KEY} ", f"{KEY}\x00"])
def test_a_key_that_cannot_be_sent_is_not_quoted(spoilt: str) -> None:
    async def story() -> Outcome:
        async with rude_server(read_to_the_end) as server:
            return (await call(Api(server.base_url, spoilt)))[0]

    assert asyncio.run(story()) == Unknown("no reply (LocalProtocolError)")


@pytest.mark.parametrize(
    "body",
    [
        b'{"error": {"code": "no", "message": "What is %s?"}}' % KEY.encode(),
        b'{"error": {"code": "no", "message": "What is %s?"}}' % KEY.encode().replace(b"s", b"\\u0073"),
        b'{"error": {"code": "no", "message": "%s %s"}}' % (b"x" * 290, KEY.encode()),
        b"<h1>Bad key %s</h1>" % KEY.encode(),
    ],
    ids=["plain", "escaped", "where the text is cut off", "no JSON"],
)
def test_a_key_that_the_api_quotes_is_in_no_outcome(body: bytes) -> None:
    async def story() -> Outcome:
        async with rude_server(says(reply("422 No", body))) as server:
            return (await call(Api(server.base_url, KEY)))[0]

    assert "CANARY" not in repr(asyncio.run(story()))


# Base URLs


@pytest.mark.parametrize(
    ("text", "base_url"),
    [
        ("https://api.vozagent.ai/v1", "https://api.vozagent.ai/v1"),
        ("https://api.vozagent.ai/v1/", "https://api.vozagent.ai/v1"),
        (" https://api.vozagent.ai/v1 \n", "https://api.vozagent.ai/v1"),
        ("https://api.vozagent.ai", "https://api.vozagent.ai"),
        ("https://api.vozagent.ai:8443/v1", "https://api.vozagent.ai:8443/v1"),
        ("https://[2001:db8::1]/v1", "https://[2001:db8::1]/v1"),
        ("http://127.0.0.1:8410/v1", "http://127.0.0.1:8410/v1"),
        ("http://localhost:8410/v1", "http://localhost:8410/v1"),
        ("http://[::1]:8410/v1", "http://[::1]:8410/v1"),
    ],
)
def test_a_base_url_that_may_be_used(text: str, base_url: str) -> None:
    assert check_base_url(text) == base_url


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("http://api.vozagent.ai/v1", "is not https"),
        ("http://127.0.0.1.evil.example/v1", "is not https"),
        ("http://localhost.evil.example/v1", "is not https"),
        ("http://10.0.0.1/v1", "is not https"),
        ("http://0.0.0.0/v1", "is not https"),
        ("http://127.1/v1", "is not https"),
        ("http://127.0.0.1.5/v1", "is not https"),
        ("http://2130706433/v1", "is not https"),
        ("ftp://api.vozagent.ai/v1", "is not https"),
        ("//api.vozagent.ai/v1", "is not https"),
        ("", "names no host"),
        ("api.vozagent.ai/v1", "names no host"),
        ("https:///v1", "names no host"),
        ("file:///etc/passwd", "names no host"),
        ("https://api.vozagent.ai:0/v1", "names no host"),
        ("https://user:pw@api.vozagent.ai/v1", "holds a user name"),
        ("https://@api.vozagent.ai/v1", "holds a user name"),
        ("https://api.vozagent.ai@evil.example/v1", "holds a user name"),
        ("https://api.vozagent.ai/v1?key=1", "has something after its path"),
        ("https://api.vozagent.ai/v1?", "has something after its path"),
        ("https://api.vozagent.ai/v1#x", "has something after its path"),
        ("https://api.vozagent.ai/v1#", "has something after its path"),
        ("https://api.vozagent.ai:99999/v1", "cannot be read"),
        ("https://api.vozagent.ai:x/v1", "cannot be read"),
        ("https://[::1/v1", "cannot be read"),
        ("https://api vozagent.ai/v1", "cannot be read"),
        ("https://api.vozagent.ai/v 1", "cannot be read"),
        ("https://169.254.169.254/v1", "names a link-local address"),
        ("https://[fe80::1]/v1", "names a link-local address"),
        ("https://[::ffff:169.254.169.254]/v1", "names a link-local address"),
        ("https://2852039166/v1", "names a link-local address"),
        ("https://0xa9fea9fe/v1", "names a link-local address"),
        ("https://169.254.43518/v1", "names a link-local address"),
        ("https://api.vozagent.ai@", "names no host"),
    ],
)
def test_a_base_url_that_must_not_be_used(text: str, why: str) -> None:
    with pytest.raises(SettingsError) as caught:
        check_base_url(text)

    assert (caught.value.exit_code, caught.value.sentence) == (
        78,
        f"The base URL {text!r} {why}: write it as https://api.vozagent.ai/v1.",
    )


@pytest.mark.parametrize(
    "text",
    ["https://evil.example\\.vozagent.ai/v1", "https://api.vozagent\n.ai/v1", "https://api.vozagent.ai/\x7f"],
)
def test_a_base_url_that_two_programs_could_read_in_two_ways_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        check_base_url(text)


@pytest.mark.parametrize(
    ("base_url", "expected"),
    [
        ("https://api.vozagent.ai/v1", "https://api.vozagent.ai"),
        ("HTTPS://API.VozAgent.ai:443/v1", "https://api.vozagent.ai"),
        ("https://api.vozagent.ai:8443/v1", "https://api.vozagent.ai:8443"),
        ("http://127.0.0.1:80/v1", "http://127.0.0.1"),
        ("http://127.0.0.1:443/v1", "http://127.0.0.1:443"),
        ("https://[::1]:8443/v1", "https://[::1]:8443"),
        ("https://[::1]/v1", "https://[::1]"),
    ],
)
def test_the_origin_is_scheme_host_and_port(base_url: str, expected: str) -> None:
    assert origin(base_url) == Api(base_url, KEY).origin == expected


@pytest.mark.parametrize(
    ("base_url", "expected"),
    [
        ("http://127.0.0.1:8410/v1", True),
        ("http://127.9.9.9/v1", True),
        ("http://localhost/v1", True),
        ("http://LOCALHOST:80/v1", True),
        ("http://[::1]/v1", True),
        ("http://[0:0:0:0:0:0:0:1]/v1", True),
        ("https://127.0.0.1/v1", True),
        ("http://127.0.0.1.evil.example/v1", False),
        ("http://127.evil.example/v1", False),
        ("http://localhost.evil.example/v1", False),
        ("http://evil.example/127.0.0.1", False),
        ("http://127.0.0.1@evil.example/v1", False),
        ("http://128.0.0.1/v1", False),
        ("http://0.0.0.0/v1", False),
        ("http://[::]/v1", False),
        ("http://[fe80::1]/v1", False),
        ("", False),
    ],
)
def test_only_this_machine_is_loopback(base_url: str, expected: object) -> None:
    assert is_loopback(base_url) is expected
