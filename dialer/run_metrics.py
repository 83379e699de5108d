"""The figures of one run, counted from its ledger and written into the metrics file while it lasts."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from dialer import metrics, screens
from dialer.errors import DialerError
from dialer.ledger import Ledger
from dialer.loads import latest_load
from dialer.pool import Progress
from dialer.standing import Point, count_rows

EVERY_SECONDS = 15.0


@dataclass(slots=True)
class Meter:
    """Counts a run, and writes its figures; what cannot be written is said once and costs nothing else."""

    path: Path
    campaign: str
    campaign_id: int
    ledger: Ledger
    recall_after: timedelta
    begun: float  # by time.monotonic
    failed: bool = False

    def write(self, progress: Progress | None, *, exit_code: int | None = None) -> None:
        """Write what is known now; `exit_code` is None while the run lasts."""
        if self.failed:
            return
        try:
            metrics.write(self.path, self._figures(progress, exit_code))
        except OSError as error:
            self.failed = True
            _unwritten(self.path, error)

    def _figures(self, progress: Progress | None, exit_code: int | None) -> metrics.Figures:
        now = self.ledger.clock()
        with self.ledger.reading() as connection:
            load = latest_load(connection, self.campaign_id)
            point = Point(now=now, recall_since=now - self.recall_after)
            rows = count_rows(connection, load, point) if load is not None else {}
        calls, pace = {}, None
        if progress is not None:
            pace = progress.rate.per_second
            calls = {
                "called": progress.called,
                "failed": progress.failed,
                "unknown": progress.unknown,
                "throttled": progress.throttled,
            }
        return metrics.Figures(
            campaign=self.campaign,
            at=now.timestamp(),
            seconds=time.monotonic() - self.begun,
            exit_code=exit_code,
            rows=rows,
            calls=calls,
            pace_asked=pace,
            pace_used=None if progress is None or pace is None else pace * progress.share,
        )


@asynccontextmanager
async def measured(meter: Meter | None, progress: Progress) -> AsyncIterator[None]:
    """Write the figures now and then until the block is left, in a thread of their own."""
    if meter is None:
        yield
        return

    async def measure() -> None:
        while True:
            await asyncio.to_thread(meter.write, progress)
            await asyncio.sleep(EVERY_SECONDS)

    task = asyncio.create_task(measure(), name="metrics")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})


@contextmanager
def failures_measured(path: Path | None, campaign: str) -> Iterator[None]:
    """Write the exit code of a run that ends with an error, wherever that happens."""
    begun = time.monotonic()
    try:
        yield
    except BaseException as error:
        if path is not None:
            code = error.exit_code if isinstance(error, DialerError) else 1
            code = 130 if isinstance(error, KeyboardInterrupt) else code
            ended = metrics.Figures(campaign, time.time(), time.monotonic() - begun, exit_code=code)
            try:
                metrics.write(path, ended)
            except OSError as failed:
                _unwritten(path, failed)
        raise


def _unwritten(path: Path, error: OSError) -> None:
    screens.say(f"The metrics {path} cannot be written ({error}): the work goes on without them.")
