"""One seed, from the first run of a campaign to its end, however often the program dies on the way."""

from __future__ import annotations

import gc
import io
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, redirect_stderr
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path
from unittest.mock import patch

from dialer import run, status
from dialer.campaign import Breakers, Policy, Rate, Reading, Selection
from dialer.do_not_call import Entry, Kind
from dialer.errors import DialerError
from dialer.ledger import Ledger
from dialer.pool import Pool
from dialer.retry import Stop
from dialer.run import Job
from dialer.settings import KEY_VARIABLE, Place
from dialer.suppressions import add
from tests.simulation import judge
from tests.simulation.chance import dice
from tests.simulation.machine import Machine, NeverEnds, PowerCut, Substitute
from tests.simulation.sheet import Sheet

_STORMY_LIVES = 25  # after so many lives the sky clears, so that every story has an end
_MOST_LIVES = 60
_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of its own is made in it
_KEY = "sk_simulated"


@dataclass
class Campaign:
    """One sheet and how it is called."""

    name: str
    sheet: Sheet
    policy: Policy
    exit_code: int | None = None  # of its last life; None while it has none, or died
    retries: int = 0  # how often somebody called those again who failed


@dataclass
class Told:
    """How a story went."""

    seed: int
    trace: str
    crashes: int
    lives: int
    posts: int
    calls: int
    moments: frozenset[str] = frozenset()  # at which it died
    met: frozenset[str] = frozenset()  # what its POSTs met
    faults: list[str] = field(default_factory=list)  # the promises that were broken
    latest: list[str] = field(default_factory=list)  # what happened at last


def tell(seed: int, *, most_crashes: int = 12, broken: Sequence[Substitute] = ()) -> Told:
    """Play one seed to its end and judge it; `broken` are parts of the program that are replaced."""
    with (
        _cleared_away(),
        _folder() as folder,
        patch.dict(os.environ, {KEY_VARIABLE: _KEY, "XDG_DATA_HOME": str(folder)}),
    ):
        return Story(seed, folder, most_crashes=most_crashes, broken=broken).play()


@contextmanager
def _cleared_away() -> Iterator[None]:
    """What the dead leave is cleared away without a word, and before anything else begins."""
    with patch.object(sys, "unraisablehook", lambda _unraisable: None):
        yield
        gc.collect()


@contextmanager
def _folder() -> Iterator[Path]:
    place = _SHARED_MEMORY if os.access(_SHARED_MEMORY, os.W_OK) else None
    with (
        tempfile.TemporaryDirectory(prefix="dialer-simulation-", dir=place) as name,
        patch.object(tempfile, "tempdir", name),
    ):
        yield Path(name)


