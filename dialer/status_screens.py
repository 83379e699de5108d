"""What `dialer status` shows: all campaigns in a table, and one in depth."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from dialer.lately import AttemptLine, LoadLine, RunLine, Waiting
from dialer.phones import mask
from dialer.printable import clean
from dialer.screens import counts_table, in_words, local, shown

_ALWAYS = ("called", "failed", "unknown", "pending")
_SOMETIMES = ("deferred", "recent")  # columns of their own where a campaign has such rows
_NOBODY = ("invalid", "duplicate", "suppressed")
_LONGEST_PATH = 2000
_LONGEST_REASON = 200
_WATCHED_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class StatusLine:
    """One campaign in `dialer status`."""

    campaign: str
    rows: int
    counts: Mapping[str, int]  # rows by status, with `called` for all the words of the API
    running: bool  # a process of this machine, or of another, calls its people now
    pace_per_second: float | None  # calls begun, of the run under way or else the last one
    paused: str | None
    last_event: str
    last_event_at: str  # ISO 8601, UTC
    next_step: str

    @property
    def left(self) -> timedelta | None:
        """How long a run under way takes for the rest at its pace; None if nobody can tell."""
        if not self.running or not self.pace_per_second:
            return None
        return timedelta(seconds=self.counts.get("pending", 0) / self.pace_per_second)

    def as_json(self) -> dict[str, Any]:
        """One object of `status --json`."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Depth:
    """One campaign in depth."""

    line: StatusLine
    statuses: Mapping[str, int]  # rows by status, as in the report
    outcomes: Mapping[str, int]  # what became of the calls, in the API's own words
    settings: Mapping[str, str]  # of the last run
    source: str
    loaded_at: datetime
    fingerprint: str
    paused_at: datetime | None
    basis: str | None  # on what the people may be called, as stated, and when
    loads: tuple[LoadLine, ...]  # the newest first, as are runs and attempts
    runs: tuple[RunLine, ...]
    deferred: tuple[Waiting, ...]
    unknown: tuple[AttemptLine, ...]
    attempts: tuple[AttemptLine, ...]

    def as_json(self) -> dict[str, Any]:
        """The object of `status CAMPAIGN --json`."""
        more = asdict(self)
        line = more.pop("line")
        told: dict[str, Any] = with_times_as_text(line | more)
        return told


def campaigns_screen(lines: Sequence[StatusLine]) -> Group:
    """The campaigns with their counts, and below each its last event and the next step."""
    held = [status for status in _SOMETIMES if any(line.counts.get(status) for line in lines)]
    statuses = (*_ALWAYS, *held)
    table = Table(box=None, padding=(0, 2), show_edge=False)
    table.add_column("campaign", style="bold", overflow="fold")
    for title in ("rows", *statuses, "not callable", "pace"):
        table.add_column(title, justify="right", no_wrap=True)
    for line in lines:
        numbers = [line.rows, *(line.counts.get(status, 0) for status in statuses)]
        numbers.append(sum(line.counts.get(status, 0) for status in _NOBODY))
        table.add_row(clean(line.campaign), *(f"{number:,}" for number in numbers), pace(line))
    return Group(table, *(part for line in lines for part in _story(line)))


def depth_screen(depth: Depth) -> Group:
    """One campaign in depth: where it stands, and what happened lately."""
    return _screen(depth, _tables(depth))


def watch_screen(depth: Depth) -> Group:
    """One campaign while it is being run, in as few lines as a terminal has."""
    done = depth.line.rows - depth.line.counts.get("pending", 0)
    bar = ProgressBar(total=depth.line.rows or 1, completed=done, width=60)
    attempts = depth.attempts[:_WATCHED_ATTEMPTS]
    return Group(bar, Text(), _screen(depth, [("the last attempts", _attempts(attempts))]))


def _screen(depth: Depth, tables: Iterable[tuple[str, Table]]) -> Group:
    line = depth.line
    head = _facts()
    head.add_row("campaign", clean(line.campaign))
    if line.paused is not None:
        since = f", since {local(depth.paused_at)}" if depth.paused_at else ""
        head.add_row("paused", clean(line.paused, longest=_LONGEST_REASON) + since)
    head.add_row("last event", clean(line.last_event, longest=_LONGEST_REASON))
    head.add_row("next", clean(line.next_step, longest=_LONGEST_PATH))
    if line.pace_per_second is not None:
        head.add_row("pace", pace(line) + (f", about {in_words(line.left)} left" if line.left else ""))
    sheet = clean(depth.source, longest=_LONGEST_PATH)
    head.add_row("sheet", f"{sheet}, loaded {local(depth.loaded_at)}")
    if depth.basis is not None:
        head.add_row("basis", clean(depth.basis, longest=_LONGEST_PATH))
    head.add_row("fingerprint", depth.fingerprint)
    parts: list[RenderableType] = [head, Text(), counts_table(depth.statuses)]
    for title, table in tables:
        if table.row_count:
            parts += [Text(f"\n{title}", style="bold"), Padding(table, (0, 0, 0, 2))]
    return Group(*parts)


