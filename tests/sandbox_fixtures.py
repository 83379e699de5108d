"""What the tests of the sandbox share: the API over ASGI, on a clock that stands still."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from dialer.sandbox.app import create_app
from dialer.sandbox.faults import parse_faults
from dialer.sandbox.limiter import parse_rate
from dialer.sandbox.store import Store

NOON = 1705320000.0  # 2024-01-15T12:00:00Z
ADA = "+12015550123"
WORKS = {"Authorization": "Bearer sk_sandbox"}
OUTBOUND = "/v1/calls/outbound"


@dataclass(slots=True)
class StandingClock:
    """Shows the same time until somebody moves it."""

    shows: float = NOON

    def __call__(self) -> float:
        return self.shows


class Api:
    """The sandbox in this process, without a socket."""

    def __init__(
        self,
        database: str | Path = ":memory:",
        *,
        faults: Sequence[str] = (),
        scripts: Sequence[str] = (),
        rate_limit: str | None = None,
    ) -> None:
        self.clock = StandingClock()
        self.store = Store(str(database), clock=self.clock)
        self.app = create_app(
            self.store,
            parse_faults(faults, scripts),
            rate_limit=parse_rate(rate_limit) if rate_limit else None,
            clock=self.clock,
        )

    def ask(self, method: str, path: str, **request: Any) -> httpx.Response:
        """Any request, with the key that works unless headers are given."""
        return asyncio.run(self._ask(method, path, {"headers": WORKS} | request))

    async def _ask(self, method: str, path: str, request: dict[str, Any]) -> httpx.Response:
        transport = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as client:
            return await client.request(method, path, **request)

    def get(self, path: str, **parameters: Any) -> Any:
        """The JSON of a GET that works."""
        response = self.ask("GET", path, params=parameters)
        assert response.status_code == 200, response.text
        return response.json()

    def order(self, **body: Any) -> httpx.Response:
        """A POST for a call; what is not said makes it a valid one, None leaves a field out."""
        whole = {"phone_number": ADA, "assistant_name": "Voz"} | body
        content = {name: value for name, value in whole.items() if value is not None}
        return self.ask("POST", OUTBOUND, json=content)

    def called(self, **body: Any) -> dict[str, Any]:
        """The answer to a call that is accepted."""
        response = self.order(**body)
        assert response.status_code == 201, response.text
        answer: dict[str, Any] = response.json()
        return answer

    def record(self) -> list[dict[str, Any]]:
        """Every request for a call that came in."""
        requests: list[dict[str, Any]] = self.get("/sandbox/record")["requests"]
        return requests


def error(response: httpx.Response) -> tuple[int, dict[str, Any]]:
    """The status and what the documented error body holds."""
    return response.status_code, response.json()["error"]


def post(base_url: str, number: str = ADA, *, timeout_seconds: float = 5.0) -> httpx.Response:
    """A POST for a call over a fresh connection of its own."""
    body = {"phone_number": number, "assistant_name": "Voz"}
    with httpx.Client(headers=WORKS, timeout=timeout_seconds, trust_env=False) as client:
        return client.post(f"{base_url}/calls/outbound", json=body)


def raw_post(base_url: str, number: str = ADA) -> socket.socket:
    """A connection on which a whole POST for a call has just been sent."""
    address = urlsplit(base_url)
    body = b'{"phone_number": "%s", "assistant_name": "Voz"}' % number.encode()
    head = (
        b"POST /v1/calls/outbound HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer sk_sandbox\r\n"
        b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
    )
    connection = socket.create_connection((address.hostname, address.port), timeout=5.0)
    connection.sendall(head + body)
    return connection
