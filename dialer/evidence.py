"""What a report that is fed back says of its rows: its own columns are the second memory of the product.

The ledger is the first. Where it is lost, or is another machine's, whoever a report shows as called must
not be called again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b

from dialer.columns import Columns
from dialer.leads import report_cell
from dialer.replies import RESERVED_STATUSES
from dialer.retry import LeadState
from dialer.table import Row

_TRUE = frozenset({"true", "wahr", "vrai", "verdadero", "1", "1.0"})  # as spreadsheets write it, by language
_FALSE = frozenset({"false", "falsch", "faux", "falso", "0", "0.0"})


@dataclass(frozen=True, slots=True)
class Evidence:
    """An attempt that a row of a report tells of, on the number that the row holds now."""

    e164: str
    state: LeadState  # called, unknown or failed
    call_id: str | None
    status: str | None  # the API's own word
    is_new_contact: bool | None
    contact_id: str | None
    called_at: datetime | None  # aware, UTC
    attempts: int
    reason: str | None


def evidence_of(row: Row, columns: Columns, e164: str) -> Evidence | None:
    """What a report's row says of an attempt on `e164`, its number of now; None if it tells of none.

    A row whose number was changed since tells nothing of the new number.
    """
    if not columns.results:
        return None
    if "to_phone" in columns.results and report_cell(row, columns, "to_phone").lstrip("'") != e164:
        return None
    call_id = report_cell(row, columns, "call_id") or None
    called_at = _moment(report_cell(row, columns, "called_at"))
    status = report_cell(row, columns, "status")
    # In a report without these columns the word beside the row is all there is.
    by_word = columns.results.keys().isdisjoint({"call_id", "called_at"})
    if call_id is not None or called_at is not None or (by_word and status not in {"", *RESERVED_STATUSES}):
        state = LeadState.CALLED
    elif status in {"unknown", "failed"}:
        state = LeadState(status)
    else:
        return None
    return Evidence(
        e164=e164,
        state=state,
        call_id=call_id,
        status=status if status and status not in RESERVED_STATUSES else None,
        is_new_contact=_truth(report_cell(row, columns, "is_new_contact")),
        contact_id=report_cell(row, columns, "contact_id") or None,
        called_at=called_at,
        attempts=_count(report_cell(row, columns, "attempts")),
        reason=report_cell(row, columns, "reason") or None,
    )


def says_mended(row: Row, columns: Columns, e164: str) -> bool:
    """True if the report calls this row invalid, or failed with another number: somebody mended it since."""
    match report_cell(row, columns, "status"):
        case "invalid":
            return True
        case "failed":
            sent_to = report_cell(row, columns, "to_phone").lstrip("'")
            return bool(sent_to) and sent_to != e164
        case _:
            return False


def lost_its_call(row: Row, columns: Columns, e164: str) -> bool:
    """True if the row tells of a call, but to another number than it holds now."""
    if not report_cell(row, columns, "call_id"):
        return False
    return report_cell(row, columns, "to_phone").lstrip("'") not in {"", e164}


def fingerprint(row: Row, columns: Columns) -> int | None:
    """Marks whose row it is by all cells but phones and results, so that it is known when sorted or mended.

    64 bits, signed as SQLite keeps them; None where no other cell says anything.
    """
    apart = (*columns.phones, *columns.results.values())
    texts = [cell.strip() for position, cell in enumerate(row.cells) if position not in apart]
    return _mark(texts) if any(texts) else None


def _mark(texts: Sequence[str]) -> int:
    while texts and not texts[-1]:
        texts = texts[:-1]
    digest = blake2b("\x1f".join(texts).encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, signed=True)


def _truth(text: str) -> bool | None:
    folded = text.casefold()
    return True if folded in _TRUE else False if folded in _FALSE else None


def _count(text: str) -> int:
    try:
        return max(1, min(1000, int(float(text))))
    except (ValueError, OverflowError):
        return 1


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    # What dialer writes carries its zone; a spreadsheet program may have dropped it.
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
