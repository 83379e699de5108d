"""What the API's record of a call says: whether the call has ended, and what came of it.

The documentation names the fields, and of `call_status` three words; whatever else comes is passed through
as it is. Pure: nothing is read but the arguments.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from dialer.printable import clean

# Words of `call_status` after which nothing more happens. The API documents completed and failed; the others
# are what telephony providers say. Any other word means an end only where `call_ended_at` is set.
ENDED_WORDS = frozenset(
    {
        *("completed", "complete", "ended", "finished", "done", "success", "succeeded"),
        *("failed", "failure", "error", "rejected", "declined", "blocked", "expired"),
        *("no-answer", "not-answered", "unanswered", "missed", "busy", "unreachable", "voicemail"),
        *("canceled", "cancelled", "aborted", "hangup", "hung-up", "disconnected"),
    }
)

_LONGEST_WORD = 100
_LONGEST_URL = 2_000
_LONGEST_TEXT = 30_000  # characters: a cell of a workbook holds 32,767
_PLACES = 12  # behind the point of an amount


@dataclass(frozen=True, slots=True)
class Told:
    """What one record tells of a call; None is what it does not say."""

    call_status: str | None  # the API's own word
    ended: bool
    duration_seconds: float | None = None
    started_at: str | None = None  # both as the API wrote them
    ended_at: str | None = None
    appointment_booked: bool | None = None
    lead_qualification: str | None = None
    call_intent: str | None = None
    summary: str | None = None
    cost_usd: str | None = None  # decimal
    recording_url: str | None = None
    transcript: str | None = None  # with its line breaks

    @property
    def analysed(self) -> bool:
        """True if the record holds what the API works out once a call is over."""
        return self.summary is not None or self.cost_usd is not None


def read_call(record: Mapping[str, Any]) -> Told:
    """Read a record of `GET /calls` or of `GET /calls/{id}`; what is odd in it counts as not said."""
    status = _word(record.get("call_status"))
    ended_at = _word(record.get("call_ended_at"))
    return Told(
        call_status=status,
        ended=ended_at is not None or is_ending(status),
        duration_seconds=_seconds(record.get("duration_seconds")),
        started_at=_word(record.get("call_started_at")),
        ended_at=ended_at,
        appointment_booked=_truth(record.get("appointment_booked")),
        lead_qualification=_word(record.get("lead_qualification")),
        call_intent=_word(record.get("call_intent")),
        summary=clean(record.get("analysis_summary"), longest=_LONGEST_TEXT) or None,
        cost_usd=_amount(record.get("cost")),
        recording_url=clean(record.get("recording_url"), longest=_LONGEST_URL) or None,
        transcript=_transcript(record.get("transcript")),
    )


def is_ending(status: str | None) -> bool:
    """True if this word of `call_status` says that the call is over."""
    return status is not None and status.casefold().replace("_", "-").replace(" ", "-") in ENDED_WORDS


def happened_before(record: Mapping[str, Any], moment: datetime) -> bool:
    """True if the call of a record surely began or ended before `moment`; False where it gives no time."""
    for name in ("call_started_at", "call_ended_at"):
        at = _moment(record.get(name))
        if at is not None:
            return at < moment
    return False


def _word(value: object) -> str | None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    return clean(value, longest=_LONGEST_WORD) or None


def _truth(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _number(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number) < Decimal(10**12) else None


def _seconds(value: object) -> float | None:
    number = _number(value)
    seconds = float(number) if number is not None else math.nan
    return seconds if seconds >= 0 else None


def _amount(value: object) -> str | None:
    number = _number(value)
    if number is None:
        return None
    # As the API wrote it, unless it has more digits than any currency.
    return f"{round(number, _PLACES):f}" if _exponent(number) < -_PLACES else f"{number:f}"


def _exponent(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0


def _transcript(value: object) -> str | None:
    if isinstance(value, list | dict):
        # Not documented: whatever order it has is kept.
        value = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, str):
        return None
    lines = (clean(line, longest=_LONGEST_TEXT) for line in value[:_LONGEST_TEXT].splitlines())
    return "\n".join(lines).strip() or None


def _moment(value: object) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
