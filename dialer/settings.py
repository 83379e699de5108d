"""Where settings come from, where things are kept, and how the key is read."""

from __future__ import annotations

import hashlib
import os
import shlex
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import platformdirs

from dialer.errors import AccessDenied, SettingsError, UsageError
from dialer.printable import clean
from dialer.table import STANDARD_INPUT

KEY_VARIABLE = "VOZAGENT_API_KEY"
DEFAULT_BASE_URL = "https://api.vozagent.ai/v1"
FILE_NAME = "dialer.toml"
LOG_NAME = "dialer.log.jsonl"
_APP = "dialer"
_LONGEST_KEY = 4096
_LONGEST_NAME = 120  # characters: with what a report adds to it, a file system still takes it


@dataclass(frozen=True, slots=True)
class Place:
    """Which API, which ledger, which key: what every command has to know."""

    base_url: str = DEFAULT_BASE_URL
    sandbox: bool = False  # the sandbox's own origin, ledger and key, whatever else is set
    ledger: str | None = None
    api_key_file: Path | None = None

    @property
    def flags(self) -> str:
        """The flags that lead to this place again, with a space in front, for a command to be typed.

        Without them a command that was copied after a rehearsal would ring real phones.
        """
        flags = [" --sandbox"] if self.sandbox else []
        if not self.sandbox and self.base_url != DEFAULT_BASE_URL:
            flags.append(f" --base-url {shlex.quote(self.base_url)}")
        if self.ledger is not None:
            flags.append(f" --ledger {shlex.quote(self.ledger)}")
        return "".join(flags)


def user_file() -> Path:
    """The user's own settings file."""
    return Path(platformdirs.user_config_dir(_APP)) / FILE_NAME


def data_folder() -> Path:
    """Where ledgers and the sandbox's database are kept: never in the current folder."""
    return Path(platformdirs.user_data_dir(_APP))


def log_file() -> Path:
    """Where commands log what they do, unless they are told otherwise."""
    return Path(platformdirs.user_state_dir(_APP)) / LOG_NAME


def kept_input(campaign: str) -> Path:
    """Where the standard input of a campaign is kept, so that its report can be written again."""
    name = quote(campaign, safe=" ", errors="surrogatepass")
    if len(name) > _LONGEST_NAME:
        digest = hashlib.sha256(campaign.encode("utf-8", "surrogatepass")).hexdigest()
        name = f"{name[:_LONGEST_NAME]}-{digest[:16]}"
    return data_folder() / "standard-input" / f"{name}.input"


def saved_mappings_file() -> Path:
    """Where the mappings are kept that `--save-mapping` remembers."""
    return data_folder() / "mappings.json"


def ledger_path(place: Place, origin: str) -> Path:
    """The ledger of a place: one per API origin, unless `--ledger` names a file or an sqlite:/// URL."""
    if place.ledger is None:
        name = "sandbox" if place.sandbox else _file_name(origin)
        return data_folder() / "ledgers" / f"{name}.sqlite3"
    scheme, separator, rest = place.ledger.partition("://")
    try:
        if not separator:
            return Path(place.ledger).expanduser().absolute()
        if scheme == "sqlite" and rest.startswith("/") and len(rest) > 1:
            return Path(rest[1:]).expanduser().absolute()
    except RuntimeError:  # ~somebody who is not known on this machine
        pass
    raise SettingsError(
        f"The ledger {clean(place.ledger)!r} cannot be opened: name a file, or a URL such as "
        "sqlite:////home/me/leads.sqlite3.",
        code="ledger_url",
    )


def read_key(place: Place, environment: Mapping[str, str]) -> str:
    """The API key from `--api-key-file` or the environment; never from a flag's value, which `ps` shows.

    Raises AccessDenied if there is none, if it cannot be a key, or if others can read its file.
    """
    if place.api_key_file is not None:
        key = _key_in(place.api_key_file, environment)
        where = str(place.api_key_file)
    else:
        key = environment.get(KEY_VARIABLE, "").strip()
        where = KEY_VARIABLE
    if not key:
        raise AccessDenied(
            f"There is no API key: set {KEY_VARIABLE}, or name a file with --api-key-file "
            "(the key is in the VozAgent dashboard).",
            code="key_missing",
        )
    if len(key) > _LONGEST_KEY or not all("!" <= char <= "~" for char in key):
        raise AccessDenied(
            f"What {where} holds cannot be an API key: copy it again from the VozAgent dashboard.",
            code="key_odd",
        )
    return key


def open_to_others(path: Path, environment: Mapping[str, str]) -> bool:
    """True where another user may read a file that holds a secret. Raises OSError if it is not there.

    A credential of systemd's may show rights of root's group: that is how a list of single users looks.
    """
    of_systemd = str(path.parent) == environment.get("CREDENTIALS_DIRECTORY", "").rstrip("/")
    others = 0o007 if of_systemd else 0o077
    return os.name == "posix" and bool(stat.S_IMODE(path.stat().st_mode) & others)


def _key_in(path: Path, environment: Mapping[str, str]) -> str:
    try:
        if open_to_others(path, environment):
            raise AccessDenied(
                f"Others can read the key file {path}: take their rights away with chmod 600 {path}.",
                code="key_file",
            )
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise AccessDenied(
            f"The key file {path} cannot be read ({error}): check its path.", code="key_file"
        ) from None


def _file_name(origin: str) -> str:
    """`https://api.vozagent.ai` is `api.vozagent.ai`; another scheme or port is kept in the name."""
    name = origin.removeprefix("https://")
    return "".join(char if char.isalnum() or char in ".-" else "-" for char in name).replace("---", "-")


def campaign_name(leads: str, asked: str | None) -> str:
    """The campaign of a sheet: `--campaign`, or the file's stem without `.results`."""
    if asked:
        return asked
    if leads == STANDARD_INPUT:
        raise UsageError(
            "Leads from standard input need a name: add --campaign NAME.", code="campaign_needed"
        )
    stem = Path(leads).stem
    return stem.removesuffix(".results") or stem


_READING_FLAGS = {
    "sheet": "--sheet",
    "header_row": "--header-row",
    "encoding": "--encoding",
    "delimiter": "--delimiter",
    "region": "--region",
    "notes": "--notes",
    "source": "--source",
    "require_consent": "--require-consent",
}


def arguments_for(
    leads: str, campaign: str, place: Place, *, reading: Mapping[str, Any], assistant: str | None
) -> str:
    """What follows `dialer run` or `dialer retry` to go on with a campaign, as one types it.

    `reading` is a `campaign.Reading` as JSON. A command that read the sheet otherwise, or with another
    assistant or API, would not go on: it would do something else.
    """
    words = [leads]
    if leads == STANDARD_INPUT or campaign_name(leads, None) != campaign:
        words += ["--campaign", campaign]
    for name, flag in _READING_FLAGS.items():
        if reading.get(name) is not None:
            words += [flag, str(reading[name])]
    for tag in reading.get("tags", ()):
        words += ["--tag", tag]
    for mapping in reading.get("mapping", ()):
        words += ["--map", mapping]
    for columns in reading.get("in_columns", ()):
        words += ["--in-columns", columns]
    if reading.get("duplicates", "first") != "first":
        words += ["--duplicates", reading["duplicates"]]
    words += ["--visible-only"] if reading.get("visible_only") else []
    if reading.get("assistant"):
        words += ["-a", reading["assistant"]]
    elif assistant and not place.sandbox:
        words += ["-a", assistant.replace("{", "{{").replace("}", "}}")]
    return shlex.join(words) + place.flags
