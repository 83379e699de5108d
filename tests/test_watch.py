"""`dialer status --watch`: looks again and again for as long as a run lasts, and never in a hurry."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import pytest
from rich.console import Console

from dialer.settings import Place
from dialer.status_screens import StatusLine
from dialer.watch import Asked, Seen, _redrawn, follow, seconds_between_looks, show
from tests.builders import World, policy


def looking(*runs: str) -> Callable[[], Seen]:
    """Looks at which a run "lasts" or has "ended"."""
    looks = iter(runs)

    def look() -> Seen:
        lasts = next(looks) == "lasts"
        line = StatusLine(
            campaign="leads",
            rows=2,
            counts={"called": 1},
            running=lasts,
            pace_per_second=4.0 if lasts else None,
            paused=None,
            last_event="it goes on" if lasts else "it ended",
            last_event_at="2026-03-02T15:00:00Z",
            next_step="nothing",
        )
        return Seen((line,), None)

    return look


def asked(world: World, *, as_json: bool = False, campaign: str | None = "leads") -> Asked:
    return Asked(Place(ledger=str(world.ledger.path)), campaign, as_json=as_json)


def while_it_is_run(world: World) -> Iterator[None]:
    """Ticks before each of which a run calls one person more; with the third of them it ends."""
    with world.ledger.lock("leads"):
        for _ in range(2):
            world.run(policy(limit=1))
            yield
        world.run(policy(limit=1))
    yield
    raise AssertionError("it was looked at after it had ended")


def begin(world: World) -> Iterator[None]:
    """The same ticks; the run is under way before the first look."""
    ticks = while_it_is_run(world)
    next(ticks)
    return ticks


# When it ends


def test_a_run_is_followed_until_it_has_ended() -> None:
    seen = follow(looking("lasts", "lasts", "ended"), iter(range(9)))

    assert [look.running for look in seen] == [True, True, False]


def test_where_nothing_runs_one_look_is_enough() -> None:
    seen = follow(looking("ended"), iter(range(9)))

    assert [look.running for look in seen] == [False]


def test_without_ticks_one_look_is_enough() -> None:
    seen = follow(looking("lasts"), ())

    assert [look.running for look in seen] == [True]


# How often it looks


def slept(*took: float) -> list[float]:
    """How long is waited after looks that took so long."""
    waits: list[float] = []
    times = iter([time for seconds in took for time in (0.0, seconds)])
    ticks = seconds_between_looks(clock=lambda: next(times), sleep=waits.append)
    for _ in islice(ticks, len(took)):
        pass
    return waits


def test_it_looks_once_a_second() -> None:
    assert slept(0.01, 0.02, 0.1) == [1.0, 1.0, 1.0]


def test_looking_takes_a_tenth_of_the_time_at_most() -> None:
    assert slept(0.5, 0.0) == [1.0, 5.0]


# What is printed


def test_json_is_one_object_for_each_look(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    show(asked(world, as_json=True), ticks=begin(world))
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    assert [(look["running"], look["counts"]["called"]) for look in told] == [
        (True, 1),
        (True, 2),
        (False, 3),
    ]


def test_json_without_watching_is_one_object(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    show(asked(world, as_json=True))

    assert json.loads(capsys.readouterr().out)["campaign"] == "leads"


def test_json_of_all_campaigns_is_a_list(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    show(asked(world, as_json=True, campaign=None))
    told = json.loads(capsys.readouterr().out)

    assert [line["campaign"] for line in told["campaigns"]] == ["leads"]


def test_a_log_gets_a_line_whenever_something_changed(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    show(asked(world), ticks=begin(world))

    assert capsys.readouterr().out.splitlines()[:3] == [
        "leads: 1 called, 9 pending; 0.0/s",
        "leads: 2 called, 8 pending; 0.0/s",
        "campaign     leads",
    ]


def test_a_log_gets_no_line_where_nothing_changed(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    with world.ledger.lock("leads"):
        show(asked(world), ticks=range(4))

    assert capsys.readouterr().out.splitlines()[:2] == ["leads: 10 pending", "campaign     leads"]


def test_a_terminal_shows_the_looks_in_one_place() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=120)
    last = _redrawn(follow(looking("lasts", "lasts", "ended"), iter(range(9))), console)

    assert last.lines[0].last_event == "it ended"


def test_what_stood_on_a_terminal_while_a_run_lasted_is_gone_in_the_end() -> None:
    file = io.StringIO()
    _redrawn(
        follow(looking("lasts", "ended"), iter(range(9))), Console(file=file, force_terminal=True, width=120)
    )

    assert file.getvalue().rstrip().endswith("\x1b[2K")


def test_a_ledger_without_campaigns_says_how_to_begin_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    show(Asked(Place(ledger=str(tmp_path / "ledger.sqlite3")), None))

    assert capsys.readouterr().err == "No campaign yet: dialer run LEADS begins one.\n"


def test_looking_for_campaigns_creates_no_ledger(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    show(Asked(Place(ledger=str(tmp_path / "ledger.sqlite3")), None))

    assert (list(tmp_path.iterdir()), capsys.readouterr().out) == ([], "")
