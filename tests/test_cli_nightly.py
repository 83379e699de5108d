"""`dialer nightly` as it is installed: a folder of sheets, a sandbox on a socket, nights that go wrong."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.command import Finished, command_line, environment
from tests.desk import Desk, finish, open_desk, until

SILENT, FORBIDDEN, SLOW = "hang-after*", "403,ok", "latency-after:2"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with open_desk(tmp_path_factory.mktemp("desk"), faults=[SILENT, FORBIDDEN, SLOW]) as opened:
        yield opened


@pytest.fixture
def inbox(desk: Desk) -> Path:
    return desk.place()


def put(inbox: Path, name: str, numbers: Sequence[str]) -> Path:
    """A sheet with these numbers in the inbox."""
    path = inbox / name
    path.write_text("\n".join(["phone", *numbers]) + "\n", encoding="utf-8")
    return path


def options(desk: Desk, *more: str) -> tuple[str, ...]:
    return (*desk.api, "--assistant", "Voz", "--rate", "200/s", "--settle", "0.1s", *more)


def night(desk: Desk, inbox: Path, *more: str, env: dict[str, str | None] | None = None) -> Finished:
    return desk.dialer("nightly", inbox, *options(desk, *more), "--json", "-q", env=env)


def start(desk: Desk, inbox: Path, *more: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command_line("nightly", inbox, *options(desk, *more), "--json"),
        cwd=desk.folder,
        env=environment(desk.folder, desk.environment()),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def lies(inbox: Path, folder: str) -> list[str]:
    """The files in a folder of the inbox."""
    return sorted(p.name for p in (inbox / folder).iterdir() if p.is_file() and not p.name.startswith("."))


def error(finished: Finished) -> tuple[int, str, str]:
    told = finished.json["error"]
    return finished.returncode, told["code"], told["message"]


# ---------------------------------------------------------------------------------- nights that go well


def test_an_empty_inbox_is_nothing_to_do(desk: Desk, inbox: Path) -> None:
    done = desk.dialer("nightly", inbox, *options(desk))

    assert (done.returncode, done.stdout) == (0, f"There is nothing to do in {inbox}.\n")


def test_in_a_feed_only_the_person_who_is_new_is_called_and_nothing_is_overwritten(
    desk: Desk, inbox: Path
) -> None:
    first, second, third = desk.numbers(3)
    put(inbox, "export.csv", [first, second])
    night(desk, inbox, "--campaign", "the feed")
    put(inbox, "export.csv", [first, second, third])

    end = night(desk, inbox, "--campaign", "the feed").json

    assert (end["called_now"], dict(desk.created(first, second, third))) == (
        1,
        {first: 1, second: 1, third: 1},
    )
    assert len([name for name in lies(inbox, "done") if name.startswith("export") and ".r" not in name]) == 2


def test_the_same_file_under_another_name_calls_nobody_once_more(desk: Desk, inbox: Path) -> None:
    numbers = desk.numbers(2)
    put(inbox, "leads.csv", numbers)
    night(desk, inbox)
    put(inbox, "leads (1).csv", numbers)

    end = night(desk, inbox).json

    assert (end["exit_code"], lies(inbox, "processing"), lies(inbox, "failed")) == (
        65,
        [],
        ["leads (1).csv", "leads (1).csv.txt"],
    )
    assert end["trouble"][0]["message"].startswith(
        "This is the same file, byte for byte, as that of campaign 'leads', loaded on "
    )


def test_whoever_runs_the_same_file_under_another_name_by_hand_is_told(desk: Desk, inbox: Path) -> None:
    sheet = put(inbox, "by hand.csv", desk.numbers(1))
    desk.dialer("run", sheet, *desk.api, "-a", "Voz", "--yes")

    told = desk.dialer("run", sheet, *desk.api, "-a", "Voz", "--campaign", "once more", "--dry-run").stderr

    assert (
        "Campaign   once more (new, but the same file, byte for byte, as that of campaign 'by hand'" in told
    )


def test_a_file_whose_settings_name_its_campaign_is_a_list_of_its_own(desk: Desk, inbox: Path) -> None:
    numbers = desk.numbers(2)
    put(inbox, "leads.csv", numbers)
    night(desk, inbox)
    put(inbox, "again.csv", numbers)
    (inbox / "dialer.toml").write_text('[sheets."again*"]\ncampaign = "second letter"\n')

    assert night(desk, inbox).json["counts"] == {"recent": 2}


def test_of_two_sheets_of_one_name_no_report_is_left_in_processing(desk: Desk, inbox: Path) -> None:
    first, second = desk.numbers(2)
    put(inbox, "letter.csv", [first])
    night(desk, inbox)
    put(inbox, "letter.csv", [second])
    night(desk, inbox)

    assert lies(inbox, "processing/reports") == []


def test_every_sheet_has_its_own_settings_and_what_is_left_is_called_the_next_night(
    desk: Desk, inbox: Path
) -> None:
    one, other = desk.numbers(2), desk.numbers(3)
    put(inbox, "one.csv", one)
    put(inbox, "other.csv", other)
    (inbox / "dialer.toml").write_text('[sheets."other*"]\nlimit = 2\n')

    first = night(desk, inbox).json
    between = lies(inbox, "processing"), lies(inbox, "done")
    second = night(desk, inbox).json

    assert (first["called_now"], first["left"]["pending"], second["called_now"]) == (4, 1, 1)
    assert between == (["other.csv"], ["one.csv", "one.report.html", "one.results.csv"])
    assert (lies(inbox, "processing"), desk.created(*one, *other).total()) == ([], 5)


def test_the_line_of_each_night_stands_in_the_record(desk: Desk, inbox: Path) -> None:
    told = [night(desk, inbox).json for _ in range(2)]

    assert [json.loads(line) for line in (inbox / "nights.jsonl").read_text().splitlines()] == told


def test_whom_the_api_forbade_is_called_the_next_night_and_then_the_sheet_is_done(
    desk: Desk, inbox: Path
) -> None:
    numbers = [desk.numbers(1)[0], desk.number(FORBIDDEN)]
    put(inbox, "leads.csv", numbers)

    first = night(desk, inbox, "--concurrency", "1").json
    second = night(desk, inbox, "--concurrency", "1").json

    assert (first["left"]["forbidden"], first["files"]["processing"], first["exit_code"]) == (1, 1, 1)
    assert (second["called_now"], second["files"]["done"], second["exit_code"]) == (1, 1, 0)


def test_after_the_deadline_no_sheet_is_begun(desk: Desk, inbox: Path) -> None:
    numbers = desk.numbers(1)
    put(inbox, "leads.csv", numbers)
    an_hour_ago = datetime.now().astimezone() - timedelta(hours=1)  # on this machine's clock, as --until

    done = night(desk, inbox, "--until", f"{an_hour_ago:%H:%M}")

    assert (done.returncode, done.json["files"]["inbox"], desk.received(*numbers)) == (75, 1, [])
    assert done.json["stopped"].endswith("the rest is left for the next night.")


# -------------------------------------------------------------------------------- nights that go wrong


def test_a_file_that_is_no_sheet_fails_with_the_reason_beside_it_and_the_others_are_called(
    desk: Desk, inbox: Path
) -> None:
    put(inbox, "good.csv", desk.numbers(1))
    (inbox / "picture.csv").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(64))

    done = night(desk, inbox)

    assert (done.returncode, done.json["files"]["done"], done.json["called_now"]) == (65, 1, 1)
    assert lies(inbox, "failed") == ["picture.csv", "picture.csv.txt"]
    assert (inbox / "failed" / "picture.csv.txt").read_text().startswith("picture.csv")


def test_a_sheet_that_is_still_being_copied_is_left_for_the_next_night(desk: Desk, inbox: Path) -> None:
    numbers = desk.numbers(1)
    growing, copied = put(inbox, "growing.csv", numbers), threading.Event()

    def copy() -> None:
        with growing.open("a", encoding="utf-8") as file:
            while not copied.wait(0.01):
                file.write("not yet whole\n")
                file.flush()

    copying = threading.Thread(target=copy)
    copying.start()
    done = desk.dialer("nightly", inbox, *options(desk))
    copied.set()
    copying.join()

    assert (done.returncode, done.stdout.splitlines()) == (
        0,
        [
            f"There is nothing to do in {inbox}.",
            "growing.csv is still growing, or has just come in: it is left for the next time.",
        ],
    )
    assert (growing.exists(), desk.received(*numbers)) == (True, [])


def test_a_second_night_at_once_is_75_and_names_the_first_which_sigterm_ends_with_143(
    desk: Desk, inbox: Path
) -> None:
    numbers = desk.numbers(1)
    put(inbox, "leads.csv", numbers)
    first = start(desk, inbox, "--settle", "10min")
    until((inbox / "processing" / ".holder.json").exists)

    second = night(desk, inbox)
    first.send_signal(signal.SIGTERM)
    ended = finish(first)

    assert error(second) == (
        75,
        "locked",
        (
            f"The inbox {inbox} is being worked through by process {first.pid} on {socket.gethostname()}: "
            "wait until it is done, or stop that one first."
        ),
    )
    assert (ended.returncode, lies(inbox, "."), desk.received(*numbers)) == (
        143,
        ["leads.csv", "nights.jsonl"],
        [],
    )


def test_a_night_that_was_killed_is_gone_on_with_and_nobody_is_called_twice(desk: Desk, inbox: Path) -> None:
    silent, *others = numbers = [desk.number(SILENT), *desk.numbers(2)]
    put(inbox, "leads.csv", numbers)
    killed = start(desk, inbox, "--concurrency", "1")
    until(lambda: bool(desk.received(silent)))
    killed.kill()
    finish(killed)
    between = lies(inbox, "processing")

    end = night(desk, inbox).json

    assert (between, end["files"]["done"], end["sheets"][0]["carried_on"]) == (["leads.csv"], 1, True)
    assert (len(desk.received(silent)), desk.created(*others)) == (1, dict.fromkeys(others, 1))


def test_sigterm_finishes_the_call_under_way_and_leaves_the_rest_to_the_next_night(
    desk: Desk, inbox: Path
) -> None:
    slow, *others = numbers = [desk.number(SLOW), *desk.numbers(2)]
    put(inbox, "leads.csv", numbers)
    put(inbox, "more.csv", desk.numbers(1))
    ended = start(desk, inbox, "--concurrency", "1")
    until(lambda: bool(desk.received(slow)))
    ended.send_signal(signal.SIGTERM)

    done = finish(ended)

    (line,) = record(inbox)
    assert (done.returncode, line["exit_code"], line["counts"]) == (143, 143, {"called": 1, "pending": 2})
    assert (line["files"]["processing"], line["files"]["inbox"], desk.received(*others)) == (1, 1, [])


def test_a_key_that_is_refused_ends_the_night_after_one_call_and_no_sheet_is_lost(
    desk: Desk, inbox: Path
) -> None:
    numbers = desk.numbers(4)
    put(inbox, "a.csv", numbers[:2])
    put(inbox, "b.csv", numbers[2:])

    done = night(desk, inbox, "--concurrency", "1", env={"VOZAGENT_API_KEY": "sk_wrong"})

    assert (done.returncode, len(desk.received(*numbers))) == (77, 1)
    assert (lies(inbox, "processing"), lies(inbox, "."), lies(inbox, "done")) == (
        ["a.csv"],
        ["b.csv", "nights.jsonl"],
        [],
    )


def test_a_sheet_whose_settings_name_another_api_stays_where_it_is_and_the_others_are_called(
    desk: Desk, inbox: Path
) -> None:
    put(inbox, "bad.csv", desk.numbers(1))
    put(inbox, "good.csv", desk.numbers(1))
    (inbox / "dialer.toml").write_text('[sheets."bad*"]\nbase_url = "https://elsewhere.example/v1"\n')

    place = desk.place()  # a flag would win over the section
    (place / "dialer.toml").write_text(f'base_url = "{desk.sandbox.base_url}"\nassistant = "Voz"\n')
    done = desk.dialer("nightly", inbox, "--settle", "0.1s", "--json", "-q", place=place)

    assert (done.returncode, lies(inbox, "."), done.json["called_now"]) == (
        78,
        ["bad.csv", "dialer.toml", "nights.jsonl"],
        1,
    )


def test_sheets_that_were_begun_with_another_ledger_are_not_gone_on_with(desk: Desk, inbox: Path) -> None:
    numbers = desk.numbers(1)
    (inbox / "processing").mkdir()
    put(inbox / "processing", "leads.csv", numbers)
    holder = {"host": socket.gethostname(), "pid": 1, "ledger": "/another.sqlite3", "since": "yesterday"}
    (inbox / "processing" / ".holder.json").write_text(json.dumps(holder))

    assert (error(night(desk, inbox))[:2], desk.received(*numbers)) == ((78, "inbox_of_another_ledger"), [])


def test_a_dry_run_says_who_would_be_called_and_moves_nothing(desk: Desk, inbox: Path) -> None:
    numbers = desk.numbers(2)
    put(inbox, "leads.csv", numbers)

    done = night(desk, inbox, "--dry-run")

    assert (done.returncode, done.json["counts"], desk.received(*numbers)) == (0, {"pending": 2}, [])
    assert [path.name for path in inbox.iterdir()] == ["leads.csv"]


@pytest.mark.parametrize("flags", [("--rows", "2-3"), ("--output", "x.csv"), ("--redial-unknown",)])
def test_what_can_be_said_of_one_sheet_only_is_refused(
    desk: Desk, inbox: Path, flags: tuple[str, ...]
) -> None:
    assert error(night(desk, inbox, *flags)) == (
        2,
        "not_nightly",
        f"{flags[0]} is said of one sheet, and nightly takes every sheet of a folder: leave it out.",
    )


def test_an_inbox_that_is_not_there_is_66(desk: Desk) -> None:
    missing = desk.folder / "no inbox"

    assert error(night(desk, missing)) == (
        66,
        "missing",
        f"There is no folder {missing}: check the path.",
    )


def test_an_inbox_in_which_nothing_can_be_moved_is_78_and_nothing_is_lost(desk: Desk, inbox: Path) -> None:
    put(inbox, "leads.csv", desk.numbers(1))
    (inbox / "done").write_text("a file where a folder should be")

    assert error(night(desk, inbox)) == (
        78,
        "inbox_unwritable",
        (
            f"The inbox {inbox} cannot be worked through (File exists): let dialer create and move files in "
            "it. Nothing is lost."
        ),
    )
    assert lies(inbox, ".") == ["done", "leads.csv"]


# ------------------------------------------------------------------------------------------- --watch


def test_watch_calls_what_arrives_and_ends_with_sigterm(desk: Desk, inbox: Path) -> None:
    numbers = desk.numbers(1)
    watching = start(desk, inbox, "--watch")
    until((inbox / "nights.jsonl").exists)  # nothing was there yet
    put(inbox, "leads.csv", numbers)
    until(lambda: (inbox / "done" / "leads.report.html").exists() and record(inbox)[-1]["called_now"] == 1)
    watching.send_signal(signal.SIGTERM)
    ended = finish(watching)

    assert (ended.returncode, desk.created(*numbers).total(), lies(inbox, "processing")) == (143, 1, [])


def record(inbox: Path) -> list[Any]:
    return [json.loads(line) for line in (inbox / "nights.jsonl").read_text().splitlines()]


def test_without_watchfiles_watch_is_refused_with_the_way_on(desk: Desk, inbox: Path) -> None:
    (inbox / "without").mkdir()
    (inbox / "without" / "watchfiles.py").write_text("raise ImportError\n")
    paths = os.pathsep.join([str(inbox / "without"), os.environ.get("PYTHONPATH", "")])

    done = night(desk, inbox, "--watch", env={"PYTHONPATH": paths.rstrip(os.pathsep)})

    assert error(done) == (
        2,
        "watch_missing",
        (
            "--watch needs watchfiles, which is not installed here: pip install 'vozagent-dialer[watch]', or "
            "let a timer start `dialer nightly` without --watch."
        ),
    )
