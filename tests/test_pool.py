"""The pool on a virtual clock: real ledger, real pace, a simulated API that misbehaves."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from dialer import orders
from dialer.campaign import Breakers, Rate, Selection
from dialer.errors import SettingsError
from dialer.journal import Attempt, Ending, RunJournal
from dialer.pool import Closed, Pool
from dialer.retry import Stop
from dialer.whom import DueLead
from tests.builders import World, lead, number, policy
from tests.simulated_api import SimulatedApi, busiest_window


class Wrapped:
    """A journal with one thing changed."""

    def __init__(self, journal: RunJournal) -> None:
        self._journal = journal

    def __getattr__(self, name: str) -> Any:
        return getattr(self._journal, name)


class SlowJournal(Wrapped):
    """Takes its time to read, as a thread does."""

    async def due(self, *, after_row: int, most: int) -> list[DueLead]:
        await asyncio.sleep(0.01)
        return await self._journal.due(after_row=after_row, most=most)


class FullDisk(Wrapped):
    """Takes intents and no outcomes."""

    async def end(self, _attempt: Attempt, _ending: Ending) -> None:
        raise SettingsError("The disk is full.", code="disk_full")


class StuckBegin(Wrapped):
    """Commits an intent only after a minute."""

    async def begin(self, lead: DueLead) -> Attempt | None:
        await asyncio.sleep(60)
        return await self._journal.begin(lead)


MakeWorld = Callable[..., World]

INTERRUPT = Stop("interrupted", "Stopped.", exit_code=130)


def test_every_lead_is_called_once(world: World) -> None:
    world.run()

    assert Counter(n for _, n in world.api.created) == Counter(number(row) for row in range(2, 12))


def test_every_row_carries_the_apis_word(world: World) -> None:
    world.run()

    assert set(world.statuses().values()) == {"queued"}


def test_a_second_run_calls_nobody(world: World) -> None:
    world.run()
    world.run()

    assert len(world.api.received) == 10


@pytest.mark.parametrize(
    "rate", [Rate(count=1), Rate(count=7), Rate(count=50), Rate(count=60, per_seconds=60)]
)
def test_the_pace_is_never_exceeded_and_used_to_99_percent(make_world: MakeWorld, rate: Rate) -> None:
    world = make_world(leads=[lead(row) for row in range(2, 302)])

    world.run(policy(rate=rate, concurrency=50))

    times = [time for time, _ in world.api.received]
    assert busiest_window(times, seconds=rate.per_seconds) <= rate.count
    assert (len(times) - 1) / (times[-1] - times[0]) >= 0.99 * rate.per_second


def test_a_reset_after_creation_is_unknown_and_never_called_again(world: World) -> None:
    world.api.scripts = {number(4): ["reset-after"]}

    world.run()
    world.run()
    world.run(policy(only=(Selection.FAILED, Selection.MENDED, Selection.PENDING)))

    assert world.statuses()[4] == "unknown"
    assert not world.api.numbers_created_twice()


def test_a_reset_before_creation_is_unknown_as_well(world: World) -> None:
    world.api.scripts = {number(4): ["reset-before"]}

    world.run()
    world.run()

    assert world.statuses()[4] == "unknown"
    assert [n for _, n in world.api.received].count(number(4)) == 1


def test_a_refused_connection_is_tried_again(world: World) -> None:
    world.api.scripts = {number(4): ["refused", "refused"]}

    world.run()

    assert world.statuses()[4] == "queued"


def test_a_refused_connection_uses_up_no_attempt(world: World) -> None:
    world.api.scripts = {number(4): ["refused"]}

    world.run()

    assert {result.attempts for result in world.results()} == {1}


def test_an_api_out_of_reach_ends_the_run_after_give_up_after(world: World) -> None:
    world.api.always = "refused"

    progress = world.run(policy(give_up_after=timedelta(seconds=60)))

    assert progress.stop is not None
    assert (progress.stop.code, progress.stop.exit_code) == ("unreachable", 69)
    assert 60 <= world.loop.time() <= 62
    assert set(world.statuses().values()) == {"pending"}


def test_a_429_makes_everybody_wait_for_retry_after(world: World) -> None:
    world.api.scripts = {number(2): ["429:20"]}

    world.run(policy(concurrency=2))

    after = [time for time, _ in world.api.received if time > world.api.received[0][0] + 0.2]
    sent_in_the_wait = [time for time in after if time < 20.2]
    assert len(sent_in_the_wait) <= 2  # those that were on the wire when the 429 came
    assert set(world.statuses().values()) == {"queued"}


def test_a_429_storm_loses_nobody_and_uses_up_no_attempt(make_world: MakeWorld) -> None:
    forms = ["429", "429:1", "429:soon", "429:-3", "429:0.2", "429:0"]
    scripts = {number(row): forms[: row % 7] for row in range(2, 32)}
    world = make_world(leads=[lead(row) for row in range(2, 32)], api=SimulatedApi(scripts=scripts))

    world.run()

    assert set(world.statuses().values()) == {"queued"}
    assert {result.attempts for result in world.results()} == {1}
    assert busiest_window([time for time, _ in world.api.received], seconds=1) <= 10


def test_a_429_slows_the_pace_down(world: World) -> None:
    world.api.scripts = {number(2): ["429:1"]}

    progress = world.run()

    assert progress.share < 1


def test_a_long_retry_after_ends_the_run_with_75(world: World) -> None:
    world.api.always = "429:3600"

    progress = world.run()

    assert progress.stop is not None
    assert (progress.stop.exit_code, progress.stop.sentence) == (
        75,
        "The API asks to wait 60 minutes: run the same command again after that.",
    )


def test_an_api_that_lets_nothing_through_is_left_alone_after_ten_minutes(world: World) -> None:
    world.api.always = "429"

    progress = world.run()

    assert progress.stop is not None
    assert progress.stop.code == "throttled"
    assert 600 < world.loop.time() < 660


@pytest.mark.parametrize(
    ("reply", "code", "exit_code"),
    [
        ("401", "unauthorized", 77),
        ("402", "payment_required", 77),
        ("403", "forbidden", 77),
        ("404", "not_found", 78),
        ("302", "redirect", 78),
        ("501", "code_501", 78),
    ],
)
def test_a_refusal_that_all_would_meet_stops_and_leaves_everybody_pending(
    world: World, reply: str, code: str, exit_code: int
) -> None:
    world.api.always = reply

    progress = world.run()

    assert progress.stop is not None
    assert (progress.stop.code, progress.stop.exit_code) == (code, exit_code)
    assert set(world.statuses().values()) == {"pending"}
    assert len(world.api.received) <= 4  # one for each caller


def test_a_403_after_a_success_fails_that_lead_only(world: World) -> None:
    world.api.scripts = {number(9): ["403"]}

    progress = world.run(policy(concurrency=1))

    assert progress.stop is None
    assert Counter(world.statuses().values()) == {"queued": 9, "failed": 1}


def test_three_403_in_a_row_stop_the_run(world: World) -> None:
    world.api.scripts = {number(row): ["403"] for row in (4, 5, 6)}

    progress = world.run(policy(concurrency=1))

    assert progress.stop is not None
    assert (progress.stop.code, progress.stop.exit_code) == ("forbidden_in_row", 77)


def test_a_refused_lead_fails_and_the_others_go_on(world: World) -> None:
    world.api.scripts = {number(4): ["400:bad number"], number(5): ["422"]}

    world.run()

    assert Counter(world.statuses().values()) == {"queued": 8, "failed": 2}


def test_a_failed_lead_carries_the_apis_message(world: World) -> None:
    world.api.scripts = {number(4): ["400:The number is blocked"]}

    world.run()

    failed = next(result for result in world.results() if result.row == 4)
    assert failed.reason == "The number is blocked"


def test_plain_run_leaves_failed_leads_alone(world: World) -> None:
    world.api.scripts = {number(4): ["400"]}

    world.run()
    world.run()

    assert [n for _, n in world.api.received].count(number(4)) == 1


def test_retry_calls_exactly_the_failed_ones(world: World) -> None:
    world.api.scripts = {number(4): ["400"], number(7): ["422"]}
    world.run()
    before = len(world.api.received)

    world.run(policy(only=(Selection.FAILED, Selection.MENDED)))

    assert [n for _, n in world.api.received[before:]] == [number(4), number(7)]
    assert set(world.statuses().values()) == {"queued"}


def test_a_lead_that_fails_in_a_retry_is_not_called_again_by_it(world: World) -> None:
    world.api.scripts = {number(4): ["400", "400", "400"]}
    world.run()

    world.run(policy(only=(Selection.FAILED,)))

    assert [n for _, n in world.api.received].count(number(4)) == 2


def test_a_lead_throttled_in_a_retry_is_called_later_in_it(world: World) -> None:
    world.api.scripts = {number(4): ["400", "429:1"]}
    world.run()

    world.run(policy(only=(Selection.FAILED,)))

    assert world.statuses()[4] == "queued"


@pytest.mark.parametrize(
    "body", ["<html>", "", '{"call_id": ', "[]", '{"call_id": null}', '{"status": "failed"}']
)
def test_a_2xx_is_a_call_whatever_its_body(world: World, body: str) -> None:
    world.api.scripts = {number(4): [f"odd:{body}"]}

    world.run()
    world.run()

    assert world.statuses()[4] == "accepted"
    assert not world.api.numbers_created_twice()


def test_another_number_dialled_raises_the_alarm_and_pauses(world: World) -> None:
    world.api.scripts = {number(4): ['odd:{"call_id": "c", "to_phone": "+12015550199"}']}

    progress = world.run(policy(concurrency=1))

    assert progress.stop is not None
    assert progress.stop.sentence == (
        "ALARM: the API says it dials +12015550199, which is not the number that was sent: "
        "ask VozAgent before you go on with `dialer resume`."
    )
    assert world.statuses()[4] == "accepted"


def test_a_call_id_that_two_numbers_share_is_told(world: World) -> None:
    world.api.scripts = {number(row): ['odd:{"call_id": "call-0"}'] for row in (3, 5)}

    world.run()

    assert {result.row: result.reason for result in world.results() if result.reason} == {
        5: "the API gave this call_id to row 3 as well"
    }


def test_five_unknown_in_a_row_pause_the_campaign_for_good(world: World) -> None:
    world.api.always = "500"

    progress = world.run(policy(concurrency=1, breakers=Breakers()))

    assert progress.stop is not None
    assert (progress.stop.code, progress.stop.exit_code, progress.unknown) == ("unknown_in_row", 75, 5)
    assert paused_reason(world) == progress.stop.sentence


def paused_reason(world: World) -> str | None:
    with world.ledger.reading() as connection:
        return orders.pause_reason(connection, world.campaign.campaign_id)


class CutAfterEnd(Wrapped):
    """The power fails as soon as the fifth outcome is on disk."""

    ended = 0

    async def end(self, attempt: Attempt, ending: Ending) -> None:
        await self._journal.end(attempt, ending)
        self.ended += 1
        if self.ended == 5:
            raise PowerCut


class PowerCut(BaseException):
    pass


def test_a_breakers_pause_is_on_disk_with_the_outcome_that_tripped_it(world: World) -> None:
    world.api.always = "500"
    with pytest.raises(BaseExceptionGroup):
        world.run(policy(concurrency=1, breakers=Breakers()), wrap=CutAfterEnd)

    assert (paused_reason(world) or "").startswith("Paused: 5 calls in a row ended without a certain answer")


def test_the_first_reason_of_a_pause_stays(world: World) -> None:
    """The calls in flight end as badly, and trip the breaker again and again."""
    world.api.always = "500"

    progress = world.run(policy(concurrency=10, rate=Rate(count=1000), breakers=Breakers()))

    assert progress.stop is not None
    assert (progress.unknown, paused_reason(world)) == (10, progress.stop.sentence)
    assert progress.stop.sentence.startswith("Paused: 5 calls in a row")


def test_an_alarm_counts_even_while_the_run_is_stopping(world: World) -> None:
    world.api.always = "500"
    world.api.scripts = {number(11): ['odd:{"call_id": "c", "to_phone": "+12015550199"}']}

    progress = world.run(policy(concurrency=10, rate=Rate(count=1000), breakers=Breakers()))

    assert progress.stop is not None
    assert (progress.stop.code, paused_reason(world)) == ("wrong_number_dialled", progress.stop.sentence)


def test_a_persons_reason_for_a_pause_stays(world: World) -> None:
    world.api.always = "500"

    async def pause(_pool: Pool) -> None:
        await asyncio.sleep(0.1)
        with world.ledger.transaction() as connection:
            orders.set_pause(connection, world.campaign.campaign_id, reason="lunch", now=world.loop.utc_now())

    world.run(policy(concurrency=10, rate=Rate(count=1000), breakers=Breakers()), meanwhile=pause)

    assert paused_reason(world) == "lunch"


def test_twenty_refusals_in_a_row_pause_the_campaign(make_world: MakeWorld) -> None:
    world = make_world(leads=[lead(row) for row in range(2, 52)], api=SimulatedApi(always="400"))

    progress = world.run(policy(concurrency=1, breakers=Breakers()))

    assert progress.stop is not None
    assert (progress.stop.code, progress.failed) == ("refused_in_row", 20)


def test_three_faults_of_our_own_pause_the_campaign(world: World) -> None:
    world.api.always = "bug"

    progress = world.run(policy(concurrency=1))

    assert progress.stop is not None
    assert (progress.stop.code, progress.unknown) == ("internal_errors", 3)


def test_a_pause_from_another_terminal_stops_the_run_within_two_seconds(world: World) -> None:
    async def pause_at_three(_pool: Pool) -> None:
        await asyncio.sleep(3)
        with world.ledger.transaction() as connection:
            orders.set_pause(connection, world.campaign.campaign_id, reason="lunch", now=world.loop.utc_now())

    progress = world.run(policy(rate=Rate(count=1)), meanwhile=pause_at_three)

    assert progress.stop is not None
    assert progress.stop.sentence == "The campaign was paused: lunch"
    assert world.api.received[-1][0] <= 5


def test_a_stop_lets_the_calls_in_flight_finish(world: World) -> None:
    world.api.seconds = 3.0

    async def stop(pool: Pool) -> None:
        await asyncio.sleep(1)
        pool.stop(INTERRUPT)

    world.run(meanwhile=stop)

    statuses = Counter(world.statuses().values())
    assert statuses["queued"] == len(world.api.received) > 0
    assert statuses["pending"] == 10 - statuses["queued"]


def test_a_call_that_outlasts_the_drain_is_unknown(world: World) -> None:
    world.api.seconds = 100.0

    async def stop(pool: Pool) -> None:
        await asyncio.sleep(0.05)
        pool.stop(INTERRUPT)

    world.run(policy(concurrency=1, timeout=timedelta(seconds=200)), meanwhile=stop)

    assert world.statuses()[2] == "unknown"
    assert world.loop.time() < 32


def test_a_reply_slower_than_the_timeout_is_unknown(world: World) -> None:
    world.api.seconds = 6.0

    world.run(policy(timeout=timedelta(seconds=5)))

    assert set(world.statuses().values()) == {"unknown"}


def test_limit_calls_so_many_and_no_more(world: World) -> None:
    world.api.scripts = {number(2): ["429:1"], number(3): ["refused"]}

    world.run(policy(limit=4))

    assert Counter(world.statuses().values()) == {"queued": 4, "pending": 6}


def test_limit_holds_when_all_callers_wait_for_the_same_page_of_leads(world: World) -> None:
    world.run(policy(limit=1, concurrency=8, rate=Rate(count=50)), wrap=SlowJournal)

    assert len(world.api.received) == 1


def test_leads_outside_their_hours_use_up_no_pace(make_world: MakeWorld) -> None:
    world = make_world(leads=[lead(row) for row in range(2, 102)])

    world.run(closed=lambda one: Closed(None, "Closed.") if one.row < 100 else None)

    assert world.api.received[0][0] < 0.2


def test_an_outcome_that_the_ledger_does_not_take_is_told(world: World) -> None:
    chosen = policy(concurrency=1)
    with pytest.raises(SettingsError):
        world.run(chosen, wrap=FullDisk)

    assert world.pool is not None
    assert [attempt.due.lead.row for attempt, _ in world.pool.progress.unwritten] == [2]
    assert len(world.api.received) == 1


def test_an_intent_whose_commit_outlasts_the_drain_is_taken_back(world: World) -> None:
    async def stop(pool: Pool) -> None:
        await asyncio.sleep(0.05)
        pool.stop(INTERRUPT)

    world.run(policy(concurrency=1), meanwhile=stop, wrap=StuckBegin)

    assert world.statuses()[2] == "pending"
    assert world.api.received == []


def test_rows_calls_only_those_rows(world: World) -> None:
    world.run(policy(rows=((3, 4), (9, 9))))

    assert {row for row, status in world.statuses().items() if status == "queued"} == {3, 4, 9}


def test_a_number_called_by_another_campaign_is_recent(make_world: MakeWorld) -> None:
    first = make_world(leads=[lead(2)], name="first")
    first.run()
    second = make_world(leads=[lead(2), lead(3)], name="second", api=first.api)

    second.run()

    assert second.statuses() == {2: "recent", 3: "queued"}


def test_a_recent_number_is_called_once_recall_after_has_passed(make_world: MakeWorld) -> None:
    first = make_world(leads=[lead(2)], name="first")
    first.run()
    second = make_world(leads=[lead(2)], name="second", api=first.api)

    second.run(policy(recall_after=timedelta(0)))

    assert second.statuses() == {2: "queued"}


def test_a_lead_outside_its_hours_is_deferred(world: World) -> None:
    def closed(one: object) -> Closed | None:
        return (
            Closed(world.loop.utc_now() + timedelta(hours=3), "Too early there.") if one == lead(5) else None
        )

    progress = world.run(closed=closed)

    assert progress.deferred == 1
    assert world.statuses()[5] == "deferred"


def test_a_crash_leaves_unknown_and_never_a_second_call(world: World, make_world: MakeWorld) -> None:
    """The loop is abandoned at the worst moment: created, and not yet answered."""
    world.api.seconds = 10.0
    chosen = policy(concurrency=3)
    run = world.loop.create_task(world._run(chosen, world.choice(chosen), lambda _: None, None))
    world.loop.run_until_complete(asyncio.wait({run}, timeout=1.0))
    in_flight = {n for _, n in world.api.received}
    crashed = make_world(leads=world.leads)

    assert crashed.settle_crash() == len(in_flight) == 3
    crashed.run()

    assert {n for _, n in crashed.api.received} & in_flight == set()
    assert Counter(crashed.statuses().values()) == {"unknown": 3, "queued": 7}
    run.cancel()
    world.loop.run_until_complete(asyncio.wait({run}))
