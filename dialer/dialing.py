"""The calls of one run: the pool on its event loop, with progress shown and signals heard."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from random import Random
from typing import assert_never

from rich.console import Console

from dialer import journal, logs, orders, reconcile, screens
from dialer.call_log import CallLog
from dialer.campaign import Policy, Rate
from dialer.journal import RunJournal
from dialer.ledger import Ledger
from dialer.listings import Reads
from dialer.lookups import check_assistant, check_assistants
from dialer.outcomes import Called, Forbidden, Halted, Outcome, Refused, Throttled, Unknown, Unsent
from dialer.pace import Pace
from dialer.phones import mask
from dialer.pool import HoursCheck, Listener, Means, Pool, Progress
from dialer.progress import shown
from dialer.reconciling import unread
from dialer.retry import Stop
from dialer.run_metrics import Meter, measured
from dialer.vozagent import Api, Connection, ssl_context
from dialer.whom import Choice, DueLead, count_by_assistant
from dialer.writer import Writer, group_writer

# A terminal that is closed ends a run as gently as SIGTERM does.
INTERRUPTIONS = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 143}
# No server is known to drop a connection as young as this.
_LONGEST_IDLE_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Talk:
    """How much is said while calls are made."""

    console: Console
    quiet: bool = False
    verbose: bool = False


@dataclass(frozen=True, slots=True)
class Dialing:
    """What a run calls, how, and from which ledger."""

    api: Api
    ledger: Ledger
    policy: Policy
    choice: Choice
    closed: HoursCheck
    planned: int  # how many calls, for the progress bar
    talk: Talk
    meter: Meter | None = None


def dial(dialing: Dialing) -> Progress:
    """Check the assistant, then call everybody who is due; gives what was done and why it stopped, if it did.

    Raises SettingsError if the assistant is surely missing or inactive, or if the ledger fails.
    """
    # One context for all connections: loading the certificates takes 20 ms each time.
    api = replace(dialing.api, ssl_context=ssl_context(), keep_seconds=keep_seconds(dialing.policy))
    return asyncio.run(_dial(replace(dialing, api=api)))


def keep_seconds(policy: Policy) -> float:
    """How long a caller's connection may be idle and still serve its next call.

    Not at all where callers wait for their turns: a server that drops idle connections would make outcomes
    uncertain. Without a wait a new connection for every call would cost a tenth of the pace.
    """
    between_calls = policy.callers / policy.rate.per_second
    return _LONGEST_IDLE_SECONDS if between_calls <= _LONGEST_IDLE_SECONDS else 0


async def _dial(dialing: Dialing) -> Progress:
    policy, talk, clock = dialing.policy, dialing.talk, dialing.ledger.clock
    warning = await _check_assistants(dialing)
    if warning and not talk.quiet:
        screens.say(f"Warning: {warning}")
    async with group_writer(dialing.ledger) as writer:
        trace = _new_trace_tag if policy.trace_tag else None
        pace = Pace(policy.rate, already_sent=already_sent(dialing.ledger, policy.rate), clock=clock)
        means = Means(
            journal=RunJournal(writer, dialing.choice, clock=clock, trace=trace),
            connect=lambda: Connection(dialing.api),
            pace=pace,
            clock=clock,
            dice=Random(),  # noqa: S311 - it only spreads waiting times
            closed=dialing.closed,
            listen=_heard_by(CallLog(rate=str(policy.rate), share=lambda: pace.share), talk),
        )
        pool = Pool(policy, means)
        with dialing.ledger.reading() as connection:
            asked = orders.stop_asked(connection, dialing.choice.campaign_id)
        if asked is not None:
            pool.stop(asked)
        with _signals_stop(pool):
            async with (
                shown(pool.progress, total=dialing.planned, console=talk.console, quiet=talk.quiet),
                _looking_for_unknowns(dialing, writer, pool.progress),
                measured(dialing.meter, pool.progress),
            ):
                try:
                    return await pool.run()
                finally:
                    _tell_unwritten(pool.progress)


async def _check_assistants(dialing: Dialing) -> str | None:
    policy = dialing.policy
    if not policy.assistant_per_row:
        named = policy.assistant_name
        return await check_assistant(dialing.api, name=named, assistant_id=policy.assistant_id)
    with dialing.ledger.reading() as connection:
        wanted = count_by_assistant(connection, dialing.choice)
    return await check_assistants(dialing.api, wanted)


def _new_trace_tag() -> str:
    return f"dialer-{secrets.token_hex(6)}"


@asynccontextmanager
async def _looking_for_unknowns(dialing: Dialing, writer: Writer, progress: Progress) -> AsyncIterator[None]:
    """Until the block is left, look for unknown calls in the API's records, beside the calls."""
    warned = False

    def tell(looked: reconcile.Looked) -> None:
        nonlocal warned
        own = sum(settled.attempt.run_id == dialing.choice.run_id for settled in looked.settled)
        progress.called += own
        progress.unknown -= own
        if looked.settled or looked.trouble:
            logs.note("reconciled", found=len(looked.settled), http_status=looked.http_status)
        if looked.trouble and not warned and not dialing.talk.quiet:
            warned = True
            screens.say(unread(looked.trouble))

    async def look() -> None:
        # Whatever goes wrong here, the calls go on; and a ledger that fails is told of by them.
        with suppress(Exception):
            async with Reads(dialing.api) as reads:
                means = reconcile.Means(reads, writer, dialing.ledger.clock)
                await reconcile.keep_looking(dialing.choice.campaign_id, means, tell=tell)

    task = asyncio.create_task(look(), name="reconcile")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})


