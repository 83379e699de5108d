"""What becomes of a number: decided by its digits alone, so that every run of a rehearsal is the same run."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import Literal

Ending = Literal["completed", "failed"]
Qualification = Literal["hot", "warm", "cold"]

_INTENTS = ("quote_request", "callback_request", "question", "not_interested")


@dataclass(frozen=True, slots=True)
class Refusal:
    """The API will not call this number, and says so at once."""

    http_status: int
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Fate:
    """How a call to this number goes."""

    ending: Ending
    talk_share: float  # 0 to 1: how much of the longest talk this one takes
    qualification: Qualification | None  # None where nobody was reached
    appointment_booked: bool
    intent: str | None  # None where the assistant could not tell


@dataclass(frozen=True, slots=True)
class Timeline:
    """How long the stages of a call last, in seconds."""

    queued_seconds: float = 1.0
    talk_seconds: float = 6.0  # the longest talk; the shortest is a quarter of it


_REFUSALS = {
    "0191": Refusal(400, "invalid_request", "The destination number is blocked"),
    "0192": Refusal(422, "unprocessable_number", "The destination number cannot receive calls"),
}


def _shown_by(number: str) -> str:
    """The last four digits if the number is fictional: in North America 555 01xx, in Britain 7946 0xxx."""
    return number[-4:] if number[-7:-4] in {"555", "946"} else ""


def refusal_of(number: str) -> Refusal | None:
    """The refusal that this number always meets, or None."""
    return _REFUSALS.get(_shown_by(number))


def fate_of(number: str) -> Fate:
    """The same fate for the same number, on every machine and in every run."""
    digest = blake2b(number.encode(), digest_size=8).digest()
    talk_share = digest[0] / 255
    if _shown_by(number) == "0193":
        return Fate("failed", talk_share, None, appointment_booked=False, intent=None)
    if _shown_by(number) == "0194":
        return Fate("completed", talk_share, "hot", appointment_booked=True, intent="quote_request")
    if digest[1] < 51:  # one call in five
        return Fate("failed", talk_share, None, appointment_booked=False, intent=None)
    qualification: Qualification = ("hot", "warm", "cold")[digest[2] % 3]
    return Fate(
        "completed",
        talk_share,
        qualification,
        appointment_booked=qualification == "hot" and digest[3] % 2 == 0,
        intent=None if digest[4] < 51 else _INTENTS[digest[4] % len(_INTENTS)],
    )


def talk_seconds(fate: Fate, timeline: Timeline) -> float:
    """How long the line is open; where nobody answers, that is the ringing."""
    shortest = timeline.talk_seconds / 4
    if fate.ending == "failed":
        return shortest
    return shortest + fate.talk_share * (timeline.talk_seconds - shortest)
