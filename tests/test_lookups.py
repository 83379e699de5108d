"""Is the assistant there? Only a complete list that lacks it, or shows it inactive, stops anybody."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from dialer.errors import SettingsError
from dialer.lookups import Assistant, RollCall, check_assistant, check_assistants, roll_call
from dialer.plan import ByAssistant
from dialer.vozagent import Api
from tests.rude_server import RudeConnection, reply, rude_server
from tests.virtual_time import VirtualLoop

KEY = "sk-CANARY-9f3"
API = Api("https://api.voz.example/v1", KEY)
Handler = Callable[[httpx.Request], httpx.Response]


def assistant(number: int, **changes: Any) -> dict[str, Any]:
    return {"id": f"a-{number}", "name": f"Assistant {number}", "is_active": True} | changes


VOZ = assistant(0, name="Voz")
OTHERS = [assistant(number) for number in range(1, 4)]


def body(content: bytes, *, status: int = 200, **headers: str) -> httpx.Response:
    return httpx.Response(status, headers=headers, stream=httpx.ByteStream(content))


class Asked(list[httpx.Request]):
    """The requests that an API got, and how long all took on the virtual clock."""

    seconds = 0.0


def check(
    handler: Handler | httpx.AsyncBaseTransport, *, name: str | None = "Voz", assistant_id: str | None = None
) -> tuple[str | None, Asked]:
    """Check against an API that answers like this; gives the warning, if there is one."""
    asked = Asked()

    def remember(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        assert not isinstance(handler, httpx.AsyncBaseTransport)
        return handler(request)

    transport = handler if isinstance(handler, httpx.AsyncBaseTransport) else httpx.MockTransport(remember)
    loop = VirtualLoop()
    try:
        warning = loop.run_until_complete(
            check_assistant(API, name=name, assistant_id=assistant_id, transport=transport)
        )
        asked.seconds = loop.time()
    finally:
        loop.close()
    return warning, asked


def lists(*assistants: Any) -> Handler:
    """An API with these assistants, page by page as documented."""

    def handler(request: httpx.Request) -> httpx.Response:
        first, limit = int(request.url.params["offset"]), int(request.url.params["limit"])
        return body(json.dumps(assistants[first : first + limit]).encode())

    return handler


def stopped(handler: Handler, **asked: Any) -> SettingsError:
    with pytest.raises(SettingsError) as caught:
        check(handler, **asked)
    return caught.value


# It is there


def test_an_assistant_is_found_by_its_name() -> None:
    assert check(lists(*OTHERS, VOZ))[0] is None


def test_an_assistant_is_found_by_its_id() -> None:
    assert check(lists(*OTHERS, VOZ), name=None, assistant_id="a-0")[0] is None


def test_an_id_that_is_a_number_is_an_id() -> None:
    assert check(lists({"id": 17, "name": "Voz"}), name=None, assistant_id="17")[0] is None


def test_an_assistant_is_found_on_the_last_of_many_pages() -> None:
    many = [assistant(number) for number in range(1, 251)]

    warning, asked = check(lists(*many, VOZ))

    assert warning is None
    assert [request.url.params["offset"] for request in asked] == ["0", "100", "200"]


@pytest.mark.parametrize("cap", [1, 50, 99])
def test_a_server_that_gives_fewer_at_once_is_read_to_the_end(cap: int) -> None:
    known = [*(assistant(number) for number in range(1, 51)), VOZ]

    def handler(request: httpx.Request) -> httpx.Response:
        first = int(request.url.params["offset"])
        return body(json.dumps(known[first : first + cap]).encode())

    assert check(handler)[0] is None


def test_the_assistants_of_a_server_that_knows_no_pages_are_all_there_are() -> None:
    assert stopped(lambda _request: body(json.dumps(OTHERS).encode())).code == "assistant_unknown"


def test_an_assistant_that_does_not_say_whether_it_is_active_is_there() -> None:
    assert check(lists({"id": "a-0", "name": "Voz"}))[0] is None


def test_one_active_assistant_of_that_name_is_enough() -> None:
    assert check(lists(assistant(1, name="Voz", is_active=False), VOZ))[0] is None


def test_two_assistants_that_bear_one_id_are_both_looked_at() -> None:
    assert check(lists(VOZ, VOZ | {"name": "Twin"}))[0] is None


# It is surely not there


def test_an_assistant_that_a_complete_list_lacks_stops_the_run() -> None:
    error = stopped(lists(*OTHERS))

    assert (error.exit_code, error.code) == (78, "assistant_unknown")
    assert error.sentence == (
        "There is no assistant 'Voz' at https://api.voz.example/v1 "
        "(there are: Assistant 1, Assistant 2, Assistant 3): name one with --assistant."
    )


def test_an_account_without_assistants_stops_the_run() -> None:
    assert stopped(lists()).sentence == (
        "There is no assistant 'Voz' at https://api.voz.example/v1 (there are: none): "
        "name one with --assistant."
    )


def test_of_many_names_ten_are_told() -> None:
    many = [assistant(number) for number in range(1, 31)]

    assert "Assistant 10)" in stopped(lists(*many)).sentence


def test_a_name_in_other_letters_is_another_name() -> None:
    assert stopped(lists(VOZ), name="voz").code == "assistant_unknown"


def test_a_name_is_no_id() -> None:
    assert stopped(lists(VOZ), name=None, assistant_id="Voz").code == "assistant_unknown"


def test_names_from_outside_are_told_harmlessly() -> None:
    assert "(there are: ]0;pwn)" in stopped(lists(assistant(1, name="\x1b]0;pwn\x07"))).sentence


def test_an_inactive_assistant_stops_the_run() -> None:
    error = stopped(lists(*OTHERS, VOZ | {"is_active": False}))

    assert (error.exit_code, error.code) == (78, "assistant_inactive")
    assert error.sentence == (
        "The assistant 'Voz' is not active: activate it in the VozAgent dashboard, "
        "or name another with --assistant."
    )


# Nobody can tell


def warned(why: str) -> str:
    return f"The assistant 'Voz' could not be checked beforehand ({why})."


@pytest.mark.parametrize(
    "status", [201, 204, 206, 301, 302, 307, 400, 401, 403, 404, 405, 429, 500, 502, 503]
)
def test_any_other_status_is_a_warning_and_no_stop(status: int) -> None:
    warning, _ = check(lambda _request: body(b"[]", status=status, location="https://evil.example/"))

    assert warning == warned(f"GET /assistants answered {status}")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "GET /assistants answered no JSON"),
        (b"<html>", "GET /assistants answered no JSON"),
        (b'[{"id": "a-1"', "GET /assistants answered no JSON"),
        (b"[" * 100_000, "GET /assistants answered no JSON"),
        (b"\x1f\x8b\x08\x00", "GET /assistants answered no JSON"),
        (b'{"data": []}', "GET /assistants answered no list of assistants"),
        (b"null", "GET /assistants answered no list of assistants"),
        (b'["Voz"]', "GET /assistants answered no list of assistants"),
        (b'[{"name": "Voz"}]', "GET /assistants answered no list of assistants"),
        (b"[" + b" " * 1_000_001 + b"]", "GET /assistants answered too much"),
    ],
    ids=lambda value: repr(value[:20]),
)
def test_an_odd_body_is_a_warning_and_no_stop(content: bytes, why: str) -> None:
    assert check(lambda _request: body(content))[0] == warned(why)


def test_a_list_that_repeats_itself_is_a_warning() -> None:
    page = json.dumps([assistant(number) for number in range(1, 101)]).encode()

    warning, asked = check(lambda _request: body(page))

    assert (warning, len(asked)) == (warned("the list of assistants repeats itself"), 2)


def test_a_list_without_end_is_a_warning() -> None:
    def endless(request: httpx.Request) -> httpx.Response:
        first = int(request.url.params["offset"])
        return body(json.dumps([assistant(first + number) for number in range(1, 101)]).encode())

    warning, asked = check(endless)

    assert warning == warned("the list of assistants does not end")
    assert len(asked) == 100


def test_a_list_that_breaks_off_is_a_warning() -> None:
    many = [assistant(number) for number in range(1, 251)]

    def handler(request: httpx.Request) -> httpx.Response:
        return body(b"", status=500) if request.url.params["offset"] == "200" else lists(*many)(request)

    assert check(handler)[0] == warned("GET /assistants answered 500")


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (
            httpx.ConnectError("All connection attempts failed"),
            "ConnectError: All connection attempts failed",
        ),
        (httpx.ReadTimeout(""), "ReadTimeout"),
        (httpx.RemoteProtocolError("bad \x1b[31m line"), "RemoteProtocolError: bad [31m line"),
        (httpx.LocalProtocolError(f"Illegal header value b'Bearer {KEY}'"), "LocalProtocolError"),
        (httpx.InvalidURL("no host"), "InvalidURL: no host"),
        (UnicodeError("label too long"), "UnicodeError: label too long"),
    ],
)
def test_a_broken_network_is_a_warning(error: Exception, why: str) -> None:
    def fail(_request: httpx.Request) -> httpx.Response:
        raise error

    assert check(fail)[0] == warned(why)


def test_a_get_that_failed_is_tried_once_more() -> None:
    failures = iter([httpx.ReadError("reset")])

    def handler(request: httpx.Request) -> httpx.Response:
        for failure in failures:
            raise failure
        return lists(VOZ)(request)

    warning, asked = check(handler)

    assert (warning, len(asked)) == (None, 2)


def test_a_get_is_tried_twice_at_most() -> None:
    def fail(_request: httpx.Request) -> httpx.Response:
        raise httpx.ReadError("reset")

    assert len(check(fail)[1]) == 2


class Hanging(httpx.AsyncBaseTransport):
    """Never answers."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:  # noqa: ARG002 - its shape
        await asyncio.Event().wait()
        raise AssertionError


