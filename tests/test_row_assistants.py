"""Assistants that rows name, in the ledger: who calls whom, and what a later load changes of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from dialer import whom
from dialer.plan import ByAssistant
from tests.builders import World, lead, policy

PER_ROW = policy(assistant_name="{Agent}", assistant_per_row=True)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    leads = [lead(2, assistant="Voz"), lead(3, assistant="Aurora"), lead(5, assistant="Aurora")]
    with closing(World(tmp_path, leads)) as opened:
        yield opened


def counted(world: World) -> tuple[ByAssistant, ...]:
    choice = world.choice(PER_ROW)
    with world.ledger.reading() as connection:
        return whom.count_by_assistant(connection, choice)


def assistants(world: World) -> list[str | None]:
    """Who calls each lead, in the order of the rows."""
    with world.ledger.reading() as connection:
        rows = connection.exec_driver_sql("SELECT assistant FROM leads ORDER BY row")
        return [row.assistant for row in rows]


def test_the_busiest_assistant_is_counted_first(world: World) -> None:
    assert counted(world) == (ByAssistant("Aurora", 2, first_row=3), ByAssistant("Voz", 1, first_row=2))


def test_only_those_who_are_called_now_are_counted(world: World) -> None:
    world.run(policy(limit=1))

    assert counted(world) == (ByAssistant("Aurora", 2, first_row=3),)


def test_rows_that_name_nobody_are_the_campaigns(world: World) -> None:
    world.load([lead(2), lead(3, assistant="Aurora")])

    assert counted(world) == (ByAssistant("Aurora", 1, first_row=3),)


def test_a_later_load_says_anew_who_calls(world: World) -> None:
    world.load([lead(2, assistant="Aurora"), lead(3), lead(5, assistant="Voz")])

    assert assistants(world) == ["Aurora", None, "Voz"]


def test_a_later_load_says_anew_who_calls_a_second_time(world: World) -> None:
    """Else a second round would be called by whom a template of the first one named."""
    world.run()
    world.load([lead(2, assistant="Aurora"), lead(3), lead(5, assistant="Voz")])

    assert assistants(world) == ["Aurora", None, "Voz"]
