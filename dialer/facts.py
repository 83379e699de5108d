"""A few lasting values of a ledger: the key of its hashes, and which files were written from it."""

from __future__ import annotations

import json
import secrets
from pathlib import Path

from sqlalchemy import Connection, text

HASH_KEY = "hash_key"
_REVISION = "suppressions_revision"

SELECT_FACT = text("SELECT value FROM facts WHERE name = :name")
INSERT_FACT = text("INSERT INTO facts (name, value) VALUES (:name, :value) ON CONFLICT (name) DO NOTHING")
# "!" comes right after the blank: every name that begins with the kind and a blank.
SELECT_FACTS = text("SELECT value FROM facts WHERE name >= :beginning AND name < :end ORDER BY name")
DELETE_FACT = text("DELETE FROM facts WHERE name = :name")
SET_FACT = text("UPDATE facts SET value = :value WHERE name = :name")
COUNT_UP = text(
    "INSERT INTO facts (name, value) VALUES (:name, '1')"
    " ON CONFLICT (name) DO UPDATE SET value = CAST(CAST(facts.value AS INTEGER) + 1 AS TEXT)"
)


def make_hash_key(connection: Connection) -> None:
    """Give the ledger the key of its hashes, once for its whole life."""
    connection.execute(INSERT_FACT, {"name": HASH_KEY, "value": secrets.token_hex(32)})


def take_key(connection: Connection, value: str) -> None:
    """Make this ledger's hashes those of another one."""
    connection.execute(SET_FACT, {"name": HASH_KEY, "value": value})
    connection.info.pop(HASH_KEY, None)


def hash_key(connection: Connection) -> bytes:
    """The key of the hashes in this ledger: a hash of a number says nothing to whoever has not got it."""
    known = connection.info.get(HASH_KEY)
    if known is None:
        # It never changes, and a call that is about to begin should not have to ask for it each time.
        known = bytes.fromhex(connection.execute(SELECT_FACT, {"name": HASH_KEY}).scalar_one())
        connection.info[HASH_KEY] = known
    return bytes(known)


def suppressions_revision(connection: Connection) -> int:
    """A number that grows whenever the do-not-call list changes."""
    return int(connection.execute(SELECT_FACT, {"name": _REVISION}).scalar() or 0)


def count_revision(connection: Connection) -> None:
    """Note that the do-not-call list changed."""
    connection.execute(COUNT_UP, {"name": _REVISION})


def note_file(connection: Connection, kind: str, path: Path) -> None:
    """Note a file that was written from this ledger: a `report`, or a `backup`."""
    connection.execute(INSERT_FACT, {"name": f"{kind} {path}", "value": str(path)})


def note_report(connection: Connection, path: Path, *, campaign: str, source: Path) -> None:
    """Note whose report a file is now, and of which sheet."""
    bound = {"name": f"report-of {path}", "value": json.dumps([campaign, str(source)])}
    connection.execute(INSERT_FACT, bound)
    connection.execute(SET_FACT, bound)


def noted_report(connection: Connection, path: Path) -> tuple[str, Path] | None:
    """The campaign whose report was last written to a file, and its sheet; None if there was none."""
    value = connection.execute(SELECT_FACT, {"name": f"report-of {path}"}).scalar()
    if value is None:
        return None
    campaign, source = json.loads(value)
    return str(campaign), Path(source)


def noted_files(connection: Connection, kind: str) -> list[Path]:
    """The files of this kind that were noted, there or not."""
    rows = connection.execute(SELECT_FACTS, {"beginning": f"{kind} ", "end": f"{kind}!"})
    return [Path(row.value) for row in rows]


def forget_file(connection: Connection, kind: str, path: Path) -> None:
    """Note no longer a file that is not there any more."""
    connection.execute(DELETE_FACT, {"name": f"{kind} {path}"})
