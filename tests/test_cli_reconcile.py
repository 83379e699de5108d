"""Unknown calls at the command line: looked for, called once more by decision, and kept few.

The sandbox's record is the judge.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.command import Finished, command_line, environment
from tests.desk import PATIENCE_SECONDS, Desk, Sheet, finish, open_desk, told

LOST, MADE, SLOW = "drop-before,ok", "drop-after,ok", "latency-after:1"
TAG = re.compile(r"dialer-[0-9a-f]{12}")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk that all tests of this module share."""
    with open_desk(
        tmp_path_factory.mktemp("desk"), faults=[*[LOST] * 4, *[MADE] * 4, *[SLOW] * 24]
    ) as opened:
        yield opened


@pytest.fixture(scope="module")
def stories(desk: Desk, request: pytest.FixtureRequest) -> Iterator[Mapping[str, Future[Any]]]:
    """The stories of the tests that were chosen."""
    wanted = {name for item in request.session.items for name in getattr(item, "fixturenames", ())}
    with told(desk, STORIES, wanted=wanted) as begun:
        yield begun


def reconcile(desk: Desk, *options: str) -> Finished:
    return desk.dialer("reconcile", *options, *(() if "--base-url" in options else desk.api))


def sent(desk: Desk, number: str) -> int:
    """How many requests for a call of this person the sandbox received."""
    return len(desk.received(number))


# ------------------------------------------------------------------------------------ reconcile


@dataclass(frozen=True)
class Looked:
    """Three people: one was called, of two nobody knows, and one of these calls exists."""

    sheet: Sheet
    refused: Finished  # with a key that the API does not know
    unreached: Finished
    shown: Finished
    again: Finished
    report: Finished


def _looked(desk: Desk) -> Looked:
    sheet = desk.sheet([desk.number(), desk.number(LOST), desk.number(MADE)])
    desk.run(sheet)
    name = sheet.campaign
    refused = desk.dialer("reconcile", name, *desk.api, "--json", env={"VOZAGENT_API_KEY": "sk_wrong"})
    closed = ("--base-url", "http://127.0.0.1:9/v1", "--ledger", str(desk.ledger))
    unreached = reconcile(desk, name, *closed, "--json")
    shown = reconcile(desk, name)
    again = reconcile(desk, name, "--json")
    return Looked(sheet, refused, unreached, shown, again, desk.dialer("report", name, *desk.api))


@pytest.fixture(scope="module")
def looked(stories: Mapping[str, Future[Any]]) -> Looked:
    story: Looked = stories["looked"].result()
    return story


def test_a_key_that_may_not_read_is_77(looked: Looked) -> None:
    error = looked.refused.json["error"]
    assert (looked.refused.returncode, error["code"]) == (77, "unauthorized")
    assert error["message"] == (
        "The API's records cannot be read (GET /contacts answered 401): "
        "set VOZAGENT_API_KEY to a valid key, then try again."
    )


def test_records_out_of_reach_leave_all_unknown(looked: Looked) -> None:
    said = looked.unreached.json
    assert (looked.unreached.returncode, said["settled"], said["unknown"]) == (1, [], 2)


def test_records_out_of_reach_are_a_warning(looked: Looked) -> None:
    assert looked.unreached.stderr == (
        "Warning: the API's records could not be read (ConnectError: All connection attempts failed): "
        "what is unknown stays unknown.\n"
    )


def test_what_was_found_is_shown(looked: Looked) -> None:
    [call_id] = {row["call_id"] for row in looked.sheet.results() if row["status"] == "accepted"}
    number = looked.sheet.numbers[2]
    assert looked.shown.stdout.splitlines()[1].split() == [
        looked.sheet.campaign,
        "4",
        f"{number[:5]}***{number[-4:]}",
        call_id,
    ]


def test_while_something_is_unknown_it_is_1(looked: Looked) -> None:
    assert (looked.shown.returncode, looked.again.returncode) == (1, 1)


