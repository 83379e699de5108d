"""The options that say how people are called, and the policy that they become."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from dialer.errors import UsageError
from dialer.morning_options import log_option, metrics_option
from dialer.options import CAP, DURATION, MONEY, ONLY, RATE, all_of, neutralise_option, option

if TYPE_CHECKING:
    from dialer.campaign import Policy

# Where click found a value, the nearest first; the order of its own enumeration depends on its version.
_NEAREST = ("COMMANDLINE", "ENVIRONMENT", "DEFAULT_MAP", "DEFAULT", "PROMPT")

assistant_options = all_of(
    option("-a", "--assistant", metavar="NAME", help="The assistant that makes the calls, by name."),
    option("--assistant-id", metavar="ID", help="The assistant, by id."),
)

request_options = all_of(
    option("--trace-tag", is_flag=True, help="Send a tag of its own with each call, to find it for certain."),
    option("--source", help="The lead source of rows that have none."),
    option("--tag", "tags", multiple=True, help="A tag for every lead, beside the row's own. Repeatable."),
    option("--notes", metavar="TEXT", help="Notes for rows without: text with {column} from the row."),
)

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
    option("--any-hour", is_flag=True, help="Call outside the legal calling hours; you answer for it."),
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
    log_option,
    metrics_option,
    option("--refresh", type=DURATION, metavar="TIME", help="Write the report again so often meanwhile."),
)


def policy_of(options: Mapping[str, Any], *, sandbox: bool) -> Policy:
    """The policy that the call options name. Raises UsageError if it names no assistant."""
    from dialer.campaign import (  # noqa: PLC0415 - `--help` must not pay for pydantic
        DEFAULT_REDIAL_AGE,
        Breakers,
        Policy,
        Rate,
    )

    name, assistant_id = _assistant(options["assistant"], options["assistant_id"])
    if not name and not assistant_id:
        if not sandbox:
            raise UsageError("Which assistant makes the calls? Name it with --assistant.", code="assistant")
        name = "Voz"
    if options["timeout"] <= timedelta(0):
        raise UsageError("--timeout must be longer than nothing.", code="timeout")
    context = click.get_current_context(silent=True)
    breakers = (context.meta.get("dialer.breakers") if context else None) or {}
    return Policy(
        assistant_name=name or None,
        assistant_id=assistant_id or None,
        rate=options.get("rate") or Rate(count=5),
        concurrency=options.get("concurrency"),
        timeout=options["timeout"],
        limit=options.get("limit"),
        only=options.get("only") or (),
        call_status=options.get("call_status") or (),
        rows=options.get("rows") or (),
        source=options["source"],
        tags=tuple(options["tags"]),
        recall_after=options["recall_after"],
        give_up_after=options["give_up_after"],
        any_hour=options["any_hour"],
        caps=tuple(options["caps"]),
        max_calls=options["max_calls"],
        budget=options.get("budget"),
        cost_per_call=options.get("cost_per_call"),
        trace_tag=options["trace_tag"],
        redial_unknown=options.get("redial_unknown", False),
        older_than=options.get("older_than", DEFAULT_REDIAL_AGE),
        breakers=Breakers(**breakers, max_unknown=options.get("max_unknown")),
    )


def _assistant(name: str | None, assistant_id: str | None) -> tuple[str | None, str | None]:
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
