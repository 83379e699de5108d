"""What a run that nobody watched leaves for the morning: its log and its figures."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.desk import Desk, Sheet, open_desk
from tests.listeners import listening

NO_SPACE, NO_FOLDER = "[Errno 28] No space left on device", "[Errno 20] Not a directory"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk that all tests of this module share; one number is refused, one gets no certain answer."""
    with open_desk(tmp_path_factory.mktemp("desk"), faults=["422", "422", "503-after"]) as opened:
        yield opened


def log_of(desk: Desk) -> Path:
    return desk.folder / ".home" / "state" / "dialer" / "dialer.log.jsonl"


def lines(path: Path, **facts: object) -> list[dict[str, Any]]:
    """The lines of a log that hold these facts."""
    found = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [line for line in found if facts.items() <= line.items()]


def figures(path: Path) -> dict[str, float]:
    """The figures of a file by name, with the status or the outcome."""
    return {
        " ".join([sample.name, *(sample.labels[label] for label in sample.labels if label != "campaign")]): (
            sample.value
        )
        for family in text_string_to_metric_families(path.read_text(encoding="utf-8"))
        for sample in family.samples
    }


@pytest.fixture(scope="module")
def night(desk: Desk) -> Sheet:
    """A sheet that was run once, with one row refused and one unknown, and a metrics file beside it."""
    sheet = desk.sheet([*desk.numbers(3), desk.number("422"), desk.number("503-after")])
    desk.run(sheet, "--metrics", desk.folder / "night.prom")
    return sheet


def test_a_run_is_told_from_its_beginning_to_its_end(desk: Desk, night: Sheet) -> None:
    events = [line["event"] for line in lines(log_of(desk), campaign=night.campaign)]

    assert [event for event in dict.fromkeys(events) if event != "reconciled"] == [
        "run_started",
        "plan",
        "call_ended",
        "report_written",
        "run_ended",
    ]


def test_every_call_is_told(desk: Desk, night: Sheet) -> None:
    ended = lines(log_of(desk), campaign=night.campaign, event="call_ended")

    assert sorted((line["row"], line["number"], line["outcome"]) for line in ended) == [
        (row, f"***{number[-2:]}", outcome)
        for row, (number, outcome) in enumerate(
            zip(night.numbers, ["called"] * 3 + ["refused", "unknown"], strict=True), start=2
        )
    ]


def test_the_end_of_a_run_says_what_came_of_it(desk: Desk, night: Sheet) -> None:
    ended = lines(log_of(desk), campaign=night.campaign, event="run_ended")[0]

    assert (ended["exit_code"], ended["called_now"], ended["counts"]) == (
        1,
        3,
        {"called": 3, "failed": 1, "unknown": 1},
    )


def test_no_person_is_in_the_log(desk: Desk, night: Sheet) -> None:
    text = log_of(desk).read_text(encoding="utf-8")

    assert [each for each in (*night.numbers, "Person 1") if each.removeprefix("+1") in text] == []


def test_only_the_owner_can_read_the_log(desk: Desk, night: Sheet) -> None:  # noqa: ARG001 - it wrote the log
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (log_of(desk).parent, log_of(desk))]

    assert modes == [0o700, 0o600]


def test_the_figures_of_a_run_are_those_of_its_rows(desk: Desk, night: Sheet) -> None:  # noqa: ARG001 - as above
    found = figures(desk.folder / "night.prom")
    told = {name: found[name] for name in found if "rows" in name or "calls" in name or "code" in name}

    assert {name: value for name, value in told.items() if value} == {
        "dialer_rows called": 3,
        "dialer_rows failed": 1,
        "dialer_rows unknown": 1,
        "dialer_calls_total called": 3,
        "dialer_calls_total failed": 1,
        "dialer_calls_total unknown": 1,
        "dialer_last_exit_code": 1,
    }


def test_a_log_may_stand_elsewhere(desk: Desk) -> None:
    sheet = desk.sheet(1)
    desk.run(sheet, "--log-file", desk.folder / "elsewhere.jsonl")

    assert len(lines(desk.folder / "elsewhere.jsonl", event="call_ended", campaign=sheet.campaign)) == 1


def test_a_log_and_figures_that_cannot_be_written_stop_nobody(desk: Desk) -> None:
    sheet = desk.sheet(2)
    nowhere = desk.folder / "file"
    nowhere.touch()
    path = nowhere / "m.prom"
    done = desk.run(sheet, "--log-file", "/dev/full", "--metrics", path, "-q")

    assert (done.returncode, sheet.statuses()) == (0, ["queued", "queued"])
    assert sorted(done.stderr.splitlines()) == [
        f"The log /dev/full cannot be written ({NO_SPACE}): the work goes on without it.",
        f"The metrics {path} cannot be written ({NO_FOLDER}: '{path}'): the work goes on without them.",
    ]


