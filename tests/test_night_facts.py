"""Whom another night asks for again, and what it knows to be left of a sheet."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from dialer import fates, journal, whom
from dialer.call_words import Told
from dialer.campaign import Selection
from dialer.ledger import time_of
from dialer.loads import latest_load
from dialer.night_facts import Left, Round, Twin, move_sheet, standing_of_sheet, twin_of
from dialer.standing import Point
from tests.builders import World, lead, number, policy

AGAIN = policy(only=(Selection.FORBIDDEN,), concurrency=1)


def sheet_of(world: World) -> Path:
    with world.ledger.reading() as connection:
        load = latest_load(connection, world.campaign.campaign_id)
    assert load is not None
    return Path(load.path)


def standing(world: World, sheet: Path, again: Round | None = None) -> tuple[dict[str, int], Left] | None:
    now = world.loop.utc_now()
    with world.ledger.reading() as connection:
        return standing_of_sheet(
            connection,
            world.campaign.campaign_id,
            sheet,
            Point(now=now, recall_since=now - timedelta(hours=24)),
            again,
        )


def left(world: World, again: Round | None = None) -> Left:
    found = standing(world, sheet_of(world), again)
    assert found is not None
    return found[1]


def hear(world: World, phone: str, word: str) -> None:
    """The API has told how the call of a number ended."""
    with world.ledger.transaction() as connection:
        call_id = next(each.call_id for each in world.results() if each.to_phone == phone)
        fates.write_fate(
            connection,
            world.campaign.campaign_id,
            call_id or "",
            Told(word, ended=True),
            detailed=True,
            now=world.loop.utc_now(),
        )


def test_of_those_who_failed_only_whom_the_api_forbade_are_called_again(world: World) -> None:
    world.api.scripts = {number(4): ["403"], number(7): ["422"]}
    world.run(policy(concurrency=1))
    before = len(world.api.received)

    world.run(AGAIN)

    assert [n for _, n in world.api.received[before:]] == [number(4)]


def test_after_three_refusals_it_is_the_lead_and_nobody_asks_again(world: World) -> None:
    world.api.scripts = {number(4): ["403"] * 9}
    world.run(policy(concurrency=1))

    for _ in range(4):
        world.run(AGAIN)

    assert [n for _, n in world.api.received].count(number(4)) == 3


def test_whom_the_api_forbade_is_left_until_it_was_asked_three_times(world: World) -> None:
    world.api.scripts = {number(4): ["403"] * 9}
    world.run(policy(concurrency=1))
    told = [left(world).forbidden]

    for _ in range(2):
        world.run(AGAIN)
        told.append(left(world).forbidden)

    assert told == [1, 1, 0]


def test_those_are_left_who_wait_for_a_time_that_is_known_and_the_first_time_is_told(world: World) -> None:
    now = world.loop.utc_now()
    with world.ledger.reading() as connection:
        due = whom.due_leads(connection, world.choice(policy()), after_row=-1, most=3)
    with world.ledger.transaction() as connection:
        for each, hours in zip(due, (5, 3, None), strict=True):
            until = None if hours is None else now + timedelta(hours=hours)
            journal.defer(connection, each, until=until, reason="It is night there.")

    found = left(world)

    assert (found.deferred, found.never, found.next_at) == (2, 1, now + timedelta(hours=3))
    assert found.rows == found.pending + 2


def test_nothing_is_known_of_a_sheet_after_which_another_one_was_loaded(world: World) -> None:
    assert standing(world, Path("/another/sheet.csv")) is None


def test_a_sheet_that_was_moved_is_known_where_it_lies(world: World) -> None:
    with world.ledger.transaction() as connection:
        move_sheet(connection, sheet_of(world), Path("/inbox/done/leads.csv"))

    assert sheet_of(world) == Path("/inbox/done/leads.csv")


def test_for_a_second_round_those_are_left_who_did_not_answer_and_of_whom_nothing_is_heard_yet(
    make_world: Callable[..., World],
) -> None:
    world = make_world(leads=[lead(2), lead(3), lead(4)])
    world.run(policy())
    hear(world, number(2), "No-Answer")
    hear(world, number(3), "completed")

    assert [left(world, each).again for each in (Round(("no-answer",), 1), Round(("busy",), 1), None)] == [
        2,
        1,
        0,
    ]


def test_a_sheet_waits_a_week_for_a_second_round_and_no_longer(make_world: Callable[..., World]) -> None:
    world = make_world(leads=[lead(2)])
    world.run(policy())
    told = []
    for days in (6.9, 0.2):
        world.loop.stall(days * 86_400)
        told.append(left(world, Round(("no-answer",), 1)).rows)

    assert told == [1, 0]


def test_another_campaign_of_the_same_file_is_known(world: World) -> None:
    with world.ledger.reading() as connection:
        load = latest_load(connection, world.campaign.campaign_id)
        assert load is not None
        own, other = (twin_of(connection, load.sha256, campaign=name) for name in ("leads", "leads (1)"))

    assert (own, other) == (None, Twin("leads", time_of(load.loaded_at)))