def test_what_was_found_is_not_found_again(looked: Looked) -> None:
    assert looked.again.json == {"settled": [], "unknown": 1, "trouble": None, "exit_code": 1}


def test_the_report_tells_what_was_found(looked: Looked) -> None:
    assert looked.sheet.statuses() == ["queued", "unknown", "accepted"]


def test_the_id_that_was_found_is_the_one_in_the_record(desk: Desk, looked: Looked) -> None:
    [request] = desk.received(looked.sheet.numbers[2])
    assert looked.sheet.results()[2]["call_id"] == request["call_id"]


def test_looking_calls_nobody(desk: Desk, looked: Looked) -> None:
    assert [sent(desk, number) for number in looked.sheet.numbers] == [1, 1, 1]


def test_where_nothing_is_unknown_it_is_0(desk: Desk) -> None:
    sheet = desk.sheet(1)
    desk.run(sheet)
    finished = desk.dialer("reconcile", sheet.campaign, *desk.api, env={"VOZAGENT_API_KEY": None})
    assert (finished.returncode, finished.stdout) == (0, "Nothing is unknown.\n")


def test_without_a_ledger_nothing_is_unknown(desk: Desk) -> None:
    assert reconcile(desk, "--ledger", str(desk.folder / "none.sqlite3")).returncode == 0
    assert not (desk.folder / "none.sqlite3").exists()


def test_a_campaign_that_is_not_there_is_2(desk: Desk, looked: Looked) -> None:  # noqa: ARG001 - makes the ledger
    assert reconcile(desk, "nobody").returncode == 2


# ------------------------------------------------------------------------------------ once more, by decision


@dataclass(frozen=True)
class Redialled:
    """One person whose call nobody knows of; then what a person decided about it."""

    sheet: Sheet
    plain: Finished
    young: Finished
    unasked: Finished
    dry: Finished
    terminal: Finished  # the same, shown on a terminal
    decided: Finished
    sent: list[int]  # requests so far, after each of these commands


def _redialled(desk: Desk) -> Redialled:
    sheet = desk.sheet([desk.number(LOST), desk.number()])
    desk.run(sheet)
    counts: list[int] = []

    def counted(finished: Finished) -> Finished:
        counts.append(sent(desk, sheet.numbers[0]))
        return finished

    now = ("--redial-unknown", "--older-than", "0s")
    unasked: tuple[str | Path, ...] = ("retry", sheet.path, *desk.api, "--assistant", "Voz", *now)
    return Redialled(
        sheet,
        counted(desk.run(sheet)),
        counted(desk.run(sheet, "--redial-unknown")),
        counted(desk.dialer(*unasked)),
        counted(desk.run(sheet, *now, "--dry-run")),
        counted(desk.run(sheet, *now, "--dry-run", env={"FORCE_COLOR": "1"})),
        counted(desk.retry(sheet, *now)),
        counts,
    )


@pytest.fixture(scope="module")
def redialled(stories: Mapping[str, Future[Any]]) -> Redialled:
    story: Redialled = stories["redialled"].result()
    return story


def test_only_a_decision_calls_once_more(redialled: Redialled) -> None:
    assert redialled.sent == [1, 1, 1, 1, 1, 2]


def test_a_young_unknown_is_left_alone(redialled: Redialled) -> None:
    sentence = "Nobody is called once more: no unknown call is older than 1h (--older-than)."
    assert sentence in redialled.young.stderr.splitlines()


def test_where_nobody_can_answer_nobody_is_called_once_more(redialled: Redialled) -> None:
    assert redialled.unasked.returncode == 2


@pytest.mark.parametrize("command", ["unasked", "dry", "decided"])
def test_it_is_said_whom_a_decision_means(redialled: Redialled, command: str) -> None:
    number = redialled.sheet.numbers[0]
    lines = getattr(redialled, command).stderr
    assert f"row 2: {number[:5]}***{number[-4:]}, unknown since " in lines


