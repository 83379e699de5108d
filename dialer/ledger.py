"""The durable record of campaigns, rows, leads and attempts: opening it, locking it, committing to it.

What is read and written stands in `loads` (sheets), `journal` (attempts) and `account` (results); the
tables themselves in `migrations`. Of all modules only these know SQLAlchemy, and none knows the dialect.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from sqlalchemy import URL, Connection, Engine, QueuePool, create_engine, event, inspect
from sqlalchemy.exc import DatabaseError, SQLAlchemyError

from dialer import facts
from dialer.errors import SettingsError, TryLater
from dialer.ledger_file import LedgerFile, copy_ledger
from dialer.locks import exclusively, read_holder
from dialer.printable import clean

__all__ = [
    "Clock",
    "Connection",
    "Ledger",
    "copy_ledger",
    "time_of",
    "time_text",
    "transaction_in_backup",
    "utc_now",
]

SCHEMA_VERSION = "0004"
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
    return datetime.fromisoformat(text)


class Ledger:
    """An open ledger. SQLite with WAL and synchronous=FULL: what is committed survives a power cut."""

    def __init__(
        self,
        path: Path,
        *,
        clock: Clock = utc_now,
        anew: bool = False,
        scratch: bool = False,
        undoes: bool = True,
    ) -> None:
        """Open the ledger at `path`, creating or upgrading it; a backup is made before an upgrade.

        A `scratch` ledger is thrown away by the command that made it, whole: it needs to survive no power
        cut, and nothing in it has to be wiped out. If the first error ends that command, it also need not be
        one that `undoes` the transaction in which the error came.
        Raises SettingsError if it cannot be used, and, unless begun `anew`, if it is gone; TryLater if
        another process does not get done with opening it.
        """
        self.path = path
        self.file = LedgerFile(path)
        self.clock = clock
        self.scratch = scratch
        self._usual = _checks(on=True, synced="OFF" if scratch else "FULL")
        self._loading = _checks(on=False, synced="OFF" if scratch else "NORMAL")
        self.file.create_folder()
        journal = "WAL" if not scratch else "MEMORY" if undoes else "OFF"
        self._writing = _engine(path, read_only=False, journal=journal)
        self._reading = _engine(path, read_only=True, journal=journal)
        with self._opening():
            self.file.prepare(anew=anew)
            self._upgrade()
            self.file.remember()
        self._identity = self.file.identity()

    def close(self) -> None:
        """Release the file."""
        self._writing.dispose()
        self._reading.dispose()

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """One write transaction: committed when the block is left, rolled back if it raises."""
        self._require_same_file()
        with self.translating(), self._writing.begin() as connection:
            yield connection

    @contextmanager
    def loading(self) -> Iterator[Connection]:
        """One write transaction that only adds and moves rows of one load, none of which changes a state.

        What the tables check of a state, and of the load that is there, is left out: it takes as long as
        writing the row. A power cut may take the newest of these transactions, in their order; the first
        one that is no loading, which completes the load, syncs them all.
        """
        self._require_same_file()
        with self.translating(), self._writing.connect() as connection:
            _set(connection, self._loading)
            try:
                with connection.begin():
                    yield connection
            finally:
                _set(connection, self._usual)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A consistent view that blocks nobody and cannot write."""
        self._require_same_file()
        with self.translating(), self._reading.begin() as connection:
            yield connection

    @contextmanager
    def translating(self) -> Iterator[None]:
        """Turn the database's errors into one sentence that says what to do."""
        try:
            yield
        except SQLAlchemyError as error:
            raise self._unusable(error) from error

    @classmethod
    @contextmanager
    def unused(cls, file: LedgerFile) -> Iterator[None]:
        """Keep everybody from opening a ledger and from running its campaigns. Raises TryLater if one is."""
        with ExitStack() as held:
            folder = file.create_locks()
            for path in dict.fromkeys((folder / "opening.lock", *sorted(folder.glob("*.lock")))):
                lock = FileLock(path, timeout=0, mode=file.file_mode)
                try:
                    held.enter_context(lock)
                except Timeout:
                    raise TryLater(
                        f"The ledger {file.path} is in use: wait until its runs are done, or stop them.",
                        code="locked",
                    ) from None
            yield

    @contextmanager
    def lock(self, campaign: str) -> Iterator[None]:
        """Hold the campaign for one run. Raises TryLater, naming the holder, if another run has it.

        The operating system frees the lock when the holder dies, however it dies.
        """

        def busy(holder: str) -> str:
            return (
                f"Campaign {campaign!r} is being run by {holder}: wait until it is done, "
                "or stop that one first."
            )

        with exclusively(self._lock_of(campaign), busy=busy, mode=self.file.file_mode):
            yield

    def holder(self, campaign: str) -> str | None:
        """Which process runs the campaign, in words, or None if none does; it disturbs nobody.

        Whom a crash left behind as the holder is not named, unless it was on another machine.
        """
        return holder_of(self.file, campaign)

    def check_integrity(self) -> None:
        """Raise SettingsError if the file is damaged: with a damaged memory nobody may be called."""
        with self.reading() as connection:
            found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
        if found != "ok":
            raise self._damaged(str(found))

    def empty_log(self) -> bool:
        """Move all that is written from the -wal file into the ledger and empty it; False while somebody
        else reads."""
        with self.translating(), closing(self._writing.raw_connection()) as connection:
            cursor = connection.cursor()
            busy = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            cursor.close()
        return not busy

    def _require_same_file(self) -> None:
        """A file that was taken away goes on to be written to, and nobody would ever read it."""
        if self.file.identity() != self._identity:
            raise SettingsError(
                f"The ledger {self.path} was taken away or replaced while it was in use: nothing more is "
                "sent; put it back, then run the same command again.",
                code="ledger_gone",
            )

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

    def _lock_of(self, campaign: str) -> FileLock:
        return self._lock_file(self.file.lock_of(campaign).stem, timeout=0)

    def _lock_file(self, name: str, *, timeout: float) -> FileLock:
        folder = self.file.create_locks()
        return FileLock(folder / f"{name}.lock", timeout=timeout, mode=self.file.file_mode)

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
        if version is not None and version < SCHEMA_VERSION:
            self.file.back_up(None, label=f"before-{SCHEMA_VERSION}-", now=self.clock())
        if version is not None and version > SCHEMA_VERSION:
            raise SettingsError(
                f"The ledger {self.path} was written by a newer dialer: upgrade dialer on this machine.",
                code="ledger_newer",
            )
        with self.translating(), self._writing.begin() as connection:
            _migrate(connection)
            facts.make_hash_key(connection)

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
        backup = self.file.newest_backup()
        named = f" (the newest is {backup})" if backup else ""
        return SettingsError(
            f"The ledger {self.path} is damaged ({clean(cause)}): put back a backup of it with `dialer "
            f"ledger restore BACKUP`{named}; without it dialer cannot know whom it called.",
            code="ledger_damaged",
        )


