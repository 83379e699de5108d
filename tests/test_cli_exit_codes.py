"""Every exit code that the installed command can end with, and what stands where after each ending."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import socket
import subprocess
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.command import Finished, command_line, environment
from tests.desk import PATIENCE_SECONDS, Desk, Sheet, finish, open_desk, told, until

SLOW, SILENT, TORN = "latency-after:2", "hang-after*", "503-after"
ELSEWHERE = "307:http://127.0.0.1:1/v1/calls/outbound"
FAULTS = ["422,422", "drop-after", "422", ELSEWHERE, *[TORN] * 5, *[SLOW] * 12, *[SILENT] * 2]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk that all tests of this module share."""
    with open_desk(tmp_path_factory.mktemp("desk"), faults=FAULTS) as opened:
        (opened.folder / "leads.csv").write_text("phone\n")
        yield opened


@pytest.fixture(scope="module", autouse=True)
def stories(desk: Desk, request: pytest.FixtureRequest) -> Iterator[Mapping[str, Future[Any]]]:
    """The stories of the tests that were chosen; they are told while the quick tests run."""
    wanted = {name for item in request.session.items for name in getattr(item, "fixturenames", ())}
    with told(desk, STORIES, wanted=wanted) as begun:
        yield begun


def _error(finished: Finished) -> tuple[int, str]:
    """The exit code and the stable code of the error; both texts of the error must be the same."""
    error = finished.json["error"]
    assert finished.stderr.splitlines()[-1] == f"dialer: {error['message']}", finished
    assert (error["exit_code"], set(error)) == (finished.returncode, {"code", "message", "exit_code"})
    return finished.returncode, error["code"]


# ------------------------------------------------------------------------------------------ 2: usage

RUN = ("run", "leads.csv")
WRONG: dict[str, tuple[str, ...]] = {
    "an option that does not exist": (*RUN, "--tempo", "5/s"),
    "a command that does not exist": ("dail", "leads.csv"),
    "no sheet": ("run",),
    "no rate": (*RUN, "--rate", "fast"),
    "no duration": (*RUN, "--timeout", "soon"),
    "no row": (*RUN, "--rows", "0"),
    "a status that is never called": (*RUN, "--only", "queued"),
    "a limit of nothing": (*RUN, "--limit", "0"),
}
WRONG_IN_OUR_WORDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "no assistant": ("assistant", RUN),
    "no time at all": ("timeout", (*RUN, "-a", "Voz", "--timeout", "0s")),
    "no country": ("region", (*RUN, "-a", "Voz", "--region", "ZZ")),
    "a name for standard input is missing": ("campaign_needed", ("run", "-", "-a", "Voz", "--yes")),
    "no number": ("letters", ("call", "me", "-a", "Voz")),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_a_wrong_option_is_2(desk: Desk, wrong: tuple[str, ...]) -> None:
    assert _error(desk.dialer(*wrong, "--json")) == (2, "usage")


def test_a_wrong_port_is_2(desk: Desk) -> None:
    finished = desk.dialer("sandbox", "--port", "70000", env={"DIALER_JSON": "true"})
    assert _error(finished) == (2, "usage")


@pytest.mark.parametrize(("code", "wrong"), WRONG_IN_OUR_WORDS.values(), ids=WRONG_IN_OUR_WORDS)
def test_what_cannot_be_asked_for_is_2(desk: Desk, code: str, wrong: tuple[str, ...]) -> None:
    assert _error(desk.dialer(*wrong, "--json")) == (2, code)


def test_without_yes_and_without_a_terminal_it_is_2(desk: Desk) -> None:
    sheet = desk.sheet(2)
    finished = desk.dialer("run", sheet.path, *desk.api, "-a", "Voz", "--json")
    assert (_error(finished), desk.received(*sheet.numbers)) == ((2, "nobody_can_answer"), [])


@pytest.mark.parametrize("command", ["report", "pause"])
def test_a_campaign_that_does_not_exist_is_2(desk: Desk, command: str) -> None:
    assert _error(desk.dialer(command, "nobody", *desk.api, "--json")) == (2, "campaign_unknown")


# ------------------------------------------------------------------------------------------ 65, 66: the sheet

