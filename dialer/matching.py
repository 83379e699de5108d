"""Which call in the API's records belongs to which attempt that was never answered.

Only "found" is proof. A call that may as well be another attempt's belongs to nobody. Pure: nothing is
read but the arguments.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from dialer.printable import clean

SKEW = timedelta(minutes=5)  # by how much two clocks may differ, beyond what the server's Date tells
NEAR = timedelta(minutes=10)  # a call this soon after an attempt is looked no further for
_LONGEST_ID = 100
_OVER = frozenset({"completed", "failed", "canceled", "cancelled", "busy", "no-answer"})


@dataclass(frozen=True, slots=True)
class Claim:
    """An attempt on one number that may have made a call of which the ledger knows no id."""

    attempt_id: int
    lead_id: int
    begun_at: datetime  # aware, by the server's clock
    trace_tag: str | None = None  # sent along; the contact of its call must carry it
    settled: bool = False  # it surely made a call (2xx without an id): it competes and is not settled itself


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact with exactly the number that was called."""

    contact_id: str
    tags: frozenset[str] = frozenset()
    created_at: datetime | None = None  # aware


@dataclass(frozen=True, slots=True)
class FoundCall:
    """An outbound call to a contact; `at` is None while it is queued and the API gives it no time yet."""

    call_id: str
    contact: Contact
    at: datetime | None  # aware; not before it was created


def contact_of(record: dict[str, Any], *, phone: str) -> Contact | None:
    """The contact of a record, or None if it has another number than `phone`."""
    contact_id = id_of(record.get("id"))
    if contact_id is None or record.get("phone_number") != phone:
        return None
    tags = record.get("tags")
    each = tags.split(",") if isinstance(tags, str) else tags if isinstance(tags, list) else []
    return Contact(
        contact_id=contact_id,
        tags=frozenset(tag.strip() for tag in each if isinstance(tag, str)),
        created_at=moment_of(record.get("created_at")),
    )


def call_of(record: dict[str, Any], contact: Contact) -> FoundCall | None:
    """The call of a summary, or None if it is no outbound call, or none whose time can be told.

    A summary has no time of creation, and no time at all while the call is queued.
    """
    call_id = id_of(record.get("id"))
    if call_id is None or record.get("call_type", "outbound") != "outbound":
        return None
    times = [record.get(name) for name in ("created_at", "call_started_at", "call_ended_at")]
    given = next((time for time in times if time is not None), None)
    at = moment_of(given)
    if given is not None and at is None:
        return None
    if at is None and str(record.get("call_status")).lower() in _OVER:
        # Over, and nobody knows when: all that is certain is that its contact was there before.
        if contact.created_at is None:
            return None
        at = contact.created_at
    return FoundCall(call_id, contact, at)


def id_of(value: object) -> str | None:
    """An id as the ledger writes it, or None for what is none."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    return clean(value, longest=_LONGEST_ID) or None


def moment_of(value: object) -> datetime | None:
    """The aware moment that ISO 8601 text names, or None; without a zone it is UTC."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def may_concern(claim: Claim, contact: Contact) -> bool:
    """True if a call to this contact may be this attempt's: the contact bears the tag, if one was sent."""
    return claim.trace_tag is None or claim.settled or claim.trace_tag in contact.tags


def may_be(claim: Claim, call: FoundCall) -> bool:
    """True if this attempt may have made this call, which must not be older."""
    return may_concern(claim, call.contact) and (call.at is None or call.at >= claim.begun_at - SKEW)


def is_near(claim: Claim, call: FoundCall, *, now: datetime) -> bool:
    """True if a call is so soon after an attempt that there is no better one to look for."""
    at = now if call.at is None else call.at
    return may_be(claim, call) and abs(at - claim.begun_at) <= NEAR


def match(claims: Sequence[Claim], calls: Sequence[FoundCall]) -> dict[int, FoundCall]:
    """The call of each attempt (by its id) that surely has one; no call is given to two.

    `claims` are all attempts on one number whose calls the ledger does not know, `calls` all calls to it
    that belong to no known attempt. If there are calls enough for all, the latest attempt gets the nearest
    one first. Otherwise only that is given which can be nobody else's; of several attempts for the same
    lead it matters little which one it was.
    """
    given = _nearest_first(claims, calls)
    if len(given) < len(claims):
        given = {}
        for lead_id in {claim.lead_id for claim in claims}:
            own = [claim for claim in claims if claim.lead_id == lead_id]
            others = [claim for claim in claims if claim.lead_id != lead_id]
            left = [call for call in calls if not any(may_be(other, call) for other in others)]
            given |= _nearest_first(own, left)
    unsettled = {claim.attempt_id for claim in claims if not claim.settled}
    return {attempt_id: call for attempt_id, call in given.items() if attempt_id in unsettled}


def _nearest_first(claims: Sequence[Claim], calls: Sequence[FoundCall]) -> dict[int, FoundCall]:
    left = list(calls)
    given: dict[int, FoundCall] = {}
    for claim in sorted(claims, key=lambda claim: (claim.begun_at, claim.attempt_id), reverse=True):
        possible = [call for call in left if may_be(claim, call)]
        if possible:
            nearest = min(possible, key=lambda call: (_distance(claim, call), call.call_id))
            given[claim.attempt_id] = nearest
            left.remove(nearest)
    return given


def _distance(claim: Claim, call: FoundCall) -> timedelta:
    return timedelta.max if call.at is None else abs(call.at - claim.begun_at)
