"""What a reply of the API means: its status line, headers and body become one outcome.

The vendor documents 201 for success, 4xx for client errors, 5xx for server errors, and one error body.
Where the documentation is silent the careful reading holds: what may have been created is `Unknown`.
Pure: nothing is read but the arguments.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

from dialer.outcomes import Called, Forbidden, Halted, Outcome, Refused, Throttled, Unknown
from dialer.printable import clean

# Statuses of a row that say what became of it in dialer: a call must never carry one of these words,
# whatever the API calls its state.
RESERVED_STATUSES = frozenset(
    {"failed", "unknown", "pending", "invalid", "duplicate", "suppressed", "recent", "deferred"}
)
ACCEPTED = "accepted"  # created, but the reply gave no word for its state

_REFUSES_ONE_LEAD = frozenset({400, 412, 417, 422, 423, 424, 428, 451})
# Refused before the request was processed, and every other request would be as well.
_REFUSES_ALL = frozenset({401, 402, 404, 405, 406, 410, 411, 413, 414, 415, 421, 425, 426, 431, 501, 505})
_REDIRECTS = frozenset({301, 302, 307, 308})
_LONGEST_WORD = 100
_SECONDS = re.compile(r"[0-9]+(?:\.[0-9]*)?")
_ENDLESS_SECONDS = 1e9


@dataclass(frozen=True, slots=True)
class Reply:
    """What was received of a reply; the body may be cut off or garbage."""

    status: int
    headers: Mapping[str, str]  # names in lower case
    body: bytes


def read_reply(reply: Reply, *, sent_to: str) -> Outcome:
    """Tell what a reply to POST /calls/outbound means; `sent_to` is the number that was sent (E.164)."""
    status = reply.status
    if 200 <= status < 300:
        return _called(reply, sent_to)
    code, message = error_of(reply)
    if status == 429:
        return Throttled(retry_after_seconds(reply.headers), message)
    if status == 403:
        return Forbidden(status, code, message)
    if status in _REFUSES_ALL:
        return Halted(status, code, message)
    if status in _REFUSES_ONE_LEAD:
        return Refused(status, code, message)
    if status in _REDIRECTS:
        # Only the host is named: a Location may carry anything.
        return Halted(status, "redirect", f"{message}: redirected")
    return Unknown(f"HTTP {status}: {message}", http_status=status, redirect=status == 303)


def error_of(reply: Reply) -> tuple[str, str]:
    """The API's own code and message, or `http_<status>` and the status' usual phrase where it gave none."""
    error = (_json_object(reply.body) or {}).get("error")
    code, message = f"http_{reply.status}", _phrase(reply.status)
    if isinstance(error, dict):
        code = _word(error.get("code")) or code
        message = clean(error.get("message")) or message
        details = error.get("details")
        missing = details.get("missing_fields") if isinstance(details, dict) else None
        if isinstance(missing, list) and missing:
            message += " (" + clean(", ".join(str(name) for name in missing)) + ")"
    return code, message


def retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    """The seconds that Retry-After asks for (RFC 9110, section 10.2.3), or None if it says nothing usable.

    A date is compared with the reply's own Date, not with our clock. A fraction is rounded up.
    """
    text = headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(text):
        return float(math.ceil(min(float(text), _ENDLESS_SECONDS)))
    return _seconds_until(text, headers.get("date", ""))


def _called(reply: Reply, sent_to: str) -> Called:
    found = _json_object(reply.body)
    body = found or {}
    oddities = []
    call_id = _word(body.get("call_id"))
    status = _word(body.get("status"))
    if found is None:
        oddities.append("the reply was no JSON object")
    elif call_id is None:
        oddities.append("the reply held no call_id")
    elif call_id != body["call_id"]:
        oddities.append("the reply held an odd call_id")  # a number, or what cannot stand in a cell as it is
    if status is not None and status.lower() in RESERVED_STATUSES:
        oddities.append(f"the API gave the new call the status “{status}”")
        status = None
    is_new = body.get("is_new_contact")
    to_phone = _word(body.get("to_phone"))
    misdirected = to_phone is not None and _digits(to_phone) != _digits(sent_to)
    if misdirected:
        oddities.append(f"the API says that it dials {to_phone}")
    return Called(
        http_status=reply.status,
        call_id=call_id,
        status=status,
        is_new_contact=is_new if isinstance(is_new, bool) else None,
        contact_id=_word(body.get("contact_id")),
        to_phone=to_phone,
        oddities=tuple(oddities),
        misdirected=misdirected,
    )


def _json_object(body: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _word(value: object) -> str | None:
    """A short text as it stands; a number as text; None for anything else."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    return clean(value, longest=_LONGEST_WORD) or None


def _digits(phone: str) -> str:
    return "".join(char for char in phone if char.isdigit())


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return f"status {status}"


def _seconds_until(date: str, now: str) -> float | None:
    try:
        until, sent = parsedate_to_datetime(date), parsedate_to_datetime(now)
        seconds = (_aware(until) - _aware(sent)).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return None
    return seconds if seconds > 0 else None


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