SHEETS: dict[str, tuple[str, int, str]] = {
    "empty": ("empty.csv", 65, "empty"),
    "binary": ("binary.csv", 65, "not_a_sheet"),
    "no phone column": ("cities.csv", 65, "no_phone_column"),
    "no rows": ("header.csv", 65, "no_rows"),
    "a folder": (".", 65, "folder"),
    "not there": ("nowhere.csv", 66, "missing"),
}


@pytest.fixture(scope="module")
def bad_sheets(desk: Desk) -> Path:
    """A folder of sheets that cannot be called."""
    place = desk.place()
    (place / "empty.csv").touch()
    (place / "binary.csv").write_bytes(bytes(range(256)) * 40)
    (place / "cities.csv").write_text("name,city\nAnn,Utrecht\n")
    (place / "header.csv").write_text("phone,name\n")
    return place


@pytest.mark.parametrize(("name", "exit_code", "code"), SHEETS.values(), ids=SHEETS)
def test_a_sheet_that_cannot_be_called_ends_a_run(
    desk: Desk, bad_sheets: Path, name: str, exit_code: int, code: str
) -> None:
    command = ("run", bad_sheets / name, *desk.call_options("--campaign", f"bad {code}", "--json"))
    assert _error(desk.dialer(*command)) == (exit_code, code)


def test_a_check_of_a_sheet_without_rows_is_65(desk: Desk, bad_sheets: Path) -> None:
    assert desk.dialer("check", bad_sheets / "header.csv").returncode == 65


def test_a_report_without_its_sheet_is_65(desk: Desk) -> None:
    sheet = desk.sheet(1)
    desk.dialer("run", sheet.path, *desk.api, "-a", "Voz")  # it is loaded, and nobody says yes
    sheet.path.unlink()
    assert _error(desk.dialer("report", sheet.campaign, *desk.api, "--json")) == (65, "source_gone")


# ------------------------------------------------------------------------------------------ 77: the key

NO_KEYS = {"none": (None, "key_missing"), "odd": ("two words", "key_odd")}
REFUSED_KEYS = {"no right": "sk_sandbox_readonly", "no subscription": "sk_sandbox_lapsed"}


@pytest.mark.parametrize(("key", "code"), NO_KEYS.values(), ids=NO_KEYS)
def test_no_key_is_77(desk: Desk, key: str | None, code: str) -> None:
    assert _error(desk.call(desk.number(), env={"VOZAGENT_API_KEY": key})) == (77, code)


def test_a_key_file_that_others_can_read_is_77(desk: Desk) -> None:
    file = desk.place() / "key"
    file.write_text("sk_sandbox\n")
    file.chmod(0o640)
    assert _error(desk.call(desk.number(), "--api-key-file", file)) == (77, "key_file")


@pytest.mark.parametrize("key", REFUSED_KEYS.values(), ids=REFUSED_KEYS)
def test_a_key_that_the_api_refuses_is_77_and_nobody_is_called(desk: Desk, key: str) -> None:
    said = desk.call(desk.number(), env={"VOZAGENT_API_KEY": key}).json
    assert (said["exit_code"], said["status"]) == (77, "pending")


def _refused(desk: Desk) -> tuple[Sheet, Finished]:
    sheet = desk.sheet(3)
    return sheet, desk.run(sheet, "--json", env={"VOZAGENT_API_KEY": "sk_unknown"})


@pytest.fixture(scope="module")
def refused(stories: Mapping[str, Future[Any]]) -> tuple[Sheet, Finished]:
    """A run with a key that the API does not know."""
    story: tuple[Sheet, Finished] = stories["refused"].result()
    return story


def test_a_run_with_a_refused_key_is_77(refused: tuple[Sheet, Finished]) -> None:
    assert (refused[1].returncode, refused[1].json["exit_code"]) == (77, 77)


def test_after_a_refused_key_everybody_is_pending(refused: tuple[Sheet, Finished]) -> None:
    assert refused[0].statuses() == ["pending"] * 3


# ------------------------------------------------------------------------------------------ 78: settings

