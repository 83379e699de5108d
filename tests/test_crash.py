"""Power cuts, storms and haste: nobody is called twice, no row is lost, the pace is kept.

The dialer is killed for real, at moments that the sandbox's record chooses; the same record is the judge.
"""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest

from tests.command import Finished
from tests.desk import Desk, Sheet, finish, open_desk, told

CALLERS = 3
LEADS = 20
MOMENTS = (1, 5, 10)  # how many calls the sandbox has received when the dialer is killed
SLOW, SLOWER = "latency-after:0.15", "latency-after:2"
STORM = {
    "drop-after": "unknown",
    "reset-after": "unknown",
    "hang-after": "unknown",
    "503-after": "unknown",
    "drip-head:8": "unknown",
    "garbage:html": "accepted",
    "garbage:empty": "accepted",
    "garbage:half": "accepted",
    "garbage:list": "accepted",
    "garbage:null-id": "queued",
    "garbage:bad-gzip": "queued",  # nothing is compressed, whatever the header says
    "garbage:huge": "accepted",
    "cut": "accepted",
    "drip:3": "accepted",
    "422": "failed",
    "429:1": "queued",
}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk that all tests of this module share."""
    faults = [*STORM, *[SLOW] * (LEADS * len(MOMENTS)), *[SLOWER] * 4]
    with open_desk(tmp_path_factory.mktemp("desk"), faults=faults) as opened:
        yield opened


# ------------------------------------------------------------------------------------ the pace


@pytest.fixture(scope="module")
def arrivals(desk: Desk) -> list[float]:
    """When the sandbox received each of 300 calls that were made at 50 a second; epoch seconds.

    Nothing else is going on meanwhile, as far as it depends on these tests. Where the machine itself stood
    still for a moment, which the sandbox cannot tell from haste, it is measured again, twice at most.
    """
    for _ in range(3):
        sheet = desk.sheet(300)
        desk.run(sheet, "--rate", "50/s")
        times = sorted(request["received_at"] for request in desk.received(*sheet.numbers))
        desk.sandbox.ask("DELETE", "/sandbox/record")  # a short record is quickly read again and again
        if len(times) == 300 and _most_in_a_second(times) <= 51 and times[-1] - times[0] <= 6.3:
            break
    return times


def _most_in_a_second(times: list[float]) -> int:
    return max(sum(begin <= other < begin + 1.0 for other in times) for begin in times)


def test_everybody_of_a_long_list_is_called(arrivals: list[float]) -> None:
    assert len(arrivals) == 300


def test_no_second_sees_more_calls_than_the_rate(arrivals: list[float]) -> None:
    """Seen from the server there may be 2 % more, at least one: the network has a jitter of its own."""
    assert _most_in_a_second(arrivals) <= 51


def test_the_pace_is_used(arrivals: list[float]) -> None:
    """Six seconds are enough for 300 calls at 50 a second; the rest is the network's jitter."""
    assert arrivals[-1] - arrivals[0] <= 6.3


@pytest.fixture(scope="module")
def stories(
    desk: Desk,
    arrivals: list[float],  # noqa: ARG001 - measured before anything else takes the processor
    request: pytest.FixtureRequest,
) -> Iterator[Mapping[str, Future[Any]]]:
    """The stories of the tests that were chosen."""
    wanted = {name for item in request.session.items for name in getattr(item, "fixturenames", ())}
    kills = {f"killed at {moment}": partial(_killed, moment=moment) for moment in MOMENTS}
    wanted |= set(kills) if "killed" in wanted else set()
    with told(desk, {"storm": _storm, "together": _together, **kills}, wanted=wanted) as begun:
        yield begun


# ------------------------------------------------------------------------------------ kill -9


@dataclass(frozen=True)
class Killed:
    """A run that was killed in the middle, and the same command again."""

    sheet: Sheet
    first: Finished
    again: Finished
    created_before: int  # how many calls the sandbox had created when it was killed

    @property
    def unknown(self) -> int:
        """How many rows nobody knows anything certain about."""
        return self.sheet.statuses().count("unknown")

    @property
    def found(self) -> int:
        """How many rows the API's records told of when the command was given again."""
        return self.sheet.statuses().count("accepted")


def _killed(desk: Desk, *, moment: int) -> Killed:
    sheet = desk.sheet([desk.number(SLOW) for _ in range(LEADS)])
    sheet.add("nobody,Nora", f"{sheet.numbers[0]},Person 1 again")
    process = desk.start(sheet, "--concurrency", str(CALLERS))
    desk.wait_for(sheet, moment)
    process.send_signal(signal.SIGKILL)
    first = finish(process)
    created_before = desk.created(*sheet.numbers).total()
    return Killed(sheet, first, desk.run(sheet, "--json"), created_before)


@pytest.fixture(scope="module", params=MOMENTS)
def killed(request: pytest.FixtureRequest, stories: Mapping[str, Future[Any]]) -> Killed:
    """Killed at one of the moments; below the leads stand an invalid and a duplicate row."""
    story: Killed = stories[f"killed at {request.param}"].result()
    return story


def test_it_was_killed_in_the_middle(killed: Killed) -> None:
    assert (killed.first.returncode, 0 < killed.created_before < LEADS) == (-9, True)


def test_nobody_is_called_twice_around_a_kill(desk: Desk, killed: Killed) -> None:
    assert set(desk.created(*killed.sheet.numbers).values()) == {1}


