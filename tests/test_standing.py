"""Counting without reading: the same numbers as the report's, and a name for where a campaign stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from dialer import account, loads, standing
from dialer.account import count_statuses
from dialer.campaign import Duplicates
from dialer.leads import RowReading, Verdict
from dialer.ledger import Ledger, time_of, time_text
from dialer.replies import RESERVED_STATUSES
from dialer.standing import Point, count_rows
from tests.builders import World, lead, number, policy, reading

STATES = ("due", "due", "due", "sending", "called", "failed", "unknown")


def point(world: World) -> Point:
    now = world.loop.utc_now()
    return Point(now=now, recall_since=now - timedelta(hours=24))


def counted(world: World) -> Mapping[str, int]:
    with world.ledger.reading() as connection:
        load = loads.latest_load(connection, world.campaign.campaign_id, complete_only=True)
        assert load is not None
        return {
            status: rows for status, rows in count_rows(connection, load, point(world)).items() if rows != 0
        }


def reported(world: World) -> dict[str, int]:
    """What the report counts row by row, with one word for all calls."""
    told: dict[str, int] = {}
    for status, rows in count_statuses(world.results()).items():
        word = status if status in RESERVED_STATUSES else "called"
        told[word] = told.get(word, 0) + rows
    return told


def fingerprint(world: World) -> str:
    with world.ledger.reading() as connection:
        load = loads.latest_load(connection, world.campaign.campaign_id, complete_only=True)
        assert load is not None
        return standing.fingerprint(connection, load, count_rows(connection, load, point(world)))


def execute(world: World, statement: str, **bound: object) -> None:
    with world.ledger.transaction() as connection:
        connection.exec_driver_sql(statement, bound)


def a_sheet(dice: Random) -> list[RowReading]:
    """Rows of every verdict; some share a number, and some of those say not to call."""
    readings = []
    for row in range(2, 80):
        verdict = dice.choice([*[Verdict.CALLABLE] * 5, Verdict.ASSUMED, Verdict.SUPPRESSED, *Verdict])
        one = lead(row, phone=number(dice.randrange(50)))
        if verdict in {Verdict.INVALID, Verdict.NOT_A_LEAD, Verdict.DUPLICATE}:
            bare = Verdict.INVALID if verdict is Verdict.DUPLICATE else verdict
            readings.append(RowReading(row=row, verdict=bare, cell=one.cell))
        else:
            readings.append(reading(one, verdict))
    return readings


def let_anything_have_happened(world: World, dice: Random, *, elsewhere: World) -> None:
    """Every lead in some state, some of them deferred, some of them called by another campaign."""
    now = world.loop.utc_now()
    with world.ledger.transaction() as connection:
        leads = connection.exec_driver_sql(
            "SELECT lead_id, e164 FROM leads WHERE campaign_id = ?", (world.campaign.campaign_id,)
        ).all()
        others = connection.exec_driver_sql(
            "SELECT lead_id, e164 FROM leads WHERE campaign_id = ?", (elsewhere.campaign.campaign_id,)
        ).all()
        for one in leads:
            until = dice.choice([None, now - timedelta(hours=1), now + timedelta(hours=1)])
            connection.exec_driver_sql(
                "UPDATE leads SET state = ?, deferred_reason = ?, deferred_until = ? WHERE lead_id = ?",
                (
                    dice.choice(STATES),
                    dice.choice([None, "It is night."]),
                    until and time_text(until),
                    one.lead_id,
                ),
            )
        for one in others:
            begun = now - timedelta(hours=dice.choice([1, 30]))
            connection.exec_driver_sql(
                "INSERT INTO attempts (lead_id, campaign_id, run_id, e164, from_state, begun_at, outcome)"
                " VALUES (?, ?, 1, ?, 'due', ?, ?)",
                (
                    one.lead_id,
                    elsewhere.campaign.campaign_id,
                    one.e164,
                    time_text(begun),
                    dice.choice([None, "called", "unknown", "failed", "throttled"]),
                ),
            )


@pytest.mark.parametrize("seed", range(6))
def test_the_counts_are_those_of_the_report_whatever_happened(
    make_world: Callable[..., World], seed: int
) -> None:
    dice = Random(seed)  # noqa: S311 - the same every time
    elsewhere = make_world(name="elsewhere", leads=[lead(row, phone=number(row)) for row in range(2, 40)])
    elsewhere.run(policy(limit=1))
    world = make_world(leads=[])
    for _ in range(1 + seed % 2):
        world.load_readings(a_sheet(dice), duplicates=dice.choice(list(Duplicates)))
    let_anything_have_happened(world, dice, elsewhere=elsewhere)

    assert counted(world) == reported(world)


def test_a_load_that_was_given_up_changes_no_count(world: World) -> None:
    world.run(policy(limit=3))
    before = reported(world)
    with world.ledger.transaction() as connection:
        given_up = loads.begin_load(
            connection,
            world.campaign.campaign_id,
            path="leads.csv",
            sha256="",
            reading="{}",
            now=world.loop.utc_now(),
        )
        batches = loads.Batches(world.campaign.campaign_id, given_up, Duplicates.FIRST, world.load_id)
        batches.add(connection, [reading(lead(row)) for row in (3, 4, 9)])

    assert counted(world) == before


def statuses(world: World) -> Mapping[str, int]:
    with world.ledger.reading() as connection:
        load = loads.latest_load(connection, world.campaign.campaign_id, complete_only=True)
        assert load is not None
        return standing.count_statuses(connection, load, point(world))


def called_in_other_words(world: World) -> None:
    """Some calls got no word, some an odd one; one of those is called once more, and bears the usual one."""
    world.run(policy(limit=8))
    execute(world, "UPDATE attempts SET status = NULL WHERE attempt_id % 3 = 0")
    execute(world, "UPDATE attempts SET status = 'ringing' WHERE attempt_id % 3 = 1")
    execute(
        world,
        "INSERT INTO attempts (lead_id, campaign_id, run_id, e164, from_state, begun_at, outcome, status)"
        " SELECT lead_id, campaign_id, run_id, e164, 'called', begun_at, 'called', 'queued'"
        " FROM attempts WHERE attempt_id = 1",
    )
    execute(world, "UPDATE leads SET last_attempt_id = (SELECT max(attempt_id) FROM attempts) WHERE row = 2")


def test_calls_are_counted_by_the_words_of_the_report(world: World) -> None:
    called_in_other_words(world)

    expected = {"queued": 4, "ringing": 2, "accepted": 2, "pending": 2}
    assert (statuses(world), count_statuses(world.results())) == (expected, expected)


def test_a_load_that_was_given_up_changes_no_word(world: World) -> None:
    called_in_other_words(world)
    before = statuses(world)
    campaign_id, now = world.campaign.campaign_id, world.loop.utc_now()
    with world.ledger.transaction() as connection:
        given_up = loads.begin_load(connection, campaign_id, path="", sha256="", reading="{}", now=now)
        batches = loads.Batches(campaign_id, given_up, Duplicates.FIRST, world.load_id)
        batches.add(connection, [reading(lead(row)) for row in (3, 4, 9)])

    assert statuses(world) == before


def test_the_usual_word_is_counted_without_a_look_at_its_calls(world: World) -> None:
    with world.ledger.reading() as connection:
        bound = {"campaign_id": 1, "load_id": 1}
        query = f"EXPLAIN QUERY PLAN {standing.COUNT_OTHER_WORDS.text}"
        plan = [step.detail for step in connection.exec_driver_sql(query, bound)]

    assert plan[0] == "SEARCH a USING INDEX attempts_of_other_words (campaign_id=?)"


def test_no_row_is_read_to_count_them(world: World) -> None:
    with world.ledger.reading() as connection:
        statements = (account.COUNT_REFUSED_ROWS, account.COUNT_LEADS, standing.COUNT_ATTEMPTS)
        plans = [
            connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement.text.replace(name, '1')}").scalars(3)
            for statement in statements
            for name in [":load_id" if ":load_id" in statement.text else ":campaign_id"]
        ]

    assert [["COVERING INDEX" in step for step in plan] for plan in plans] == [[True]] * 3


# The fingerprint


def test_a_fingerprint_is_three_groups_of_four_digits(world: World) -> None:
    groups = fingerprint(world).split("-")

    assert [len(bytes.fromhex(group)) for group in groups] == [2, 2, 2]


def test_a_campaign_that_stands_still_keeps_its_fingerprint(world: World) -> None:
    world.run()
    before = fingerprint(world)
    world.run()

    assert fingerprint(world) == before


def test_the_hour_alone_changes_no_fingerprint(world: World) -> None:
    execute(
        world,
        "UPDATE leads SET deferred_reason = 'It is night.', deferred_until = :until",
        until=time_text(world.loop.utc_now() + timedelta(hours=1)),
    )
    before = fingerprint(world)
    world.loop.stall(7200)

    assert fingerprint(world) == before


def test_a_call_changes_the_fingerprint(world: World) -> None:
    before = fingerprint(world)
    world.run(policy(limit=1))

    assert fingerprint(world) != before


def test_a_new_sheet_changes_the_fingerprint(world: World) -> None:
    before = fingerprint(world)
    world.load(world.leads)

    assert fingerprint(world) != before


def test_news_of_a_call_changes_the_fingerprint(world: World) -> None:
    world.run(policy(limit=1))
    before = fingerprint(world)
    execute(
        world,
        "INSERT INTO calls (attempt_id, campaign_id, call_id, ended, stale, detailed, looked_at)"
        " SELECT attempt_id, campaign_id, call_id, 0, 0, 0, ended_at FROM attempts",
    )

    assert fingerprint(world) != before


def test_the_same_campaign_in_another_ledger_has_another_fingerprint(
    world: World, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = World(tmp_path_factory.mktemp("other"))
    try:
        assert fingerprint(other) != fingerprint(world)
    finally:
        other.close()


def test_when_the_api_was_last_asked_of_the_calls_is_known(world: World) -> None:
    world.run(policy(limit=2))
    execute(
        world,
        "INSERT INTO calls (attempt_id, campaign_id, call_id, ended, stale, detailed, looked_at)"
        " SELECT attempt_id, campaign_id, call_id, 0, 0, 0, begun_at FROM attempts",
    )
    with world.ledger.reading() as connection:
        load = loads.latest_load(connection, world.campaign.campaign_id, complete_only=True)
        last = connection.exec_driver_sql("SELECT max(begun_at) FROM attempts").scalar_one()
        assert load is not None
        state = standing.state_of(connection, load, now=world.loop.utc_now())

    assert state.asked_at == time_of(last)


def test_before_anybody_asked_there_is_no_such_time(world: World) -> None:
    with world.ledger.reading() as connection:
        load = loads.latest_load(connection, world.campaign.campaign_id, complete_only=True)
        assert load is not None
        assert standing.state_of(connection, load, now=world.loop.utc_now()).asked_at is None


def test_a_ledger_of_the_schema_before_is_counted_as_quickly(tmp_path: Path) -> None:
    indexes = (
        "rows_by_verdict",
        "attempts_of_campaign",
        "calls_by_look",
        "leads_suppressed",
        "leads_deferred",
        "attempts_of_other_words",
    )
    later = ("subdivision", "postal_code", "time_zone", "assistant")
    path = tmp_path / "ledger.sqlite3"
    ledger = Ledger(path)
    with ledger.transaction() as connection:
        for index in indexes:
            connection.exec_driver_sql(f"DROP INDEX {index}")
        for column in later:
            connection.exec_driver_sql(f"ALTER TABLE leads DROP COLUMN {column}")
        for column in ("basis", "basis_stated_at"):
            connection.exec_driver_sql(f"ALTER TABLE campaigns DROP COLUMN {column}")
        connection.exec_driver_sql("DELETE FROM facts WHERE name = 'ledger'")
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0002'")
    ledger.close()
    ledger = Ledger(path)
    with ledger.reading() as connection:
        found = set(connection.exec_driver_sql("SELECT name FROM sqlite_master").scalars())
        named = connection.execute(standing.SELECT_NAME_OF_LEDGER).scalar()
    ledger.close()

    assert (set(indexes) <= found, bool(named)) == (True, True)
