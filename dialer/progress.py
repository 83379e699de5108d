"""How a run looks while it lasts: a bar on a terminal, a plain line now and then anywhere else."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn
from rich.text import Text

from dialer import pool
from dialer.screens import in_words

_REFRESH_SECONDS = 0.25
_PLAIN_SECONDS = 10.0
_RATE_WINDOW_SECONDS = 5.0


@asynccontextmanager
async def shown(progress: pool.Progress, *, total: int, console: Console, quiet: bool) -> AsyncIterator[None]:
    """Show `progress` until the block is left; `total` is how many calls were planned."""
    if quiet:
        yield
        return
    draw = _bar if console.is_terminal else _lines
    task = asyncio.create_task(draw(progress, total, console), name="progress")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})
        if progress.throttled:
            console.print(throttled_line(progress), markup=False, highlight=False, soft_wrap=True)


def plain_line(progress: pool.Progress, *, total: int, seconds: float) -> str:
    """One line for a log: what is done, at what rate, and how long it will take."""
    # n calls have n - 1 spaces between them: counted otherwise the pace would seem to be broken at first
    rate = max(0, progress.ended - 1) / seconds if seconds > 0 else 0.0
    left = (
        f", about {in_words(timedelta(seconds=(total - progress.ended) / rate))} left"
        if rate and progress.ended < total
        else ""
    )
    slowed = f", slowed down by the API to {learned_pace(progress)}" if progress.share < 1 else ""
    done = (
        f"{progress.ended} of {total}: {progress.called} called, {progress.failed} failed, "
        f"{progress.unknown} unknown"
    )
    if progress.waiting_until is not None:
        return f"{done}, {waiting_words(progress.waiting_until)}"
    return f"{done}, {rate:.1f}/s{slowed}{left}"


def waiting_words(until: datetime) -> str:
    """Until when a run waits for calling hours, on the clock of this machine."""
    return f"waiting until {until.astimezone():%A %H:%M}"


def learned_pace(progress: pool.Progress) -> str:
    """The pace that the API lets us keep now, in the unit of the rate: `2.5/s`."""
    count, unit = progress.rate.count * progress.share, str(progress.rate).partition("/")[2]
    return f"{count:.0f}/{unit}" if count >= 10 else f"{count:.2g}/{unit}"


def throttled_line(progress: pool.Progress) -> str:
    """What is said at the end of a run that the API slowed down: nobody was lost by it."""
    times = "once" if progress.throttled == 1 else f"{progress.throttled} times"
    return (
        f"The API asked {times} to slow down (429): everybody concerned was asked for again, "
        f"the pace at the end was {learned_pace(progress)} of {progress.rate}."
    )


async def _lines(progress: pool.Progress, total: int, console: Console) -> None:
    begun = time.monotonic()
    waiting_until = None
    while True:
        await asyncio.sleep(_PLAIN_SECONDS)
        if progress.waiting_until is not None and progress.waiting_until == waiting_until:
            continue  # said once: a night of waiting must not fill a log
        waiting_until = progress.waiting_until
        line = plain_line(progress, total=total, seconds=time.monotonic() - begun)
        console.print(line, markup=False, highlight=False, soft_wrap=True)


async def _bar(progress: pool.Progress, total: int, console: Console) -> None:
    with Progress(
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        _Rate(),
        TextColumn("{task.fields[words]}", markup=False),
        _Left(),
        console=console,
        transient=False,
        speed_estimate_period=_RATE_WINDOW_SECONDS,
    ) as bar:
        task = bar.add_task("calls", total=total, words="", stopping=False)
        try:
            while True:
                bar.update(
                    task,
                    completed=progress.ended,
                    words=_words(progress),
                    stopping=progress.stop is not None or progress.waiting_until is not None,
                )
                await asyncio.sleep(_REFRESH_SECONDS)
        finally:
            bar.update(task, completed=progress.ended, words=_words(progress))


def _words(progress: pool.Progress) -> str:
    words = f"{progress.called} called · {progress.failed} failed · {progress.unknown} unknown"
    if progress.stop is not None:
        return words + " · stopping"
    if progress.waiting_until is not None:
        return f"{words} · {waiting_words(progress.waiting_until)}"
    return words + (f" · slowed to {learned_pace(progress)}" if progress.share < 1 else "")


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        """Calls per second; n calls have n - 1 spaces between them."""
        spaces, elapsed = task.completed - 1, task.finished_time or task.elapsed
        return Text(f"{spaces / elapsed:.1f}/s" if spaces > 0 and elapsed else "")


class _Left(ProgressColumn):
    def render(self, task: Task) -> Text:
        """How long the rest takes at this rate."""
        left = None if task.fields["stopping"] else task.time_remaining
        return Text(f"{in_words(timedelta(seconds=left))} left" if left else "")
