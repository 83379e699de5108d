"""No number is called more often than a cap allows, and no more calls are begun than a run may begin."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta
from decimal import Decimal

import pytest

from dialer import journal, whom
from dialer.bounding import bounds_of
from dialer.bounds import Bounds, Budget, Gate, MaxCalls, reached_cap
from dialer.call_words import Told
from dialer.campaign import Breakers, Policy, parse_words
from dialer.errors import UsageError
from dialer.journal import Attempt, Ending, RunJournal
from dialer.leads import Lead
from dialer.limits import Cap
from dialer.outcomes import Called, Outcome, Refused, Throttled, Unknown, Unsent
from dialer.retry import Stop, Tally, decide
from dialer.vozagent import Api
from dialer.writer import InlineWriter, group_writer
from tests.builders import API, World, lead, number, policy
from tests.simulated_api import SimulatedApi

MakeWorld = Callable[..., World]

LIVE = Api("https://api.voz.invalid/v1", "sk_test")
NOT_RECENT = policy(recall_after=timedelta(0))
CALLED = Called(
    201, call_id="call-1", status="queued", is_new_contact=True, contact_id="c-1", to_phone=number(2)
)


def caps(*texts: str) -> Bounds:
    return Bounds(tuple(Cap.parse(text) for text in texts))


def campaigns(make_world: MakeWorld, count: int, leads: Sequence[Lead], bounds: Bounds) -> list[World]:
    """So many campaigns with the same people, in one ledger and on one API."""
    api = SimulatedApi()
    worlds = [make_world(name=f"list {place}", leads=leads, bounds=bounds, api=api) for place in range(count)]
    for hours, world in enumerate(worlds):
        world.loop.stall(3600 * hours)  # one an hour after the other
    return worlds


def calls_of(world: World) -> Counter[str]:
    return Counter(number for _, number in world.api.received)


# Caps: what counts


def attempted(world: World, outcome: Outcome | None) -> None:
    """An attempt for the first lead that ended like this, or is under way."""
    choice = world.choice(policy())
    now = world.loop.utc_now()
    with world.ledger.transaction() as connection:
        due = whom.due_leads(connection, choice, after_row=-1, most=1)[0]
        attempt = journal.begin(connection, due, run_id=choice.run_id, recall_since="9", now=now)
        assert attempt is not None
        if outcome is not None:
            decision = decide(outcome, Tally(called=1), breakers=Breakers(), dice=0.0)
            journal.end(connection, attempt, Ending(outcome, decision, now), run_id=choice.run_id, now=now)


def has_reached(world: World, bounds: Bounds, *, after: timedelta = timedelta(0)) -> bool:
    with world.ledger.reading() as connection:
        return reached_cap(connection, lead(2), bounds, now=world.loop.utc_now() + after) is not None


@pytest.mark.parametrize("outcome", [CALLED, Unknown("no reply"), None])
def test_what_was_sent_or_may_have_been_counts(world: World, outcome: Outcome | None) -> None:
    attempted(world, outcome)

    assert has_reached(world, caps("1/24h"))


@pytest.mark.parametrize("outcome", [Refused(422, "blocked", "No."), Throttled(None, "Slow."), Unsent("x")])
def test_what_made_no_phone_ring_does_not_count(world: World, outcome: Outcome) -> None:
    attempted(world, outcome)

    assert not has_reached(world, caps("1/24h"))


def test_a_call_counts_until_the_window_has_passed_since_it_was_sent(world: World) -> None:
    attempted(world, CALLED)

    day = timedelta(hours=24)
    assert [has_reached(world, caps("1/24h"), after=day - timedelta(seconds=1)),
            has_reached(world, caps("1/24h"), after=day)] == [True, False]  # fmt: skip


def test_without_caps_the_ledger_is_not_asked(world: World) -> None:
    attempted(world, CALLED)

    assert not has_reached(world, Bounds())


# Caps: whom they keep from being called


def test_a_number_is_called_as_often_as_the_cap_allows_by_all_campaigns_together(
    make_world: MakeWorld,
) -> None:
    worlds = campaigns(make_world, 5, [lead(2), lead(3)], caps("3/24h"))

    for world in worlds:
        world.run(NOT_RECENT)

    assert calls_of(worlds[0]) == {number(2): 3, number(3): 3}


def test_who_is_over_a_cap_is_deferred_until_it_lifts(make_world: MakeWorld) -> None:
    first, second = campaigns(make_world, 2, [lead(2)], caps("1/24h"))
    first.run(NOT_RECENT)

    progress = second.run(NOT_RECENT)

    assert (progress.deferred, progress.capped, progress.called) == (1, 1, 0)
    # As another campaign called them, the row would say `recent` before anything else.
    with second.ledger.reading() as connection:
        told = connection.exec_driver_sql(
            "SELECT deferred_until, deferred_reason FROM leads WHERE deferred_reason IS NOT NULL"
        ).one()
    assert tuple(told) == (
        "2026-03-03T15:00:00.000000Z",
        "This number was called once in the last 24 hours, and the cap is 1 (--cap 1/24h).",
    )


def test_others_are_called_while_somebody_is_over_a_cap(make_world: MakeWorld) -> None:
    first, second = campaigns(make_world, 2, [lead(2)], caps("1/24h"))
    first.run(NOT_RECENT)
    second.load([lead(2), lead(3), lead(4)])

    second.run(NOT_RECENT)

    assert calls_of(second) == {number(2): 1, number(3): 1, number(4): 1}


def test_the_law_s_caps_hold_without_being_asked_for(make_world: MakeWorld) -> None:
    florida = lead(2, phone="+13055550123")
    worlds = campaigns(make_world, 4, [florida], Bounds(legal_caps=True))

    for world in worlds:
        world.run(NOT_RECENT)

    assert calls_of(worlds[0]) == {"+13055550123": 3}


def test_an_own_cap_cannot_widen_the_law_s(make_world: MakeWorld) -> None:
    florida = lead(2, phone="+13055550123")
    bounds = Bounds(own_caps=(Cap.parse("9/24h"),), legal_caps=True)
    worlds = campaigns(make_world, 4, [florida], bounds)

    for world in worlds:
        world.run(NOT_RECENT)

    assert calls_of(worlds[0]) == {"+13055550123": 3}


def test_a_cap_is_asked_in_the_transaction_that_writes_the_attempt_down(make_world: MakeWorld) -> None:
    """Both campaigns took the lead from the ledger when nobody had called it."""
    first, second = campaigns(make_world, 2, [lead(2)], caps("1/24h"))

    def begun(world: World) -> object:
        choice = world.choice(NOT_RECENT)
        with world.ledger.reading() as connection:
            due = whom.due_leads(connection, choice, after_row=-1, most=1)[0]
        book = RunJournal(InlineWriter(world.ledger), choice, clock=world.loop.utc_now)
        return world.loop.run_until_complete(book.begin(due))

    kinds = [type(begun(world)).__name__ for world in (first, second)]
    assert kinds == ["Attempt", "Capped"]


def test_two_runs_at_the_same_moment_share_what_a_cap_allows(make_world: MakeWorld) -> None:
    """Each with a writer of its own on the same file, as two processes have."""
    people = [lead(row) for row in range(2, 32)]
    first, second = campaigns(make_world, 2, people, caps("1/24h"))

    async def begin_all(world: World) -> list[object]:
        choice = world.choice(NOT_RECENT)
        with world.ledger.reading() as connection:
            due = whom.due_leads(connection, choice, after_row=-1, most=100)
        async with group_writer(world.ledger) as writer:
            book = RunJournal(writer, choice, clock=world.loop.utc_now)
            return list(await asyncio.gather(*(book.begin(each) for each in due)))

    async def both() -> list[list[object]]:
        return list(await asyncio.gather(begin_all(first), begin_all(second)))

    begun = [each for several in asyncio.run(both()) for each in several]
    kinds = Counter(type(each).__name__ for each in begun)
    assert kinds == {"Attempt": 30, "Capped": 30}
    assert len({each.due.lead.phone for each in begun if isinstance(each, Attempt)}) == 30


def test_a_second_round_keeps_to_the_caps(make_world: MakeWorld) -> None:
    world = make_world(leads=[lead(2), lead(3)], bounds=caps("1/24h"))
    world.run()
    heard(world, 2, "failed")

    world.run(policy(call_status=parse_words("failed")))

    assert calls_of(world) == {number(2): 1, number(3): 1}


def test_the_plan_names_those_over_a_cap_before_anybody_is_called(make_world: MakeWorld) -> None:
    first, second = campaigns(make_world, 2, [lead(2), lead(3)], caps("1/24h"))
    first.run(policy(rows=((2, 2),)))

    with second.ledger.reading() as connection:
        capped = whom.capped_leads(connection, second.choice(NOT_RECENT), now=second.loop.utc_now())
    assert list(capped) == [2]


# At most so many calls in 24 hours


def test_no_more_calls_are_begun_in_a_day_than_all_campaigns_together_may(make_world: MakeWorld) -> None:
    api = SimulatedApi()
    bounds = Bounds(allowances=(MaxCalls(7),))
    first = make_world(name="a", leads=[lead(row) for row in range(2, 7)], bounds=bounds, api=api)
    second = make_world(name="b", leads=[lead(row) for row in range(20, 30)], bounds=bounds, api=api)
    first.run()

    progress = second.run()

    assert len(api.received) == 7
    assert progress.stop == Stop(
        "max_calls",
        "Stopped at --max-calls 7: so many calls were begun in the last 24 hours, by all campaigns of this "
        "ledger; the same command goes on from 2026-03-03 15:00 UTC on.",
        exit_code=75,
    )


def test_a_day_later_as_many_may_be_called_again(make_world: MakeWorld) -> None:
    world = make_world(bounds=Bounds(allowances=(MaxCalls(4),)))

    for _ in range(3):
        world.run()
        world.loop.stall(24 * 3600)

    assert len(world.api.received) == 10


def test_who_is_called_with_the_last_call_of_the_day_ends_the_run_in_peace(make_world: MakeWorld) -> None:
    world = make_world(bounds=Bounds(allowances=(MaxCalls(10),)))

    assert world.run().stop is None


def test_calls_that_the_api_refused_leave_room_for_others(make_world: MakeWorld) -> None:
    world = make_world(bounds=Bounds(allowances=(MaxCalls(5),)))
    world.api.scripts = {number(row): ["422:blocked"] for row in (2, 3, 4)}

    world.run(policy(concurrency=1))

    assert len(world.api.created) == 5


def test_whoever_counts_seldom_counts_right(make_world: MakeWorld) -> None:
    """The ledger counts anew only when it may be too much: three times for nine calls."""
    counted = 0

    class Counting(MaxCalls):
        def left(self, connection: object, *, now: object) -> int:
            nonlocal counted
            counted += 1
            return super().left(connection, now=now)  # type: ignore[arg-type]

    world = make_world(bounds=Bounds(allowances=(Counting(9),)))
    world.run()

    assert (len(world.api.received), counted) == (9, 3)


def test_a_call_that_is_put_off_gives_its_place_to_another(make_world: MakeWorld) -> None:
    """At the last call of the day the API asks to wait: those under way may yet turn out not to count."""
    world = make_world(bounds=Bounds(allowances=(MaxCalls(6),)))
    world.api.scripts = {number(row): ["429:1", "422:blocked"] for row in range(2, 7)}

    progress = world.run()

    assert (progress.called, progress.failed, progress.stop) == (5, 5, None)


# A budget


def heard(world: World, row: int, word: str = "completed", *, cost: str | None = None) -> None:
    """The API has told how the newest call of a row ended, and what it cost."""
    world.hears(row, Told(word, ended=True, cost_usd=cost))


def bounded(world: World, **changes: object) -> Bounds:
    """The bounds that a policy has for the campaign of a world."""
    with world.ledger.reading() as connection:
        return bounds_of(connection, policy(**changes), API, campaign_id=world.campaign.campaign_id)


def stopped(world: World) -> str | None:
    stop = world.run().stop
    return stop.sentence if stop else None


def test_a_run_stops_before_the_call_that_would_exceed_the_budget(world: World) -> None:
    world.bounds = bounded(world, budget=Decimal("1"), cost_per_call=Decimal("0.3"))

    assert stopped(world) == (
        "Stopped at --budget 1usd: the calls of this campaign have cost about 0.90 USD (an estimate: 0.30 "
        "USD a call (--cost-per-call)), and another one would exceed it: a larger --budget lets it go on."
    )
    assert len(world.api.received) == 3


def test_a_budget_that_is_used_to_the_last_cent_is_not_exceeded(world: World) -> None:
    world.bounds = bounded(world, budget=Decimal("3"), cost_per_call=Decimal("0.3"))

    assert stopped(world) is None
    assert len(world.api.received) == 10


def test_the_same_command_again_spends_no_more(world: World) -> None:
    """The budget is the campaign's, for a run that goes on is the same run."""
    world.bounds = bounded(world, budget=Decimal("1"), cost_per_call=Decimal("0.3"))

    world.run()
    world.run()

    assert len(world.api.received) == 3


