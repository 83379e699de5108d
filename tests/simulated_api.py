"""An API in the same process, as a transport of httpx: it keeps its own record and misbehaves as told.

It announces the first byte as httpcore does, since that event is what proves that something was sent.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import httpx

from dialer.vozagent import SEND_STARTED

Answer = Callable[["SimulatedApi", str], Any]


@dataclass
class SimulatedApi(httpx.AsyncBaseTransport):
    """Answers 201 after `seconds`, unless a script says otherwise for a number."""

    seconds: float = 0.2
    scripts: dict[str, list[str]] = field(default_factory=dict)
    created: list[tuple[float, str]] = field(default_factory=list)  # (loop's time, number)
    received: list[tuple[float, str]] = field(default_factory=list)
    always: str | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Announce, receive, create, reply; each step can be told to fail."""
        number = json.loads(request.content)["phone_number"]
        script = self.scripts.get(number)
        what = script[0] if script else self.always or "ok"
        if what != "refused":
            await request.extensions["trace"](SEND_STARTED, {})
        if script:  # not before it was sent: its turn may be withdrawn
            script.pop(0)
        if what == "refused":
            raise httpx.ConnectError("connection refused")
        now = asyncio.get_running_loop().time()
        self.received.append((now, number))
        if what.startswith("late:"):  # created so many seconds later, whether anybody still waits or not
            after = float(what.removeprefix("late:"))
            loop = asyncio.get_running_loop()
            loop.call_later(after, lambda: self.created.append((loop.time(), number)))
            await asyncio.sleep(1e6)
        await asyncio.sleep(self.seconds)
        return self._reply(what, number, now)

    def _reply(self, what: str, number: str, now: float) -> httpx.Response:
        kind, _, argument = what.partition(":")
        if kind in {"ok", "reset-after", "odd"}:
            self.created.append((now, number))
        match kind:
            case "ok":
                return _reply(201, json.dumps(self._call(number)))
            case "odd":
                return _reply(201, argument)
            case "reset-after" | "reset-before":
                raise httpx.ReadError("connection reset")
            case "bug":
                raise ZeroDivisionError("a fault inside")
            case "429":
                return _reply(429, "", {"Retry-After": argument} if argument else {})
            case status:
                body = {"error": {"code": f"code_{status}", "message": argument or "no"}}
                return _reply(int(status), json.dumps(body))

    def _call(self, number: str) -> dict[str, Any]:
        return {
            "call_id": f"call-{len(self.created)}",
            "status": "queued",
            "to_phone": number,
            "contact_id": f"contact-{number}",
            "is_new_contact": True,
        }

    def numbers_created_twice(self) -> set[str]:
        """Promise 1, from the API's side."""
        numbers = [number for _, number in self.created]
        return {number for number in numbers if numbers.count(number) > 1}


def _reply(status: int, body: str, headers: dict[str, str] | None = None) -> httpx.Response:
    return httpx.Response(status, headers=headers or {}, stream=httpx.ByteStream(body.encode()))


def busiest_window(times: Iterable[float], *, seconds: float) -> int:
    """The most events in any half-open window of `seconds`."""
    ordered = sorted(times)
    most, first = 0, 0
    for last, time in enumerate(ordered):
        while ordered[first] <= time - seconds:
            first += 1
        most = max(most, last - first + 1)
    return most
