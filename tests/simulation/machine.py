"""A machine on which everything outside the program is simulated: time, order, network, power, disk."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import warnings
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, asynccontextmanager, contextmanager, suppress
from datetime import datetime, timedelta
from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import Any, TypeVar
from unittest.mock import patch

import httpcore
import httpcore._backends.anyio as anyio_backend  # what httpcore takes if nobody names one
import httpx
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError

from dialer import access, dialing, ledger, reporter, whole_file, wire
from dialer.ledger import Ledger
from dialer.pool import Pool
from dialer.vozagent import ssl_context
from dialer.writer import InlineWriter
from tests.simulation.api import HostileApi
from tests.simulation.chance import dice
from tests.simulation.network import SimulatedNetwork
from tests.virtual_time import START, VirtualLoop

Result = TypeVar("Result")
Substitute = tuple[Any, str, Any]  # module, name, what stands there instead

_CONTEXT = ssl_context()  # loading the certificates takes 20 ms each time
_MOST_RUNS = 3_000_000  # callbacks of one life: a program that has not ended by then never will


_new_engine = ledger._engine


class PowerCut(SystemExit):
    """The program dies here and now. Of all exceptions asyncio lets only a SystemExit out at once."""


class NeverEnds(SystemExit):
    """The program goes round in circles."""


class Trace:
    """Everything that happens, as one hash; the latest of it also in words."""

    def __init__(self, *, longest: int = 400) -> None:
        self._hash = blake2b(digest_size=16)
        self.latest: deque[str] = deque(maxlen=longest)

    def note(self, now: float, kind: str, *facts: object) -> None:
        line = f"{now:.6f} {kind} {' '.join(map(str, facts))}".rstrip()
        self._hash.update(line.encode() + b"\n")
        self.latest.append(line)

    def digest(self) -> str:
        return self._hash.hexdigest()


# Where the power may fail.
MOMENTS = (
    *("reads the ledger", "begins a transaction", "commits", "has committed"),
    *("connects", "is connected", "sends", "has sent", "call created", "hears"),
    *("runs", "writes a report"),
)


class _Uncounted:
    """A count of rows for a page that nobody reads."""

    def passing(self, rows: Iterator[Any]) -> Iterator[Any]:
        return rows

    def summary(self, *_: Any, **__: Any) -> None:
        return None


class Machine:
    """Runs the program again and again, on one clock that never stands still between."""

    def __init__(self, seed: int, *, crashes: int, broken: Sequence[Substitute] = ()) -> None:
        """Set up a machine whose power fails so many times; `broken` are parts of the program to replace."""
        self.seed = seed
        self._broken = broken
        self.trace = Trace()
        self.crashes: Counter[str] = Counter()  # by moment
        self.lives = 0
        self.accidents: set[int] = set()  # the lives in which the power failed or the disk was full
        self.complaints: list[str] = []  # of asyncio
        self.stalls = True  # now and then the machine stands still, or its disk is full
        self.latest = dice(seed, "timers").choice([0.0, 0.001, 0.01])  # how late timers are
        self.keys: list[tuple[float, Callable[[Pool], None]]] = []  # pressed so long after calls begin
        self.pool: Pool | None = None  # of the life that is under way
        self.api: HostileApi = HostileApi(self)
        self.dead = False
        self.loop: ShuffledLoop | None = None
        self._engines: dict[tuple[Path, bool], Engine] = {}
        self._now = 0.0
        self._left = crashes
        self._disk_full_until = float("-inf")
        self._power = dice(seed, "power")
        self._order = dice(seed, "order")
        self._hitches = dice(seed, "hitches")
        self._tags = dice(seed, "tags")
        self._cut: tuple[str, int] | None = None
        self._passed: Counter[str] = Counter()  # how often this life came past each moment
        self._before: Counter[str] = Counter()  # ... and one before it

    @property
    def now(self) -> float:
        """Seconds since the story began."""
        return self.loop.time() if self.loop is not None else self._now

    def utc_now(self) -> datetime:
        return START + timedelta(seconds=self.now)

    def wait(self, seconds: float) -> None:
        """Let time pass in which the program is not running."""
        self._now += seconds

    def calm_down(self) -> None:
        """From now on the power does not fail, nothing stands still and the disk has room."""
        self._left = 0
        self.stalls = False

    def open_ledger(self, path: Path) -> SimulatedLedger:
        """The ledger at a path, as the program on this machine opens it."""
        return SimulatedLedger(self, path)

    def note(self, kind: str, *facts: object) -> None:
        """Put something into the trace; the dead leave none."""
        if not self.dead:
            self.trace.note(self.now, kind, *facts)

    def pass_by(self, moment: str) -> None:
        """The program does something of which the world outside could notice: here the power may fail."""
        if self.dead:
            raise PowerCut
        self._passed[moment] += 1
        if self._cut == (moment, self._passed[moment]):
            self.cut_power(moment)
        if self._passed["runs"] > _MOST_RUNS:
            self.dead = True
            raise NeverEnds

    def cut_power(self, moment: str) -> None:
        """Kill the program."""
        self.note("POWER CUT", moment)
        self.dead = True
        self.crashes[moment] += 1
        self.accidents.add(self.lives)
        self._left -= 1
        raise PowerCut(moment)

    @contextmanager
    def life(self, *, safe: bool = False) -> Iterator[None]:
        """One life of the program: everything outside is simulated until the block is left.

        In a `safe` one the power does not fail: a small command that a person gives in between.
        """
        if not safe:
            self.lives += 1
        self.dead = False
        self.pool = None
        # Of what the last life came past, or the last one that sent something: both are where it hurts.
        if self._passed["sends"] or self._power.random() < 0.5:
            self._before = self._passed
        self._passed = Counter()
        self._cut = None if safe else self._choose_cut()
        try:
            with ExitStack() as stack:
                for module, name, substitute in (*self._outside(), *self._broken):
                    stack.enter_context(patch.object(module, name, substitute))
                yield
        finally:
            self.dead = False

    def _choose_cut(self) -> tuple[str, int] | None:
        """At which moment of this life the power fails, judging by what the one before came past."""
        if self._left <= 0 or self._power.random() < 0.15:
            return None
        passed = {moment: self._before[moment] for moment in MOMENTS if self._before[moment]}
        if not passed:
            return "runs", self._power.randrange(1, 1000)
        moment = self._power.choice(list(passed))
        return moment, self._power.randrange(1, passed[moment] + 1)

    def _outside(self) -> list[Substitute]:
        """What the program finds instead of the world: module, name, substitute."""
        clock = _MonotonicClock(self)
        return [
            (asyncio, "run", self._run),
            (wire, "Sockets", partial(SimulatedNetwork, self)),
            (httpcore, "AnyIOBackend", partial(SimulatedNetwork, self)),
            (anyio_backend, "AnyIOBackend", partial(SimulatedNetwork, self)),
            (httpcore._async.http11, "time", clock),
            (httpx, "create_ssl_context", lambda *_, **__: _CONTEXT),
            (httpx._transports.default, "create_ssl_context", lambda *_, **__: _CONTEXT),
            (access, "Ledger", partial(SimulatedLedger, self)),
            (ledger, "_engine", self._engine),
            (dialing, "group_writer", _inline_writer),
            (dialing, "Random", lambda: dice(self.seed, f"program {self.lives}")),
            (dialing, "_signals_stop", self._notice_pool),
            (dialing, "_new_trace_tag", self._trace_tag),
            (whole_file, "os", _WatchedOs(self)),
            # The page beside the sheet is not judged here, and pandas would take half of the time.
            (reporter, "Counting", _Uncounted),
            (reporter, "render", lambda _summary: "<!doctype html>"),
        ]

    def _run(self, main: Coroutine[Any, Any, Result]) -> Result:
        """What `asyncio.run` does, on virtual time."""
        self.loop = loop = ShuffledLoop(self)
        try:
            return loop.run_until_complete(main)
        finally:
            self._now = loop.time()
            _abandon(loop)
            _close(main)
            self.loop = None

    @contextmanager
    def _notice_pool(self, pool: Pool) -> Iterator[None]:
        self.pool = pool
        assert self.loop is not None
        for seconds, press in self.keys:
            self.loop.call_later(seconds, press, pool)
        yield
        self.pool = None

    def _engine(self, path: Path, *, read_only: bool, journal: str = "WAL") -> Engine:
        """The engine of a ledger. Its connections die with each life; what it knows of SQL need not."""
        if (path, read_only) not in self._engines:
            self._engines[path, read_only] = _new_engine(path, read_only=read_only, journal=journal)
        return self._engines[path, read_only]

    def _trace_tag(self) -> str:
        return f"dialer-{self._tags.getrandbits(48):012x}"

    # What the loop asks

    def choose(self, ready: int) -> int:
        """Which of so many callbacks runs next."""
        return self._order.randrange(ready)

    def stall_seconds(self) -> float:
        """How long the machine stands still now: hardly ever at all."""
        if not self.stalls or self._hitches.random() > 0.0002:
            return 0.0
        seconds = self._hitches.choice([0.05, 0.4, 1.5, 8.0, 90.0])
        self.note("stall", seconds)
        return seconds

    def disk_is_full(self) -> bool:
        """Whether the ledger can be written now."""
        if self.stalls and self._hitches.random() < 0.0005:
            self._disk_full_until = self.now + self._hitches.choice([0.5, 5.0, 60.0])
            self.accidents.add(self.lives)
            self.note("disk full until", round(self._disk_full_until, 6))
        return self.now < self._disk_full_until


class _MonotonicClock:
    """Stands for the module `time` where httpcore asks how old a connection is."""

    def __init__(self, machine: Machine) -> None:
        self.monotonic = lambda: machine.now


class _WatchedOs:
    """Stands for the module `os` where reports are written: the power may fail before and after each sync."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)

    def fsync(self, descriptor: int) -> None:
        self._machine.pass_by("writes a report")
        os.fsync(descriptor)
        self._machine.pass_by("writes a report")