def test_on_a_terminal_a_person_reads_names_and_whole_numbers(redialled: Redialled) -> None:
    number = redialled.sheet.numbers[0]
    assert f"row 2: {number} Person 1, unknown since " in redialled.terminal.stderr


def test_the_plan_counts_whom_a_decision_means(redialled: Redialled) -> None:
    assert re.search(
        r"^ +1  unknown, to be called once more \(--redial-unknown\)$", redialled.decided.stderr, re.M
    )


def test_whoever_was_called_once_more_was_called(redialled: Redialled) -> None:
    assert [(row["status"], row["attempts"]) for row in redialled.sheet.results()] == [
        ("queued", "2"),
        ("queued", "1"),
    ]


# ------------------------------------------------------------------------------------ trace tags


@pytest.fixture(scope="module")
def traced(stories: Mapping[str, Future[Any]]) -> tuple[Sheet, list[Any]]:
    """Two people called with a trace tag each, of whom one was never answered; then a look."""
    story: tuple[Sheet, list[Any]] = stories["traced"].result()
    return story


def _traced(desk: Desk) -> tuple[Sheet, list[Any]]:
    sheet = desk.sheet([desk.number(), desk.number(MADE)])
    desk.run(sheet, "--trace-tag", "--tag", "spring")
    bodies = [request["body"] for request in desk.received(*sheet.numbers)]
    desk.run(sheet)
    return sheet, bodies


def test_each_call_has_a_tag_of_its_own(traced: tuple[Sheet, list[Any]]) -> None:
    tags = [body["tags"] for body in traced[1]]
    assert [(len(each), bool(TAG.fullmatch(each[0])), each[1]) for each in tags] == [(2, True, "spring")] * 2
    assert tags[0] != tags[1]


def test_a_call_is_found_by_its_tag(traced: tuple[Sheet, list[Any]]) -> None:
    row = traced[0].results()[1]
    assert row["status"] == "accepted"
    assert row["reason"].endswith("; the call was found in the API's records by its trace tag")


# ------------------------------------------------------------------------------------ while a run lasts


def _watched(desk: Desk) -> tuple[Sheet, Finished]:
    sheet = desk.sheet([desk.number(MADE), *desk.numbers(2)])
    own = ("--ledger", desk.folder / "watched.sqlite3")  # in another one the pace would begin later
    return sheet, desk.run(sheet, "--rate", "3/min", "--json", *own)


@pytest.fixture(scope="module")
def watched(stories: Mapping[str, Future[Any]]) -> tuple[Sheet, Finished]:
    """A run of forty seconds, whose first call is never answered."""
    story: tuple[Sheet, Finished] = stories["watched"].result()
    return story


def test_after_half_a_minute_a_run_finds_its_own_unknown_call(watched: tuple[Sheet, Finished]) -> None:
    said = watched[1].json
    assert (said["exit_code"], said["counts"]) == (0, {"accepted": 1, "queued": 2})


def test_a_call_that_was_found_was_called_by_the_run(watched: tuple[Sheet, Finished]) -> None:
    assert watched[1].json["called_now"] == 3


# ------------------------------------------------------------------------------------ few unknowns


@pytest.fixture(scope="module")
def few(stories: Mapping[str, Future[Any]]) -> tuple[Sheet, Finished, Finished]:
    """A run that may leave one call unknown, of which the third is, and the run after it."""
    story: tuple[Sheet, Finished, Finished] = stories["few"].result()
    return story


def _few(desk: Desk) -> tuple[Sheet, Finished, Finished]:
    sheet = desk.sheet([*desk.numbers(2), desk.number(MADE), *desk.numbers(3)])
    first = desk.run(sheet, "--max-unknown", "1", "--concurrency", "1", "--json")
    return sheet, first, desk.run(sheet)


def test_max_unknown_pauses_the_campaign(few: tuple[Sheet, Finished, Finished]) -> None:
    said = few[1].json
    assert (said["exit_code"], said["counts"]) == (75, {"queued": 2, "unknown": 1, "pending": 3})


