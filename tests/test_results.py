"""What stands beside each row: one status, and the reason where nobody was called."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dialer.columns import RESULT_COLUMNS
from dialer.leads import RowProblem, Verdict
from dialer.results import LastAttempt, LeadRecord, RowRecord, RowResult, result_columns, row_result
from dialer.retry import LeadState
from tests.builders import number

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
PHONE = number(7)
LAST = LastAttempt(
    at=NOW - timedelta(minutes=5),
    call_id="call-1",
    status="queued",
    is_new_contact=True,
    contact_id="c-1",
    code=None,
    reason=None,
)
PROBLEM = RowProblem("phone_missing", "Phone", "B7", " ", "There is no phone number in B7: write one there.")
NO_ANSWER = replace(LAST, call_id=None, status=None, is_new_contact=None, contact_id=None)


def record(verdict: Verdict = Verdict.CALLABLE, **changes: Any) -> RowRecord:
    """Row 7, whose lead has not been called yet."""
    known: dict[str, Any] = {
        "row": 7,
        "phone": PHONE,
        "cell": "B7",
        "state": LeadState.DUE,
        "suppressed": False,
        "attempts": 0,
    }
    about_lead = {name: changes.pop(name) for name in list(changes) if name in LeadRecord.__slots__}
    whole: dict[str, Any] = {"row": 7, "cell": "B7", "problems": (), "lead": LeadRecord(**known | about_lead)}
    return RowRecord(verdict=verdict, **whole | changes)


def result(verdict: Verdict = Verdict.CALLABLE, **changes: Any) -> RowResult:
    found = row_result(record(verdict, **changes), now=NOW)
    assert found is not None
    return found


def said(found: RowResult) -> tuple[str, str | None, str | None]:
    return found.status, found.reason_code, found.reason


# Rows that nobody calls


def test_a_row_that_is_no_lead_has_no_result() -> None:
    assert row_result(record(Verdict.NOT_A_LEAD, lead=None), now=NOW) is None


def test_an_invalid_row_says_which_cell_and_why() -> None:
    assert result(Verdict.INVALID, lead=None, problems=(PROBLEM,)) == RowResult(
        row=7,
        status="invalid",
        cell="B7",
        reason_code="phone_missing",
        reason="There is no phone number in B7: write one there.",
        value=" ",
    )


def test_several_problems_are_told_in_order() -> None:
    second = replace(PROBLEM, code="phone_letters", cell="C7", message="C7 holds letters.")

    assert said(result(Verdict.INVALID, lead=None, problems=(PROBLEM, second))) == (
        "invalid",
        "phone_missing",
        "There is no phone number in B7: write one there. C7 holds letters.",
    )


def test_a_suppressed_row_says_which_cell_refuses() -> None:
    refusal = RowProblem("do_not_call", "DNC", "F7", "yes", "The column DNC says yes in F7.")

    found = result(Verdict.SUPPRESSED, suppressed=True, problems=(refusal,))

    assert (found.cell, said(found)) == (
        "F7",
        ("suppressed", "do_not_call", "The column DNC says yes in F7."),
    )


def test_a_duplicate_names_the_row_that_is_called() -> None:
    assert said(result(Verdict.DUPLICATE, row=3)) == (
        "duplicate",
        "duplicate",
        "Same number as row 3, which is the one that is called.",
    )


def test_a_duplicate_of_a_number_that_must_not_be_called_says_so() -> None:
    assert said(result(Verdict.DUPLICATE, row=3, suppressed=True)) == (
        "duplicate",
        "duplicate",
        "Same number as row 3, and a row with this number says not to call.",
    )


# Rows that have a lead


def test_a_called_row_carries_all_that_the_api_said() -> None:
    assert result(state=LeadState.CALLED, attempts=1, last=LAST) == RowResult(
        row=7,
        status="queued",
        cell="B7",
        to_phone=PHONE,
        called_at=NOW - timedelta(minutes=5),
        attempts=1,
        is_new_contact=True,
        call_id="call-1",
        contact_id="c-1",
    )


def test_a_row_with_an_assumed_country_is_called_like_any_other() -> None:
    assert result(Verdict.ASSUMED, state=LeadState.CALLED, last=LAST).status == "queued"


@pytest.mark.parametrize("last", [None, replace(LAST, status=None)])
def test_a_call_without_a_word_of_its_own_is_accepted(last: LastAttempt | None) -> None:
    assert result(state=LeadState.CALLED, last=last).status == "accepted"


def test_what_was_odd_about_a_call_is_its_reason() -> None:
    odd = replace(LAST, code="oddity", reason="the reply held no call_id")

    assert said(result(state=LeadState.CALLED, last=odd)) == ("queued", "oddity", "the reply held no call_id")


@pytest.mark.parametrize("state", [LeadState.FAILED, LeadState.UNKNOWN])
def test_an_attempt_that_was_no_success_says_why(state: LeadState) -> None:
    last = replace(NO_ANSWER, code="code", reason="The number is blocked.")

    assert result(state=state, attempts=2, last=last) == RowResult(
        row=7,
        status=state.value,
        cell="B7",
        to_phone=PHONE,
        attempts=2,
        reason_code="code",
        reason="The number is blocked.",
    )


@pytest.mark.parametrize("last", [None, NO_ANSWER])
def test_a_failure_without_words_is_named_all_the_same(last: LastAttempt | None) -> None:
    assert said(result(state=LeadState.FAILED, last=last)) == ("failed", "failed", "no reason was given")


def test_a_call_under_way_is_unknown() -> None:
    assert said(result(state=LeadState.SENDING)) == ("unknown", "under_way", "The call is under way.")


def test_a_row_that_waits_is_pending() -> None:
    assert said(result()) == ("pending", "pending", "Not called yet: run the same command again.")


def test_a_number_that_another_row_suppresses_is_suppressed() -> None:
    assert said(result(suppressed=True)) == (
        "suppressed",
        "suppressed",
        "Another row with this number says not to call.",
    )


def test_a_number_called_by_another_campaign_is_recent() -> None:
    elsewhere = ("spring", NOW - timedelta(hours=3))

    assert said(result(called_elsewhere=elsewhere)) == (
        "recent",
        "recent",
        "Campaign spring called this number at 2026-03-02 12:00 UTC.",
    )


def test_a_lead_outside_its_hours_is_deferred() -> None:
    assert said(result(deferred=("Too early there.", None))) == ("deferred", "deferred", "Too early there.")


def test_a_deferred_lead_says_from_when_on_it_may_be_called() -> None:
    assert result(deferred=("Too early there.", NOW + timedelta(hours=2))).reason == (
        "Too early there. May be called from 2026-03-02 17:00 UTC on."
    )


def test_a_lead_whose_hours_have_come_is_pending() -> None:
    assert result(deferred=("Too early there.", NOW)).status == "pending"


def test_whoever_asked_not_to_be_called_is_not_merely_deferred_or_recent() -> None:
    found = result(suppressed=True, called_elsewhere=("spring", NOW), deferred=("Too early there.", None))

    assert found.status == "suppressed"


@pytest.mark.parametrize("state", [s for s in LeadState if s is not LeadState.DUE])
@pytest.mark.parametrize("why", [{"suppressed": True}, {"called_elsewhere": ("spring", NOW)}])
def test_what_happened_is_not_hidden_by_what_came_later(state: LeadState, why: dict[str, Any]) -> None:
    last = replace(LAST, status="queued" if state is LeadState.CALLED else None)

    assert result(state=state, last=last, **why) == result(state=state, last=last)


@pytest.mark.parametrize("state", [LeadState.SENDING, LeadState.CALLED, LeadState.UNKNOWN])
def test_a_row_that_says_not_to_call_after_it_was_called_keeps_what_happened(state: LeadState) -> None:
    refusal = RowProblem("do_not_call", "DNC", "F7", "yes", "The column DNC says yes in F7.")

    found = result(Verdict.SUPPRESSED, state=state, suppressed=True, last=LAST, problems=(refusal,))

    assert found == result(state=state, last=LAST)


def test_a_row_that_says_not_to_call_after_it_failed_is_suppressed() -> None:
    assert (
        result(Verdict.SUPPRESSED, state=LeadState.FAILED, suppressed=True, last=LAST).status == "suppressed"
    )


def test_only_the_row_that_was_called_keeps_the_call() -> None:
    found = result(Verdict.SUPPRESSED, row=3, state=LeadState.CALLED, suppressed=True, last=LAST)

    assert (found.status, found.call_id) == ("suppressed", None)


def test_a_callable_row_without_a_lead_is_a_fault_of_our_own() -> None:
    with pytest.raises(ValueError, match="row 7 is callable and has no lead"):
        row_result(record(lead=None), now=NOW)


# The cells


def cells(found: RowResult) -> dict[str, str | bool | int | None]:
    return dict(zip(RESULT_COLUMNS, result_columns(found), strict=True))


def test_the_cells_of_a_called_row() -> None:
    assert cells(result(state=LeadState.CALLED, attempts=1, last=LAST)) == {
        "call_id": "call-1",
        "status": "queued",
        "is_new_contact": True,
        "to_phone": PHONE,
        "contact_id": "c-1",
        "called_at": "2026-03-02T14:55:00Z",
        "attempts": 1,
        "reason": None,
    }


@pytest.mark.parametrize(
    ("found", "attempts"),
    [
        (result(), 0),
        (result(state=LeadState.UNKNOWN, attempts=1), 1),
        (result(suppressed=True), None),
        (result(called_elsewhere=("spring", NOW)), None),
        (result(deferred=("Too early there.", None)), None),
        (result(Verdict.INVALID, lead=None, problems=(PROBLEM,)), None),
        (result(Verdict.DUPLICATE), None),
    ],
)
def test_only_rows_that_could_be_attempted_have_attempts(found: RowResult, attempts: int | None) -> None:
    assert cells(found)["attempts"] == attempts


def test_a_row_that_was_not_called_has_no_cells_of_a_call() -> None:
    empty = {name for name, cell in cells(result()).items() if cell is None}

    assert empty == {"call_id", "is_new_contact", "to_phone", "contact_id", "called_at"}