def test_a_rehearsal_leaves_neither_log_nor_figures(desk: Desk) -> None:
    place = desk.place()
    sheet = desk.sheet(1)
    options = ("--log-file", place / "log", "--metrics", place / "m.prom", "--dry-run")
    done = desk.dialer("run", sheet.path, *desk.call_options(*options), place=place)

    assert (done.returncode, list(place.iterdir())) == (0, [])


def test_a_run_that_is_refused_is_in_log_and_figures(desk: Desk) -> None:
    sheet, place = desk.sheet(1), desk.place()
    env = {"VOZAGENT_API_KEY": None}
    desk.run(sheet, "--log-file", place / "log", "--metrics", place / "m.prom", env=env)
    failed = lines(place / "log", event="command_failed")[0]

    assert (failed["code"], failed["exit_code"], figures(place / "m.prom")["dialer_last_exit_code"]) == (
        "key_missing",
        77,
        77,
    )


def test_a_single_call_is_in_the_log(desk: Desk) -> None:
    number, log = desk.number(), desk.folder / "call.jsonl"
    desk.call(number, "--log-file", log)

    assert [line["event"] for line in lines(log)] == ["command_started", "call_ended", "command_ended"]


# Notifications


def test_trouble_is_notified_with_the_report(desk: Desk) -> None:
    sheet = desk.sheet([*desk.numbers(1), desk.number("422")])
    with listening() as listener:
        done = desk.run(sheet, env={"DIALER_NOTIFY": listener.url})
    taken = listener.taken[0]

    assert (done.returncode, taken.title, list(taken.files)) == (
        1,
        f"dialer: {sheet.campaign}: 1 called, 1 failed (exit code 1)",
        [f"{sheet.campaign}.report.html"],
    )


def test_a_run_without_trouble_is_notified_if_that_was_asked_for(desk: Desk) -> None:
    sheet, options = desk.sheet(2), ("--notify-on", "always", "--notify-attach", "all")
    with listening() as listener:
        desk.run(sheet, env={"DIALER_NOTIFY": listener.url})
        desk.run(sheet, *options, env={"DIALER_NOTIFY": listener.url})

    assert [(taken.title, len(taken.files)) for taken in listener.taken] == [
        (f"dialer: {sheet.campaign}: 2 called (exit code 0)", 2)
    ]


def test_a_sheet_that_is_not_there_is_notified(desk: Desk) -> None:
    with listening() as listener:
        options = desk.call_options()
        done = desk.dialer("run", "gone.csv", *options, env={"DIALER_NOTIFY": listener.url})

    assert (done.returncode, [taken.title for taken in listener.taken]) == (
        66,
        ["dialer: gone: not run (exit code 66)"],
    )


def test_a_service_that_fails_changes_no_exit_code(desk: Desk) -> None:
    sheet = desk.sheet(1)
    done = desk.run(sheet, "-q", "--notify-on", "always", env={"DIALER_NOTIFY": "json://127.0.0.1:1/CANARY"})

    assert (done.returncode, done.stderr) == (
        0,
        "Notification 1 of 1 (json) was not taken: check its URL, and whether the service answers.\n",
    )


def test_without_the_extra_nobody_is_called(desk: Desk) -> None:
    sheet, place = desk.sheet(1), desk.place()
    (place / "apprise.py").write_text("raise ImportError\n")
    env = {"DIALER_NOTIFY": "json://127.0.0.1:1/", "PYTHONPATH": str(place)}
    done = desk.run(sheet, env=env)

    assert (done.returncode, done.stderr, desk.received(*sheet.numbers)) == (
        78,
        "dialer: Notifications need the extra `notify`: pip install 'vozagent-dialer[notify]'.\n",
        [],
    )


def test_the_url_of_a_service_is_nowhere_afterwards(desk: Desk) -> None:
    sheet = desk.sheet(1)
    with listening(status=500) as listener:
        done = desk.run(sheet, "-vv", "--notify-on", "always", env={"DIALER_NOTIFY": listener.url})
    files = [path for path in desk.folder.rglob("*") if path.is_file()]

    assert (len(listener.taken), "CANARY" in done.stdout + done.stderr) == (1, False)
    assert [path for path in files if b"CANARY" in path.read_bytes()] == []
