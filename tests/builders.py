"""Valid values by default, so that a test states only what matters to it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

from dialer import account, fates, journal, loads, whom
from dialer.bounds import NO_BOUNDS, Bounds
from dialer.campaign import Breakers, Duplicates, Policy, Rate
from dialer.dialing import already_sent
from dialer.journal import RunJournal
from dialer.leads import Lead, RowReading, Verdict
from dialer.ledger import Ledger
from dialer.pace import Pace
from dialer.phones import Tier
from dialer.pool import Closed, Means, Pool, Progress
from dialer.results import RowResult
from dialer.vozagent import Api, Connection
from dialer.whom import Choice
from dialer.writer import InlineWriter
from tests.simulated_api import SimulatedApi
from tests.virtual_time import VirtualLoop

API = Api("http://127.0.0.1:9/v1", "sk_test")


def number(index: int) -> str:
    """Fictional numbers: 555-01xx in a hundred area codes from 201 on."""
    return f"+1{201 + index // 100}55501{index % 100:02d}"


def lead(row: int = 2, **changes: Any) -> Lead:
    """A lead in row `row`, with a number of its own."""
    valid: dict[str, Any] = {
        "row": row,
        "phone": number(row),
        "tier": Tier.EXACT,
        "region": "US",
        "cell": f"A{row}",
        "first_name": "Ann",
        "last_name": "Example",
    }
    return Lead(**valid | changes)


def reading(one: Lead, verdict: Verdict = Verdict.CALLABLE) -> RowReading:
    """The reading of a row that gave a lead."""
    return RowReading(row=one.row, verdict=verdict, cell=one.cell, lead=one)


def policy(**changes: Any) -> Policy:
    """Ten a second, two callers, breakers that do not interfere."""
    valid: dict[str, Any] = {
        "assistant_name": "Voz",
        "rate": Rate(count=10),
        "concurrency": 4,
        "timeout": timedelta(seconds=5),
        "breakers": Breakers(max_unknown_in_row=1000, max_refused_in_row=1000),
    }
    return Policy(**valid | changes)


@dataclass
class World:
    """A campaign in a real ledger, a simulated API, and a loop on virtual time."""

    folder: Path
    leads: Sequence[Lead] = field(default_factory=lambda: [lead(row) for row in range(2, 12)])
    api: SimulatedApi = field(default_factory=SimulatedApi)
    name: str = "leads"
    bounds: Bounds = NO_BOUNDS  # of every run
    pool: Pool | None = None  # of the last run

    def __post_init__(self) -> None:
        self.loop = VirtualLoop()
        self.ledger = Ledger(self.folder / "ledger.sqlite3", clock=self.loop.utc_now)
        self.load(self.leads)

    def close(self) -> None:
        """Release the file and the loop."""
        self.ledger.close()
        self.loop.close()

    def load(self, leads: Sequence[Lead], *, duplicates: Duplicates = Duplicates.FIRST) -> None:
        """Load these leads as a new sheet of the campaign."""
        self.load_readings([reading(one) for one in leads], duplicates=duplicates)

    def load_readings(
        self, readings: Sequence[RowReading], *, duplicates: Duplicates = Duplicates.FIRST
    ) -> None:
        """Load these rows as a new sheet of the campaign."""
        now = self.loop.utc_now()
        with self.ledger.transaction() as connection:
            self.campaign = loads.ensure_campaign(connection, self.name, now=now)
            before = loads.latest_load(connection, self.campaign.campaign_id, complete_only=True)
            self.load_id = loads.begin_load(
                connection, self.campaign.campaign_id, path="leads.csv", sha256="", reading="{}", now=now
            )
            batches = loads.Batches(
                self.campaign.campaign_id, self.load_id, duplicates, before.load_id if before else None
            )
            batches.add(connection, readings)
            loads.complete_load(
                connection, load_id=self.load_id, campaign_id=self.campaign.campaign_id, understood="{}"
            )

    def choice(self, chosen: Policy) -> Choice:
        """What a run with this policy calls; begins a new run."""
        now = self.loop.utc_now()
        with self.ledger.transaction() as connection:
            run_id = loads.begin_run(
                connection, self.campaign.campaign_id, settings={}, rows=chosen.rows, now=now
            )
        return whom.choose(
            chosen,
            campaign_id=self.campaign.campaign_id,
            load_id=self.load_id,
            run_id=run_id,
            now=now,
            bounds=self.bounds,
        )

    def run(
        self,
        chosen: Policy | None = None,
        *,
        closed: Callable[[Lead], Closed | None] = lambda _lead: None,
        meanwhile: Callable[[Pool], Coroutine[Any, Any, None]] | None = None,
        wrap: Callable[[RunJournal], Any] = lambda journal: journal,
    ) -> Progress:
        """Run the campaign to its end on virtual time."""
        chosen = chosen or policy()
        return self.loop.run_until_complete(self._run(chosen, self.choice(chosen), closed, meanwhile, wrap))

    async def _run(
        self,
        chosen: Policy,
        choice: Choice,
        closed: Callable[[Lead], Closed | None],
        meanwhile: Callable[[Pool], Coroutine[Any, Any, None]] | None,
        wrap: Callable[[RunJournal], Any] = lambda journal: journal,
    ) -> Progress:
        means = Means(
            journal=wrap(RunJournal(InlineWriter(self.ledger), choice, clock=self.loop.utc_now)),
            connect=lambda: Connection(replace(API, timeout=chosen.timeout), transport=self.api),
            pace=Pace(
                chosen.rate, already_sent=already_sent(self.ledger, chosen.rate), clock=self.loop.utc_now
            ),
            clock=self.loop.utc_now,
            dice=Random(7),  # noqa: S311 - a seed makes every run the same run
            closed=closed,
        )
        pool = self.pool = Pool(chosen, means)
        other = asyncio.create_task(meanwhile(pool)) if meanwhile else None
        try:
            return await pool.run()
        finally:
            if other is not None:
                other.cancel()

    def settle_crash(self) -> int:
        """What the next start does first."""
        with self.ledger.transaction() as connection:
            return journal.close_interrupted(connection, self.campaign.campaign_id, now=self.loop.utc_now())

    def hears(self, row: int, told: fates.Told) -> None:
        """The API has told this of the newest call of a row; of a row without a call_id it tells nothing."""
        call_id = next(result.call_id for result in self.results() if result.row == row)
        if call_id is None:
            return
        with self.ledger.transaction() as connection:
            fates.write_fate(
                connection, self.campaign.campaign_id, call_id, told, detailed=True, now=self.loop.utc_now()
            )

    def results(self) -> list[RowResult]:
        """What stands beside each row now."""
        with self.ledger.reading() as connection:
            return list(
                account.row_results(
                    connection,
                    campaign_id=self.campaign.campaign_id,
                    load_id=self.load_id,
                    recall_after=timedelta(hours=24),
                    now=self.loop.utc_now(),
                )
            )

    def statuses(self) -> dict[int, str]:
        """The status of each row."""
        return {result.row: result.status for result in self.results()}
