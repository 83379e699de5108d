"""The options that commands share, and the frozen values that they become.

Each option can be given as a flag, as `DIALER_` + its long name, or in dialer.toml, in this order; click
does the choosing.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import rich_click as click

from dialer.errors import UsageError
from dialer.settings import DEFAULT_BASE_URL, Place

if TYPE_CHECKING:
    from dialer.campaign import Policy, Reading
    from dialer.remembered import Memory

Command = TypeVar("Command", bound=Callable[..., Any])

# Where click found a value, the nearest first; the order of its own enumeration depends on its version.
_NEAREST = ("COMMANDLINE", "ENVIRONMENT", "DEFAULT_MAP", "DEFAULT", "PROMPT")


class _Parsed(click.ParamType):  # type: ignore[type-arg]  # generic only in newer clicks
    """A type read by a function of `campaign`, which is imported only when a value is there."""

    def __init__(self, name: str, reader: str) -> None:
        self.name = name
        self._reader = reader

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Read the text, or fail with the reader's own sentence."""
        from dialer import campaign  # noqa: PLC0415 - `--help` must not pay for pydantic

        if not isinstance(value, str | int | float):
            return value
        readers = {
            "rate": campaign.Rate.parse,
            "duration": campaign.parse_duration,
            "rows": campaign.parse_rows,
            "only": _parse_only,
            "words": campaign.parse_words,
        }
        try:
            return readers[self._reader](str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


def _parse_only(text: str) -> tuple[Any, ...]:
    from dialer.campaign import Selection  # noqa: PLC0415 - as above

    # An invalid row can only be called once somebody has mended it.
    named = {"invalid": Selection.MENDED.value}
    words = [word.strip().lower() for word in text.split(",") if word.strip()]
    words = list(dict.fromkeys(named.get(word, word) for word in words))
    possible = [selection.value for selection in Selection]
    wrong = [word for word in words if word not in possible]
    if wrong or not words:
        raise ValueError(
            f"{wrong[0] if wrong else text!r} is no status that can be called: "
            f"choose from {', '.join(possible)}."
        )
    return tuple(Selection(word) for word in words)


RATE = _Parsed("rate", "rate")
DURATION = _Parsed("duration", "duration")
ROWS = _Parsed("rows", "rows")
ONLY = _Parsed("status,...", "only")
WORDS = _Parsed("word,...", "words")


class _Option(click.Option):
    """An option whose environment variable is `DIALER_` + its long name, whatever the command."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        long = next((opt for opt in self.opts if opt.startswith("--")), None)
        if long is not None and long != "--config":
            self.envvar = "DIALER_" + long.removeprefix("--").replace("-", "_").upper()
        elif long is not None:
            self.envvar = "DIALER_CONFIG"

    def value_from_envvar(self, ctx: click.Context) -> Any:
        """Several values in one variable are set apart by semicolons: column names hold spaces."""
        value = self.resolve_envvar_value(ctx)
        if value is None or not self.multiple:
            return value
        return tuple(part.strip() for part in value.split(";") if part.strip())


def option(*names: str, **settings: Any) -> Callable[[Command], Command]:
    """One option of dialer; as `click.option`, with its environment variable."""
    return click.option(*names, cls=_Option, **settings)


def _all(*options: Callable[[Any], Any]) -> Callable[[Command], Command]:
    def decorate(command: Command) -> Command:
        for one in reversed(options):
            command = one(command)
        return command

    return decorate


json_option = option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout.")

global_options = _all(
    option(
        "--sandbox", is_flag=True, help="Use the API of the sandbox on this machine: no real phone rings."
    ),
    option("--base-url", default=DEFAULT_BASE_URL, show_default=True, help="The API's URL with its version."),
    option("--ledger", metavar="URL", help="The ledger's file or URL. [default: one for each API]"),
    option("--api-key-file", type=click.Path(path_type=Path), help="A file (mode 0600) with the API key."),
    option("--config", type=click.Path(path_type=Path), help="A settings file. [default: ./dialer.toml]"),
    json_option,
    option("-q", "--quiet", is_flag=True, help="Print results and errors only."),
    option("-v", "--verbose", count=True, help="Say more: every call, its number masked."),
)

in_columns_option = option(
    "--in-columns",
    multiple=True,
    metavar="NAME[=HEADER],...",
    help="The result columns, in this order; NAME=HEADER renames one, `rest` is all others. [default: rest]",
)
neutralise_option = option(
    "--neutralise", is_flag=True, help="Make formulas harmless in the whole report, your own cells included."
)

sheet_options = _all(
    option(
        "--sheet", metavar="NAME", help="The sheet of a workbook. [default: the one that looks like leads]"
    ),
    option(
        "--header-row",
        type=click.IntRange(min=1),
        metavar="N",
        help="The row of the header, as Excel counts.",
    ),
    option(
        "--map", "mapping", multiple=True, metavar="FIELD=COLUMN", help="Which column is which. Repeatable."
    ),
    option(
        "--save-mapping", is_flag=True, help="Remember --map for these headers; without --map, forget it."
    ),
    option("--no-saved-mapping", is_flag=True, help="Leave out the mapping remembered for these headers."),
    option("--encoding", help="The encoding of a text file. [default: found out and shown]"),
    option("--delimiter", help="The delimiter of a text file. [default: found out and shown]"),
    option("--region", metavar="CC", help="The country of national numbers, as US or GB; marked as assumed."),
    option(
        "--duplicates",
        type=click.Choice(["first", "last", "merge"]),
        default="first",
        show_default=True,
        help="Which of several rows with one number is called.",
    ),
    option("--visible-only", is_flag=True, help="Leave hidden rows out."),
    in_columns_option,
    option("--rows", type=ROWS, metavar="5-40,77", help="Only these rows, by Excel's numbers."),
    option("--campaign", metavar="NAME", help="The campaign's name. [default: the file's name]"),
)

assistant_options = _all(
    option("-a", "--assistant", metavar="NAME", help="The assistant that makes the calls, by name."),
    option("--assistant-id", metavar="ID", help="The assistant, by id."),
)

request_options = _all(
    option("--trace-tag", is_flag=True, help="Send a tag of its own with each call, to find it for certain."),
    option("--source", help="The lead source of rows that have none."),
    option("--tag", "tags", multiple=True, help="A tag for every lead, beside the row's own. Repeatable."),
    option("--notes", metavar="TEXT", help="Notes for rows without: text with {column} from the row."),
)

pace_options = _all(
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
    option("--any-hour", is_flag=True, help="Call outside the legal calling hours; you answer for it."),
)

call_options = _all(
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
        "--max-unknown",
        type=click.IntRange(min=1),
        metavar="N",
        help="Pause the campaign once N calls of this run ended without a certain answer.",
    ),
    option(
        "--only",
        type=ONLY,
        metavar="STATUS,...",
        help="Call only these rows: pending, failed, mended (or invalid).",
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
    option("--refresh", type=DURATION, metavar="TIME", help="Write the report again so often meanwhile."),
)


def place_of(options: Mapping[str, Any]) -> Place:
    """The place that the global options name."""
    return Place(
        base_url=options["base_url"],
        sandbox=options["sandbox"],
        ledger=options["ledger"],
        api_key_file=options["api_key_file"],
    )


def reading_of(options: Mapping[str, Any]) -> Reading:
    """How the sheet options want the sheet read. Raises UsageError for a field that does not exist."""
    from dialer.campaign import Duplicates, Reading  # noqa: PLC0415 - `--help` must not pay for it
    from dialer.columns import parse_override  # noqa: PLC0415
    from dialer.own_columns import chosen_columns  # noqa: PLC0415

    region = country_of(options["region"])
    for text in options["mapping"]:
        parse_override(text)
    chosen_columns(options["in_columns"])
    return Reading(
        sheet=options["sheet"],
        header_row=options["header_row"],
        mapping=tuple(options["mapping"]),
        encoding=options["encoding"],
        delimiter=_delimiter(options["delimiter"]),
        region=region,
        duplicates=Duplicates(options["duplicates"]),
        visible_only=options["visible_only"],
        notes=options.get("notes"),
        in_columns=tuple(options["in_columns"]),
    )


def country_of(region: str | None) -> str | None:
    """The ISO alpha-2 code that --region means. Raises UsageError if it is no country."""
    from dialer.phones import region_of  # noqa: PLC0415 - `--help` must not pay for it

    found = region_of(region) if region else None
    if region and found is None:
        raise UsageError(f"--region {region!r} is no country: write two letters, as US or GB.", code="region")
    return found


def memory_of(options: Mapping[str, Any]) -> Memory:
    """What the sheet options want done about a mapping that was remembered, or should be."""
    from dialer.remembered import Memory  # noqa: PLC0415 - `--help` must not pay for it

    if options["save_mapping"]:
        return Memory.SAVE
    return Memory.IGNORE if options["no_saved_mapping"] else Memory.USE


def _delimiter(text: str | None) -> str | None:
    if text is None:
        return None
    char = {"tab": "\t", "\\t": "\t"}.get(text.lower(), text)
    if len(char) != 1:
        raise UsageError("--delimiter is one character, or tab.", code="delimiter")
    return char


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


def nobody_can_answer() -> bool:
    """True where no person sits at a terminal to answer a question."""
    # A closed stream is None.
    return not all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr))
