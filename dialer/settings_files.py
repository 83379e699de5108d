"""The settings files: plain keys, profiles by name, and sections for sheets with certain names.

assistant = "Voz"             # plain keys hold wherever nothing nearer says otherwise
profile = "roofing"           # the profile, unless --profile or DIALER_PROFILE names one

[profiles.roofing]            # a profile's keys win over the plain keys of the same file
rate = "30/min"

[sheets."roofing*.csv"]       # `dialer nightly` only: for sheets whose file is named like this
profile = "roofing"
"""

from __future__ import annotations

import difflib
import tomllib
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from dialer.errors import SettingsError
from dialer.printable import clean
from dialer.settings import FILE_NAME, user_file

PROFILE = "profile"  # the key that chooses one


class Kind(StrEnum):
    """What a section of a settings file holds for."""

    PLAIN = "plain"
    PROFILE = "profiles"  # named like its table
    SHEET = "sheets"


@dataclass(frozen=True, slots=True)
class Section:
    """One table of one settings file."""

    file: Path
    kind: Kind
    name: str  # of a profile, or the pattern of file names; empty for the plain keys
    values: Mapping[str, Any]  # as TOML gives them, by the setting's name with underscores
    written: Mapping[str, str]  # the same names as the file spells them

    def __str__(self) -> str:
        match self.kind:
            case Kind.PLAIN:
                return str(self.file)
            case Kind.PROFILE:
                return f"{self.file} [profiles.{_key(self.name)}]"
            case Kind.SHEET:
                return f'{self.file} [sheets."{clean(self.name)}"]'


@dataclass(frozen=True, slots=True)
class Setting:
    """A value as it stands in a file, and where."""

    value: Any
    section: Section


class WrongSetting(SettingsError):
    """A key or a value of a settings file is wrong; `section` and `key` say where."""

    def __init__(self, sentence: str, *, code: str, section: Section, key: str) -> None:
        super().__init__(f"{section}: {sentence}", code=code)
        self.section = section
        self.key = key  # as the file spells it
        self.said = sentence  # without the place


def read_sections(
    explicit: Path | None, known: Collection[str], *, folder: Path | None = None
) -> tuple[Section, ...]:
    """Every section of the settings files, the nearest file first: `folder`'s, ./dialer.toml, the user's.

    `explicit` (--config) replaces them all. Raises SettingsError for a file that is no TOML, and WrongSetting
    for a key that is not among `known`, naming the nearest right one.
    """
    files = [explicit] if explicit else [Path(FILE_NAME), user_file()]
    if folder is not None and not explicit and (folder / FILE_NAME).absolute() != files[0].absolute():
        files.insert(0, folder / FILE_NAME)
    found: list[Section] = []
    for path in files:
        for section in _sections(path, read_file(path, required=path == explicit)):
            _refuse_unknown(section, known)
            found.append(section)
    return tuple(found)


def choose(
    sections: Sequence[Section], *, profile: str | None = None, sheet: str | None = None
) -> dict[str, Setting]:
    """What holds of all that stands in the files: sheet > profile > plain in one file, the nearer file first.

    `profile` is what a flag or the environment names, else a file does; `sheet` is the name of a sheet's
    file, for which the first section that fits is taken from each file. Raises SettingsError for a profile
    that is in no file.
    """
    by_files = _profile_of_files(sections, sheet)
    chosen = profile or by_files
    if profile:
        refuse_unknown_profile(profile, sections, said="--profile")
    found: dict[str, Setting] = {}
    for file in dict.fromkeys(section.file for section in sections):
        own = [section for section in sections if section.file == file]
        fitting = [section for section in own if sheet is not None and fits(section, sheet)][:1]
        profiles = [section for section in own if section.kind is Kind.PROFILE and section.name == chosen]
        plain = [section for section in own if section.kind is Kind.PLAIN]
        for section in (*fitting, *profiles, *plain):
            for name, value in section.values.items():
                found.setdefault(name, Setting(value, section))
    return found


def fits(section: Section, sheet: str) -> bool:
    """True for a section of sheets whose pattern fits the name of a file, in whatever case."""
    return section.kind is Kind.SHEET and fnmatchcase(_plain(Path(sheet).name), _plain(section.name))


def refuse_unknown_profile(name: str, sections: Sequence[Section], *, said: str) -> None:
    """Raises SettingsError for a profile that no file has; `said` is where it was named."""
    names = sorted({section.name for section in sections if section.kind is Kind.PROFILE})
    if name in names:
        return
    there = f" There are: {', '.join(map(clean, names))}." if names else f" Write [profiles.{_key(name)}]."
    raise SettingsError(
        f"{said}: there is no profile {clean(name)!r}{_nearest(name, names)}{there}", code="unknown_profile"
    )


