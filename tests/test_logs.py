"""The log: whole lines of JSON, put aside when they are many, in which nobody is named."""

from __future__ import annotations

import json
import os
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from dialer import logs

FULL = (
    "The log /dev/full cannot be written ([Errno 28] No space left on device): the work goes on without it."
)


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def logged(path: Path, text: str) -> str:
    """What a log holds of a text that it was handed."""
    with logs.opened(path, say=print):
        logs.note("event", text=text)
    return str(lines(path)[-1]["text"])


def raised(error: BaseException) -> BaseException:
    try:
        raise error  # noqa: TRY301 - for its traceback
    except BaseException as caught:  # noqa: BLE001 - it was given
        return caught


def test_a_line_is_an_event_with_its_level_its_process_and_its_facts(tmp_path: Path) -> None:
    with logs.opened(tmp_path / "log", say=print), logs.about(campaign="leads"):
        logs.warn("run_ended", exit_code=1, counts={"called": 2})
    line = lines(tmp_path / "log")[0]
    line.pop("at")

    assert line == {
        "level": "warning",
        "event": "run_ended",
        "pid": os.getpid(),
        "campaign": "leads",
        "exit_code": 1,
        "counts": {"called": 2},
    }


def test_the_time_is_utc_and_now(tmp_path: Path) -> None:
    with logs.opened(tmp_path / "log", say=print):
        logs.note("event")
    at = datetime.fromisoformat(lines(tmp_path / "log")[0]["at"])

    assert (at.tzinfo, abs((datetime.now(UTC) - at).total_seconds()) < 60) == (UTC, True)


def test_only_its_owner_can_read_a_log_and_its_folder(tmp_path: Path) -> None:
    with logs.opened(tmp_path / "state" / "log", say=print):
        logs.note("event")
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "state", tmp_path / "state" / "log")]

    assert modes == [0o700, 0o600]


def test_without_a_log_nothing_happens(tmp_path: Path) -> None:
    logs.note("event")
    logs.fault(ValueError("x"))

    assert list(tmp_path.iterdir()) == []


def test_a_log_goes_on_where_it_ended(tmp_path: Path) -> None:
    for number in range(3):
        logged(tmp_path / "log", str(number))

    assert [line["text"] for line in lines(tmp_path / "log")] == ["0", "1", "2"]


def test_a_line_that_was_cut_off_does_not_spoil_the_next(tmp_path: Path) -> None:
    (tmp_path / "log").write_text('{"at": "2026-11-2')

    with logs.opened(tmp_path / "log", say=print):
        logs.note("event", text="whole")

    assert json.loads((tmp_path / "log").read_text().splitlines()[1])["text"] == "whole"


# When it is full


def everything(folder: Path) -> list[int]:
    """The numbers of all lines in all files of a log, in their order."""
    files = sorted(folder.iterdir(), key=lambda path: -int(path.suffix[1:] or 0))
    return [line["number"] for path in files for line in lines(path)]


def test_a_full_log_is_put_aside_and_no_line_is_lost(tmp_path: Path) -> None:
    with logs.opened(tmp_path / "log", say=print, most_bytes=1000):
        for number in range(30):
            logs.note("event", number=number)

    assert (everything(tmp_path), len(list(tmp_path.iterdir())) > 2) == (list(range(30)), True)


def test_no_file_is_longer_than_was_asked(tmp_path: Path) -> None:
    with logs.opened(tmp_path / "log", say=print, most_bytes=1000):
        for number in range(30):
            logs.note("event", number=number)

    assert [path for path in tmp_path.iterdir() if path.stat().st_size > 1000] == []


def test_so_many_full_logs_are_kept_and_the_oldest_goes(tmp_path: Path) -> None:
    with logs.opened(tmp_path / "log", say=print, most_bytes=150):
        for number in range(30):
            logs.note("event", number=number)
    kept = everything(tmp_path)

    assert (len(list(tmp_path.iterdir())), kept) == (logs.KEPT + 1, list(range(30))[-len(kept) :])


def test_two_processes_lose_no_line_of_each_other(tmp_path: Path) -> None:
    """As two of them hold the file: each finds out at its next line that the other has put it aside."""
    files = [logs._RotatedFile(tmp_path / "log", say=print, most_bytes=300) for _ in range(2)]
    for number in range(40):
        files[number % 3 % 2].write(b'{"number": %d}\n' % number)
    for file in files:
        file.close()

    assert sorted(everything(tmp_path)) == list(range(40))


