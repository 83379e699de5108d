"""The sandbox in this process, on several ports, doing something to its client at an exact moment."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import threading
from asyncio import Transport
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Literal, cast

import uvicorn

from dialer.sandbox.app import create_app
from dialer.sandbox.connection import App, Message, Receive, Scope, Send
from dialer.sandbox.gate import CALL_PATH
from dialer.sandbox.store import Arrival, Order, RecordedRequest, Store, StoredCall
from dialer.sandbox.wire import SandboxProtocol, SandboxServer

Moment = Literal["connected", "received", "created", "replied"]
MOMENTS: tuple[Moment, ...] = ("connected", "received", "created", "replied")
_START_SECONDS = 20.0


@dataclass
class Sentence:
    """What is done to a client, once, and at which of its moments."""

    moment: Moment
    nth: int  # the first is 1
    do: Callable[[], None]
    hold_seconds: float = 0.0  # how long this request, and all after it, are not gone on with
    done: threading.Event = field(default_factory=threading.Event)
    _seen: int = 0

    def comes(self, moment: Moment) -> bool:
        """Note a moment; True if this was the one."""
        if moment != self.moment:
            return False
        self._seen += 1
        if self._seen != self.nth:
            return False
        self.do()
        self.done.set()
        return True


class Executioner:
    """Listens on several ports, one for each client, and knows what is to be done to whom."""

    def __init__(self, clients: int) -> None:
        self.store = _WatchedStore(self)
        self.sentences: dict[int, Sentence] = {}  # by port
        self._sockets = [_listener() for _ in range(clients)]
        self._free = [sock.getsockname()[1] for sock in self._sockets]
        self._ready = threading.Event()
        self._server = SandboxServer(self._config(), self._ready.set)
        self._thread = threading.Thread(target=self._server.run, args=(self._sockets,), name="sandbox")
        self.of_number: dict[str, int] = {}  # whose call it is: number -> port

    def __enter__(self) -> Executioner:
        self._thread.start()
        assert self._ready.wait(_START_SECONDS), "the sandbox did not start"
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.should_exit = True
        self._thread.join()
        self.store.close()
        for sock in self._sockets:
            sock.close()

    @contextmanager
    def client(self) -> Iterator[int]:
        """A port that belongs to one client until the block is left."""
        port = self._free.pop()
        try:
            yield port
        finally:
            self.sentences.pop(port, None)
            self._free.append(port)

    def comes(self, moment: Moment, port: int) -> float:
        """A client's moment has come: do what is to be done; gives how long to hold its requests."""
        sentence = self.sentences.get(port)
        if sentence is None:
            return 0.0
        held = sentence.comes(moment) or sentence.done.is_set()
        return sentence.hold_seconds if held else 0.0

    def record(self, numbers: set[str]) -> list[RecordedRequest]:
        """The requests for a call of these people."""
        return [one for one in self.store.record(created_only=False) if one.phone_number in numbers]

    def created(self, numbers: set[str]) -> Counter[str]:
        """How many calls of each of these people were created."""
        return Counter(str(one.phone_number) for one in self.record(numbers) if one.outcome == "created")

    def _config(self) -> uvicorn.Config:
        executioner = self

        class Protocol(SandboxProtocol):
            def connection_made(self, transport: Transport) -> None:  # type: ignore[override]  # as its base
                super().connection_made(transport)
                port = transport.get_extra_info("sockname")[1]
                executioner.comes("connected", port)

        return uvicorn.Config(
            _Watched(create_app(self.store), self),
            http=Protocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            workers=1,
            timeout_graceful_shutdown=1,
        )


class _WatchedStore(Store):
    """Tells when a call was created: its row is committed and nothing was answered yet."""

    def __init__(self, executioner: Executioner) -> None:
        super().__init__(":memory:")
        self._executioner = executioner

    def place_call(self, order: Order, arrival: Arrival) -> tuple[StoredCall, bool]:
        placed = super().place_call(order, arrival)
        self._executioner.comes("created", self._executioner.of_number[order.phone_number])
        return placed


class _Watched:
    """Tells when a request for a call was received as a whole, and when its reply was sent."""

    def __init__(self, app: App, executioner: Executioner) -> None:
        self._app = app
        self._executioner = executioner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != CALL_PATH:
            await self._app(scope, receive, send)
            return
        port = cast(tuple[str, int], scope["server"])[1]
        whole = await _whole_body(receive)
        await asyncio.sleep(self._executioner.comes("received", port))

        async def say(message: Message) -> None:
            await send(message)
            if message["type"] == "http.response.body" and not message.get("more_body", False):
                self._executioner.comes("replied", port)

        async def again() -> Message:
            return whole.pop() if whole else await receive()

        await self._app(scope, again, say)


async def _whole_body(receive: Receive) -> list[Message]:
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return [message]
        body += message.get("body", b"")
        if not message.get("more_body", False):
            return [{"type": "http.request", "body": body, "more_body": False}]


def _listener() -> socket.socket:
    with ExitStack() as stack:
        sock = stack.enter_context(socket.socket())
        sock.bind(("127.0.0.1", 0))
        sock.listen(512)
        stack.pop_all()
        return sock


def send_signal(number: signal.Signals, pid: int) -> Callable[[], None]:
    """A function that sends a signal to a process, if it is still there."""

    def do() -> None:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return

    return do
