"""The report is kept up to date while a run lasts, by a process of its own that ends with the run."""

from __future__ import annotations

import csv
import os
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from dialer.refresh import refreshing, report_command
from dialer.settings import Place
from tests.desk import Desk, finish, open_desk, until

SOON = timedelta(seconds=0.01)
NOTE = "import os, sys, time; open(sys.argv[1], 'a').write(f'{os.getpid()} '); time.sleep(float(sys.argv[2]))"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with open_desk(tmp_path_factory.mktemp("desk")) as opened:
        yield opened


def pids(path: Path) -> list[int]:
    return [int(word) for word in path.read_text().split()] if path.exists() else []


def is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_it_is_written_again_and_again(tmp_path: Path) -> None:
    noted = tmp_path / "noted"
    with refreshing([sys.executable, "-c", NOTE, str(noted), "0"], SOON):
        until(lambda: len(pids(noted)) >= 3)


def test_what_is_under_way_at_the_end_is_gone_when_the_block_is_left(tmp_path: Path) -> None:
    noted = tmp_path / "noted"
    with refreshing([sys.executable, "-c", NOTE, str(noted), "60"], SOON):
        until(lambda: len(pids(noted)) == 1)
    assert not is_there(pids(noted)[0])


def test_nothing_is_started_where_nothing_was_asked_for(tmp_path: Path) -> None:
    noted = tmp_path / "noted"
    with refreshing([sys.executable, "-c", NOTE, str(noted), "0"], None):
        pass
    assert pids(noted) == []


def test_a_command_that_is_not_there_does_no_harm() -> None:
    with refreshing(["/no/such/command"], SOON):
        pass


def test_the_command_leads_to_the_same_place_with_the_least_priority() -> None:
    command = report_command(Place(sandbox=True, ledger="my leads.sqlite3"), "-odd", Path("/reports/a b.csv"))
    assert command[-10:] == [
        *("-m", "dialer", "report", "--sandbox", "--ledger", "my leads.sqlite3"),
        *("--output", "/reports/a b.csv", "--", "-odd"),
    ]
    assert command[1:3] == ["-n", "19"]


def test_a_run_shows_its_results_before_it_ends(desk: Desk) -> None:
    sheet = desk.sheet(40)
    running = desk.start(sheet, "--refresh", "0.1s", "--rate", "4/s")

    def called() -> int:
        if not sheet.report.exists():
            return 0
        with sheet.report.open(newline="", encoding="utf-8") as file:
            return sum(row["status"] == "queued" for row in csv.DictReader(file))

    until(lambda: called() > 0)
    early = (running.poll(), called() < len(sheet.numbers))
    finished = finish(running)
    assert (early, finished.returncode, called()) == ((None, True), 0, len(sheet.numbers))
