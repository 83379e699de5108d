"""Stages with calls: the server alone, whole jobs, the start."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path

from tests.benchmarks.bench import (
    CALLERS,
    UNTHROTTLED,
    Bench,
    Server,
    dialer,
    dialer_run,
    installed,
    own,
)
from tests.benchmarks.figures import Figure
from tests.benchmarks.processes import Contestant, fresh, run_once

_DIALER = f"dialer run, ledger on, {CALLERS} callers"
_SESSION = "pandas + requests.Session"
_GATHER = f"pandas + httpx.gather, {CALLERS}"


def server_alone(bench: Bench) -> list[Figure]:
    """How fast the server answers clients that do nothing else."""
    seconds = min(2.0, bench.sizes.pace_seconds)
    with bench.server() as server:
        answered = asyncio.run(_flood(server, seconds=seconds))
    rate = answered / seconds
    said = f"{rate:,.0f} replies/s"
    return [
        Figure(
            "the server alone",
            "raw sockets, kept open",
            said=said,
            target="> 10,000/s",
            reached=rate > 10_000,
        )
    ]


async def _flood(server: Server, *, seconds: float) -> int:
    """Eight connections that ask again as soon as they are answered, the sockets' own work apart."""
    body = json.dumps({"phone_number": "+12015550123", "assistant_name": "Voz"}).encode()
    request = (
        b"POST /v1/calls/outbound HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
    ) * 8
    answered, over = 0, time.monotonic() + seconds

    async def ask() -> None:
        nonlocal answered
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        while time.monotonic() < over:
            writer.write(request)  # eight at once: this program must not be what is measured
            replies = 0
            while replies < 8:
                replies += (await reader.read(65_536)).count(b"HTTP/1.1 201")
            answered += replies
        writer.close()

    await asyncio.gather(*(ask() for _ in range(8)))
    return answered


def whole_job(bench: Bench) -> list[Figure]:
    """A whole job, from the sheet to the results, beside those who keep no ledger."""
    rows = bench.sizes.calls
    sheet = bench.sheet(rows, kind="clean")
    with bench.server() as server:
        ours = Contestant(_DIALER, lambda folder: _unthrottled(sheet, server, folder))
        measured = bench.race(
            ours,
            _baseline(_SESSION, "pandas_requests", "requests", sheet, server),
            _baseline(_GATHER, "pandas_httpx_gather", "httpx", sheet, server, CALLERS),
            _baseline(
                f"pandas + aiohttp.gather, {CALLERS}",
                "pandas_aiohttp_gather",
                "aiohttp",
                sheet,
                server,
                CALLERS,
            ),
        )
    stage = f"a whole job, {rows:,} rows"
    figures = [
        Figure(stage, name, each.seconds, rows, each.cpu_seconds, each.peak_bytes)
        for name, each in measured.items()
    ]
    for other, least in ((_SESSION, 1.5), (_GATHER, 3.0)):
        if other in measured:
            ratio = measured[other].seconds / measured[_DIALER].seconds
            said = f"x {ratio:.2f} of the rows/s of {other}"
            figures.append(Figure("... ", _DIALER, said=said, target=f">= {least}", reached=ratio >= least))
    return figures + _newman(bench)


def _newman(bench: Bench) -> list[Figure]:
    rows = bench.sizes.newman_calls
    if bench.newman is None or not rows:
        return []
    sheet = bench.sheet(rows, kind="clean")
    collection = bench.folder / "collection.json"
    with bench.server() as server:
        collection.write_text(json.dumps(_collection(server)), encoding="utf-8")
        command = [str(bench.newman), "run", str(collection), "-d", str(sheet), "--silent"]
        measured = bench.race(Contestant("newman run -d", lambda _folder: command), runs=1)
    each = measured["newman run -d"]
    stage = f"a whole job, {rows:,} rows"
    return [Figure(stage, "newman run -d", each.seconds, rows, each.cpu_seconds, each.peak_bytes)]


def _collection(server: Server) -> dict[str, object]:
    body = {"phone_number": "{{Phone}}", "assistant_name": "Voz", "first_name": "{{First Name}}"}
    request = {
        "method": "POST",
        "header": [{"key": "Content-Type", "value": "application/json"}],
        "url": f"{server.base_url}/calls/outbound",
        "body": {"mode": "raw", "raw": json.dumps(body)},
    }
    schema = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
    return {"info": {"name": "calls", "schema": schema}, "item": [{"name": "call", "request": request}]}


def growth(bench: Bench) -> list[Figure]:
    """Whole jobs of more and more rows."""
    figures = []
    for rows in bench.sizes.growth:
        sheet = bench.sheet(rows, kind="clean")
        with bench.server() as server:
            job = Contestant(_DIALER, lambda folder, s=sheet, a=server: _unthrottled(s, a, folder))
            each = bench.race(job, runs=1)[_DIALER]
        figures.append(
            Figure(f"growth: {rows:,} rows", _DIALER, each.seconds, rows, each.cpu_seconds, each.peak_bytes)
        )
    return figures


def start_up(bench: Bench) -> list[Figure]:
    """How long it takes until something happens."""
    rows = bench.sizes.start_up
    sheet = bench.sheet(rows, kind="clean")
    helped = bench.race(Contestant("dialer --help", lambda _folder: dialer("--help")))[
        "dialer --help"
    ].seconds
    with bench.server() as server:
        first = sorted(_first_post(bench, server, sheet) for _ in range(bench.sizes.runs))[
            bench.sizes.runs // 2
        ]
    return [
        Figure("start", "dialer --help", helped, target="< 0.4 s", reached=helped < 0.4),
        Figure(
            f"start: first POST of {rows:,} CSV rows", "dialer run", first, target="< 2 s", reached=first < 2
        ),
    ]


def _first_post(bench: Bench, server: Server, sheet: Path) -> float:
    job = Contestant("dialer run", lambda folder: dialer_run(sheet, server, folder, "--limit", 3))
    with fresh(bench.folder) as folder:
        began = run_once(job, folder, bench.env).began
    return server.times()[0] - began


def _unthrottled(sheet: Path, server: Server, folder: Path) -> list[str]:
    return dialer_run(sheet, server, folder, "--rate", UNTHROTTLED, "--concurrency", CALLERS)


def _baseline(
    name: str, module: str, library: str, sheet: Path, server: Server, *more: object
) -> Contestant | None:
    if not installed(library):
        return None
    return Contestant(
        name, lambda folder: own(f"baselines.{module}", sheet, server.base_url, folder / "out.csv", *more)
    )