SETTINGS: dict[str, tuple[str, str, str]] = {
    "a setting that does not exist": (
        'rat = "5/s"',
        "unknown_setting",
        "dialer.toml: there is no setting 'rat'; did you mean 'rate'?",
    ),
    "a wrong value": (
        'rate = "fast"',
        "setting_value",
        (
            "dialer.toml: rate: Invalid value for '--rate': 'fast' is no rate: write a whole number per "
            "second or minute, as 5/s or 30/min."
        ),
    ),
    "a breaker of nothing": (
        "max_unknown_in_row = 0",
        "setting_value",
        "dialer.toml: max_unknown_in_row must be a whole number above 0.",
    ),
    "a list where there is one value": (
        'region = ["US"]',
        "setting_value",
        "dialer.toml: region must be one text, number or switch (true, false).",
    ),
    "no TOML": (
        "rate: 5/s",
        "settings_unreadable",
        (
            "The settings file dialer.toml cannot be read (Expected '=' after a key in a key/value pair "
            "(at line 1, column 5)): mend it, or take it away."
        ),
    ),
}


@pytest.mark.parametrize(("line", "code", "sentence"), SETTINGS.values(), ids=SETTINGS)
def test_a_wrong_settings_file_is_78(desk: Desk, line: str, code: str, sentence: str) -> None:
    place = desk.place()
    (place / "dialer.toml").write_text(line + "\n")
    finished = desk.dialer("status", "--json", place=place)
    assert (_error(finished), finished.json["error"]["message"]) == ((78, code), sentence)


def test_a_settings_file_that_is_not_there_is_78(desk: Desk) -> None:
    assert _error(desk.dialer("status", "--config", "no.toml", "--json")) == (78, "settings_missing")


def test_an_assistant_who_does_not_exist_is_78(desk: Desk) -> None:
    finished = desk.dialer("call", desk.number(), *desk.api, "--assistant", "Zov", "--json")
    assert _error(finished) == (78, "assistant_unknown")


def test_an_assistant_who_is_not_active_is_78(desk: Desk) -> None:
    finished = desk.dialer("call", desk.number(), *desk.api, "--assistant-id", "a1000003-5eed-0003", "--json")
    assert _error(finished) == (78, "assistant_inactive")


@pytest.mark.parametrize("base_url", ["http://api.example.com/v1", "v1"])
def test_a_base_url_that_is_not_safe_is_78(desk: Desk, base_url: str) -> None:
    assert _error(desk.dialer("status", "--base-url", base_url, "--json")) == (78, "base_url")


def test_a_wrong_path_is_78_and_nobody_is_called(desk: Desk) -> None:
    said = desk.call(desk.number(), "--base-url", f"{desk.sandbox.base_url}/v2").json
    assert (said["exit_code"], said["status"]) == (78, "pending")


def test_a_redirect_is_78_and_nobody_is_called(desk: Desk) -> None:
    said = desk.call(desk.number(ELSEWHERE)).json
    assert (said["exit_code"], said["status"]) == (78, "pending")


def test_a_file_that_is_no_ledger_is_78_and_stays_as_it_is(desk: Desk) -> None:
    ledger = desk.place() / "ledger.sqlite3"
    ledger.write_text("a letter to my grandmother")
    finished = desk.call(desk.number(), "--ledger", ledger)
    assert (_error(finished), ledger.read_text()) == ((78, "ledger_damaged"), "a letter to my grandmother")


def test_a_damaged_ledger_is_78_and_nobody_is_called(desk: Desk) -> None:
    ledger, number = desk.place() / "ledger.sqlite3", desk.number()
    desk.call(desk.number(), "--ledger", ledger)
    whole = ledger.read_bytes()
    ledger.write_bytes(whole[:4096] + b"\xff" * 40960 + whole[45056:])
    finished = desk.call(number, "--ledger", ledger)
    assert (_error(finished), desk.received(number)) == ((78, "ledger_damaged"), [])


# ------------------------------------------------------------------------------------ how errors are told


def test_an_error_without_json_is_one_sentence_on_stderr_alone(desk: Desk) -> None:
    finished = desk.dialer("check", "nowhere.csv")
    sentence = f"There is no file {desk.folder / 'nowhere.csv'}: check the path."
    assert (finished.returncode, finished.stdout, finished.stderr) == (66, "", f"dialer: {sentence}\n")


def test_dialer_json_in_the_environment_is_json_for_errors_as_well(desk: Desk) -> None:
    finished = desk.dialer("run", env={"DIALER_JSON": "true"})
    assert json.loads(finished.stdout)["error"]["exit_code"] == 2


