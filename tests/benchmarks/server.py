"""A server that is not the bottleneck: answers every POST with a call, and remembers when it came.

Its one argument: answer one in so many POSTs with 429; 0 for none. uvloop and httptools, without a framework;
a process of its own. It listens on loopback only, and ends when its standard input does. For rude servers see
`tests.rude_server`, for a true API `dialer.sandbox`.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from array import array

import httptools
import uvloop

ASSISTANTS = [{"id": "a1", "name": "Voz", "assistant_type": "outbound", "is_active": True}]


class Seen:
    """When the POSTs came: seconds of the monotonic clock, which all processes of a machine share."""

    def __init__(self, throttle_every: int) -> None:
        self.times = array("d")
        self.throttle_every = throttle_every


class Answering(asyncio.Protocol):
    """One connection."""

    def __init__(self, seen: Seen) -> None:
        self._seen = seen
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpRequestParser(self)
        self._url = b""
        self._body = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]  # of a stream it always is one

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_begin(self) -> None:
        self._url = self._body = b""

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        came = time.monotonic()
        if self._parser.get_method() == b"POST":
            self._seen.times.append(came)
            every = self._seen.throttle_every
            if every and len(self._seen.times) % every == 0:
                self._answer(b"429 Too Many Requests\r\nRetry-After: 1", b"{}")
            else:
                self._answer(b"201 Created", self._call())
        elif self._url.startswith(b"/times"):
            self._answer(b"200 OK", json.dumps(self._seen.times.tolist()).encode())
            del self._seen.times[:]
        else:
            self._answer(b"200 OK", json.dumps(ASSISTANTS).encode())

    def _call(self) -> bytes:
        request = json.loads(self._body)
        number = len(self._seen.times)
        return json.dumps(
            {
                "call_id": f"call-{number:08x}",
                "status": "queued",
                "direction": "outbound",
                "to_phone": request["phone_number"],
                "assistant_name": request["assistant_name"],
                "contact_id": f"c{number:08x}",
                "is_new_contact": number % 2 == 0,
                "created_at": "2026-01-15T12:00:00Z",
            }
        ).encode()

    def _answer(self, status: bytes, body: bytes) -> None:
        assert self._transport is not None
        keep_alive = self._parser.should_keep_alive()
        self._transport.write(
            b"HTTP/1.1 %b\r\nContent-Type: application/json\r\nContent-Length: %d\r\n%b\r\n%b"
            % (status, len(body), b"" if keep_alive else b"Connection: close\r\n", body)
        )
        if not keep_alive:
            self._transport.close()


async def serve() -> None:
    """Serve on a free port, say which, and end with standard input."""
    loop = asyncio.get_running_loop()
    seen, over = Seen(int(sys.argv[1])), asyncio.Event()
    server = await loop.create_server(lambda: Answering(seen), "127.0.0.1", 0, backlog=4096)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()

    def heard() -> None:
        if not os.read(0, 4096):
            over.set()

    loop.add_reader(0, heard)
    await over.wait()
    server.close()


if __name__ == "__main__":
    uvloop.run(serve())
