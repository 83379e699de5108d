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
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.command import SANDBOX_KEY, Finished, command_line, environment
from tests.desk import PATIENCE_SECONDS, Desk, Sheet, finish, open_desk, until

NO_RIGHT = "sk_sandbox_readonly"
NO_SUBSCRIPTION = "sk_sandbox_lapsed"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk that all tests of this module share."""
    with open_desk(tmp_path_factory.mktemp("desk")) as opened:
        yield opened


def _error(finished: Finished) -> tuple[int, str]:
    """The exit code and the stable code of the error; both texts of the error must be the same."""
    error = finished.json["error"]
    assert finished.stderr.splitlines()[-1] == f"dialer: {error['message']}", finished
    assert (error["exit_code"], set(error)) == (finished.returncode, {"code", "message", "exit_code"})
    return finished.returncode, error["code"]


# ------------------------------------------------------------------------------------------ 0: done


@pytest.fixture(scope="module")
def done(desk: Desk) -> tuple[Sheet, Finished, Finished, Finished]:
    """A sheet looked at, called in two runs of which the first had a limit, and run once more."""
    sheet = desk.sheet(3)
    first = desk.run(sheet, "--limit", "2", "--concurrency", "1")
    return sheet, first, desk.run(sheet), desk.run(sheet)


def test_a_limit_that_is_reached_is_no_failure(done: tuple[Sheet, Finished, Finished, Finished]) -> None:
    assert done[1].returncode == 0, done[1]


def test_nothing_left_and_nothing_failed_is_0(done: tuple[Sheet, Finished, Finished, Finished]) -> None:
    assert done[2].returncode == 0, done[2]


def test_nothing_to_do_is_0(done: tuple[Sheet, Finished, Finished, Finished]) -> None:
    assert done[3].returncode == 0, done[3]


def test_three_runs_called_everybody_once(
    desk: Desk, done: tuple[Sheet, Finished, Finished, Finished]
) -> None:
    sheet = done[0]
    assert desk.created(sheet) == dict.fromkeys(sheet.numbers, 1)


def test_a_dry_run_is_0(desk: Desk) -> None:
    assert desk.run(desk.sheet(1), "--dry-run").returncode == 0


def test_a_check_with_one_callable_row_is_0(desk: Desk) -> None:
    assert desk.dialer("check", desk.sheet(1, rows=["nobody,Nora"]).path).returncode == 0


# ------------------------------------------------------------------------------------------ 1: some failed


@dataclass(frozen=True)
class Mixed:
    """A run in which one call went well, one was refused and one was never answered; and what came after."""

    sheet: Sheet
    first: Finished
    retried: Finished


@pytest.fixture(scope="module")
def mixed(desk: Desk) -> Mixed:
    sheet = desk.sheet(3)
    _, refused, dropped = sheet.numbers
    with desk.trouble(scripts={refused: ["422", "422"], dropped: ["drop-after"]}):
        first = desk.run(sheet)
        return Mixed(sheet, first, desk.retry(sheet))


def test_a_failed_and_an_unknown_row_are_1(mixed: Mixed) -> None:
    assert mixed.first.returncode == 1, mixed.first


def test_rows_that_fail_again_are_1(mixed: Mixed) -> None:
    assert mixed.retried.returncode == 1, mixed.retried


def test_a_call_without_an_answer_is_never_made_again(desk: Desk, mixed: Mixed) -> None:
    assert max(desk.created(mixed.sheet).values()) == 1


def test_each_row_says_what_became_of_it(mixed: Mixed) -> None:
    assert mixed.sheet.statuses() == ["queued", "failed", "unknown"]


def test_one_call_that_is_refused_is_1(desk: Desk) -> None:
    (number,) = desk.numbers(1)
    with desk.trouble(scripts={number: ["422"]}):
        assert desk.dialer("call", number, *desk.api, "-a", "Voz").returncode == 1


def test_a_check_without_a_callable_row_is_1(desk: Desk) -> None:
    assert desk.dialer("check", desk.sheet(0, rows=["nobody,Nora"]).path).returncode == 1


def test_a_run_without_a_callable_row_is_1(desk: Desk) -> None:
    assert desk.run(desk.sheet(0, rows=["nobody,Nora"])).returncode == 1


# ------------------------------------------------------------------------------------------ the question


def _answered(desk: Desk, sheet: Sheet, answer: bytes, *options: str) -> Finished:
    """A run whose question a person at a terminal answers; stdout is a file, as with `> result.txt`."""
    terminal, theirs = pty.openpty()
    command = command_line("run", sheet.path, *desk.api, "-a", "Voz", "--rate", "200/s", *options)
    process = subprocess.Popen(
        command,
        cwd=desk.folder,
        env=environment(desk.folder, SANDBOX_KEY),
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


@pytest.fixture(scope="module")
def no(desk: Desk) -> tuple[Sheet, Finished]:
    sheet = desk.sheet(2)
    return sheet, _answered(desk, sheet, b"n\n", "--json")


def test_the_answer_no_is_1(no: tuple[Sheet, Finished]) -> None:
    assert no[1].returncode == 1, no[1]


def test_the_question_names_how_many_are_called(no: tuple[Sheet, Finished]) -> None:
    assert no[1].stderr.endswith("Call 2 people? [y/N]: ")


def test_after_the_answer_no_everybody_is_pending(no: tuple[Sheet, Finished]) -> None:
    said = no[1].json
    assert (said["counts"], said["stopped"]) == ({"pending": 2}, "The question was answered No.")


def test_after_the_answer_no_nobody_was_called(desk: Desk, no: tuple[Sheet, Finished]) -> None:
    assert desk.received(no[0]) == []


def test_the_answer_yes_calls(desk: Desk) -> None:
    sheet = desk.sheet(1)
    finished = _answered(desk, sheet, b"y\n")
    assert (finished.returncode, desk.created(sheet)) == (0, {sheet.numbers[0]: 1})


# ------------------------------------------------------------------------------------------ 2: usage

RUN = ("run", "leads.csv")
WRONG: dict[str, tuple[str, ...]] = {
    "an option that does not exist": (*RUN, "--tempo", "5/s"),
    "a command that does not exist": ("dail", "leads.csv"),
    "no sheet": ("run",),
    "two sheets": (*RUN, "more.csv"),
    "an option without its value": (*RUN, "--rate"),
    "no rate": (*RUN, "--rate", "fast"),
    "a rate of nothing": (*RUN, "--rate", "0/s"),
    "a fraction of a call": (*RUN, "--rate", "0.5/s"),
    "no duration": (*RUN, "--timeout", "soon"),
    "no row": (*RUN, "--rows", "0"),
    "rows backwards": (*RUN, "--rows", "40-5"),
    "a status that is never called": (*RUN, "--only", "queued"),
    "a limit of nothing": (*RUN, "--limit", "0"),
    "nobody to call with": (*RUN, "--concurrency", "0"),
    "no such way with duplicates": (*RUN, "--duplicates", "all"),
    "no port": ("sandbox", "--port", "70000"),
}
WRONG_IN_OUR_WORDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "no assistant": ("assistant", RUN),
    "two assistants": ("assistant", (*RUN, "-a", "Voz", "--assistant-id", "a1")),
    "no time at all": ("timeout", (*RUN, "-a", "Voz", "--timeout", "0s")),
    "no country": ("region", (*RUN, "-a", "Voz", "--region", "ZZ")),
    "a delimiter of two characters": ("delimiter", (*RUN, "-a", "Voz", "--delimiter", "||")),
    "a name for standard input is missing": ("campaign_needed", ("run", "-", "-a", "Voz", "--yes")),
    "no number": ("letters", ("call", "me", "-a", "Voz")),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_a_wrong_option_is_2(desk: Desk, wrong: tuple[str, ...]) -> None:
    json_option = () if wrong[0] == "sandbox" else ("--json",)
    env = {"DIALER_JSON": "true"} if wrong[0] == "sandbox" else None
    assert _error(desk.dialer(*wrong, *json_option, env=env)) == (2, "usage")


@pytest.mark.parametrize(("code", "wrong"), WRONG_IN_OUR_WORDS.values(), ids=WRONG_IN_OUR_WORDS)
def test_what_cannot_be_asked_for_is_2(desk: Desk, code: str, wrong: tuple[str, ...]) -> None:
    assert _error(desk.dialer(*wrong, "--json")) == (2, code)


def test_without_yes_and_without_a_terminal_it_is_2(desk: Desk) -> None:
    sheet = desk.sheet(2)
    finished = desk.dialer("run", sheet.path, *desk.api, "-a", "Voz", "--json")
    assert (_error(finished), desk.received(sheet)) == ((2, "nobody_can_answer"), [])


@pytest.mark.parametrize("command", ["status", "report", "pause", "resume"])
def test_a_campaign_that_does_not_exist_is_2(desk: Desk, command: str) -> None:
    assert _error(desk.dialer(command, "nobody's", *desk.api, "--json")) == (2, "campaign_unknown")


# ------------------------------------------------------------------------------------------ 65, 66: the sheet

SHEETS: dict[str, tuple[str, bytes | None, int, str]] = {
    "empty": ("empty.csv", b"", 65, "empty"),
    "binary": ("binary.csv", bytes(range(256)) * 40, 65, "not_a_sheet"),
    "no phone column": ("cities.csv", b"name,city\nAnn,Utrecht\n", 65, "no_phone_column"),
    "no rows": ("header.csv", b"phone,name\n", 65, "no_rows"),
    "a folder": (".", None, 65, "folder"),
    "not there": ("nowhere.csv", None, 66, "missing"),
}


@pytest.fixture(scope="module")
def bad_sheets(desk: Desk) -> Path:
    place = desk.place()
    for name, content, *_ in SHEETS.values():
        if content is not None:
            (place / name).write_bytes(content)
    return place


@pytest.mark.parametrize(("name", "content", "exit_code", "code"), SHEETS.values(), ids=SHEETS)
def test_a_sheet_that_cannot_be_called_ends_a_run(
    desk: Desk, bad_sheets: Path, name: str, content: bytes | None, exit_code: int, code: str
) -> None:
    command = ("run", bad_sheets / name, *desk.call_options("--campaign", f"bad {code}", "--json"))
    assert _error(desk.dialer(*command)) == (exit_code, code), content


@pytest.mark.parametrize(("name", "content", "exit_code", "code"), SHEETS.values(), ids=SHEETS)
def test_a_sheet_that_cannot_be_called_ends_a_check(
    desk: Desk, bad_sheets: Path, name: str, content: bytes | None, exit_code: int, code: str
) -> None:
    finished = desk.dialer("check", bad_sheets / name, "--json")
    said = finished.json.get("problem") or finished.json["error"]
    assert (finished.returncode, said["code"]) == (exit_code, code), content


def test_a_report_without_its_sheet_is_65(desk: Desk) -> None:
    sheet = desk.sheet(1)
    desk.run(sheet)
    sheet.path.unlink()
    assert _error(desk.dialer("report", sheet.campaign, *desk.api, "--json")) == (65, "source_gone")


# ------------------------------------------------------------------------------------------ 69: out of reach


@pytest.fixture(scope="module")
def nobody_listens() -> str:
    """A base URL of a port on which nobody listens."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}/v1"


