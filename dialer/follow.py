"""Follows the calls of a campaign until every one has ended: asks the API's records, writes down each answer.

A round looks through the list of calls first, which tells of a hundred at once; asks for those that the
list lacks by their id, and by their contact where the API does not know the id; and reads the full record
of each call that is over. What fails in one round is asked again in the next one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from datetime import timedelta

from dialer.call_words import Told, happened_before, read_call
from dialer.errors import AccessDenied, Unreachable
from dialer.fates import LIVES, FateBook, Wanted
from dialer.ledger import Clock
from dialer.listings import NoReply, ReadFailed, Reads, Record

_ASKERS = 8  # GETs under way, at most; `Reads` keeps the pace
_FIRST_WAIT_SECONDS = 1.0  # between two rounds; grows
_LONGEST_WAIT_SECONDS = 30.0
_GROWTH = 1.5
_OLD_IN_A_ROW = 100  # so many records older than every wanted call: the rest of the list is older still
_CLOCKS_DIFFER = timedelta(hours=1)  # ours and the API's, at most, for the list to be left early
_INDEX_LAG = timedelta(minutes=2)  # a call that was only just made may not be found yet
_ANALYSIS_LAG_SECONDS = 60.0  # after a call's end; from then on a record without an analysis is final
_MOST_ODD_ANSWERS = 3  # ... and so is one that cannot be read at all
_MOST_SILENT = 3  # GETs in a row without a reply: the rest of the round is left out

Listen = Callable[[int], None]  # how many calls are still waited for
_REFUSALS = {
    401: ("unauthorized", "set VOZAGENT_API_KEY to a valid key"),
    402: ("payment_required", "renew the subscription"),
    403: ("forbidden", "give the key the right to read calls in the VozAgent dashboard"),
}


@dataclass(frozen=True, slots=True)
class Patience:
    """How long is waited for what. Reading what has ended takes as long as it takes."""

    give_up_after: timedelta = timedelta(minutes=30)  # for calls to end
    unreachable_after: timedelta = timedelta(seconds=60)  # for an API that does not reply


@dataclass(slots=True)
class _Left:
    """A call that is still waited for."""

    wanted: Wanted
    told: Told | None = None  # the last that was heard of it
    seen_in: int = 0  # the last round in which a record told of it, from 1
    over_since: float = 0.0  # the loop's time when it was first seen to be over
    odd_answers: int = 0

    @property
    def call_id(self) -> str:
        return self.wanted.call_id


class Follower:
    """Asks until nothing is left to be asked: `await Follower(reads, book, clock=clock).follow()`."""

    def __init__(
        self,
        reads: Reads,
        book: FateBook,
        *,
        clock: Clock,
        patience: Patience | None = None,
        listen: Listen = lambda _left: None,
    ) -> None:
        self.not_found: set[str] = set()  # ids that the API does not know
        self._reads = reads
        self._book = book
        self._clock = clock
        self._patience = patience or Patience()
        self._listen = listen
        self._left: dict[str, _Left] = {}
        self._round = 0
        self._lists_failed = 0  # rounds in a row
        self._silent = 0  # GETs in a row without a reply
        self._silent_since: float | None = None
        self._why = ""

    async def follow(self) -> None:
        """Return when every call has ended, is unknown to the API, or was waited for long enough.

        Raises AccessDenied if the key may not read, Unreachable if no reply came for too long. Whatever was
        heard until then is written down.
        """
        self._left = {each.call_id: _Left(each) for each in await self._book.wanted()}
        loop = asyncio.get_running_loop()
        end = loop.time() + self._patience.give_up_after.total_seconds()
        wait = _FIRST_WAIT_SECONDS
        while self._left:
            begun = loop.time()
            await self._look()
            self._listen(len(self._left))
            remains = end - loop.time()
            if not self._left or remains <= 0:
                break
            # However long the list is, half of the time nobody is asked.
            await asyncio.sleep(min(remains, max(wait, loop.time() - begun)))
            wait = min(wait * _GROWTH, _LONGEST_WAIT_SECONDS)
        await self._book.mark_stale()

    async def _look(self) -> None:
        """One round: calls that need nothing more leave `_left`."""
        self._round += 1
        self._silent = 0
        if await self._look_through_list() or self._lists_failed > 1:
            await self._each(self._unseen(), self._ask_record)
        await self._each([left for left in self._left.values() if left.wanted.ended], self._ask_record)
        self._leave_the_old()
        self._check_reachable()

    def _unseen(self) -> list[_Left]:
        return [x for x in self._left.values() if not x.wanted.ended and x.seen_in < self._round]

    async def _look_through_list(self) -> bool:
        """Take from the list of all calls what it tells of ours; False if it could not be read far enough."""
        awaited = {left.call_id for left in self._unseen() if self._age(left) < LIVES}
        if not awaited:
            return True
        oldest = min(self._left[call_id].wanted.sent_at for call_id in awaited) - _CLOCKS_DIFFER
        older_in_row = 0
        read = False
        with self._asking():
            async with aclosing(self._reads.all("/calls", {"call_type": "outbound"})) as calls:
                async for call in calls:
                    await self._take_summary(call)
                    awaited.discard(str(call["id"]))
                    older_in_row = older_in_row + 1 if happened_before(call, oldest) else 0
                    if not awaited or older_in_row >= _OLD_IN_A_ROW:
                        break
            read = True
        self._lists_failed = 0 if read else self._lists_failed + 1
        return read

    async def _each(self, lefts: Sequence[_Left], ask: Callable[[_Left], Awaitable[None]]) -> None:
        """Ask for each call, several at a time; the first error ends it."""
        waiting = iter(lefts)

        async def work() -> None:
            for left in waiting:
                if self._silent >= _MOST_SILENT:
                    return
                with self._asking():
                    await ask(left)

        try:
            async with asyncio.TaskGroup() as askers:
                for place in range(min(_ASKERS, len(lefts))):
                    askers.create_task(work(), name=f"asker {place}")
        except BaseExceptionGroup as several:
            raise several.exceptions[0] from several

    async def _ask_record(self, left: _Left) -> None:
        try:
            record = await self._reads.one("/calls", left.call_id)
        except ReadFailed as failed:
            if failed.http_status == 404:
                await self._look_elsewhere(left)
            elif failed.http_status is None and not isinstance(failed, NoReply):
                left.odd_answers += 1
                if left.odd_answers >= _MOST_ODD_ANSWERS:
                    await self._without_record(left)
            raise
        told = read_call(record)
        over_for = self._note(left, told)
        final = told.ended and (told.analysed or over_for >= _ANALYSIS_LAG_SECONDS)
        await self._book.write(left.call_id, told, detailed=final)
        if final:
            self._left.pop(left.call_id, None)

    async def _look_elsewhere(self, left: _Left) -> None:
        """The API does not know this id; perhaps a list does."""
        if not left.wanted.ended:
            await self._ask_contact(left)
        is_missing = left.wanted.ended or left.seen_in < self._round
        if is_missing and self._age(left) >= _INDEX_LAG:
            await self._without_record(left)

    async def _ask_contact(self, left: _Left) -> None:
        if left.wanted.contact_id is None:
            return
        asked = {"contact_id": left.wanted.contact_id, "call_type": "outbound"}
        async with aclosing(self._reads.all("/calls", asked)) as calls:
            async for call in calls:
                await self._take_summary(call)
                if str(call["id"]) == left.call_id:
                    break

    async def _without_record(self, left: _Left) -> None:
        """Take it that the API has no more to say of this call than its lists did."""
        self._left.pop(left.call_id, None)
        if left.wanted.ended and left.told is not None:
            await self._book.write(left.call_id, left.told, detailed=True)
        elif not left.wanted.ended:
            self.not_found.add(left.call_id)

    async def _take_summary(self, call: Record) -> None:
        left = self._left.get(str(call["id"]))
        if left is None or left.wanted.ended:
            return
        told = read_call(call)
        news = told != left.told
        self._note(left, told)
        if news:
            await self._book.write(left.call_id, told, detailed=False)

    def _note(self, left: _Left, told: Told) -> float:
        """Keep what was heard; gives for how many seconds the call has been seen to be over."""
        now = asyncio.get_running_loop().time()
        left.told, left.seen_in = told, self._round
        if not told.ended:
            return 0.0
        left.wanted.ended = True
        left.over_since = left.over_since or now
        return now - left.over_since

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """What fails is asked again in the next round, unless the key is at fault."""
        try:
            yield
        except ReadFailed as failed:
            if failed.http_status in _REFUSALS:
                code, mend = _REFUSALS[failed.http_status]
                raise AccessDenied(
                    f"The API answered {failed.http_status} when it was asked for calls: {mend}, "
                    "then run the same command again.",
                    code=code,
                ) from None
            if isinstance(failed, NoReply):
                self._silent += 1
                self._why = failed.why
                if self._silent_since is None:
                    self._silent_since = asyncio.get_running_loop().time()
                return
        self._silent = 0
        self._silent_since = None

    def _check_reachable(self) -> None:
        if self._silent_since is None:
            return
        for_seconds = asyncio.get_running_loop().time() - self._silent_since
        longest = min(self._patience.unreachable_after, self._patience.give_up_after)
        if for_seconds >= longest.total_seconds():
            raise Unreachable(
                f"The API could not be reached ({self._why}): what was heard of the calls is written down, "
                "and the same command goes on.",
                code="unreachable",
            )

    def _leave_the_old(self) -> None:
        """A call that was looked at and is as old as this will not end any more."""
        self._left = {
            left.call_id: left
            for left in self._left.values()
            if left.wanted.ended or left.seen_in < self._round or self._age(left) < LIVES
        }

    def _age(self, left: _Left) -> timedelta:
        return self._clock() - left.wanted.sent_at
