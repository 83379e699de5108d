"""Thirty nights in autumn and thirty in spring; `python -m tests.nights --seed N --seeds M` plays more."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from tests.nights.broken import BROKEN
from tests.nights.story import NIGHTS, Told, tell

SEEDS = (2, 9)  # an even one plays in autumn, an odd one in spring
_WORKERS = 2


@pytest.fixture(scope="module")
def workers() -> Iterator[Executor]:
    """Processes that tell stories side by side."""
    with ProcessPoolExecutor(_WORKERS, mp_context=get_context("spawn")) as executor:
        yield executor


@pytest.fixture(scope="module")
def stories(workers: Executor) -> list[Told]:
    return list(workers.map(tell, SEEDS))


def test_every_promise_is_kept_in_every_night(stories: list[Told]) -> None:
    assert {told.seed: told.faults for told in stories if told.faults} == {}


def test_the_nights_are_thirty_and_three_calm_ones(stories: list[Told]) -> None:
    assert [told.nights for told in stories] == [NIGHTS + 3] * len(SEEDS)


def test_every_kind_of_night_is_met(stories: list[Told]) -> None:
    assert [set(told.met) for told in stories] == [{"goes", "waits", "killed", "lost", "wrong file"}] * len(
        SEEDS
    )


def test_many_people_are_called(stories: list[Told]) -> None:
    """Or all promises would be kept by doing nothing."""
    assert min(told.calls for told in stories) > 100


# The proof that the judge can tell of a fault


@pytest.fixture(scope="module")
def caught(workers: Executor) -> dict[str, list[str]]:
    return dict(zip(BROKEN, workers.map(_faults_of, BROKEN), strict=True))


def _faults_of(name: str) -> list[str]:
    return tell(SEEDS[1], broken=[BROKEN[name]], until_caught=True).faults


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("one zone for all", "was called at"),
        ("summer all year", "was called at"),
        ("no caps", "calls within"),
        ("no holidays", "was called at"),
        ("done after one night", " waiting"),
    ],
)
def test_a_program_with_a_broken_part_is_caught(caught: dict[str, list[str]], name: str, words: str) -> None:
    assert [fault for fault in caught[name] if words in fault] != []
