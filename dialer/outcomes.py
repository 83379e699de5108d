"""How an attempt can end: a closed set.

Whoever matches on `Outcome` ends with `assert_never`, so that a new ending breaks the type check
everywhere it has to be thought about.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Called:
    """A 2xx status line was seen: a call exists, even if the body was cut off or made no sense."""

    http_status: int
    call_id: str | None = None
    status: str | None = None  # the API's own word, e.g. "queued"; None if the body gave none
    is_new_contact: bool | None = None
    contact_id: str | None = None
    to_phone: str | None = None  # what the API says it dials; None if the body did not say
    oddities: tuple[str, ...] = ()  # what was wrong with the reply, for the report
    misdirected: bool = False  # `to_phone` is not the number that was sent


@dataclass(frozen=True, slots=True)
class Refused:
    """The API surely refused this one lead (400, 422, ...): mend the row and run again."""

    http_status: int
    code: str  # the API's own code, or `http_<status>` where it gave none
    message: str


@dataclass(frozen=True, slots=True)
class Forbidden:
    """403: the key lacks the right, or the API will not call this number; `retry` tells which."""

    http_status: int
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Halted:
    """A refusal that every other lead would meet as well (401, 402, 404, redirect, ...)."""

    http_status: int
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Throttled:
    """429: not created, not counted as an attempt; everybody slows down."""

    retry_after_seconds: float | None  # None where the API named no usable time
    message: str


@dataclass(frozen=True, slots=True)
class Unsent:
    """Proof from the transport that no byte of the request left this machine."""

    reason: str
    unreachable: bool = True  # False: withdrawn by us before sending (a pause, a stop)
    settings: bool = False  # True: it will fail for every lead (bad URL, bad header)


@dataclass(frozen=True, slots=True)
class Unknown:
    """Something may have been sent and there is no certain answer: never redialled by itself."""

    reason: str
    http_status: int | None = None
    redirect: bool = False  # a 303, often the answer after success: unknown, and the base URL is wrong
    internal: bool = False  # caused by a fault of our own, not by the network or the API


Outcome = Called | Refused | Forbidden | Halted | Throttled | Unsent | Unknown
