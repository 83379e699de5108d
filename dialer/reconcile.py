"""Settles calls without a certain answer by the API's own records: what is found there was called.

What is not found proves nothing: records lag, and a call may be created after we stopped waiting. So an
unknown call becomes called or stays unknown; it never becomes due again by itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime, timedelta

from dialer import unknowns
from dialer.ledger import Clock
from dialer.listings import ReadFailed, Reads, Record
from dialer.matching import (
    Claim,
    Contact,
    FoundCall,
    call_of,
    contact_of,
    id_of,
    is_near,
    match,
    may_be,
    may_concern,
)
from dialer.unknowns import KnownClaim, OpenAttempt, Settlement
from dialer.writer import Writer

# How long after an unknown its call is looked for while a run lasts, and again at the next start.
LOOKS = (timedelta(seconds=30), timedelta(minutes=2), timedelta(minutes=10))
_LOOK_ROUND_SECONDS = 5.0
_FAILURES_IN_A_ROW = 3
# These answers would be the same for every other lead.
_FAILS_FOR_ALL = frozenset({401, 402, 403, 404, 405})
# After so many calls that are older than the attempt the rest of the list is older too, whatever its order.
_ENOUGH_OLDER = 100

FOUND = "the call was found in the API's records"
FOUND_BY_TAG = "the call was found in the API's records by its trace tag"


@dataclass(frozen=True, slots=True)
class Means:
    """What a reconciliation works with: all that touches the world is handed in."""

    reads: Reads
    writer: Writer
    clock: Clock


@dataclass(frozen=True, slots=True)
class Settled:
    """An attempt that turned out to be a call."""

    attempt: OpenAttempt
    call_id: str


@dataclass(frozen=True, slots=True)
class Looked:
    """What came of looking for some attempts."""

    settled: tuple[Settled, ...] = ()
    not_looked_at: int = 0  # attempts for which the time was too short, or the API's records out of reach
    trouble: str | None = None  # why records could not be read; half a sentence
    http_status: int | None = None  # of the trouble, if there was a reply


async def reconcile(
    attempts: Sequence[OpenAttempt], means: Means, *, within: timedelta | None = None
) -> Looked:
    """Look for the call of each attempt in the API's records, and write down what is found.

    Reads `GET /contacts?search=` and `GET /calls?contact_id=`, one attempt after the other. No new attempt
    is begun, and no reply waited for, once `within` has passed. Never raises for what the API does.
    """
    loop = asyncio.get_running_loop()
    deadline = None if within is None else loop.time() + within.total_seconds()
    settled: list[Settled] = []
    failed: ReadFailed | None = None
    failures = asked = 0
    for attempt in attempts:
        if failures == _FAILURES_IN_A_ROW or (failed is not None and failed.http_status in _FAILS_FOR_ALL):
            break
        found: Settlement | None = None
        try:
            async with asyncio.timeout_at(deadline):
                found = await _find(attempt, means)
            failures = 0
        except ReadFailed as error:
            failed = error
            failures += 1
        except TimeoutError:
            break
        asked += 1
        if await _write(attempt, found, means) and found is not None:
            settled.append(Settled(attempt, found.call_id))
    return Looked(
        settled=tuple(settled),
        not_looked_at=len(attempts) - asked,
        trouble=failed.why if failed else None,
        http_status=failed.http_status if failed else None,
    )


async def keep_looking(campaign_id: int, means: Means, *, tell: Callable[[Looked], None]) -> None:
    """While a run lasts, look for each unknown call when `LOOKS` says so; ends when it is cancelled.

    `tell` hears of every round in which something was settled or went wrong. Where the API's records
    cannot be read at all no more is asked.
    """
    while True:
        await asyncio.sleep(_LOOK_ROUND_SECONDS)
        now = means.clock()
        attempts = await means.writer.do(lambda c: unknowns.open_attempts(c, campaign_id))
        due = [attempt for attempt in attempts if is_due(attempt, now=now)]
        if not due:
            continue
        looked = await reconcile(due, means)
        if looked.settled or looked.trouble:
            tell(looked)
        if looked.http_status in _FAILS_FOR_ALL:
            return


def is_due(attempt: OpenAttempt, *, now: datetime) -> bool:
    """True if a moment to look for this attempt has passed at which nobody looked."""
    if attempt.ended_at is None:
        return False
    passed = [attempt.ended_at + after for after in LOOKS if attempt.ended_at + after <= now]
    return bool(passed) and (attempt.looked_at is None or attempt.looked_at < passed[-1])


async def _write(attempt: OpenAttempt, found: Settlement | None, means: Means) -> bool:
    now = means.clock()
    if found is None:
        await means.writer.do(lambda c: unknowns.mark_looked(c, [attempt.attempt_id], now=now))
        return False
    return await means.writer.do(lambda c: unknowns.settle(c, found, now=now))


async def _find(attempt: OpenAttempt, means: Means) -> Settlement | None:
    known = await means.writer.do(lambda c: unknowns.claims(c, attempt.phone))
    if any(claim.outcome is None for claim in known):
        return None  # whose call it is can be told when the one under way has ended
    calls: list[FoundCall] = []
    claims: list[Claim] = []
    async with aclosing(means.reads.all("/contacts", {"search": attempt.phone})) as records:
        async for record in records:
            contact = contact_of(record, phone=attempt.phone)
            if contact is None:
                continue
            claims = claims or _by_the_servers_clock(known, means)
            if any(may_concern(claim, contact) for claim in claims if not claim.settled):
                calls += await _calls_to(contact, attempt.phone, claims, means)
            if _has_its_call(claims, calls, means):
                break
    call = match(claims, calls).get(attempt.attempt_id)
    if call is None:
        return None
    how = FOUND if attempt.trace_tag is None else FOUND_BY_TAG
    return Settlement(attempt.attempt_id, call.call_id, call.contact.contact_id, how)


async def _calls_to(contact: Contact, phone: str, claims: Sequence[Claim], means: Means) -> list[FoundCall]:
    """The calls to a contact that some of these attempts may have made and no other attempt has."""
    found: list[FoundCall] = []
    older = 0
    asked = {"contact_id": contact.contact_id, "call_type": "outbound"}
    async with aclosing(means.reads.all("/calls", asked)) as records:
        async for record in records:
            call = call_of(record, contact)
            if call is None or not any(may_be(claim, call) for claim in claims):
                older += 1
                if older >= _ENOUGH_OLDER:
                    break
                continue
            older = 0
            if await _is_foreign(record, call, phone, means):
                continue
            found.append(call)
            if _has_its_call(claims, found, means):
                break
    return found


async def _is_foreign(record: Record, call: FoundCall, phone: str, means: Means) -> bool:
    """True for a call to somebody else, which a server may give that was not asked for it, and for one that
    the ledger knows as another attempt's."""
    whose = record.get("contact_id")
    if whose is not None and id_of(whose) != call.contact.contact_id:
        return True
    if await means.writer.do(lambda c: unknowns.known_calls(c, [call.call_id])):
        return True
    if whose is not None:
        return False
    return (await means.reads.one("/calls", call.call_id)).get("customer_phone_number") != phone


def _has_its_call(claims: Sequence[Claim], calls: Sequence[FoundCall], means: Means) -> bool:
    """True if only one attempt is in question and its call can be none but the one found last."""
    now = means.clock() + _skew(means)
    return len(claims) == 1 and bool(calls) and is_near(claims[0], calls[-1], now=now)


def _by_the_servers_clock(known: Sequence[KnownClaim], means: Means) -> list[Claim]:
    skew = _skew(means)
    return [
        Claim(
            attempt_id=claim.attempt_id,
            lead_id=claim.lead_id,
            begun_at=claim.begun_at + skew,
            trace_tag=claim.trace_tag,
            settled=claim.outcome == "called",
        )
        for claim in known
    ]


def _skew(means: Means) -> timedelta:
    """By how much the server's clock is ahead of ours, as its last reply says."""
    server_time = means.reads.server_time
    return timedelta(0) if server_time is None else server_time - means.clock()
