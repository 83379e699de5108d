"""Runs the statements of every call and of every row: bound and handed to the driver as they stand.

SQLAlchemy's own way finds out anew for each of them what it is and what comes back, and takes four times as
long as the database itself. Everything that is run once for a command goes that way all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import Connection, Dialect, TextClause
from sqlalchemy.exc import DBAPIError

# Makes of bound values those that the driver wants, in its order.
Values = Callable[[Mapping[str, Any]], Any]


class Ran(NamedTuple):
    """What came of a statement."""

    changed: int  # rows that it wrote
    rows: tuple[tuple[Any, ...], ...] = ()


def run(connection: Connection, statement: TextClause, bound: Mapping[str, Any]) -> Ran:
    """Run one statement, in the transaction that is open. Raises SQLAlchemy's errors."""
    dialect = connection.dialect
    words, values = _for_the_driver(statement, dialect)
    dbapi: Any = dialect.dbapi
    cursor = connection.connection.cursor()
    try:
        cursor.execute(words, values(bound))
        return Ran(cursor.rowcount, tuple(cursor.fetchall()) if cursor.description else ())
    except dbapi.Error as error:
        raise DBAPIError.instance(words, None, error, dbapi.Error, dialect=dialect) from error
    finally:
        cursor.close()


def run_all(connection: Connection, statement: TextClause, rows: Iterable[tuple[Any, ...]]) -> None:
    """Run a statement once for each of the rows, whose values stand in the order of its parameters."""
    bound = list(rows)
    if bound:
        connection.exec_driver_sql(_for_the_driver(statement, connection.dialect)[0], bound)


@lru_cache(maxsize=64)
def _for_the_driver(statement: TextClause, dialect: Dialect) -> tuple[str, Values]:
    """A statement as the driver wants it, and what makes of bound values those that the driver wants."""
    compiled = statement.compile(dialect=dialect)
    names: list[str] | None = compiled.positiontup
    if names is None:  # it binds by name
        return str(compiled), lambda bound: bound
    if len(names) > 1:
        return str(compiled), itemgetter(*names)
    return str(compiled), lambda bound: tuple(bound[name] for name in names)
