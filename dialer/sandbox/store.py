"""The sandbox's own SQLite file: contacts, calls, and a record of every request that wanted a call.

Every write is committed before it is answered. `synchronous=OFF` keeps that fast: what is committed survives
the death of the process, though not of the machine, and a rehearsal needs no more. Several processes may
have the same file open.
"""

from __future__ import annotations

import json
import os
import secrets
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from dialer.sandbox import statements as sql
from dialer.sandbox.clock import Clock, now
from dialer.sandbox.fate import Ending, Timeline, fate_of, talk_seconds

SCHEMA_VERSION = 1


class UnusableDatabase(Exception):
    """The file cannot be the sandbox's; says which and why."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A request that wanted a call, as it came in."""

    received_at: float  # epoch seconds, when its head arrived
    phone_number: str | None  # as the body gave it, None where it gave none
    key: str | None  # None where it is none of the sandbox's: a stranger's key is not kept
    body: str
    fault: str | None = None  # what went wrong on purpose
    answered: int | None = 201  # the status sent if the call is created, None if nothing is sent


@dataclass(frozen=True, slots=True)
class Order:
    """What a valid request asks for; an empty string is not given. Only the record keeps source and notes."""

    phone_number: str
    assistant_id: str
    first_name: str = ""
    last_name: str = ""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StoredCall:
    """One call with its whole course, which is settled when it is created. Times are epoch seconds."""

    id: str
    contact_id: str
    assistant_id: str
    to_phone: str
    created_at: float
    starts_at: float
    ends_at: float
    ending: Ending


@dataclass(frozen=True, slots=True)
class StoredContact:
    """One person; times are epoch seconds, an empty string is not known."""

    id: str
    phone_number: str
    first_name: str
    last_name: str
    tags: tuple[str, ...]
    created_at: float
    updated_at: float


@dataclass(frozen=True, slots=True)
class RecordedRequest:
    """What became of one request that wanted a call."""

    received_at: float
    phone_number: str | None
    outcome: str  # created, refused, throttled or prevented (by a fault)
    http_status: int | None  # None where nothing was answered
    call_id: str | None
    key: str | None
    fault: str | None
    body: str


@dataclass(frozen=True, slots=True)
class CallFilter:
    """Which calls are asked for; None is any."""

    status: str | None = None
    contact_id: str | None = None
    assistant_id: str | None = None


def new_id(prefix: str = "") -> str:
    """A fresh id in the shape of the API's examples, `a1b2c3d4-e5f6-a7b8`, from 64 random bits."""
    digits = secrets.token_hex(8)
    return f"{prefix}{digits[:8]}-{digits[8:12]}-{digits[12:]}"


