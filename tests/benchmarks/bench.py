"""What every stage works with: how much is measured, a folder, the sheets, the programs, the server."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from tests.benchmarks.processes import Contestant, Measured, race
from tests.command import ROOT, SANDBOX_KEY, command_line, environment

CALLERS = 50
UNTHROTTLED = "100000/s"


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured: rows, seconds, runs."""

    runs: int
    check_csv: tuple[int, ...]  # growing; the last one is compared
    check_xlsx: int
    phones: int
    calls: int
    newman_calls: int
    load: int
    pairs: int
    resumed: int  # rows of a campaign of which a thousandth is left
    report_csv: int
    report_xlsx: int
    start_up: int
    pace_seconds: float
    rates: tuple[str, ...]
    growth: tuple[int, ...]  # rows of whole jobs


FULL = Sizes(
    runs=3,
    check_csv=(1_000, 10_000, 100_000, 1_000_000),
    check_xlsx=100_000,
    phones=100_000,
    calls=10_000,
    newman_calls=1_000,
    load=1_000_000,
    pairs=50_000,
    resumed=1_000_000,
    report_csv=1_000_000,
    report_xlsx=100_000,
    start_up=1_000,
    pace_seconds=20.0,
    rates=("1/s", "10/s", "50/s", "200/s", "1000/s", "60/min", "600/min"),
    growth=(1_000, 10_000, 100_000),
)
QUICK = Sizes(
    runs=3,
    check_csv=(1_000, 20_000),
    check_xlsx=5_000,
    phones=10_000,
    calls=1_000,
    newman_calls=100,
    load=50_000,
    pairs=5_000,
    resumed=20_000,
    report_csv=50_000,
    report_xlsx=5_000,
    start_up=1_000,
    pace_seconds=3.0,
    rates=("10/s", "200/s"),
    growth=(1_000, 4_000),
)
# Proves that every part works; its figures say nothing.
TINY = Sizes(
    runs=1,
    check_csv=(20,),
    check_xlsx=20,
    phones=50,
    calls=20,
    newman_calls=0,
    load=50,
    pairs=20,
    resumed=1_000,
    report_csv=20,
    report_xlsx=20,
    start_up=20,
    pace_seconds=0.1,
    rates=("100/s",),
    growth=(20,),
)


@dataclass(frozen=True, slots=True)
class Bench:
    """One run of the benchmarks."""

    sizes: Sizes
    folder: Path
    say: Callable[[str], None]
    newman: Path | None = None
    _sheets: dict[str, Path] = field(default_factory=dict)

    @property
    def env(self) -> dict[str, str]:
        """Nothing of this machine's settings, and the root of the project to find the baselines in."""
        return environment(self.folder, SANDBOX_KEY | {"PYTHONPATH": str(ROOT)})

    def sheet(self, rows: int, *, kind: str, suffix: str = "csv") -> Path:
        """A sheet of so many rows, made once; `kind` is clean or messy."""
        name = f"{kind}-{rows}.{suffix}"
        if name not in self._sheets:
            path = self.folder / name
            self.do(own("sheets", path, rows, kind))
            self._sheets[name] = path
        return self._sheets[name]

    def do(self, command: Sequence[str]) -> Any:
        """Run a program that is not measured; gives the JSON that it printed, if it printed any."""
        done = subprocess.run(command, env=self.env, cwd=self.folder, check=True, stdout=subprocess.PIPE)
        return json.loads(done.stdout) if done.stdout else None

    def race(self, *contestants: Contestant | None, runs: int | None = None) -> dict[str, Measured]:
        """Measure programs against each other; None is one that is not installed."""
        there = [contestant for contestant in contestants if contestant is not None]
        return race(there, runs=runs or self.sizes.runs, folder=self.folder, env=self.env, say=self.say)

    @contextmanager
    def server(self, *, throttle_every: int = 0) -> Iterator[Server]:
        """A server for as long as the block lasts; it answers one in so many POSTs with 429, if any."""
        with subprocess.Popen(
            own("server", throttle_every), env=self.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            try:
                yield Server(int(process.stdout.readline()))
            finally:
                process.stdin.close()


@dataclass(frozen=True, slots=True)
class Server:
    """A running server."""

    port: int

    @property
    def base_url(self) -> str:
        """The base URL, with the version."""
        return f"http://127.0.0.1:{self.port}/v1"

    def times(self) -> list[float]:
        """When POSTs came since the last time this was asked, by the monotonic clock."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request("GET", "/times")
        times: list[float] = json.loads(connection.getresponse().read())
        connection.close()
        return times


def own(module: str, *arguments: object) -> list[str]:
    """The command of a module of this package."""
    return [sys.executable, "-m", f"tests.benchmarks.{module}", *map(str, arguments)]


def dialer(*arguments: object) -> list[str]:
    """The command of dialer itself."""
    return command_line(*map(str, arguments))


def dialer_run(sheet: Path, server: Server, folder: Path, *more: object) -> list[str]:
    """A whole job, its ledger and its report in `folder`."""
    report = ("-o", folder / "out.csv")
    return dialer(
        "run", sheet, *place(server, folder), *report, "--assistant", "Voz", "--yes", "--quiet", *more
    )


def place(server: Server, folder: Path) -> tuple[object, ...]:
    """The options that tell whom to call through, and where the ledger is."""
    return ("--base-url", server.base_url, "--ledger", folder / "ledger.sqlite3")


def installed(library: str) -> bool:
    """True if a library that only baselines need is there."""
    return importlib.util.find_spec(library) is not None


def find_newman(folder: Path, say: Callable[[str], None]) -> Path | None:
    """newman, if it is there or npm can install it into `folder`; else None."""
    there = shutil.which("newman")
    if there:
        return Path(there)
    npm = shutil.which("npm")
    if npm is None:
        return None
    say("  installing newman with npm ...")
    command = [npm, "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(folder), "newman@6.2.1"]
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False, timeout=300)
    program = folder / "node_modules" / ".bin" / "newman"
    return program if done.returncode == 0 and program.exists() else None


def as_json(text: str) -> Mapping[str, Any]:
    """The object on the last line that a program printed."""
    found: Mapping[str, Any] = json.loads(text.strip().splitlines()[-1])
    return found
