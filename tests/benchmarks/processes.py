"""Runs whole programs one after the other and tells what each took: seconds, processor time, memory."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

_LOOK_EVERY_SECONDS = 0.02
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Run:
    """One program from its start to its end, its children included."""

    seconds: float
    cpu_seconds: float
    peak_bytes: int  # of all its processes together, where the system tells; else of the largest
    output: str
    began: float  # by the monotonic clock


class Failed(Exception):
    """A program ended otherwise than it should have: a figure of it would mean nothing."""


@dataclass(frozen=True, slots=True)
class Contestant:
    """A program that is measured; `command` is given a fresh folder, which is its current one."""

    name: str
    command: Callable[[Path], Sequence[str]]
    exit_codes: frozenset[int] = frozenset({0})


@dataclass(slots=True)
class Measured:
    """What several runs of one program took; the figures are medians."""

    runs: list[Run] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        return median(run.seconds for run in self.runs)

    @property
    def cpu_seconds(self) -> float:
        return median(run.cpu_seconds for run in self.runs)

    @property
    def peak_bytes(self) -> int:
        return round(median(run.peak_bytes for run in self.runs))


def race(
    contestants: Sequence[Contestant],
    *,
    runs: int,
    folder: Path,
    env: Mapping[str, str],
    say: Callable[[str], None],
) -> dict[str, Measured]:
    """Run every program so often, each round in another order, so that a drift of the machine hits all."""
    measured = {contestant.name: Measured() for contestant in contestants}
    for turn in range(runs):
        first = turn % len(contestants)
        for contestant in (*contestants[first:], *contestants[:first]):
            with fresh(folder) as own:
                run = run_once(contestant, own, env)
            measured[contestant.name].runs.append(run)
            say(f"    {contestant.name}: {run.seconds:.2f} s, {run.peak_bytes / 1e6:.0f} MB")
    return measured


def run_once(
    contestant: Contestant, folder: Path, env: Mapping[str, str], *, timeout_seconds: float = 3600
) -> Run:
    """Run one program to its end. Raises Failed if its exit code is not one of those expected."""
    command = list(contestant.command(folder))
    with tempfile.TemporaryFile() as output:
        began = time.monotonic()
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        with _watched(process.pid) as watch:
            alarm = threading.Timer(timeout_seconds, os.killpg, (process.pid, signal.SIGKILL))
            alarm.start()
            _, status, used = os.wait4(process.pid, 0)
            seconds = time.monotonic() - began
            alarm.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        said = output.read().decode("utf-8", "replace")
    if process.returncode not in contestant.exit_codes:
        raise Failed(f"{' '.join(command)}\nended with exit code {process.returncode}:\n{said[-2000:]}")
    # Linux counts in kilobytes. A program starts as a copy of this one, so that less is never told.
    largest = used.ru_maxrss * 1024
    return Run(seconds, used.ru_utime + used.ru_stime, watch.peak or largest, said, began)


@contextmanager
def fresh(folder: Path) -> Iterator[Path]:
    """An empty folder that is gone afterwards."""
    own = Path(tempfile.mkdtemp(dir=folder))
    try:
        yield own
    finally:
        shutil.rmtree(own, ignore_errors=True)


class _Watch:
    """Adds up the resident memory of a process and all below it, fifty times a second."""

    def __init__(self, pid: int) -> None:
        self.peak = 0
        self._pid = pid
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, name="memory-watch", daemon=True)
        self._thread.start()

    def end(self) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.is_set():
            self.peak = max(self.peak, sum(map(_resident, _tree(self._pid))))
            self._over.wait(_LOOK_EVERY_SECONDS)


@contextmanager
def _watched(pid: int) -> Iterator[_Watch]:
    watch = _Watch(pid)
    try:
        yield watch
    finally:
        watch.end()


def _tree(pid: int) -> Iterator[int]:
    yield pid
    with suppress(OSError):
        for task in os.listdir(f"/proc/{pid}/task"):
            children = Path(f"/proc/{pid}/task/{task}/children").read_text(encoding="ascii")
            for child in children.split():
                yield from _tree(int(child))


def _resident(pid: int) -> int:
    with suppress(OSError, IndexError):
        return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * _PAGE
    return 0