# ------------------------------------------------------------------------------------------ 0: done


@dataclass(frozen=True)
class Done:
    """A sheet called to its end with a limit, a pause, and a run too many."""

    sheet: Sheet
    limited: Finished
    pausing: Finished
    paused: Finished
    resuming: Finished
    whole: Finished
    once_more: Finished


def _done(desk: Desk) -> Done:
    sheet = desk.sheet(3)
    limited = desk.run(sheet, "--limit", "2")
    pausing = desk.dialer("pause", sheet.campaign, *desk.api, "--reason", "lunch")
    paused = desk.run(sheet, "--json")
    resuming = desk.dialer("resume", sheet.campaign, *desk.api)
    return Done(sheet, limited, pausing, paused, resuming, desk.run(sheet), desk.run(sheet))


@pytest.fixture(scope="module")
def done(stories: Mapping[str, Future[Any]]) -> Done:
    story: Done = stories["done"].result()
    return story


def test_a_limit_that_is_reached_is_0(done: Done) -> None:
    assert done.limited.returncode == 0, done.limited


def test_nothing_left_and_nothing_failed_is_0(done: Done) -> None:
    assert done.whole.returncode == 0, done.whole


def test_nothing_to_do_is_0(done: Done) -> None:
    assert done.once_more.returncode == 0, done.once_more


def test_three_runs_called_everybody_once(desk: Desk, done: Done) -> None:
    assert desk.created(*done.sheet.numbers) == dict.fromkeys(done.sheet.numbers, 1)


def test_pausing_is_0_and_says_how_to_go_on(desk: Desk, done: Done) -> None:
    name, api = done.sheet.campaign, " ".join(desk.api)
    sentence = f"Campaign '{name}' is paused: dialer resume {name} {api} lets it go on.\n"
    assert (done.pausing.returncode, done.pausing.stderr) == (0, sentence)


def test_a_run_of_a_paused_campaign_is_75(done: Done) -> None:
    assert _error(done.paused) == (75, "paused")


def test_the_reason_of_a_pause_and_the_way_on_are_named(desk: Desk, done: Done) -> None:
    name, api = done.sheet.campaign, " ".join(desk.api)
    sentence = f"Campaign '{name}' is paused (lunch): go on with `dialer resume {name} {api}`."
    assert done.paused.json["error"]["message"] == sentence


def test_resuming_is_0(done: Done) -> None:
    sentence = f"Campaign '{done.sheet.campaign}' may go on: the next dialer run calls the rest.\n"
    assert (done.resuming.returncode, done.resuming.stderr) == (0, sentence)


