"""--cap, --max-calls and --budget, from the command line; the record of the sandbox is the judge."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.desk import Desk, open_desk


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk that all tests of this module share."""
    with open_desk(tmp_path_factory.mktemp("desk")) as opened:
        yield opened


def test_who_was_called_as_often_as_a_cap_allows_is_deferred_and_told_until_when(desk: Desk) -> None:
    first = desk.sheet(1)
    second = desk.sheet(first.numbers)
    desk.run(first)

    ended = desk.run(second, "--recall-after", "0s", "--cap", "1/24h", "--cap", "5/7d", "--json")

    assert (ended.returncode, ended.json["counts"]) == (75, {"deferred": 1})
    assert ended.json["stopped"] == (
        "Everybody who is due was called as often as a cap allows: the report says from when on, run again "
        "then."
    )
    assert second.results()[0]["reason"].startswith(
        "This number was called once in the last 24 hours, and the cap is 1 (--cap 1/24h). May be called "
    )
    assert "1 called as often as a cap allows: later" in " ".join(ended.stderr.split())
    assert desk.created(*second.numbers) == {second.numbers[0]: 1}


def test_a_single_call_keeps_to_the_caps_of_the_environment(desk: Desk) -> None:
    number = desk.number()
    cap = {"DIALER_CAP": "1/24h;3/7d"}
    desk.call(number, env=cap)

    ended = desk.call(number, "--recall-after", "0s", env=cap)

    assert (ended.returncode, ended.json["error"]["code"]) == (75, "cap")
    assert ended.json["error"]["message"].startswith(
        f"{number} is not called now: This number was called once in the last 24 hours, and the cap is 1 "
        "(--cap 1/24h). It may be called from "
    )


def test_a_cap_that_is_none_is_a_usage_error(desk: Desk) -> None:
    ended = desk.run(desk.sheet(1), "--cap", "3/week")

    assert ended.returncode == 2
    assert ended.stderr == (
        "dialer: Invalid value for '--cap': '3/week' is no cap: write how many calls of one number in 24 "
        "hours, 7 or 30 days, as 3/24h or 4/30d. Try dialer run --help.\n"
    )


def test_a_run_begins_no_more_calls_than_a_day_of_the_ledger_may_have(desk: Desk, tmp_path: Path) -> None:
    """In a ledger of its own, for all calls of a ledger count."""
    sheet = desk.sheet(4)
    options = ("--max-calls", "3", "--ledger", tmp_path / "ledger.sqlite3", "--json")

    ended = desk.run(sheet, *options)

    assert (ended.returncode, ended.json["counts"]) == (75, {"queued": 3, "pending": 1})
    assert ended.json["stopped"].startswith(
        "Stopped at --max-calls 3: so many calls were begun in the last 24 hours, by all campaigns of this "
        "ledger; the same command goes on from "
    )
    assert "1 left for later (--max-calls)" in " ".join(ended.stderr.split())

    again = desk.run(sheet, *options)

    assert (again.returncode, again.json["called_now"]) == (75, 0)
    assert again.json["stopped"] == ended.json["stopped"]


def test_a_budget_is_kept_with_what_a_call_is_said_to_cost(desk: Desk) -> None:
    sheet = desk.sheet(4)

    ended = desk.run(sheet, "--budget", "1usd", "--cost-per-call", "0.40usd", "--json")

    assert (ended.returncode, ended.json["counts"]) == (75, {"queued": 2, "pending": 2})
    assert ended.json["stopped"] == (
        "Stopped at --budget 1usd: the calls of this campaign have cost about 0.80 USD (an estimate: 0.40 "
        "USD a call (--cost-per-call)), and another one would exceed it: a larger --budget lets it go on."
    )
    told = " ".join(ended.stderr.split())
    assert (
        "Budget 1.00 USD for this campaign, about 0.00 USD of it spent (an estimate: 0.40 USD a call "
        "(--cost-per-call))"
    ) in told


def test_a_budget_that_cannot_be_estimated_calls_nobody(desk: Desk) -> None:
    sheet = desk.sheet(1)

    ended = desk.run(sheet, "--budget", "50usd", "--json")

    assert (ended.returncode, ended.json["error"]["code"]) == (2, "cost_unknown")
    assert desk.received(*sheet.numbers) == []