def line_of(section: Section, key: str) -> int | None:
    """The line, from 1, on which a section spells a key; None where it cannot be told.

    `key` is spelt as in the file. A line of a text of several lines may be taken for a key; no harm is done.
    """
    wanted = [key] if section.kind is Kind.PLAIN else [section.kind.value, section.name, key]
    table: list[str] = []
    for number, line in enumerate(section.file.read_text(encoding="utf-8").splitlines(), start=1):
        if line.lstrip().startswith("["):
            table = _path(line) or table
            path = table
        else:
            path = [*table, *_path(line.partition("=")[0] + "= 0")] if "=" in line else []
        if path[: len(wanted)] == wanted:
            return number
    return None


def _path(line: str) -> list[str]:
    """The names that lead to the one value or table of a line; none for a line that is no TOML by itself."""
    try:
        content: Any = tomllib.loads(line)
    except tomllib.TOMLDecodeError:
        return []
    names = []
    while isinstance(content, dict) and content:
        name, content = next(iter(content.items()))
        names.append(name)
    return names


def read_file(path: Path, *, required: bool) -> dict[str, Any]:
    """A settings file as TOML gives it; nothing for one that is not there, unless it must be.

    Raises SettingsError for one that cannot be read.
    """
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except FileNotFoundError:
        if required:
            raise SettingsError(
                f"There is no settings file {path}: check --config.", code="settings_missing"
            ) from None
        return {}
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"The settings file {path} cannot be read ({error}): mend it, or take it away.",
            code="settings_unreadable",
        ) from None


def _sections(path: Path, content: Mapping[str, Any]) -> Iterator[Section]:
    tables = (Kind.PROFILE, Kind.SHEET)
    plain = _section(path, Kind.PLAIN, "", {k: v for k, v in content.items() if k not in tables})
    yield plain
    for kind in tables:
        named = content.get(kind, {})
        if not isinstance(named, dict) or not all(isinstance(each, dict) for each in named.values()):
            example = "[profiles.roofing]" if kind is Kind.PROFILE else '[sheets."roofing*.csv"]'
            raise WrongSetting(
                f"{kind} must be tables with names, as {example}.",
                code="setting_value",
                section=plain,
                key=kind,
            )
        for name, values in named.items():
            yield _section(path, kind, name, values)


def _section(path: Path, kind: Kind, name: str, values: Mapping[str, Any]) -> Section:
    spelt = {key.replace("-", "_"): key for key in values}
    return Section(path, kind, name, {name: values[key] for name, key in spelt.items()}, spelt)


def _refuse_unknown(section: Section, known: Collection[str]) -> None:
    for name, key in section.written.items():
        if name == PROFILE and section.kind is Kind.PROFILE:
            sentence = "a profile cannot choose another one: take profile out."
        elif name in known:
            continue
        elif section.kind is Kind.PLAIN and isinstance(section.values[name], dict):
            sentence = f"there is no setting {clean(key)!r}: a profile is written [profiles.{_key(key)}]."
        else:
            sentence = f"there is no setting {clean(key)!r}{_nearest(name, known)}"
        raise WrongSetting(sentence, code="unknown_setting", section=section, key=key)


def _profile_of_files(sections: Sequence[Section], sheet: str | None) -> str | None:
    """The profile that the files choose: a section of sheets that fits, else the nearest plain key."""
    chosen: list[tuple[str, Section]] = []
    for section in sections:
        if section.kind is Kind.PROFILE or PROFILE not in section.values:
            continue
        name = section.values[PROFILE]
        if not isinstance(name, str) or not name:
            raise WrongSetting(
                "profile must be the name of a profile.",
                code="setting_value",
                section=section,
                key=section.written[PROFILE],
            )
        refuse_unknown_profile(name, sections, said=str(section))
        chosen.append((name, section))
    for_sheet = [name for name, section in chosen if sheet is not None and fits(section, sheet)]
    plain = [name for name, section in chosen if section.kind is Kind.PLAIN]
    return next(iter((*for_sheet, *plain)), None)


def _nearest(name: str, known: Collection[str]) -> str:
    near = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {near[0]!r}?" if near else "."


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold()


def _key(name: str) -> str:
    """A name as a TOML table's head spells it."""
    bare = name.isascii() and name.replace("-", "").replace("_", "").isalnum()
    return name if bare else f'"{clean(name)}"'
