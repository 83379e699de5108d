"""Every setting with its value and where it comes from, and whether the settings files are right."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import rich_click as click

from dialer.call_options import policy_of
from dialer.defaults import BREAKERS, keys_of, known_settings, named_early, settings_for_file
from dialer.errors import DialerError, SettingsError
from dialer.options import place_of
from dialer.printable import clean
from dialer.settings import DEFAULT_BASE_URL, KEY_VARIABLE, ledger_path
from dialer.settings_files import Kind, Section, WrongSetting, choose, fits, line_of, read_sections
from dialer.sheet_options import reading_of

Value = str | int | bool | list[str] | None

# The end of a key: an address to be notified holds a password or a token.
_SECRETS = ("notify", "token", "secret", "password", "webhook")
_FILE_OF_URLS = "notify_file"  # somebody may have put the URL itself there
_PASSWORD = re.compile(r"(?<=://)([^/@\s:]*):[^/@\s]*@")
_STATED = re.compile(r" \[default: ([^\]]+)\]$")
_HIDDEN = "set, and not shown"
_VARIABLE = "DIALER_"
_NO_OPTION = {"DIALER_NOTIFY"}  # what holds a secret is never given as a flag


class Source(StrEnum):
    """Where a value comes from, the nearest first."""

    FLAG = "flag"
    ENVIRONMENT = "environment"
    FILE = "file"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Shown:
    """A setting as it is shown; no secret is in it."""

    key: str
    value: Value  # None is not set
    source: Source
    where: str | None = None  # the flag, the variable, or the file with its section and line

    @property
    def origin(self) -> str:
        """Where the value comes from, in words."""
        return self.where or self.source.value


@dataclass(frozen=True, slots=True)
class Config:
    """All settings of one place: the object of `config show --json`."""

    profile: str | None
    files: Mapping[str, bool]  # path -> it is there
    api_key: str  # where it comes from, never the key itself
    settings: tuple[Shown, ...]

    def as_json(self) -> dict[str, Any]:
        """The object of `config show --json`."""
        return asdict(self) | {"settings": {each.key: _without_key(each) for each in self.settings}}


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a settings file, as the documentation has it."""

    name: str
    meaning: str
    default: str
    commands: tuple[str, ...]  # those that heed it; none is every command


def show(context: click.Context, *, sheet: str | None = None) -> Config:
    """Every setting as the command under way sees it; with `sheet` as `dialer nightly` does for that file."""
    sections = _read(context)
    profile = named_early(context, "--profile")
    found = choose(sections, profile=profile, sheet=sheet)
    settings = []
    for key, parameter in known_settings(context).items():
        value: Any
        if _given_as_flag(context, parameter):
            value, source, where = context.params[parameter.name or ""], Source.FLAG, parameter.opts[-1]
        elif parameter.value_from_envvar(context) is not None:
            value, source = parameter.value_from_envvar(context), Source.ENVIRONMENT
            where = str(parameter.envvar)
        elif key in found:
            value, source, where = found[key].value, Source.FILE, place_in_file(found[key].section, key)
        else:
            value, source, where = parameter.default, Source.DEFAULT, None
        settings.append(Shown(key, _shown(key, value, parameter), source, where))
    from dialer.campaign import Breakers  # noqa: PLC0415 - `--help` must not pay for pydantic

    for key in BREAKERS:
        if key in found:
            where = place_in_file(found[key].section, key)
            settings.append(Shown(key, found[key].value, Source.FILE, where))
        else:
            settings.append(Shown(key, getattr(Breakers(), key), Source.DEFAULT))
    chosen = next(each.value for each in settings if each.key == "profile")
    return Config(
        profile=str(chosen) if chosen else None,
        files={str(file): file.exists() for file in dict.fromkeys(section.file for section in sections)},
        api_key=_key_origin(context),
        settings=tuple(settings),
    )


def check(context: click.Context) -> Iterator[str]:
    """What is right about the settings, file by file and profile by profile, in sentences.

    Keys and values were looked at when the command began. Raises SettingsError for what only shows where
    several settings meet: a country, a ledger or a base URL that cannot be.
    """
    sections = _read(context)
    for file in dict.fromkeys(section.file for section in sections):
        own = [section for section in sections if section.file == file]
        count = sum(len(section.values) for section in own)
        said = f"{count} settings" if count != 1 else "1 setting"
        yield f"{file}: {said}{_named(own)}" if file.exists() else f"{file}: not there"
    profiles = sorted({section.name for section in sections if section.kind is Kind.PROFILE})
    for profile in (None, *profiles):
        _try(context, profile)
    for section in sections:
        if fits(section, section.name):  # a pattern with [abc] need not fit itself: then a night finds out
            _try(context, None, sheet=section)
    leaves = _leaves(context.find_root().command, ())
    known = {str(each.envvar) for _, command in leaves for each in command.params if each.envvar}
    known |= _NO_OPTION
    for variable in sorted(os.environ):
        if variable.startswith(_VARIABLE) and variable not in known:
            yield f"Warning: {clean(variable)} is set and is no setting of dialer."


def with_line(error: WrongSetting) -> SettingsError:
    """The same error with the line of the file in its sentence, where it can be told."""
    line = line_of(error.section, error.key)
    if line is None:
        return error
    return SettingsError(f"{error.section}, line {line}: {error.said}", code=error.code)


def place_in_file(section: Section, key: str) -> str:
    """A section and the line of one of its keys, as `dialer.toml [profiles.roofing], line 7`."""
    line = line_of(section, section.written[key])
    return f"{section}, line {line}" if line else str(section)