class _Shuffled(deque[Any]):
    """The callbacks that are ready to run, in an order that nobody may rely on."""

    def __init__(self, machine: Machine) -> None:
        super().__init__()
        self._machine = machine

    def popleft(self) -> Any:
        machine = self._machine
        machine.pass_by("runs")
        place = machine.choose(len(self))
        self.rotate(-place)
        chosen = super().popleft()
        self.rotate(place)
        return chosen


class ShuffledLoop(VirtualLoop):
    """A loop on the machine's clock that runs what is ready in an order decided by the seed."""

    _ready: Any

    def __init__(self, machine: Machine) -> None:
        super().__init__(latest=machine.latest, seed=machine.seed)
        self._machine = machine
        self._jumping.now = machine.now
        self._ready = _Shuffled(machine)

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """What asyncio complains of is a fault, unless it is that a task died with the power."""
        if not isinstance(context.get("exception"), PowerCut):
            self._machine.complaints.append(f"{context.get('message')}: {context.get('exception')!r}")

    def _run_once(self) -> None:
        self.stall(self._machine.stall_seconds())
        super()._run_once()  # type: ignore[misc]  # the loop's own heart


def _abandon(loop: asyncio.AbstractEventLoop) -> None:
    """Leave a loop as a dead process does: nothing in it ever runs again."""
    tasks = asyncio.all_tasks(loop)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for task in tasks:
            task._log_destroy_pending = False  # type: ignore[attr-defined]  # it is the purpose
            _close(task.get_coro())
        loop.close()