def test_max_unknown_says_so(few: tuple[Sheet, Finished, Finished]) -> None:
    assert few[1].json["stopped"] == (
        "Paused: 1 call of this run ended without a certain answer (--max-unknown), the last with “no reply "
        "(RemoteProtocolError: Server disconnected without sending a response.)”: "
        "look with `dialer reconcile`, then `dialer resume`."
    )


def test_after_max_unknown_the_campaign_waits_to_be_resumed(few: tuple[Sheet, Finished, Finished]) -> None:
    assert few[2].returncode == 75


# ------------------------------------------------------------------------------------ stop


@dataclass(frozen=True)
class Stopped:
    """A run that was told to stop from another terminal, and the same command again."""

    sheet: Sheet
    told: Finished
    finished: Finished
    again: Finished


def _stopped(desk: Desk) -> Stopped:
    sheet = desk.sheet([desk.number(SLOW) for _ in range(16)])
    process = desk.start(sheet, "--concurrency", "1", "--json")
    desk.wait_for(sheet, 1)
    said = desk.dialer("stop", sheet.campaign, *desk.api)
    return Stopped(sheet, said, finish(process), desk.run(sheet, "--json"))


@pytest.fixture(scope="module")
def stopped(stories: Mapping[str, Future[Any]]) -> Stopped:
    story: Stopped = stories["stopped"].result()
    return story


def test_a_stopped_run_is_75(stopped: Stopped) -> None:
    said = stopped.finished.json
    assert (stopped.finished.returncode, said["exit_code"], said["stopped"]) == (
        75,
        75,
        "Stopped by `dialer stop`: calls under way were finished, the rest is called by the same command.",
    )


def test_a_stopped_run_leaves_nothing_unknown(stopped: Stopped) -> None:
    assert set(stopped.finished.json["counts"]) == {"queued", "pending"}


def test_after_a_stop_the_same_command_goes_on(stopped: Stopped) -> None:
    assert (stopped.again.returncode, stopped.again.json["counts"]) == (0, {"queued": 16})


def test_nobody_is_called_twice_around_a_stop(desk: Desk, stopped: Stopped) -> None:
    assert desk.created(*stopped.sheet.numbers) == dict.fromkeys(stopped.sheet.numbers, 1)


def test_whoever_stops_a_run_is_told_so(stopped: Stopped) -> None:
    pattern = (
        rf"The run of campaign '{stopped.sheet.campaign}' \(process \d+ on \S+\) stops; "
        r"the same dialer run goes on with it\.\n"
    )
    assert re.fullmatch(pattern, stopped.told.stderr), stopped.told


def test_where_nothing_runs_there_is_nothing_to_stop(desk: Desk, stopped: Stopped) -> None:
    finished = desk.dialer("stop", stopped.sheet.campaign, *desk.api)
    sentence = f"No run of campaign '{stopped.sheet.campaign}' is under way: there is nothing to stop.\n"
    assert (finished.returncode, finished.stderr) == (0, sentence)


def test_a_terminal_that_is_closed_ends_a_run_as_gently_as_sigterm(desk: Desk) -> None:
    sheet = desk.sheet([desk.number(SLOW) for _ in range(8)])
    terminal, end = os.openpty()
    process = subprocess.Popen(
        command_line("run", sheet.path, *desk.call_options("--concurrency", "1")),
        cwd=desk.folder,
        env=environment(desk.folder, desk.environment()),
        stdin=subprocess.DEVNULL,
        stdout=end,
        stderr=end,
    )
    os.close(end)
    desk.wait_for(sheet, 1)
    os.close(terminal)
    process.send_signal(signal.SIGHUP)
    assert (process.wait(PATIENCE_SECONDS), set(sheet.statuses())) == (143, {"queued", "pending"})


STORIES = {
    # those that wait come first
    "watched": _watched,
    "stopped": _stopped,
    "looked": _looked,
    "redialled": _redialled,
    "traced": _traced,
    "few": _few,
}
