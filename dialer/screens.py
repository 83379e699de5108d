"""What a person reads on the terminal: the plan, the closing table, check and status.

Whatever comes from a sheet or from the API is cleaned before it is shown: a cell must not move the cursor.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import click
from rich.console import Console, Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from dialer.campaign import Selection, format_duration
from dialer.columns import RESULT_COLUMNS
from dialer.leads import Verdict
from dialer.plan import Plan, ProblemKind
from dialer.printable import clean
from dialer.results import RowResult, result_columns

_LONGEST_VALUE = 40
_NARROWEST = 40
_PIPE_WIDTH = 200  # characters; what is written to a file or a pipe is wrapped by whoever reads it
_ORDER = ("failed", "unknown", "pending", "deferred", "recent", "invalid", "duplicate", "suppressed")
_LONGEST_BASIS = 600
_ALLOWANCES = {"--max-calls": "Calls", "--budget": "Budget"}
# What a row that nobody calls is called on the screen, with the way on.
_STATES = {
    "called": "called already",
    "failed": "failed before: `dialer retry` calls them again",
    "unknown": "unknown: `dialer reconcile` looks for them; they are never called again by themselves",
    "sending": "under way",
}


def people(count: int) -> str:
    """A count of people in words."""
    return f"{count:,} person" if count == 1 else f"{count:,} people"


def rows(count: int) -> str:
    """A count of rows in words."""
    return f"{count:,} row" if count == 1 else f"{count:,} rows"


def shown(text: object) -> str:
    """A text from outside, made harmless for a terminal and kept short."""
    short = clean(text)
    return short if len(short) <= _LONGEST_VALUE else short[: _LONGEST_VALUE - 1] + "…"


class _Console(Console):
    """A console that outlives its reader: `| head`, or a log on a full disk, must not end a run."""

    def print(self, *objects: Any, **how: Any) -> None:
        """Print; what cannot be said on stderr stops nobody."""
        try:
            if self.is_terminal:
                super().print(*objects, **how)
                return
            # A table pads its cells to their columns: in a file that is only white space at line ends.
            with self.capture() as captured:
                super().print(*objects, **how)
            text = "\n".join(line.rstrip() for line in captured.get().splitlines())
            with suppress(BrokenPipeError):
                click.echo(text, err=self.stderr)
        except OSError as error:
            # EIO: the terminal was closed, and nobody reads on; else results would be lost in silence.
            if not self.stderr and error.errno != errno.EIO:
                raise
            self.quiet = True

    def on_broken_pipe(self) -> None:
        """Say nothing more; rich would end the program here, in the midst of calls."""
        self.quiet = True


def console(*, stderr: bool) -> Console:
    """A console for stderr (plan, progress, errors) or stdout (tables)."""
    wide = _Console(stderr=stderr, highlight=False, markup=False, emoji=False)
    if wide.is_terminal:
        return wide
    # In a pipe rich assumes 80 columns and cuts; a log may be as wide as its lines are, unless it is told.
    asked = _asked_width()
    return _Console(
        stderr=stderr,
        highlight=False,
        markup=False,
        emoji=False,
        width=asked or _PIPE_WIDTH,
        soft_wrap=asked is None,
    )


def _asked_width() -> int | None:
    columns = os.environ.get("COLUMNS", "")
    return int(columns) if columns.isdecimal() and int(columns) >= _NARROWEST else None


@dataclass(frozen=True, slots=True)
class PlanFacts:
    """What the plan shows beside the plan itself."""

    campaign: str
    sheet: str  # file, sheet, header row in words
    columns: Mapping[str, str]  # field -> column
    history: str | None  # from what the campaign was loaded before, and when
    base_url: str
    key_ending: str | None
    ledger: str
    basis: str | None = None  # on what these people may be called; None where nobody has to say it
    dry_run: bool = False
    redialled: int = 0  # unknown leads that are called once more


def plan_screen(plan: Plan, facts: PlanFacts) -> Group:
    """The whole plan: from where, to whom, how fast, and why the others are not called."""
    policy = plan.policy
    head = Table.grid(padding=(0, 2))
    head.add_column(style="bold", no_wrap=True)
    head.add_column(overflow="fold")
    history = f" ({clean(facts.history, longest=2000)})" if facts.history else ""
    head.add_row("Campaign", clean(facts.campaign) + history)
    head.add_row("Sheet", clean(facts.sheet, longest=2000))
    head.add_row(
        "Columns", ", ".join(f"{field} = {shown(column)}" for field, column in facts.columns.items())
    )
    head.add_row("API", f"{facts.base_url}, key …{facts.key_ending or 'none'}")
    head.add_row("Assistant", clean(policy.assistant))
    for one in plan.survey.assistants if len(plan.survey.assistants) > 1 else ():
        head.add_row("", f"{clean(one.assistant)}: {people(one.count)}, the first in row {one.first_row}")
    head.add_row("Ledger", facts.ledger)
    if facts.basis is not None:
        head.add_row("Basis", clean(facts.basis, longest=_LONGEST_BASIS))
    pace = f"at most {policy.rate}, {policy.callers} in flight"
    head.add_row("Pace", f"{pace}, about {in_words(plan.expected)}" if plan.due else pace)
    for each in plan.survey.allowed:
        head.add_row(_ALLOWANCES[each.option], each.words)
    return Group(head, Text(), Padding(_counts(plan, facts), (0, 0, 0, 2)))


def _counts(plan: Plan, facts: PlanFacts) -> Table:
    survey = plan.survey
    table = Table.grid(padding=(0, 2))
    table.add_column(justify="right", no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row(Text(f"{plan.due:,}", style="bold green"), Text(_to_call(plan, facts), style="bold"))
    for count, sentence in _once_more(plan, facts):
        table.add_row(f"{count:,}", sentence)
    if plan.callable_now > plan.due:
        table.add_row(f"{plan.callable_now - plan.due:,}", f"left for later ({plan.kept_by})")
    retried = Selection.FAILED in plan.policy.only
    for state, sentence in _STATES.items():
        count = survey.states.get(state, 0) - (survey.again if state == "called" else 0)
        if count and not (state == "failed" and retried):
            table.add_row(f"{count:,}", sentence)
    if survey.recent:
        wait = format_duration(plan.policy.recall_after)
        table.add_row(f"{survey.recent:,}", f"called by another campaign in the last {wait} (--recall-after)")
    for count, sentence in _waiting(plan):
        table.add_row(f"{count:,}", sentence)
    if survey.rows.get(Verdict.DUPLICATE):
        table.add_row(f"{survey.rows[Verdict.DUPLICATE]:,}", "duplicate: another row has the same number")
    if survey.rows.get(Verdict.NOT_A_LEAD):
        table.add_row(f"{survey.rows[Verdict.NOT_A_LEAD]:,}", "no lead (totals, notes)")
    for kind in survey.problems:
        table.add_row(Text(f"{kind.count:,}", style="yellow"), _problem(kind))
    return table


def _waiting(plan: Plan) -> Iterator[tuple[int, str]]:
    """Who may not be called now, and will be later."""
    survey = plan.survey
    if survey.deferred > survey.capped:
        later = ", to be called as these come (--wait)" if plan.policy.wait else ""
        yield survey.deferred - survey.capped, f"outside calling hours now{later}"
    if survey.capped:
        yield survey.capped, "called as often as a cap allows: later"


def _to_call(plan: Plan, facts: PlanFacts) -> str:
    words = "would be called now" if facts.dry_run else "to call now"
    if plan.survey.assumed:
        words += f", {plan.survey.assumed:,} of all with something assumed: the country, or a lost zero"
    return words


def _once_more(plan: Plan, facts: PlanFacts) -> Iterator[tuple[int, str]]:
    """Whom a person wants to be called a second time: how many, and why."""
    if facts.redialled:
        yield facts.redialled, "unknown, to be called once more (--redial-unknown)"
    if plan.policy.call_status:
        words = clean(" or ".join(dict.fromkeys(word.lower() for word in plan.policy.call_status)))
        again = plan.survey.again
        why = "once more (--call-status)" if again else "`dialer outcomes` asks how calls ended"
        yield again, f"of all called before, and their call ended with {words}: {why}"
    elif plan.policy.again:
        words = clean(" or ".join(dict.fromkeys(word.lower() for word in plan.policy.again)))
        why = "once more (--again)" if plan.survey.again else "nobody just now (--again, --after, --times)"
        yield plan.survey.again, f"of all called before, and their call ended with {words}: {why}"


def _problem(kind: ProblemKind) -> Text:
    cell = f", as {kind.cell}" if kind.cell else ""
    value = f" “{shown(kind.value)}”" if kind.value.strip() else ""
    return Text(f"{kind.code}{cell}{value}: {clean(kind.message)}")


def counts_screen(title: str, lines: Iterable[tuple[int, str]]) -> Group:
    """A title, and below it numbers with a few words each."""
    table = Table.grid(padding=(0, 2))
    table.add_column(justify="right", no_wrap=True)
    table.add_column(overflow="fold")
    for count, words in lines:
        table.add_row(f"{count:,}", clean(words))
    return Group(Text(), Text(title, style="bold"), Padding(table, (0, 0, 0, 2)))


def request_line(request: Mapping[str, Any]) -> str:
    """The exact JSON of a request, on one line."""
    return json.dumps(request, ensure_ascii=False)


def closing_screen(
    counts: Mapping[str, int], *, called_now: int, paths: Iterable[str], arguments: str, campaign: str
) -> Group:
    """The table at the end of a run: every row has one status.

    `arguments` go on with it: sheet and flags; `campaign` is its name, with the flags of its place.
    """
    called = f"{people(called_now)} called now." if called_now else "Nobody was called now."
    steps = {
        "pending": f"Still to call: dialer run {clean(arguments, longest=4000)}",
        "failed": f"To call the failed ones again, once they are mended: "
        f"dialer retry {clean(arguments, longest=4000)}",
        "unknown": "The unknown ones may have been called. To look for them in VozAgent's records: "
        f"dialer reconcile {clean(campaign, longest=4000)}",
    }
    next_steps = [Text(sentence) for status, sentence in steps.items() if counts.get(status)]
    return Group(
        counts_table(counts),
        Text(),
        Text(called),
        *next_steps,
        *[Text(clean(path, longest=4000)) for path in paths],
    )


def counts_table(counts: Mapping[str, int]) -> Table:
    """Rows by status: those that were called first, then those to look at."""
    table = Table(box=None, padding=(0, 2), show_edge=False)
    table.add_column("status", style="bold")
    table.add_column("rows", justify="right")
    order = {status: place for place, status in enumerate(_ORDER, start=1)}
    for status, count in sorted(counts.items(), key=lambda entry: (order.get(entry[0], 0), entry[0])):
        table.add_row(clean(status), f"{count:,}")
    table.add_row("all", f"{sum(counts.values()):,}", style="dim")
    return table


def local(moment: datetime) -> str:
    """A moment in the time zone of this machine."""
    return f"{moment.astimezone():%Y-%m-%d %H:%M:%S}"


def in_words(span: timedelta) -> str:
    """A span of time for a person: `2 h 05 min`, `3 min 20 s`, `4 s`."""
    minutes, seconds = divmod(round(span.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02d} min"
    return f"{minutes} min {seconds:02d} s" if minutes else f"{seconds} s"


def say(sentence: str) -> None:
    """One sentence on stderr."""
    say_as_it_is(clean(sentence, longest=2000))


def say_as_it_is(text: str) -> None:
    """Lines of our own on stderr: JSON, which must not be wrapped or cut."""
    with suppress(OSError):
        click.echo(text, err=True)


def give(text: str) -> None:
    """Lines on stdout for another program, or nowhere once its reader has gone. May raise OSError."""
    with suppress(BrokenPipeError):
        click.echo(text)


def call_screen(result: RowResult) -> Table:
    """What the API answered to a single call."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in zip(RESULT_COLUMNS, result_columns(result), strict=True):
        if value is not None:
            table.add_row(name, str(value).lower() if isinstance(value, bool) else clean(str(value)))
    return table
