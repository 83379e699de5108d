"""One campaign whose program is killed again and again, until at last it is left alone; and the judgement."""

from __future__ import annotations

import csv
import signal
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.command import SANDBOX_KEY, Finished, command_line, environment, run_dialer
from tests.crash.executioner import MOMENTS, Executioner, Moment, Sentence, send_signal
from tests.desk import fictional_numbers, finish

CALLERS = 3
_LEADS = 30
_KEPT, _NEW = "100/s", "25/s"  # the pace at which a caller's connection serves many calls, and one call each
_BY_THE_CLOCK = 0.2  # how many kills come at any time, not at a moment that the sandbox sees
_LONGEST_LIFE_SECONDS = 3.0
_NOT_CALLED = frozenset({"pending", "failed", "invalid", "duplicate", "suppressed", "recent", "deferred"})


@dataclass
class Condemned:
    """What came of one campaign."""

    moments: list[Moment | str]  # at which it was killed
    rows_in: int
    rows: list[dict[str, str]]  # of its report at last
    created: Counter[str]  # by number, as the sandbox recorded it
    call_ids: dict[str, str]  # call_id -> number, as the sandbox recorded it
    codes: list[int]  # the exit code of each life
    last: Finished

    @property
    def kills(self) -> int:
        return len(self.moments)

    @property
    def twice(self) -> list[str]:
        """Numbers for which more than one call was created."""
        return [number for number, times in self.created.items() if times > 1]

    @property
    def lost(self) -> int:
        """Rows that did not come back, or came back without a status."""
        return self.rows_in - sum(bool(row["status"]) for row in self.rows)

    @property
    def unknown(self) -> int:
        return sum(row["status"] == "unknown" for row in self.rows)

    @property
    def false_reports(self) -> list[str]:
        """What the report says and the sandbox's record does not bear out."""
        return [fault for row in self.rows if (fault := self._fault(row))]

    def _fault(self, row: dict[str, str]) -> str | None:
        number, status = row["phone"], row["status"]
        if status in {"duplicate", "invalid"}:
            return None
        created = self.created[number]
        if status in _NOT_CALLED:
            return f"{number} is {status} at the end"
        if status == "unknown":
            # The sandbox tells the truth about its calls: what exists is found at the next start.
            return f"{number} is unknown and was called" if created else None
        if not created:
            return f"{number} is {status} and was never called"
        if row["call_id"] and self.call_ids.get(row["call_id"]) != number:
            return f"{number} has the call_id of somebody else"
        return None


@dataclass
class Prison:
    """Where campaigns are killed, several at a time."""

    folder: Path
    executioner: Executioner
    seed: int = 1
    _numbers: Iterator[str] = field(default_factory=fictional_numbers)
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def kill(self, kills: int, *, of_each: int = 5, at_once: int = 2) -> list[Condemned]:
        """Kill so many times, `of_each` times each campaign."""
        shares = [of_each] * (kills // of_each) + ([kills % of_each] if kills % of_each else [])
        with ThreadPoolExecutor(at_once) as hangmen:
            return list(hangmen.map(self._campaign, range(len(shares)), shares))

    def _campaign(self, place: int, kills: int) -> Condemned:
        dice = Random(f"{self.seed} {place}")  # noqa: S311 - the same kills for the same seed
        with self.executioner.client() as port:
            sheet = self.sheet(f"leads{place}", port, rate=_NEW if place % 2 else _KEPT)
            moments: list[Moment | str] = []
            codes: list[int] = []
            while len(moments) < kills:
                moment, code = self._kill_once(sheet, port, dice)
                codes.append(code)
                if code != -signal.SIGKILL:
                    break  # it was done before its hour came
                moments.append(moment)
            last = self.run(sheet, port)
            numbers = set(sheet.numbers)
            record = self.executioner.record(numbers)
        return Condemned(
            moments=moments,
            rows_in=_LEADS + 2,
            rows=sheet.results(),
            created=self.executioner.created(numbers),
            call_ids={str(one.call_id): str(one.phone_number) for one in record if one.call_id},
            codes=[*codes, last.returncode],
            last=last,
        )

    def _kill_once(self, sheet: Leads, port: int, dice: Random) -> tuple[Moment | str, int]:
        process = self.start(sheet, port)
        kill = send_signal(signal.SIGKILL, process.pid)
        if dice.random() < _BY_THE_CLOCK:
            seconds = dice.uniform(0.0, _LONGEST_LIFE_SECONDS)
            clock = threading.Timer(seconds, kill)
            clock.start()
            finish(process)
            clock.cancel()
            return f"{seconds:.2f} s", process.returncode
        moment = dice.choice(MOMENTS)
        # The first connection only asks for the assistant; where callers keep theirs, each has one.
        latest = 1 + CALLERS if moment == "connected" and sheet.rate == _KEPT else 7
        nth = dice.randint(2 if moment == "connected" else 1, latest)
        self.executioner.sentences[port] = Sentence(moment, nth, kill)
        finish(process)
        self.executioner.sentences.pop(port, None)
        return moment, process.returncode

    def sheet(self, name: str, port: int, leads: int = _LEADS, *, rate: str = _KEPT) -> Leads:
        """A sheet of new people, an invalid row and a duplicate."""
        with self._turn:
            numbers = [next(self._numbers) for _ in range(leads)]
        self.executioner.of_number.update(dict.fromkeys(numbers, port))
        folder = self.folder / name
        folder.mkdir()
        lines = [f"{number},Person {place}" for place, number in enumerate(numbers, start=1)]
        path = folder / "leads.csv"
        rows = ["phone,first_name", *lines, "nobody,Nora", f"{numbers[0]},Person 1 again"]
        path.write_text("\n".join(rows) + "\n", encoding="utf-8")
        return Leads(path, numbers, rate)

    def start(self, sheet: Leads, port: int, *options: str) -> subprocess.Popen[str]:
        """`dialer run`, left to itself."""
        return subprocess.Popen(
            command_line("run", *self._arguments(sheet, port, *options)),
            cwd=sheet.path.parent,
            env=environment(sheet.path.parent, SANDBOX_KEY),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, sheet: Leads, port: int, *options: str) -> Finished:
        """`dialer run` to its end."""
        arguments = self._arguments(sheet, port, *options)
        return run_dialer("run", *arguments, cwd=sheet.path.parent, env=SANDBOX_KEY)

    def _arguments(self, sheet: Leads, port: int, *options: str) -> tuple[str | Path, ...]:
        api = ("--base-url", f"http://127.0.0.1:{port}/v1", "--assistant", "Voz", "--yes", "--json")
        return (sheet.path, *api, "--rate", sheet.rate, "--concurrency", str(CALLERS), *options)


@dataclass(frozen=True)
class Leads:
    """A sheet in a folder of its own."""

    path: Path
    numbers: list[str]
    rate: str  # at which it is called

    def results(self) -> list[dict[str, str]]:
        """The rows of its report; none if there is none yet."""
        report = self.path.parent / "reports" / "leads.results.csv"
        if not report.exists():
            return []
        with report.open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))
