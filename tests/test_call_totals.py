"""What became of the calls, in totals."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from dialer.call_totals import LENGTHS, OTHER_WORDS, CallTally, CallTotals
from dialer.results import Fate


def fate(**changes: Any) -> Fate:
    """A call that was completed."""
    valid: dict[str, Any] = {"call_status": "completed", "ended": True}
    return Fate(**valid | changes)


def totals(*fates: Fate) -> CallTotals:
    tally = CallTally()
    tally.add(fates)
    found = tally.totals()
    assert found is not None
    return found


FATES = st.lists(
    st.builds(
        Fate,
        call_status=st.none() | st.sampled_from(["completed", "failed", "in-progress"]) | st.text(),
        ended=st.booleans(),
        stale=st.booleans(),
        duration_seconds=st.none() | st.floats(0, 10_000),
        appointment_booked=st.none() | st.booleans(),
        lead_qualification=st.none() | st.sampled_from(["hot", "warm", "cold", "tepid"]),
        cost_usd=st.none() | st.decimals(0, 100, places=4).map(str),
    ),
    min_size=1,
    max_size=30,
)


def test_nothing_is_known_of_calls_that_nobody_asked_for() -> None:
    assert CallTally().totals() is None


def test_calls_are_counted_by_the_words_of_the_api_the_commonest_first() -> None:
    found = totals(fate(call_status="no-answer"), fate(), fate(), fate(call_status="busy"))

    assert found.words == (("completed", 2), ("busy", 1), ("no-answer", 1))


def test_a_call_without_a_word_is_counted_as_such() -> None:
    assert totals(fate(call_status=None)).words == (("no word", 1),)


def test_words_beyond_the_fiftieth_are_counted_together() -> None:
    found = totals(*(fate(call_status=f"word {place}") for place in range(60)))

    assert dict(found.words)[OTHER_WORDS] == 10


def test_completed_is_what_the_api_calls_completed_however_it_is_written() -> None:
    assert totals(fate(), fate(call_status="Completed"), fate(call_status="failed")).completed == 2


def test_a_call_that_never_ended_is_stale_and_not_ended() -> None:
    found = totals(fate(), fate(ended=False, stale=True), fate(ended=False))

    assert (found.heard, found.ended, found.stale) == (3, 1, 1)


def test_appointments_are_counted() -> None:
    found = totals(fate(appointment_booked=True), fate(appointment_booked=False), fate())

    assert found.appointments == 1


def test_the_warmest_leads_come_first_and_other_words_last() -> None:
    found = totals(*(fate(lead_qualification=word) for word in ("cold", "tepid", "cold", "hot", "warm")))

    assert found.qualifications == (("hot", 1), ("warm", 1), ("cold", 2), ("tepid", 1))


def test_durations_are_summed_and_half_lasted_longer_than_the_median() -> None:
    found = totals(*(fate(duration_seconds=seconds) for seconds in (5.0, 20.0, 95.0)), fate())

    assert (found.timed, found.seconds, found.median_seconds) == (3, 120.0, 20.0)


def test_a_length_begins_with_its_lower_end() -> None:
    found = totals(*(fate(duration_seconds=seconds) for seconds in (0, 9.9, 10, 29, 30, 600, 9999)))

    assert dict(found.lengths) == dict.fromkeys(LENGTHS, 0) | {
        "under 10 s": 2,
        "10 to 30 s": 2,
        "30 s to 1 min": 1,
        "over 10 min": 2,
    }


def test_costs_are_summed_to_the_last_digit() -> None:
    found = totals(*(fate(cost_usd="0.1") for _ in range(3)), fate(cost_usd="0.0003"), fate())

    assert (found.costed, found.cost_usd) == (4, Decimal("0.3003"))


@given(FATES)
def test_the_words_of_any_calls_add_up_to_the_calls(fates: list[Fate]) -> None:
    assert sum(calls for _, calls in totals(*fates).words) == len(fates)


@given(FATES)
def test_the_lengths_of_any_calls_add_up_to_those_with_a_duration(fates: list[Fate]) -> None:
    found = totals(*fates)

    assert sum(calls for _, calls in found.lengths) == found.timed


@given(FATES, st.integers(0, 30))
def test_it_does_not_matter_in_which_portions_calls_are_added(fates: list[Fate], cut: int) -> None:
    tally = CallTally()
    tally.add(fates[:cut])
    tally.add(fates[cut:])
    found, whole = tally.totals(), totals(*fates)
    assert found is not None

    assert (found.words, found.lengths, found.cost_usd, found.ended) == (
        whole.words,
        whole.lengths,
        whole.cost_usd,
        whole.ended,
    )
