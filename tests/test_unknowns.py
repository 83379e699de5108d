"""Attempts without a certain answer in the ledger: listing, settling, and calling once more by decision."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from dialer import journal, unknowns, whom
from dialer.campaign import Policy, Selection
from dialer.leads import Verdict
from dialer.outcomes import Called, Refused, Unsent
from dialer.retry import Tally, decide
from dialer.unknowns import Redial, Settlement
from dialer.whom import Choice
from tests.builders import World, lead, number, policy, reading
from tests.simulated_api import SimulatedApi
from tests.virtual_time import START

MakeWorld = Callable[..., World]
REDIAL = policy(redial_unknown=True)
LOST, REACHED = number(2), number(3)


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    """Row 2 was never answered, row 3 was called."""
    made = make_world(leads=[lead(2), lead(3)], api=SimulatedApi(scripts={LOST: ["reset-before"]}))
    made.run()
    return made


def redials(world: World, *, before: datetime | None = None, chosen: Policy = REDIAL) -> list[Redial]:
    """Whom a run would call once more, on the decision of a person."""
    choice = world.choice(chosen)
    with world.ledger.reading() as connection:
        return unknowns.redialable(
            connection,
            (choice.campaign_id, choice.load_id, choice.run_id),
            some_rows=choice.some_rows,
            before=before or world.loop.utc_now(),
        )


def decide_to_redial(world: World) -> int:
    found = redials(world)
    with world.ledger.transaction() as connection:
        return unknowns.open_generation(connection, found)


def withdraw(world: World) -> None:
    with world.ledger.transaction() as connection:
        unknowns.withdraw_generations(connection, world.campaign.campaign_id)


def settle(world: World, attempt_id: int, call_id: str = "call-found") -> bool:
    with world.ledger.transaction() as connection:
        settlement = Settlement(attempt_id, call_id, "contact-1", "the call was found")
        return unknowns.settle(connection, settlement, now=world.loop.utc_now())


def open_ids(world: World) -> list[int]:
    with world.ledger.reading() as connection:
        return [each.attempt_id for each in unknowns.open_attempts(connection, world.campaign.campaign_id)]


def begin(world: World, choice: Choice) -> journal.Attempt:
    """The intent of the first lead that is due."""
    with world.ledger.transaction() as connection:
        due = whom.due_leads(connection, choice, after_row=-1, most=1)[0]
        attempt = journal.begin(
            connection,
            due,
            run_id=choice.run_id,
            recall_since=choice.recall_since,
            now=world.loop.utc_now(),
        )
    assert attempt is not None
    return attempt


def end(world: World, attempt: journal.Attempt, outcome: Any) -> None:
    decision = decide(outcome, Tally(), breakers=REDIAL.breakers, dice=0.0)
    with world.ledger.transaction() as connection:
        ending = journal.Ending(outcome, decision, world.loop.utc_now())
        journal.end(connection, attempt, ending, run_id=1, now=world.loop.utc_now())


# Listing


def test_an_attempt_without_an_answer_is_open(world: World) -> None:
    with world.ledger.reading() as connection:
        [found] = unknowns.open_attempts(connection, world.campaign.campaign_id)

    assert (found.campaign, found.row, found.phone, found.name) == ("leads", 2, LOST, "Ann Example")


def test_a_campaign_with_an_open_attempt_is_to_be_looked_at(world: World, make_world: MakeWorld) -> None:
    make_world(name="another", leads=[lead(9)]).run()

    with world.ledger.reading() as connection:
        assert unknowns.campaigns_to_look_at(connection) == [(world.campaign.campaign_id, "leads")]


def test_a_call_that_a_crash_cut_off_is_to_be_looked_at(make_world: MakeWorld) -> None:
    world = make_world(leads=[lead(2)])
    begin(world, world.choice(policy()))

    with world.ledger.reading() as connection:
        assert unknowns.campaigns_to_look_at(connection) == [(world.campaign.campaign_id, "leads")]


# Settling


def test_a_settled_attempt_is_open_no_more(world: World) -> None:
    [attempt_id] = open_ids(world)

    assert (settle(world, attempt_id), open_ids(world), world.statuses()[2]) == (True, [], "accepted")


def test_an_attempt_is_settled_once(world: World) -> None:
    [attempt_id] = open_ids(world)
    settle(world, attempt_id)

    assert not settle(world, attempt_id, "call-other")


def test_only_an_unknown_attempt_is_settled(world: World) -> None:
    """Attempt 2 was answered."""
    assert (settle(world, 2), world.statuses()[3]) == (False, "queued")


def test_a_call_that_the_ledger_knows_settles_nothing(world: World) -> None:
    [attempt_id] = open_ids(world)
    known = next(result.call_id for result in world.results() if result.row == 3)

    assert (settle(world, attempt_id, str(known)), world.statuses()[2]) == (False, "unknown")


# Calling once more


def test_an_unknown_lead_is_called_once_more_by_decision(world: World) -> None:
    decide_to_redial(world)
    world.run(REDIAL)

    assert (world.statuses(), len(world.api.received)) == ({2: "queued", 3: "queued"}, 3)


def test_attempts_are_counted_over_all_rounds(world: World) -> None:
    decide_to_redial(world)
    world.run(REDIAL)

    assert [result.attempts for result in world.results()] == [2, 1]


def test_only_the_unknown_are_called_once_more(world: World) -> None:
    assert [(one.row, one.phone, one.name) for one in redials(world)] == [(2, LOST, "Ann Example")]


@pytest.mark.parametrize(("minutes", "listed"), [(59, []), (60, [2]), (600, [2])])
def test_nobody_is_called_once_more_for_a_younger_unknown(
    world: World, minutes: int, listed: list[int]
) -> None:
    now = START + timedelta(minutes=minutes, seconds=1)

    assert [one.row for one in redials(world, before=now - timedelta(hours=1))] == listed


def test_the_newest_unknown_counts(world: World) -> None:
    world.loop.stall(7200)
    world.api.scripts[LOST] = ["reset-before"]
    decide_to_redial(world)
    world.run(REDIAL)

    assert redials(world, before=world.loop.utc_now() - timedelta(hours=1)) == []


def test_whoever_opted_out_since_is_not_called_once_more(world: World) -> None:
    world.load_readings([reading(lead(2), Verdict.SUPPRESSED), reading(lead(3))])

    assert redials(world) == []


def test_rows_keep_to_some_of_them(world: World) -> None:
    assert redials(world, chosen=policy(redial_unknown=True, rows=((3, 9),))) == []


def test_a_retry_calls_once_more_whom_a_person_chose(world: World) -> None:
    decide_to_redial(world)
    world.run(policy(redial_unknown=True, only=(Selection.FAILED, Selection.MENDED)))

    assert world.statuses()[2] == "queued"


def test_a_decision_holds_for_one_run(world: World) -> None:
    decide_to_redial(world)
    withdraw(world)

    assert (world.statuses()[2], world.run().called) == ("unknown", 0)


def test_whoever_was_called_by_a_decision_stays_called(world: World) -> None:
    decide_to_redial(world)
    world.run(REDIAL)
    withdraw(world)

    assert world.statuses()[2] == "queued"


@pytest.mark.parametrize(
    ("outcome", "status"), [(Unsent("no network"), "unknown"), (Refused(422, "x", "No."), "failed")]
)
def test_a_decision_is_taken_back_where_nothing_was_sent(world: World, outcome: Any, status: str) -> None:
    decide_to_redial(world)
    end(world, begin(world, world.choice(REDIAL)), outcome)
    withdraw(world)

    assert world.statuses()[2] == status


# A call of the first round that is found in the second


def test_whoever_is_found_before_being_called_once_more_is_not_called(world: World) -> None:
    [attempt_id] = open_ids(world)
    decide_to_redial(world)
    settle(world, attempt_id)
    world.run(REDIAL)

    assert (world.statuses()[2], len(world.api.received)) == ("accepted", 2)


def test_whoever_is_found_after_a_refusal_was_called(world: World) -> None:
    """A person decided to call once more and the API refused that, but the first call is there."""
    [attempt_id] = open_ids(world)
    decide_to_redial(world)
    world.api.scripts[LOST] = ["422"]
    world.run(REDIAL)
    settle(world, attempt_id)

    assert world.statuses()[2] == "accepted"


def test_while_a_call_is_under_way_nothing_of_its_number_is_settled(world: World) -> None:
    [attempt_id] = open_ids(world)
    decide_to_redial(world)
    attempt = begin(world, world.choice(REDIAL))
    early = settle(world, attempt_id)
    end(world, attempt, Called(201, call_id="call-2", status="queued"))

    assert (early, world.statuses()[2]) == (False, "queued")
