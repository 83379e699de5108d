"""`dialer history`: one person's story, from the sheets they stood in to what became of their calls."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from dialer import suppressions
from dialer.do_not_call import Entry, Kind
from dialer.errors import DialerError, UsageError
from dialer.history import History, history
from dialer.leads import RowProblem, RowReading, Verdict
from dialer.ledger import time_text
from dialer.pool import Closed
from dialer.screens import local
from dialer.settings import Place
from dialer.story import Story, tell
from tests.builders import World, lead, number, policy, reading
from tests.virtual_time import START

LATER = START + timedelta(hours=3)


def story(world: World, phone: str = number(4)) -> Story:
    with world.ledger.reading() as connection:
        return tell(connection, phone, now=world.loop.utc_now())


def shown(world: World, phone: str = number(4)) -> list[str]:
    """What a person reads, without the times."""
    console = Console(width=200, highlight=False, markup=False, emoji=False)
    with console.capture() as captured:
        console.print(History(story(world, phone)).screen())
    lines = (line.rstrip() for line in captured.get().splitlines())
    return [line.removeprefix(local(START)).strip() for line in lines]


def asked(world: World, text: str) -> dict[str, Any]:
    return history(Place(ledger=str(world.ledger.path)), text).as_json()


def execute(world: World, statement: str, **bound: object) -> None:
    with world.ledger.transaction() as connection:
        connection.exec_driver_sql(statement, bound)


def let_the_call_have_ended(world: World) -> None:
    execute(
        world,
        "INSERT INTO calls (attempt_id, campaign_id, call_id, call_status, ended, stale, duration_seconds,"
        " appointment_booked, lead_qualification, cost_usd, detailed, looked_at)"
        " SELECT attempt_id, campaign_id, call_id, 'completed', 1, 0, 95, 1, 'hot', '0.12', 1, ended_at"
        " FROM attempts",
    )


# What is told


def test_a_number_that_stood_in_a_sheet_and_was_not_called_yet(world: World) -> None:
    assert shown(world) == [
        "+12015550104",
        "leads: row 4 (A4) of leads.csv, to be called",
        "",
        "now",
        "leads  row 4 (A4)  pending  Not called yet: run the same command again.",
    ]


def test_a_call_tells_its_run_and_what_the_api_said(world: World) -> None:
    world.run()

    assert shown(world)[2] == "leads, run 1: called: queued, call-3, a new contact"


def test_what_became_of_the_call_stands_beside_it(world: World) -> None:
    world.run()
    let_the_call_have_ended(world)

    assert shown(world)[2] == (
        "leads, run 1: called: queued, call-3, a new contact; "
        "the call: completed, 95 s, appointment booked, hot, 0.12 USD"
    )


@pytest.mark.parametrize(
    ("meets", "told"),
    [
        ("422:The number is blocked", "refused by the API (422 code_422): The number is blocked"),
        ("reset-after", "sent, without a certain answer: no reply (ReadError: connection reset)"),
        ("402:No subscription", "not called, because the run had to stop (402 code_402): No subscription"),
    ],
)
def test_an_attempt_tells_how_it_ended(world: World, meets: str, told: str) -> None:
    world.api.scripts = {number(4): [meets]}
    world.run()

    assert shown(world)[2] == f"leads, run 1: {told}"


def test_an_attempt_that_was_held_back_is_told_before_the_one_that_got_through(world: World) -> None:
    world.api.scripts = {number(4): ["429:1"]}
    world.run()

    assert [tried.outcome for tried in story(world).attempts] == ["throttled", "called"]


def test_an_attempt_under_way_is_told(world: World) -> None:
    world.run()
    execute(world, "UPDATE attempts SET outcome = NULL")

    assert shown(world)[2] == "leads, run 1: under way, or cut off"


def test_a_call_that_was_found_in_the_records_is_told_when_it_was_found(world: World) -> None:
    world.api.scripts = {number(4): ["reset-after"]}
    world.run()
    execute(
        world,
        "UPDATE attempts SET outcome = 'called', call_id = 'call-9', settled_at = :at"
        " WHERE outcome = 'unknown'",
        at=time_text(LATER),
    )

    assert shown(world)[3] == f"{local(LATER)}  leads: the call was found in the API's own records: call-9"


def test_a_second_call_by_a_persons_decision_says_so(world: World) -> None:
    world.run()
    execute(world, "UPDATE attempts SET generation = 2")

    assert shown(world)[2].startswith("leads, run 1: by a person's decision called: queued")


def test_whoever_waits_for_calling_hours_is_told_until_when(world: World) -> None:
    world.run(closed=lambda _lead: Closed(LATER, "It is night."))

    assert shown(world)[-1] == (
        "leads  row 4 (A4)  deferred  It is night. May be called from 2026-03-02 18:00 UTC on."
    )


def test_a_number_in_several_rows_is_told_row_by_row(make_world: Callable[..., World]) -> None:
    world = make_world(leads=[lead(2), lead(3, phone=number(2))])

    assert shown(world, number(2)) == [
        "+12015550102",
        "leads: row 2 (A2) of leads.csv, to be called",
        "leads: row 3 (A3) of leads.csv, a duplicate: another row has the same number",
        "",
        "now",
        "leads  row 2 (A2)  pending    Not called yet: run the same command again.",
        "leads  row 3 (A3)  duplicate  Same number as row 2, which is the one that is called.",
    ]


def test_a_row_that_says_not_to_call_is_told_with_its_reason(make_world: Callable[..., World]) -> None:
    problem = RowProblem("do_not_call", "DNC", "B2", "yes", "B2 says not to call.")
    asks_not_to = RowReading(2, Verdict.SUPPRESSED, cell="A2", lead=lead(2), problems=(problem,))
    world = make_world(leads=[])
    world.load_readings([asks_not_to, reading(lead(3))])

    assert shown(world, number(2))[1] == (
        "leads: row 2 (A2) of leads.csv, not to be called: B2 says not to call."
    )


def test_an_entry_of_the_do_not_call_list_is_told_with_its_reason(world: World) -> None:
    with world.ledger.transaction() as connection:
        suppressions.add(connection, [Entry(Kind.NUMBER, number(4))], reason="asked on the phone", now=LATER)

    assert shown(world)[2] == (
        f"{local(LATER)}  put on the do-not-call list of this ledger: asked on the phone"
    )


def test_a_prefix_on_the_do_not_call_list_is_told_as_it_is_written(world: World) -> None:
    with world.ledger.transaction() as connection:
        suppressions.add(connection, [Entry(Kind.PREFIX, "+1201")], reason=None, now=LATER)

    assert shown(world)[2] == f"{local(LATER)}  put on the do-not-call list of this ledger as +1201"


def test_a_call_by_another_campaign_explains_why_this_one_waits(make_world: Callable[..., World]) -> None:
    world = make_world()
    world.run(policy(limit=5))
    make_world(name="again")

    assert [(stands.campaign, stands.result.status) for stands in story(world).stands] == [
        ("again", "recent"),
        ("leads", "queued"),
    ]


def test_every_load_of_a_campaign_is_told_and_only_the_newest_counts_now(world: World) -> None:
    world.load([lead(9, phone=number(4))])

    found = story(world)
    assert ([sheet.row for sheet in found.sheets], [s.result.row for s in found.stands]) == ([4, 9], [9])


def test_a_load_that_was_given_up_is_not_told(world: World) -> None:
    world.load(world.leads)
    execute(world, "UPDATE loads SET complete = 0 WHERE load_id = 2")

    assert len(story(world).sheets) == 1


def test_a_path_cannot_move_the_cursor(world: World) -> None:
    execute(world, "UPDATE loads SET path = :path", path="\x1b[2Jleads.csv")

    assert "\x1b" not in "".join(shown(world))


# JSON


def test_json_has_its_keys_and_no_other(world: World) -> None:
    assert set(asked(world, number(4))) == {"phone", "suppressed", "sheets", "attempts", "now"}


def test_json_tells_times_as_utc_text(world: World) -> None:
    world.run(policy(limit=1))
    told = asked(world, number(2))

    assert (told["sheets"][0]["at"], told["attempts"][0]["at"]) == ((START.strftime("%FT%TZ"),) * 2)


def test_json_tells_what_became_of_a_call(world: World) -> None:
    world.run()
    let_the_call_have_ended(world)

    assert asked(world, number(4))["attempts"][0]["fate"]["call_status"] == "completed"


def test_json_tells_the_entry_of_the_do_not_call_list(world: World) -> None:
    with world.ledger.transaction() as connection:
        suppressions.add(connection, [Entry(Kind.PREFIX, "+1201")], reason="all of them", now=START)

    assert asked(world, number(4))["suppressed"] == {
        "entry": "+1201",
        "kind": "prefix",
        "reason": "all of them",
        "added_at": "2026-03-02T15:00:00Z",
    }


# How a number may be written


@pytest.mark.parametrize(
    "text", ["+12015550104", "+1 201 555 0104", "+1 (201) 555-0104", " +1.201.555.0104 ", "+1-201-555-0104"]
)
def test_a_number_is_understood_in_any_writing_with_a_plus(world: World, text: str) -> None:
    assert asked(world, text)["phone"] == number(4)


def test_a_number_that_is_not_dialled_any_more_is_looked_up_all_the_same(
    make_world: Callable[..., World],
) -> None:
    world = make_world(leads=[lead(2, phone="+19995550123")])

    assert asked(world, "+1 999 555 0123")["sheets"][0]["row"] == 2


@pytest.mark.parametrize("text", ["2015550104", "hello", "+1", "+1234567890123456"])
def test_what_is_no_number_with_a_plus_is_refused(world: World, text: str) -> None:
    with pytest.raises(UsageError) as caught:
        asked(world, text)

    assert caught.value.sentence == (
        f"{text!r} is no number that can be looked up: write it with + and its country code, as +12015550123."
    )


# Nobody


def test_a_number_that_the_ledger_never_heard_of_is_exit_code_1(world: World) -> None:
    with pytest.raises(DialerError) as caught:
        asked(world, number(99))

    assert (caught.value.exit_code, caught.value.sentence) == (
        1,
        (
            f"+12015550199 is not in the ledger {world.ledger.path}: the number stood in no sheet that was "
            "loaded, and was never called."
        ),
    )


def test_where_there_is_no_ledger_nobody_is_found_and_none_is_created(tmp_path: Path) -> None:
    with pytest.raises(DialerError) as caught:
        history(Place(ledger=str(tmp_path / "ledger.sqlite3")), number(4))

    assert (caught.value.sentence, list(tmp_path.iterdir())) == (
        (
            "+12015550104 is not in the ledger, which does not exist yet: the number stood in no sheet "
            "that was loaded, and was never called."
        ),
        [],
    )
