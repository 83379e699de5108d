"""Somebody's desk: a home with a ledger, sheets with numbers of their own, and a sandbox on a socket.

One desk serves many tests: every sheet has numbers that no other sheet has, and a campaign of its own, so
that the record of the sandbox, which is the judge, tells them apart.
"""

from __future__ import annotations

import csv
import itertools
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dialer.sandbox.child import SandboxProcess
from tests.command import SANDBOX_KEY, Finished, command_line, environment, home, run_dialer

PATIENCE_SECONDS = 30.0
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
    _numbers: Iterator[str] = field(default_factory=fictional_numbers)
    _names: Iterator[int] = field(default_factory=itertools.count)

    @property
    def api(self) -> tuple[str, ...]:
        """The options that name the API."""
        return ("--base-url", self.sandbox.base_url)

    @property
    def ledger_folder(self) -> Path:
        """Where the ledgers of this desk are kept."""
        return self.folder / ".home" / "data" / "dialer" / "ledgers"

    def numbers(self, count: int) -> tuple[str, ...]:
        """Numbers that nobody has been given yet."""
        return tuple(itertools.islice(self._numbers, count))

    def place(self) -> Path:
        """An empty folder; commands that are given there share the home of the desk."""
        place = self.folder / f"place{next(self._names)}"
        place.mkdir()
        return place

    def sheet(self, count: int = 3, *, rows: Sequence[str] = (), header: str = "phone,first_name") -> Sheet:
        """A sheet of `count` new people; `rows` stand below them as they are."""
        numbers = self.numbers(count)
        path = self.folder / f"leads{next(self._names)}.csv"
        people = [f"{number},Person {place}" for place, number in enumerate(numbers, start=1)]
        path.write_text("\n".join((header, *people, *rows)) + "\n", encoding="utf-8")
        return Sheet(path, numbers)

    def dialer(
        self,
        *arguments: str | Path,
        env: Mapping[str, str | None] | None = None,
        stdin: str | bytes | None = None,
        place: Path | None = None,
    ) -> Finished:
        """`dialer ARGUMENTS` with the key that works, by default in the folder of the desk."""
        return run_dialer(
            *arguments, cwd=place or self.folder, env=self._environment(env), stdin=stdin, timeout=60
        )

    def call_options(self, *options: str | Path) -> tuple[str | Path, ...]:
        """What `run` and `retry` need here, at a rate that nobody has to wait for."""
        return (*self.api, "--assistant", "Voz", "--yes", "--rate", "200/s", *options)

    def run(
        self, sheet: Sheet, *options: str | Path, env: Mapping[str, str | None] | None = None
    ) -> Finished:
        """`dialer run SHEET` without questions."""
        return self.dialer("run", sheet.path, *self.call_options(*options), env=env)

    def retry(self, sheet: Sheet, *options: str | Path) -> Finished:
        """`dialer retry SHEET` without questions."""
        return self.dialer("retry", sheet.path, *self.call_options(*options))

    def start(self, sheet: Sheet, *options: str | Path) -> subprocess.Popen[str]:
        """`dialer run SHEET`, left to itself."""
        return subprocess.Popen(
            command_line("run", sheet.path, *self.call_options(*options)),
            cwd=self.folder,
            env=environment(self.folder, self._environment(None)),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def received(self, sheet: Sheet) -> list[dict[str, Any]]:
        """The requests for a call of these people that the sandbox received."""
        mine = set(sheet.numbers)
        return [request for request in self.sandbox.record() if request["phone_number"] in mine]

    def created(self, sheet: Sheet) -> Counter[str]:
        """How many calls of each of these people the sandbox created."""
        return Counter(r["phone_number"] for r in self.received(sheet) if r["outcome"] == "created")

    def wait_for(self, sheet: Sheet, count: int) -> None:
        """Return once the sandbox has received so many of a sheet's requests."""
        until(lambda: len(self.received(sheet)) >= count)

    @contextmanager
    def trouble(self, *faults: str, scripts: Mapping[str, Sequence[str]] | None = None) -> Iterator[None]:
        """What goes wrong at the sandbox as long as the block lasts."""
        self.sandbox.ask("POST", "/sandbox/faults", {"faults": list(faults), "scripts": scripts or {}})
        try:
            yield
        finally:
            self.sandbox.ask("DELETE", "/sandbox/faults")

    def _environment(self, env: Mapping[str, str | None] | None) -> dict[str, str | None]:
        return {**home(self.folder / ".home"), **SANDBOX_KEY, **(env or {})}


@contextmanager
def open_desk(folder: Path) -> Iterator[Desk]:
    """A desk with a sandbox of its own, which ends with the block."""
    with SandboxProcess(":memory:") as sandbox:
        yield Desk(folder, sandbox)


def until(condition: Callable[[], bool]) -> None:
    """Ask again and again, but not for ever; an AssertionError if it never comes true."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < end, "it did not come true in time"


def finish(process: subprocess.Popen[str]) -> Finished:
    """What a command left to itself came to."""
    try:
        stdout, stderr = process.communicate(timeout=PATIENCE_SECONDS)
    finally:
        process.kill()
    return Finished(process.args, process.returncode, stdout, stderr)