@pytest.fixture(scope="module")
def unreached(desk: Desk, nobody_listens: str) -> tuple[Sheet, Finished]:
    sheet = desk.sheet(2)
    return sheet, desk.run(sheet, "--base-url", nobody_listens, "--give-up-after", "1s", "--json")


def test_an_api_out_of_reach_is_69(unreached: tuple[Sheet, Finished]) -> None:
    assert (unreached[1].returncode, unreached[1].json["exit_code"]) == (69, 69)


def test_whoever_could_not_be_reached_is_pending(unreached: tuple[Sheet, Finished]) -> None:
    assert unreached[0].statuses() == ["pending", "pending"]


# ------------------------------------------------------------------------------------ 75: try again later


@dataclass(frozen=True)
class Paused:
    """A campaign that a breaker stopped, the run after that, and the one after `resume`."""

    sheet: Sheet
    tripped: Finished
    next: Finished
    resumed: Finished
    went_on: Finished


@pytest.fixture(scope="module")
def paused(desk: Desk) -> Paused:
    sheet = desk.sheet(8)
    with desk.trouble("503-after"):
        tripped = desk.run(sheet, "--json", "--concurrency", "1")
    following = desk.run(sheet, "--json")
    resumed = desk.dialer("resume", sheet.campaign, *desk.api)
    return Paused(sheet, tripped, following, resumed, desk.run(sheet, "--json"))


