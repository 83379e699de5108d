"""How the log of a command begins and ends, whatever the command does."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import click
import pytest

from dialer.errors import TryLater
from dialer.logged import logged

LOCKED = "Campaign “Ann's people” is locked: +12025550142 is being called."


def ending(folder: Path, body: Callable[[], int]) -> dict[str, Any]:
    """The last line of the log of a command, but for its time and its process."""
    with suppress(BaseException):
        logged("run", body, path=folder / "log")
    line: dict[str, Any] = json.loads((folder / "log").read_text().splitlines()[-1])
    return {name: line[name] for name in line if name not in {"at", "pid"}}


def raising(error: BaseException) -> Callable[[], int]:
    def body() -> int:
        raise error

    return body


def test_a_command_begins_with_its_name_and_the_version(tmp_path: Path) -> None:
    logged("run", lambda: 0, path=tmp_path / "log")
    first = json.loads((tmp_path / "log").read_text().splitlines()[0])

    assert (first["event"], first["command"], "version" in first) == ("command_started", "run", True)


def test_a_command_ends_with_its_exit_code(tmp_path: Path) -> None:
    assert ending(tmp_path, lambda: 75) == {
        "level": "info",
        "event": "command_ended",
        "command": "run",
        "exit_code": 75,
    }


def test_what_a_command_gives_is_handed_on(tmp_path: Path) -> None:
    assert logged("run", lambda: "anything", path=tmp_path / "log") == "anything"


@pytest.mark.parametrize(
    ("error", "facts"),
    [
        (
            TryLater(LOCKED, code="locked"),
            {"code": "locked", "exit_code": 75, "sentence": "Campaign “…” is locked: ***42 is being called."},
        ),
        (
            PermissionError(13, "Permission denied", "/home/ann"),
            {"code": "system", "exit_code": 1, "sentence": "Permission denied"},
        ),
        (click.UsageError("Ann"), {"code": "usage", "exit_code": 2, "sentence": ""}),
        (click.Abort(), {"code": "usage", "exit_code": 130, "sentence": ""}),
    ],
    ids=["dialer's", "system's", "usage", "abort"],
)
def test_a_command_that_is_refused_says_why(tmp_path: Path, error: Exception, facts: dict[str, Any]) -> None:
    whole = {"level": "error", "event": "command_failed", "command": "run", **facts}

    assert ending(tmp_path, raising(error)) == whole


def test_a_fault_of_ours_is_told_with_its_place(tmp_path: Path) -> None:
    line = ending(tmp_path, raising(KeyError("Birdsong")))

    assert (line["event"], line["causes"][0]["kind"], line["causes"][0]["where"][-1].split(":")[0]) == (
        "fault",
        "KeyError",
        "tests/test_logged.py",
    )


def test_an_interruption_is_told(tmp_path: Path) -> None:
    assert ending(tmp_path, raising(KeyboardInterrupt()))["by"] == "KeyboardInterrupt"


def test_every_error_is_raised_again(tmp_path: Path) -> None:
    with pytest.raises(TryLater):
        logged("run", raising(TryLater(LOCKED, code="locked")), path=tmp_path / "log")
