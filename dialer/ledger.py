"""The durable record of campaigns, rows, leads and attempts: opening it, locking it, committing to it.

What is read and written stands in `loads` (sheets), `journal` (attempts) and `account` (results); the
tables themselves in `migrations`. Of all modules only these know SQLAlchemy, and none knows the dialect.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import socket
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from filelock import FileLock, Timeout
from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event, inspect
from sqlalchemy.exc import DatabaseError, SQLAlchemyError

from dialer.errors import SettingsError, TryLater
from dialer.printable import clean

__all__ = ["Clock", "Connection", "Ledger", "copy_ledger", "time_of", "time_text", "utc_now"]

SCHEMA_VERSION = "0002"
_BUSY_SECONDS = 10

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The time of now, aware and in UTC."""
    return datetime.now(UTC)


def time_text(moment: datetime) -> str:
    """A moment as the ledger writes it: UTC, of one width, so that texts compare as times do."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def time_of(text: str) -> datetime:
    """The aware UTC moment that `time_text` wrote."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)


class Ledger:
    """An open ledger. SQLite with WAL and synchronous=FULL: what is committed survives a power cut."""

    def __init__(self, path: Path, *, clock: Clock = utc_now) -> None:
        """Open the ledger at `path`, creating or upgrading it. Raises SettingsError if it cannot be used,
        and TryLater if another process does not get done with opening it."""
        self.path = path
        self.clock = clock
        self._create_folder()
        self._writing = _engine(path, read_only=False)
        self._reading = _engine(path, read_only=True)
        with self._opening():
            self._create_private_file()
            self._upgrade()

    def close(self) -> None:
        """Release the file."""
        self._writing.dispose()
        self._reading.dispose()

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """One write transaction: committed when the block is left, rolled back if it raises."""
        with self.translating(), self._writing.begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A consistent view that blocks nobody and cannot write."""
        with self.translating(), self._reading.begin() as connection:
            yield connection

    @contextmanager
    def translating(self) -> Iterator[None]:
        """Turn the database's errors into one sentence that says what to do."""
        try:
            yield
        except SQLAlchemyError as error:
            raise self._unusable(error) from error

    @contextmanager
    def lock(self, campaign: str) -> Iterator[None]:
        """Hold the campaign for one run. Raises TryLater, naming the holder, if another run has it.

        The operating system frees the lock when the holder dies, however it dies.
        """
        lock = self._lock_file(hashlib.sha256(campaign.encode()).hexdigest()[:16], timeout=0)
        holder = Path(lock.lock_file).with_suffix(".json")
        try:
            lock.acquire()
        except Timeout:
            raise TryLater(
                f"Campaign {campaign!r} is being run by {_read_holder(holder)}: wait until it is done, "
                "or stop that one first.",
                code="locked",
            ) from None
        try:
            _write_private(holder, json.dumps({"pid": os.getpid(), "host": socket.gethostname()}))
            yield
        finally:
            holder.unlink(missing_ok=True)
            lock.release()

    def check_integrity(self) -> None:
        """Raise SettingsError if the file is damaged: with a damaged memory nobody may be called."""
        with self.reading() as connection:
            found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
        if found != "ok":
            raise self._damaged(str(found))

    def _create_folder(self) -> None:
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise self._not_opened(error) from error

    def _create_private_file(self) -> None:
        try:
            if self.path.exists() and self.path.stat().st_size == 0:
                # Taken for a new ledger, everybody would be called again.
                raise SettingsError(
                    f"The ledger {self.path} is empty: put back a backup if it knew of calls, "
                    "or else delete it.",
                    code="ledger_empty",
                )
            # Created by us with these rights, the -wal and -shm files beside it get them as well.
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
        except OSError as error:
            raise self._not_opened(error) from error

    @contextmanager
    def _opening(self) -> Iterator[None]:
        """One after the other: while a new file is made a ledger, SQLite lets others fail and not wait."""
        lock = self._lock_file("opening", timeout=_BUSY_SECONDS)
        try:
            lock.acquire()
        except Timeout:
            raise TryLater(
                f"The ledger {self.path} is being opened by another process: try again.", code="locked"
            ) from None
        try:
            yield
        finally:
            lock.release()

    def _lock_file(self, name: str, *, timeout: float) -> FileLock:
        file = self.path.resolve()  # by whatever link it was named, a ledger has one set of locks
        folder = file.with_name(file.name + ".locks")
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise self._not_opened(error) from error
        return FileLock(folder / f"{name}.lock", timeout=timeout, mode=0o600)

    def _upgrade(self) -> None:
        with self.translating(), self._writing.connect() as connection:
            version = None
            if inspect(connection).has_table("alembic_version"):
                version = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
            elif inspect(connection).get_table_names():
                raise SettingsError(
                    f"{self.path} is a database of something else: name another ledger with --ledger.",
                    code="ledger_foreign",
                )
        if version == SCHEMA_VERSION:
            return
        if version is not None and version > SCHEMA_VERSION:
            raise SettingsError(
                f"The ledger {self.path} was written by a newer dialer: upgrade dialer on this machine.",
                code="ledger_newer",
            )
        with self.translating(), self._writing.begin() as connection:
            _migrate(connection)

    def _not_opened(self, error: OSError) -> SettingsError:
        return SettingsError(
            f"The ledger {self.path} cannot be opened ({error.strerror}): check the folder's rights "
            "or name another with --ledger.",
            code="ledger_unusable",
        )

    def _unusable(self, error: SQLAlchemyError) -> SettingsError:
        cause = str(getattr(error, "orig", None) or error)
        if "full" in cause:
            free = shutil.disk_usage(self.path.parent).free // 1_000_000
            return SettingsError(
                f"The disk of the ledger {self.path} is full ({free} MB free): make room, then run again.",
                code="disk_full",
            )
        if isinstance(error, DatabaseError) and ("malformed" in cause or "not a database" in cause):
            return self._damaged(cause)
        return SettingsError(
            f"The ledger {self.path} cannot be used ({cause}): nothing was sent that is not written down.",
            code="ledger_unusable",
        )

    def _damaged(self, cause: str) -> SettingsError:
        return SettingsError(
            f"The ledger {self.path} is damaged ({clean(cause)}): put back a backup of it; without it "
            "dialer cannot know whom it called.",
            code="ledger_damaged",
        )