def test_five_calls_in_a_row_without_an_answer_are_75(paused: Paused) -> None:
    said = paused.tripped.json
    assert (paused.tripped.returncode, said["counts"]) == (75, {"unknown": 5, "pending": 3})


def test_the_next_run_says_that_it_is_paused(paused: Paused) -> None:
    assert _error(paused.next) == (75, "paused")


def test_the_next_run_names_the_way_on(desk: Desk, paused: Paused) -> None:
    way = f"`dialer resume {paused.sheet.campaign} --base-url {desk.sandbox.base_url}`"
    assert paused.next.json["error"]["message"].endswith(f": go on with {way}.")


def test_resuming_is_0(paused: Paused) -> None:
    assert (paused.resumed.returncode, paused.resumed.stderr) == (
        0,
        f"Campaign '{paused.sheet.campaign}' may go on: the next dialer run calls the rest.\n",
    )


def test_after_resume_the_rest_is_called(paused: Paused) -> None:
    said = paused.went_on.json
    assert (said["exit_code"], said["counts"]) == (1, {"unknown": 5, "queued": 3})


def test_nobody_was_called_twice_around_a_pause(desk: Desk, paused: Paused) -> None:
    assert desk.created(paused.sheet) == dict.fromkeys(paused.sheet.numbers, 1)


