"""Keeps the reports of a campaign up to date while its run lasts, without taking time from the callers.

A process of its own writes them, with the least priority and a view of the ledger of its own: `dialer
report`, as a person would type it. What fails is of no consequence: the run writes its reports at the end.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread

from dialer.settings import KEY_VARIABLE, Place

_PATIENCE_SECONDS = 10.0
_LOOK_SECONDS = 0.2


def report_command(place: Place, campaign: str, output: Path | None) -> list[str]:
    """The command that writes the reports of a campaign again, with the least priority."""
    nice = shutil.which("nice")
    command = [nice, "-n", "19"] if nice else []
    command += [sys.executable, "-m", "dialer", "report", *shlex.split(place.flags)]
    if output is not None:
        command += ["--output", str(output)]
    return [*command, "--", campaign]


@contextmanager
def refreshing(command: Sequence[str], every: timedelta | None) -> Iterator[None]:
    """Runs `command` for as long as the block lasts, and `every` so often waits in between; never if None.

    One that is under way when the block ends is told to stop, and is gone when the block is left.
    """
    if every is None:
        yield
        return
    over = Event()
    thread = Thread(target=_repeat, args=(command, every, over), name="refresh", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _repeat(command: Sequence[str], every: timedelta, over: Event) -> None:
    while not over.wait(every.total_seconds()):
        try:
            # A session of its own: Ctrl-C at the terminal is meant for the run, which waits for its callers.
            process = subprocess.Popen(  # noqa: S603 - our own command, with arguments of the run's
                command,
                env={name: value for name, value in os.environ.items() if name != KEY_VARIABLE},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError:
            return
        while process.poll() is None:
            if over.wait(_LOOK_SECONDS):
                _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