def test_a_budget_is_estimated_from_the_costs_that_are_known(world: World) -> None:
    world.run(policy(limit=2))
    heard(world, 2, cost="0.10")
    heard(world, 3, cost="0.30")
    world.bounds = bounded(world, budget=Decimal("1"))

    assert stopped(world) == (
        "Stopped at --budget 1usd: the calls of this campaign have cost about 1.00 USD (an estimate: 0.20 "
        "USD a call, the mean of 2 known costs), and another one would exceed it: a larger --budget lets it "
        "go on."
    )
    assert len(world.api.received) == 5


def test_what_is_known_counts_as_it_is_and_only_the_rest_as_estimated(world: World) -> None:
    world.run(policy(limit=2))
    heard(world, 2, cost="0.90")
    world.bounds = bounded(world, budget=Decimal("2"), cost_per_call=Decimal("0.5"))

    world.run()

    assert len(world.api.received) == 3  # 0.90 and twice 0.50; a third time would be 2.40


def test_a_campaign_without_known_costs_goes_by_those_of_the_ledger(make_world: MakeWorld) -> None:
    first = make_world(name="first", leads=[lead(2)])
    first.run()
    heard(first, 2, cost="0.25")
    second = make_world(name="second", leads=[lead(row) for row in range(20, 30)])

    assert bounded(second, budget=Decimal("1")).allowances == (
        Budget(Decimal("1"), second.campaign.campaign_id, Decimal("0.250000"), 1),
    )


def test_a_budget_without_any_known_cost_is_refused(world: World) -> None:
    with pytest.raises(UsageError) as refused:
        bounded(world, budget=Decimal("50"))

    assert refused.value.sentence == (
        "--budget 50usd cannot be kept: the ledger knows of no call what it cost. Say what one costs with "
        "--cost-per-call 0.12usd, or ask with `dialer outcomes CAMPAIGN` once some have ended."
    )


# Where the law's caps hold


@pytest.mark.parametrize(
    ("api", "chosen", "hold"),
    [(API, policy(), False), (LIVE, policy(), True), (LIVE, policy(any_hour=True), True)],
)
def test_the_law_s_caps_hold_wherever_a_phone_may_ring(
    world: World,
    api: Api,
    chosen: Policy,
    hold: bool,  # noqa: FBT001 - a test's parameter
) -> None:
    with world.ledger.reading() as connection:
        assert bounds_of(connection, chosen, api, campaign_id=1).legal_caps is hold


def test_a_gate_without_allowances_is_open(world: World) -> None:
    with world.ledger.reading() as connection:
        assert Gate(()).shut(connection, now=world.loop.utc_now()) is None
