"""Each fault over a real socket: what the client sees, and what the sandbox's own record says was created."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from dialer.sandbox.child import SandboxProcess
from tests.sandbox_fixtures import ADA, WORKS, post, raw_post


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with SandboxProcess(tmp_path_factory.mktemp("sandbox") / "sandbox.db") as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: SandboxProcess) -> SandboxProcess:
    running.ask("DELETE", "/sandbox/faults")
    running.ask("DELETE", "/sandbox/record")
    return running


def _meet(sandbox: SandboxProcess, fault: str) -> None:
    sandbox.ask("POST", "/sandbox/faults", {"faults": [fault]})


def _outcomes(sandbox: SandboxProcess) -> list[tuple[str, int | None]]:
    return [(one["outcome"], one["http_status"]) for one in sandbox.record()]


def _everything(sandbox: SandboxProcess) -> bytes:
    """All bytes that a connection gets until the server closes it."""
    with raw_post(sandbox.base_url) as connection:
        return b"".join(iter(lambda: connection.recv(65536), b""))


@pytest.mark.parametrize(("fault", "outcome"), [("drop-before", "prevented"), ("drop-after", "created")])
def test_a_dropped_connection_ends_without_a_byte(sandbox: SandboxProcess, fault: str, outcome: str) -> None:
    _meet(sandbox, fault)
    assert _everything(sandbox) == b""
    assert _outcomes(sandbox) == [(outcome, None)]


@pytest.mark.parametrize(("fault", "outcome"), [("reset-before", "prevented"), ("reset-after", "created")])
def test_a_reset_connection_is_reset(sandbox: SandboxProcess, fault: str, outcome: str) -> None:
    _meet(sandbox, fault)
    with pytest.raises(ConnectionResetError):
        _everything(sandbox)
    assert _outcomes(sandbox) == [(outcome, None)]


@pytest.mark.parametrize(("fault", "outcome"), [("hang-before", "prevented"), ("hang-after", "created")])
def test_a_hanging_request_is_never_answered(sandbox: SandboxProcess, fault: str, outcome: str) -> None:
    _meet(sandbox, fault)
    with pytest.raises(httpx.ReadTimeout):
        post(sandbox.base_url, timeout_seconds=0.3)
    assert _outcomes(sandbox) == [(outcome, None)]


def test_a_hanging_request_can_be_closed_after_a_while(sandbox: SandboxProcess) -> None:
    _meet(sandbox, "hang:0.1")
    assert _everything(sandbox) == b""


def test_httpx_sees_a_drop_as_a_server_that_disconnected(sandbox: SandboxProcess) -> None:
    _meet(sandbox, "drop-after")
    with pytest.raises(httpx.RemoteProtocolError) as caught:
        post(sandbox.base_url)
    assert str(caught.value) == "Server disconnected without sending a response."


def test_a_call_delayed_beyond_the_clients_patience_is_created_all_the_same(sandbox: SandboxProcess) -> None:
    _meet(sandbox, "latency:0.4")
    with pytest.raises(httpx.ReadTimeout):
        post(sandbox.base_url, timeout_seconds=0.1)
    # The second request waits as long as the first, which therefore has been created when this one is.
    assert post(sandbox.base_url).json()["is_new_contact"] is False
    assert [one["outcome"] for one in sandbox.record()] == ["created", "created"]


def test_latency_delays_the_answer(sandbox: SandboxProcess) -> None:
    _meet(sandbox, "latency-after:0.2")
    started = time.monotonic()
    assert post(sandbox.base_url).status_code == 201
    assert time.monotonic() - started >= 0.2


def test_a_cut_answer_breaks_off_in_its_body(sandbox: SandboxProcess) -> None:
    _meet(sandbox, "cut")
    with pytest.raises(httpx.RemoteProtocolError, match="peer closed connection without sending complete"):
        post(sandbox.base_url)
    assert _outcomes(sandbox) == [("created", 201)]


@pytest.mark.parametrize("fault", ["drip:0.3", "drip-head:0.3"])
def test_a_dripping_answer_is_whole_in_the_end(sandbox: SandboxProcess, fault: str) -> None:
    _meet(sandbox, fault)
    started = time.monotonic()
    response = post(sandbox.base_url)
    assert (response.status_code, response.json()["to_phone"]) == (201, ADA)
    assert 0.25 <= time.monotonic() - started < 3.0  # timers count whole milliseconds


def test_a_dripping_head_comes_byte_by_byte(sandbox: SandboxProcess) -> None:
    _meet(sandbox, "drip-head:0.3")
    with raw_post(sandbox.base_url) as connection:
        assert connection.recv(65536) == b"H"


@pytest.mark.parametrize(
    ("argument", "content_type", "start"),
    [
        ("html", "text/html; charset=utf-8", b"<!doctype html>"),
        ("empty", "application/json", b""),
        ("half", "application/json", b'{"call_id":"call-'),
        ("list", "application/json", b'[{"call_id": "call-'),
        ("no-id", "application/json", b'{"status": "queued"'),
        ("null-id", "application/json", b'{"call_id": null'),
        ("number-id", "application/json", b'{"call_id": 4711'),
        ("same-id", "application/json", b'{"call_id": "call-00000000-0000-0000"'),
    ],
)
def test_a_garbage_answer_is_a_201_all_the_same(
    sandbox: SandboxProcess, argument: str, content_type: str, start: bytes
) -> None:
    _meet(sandbox, f"garbage:{argument}")
    response = post(sandbox.base_url)
    assert (response.status_code, response.headers["Content-Type"]) == (201, content_type)
    assert response.content.startswith(start)
    assert _outcomes(sandbox) == [("created", 201)]


def test_half_an_answer_is_no_json(sandbox: SandboxProcess) -> None:
    _meet(sandbox, "garbage:half")
    with pytest.raises(ValueError, match=r"Unterminated string|Expecting"):
        post(sandbox.base_url).json()


def test_an_answer_can_name_another_number(sandbox: SandboxProcess) -> None:
    _meet(sandbox, "garbage:wrong-phone")
    assert post(sandbox.base_url).json()["to_phone"] == "+12025550199"


def test_a_broken_gzip_cannot_be_decoded(sandbox: SandboxProcess) -> None:
    _meet(sandbox, "garbage:bad-gzip")
    with pytest.raises(httpx.DecodingError):
        post(sandbox.base_url)
    assert _outcomes(sandbox) == [("created", 201)]


def test_a_gzip_bomb_is_small_on_the_wire(sandbox: SandboxProcess) -> None:
    _meet(sandbox, "garbage:gzip-bomb")
    response = post(sandbox.base_url)
    assert int(response.headers["Content-Length"]) < 500_000
    assert len(response.content) > 50_000_000


def test_a_huge_answer_is_huge(sandbox: SandboxProcess) -> None:
    _meet(sandbox, "garbage:huge")
    assert len(post(sandbox.base_url).content) > 50_000_000


def test_a_read_can_be_dropped_too(sandbox: SandboxProcess) -> None:
    _meet(sandbox, "GET/calls=drop")
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.get(f"{sandbox.base_url}/calls", headers=WORKS, trust_env=False)


def test_the_connection_goes_on_after_a_refusal(sandbox: SandboxProcess) -> None:
    with httpx.Client(headers=WORKS, trust_env=False) as client:
        statuses = [
            client.post(f"{sandbox.base_url}/calls/outbound", json={"phone_number": number}).status_code
            for number in ("nonsense", "+12015550191", "")
        ]
    assert statuses == [400, 400, 400]


def test_a_client_that_leaves_in_the_middle_of_its_request_orders_nothing(sandbox: SandboxProcess) -> None:
    address = urlsplit(sandbox.base_url)
    with socket.create_connection((address.hostname, address.port)) as connection:
        connection.sendall(
            b"POST /v1/calls/outbound HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\n{"
        )
    post(sandbox.base_url)
    assert _outcomes(sandbox) == [("created", 201)]


def test_the_time_of_arrival_is_taken_before_any_delay(sandbox: SandboxProcess) -> None:
    _meet(sandbox, "latency:0.3")
    before = time.time()
    post(sandbox.base_url)
    (request,) = sandbox.record()
    assert before - 0.05 <= request["received_at"] < before + 0.25


def test_a_page_that_calls_us_its_own_host_is_refused(sandbox: SandboxProcess) -> None:
    headers = {"Host": "rebound.example"}
    response = httpx.get(sandbox.base_url.replace("/v1", "/sandbox/record"), headers=headers, trust_env=False)
    assert (response.status_code, response.text) == (400, "Invalid host header")


def test_the_file_is_its_owners_alone(sandbox: SandboxProcess) -> None:
    assert Path(sandbox.options.database).stat().st_mode & 0o777 == 0o600