def copy_ledger(path: Path, copy: Path) -> None:
    """Write a consistent copy of the ledger at `path`, if there is one, changing nothing of it."""
    if not path.exists():
        return
    try:
        with (
            closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)) as source,
            closing(sqlite3.connect(copy)) as target,
        ):
            source.backup(target)
    except sqlite3.Error as error:
        raise SettingsError(
            f"The ledger {path} cannot be read ({error}): check its rights, or name another with --ledger.",
            code="ledger_unusable",
        ) from error


def _engine(path: Path, *, read_only: bool) -> Engine:
    engine = create_engine(
        URL.create("sqlite", database=str(path)),  # in a URL's text "?" and "%" would mean something else
        poolclass=NullPool,
        connect_args={"timeout": _BUSY_SECONDS, "isolation_level": None},
    )

    @event.listens_for(engine, "connect")
    def _pragmas(connection: Any, _record: object) -> None:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA secure_delete = ON")
        if read_only:
            connection.execute("PRAGMA query_only = ON")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # The driver's own BEGIN comes late and deferred: two writers could both read, then both fail.
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")

    return engine


def _migrate(connection: Connection) -> None:
    # Alembic costs 0.4 s to import, and is needed once in a ledger's life.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", "dialer:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, SCHEMA_VERSION)


def _write_private(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)


def _read_holder(path: Path) -> str:
    try:
        holder = json.loads(path.read_text())
        return f"process {holder['pid']} on {holder['host']}"
    except (OSError, ValueError, KeyError):
        return "another process"
