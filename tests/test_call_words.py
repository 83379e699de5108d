"""The API's record of a call: when it is over, what is passed through, and what counts as not said."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.call_words import Told, happened_before, is_ending, read_call

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def told(**record: Any) -> Told:
    return read_call({"id": "call-1", **record})


# Is it over?


@pytest.mark.parametrize(
    "status",
    [
        "completed",
        "failed",
        "no-answer",
        "No_Answer",
        "NO ANSWER",
        "busy",
        "voicemail",
        "canceled",
        "cancelled",
    ],
)
def test_a_word_for_an_end_is_an_end_however_it_is_written(status: str) -> None:
    assert told(call_status=status, call_ended_at=None).ended


@pytest.mark.parametrize(
    "status", ["queued", "ringing", "in-progress", "initiated", "transferring", "", None]
)
def test_any_other_word_is_no_end(status: str | None) -> None:
    assert not told(call_status=status, call_ended_at=None).ended


@pytest.mark.parametrize("status", ["completed", "in-progress", "abgeschlossen", None])
def test_a_call_with_the_time_of_its_end_is_over_whatever_its_word(status: str | None) -> None:
    assert told(call_status=status, call_ended_at="2026-03-02T12:00:00Z").ended


def test_nothing_at_all_is_no_end() -> None:
    assert told() == Told(call_status=None, ended=False)


def test_no_word_is_no_ending_word() -> None:
    assert not is_ending(None)


# What it holds


def test_the_full_record_is_read_as_documented() -> None:
    record = {
        "id": "call-1",
        "contact_id": "c-1",
        "assistant_id": "a-1",
        "call_type": "outbound",
        "call_status": "completed",
        "duration_seconds": 93,
        "call_started_at": "2026-03-02T12:00:00Z",
        "call_ended_at": "2026-03-02T12:01:33Z",
        "appointment_booked": True,
        "lead_qualification": "hot",
        "call_intent": "quote_request",
        "customer_phone_number": "+12015550123",
        "assistant_phone_number": "+12015550199",
        "transcript": "Assistant: Hello.\nCustomer: Hello.",
        "analysis_summary": "The lead is hot.",
        "recording_url": "https://rec.example/1.mp3",
        "cost": 0.186,
    }

    assert read_call(record) == Told(
        call_status="completed",
        ended=True,
        duration_seconds=93.0,
        started_at="2026-03-02T12:00:00Z",
        ended_at="2026-03-02T12:01:33Z",
        appointment_booked=True,
        lead_qualification="hot",
        call_intent="quote_request",
        summary="The lead is hot.",
        cost_usd="0.186",
        recording_url="https://rec.example/1.mp3",
        transcript="Assistant: Hello.\nCustomer: Hello.",
    )


def test_a_word_of_the_apis_is_passed_through_as_it_is() -> None:
    assert told(call_status="Left Voicemail 📼").call_status == "Left Voicemail 📼"


@pytest.mark.parametrize(
    ("cost", "said"),
    [
        (0, "0"),
        (0.12, "0.12"),
        (1, "1"),
        ("0.50", "0.50"),
        (1e-05, "0.00001"),
        (1e-300, "0.000000000000"),
        (-0.5, "-0.5"),
        ("$0.12", None),
        ("", None),
        (True, None),
        (float("nan"), None),
        (float("inf"), None),
        (1e300, None),
        ([0.12], None),
        (None, None),
    ],
)
def test_a_cost_is_a_decimal_or_not_said(cost: object, said: str | None) -> None:
    assert told(cost=cost).cost_usd == said


@pytest.mark.parametrize(
    ("duration", "said"),
    [(0, 0.0), (12.5, 12.5), ("90", 90.0), (-1, None), (True, None), ("1:30", None), (float("nan"), None)],
)
def test_a_duration_is_a_number_of_seconds_or_not_said(duration: object, said: float | None) -> None:
    assert told(duration_seconds=duration).duration_seconds == said


@pytest.mark.parametrize(("booked", "said"), [(True, True), (False, False), ("true", None), (1, None)])
def test_booked_is_true_or_false_or_not_said(booked: object, *, said: bool | None) -> None:
    assert told(appointment_booked=booked).appointment_booked is said


def test_a_summary_is_one_harmless_line() -> None:
    assert told(analysis_summary="Hot.\n\x1b[31mCall \u202eback.").summary == "Hot. [31mCall back."


def test_a_transcript_keeps_its_lines() -> None:
    said = told(transcript="Assistant: Hello.\r\nCustomer: \x1b[2JYes.\n")

    assert said.transcript == "Assistant: Hello.\nCustomer: [2JYes."


def test_a_transcript_that_is_no_text_is_kept_as_json() -> None:
    assert told(transcript=[{"role": "agent", "text": "Grüß Gott"}]).transcript == (
        '[{"role": "agent", "text": "Grüß Gott"}]'
    )


def test_a_text_is_no_longer_than_a_cell_can_hold() -> None:
    said = told(analysis_summary="a" * 99_999, transcript="b\n" * 99_999)

    assert (len(said.summary or ""), len(said.transcript or "")) == (30_000, 29_999)


@pytest.mark.parametrize(
    ("record", "analysed"), [({"cost": 0}, True), ({"analysis_summary": "x"}, True), ({}, False)]
)
def test_a_record_with_a_summary_or_a_cost_is_analysed(record: dict[str, Any], *, analysed: bool) -> None:
    assert told(**record).analysed is analysed


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
FIELDS = [
    *(
        "call_status",
        "call_started_at",
        "call_ended_at",
        "duration_seconds",
        "appointment_booked",
        "transcript",
    ),
    *("lead_qualification", "call_intent", "analysis_summary", "cost", "recording_url"),
]


@given(st.fixed_dictionaries(dict.fromkeys(FIELDS, ANYTHING)))
def test_whatever_a_record_holds_it_can_be_read(record: dict[str, Any]) -> None:
    assert isinstance(read_call(record), Told)


# How old it is


@pytest.mark.parametrize(
    ("record", "before"),
    [
        ({"call_started_at": "2026-03-02T11:59:59Z"}, True),
        ({"call_started_at": "2026-03-02T12:00:00Z"}, False),
        ({"call_started_at": "2026-03-02T11:59:59"}, True),
        ({"call_started_at": "2026-03-02T13:59:59+02:00"}, True),
        ({"call_started_at": None, "call_ended_at": "2026-03-02T11:00:00Z"}, True),
        ({"call_started_at": None, "call_ended_at": None}, False),
        ({"call_started_at": "yesterday"}, False),
        ({"call_started_at": 5}, False),
        ({}, False),
    ],
)
def test_a_call_is_older_only_where_its_record_says_so(record: dict[str, Any], *, before: bool) -> None:
    assert happened_before(record, NOON) is before