def _close(coroutine: Any) -> None:
    """Close a coroutine, however often it wants to wait for something on its way out."""
    for _ in range(100):
        with suppress(BaseException):  # the dead may cry whatever they like
            coroutine.close()
            return


@asynccontextmanager
async def _inline_writer(of: Ledger) -> AsyncIterator[InlineWriter]:
    yield InlineWriter(of)


class SimulatedLedger(Ledger):
    """The real ledger on this machine's clock, whose power may fail before and after each commit."""

    def __init__(self, machine: Machine, path: Path, **options: Any) -> None:
        self._machine = machine
        super().__init__(path, clock=machine.utc_now, **options)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        with self._where_power_may_fail(super().transaction()) as connection:
            yield connection

    @contextmanager
    def loading(self) -> Iterator[Connection]:
        with self._where_power_may_fail(super().loading()) as connection:
            yield connection

    @contextmanager
    def _where_power_may_fail(self, transaction: AbstractContextManager[Connection]) -> Iterator[Connection]:
        machine = self._machine
        machine.pass_by("begins a transaction")
        with self.translating():
            if machine.disk_is_full():
                raise OperationalError("COMMIT", {}, sqlite3.OperationalError("database or disk is full"))
        with transaction as connection:
            yield connection
            machine.pass_by("commits")
        machine.pass_by("has committed")

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        self._machine.pass_by("reads the ledger")
        with super().reading() as connection:
            yield connection
