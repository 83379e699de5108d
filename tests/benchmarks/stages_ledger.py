"""Stages of the ledger: how fast it is filled and written to, and how it answers once it is large."""

from __future__ import annotations

import shutil

from tests.benchmarks.bench import CALLERS, Bench, as_json, dialer, dialer_run, own
from tests.benchmarks.figures import Figure
from tests.benchmarks.processes import Contestant, fresh, run_once


def load(bench: Bench) -> list[Figure]:
    """Rows that were read already go into a new ledger."""
    rows = bench.sizes.load
    name = "dialer, ledger alone"
    each = bench.race(Contestant(name, lambda folder: own("parts.load", folder / "ledger.sqlite3", rows)))[
        name
    ]
    said = [as_json(run.output) for run in each.runs]
    seconds = sorted(one["seconds"] for one in said)[len(said) // 2]
    allowed = 10.0 * rows / 1_000_000
    return [
        Figure(
            f"load {rows:,} rows into the ledger",
            name,
            seconds,
            rows,
            peak_bytes=each.peak_bytes,
            said=f"{said[0]['bytes'] / rows:.0f} bytes a lead",
            target=f"<= {allowed:g} s",
            reached=seconds <= allowed,
        )
    ]


def pairs(bench: Bench) -> list[Figure]:
    """Intent and outcome of calls that are not sent, every group synced to disk."""
    count = bench.sizes.pairs
    name = f"dialer, {CALLERS} callers"
    each = bench.race(
        Contestant(name, lambda folder: own("parts.pairs", folder / "ledger.sqlite3", count, CALLERS))
    )[name]
    seconds = sorted(as_json(run.output)["seconds"] for run in each.runs)[len(each.runs) // 2]
    rate = count / seconds
    return [
        Figure(
            f"{count:,} intents and outcomes",
            name,
            seconds,
            count,
            said="synchronous=FULL",
            target=">= 10,000/s",
            reached=rate >= 10_000,
        )
    ]


def resumed(bench: Bench) -> list[Figure]:
    """A campaign of which all but a thousandth is done: going on with it, and its status."""
    rows = bench.sizes.resumed
    sheet = bench.sheet(rows, kind="clean")
    with fresh(bench.folder) as home, bench.server() as server:
        ledger = home / "ledger.sqlite3"
        started = Contestant(
            "load", lambda _folder: dialer_run(sheet, server, home, "--limit", 1, "--rate", "50/s")
        )
        run_once(started, home, bench.env)
        done = bench.do(own("parts.almost_done", ledger, sheet.stem))
        status = Contestant("dialer status", lambda _folder: dialer("status", sheet.stem, "--ledger", ledger))
        told = bench.race(status)["dialer status"]
        server.times()
        copies, firsts = home / "copies", []
        for _ in range(bench.sizes.runs):
            shutil.rmtree(copies, ignore_errors=True)
            shutil.copytree(home, copies, ignore=shutil.ignore_patterns("copies"))
            job = Contestant("run", lambda _folder: dialer_run(sheet, server, copies, "--limit", 1))
            run = run_once(job, home, bench.env)
            firsts.append(server.times()[0] - run.began)
            bench.say(f"    first call after {firsts[-1]:.2f} s, all of it {run.seconds:.1f} s")
    first = sorted(firsts)[len(firsts) // 2]
    stage = f"{rows - done['left']:,} of {rows:,} done"
    return [
        Figure(
            f"{stage}: the first call",
            "dialer run, the sheet unchanged",
            first,
            said=f"{done['bytes'] / rows:.0f} bytes a lead",
            target="<= 5 s",
            reached=first <= 5,
        ),
        Figure(
            f"{stage}: status",
            "dialer status CAMPAIGN",
            told.seconds,
            peak_bytes=told.peak_bytes,
            target="<= 0.5 s",
            reached=told.seconds <= 0.5,
        ),
    ]
