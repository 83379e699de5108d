"""Measures a command from outside: how long it and all its processes took, and how much memory they held."""

from __future__ import annotations

import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.command import Finished, command_line, environment

_PROCESSES = Path("/proc")  # where Linux tells of them; elsewhere only the largest of them is known
_LOOK_EVERY_SECONDS = 0.02
_A_MOMENT = threading.Event()  # never set


@dataclass(frozen=True, slots=True)
class Measured:
    """What a command said, and what it took."""

    finished: Finished
    seconds: float  # of real time
    processor_seconds: float  # of all processes
    tree_bytes: int  # the most that it and its descendants held in memory at one time
    largest_bytes: int  # the most that one of them held
    most_addresses: int  # bytes of address space, of the one that had the most


def measure(*arguments: str | Path, cwd: Path, env: Mapping[str, str | None] | None = None) -> Measured:
    """Runs `dialer ARGUMENTS` to its end and watches all its processes meanwhile."""
    with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
        begun = time.monotonic()
        process = subprocess.Popen(
            command_line(*arguments), cwd=cwd, env=environment(cwd, env), stdout=stdout, stderr=stderr
        )
        tree, addresses = 0, 0
        ended = 0
        while not ended:
            held, reserved = _look(process.pid)
            tree, addresses = max(tree, held), max(addresses, reserved)
            _A_MOMENT.wait(_LOOK_EVERY_SECONDS)
            ended, status, usage = os.wait4(process.pid, os.WNOHANG)
        seconds = time.monotonic() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        said = []
        for file in (stdout, stderr):
            file.seek(0)
            said.append(file.read().decode())
        finished = Finished(process.args, process.returncode, *said)
    # Of the command and of the descendants that it has waited for, whichever was largest.
    largest = usage.ru_maxrss * 1024
    return Measured(
        finished, seconds, usage.ru_utime + usage.ru_stime, max(tree, largest), largest, addresses
    )


def _look(root: int) -> tuple[int, int]:
    """The memory that a process and its descendants hold now, and the most addresses that one ever had."""
    held = reserved = 0
    for process in _descendants(root):
        told = _status(process)
        held += told.get("VmRSS", 0)
        reserved = max(reserved, told.get("VmPeak", 0))
    return held, reserved


def _descendants(root: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for entry in _PROCESSES.iterdir() if _PROCESSES.exists() else ():
        if entry.name.isdecimal():
            told = _status(int(entry.name))
            children.setdefault(told.get("PPid", 0), []).append(int(entry.name))
    found = [root]
    for process in found:  # grows while it is walked
        found += children.get(process, [])
    return found


def _status(process: int) -> dict[str, int]:
    """The numbers in /proc/PID/status, sizes in bytes; empty for a process that has just ended."""
    try:
        lines = (_PROCESSES / str(process) / "status").read_text().splitlines()
    except OSError:
        return {}
    words = (line.replace(":", " ").split() for line in lines)
    return {
        word[0]: int(word[1]) * (1024 if word[-1] == "kB" else 1)
        for word in words
        if word[1:] and word[1].isdecimal()
    }
