"""The ledger as a file: who may read it, whether it was there before, and where its backups stand."""

from __future__ import annotations

import hashlib
import os
import shlex
import sqlite3
import stat
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from dialer.errors import SettingsError, UsageError
from dialer.printable import clean

_KNOWN = "known"  # a file beside the locks: this ledger was there once
_OPENING = "opening.lock"
_BESIDE = ("", "-wal", "-shm")
_STAMPED = "%Y-%m-%dT%H%M%S.%fZ"  # the end of a backup's name
_STAMP = len("2026-11-22T150405.123456Z")
_REPLACED = "replaced-"  # begins the name of a ledger in whose place a backup was put


@dataclass(frozen=True, slots=True)
class LedgerFile:
    """A ledger's file, with its locks and its backups beside it. By whatever link it is named, it has one
    set of both."""

    path: Path

    @property
    def locks(self) -> Path:
        """The folder of the locks."""
        file = self.path.resolve()
        return file.with_name(file.name + ".locks")

    @property
    def backups(self) -> Path:
        """The folder of the backups that dialer makes without being told where."""
        file = self.path.resolve()
        return file.with_name(file.name + ".backups")

    @property
    def shared(self) -> bool:
        """True where a group shares the ledger on purpose: its folder hands its group on (chmod 2770)."""
        mode = self.path.resolve().parent.stat().st_mode
        return bool(mode & stat.S_ISGID and mode & stat.S_IWGRP and not mode & stat.S_IWOTH)

    @property
    def file_mode(self) -> int:
        """The rights of the ledger and of every file beside it."""
        return 0o660 if self.shared else 0o600

    def create_folder(self) -> None:
        """Create the folder, for its owner alone. Raises SettingsError."""
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise self.not_opened(error) from error

    def create_locks(self) -> Path:
        """The folder of the locks, created if it is not there. Raises SettingsError."""
        try:
            return self._own_folder(self.locks)
        except OSError as error:
            raise self.not_opened(error) from error

    def prepare(self, *, anew: bool) -> None:
        """Create the file where there is none, and take away the rights of others.

        Only while the lock for opening is held. Raises SettingsError for an empty file, and, unless begun
        `anew`, where the ledger was there once: taken for a new one, everybody would be called again.
        """
        try:
            if self.path.exists() and self.path.stat().st_size == 0 and not anew:
                raise SettingsError(
                    f"The ledger {self.path} is empty: put back a backup if it knew of calls, or else "
                    f"begin anew with `dialer ledger new --ledger {shlex.quote(str(self.path))}`.",
                    code="ledger_empty",
                )
            if not anew:
                self.refuse_if_lost()
            # Created by us with these rights, the -wal and -shm files beside it get them as well.
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, self.file_mode)
            os.close(descriptor)
            self._tighten()
        except OSError as error:
            raise self.not_opened(error) from error

    def remember(self) -> None:
        """Note beside the ledger that it was there. Raises SettingsError."""
        known = self.locks / _KNOWN
        try:
            if not known.exists():
                os.close(os.open(known, os.O_WRONLY | os.O_CREAT, self.file_mode))
        except OSError as error:
            raise self.not_opened(error) from error

    def refuse_if_lost(self) -> None:
        """Raise SettingsError if the ledger is not there and was there before."""
        if self.path.exists() or not self._was_there():
            return
        backup = self.newest_backup()
        known = f"its newest backup is {backup}" if backup else "no backup of it is known here"
        raise SettingsError(
            f"The ledger {self.path} is gone, and without it everybody would be called again: put it back, "
            f"or a backup with `dialer ledger restore BACKUP` ({known}), or begin anew with `dialer ledger "
            f"new --ledger {shlex.quote(str(self.path))}`.",
            code="ledger_lost",
        )

    def newest_backup(self) -> Path | None:
        """The newest backup that dialer made on its own, or None."""
        backups = (each for each in self.all_backups() if not each.name.startswith(_REPLACED))
        return max(backups, key=lambda backup: backup.stem[-_STAMP:], default=None)

    def all_backups(self) -> list[Path]:
        """The backups in the folder beside the ledger, and the ledgers that were replaced by one."""
        return sorted(self.backups.glob("*.sqlite3"))

    def lock_of(self, campaign: str) -> Path:
        """The lock of a campaign, whatever its name."""
        digest = hashlib.sha256(campaign.encode("utf-8", "surrogatepass")).hexdigest()
        return self.locks / f"{digest[:16]}.lock"

    def drop_lock(self, campaign: str) -> None:
        """Remove a lock that nobody needs again: its name is a hash of the campaign's."""
        self.lock_of(campaign).unlink(missing_ok=True)

    def identity(self) -> tuple[int, int] | None:
        """What tells this very file from another of the same name; None where there is none."""
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def back_up(self, target: Path | None, *, label: str = "", now: datetime) -> Path:
        """Write a consistent copy for the owner alone, synced to disk; gives where it is.

        `target` is a new file, or a folder; None is the folder beside the ledger. Raises UsageError for
        a file that is there already, SettingsError where the copy cannot be made.
        """
        if target is not None and target.exists() and not target.is_dir():
            raise UsageError(f"{target} is there already: name another file.", code="backup_exists")
        try:
            if target is None or target.is_dir():
                folder = self._own_folder(self.backups) if target is None else target
                name = f"{self.path.stem}-" if target is not None else ""
                target = folder / f"{name}{label}{now.astimezone(UTC):{_STAMPED}}.sqlite3"
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor, temporary = tempfile.mkstemp(prefix=".backup.", dir=target.parent)
            os.close(descriptor)
            try:
                copy_ledger(self.path, Path(temporary))
                self._require_whole(Path(temporary))
                _sync(Path(temporary))
                Path(temporary).replace(target)
            finally:
                with suppress(FileNotFoundError):
                    Path(temporary).unlink()
            _sync(target.parent)
        except OSError as error:
            raise SettingsError(
                f"The ledger {self.path} could not be backed up ({error.strerror}): make room, or name "
                "another place with `dialer ledger backup PATH`.",
                code="backup_failed",
            ) from error
        return target

    def put_back(self, backup: Path, *, now: datetime) -> Path | None:
        """Put a copy of a backup in the place of the ledger; gives where the file that was there went.

        What stands beside that file goes with it: SQLite would take it for what is missing in the new one.
        Only while nobody uses the ledger. Raises SettingsError, and changes nothing, for what is no sound
        ledger.
        """
        _require_ledger(backup)
        self.create_folder()
        try:
            file = self.path.resolve()
            descriptor, temporary = tempfile.mkstemp(prefix=".backup.", dir=file.parent)
            os.close(descriptor)
            try:
                copy_ledger(backup, Path(temporary))
                _sync(Path(temporary))
                aside = self._move_aside(now) if file.exists() else None
                Path(temporary).replace(file)
            finally:
                with suppress(FileNotFoundError):
                    Path(temporary).unlink()
            self._tighten()
            _sync(file.parent)
        except OSError as error:
            raise self.not_opened(error) from error
        return aside

    def _move_aside(self, now: datetime) -> Path:
        file = self.path.resolve()
        aside = self._own_folder(self.backups) / f"{_REPLACED}{now.astimezone(UTC):{_STAMPED}}.sqlite3"
        for end in _BESIDE:
            with suppress(FileNotFoundError):
                file.with_name(file.name + end).rename(aside.with_name(aside.name + end))
        return aside

    def _require_whole(self, copy: Path) -> None:
        try:
            with closing(sqlite3.connect(copy)) as connection:
                found = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
        except sqlite3.Error as error:
            found = str(error)
        if found != "ok":
            raise SettingsError(
                f"The ledger {self.path} is damaged ({clean(found)}), and a copy of it is no backup.",
                code="ledger_damaged",
            )

    def not_opened(self, error: OSError) -> SettingsError:
        """What is said where the system refuses."""
        return SettingsError(
            f"The ledger {self.path} cannot be opened ({error.strerror}): check the folder's rights "
            "or name another with --ledger.",
            code="ledger_unusable",
        )

    def _was_there(self) -> bool:
        # A lock of a campaign is older than the mark: dialer made no mark once.
        locks = {found.name for found in self.locks.glob("*") if found.suffix in {"", ".lock"}}
        return bool(locks - {_OPENING}) or self.newest_backup() is not None

    def _own_folder(self, folder: Path) -> Path:
        if not folder.is_dir():
            folder.mkdir(mode=0o700, exist_ok=True)
            if self.shared:
                folder.chmod(0o2770)
        return folder

    def _tighten(self) -> None:
        """Take away what others may do, which an older umask or a copy by hand has given them."""
        file, wanted = self.path.resolve(), self.file_mode
        for end in _BESIDE:
            beside = file.with_name(file.name + end)
            # Where it belongs to somebody else of the group, that person sets its rights.
            with suppress(FileNotFoundError, PermissionError):
                if stat.S_IMODE(beside.stat().st_mode) != wanted:
                    beside.chmod(wanted)


