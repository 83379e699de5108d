"""How each fault is done: a status, a spoilt body, or a connection that ends without a word."""

from __future__ import annotations

import asyncio
import gzip
import json
import time
from collections.abc import Callable, Mapping
from email.utils import formatdate
from functools import cache
from typing import assert_never

from dialer.sandbox.connection import Exchange
from dialer.sandbox.faults import Fault
from dialer.sandbox.problems import Problem, Reply, json_reply, problem_reply

_ENORMOUS = 50_000_000  # bytes
_WITHOUT_BODY = {204, 205, 304}


async def send_reply(reply: Reply, exchange: Exchange) -> None:
    """Answers as it should be."""
    await exchange.send(
        {"type": "http.response.start", "status": reply.http_status, "headers": list(reply.headers)}
    )
    await exchange.send({"type": "http.response.body", "body": reply.body})


async def misbehave(fault: Fault, reply: Reply | None, exchange: Exchange) -> None:
    """Does what the fault says, instead of sending `reply` (None where nothing was done)."""
    answer = reply or problem_reply(Problem(500))
    match fault.kind:
        case "status":
            await send_reply(_with_status(fault, reply), exchange)
        case "garbage":
            await send_reply(_garbled(fault.argument, answer), exchange)
        case "drop":
            exchange.connection.close()
            await exchange.until_gone()
        case "reset":
            exchange.connection.reset()
            await exchange.until_gone()
        case "hang":
            await _hang(fault.seconds, exchange)
        case "cut":
            await _cut(answer, exchange)
        case "drip":
            await _drip(fault.seconds, answer, exchange)
        case "drip-head":
            await _drip_head(fault.seconds, answer, exchange)
        case "latency":
            await exchange.pause(fault.seconds)
        case unreachable:
            assert_never(unreachable)


def _with_status(fault: Fault, reply: Reply | None) -> Reply:
    status = fault.http_status or 500
    if status in _WITHOUT_BODY:
        return Reply(status)
    if status < 300 and reply is not None:
        return Reply(status, reply.headers, reply.body)
    if 300 <= status < 400:
        return problem_reply(Problem(status, headers={"Location": fault.argument or "/v1/elsewhere"}))
    headers = {"Retry-After": _retry_after(fault.argument)} if fault.argument else {}
    return problem_reply(Problem(status, headers=headers))


def _retry_after(argument: str) -> str:
    if not argument.startswith(("date+", "date-")):
        return argument
    return formatdate(time.time() + float(argument.removeprefix("date")), usegmt=True)


async def _hang(seconds: float, exchange: Exchange) -> None:
    connection = exchange.connection
    connection.hanging = True
    try:
        async with asyncio.timeout(seconds):
            await exchange.until_gone()
    except TimeoutError:
        connection.close()
        await exchange.until_gone()


async def _cut(reply: Reply, exchange: Exchange) -> None:
    connection = exchange.connection
    promised = str(len(reply.body) + 100).encode()
    headers = [(name, promised if name == b"content-length" else value) for name, value in reply.headers]
    await exchange.send({"type": "http.response.start", "status": reply.http_status, "headers": headers})
    await exchange.send({"type": "http.response.body", "body": reply.body[:-10], "more_body": True})
    connection.close()
    await exchange.until_gone()


async def _drip(seconds: float, reply: Reply, exchange: Exchange) -> None:
    await exchange.send(
        {"type": "http.response.start", "status": reply.http_status, "headers": list(reply.headers)}
    )
    for byte in reply.body:
        await exchange.pause(seconds / len(reply.body))
        await exchange.send({"type": "http.response.body", "body": bytes([byte]), "more_body": True})
    await exchange.send({"type": "http.response.body", "body": b""})


async def _drip_head(seconds: float, reply: Reply, exchange: Exchange) -> None:
    connection = exchange.connection
    head = [f"HTTP/1.1 {reply.http_status} Dripping".encode()]
    head += [name + b": " + value for name, value in (*reply.headers, (b"connection", b"close"))]
    whole = b"\r\n".join([*head, b"", reply.body])
    for byte in whole:
        if connection.transport.is_closing():
            break
        connection.transport.write(bytes([byte]))
        await exchange.pause(seconds / len(whole))
    connection.close()
    await exchange.until_gone()


def _garbled(argument: str, reply: Reply) -> Reply:
    try:
        said = json.loads(reply.body)
    except ValueError:
        said = {}
    spoil = _SPOILERS.get(argument)
    if spoil is not None:
        return json_reply(reply.http_status, spoil(said if isinstance(said, dict) else {}))
    body, headers = _raw(argument, reply.body)
    length = (b"content-length", str(len(body)).encode())
    return Reply(reply.http_status, (length, *headers), body)


def _raw(argument: str, body: bytes) -> tuple[bytes, tuple[tuple[bytes, bytes], ...]]:
    as_json = (b"content-type", b"application/json")
    zipped = (b"content-encoding", b"gzip")
    match argument:
        case "html":
            page = b"<!doctype html><title>Gateway</title><h1>It works!</h1>"
            return page, ((b"content-type", b"text/html; charset=utf-8"),)
        case "half":
            return body[: len(body) // 2], (as_json,)
        case "bad-gzip":
            return body, (as_json, zipped)
        case "gzip-bomb":
            return _bomb(), (as_json, zipped)
        case "huge":
            return body[:-1] + b" " * _ENORMOUS + body[-1:], (as_json,)
        case _:
            return b"", (as_json,)


@cache
def _bomb() -> bytes:
    return gzip.compress(b'{"call_id": "' + b"0" * _ENORMOUS + b'"}', compresslevel=1)


def _elsewhere(said: Mapping[str, object]) -> dict[str, object]:
    wrong = "+12025550199" if said.get("to_phone") != "+12025550199" else "+12025550198"
    return {**said, "to_phone": wrong}


_SPOILERS: dict[str, Callable[[Mapping[str, object]], object]] = {
    "list": lambda said: [said],
    "no-id": lambda said: {name: value for name, value in said.items() if name != "call_id"},
    "null-id": lambda said: {**said, "call_id": None},
    "number-id": lambda said: {**said, "call_id": 4711},
    "same-id": lambda said: {**said, "call_id": "call-00000000-0000-0000"},
    "wrong-phone": _elsewhere,
}
