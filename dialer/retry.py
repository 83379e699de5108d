"""After this outcome: call again (when), stop the campaign, or done.

The rules are those of the API's documentation where it speaks, and the careful reading where it is
silent: what may have been created is never called again by itself. Pure: the dice are an argument.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import assert_never

from dialer.campaign import Breakers
from dialer.outcomes import Called, Forbidden, Halted, Outcome, Refused, Throttled, Unknown, Unsent

LONGEST_RETRY_AFTER_SECONDS = 600.0  # asked to wait longer than this, the run ends and says so
LONGEST_THROTTLED_SECONDS = 600.0  # ... and as well after so long without a single call getting through
_LONGEST_BACKOFF_SECONDS = 30.0


class LeadState(StrEnum):
    """Where a lead stands; see "Life of a lead" in the README."""

    DUE = "due"
    SENDING = "sending"
    CALLED = "called"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Stop:
    """Why the run ends before its work is done."""

    code: str  # stable
    sentence: str  # what happened and the way on
    exit_code: int
    pause: bool = False  # True: lasts until `dialer resume`
    alarm: bool = False  # True: it counts even if the run is being stopped for another reason already


@dataclass(frozen=True, slots=True)
class Tally:
    """What has happened so far in this run; the memory that `decide` needs.

    A row is of leads that ended in the same way, one after the other; a lead that ends in another way ends
    the row. What leaves its lead due (a 429, a request that was not sent) is no ending and ends no row.
    """

    called: int = 0
    unknown: int = 0
    unknown_in_row: int = 0
    refused_in_row: int = 0
    forbidden_in_row: int = 0
    throttled_in_row: int = 0
    unsent_in_row: int = 0
    internal_errors: int = 0


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of the lead, of everybody's pace, and of the run."""

    state: LeadState
    tally: Tally
    counts_as_attempt: bool = True
    wait_seconds: float = 0.0  # nobody sends for so long
    slow_down: bool = False  # the pace is halved and climbs back
    stop: Stop | None = None


def backoff_seconds(times: int, *, dice: float) -> float:
    """How long everybody waits after `times` (>= 1) failures in a row; `dice` is in [0, 1).

    Doubles from one second to thirty, the last half of it left to the dice, so that many runs that
    failed together do not come back together.
    """
    full = min(_LONGEST_BACKOFF_SECONDS, 2.0 ** min(times - 1, 10))
    return full / 2 + full / 2 * dice


def decide(outcome: Outcome, tally: Tally, *, breakers: Breakers, dice: float) -> Decision:
    """Decide what follows from one outcome; `dice` is in [0, 1) and only spreads waiting times."""
    match outcome:
        case Called():
            fresh = Tally(
                called=tally.called + 1, unknown=tally.unknown, internal_errors=tally.internal_errors
            )
            return Decision(LeadState.CALLED, fresh, stop=_misdirected(outcome))
        case Refused():
            tally = replace(tally, **_ANOTHER_ENDING | {"refused_in_row": tally.refused_in_row + 1})
            return Decision(LeadState.FAILED, tally, stop=_too_many_refused(outcome, tally, breakers))
        case Forbidden():
            return _forbidden(outcome, tally, breakers)
        case Halted():
            return Decision(LeadState.DUE, tally, counts_as_attempt=False, stop=_halted(outcome))
        case Throttled():
            return _throttled(outcome, tally, dice)
        case Unsent():
            return _unsent(outcome, tally, dice)
        case Unknown():
            return _unknown(outcome, tally, breakers)
        case _:
            assert_never(outcome)


_ANOTHER_ENDING = dict.fromkeys(
    ("unknown_in_row", "refused_in_row", "forbidden_in_row", "throttled_in_row", "unsent_in_row"), 0
)


def _misdirected(outcome: Called) -> Stop | None:
    if not outcome.misdirected:
        return None
    return Stop(
        "wrong_number_dialled",
        f"ALARM: the API says it dials {outcome.to_phone}, which is not the number that was sent: "
        "ask VozAgent before you go on with `dialer resume`.",
        exit_code=75,
        pause=True,
        alarm=True,
    )


def _too_many_refused(outcome: Refused, tally: Tally, breakers: Breakers) -> Stop | None:
    if tally.refused_in_row < breakers.max_refused_in_row:
        return None
    return Stop(
        "refused_in_row",
        f"Paused: {tally.refused_in_row} leads in a row were refused, the last with “{outcome.message}”: "
        "look for a mapping fault in the sheet, then `dialer resume` and `dialer retry`.",
        exit_code=75,
        pause=True,
    )


