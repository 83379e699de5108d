"""The options that commands share, and the frozen values that they become.

Each option can be given as a flag, as `DIALER_` + its long name, or in dialer.toml, in this order; click
does the choosing.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import rich_click as click

from dialer.errors import UsageError
from dialer.settings import DEFAULT_BASE_URL, Place

Command = TypeVar("Command", bound=Callable[..., Any])


class _Parsed(click.ParamType):  # type: ignore[type-arg]  # generic only in newer clicks
    """A type read by a function of `campaign`, which is imported only when a value is there."""

    def __init__(self, name: str, reader: str) -> None:
        self.name = name
        self._reader = reader

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Read the text, or fail with the reader's own sentence."""
        from dialer import campaign, limits, windows  # noqa: PLC0415 - `--help` must not pay for pydantic

        if not isinstance(value, str | int | float):
            return value
        readers: dict[str, Callable[[str], Any]] = {
            "rate": campaign.Rate.parse,
            "duration": campaign.parse_duration,
            "rows": campaign.parse_rows,
            "only": _parse_only,
            "words": campaign.parse_words,
            "cap": limits.Cap.parse,
            "money": limits.parse_money,
            "week": windows.parse_week,
            "time of day": lambda text: windows.until_on_this_machine(text, now=datetime.now(UTC)),
        }
        try:
            return readers[self._reader](str(value))
        except (ValueError, UsageError) as error:
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
CAP = _Parsed("cap", "cap")
MONEY = _Parsed("money", "money")
WEEK = _Parsed("hours", "week")
TIME_OF_DAY = _Parsed("time", "time of day")


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


def all_of(*options: Callable[[Any], Any]) -> Callable[[Command], Command]:
    def decorate(command: Command) -> Command:
        for one in reversed(options):
            command = one(command)
        return command

    return decorate


json_option = option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout.")

global_options = all_of(
    option(
        "--sandbox", is_flag=True, help="Use the API of the sandbox on this machine: no real phone rings."
    ),
    option("--base-url", default=DEFAULT_BASE_URL, show_default=True, help="The API's URL with its version."),
    option("--ledger", metavar="URL", help="The ledger's file or URL. [default: one for each API]"),
    option("--api-key-file", type=click.Path(path_type=Path), help="A file (mode 0600) with the API key."),
    option("--config", type=click.Path(path_type=Path), help="A settings file. [default: ./dialer.toml]"),
    option("--profile", metavar="NAME", help="The profile of the settings files: [profiles.NAME] there."),
    json_option,
    option("-q", "--quiet", is_flag=True, help="Print results and errors only."),
    option("-v", "--verbose", count=True, help="Say more: every call, its number masked."),
)

neutralise_option = option(
    "--neutralise", is_flag=True, help="Make formulas harmless in the whole report, your own cells included."
)


def place_of(options: Mapping[str, Any]) -> Place:
    """The place that the global options name."""
    return Place(
        base_url=options["base_url"],
        sandbox=options["sandbox"],
        ledger=options["ledger"],
        api_key_file=options["api_key_file"],
    )


def nobody_can_answer() -> bool:
    """True where no person sits at a terminal to answer a question."""
    # A closed stream is None.
    return not all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr))
