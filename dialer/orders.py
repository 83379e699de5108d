"""What a run is told from outside: to pause until somebody resumes the campaign, or to stop this once."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, text

from dialer.ledger import time_text
from dialer.retry import Stop

SELECT_ORDERS = text(
    "SELECT paused_reason, stop_requested_at FROM campaigns WHERE campaign_id = :campaign_id"
)
PAUSE_CAMPAIGN = text(
    "UPDATE campaigns SET paused_at = :now, paused_reason = :reason WHERE campaign_id = :campaign_id"
)
REQUEST_STOP = text("UPDATE campaigns SET stop_requested_at = :now WHERE campaign_id = :campaign_id")

STOPPED = "Stopped by `dialer stop`: calls under way were finished, the rest is called by the same command."


def pause_reason(connection: Connection, campaign_id: int) -> str | None:
    """Why the campaign is paused, or None if it is not."""
    return connection.execute(SELECT_ORDERS, {"campaign_id": campaign_id}).scalar()


def set_pause(connection: Connection, campaign_id: int, *, reason: str | None, now: datetime) -> None:
    """Pause the campaign until it is resumed (`reason` None resumes it)."""
    connection.execute(
        PAUSE_CAMPAIGN,
        {"campaign_id": campaign_id, "reason": reason, "now": time_text(now) if reason else None},
    )


def request_stop(connection: Connection, campaign_id: int, *, now: datetime | None) -> None:
    """Ask the run under way to end; None forgets what an earlier one was asked."""
    connection.execute(REQUEST_STOP, {"campaign_id": campaign_id, "now": time_text(now) if now else None})


def stop_asked(connection: Connection, campaign_id: int) -> Stop | None:
    """Why the run under way is to end, or None if nobody wants that."""
    row = connection.execute(SELECT_ORDERS, {"campaign_id": campaign_id}).one()
    if row.paused_reason is not None:
        return Stop("paused", f"The campaign was paused: {row.paused_reason}", exit_code=75)
    if row.stop_requested_at is not None:
        return Stop("stopped", STOPPED, exit_code=75)
    return None