def test_a_sandbox_that_is_stopped_is_0(desk: Desk) -> None:
    with subprocess.Popen(
        command_line("sandbox", "--port", "0", "--database", ":memory:"),
        cwd=desk.folder,
        env=environment(desk.folder),
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        until(lambda: "Base URL" in str(process.stdout and process.stdout.readline()))
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 0


# ------------------------------------------------------------------------------------------ 1: some failed


@dataclass(frozen=True)
class Mixed:
    """A run in which one call went well, one was refused and one was never answered; and what came after."""

    sheet: Sheet
    first: Finished
    retried: Finished


def _mixed(desk: Desk) -> Mixed:
    sheet = desk.sheet([desk.number(), desk.number("422,422"), desk.number("drop-after")])
    return Mixed(sheet, desk.run(sheet), desk.retry(sheet))


@pytest.fixture(scope="module")
def mixed(stories: Mapping[str, Future[Any]]) -> Mixed:
    story: Mixed = stories["mixed"].result()
    return story


def test_a_failed_and_an_unknown_row_are_1(mixed: Mixed) -> None:
    assert mixed.first.returncode == 1, mixed.first


def test_rows_that_fail_again_are_1(mixed: Mixed) -> None:
    assert mixed.retried.returncode == 1, mixed.retried


def test_a_call_without_an_answer_is_never_made_again(desk: Desk, mixed: Mixed) -> None:
    assert len(desk.received(mixed.sheet.numbers[2])) == 1


def test_each_row_says_what_became_of_it(mixed: Mixed) -> None:
    """What was not answered is found in the API's records when the next command begins."""
    assert mixed.sheet.statuses() == ["queued", "failed", "accepted"]


def test_one_call_that_is_refused_is_1(desk: Desk) -> None:
    finished = desk.call(desk.number("422"))
    assert (finished.returncode, finished.json["status"], finished.json["exit_code"]) == (1, "failed", 1)


def test_a_check_without_a_callable_row_is_1(desk: Desk) -> None:
    assert desk.dialer("check", desk.sheet(0, rows=["nobody,Nora"]).path).returncode == 1


def test_a_run_without_a_callable_row_is_1(desk: Desk) -> None:
    assert desk.run(desk.sheet(0, rows=["nobody,Nora"])).returncode == 1


# ------------------------------------------------------------------------------------------ the question


def _answered(desk: Desk, sheet: Sheet, answer: bytes) -> Finished:
    """A run whose question a person at a terminal answers; stdout is a pipe, as with `| tee result.json`."""
    terminal, theirs = pty.openpty()
    command = command_line("run", sheet.path, *desk.api, "-a", "Voz", "--rate", "200/s", "--json")
    process = subprocess.Popen(
        command,
        cwd=desk.folder,
        env=environment(desk.folder, desk.environment()),
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    with os.fdopen(terminal, "rb+", buffering=0), process:
        said = _read_until(terminal, b"[y/N]: ")
        os.write(terminal, answer)
        stdout = process.communicate(timeout=PATIENCE_SECONDS)[0]
    return Finished(command, process.returncode, stdout.decode(), said.decode())


def _read_until(terminal: int, words: bytes) -> bytes:
    said = b""
    while words not in said:
        ready, _, _ = select.select([terminal], [], [], PATIENCE_SECONDS)
        assert ready, said
        said += os.read(terminal, 65536)
    return said


def _no_then_yes(desk: Desk) -> tuple[Sheet, Finished, list[dict[str, Any]], Finished]:
    sheet = desk.sheet(2)
    no = _answered(desk, sheet, b"n\n")
    return sheet, no, desk.received(*sheet.numbers), _answered(desk, sheet, b"y\n")


@pytest.fixture(scope="module")
def no_then_yes(
    stories: Mapping[str, Future[Any]],
) -> tuple[Sheet, Finished, list[dict[str, Any]], Finished]:
    """A run whose question is answered No, what was received then, and one where it is answered Yes."""
    story: tuple[Sheet, Finished, list[dict[str, Any]], Finished] = stories["no_then_yes"].result()
    return story


Answers = tuple[Sheet, Finished, list[dict[str, Any]], Finished]


def test_the_answer_no_is_1(no_then_yes: Answers) -> None:
    assert no_then_yes[1].returncode == 1, no_then_yes[1]


def test_the_question_names_how_many_are_called(no_then_yes: Answers) -> None:
    assert no_then_yes[1].stderr.endswith("Call 2 people? [y/N]: ")


def test_after_the_answer_no_everybody_is_pending(no_then_yes: Answers) -> None:
    said = no_then_yes[1].json
    assert (said["counts"], said["stopped"]) == ({"pending": 2}, "The question was answered No.")


def test_after_the_answer_no_nobody_was_called(no_then_yes: Answers) -> None:
    assert no_then_yes[2] == []


def test_the_answer_yes_calls(desk: Desk, no_then_yes: Answers) -> None:
    sheet, yes = no_then_yes[0], no_then_yes[3]
    assert (yes.returncode, desk.created(*sheet.numbers)) == (0, dict.fromkeys(sheet.numbers, 1))


# ------------------------------------------------------------------------------------------ 69: out of reach


def _unreached(desk: Desk) -> tuple[Sheet, Finished]:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))  # bound, and nobody listens
        base_url = f"http://127.0.0.1:{probe.getsockname()[1]}/v1"
        sheet = desk.sheet(2)
        return sheet, desk.run(sheet, "--base-url", base_url, "--give-up-after", "1s", "--json")


@pytest.fixture(scope="module")
def unreached(stories: Mapping[str, Future[Any]]) -> tuple[Sheet, Finished]:
    """A run whose API nobody can reach."""
    story: tuple[Sheet, Finished] = stories["unreached"].result()
    return story


def test_an_api_out_of_reach_is_69(unreached: tuple[Sheet, Finished]) -> None:
    assert (unreached[1].returncode, unreached[1].json["exit_code"]) == (69, 69)