class Dripping(httpx.AsyncBaseTransport):
    """Answers one byte every four seconds: each is in time, the whole never comes."""

    class Drops(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            while True:
                await asyncio.sleep(4)
                yield b" "

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:  # noqa: ARG002 - its shape
        return httpx.Response(200, stream=self.Drops())


@pytest.mark.parametrize("transport", [Hanging(), Dripping()])
def test_an_answer_that_does_not_come_is_a_warning(transport: httpx.AsyncBaseTransport) -> None:
    warning, asked = check(transport)

    assert warning == warned("GET /assistants took longer than 30 s")
    assert asked.seconds <= 31


# What is asked


def test_pages_are_asked_for_at_a_pace() -> None:
    many = [assistant(number) for number in range(1, 1001)]

    _, asked = check(lists(*many, VOZ))

    assert len(asked) == 11
    assert asked.seconds >= 10 / 5


def test_the_question_is_put_as_documented() -> None:
    request = check(lists(VOZ))[1][0]

    assert (request.method, str(request.url)) == (
        "GET",
        "https://api.voz.example/v1/assistants?limit=100&offset=0",
    )
    assert request.headers["Authorization"] == f"Bearer {KEY}"


def test_no_compression_is_asked_for() -> None:
    """What came compressed would be no JSON, and nothing could be checked."""
    assert check(lists(VOZ))[1][0].headers["Accept-Encoding"] == "identity"


def test_over_a_real_socket_no_proxy_and_no_redirect_sees_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    async def answer(connection: RudeConnection) -> None:
        await connection.say(reply("200 OK", json.dumps([VOZ]).encode(), Connection="close"))

    async def story() -> tuple[str | None, str | None, int, bytes]:
        async with rude_server(answer) as elsewhere, rude_server(answer) as server:

            async def redirect(connection: RudeConnection) -> None:
                await connection.say(reply("302 Found", b"", Location=elsewhere.base_url))

            monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{elsewhere.port}")
            monkeypatch.delenv("NO_PROXY", raising=False)
            monkeypatch.delenv("no_proxy", raising=False)
            good = await check_assistant(Api(server.base_url, KEY), name="Voz", assistant_id=None)
            async with rude_server(redirect) as wrong:
                moved = await check_assistant(Api(wrong.base_url, KEY), name="Voz", assistant_id=None)
            return good, moved, elsewhere.connections, bytes(elsewhere.received)

    assert asyncio.run(story()) == (None, warned("GET /assistants answered 302"), 0, b"")


# The roll call of `dialer doctor`


def called_the_roll(handler: Handler) -> RollCall:
    loop = VirtualLoop()
    try:
        return loop.run_until_complete(roll_call(API, transport=httpx.MockTransport(handler)))
    finally:
        loop.close()


def test_the_roll_has_every_assistant_of_every_page() -> None:
    many = [assistant(number) for number in range(150)]

    assert [each.assistant_id for each in called_the_roll(lists(*many)).assistants] == [
        each["id"] for each in many
    ]


def test_the_roll_says_who_is_active() -> None:
    roll = called_the_roll(lists(VOZ, assistant(1, is_active=False)))

    assert roll.assistants == (
        Assistant("Voz", "a-0", active=True),
        Assistant("Assistant 1", "a-1", active=False),
    )


def test_the_roll_has_the_time_of_the_api() -> None:
    roll = called_the_roll(lambda _: body(b"[]", date="Mon, 02 Mar 2026 15:04:05 GMT"))

    assert roll.server_time == datetime(2026, 3, 2, 15, 4, 5, tzinfo=UTC)


def test_the_roll_knows_what_was_refused() -> None:
    assert called_the_roll(lambda _: body(b"{}", status=401)) == RollCall(
        trouble="GET /assistants answered 401", http_status=401
    )


def test_the_roll_knows_that_nobody_answered() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    assert called_the_roll(refuse) == RollCall(trouble="ConnectError: refused", reached=False)


# Assistants that rows name


def checked(handler: Handler, *wanted: ByAssistant) -> str | None:
    loop = VirtualLoop()
    try:
        return loop.run_until_complete(check_assistants(API, wanted, transport=httpx.MockTransport(handler)))
    finally:
        loop.close()


def test_all_assistants_that_rows_name_may_be_there() -> None:
    wanted = (ByAssistant("Voz", 9, first_row=2), ByAssistant("Assistant 1", 1, first_row=7))

    assert checked(lists(VOZ, *OTHERS), *wanted) is None


def test_the_first_row_with_an_unknown_assistant_is_named() -> None:
    wanted = (ByAssistant("Zov", 9, first_row=8), ByAssistant("Vox", 1, first_row=7))

    with pytest.raises(SettingsError) as caught:
        checked(lists(VOZ), *wanted)
    assert (caught.value.code, caught.value.sentence) == (
        "assistant_unknown",
        (
            "There is no assistant 'Vox' at https://api.voz.example/v1, and row 7 wants it first "
            "(there are: Voz): write another one there."
        ),
    )


def test_the_first_row_with_an_inactive_assistant_is_named() -> None:
    with pytest.raises(SettingsError) as caught:
        checked(lists(VOZ | {"is_active": False}), ByAssistant("Voz", 1, first_row=7))
    assert (caught.value.code, caught.value.sentence) == (
        "assistant_inactive",
        (
            "The assistant 'Voz', which row 7 wants first, is not active: activate it in the VozAgent "
            "dashboard, or write another one there."
        ),
    )


def test_rows_assistants_that_cannot_be_looked_up_stop_nobody() -> None:
    warning = checked(lambda _: body(b"{}", status=403), ByAssistant("Voz", 1, first_row=7))

    assert warning == (
        "The assistants of the rows could not be checked beforehand (GET /assistants answered 403)."
    )
