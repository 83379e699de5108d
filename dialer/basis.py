"""On what basis the people of a campaign may be called by an artificial voice, as the operator stated it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from dialer.ledger import time_of, time_text

_LONGEST = 500  # characters

SELECT_BASIS = text("SELECT basis, basis_stated_at FROM campaigns WHERE campaign_id = :campaign_id")
STATE_BASIS = text(
    "UPDATE campaigns SET basis = :words, basis_stated_at = :now"
    " WHERE campaign_id = :campaign_id AND (basis IS NULL OR basis <> :words)"
)


@dataclass(frozen=True, slots=True)
class Basis:
    """What the operator stated once for a campaign."""

    words: str
    stated_at: datetime  # aware, UTC

    def __str__(self) -> str:
        return f"{self.words} (stated {self.stated_at:%Y-%m-%d %H:%M} UTC)"


def basis_of(connection: Connection, campaign_id: int) -> Basis | None:
    """What was stated for a campaign, or None."""
    row = connection.execute(SELECT_BASIS, {"campaign_id": campaign_id}).one()
    return Basis(row.basis, time_of(row.basis_stated_at)) if row.basis else None


def state_basis(connection: Connection, campaign_id: int, words: str, *, now: datetime) -> None:
    """Write down what the operator states; the same words again leave the time as it is."""
    said = " ".join(words.split())[:_LONGEST]
    connection.execute(STATE_BASIS, {"campaign_id": campaign_id, "words": said, "now": time_text(now)})