@contextmanager
def transaction_in_backup(path: Path) -> Iterator[Connection]:
    """One write transaction in a backup, whatever its schema; nothing of it stays beside the file.

    Raises SettingsError if the backup cannot be used.
    """
    engine = _engine(path, read_only=False)
    try:
        with engine.begin() as connection:
            yield connection
        with closing(engine.raw_connection()) as raw:
            raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").close()
    except SQLAlchemyError as error:
        cause = clean(str(getattr(error, "orig", None) or error))
        raise SettingsError(f"The backup {path} cannot be used ({cause}).", code="backup_unusable") from error
    finally:
        engine.dispose()


def _engine(path: Path, *, read_only: bool, journal: str = "WAL") -> Engine:
    synced = journal == "WAL"
    engine = create_engine(
        URL.create("sqlite", database=str(path)),  # in a URL's text "?" and "%" would mean something else
        # Kept open, since opening SQLite for each commit takes five times as long as the commit. The pool
        # lends a connection to one thread at a time.
        poolclass=QueuePool,
        connect_args={"timeout": _BUSY_SECONDS, "isolation_level": None, "check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def _pragmas(connection: Any, _record: object) -> None:
        connection.execute(f"PRAGMA journal_mode = {journal}")
        connection.execute("PRAGMA synchronous = FULL" if synced else "PRAGMA synchronous = OFF")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA cache_size = -32000")  # kilobytes: the index of a million numbers
        # Pages of 4 kB: what many commits write to is moved into the file once, and not after each few.
        connection.execute("PRAGMA wal_autocheckpoint = 16000")
        connection.execute("PRAGMA secure_delete = ON" if synced else "PRAGMA secure_delete = OFF")
        if read_only:
            connection.execute("PRAGMA query_only = ON")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # The driver's own BEGIN comes late and deferred: two writers could both read, then both fail.
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")

    return engine


def _checks(*, on: bool, synced: str) -> tuple[str, ...]:
    """What is set so that a transaction checks what it writes, and how soon it is on disk."""
    yes, no = ("ON", "OFF") if on else ("OFF", "ON")
    return f"foreign_keys = {yes}", f"ignore_check_constraints = {no}", f"synchronous = {synced}"


def _set(connection: Connection, pragmas: Sequence[str]) -> None:
    """Set what SQLite sets only outside of a transaction; SQLAlchemy would begin one for it."""
    with closing(connection.connection.cursor()) as cursor:
        for pragma in pragmas:
            cursor.execute(f"PRAGMA {pragma}")


def _migrate(connection: Connection) -> None:
    # Alembic costs 0.4 s to import, and is needed once in a ledger's life.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", "dialer:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, SCHEMA_VERSION)


def holder_of(file: LedgerFile, campaign: str) -> str | None:
    """Which process runs a campaign of a ledger that need not be open, as `Ledger.holder` says it."""
    path = file.lock_of(campaign).with_suffix(".json")
    return read_holder(path) if _is_held(path) else None


def _is_held(path: Path) -> bool:
    try:
        holder = json.loads(path.read_text())
        if holder["host"] == socket.gethostname():
            os.kill(holder["pid"], 0)  # signal 0 only asks whether it is there
    except PermissionError:  # there, and somebody else's
        return True
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return True