def test_a_person_can_pause_a_campaign(desk: Desk) -> None:
    sheet = desk.sheet(2)
    desk.run(sheet, "--limit", "1", "--concurrency", "1")
    pausing = desk.dialer("pause", sheet.campaign, *desk.api, "--reason", "lunch")
    following = desk.run(sheet, "--json")
    assert (pausing.returncode, _error(following)) == (0, (75, "paused"))


def test_a_number_that_was_called_lately_is_75(desk: Desk) -> None:
    (number,) = desk.numbers(1)
    first, second = (desk.dialer("call", number, *desk.api, "-a", "Voz", "--json") for _ in "ab")
    assert (first.returncode, _error(second)) == (0, (75, "recent"))


# ----------------------------------------------------------------------------- 75, 130, 143: others, signals


@dataclass(frozen=True)
class Stopped:
    """A run that was told to stop while calls were under way, and the same command again."""

    sheet: Sheet
    under_way: int  # calls that had arrived when it was told
    process_id: int
    meanwhile: Finished  # a second run of the same campaign, begun while the first was busy
    finished: Finished
    statuses: list[str]
    again: Finished


def _stopped(desk: Desk, number: signal.Signals) -> Stopped:
    sheet = desk.sheet(6)
    with desk.trouble("latency-after:2"):
        process = desk.start(sheet, "--concurrency", "2", "--json")
        desk.wait_for(sheet, 2)
        meanwhile = desk.run(sheet, "--json")
        under_way = len(desk.received(sheet))
        process.send_signal(number)
        finished = finish(process)
    statuses = sheet.statuses()
    return Stopped(sheet, under_way, process.pid, meanwhile, finished, statuses, desk.run(sheet))


@pytest.fixture(scope="module")
def interrupted(desk: Desk) -> Stopped:
    return _stopped(desk, signal.SIGINT)


@pytest.fixture(scope="module")
def terminated(desk: Desk) -> Stopped:
    return _stopped(desk, signal.SIGTERM)


