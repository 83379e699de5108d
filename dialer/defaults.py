"""The settings files as defaults of every command: flag > environment > ./dialer.toml > the user's file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import rich_click as click

from dialer.errors import SettingsError, UsageError
from dialer.settings import read_files

# Settings that have a key in dialer.toml and no flag.
BREAKERS = ("max_unknown_in_row", "max_refused_in_row", "max_forbidden_in_row", "max_internal_errors")


class Command(click.RichCommand):
    """A command whose defaults come from the settings files."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the settings files first, then the arguments."""
        if "--help" not in args:
            load_settings(ctx, args)
        rest = super().parse_args(ctx, args)
        for parameter in self.params:
            value = ctx.params.get(parameter.name or "")
            if parameter.name != "leads" and not _in_utf8(value):  # of a sheet's name `snapshot` says more
                name = (
                    parameter.opts[-1].upper()
                    if isinstance(parameter, click.Argument)
                    else parameter.opts[-1]
                )
                raise UsageError(
                    f"What is given for {name} is not written in UTF-8: type it again.", code="not_utf8"
                )
        return rest


def _in_utf8(value: object) -> bool:
    """False for what no file and no ledger could keep: bytes that Python holds as halves of surrogates."""
    for each in value if isinstance(value, tuple) else (value,):
        try:
            str(each).encode()
        except UnicodeEncodeError:
            return False
    return True


def load_settings(context: click.Context, arguments: list[str]) -> None:
    """Make the settings files a command's defaults. Raises SettingsError for a wrong key or value."""
    explicit = _explicit_config(arguments)
    parameters = _parameters(context)
    found = read_files(explicit, {*parameters, *BREAKERS})
    defaults, breakers = {}, {}
    own = {parameter.name for parameter in context.command.params}
    for name, (value, path) in found.items():
        if name in BREAKERS:
            if not isinstance(value, int) or value < 1:
                raise SettingsError(f"{path}: {name} must be a whole number above 0.", code="setting_value")
            breakers[name] = value
            continue
        parameter = parameters[name]
        text = _as_text(value, name, path, several=parameter.multiple)
        try:
            parameter.type_cast_value(context, text)
        except click.UsageError as error:
            raise SettingsError(f"{path}: {name}: {error.format_message()}", code="setting_value") from None
        if parameter.name in own and parameter.name is not None:
            defaults[parameter.name] = text
    context.default_map = defaults
    context.meta["dialer.breakers"] = breakers


def _as_text(value: object, name: str, path: Path, *, several: bool) -> Any:
    """A setting as a flag would give it: text, or a switch; texts in a list where a flag may be repeated."""
    each = value if isinstance(value, list) else [value]
    plain = [one if isinstance(one, bool) else str(one) for one in each if isinstance(one, str | int | float)]
    if len(plain) < len(each) or (isinstance(value, list) and not several):
        kind = "a text or a list of texts" if several else "one text, number or switch (true, false)"
        raise SettingsError(f"{path}: {name} must be {kind}.", code="setting_value")
    return plain if several else plain[0]


def _explicit_config(arguments: list[str]) -> Path | None:
    for position, argument in enumerate(arguments):
        if argument == "--config" and position + 1 < len(arguments):
            return Path(arguments[position + 1])
        if argument.startswith("--config="):
            return Path(argument.removeprefix("--config="))
    named = os.environ.get("DIALER_CONFIG")
    return Path(named) if named else None


def _parameters(context: click.Context) -> dict[str, click.Parameter]:
    """Every option of every command by its long name, in the spelling of the settings file."""
    never = {"--config", "--json", "--help", "--version", "--yes", "--dry-run"}
    never |= {"--redial-unknown", "--call-status"}  # who is called once more is decided anew each time
    return {
        opt.removeprefix("--").replace("-", "_"): parameter
        for command in _commands(context.find_root().command)
        for parameter in command.params
        for opt in parameter.opts
        if isinstance(parameter, click.Option) and opt.startswith("--") and opt not in never
    }


def _commands(command: click.Command) -> Iterator[click.Command]:
    """A command and, if it is a group, all that are in it."""
    yield command
    for one in command.commands.values() if isinstance(command, click.Group) else ():
        yield from _commands(one)