def already_sent(ledger: Ledger, rate: Rate) -> list[float]:
    """The calls of the last window, in this loop's time: a restart must not exceed the pace."""
    now = ledger.clock()
    loop_now = asyncio.get_running_loop().time()
    with ledger.reading() as connection:
        sends = journal.latest_sends(
            connection, within=timedelta(seconds=rate.per_seconds), most=rate.count, now=now
        )
    # After a clock was set back they would lie in the future: nobody waits longer than one window.
    return [loop_now - max(0.0, (now - sent).total_seconds()) for sent in sends]


@contextmanager
def _signals_stop(pool: Pool) -> Iterator[None]:
    """The first Ctrl-C, SIGTERM or SIGHUP lets the calls in flight finish; a second one leaves at once."""
    loop = asyncio.get_running_loop()

    def hear(number: signal.Signals) -> None:
        if pool.progress.stop is not None and pool.progress.stop.code == "interrupted":
            # What is under way is written down as sent; the next run finds it and makes it unknown.
            screens.say("Left at once: calls that were under way are unknown, and are not called again.")
            os._exit(INTERRUPTIONS[number])
        sentence = "Stopped: calls under way were finished, the rest is called by the same command."
        pool.stop(Stop("interrupted", sentence, exit_code=INTERRUPTIONS[number]))

    before = {number: signal.getsignal(number) for number in INTERRUPTIONS}
    # Under nohup a closed terminal is to be ignored.
    before = {number: handler for number, handler in before.items() if handler is not signal.SIG_IGN}
    for number in before:
        loop.add_signal_handler(number, hear, number)
    try:
        yield
    finally:
        for number, handler in before.items():
            # asyncio would leave SIGTERM deadly, and the report is still to be written.
            loop.remove_signal_handler(number)
            signal.signal(number, handler)


def _tell_unwritten(progress: Progress) -> None:
    """What the ledger did not take must not be lost: it is said once, with the whole number."""
    for attempt, outcome in progress.unwritten:
        screens.say(f"Not written down: {attempt.due.lead.phone} (row {attempt.due.lead.row}): {outcome}")


def _heard_by(log: CallLog, talk: Talk) -> Listener:
    """Whoever wants to hear of each call: the log always, the console if asked."""
    if not talk.verbose:
        return log
    tell = _tell(talk.console)

    def both(due: DueLead, outcome: Outcome, seconds: float) -> None:
        log(due, outcome, seconds)
        tell(due, outcome)

    return both


def _tell(console: Console) -> Callable[[DueLead, Outcome], None]:
    def tell(due: DueLead, outcome: Outcome) -> None:
        line = f"row {due.lead.row} {mask(due.lead.phone)} {_in_words(outcome)}"
        console.print(line, markup=False, highlight=False, soft_wrap=True)

    return tell


def _in_words(outcome: Outcome) -> str:
    match outcome:
        case Called():
            return f"called: {outcome.status or 'accepted'} {outcome.call_id or '(no call_id)'}"
        case Refused() | Forbidden() | Halted():
            return f"refused ({outcome.http_status} {outcome.code}): {outcome.message}"
        case Throttled():
            return "throttled: it is called later"
        case Unsent():
            return f"not sent ({outcome.reason}): it is called later"
        case Unknown():
            return f"unknown: {outcome.reason}"
        case never:
            assert_never(never)