@pytest.fixture(params=["interrupted", "terminated"])
def stopped(request: pytest.FixtureRequest) -> Stopped:
    found: Stopped = request.getfixturevalue(request.param)
    return found


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
    assert (called, stopped.statuses.count("pending")) == (stopped.under_way, 6 - stopped.under_way)


def test_a_stop_leaves_something_for_the_same_command(stopped: Stopped) -> None:
    assert 2 <= stopped.under_way < 6


def test_the_same_command_calls_the_rest(stopped: Stopped) -> None:
    assert (stopped.again.returncode, stopped.sheet.statuses()) == (0, ["queued"] * 6)


def test_nobody_is_called_twice_around_a_stop(desk: Desk, stopped: Stopped) -> None:
    assert desk.created(stopped.sheet) == dict.fromkeys(stopped.sheet.numbers, 1)


def test_a_second_run_of_the_same_campaign_is_75(stopped: Stopped) -> None:
    assert _error(stopped.meanwhile) == (75, "locked")


def test_the_second_run_names_the_first(stopped: Stopped) -> None:
    sentence = stopped.meanwhile.json["error"]["message"]
    pattern = rf"Campaign '\w+' is being run by process {stopped.process_id} on .+: wait until it is done, or"
    assert re.match(pattern, sentence), sentence


@pytest.fixture(scope="module")
def left_at_once(desk: Desk) -> tuple[Sheet, Finished, Finished]:
    """A run whose two calls are never answered, interrupted until it was gone; and the same command again."""
    sheet = desk.sheet(3)
    with desk.trouble("hang-after"):
        process = desk.start(sheet, "--concurrency", "2")
        desk.wait_for(sheet, 2)
        begun = time.monotonic()
        until(lambda: _interrupted_again(process))
        assert time.monotonic() - begun < PATIENCE_SECONDS / 2
        first = finish(process)
    return sheet, first, desk.run(sheet, "--json")


def _interrupted_again(process: subprocess.Popen[str]) -> bool:
    process.send_signal(signal.SIGINT)
    try:
        process.wait(timeout=0.1)
    except subprocess.TimeoutExpired:
        return False
    return True


def test_a_second_ctrl_c_leaves_at_once_with_a_code(left_at_once: tuple[Sheet, Finished, Finished]) -> None:
    assert left_at_once[1].returncode == 130


def test_what_was_left_under_way_is_unknown(left_at_once: tuple[Sheet, Finished, Finished]) -> None:
    said = left_at_once[2].json
    assert (said["exit_code"], said["counts"]) == (1, {"unknown": 2, "queued": 1})


def test_the_next_run_says_what_was_cut_off(left_at_once: tuple[Sheet, Finished, Finished]) -> None:
    sentence = (
        "The run before was cut off: 2 calls that were under way are unknown now, "
        "and nobody is called again for it."
    )
    assert sentence in left_at_once[2].stderr.splitlines()


def test_what_was_left_under_way_is_not_called_again(
    desk: Desk, left_at_once: tuple[Sheet, Finished, Finished]
) -> None:
    assert desk.created(left_at_once[0]) == dict.fromkeys(left_at_once[0].numbers, 1)


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


# ------------------------------------------------------------------------------------------ 77: the key

REFUSED_KEYS = {"unknown": "sk_unknown", "no right": NO_RIGHT, "no subscription": NO_SUBSCRIPTION}


@pytest.mark.parametrize(
    ("key", "code"), [(None, "key_missing"), ("  ", "key_missing"), ("two words", "key_odd")]
)
def test_no_key_is_77(desk: Desk, key: str | None, code: str) -> None:
    command = ("call", "+12015550100", *desk.api, "-a", "Voz", "--json")
    assert _error(desk.dialer(*command, env={"VOZAGENT_API_KEY": key})) == (77, code)


@pytest.mark.parametrize(("mode", "code"), [(0o644, "key_file"), (0o640, "key_file")])
def test_a_key_file_that_others_can_read_is_77(desk: Desk, mode: int, code: str) -> None:
    file = desk.place() / "key"
    file.write_text("sk_sandbox\n")
    file.chmod(mode)
    command = ("call", "+12015550100", *desk.api, "-a", "Voz", "--api-key-file", str(file), "--json")
    assert _error(desk.dialer(*command)) == (77, code)