def brief(line: StatusLine) -> str:
    """One line for a log: where a campaign stands now."""
    counts = ", ".join(f"{count:,} {status}" for status, count in line.counts.items() if count)
    left = f", about {in_words(line.left)} left" if line.left else ""
    moving = f"; {pace(line)}{left}" if pace(line) else ""
    return f"{clean(line.campaign)}: {counts or 'its sheet is being read'}{moving}"


def pace(line: StatusLine) -> str:
    """The pace in words; empty where nothing was called."""
    return "" if line.pace_per_second is None else f"{line.pace_per_second:.1f}/s"


def _story(line: StatusLine) -> Iterable[Text]:
    left = f", about {in_words(line.left)} left" if line.left else ""
    yield Text()
    event = clean(line.last_event, longest=_LONGEST_REASON)
    yield Text.assemble((clean(line.campaign), "bold"), f": {event}{left}")
    if line.paused is not None:
        yield Text(f"  paused: {clean(line.paused, longest=_LONGEST_REASON)}", style="yellow")
    yield Text(f"  next: {clean(line.next_step, longest=_LONGEST_PATH)}")


def _tables(depth: Depth) -> Iterable[tuple[str, Table]]:
    yield "what became of the calls", _pairs((word, f"{n:,}") for word, n in depth.outcomes.items())
    yield "waiting for calling hours", _waiting(depth.deferred)
    yield "without a certain answer", _attempts(depth.unknown)
    yield "the last attempts", _attempts(depth.attempts)
    yield "runs", _runs(depth.runs)
    yield "sheets", _loads(depth.loads)
    yield "settings of the last run", _pairs(depth.settings.items())


def _waiting(waiting: Sequence[Waiting]) -> Table:
    table = _plain("from", "people", "why")
    for one in waiting:
        until = local(one.until) if one.until else "nobody knows"
        table.add_row(until, f"{one.leads:,}", clean(one.reason, longest=_LONGEST_REASON))
    return table


def _attempts(attempts: Sequence[AttemptLine]) -> Table:
    table = _plain("at", "cell", "number", "outcome", "said")
    for one in attempts:
        outcome = one.status or one.outcome or "under way"
        said = one.call_id or one.reason or ""
        table.add_row(local(one.at), one.cell, mask(one.phone), shown(outcome), shown(said))
    return table


def _runs(runs: Sequence[RunLine]) -> Table:
    table = _plain("run", "from", "to", "attempts", "ended")
    for run in runs:
        until = local(run.ended_at) if run.ended_at else ""
        code = "" if run.exit_code is None else f"exit code {run.exit_code}"
        why = f": {clean(run.stopped, longest=_LONGEST_REASON)}" if run.stopped else ""
        table.add_row(str(run.run_id), local(run.started_at), until, f"{run.attempts:,}", code + why)
    return table


def _loads(loads: Sequence[LoadLine]) -> Table:
    table = _plain("loaded", "rows", "file")
    for load in loads:
        given_up = "" if load.complete else " (not loaded to its end)"
        file = clean(load.path, longest=_LONGEST_PATH) + given_up
        table.add_row(local(load.loaded_at), f"{load.rows:,}", file)
    return table


def _facts() -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    return table


def _plain(*titles: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), show_edge=False, header_style="dim")
    for title in titles:
        right = title in {"people", "row", "rows", "run", "attempts"}
        table.add_column(title, justify="right" if right else "left", overflow="fold")
    return table


def _pairs(pairs: Iterable[tuple[str, str]]) -> Table:
    table = Table.grid(padding=(0, 2))
    for name, value in pairs:
        table.add_row(clean(name), clean(value, longest=_LONGEST_REASON))
    return table


def with_times_as_text(told: Any) -> Any:
    """The same with every time as ISO 8601 text in UTC, ready for JSON."""
    match told:
        case datetime():
            return f"{told.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        case dict():
            return {name: with_times_as_text(value) for name, value in told.items()}
        case list() | tuple():
            return [with_times_as_text(value) for value in told]
        case _:
            return told
