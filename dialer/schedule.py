"""What a machine needs to run dialer by itself: units, a line for cron, a task, a container, filled in."""

from __future__ import annotations

import re
import shlex
import shutil
import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from dialer.errors import UsageError

_TEMPLATES = Path(__file__).parent / "data" / "install"
_TIME = re.compile(r"(?P<hour>[01]?\d|2[0-3]):(?P<minute>[0-5]\d)")
_LONGEST_TASK = 261 - len("wsl.exe -- ")  # what schtasks takes behind /TR
_HOMES = ("/home/", "/root/", "/run/user/")


class Kind(StrEnum):
    """What starts dialer."""

    SYSTEMD = "systemd"
    CRON = "cron"
    WINDOWS = "windows"
    CONTAINER = "container"


_FILES = {
    Kind.SYSTEMD: ("dialer-nightly.service", "dialer-nightly.timer"),
    Kind.CRON: ("crontab",),
    Kind.WINDOWS: ("task.cmd",),
    Kind.CONTAINER: ("Containerfile",),
}


@dataclass(frozen=True, slots=True)
class Schedule:
    """When which folder is worked through; times are the machine's own."""

    inbox: Path
    at: str  # HH:MM
    until: str  # HH:MM, later than `at`


def read_schedule(inbox: Path, *, at: str, until: str) -> Schedule:
    """Check a schedule. Raises UsageError for what is no time, or a folder that no such file can name."""
    begin, end = _read_time(at, "--at"), _read_time(until, "--until")
    if end <= begin:
        raise UsageError(f"--until {end} must be later than --at {begin}.", code="until")
    absolute = inbox.expanduser().absolute()
    if not str(absolute).isprintable():
        raise UsageError(
            "The inbox's name holds signs that cannot be shown: rename the folder.", code="inbox_name"
        )
    return Schedule(absolute, begin, end)


def remark_on(kind: Kind, *, dialer: str) -> str | None:
    """What a person must put right before the files work, if there is something."""
    if kind is Kind.SYSTEMD and _in_a_home(dialer):
        return (
            f"{dialer} is in somebody's home, where the user dialer cannot read it: install it in "
            "/opt/dialer, and give this command there."
        )
    return None


def files_of(kind: Kind, schedule: Schedule, *, dialer: str) -> dict[str, str]:
    """The files of a kind by name, filled in; `dialer` is the program's path.

    Raises UsageError where a task of Windows would be too long.
    """
    values = _values(kind, schedule, dialer)
    made = {}
    for name in _FILES[kind]:
        text = (_TEMPLATES / name).read_text(encoding="utf-8")
        made[name] = re.sub(r"@([A-Z_]+)@", lambda found: values[found[1]], text)
    return made


def write_files(files: dict[str, str], folder: Path) -> list[Path]:
    """Write the files into a folder, and give their paths. Raises UsageError rather than replace one."""
    paths = [folder / name for name in files]
    for path in paths:
        if path.exists():
            raise UsageError(f"{path} is there already: take it away first.", code="schedule_exists")
    for path, text in zip(paths, files.values(), strict=True):
        path.write_text(text, encoding="utf-8")
        path.chmod(0o644)
    return paths


def this_dialer() -> str:
    """The path of the program that is running."""
    beside = Path(sys.executable).with_name("dialer")
    return str(beside) if beside.exists() else shutil.which("dialer") or "dialer"


def _read_time(text: str, option: str) -> str:
    match = _TIME.fullmatch(text.strip())
    if match is None:
        raise UsageError(f"{option} {text!r} is no time of day: write it as 17:30.", code="time")
    return f"{int(match['hour']):02d}:{match['minute']}"


def _values(kind: Kind, schedule: Schedule, dialer: str) -> dict[str, str]:
    inbox = "/inbox" if kind is Kind.CONTAINER else str(schedule.inbox)
    key = {Kind.SYSTEMD: "%d/api-key", Kind.CONTAINER: "/run/secrets/dialer-key"}.get(kind)
    words = ["nightly", inbox, "--until", schedule.until, "--api-key-file"]
    hour, _, minute = schedule.at.partition(":")
    values = {
        "AT": schedule.at,
        "HOUR": str(int(hour)),
        "MINUTE": str(int(minute)),
        "INBOX": str(schedule.inbox),
        "INBOX_QUOTED": _for_systemd(str(schedule.inbox)).replace("$$", "$"),  # only commands have variables
        "INBOX_SHELL": shlex.quote(str(schedule.inbox)),
        "PROTECT_HOME": "read-only" if _in_a_home(str(schedule.inbox), dialer) else "yes",
        "ARGUMENTS": shlex.join([*words, key or ""]),
    }
    match kind:
        case Kind.SYSTEMD:
            values["COMMAND"] = " ".join([*map(_for_systemd, [dialer, *words]), key or ""])
        case Kind.CRON:
            # A % would end the line.
            plain = f'{shlex.join([dialer, *words])} "$HOME/.config/dialer/api-key" --quiet'
            values["COMMAND"] = plain.replace("%", r"\%")
        case Kind.WINDOWS:
            values["COMMAND"] = _for_windows([dialer, *words, str(Path.home() / ".config/dialer/api-key")])
        case Kind.CONTAINER:
            pass
    return values


def _in_a_home(*paths: str) -> bool:
    return any(path.startswith(_HOMES) for path in paths)


def _for_systemd(word: str) -> str:
    word = word.replace("%", "%%").replace("$", "$$")
    if re.fullmatch(r"[\w./%$:@+-]+", word):
        return word
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _for_windows(words: list[str]) -> str:
    task = " ".join(words)
    if not all(re.fullmatch(r"[\w./:+-]+", word) for word in words) or len(task) > _LONGEST_TASK:
        raise UsageError(
            f"A task of Windows takes {_LONGEST_TASK} plain characters: give the inbox a short name of"
            " letters and digits.",
            code="task_too_long",
        )
    return task
