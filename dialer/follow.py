"""Follows the calls of a campaign until every one has ended: asks the API's records, writes down each answer.

A round looks through the list of calls first, which tells of a hundred at once; asks for those that the
list lacks by their contact, then by their id; and reads the full record of each call that is over. What
fails in one round is asked again in the next one.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from dialer.call_words import Told, happened_before, read_call
from dialer.errors import AccessDenied, DialerError, Unreachable
from dialer.fates import LIVES, FateBook, Wanted
from dialer.ledger import Clock
from dialer.listings import ReadFailed, Record, Reads

_ASKERS = 8  # GETs under way, at most; `Reads` keeps the pace
_FIRST_WAIT_SECONDS = 1.0  # between two rounds; grows
_LONGEST_WAIT_SECONDS = 30.0
_GROWTH = 1.5
_OLD_IN_A_ROW = 100  # so many records older than every wanted call: the rest of the list is older still
_CLOCKS_DIFFER = timedelta(hours=1)  # ours and the API's, at most, for the list to be left early
_INDEX_LAG = timedelta(minutes=2)  # a call that was only just made may not be found yet
_ANALYSIS_LAG_SECONDS = 60.0  # after a call's end; then a record without an analysis is taken as it is
_SILENT_IN_A_ROW = 3  # GETs without an answer: the rest of the round is left out

Listen = Callable[[int], None]  # how many calls are still waited for


@dataclass(frozen=True, slots=True)
class Patience:
    """How long is waited for what."""

    give_up_after: timedelta = timedelta(minutes=30)  # for calls to end; reading what has ended takes as long
    unreachable_after: timedelta = timedelta(seconds=60)  # ... as it takes, if the API answers within this


@dataclass(slots=True)
class _Left:
    """A call that is still waited for."""

    wanted: Wanted
    over_since: float | None = None  # the loop's time when it was first seen to be over
    seen_in: int = -1  # the last round in which any record told of it

    @property
    def call_id(self) -> str:
        return self.wanted.call_id


@dataclass(slots=True)
class Follower:
    """Asks until nothing is left to be asked: `await Follower(reads, book, clock=clock).follow()`."""

    reads: Reads
    book: FateBook
    clock: Clock
    patience: Patience = field(default_factory=Patience)
    listen: Listen = lambda _left: None
    not_found: set[str] = field(default_factory=set)  # ids that the API does not know
    _left: dict[str, _Left] = field(default_factory=dict)
    _round: int = 0
    _lists_failed: int = 0  # rounds in a row
    _silent: int = 0  # GETs in a row without an answer
    _silent_since: float | None = None
    _why: str = ""
    _refused: DialerError | None = None

    async def follow(self) -> None:
        """Return when every call has ended, is unknown to the API, or was waited for long enough.

        Raises AccessDenied if the key may not read, Unreachable if nothing was answered for too long.
        Everything that was heard until then is written down.
        """
        self._left = {each.call_id: _Left(each) for each in await self.book.wanted()}
        loop = asyncio.get_running_loop()
        end = loop.time() + self.patience.give_up_after.total_seconds()
        wait = _FIRST_WAIT_SECONDS
        while self._left:
            begun = loop.time()
            await self._look()
            self.listen(len(self._left))
            remains = end - loop.time()
            if not self._left or remains <= 0:
                break
            await asyncio.sleep(min(remains, max(wait, loop.time() - begun)))
            wait = min(wait * _GROWTH, _LONGEST_WAIT_SECONDS)
        await self.book.mark_stale()

    async def _look(self) -> None:
        """One round. Calls that need nothing more leave `_left`."""
        self._round += 1
        self._silent = 0
        listed = await self._look_through_list()
        if listed or self._lists_failed > 1:
            await self._each(self._unseen(), self._ask_contact)
            await self._each(self._unseen(), self._ask_record)
        await self._each([left for left in self._left.values() if left.wanted.ended], self._ask_record)
        self._leave_the_old()
        self._check_reachable()

    def _unseen(self) -> list[_Left]:
        return [x for x in self._left.values() if not x.wanted.ended and x.seen_in < self._round]

    async def _look_through_list(self) -> bool:
        """Take from the list of all calls what it tells of ours; False if it could not be read to its end."""
        awaited = {left.call_id for left in self._unseen() if self._age(left) < LIVES}
        if not awaited:
            return True
        oldest = min(self._left[call_id].wanted.sent_at for call_id in awaited) - _CLOCKS_DIFFER
        older_in_row = 0
        complete = False
        async with self._asking(), self._writing() as write:
            async with aclosing(self.reads.all("/calls", {"call_type": "outbound"})) as calls:
                async for call in calls:
                    call_id = str(call["id"])
                    if (left := self._left.get(call_id)) is not None and not left.wanted.ended:
                        awaited.discard(call_id)
                        write(self._take_summary(left, call))
                    older_in_row = older_in_row + 1 if happened_before(call, oldest) else 0
                    if not awaited or older_in_row >= _OLD_IN_A_ROW:
                        break
            complete = True
        self._lists_failed = 0 if complete else self._lists_failed + 1
        return complete

    async def _ask_contact(self, left: _Left) -> None:
        if left.wanted.contact_id is None:
            return
        asked = {"contact_id": left.wanted.contact_id, "call_type": "outbound"}
        async with self._asking(), aclosing(self.reads.all("/calls", asked)) as calls:
            async for call in calls:
                if str(call["id"]) == left.call_id:
                    await self._take_summary(left, call)
                    return

    async def _ask_record(self, left: _Left) -> None:
        async with self._asking():
            try:
                record = await self.reads.one("/calls", left.call_id)
            except ReadFailed as failed:
                if failed.http_status != 404:
                    raise
                self._heard()
                if self._age(left) >= _INDEX_LAG:
                    self.not_found.add(left.call_id)
                    self._left.pop(left.call_id, None)
                return
            await self._take_record(left, record)

    async def _take_summary(self, left: _Left, call: Record) -> None:
        told = read_call(call)
        self._note(left, told)
        await self.book.write(left.call_id, told, detailed=False)

    async def _take_record(self, left: _Left, record: Record) -> None:
        told = read_call(record)
        self._note(left, told)
        over_for = asyncio.get_running_loop().time() - left.over_since if left.over_since is not None else 0.0
        complete = told.ended and (told.analysed or over_for >= _ANALYSIS_LAG_SECONDS)
        await self.book.write(left.call_id, told, detailed=complete)
        if complete:
            self._left.pop(left.call_id, None)

    def _note(self, left: _Left, told: Told) -> None:
        left.seen_in = self._round
        if told.ended:
            left.wanted.ended = True
            if left.over_since is None:
                left.over_since = asyncio.get_running_loop().time()
