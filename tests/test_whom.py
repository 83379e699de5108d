"""Second rounds: who is called once more is whose newest call ended with a word that a person named."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text

from dialer import fates, journal, whom
from dialer.call_words import Told
from dialer.campaign import Policy, Selection, parse_words
from dialer.leads import Verdict
from dialer.whom import DueLead
from tests.builders import World, lead, number, policy, reading
from tests.simulated_api import SimulatedApi

MakeWorld = Callable[..., World]
FAILED = Told("failed", ended=True)


def once_more(words: str = "failed", **changes: Any) -> Policy:
    return policy(call_status=parse_words(words), **changes)


def heard(world: World, row: int, told: Told = FAILED) -> None:
    """The API has told this of the newest call of the row."""
    world.hears(row, told)


def called_again(world: World, words: str = "failed", **changes: Any) -> list[int]:
    """The rows that a second round with these words calls."""
    before = len(world.api.received)
    world.run(once_more(words, **changes))
    return sorted(row for row in range(2, 40) for _, n in world.api.received[before:] if n == number(row))


def due(world: World, words: str = "failed") -> list[DueLead]:
    with world.ledger.reading() as connection:
        return whom.due_leads(connection, world.choice(once_more(words)), after_row=-1, most=100)


def attempts(world: World, row: int = 2) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(world.ledger.path)) as connection:
        return connection.execute(
            "SELECT generation, outcome, call_id FROM attempts WHERE e164 = ? ORDER BY attempt_id",
            (number(row),),
        ).fetchall()


@pytest.fixture
def called(world: World) -> World:
    """Ten people in rows 2 to 11 who were called; the calls of rows 2 and 5 failed, that of 3 was missed."""
    world.run()
    heard(world, 2)
    heard(world, 3, Told("No-Answer", ended=True))
    heard(world, 4, Told("completed", ended=True))
    heard(world, 5)
    return world


# Who is called once more


def test_those_are_called_once_more_whose_call_ended_with_the_word(called: World) -> None:
    assert called_again(called, "failed") == [2, 5]


def test_several_words_are_told_apart_by_commas(called: World) -> None:
    assert called_again(called, "failed, no-answer") == [2, 3, 5]


@pytest.mark.parametrize("word", ["no-answer", "NO-ANSWER", "No-Answer"])
def test_a_word_is_known_in_capitals_and_in_small_letters(called: World, word: str) -> None:
    assert called_again(called, word) == [3]


def test_a_word_of_any_alphabet_is_known_as_it_stands(called: World) -> None:
    heard(called, 6, Told("ÉCHEC", ended=True))

    assert called_again(called, "ÉCHEC") == [6]


def test_a_word_that_no_call_ended_with_calls_nobody(called: World) -> None:
    assert called_again(called, "busy") == []


def test_the_words_are_parted_and_told_in_small_letters_too() -> None:
    assert parse_words(" Failed ,no-answer,") == ("Failed", "failed", "no-answer")


@pytest.mark.parametrize("text", ["", " ", ",", " , "])
def test_no_words_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^name the words of the API's call_status, as failed,no-answer\.$"):
        parse_words(text)


@pytest.mark.parametrize("stale", [False, True])
def test_a_call_that_has_not_ended_is_never_made_again(called: World, *, stale: bool) -> None:
    heard(called, 6, Told("failed", ended=False))
    if stale:
        with called.ledger.transaction() as connection:
            fates.mark_stale(connection, called.campaign.campaign_id)

    assert [each.lead.row for each in due(called)] == [2, 5]
    assert called_again(called) == [2, 5]


def test_a_call_that_nobody_has_asked_for_is_never_made_again(world: World) -> None:
    world.run()

    assert called_again(world) == []


def test_a_plain_run_calls_nobody_once_more(called: World) -> None:
    before = len(called.api.received)
    called.run()

    assert len(called.api.received) == before


def test_a_second_round_leaves_new_and_refused_people_alone(make_world: MakeWorld) -> None:
    world = make_world(api=SimulatedApi(scripts={number(3): ["422", "ok"]}))
    world.run(policy(limit=9))
    heard(world, 2)

    assert called_again(world) == [2]


def test_only_names_others_who_are_called_as_well(make_world: MakeWorld) -> None:
    world = make_world(api=SimulatedApi(scripts={number(3): ["422", "ok"]}))
    world.run()
    heard(world, 2)

    assert called_again(world, only=(Selection.FAILED,)) == [2, 3]


def test_rows_narrow_a_second_round(called: World) -> None:
    assert called_again(called, rows=((4, 9),)) == [5]


def test_a_limit_narrows_a_second_round(called: World) -> None:
    assert called_again(called, limit=1) == [2]


def test_whoever_opted_out_since_is_not_called_once_more(called: World) -> None:
    called.load_readings(
        [reading(lead(2), Verdict.SUPPRESSED), *(reading(lead(row)) for row in range(3, 12))]
    )

    assert called_again(called) == [5]


def test_whoever_another_campaign_called_lately_is_not_called_once_more(
    make_world: MakeWorld, called: World
) -> None:
    called.loop.stall(48 * 3600.0)
    other = make_world(name="other", leads=[lead(2)])
    other.loop.stall(48 * 3600.0)
    other.run()

    assert called_again(called) == [5]


def test_the_plan_knows_how_many_are_called_once_more(called: World) -> None:
    choice = called.choice(once_more(only=(Selection.PENDING,)))
    called.load([*called.leads, lead(12)])

    with called.ledger.reading() as connection:
        assert whom.count_again(connection, choice) == 0
        choice = called.choice(once_more(only=(Selection.PENDING,)))
        assert (whom.count_again(connection, choice), whom.count_chosen(connection, choice)[0]) == (2, 3)


# What is written down


def test_a_second_round_is_a_generation_of_its_own(called: World) -> None:
    first = attempts(called)[0][2]
    called_again(called)

    assert attempts(called) == [(1, "called", first), (2, "called", "call-11")]


def test_the_row_shows_the_newest_call_and_keeps_the_count_of_attempts(called: World) -> None:
    called_again(called)

    result = called.results()[0]
    assert (result.call_id, result.attempts, result.status, result.fate) == ("call-11", 2, "queued", None)


def test_nobody_is_called_a_third_time_before_the_second_call_has_ended(called: World) -> None:
    called_again(called)

    assert called_again(called) == []


def test_one_run_calls_nobody_a_third_time_however_long_it_stays(called: World) -> None:
    called_again(called)
    heard(called, 2)
    later = called.choice(once_more())

    with called.ledger.reading() as connection:
        staying = replace(later, run_id=later.run_id - 1)
        chosen = whom.due_leads(connection, staying, after_row=-1, most=100)
    assert [due.lead.row for due in chosen] == []


def test_a_third_round_follows_once_the_second_call_has_failed_too(called: World) -> None:
    called_again(called)
    heard(called, 2)

    assert called_again(called) == [2]
    assert [generation for generation, _, _ in attempts(called)] == [1, 2, 3]


def test_a_lead_is_begun_once_in_a_round_whoever_asks(called: World) -> None:
    """As it stands in the buffer of a pool that fetched it before."""
    stale = due(called)[0]
    called_again(called)

    choice = called.choice(once_more())
    with called.ledger.transaction() as connection:
        begun = journal.begin(
            connection,
            stale,
            run_id=choice.run_id,
            recall_since=choice.recall_since,
            now=called.loop.utc_now(),
        )
    assert begun is None


def test_a_lead_without_an_ended_call_is_not_begun_whatever_is_asked(world: World) -> None:
    world.run()
    first = DueLead(1, world.campaign.campaign_id, lead(2), journal.LeadState.CALLED)

    choice = world.choice(once_more())
    with world.ledger.transaction() as connection:
        begun = journal.begin(
            connection,
            first,
            run_id=choice.run_id,
            recall_since=choice.recall_since,
            now=world.loop.utc_now(),
        )
    assert begun is None


def test_a_second_call_that_is_put_off_is_made_later_in_the_same_run(called: World) -> None:
    called.api.scripts = {number(2): ["429:1", "refused", "ok"]}

    assert called_again(called) == [2, 2, 5]
    assert [outcome for _, outcome, _ in attempts(called)] == ["called", "throttled", "unsent", "called"]
    assert called.results()[0].attempts == 2


def test_a_stop_before_the_second_call_is_sent_leaves_the_first_one_standing(called: World) -> None:
    first = called.results()[0]
    called.api.scripts = {number(2): ["401"], number(5): ["401"]}

    called_again(called)

    assert called.results()[0] == first
    called.api.scripts = {}
    assert called_again(called) == [2, 5]


def test_a_second_call_that_is_refused_is_failed(called: World) -> None:
    called.api.scripts = {number(2): ["422:blocked"]}

    called_again(called)

    result = called.results()[0]
    assert (result.status, result.attempts, result.reason) == ("failed", 2, "blocked")


def test_a_second_call_without_a_certain_answer_is_unknown_and_never_repeated(called: World) -> None:
    called.api.scripts = {number(2): ["reset-after"]}

    called_again(called)

    assert called.results()[0].status == "unknown"
    assert called_again(called) == []


def test_a_crash_in_a_second_round_leaves_unknown_and_no_third_call(called: World) -> None:
    stale = due(called)[0]
    choice = called.choice(once_more())
    with called.ledger.transaction() as connection:
        journal.begin(
            connection,
            stale,
            run_id=choice.run_id,
            recall_since=choice.recall_since,
            now=called.loop.utc_now(),
        )

    assert called.settle_crash() == 1
    assert called.statuses()[2] == "unknown"
    assert called_again(called) == [5]


def test_the_next_leads_are_read_in_the_order_of_an_index(make_world: MakeWorld) -> None:
    world = make_world()
    with world.ledger.reading() as connection:
        bound = whom._bind(world.choice(policy())) | {"after_row": -1, "most": 200, "called_again": False}
        plan = connection.execute(
            text(f"EXPLAIN QUERY PLAN {whom.SELECT_DUE.text}").bindparams(*whom._WORDS), bound
        )
        steps = [row.detail for row in plan]

    walked = [step for step in steps if step.split()[:2] in (["SEARCH", "l"], ["SCAN", "l"])]
    assert walked == ["SEARCH l USING INDEX leads_in_order (load_id=? AND state=? AND row>?)"] * 3
    assert not [step for step in steps if "TEMP B-TREE" in step]
