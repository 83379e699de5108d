"""After this outcome: the whole decision, as a table."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialer.campaign import Breakers
from dialer.outcomes import Called, Forbidden, Halted, Outcome, Refused, Throttled, Unknown, Unsent
from dialer.retry import Decision, LeadState, Stop, Tally, backoff_seconds, decide

BREAKERS = Breakers()  # 5 unknown, 20 refused, 3 forbidden, 3 faults of our own

CALLED = Called(201, call_id="call-1", status="queued")
MISDIRECTED = Called(201, to_phone="+12015550199", misdirected=True)
REFUSED = Refused(422, "invalid_request", "No such number.")
FORBIDDEN = Forbidden(403, "forbidden", "Not allowed.")
THROTTLED = Throttled(None, "Too Many Requests")
UNREACHABLE = Unsent("ConnectError")
WITHDRAWN = Unsent("withdrawn before it was sent", unreachable=False)
UNUSABLE = Unsent("InvalidURL: no host", settings=True)
UNKNOWN = Unknown("no reply (ReadTimeout)")
OUR_FAULT = Unknown("no reply (ZeroDivisionError)", internal=True)
SEE_OTHER = Unknown("HTTP 303: See Other", http_status=303, redirect=True)


def halted(status: int, code: str = "invalid_request") -> Halted:
    return Halted(status, code, "No.")


def after(outcome: Outcome, tally: Tally | None = None, *, dice: float = 0.0) -> Decision:
    return decide(outcome, tally or Tally(), breakers=BREAKERS, dice=dice)


BUSY = Tally(
    called=7,
    unknown_in_row=2,
    refused_in_row=3,
    forbidden_in_row=1,
    throttled_in_row=2,
    unsent_in_row=2,
    internal_errors=1,
)


# What becomes of the lead, and what is remembered


def test_a_call_ends_every_row_of_bad_luck() -> None:
    assert after(CALLED, BUSY) == Decision(LeadState.CALLED, Tally(called=8, internal_errors=1))


def test_a_refused_lead_has_failed_and_the_api_has_answered() -> None:
    tally = Tally(called=7, refused_in_row=4, internal_errors=1)

    assert after(REFUSED, BUSY) == Decision(LeadState.FAILED, tally)


def test_a_lead_forbidden_after_a_call_got_through_has_failed() -> None:
    tally = Tally(called=7, forbidden_in_row=2, internal_errors=1)

    assert after(FORBIDDEN, BUSY) == Decision(LeadState.FAILED, tally)


def test_an_unknown_lead_is_never_due_again() -> None:
    tally = Tally(called=7, unknown=1, unknown_in_row=3, internal_errors=1)

    assert after(UNKNOWN, BUSY) == Decision(LeadState.UNKNOWN, tally)


ENDINGS: dict[str, Outcome] = {
    "unknown_in_row": UNKNOWN,
    "refused_in_row": REFUSED,
    "forbidden_in_row": FORBIDDEN,
}


@pytest.mark.parametrize("row", ENDINGS)
@pytest.mark.parametrize("other", ENDINGS)
def test_a_row_is_of_leads_that_ended_alike_one_after_the_other(row: str, other: str) -> None:
    before = Tally(called=1, **{row: 2})

    assert getattr(after(ENDINGS[other], before).tally, row) == (3 if row == other else 0)


@pytest.mark.parametrize("row", ENDINGS)
@pytest.mark.parametrize("outcome", [THROTTLED, UNREACHABLE, WITHDRAWN])
def test_what_leaves_a_lead_due_ends_no_row(row: str, outcome: Outcome) -> None:
    assert getattr(after(outcome, Tally(called=1, **{row: 2})).tally, row) == 2


def test_a_fault_of_our_own_is_counted_on_its_own() -> None:
    assert after(OUR_FAULT, BUSY).tally.internal_errors == 2


def test_a_withdrawn_lead_is_due_and_nothing_is_remembered() -> None:
    assert after(WITHDRAWN, BUSY) == Decision(LeadState.DUE, BUSY, counts_as_attempt=False)


@pytest.mark.parametrize("outcome", [THROTTLED, UNREACHABLE, WITHDRAWN, UNUSABLE, halted(401), FORBIDDEN])
def test_what_was_surely_not_created_uses_up_no_attempt(outcome: Outcome) -> None:
    decision = after(outcome)

    assert (decision.state, decision.counts_as_attempt) == (LeadState.DUE, False)


@pytest.mark.parametrize("outcome", [CALLED, MISDIRECTED, REFUSED, UNKNOWN, OUR_FAULT, SEE_OTHER])
def test_what_was_sent_and_ended_counts_as_an_attempt(outcome: Outcome) -> None:
    assert after(outcome).counts_as_attempt


# Waiting


def test_an_unreachable_api_is_tried_after_a_backoff() -> None:
    assert after(UNREACHABLE, Tally(unsent_in_row=2), dice=0.5) == Decision(
        LeadState.DUE, Tally(unsent_in_row=3), counts_as_attempt=False, wait_seconds=3.0
    )


def test_a_429_without_a_time_slows_everybody_and_backs_off() -> None:
    assert after(THROTTLED, Tally(throttled_in_row=1, unsent_in_row=4), dice=0.5) == Decision(
        LeadState.DUE, Tally(throttled_in_row=2), counts_as_attempt=False, wait_seconds=1.5, slow_down=True
    )


@pytest.mark.parametrize(
    ("asked", "dice", "wait"),
    [(0.0, 0.0, 0.0), (0.0, 0.5, 0.025), (1.0, 0.5, 1.075), (20.0, 0.0, 20.0), (20.0, 0.5, 20.5)],
)
def test_the_dice_come_on_top_of_what_the_api_asks_for(asked: float, dice: float, wait: float) -> None:
    assert after(Throttled(asked, ""), dice=dice).wait_seconds == pytest.approx(wait)


@pytest.mark.parametrize(("asked", "stops"), [(599.0, False), (600.0, False), (601.0, True)])
def test_up_to_ten_minutes_are_waited_for(asked: float, stops: bool) -> None:  # noqa: FBT001 - a table's column
    assert (after(Throttled(asked, "")).stop is not None) is stops


@pytest.mark.parametrize("outcome", [CALLED, REFUSED, UNKNOWN, WITHDRAWN, halted(401), UNUSABLE])
def test_nobody_waits_for_anything_else(outcome: Outcome) -> None:
    decision = after(outcome, BUSY, dice=0.9)

    assert (decision.wait_seconds, decision.slow_down) == (0.0, False)


@pytest.mark.parametrize(
    ("times", "shortest"), [(1, 0.5), (2, 1), (3, 2), (4, 4), (5, 8), (6, 15), (7, 15), (10**9, 15)]
)
def test_the_backoff_doubles_up_to_thirty_seconds(times: int, shortest: float) -> None:
    waits = (backoff_seconds(times, dice=0.0), backoff_seconds(times, dice=1.0))

    assert waits == (shortest, 2 * shortest)


# Stopping

SAID_401 = "The API answered 401, “No.”: set VOZAGENT_API_KEY to a valid key, then run again."
SAID_402 = "The API answered 402, “No.”: renew the subscription, then run again."
SAID_404 = "The API answered 404, “No.”: check the assistant and --base-url, then run again."

STOPS: list[tuple[str, Outcome, Tally, Stop]] = [
    ("401", halted(401), Tally(), Stop("unauthorized", SAID_401, exit_code=77)),
    ("402", halted(402), Tally(called=9), Stop("payment_required", SAID_402, exit_code=77)),
    ("404", halted(404), Tally(called=9), Stop("not_found", SAID_404, exit_code=78)),
    (
        "any other refusal of all",
        halted(415, "bad_type"),
        Tally(),
        Stop("bad_type", "The API answered 415, “No.”: check --base-url, then run again.", exit_code=78),
    ),
    (
        "a redirect",
        Halted(302, "redirect", "Found: redirected"),
        Tally(),
        Stop(
            "redirect",
            "The API answered 302, “Found: redirected”: check --base-url, then run again.",
            exit_code=78,
        ),
    ),
    (
        "403 before any success",
        FORBIDDEN,
        Tally(unknown_in_row=1, refused_in_row=2),
        Stop(
            "forbidden",
            "The API answered 403, “Not allowed.”: give the key the scope calls:write in the VozAgent "
            "dashboard, then run again.",
            exit_code=77,
        ),
    ),
    (
        "the third 403 in a row",
        FORBIDDEN,
        Tally(called=1, forbidden_in_row=2),
        Stop(
            "forbidden_in_row",
            "3 leads in a row were forbidden; The API answered 403, “Not allowed.”: check what the key "
            "may do, then run again.",
            exit_code=77,
        ),
    ),
    (
        "the twentieth refusal in a row",
        REFUSED,
        Tally(called=1, refused_in_row=19),
        Stop(
            "refused_in_row",
            "Paused: 20 leads in a row were refused, the last with “No such number.”: "
            "look for a mapping fault in the sheet, then `dialer resume` and `dialer retry`.",
            exit_code=75,
            pause=True,
        ),
    ),
    (
        "the fifth unknown in a row",
        UNKNOWN,
        Tally(called=1, unknown_in_row=4),
        Stop(
            "unknown_in_row",
            "Paused: 5 calls in a row ended without a certain answer, the last with “no reply "
            "(ReadTimeout)”: look at VozAgent's own list of calls, then `dialer resume`.",
            exit_code=75,
            pause=True,
        ),
    ),
    (
        "the third fault of our own",
        OUR_FAULT,
        Tally(called=100, internal_errors=2),
        Stop(
            "internal_errors",
            "Paused after 3 faults inside dialer, the last “no reply (ZeroDivisionError)”: "
            "report them, then `dialer resume`.",
            exit_code=75,
            pause=True,
        ),
    ),
    (
        "303",
        SEE_OTHER,
        Tally(unknown_in_row=4),
        Stop(
            "redirect",
            "The API answered with a redirect (HTTP 303: See Other): check --base-url, then run again.",
            exit_code=78,
        ),
    ),
    (
        "another number dialled",
        MISDIRECTED,
        Tally(),
        Stop(
            "wrong_number_dialled",
            "ALARM: the API says it dials +12015550199, which is not the number that was sent: "
            "ask VozAgent before you go on with `dialer resume`.",
            exit_code=75,
            pause=True,
            alarm=True,
        ),
    ),
    (
        "a wait of an hour",
        Throttled(3600.0, ""),
        Tally(called=3),
        Stop(
            "throttled",
            "The API asks to wait 60 minutes: run the same command again after that.",
            exit_code=75,
        ),
    ),
    (
        "an unusable request",
        UNUSABLE,
        Tally(called=3),
        Stop(
            "bad_request",
            "The request is unusable (InvalidURL: no host): check the key and --base-url, then run again.",
            exit_code=78,
        ),
    ),
]


@pytest.mark.parametrize(("outcome", "tally", "stop"), [c[1:] for c in STOPS], ids=[c[0] for c in STOPS])
def test_the_run_stops_with_one_sentence(outcome: Outcome, tally: Tally, stop: Stop) -> None:
    assert after(outcome, tally).stop == stop


@pytest.mark.parametrize(
    ("outcome", "tally"),
    [
        (CALLED, BUSY),
        (REFUSED, Tally(refused_in_row=18)),
        (FORBIDDEN, Tally(called=1, forbidden_in_row=1)),
        (UNKNOWN, Tally(unknown_in_row=3)),
        (OUR_FAULT, Tally(internal_errors=1)),
        (THROTTLED, Tally(throttled_in_row=1000)),
        (UNREACHABLE, Tally(unsent_in_row=1000)),
        (WITHDRAWN, BUSY),
    ],
)
def test_one_short_of_the_breaker_the_run_goes_on(outcome: Outcome, tally: Tally) -> None:
    assert after(outcome, tally).stop is None


@pytest.mark.parametrize(
    ("breaker", "outcome", "tally"),
    [
        ("max_unknown_in_row", UNKNOWN, Tally(unknown_in_row=1)),
        ("max_refused_in_row", REFUSED, Tally(refused_in_row=1)),
        ("max_forbidden_in_row", FORBIDDEN, Tally(called=1, forbidden_in_row=1)),
        ("max_internal_errors", OUR_FAULT, Tally(internal_errors=1)),
    ],
)
def test_the_breakers_are_settings(breaker: str, outcome: Outcome, tally: Tally) -> None:
    breakers = Breakers(**{breaker: 2})

    assert decide(outcome, tally, breakers=breakers, dice=0.0).stop is not None


# Anything at all


def test_unknown_calls_are_counted_over_the_whole_run() -> None:
    breakers = Breakers(max_unknown=3)
    tally = Tally()
    for outcome in (UNKNOWN, CALLED, UNKNOWN, REFUSED):
        decision = decide(outcome, tally, breakers=breakers, dice=0.0)
        assert decision.stop is None
        tally = decision.tally

    assert decide(UNKNOWN, tally, breakers=breakers, dice=0.0).stop == Stop(
        "max_unknown",
        "Paused: 3 calls of this run ended without a certain answer (--max-unknown), the last with "
        "“no reply (ReadTimeout)”: look with `dialer reconcile`, then `dialer resume`.",
        exit_code=75,
        pause=True,
    )


words: st.SearchStrategy[Any] = st.text(max_size=8)
outcomes = st.one_of(
    st.builds(Called, st.just(201), misdirected=st.booleans(), to_phone=words),
    st.builds(Refused, st.just(422), words, words),
    st.builds(Forbidden, st.just(403), words, words),
    st.builds(Halted, st.sampled_from([301, 401, 402, 404, 415, 505]), words, words),
    st.builds(Throttled, st.none() | st.floats(0, 1e9), words),
    st.builds(Unsent, words, unreachable=st.booleans(), settings=st.booleans()),
    st.builds(Unknown, words, redirect=st.booleans(), internal=st.booleans()),
)
EXIT_CODES = {75, 77, 78}


@settings(deadline=None, max_examples=200)
@given(st.lists(outcomes, max_size=40), st.floats(0, 1, exclude_max=True))
def test_what_may_have_been_created_is_never_due_again(story: list[Outcome], dice: float) -> None:
    tally = Tally()
    for outcome in story:
        decision = decide(outcome, tally, breakers=BREAKERS, dice=dice)
        tally = decision.tally

        assert (decision.state is LeadState.DUE) <= (not isinstance(outcome, Called | Unknown))


@settings(deadline=None, max_examples=200)
@given(st.lists(outcomes, max_size=40), st.floats(0, 1, exclude_max=True))
def test_every_stop_has_a_sentence_and_an_exit_code_of_the_contract(
    story: list[Outcome], dice: float
) -> None:
    tally = Tally()
    for outcome in story:
        decision = decide(outcome, tally, breakers=BREAKERS, dice=dice)
        tally = decision.tally
        stop = decision.stop

        assert stop is None or (stop.exit_code in EXIT_CODES and re.search(r"[.`]$", stop.sentence))
