"""Calling hours as a person meets them at the command line."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.command import SANDBOX_KEY, Finished, run_dialer
from tests.desk import Desk, finish, open_desk, until

LIVE = ("--base-url", "https://api.example.com/v1", "--assistant", "Voz", "--dry-run")
# London, whose hours nobody knows for certain; a fictional number that rings nowhere, in no time zone.
SHEET = "phone,zip,time zone\n+442079460123,,\n+442079460124,,Zulu\n+15550100123,,\n"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with open_desk(tmp_path_factory.mktemp("desk")) as opened:
        yield opened


def dry_run(folder: Path, *options: str) -> Finished:
    (folder / "leads.csv").write_text(SHEET)
    return run_dialer("run", "leads.csv", *LIVE, *options, cwd=folder, env=SANDBOX_KEY)


def words(finished: Finished) -> str:
    return " ".join(finished.stderr.split())


def test_the_plan_says_who_may_be_called_when(tmp_path: Path) -> None:
    done = dry_run(tmp_path)

    assert (
        "Calling hours 2 never: the calling hours of GB are not known (--hours sets yours) "
        "1 never: their time zone is not known "
        "Passed over, because they could not be read with certainty: 1 time zone. The calling hours of these "
        "leads go by what else is known of their place." in words(done)
    )
    assert "3 outside calling hours now" in words(done)


def test_at_any_hour_nobody_s_hours_are_asked_for(tmp_path: Path) -> None:
    done = dry_run(tmp_path, "--any-hour")

    assert "3 would be called now" in words(done)
    assert "Calling hours" not in done.stderr


def test_the_operator_s_window_lets_london_be_called(tmp_path: Path) -> None:
    done = dry_run(tmp_path, "--hours", "mon-fri 09:00-18:00")

    assert "GB are not known" not in words(done)
    assert "1 never: their time zone is not known" in words(done)


def test_nonsense_is_refused_with_an_example(tmp_path: Path) -> None:
    done = dry_run(tmp_path, "--hours", "9-18")

    assert done.returncode == 2
    no_window = '"9-18" is no calling window: write it like 09:00-18:00, start before end, on one day.'
    assert words(done) == f"dialer: Invalid value for '--hours': {no_window} Try dialer run --help."


def test_a_run_that_begins_after_its_time_calls_nobody(desk: Desk) -> None:
    sheet = desk.sheet(2)
    just_passed = datetime.now().astimezone() - timedelta(minutes=2)

    done = desk.run(sheet, "--until", f"{just_passed:%H:%M}")

    assert (done.returncode, desk.received(*sheet.numbers), sheet.statuses()) == (75, [], ["pending"] * 2)
    assert (
        f"It is {just_passed:%H:%M}, and no call begins from then on (--until): the rest is left for the next"
        " run." in words(done)
    )


def test_a_run_that_waits_calls_who_is_due_and_ends(desk: Desk) -> None:
    sheet = desk.sheet(2)

    done = desk.run(sheet, "--wait")

    assert (done.returncode, sheet.statuses()) == (0, ["queued"] * 2)


def test_a_run_that_waits_ends_gently_when_it_is_told_to(desk: Desk) -> None:
    """Whom a cap keeps until tomorrow is waited for as well."""
    first = desk.sheet(1)
    desk.run(first)
    second = desk.sheet(first.numbers)
    process = desk.start(second, "--wait", "--cap", "1/24h", "--recall-after", "0s", "--refresh", "1s")
    until(second.report.exists)

    process.send_signal(signal.SIGTERM)
    done = finish(process)

    assert (done.returncode, second.statuses()) == (143, ["deferred"])
    assert "1 called as often as a cap allows: later" in words(done)
