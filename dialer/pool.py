"""Callers take leads from the journal, wait for their turn, call, and write down what came of it.

Every caller has its own connection; all share one pace, one tally and one reason to stop. The order
of things is the product: intent committed, then the turn, then the first byte, then the outcome.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from datetime import datetime, timedelta

from dialer.campaign import Policy
from dialer.caps import Capped
from dialer.journal import Attempt, Ending
from dialer.outcomes import Called, Outcome, Throttled, Unsent
from dialer.patience import Patience
from dialer.plan import call_request
from dialer.pool_means import Closed, HoursCheck, Journal, Listener, Means, Progress, deadline
from dialer.retry import LeadState, Stop, Tally, decide
from dialer.vozagent import Connection, Exchange, TakeTurn, TurnWithdrawn, outcome_when_cut_off
from dialer.whom import DueLead

__all__ = ["Closed", "HoursCheck", "Journal", "Listener", "Means", "Pool", "Progress"]

DRAIN_SECONDS = 30.0  # how long calls in flight may take after a stop
_PAUSE_CHECK_SECONDS = 1.0
_WAIT_CHECK_SECONDS = 1.9  # so often an order is looked for while the next calling hours are waited for
_LEAST_WAIT_SECONDS = 1.0
_BATCH = 200
_COMMIT_TRIES = 5


class Pool:
    """Calls every lead that the journal says is due, once."""

    def __init__(self, policy: Policy, means: Means) -> None:
        self.progress = Progress(rate=policy.rate)
        self._policy = policy
        self._means = means
        self._tally = Tally()
        self._buffer: deque[DueLead] = deque()
        self._after_row = -1
        self._exhausted = False
        self._fetching = asyncio.Lock()
        self._in_hand = 0  # leads that callers hold
        self._queued: set[int] = set()  # ... of these, by id, those whose call has not begun
        self._taken = 0  # ... and have held, but for those given back: what `--limit` counts
        self._shut = False  # no more calls may be begun, unless one under way turns out not to count
        self._changed = asyncio.Event()
        self._stopped = asyncio.Event()
        self._error: Exception | None = None
        self._patience = Patience(give_up_after=policy.give_up_after)
        self._held_since = float("-inf")
        self._opens_at: datetime | None = None  # when the first of those may be called who have to wait

    def stop(self, stop: Stop) -> None:
        """Take no more leads; calls in flight finish. The first reason given counts, or the first alarm."""
        before = self.progress.stop
        if before is None or (stop.alarm and not before.alarm):
            self.progress.stop = stop
        self._means.pace.close()
        self._stopped.set()
        self._changed.set()

    async def run(self) -> Progress:
        """Call until nothing is due or the run is stopped; leave with nothing in flight.

        A policy that waits goes through those who are due again whenever calling hours open for one of them.
        Raises DialerError if the ledger failed; what it did not take stands in `progress.unwritten`.
        """
        await self._call_all()
        while (opens_at := self._next_opening()) is not None:
            await self._wait_until(opens_at)
            if self.progress.stop is None:
                self._begin_anew()
                await self._call_all()
        if self._error is not None:
            raise self._error
        return self.progress

    async def _call_all(self) -> None:
        async with asyncio.TaskGroup() as group:
            watch = group.create_task(self._watch_pause(), name="pause-watch")
            callers = [
                group.create_task(self._work(), name=f"caller-{number}")
                for number in range(1, self._policy.callers + 1)
            ]
            drain = group.create_task(self._drain(callers), name="drain")
            await asyncio.wait(callers)
            watch.cancel()
            drain.cancel()

    def _next_opening(self) -> datetime | None:
        """Until when to wait for calling hours; None where the run is over."""
        until = self._policy.until
        if not self._policy.wait or self.progress.stop is not None or not self._within_limit():
            return None
        if self._opens_at is None or (until is not None and self._opens_at >= until):
            return None
        return self._opens_at

    async def _wait_until(self, moment: datetime) -> None:
        """Wait by the clock on the wall, which goes on while a machine sleeps; orders to stop are heard."""
        self.progress.waiting_until = moment
        wait = _LEAST_WAIT_SECONDS
        while wait > 0 and not self._stopped.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(min(wait, _WAIT_CHECK_SECONDS)):
                    await self._stopped.wait()
            await self._look_for_orders()
            wait = (moment - self._means.clock()).total_seconds()
        self.progress.waiting_until = None

    def _begin_anew(self) -> None:
        """Go through all who are due once more, from the first row on."""
        self._after_row, self._exhausted, self._opens_at = -1, False, None
        self.progress.deferred = self.progress.capped = 0

    async def _drain(self, callers: list[asyncio.Task[None]]) -> None:
        await self._stopped.wait()
        await asyncio.sleep(DRAIN_SECONDS)
        for caller in callers:
            caller.cancel()

    async def _watch_pause(self) -> None:
        while not self._stopped.is_set():
            await asyncio.sleep(_PAUSE_CHECK_SECONDS)
            await self._look_for_orders()
            if self._buffer or self._queued or not self._exhausted:
                self._is_late()

    async def _look_for_orders(self) -> None:
        try:
            stop = await self._means.journal.stop_asked()
        except Exception as error:  # noqa: BLE001 - whatever it is, the calls in flight must finish
            self._fail(error)
            return
        if stop is not None:
            self.stop(stop)

    def _is_late(self) -> bool:
        """Whether the time has come from which on no call may begin; then the run ends."""
        until = self._policy.until
        if until is None or self._means.clock() < until:
            return False
        self.stop(deadline(until))
        return True

    async def _work(self) -> None:
        try:
            async with self._means.connect() as connection:
                while (lead := await self._take()) is not None:
                    try:
                        await self._call(connection, lead)
                    finally:
                        self._in_hand -= 1
                        self._queued.discard(lead.lead_id)
                        self._wake()
        except Exception as error:  # noqa: BLE001 - one caller's fault must not cut off the calls of the others
            self._fail(error)

    def _fail(self, error: Exception) -> None:
        self._error = self._error or error
        self.stop(Stop("ledger", str(error), exit_code=78))

    async def _take(self) -> DueLead | None:
        """The next lead, or None when there is none and none can come back from another caller."""
        while self.progress.stop is None:
            if self._within_limit():
                async with self._fetching:
                    if not self._buffer and not self._exhausted:
                        await self._fetch()
            # Asked again, for while the journal was read others may have taken what there was. From here
            # to the return nobody else runs.
            held = self._shut and self._in_hand > 0  # while the journal lets nobody be called: one by one
            if self._buffer and self._within_limit() and self.progress.stop is None and not held:
                self._in_hand += 1
                self._taken += 1
                lead = self._buffer.popleft()
                self._queued.add(lead.lead_id)
                return lead
            if held or not self._within_limit() or (self._exhausted and not self._buffer):
                if self._in_hand == 0:
                    return None
                await self._changed.wait()
        return None

    def _within_limit(self) -> bool:
        return self._policy.limit is None or self._taken < self._policy.limit

    async def _fetch(self) -> None:
        batch = await self._means.journal.due(after_row=self._after_row, most=_BATCH)
        self._exhausted = len(batch) < _BATCH
        if batch:
            self._after_row = batch[-1].lead.row
        shut = {lead.lead_id: closed for lead in batch if (closed := self._means.closed(lead.lead))}
        self._buffer.extend(lead for lead in batch if lead.lead_id not in shut)
        # Side by side, so that they share a commit.
        waiting = [self._defer(lead, shut[lead.lead_id]) for lead in batch if lead.lead_id in shut]
        await asyncio.gather(*waiting)

    def _wake(self) -> None:
        """Let whoever waits for a lead look again."""
        self._changed.set()
        self._changed = asyncio.Event()
        if self.progress.stop is not None:
            self._changed.set()

    def _give_back(self, lead: DueLead, *, again: bool) -> None:
        self._taken -= 1
        if again:
            self._buffer.append(lead)

    async def _call(self, connection: Connection, lead: DueLead) -> None:
        # Asked before a turn is waited for, so that those who must wait use up no pace, and once more at
        # the turn, since at a slow pace the hour may have passed meanwhile.
        if self._is_late() or await self._deferred(lead):
            return
        async with self._means.pace.make_ready() as take_turn:
            if self.progress.stop is not None or self._is_late() or await self._deferred(lead):
                return
            attempt = await self._begin(lead)
            if not isinstance(attempt, Attempt):
                self._let_go(lead, attempt)
                return
            self._queued.discard(lead.lead_id)
            self._shut = False
            begun = asyncio.get_running_loop().time()
            exchange = Exchange(note_sent=self._means.pace.note_sent)
            request = call_request(attempt.due.lead, self._policy)
            try:
                outcome = await connection.create_call(
                    request, take_turn=self._in_time(take_turn), exchange=exchange
                )
            except asyncio.CancelledError:
                await self._settle(attempt, outcome_when_cut_off(exchange, request), exchange, begun)
                raise
        await self._settle(attempt, outcome, exchange, begun)

    def _in_time(self, take_turn: TakeTurn) -> TakeTurn:
        """The same turn, but given back once the run's time is over."""

        async def take() -> None:
            await take_turn()
            if self._is_late():
                raise TurnWithdrawn

        return take

    async def _deferred(self, lead: DueLead) -> bool:
        closed = self._means.closed(lead.lead)
        if closed is None:
            return False
        self._give_back(lead, again=False)
        await self._defer(lead, closed)
        return True

    async def _defer(self, lead: DueLead, closed: Closed) -> None:
        self.progress.deferred += 1
        self._note_opening(closed.until)
        await self._means.journal.defer(lead, until=closed.until, reason=closed.reason)

    def _note_opening(self, opens_at: datetime | None) -> None:
        if opens_at is not None and (self._opens_at is None or opens_at < self._opens_at):
            self._opens_at = opens_at

    def _let_go(self, lead: DueLead, why: Capped | Stop | None) -> None:
        """Count a lead that the journal does not let be called now."""
        self._give_back(lead, again=isinstance(why, Stop))
        match why:
            case Stop() if self._in_hand == 1:
                self.stop(why)
            case Stop():
                self._shut = True  # until it is known whether those under way used up what there was
            case Capped():
                self.progress.deferred += 1
                self.progress.capped += 1
                self._note_opening(why.until)
            case None:
                self.progress.skipped += 1

    async def _begin(self, lead: DueLead) -> Attempt | Capped | Stop | None:
        """Commit the intent. If the run is cut off meanwhile the intent is taken back: nothing was sent."""
        beginning = asyncio.ensure_future(self._means.journal.begin(lead))
        try:
            return await asyncio.shield(beginning)
        except asyncio.CancelledError:
            attempt = await beginning
            if isinstance(attempt, Attempt):
                unsent = Unsent("the run was stopped", unreachable=False)
                await self._settle(attempt, unsent, Exchange(), asyncio.get_running_loop().time())
            raise

    async def _settle(self, attempt: Attempt, outcome: Outcome, exchange: Exchange, begun: float) -> None:
        """React at once, then write down: the others must not send on while a commit is under way."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        decision = decide(
            outcome, self._tally, breakers=self._policy.breakers, dice=self._means.dice.random()
        )
        sent_at = None
        if exchange.sent_at is not None:
            sent_at = self._means.clock() - timedelta(seconds=loop.time() - exchange.sent_at)
        self._patience.note(outcome, sent=exchange.started, answered=exchange.status is not None, now=now)
        sent = begun if exchange.sent_at is None else exchange.sent_at
        if isinstance(outcome, Throttled | Unsent) and sent < self._held_since:
            # Sent before everybody was told to wait: old news, which must not lengthen the wait, unless
            # the API itself asks for more.
            if isinstance(outcome, Throttled) and outcome.retry_after_seconds is not None:
                self._means.pace.hold(decision.wait_seconds)
        else:
            self._tally = decision.tally
            if decision.wait_seconds:
                self._held_since = now
                self._means.pace.hold(self._patience.within(decision.wait_seconds, now=now))
            if decision.slow_down:
                self._means.pace.slow_down()
        if isinstance(outcome, Called):
            self._means.pace.climb_back()
        self.progress.share = self._means.pace.share
        stop = decision.stop or self._patience.stop(now=now)
        if stop is not None:
            self.stop(stop)
        self.progress.throttled += isinstance(outcome, Throttled)
        self._count(attempt.due, decision.state)
        await self._write(attempt, Ending(outcome, decision, sent_at))
        self._means.listen(attempt.due, outcome, now - sent)

    def _count(self, lead: DueLead, state: LeadState) -> None:
        match state:
            case LeadState.CALLED:
                self.progress.called += 1
            case LeadState.FAILED:
                self.progress.failed += 1
            case LeadState.UNKNOWN:
                self.progress.unknown += 1
            case LeadState.DUE | LeadState.SENDING:
                self._give_back(lead, again=True)

    async def _write(self, attempt: Attempt, ending: Ending) -> None:
        """Commit the outcome; if the ledger refuses, send nothing more, keep the outcome and try again."""
        for attempted in range(1, _COMMIT_TRIES + 1):
            try:
                if attempted > 1:
                    await asyncio.sleep(attempted - 1)
                await self._means.journal.end(attempt, ending)
            except Exception as error:  # noqa: BLE001 - whatever the fault is, the outcome must not be lost
                self._fail(error)
            except asyncio.CancelledError:
                self.progress.unwritten.append((attempt, ending.outcome))
                raise
            else:
                return
        self.progress.unwritten.append((attempt, ending.outcome))
