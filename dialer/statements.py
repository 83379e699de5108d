"""Runs the statements of every call and of every row: bound and handed to the driver as they stand.

SQLAlchemy's own way finds out anew for each of them what it is and what comes back, and takes four times as
long as the database itself. Everything that is run once for a command goes that way all the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Dialect, TextClause
from sqlalchemy.exc import DBAPIError


@dataclass(frozen=True, slots=True)
class Ran:
    """What came of a statement."""

    changed: int  # rows that it wrote
    rows: tuple[tuple[Any, ...], ...] = ()


def run(connection: Connection, statement: TextClause, bound: Mapping[str, Any]) -> Ran:
    """Run one statement, in the transaction that is open. Raises SQLAlchemy's errors."""
    words, names = _for_the_driver(statement, connection.dialect)
    dbapi: Any = connection.dialect.dbapi
    cursor = connection.connection.cursor()
    try:
        cursor.execute(words, bound if names is None else tuple(bound[name] for name in names))
        rows = tuple(cursor.fetchall()) if cursor.description else ()
        return Ran(cursor.rowcount, rows)
    except dbapi.Error as error:
        raise DBAPIError.instance(words, None, error, dbapi.Error, dialect=connection.dialect) from error
    finally:
        cursor.close()


def run_all(connection: Connection, statement: TextClause, rows: Iterable[tuple[Any, ...]]) -> None:
    """Run a statement once for each of the rows, whose values stand in the order of its parameters."""
    bound = list(rows)
    if bound:
        connection.exec_driver_sql(_for_the_driver(statement, connection.dialect)[0], bound)


@lru_cache(maxsize=64)
def _for_the_driver(statement: TextClause, dialect: Dialect) -> tuple[str, tuple[str, ...] | None]:
    """A statement as the driver wants it, and the names of what it binds; None where it binds by name."""
    compiled = statement.compile(dialect=dialect)
    names: list[str] | None = compiled.positiontup
    return str(compiled), tuple(names) if names is not None else None