@pytest.mark.parametrize("key", REFUSED_KEYS.values(), ids=REFUSED_KEYS)
def test_a_key_that_the_api_refuses_is_77_and_everybody_waits(desk: Desk, key: str) -> None:
    sheet = desk.sheet(3)
    said = desk.run(sheet, "--json", env={"VOZAGENT_API_KEY": key}).json
    assert (said["exit_code"], said["counts"]) == (77, {"pending": 3})


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


@pytest.mark.parametrize(
    ("option", "assistant", "code"),
    [
        ("--assistant", "Zov", "assistant_unknown"),
        ("--assistant", "Retired", "assistant_inactive"),
        ("--assistant-id", "a1000003-5eed-0003", "assistant_inactive"),
    ],
)
def test_an_assistant_who_cannot_call_is_78(desk: Desk, option: str, assistant: str, code: str) -> None:
    (number,) = desk.numbers(1)
    assert _error(desk.dialer("call", number, *desk.api, option, assistant, "--json")) == (78, code)


@pytest.mark.parametrize(
    "base_url", ["http://api.example.com/v1", "ftp://127.0.0.1/v1", "https://me@api.example.com/v1", "v1"]
)
def test_a_base_url_that_is_not_safe_is_78(desk: Desk, base_url: str) -> None:
    assert _error(desk.dialer("status", "--base-url", base_url, "--json")) == (78, "base_url")


def test_a_wrong_path_is_78_and_everybody_waits(desk: Desk) -> None:
    sheet = desk.sheet(2)
    said = desk.run(sheet, "--base-url", f"{desk.sandbox.base_url}/v2", "--json").json
    assert (said["exit_code"], said["counts"]) == (78, {"pending": 2})


def test_a_redirect_is_78_and_is_not_followed(desk: Desk) -> None:
    sheet = desk.sheet(2)
    with desk.trouble(f"307:{desk.sandbox.base_url}/calls/outbound"):
        said = desk.run(sheet, "--json", "--concurrency", "1").json
    assert (said["exit_code"], said["counts"], len(desk.received(sheet))) == (78, {"pending": 2}, 1)


@pytest.mark.parametrize(
    "content",
    [b"a letter to my grandmother", b"SQLite format 3\0" + b"x" * 999],
    ids=["a letter", "torn"],
)
def test_a_damaged_ledger_is_78_and_stays_as_it_is(desk: Desk, content: bytes) -> None:
    sheet, ledger = desk.sheet(1), desk.place() / "ledger.sqlite3"
    ledger.write_bytes(content)
    finished = desk.run(sheet, "--ledger", ledger, "--json")
    assert (_error(finished), ledger.read_bytes()) == ((78, "ledger_damaged"), content)


def test_a_ledger_damaged_in_its_middle_is_78(desk: Desk) -> None:
    sheet, ledger = desk.sheet(3), desk.place() / "ledger.sqlite3"
    desk.run(sheet, "--ledger", ledger)
    whole = ledger.read_bytes()
    ledger.write_bytes(whole[:4096] + b"\xff" * 40960 + whole[45056:])
    assert _error(desk.run(sheet, "--ledger", ledger, "--json")) == (78, "ledger_damaged")


def test_an_error_without_json_is_one_sentence_on_stderr_alone(desk: Desk) -> None:
    finished = desk.dialer("status", "nobody's", *desk.api)
    ledger = next(desk.ledger_folder.glob(f"*{desk.sandbox.base_url.split(':')[2].split('/')[0]}.sqlite3"))
    sentence = f"""There is no campaign "nobody's" in {ledger}: `dialer status` lists them."""
    assert (finished.stdout, finished.stderr) == ("", f"dialer: {sentence}\n")


def test_dialer_json_in_the_environment_is_json_for_errors_as_well(desk: Desk) -> None:
    finished = desk.dialer("run", env={"DIALER_JSON": "true"})
    assert json.loads(finished.stdout)["error"]["exit_code"] == 2
