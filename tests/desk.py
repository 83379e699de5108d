"""Somebody's desk: a home with a ledger, sheets with numbers of their own, and a sandbox on a socket.

One desk serves many tests: every sheet has numbers that no other sheet has, and a campaign of its own, so
that the record of the sandbox, which is the judge, tells them apart. What goes wrong is said of single
numbers when the sandbox starts; so several stories can be told at one desk side by side, which takes a
fraction of the time, because a process that only starts keeps one core busy.
"""

from __future__ import annotations

import csv
import itertools
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dialer.sandbox.child import SandboxProcess
from tests.command import SANDBOX_KEY, Finished, command_line, environment, home, run_dialer

PATIENCE_SECONDS = 30.0
_STORYTELLERS = 3
_A_MOMENT = threading.Event()  # never set
# 555-01xx in real area codes is fictional; what ends in 019x has a fate of its own in the sandbox.
_AREAS = (
    201, 202, 203, 205, 206, 207, 208, 209, 210, 212, 213, 214, 215, 216, 217, 218, 219, 224, 225, 228,
)  # fmt: skip


def fictional_numbers() -> Iterator[str]:
    """Numbers that ring nowhere, each once."""
    return (f"+1{area}55501{last:02d}" for last in range(90) for area in _AREAS)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A CSV of leads on the desk."""

    path: Path
    numbers: tuple[str, ...]

    @property
    def campaign(self) -> str:
        """The campaign that it is given."""
        return self.path.stem

    @property
    def report(self) -> Path:
        """Where its results come back."""
        return self.path.parent / "reports" / f"{self.path.stem}.results.csv"

    def results(self) -> list[dict[str, str]]:
        """The rows of its report, read with the csv module."""
        with self.report.open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    def statuses(self) -> list[str]:
        """The status of each row, in the order of the rows."""
        return [row["status"] for row in self.results()]

    def add(self, *lines: str) -> None:
        """Write more rows below the last one."""
        with self.path.open("a", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in lines)


@dataclass
class Desk:
    """Where commands are given, and the sandbox that they talk to."""

    folder: Path
    sandbox: SandboxProcess
    _numbers: Iterator[str]
    _faulty: Mapping[str, list[str]] = field(default_factory=dict)  # what they meet -> numbers
    _names: Iterator[int] = field(default_factory=itertools.count)
    _turn: threading.Lock = field(default_factory=threading.Lock)

    @property
    def api(self) -> tuple[str, ...]:
        """The options that name the API."""
        return ("--base-url", self.sandbox.base_url)

    @property
    def ledger(self) -> Path:
        """Where it is written down whom this sandbox called."""
        host = self.sandbox.base_url.removesuffix("/v1").replace("://", "-").replace(":", "-")
        return self.folder / ".home" / "data" / "dialer" / "ledgers" / f"{host}.sqlite3"

    def numbers(self, count: int) -> tuple[str, ...]:
        """Numbers that nobody has been given yet."""
        with self._turn:
            return tuple(itertools.islice(self._numbers, count))

    def number(self, meets: str | None = None) -> str:
        """A number that nobody has been given yet; `meets` is one of the desk's faults, as it was written."""
        return self._faulty[meets].pop() if meets else self.numbers(1)[0]

    def place(self) -> Path:
        """An empty folder; commands that are given there share the home of the desk."""
        place = self.folder / f"place{next(self._names)}"
        place.mkdir()
        return place

    def sheet(self, people: int | Sequence[str] = 3, *, rows: Sequence[str] = ()) -> Sheet:
        """A sheet of so many new people, or of these numbers; `rows` stand below them as they are."""
        numbers = self.numbers(people) if isinstance(people, int) else tuple(people)
        path = self.folder / f"leads{next(self._names)}.csv"
        lines = [f"{number},Person {place}" for place, number in enumerate(numbers, start=1)]
        path.write_text("\n".join(("phone,first_name", *lines, *rows)) + "\n", encoding="utf-8")
        return Sheet(path, numbers)

    def dialer(
        self,
        *arguments: str | Path,
        env: Mapping[str, str | None] | None = None,
        stdin: str | bytes | None = None,
        place: Path | None = None,
    ) -> Finished:
        """`dialer ARGUMENTS` with the key that works, by default in the folder of the desk."""
        return run_dialer(*arguments, cwd=place or self.folder, env=self.environment(env), stdin=stdin)

    def run(
        self, sheet: Sheet, *options: str | Path, env: Mapping[str, str | None] | None = None
    ) -> Finished:
        """`dialer run SHEET` without questions."""
        return self.dialer("run", sheet.path, *self.call_options(*options), env=env)

    def retry(self, sheet: Sheet, *options: str | Path) -> Finished:
        """`dialer retry SHEET` without questions."""
        return self.dialer("retry", sheet.path, *self.call_options(*options))

    def call(
        self, number: str, *options: str | Path, env: Mapping[str, str | None] | None = None
    ) -> Finished:
        """`dialer call NUMBER --json`, which takes half the time of a run."""
        return self.dialer("call", number, *self.api, "--assistant", "Voz", "--json", *options, env=env)

    def start(self, sheet: Sheet, *options: str | Path) -> subprocess.Popen[str]:
        """`dialer run SHEET`, left to itself."""
        return subprocess.Popen(
            command_line("run", sheet.path, *self.call_options(*options)),
            cwd=self.folder,
            env=environment(self.folder, self.environment()),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def call_options(self, *options: str | Path) -> tuple[str | Path, ...]:
        """What `run` and `retry` need here, at a rate that nobody has to wait for."""
        return (*self.api, "--assistant", "Voz", "--yes", "--rate", "200/s", *options)

    def environment(self, env: Mapping[str, str | None] | None = None) -> dict[str, str | None]:
        """The home of the desk, the key that works, and `env`."""
        return {**home(self.folder / ".home"), **SANDBOX_KEY, **(env or {})}

    def received(self, *numbers: str) -> list[dict[str, Any]]:
        """The requests for a call of these people that the sandbox received, the first first."""
        return [request for request in self.sandbox.record() if request["phone_number"] in numbers]

    def created(self, *numbers: str) -> Counter[str]:
        """How many calls of each of these people the sandbox created."""
        return Counter(r["phone_number"] for r in self.received(*numbers) if r["outcome"] == "created")

    def wait_for(self, sheet: Sheet, count: int) -> None:
        """Return once the sandbox has received so many of a sheet's requests."""
        until(lambda: len(self.received(*sheet.numbers)) >= count)


@contextmanager
def open_desk(folder: Path, *, faults: Sequence[str] = ()) -> Iterator[Desk]:
    """A desk with a sandbox of its own, which ends with the block; for each fault there is one number.

    A fault is what the requests of a number meet one after the other, as in a script of the sandbox:
    `422,ok`.
    """
    numbers = fictional_numbers()
    faulty: dict[str, list[str]] = {}
    for fault in faults:
        faulty.setdefault(fault, []).append(next(numbers))
    scripts = [f"{number}={fault}" for fault, several in faulty.items() for number in several]
    with SandboxProcess(":memory:", scripts=scripts) as sandbox:
        yield Desk(folder, sandbox, numbers, faulty)


Story = Callable[[Desk], Any]


@contextmanager
def told(desk: Desk, stories: Mapping[str, Story], *, wanted: set[str]) -> Iterator[dict[str, Future[Any]]]:
    """The stories that are wanted, told side by side."""
    with ThreadPoolExecutor(_STORYTELLERS) as tellers:
        yield {name: tellers.submit(story, desk) for name, story in stories.items() if name in wanted}


def until(condition: Callable[[], bool]) -> None:
    """Ask again and again, but not for ever; an AssertionError if it never comes true."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < end, "it did not come true in time"
        _A_MOMENT.wait(0.02)  # or the asking would take the processor from those who are asked


def finish(process: subprocess.Popen[str]) -> Finished:
    """What a command left to itself came to."""
    try:
        stdout, stderr = process.communicate(timeout=PATIENCE_SECONDS)
    finally:
        process.kill()
    return Finished(process.args, process.returncode, stdout, stderr)
