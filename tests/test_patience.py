"""How long nothing gets through before the run ends."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dialer.outcomes import Called, Outcome, Throttled, Unknown, Unsent
from dialer.patience import Patience

UNREACHABLE = Unsent("connection refused")
WITHDRAWN = Unsent("withdrawn", unreachable=False)
THROTTLED = Throttled(None, "")


def patience(*happened: tuple[float, Outcome]) -> Patience:
    """A minute of patience, after all this has happened."""
    one = Patience(give_up_after=timedelta(minutes=1))
    for now, outcome in happened:
        sent = not isinstance(outcome, Unsent)
        one.note(outcome, sent=sent, answered=sent and not isinstance(outcome, Unknown), now=now)
    return one


def code(one: Patience, now: float) -> str | None:
    stop = one.stop(now=now)
    return stop.code if stop else None


@pytest.mark.parametrize(("now", "expected"), [(69.9, None), (70.0, "unreachable")])
def test_an_api_out_of_reach_is_tried_for_as_long_as_asked(now: float, expected: str | None) -> None:
    assert code(patience((10.0, UNREACHABLE), (30.0, UNREACHABLE)), now) == expected


def test_the_sentence_tells_how_long_and_what_to_do() -> None:
    stop = patience((0.0, UNREACHABLE)).stop(now=61.0)

    assert stop is not None
    assert stop.exit_code == 69
    assert stop.sentence == (
        "The API could not be reached for 61 s: check the network and --base-url, then run the same "
        "command again."
    )


@pytest.mark.parametrize("outcome", [Called(201), Unknown("no reply"), THROTTLED])
def test_whatever_was_sent_proves_that_it_is_in_reach(outcome: Outcome) -> None:
    assert code(patience((0.0, UNREACHABLE), (50.0, outcome)), 70.0) is None


def test_a_turn_that_was_withdrawn_proves_nothing() -> None:
    assert code(patience((0.0, UNREACHABLE), (50.0, WITHDRAWN)), 70.0) == "unreachable"


@pytest.mark.parametrize(("now", "expected"), [(600.0, None), (600.1, "throttled")])
def test_an_api_that_lets_nothing_through_is_tried_for_ten_minutes(now: float, expected: str | None) -> None:
    assert code(patience((0.0, THROTTLED), (300.0, THROTTLED)), now) == expected


def test_one_answer_ends_a_time_without_any() -> None:
    assert code(patience((0.0, THROTTLED), (500.0, Called(201)), (550.0, THROTTLED)), 700.0) is None


def test_no_reply_is_no_answer() -> None:
    assert code(patience((0.0, THROTTLED), (500.0, Unknown("no reply"))), 700.0) == "throttled"


def test_nobody_waits_longer_than_the_run_would_last() -> None:
    one = patience((10.0, UNREACHABLE))

    assert [one.within(30.0, now=now) for now in (20.0, 60.0, 80.0)] == [30.0, 10.0, 0.0]


def test_while_all_is_well_a_wait_stays_as_it_is() -> None:
    assert patience().within(30.0, now=0.0) == 30.0