# When it cannot be written


def test_a_full_disk_is_said_once_and_the_work_goes_on() -> None:
    said: list[str] = []
    with logs.opened(Path("/dev/full"), say=said.append):
        logs.note("event")
        logs.note("event")

    assert said == [FULL]


def test_a_folder_that_cannot_be_made_is_said_once_and_the_work_goes_on(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    path, said = tmp_path / "file" / "log", list[str]()
    with logs.opened(path, say=said.append):
        logs.note("event")

    sentence = f"The log {path} cannot be written ([Errno 17] File exists: '{path.parent}')"
    assert said == [f"{sentence}: the work goes on without it."]


def test_nobody_waits_for_a_pipe_that_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    said: list[str] = []
    with logs.opened(tmp_path / "pipe", say=said.append):
        for _ in range(2000):
            logs.note("event", text="x" * 100)

    assert len(said) == 1


def test_a_log_may_go_nowhere() -> None:
    said: list[str] = []
    with logs.opened(Path("/dev/null"), say=said.append):
        logs.note("event")

    assert said == []


# Nobody is named


@pytest.mark.parametrize("text", ["+12025550142", "to +442079460142.", "call +12025550142 at once"])
def test_a_number_in_any_text_keeps_its_last_two_digits(tmp_path: Path, text: str) -> None:
    said = logged(tmp_path / "log", text)

    assert ("***42" in said, "5550142" in said, "9460142" in said) == (True, False, False)


def test_a_secret_is_hidden_wherever_it_turns_up(tmp_path: Path) -> None:
    logs.hide("sk-CANARY-9f3")
    with logs.opened(tmp_path / "log", say=print):
        logs.note("event", text="Bearer sk-CANARY-9f3", deep={"sk-CANARY-9f3": ["sk-CANARY-9f3"]})
    line = lines(tmp_path / "log")[0]

    assert (line["text"], line["deep"]) == ("Bearer (hidden)", {"(hidden)": ["(hidden)"]})


@pytest.mark.parametrize(
    ("sentence", "left"),
    [
        ("The API answered 403, “Ann “A.” Example”: go on.", "The API answered 403, “…”: go on."),
        ("(202) 555-0142 is no number.", "***42 is no number."),
        ("202.555.0142 is not called.", "***42 is not called."),
        ("+12025550142 was called at 2026-11-22 20:15.", "***42 was called at 2026-11-22 20:15."),
        ("Locked since 2026-11-22 by process 12345.", "Locked since 2026-11-22 by process 12345."),
        ("Row 12, columns 3 to 7.", "Row 12, columns 3 to 7."),
    ],
)
def test_a_sentence_loses_what_is_quoted_and_all_numbers(sentence: str, left: str) -> None:
    assert logs.without_people(sentence) == left


def test_a_short_number_is_masked_whole() -> None:
    assert (logs.masked("+12025550142"), logs.masked("911")) == ("***42", "***")


def test_a_fault_says_what_and_where_but_not_what_it_says(tmp_path: Path) -> None:
    """For an exception may quote a cell."""
    with logs.opened(tmp_path / "log", say=print):
        logs.fault(raised(KeyError("Birdsong")))
    line = lines(tmp_path / "log")[0]

    assert (line["level"], line["causes"][0]["kind"], "Birdsong" in json.dumps(line)) == (
        "error",
        "KeyError",
        False,
    )


def test_a_fault_names_the_place_in_the_code(tmp_path: Path) -> None:
    with logs.opened(tmp_path / "log", say=print):
        logs.fault(raised(KeyError("Birdsong")))
    where = lines(tmp_path / "log")[0]["causes"][0]["where"][0]

    assert (where.startswith("tests/test_logs.py:"), where.endswith(" in raised")) == (True, True)


def test_a_fault_names_its_causes(tmp_path: Path) -> None:
    error = ExceptionGroup("group", [raised(ValueError("x"))])
    error.exceptions[0].__cause__ = OSError("y")
    with logs.opened(tmp_path / "log", say=print):
        logs.fault(error)

    assert [cause["kind"] for cause in lines(tmp_path / "log")[0]["causes"]] == [
        "ExceptionGroup",
        "ValueError",
        "OSError",
    ]


def test_a_file_name_that_is_not_in_utf8_is_written_all_the_same(tmp_path: Path) -> None:
    assert logged(tmp_path / "log", "l\udce9ads.csv") == "l\udce9ads.csv"
