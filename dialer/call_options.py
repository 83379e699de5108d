"""The options that say how people are called, and the policy that they become."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from dialer.errors import UsageError
from dialer.morning_options import morning_options
from dialer.options import (
    CAP,
    DURATION,
    MONEY,
    ONLY,
    RATE,
    TIME_OF_DAY,
    WEEK,
    WORDS,
    all_of,
    neutralise_option,
    option,
)

if TYPE_CHECKING:
    from dialer.campaign import Policy

# Where click found a value, the nearest first; the order of its own enumeration depends on its version.
_NEAREST = ("COMMANDLINE", "ENVIRONMENT", "DEFAULT_MAP", "DEFAULT", "PROMPT")

_assistant_option = option(
    "-a",
    "--assistant",
    metavar="NAME",
    help="The assistant that makes the calls, by name, or {column|default}.",
)
assistant_options = all_of(
    _assistant_option,
    option("--assistant-id", metavar="ID", help="The assistant, by id."),
)

_row_options = all_of(
    option("--source", metavar="TEXT", help="The lead source of rows that have none; it may hold {column}."),
    option(
        "--tag",
        "tags",
        multiple=True,
        metavar="TEXT",
        help="A tag for every lead, beside the row's own; it may hold {column}. Repeatable.",
    ),
    option("--notes", metavar="TEXT", help="Notes for rows without: text with {column} from the row."),
)

request_options = all_of(
    option("--trace-tag", is_flag=True, help="Send a tag of its own with each call, to find it for certain."),
    _row_options,
)
# What `dialer check` can look at before a run takes it: is every column there, does every row say who calls?
template_options = all_of(_assistant_option, _row_options)

pace_options = all_of(
    option("--timeout", type=DURATION, default="30s", show_default=True, help="How long one call may take."),
    option(
        "--recall-after",
        type=DURATION,
        default="24h",
        show_default=True,
        help="How long a number called by another campaign is left alone.",
    ),
    option(
        "--give-up-after",
        type=DURATION,
        default="60s",
        show_default=True,
        help="How long an API that cannot be reached is tried.",
    ),
    option(
        "--cap",
        "caps",
        type=CAP,
        multiple=True,
        metavar="N/24h|N/7d|N/30d",
        help="Call a number at most so often, all campaigns together; beside the law's own caps. Repeatable.",
    ),
    option(
        "--max-calls",
        type=click.IntRange(min=1),
        metavar="N",
        help="At most N calls in any 24 hours, all campaigns of the ledger together.",
    ),
    option(
        "--hours",
        type=WEEK,
        metavar="HH:MM-HH:MM",
        help="Your own window, on the clocks of those called; also mon-fri 09:00-18:00, sat 10:00-14:00.",
    ),
    option("--any-hour", is_flag=True, help="Call outside the legal calling hours; you answer for it."),
)

again_options = all_of(
    option(
        "--again",
        type=WORDS,
        metavar="WORD,...",
        help="Call those once more whose newest call ended like this, in another part of their day.",
    ),
    option(
        "--after",
        "again_after",
        type=DURATION,
        default="4h",
        show_default=True,
        help="For --again: so long after the call before.",
    ),
    option(
        "--times",
        "again_times",
        type=click.IntRange(min=1),
        default=1,
        show_default=True,
        metavar="N",
        help="For --again: call a person at most N times more.",
    ),
)

call_options = all_of(
    assistant_options,
    option(
        "--rate",
        type=RATE,
        default="5/s",
        show_default=True,
        metavar="N/s|N/min",
        help="Calls per time, at most.",
    ),
    option("--concurrency", type=click.IntRange(1, 1000), metavar="N", help="Calls in flight, at most."),
    option("--limit", type=click.IntRange(min=1), metavar="N", help="Call at most N people in this run."),
    option(
        "--basis",
        metavar="TEXT",
        help="On what basis these people may be called by an artificial voice; said once for a campaign.",
    ),
    option(
        "--budget",
        type=MONEY,
        metavar="50usd",
        help="Stop before the calls of the campaign cost more, as estimated from the costs that are known.",
    ),
    option("--cost-per-call", type=MONEY, metavar="0.12usd", help="What a call costs, for --budget."),
    option(
        "--max-unknown",
        type=click.IntRange(min=1),
        metavar="N",
        help="Pause the campaign once N calls of this run ended without a certain answer.",
    ),
    option(
        "--only",
        type=ONLY,
        metavar="STATUS,...",
        help="Call only these rows: pending, failed, mended (or invalid), forbidden (failed by 403).",
    ),
    pace_options,
    option("--wait", is_flag=True, help="Stay, and call everybody as their calling hours come."),
    option(
        "--until",
        type=TIME_OF_DAY,
        metavar="HH:MM",
        help="From this time on, on this machine's clock, no call begins.",
    ),
    again_options,
    request_options,
    option(
        "--remember-opt-outs",
        is_flag=True,
        help="Put whoever opted out in the sheet on the ledger's do-not-call list.",
    ),
    # On the command line only: no setting that was made once may decide this again and again.
    click.option(
        "--redial-unknown",
        is_flag=True,
        help="Call again who may have been called already. The plan lists them; --yes covers them too.",
    ),
    option(
        "--older-than",
        type=DURATION,
        default="1h",
        show_default=True,
        help="For --redial-unknown: leave younger unknown calls alone.",
    ),
    option("--follow", is_flag=True, help="Then ask what became of the calls, until they have ended."),
    option("--dry-run", is_flag=True, help="Show the plan; write nothing, send nothing."),
    option("-y", "--yes", is_flag=True, help="Call without asking."),
    option("-o", "--output", type=click.Path(path_type=Path), help="Where the report goes."),
    neutralise_option,
    morning_options,
    option("--refresh", type=DURATION, metavar="TIME", help="Write the report again so often meanwhile."),
)


def policy_of(options: Mapping[str, Any], *, sandbox: bool) -> Policy:
    """The policy that the call options name. Raises UsageError if it names no assistant."""
    from dialer.campaign import (  # noqa: PLC0415 - `--help` must not pay for pydantic
        DEFAULT_AGAIN_AFTER,
        DEFAULT_REDIAL_AGE,
        Breakers,
        Policy,
        Rate,
    )

    name, assistant_id = nearest_assistant(options["assistant"], options["assistant_id"])
    if not name and not assistant_id:
        if not sandbox:
            raise UsageError("Which assistant makes the calls? Name it with --assistant.", code="assistant")
        name = "Voz"
    by_row = templates_of(options)
    if options["timeout"] <= timedelta(0):
        raise UsageError("--timeout must be longer than nothing.", code="timeout")
    context = click.get_current_context(silent=True)
    breakers = (context.meta.get("dialer.breakers") if context else None) or {}
    return Policy(
        assistant_name=_plain(name, "--assistant") if name and not by_row.assistant else name or None,
        assistant_per_row=by_row.assistant is not None,
        assistant_id=assistant_id or None,
        rate=options.get("rate") or Rate(count=5),
        concurrency=options.get("concurrency"),
        timeout=options["timeout"],
        limit=options.get("limit"),
        only=options.get("only") or (),
        call_status=options.get("call_status") or (),
        again=options.get("again") or (),
        again_after=options.get("again_after", DEFAULT_AGAIN_AFTER),
        again_times=options.get("again_times", 1),
        rows=options.get("rows") or (),
        source=None if by_row.source or options["source"] is None else _plain(options["source"], "--source"),
        tags=tuple(_plain(tag, "--tag") for tag in options["tags"] if tag not in by_row.tags),
        recall_after=options["recall_after"],
        give_up_after=options["give_up_after"],
        any_hour=options["any_hour"],
        hours=options.get("hours"),
        wait=options.get("wait", False),
        until=options.get("until"),
        basis=options.get("basis"),
        caps=tuple(options["caps"]),
        max_calls=options["max_calls"],
        budget=options.get("budget"),
        cost_per_call=options.get("cost_per_call"),
        trace_tag=options["trace_tag"],
        redial_unknown=options.get("redial_unknown", False),
        older_than=options.get("older_than", DEFAULT_REDIAL_AGE),
        breakers=Breakers(**breakers, max_unknown=options.get("max_unknown")),
    )


@dataclass(frozen=True, slots=True)
class ByRow:
    """The options that hold a `{column}`, and belong to the reading of the sheet."""

    assistant: str | None
    source: str | None
    tags: tuple[str, ...]


def templates_of(options: Mapping[str, Any]) -> ByRow:
    """Which of the options are filled in from each row. Raises UsageError for a brace without its partner."""
    from dialer.templates import is_template  # noqa: PLC0415 - `--help` must not pay for it

    name, _ = nearest_assistant(options.get("assistant"), options.get("assistant_id"))
    source, tags = options.get("source"), options.get("tags") or ()
    return ByRow(
        assistant=name if name and is_template(name, option="--assistant") else None,
        source=source if source and is_template(source, option="--source") else None,
        tags=tuple(tag for tag in tags if is_template(tag, option="--tag")),
    )


def refuse_templates(options: Mapping[str, Any]) -> None:
    """Raise UsageError for an option with a `{column}` where there is no row to fill it from."""
    by_row = templates_of(options)
    given = {
        "--assistant": by_row.assistant,
        "--source": by_row.source,
        "--tag": next(iter(by_row.tags), None),
    }
    for flag, text in given.items():
        if text is not None:
            raise UsageError(
                f"{flag} {text!r} is filled in from a row, and a single call has none: give another {flag}.",
                code="template_without_row",
            )


def _plain(text: str, flag: str) -> str:
    from dialer.templates import literal  # noqa: PLC0415 - `--help` must not pay for it

    return literal(text, option=flag)


def nearest_assistant(name: str | None, assistant_id: str | None) -> tuple[str | None, str | None]:
    """The assistant by name or by id, whichever was said nearer: flag > environment > file."""
    if not (name and assistant_id):
        return name, assistant_id
    context = click.get_current_context(silent=True)
    names = ("assistant", "assistant_id")
    sources = [context.get_parameter_source(each) if context else None for each in names]
    by_name, by_id = (_NEAREST.index(source.name) if source else 0 for source in sources)
    if by_name == by_id:
        raise UsageError("Give --assistant or --assistant-id, not both.", code="assistant")
    return (name, None) if by_name < by_id else (None, assistant_id)
