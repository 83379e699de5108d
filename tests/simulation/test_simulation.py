"""As many stories as fit into a minute; `python -m tests.simulation --seeds 2000` tells more of them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context

import pytest

from tests.command import ROOT
from tests.simulation.broken import BROKEN
from tests.simulation.machine import MOMENTS
from tests.simulation.story import Told, tell
from tests.simulation.weather import CLOSED, FAULTS

SEEDS = range(1, 51)
_CAUGHT_WITHIN = 50  # seeds
_WORKERS = 2


@pytest.fixture(scope="module")
def workers() -> Iterator[Executor]:
    """Processes that tell stories side by side."""
    with ProcessPoolExecutor(_WORKERS, mp_context=get_context("spawn")) as executor:
        yield executor


@pytest.fixture(scope="module")
def stories(workers: Executor) -> list[Told]:
    return list(workers.map(tell, SEEDS, chunksize=5))


def test_every_promise_is_kept_in_every_story(stories: list[Told]) -> None:
    assert {told.seed: told.faults for told in stories if told.faults} == {}


def test_the_program_dies_five_times_in_a_story(stories: list[Told]) -> None:
    assert sum(told.crashes for told in stories) >= 5 * len(SEEDS)


def test_the_program_dies_at_every_moment(stories: list[Told]) -> None:
    assert frozenset().union(*(told.moments for told in stories)) == set(MOMENTS)


def test_nearly_every_fault_is_met(stories: list[Told]) -> None:
    """A story more or less may move one of them out of sight."""
    met = frozenset().union(*(told.met for told in stories))
    missed = {kind for kinds in FAULTS for kind in kinds} | {*CLOSED, "ok", "wrong-number"}

    assert len(missed - met) <= 5


# The proof that the stories can tell of a fault


def caught_at(name: str) -> int | None:
    """The first seed whose story tells that this part is broken."""
    for seed in range(1, _CAUGHT_WITHIN + 1):
        if tell(seed, broken=[BROKEN[name]]).faults:
            return seed
    return None


@pytest.fixture(scope="module")
def caught(workers: Executor) -> dict[str, int | None]:
    return dict(zip(BROKEN, workers.map(caught_at, BROKEN), strict=True))


@pytest.mark.parametrize("name", BROKEN)
def test_a_program_with_a_broken_part_is_caught(caught: dict[str, int | None], name: str) -> None:
    assert caught[name] is not None


# The same seed tells the same story


def traces(hash_seed: str) -> list[str]:
    """What a fresh process tells of some seeds."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.simulation", "--seeds", "4", "--first-seed", "5", "--verbose"],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=True,
    )
    return [line for line in done.stdout.splitlines() if line.startswith("seed ")]


def test_a_seed_tells_the_same_story_in_every_process(workers: Executor) -> None:
    first, second = workers.map(traces, ["1", "2"])

    assert (len(first), first) == (4, second)


def test_two_seeds_tell_two_stories() -> None:
    first, second = map(partial(tell, most_crashes=3), (1, 2))

    assert first.trace != second.trace
