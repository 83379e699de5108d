"""Reading the API's records: every page, at a pace, repeated where that helps, never past the deadline."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from dialer.listings import ReadFailed, Reads
from dialer.vozagent import Api
from tests.rude_server import RudeConnection, reply, rude_server
from tests.virtual_time import VirtualLoop

KEY = "sk-CANARY-9f3"
API = Api("https://api.voz.example/v1", KEY)
Handler = Callable[[httpx.Request], httpx.Response]


def body(content: bytes, *, status: int = 200, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, headers=named, stream=httpx.ByteStream(content))


def calls(count: int) -> list[dict[str, Any]]:
    return [{"id": f"call-{place}"} for place in range(count)]


def listing(records: list[dict[str, Any]], *, cap: int = 100) -> Handler:
    """An API that gives these records, at most `cap` at once."""

    def handler(request: httpx.Request) -> httpx.Response:
        first, limit = int(request.url.params["offset"]), int(request.url.params["limit"])
        return body(json.dumps(records[first : first + min(limit, cap)]).encode())

    return handler


def in_turn(*answers: httpx.Response | Exception) -> Handler:
    """An API that gives these answers one after the other, and then empty lists."""
    left = iter(answers)

    def handler(_request: httpx.Request) -> httpx.Response:
        answer = next(left, None) or body(b"[]")
        if isinstance(answer, Exception):
            raise answer
        return answer

    return handler


class Asked(list[httpx.Request]):
    """The requests that came, and when (virtual seconds)."""

    def __init__(self) -> None:
        super().__init__()
        self.times: list[float] = []


def on_virtual_time(
    handler: Handler | httpx.AsyncBaseTransport,
    act: Callable[[Reads], Any],
    **options: Any,
) -> tuple[Any, Asked]:
    """Perform `act` against an API that answers like this; gives its result and what was asked."""
    asked = Asked()

    def remember(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        asked.times.append(loop.time())
        assert not isinstance(handler, httpx.AsyncBaseTransport)
        return handler(request)

    async def story() -> Any:
        transport = (
            handler if isinstance(handler, httpx.AsyncBaseTransport) else httpx.MockTransport(remember)
        )
        async with Reads(API, transport=transport, **options) as reads:
            return await act(reads)

    loop = VirtualLoop()
    try:
        return loop.run_until_complete(story()), asked
    finally:
        loop.close()


async def all_calls(reads: Reads) -> list[str]:
    return [call["id"] async for call in reads.all("/calls", {"contact_id": "c-1"})]


def failure(handler: Handler | httpx.AsyncBaseTransport, act: Any = all_calls, **options: Any) -> ReadFailed:
    with pytest.raises(ReadFailed) as caught:
        on_virtual_time(handler, act, **options)
    return caught.value


# Pages


@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 250])
@pytest.mark.parametrize("cap", [100, 50, 7])
def test_every_record_is_read_however_few_come_at_once(count: int, cap: int) -> None:
    found, _ = on_virtual_time(listing(calls(count), cap=cap), all_calls)

    assert found == [call["id"] for call in calls(count)]


def test_a_list_ends_with_an_empty_page() -> None:
    _, asked = on_virtual_time(listing(calls(120), cap=50), all_calls)

    assert [request.url.params["offset"] for request in asked] == ["0", "50", "100", "120"]


def test_a_record_that_moves_to_the_next_page_meanwhile_is_read_once() -> None:
    first = json.dumps(calls(3)).encode()
    moved = json.dumps(calls(5)[2:]).encode()

    found, _ = on_virtual_time(in_turn(body(first), body(moved)), all_calls)

    assert found == ["call-0", "call-1", "call-2", "call-3", "call-4"]


def test_a_short_list_from_a_server_that_knows_no_offset_is_whole() -> None:
    found, asked = on_virtual_time(lambda _request: body(json.dumps(calls(3)).encode()), all_calls)

    assert (found, len(asked)) == (["call-0", "call-1", "call-2"], 2)


@pytest.mark.parametrize("count", [50, 100])
def test_a_page_that_repeats_itself_is_no_end(count: int) -> None:
    page = json.dumps(calls(count)).encode()

    assert failure(lambda _request: body(page)).why == "the list of calls repeats itself"


def test_a_list_without_end_is_given_up() -> None:
    def endless(request: httpx.Request) -> httpx.Response:
        return body(json.dumps([{"id": request.url.params["offset"]}]).encode())

    assert failure(endless).why == "the list of calls does not end"


def test_whoever_leaves_early_asks_for_no_more_pages() -> None:
    async def first(reads: Reads) -> Any:
        async with aclosing(reads.all("/calls")) as found:
            return await anext(found)

    _, asked = on_virtual_time(listing(calls(250)), first)

    assert len(asked) == 1


# What is asked


def test_the_question_is_put_as_documented() -> None:
    async def search(reads: Reads) -> None:
        assert [record async for record in reads.all("/contacts", {"search": "+12015550123"})] == []

    _, asked = on_virtual_time(listing([]), search)

    assert [(request.method, str(request.url)) for request in asked] == [
        ("GET", "https://api.voz.example/v1/contacts?search=%2B12015550123&limit=100&offset=0")
    ]


def test_the_key_goes_along() -> None:
    _, asked = on_virtual_time(listing([]), all_calls)

    assert asked[0].headers["Authorization"] == f"Bearer {KEY}"


def test_one_record_is_asked_for_by_its_id() -> None:
    async def one(reads: Reads) -> Any:
        return await reads.one("/calls", "call/1?x")

    found, asked = on_virtual_time(lambda _request: body(b'{"id": "call/1?x"}'), one)

    assert found == {"id": "call/1?x"}
    assert str(asked[0].url) == "https://api.voz.example/v1/calls/call%2F1%3Fx"


def test_gets_are_paced() -> None:
    _, asked = on_virtual_time(listing(calls(10), cap=1), all_calls)

    assert len(asked) == 11
    assert asked.times[-1] >= 10 / 5


def test_the_pace_can_be_chosen() -> None:
    _, asked = on_virtual_time(listing(calls(10), cap=1), all_calls, per_second=2)

    assert asked.times[-1] >= 10 / 2


# What is repeated


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504, 520])
def test_what_may_pass_is_repeated(status: int) -> None:
    found, asked = on_virtual_time(in_turn(body(b"", status=status), body(b'[{"id": 1}]')), all_calls)

    assert (found, len(asked)) == ([1], 3)


@pytest.mark.parametrize("status", [201, 204, 206, 301, 302, 307, 400, 401, 402, 403, 404, 405])
def test_what_will_not_pass_is_not_repeated(status: int) -> None:
    async def once(reads: Reads) -> int:
        with pytest.raises(ReadFailed) as caught:
            await all_calls(reads)
        assert caught.value.why == f"GET /calls answered {status}"
        return caught.value.http_status or 0

    given, asked = on_virtual_time(lambda _request: body(b"[]", status=status), once)

    assert (given, len(asked)) == (status, 1)


def test_a_network_that_recovers_is_no_failure() -> None:
    found, _ = on_virtual_time(in_turn(httpx.ReadError("reset"), body(b'[{"id": "a"}]')), all_calls)

    assert found == ["a"]


def test_a_get_is_tried_four_times() -> None:
    async def once(reads: Reads) -> str:
        with pytest.raises(ReadFailed) as caught:
            await all_calls(reads)
        return caught.value.why

    def fail(_request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    why, asked = on_virtual_time(fail, once)

    assert (why, len(asked)) == ("ConnectError: refused", 4)


def test_a_429_is_obeyed() -> None:
    _, asked = on_virtual_time(in_turn(body(b"", status=429, Retry_After="7")), all_calls)

    assert asked.times[1] - asked.times[0] >= 7


def test_a_429_holds_every_task_back() -> None:
    async def two(reads: Reads) -> None:
        await asyncio.gather(all_calls(reads), all_calls(reads))

    _, asked = on_virtual_time(in_turn(body(b"", status=429, Retry_After="7")), two)

    assert [time >= 7 for time in asked.times[1:]] == [True, True]


def test_a_429_that_asks_for_too_much_is_a_failure_at_once() -> None:
    failed = failure(lambda _request: body(b"", status=429, Retry_After="3600"))

    assert (failed.why, failed.http_status) == ("GET /calls answered 429", 429)


# Odd answers


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "GET /calls answered no JSON"),
        (b"<html>", "GET /calls answered no JSON"),
        (b"[" * 100_000, "GET /calls answered no JSON"),
        (b"9" * 5_000, "GET /calls answered no JSON"),
        (b'{"calls": []}', "GET /calls answered no list of calls"),
        (b'[{"name": "no id"}]', "GET /calls answered no list of calls"),
        (b"[7]", "GET /calls answered no list of calls"),
        (b"[" + b" " * 1_000_000 + b"]", "GET /calls answered too much"),
    ],
    ids=lambda value: repr(value[:20]),
)
def test_an_odd_body_is_a_failure(content: bytes, why: str) -> None:
    assert failure(lambda _request: body(content)).why == why


def test_a_list_is_no_record() -> None:
    async def one(reads: Reads) -> Any:
        return await reads.one("/calls", "call-1")

    assert failure(lambda _request: body(b"[]"), one).why == "GET /calls answered no record"


class Dripping(httpx.AsyncBaseTransport):
    """Answers one byte every four seconds: each is in time, the whole never comes."""

    class Drops(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            while True:
                await asyncio.sleep(4)
                yield b" "

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:  # noqa: ARG002 - its shape
        return httpx.Response(200, stream=self.Drops())


def test_no_answer_however_slow_holds_anybody_past_the_deadline() -> None:
    assert failure(Dripping()).why == "GET /calls took longer than 30 s"


# The server's own time


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("Sun, 22 Nov 2026 15:04:05 GMT", datetime(2026, 11, 22, 15, 4, 5, tzinfo=UTC)),
        ("Sun, 22 Nov 2026 16:04:05 +0100", datetime(2026, 11, 22, 15, 4, 5, tzinfo=UTC)),
        ("soon", None),
        ("", None),
    ],
)
def test_the_time_of_the_server_is_known(date: str, expected: datetime | None) -> None:
    async def ask(reads: Reads) -> datetime | None:
        await all_calls(reads)
        return reads.server_time

    assert on_virtual_time(lambda _request: body(b"[]", Date=date), ask)[0] == expected


# Over a real socket


@pytest.fixture
def proxied(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)


@pytest.mark.usefixtures("proxied")
def test_no_redirect_and_no_proxy_sees_the_key() -> None:
    async def story() -> tuple[str, bytes]:
        async def answer(connection: RudeConnection) -> None:
            await connection.say(reply("200 OK", b"[]", Connection="close"))

        async with rude_server(answer) as elsewhere:

            async def redirect(connection: RudeConnection) -> None:
                await connection.say(reply("302 Found", b"", Location=elsewhere.base_url))

            async with rude_server(redirect) as wrong, Reads(Api(wrong.base_url, KEY)) as reads:
                with pytest.raises(ReadFailed) as caught:
                    await all_calls(reads)
                return caught.value.why, bytes(elsewhere.received)

    assert asyncio.run(story()) == ("GET /calls answered 302", b"")
