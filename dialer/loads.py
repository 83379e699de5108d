"""Campaigns, what was loaded into them, and their runs. The rows of a load are written by `batches`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from dialer.batches import Batches, lead_of
from dialer.ledger import time_text

__all__ = [
    "Batches",
    "Campaign",
    "Load",
    "begin_load",
    "begin_run",
    "complete_load",
    "count_called_elsewhere",
    "end_run",
    "ensure_campaign",
    "find_campaign",
    "latest_load",
    "lead_of",
    "mendable_rows",
    "move_load",
    "seems_another_list",
]

SELECT_CAMPAIGN = text("SELECT campaign_id, name, kind, paused_reason FROM campaigns WHERE name = :name")
INSERT_CAMPAIGN = text(
    "INSERT INTO campaigns (name, kind, created_at) VALUES (:name, :kind, :now) RETURNING campaign_id"
)
SELECT_LATEST_LOAD = text(
    "SELECT load_id, complete, loaded_at, path, sha256, reading, understood FROM loads"
    " WHERE campaign_id = :campaign_id ORDER BY load_id DESC LIMIT 1"
)
SELECT_LATEST_COMPLETE_LOAD = text(
    "SELECT load_id, complete, loaded_at, path, sha256, reading, understood FROM loads"
    " WHERE campaign_id = :campaign_id AND complete ORDER BY load_id DESC LIMIT 1"
)
INSERT_LOAD = text(
    "INSERT INTO loads (campaign_id, loaded_at, complete, path, sha256, reading, understood)"
    " VALUES (:campaign_id, :now, :complete, :path, :sha256, :reading, :understood) RETURNING load_id"
)
COMPLETE_LOAD = text(
    "UPDATE loads SET complete = :complete, understood = :understood"
    " WHERE load_id = :load_id AND campaign_id = :campaign_id"
)
RENAME_CONTENT = text("UPDATE loads SET sha256 = :sha256 WHERE path = :path")
MOVE_LOAD = text(
    "UPDATE loads SET path = :path, sha256 = :sha256, understood = coalesce(:understood, understood)"
    " WHERE load_id = :load_id"
)
SET_READING = text("UPDATE loads SET reading = :reading WHERE load_id = :load_id")
# What a person may have put right since: rows that could not be read, and leads that were refused.
SELECT_MENDABLE = text(
    "SELECT r.fingerprint FROM rows AS r LEFT JOIN leads AS l"
    " ON l.campaign_id = :campaign_id AND l.e164 = r.e164"
    " WHERE r.load_id = :load_id AND r.fingerprint IS NOT NULL"
    " AND (r.verdict = 'invalid' OR l.state = 'failed')"
)
COUNT_CALLED = text(
    "SELECT count(*) FROM leads WHERE campaign_id = :campaign_id AND load_id = :load_id"
    " AND state IN ('called', 'unknown', 'sending')"
)
COUNT_NUMBERS = text(
    "SELECT count(*) FROM (SELECT e164 FROM rows WHERE load_id = :load_id AND e164 IS NOT NULL GROUP BY e164)"
)
COUNT_NUMBERS_IN_COMMON = text(
    "SELECT count(*) FROM (SELECT e164 FROM rows WHERE load_id = :load_id AND e164 IS NOT NULL"
    " INTERSECT SELECT e164 FROM rows WHERE load_id = :other_id)"
)
INSERT_RUN = text(
    "INSERT INTO runs (campaign_id, started_at, settings) VALUES (:campaign_id, :now, :settings)"
    " RETURNING run_id"
)
INSERT_RUN_ROWS = text(
    "INSERT INTO run_rows (run_id, first_row, last_row) VALUES (:run_id, :first_row, :last_row)"
)
END_RUN = text(
    "UPDATE runs SET ended_at = :now, exit_code = :exit_code, stopped = :stopped WHERE run_id = :run_id"
)


@dataclass(frozen=True, slots=True)
class Campaign:
    """A named set of leads."""

    campaign_id: int
    name: str
    kind: str  # "sheet", or "call" for a single `dialer call`
    paused_reason: str | None = None


@dataclass(frozen=True, slots=True)
class Load:
    """One reading of one sheet into a campaign."""

    load_id: int
    campaign_id: int
    complete: bool
    loaded_at: str  # as `ledger.time_text` writes it
    path: str
    sha256: str
    reading: str  # JSON: how it was read
    understood: str  # JSON: what was understood


def find_campaign(connection: Connection, name: str) -> Campaign | None:
    """The campaign of this name, or None."""
    row = connection.execute(SELECT_CAMPAIGN, {"name": name}).one_or_none()
    return Campaign(row.campaign_id, row.name, row.kind, row.paused_reason) if row else None


def ensure_campaign(connection: Connection, name: str, *, now: datetime, kind: str = "sheet") -> Campaign:
    """The campaign of this name, created if there is none."""
    found = find_campaign(connection, name)
    if found is not None:
        return found
    bound = {"name": name, "kind": kind, "now": time_text(now)}
    return Campaign(connection.execute(INSERT_CAMPAIGN, bound).scalar_one(), name, kind)


def latest_load(connection: Connection, campaign_id: int, *, complete_only: bool = False) -> Load | None:
    """The newest load of a campaign, or None."""
    statement = SELECT_LATEST_COMPLETE_LOAD if complete_only else SELECT_LATEST_LOAD
    row = connection.execute(statement, {"campaign_id": campaign_id}).one_or_none()
    if row is None:
        return None
    return Load(
        row.load_id,
        campaign_id,
        bool(row.complete),
        row.loaded_at,
        row.path,
        row.sha256,
        row.reading,
        row.understood,
    )


def is_newest(connection: Connection, load_id: int, *, campaign_id: int) -> bool:
    """False if a later load, even one that was given up, has taken leads with it: then only the rows of this
    one tell of its leads."""
    newest = latest_load(connection, campaign_id)
    return newest is not None and newest.load_id == load_id


def begin_load(
    connection: Connection, campaign_id: int, *, path: str, sha256: str, reading: str, now: datetime
) -> int:
    """Begin a load; until it is completed no run uses it. Gives its id."""
    bound = {
        "campaign_id": campaign_id,
        "path": path,
        "sha256": sha256,
        "reading": reading,
        "now": time_text(now),
        "complete": False,
        "understood": "{}",
    }
    return int(connection.execute(INSERT_LOAD, bound).scalar_one())


def complete_load(connection: Connection, *, load_id: int, campaign_id: int, understood: str) -> None:
    """Let runs use a load: all of its rows are written."""
    bound = {"load_id": load_id, "campaign_id": campaign_id, "complete": True, "understood": understood}
    connection.execute(COMPLETE_LOAD, bound)


def count_called_elsewhere(connection: Connection, *, campaign_id: int, load_id: int) -> int:
    """How many leads that were called, or may have been, stand in no load after this one."""
    bound = {"campaign_id": campaign_id, "load_id": load_id}
    return int(connection.execute(COUNT_CALLED, bound).scalar_one())


def mendable_rows(connection: Connection, *, campaign_id: int, load_id: int) -> frozenset[int]:
    """The fingerprints of a load's invalid and refused rows: what is new in their place was mended."""
    bound = {"campaign_id": campaign_id, "load_id": load_id}
    return frozenset(connection.execute(SELECT_MENDABLE, bound).scalars())


