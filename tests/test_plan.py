"""Who is due, how long it takes, and what exactly is sent."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from dialer.campaign import Policy, Rate
from dialer.plan import Survey, call_request, make_plan
from tests.builders import lead


def policy(**changes: Any) -> Policy:
    return Policy.model_validate({"assistant_name": "Voz"} | changes)


def survey(**counts: int) -> Survey:
    known: dict[str, Any] = {"chosen": 0, "recent": 0, "deferred": 0, "assumed": 0} | counts
    return Survey(rows={}, states={}, problems=(), **known)


# The request


def test_the_documentations_own_example_is_sent_to_the_letter() -> None:
    john = lead(
        phone="+15551234567",
        first_name="John",
        last_name="Smith",
        notes="Interested in a kitchen remodel quote",
    )

    assert json.dumps(call_request(john, policy())) == (
        '{"phone_number": "+15551234567", "assistant_name": "Voz", "first_name": "John",'
        ' "last_name": "Smith", "notes": "Interested in a kitchen remodel quote"}'
    )


def test_the_keys_stand_in_the_documentations_order() -> None:
    full = lead(source="website", tags=("hot",), notes="Call before noon")

    by_id = Policy(assistant_id="a-1")

    assert list(call_request(full, by_id)) == [
        "phone_number",
        "assistant_id",
        "first_name",
        "last_name",
        "source",
        "tags",
        "notes",
    ]


def test_the_leads_own_assistant_wins_over_the_campaigns() -> None:
    request = call_request(lead(assistant="Aurora"), policy())

    assert request["assistant_name"] == "Aurora"


def test_the_leads_own_assistant_wins_over_the_campaigns_id() -> None:
    request = call_request(lead(assistant="Aurora"), Policy(assistant_id="a-1"))

    assert (request["assistant_name"], "assistant_id" in request) == ("Aurora", False)


def test_a_template_is_never_sent_as_a_name() -> None:
    templated = policy(assistant_name="{Agent}", assistant_per_row=True)

    assert "assistant_name" not in call_request(lead(), templated)


@pytest.mark.parametrize("nothing", [None, ""])
def test_a_field_that_is_empty_is_left_out(nothing: str | None) -> None:
    bare = lead(first_name=nothing, last_name=nothing, source=nothing, notes=nothing)

    assert call_request(bare, policy()) == {"phone_number": bare.phone, "assistant_name": "Voz"}


def test_an_assistant_goes_by_its_id_alone() -> None:
    assert call_request(lead(first_name=None, last_name=None), Policy(assistant_id="a-1")) == {
        "phone_number": lead().phone,
        "assistant_id": "a-1",
    }


def test_the_leads_own_source_wins() -> None:
    assert call_request(lead(source="referral"), policy(source="website"))["source"] == "referral"


def test_a_lead_without_a_source_gets_the_campaigns() -> None:
    assert call_request(lead(), policy(source="website"))["source"] == "website"


def test_tags_of_both_are_united_the_leads_first() -> None:
    tagged = lead(tags=("hot", "north"))

    assert call_request(tagged, policy(tags=("spring", "hot")))["tags"] == ["hot", "north", "spring"]


def test_the_campaigns_tags_alone_are_sent_as_a_list() -> None:
    assert call_request(lead(), policy(tags=("spring",)))["tags"] == ["spring"]


# The count and the time


def test_whoever_was_called_elsewhere_or_must_wait_is_not_due() -> None:
    assert make_plan(survey(chosen=10, recent=3, deferred=2), policy(), first=lead()).due == 5


def test_never_less_than_nobody_is_due() -> None:
    assert make_plan(survey(chosen=2, recent=2, deferred=2), policy(), first=None).due == 0


@pytest.mark.parametrize(("limit", "due"), [(4, 4), (10, 10), (11, 10), (None, 10)])
def test_the_limit_is_the_most_that_is_due(limit: int | None, due: int) -> None:
    assert make_plan(survey(chosen=10), policy(limit=limit), first=lead()).due == due


@pytest.mark.parametrize(
    ("chosen", "rate", "seconds"),
    [
        (0, "5/s", 0),
        (1, "5/s", 0),
        (51, "5/s", 10),
        (1, "1/min", 0),
        (3, "1/min", 120),
        (3601, "600/min", 360),
    ],
)
def test_the_last_call_begins_after_all_the_gaps_between_calls(chosen: int, rate: str, seconds: int) -> None:
    plan = make_plan(survey(chosen=chosen), policy(rate=Rate.parse(rate)), first=lead())

    assert plan.expected == timedelta(seconds=seconds)


def test_the_expected_time_is_that_of_the_limit() -> None:
    plan = make_plan(survey(chosen=1000), policy(limit=11, rate=Rate(count=1)), first=lead())

    assert plan.expected == timedelta(seconds=10)


def test_a_plan_shows_the_first_request() -> None:
    plan = make_plan(survey(chosen=1), policy(), first=lead(7))

    assert plan.first_request == call_request(lead(7), policy())


def test_a_plan_that_calls_nobody_shows_no_request() -> None:
    assert make_plan(survey(chosen=1, recent=1), policy(), first=lead()).first_request is None


def test_a_plan_without_a_first_lead_shows_no_request() -> None:
    assert make_plan(survey(chosen=1), policy(), first=None).first_request is None


@pytest.mark.parametrize(
    ("wishes", "in_all"),
    [({}, 4), ({"wait": True}, 10), ({"wait": True, "limit": 7}, 7), ({"wait": True, "limit": 2}, 2)],
)
def test_a_run_that_waits_calls_the_deferred_as_well(wishes: dict[str, Any], in_all: int) -> None:
    plan = make_plan(survey(chosen=12, recent=2, deferred=6), policy(**wishes), first=None)

    assert plan.in_all == in_all