def test_whoever_could_not_be_reached_is_pending(unreached: tuple[Sheet, Finished]) -> None:
    assert unreached[0].statuses() == ["pending", "pending"]


# ------------------------------------------------------------------------------------ 75: try again later


@dataclass(frozen=True)
class Tripped:
    """A campaign that a breaker stopped, the run after that, and the one after `resume`."""

    sheet: Sheet
    first: Finished
    following: Finished
    went_on: Finished


def _tripped(desk: Desk) -> Tripped:
    sheet = desk.sheet([*(desk.number(TORN) for _ in range(5)), *desk.numbers(3)])
    first = desk.run(sheet, "--json", "--concurrency", "1")
    following = desk.run(sheet, "--json")
    desk.dialer("resume", sheet.campaign, *desk.api)
    return Tripped(sheet, first, following, desk.run(sheet, "--json"))


@pytest.fixture(scope="module")
def tripped(stories: Mapping[str, Future[Any]]) -> Tripped:
    story: Tripped = stories["tripped"].result()
    return story


def test_five_calls_in_a_row_without_an_answer_are_75(tripped: Tripped) -> None:
    said = tripped.first.json
    assert (tripped.first.returncode, said["counts"]) == (75, {"unknown": 5, "pending": 3})


def test_after_a_breaker_the_next_run_is_75(tripped: Tripped) -> None:
    assert _error(tripped.following) == (75, "paused")


def test_after_a_breaker_the_next_run_says_why(tripped: Tripped) -> None:
    campaign = tripped.sheet.campaign
    reason = tripped.first.json["stopped"].removeprefix("Paused: ").removesuffix(".")
    message = tripped.following.json["error"]["message"]
    assert message.startswith(
        f"Campaign '{campaign}' is paused ({reason}): go on with `dialer resume {campaign} "
    )


def test_after_resume_the_rest_is_called(tripped: Tripped) -> None:
    said = tripped.went_on.json
    assert (said["exit_code"], said["counts"]) == (0, {"accepted": 5, "queued": 3})


def test_nobody_was_called_twice_around_a_breaker(desk: Desk, tripped: Tripped) -> None:
    assert desk.created(*tripped.sheet.numbers) == dict.fromkeys(tripped.sheet.numbers, 1)


def test_a_number_that_was_called_lately_is_75(desk: Desk) -> None:
    number = desk.number()
    first, second = (desk.call(number) for _ in range(2))
    assert (first.returncode, _error(second)) == (0, (75, "recent"))


# ----------------------------------------------------------------------------- 75, 130, 143: others, signals


@dataclass(frozen=True)
class Stopped:
    """A run that was told to stop while calls were under way, and the same command again."""

    sheet: Sheet
    under_way: int  # calls that had arrived when it was told
    finished: Finished
    statuses: list[str]
    again: Finished


def _stopped(desk: Desk, number: signal.Signals) -> Stopped:
    sheet = desk.sheet([desk.number(SLOW) for _ in range(6)])
    process = desk.start(sheet, "--concurrency", "2", "--json")
    desk.wait_for(sheet, 2)
    under_way = len(desk.received(*sheet.numbers))
    process.send_signal(number)
    finished = finish(process)
    statuses = sheet.statuses()
    return Stopped(sheet, under_way, finished, statuses, desk.run(sheet))


def _interrupted(desk: Desk) -> Stopped:
    return _stopped(desk, signal.SIGINT)


def _terminated(desk: Desk) -> Stopped:
    return _stopped(desk, signal.SIGTERM)


@pytest.fixture(scope="module")
def interrupted(stories: Mapping[str, Future[Any]]) -> Stopped:
    story: Stopped = stories["interrupted"].result()
    return story


@pytest.fixture(scope="module")
def terminated(stories: Mapping[str, Future[Any]]) -> Stopped:
    story: Stopped = stories["terminated"].result()
    return story


@pytest.fixture(params=["Ctrl-C", "SIGTERM"])
def stopped(request: pytest.FixtureRequest, interrupted: Stopped, terminated: Stopped) -> Stopped:
    """Both ways to be told to stop."""
    return interrupted if request.param == "Ctrl-C" else terminated


def test_ctrl_c_ends_with_a_code_not_by_a_signal(interrupted: Stopped) -> None:
    assert interrupted.finished.returncode == 130, interrupted.finished