def seems_another_list(connection: Connection, load_id: int, before_id: int) -> int | None:
    """How many numbers two loads have in common where that is less than half of the shorter one's, or None.

    A list that grew, or of which a part was sent, is the same list; another one has a few people in common.
    """
    sizes = [
        int(connection.execute(COUNT_NUMBERS, {"load_id": each}).scalar_one())
        for each in (load_id, before_id)
    ]
    common = connection.execute(COUNT_NUMBERS_IN_COMMON, {"load_id": load_id, "other_id": before_id})
    shared = int(common.scalar_one())
    return shared if 2 * shared < min(sizes) else None


def move_load(
    connection: Connection, *, load_id: int, path: str, sha256: str, understood: str | None = None
) -> None:
    """Note that the same rows stand elsewhere now, or in a file with other result columns (`understood`)."""
    bound = {"load_id": load_id, "path": path, "sha256": sha256, "understood": understood}
    connection.execute(MOVE_LOAD, bound)


def set_reading(connection: Connection, *, load_id: int, reading: str) -> None:
    """Note that the report of a load gets other columns from now on (`in_columns` of its reading)."""
    connection.execute(SET_READING, {"load_id": load_id, "reading": reading})


def rename_content(connection: Connection, *, path: str, sha256: str) -> None:
    """Note that a file holds the same rows under another digest, for every load that was read from it."""
    connection.execute(RENAME_CONTENT, {"path": path, "sha256": sha256})


def begin_run(
    connection: Connection,
    campaign_id: int,
    *,
    settings: Mapping[str, str],
    rows: Sequence[tuple[int, int]],
    now: datetime,
) -> int:
    """Note that a run begins; gives its id."""
    bound = {"campaign_id": campaign_id, "now": time_text(now), "settings": json.dumps(dict(settings))}
    run_id = int(connection.execute(INSERT_RUN, bound).scalar_one())
    for first, last in rows:
        connection.execute(INSERT_RUN_ROWS, {"run_id": run_id, "first_row": first, "last_row": last})
    return run_id


def end_run(
    connection: Connection, run_id: int, *, exit_code: int, stopped: str | None, now: datetime
) -> None:
    """Note how a run ended."""
    connection.execute(
        END_RUN, {"run_id": run_id, "exit_code": exit_code, "stopped": stopped, "now": time_text(now)}
    )