def test_every_row_comes_back_after_a_kill(killed: Killed) -> None:
    people = [f"Person {place}" for place in range(1, LEADS + 1)]
    assert [row["first_name"] for row in killed.sheet.results()] == [*people, "Nora", "Person 1 again"]


def test_whoever_was_not_reached_before_a_kill_is_called_after_it(killed: Killed) -> None:
    counts = killed.again.json["counts"]
    assert counts.pop("unknown", 0) == killed.unknown
    called = {"queued": LEADS - killed.unknown - killed.found, "accepted": killed.found}
    assert counts == called | {"invalid": 1, "duplicate": 1}


def test_no_more_were_unknown_than_there_were_callers(killed: Killed) -> None:
    assert 0 < killed.unknown + killed.found <= CALLERS


def test_the_run_after_a_kill_says_whether_some_are_unknown(killed: Killed) -> None:
    assert killed.again.returncode == (1 if killed.unknown else 0)


def test_the_lock_of_a_killed_run_is_free(killed: Killed) -> None:
    assert killed.again.json["called_now"] > 0


def test_every_call_that_is_not_unknown_is_in_the_report(desk: Desk, killed: Killed) -> None:
    said = {row["call_id"] for row in killed.sheet.results() if row["call_id"]}
    record = {request["call_id"] for request in desk.received(*killed.sheet.numbers)}
    assert (len(said), said <= record) == (LEADS - killed.unknown, True)


# ------------------------------------------------------------------------------------ two at once


def _together(desk: Desk) -> tuple[Sheet, list[Finished]]:
    sheet = desk.sheet([desk.number(SLOWER) for _ in range(4)])
    processes = [desk.start(sheet, "--json", "--concurrency", "2") for _ in range(2)]
    return sheet, [finish(process) for process in processes]


@pytest.fixture(scope="module")
def together(stories: Mapping[str, Future[Any]]) -> tuple[Sheet, list[Finished]]:
    """Two runs of one campaign, started together; the first to be ready waits four seconds for its calls."""
    story: tuple[Sheet, list[Finished]] = stories["together"].result()
    return story


def test_of_two_runs_started_together_one_is_told_to_wait(together: tuple[Sheet, list[Finished]]) -> None:
    assert sorted(finished.returncode for finished in together[1]) == [0, 75]


def test_two_runs_started_together_call_nobody_twice(
    desk: Desk, together: tuple[Sheet, list[Finished]]
) -> None:
    sheet, _ = together
    assert desk.created(*sheet.numbers) == dict.fromkeys(sheet.numbers, 1)


# ------------------------------------------------------------------------------------ a storm of faults


@dataclass(frozen=True)
class Storm:
    """A run in which every call meets another fault, and the same command when the sky is clear."""

    first: Finished
    rows: Mapping[str, Mapping[str, str]]  # by fault
    again: Finished
    received: Mapping[str, list[dict[str, Any]]]  # by fault

    def created(self, fault: str) -> int:
        """How many calls were created for the number that met this fault."""
        return sum(request["outcome"] == "created" for request in self.received[fault])


def _storm(desk: Desk) -> Storm:
    sheet = desk.sheet([desk.number(fault) for fault in STORM])
    place = desk.place()
    (place / "dialer.toml").write_text("max_unknown_in_row = 100\n")
    command = ("run", sheet.path, *desk.call_options("--timeout", "1s", "--json", "-o", sheet.report))
    first = desk.dialer(*command, place=place)
    rows = dict(zip(STORM, sheet.results(), strict=True))
    again = desk.dialer(*command, place=place)
    received = {fault: desk.received(number) for fault, number in zip(STORM, sheet.numbers, strict=True)}
    return Storm(first, rows, again, received)


@pytest.fixture(scope="module")
def storm(stories: Mapping[str, Future[Any]]) -> Storm:
    story: Storm = stories["storm"].result()
    return story


@pytest.mark.parametrize(("fault", "status"), STORM.items())
def test_every_fault_leaves_the_right_status(storm: Storm, fault: str, status: str) -> None:
    assert storm.rows[fault]["status"] == status, storm.rows[fault]


@pytest.mark.parametrize("fault", [fault for fault in STORM if fault != "422"])
def test_no_fault_makes_a_second_call(storm: Storm, fault: str) -> None:
    assert storm.created(fault) == 1


def test_whoever_is_refused_is_not_called_again_by_a_run(storm: Storm) -> None:
    assert len(storm.received["422"]) == 1


def test_whoever_was_throttled_is_asked_for_once_more(storm: Storm) -> None:
    assert [request["http_status"] for request in storm.received["429:1"]] == [429, 201]


def test_a_call_without_an_answer_says_why(storm: Storm) -> None:
    row = storm.rows["hang-after"]
    assert (row["reason"], row["call_id"], row["attempts"]) == ("no reply (TimeoutError)", "", "1")


def test_a_call_with_a_spoilt_answer_says_what_was_odd(storm: Storm) -> None:
    row = storm.rows["garbage:html"]
    assert (row["reason"], row["attempts"]) == ("the reply was no JSON object", "1")


def test_after_the_storm_nobody_is_called(storm: Storm) -> None:
    assert storm.again.json["called_now"] == 0


def test_after_the_storm_every_call_that_exists_is_found(storm: Storm) -> None:
    counts = Counter(storm.first.json["counts"])
    counts["accepted"] += counts.pop("unknown")
    assert storm.again.json["counts"] == counts


def test_a_storm_is_1(storm: Storm) -> None:
    assert storm.first.returncode == 1
