"""What the log says of a call: how it ended, never of whom."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from dialer import logs
from dialer.call_log import CallLog
from dialer.outcomes import Called, Forbidden, Halted, Outcome, Refused, Throttled, Unknown, Unsent
from dialer.retry import LeadState
from dialer.whom import DueLead
from tests.builders import lead

SAYS = "Ann Example of +12025550142 is not called"


def heard(folder: Path, *outcomes: Outcome, shares: Sequence[float] = ()) -> list[dict[str, Any]]:
    """The lines for these outcomes of row 7; `shares` of the pace are in use, one after the other."""
    left = list(shares) or [1.0] * len(outcomes)
    log = CallLog(rate="10/s", share=lambda: left.pop(0))
    due = DueLead(1, 1, lead(7, phone="+12025550142", notes="Birdsong"), LeadState.DUE)
    with logs.opened(folder / "log", say=print):
        for outcome in outcomes:
            log(due, outcome, 0.12345)
    return [json.loads(line) for line in (folder / "log").read_text().splitlines()]


@pytest.mark.parametrize(
    ("outcome", "facts"),
    [
        (Called(201, call_id=SAYS, status=SAYS), {"outcome": "called", "http_status": 201}),
        (Refused(422, SAYS, SAYS), {"outcome": "refused", "http_status": 422}),
        (Forbidden(403, SAYS, SAYS), {"outcome": "forbidden", "http_status": 403}),
        (Halted(401, SAYS, SAYS), {"outcome": "halted", "http_status": 401}),
        (Throttled(2.0, SAYS), {"outcome": "throttled", "retry_after_seconds": 2.0}),
        (Unsent("ConnectError"), {"outcome": "unsent", "reason": "ConnectError"}),
        (Unknown("no reply (ReadTimeout)"), {"outcome": "unknown", "reason": "no reply (ReadTimeout)"}),
        (Unknown(f"HTTP 500: {SAYS}", http_status=500), {"outcome": "unknown", "http_status": 500}),
    ],
    ids=lambda each: type(each).__name__,
)
def test_a_call_is_its_row_two_digits_and_how_it_ended(
    tmp_path: Path, outcome: Outcome, facts: dict[str, Any]
) -> None:
    line = heard(tmp_path, outcome)[0]
    fixed = {name: line.pop(name) for name in ("event", "row", "number", "seconds")}

    assert (fixed, {name: line[name] for name in line if name not in {"at", "level", "pid"}}) == (
        {"event": "call_ended", "row": 7, "number": "***42", "seconds": 0.123},
        facts,
    )


@pytest.mark.parametrize(
    ("shares", "told"),
    [
        ([1.0, 1.0, 1.0], []),
        ([0.5, 0.25, 0.25], [0.5, 0.25]),
        ([0.5, 0.6, 0.7, 0.76, 1.0, 1.0], [0.5, 0.76, 1.0]),
    ],
    ids=["as asked", "slower", "back again"],
)
def test_a_pace_that_changes_is_told_and_its_small_steps_are_not(
    tmp_path: Path, shares: list[float], told: list[float]
) -> None:
    lines = heard(tmp_path, *[Called(201)] * len(shares), shares=shares)

    assert [line["share"] for line in lines if line["event"] == "pace_changed"] == told
