"""`dialer status`, once, or again and again until the runs that it follows have ended."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from rich.console import Console, Group
from rich.live import Live

from dialer import screens
from dialer.access import OpenLedger
from dialer.settings import Place
from dialer.status import all_campaigns, ledger_of, one_campaign
from dialer.status_screens import Depth, StatusLine, brief, campaigns_screen, depth_screen, watch_screen

_LEAST_SECONDS = 1.0
_END = object()
_MOST_SHARE = 0.1  # of the time is spent on looking: the run that is followed needs the machine more


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person wants to see."""

    place: Place
    campaign: str | None  # None: all of them
    as_json: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """Where things stood at one moment."""

    lines: tuple[StatusLine, ...]
    depth: Depth | None

    @property
    def running(self) -> bool:
        """True while any of them is being run."""
        return any(line.running for line in self.lines)

    def as_json(self) -> str:
        """One line of JSON."""
        told = self.depth.as_json() if self.depth else {"campaigns": [line.as_json() for line in self.lines]}
        return json.dumps(told, ensure_ascii=False)

    def screen(self, *, brief: bool = False) -> Group:
        """All of it, or what fits a terminal while it changes."""
        if self.depth is None:
            return campaigns_screen(self.lines)
        return watch_screen(self.depth) if brief else depth_screen(self.depth)


def show(asked: Asked, *, ticks: Iterable[object] | None = None) -> None:
    """Print where things stand; with `ticks`, again at each of them for as long as a run lasts.

    Raises UsageError if there is no such campaign.
    """
    with ledger_of(asked.place) as opened:
        looks = follow(lambda: _look(opened, asked), () if ticks is None else ticks)
        console = screens.console(stderr=False)
        if asked.as_json:
            for seen in looks:
                screens.give(seen.as_json())
        elif ticks is None:
            _print(next(looks), console)
        elif console.is_terminal:
            _print(_redrawn(looks, console), console)
        else:
            _print(_logged(looks), console)


def follow(look: Callable[[], Seen], ticks: Iterable[object]) -> Iterator[Seen]:
    """Looks once, then at each tick for as long as something runs; the last look sees that it ended."""
    seen = look()
    yield seen
    waiting = iter(ticks)
    while seen.running and next(waiting, _END) is not _END:
        seen = look()
        yield seen


def seconds_between_looks(
    *, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
) -> Iterator[None]:
    """Ticks a second apart, or so far apart that looking takes a tenth of the time at most."""
    took = 0.0
    while True:
        sleep(max(_LEAST_SECONDS, took / _MOST_SHARE))
        begun = clock()
        yield
        took = clock() - begun


def _look(opened: OpenLedger | None, asked: Asked) -> Seen:
    if asked.campaign is None:
        return Seen(tuple(all_campaigns(opened, asked.place)), None)
    depth = one_campaign(opened, asked.place, asked.campaign)
    return Seen((depth.line,), depth)


def _redrawn(looks: Iterator[Seen], console: Console) -> Seen:
    """Shows every look in the same place, which is empty again in the end; gives the last one."""
    seen = next(looks)
    with Live(console=console, auto_refresh=False, transient=True) as live:
        live.update(seen.screen(brief=True), refresh=True)
        for seen in looks:
            live.update(seen.screen(brief=True), refresh=True)
    return seen


def _logged(looks: Iterator[Seen]) -> Seen:
    """Says a line, for a log or a pipe, whenever something changed; gives the last look."""
    said: tuple[str, ...] = ()
    for seen in looks:
        lines = tuple(brief(line) for line in seen.lines if line.running)
        for line in lines:
            if line not in said:
                screens.give(line)
        said = lines
    return seen


def _print(seen: Seen, console: Console) -> None:
    if seen.lines:
        console.print(seen.screen())
    else:
        screens.say("No campaign yet: dialer run LEADS begins one.")
