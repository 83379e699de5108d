"""What the log says of a run that was stopped, and in which words it counts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dialer import logs, run_log
from dialer.retry import Stop


def told(folder: Path, stop: Stop) -> dict[str, Any]:
    with logs.opened(folder / "log", say=print):
        run_log.stopped(stop)
    line: dict[str, Any] = json.loads((folder / "log").read_text())
    return {name: line[name] for name in line if name not in {"at", "pid"}}


def test_a_breaker_is_an_error_that_pauses(tmp_path: Path) -> None:
    stop = Stop(
        "refused_in_row", "Paused: 20 leads were refused, “Ann”: look.", exit_code=75, pause=True, alarm=False
    )

    assert told(tmp_path, stop) == {
        "level": "error",
        "event": "run_stopped",
        "code": "refused_in_row",
        "exit_code": 75,
        "paused": True,
        "sentence": "Paused: 20 leads were refused, “…”: look.",
    }


def test_a_person_who_stops_a_run_is_no_error(tmp_path: Path) -> None:
    assert told(tmp_path, Stop("interrupted", "Stopped.", exit_code=130))["level"] == "warning"


def test_an_alarm_is_told_without_what_the_api_says_it_dials(tmp_path: Path) -> None:
    stop = Stop("wrong_number_dialled", "ALARM: it dials Ann.", exit_code=75, pause=True, alarm=True)
    line = told(tmp_path, stop)

    assert (line["level"], line["sentence"]) == ("error", None)


@pytest.mark.parametrize(
    ("counts", "ours"),
    [
        ({"queued": 2, "Birdsong": 1}, {"called": 3}),
        ({"failed": 1, "unknown": 2, "pending": 3}, {"failed": 1, "unknown": 2, "pending": 3}),
    ],
)
def test_the_apis_words_are_counted_as_called(counts: dict[str, int], ours: dict[str, int]) -> None:
    assert run_log.in_our_words(counts) == ours
