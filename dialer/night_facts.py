"""What a night asks the ledger of a sheet: what is left of it, and that it lies elsewhere now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, bindparam, text

from dialer.bounds import COUNTS
from dialer.ledger import time_of, time_text
from dialer.loads import latest_load
from dialer.standing import Point, count_rows
from dialer.whom import FORBIDDEN

_LONGEST_ROUND = timedelta(days=7)  # so long after a call its sheet waits for the next one, and no longer

COUNT_FORBIDDEN = text(
    "SELECT count(*) FROM leads AS l WHERE l.load_id = :load_id AND l.state = 'failed' AND NOT l.suppressed"  # noqa: S608 - constants
    f" AND {FORBIDDEN}"
)
SELECT_NEXT_OPENING = text(
    "SELECT min(deferred_until) FROM leads WHERE load_id = :load_id AND state = 'due' AND NOT suppressed"
    " AND deferred_until > :now"
)
COUNT_NEVER = text(
    "SELECT count(*) FROM leads WHERE load_id = :load_id AND state = 'due' AND NOT suppressed"
    " AND deferred_reason IS NOT NULL AND deferred_until IS NULL"
)
# Called, and by --again to be called once more: the newest call ended like that, or nobody has heard yet.
COUNT_AGAIN = text(
    "SELECT count(*) FROM leads AS l JOIN attempts AS n ON n.attempt_id = l.last_attempt_id"  # noqa: S608 - constants
    " LEFT JOIN calls AS k ON k.attempt_id = n.attempt_id"
    " WHERE l.load_id = :load_id AND l.state = 'called' AND NOT l.suppressed"
    " AND n.begun_at > :begun_since"
    " AND ((k.ended AND (k.call_status IN :again OR lower(k.call_status) IN :again))"
    "      OR ((k.attempt_id IS NULL OR NOT k.ended) AND n.call_id IS NOT NULL))"
    " AND (SELECT count(*) FROM attempts AS a WHERE a.lead_id = l.lead_id"
    f" AND {COUNTS}) <= :again_times"
).bindparams(bindparam("again", expanding=True))
SELECT_TWIN = text(
    "SELECT c.name, l.loaded_at FROM loads AS l JOIN campaigns AS c ON c.campaign_id = l.campaign_id"
    " WHERE l.sha256 = :sha256 AND l.complete AND c.name <> :campaign ORDER BY l.load_id LIMIT 1"
)
MOVE_SHEET = text("UPDATE loads SET path = :new WHERE path = :old")


@dataclass(frozen=True, slots=True)
class Left:
    """What is still to be done for a sheet. Times are aware and UTC."""

    pending: int = 0
    deferred: int = 0  # outside calling hours, or over a cap, until a time that is known
    recent: int = 0  # another campaign called them lately
    forbidden: int = 0  # answered with 403 after other calls had been allowed
    never: int = 0  # beside these: nobody knows when they may be called, so no night will call them
    again: int = 0  # called, and to be called once more (--again), as far as it is known yet
    next_at: datetime | None = None  # when the first of the deferred may be called

    @property
    def rows(self) -> int:
        """How many rows another night may call."""
        return self.pending + self.deferred + self.recent + self.forbidden + self.again


@dataclass(frozen=True, slots=True)
class Round:
    """Whom `--again` calls once more."""

    words: tuple[str, ...]  # of the API's call_status, as they are and in small letters
    times: int  # beside the first call, at most


@dataclass(frozen=True, slots=True)
class Twin:
    """Another campaign that was loaded from the same file, byte for byte."""

    campaign: str
    loaded_at: datetime  # aware, UTC


def twin_of(connection: Connection, sha256: str, *, campaign: str) -> Twin | None:
    """The first other campaign whose people are those of a file with this SHA-256, or None."""
    row = connection.execute(SELECT_TWIN, {"sha256": sha256, "campaign": campaign}).first()
    return Twin(row.name, time_of(row.loaded_at)) if row is not None else None


def standing_of_sheet(
    connection: Connection, campaign_id: int, sheet: Path, point: Point, again: Round | None = None
) -> tuple[dict[str, int], Left] | None:
    """How many rows of a sheet have which status, and what is left; None if the campaign's newest load is
    of another sheet. With `again` also who is left for another call."""
    load = latest_load(connection, campaign_id, complete_only=True)
    if load is None or load.path != str(sheet):
        return None
    counts = {status: rows for status, rows in count_rows(connection, load, point).items() if rows}
    bound = {"load_id": load.load_id, "now": time_text(point.now)}
    never = int(connection.execute(COUNT_NEVER, bound).scalar_one())
    opens = connection.execute(SELECT_NEXT_OPENING, bound).scalar()
    left = Left(
        pending=counts.get("pending", 0),
        deferred=max(0, counts.get("deferred", 0) - never),
        recent=counts.get("recent", 0),
        forbidden=int(connection.execute(COUNT_FORBIDDEN, bound).scalar_one()),
        never=never,
        again=_count_again(connection, bound, point, again) if again is not None else 0,
        next_at=time_of(opens) if opens else None,
    )
    return counts, left


def _count_again(connection: Connection, bound: dict[str, Any], point: Point, again: Round) -> int:
    since = time_text(point.now - _LONGEST_ROUND)
    words = {"again": again.words, "again_times": again.times, "begun_since": since}
    return int(connection.execute(COUNT_AGAIN, bound | words).scalar_one())


def move_sheet(connection: Connection, old: Path, new: Path) -> None:
    """Note for every load that was read from a sheet that it lies elsewhere now."""
    connection.execute(MOVE_SHEET, {"old": str(old), "new": str(new)})
