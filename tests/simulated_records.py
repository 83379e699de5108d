"""The GET side of an API in the same process, as a transport of httpx: contacts and calls, page by page.

What it tells is set by hand, or taken from a `SimulatedApi` that received the calls.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx

from tests.simulated_api import SimulatedApi
from tests.virtual_time import START

Row = dict[str, Any]


def contact(number: str, **changes: Any) -> Row:
    """The contact of a number."""
    valid: Row = {"id": f"contact-{number}", "phone_number": number, "tags": [], "created_at": None}
    return valid | changes


def call(number: str, call_id: str, at: datetime | None = None, **changes: Any) -> Row:
    """The summary of an outbound call to a number, queued unless it has a time."""
    valid = {
        "id": call_id,
        "contact_id": f"contact-{number}",
        "call_type": "outbound",
        "call_status": "in-progress" if at else "queued",
        "call_started_at": f"{at:%Y-%m-%dT%H:%M:%SZ}" if at else None,
        "call_ended_at": None,
    }
    return valid | changes


@dataclass
class Records(httpx.AsyncBaseTransport):
    """Answers GET /contacts and GET /calls as documented, unless a test says otherwise."""

    contacts: list[Row] = field(default_factory=list)
    calls: list[Row] = field(default_factory=list)
    cap: int = 100  # records in a page, at most, whatever is asked for
    clock: Callable[[], datetime] | None = None  # for the header Date
    status: int = 200
    asked: list[httpx.URL] = field(default_factory=list)
    source: SimulatedApi | None = None

    @classmethod
    def of(cls, api: SimulatedApi, **changes: Any) -> Records:
        """Truthful records of what an API received so far, and will receive."""
        return cls(source=api, **changes)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """One page."""
        self.asked.append(request.url)
        headers = {"Date": format_datetime(self.clock(), usegmt=True)} if self.clock else {}
        rows = (
            self._contacts(request.url)
            if request.url.path.endswith("/contacts")
            else self._calls(request.url)
        )
        first, limit = int(request.url.params["offset"]), int(request.url.params["limit"])
        page = rows[first : first + min(limit, self.cap)]
        body = json.dumps(page).encode()
        return httpx.Response(self.status, headers=headers, stream=httpx.ByteStream(body))

    def _contacts(self, url: httpx.URL) -> list[Row]:
        known = self.contacts + [contact(number) for number in dict.fromkeys(self._numbers())]
        return [row for row in known if url.params["search"] in str(row["phone_number"])]

    def _calls(self, url: httpx.URL) -> list[Row]:
        """The newest first."""
        seen = self.source.created if self.source else []
        made = [
            call(number, f"call-{place}", START + timedelta(seconds=at))
            for place, (at, number) in enumerate(seen, start=1)
        ]
        known = [*reversed(made), *self.calls]
        return [
            row
            for row in known
            if row.get("contact_id", url.params["contact_id"]) == url.params["contact_id"]
        ]

    def _numbers(self) -> Iterable[str]:
        return (number for _, number in self.source.created) if self.source else ()
