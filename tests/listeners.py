"""A service that takes notifications: a real HTTP server on this machine, as `json://` wants one."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True, slots=True)
class Taken:
    """A notification as it arrived."""

    title: str
    body: str
    kind: str  # apprise's word for how grave it is
    files: dict[str, bytes]  # by name


class Listener(ThreadingHTTPServer):
    """Takes what it is sent; answers `status`, or not at all until it is `released`."""

    daemon_threads = True

    def __init__(self, *, status: int = 200, silent: bool = False) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.taken: list[Taken] = []
        self.status = status
        self.released = threading.Event()
        if not silent:
            self.released.set()

    @property
    def url(self) -> str:
        """What apprise is told; it holds a password, as such URLs do."""
        return f"json://someone:CANARY-secret@127.0.0.1:{self.server_port}/CANARY-path"


class _Handler(BaseHTTPRequestHandler):
    server: Listener

    def do_POST(self) -> None:
        sent: dict[str, Any] = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        files = {file["filename"]: base64.b64decode(file["base64"]) for file in sent.get("attachments", ())}
        self.server.taken.append(Taken(sent["title"], sent["message"], sent["type"], files))
        self.server.released.wait(30)
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_args: Any) -> None:
        """Nothing on the screen of the tests."""


@contextmanager
def listening(*, status: int = 200, silent: bool = False) -> Iterator[Listener]:
    """A listener for as long as the block lasts."""
    listener = Listener(status=status, silent=silent)
    thread = threading.Thread(target=listener.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield listener
    finally:
        listener.released.set()
        listener.shutdown()
        listener.server_close()
        thread.join()
