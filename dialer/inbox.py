"""A folder that sheets come into, and the three folders in it that they go through.

A sheet is taken from the inbox to `processing/`, where it stays until nothing of it is due any more, and then
lies in `done/` beside its report, or in `failed/` beside a text that says why it could not be used. It is
moved by a rename and never copied; nothing is ever overwritten.
"""

from __future__ import annotations

import json
import os
import re
import socket
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from dialer.errors import SettingsError, SheetMissing, TryLater, UsageError
from dialer.printable import clean
from dialer.report_files import stem_of

RECORD = "nights.jsonl"
SETTINGS = "dialer.toml"
_OUR_OWN = frozenset({RECORD, SETTINGS, "desktop.ini", "thumbs.db"})
# Whoever copies, downloads or edits a file gives it such a name until it is whole.
_UNFINISHED = (".part", ".partial", ".filepart", ".crdownload", ".download", ".tmp", ".temp", ".swp")
_STAMP = re.compile(r"~\d{8}-\d{6}(?:-\d+)?(?=\.|$)")
_HOLDER = ".holder.json"

Look = Mapping[Path, tuple[int, int]]  # file -> size in bytes, time of its last change in nanoseconds


@dataclass(frozen=True, slots=True)
class Inbox:
    """The folder and what belongs to it."""

    folder: Path

    @property
    def processing(self) -> Path:
        """Where sheets lie of which something is due."""
        return self.folder / "processing"

    @property
    def reports(self) -> Path:
        """Where the reports of these sheets are written until they are done."""
        return self.processing / "reports"

    @property
    def done(self) -> Path:
        """Where sheets lie of which nothing is due any more, each beside its report."""
        return self.folder / "done"

    @property
    def failed(self) -> Path:
        """Where sheets lie that cannot be used, each beside the reason."""
        return self.folder / "failed"

    @property
    def record(self) -> Path:
        """One line of JSON for each night."""
        return self.folder / RECORD


@dataclass(frozen=True, slots=True)
class Arrived:
    """What lies in an inbox."""

    ready: tuple[Path, ...]  # whole as far as one can see, the oldest first
    growing: tuple[Path, ...] = ()  # changed while they were looked at: left for the next time


def open_inbox(folder: Path, *, rehearse: bool = False) -> Inbox:
    """The inbox in a folder, with its three folders; to `rehearse` nothing is created.

    Raises SheetMissing if there is no such folder, UsageError if it is none, SettingsError if nothing can be
    created or moved in it.
    """
    folder = folder.absolute()
    if not folder.exists():
        raise SheetMissing(f"There is no folder {folder}: check the path.", code="missing")
    if not folder.is_dir():
        raise UsageError(
            f"{folder} is no folder: name the one that the sheets come into.", code="inbox_is_no_folder"
        )
    inbox = Inbox(folder)
    if rehearse:
        return inbox
    trial = folder / f".dialer-{os.getpid()}"
    try:
        for each in (inbox.processing, inbox.reports, inbox.done, inbox.failed):
            each.mkdir(exist_ok=True)
            moved = each / trial.name
            trial.touch()
            trial.rename(moved)
            moved.unlink()
    except OSError as error:
        trial.unlink(missing_ok=True)
        raise _unwritable(folder, error) from None
    return inbox


def look(inbox: Inbox) -> Look:
    """The files that came in, with what changes while they are being copied."""
    found = {}
    try:
        with os.scandir(inbox.folder) as entries:
            for entry in entries:
                if entry.is_file(follow_symlinks=False) and not _left_alone(entry.name):
                    facts = entry.stat(follow_symlinks=False)
                    found[Path(entry.path)] = facts.st_size, facts.st_mtime_ns
    except OSError as error:
        raise _unwritable(inbox.folder, error) from None
    return found


def arrived(inbox: Inbox, *, settle: timedelta, sleep: Callable[[float], None]) -> Arrived:
    """Look twice, `settle` apart: what is the same both times is whole; if there is nothing, look once."""
    before = look(inbox)
    if not before:
        return Arrived(())
    if settle > timedelta(0):
        sleep(settle.total_seconds())
    now = look(inbox)
    ready = [path for path in now if before.get(path) == now[path]]
    return Arrived(
        tuple(sorted(ready, key=lambda path: (now[path][1], path.name))),
        tuple(sorted(path for path in now if path not in ready)),
    )


def under_way(inbox: Inbox) -> list[Path]:
    """The sheets in `processing/`, the oldest first: what yesterday left, or a night that was killed."""
    if not inbox.processing.is_dir():
        return []
    found = [path for path in inbox.processing.iterdir() if path.is_file() and not path.name.startswith(".")]
    return sorted(found, key=lambda path: (path.stat().st_mtime_ns, path.name))