def _require_ledger(backup: Path) -> None:
    try:
        with closing(sqlite3.connect(f"file:{quote(str(backup))}?mode=rw", uri=True)) as connection:
            found = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
            connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.Error as error:
        found = str(error)
    if found != "ok":
        raise SettingsError(
            f"{backup} is no sound ledger ({clean(found)}): name another backup.", code="backup_unusable"
        )


def copy_ledger(path: Path, copy: Path) -> None:
    """Write a consistent copy of the ledger at `path`, if there is one, changing nothing of it."""
    if not path.exists():
        return
    with looked_at(path) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)


@contextmanager
def looked_at(path: Path) -> Iterator[sqlite3.Connection]:
    """A ledger that is only read, whatever its schema, without a trace beside it. Raises SettingsError."""
    # Opened for reading only, SQLite would leave its -wal and -shm files behind; where they are there
    # already, writing could move what a crash left in them.
    mode = "ro" if path.with_name(path.name + "-wal").exists() else "rw"
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path))}?mode={mode}", uri=True)) as connection:
            connection.execute("PRAGMA query_only = ON")
            yield connection
    except sqlite3.Error as error:
        raise SettingsError(
            f"The ledger {path} cannot be read ({error}): check its rights, or name another with --ledger.",
            code="ledger_unusable",
        ) from error


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