def test_sigterm_ends_with_a_code_not_by_a_signal(terminated: Stopped) -> None:
    assert terminated.finished.returncode == 143, terminated.finished


def test_the_json_of_a_stopped_run_has_its_exit_code_and_reason(stopped: Stopped) -> None:
    said = stopped.finished.json
    sentence = "Stopped: calls under way were finished, the rest is called by the same command."
    assert (said["exit_code"], said["stopped"]) == (stopped.finished.returncode, sentence)


def test_calls_under_way_are_finished_and_written_down(stopped: Stopped) -> None:
    called = stopped.statuses.count("queued")
    assert called >= stopped.under_way
    assert called + stopped.statuses.count("pending") == 6


def test_a_stop_leaves_something_for_the_same_command(stopped: Stopped) -> None:
    assert stopped.statuses.count("pending") > 0


def test_the_same_command_calls_the_rest(stopped: Stopped) -> None:
    assert (stopped.again.returncode, stopped.sheet.statuses()) == (0, ["queued"] * 6)


def test_nobody_is_called_twice_around_a_stop(desk: Desk, stopped: Stopped) -> None:
    assert desk.created(*stopped.sheet.numbers) == dict.fromkeys(stopped.sheet.numbers, 1)


@dataclass(frozen=True)
class Left:
    """A run whose two calls are never answered, interrupted until it was gone; and the same command again."""

    sheet: Sheet
    process_id: int
    meanwhile: Finished  # a second run of the same campaign, begun while the first was busy
    first: Finished
    again: Finished


def _left(desk: Desk) -> Left:
    sheet = desk.sheet([desk.number(SILENT), desk.number(SILENT), desk.number()])
    process = desk.start(sheet, "--concurrency", "2")
    desk.wait_for(sheet, 2)
    meanwhile = desk.run(sheet, "--json")
    until(lambda: _gone_after_a_signal(process))
    return Left(sheet, process.pid, meanwhile, finish(process), desk.run(sheet, "--json"))


def _gone_after_a_signal(process: subprocess.Popen[str]) -> bool:
    """One Ctrl-C, and whether it was the last one; the time between two is less than the first one waits."""
    process.send_signal(signal.SIGINT)
    try:
        process.wait(timeout=0.5)
    except subprocess.TimeoutExpired:
        return False
    return True


@pytest.fixture(scope="module")
def left(stories: Mapping[str, Future[Any]]) -> Left:
    story: Left = stories["left"].result()
    return story


def test_a_second_run_of_the_same_campaign_is_75(left: Left) -> None:
    assert _error(left.meanwhile) == (75, "locked")


def test_the_second_run_names_the_first(left: Left) -> None:
    sentence = left.meanwhile.json["error"]["message"]
    pattern = (
        rf"Campaign '{left.sheet.campaign}' is being run by process {left.process_id} on \S+: "
        r"wait until it is done, or stop that one first\."
    )
    assert re.fullmatch(pattern, sentence), sentence


def test_a_second_ctrl_c_leaves_at_once_with_a_code(left: Left) -> None:
    assert left.first.returncode == 130


def test_what_was_left_under_way_is_found_by_the_next_run(left: Left) -> None:
    said = left.again.json
    assert (said["exit_code"], said["counts"]) == (0, {"accepted": 2, "queued": 1})


def test_the_next_run_says_what_it_found(left: Left) -> None:
    assert "2 unknown calls were found in the API's records." in left.again.stderr.splitlines()


def test_the_next_run_says_what_was_cut_off(left: Left) -> None:
    sentence = (
        "The run before was cut off: 2 calls that were under way are unknown now, "
        "and nobody is called again for it."
    )
    assert sentence in left.again.stderr.splitlines()


def test_what_was_left_under_way_is_not_called_again(desk: Desk, left: Left) -> None:
    assert desk.created(*left.sheet.numbers) == dict.fromkeys(left.sheet.numbers, 1)


STORIES = {
    # those that wait come first
    "left": _left,
    "interrupted": _interrupted,
    "terminated": _terminated,
    "done": _done,
    "mixed": _mixed,
    "no_then_yes": _no_then_yes,
    "unreached": _unreached,
    "tripped": _tripped,
    "refused": _refused,
}