def own_name(path: Path) -> str:
    """The name under which a sheet came in, without the time that told two of one name apart."""
    return _STAMP.sub("", path.name, count=1)


def move(path: Path, folder: Path, *, now: datetime) -> Path:
    """Move a sheet to a folder, and give its new path: under the name under which it came in, and if a file
    of that name, or its report, lies there already, with the time of now in it. Raises SettingsError."""
    target = _free(folder, own_name(path), now)
    return rename(path, target)


def rename(path: Path, target: Path) -> Path:
    """Give a file another path. Raises SettingsError where the folder does not allow it."""
    try:
        path.rename(target)
    except OSError as error:
        raise _unwritable(target.parent, error) from None
    return target


def target_of(path: Path, folder: Path, *, now: datetime) -> Path:
    """Where `move` would put a sheet."""
    return _free(folder, own_name(path), now)


def reason_beside(path: Path, sentence: str) -> Path:
    """Write beside a sheet why it could not be used; gives the text's path. Raises SettingsError."""
    text = path.with_name(f"{path.name}.txt")
    try:
        text.write_text(f"{sentence}\n", encoding="utf-8")
    except OSError as error:
        raise _unwritable(path.parent, error) from None
    return text


def append_record(inbox: Inbox, line: Mapping[str, object]) -> str | None:
    """Add a line of JSON to the record of all nights; gives the reason if that is not possible."""
    try:
        with inbox.record.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        return f"The night could not be added to {inbox.record} ({error.strerror}): its summary is here."
    return None


def bind(inbox: Inbox, *, ledger: str, now: datetime) -> None:
    """Note that this machine and this ledger work through the inbox. Nobody else may meanwhile.

    A lock of this machine cannot keep out another one that has the same share; and sheets that were begun
    with one ledger must not be gone on with by another, which does not know whom the first one called.
    Raises TryLater while another machine is at work, SettingsError for sheets of another ledger.
    """
    path = inbox.processing / _HOLDER
    held = _read(path)
    host = socket.gethostname()
    if held and held.get("host") != host and not held.get("ended"):
        raise TryLater(
            f"The inbox {inbox.folder} is being worked through by process {held.get('pid')} on "
            f"{clean(str(held.get('host')))} since {held.get('since')}: wait until it is done; if that "
            f"machine was switched off meanwhile, delete {path}.",
            code="locked",
        )
    if held and (held.get("host"), held.get("ledger")) != (host, ledger) and under_way(inbox):
        theirs = f"{clean(str(held.get('ledger')))} on {clean(str(held.get('host')))}"
        raise SettingsError(
            f"The sheets in {inbox.processing} were begun with the ledger {theirs}, and only that one knows "
            "whom they called: go on with it; or, if nobody of them was called for real, move them back to "
            f"{inbox.folder}.",
            code="inbox_of_another_ledger",
        )
    _write(path, {"host": host, "pid": os.getpid(), "ledger": ledger, "since": f"{now:%Y-%m-%dT%H:%M:%SZ}"})


def unbind(inbox: Inbox, *, now: datetime) -> None:
    """Note that the work is done, for as long as no other begins."""
    path = inbox.processing / _HOLDER
    _write(path, (_read(path) or {}) | {"ended": f"{now:%Y-%m-%dT%H:%M:%SZ}"})


def _read(path: Path) -> dict[str, object] | None:
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return held if isinstance(held, dict) else None


def _write(path: Path, words: Mapping[str, object]) -> None:
    temporary = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        temporary.write_text(json.dumps(words), encoding="utf-8")
        temporary.replace(path)
    except OSError as error:
        raise _unwritable(path.parent, error) from None


def _left_alone(name: str) -> bool:
    lower = name.lower()
    return name.startswith((".", "~")) or lower in _OUR_OWN or lower.endswith(_UNFINISHED)


def _free(folder: Path, name: str, now: datetime) -> Path:
    """A path in a folder where neither a sheet of that name lies nor anything that belongs to one."""
    stem = stem_of(Path(name))
    taken = {each.name.lower() for each in folder.iterdir()}
    for stamp in _stamps(now):
        stamped = f"{stem}{stamp}"
        if not any(each == stamped.lower() or each.startswith(f"{stamped.lower()}.") for each in taken):
            return folder / f"{stamped}{name[len(stem) :]}"
    raise AssertionError("there is always another number")


def _stamps(now: datetime) -> Iterator[str]:
    yield ""
    stamp = f"~{now:%Y%m%d-%H%M%S}"
    yield stamp
    number = 2
    while True:
        yield f"{stamp}-{number}"
        number += 1


def _unwritable(folder: Path, error: OSError) -> SettingsError:
    return SettingsError(
        f"The inbox {folder} cannot be worked through ({error.strerror or type(error).__name__}): let dialer "
        "create and move files in it. Nothing is lost.",
        code="inbox_unwritable",
    )