class Store:
    """Keeps contacts, calls and the record in one SQLite file, or in memory for `:memory:`."""

    def __init__(self, database: str, *, clock: Clock = now, timeline: Timeline | None = None) -> None:
        self.database = database if database == ":memory:" else str(Path(database).resolve())
        self._clock = clock
        self._timeline = timeline or Timeline()
        self._lock = threading.Lock()
        try:
            self._connection = _connect(self.database)
        except (sqlite3.Error, OSError) as error:
            raise UnusableDatabase(
                f"The sandbox cannot use {self.database} as its database: {error}"
            ) from error

    def close(self) -> None:
        """Closes the file; a second time does nothing."""
        self._connection.close()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def _reading(self, statement: str, parameters: dict[str, object]) -> list[sqlite3.Row]:
        with self._lock:
            rows: list[sqlite3.Row] = self._connection.execute(statement, parameters).fetchall()
            return rows

    def place_call(self, order: Order, arrival: Arrival) -> tuple[StoredCall, bool]:
        """Creates the call, and its contact if the number is new; True where it is.

        Call, contact and record are committed together.
        """
        at = self._clock()
        fate = fate_of(order.phone_number)
        starts_at = at + self._timeline.queued_seconds
        ends_at = starts_at + talk_seconds(fate, self._timeline)
        with self._writing() as connection:
            contact_id, is_new = _merge_contact(connection, order, at)
            call = StoredCall(
                new_id("call-"),
                contact_id,
                order.assistant_id,
                order.phone_number,
                at,
                starts_at,
                ends_at,
                fate.ending,
            )
            connection.execute(
                sql.INSERT_CALL,
                (call.id, contact_id, call.assistant_id, call.to_phone, at, starts_at, ends_at, call.ending),
            )
            _insert_request(connection, arrival, "created", arrival.answered, call.id)
        return call, is_new

    def record_refusal(self, arrival: Arrival, outcome: str, http_status: int | None) -> None:
        """Notes a request that created nothing."""
        with self._writing() as connection:
            _insert_request(connection, arrival, outcome, http_status, None)

    def status_of(self, call: StoredCall) -> str:
        """Where the call is now: queued, in-progress, and then its ending."""
        at = self._clock()
        if at < call.starts_at:
            return "queued"
        return "in-progress" if at < call.ends_at else call.ending

    def calls(self, wanted: CallFilter, *, limit: int, offset: int) -> list[StoredCall]:
        """The calls that fit, the newest first."""
        parameters: dict[str, object] = {
            "status": wanted.status,
            "contact_id": wanted.contact_id,
            "assistant_id": wanted.assistant_id,
            "now": self._clock(),
            "limit": limit,
            "offset": offset,
        }
        return [StoredCall(*row) for row in self._reading(sql.SELECT_CALLS, parameters)]

    def call(self, call_id: str) -> StoredCall | None:
        """The call with this id, if there is one."""
        rows = self._reading(sql.SELECT_CALL, {"id": call_id})
        return StoredCall(*rows[0]) if rows else None

    def contacts(self, search: str, tags: Sequence[str], *, limit: int, offset: int) -> list[StoredContact]:
        """The contacts whose name or number contains `search` and that have any of `tags`, newest first."""
        parameters: dict[str, object] = {
            "search": search.casefold(),
            "tags": json.dumps(list(tags)) if tags else None,
            "limit": limit,
            "offset": offset,
        }
        return [
            StoredContact(row[0], row[1], row[2], row[3], tuple(json.loads(row[4])), row[5], row[6])
            for row in self._reading(sql.SELECT_CONTACTS, parameters)
        ]

    def record(self, *, created_only: bool, phone_number: str | None = None) -> list[RecordedRequest]:
        """Every request that wanted a call, in the order in which they were settled."""
        parameters: dict[str, object] = {"created_only": created_only, "phone_number": phone_number}
        return [RecordedRequest(*row) for row in self._reading(sql.SELECT_REQUESTS, parameters)]

    def clear_record(self) -> None:
        """Forgets the requests; contacts and calls stay."""
        with self._writing() as connection:
            connection.execute(sql.DELETE_REQUESTS)


def _connect(database: str) -> sqlite3.Connection:
    if database != ":memory:":
        Path(database).parent.mkdir(parents=True, exist_ok=True)
        # Made by hand so that nobody else can read it: SQLite would obey the umask.
        with suppress(FileExistsError):
            os.close(os.open(database, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    connection = sqlite3.connect(database, isolation_level=None, check_same_thread=False, timeout=10.0)
    try:
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("BEGIN IMMEDIATE")
        _create_tables(connection)
        connection.execute("COMMIT")
        connection.execute("PRAGMA journal_mode=WAL")
    except BaseException:
        connection.close()
        raise
    return connection


def _create_tables(connection: sqlite3.Connection) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version == SCHEMA_VERSION:
        return
    (tables,) = connection.execute(sql.COUNT_TABLES).fetchone()
    if tables or version:
        raise sqlite3.DatabaseError("it belongs to another program or another version")
    for statement in sql.CREATE:
        connection.execute(statement)
    connection.execute(sql.MARK_VERSION)


def _merge_contact(connection: sqlite3.Connection, order: Order, at: float) -> tuple[str, bool]:
    number = order.phone_number
    known = connection.execute(sql.SELECT_CONTACT_OF, (number,)).fetchone()
    if known is None:
        contact_id = new_id()
        names = (order.first_name, order.last_name)
        tags = json.dumps(_united((), order.tags))
        haystack = _haystack(*names, number)
        connection.execute(sql.INSERT_CONTACT, (contact_id, number, *names, tags, haystack, at, at))
        return contact_id, True
    contact_id, first_name, last_name, tags = known
    names = (order.first_name or first_name, order.last_name or last_name)
    tags = json.dumps(_united(json.loads(tags), order.tags))
    haystack = _haystack(*names, number)
    connection.execute(sql.UPDATE_CONTACT, (*names, tags, haystack, at, contact_id))
    return contact_id, False


def _haystack(first_name: str, last_name: str, number: str) -> str:
    return f"{first_name} {last_name}\n{number}".casefold()


def _united(old: Sequence[str], new: Sequence[str]) -> list[str]:
    return list(dict.fromkeys((*old, *new)))


def _insert_request(
    connection: sqlite3.Connection,
    arrival: Arrival,
    outcome: str,
    http_status: int | None,
    call_id: str | None,
) -> None:
    what_came = (arrival.received_at, arrival.phone_number, arrival.key, arrival.fault, arrival.body)
    connection.execute(sql.INSERT_REQUEST, (*what_came, outcome, http_status, call_id))
