"""What a sheet leaves in the ledger: its rows, one lead for each number, and what was sent before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dialer import account, loads, orders, whom
from dialer.account import CampaignLine
from dialer.campaign import Duplicates, Selection
from dialer.leads import Lead, RowProblem, RowReading, Verdict
from dialer.plan import ProblemKind
from dialer.results import RowResult
from dialer.whom import DueLead
from tests.builders import World, lead, number, policy, reading
from tests.virtual_time import START

MakeWorld = Callable[..., World]
SAME = number(7)


def invalid(row: int, code: str = "phone_missing") -> RowReading:
    cell = f"A{row}"
    problem = RowProblem(code, "Phone", cell, "", f"There is no phone number in {cell}.")
    return RowReading(row, Verdict.INVALID, cell=cell, problems=(problem,))


def suppressed(one: Lead) -> RowReading:
    return reading(one, Verdict.SUPPRESSED)


def due_in(world: World, **changes: Any) -> list[DueLead]:
    choice = world.choice(policy(**changes))
    with world.ledger.reading() as connection:
        return whom.due_leads(connection, choice, after_row=-1, most=1000)


def leads_due(world: World, **changes: Any) -> list[Lead]:
    return [due.lead for due in due_in(world, **changes)]


def rows_due(world: World, **changes: Any) -> list[int]:
    return [one.row for one in leads_due(world, **changes)]


def result_of(world: World, row: int) -> RowResult:
    return next(result for result in world.results() if result.row == row)


@pytest.fixture
def empty(make_world: MakeWorld) -> World:
    """A campaign with nobody in it."""
    return make_world(leads=[])


# One number, many rows


def three_rows(world: World, duplicates: Duplicates) -> None:
    """Rows 2, 3 and 5 hold one number; row 4 another."""
    world.load(
        [
            lead(2, phone=SAME, last_name=None, first_name="Ann", tags=("hot",), source=None),
            lead(3, phone=SAME, first_name="Ann", last_name="Example", tags=("north",), source="web"),
            lead(4),
            lead(5, phone=SAME, first_name="Bob", last_name="Sample", tags=("hot", "old"), source="fair"),
        ],
        duplicates=duplicates,
    )


@pytest.mark.parametrize(
    ("duplicates", "called"),
    [
        (Duplicates.FIRST, lead(2, phone=SAME, last_name=None, tags=("hot",))),
        (
            Duplicates.LAST,
            lead(5, phone=SAME, first_name="Bob", last_name="Sample", tags=("hot", "old"), source="fair"),
        ),
        (
            Duplicates.MERGE,
            lead(2, phone=SAME, last_name="Example", tags=("hot", "north", "old"), source="web"),
        ),
    ],
)
def test_of_several_rows_with_one_number_one_lead_is_called(
    empty: World, duplicates: Duplicates, called: Lead
) -> None:
    three_rows(empty, duplicates)

    assert [one for one in leads_due(empty) if one.phone == SAME] == [called]


@pytest.mark.parametrize(
    ("duplicates", "rows"),
    [(Duplicates.FIRST, [3, 5]), (Duplicates.LAST, [2, 3]), (Duplicates.MERGE, [3, 5])],
)
def test_the_other_rows_are_duplicates(empty: World, duplicates: Duplicates, rows: list[int]) -> None:
    three_rows(empty, duplicates)

    assert [row for row, status in empty.statuses().items() if status == "duplicate"] == rows


def test_a_duplicate_names_the_row_that_is_called(empty: World) -> None:
    three_rows(empty, Duplicates.LAST)

    assert result_of(empty, 2).reason == "Same number as row 5, which is the one that is called."


def test_a_number_is_called_once_however_many_rows_hold_it(make_world: MakeWorld) -> None:
    world = make_world(leads=[lead(row, phone=SAME) for row in range(2, 50)])

    world.run()

    assert [n for _, n in world.api.received] == [SAME]


def test_a_duplicate_far_below_is_found(empty: World) -> None:
    """In another batch of rows than the first."""
    load_in_batches(empty, [[reading(lead(2, phone=SAME))], [reading(lead(3000, phone=SAME))]])

    assert empty.statuses() == {2: "pending", 3000: "duplicate"}


def test_rows_with_an_assumed_country_are_duplicates_as_well(empty: World) -> None:
    empty.load_readings([reading(lead(row, phone=SAME), Verdict.ASSUMED) for row in (2, 3)])

    assert empty.statuses() == {2: "pending", 3: "duplicate"}


def test_merging_goes_on_across_batches(empty: World) -> None:
    load_in_batches(
        empty,
        [[reading(lead(2, phone=SAME, tags=("a",)))], [reading(lead(3, phone=SAME, tags=("b",)))]],
        duplicates=Duplicates.MERGE,
    )

    assert [one.tags for one in leads_due(empty)] == [("a", "b")]


def load_in_batches(
    world: World, batches: Sequence[Sequence[RowReading]], *, duplicates: Duplicates = Duplicates.FIRST
) -> None:
    now = world.loop.utc_now()
    campaign_id = world.campaign.campaign_id
    with world.ledger.transaction() as connection:
        world.load_id = loads.begin_load(
            connection, campaign_id, path="leads.csv", sha256="", reading="{}", now=now
        )
    for batch in batches:
        with world.ledger.transaction() as connection:
            loads.Batches(campaign_id, world.load_id, duplicates).add(connection, batch)
    with world.ledger.transaction() as connection:
        loads.complete_load(connection, load_id=world.load_id, campaign_id=campaign_id, understood="{}")


# Whoever asked not to be called


@pytest.mark.parametrize("duplicates", list(Duplicates))
@pytest.mark.parametrize("refusing", [2, 3])
def test_one_row_that_refuses_suppresses_the_number(
    empty: World, duplicates: Duplicates, refusing: int
) -> None:
    empty.load_readings(
        [
            suppressed(lead(row, phone=SAME)) if row == refusing else reading(lead(row, phone=SAME))
            for row in (2, 3)
        ],
        duplicates=duplicates,
    )

    empty.run()

    assert empty.api.received == []


@pytest.mark.parametrize("duplicates", list(Duplicates))
def test_a_refusal_in_a_later_batch_suppresses_the_number(empty: World, duplicates: Duplicates) -> None:
    batches = [[reading(lead(2, phone=SAME))], [suppressed(lead(3, phone=SAME))]]

    load_in_batches(empty, batches, duplicates=duplicates)

    assert leads_due(empty) == []


def test_a_row_suppressed_by_another_says_so(empty: World) -> None:
    empty.load_readings([reading(lead(2, phone=SAME)), suppressed(lead(3, phone=SAME))])

    assert result_of(empty, 2).reason == "Another row with this number says not to call."


def test_a_duplicate_of_a_row_that_refuses_is_not_said_to_be_called(empty: World) -> None:
    empty.load_readings([suppressed(lead(2, phone=SAME)), reading(lead(3, phone=SAME))])

    assert result_of(empty, 3).reason == "Same number as row 2, and a row with this number says not to call."


def test_a_refusal_in_a_new_sheet_suppresses_a_lead_of_the_old_one(world: World) -> None:
    world.load_readings([reading(lead(2)), suppressed(lead(3))])

    assert rows_due(world) == [2]


def test_a_refusal_taken_back_lets_the_lead_be_called(world: World) -> None:
    world.load_readings([suppressed(lead(3))])
    world.load_readings([reading(lead(3))])

    assert rows_due(world) == [3]


def test_a_refusal_does_not_hide_that_somebody_was_called(world: World) -> None:
    world.run()
    called = result_of(world, 3)

    world.load_readings([suppressed(lead(3))])

    assert result_of(world, 3) == called


# The sheet again


def test_the_same_sheet_again_calls_nobody_again(world: World) -> None:
    world.run()

    world.load(world.leads)

    assert rows_due(world) == []
    assert set(world.statuses().values()) == {"queued"}


def test_whoever_is_new_in_the_sheet_is_called(world: World) -> None:
    world.run()

    world.load([*world.leads, lead(12)])

    assert rows_due(world) == [12]


def test_a_called_lead_takes_its_new_place_and_keeps_what_was_sent(make_world: MakeWorld) -> None:
    world = make_world(leads=[lead(2, source="web", tags=("a",), notes="n")])
    world.run()

    world.load([lead(9, phone=number(2), first_name="Bob", source="x", tags=("b",), notes="m")])

    with world.ledger.reading() as connection:
        found = connection.exec_driver_sql(
            "SELECT row, cell, first_name, last_name, source, tags, notes FROM leads"
        )
        assert tuple(found.one()) == (9, "A9", "Ann", "Example", "web", '["a"]', "n")


@pytest.mark.parametrize("reply", ["400", "refused"])
def test_a_lead_that_was_not_called_takes_what_the_new_sheet_says(make_world: MakeWorld, reply: str) -> None:
    world = make_world(leads=[lead(2, first_name="An", tags=("a",))])
    world.api.always = reply
    world.run(policy(give_up_after=timedelta(seconds=1)))
    mended = lead(5, phone=number(2), first_name="Ann", tags=("b",))

    world.load([mended])

    assert leads_due(world, only=tuple(Selection)) == [mended]


def test_a_lead_that_left_the_sheet_is_not_called(world: World) -> None:
    world.load([lead(3)])

    assert rows_due(world) == [3]


def test_alternating_sheets_call_everybody_once(world: World) -> None:
    spring = [lead(row) for row in range(2, 8)]
    autumn = [lead(row) for row in range(5, 12)]
    for sheet in (spring, autumn, spring, autumn, spring):
        world.load(sheet)
        world.run(policy(limit=2))
    for sheet in (spring, autumn):
        world.load(sheet)
        world.run()

    assert sorted(n for _, n in world.api.created) == [number(row) for row in range(2, 12)]


def test_a_sheet_that_was_never_finished_is_not_used(world: World) -> None:
    with world.ledger.transaction() as connection:
        campaign_id = world.campaign.campaign_id
        loads.begin_load(connection, campaign_id, path="", sha256="", reading="{}", now=START)

        newest = loads.latest_load(connection, campaign_id)
        complete = loads.latest_load(connection, campaign_id, complete_only=True)

    assert newest is not None
    assert complete is not None
    assert (newest.complete, complete.load_id) == (False, world.load_id)


def test_after_a_load_that_broke_off_the_next_calls_everybody(world: World) -> None:
    now = world.loop.utc_now()
    campaign_id = world.campaign.campaign_id
    with world.ledger.transaction() as connection:
        broken = loads.begin_load(connection, campaign_id, path="", sha256="", reading="{}", now=now)
        loads.Batches(campaign_id, broken, Duplicates.FIRST).add(
            connection, [reading(lead(row)) for row in (2, 3)]
        )

    world.load(world.leads)

    assert rows_due(world) == list(range(2, 12))


def test_an_empty_batch_is_nothing(world: World) -> None:
    with world.ledger.transaction() as connection:
        loads.Batches(world.campaign.campaign_id, world.load_id, Duplicates.FIRST).add(connection, [])

    assert rows_due(world) == list(range(2, 12))


def test_two_campaigns_hold_the_same_number_side_by_side(make_world: MakeWorld) -> None:
    first = make_world(leads=[lead(2, first_name="Ann")], name="first")
    second = make_world(leads=[lead(9, phone=number(2), first_name="Bob")], name="second")

    assert (rows_due(first), rows_due(second)) == ([2], [9])


# Mended rows


def test_a_row_that_was_invalid_and_can_be_read_now_is_mended(empty: World) -> None:
    empty.load_readings([reading(lead(2)), invalid(3)])
    empty.load([lead(2), lead(3)])

    assert (rows_due(empty, only=(Selection.MENDED,)), rows_due(empty, only=(Selection.PENDING,))) == (
        [3],
        [2],
    )


def test_a_row_whose_number_was_known_before_it_was_spoilt_is_mended_as_well(world: World) -> None:
    world.load_readings([reading(lead(2)), invalid(3)])
    world.load([lead(2), lead(3)])

    assert rows_due(world, only=(Selection.MENDED,)) == [3]


def test_a_mended_row_stays_mended_until_it_is_called(empty: World) -> None:
    empty.load_readings([invalid(3)])
    empty.load([lead(3)])
    empty.load([lead(3)])

    assert rows_due(empty, only=(Selection.MENDED,)) == [3]


def test_a_row_that_the_sheet_itself_calls_invalid_is_mended_when_it_can_be_read(empty: World) -> None:
    """A report that was mended by hand and fed back, into a ledger that never saw the row."""
    with empty.ledger.transaction() as connection:
        loads.Batches(empty.campaign.campaign_id, empty.load_id, Duplicates.FIRST).add(
            connection, [reading(lead(2)), reading(lead(3))], said_mended=frozenset({3})
        )

    assert rows_due(empty, only=(Selection.MENDED,)) == [3]


def test_a_called_lead_is_not_called_again_because_its_row_was_mended(world: World) -> None:
    world.run()
    world.load_readings([invalid(3)])
    world.load([lead(3)])

    assert rows_due(world, only=tuple(Selection)) == []


# Campaigns, loads, runs


def test_a_campaign_is_created_once(world: World) -> None:
    with world.ledger.transaction() as connection:
        again = loads.ensure_campaign(connection, "leads", now=START)

        assert again == world.campaign
        assert loads.find_campaign(connection, "gone") is None


def test_campaigns_are_listed_by_name(make_world: MakeWorld) -> None:
    for name in ("spring", "autumn"):
        world = make_world(leads=[], name=name)
    with world.ledger.transaction() as connection:
        orders.set_pause(connection, world.campaign.campaign_id, reason="lunch", now=START)

        begun = "2026-03-02T15:00:00.000000Z"
        assert account.campaigns(connection) == [
            CampaignLine(2, "autumn", "sheet", begun, "lunch", START),
            CampaignLine(1, "spring", "sheet", begun, None, None),
        ]


def test_a_load_that_moved_is_found_at_its_new_place(world: World) -> None:
    with world.ledger.transaction() as connection:
        loads.move_load(connection, load_id=world.load_id, path="/elsewhere.csv", sha256="ab")

        load = loads.latest_load(connection, world.campaign.campaign_id)

    assert load is not None
    assert (load.load_id, load.path, load.sha256) == (world.load_id, "/elsewhere.csv", "ab")


def test_a_run_is_on_record_from_its_begin(world: World) -> None:
    campaign_id = world.campaign.campaign_id
    with world.ledger.transaction() as connection:
        run_id = loads.begin_run(connection, campaign_id, settings={"rate": "5/s"}, rows=(), now=START)
        begun = account.latest_run(connection, campaign_id)
        later = START + timedelta(minutes=3)
        loads.end_run(connection, run_id, exit_code=75, stopped="Paused.", now=later)
        ended = account.latest_run(connection, campaign_id)

    assert begun == account.RunRecord(run_id, START, None, None, None, {"rate": "5/s"})
    assert ended == account.RunRecord(run_id, START, later, 75, "Paused.", {"rate": "5/s"})


def test_the_latest_run_is_the_newest(world: World) -> None:
    for _ in range(3):
        newest = world.choice(policy()).run_id

    with world.ledger.reading() as connection:
        found = account.latest_run(connection, world.campaign.campaign_id)
    assert found is not None
    assert found.run_id == newest


def test_a_campaign_that_never_ran_has_no_run(world: World) -> None:
    with world.ledger.reading() as connection:
        assert account.latest_run(connection, world.campaign.campaign_id) is None


# The account


def mixed(world: World) -> None:
    """Row 2 called, 3 failed, 4 a duplicate of 2, 5 suppressed, 6 and 7 invalid, 8 a total, 9 waiting."""
    world.load_readings(
        [
            reading(lead(2)),
            reading(lead(3)),
            reading(lead(4, phone=number(2))),
            suppressed(lead(5)),
            invalid(6),
            invalid(7, "phone_letters"),
            RowReading(8, Verdict.NOT_A_LEAD),
            reading(lead(9), Verdict.ASSUMED),
        ]
    )
    world.api.scripts = {number(3): ["400:Blocked."]}
    world.run(policy(limit=2, concurrency=1))


def test_every_row_has_exactly_one_status_in_the_sheets_order(empty: World) -> None:
    mixed(empty)

    assert [(result.row, result.status) for result in empty.results()] == [
        (2, "queued"),
        (3, "failed"),
        (4, "duplicate"),
        (5, "suppressed"),
        (6, "invalid"),
        (7, "invalid"),
        (9, "pending"),
    ]


def test_rows_and_leads_are_counted(empty: World) -> None:
    mixed(empty)

    with empty.ledger.reading() as connection:
        rows = account.count_verdicts(connection, empty.load_id)
        states = account.count_states(
            connection, campaign_id=empty.campaign.campaign_id, load_id=empty.load_id
        )
    assert rows == {
        "callable": 2,
        "assumed": 1,
        "duplicate": 1,
        "suppressed": 1,
        "invalid": 2,
        "not_a_lead": 1,
    }
    assert states == {"called": 1, "failed": 1, "due": 1}


def test_leads_are_counted_though_a_later_load_that_broke_off_has_taken_them(world: World) -> None:
    campaign_id, now = world.campaign.campaign_id, world.loop.utc_now()
    with world.ledger.transaction() as connection:
        broken = loads.begin_load(connection, campaign_id, path="", sha256="", reading="{}", now=now)
        batches = loads.Batches(campaign_id, broken, Duplicates.FIRST)
        batches.add(connection, [reading(lead(2))])

        states = account.count_states(connection, campaign_id=campaign_id, load_id=world.load_id)

    assert states == {"due": 10}


def test_those_who_were_called_and_left_the_sheet_are_counted(world: World) -> None:
    world.api.scripts = {number(2): ["400"], number(3): ["500"]}
    world.run(policy(limit=4, concurrency=1))
    before = world.load_id
    world.load([lead(4), lead(12)])

    with world.ledger.reading() as connection:
        left = loads.count_called_elsewhere(
            connection, campaign_id=world.campaign.campaign_id, load_id=before
        )
    assert left == 2


def test_statuses_are_counted(empty: World) -> None:
    mixed(empty)

    assert account.count_statuses(empty.results()) == {
        "queued": 1,
        "failed": 1,
        "duplicate": 1,
        "suppressed": 1,
        "invalid": 2,
        "pending": 1,
    }


def test_problems_are_told_by_kind_the_most_frequent_first_with_an_example(empty: World) -> None:
    empty.load_readings([invalid(2, "phone_letters"), invalid(3), invalid(4), reading(lead(5))])

    with empty.ledger.reading() as connection:
        assert account.problem_kinds(connection, empty.load_id) == (
            ProblemKind("phone_missing", 2, "A3", "", "There is no phone number in A3."),
            ProblemKind("phone_letters", 1, "A2", "", "There is no phone number in A2."),
        )


def test_a_called_row_tells_when_and_what_the_api_said(world: World) -> None:
    world.run(policy(limit=1))

    result = result_of(world, 2)
    assert (result.call_id, result.contact_id, result.is_new_contact, result.to_phone, result.called_at) == (
        "call-1",
        f"contact-{number(2)}",
        True,
        number(2),
        START,
    )


def test_a_recent_row_names_the_campaign_that_called(make_world: MakeWorld) -> None:
    make_world(leads=[lead(2)], name="spring").run()
    autumn = make_world(leads=[lead(2)], name="autumn")

    assert result_of(autumn, 2).reason == "Campaign spring called this number at 2026-03-02 15:00 UTC."


def test_the_last_call_of_a_number_is_found_in_any_campaign(make_world: MakeWorld) -> None:
    make_world(leads=[lead(2)], name="spring").run()
    autumn = make_world(leads=[lead(3)], name="autumn")

    with autumn.ledger.reading() as connection:
        found = account.last_call(connection, number(2), since=START - timedelta(days=1))
    assert found == account.LastCall(START, "called", "call-1", "spring")


@pytest.mark.parametrize("script", [["400"], ["401"], ["refused", "401"]])
def test_a_number_that_was_not_called_has_no_last_call(make_world: MakeWorld, script: list[str]) -> None:
    world = make_world(leads=[lead(2)])
    world.api.scripts = {number(2): script}
    world.run()

    with world.ledger.reading() as connection:
        assert account.last_call(connection, number(2), since=START - timedelta(days=1)) is None


# Anything at all

some_rows = st.lists(
    st.tuples(
        st.sampled_from(["callable", "assumed", "suppressed", "invalid", "not_a_lead"]), st.integers(0, 4)
    ),
    min_size=1,
    max_size=12,
)


@settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sheets=st.lists(some_rows, min_size=1, max_size=3), duplicates=st.sampled_from(list(Duplicates)))
def test_rows_in_are_rows_out_and_nobody_is_called_twice_or_against_a_refusal(
    make_world: MakeWorld, sheets: list[list[tuple[str, int]]], duplicates: Duplicates
) -> None:
    world = make_world(leads=[], name=f"campaign {next(NAMES)}")
    for sheet in sheets:
        readings = [
            RowReading(
                row,
                Verdict(verdict),
                cell=f"A{row}",
                lead=lead(row, phone=number(index))
                if verdict in {"callable", "assumed", "suppressed"}
                else None,
            )
            for row, (verdict, index) in enumerate(sheet, start=2)
        ]
        world.load_readings(readings, duplicates=duplicates)
        refused = {r.lead.phone for r in readings if r.verdict is Verdict.SUPPRESSED and r.lead}
        before = len(world.api.received)
        world.run(policy(recall_after=timedelta(0)))

        assert {n for _, n in world.api.received[before:]}.isdisjoint(refused)
        assert [result.row for result in world.results()] == [
            r.row for r in readings if r.verdict is not Verdict.NOT_A_LEAD
        ]
    assert not world.api.numbers_created_twice()


NAMES = iter(range(10**9))
