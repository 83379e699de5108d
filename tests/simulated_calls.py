"""The API's records of calls in the same process, on virtual time: each call ends when it was told to.

What goes wrong is told as well: reads that fail by dice, hours out of reach, calls that the list lacks.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

import httpx

from tests.virtual_time import VirtualLoop

DETAILS = ("analysis_summary", "cost", "recording_url", "transcript", "customer_phone_number")


@dataclass
class SimulatedCall:
    """A call, when it was made, and how it goes."""

    call_id: str
    contact_id: str | None
    made_at: datetime
    ends_after: float | None = 10.0  # seconds; None: it never ends
    going: str = "in-progress"
    over: dict[str, Any] = field(default_factory=dict)  # what its record holds once it is over

    def record(self, now: datetime) -> dict[str, Any]:
        """The full record of now."""
        known: dict[str, Any] = {"id": self.call_id, "contact_id": self.contact_id, "call_type": "outbound"}
        known["call_started_at"] = self.made_at.isoformat()
        if self.ends_after is None or now < self.made_at + timedelta(seconds=self.ends_after):
            return known | {"call_status": self.going, "call_ended_at": None, "duration_seconds": None}
        ended_at = self.made_at + timedelta(seconds=self.ends_after)
        usual = {
            "call_status": "completed",
            "call_ended_at": ended_at.isoformat(),
            "duration_seconds": 42,
            "appointment_booked": True,
            "lead_qualification": "hot",
            "call_intent": "quote_request",
            "analysis_summary": f"Summary of {self.call_id}.",
            "cost": 0.12,
            "recording_url": f"https://rec.example/{self.call_id}.mp3",
            "transcript": "Assistant: Hello.\nCustomer: Yes.",
        }
        return known | usual | self.over


@dataclass
class SimulatedCalls(httpx.AsyncBaseTransport):
    """Serves GET /calls and GET /calls/{id}, the newest call first, at most `page` at once."""

    loop: VirtualLoop
    calls: list[SimulatedCall] = field(default_factory=list)
    page: int = 100
    fails: float = 0.0  # which share of the reads
    dice: Random = field(default_factory=lambda: Random(7))  # noqa: S311 - a seed makes every run the same
    unlisted: set[str] = field(default_factory=set)  # not in the list of all calls
    unknown: set[str] = field(default_factory=set)  # 404
    trouble: Callable[[httpx.Request], httpx.Response | Exception | None] = lambda _request: None
    asked: list[str] = field(default_factory=list)  # path and query, in order

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer after a tenth of a second."""
        self.asked.append(request.url.raw_path.decode().removeprefix("/v1"))
        await asyncio.sleep(0.1)
        trouble = self.trouble(request)
        if isinstance(trouble, Exception):
            raise trouble
        if trouble is not None:
            return trouble
        if self.dice.random() < self.fails:
            return self._failure()
        path = request.url.path.removeprefix("/v1/calls").strip("/")
        return self._one(path) if path else self._list(request.url.params)

    def asked_for(self, start: str) -> list[str]:
        """What was asked for that begins like this."""
        return [asked for asked in self.asked if asked.startswith(start)]

    def _failure(self) -> httpx.Response:
        if self.dice.random() < 0.5:
            raise httpx.ReadError("connection reset")
        return answer(503, {"error": {"code": "unavailable", "message": "Try again."}})

    def _one(self, call_id: str) -> httpx.Response:
        call = next((call for call in self.calls if call.call_id == call_id), None)
        if call is None or call_id in self.unknown:
            return answer(404, {"error": {"code": "not_found", "message": "There is no such call."}})
        return answer(200, call.record(self.loop.utc_now()))

    def _list(self, params: httpx.QueryParams) -> httpx.Response:
        contact = params.get("contact_id")
        fitting = [
            call
            for call in sorted(self.calls, key=lambda call: call.made_at, reverse=True)
            if (call.contact_id == contact if contact else call.call_id not in self.unlisted)
            and call.call_id not in self.unknown
        ]
        first = int(params["offset"])
        shown = fitting[first : first + min(int(params["limit"]), self.page)]
        records = [call.record(self.loop.utc_now()) for call in shown]
        return answer(200, [{k: v for k, v in record.items() if k not in DETAILS} for record in records])


def answer(status: int, content: Any) -> httpx.Response:
    """A reply with this JSON."""
    return httpx.Response(status, stream=httpx.ByteStream(json.dumps(content).encode()))
