"""How `dialer outcomes` ends, and what it says of the calls whose fate is missing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dialer.aftermath import Aftermath
from dialer.fates import Standing

ALL_ENDED = Standing(
    calls=9,
    ended=9,
    lacking=0,
    never_ended=0,
    unheard=0,
    without_id=0,
    words={"completed": 1200, "no-answer": 8},
)


def aftermath(*, not_found: int = 0, unreported: bool = False, **changes: Any) -> Aftermath:
    return Aftermath("spring", replace(ALL_ENDED, **changes), not_found, seconds=1.0, unreported=unreported)


@pytest.mark.parametrize(
    ("found", "exit_code"),
    [
        (aftermath(), 0),
        (aftermath(calls=0, ended=0, words={}), 0),
        (aftermath(ended=8), 75),  # one goes on
        (aftermath(ended=8, never_ended=1), 1),
        (aftermath(lacking=1), 75),
        (aftermath(ended=8, unheard=1), 75),
        (aftermath(ended=8, unheard=1, not_found=1), 1),
        (aftermath(ended=8, without_id=1), 1),
        (aftermath(ended=7, never_ended=1), 75),  # another one goes on
        (aftermath(unreported=True), 1),
    ],
)
def test_the_exit_code_says_whether_the_same_command_may_find_more(found: Aftermath, exit_code: int) -> None:
    assert found.exit_code == exit_code


def test_the_words_of_the_api_are_counted_below_each_other() -> None:
    assert aftermath().lines() == ["  completed  1,200", "  no-answer  8", "9 of 9 calls ended."]


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        (
            aftermath(ended=8),
            "1 call had not ended by the last look, and may still: the same command looks again.",
        ),
        (
            aftermath(ended=7, never_ended=2),
            "2 calls had not ended 24 hours after the beginning, and never will.",
        ),
        (
            aftermath(lacking=3),
            "3 calls ended and came without details so far: the same command asks again.",
        ),
        (aftermath(ended=8, unheard=1), "1 call could not be looked up: the same command asks again."),
        (
            aftermath(ended=8, unheard=1, not_found=1),
            "1 call could not be found at the API under the id that it gave.",
        ),
        (aftermath(ended=8, without_id=1), "1 call got no id from the API, and cannot be looked up."),
    ],
)
def test_a_missing_fate_is_explained(found: Aftermath, sentence: str) -> None:
    assert found.lines()[-1] == sentence


def test_a_campaign_without_calls_is_said_so() -> None:
    assert aftermath(calls=0, ended=0, words={}).lines() == ["No call was made in this campaign."]


def test_a_word_from_outside_is_shown_harmlessly() -> None:
    found = aftermath(words={"\x1b[2Jpwn": 1, "": 2})

    assert found.lines()[:2] == ["  [2Jpwn     1", "  (no word)  2"]


def test_the_object_for_machines_holds_every_count() -> None:
    found = aftermath(ended=4, never_ended=1, unheard=2, without_id=1, not_found=1)

    assert found.as_json() == {
        "campaign": "spring",
        "calls": 9,
        "ended": 4,
        "stale": 2,
        "not_found": 1,
        "unheard": 1,
        "without_id": 1,
        "counts": {"completed": 1200, "no-answer": 8},
        "report": None,
        "html": None,
        "exit_code": 75,
        "seconds": 1.0,
    }
