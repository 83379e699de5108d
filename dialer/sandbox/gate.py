"""Stands before the API: notes every request for a call, checks keys, keeps the pace, does the faults.

It is a plain ASGI layer, because what goes wrong on purpose must happen outside the framework that answers.
A request for a call meets, in this order: key (401, 402, 403), rate limit (429), faults before, the API,
faults after.
"""

from __future__ import annotations

import json
import logging
import math
from dataclasses import dataclass, replace

from dialer.sandbox.clock import Clock
from dialer.sandbox.connection import RECEIVED_AT, App, Exchange, Message, Receive, Scope, Send
from dialer.sandbox.faults import Fault, Faults
from dialer.sandbox.keys import Key, identify, require_calling
from dialer.sandbox.limiter import SlidingWindow
from dialer.sandbox.problems import Problem, Reply, problem_reply
from dialer.sandbox.sabotage import misbehave, send_reply
from dialer.sandbox.store import Arrival, Store

log = logging.getLogger("dialer.sandbox")

ARRIVAL = "dialer.sandbox.arrival"
CALL_PATH = "/v1/calls/outbound"


@dataclass(slots=True)
class Conditions:
    """What can be changed while the sandbox runs."""

    faults: Faults
    limiter: SlidingWindow | None = None


def arrival_of(scope: Scope) -> Arrival:
    """What the gate noted about this request when it came in."""
    arrival = scope[ARRIVAL]
    assert isinstance(arrival, Arrival)  # noqa: S101 - the gate put it there; for the type checker
    return arrival


class Gate:
    """The ASGI layer around the API."""

    def __init__(self, app: App, *, store: Store, conditions: Conditions, clock: Clock) -> None:
        self._app = app
        self._store = store
        self._conditions = conditions
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        noting = _Noting(send)
        try:
            await self._take(Exchange(scope, receive, noting))
        finally:
            log.info("%s %s %s", scope["method"], scope["path"], noting.http_status or "-")

    async def _take(self, exchange: Exchange) -> None:
        scope = exchange.scope
        if not scope["path"].startswith("/v1/"):
            await self._app(scope, exchange.receive, exchange.send)
        elif scope["method"] == "POST" and scope["path"] == CALL_PATH:
            await self._take_call(exchange)
        else:
            await self._take_other(exchange)

    async def _take_call(self, exchange: Exchange) -> None:
        received_at = exchange.scope.get(RECEIVED_AT) or self._clock()
        body = await _read(exchange)
        if body is None:
            return  # the client left in the middle of its request
        arrival = Arrival(received_at, _number_in(body), None, body.decode("utf-8", "replace"))
        try:
            key = identify(_authorization(exchange.scope))
            arrival = replace(arrival, key=key.token)
            require_calling(key)
        except Problem as problem:
            await self._refuse(problem, arrival, exchange, "refused")
            return
        problem_of_pace = self._over_the_limit(key, received_at)
        if problem_of_pace is not None:
            await self._refuse(problem_of_pace, arrival, exchange, "throttled")
            return
        await self._admit(body, arrival, exchange)

    async def _refuse(self, problem: Problem, arrival: Arrival, exchange: Exchange, outcome: str) -> None:
        self._store.record_refusal(arrival, outcome, problem.http_status)
        await send_reply(problem_reply(problem), exchange)

    def _over_the_limit(self, key: Key, at: float) -> Problem | None:
        limiter = self._conditions.limiter
        seconds = limiter.seconds_to_wait(key.token, at=at) if limiter else 0.0
        if seconds <= 0.0:
            return None
        return Problem(429, headers={"Retry-After": str(max(1, math.ceil(seconds)))})

    async def _admit(self, body: bytes, arrival: Arrival, exchange: Exchange) -> None:
        drawn = self._conditions.faults.draw("POST", arrival.phone_number or "")
        before = [fault for fault in drawn if fault.when == "before"]
        after = [fault for fault in drawn if fault.when == "after"]
        for fault in before:
            if fault.kind != "latency":
                answered = None if fault.silent else fault.http_status
                self._store.record_refusal(replace(arrival, fault=_names(before)), "prevented", answered)
                await misbehave(fault, None, exchange)
                return
            await misbehave(fault, None, exchange)
        exchange.scope[ARRIVAL] = replace(arrival, fault=_names(drawn), answered=_answered(after))
        reply = await self._ask(exchange, body)
        if reply.http_status != 201:
            self._store.record_refusal(replace(arrival, fault=_names(before)), "refused", reply.http_status)
            await send_reply(reply, exchange)
            return
        await _answer(reply, after, exchange)

    async def _take_other(self, exchange: Exchange) -> None:
        scope = exchange.scope
        try:
            identify(_authorization(scope))
        except Problem as problem:
            await send_reply(problem_reply(problem), exchange)
            return
        subject = f"{scope['path']}?{scope['query_string'].decode('latin-1')}"
        resource = scope["path"].split("/")[2]
        drawn = self._conditions.faults.draw(f"GET/{resource}", subject) if scope["method"] == "GET" else ()
        if not drawn:
            await self._app(scope, exchange.receive, exchange.send)
            return
        reply = await self._ask(exchange, b"")
        await _answer(reply, drawn, exchange)

    async def _ask(self, exchange: Exchange, body: bytes) -> Reply:
        """What the API itself answers."""
        unread = [body]
        start: Message = {}
        chunks: list[bytes] = []

        async def receive() -> Message:
            if unread:
                return {"type": "http.request", "body": unread.pop(), "more_body": False}
            return await exchange.receive()

        async def collect(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            else:
                chunks.append(message.get("body", b""))

        await self._app(exchange.scope, receive, collect)
        return Reply(start["status"], tuple(start["headers"]), b"".join(chunks))


async def _answer(reply: Reply, faults: list[Fault] | tuple[Fault, ...], exchange: Exchange) -> None:
    for fault in faults:
        await misbehave(fault, reply, exchange)
        if fault.kind != "latency":
            return
    await send_reply(reply, exchange)


def _answered(after: list[Fault]) -> int | None:
    for fault in after:
        if fault.silent:
            return None
        if fault.http_status is not None:
            return fault.http_status
    return 201


def _names(faults: list[Fault] | tuple[Fault, ...]) -> str | None:
    return " + ".join(fault.text for fault in faults) or None


async def _read(exchange: Exchange) -> bytes | None:
    chunks: list[bytes] = []
    while True:
        message = await exchange.receive()
        if message["type"] == "http.disconnect":
            return None
        chunks.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(chunks)


def _number_in(body: bytes) -> str | None:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return None
    number = said.get("phone_number") if isinstance(said, dict) else None
    return number.encode("utf-8", "replace").decode() if isinstance(number, str) else None


def _authorization(scope: Scope) -> bytes | None:
    return next((value for name, value in scope["headers"] if name == b"authorization"), None)


class _Noting:
    """Sends on what it is given, and remembers the status."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.http_status: int | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.http_status = message["status"]
        await self._send(message)
