"""Which call is whose: found is proof, and what may as well be another's belongs to nobody."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
    moment_of,
)

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
ANN = Contact("contact-ann")
PHONE = "+12015550123"


def minutes(number: float) -> datetime:
    """So many minutes after noon."""
    return NOON + timedelta(minutes=number)


def claim(attempt_id: int = 1, at: float = 0, **changes: Any) -> Claim:
    valid: dict[str, Any] = {"attempt_id": attempt_id, "lead_id": attempt_id, "begun_at": minutes(at)}
    return Claim(**valid | changes)


def found(call_id: str, at: float | None = 0, contact: Contact = ANN) -> FoundCall:
    return FoundCall(call_id, contact, None if at is None else minutes(at))


def given_ids(claims: list[Claim], calls: list[FoundCall]) -> dict[int, str]:
    return {attempt_id: call.call_id for attempt_id, call in match(claims, calls).items()}


# One attempt


def test_a_call_after_the_attempt_is_its_call() -> None:
    assert given_ids([claim()], [found("a", at=1)]) == {1: "a"}


def test_a_call_that_is_still_queued_is_its_call() -> None:
    assert given_ids([claim()], [found("a", at=None)]) == {1: "a"}


@pytest.mark.parametrize(("at", "is_its"), [(-5, True), (-4.9, True), (-5.1, False), (-60, False)])
def test_clocks_may_differ_by_five_minutes(at: float, *, is_its: bool) -> None:
    assert may_be(claim(), found("a", at=at)) is is_its


def test_of_many_calls_the_nearest_is_its_call() -> None:
    calls = [found("late", at=90), found("near", at=1), found("early", at=-4), found("queued", at=None)]

    assert given_ids([claim()], calls) == {1: "near"}


def test_nothing_found_is_nothing() -> None:
    assert match([claim()], []) == {}


# Several attempts on one number


def test_two_attempts_with_a_call_each_have_one_each() -> None:
    calls = [found("second", at=61), found("first", at=1)]

    assert given_ids([claim(1), claim(2, at=60)], calls) == {1: "first", 2: "second"}


def test_a_call_that_may_be_anothers_is_nobodys() -> None:
    assert given_ids([claim(1), claim(2, at=2)], [found("a", at=3)]) == {}


def test_a_call_before_the_other_attempt_is_surely_not_the_others() -> None:
    assert given_ids([claim(1), claim(2, at=60)], [found("a", at=1)]) == {1: "a"}


def test_of_two_attempts_for_the_same_lead_the_nearer_one_made_the_call() -> None:
    claims = [claim(1, lead_id=7), claim(2, at=60, lead_id=7)]

    assert given_ids(claims, [found("a", at=61)]) == {2: "a"}


def test_an_attempt_that_surely_made_a_call_competes_for_it() -> None:
    """It was answered with 2xx and without an id: the call is there already, and is its own."""
    assert given_ids([claim(1, settled=True), claim(2, at=2)], [found("a", at=3)]) == {}


def test_an_attempt_that_surely_made_a_call_is_not_settled_itself() -> None:
    assert given_ids([claim(1, settled=True)], [found("a", at=1)]) == {}


# Trace tags


def test_with_a_trace_tag_only_a_contact_that_bears_it_is_believed() -> None:
    assert given_ids([claim(trace_tag="dialer-1")], [found("a", at=1)]) == {}


def test_a_trace_tag_tells_two_attempts_apart() -> None:
    marked = Contact("contact-ann", frozenset({"vip", "dialer-2"}))
    claims = [claim(1, trace_tag="dialer-1"), claim(2, at=2, trace_tag="dialer-2")]

    assert given_ids(claims, [found("a", at=3, contact=marked)]) == {2: "a"}


# Whether to look further


@pytest.mark.parametrize(("at", "near"), [(0, True), (9, True), (11, False), (-4, True), (-6, False)])
def test_a_call_soon_after_the_attempt_is_near(at: float, *, near: bool) -> None:
    assert is_near(claim(), found("a", at=at), now=minutes(600)) is near


@pytest.mark.parametrize(("now", "near"), [(1, True), (600, False)])
def test_a_queued_call_is_as_near_as_now(now: float, *, near: bool) -> None:
    assert is_near(claim(), found("a", at=None), now=minutes(now)) is near


# What a record says


def record(**changes: Any) -> dict[str, Any]:
    return {"id": "call-1", "call_type": "outbound", "call_status": "queued"} | changes


def test_a_contact_has_exactly_the_number() -> None:
    assert contact_of({"id": "c", "phone_number": PHONE}, phone=PHONE) == Contact("c")


@pytest.mark.parametrize("phone", ["+120155501234", "+1 201 555 0123", "12015550123", None, 12015550123])
def test_a_contact_with_a_number_like_it_is_another(phone: object) -> None:
    assert contact_of({"id": "c", "phone_number": phone}, phone=PHONE) is None


@pytest.mark.parametrize("tags", [["vip", "dialer-1"], "vip, dialer-1", ["vip", 7, None, " dialer-1"]])
def test_tags_are_a_list_or_one_text(tags: object) -> None:
    made = contact_of({"id": "c", "phone_number": PHONE, "tags": tags}, phone=PHONE)

    assert made is not None
    assert made.tags == {"vip", "dialer-1"}


@pytest.mark.parametrize(
    ("times", "at"),
    [
        ({}, None),
        ({"call_started_at": None, "call_ended_at": None}, None),
        ({"call_started_at": "2026-03-02T12:01:00Z", "call_ended_at": "2026-03-02T12:09:00Z"}, minutes(1)),
        ({"created_at": "2026-03-02T12:00:00Z", "call_started_at": "2026-03-02T12:01:00Z"}, NOON),
        ({"call_ended_at": "2026-03-02T12:09:00+00:00"}, minutes(9)),
    ],
)
def test_the_earliest_time_that_a_call_names_is_its_time(times: dict[str, Any], at: datetime | None) -> None:
    assert call_of(record(**times), ANN) == FoundCall("call-1", ANN, at)


@pytest.mark.parametrize("changes", [{"call_type": "inbound"}, {"call_started_at": "soon"}, {"id": None}])
def test_what_is_no_outbound_call_with_a_time_is_none(changes: dict[str, Any]) -> None:
    assert call_of(record(**changes), ANN) is None


def test_a_call_that_is_over_without_any_time_may_be_from_any_year() -> None:
    assert call_of(record(call_status="failed"), ANN) is None


def test_a_call_that_is_over_without_any_time_is_no_older_than_its_contact() -> None:
    new = Contact("contact-new", created_at=minutes(1))

    assert call_of(record(call_status="failed"), new) == FoundCall("call-1", new, minutes(1))


@pytest.mark.parametrize(
    ("value", "expected"),
    [("call-1", "call-1"), (17, "17"), ("", None), (None, None), (True, None), ([], None)],
)
def test_an_id_is_a_text_or_a_number(value: object, expected: str | None) -> None:
    assert id_of(value) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-02T12:00:00Z", NOON),
        ("2026-03-02T14:00:00+02:00", NOON),
        ("2026-03-02T12:00:00", NOON),
        ("noon", None),
        (1772452800, None),
        ("0001-01-01T00:00:00+14:00", None),
    ],
)
def test_a_moment_is_iso_8601(text: object, expected: datetime | None) -> None:
    assert moment_of(text) == expected


# Always

times = st.one_of(st.none(), st.integers(-20, 200))
all_claims = st.lists(st.tuples(st.integers(0, 100), st.integers(1, 2), st.booleans()), max_size=4)
all_calls = st.lists(times, max_size=5)


@given(all_claims, all_calls)
def test_no_call_is_given_to_two_and_none_to_an_attempt_that_is_younger(
    claimed: list[tuple[int, int, bool]], called: list[int | None]
) -> None:
    claims = [
        claim(number, at=at, lead_id=lead, settled=settled)
        for number, (at, lead, settled) in enumerate(claimed)
    ]
    calls = [found(f"call-{number}", at=at) for number, at in enumerate(called)]

    matched = match(claims, calls)

    assert len({call.call_id for call in matched.values()}) == len(matched)
    assert all(may_be(claims[attempt_id], call) for attempt_id, call in matched.items())
    assert not any(claims[attempt_id].settled for attempt_id in matched)
