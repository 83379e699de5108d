"""Intents and outcomes go into the ledger as the pool writes them; nothing is sent: LEDGER PAIRS CALLERS."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from datetime import timedelta
from pathlib import Path

from dialer import loads, whom
from dialer.campaign import Policy
from dialer.journal import Attempt, Ending, RunJournal
from dialer.ledger import Ledger
from dialer.outcomes import Called
from dialer.retry import Decision, LeadState, Tally
from dialer.writer import group_writer
from tests.benchmarks.parts.load import collect_as_dialer, fill


def called(number: int) -> Called:
    """A call with an id of its own."""
    return Called(201, f"call-{number:08x}", "queued", is_new_contact=True, contact_id=f"c{number:08x}")


async def write_pairs(ledger: Ledger, choice: whom.Choice, *, pairs: int, callers: int) -> float:
    """So many callers begin and end attempts; gives the seconds."""
    decision = Decision(LeadState.CALLED, Tally(), counts_as_attempt=True)
    async with group_writer(ledger) as writer:
        run = RunJournal(writer, choice, clock=ledger.clock)
        due = iter(await run.due(after_row=-1, most=pairs))
        began = time.perf_counter()

        async def call() -> None:
            for lead in due:
                attempt = await run.begin(lead)
                assert isinstance(attempt, Attempt)
                await run.end(attempt, Ending(called(attempt.attempt_id), decision, ledger.clock()))

        async with asyncio.TaskGroup() as group:
            for _ in range(callers):
                group.create_task(call())
        return time.perf_counter() - began


def choose(ledger: Ledger, campaign: loads.Campaign, load_id: int) -> whom.Choice:
    """Everybody of a load, in a run of its own."""
    now = ledger.clock()
    policy = Policy(assistant_name="Voz", recall_after=timedelta(hours=24))
    with ledger.transaction() as connection:
        run_id = loads.begin_run(connection, campaign.campaign_id, settings={}, rows=(), now=now)
    return whom.choose(policy, campaign_id=campaign.campaign_id, load_id=load_id, run_id=run_id, now=now)


def main(path: str, pairs: str, callers: str) -> None:
    """Fill a ledger, write the pairs, and say how long that took."""
    collect_as_dialer()
    ledger = Ledger(Path(path))
    campaign, load_id, _ = fill(ledger, int(pairs))
    choice = choose(ledger, campaign, load_id)
    seconds = asyncio.run(write_pairs(ledger, choice, pairs=int(pairs), callers=int(callers)))
    ledger.close()
    sys.stdout.write(json.dumps({"seconds": seconds}) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