def keys(context: click.Context) -> list[Key]:
    """Every key that a settings file may hold, with what it means, as the options' help says it."""
    parameters = known_settings(context)
    commands: dict[str, list[str]] = {key: [] for key in parameters}
    every = 0
    for path, command in _leaves(context.find_root().command, ()):
        every += 1
        for key in dict.fromkeys(key for each in command.params for key in keys_of(each)):
            commands[key].append(" ".join(path))
    found = []
    for key, parameter in parameters.items():
        meaning = parameter.help or ""
        stated = _STATED.search(meaning)
        default = _shown(key, parameter.default, parameter)
        said = stated[1] if stated else _in_words(default)
        heeded = tuple(commands[key]) if len(commands[key]) < every / 2 else ()
        found.append(Key(key, _STATED.sub("", meaning), said, heeded))
    from dialer.campaign import Breakers  # noqa: PLC0415 - `--help` must not pay for pydantic

    callers = tuple(commands["recall_after"])  # whatever calls anybody heeds this one
    found += [Key(key, BREAKERS[key], str(getattr(Breakers(), key)), callers) for key in BREAKERS]
    return found


def markdown(context: click.Context) -> str:
    """The table of all keys for the documentation."""
    rows = [
        f"| `{key.name}` | {_cell(key.meaning)} | {_cell(key.default)} | {', '.join(key.commands) or 'all'} |"
        for key in keys(context)
    ]
    return "\n".join(("| key | meaning | default | commands |", "|---|---|---|---|", *rows))


def _read(context: click.Context) -> tuple[Section, ...]:
    explicit = context.params.get("config")
    return read_sections(Path(explicit) if explicit else None, {*known_settings(context), *BREAKERS})


def _try(context: click.Context, profile: str | None, *, sheet: Section | None = None) -> None:
    """Make of the settings what `run` makes of them, or `nightly` of those of a sheet."""
    root = context.find_root()
    run = root.command.commands["run"] if isinstance(root.command, click.Group) else context.command
    config = context.params.get("config")
    arguments = ["leads.csv", *(["--config", str(config)] if config else [])]
    arguments += ["--profile", profile] if profile else []
    said = f"With profile {clean(profile)}" if profile else str(sheet or "With these settings")
    meta = dict(context.meta)
    try:
        with ExitStack() as stack:
            options = stack.enter_context(run.make_context("run", arguments, parent=root)).params
            if sheet is not None:
                options = stack.enter_context(settings_for_file(sheet.name))
            reading_of(options)
            _try_place(options)
            if options["assistant"] or options["assistant_id"] or options["sandbox"]:
                policy_of(options, sandbox=options["sandbox"])
    except (DialerError, click.UsageError) as error:
        sentence = error.sentence if isinstance(error, DialerError) else error.format_message()
        raise SettingsError(f"{said}: {sentence}", code="setting_value") from None
    finally:
        context.meta.clear()
        context.meta.update(meta)


def _try_place(options: Mapping[str, Any]) -> None:
    from dialer.vozagent import check_base_url, origin  # noqa: PLC0415 - `--help` must not pay for httpx

    place = place_of(options)
    ledger_path(place, origin(check_base_url(place.base_url or DEFAULT_BASE_URL)))


def _given_as_flag(context: click.Context, parameter: click.Option) -> bool:
    source = context.get_parameter_source(parameter.name or "")
    own = any(each.name == parameter.name for each in context.command.params)
    return own and source is not None and source.name == "COMMANDLINE"


def _shown(key: str, value: Any, parameter: click.Option) -> Value:
    """A value as people write it; nothing of a secret."""
    if isinstance(value, bool) or (isinstance(value, int) and not isinstance(value, StrEnum)):
        return value
    if isinstance(value, str | Path):
        text = str(value)
        if parameter.is_flag and text.lower() in {"1", "true", "yes", "on", "t", "y"}:
            return True
        if text and (key.endswith(_SECRETS) or (key == _FILE_OF_URLS and ":/" in text)):
            return _HIDDEN
        return _PASSWORD.sub(r"\1:…@", text)
    if isinstance(value, list | tuple):
        texts = [str(_shown(key, each, parameter)) for each in value]
        return texts or None
    if parameter.is_flag:
        return False
    unset = value is None or type(value).__name__ == "Sentinel"  # newer clicks have a value for "not set"
    return None if unset else str(value)


def _key_origin(context: click.Context) -> str:
    if context.params.get("sandbox"):
        return "the sandbox's own"
    if context.params.get("api_key_file"):
        return f"from the file {context.params['api_key_file']}"
    return f"from {KEY_VARIABLE}" if os.environ.get(KEY_VARIABLE, "").strip() else "not set"


def _without_key(shown: Shown) -> dict[str, Any]:
    return {"value": shown.value, "source": shown.source.value, "where": shown.where}


def _named(sections: Sequence[Section]) -> str:
    profiles = [clean(section.name) for section in sections if section.kind is Kind.PROFILE]
    sheets = [clean(section.name) for section in sections if section.kind is Kind.SHEET]
    said = f", profiles: {', '.join(profiles)}" if profiles else ""
    return said + (f", sheets: {', '.join(sheets)}" if sheets else "")


def _leaves(command: click.Command, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command that does something, with the words that one types for it."""
    if not isinstance(command, click.Group):
        yield path, command
        return
    for name, each in command.commands.items():
        yield from _leaves(each, (*path, name))


def _in_words(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ", ".join(value)
    return "" if value is None else str(value)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
