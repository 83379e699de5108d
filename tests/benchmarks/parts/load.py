"""Rows that were read already go into a new ledger: LEDGER ROWS."""

from __future__ import annotations

import gc
import json
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from dialer import loads
from dialer.campaign import Duplicates
from dialer.leads import Lead, RowReading, Verdict
from dialer.ledger import Ledger
from dialer.phones import Tier
from tests.benchmarks.sheets import people

BATCH = 10_000  # as `loader` does


def collect_as_dialer() -> None:
    """Look for garbage as seldom as the command `dialer` does."""
    gc.set_threshold(20_000, 20, 20)


def readings(rows: int) -> Iterator[RowReading]:
    """Callable rows from row 2 on."""
    for number, row in enumerate(people(rows, seed=1, clean=True), start=2):
        lead = Lead(
            row=number,
            phone=row[2],
            tier=Tier.EXACT,
            region="US",
            cell=f"C{number}",
            first_name=row[0],
            last_name=row[1],
            source=row[6],
            notes=row[7] or None,
        )
        yield RowReading(number, Verdict.CALLABLE, cell=lead.cell, lead=lead)


def fill(ledger: Ledger, rows: int) -> tuple[loads.Campaign, int, float]:
    """A campaign of so many leads, its load, and the seconds that the ledger alone took."""
    now, seconds, load = ledger.clock(), 0.0, readings(rows)
    with ledger.transaction() as connection:
        campaign = loads.ensure_campaign(connection, "leads", now=now)
        load_id = loads.begin_load(
            connection, campaign.campaign_id, path="leads.csv", sha256="", reading="{}", now=now
        )
    batches = loads.Batches(campaign.campaign_id, load_id, Duplicates.FIRST)
    while batch := list(islice(load, BATCH)):
        marks = {reading.row: hash(reading.cell) for reading in batch}
        began = time.perf_counter()
        with ledger.loading() as connection:
            batches.add(connection, batch, fingerprints=marks)
        seconds += time.perf_counter() - began
    began = time.perf_counter()
    with ledger.transaction() as connection:
        loads.complete_load(connection, load_id=load_id, campaign_id=campaign.campaign_id, understood="{}")
    return campaign, load_id, seconds + time.perf_counter() - began


def main(path: str, rows: str) -> None:
    """Fill a ledger, and say how long it took and how large it became."""
    collect_as_dialer()
    ledger = Ledger(Path(path))
    _, _, seconds = fill(ledger, int(rows))
    ledger.close()
    size = sum(
        file.stat().st_size for file in Path(path).parent.glob(f"{Path(path).name}*") if file.is_file()
    )
    sys.stdout.write(json.dumps({"seconds": seconds, "bytes": size}) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
