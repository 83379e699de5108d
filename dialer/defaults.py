"""The settings files as defaults of every command: flag > environment > ./dialer.toml > the user's file.

In each file a profile's keys win over the plain ones; see `settings_files`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import rich_click as click

from dialer.errors import SettingsError, UsageError
from dialer.printable import clean
from dialer.settings_files import Section, WrongSetting, choose, read_sections

# Settings that have a key in dialer.toml and no flag.
BREAKERS = {
    "max_unknown_in_row": "After so many calls in a row without a certain answer the campaign is paused.",
    "max_refused_in_row": "After so many refused leads in a row the campaign is paused.",
    "max_forbidden_in_row": "After so many answers 403 in a row the run stops.",
    "max_internal_errors": "After so many faults of dialer itself the run stops.",
}
# One command has one of each, whatever the sheets in its inbox want.
PLACE = ("base_url", "sandbox", "ledger", "api_key_file")
_NEVER = frozenset(
    {
        *("--config", "--json", "--help", "--version", "--yes", "--dry-run", "--origin", "--for"),
        *("--at", "--write"),  # of `schedule`, which nobody needs often
        *("--redial-unknown", "--call-status"),  # who is called once more is decided anew each time
    }
)
LOG_FILE = "dialer.log_file"  # where a context keeps what --log-file says: no command hands it on
_ARGUMENTS = "dialer.arguments"
_SHEET = "dialer.sheet"
_Kind = TypeVar("_Kind")


class Command(click.RichCommand):
    """A command whose defaults come from the settings files."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the settings files first, then the arguments."""
        if _SHEET not in ctx.meta:
            ctx.meta[_ARGUMENTS] = list(args)
        if "--help" not in args:
            self.read_settings(ctx, args)
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

    def read_settings(self, ctx: click.Context, args: list[str]) -> None:
        """Make the settings files the defaults. Raises SettingsError for a wrong key or value."""
        load_settings(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command, with a log around it if it has one; a rehearsal writes nothing."""
        if LOG_FILE not in ctx.meta or ctx.params.get("dry_run"):
            return super().invoke(ctx)
        from dialer.logged import logged  # noqa: PLC0415 - `--help` must not pay for structlog

        body = super().invoke
        return logged(str(self.name), lambda: body(ctx), path=ctx.meta[LOG_FILE])


@contextmanager
def settings_for_file(name: str, *, folder: Path | None = None) -> Iterator[dict[str, Any]]:
    """The options of the command under way as the settings want them for one sheet, for as long as the block.

    `name` is the sheet's file name, by which `[sheets."roofing*.csv"]` sections are matched; a dialer.toml in
    `folder` is nearer than ./dialer.toml. Flags and environment win as ever. Inside the block click's
    current context is the sheet's, so that `policy_of` and `reading_of` take the options as they are given.
    Raises SettingsError for a wrong key or value, and where the sheet's settings name another place (API,
    ledger, key) than the command's own.
    """
    own = click.get_current_context()
    if own is None:  # so says the type; click raises
        raise RuntimeError("no command is under way")
    arguments = list(own.meta[_ARGUMENTS])
    before = dict(own.meta)
    own.meta[_SHEET] = (name, folder)
    try:
        context = own.command.make_context(own.info_name, arguments, parent=own.parent)
        for option in PLACE:
            if context.params.get(option) != own.params.get(option):
                raise SettingsError(
                    f"{clean(name)}: its settings name another --{option.replace('_', '-')} than the command "
                    "under way, which has one for all sheets: take it out of them.",
                    code="setting_of_place",
                )
        with context:
            yield context.params
    finally:
        own.meta.clear()
        own.meta.update(before)


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
    sheet, folder = context.meta.get(_SHEET, (None, None))
    parameters = known_settings(context)
    sections = read_sections(_named(arguments, "--config", Path), {*parameters, *BREAKERS}, folder=folder)
    for section in sections:
        _check_values(context, section, parameters)
    found = choose(sections, profile=_named(arguments, "--profile", str), sheet=sheet)
    own = {parameter.name for parameter in context.command.params}
    context.default_map = {
        parameters[key].name or "": _as_text(setting.section, key, several=parameters[key].multiple)
        for key, setting in found.items()
        if key not in BREAKERS and parameters[key].name in own
    }
    context.meta["dialer.breakers"] = {
        key: setting.value for key, setting in found.items() if key in BREAKERS
    }


def known_settings(context: click.Context) -> dict[str, click.Option]:
    """Every option that may stand in a settings file, by its key; as `run` has it, where commands differ."""
    found: dict[str, click.Option] = {}
    for command in _commands(context.find_root().command):
        for parameter in command.params:
            for key in keys_of(parameter):
                if isinstance(parameter, click.Option) and (key not in found or command.name == "run"):
                    found[key] = parameter
    return found


def keys_of(parameter: click.Parameter) -> list[str]:
    """The keys under which an option stands in a settings file; none for what is decided anew each time."""
    long = (opt for opt in parameter.opts if opt.startswith("--") and opt not in _NEVER)
    return [opt.removeprefix("--").replace("-", "_") for opt in long]


def named_early(context: click.Context, flag: str) -> str | None:
    """What `--config` or `--profile` of the command under way names, or its environment variable."""
    return _named(context.meta.get(_ARGUMENTS, []), flag, str)


def _check_values(context: click.Context, section: Section, parameters: Mapping[str, click.Option]) -> None:
    for name, value in section.values.items():
        if name in BREAKERS:
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise _wrong(section, name, f"{name} must be a whole number above 0.")
            continue
        parameter = parameters[name]
        text = _as_text(section, name, several=parameter.multiple)
        if isinstance(value, bool) and not (parameter.is_flag or parameter.count):
            raise _wrong(section, name, f"{name} is no switch: write what it is to be, not true or false.")
        try:
            parameter.type_cast_value(context, text)
        except click.UsageError as error:
            raise _wrong(section, name, f"{name}: {error.format_message()}") from None


def _as_text(section: Section, name: str, *, several: bool) -> Any:
    """A setting as a flag would give it: text, or a switch; texts in a list where a flag may be repeated."""
    value = section.values[name]
    each = value if isinstance(value, list) else [value]
    plain = [one if isinstance(one, bool) else str(one) for one in each if isinstance(one, str | int | float)]
    if len(plain) < len(each) or (isinstance(value, list) and not several):
        kind = "a text or a list of texts" if several else "one text, number or switch (true, false)"
        raise _wrong(section, name, f"{name} must be {kind}.")
    return plain if several else plain[0]


def _wrong(section: Section, name: str, sentence: str) -> WrongSetting:
    return WrongSetting(sentence, code="setting_value", section=section, key=section.written[name])


def _named(arguments: list[str], flag: str, kind: Callable[[str], _Kind]) -> _Kind | None:
    """What a flag names that has to be known before all others, or its environment variable."""
    named = os.environ.get("DIALER_" + flag.removeprefix("--").upper())
    for position, argument in enumerate(arguments):
        if argument == "--":
            break
        if argument == flag and position + 1 < len(arguments):
            named = arguments[position + 1]  # of several the last one holds, as click has it
        elif argument.startswith(f"{flag}="):
            named = argument.removeprefix(f"{flag}=")
    return kind(named) if named else None


def _commands(command: click.Command) -> Iterator[click.Command]:
    """A command and, if it is a group, all that are in it."""
    yield command
    for one in command.commands.values() if isinstance(command, click.Group) else ():
        yield from _commands(one)