@cache
def _empty_ledger() -> dict[str, bytes]:
    """The files of a ledger that was just made: making one takes longer than a whole story."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "ledger.sqlite3"
        ledger = Ledger(path)
        ledger.empty_log()
        ledger.close()
        return {"ledger.sqlite3": path.read_bytes()}


class Story:
    """What people do with the program, and what the world does to it."""

    def __init__(self, seed: int, folder: Path, *, most_crashes: int, broken: Sequence[Substitute]) -> None:
        self.dice = dice(seed, "story")
        crashes = self.dice.randint(min(3, most_crashes), most_crashes)
        self.machine = Machine(seed, crashes=crashes, broken=broken)
        self.folder = folder
        self.place = Place(base_url="http://127.0.0.1:9/v1", ledger=str(folder / "ledger.sqlite3"))
        self.people = self.dice.randrange(10, 60)
        self.rate = self._rate()
        self.redials = 0
        self.suppressed: dict[str, float] = {}  # number -> since when
        self.violations: list[str] = []
        self.campaigns = [self._campaign("spring")]
        if self.dice.random() < 0.35:
            self.campaigns.append(self._campaign("summer"))
        for name, content in _empty_ledger().items():
            (folder / name).write_bytes(content)

    def _rate(self) -> Rate:
        # Slow ones too, since only they are still in force when a program that died comes back.
        count, per_seconds = self.dice.choice([(1, 1), (1, 1), (3, 1), (10, 1), (50, 1), (6, 60)])
        return Rate.parse(f"{count}/s" if per_seconds == 1 else f"{count}/min")

    def _campaign(self, name: str) -> Campaign:
        sheet = Sheet(self.folder / f"{name}.csv")
        sheet.fill(self.dice, rows=self.dice.randrange(5, 36), people=self.people)
        sheet.write()
        loose = Breakers(max_unknown_in_row=1000, max_refused_in_row=1000)
        policy = Policy(
            assistant_name="Voz",
            rate=self.rate,
            concurrency=self.dice.randrange(1, 7),
            timeout=timedelta(seconds=self.dice.choice([1.0, 3.0, 10.0])),
            breakers=self.dice.choice([Breakers(), loose]),
            trace_tag=self.dice.random() < 0.2,
            source=name,
        )
        return Campaign(name, sheet, policy)

    def play(self) -> Told:
        """Run, die, mend, run again, until everybody is called or settled; then judge."""
        machine = self.machine
        try:
            self._storm()
            self._clear_up()
            self.violations += judge.violations(self)
        except NeverEnds:
            self.violations.append("the program goes round in circles")
        except Exception as error:  # noqa: BLE001 - whatever it is, its seed must be told
            words = str(error).replace(str(self.folder), "")
            self.violations.append(f"the program failed: {type(error).__name__}: {words}")
        machine.note("end", self.violations)
        return Told(
            seed=machine.seed,
            trace=machine.trace.digest(),
            crashes=machine.crashes.total(),
            lives=machine.lives,
            posts=len(machine.api.posts),
            calls=len(machine.api.calls),
            moments=frozenset(machine.crashes),
            met=frozenset(post.fault for post in machine.api.posts),
            faults=self.violations,
            latest=list(machine.trace.latest),
        )

    def _storm(self) -> None:
        while self.machine.lives < _STORMY_LIVES:
            campaign = self.dice.choice(self.campaigns)
            self._live(campaign, self._policy_of_today(campaign))
            self._between(campaign)
            if self.dice.random() < 0.08 and all(one.exit_code in {0, 1} for one in self.campaigns):
                return

    def _policy_of_today(self, campaign: Campaign) -> Policy:
        policy = campaign.policy
        if self.dice.random() < 0.15:
            campaign.retries += 1
            return policy.model_copy(update={"only": (Selection.FAILED, Selection.MENDED)})
        if self.dice.random() < 0.05:
            return policy.model_copy(update={"limit": self.dice.randrange(1, 4)})
        if self.dice.random() < 0.03:
            self.redials += 1
            return policy.model_copy(update={"redial_unknown": True})
        return policy

    def _live(self, campaign: Campaign, policy: Policy) -> None:
        """One life: run the campaign until the program ends or dies."""
        machine = self.machine
        machine.keys = self._keys()
        machine.note("run", campaign.name, ",".join(policy.only), policy.limit, policy.redial_unknown)
        job = Job(
            leads=str(campaign.sheet.path),
            place=self.place,
            reading=Reading(),
            policy=policy,
            campaign=campaign.name,
            output=campaign.sheet.report,
            quiet=True,
        )
        campaign.exit_code = None
        try:
            with machine.life(), redirect_stderr(io.StringIO()):
                campaign.exit_code = run.execute(job, ask=lambda _count: True).exit_code
        except NeverEnds:
            raise
        except PowerCut:
            pass
        except DialerError as error:
            campaign.exit_code = error.exit_code
            machine.note("error", error.code)
        machine.note("exit code", campaign.exit_code)

    def _keys(self) -> list[tuple[float, Callable[[Pool], None]]]:
        """What somebody presses while the calls are made."""
        if self.dice.random() > 0.15:
            return []
        interrupted = Stop("interrupted", "Stopped.", exit_code=130)
        return [(self.dice.uniform(0.0, 10.0), lambda pool: pool.stop(interrupted))]

    def _between(self, campaign: Campaign) -> None:
        """What people do between two lives."""
        machine, dice_ = self.machine, self.dice
        machine.wait(dice_.choice([0.001, 0.001, 0.001, 0.05, 0.3, 1.0, 30.0, 700.0]))
        if campaign.exit_code == 75 and dice_.random() < 0.7:
            self._resume(campaign)
        if campaign.exit_code in {77, 78} and dice_.random() < 0.7:
            machine.api.weather.mend()
        if dice_.random() < 0.12:
            machine.note("edit", campaign.sheet.edit(dice_, people=self.people))
            campaign.sheet.write()
        if dice_.random() < 0.04:
            self._suppress()
        if dice_.random() < 0.05:
            machine.wait(90_000.0)  # a day and an hour

    def _resume(self, campaign: Campaign) -> None:
        with self._command("resume", campaign.name):
            status.set_pause(self.place, campaign.name, reason=None)

    @contextmanager
    def _command(self, *words: str) -> Iterator[None]:
        """A small command between two runs; if it fails it is not given again."""
        with self.machine.life(safe=True):
            try:
                yield
                self.machine.note(*words)
            except DialerError as error:
                self.machine.note(*words, error.code)

    def _suppress(self) -> None:
        line = self.dice.choice(self.campaigns[0].sheet.lines)
        if line.number is None:
            return
        with self._command("suppress", line.number):
            opened = self.machine.open_ledger(Path(self.place.ledger or ""))
            with closing(opened), opened.transaction() as connection:
                add(connection, [Entry(Kind.NUMBER, line.number)], reason=None, now=self.machine.utc_now())
            self.suppressed.setdefault(line.number, self.machine.now)

    def _clear_up(self) -> None:
        """The sky clears; everybody who is still due is called, and every unknown call is looked for."""
        machine = self.machine
        machine.api.weather.clear_up()
        machine.calm_down()
        for _ in range(2):
            machine.wait(1000.0)  # longer than the latest creation, and than the last look
            for campaign in self.campaigns:
                self._finish(campaign)

    def _finish(self, campaign: Campaign) -> None:
        for _ in range(_MOST_LIVES):
            self._live_in_peace(campaign)
            if campaign.exit_code in {0, 1}:
                return
            if campaign.exit_code == 75:
                self._resume(campaign)
            self.machine.wait(60.0)
        self.violations.append(f"campaign {campaign.name} never ends: exit code {campaign.exit_code}")

    def _live_in_peace(self, campaign: Campaign) -> None:
        self.machine.keys = []
        loose = Breakers(max_unknown_in_row=1000, max_refused_in_row=1000)
        self._live(campaign, campaign.policy.model_copy(update={"breakers": loose}))
