"""The fates of calls in the ledger: what is still to be asked, and what is counted."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing

import pytest

from dialer import fates
from dialer.call_words import Told
from dialer.fates import Standing
from tests.builders import World, lead, number
from tests.simulated_api import SimulatedApi

MakeWorld = Callable[..., World]
OVER = Told("completed", ended=True, cost_usd="0.12")
UNDER_WAY = Told("in-progress", ended=False)


@pytest.fixture
def called(make_world: MakeWorld) -> World:
    """Three people who were called, in the order of their rows."""
    world = make_world(leads=[lead(2), lead(3), lead(4)])
    world.run()
    return world


def write(world: World, call_id: str, told: Told, *, detailed: bool = True) -> None:
    with world.ledger.transaction() as connection:
        fates.write_fate(
            connection,
            world.campaign.campaign_id,
            call_id,
            told,
            detailed=detailed,
            now=world.loop.utc_now(),
        )


def wanted(world: World, *, transcripts: bool = False) -> list[str]:
    with world.ledger.reading() as connection:
        found = fates.wanted(connection, world.campaign.campaign_id, transcripts=transcripts)
    return sorted(each.call_id for each in found)


def standing(world: World) -> Standing:
    with world.ledger.reading() as connection:
        return fates.standing(connection, world.campaign.campaign_id, now=world.loop.utc_now())


def test_calls_that_nobody_asked_for_are_wanted(called: World) -> None:
    assert wanted(called) == ["call-1", "call-2", "call-3"]


def test_a_call_that_has_not_ended_is_wanted(called: World) -> None:
    write(called, "call-1", UNDER_WAY)

    assert "call-1" in wanted(called)


def test_a_call_that_has_ended_is_wanted_for_its_details(called: World) -> None:
    write(called, "call-1", OVER, detailed=False)

    assert "call-1" in wanted(called)


def test_a_call_of_which_all_is_known_is_not_wanted(called: World) -> None:
    write(called, "call-1", OVER)

    assert wanted(called) == ["call-2", "call-3"]


def test_who_asks_for_transcripts_wants_calls_without_one(called: World) -> None:
    write(called, "call-1", OVER)

    assert "call-1" in wanted(called, transcripts=True)


def test_refused_and_unknown_leads_have_no_call_to_ask_for(make_world: MakeWorld) -> None:
    scripts = {number(2): ["422"], number(3): ["reset-after"]}
    world = make_world(leads=[lead(2), lead(3), lead(4)], api=SimulatedApi(scripts=scripts))
    world.run()

    assert len(wanted(world)) == 1


def test_calls_of_another_campaign_are_its_own(make_world: MakeWorld, called: World) -> None:
    other = make_world(name="other", leads=[lead(20)])
    other.run()
    write(other, "call-1", OVER)

    assert (standing(other).ended, standing(called).ended) == (1, 0)


def test_a_call_that_the_ledger_does_not_know_is_not_written_down(called: World) -> None:
    write(called, "call-99", OVER)

    assert standing(called).words == {}


def test_an_id_that_the_api_gave_twice_is_that_of_both_calls(make_world: MakeWorld) -> None:
    same = 'odd:{"call_id": "call-same", "status": "queued"}'
    world = make_world(
        leads=[lead(2), lead(3)], api=SimulatedApi(scripts={number(2): [same], number(3): [same]})
    )
    world.run()
    write(world, "call-same", OVER)

    assert (wanted(world), standing(world).ended) == ([], 2)


def test_every_call_is_counted_once(make_world: MakeWorld) -> None:
    world = make_world(
        leads=[lead(row) for row in range(2, 8)], api=SimulatedApi(scripts={number(7): ["odd:{}"]})
    )
    world.run()
    write(world, "call-1", OVER)
    write(world, "call-2", Told("failed", ended=True), detailed=False)
    write(world, "call-3", UNDER_WAY)
    write(world, "call-4", Told(None, ended=False))

    counted = standing(world)
    assert counted == Standing(
        calls=6,
        ended=2,
        lacking=1,
        never_ended=0,
        unheard=1,
        without_id=1,
        words={"": 1, "completed": 1, "failed": 1, "in-progress": 1},
    )
    assert counted.going == 2


def test_a_day_after_a_call_that_has_not_ended_never_will(called: World) -> None:
    write(called, "call-1", UNDER_WAY)
    called.loop.stall(24 * 3600.0)

    assert (standing(called).never_ended, standing(called).going) == (1, 0)


def test_a_campaign_without_calls_has_nothing_to_count(world: World) -> None:
    assert standing(world) == Standing(
        calls=0, ended=0, lacking=0, never_ended=0, unheard=0, without_id=0, words={}
    )


def test_what_a_later_record_leaves_out_keeps_its_value(called: World) -> None:
    full = Told(
        call_status="completed",
        ended=True,
        duration_seconds=42.0,
        started_at="2026-03-02T15:00:00Z",
        ended_at="2026-03-02T15:01:00Z",
        appointment_booked=True,
        lead_qualification="hot",
        call_intent="question",
        summary="Hot.",
        cost_usd="0.12",
        recording_url="https://rec.example/1.mp3",
        transcript="Hello.",
    )
    write(called, "call-1", full)
    before = kept(called)
    write(called, "call-1", Told(call_status=None, ended=True), detailed=False)

    assert kept(called) == before


def kept(world: World) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(world.ledger.path)) as connection:
        return connection.execute("SELECT * FROM calls ORDER BY attempt_id").fetchall()


def test_stale_is_what_was_looked_at_and_has_not_ended(called: World) -> None:
    write(called, "call-1", OVER)
    write(called, "call-2", UNDER_WAY)
    with called.ledger.transaction() as connection:
        marked = fates.mark_stale(connection, called.campaign.campaign_id)

    with closing(sqlite3.connect(called.ledger.path)) as connection:
        rows = connection.execute("SELECT call_id, stale FROM calls ORDER BY call_id").fetchall()
    assert (marked, rows) == (1, [("call-1", 0), ("call-2", 1)])


def known_columns(world: World) -> int:
    with world.ledger.reading() as connection:
        return fates.known_columns(connection, world.campaign.campaign_id)


def test_no_column_is_shown_before_the_api_was_asked(called: World) -> None:
    assert known_columns(called) == 0


def test_all_columns_but_the_transcript_are_shown_once_the_api_was_asked(called: World) -> None:
    write(called, "call-1", UNDER_WAY)

    assert known_columns(called) == 8


def test_the_transcript_is_shown_once_it_was_asked_for(called: World) -> None:
    write(called, "call-1", Told("failed", ended=True, transcript=""))

    assert known_columns(called) == 9
