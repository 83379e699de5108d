"""Unknown calls are looked for in the API's records: what is found was called, all else stays unknown."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from datetime import timedelta
from random import Random
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from dialer import journal, unknowns, whom
from dialer.campaign import Rate
from dialer.listings import Reads
from dialer.reconcile import FOUND, Looked, Means, is_due, keep_looking, reconcile
from dialer.unknowns import OpenAttempt
from dialer.vozagent import Api
from dialer.writer import InlineWriter
from tests.builders import World, lead, number, policy
from tests.simulated_api import SimulatedApi
from tests.simulated_records import Records, call, contact
from tests.virtual_time import START

MakeWorld = Callable[..., World]
API = Api("http://127.0.0.1:9/v1", "sk_test")
ANN = number(2)


def means(world: World, records: Records, **options: Any) -> Means:
    return Means(Reads(API, transport=records, **options), InlineWriter(world.ledger), world.loop.utc_now)


def open_attempts(world: World) -> list[OpenAttempt]:
    with world.ledger.reading() as connection:
        return unknowns.open_attempts(connection, world.campaign.campaign_id)


def look(world: World, records: Records, *, within: timedelta | None = None) -> Looked:
    """What `dialer reconcile` does for one campaign."""
    attempts = open_attempts(world)

    async def story() -> Looked:
        return await reconcile(attempts, means(world, records), within=within)

    return world.loop.run_until_complete(story())


def wait(world: World, seconds: float) -> None:
    world.loop.run_until_complete(asyncio.sleep(seconds))


def row_of(world: World, row: int = 2) -> Any:
    return next(result for result in world.results() if result.row == row)


@pytest.fixture
def one(make_world: MakeWorld) -> World:
    """One lead, in row 2, whose call was never answered; nobody knows whether it was made."""
    world = make_world(leads=[lead(2)], api=SimulatedApi(scripts={ANN: ["reset-before"]}))
    world.run()
    return world


def ann(*calls: Any, **changes: Any) -> Records:
    """Records that hold the contact of the one lead, and these calls."""
    return Records(contacts=[contact(ANN)], calls=list(calls), **changes)


# Found


def test_a_call_that_is_found_was_called(one: World) -> None:
    looked = look(one, ann(call(ANN, "call-7", START)))

    assert [(settled.attempt.row, settled.call_id) for settled in looked.settled] == [(2, "call-7")]
    assert one.statuses() == {2: "accepted"}


def test_the_row_of_a_call_that_is_found_bears_its_id_and_says_how(one: World) -> None:
    look(one, ann(call(ANN, "call-7", START)))

    result = row_of(one)
    assert (result.call_id, result.contact_id, result.to_phone, result.attempts) == (
        "call-7",
        f"contact-{ANN}",
        ANN,
        1,
    )
    assert result.reason == f"no reply (ReadError: connection reset); {FOUND}"


def test_a_call_that_is_still_queued_is_found(one: World) -> None:
    assert len(look(one, ann(call(ANN, "call-7"))).settled) == 1


def test_nobody_is_called_again_for_a_call_that_was_found(one: World) -> None:
    look(one, ann(call(ANN, "call-7", START)))

    assert one.run().called == 0


def test_the_number_is_searched_for_with_its_plus(one: World) -> None:
    records = ann(call(ANN, "call-7", START))
    look(one, records)

    assert [str(url.raw_path, "ascii") for url in records.asked] == [
        f"/v1/contacts?search=%2B{ANN[1:]}&limit=100&offset=0",
        f"/v1/calls?contact_id=contact-%2B{ANN[1:]}&call_type=outbound&limit=100&offset=0",
    ]


@pytest.mark.parametrize("cap", [1, 2, 100])
def test_a_call_is_found_on_the_last_page(one: World, cap: int) -> None:
    others = [call(ANN, f"later-{n}", START + timedelta(hours=n)) for n in range(1, 6)]
    wait(one, 6 * 3600)

    looked = look(one, ann(*reversed(others), call(ANN, "call-7", START), cap=cap))

    assert [settled.call_id for settled in looked.settled] == ["call-7"]


def test_of_two_contacts_with_the_number_the_one_with_the_call_counts(one: World) -> None:
    records = Records(contacts=[contact(ANN, id="empty"), contact(ANN)], calls=[call(ANN, "call-7", START)])

    assert len(look(one, records).settled) == 1


@pytest.mark.parametrize("dialled", [ANN, number(9), None])
def test_a_call_that_names_no_contact_is_asked_for_its_number(one: World, dialled: str | None) -> None:
    summary = call(ANN, "call-7", START)
    del summary["contact_id"]

    class Detailed(Records):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            if not request.url.path.endswith("/call-7"):
                return await super().handle_async_request(request)
            body = json.dumps({"id": "call-7", "customer_phone_number": dialled}).encode()
            return httpx.Response(200, stream=httpx.ByteStream(body))

    looked = look(one, Detailed(contacts=[contact(ANN)], calls=[summary]))
    assert len(looked.settled) == (1 if dialled == ANN else 0)


# Not found, and not proved


HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    "records",
    [
        Records(),
        Records(contacts=[contact(ANN + "4")], calls=[call(ANN + "4", "call-7", START)]),
        ann(),
        ann(call(ANN, "call-7", START - HOUR)),
        ann(call(ANN, "call-7", START, call_type="inbound")),
        ann(call(ANN, "call-7", START, contact_id="contact-of-somebody-else")),
        ann(call(ANN, "call-7", call_status="failed")),
        ann(call(ANN, "call-7", call_started_at="yesterday")),
        ann(call(ANN, "", START)),
    ],
    ids=["no contact", "longer number", "no call", "older", "inbound", "others", "no time", "odd", "no id"],
)
def test_what_is_not_found_stays_unknown(one: World, records: Records) -> None:
    assert (look(one, records), one.statuses()) == (Looked(), {2: "unknown"})


def test_what_is_not_found_is_never_called_again_by_itself(one: World) -> None:
    look(one, Records())
    one.run()

    assert len(one.api.received) == 1


def test_a_server_that_does_not_filter_claims_nobody(one: World) -> None:
    """It gives the calls of all contacts, whatever contact it is asked for."""

    class Careless(Records):
        def _calls(self, url: Any) -> Any:  # noqa: ARG002 - its shape
            return self.calls

    records = Careless(contacts=[contact(ANN)], calls=[call(number(9), "call-7", START)])

    assert look(one, records).settled == ()


@pytest.mark.parametrize("status", [401, 403, 404, 500])
def test_records_that_cannot_be_read_leave_all_unknown_and_are_told_of_once(one: World, status: int) -> None:
    looked = look(one, ann(call(ANN, "call-7", START), status=status))

    assert looked == Looked((), 0, f"GET /contacts answered {status}", status)
    assert one.statuses() == {2: "unknown"}


def ten(make_world: MakeWorld) -> World:
    """Ten leads whose calls were never answered, although they were made."""
    world = make_world(api=SimulatedApi(always="reset-after"))
    world.run()
    return world


@pytest.mark.parametrize(("status", "asked"), [(401, 1), (404, 1), (500, 12)])
def test_records_that_cannot_be_read_are_not_asked_for_ever(
    make_world: MakeWorld, status: int, asked: int
) -> None:
    world = ten(make_world)
    records = Records.of(world.api, status=status)
    look(world, records)

    assert len(records.asked) == asked


def test_no_more_is_asked_than_the_time_allows(make_world: MakeWorld) -> None:
    world = ten(make_world)

    looked = look(world, Records.of(world.api), within=timedelta(seconds=2))

    assert (0 < len(looked.settled) < 10, looked.not_looked_at) == (True, 10 - len(looked.settled))


def test_who_was_not_looked_for_comes_first_the_next_time(make_world: MakeWorld) -> None:
    world = make_world(api=SimulatedApi(always="reset-before"))
    world.run()
    looked = look(world, Records(), within=timedelta(seconds=1))

    first = open_attempts(world)[: looked.not_looked_at]

    assert {attempt.looked_at for attempt in first} == {None}


# Clocks


def test_the_servers_own_clock_is_believed(one: World) -> None:
    """It is two hours slow, and says so in its Date."""
    slow = timedelta(hours=-2)
    records = ann(call(ANN, "call-7", START + slow), clock=lambda: one.loop.utc_now() + slow)

    assert len(look(one, records).settled) == 1


def test_by_the_clock_of_a_fast_server_an_older_call_is_older(one: World) -> None:
    fast = timedelta(hours=2)
    records = ann(call(ANN, "call-7", START + HOUR), clock=lambda: one.loop.utc_now() + fast)

    assert look(one, records).settled == ()


# Whose call it is


def test_the_call_of_another_attempt_is_not_taken(make_world: MakeWorld) -> None:
    """Campaign spring called Ann, and knows so; what autumn sent four minutes later was never answered."""
    spring = make_world(name="spring", leads=[lead(2)])
    spring.run()
    wait(spring, 240)
    autumn = second_campaign(make_world, spring, script="reset-before")

    assert look(autumn, Records.of(spring.api)).settled == ()


def second_campaign(make_world: MakeWorld, first: World, *, script: str) -> World:
    """Another campaign calls the same person, of the same API and at the same time."""
    world = make_world(name="autumn", leads=[lead(2)], api=first.api)
    first.api.scripts[ANN] = [script]
    world.loop.stall(first.loop.time())
    world.run(policy(recall_after=timedelta(0)))
    return world


def test_behind_the_call_of_another_attempt_the_own_one_is_found(make_world: MakeWorld) -> None:
    """What spring sent was never answered; a minute later autumn called, and knows so."""
    spring = make_world(name="spring", leads=[lead(2)], api=SimulatedApi(scripts={ANN: ["reset-after"]}))
    spring.run()
    wait(spring, 60)
    second_campaign(make_world, spring, script="ok")

    assert [settled.call_id for settled in look(spring, Records.of(spring.api)).settled] == ["call-1"]


def test_the_call_of_an_answer_without_an_id_is_not_taken(make_world: MakeWorld) -> None:
    """Spring was answered with 201 and `{}`; what autumn sent a minute later was never answered."""
    spring = make_world(name="spring", leads=[lead(2)], api=SimulatedApi(scripts={ANN: ["odd:{}"]}))
    spring.run()
    wait(spring, 60)
    autumn = second_campaign(make_world, spring, script="reset-before")

    assert look(autumn, Records.of(spring.api)).settled == ()


def test_two_unknown_attempts_share_no_call(make_world: MakeWorld) -> None:
    spring = make_world(name="spring", leads=[lead(2)], api=SimulatedApi(scripts={ANN: ["reset-before"]}))
    spring.run()
    autumn = second_campaign(make_world, spring, script="reset-after")
    records = Records.of(spring.api)

    assert [look(spring, records).settled, look(autumn, records).settled] == [(), ()]


def test_two_unknown_attempts_with_two_calls_have_one_each(make_world: MakeWorld) -> None:
    spring = make_world(name="spring", leads=[lead(2)], api=SimulatedApi(scripts={ANN: ["reset-after"]}))
    spring.run()
    wait(spring, 3600)
    autumn = second_campaign(make_world, spring, script="reset-after")
    records = Records.of(spring.api)

    found = [settled.call_id for world in (spring, autumn) for settled in look(world, records).settled]
    assert found == ["call-1", "call-2"]


def test_while_the_number_is_being_called_nothing_is_settled(make_world: MakeWorld, one: World) -> None:
    other = make_world(name="other", leads=[lead(2)])
    choice = other.choice(policy(recall_after=timedelta(0)))
    with other.ledger.transaction() as connection:
        due = whom.due_leads(connection, choice, after_row=-1, most=1)[0]
        journal.begin(
            connection, due, run_id=choice.run_id, recall_since=choice.recall_since, now=one.loop.utc_now()
        )

    records = ann(call(ANN, "call-7", START))
    assert (look(one, records).settled, records.asked) == ((), [])


# Trace tags


def traced(make_world: MakeWorld, tags: Sequence[str]) -> World:
    """One lead whose call sent these tags in turn and was never answered."""
    world = make_world(leads=[lead(2)], api=SimulatedApi(scripts={ANN: ["reset-before"]}))
    left = iter(tags)
    world.run(wrap=lambda journal: _tracing(journal, lambda: next(left)))
    return world


def _tracing(journal: Any, trace: Callable[[], str]) -> Any:
    journal._trace = trace
    return journal


def test_a_call_to_a_contact_with_the_trace_tag_is_certain(make_world: MakeWorld) -> None:
    world = traced(make_world, ["dialer-1a2b"])
    records = Records(
        contacts=[contact(ANN, tags=["vip", "dialer-1a2b"])], calls=[call(ANN, "call-7", START)]
    )
    look(world, records)

    assert row_of(world).reason.endswith("; the call was found in the API's records by its trace tag")


def test_without_its_trace_tag_no_call_is_believed(make_world: MakeWorld) -> None:
    world = traced(make_world, ["dialer-1a2b"])

    assert look(world, ann(call(ANN, "call-7", START))).settled == ()


def test_a_trace_tag_is_sent_beside_the_leads_own_tags(make_world: MakeWorld) -> None:
    sent: list[Any] = []

    class Keeping(SimulatedApi):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            sent.append(json.loads(request.content))
            return await super().handle_async_request(request)

    world = make_world(leads=[lead(2, tags=("vip",))], api=Keeping())
    world.run(policy(tags=("spring",)), wrap=lambda journal: _tracing(journal, lambda: "dialer-1a2b"))

    assert sent[0]["tags"] == ["vip", "dialer-1a2b", "spring"]


# While a run lasts


def attempt(**changes: Any) -> OpenAttempt:
    valid: dict[str, Any] = {
        "attempt_id": 1,
        "lead_id": 1,
        "run_id": 1,
        "campaign": "leads",
        "row": 2,
        "phone": ANN,
        "name": "Ann Example",
        "begun_at": START,
        "ended_at": START,
        "looked_at": None,
        "trace_tag": None,
    }
    return OpenAttempt(**valid | changes)


@pytest.mark.parametrize(
    ("looked", "now", "due"),
    [
        (None, 29, False),
        (None, 30, True),
        (30, 31, False),
        (30, 119, False),
        (30, 120, True),
        (121, 599, False),
        (121, 600, True),
        (601, 100_000, False),
        (None, 100_000, True),
    ],
)
def test_an_unknown_call_is_looked_for_after_30_seconds_2_minutes_and_10_minutes(
    looked: int | None, now: int, *, due: bool
) -> None:
    looked_at = None if looked is None else START + timedelta(seconds=looked)

    assert is_due(attempt(looked_at=looked_at), now=START + timedelta(seconds=now)) is due


def test_an_attempt_under_way_is_not_looked_for() -> None:
    assert not is_due(attempt(ended_at=None), now=START + HOUR)


def looks_of(world: World, records: Records, *, seconds: float) -> list[tuple[float, Looked]]:
    """What a run that lasts so long hears of its unknown calls, and when."""
    heard: list[tuple[float, Looked]] = []

    async def story() -> None:
        task = asyncio.create_task(
            keep_looking(
                world.campaign.campaign_id,
                means(world, records),
                tell=lambda looked: heard.append((world.loop.time(), looked)),
            )
        )
        await asyncio.sleep(seconds)
        task.cancel()
        await asyncio.wait({task})

    world.loop.run_until_complete(story())
    return heard


def test_a_lagging_record_is_found_at_a_later_look(one: World) -> None:
    records = Records(contacts=[contact(ANN)])

    async def appear() -> None:
        await asyncio.sleep(90)
        records.calls.append(call(ANN, "call-7", START))

    appearing = one.loop.create_task(appear())
    [(at, looked)] = looks_of(one, records, seconds=700)

    assert (120 <= at <= 130, len(looked.settled), appearing.done()) == (True, 1, True)


def test_what_is_never_found_is_looked_for_three_times(one: World) -> None:
    records = Records()
    looks_of(one, records, seconds=3600)

    assert len(records.asked) == 3


def test_records_that_refuse_are_asked_once_in_a_run(one: World) -> None:
    records = Records(status=403)

    assert (len(looks_of(one, records, seconds=3600)), len(records.asked)) == (1, 1)


# All of it


def test_of_a_third_without_an_answer_every_call_that_exists_is_found(make_world: MakeWorld) -> None:
    """300 leads; 30 % of the replies are lost, half of them after the call was made."""
    dice = Random(4)  # noqa: S311 - a seed makes every run the same run
    leads = [lead(row) for row in range(2, 302)]
    lost = {
        one.phone: ["reset-before"] if n % 2 else ["reset-after"]
        for n, one in enumerate(dice.sample(leads, 90))
    }
    world = make_world(leads=leads, api=SimulatedApi(scripts=lost))
    before = {number for number, script in lost.items() if script == ["reset-before"]}
    fast = policy(rate=Rate(count=50), concurrency=50)
    world.run(fast)

    looked = look(world, Records.of(world.api))
    world.run(fast)

    made = {f"call-{place}": number for place, (_, number) in enumerate(world.api.created, start=1)}
    results = world.results()
    assert len(looked.settled) == 45
    assert {result.to_phone for result in results if result.status == "unknown"} == before
    assert {result.call_id: result.to_phone for result in results if result.call_id} == made
    assert (len(world.api.received), world.api.numbers_created_twice()) == (300, set())


def test_looking_leaves_other_attempts_as_they_are(make_world: MakeWorld) -> None:
    scripts = {number(3): ["422"], number(4): ["reset-after"]}
    world = make_world(leads=[lead(2), lead(3), lead(4)], api=SimulatedApi(scripts=scripts))
    world.run()
    query = text("SELECT * FROM attempts WHERE e164 <> :unknown ORDER BY attempt_id")

    def others() -> list[Any]:
        with world.ledger.reading() as connection:
            return [tuple(row) for row in connection.execute(query, {"unknown": number(4)})]

    before = others()
    look(world, Records.of(world.api))

    assert (others(), world.statuses()) == (before, {2: "queued", 3: "failed", 4: "accepted"})