def _forbidden(outcome: Forbidden, tally: Tally, breakers: Breakers) -> Decision:
    sentence = f"The API answered 403, “{outcome.message}”: "
    if tally.called == 0:
        stop = Stop(
            "forbidden",
            sentence + "give the key the scope calls:write in the VozAgent dashboard, then run again.",
            exit_code=77,
        )
        return Decision(LeadState.DUE, tally, counts_as_attempt=False, stop=stop)
    tally = replace(tally, **_ANOTHER_ENDING | {"forbidden_in_row": tally.forbidden_in_row + 1})
    stopped = None
    if tally.forbidden_in_row >= breakers.max_forbidden_in_row:
        stopped = Stop(
            "forbidden_in_row",
            f"{tally.forbidden_in_row} leads in a row were forbidden; {sentence}check what the key may do, "
            "then run again.",
            exit_code=77,
        )
    return Decision(LeadState.FAILED, tally, stop=stopped)


def _halted(outcome: Halted) -> Stop:
    said = f"The API answered {outcome.http_status}, “{outcome.message}”: "
    match outcome.http_status:
        case 401:
            return Stop(
                "unauthorized", said + "set VOZAGENT_API_KEY to a valid key, then run again.", exit_code=77
            )
        case 402:
            return Stop("payment_required", said + "renew the subscription, then run again.", exit_code=77)
        case 404:
            return Stop(
                "not_found", said + "check the assistant and --base-url, then run again.", exit_code=78
            )
        case _:
            return Stop(outcome.code, said + "check --base-url, then run again.", exit_code=78)


def _throttled(outcome: Throttled, tally: Tally, dice: float) -> Decision:
    tally = replace(tally, throttled_in_row=tally.throttled_in_row + 1, unsent_in_row=0)
    own = backoff_seconds(tally.throttled_in_row, dice=dice)
    asked = outcome.retry_after_seconds
    # The dice come on top of what the API asked for: earlier than asked is never right.
    wait = own if asked is None else asked + min(1.0, 0.1 * asked + 0.05) * dice
    stop = None
    if asked is not None and asked > LONGEST_RETRY_AFTER_SECONDS:
        stop = Stop(
            "throttled",
            f"The API asks to wait {asked / 60:.0f} minutes: run the same command again after that.",
            exit_code=75,
        )
    return Decision(
        LeadState.DUE, tally, counts_as_attempt=False, wait_seconds=wait, slow_down=True, stop=stop
    )


def _unsent(outcome: Unsent, tally: Tally, dice: float) -> Decision:
    if outcome.settings:
        stop = Stop(
            "bad_request",
            f"The request is unusable ({outcome.reason}): check the key and --base-url, then run again.",
            exit_code=78,
        )
        return Decision(LeadState.DUE, tally, counts_as_attempt=False, stop=stop)
    if not outcome.unreachable:
        return Decision(LeadState.DUE, tally, counts_as_attempt=False)
    tally = replace(tally, unsent_in_row=tally.unsent_in_row + 1)
    wait = backoff_seconds(tally.unsent_in_row, dice=dice)
    return Decision(LeadState.DUE, tally, counts_as_attempt=False, wait_seconds=wait)


def _unknown(outcome: Unknown, tally: Tally, breakers: Breakers) -> Decision:
    errors = tally.internal_errors + outcome.internal
    tally = replace(
        tally, **_ANOTHER_ENDING | {"unknown_in_row": tally.unknown_in_row + 1, "internal_errors": errors}
    )
    tally = replace(tally, unknown=tally.unknown + 1)
    stop = None
    if outcome.redirect:
        stop = Stop(
            "redirect",
            f"The API answered with a redirect ({outcome.reason}): check --base-url, then run again.",
            exit_code=78,
        )
    elif tally.internal_errors >= breakers.max_internal_errors:
        stop = Stop(
            "internal_errors",
            f"Paused after {tally.internal_errors} faults inside dialer, the last “{outcome.reason}”: "
            "report them, then `dialer resume`.",
            exit_code=75,
            pause=True,
        )
    elif tally.unknown_in_row >= breakers.max_unknown_in_row:
        stop = Stop(
            "unknown_in_row",
            f"Paused: {tally.unknown_in_row} calls in a row ended without a certain answer, the last with "
            f"“{outcome.reason}”: look at VozAgent's own list of calls, then `dialer resume`.",
            exit_code=75,
            pause=True,
        )
    elif breakers.max_unknown is not None and tally.unknown >= breakers.max_unknown:
        calls = "1 call" if tally.unknown == 1 else f"{tally.unknown} calls"
        stop = Stop(
            "max_unknown",
            f"Paused: {calls} of this run ended without a certain answer (--max-unknown), the last with "
            f"“{outcome.reason}”: look with `dialer reconcile`, then `dialer resume`.",
            exit_code=75,
            pause=True,
        )
    return Decision(LeadState.UNKNOWN, tally, stop=stop)
