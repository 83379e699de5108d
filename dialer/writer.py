"""Commits many small operations together: durability is paid for once per group, not once per row.

In production a thread of its own writes, so that an fsync never stalls the callers; on a virtual clock
the same operations run inline, one transaction each, so that every run repeats.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection

from dialer.ledger import Ledger

Result = TypeVar("Result")
Operation = Callable[[Connection], Result]

_LARGEST_GROUP = 500


class Writer(Protocol):
    """Performs operations on the ledger; when `do` returns, what the operation wrote is on disk."""

    async def do(self, operation: Operation[Result]) -> Result:
        """Perform one operation in a transaction and return its result."""
        ...


class InlineWriter:
    """One transaction an operation, on the caller's own thread."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def do(self, operation: Operation[Result]) -> Result:
        """Perform one operation in a transaction and return its result."""
        with self._ledger.transaction() as connection:
            return operation(connection)


@dataclass(frozen=True, slots=True)
class _Waiting:
    operation: Operation[Any]
    future: asyncio.Future[Any]


class GroupWriter:
    """One thread that takes whatever is waiting, performs it, and commits it as one group."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._loop = asyncio.get_running_loop()
        self._gathered: list[_Waiting] = []  # in this turn of the loop
        self._waiting: SimpleQueue[list[_Waiting] | None] = SimpleQueue()
        # A daemon: a person who presses Ctrl-C twice is not kept waiting by a slow disk.
        self._thread = threading.Thread(target=self._work, name="ledger-writer", daemon=True)
        self._thread.start()

    async def do(self, operation: Operation[Result]) -> Result:
        """Perform one operation and return its result once the group it belongs to is committed."""
        future: asyncio.Future[Result] = self._loop.create_future()
        if not self._gathered:
            # Once all have had their say who were woken together: handed over one by one, the first would
            # be committed alone, and the others would wait for a second sync of the disk.
            self._loop.call_soon(self._hand_over)
        self._gathered.append(_Waiting(operation, future))
        return await future

    async def close(self) -> None:
        """Commit what is waiting and end the thread."""
        self._hand_over()
        self._waiting.put(None)
        await asyncio.to_thread(self._thread.join)

    def _hand_over(self) -> None:
        if self._gathered:
            self._waiting.put(self._gathered)
            self._gathered = []

    def _work(self) -> None:
        while (group := self._next_group()) is not None:
            settled = self._commit(group)
            self._loop.call_soon_threadsafe(_settle, settled)

    def _next_group(self) -> list[_Waiting] | None:
        first = self._waiting.get()
        if first is None:
            return None
        group = first
        while len(group) < _LARGEST_GROUP:
            try:
                waiting = self._waiting.get_nowait()
            except Empty:
                break
            if waiting is None:
                self._waiting.put(None)  # this group first, then the end
                break
            group += waiting
        return group

    def _commit(self, group: list[_Waiting]) -> list[tuple[_Waiting, Any, Exception | None]]:
        begun = False
        try:
            with self._ledger.transaction() as connection:
                begun = True
                results = [waiting.operation(connection) for waiting in group]
        except Exception as error:  # noqa: BLE001 - whatever it is belongs to the caller who waits for it
            if len(group) == 1 or not begun:
                # Without a transaction none is at fault: each alone would only wait as long once more.
                return [(waiting, None, error) for waiting in group]
            # One of the group is at fault and all was rolled back: each gets a transaction of its own.
            return [settled for waiting in group for settled in self._commit([waiting])]
        return [(waiting, result, None) for waiting, result in zip(group, results, strict=True)]


def _settle(settled: list[tuple[_Waiting, Any, Exception | None]]) -> None:
    for waiting, result, error in settled:
        if waiting.future.cancelled():
            continue
        if error is None:
            waiting.future.set_result(result)
        else:
            waiting.future.set_exception(error)


@asynccontextmanager
async def group_writer(ledger: Ledger) -> AsyncIterator[GroupWriter]:
    """A writer with a thread of its own; leaving the block commits what is still waiting."""
    writer = GroupWriter(ledger)
    try:
        yield writer
    finally:
        await writer.close()
