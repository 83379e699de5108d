"""Fixtures that many tests share."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from tests.builders import World

# The suite says the same of the same code on every machine. New examples are drawn by
# `pytest --hypothesis-profile wide`, which is for finding faults, not for judging a change.
settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("wide", deadline=None, max_examples=20_000)
settings.load_profile("same")

# A suite that runs in the background may be deaf to these, and the programs that it starts would be, too.
for number in (signal.SIGINT, signal.SIGHUP):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, signal.SIG_DFL)


@pytest.fixture
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home, a data folder and a current folder without any settings, and no key."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.delenv("VOZAGENT_API_KEY", raising=False)
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")


@pytest.fixture
def make_world(tmp_path: Path) -> Iterator[Callable[..., World]]:
    """Builds campaigns that share one ledger, and closes them at the end."""
    made: list[World] = []

    def make(**changes: Any) -> World:
        made.append(World(tmp_path, **changes))
        return made[-1]

    yield make
    for world in made:
        world.close()


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    """A campaign of ten leads in rows 2 to 11."""
    return make_world()
