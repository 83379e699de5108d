"""The journal: nobody is begun twice, the intent is on disk first, and what came of it after."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import event

from dialer import journal, ledger, orders, whom
from dialer.campaign import Breakers, Rate, Selection
from dialer.errors import SettingsError
from dialer.journal import Attempt, Ending, RunJournal
from dialer.leads import RowProblem, RowReading, Verdict
from dialer.outcomes import Called, Forbidden, Halted, Outcome, Refused, Throttled, Unknown, Unsent
from dialer.phones import Tier
from dialer.pool import Pool
from dialer.retry import LeadState, Tally, decide
from dialer.whom import DueLead
from dialer.writer import group_writer
from tests.builders import World, lead, number, policy, reading
from tests.simulated_api import SimulatedApi

MakeWorld = Callable[..., World]

CALLED = Called(
    201, call_id="call-1", status="queued", is_new_contact=True, contact_id="c-1", to_phone=number(2)
)
REFUSED = Refused(422, "blocked", "The number is blocked.")
FORBIDDEN = Forbidden(403, "forbidden", "Not this one.")
HALTED = Halted(401, "unauthorized", "No such key.")
THROTTLED = Throttled(7.0, "Slow down.")
UNSENT = Unsent("ConnectError")
UNKNOWN = Unknown("no reply (ReadTimeout)")


def due_in(world: World, **changes: Any) -> list[DueLead]:
    """Whom a new run with this policy would call."""
    choice = world.choice(policy(**changes))
    with world.ledger.reading() as connection:
        return whom.due_leads(connection, choice, after_row=-1, most=100)


def rows_due(world: World, **changes: Any) -> list[int]:
    return [due.lead.row for due in due_in(world, **changes)]


def begin(world: World, due: DueLead, *, recall_after: timedelta = timedelta(hours=24)) -> Attempt | None:
    choice = world.choice(policy(recall_after=recall_after))
    with world.ledger.transaction() as connection:
        return journal.begin(
            connection,
            due,
            run_id=choice.run_id,
            recall_since=choice.recall_since,
            now=world.loop.utc_now(),
        )


def begun(world: World, row: int = 2, **changes: Any) -> Attempt:
    """An attempt for the lead in this row that is under way."""
    due = next(due for due in due_in(world, **changes) if due.lead.row == row)
    attempt = begin(world, due)
    assert attempt is not None
    return attempt


def end(world: World, attempt: Attempt, outcome: Outcome, *, sent_seconds_ago: float | None = 0.0) -> None:
    decision = decide(outcome, Tally(called=1), breakers=Breakers(), dice=0.0)
    now = world.loop.utc_now()
    sent_at = None if sent_seconds_ago is None else now - timedelta(seconds=sent_seconds_ago)
    with world.ledger.transaction() as connection:
        journal.end(connection, attempt, Ending(outcome, decision, sent_at), run_id=1, now=now)


def attempted(world: World, outcome: Outcome, *, row: int = 2) -> None:
    end(world, begun(world, row), outcome)


def seen_by_others(world: World, query: str) -> list[tuple[Any, ...]]:
    """What another program reads from the file."""
    with closing(sqlite3.connect(world.ledger.path)) as connection:
        return connection.execute(query).fetchall()


def state_of(world: World, row: int = 2) -> str:
    return str(dict(seen_by_others(world, "SELECT row, state FROM leads"))[row])


# Nobody is begun twice


@pytest.mark.parametrize("outcome", [CALLED, UNKNOWN, REFUSED, FORBIDDEN, None])
def test_a_lead_that_may_have_been_called_is_not_begun_again(world: World, outcome: Outcome | None) -> None:
    """As it stands in the buffer of a pool that fetched it when it was due."""
    stale = due_in(world)[0]
    attempt = begun(world)
    if outcome is not None:
        end(world, attempt, outcome)

    assert begin(world, stale) is None


@pytest.mark.parametrize("outcome", [CALLED, UNKNOWN, None])
def test_a_lead_whose_state_was_changed_by_hand_is_not_begun_again(
    world: World, outcome: Outcome | None
) -> None:
    stale = due_in(world)[0]
    attempt = begun(world)
    if outcome is not None:
        end(world, attempt, outcome)
    with closing(sqlite3.connect(world.ledger.path)) as connection:
        connection.execute("UPDATE leads SET state = 'due'")
        connection.commit()

    assert begin(world, stale) is None


@pytest.mark.parametrize("outcome", [UNSENT, THROTTLED, HALTED])
def test_a_lead_that_was_surely_not_called_is_begun_again(world: World, outcome: Outcome) -> None:
    attempted(world, outcome)

    assert begin(world, due_in(world)[0]) is not None


def test_a_failed_lead_is_begun_again_as_such(world: World) -> None:
    attempted(world, REFUSED)

    attempt = begin(world, due_in(world, only=(Selection.FAILED,))[0])

    assert attempt is not None
    assert attempt.due.from_state is LeadState.FAILED


def test_a_lead_of_nobody_is_not_begun(world: World) -> None:
    gone = replace(due_in(world)[0], lead_id=999)

    assert begin(world, gone) is None


def test_a_refused_begin_writes_nothing(world: World) -> None:
    stale = due_in(world)[0]
    begun(world)

    begin(world, stale)

    assert seen_by_others(world, "SELECT count(*) FROM attempts") == [(1,)]


def test_a_lead_suppressed_meanwhile_is_not_begun(world: World) -> None:
    stale = due_in(world)[0]
    world.load_readings([reading(lead(2), Verdict.SUPPRESSED)])

    assert begin(world, stale) is None


@pytest.mark.parametrize("outcome", [CALLED, UNKNOWN, None])
def test_a_number_that_another_campaign_called_meanwhile_is_not_begun(
    make_world: MakeWorld, outcome: Outcome | None
) -> None:
    first = make_world(leads=[lead(2)], name="first")
    second = make_world(leads=[lead(2)], name="second")
    stale = due_in(second)[0]
    attempt = begun(first)
    if outcome is not None:
        end(first, attempt, outcome)

    assert begin(second, stale) is None


@pytest.mark.parametrize("outcome", [REFUSED, FORBIDDEN, HALTED, THROTTLED, UNSENT])
def test_a_number_that_another_campaign_did_not_get_through_to_is_begun(
    make_world: MakeWorld, outcome: Outcome
) -> None:
    attempted(make_world(leads=[lead(2)], name="first"), outcome)
    second = make_world(leads=[lead(2)], name="second")

    assert begin(second, due_in(second)[0]) is not None


@pytest.mark.parametrize(("recall_after", "may_call"), [(23, True), (24, False), (25, False)])
def test_a_number_is_recent_for_as_long_as_was_asked(
    make_world: MakeWorld, recall_after: int, may_call: object
) -> None:
    """Called 23 hours and 59 minutes ago by another campaign."""
    attempted(make_world(leads=[lead(2)], name="first"), CALLED)
    second = make_world(leads=[lead(2)], name="second")
    second.loop.stall(timedelta(hours=23, minutes=59).total_seconds())

    found = due_in(second, recall_after=timedelta(hours=recall_after))

    assert bool(found) is may_call


def test_a_failed_lead_that_another_campaign_called_is_not_begun(make_world: MakeWorld) -> None:
    second = make_world(leads=[lead(2)], name="second")
    attempted(second, REFUSED)
    failed = due_in(second, only=(Selection.FAILED,))[0]
    attempted(make_world(leads=[lead(2)], name="first"), CALLED)

    assert begin(second, failed) is None


# The intent comes first


def test_the_intent_is_on_disk_when_begin_returns(world: World) -> None:
    due = due_in(world)[0]
    choice = world.choice(policy())

    async def begin_and_look() -> list[tuple[Any, ...]]:
        async with group_writer(world.ledger) as writer:
            await RunJournal(writer, choice, clock=world.loop.utc_now).begin(due)
            return seen_by_others(
                world,
                "SELECT a.e164, a.from_state, a.outcome, a.begun_at, a.run_id, l.state"
                " FROM attempts AS a JOIN leads AS l USING (lead_id)",
            )

    assert asyncio.run(begin_and_look()) == [
        (number(2), "due", None, "2026-03-02T15:00:00.000000Z", choice.run_id, "sending")
    ]


def test_the_intent_is_on_disk_when_the_first_byte_leaves(make_world: MakeWorld) -> None:
    states: list[str] = []

    class Looking(SimulatedApi):
        """Looks into the ledger whenever a request arrives."""

        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            phone = json.loads(request.content)["phone_number"]
            states.append(dict(seen_by_others(world, "SELECT e164, state FROM leads"))[phone])
            return await super().handle_async_request(request)

    world = make_world(api=Looking())

    world.run()

    assert states == ["sending"] * 10


def fill_disk(world: World) -> None:
    """No connection may make the ledger longer from now on."""
    world.ledger._writing.dispose()  # the next one is a new one

    @event.listens_for(world.ledger._writing, "connect")
    def _no_more_pages(connection: Any, _record: object) -> None:
        connection.execute("PRAGMA max_page_count = 1")


def test_without_room_for_the_intent_nobody_is_called(make_world: MakeWorld) -> None:
    world = make_world(leads=[lead(row) for row in range(2, 402)])
    chosen = policy(rate=Rate(count=100))
    before = len(seen_by_others(world, "SELECT 1 FROM attempts"))
    fill_disk(world)

    with pytest.raises(SettingsError) as caught:
        world.run(chosen)

    intents = len(seen_by_others(world, "SELECT 1 FROM attempts")) - before
    assert caught.value.code == "disk_full"
    assert len(world.api.received) == intents < 400


class LedgerTaken(SimulatedApi):
    """While the first request is under way, another program takes the ledger, for so many seconds."""

    path: Path
    holds_seconds: float

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if not self.received:
            self.taken = sqlite3.connect(self.path, isolation_level=None)
            self.taken.execute("BEGIN IMMEDIATE")
            asyncio.get_running_loop().call_later(self.holds_seconds, self.taken.close)
        return await super().handle_async_request(request)


@pytest.fixture
def taken(make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch) -> Callable[[float], World]:
    """A campaign of three whose ledger is taken away while the first call is under way."""
    monkeypatch.setattr(ledger, "_BUSY_SECONDS", 0.01)

    def make(seconds: float) -> World:
        api = LedgerTaken()
        world = make_world(leads=[lead(2), lead(3), lead(4)], api=api)
        api.path, api.holds_seconds = world.ledger.path, seconds
        return world

    return make


def test_an_outcome_that_the_ledger_does_not_take_is_kept_and_written_later(
    taken: Callable[[float], World],
) -> None:
    world = taken(3.0)

    with pytest.raises(SettingsError):
        world.run(policy(concurrency=1))

    assert world.statuses() == {2: "queued", 3: "pending", 4: "pending"}


def test_an_outcome_that_the_ledger_never_takes_is_handed_to_a_person(
    taken: Callable[[float], World],
) -> None:
    world = taken(1000.0)
    pools: list[Pool] = []

    async def look_on(pool: Pool) -> None:
        pools.append(pool)

    with pytest.raises(SettingsError):
        world.run(policy(concurrency=1), meanwhile=look_on)

    assert [(a.due.lead.row, type(o)) for a, o in pools[0].progress.unwritten] == [(2, Called)]


def test_while_the_ledger_takes_nothing_nobody_else_is_called(taken: Callable[[float], World]) -> None:
    world = taken(1000.0)

    with pytest.raises(SettingsError):
        world.run(policy(concurrency=1))

    assert [n for _, n in world.api.received] == [number(2)]


class Stubborn:
    """A journal that takes its time, and then refuses every outcome."""

    def __init__(self, journal: RunJournal) -> None:
        self._journal = journal

    def __getattr__(self, name: str) -> Any:
        return getattr(self._journal, name)

    async def end(self, attempt: Attempt, ending: Ending) -> None:  # noqa: ARG002 - the pool's words
        await asyncio.sleep(7)
        raise SettingsError("The ledger is busy.", code="ledger_unusable")


def test_an_outcome_is_handed_to_a_person_even_if_the_drain_ends_before_the_last_try(world: World) -> None:
    with pytest.raises(SettingsError, match="The ledger is busy"):
        world.run(policy(concurrency=1), wrap=Stubborn)

    assert world.pool is not None
    assert [(a.due.lead.row, type(o)) for a, o in world.pool.progress.unwritten] == [(2, Called)]


# What came of it

ENDINGS: list[tuple[Outcome, str, dict[str, Any]]] = [
    (
        CALLED,
        "called",
        {
            "outcome": "called",
            "http_status": 201,
            "call_id": "call-1",
            "status": "queued",
            "is_new_contact": 1,
            "contact_id": "c-1",
            "to_phone": number(2),
        },
    ),
    (
        Called(204, oddities=("the reply was no JSON object", "and more")),
        "called",
        {
            "outcome": "called",
            "http_status": 204,
            "code": "oddity",
            "reason": "the reply was no JSON object; and more",
        },
    ),
    (
        REFUSED,
        "failed",
        {"outcome": "failed", "http_status": 422, "code": "blocked", "reason": "The number is blocked."},
    ),
    (
        FORBIDDEN,
        "failed",
        {"outcome": "failed", "http_status": 403, "code": "forbidden", "reason": "Not this one."},
    ),
    (
        HALTED,
        "due",
        {"outcome": "halted", "http_status": 401, "code": "unauthorized", "reason": "No such key."},
    ),
    (THROTTLED, "due", {"outcome": "throttled", "http_status": 429, "reason": "Slow down."}),
    (UNSENT, "due", {"outcome": "unsent", "reason": "ConnectError"}),
    (
        Unknown("HTTP 500: no", http_status=500),
        "unknown",
        {"outcome": "unknown", "http_status": 500, "code": "no_certain_answer", "reason": "HTTP 500: no"},
    ),
]
ATTEMPT_COLUMNS = (
    *("outcome", "http_status", "code", "reason"),
    *("call_id", "status", "is_new_contact", "contact_id", "to_phone"),
)


@pytest.mark.parametrize(("outcome", "state", "columns"), ENDINGS)
def test_every_ending_is_written_down(
    world: World, outcome: Outcome, state: str, columns: dict[str, Any]
) -> None:
    attempted(world, outcome)

    written = seen_by_others(world, f"SELECT {', '.join(ATTEMPT_COLUMNS)} FROM attempts")  # noqa: S608 - constants
    assert dict(zip(ATTEMPT_COLUMNS, written[0], strict=True)) == dict.fromkeys(ATTEMPT_COLUMNS) | columns
    assert state_of(world) == state


@pytest.mark.parametrize(
    ("outcome", "count"), [(CALLED, 1), (REFUSED, 1), (UNKNOWN, 1), (THROTTLED, 0), (UNSENT, 0)]
)
def test_only_what_was_sent_and_ended_counts_as_an_attempt(
    world: World, outcome: Outcome, count: int
) -> None:
    attempted(world, outcome)

    assert world.results()[0].attempts == count


def test_a_failed_lead_that_could_not_be_sent_again_has_failed_still(world: World) -> None:
    attempted(world, REFUSED)

    end(world, begun(world, only=(Selection.FAILED,)), UNSENT)

    assert state_of(world) == "failed"
    assert world.results()[0].reason == "The number is blocked."


def test_the_time_of_sending_is_written_down(world: World) -> None:
    world.loop.stall(100)
    end(world, begun(world), CALLED, sent_seconds_ago=2.5)

    assert seen_by_others(world, "SELECT sent_at, ended_at FROM attempts") == [
        ("2026-03-02T15:01:37.500000Z", "2026-03-02T15:01:40.000000Z")
    ]


def test_what_has_ended_once_stays_as_it_is(world: World) -> None:
    attempt = begun(world)
    end(world, attempt, CALLED)

    end(world, attempt, THROTTLED)

    assert state_of(world) == "called"
    assert world.results()[0].attempts == 1


# After a crash


def test_what_a_crash_cut_off_is_unknown(world: World) -> None:
    begun(world)

    assert world.settle_crash() == 1
    result = world.results()[0]
    assert (result.status, result.attempts, result.reason_code, result.reason) == (
        "unknown",
        1,
        "interrupted",
        "dialer was stopped while this call was under way",
    )


def test_a_crash_is_settled_once(world: World) -> None:
    begun(world)
    world.settle_crash()

    assert world.settle_crash() == 0
    assert world.results()[0].attempts == 1


@pytest.mark.parametrize("outcome", [CALLED, REFUSED, UNKNOWN, THROTTLED, UNSENT])
def test_a_crash_changes_nothing_that_has_ended(world: World, outcome: Outcome) -> None:
    attempted(world, outcome)
    before = world.results()

    world.settle_crash()

    assert world.results() == before


def test_a_crash_of_one_campaign_leaves_the_others_alone(make_world: MakeWorld) -> None:
    first = make_world(leads=[lead(2)], name="first")
    second = make_world(leads=[lead(3)], name="second")
    begun(first, 2)
    begun(second, 3)

    first.settle_crash()

    assert (state_of(first, 2), state_of(second, 3)) == ("unknown", "sending")


def test_an_answer_that_comes_after_the_crash_was_settled_frees_nobody(world: World) -> None:
    attempt = begun(world)
    world.settle_crash()

    end(world, attempt, THROTTLED)

    assert state_of(world) == "unknown"


# Whom a run chooses


@pytest.fixture
def mixed(world: World) -> World:
    """Row 2 called, 3 failed, 4 unknown, 5 suppressed, 6 mended, 7 assumed, 8 was throttled, 9 as loaded."""
    rows = [reading(lead(row)) for row in (2, 3, 4, 5, 7, 8, 9)]
    problem = RowProblem("phone_missing", "Phone", "A6", "", "Write one.")
    world.load_readings([*rows, RowReading(6, Verdict.INVALID, cell="A6", problems=(problem,))])
    outcomes: dict[int, Outcome] = {2: CALLED, 3: REFUSED, 4: UNKNOWN, 8: THROTTLED}
    for row, outcome in outcomes.items():
        attempted(world, outcome, row=row)
    world.load_readings(
        [
            *(reading(lead(row)) for row in (2, 3, 4, 6, 8, 9)),
            reading(lead(5), Verdict.SUPPRESSED),
            reading(lead(7, tier=Tier.ASSUMED), Verdict.ASSUMED),
        ]
    )
    return world


@pytest.mark.parametrize(
    ("only", "rows"),
    [
        ((), [6, 7, 8, 9]),
        (("pending",), [7, 8, 9]),
        (("mended",), [6]),
        (("failed",), [3]),
        (("failed", "mended"), [3, 6]),
        (("pending", "failed", "mended"), [3, 6, 7, 8, 9]),
    ],
)
def test_a_run_chooses_what_it_is_told(mixed: World, only: tuple[str, ...], rows: list[int]) -> None:
    assert rows_due(mixed, only=tuple(Selection(one) for one in only)) == rows


@pytest.mark.parametrize(
    ("ranges", "rows"),
    [(((6, 7),), [6, 7]), (((1, 6), (9, 99)), [6, 9]), (((2, 5),), []), ((), [6, 7, 8, 9])],
)
def test_a_run_keeps_to_the_rows_it_is_told(
    mixed: World, ranges: tuple[tuple[int, int], ...], rows: list[int]
) -> None:
    assert rows_due(mixed, rows=ranges) == rows


def test_the_chosen_are_counted(mixed: World) -> None:
    choice = mixed.choice(policy(only=tuple(Selection)))

    with mixed.ledger.reading() as connection:
        assert whom.count_chosen(connection, choice) == (5, 0, 1)


def test_the_chosen_whom_another_campaign_called_are_counted_as_recent(
    make_world: MakeWorld,
) -> None:
    make_world(leads=[lead(2), lead(3)], name="first").run()
    second = make_world(leads=[lead(row) for row in (2, 3, 4)], name="second")

    with second.ledger.reading() as connection:
        assert whom.count_chosen(connection, second.choice(policy())) == (3, 2, 0)


def test_the_due_come_in_the_sheets_order_batch_after_batch(make_world: MakeWorld) -> None:
    world = make_world(leads=[lead(row) for row in (9, 3, 7, 5)])
    choice = world.choice(policy())

    with world.ledger.reading() as connection:
        first = whom.due_leads(connection, choice, after_row=-1, most=3)
        rest = whom.due_leads(connection, choice, after_row=first[-1].lead.row, most=3)
    assert [[due.lead.row for due in batch] for batch in (first, rest)] == [[3, 5, 7], [9]]


def test_a_due_lead_is_the_one_that_was_loaded(make_world: MakeWorld) -> None:
    whole = lead(2, source="website", tags=("hot", "ünï"), notes="=1+1", region=None, tier=Tier.ASSUMED)
    world = make_world(leads=[whole])

    assert [due.lead for due in due_in(world)] == [whole]


def test_a_lead_of_an_older_sheet_is_not_due(world: World) -> None:
    world.load([lead(3)])

    assert rows_due(world) == [3]


def test_what_failed_in_this_run_is_not_chosen_by_it_again(world: World) -> None:
    attempted(world, REFUSED)
    chosen = policy(only=(Selection.FAILED,))
    choice = world.choice(chosen)
    with world.ledger.transaction() as connection:
        due = whom.due_leads(connection, choice, after_row=-1, most=10)[0]
        attempt = journal.begin(
            connection,
            due,
            run_id=choice.run_id,
            recall_since=choice.recall_since,
            now=world.loop.utc_now(),
        )
        assert attempt is not None
        decision = decide(REFUSED, Tally(called=1), breakers=Breakers(), dice=0.0)
        journal.end(
            connection,
            attempt,
            Ending(REFUSED, decision, None),
            run_id=choice.run_id,
            now=world.loop.utc_now(),
        )

        assert whom.due_leads(connection, choice, after_row=-1, most=10) == []
    assert rows_due(world, only=(Selection.FAILED,)) == [2]


# Calling hours and pauses


def test_a_deferred_lead_says_until_when(world: World) -> None:
    due, until = due_in(world)[0], world.loop.utc_now() + timedelta(hours=3)
    with world.ledger.transaction() as connection:
        journal.defer(connection, due, until=until, reason="Too early there.")

    assert world.results()[0].status == "deferred"


def test_a_lead_that_is_begun_is_deferred_no_longer(world: World) -> None:
    due = due_in(world)[0]
    with world.ledger.transaction() as connection:
        journal.defer(connection, due, until=None, reason="Too early there.")

    attempted(world, UNSENT)

    assert world.results()[0].status == "pending"


def test_a_pause_lasts_until_it_is_lifted(world: World) -> None:
    def set_pause(reason: str | None) -> str | None:
        with world.ledger.transaction() as connection:
            campaign_id = world.campaign.campaign_id
            orders.set_pause(connection, campaign_id, reason=reason, now=world.loop.utc_now())
            return orders.pause_reason(connection, campaign_id)

    assert [set_pause("lunch"), set_pause(None)] == ["lunch", None]


# The pace across restarts


def latest(world: World, *, seconds: float, most: int = 100) -> list[float]:
    """How many seconds ago the last calls were sent, the oldest first."""
    now = world.loop.utc_now()
    with world.ledger.reading() as connection:
        sends = journal.latest_sends(connection, within=timedelta(seconds=seconds), most=most, now=now)
    return [round((now - sent).total_seconds(), 3) for sent in sends]


def test_the_calls_of_the_last_window_are_remembered_oldest_first(world: World) -> None:
    for row in (2, 3, 4):
        world.loop.stall(10)
        attempted(world, CALLED, row=row)

    assert latest(world, seconds=15) == [10.0, 0.0]


def test_calls_of_all_campaigns_are_remembered(make_world: MakeWorld) -> None:
    first = make_world(leads=[lead(2)], name="first")
    attempted(first, CALLED)
    second = make_world(leads=[lead(3)], name="second")
    attempted(second, UNKNOWN, row=3)

    assert latest(second, seconds=1) == [0.0, 0.0]


@pytest.mark.parametrize("outcome", [CALLED, REFUSED, FORBIDDEN, HALTED, THROTTLED, UNKNOWN])
def test_whatever_was_sent_counts(world: World, outcome: Outcome) -> None:
    attempted(world, outcome)

    assert latest(world, seconds=1) == [0.0]


def test_what_was_not_sent_does_not_count(world: World) -> None:
    end(world, begun(world), UNSENT, sent_seconds_ago=None)

    assert latest(world, seconds=60) == []


def test_what_a_crash_cut_off_counts_as_sent_just_now(world: World) -> None:
    begun(world)
    world.loop.stall(30)
    world.settle_crash()

    assert latest(world, seconds=1) == [0.0]


def test_what_is_under_way_counts_as_sent_just_now(make_world: MakeWorld) -> None:
    """A run of another campaign may be cut off, or go on beside this one: when it sends nobody knows."""
    first = make_world(leads=[lead(2)], name="first")
    begun(first)
    second = make_world(leads=[lead(3)], name="second")
    second.loop.stall(30)

    assert latest(second, seconds=1) == [0.0]


def test_a_call_counts_by_the_time_it_was_sent_and_not_by_the_time_it_was_begun(world: World) -> None:
    """Between the two lie connecting and waiting for the turn."""
    attempt = begun(world)
    world.loop.stall(10)
    end(world, attempt, CALLED, sent_seconds_ago=0.5)

    assert latest(world, seconds=1) == [0.5]


def test_a_call_that_was_begun_first_and_sent_last_is_among_the_last(world: World) -> None:
    slow = begun(world, 2)
    attempted(world, CALLED, row=3)
    world.loop.stall(1)
    end(world, slow, CALLED)

    assert latest(world, seconds=10, most=1) == [0.0]
