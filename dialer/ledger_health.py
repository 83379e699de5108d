"""How a ledger's file is, looked at without opening it as a ledger: nothing is created, upgraded or moved."""

from __future__ import annotations

import os
import sqlite3
from dataclasses import dataclass

from dialer.ledger import SCHEMA_VERSION, holder_of
from dialer.ledger_file import LedgerFile, looked_at

_QUICK_CHECK = "PRAGMA quick_check(1)"
_SELECT_SCHEMA = "SELECT version_num FROM alembic_version"
_SELECT_CAMPAIGNS = "SELECT name, paused_reason FROM campaigns ORDER BY name"
_COUNT_ATTEMPTS = "SELECT count(*) FROM attempts"


@dataclass(frozen=True, slots=True)
class Standing:
    """A campaign that cannot be run just now."""

    campaign: str
    paused: str | None  # why
    holder: str | None  # which process runs it


@dataclass(frozen=True, slots=True)
class Health:
    """How a ledger is."""

    damage: str | None  # what is wrong with the file
    schema: str | None  # None: no ledger of dialer
    attempts: int
    standing: tuple[Standing, ...]
    writable: bool

    @property
    def older(self) -> bool:
        """True where the next run upgrades it."""
        return self.schema is not None and self.schema < SCHEMA_VERSION

    @property
    def newer(self) -> bool:
        """True where only a newer dialer can use it."""
        return self.schema is not None and self.schema > SCHEMA_VERSION


def examine(file: LedgerFile) -> Health:
    """How the ledger in a file is, which must be there. Raises SettingsError if it cannot be read at all."""
    writable = os.access(file.path, os.W_OK) and os.access(file.path.resolve().parent, os.W_OK)
    with looked_at(file.path) as connection:
        try:
            damage = str(connection.execute(_QUICK_CHECK).fetchone()[0])
        except sqlite3.DatabaseError as error:
            return Health(str(error), None, 0, (), writable)
        if damage != "ok":
            return Health(damage, None, 0, (), writable)
        try:
            schema = str(connection.execute(_SELECT_SCHEMA).fetchone()[0])
            campaigns = connection.execute(_SELECT_CAMPAIGNS).fetchall()
            attempts = int(connection.execute(_COUNT_ATTEMPTS).fetchone()[0])
        except (sqlite3.OperationalError, TypeError):  # a table that is not there, or an empty one
            return Health(None, None, 0, (), writable)
    standing = (Standing(name, paused, holder_of(file, name)) for name, paused in campaigns)
    return Health(
        damage=None,
        schema=schema,
        attempts=attempts,
        standing=tuple(each for each in standing if each.paused or each.holder),
        writable=writable,
    )
