"""What a night asks the ledger of a sheet: what is left of it, and that it lies elsewhere now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, text

from dialer.ledger import time_of, time_text
from dialer.loads import latest_load
from dialer.standing import Point, count_rows
from dialer.whom import FORBIDDEN

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
MOVE_SHEET = text("UPDATE loads SET path = :new WHERE path = :old")


@dataclass(frozen=True, slots=True)
class Left:
    """What is still to be done for a sheet. Times are aware and UTC."""

    pending: int = 0
    deferred: int = 0  # outside calling hours, or over a cap, until a time that is known
    recent: int = 0  # another campaign called them lately
    forbidden: int = 0  # answered with 403 after other calls had been allowed
    never: int = 0  # beside these: nobody knows when they may be called, so no night will call them
    next_at: datetime | None = None  # when the first of the deferred may be called

    @property
    def rows(self) -> int:
        """How many rows another night may call."""
        return self.pending + self.deferred + self.recent + self.forbidden


def standing_of_sheet(
    connection: Connection, campaign_id: int, sheet: Path, point: Point
) -> tuple[dict[str, int], Left] | None:
    """How many rows of a sheet have which status, and what is left; None if the campaign's newest load is
    of another sheet."""
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
        next_at=time_of(opens) if opens else None,
    )
    return counts, left


def move_sheet(connection: Connection, old: Path, new: Path) -> None:
    """Note for every load that was read from a sheet that it lies elsewhere now."""
    connection.execute(MOVE_SHEET, {"old": str(old), "new": str(new)})
