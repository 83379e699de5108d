"""Stages that judge the pace: real calls in real time, by when they were sent and by when they came."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterable, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path

from dialer.campaign import Rate
from tests.benchmarks.bench import Bench, Server, dialer, dialer_run, place
from tests.benchmarks.figures import Figure
from tests.benchmarks.processes import Contestant, fresh, run_once
from tests.simulated_api import busiest_window

_TROUBLED = "50/s"
_THROTTLE_EVERY = 301  # calls; about six seconds at that pace, so that it climbs back between two of them


def pace(bench: Bench) -> list[Figure]:
    """Real calls at the pace asked for, judged by when they were sent and by when they came."""
    figures = []
    for asked in bench.sizes.rates:
        rate = Rate.parse(asked)
        sheet = bench.sheet(max(2, round(rate.per_second * bench.sizes.pace_seconds)), kind="clean")
        bench.say(f"  {asked} ...")
        with bench.server() as server, fresh(bench.folder) as folder:
            command = dialer_run(sheet, server, folder, "--rate", asked)
            run_once(Contestant(asked, lambda _folder, c=command: c), folder, bench.env)
            figures.append(
                _pace_kept(asked, rate, sent=_sent(folder / "ledger.sqlite3"), came=server.times())
            )
    return figures


def _pace_kept(asked: str, rate: Rate, *, sent: list[float], came: list[float]) -> Figure:
    most_sent = busiest_window(sent, seconds=rate.per_seconds)
    most_came = busiest_window(came, seconds=rate.per_seconds)
    used = (len(sent) - 1) / (max(sent) - min(sent)) / rate.per_second
    seen = rate.count + max(1, rate.count // 50)
    return Figure(
        f"pace {asked}",
        f"dialer run, {len(sent):,} calls",
        said=f"{used:.1%} used; at most {most_sent} sent, {most_came} came in a window",
        target=f">= 99 %, <= {rate.count} sent, <= {seen} came",
        reached=used >= 0.99 and most_sent <= rate.count and most_came <= seen,
    )


def pace_in_trouble(bench: Bench) -> list[Figure]:
    """The same while the API throttles, and the program is killed, paused, stopped and started again."""
    rate = Rate.parse(_TROUBLED)
    part = bench.sizes.pace_seconds / 2
    sheet = bench.sheet(max(2, round(rate.per_second * part * 6)), kind="clean")
    with bench.server(throttle_every=_THROTTLE_EVERY) as server, fresh(bench.folder) as folder:
        again = dialer_run(sheet, server, folder, "--rate", _TROUBLED, "--campaign", "trouble")
        order = _Orders(bench, server, folder)
        with closing(order):
            order.start(again)
            order.wait(part)
            order.kill(signal.SIGKILL)
            order.start(again)
            order.wait(part)
            order.give("pause")
            order.close()  # an order that is withdrawn before the program hears of it ends nothing
            order.give("resume")
            order.start(again)
            order.wait(part)
            order.kill(signal.SIGINT)
            order.start(again)
            order.wait(part)
            order.kill(signal.SIGTERM)
        sent, came = _sent(folder / "ledger.sqlite3"), server.times()
    most_sent, most_came = (busiest_window(times, seconds=rate.per_seconds) for times in (sent, came))
    throttled = len(came) // _THROTTLE_EVERY
    return [
        Figure(
            f"pace {_TROUBLED} in trouble",
            f"kill -9, pause, Ctrl-C, SIGTERM, {throttled} x 429",
            said=f"{len(came):,} came; at most {most_sent} sent, {most_came} came in a window",
            target=f"<= {rate.count} sent, <= {rate.count + 1} came",
            reached=most_sent <= rate.count and most_came <= rate.count + 1,
        )
    ]


class _Orders:
    """Starts and ends one program after the other."""

    def __init__(self, bench: Bench, server: Server, folder: Path) -> None:
        self._env = bench.env
        self._folder = folder
        self._place = place(server, folder)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, command: Sequence[str]) -> None:
        """Start the program, as soon as the one before has ended."""
        self.close()
        self._process = subprocess.Popen(
            command,
            cwd=self._folder,
            env=self._env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def wait(self, seconds: float) -> None:
        """Let it work."""
        time.sleep(seconds)

    def give(self, order: str) -> None:
        """Give an order from another terminal."""
        command = dialer(order, "trouble", *self._place)
        subprocess.run(command, cwd=self._folder, env=self._env, check=True, capture_output=True, timeout=60)

    def kill(self, number: signal.Signals) -> None:
        """Send a signal, and wait until the program has ended."""
        assert self._process is not None
        self._process.send_signal(number)
        self.close()

    def close(self) -> None:
        """Wait until the program has ended."""
        if self._process is not None:
            self._process.wait(timeout=60)


def _sent(ledger: Path) -> list[float]:
    with closing(sqlite3.connect(ledger)) as connection:
        rows: Iterable[tuple[str]] = connection.execute(
            "SELECT sent_at FROM attempts WHERE sent_at IS NOT NULL"  # whose turn was withdrawn were not
        )
        return sorted(datetime.fromisoformat(text).timestamp() for (text,) in rows)
