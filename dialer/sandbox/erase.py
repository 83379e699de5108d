"""Takes a person out of the sandbox's file: a rehearsal is made with the sheets of real people."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

DELETE = (
    "DELETE FROM calls WHERE to_phone = :number",
    "DELETE FROM contacts WHERE phone_number = :number",
    "DELETE FROM requests WHERE phone_number = :number",
)


def erase(database: Path, number: str) -> int:
    """Delete the contact with this number, its calls and its requests; gives how many records that were.

    A sandbox that is running may have the file open. Raises sqlite3.Error where it cannot be used.
    """
    if not database.exists():
        return 0
    with closing(sqlite3.connect(database, isolation_level=None, timeout=10.0)) as connection:
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("BEGIN IMMEDIATE")
        deleted = sum(connection.execute(statement, {"number": number}).rowcount for statement in DELETE)
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        # The sandbox does not overwrite what it deletes: what it deleted before stands in free pages.
        connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return deleted
