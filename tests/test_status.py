"""Where the campaigns of a ledger stand, what happened last, and what to type next."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from dialer import loads
from dialer.access import OpenLedger
from dialer.campaign import Rate
from dialer.errors import UsageError
from dialer.leads import RowReading, Verdict
from dialer.ledger import time_text
from dialer.pool import Closed
from dialer.screens import local
from dialer.settings import Place
from dialer.status import all_campaigns, one_campaign
from dialer.status_screens import Depth, StatusLine, campaigns_screen, depth_screen, watch_screen
from tests.builders import World, lead, number, policy, reading
from tests.virtual_time import START

SANDBOX = Place(sandbox=True)
NO_SUCH_PROCESS = 2**22 + 1  # above the largest process id of Linux


def opened(world: World) -> OpenLedger:
    return OpenLedger(world.ledger, world.ledger.path)


def lines(world: World, place: Place = SANDBOX) -> list[StatusLine]:
    return all_campaigns(opened(world), place)


def line(world: World, place: Place = SANDBOX) -> StatusLine:
    (only,) = lines(world, place)
    return only


def depth(world: World, place: Place = SANDBOX) -> Depth:
    return one_campaign(opened(world), place, world.name)


def nonzero(counts: Mapping[str, int]) -> dict[str, int]:
    return {status: rows for status, rows in counts.items() if rows}


def end_run(world: World, *, exit_code: int = 0, stopped: str | None = None) -> None:
    with world.ledger.transaction() as connection:
        run_id = connection.exec_driver_sql("SELECT max(run_id) FROM runs").scalar_one()
        loads.end_run(connection, run_id, exit_code=exit_code, stopped=stopped, now=world.loop.utc_now())


def pause(world: World, reason: str) -> None:
    with world.ledger.transaction() as connection:
        connection.exec_driver_sql(
            "UPDATE campaigns SET paused_reason = ?, paused_at = ?", (reason, time_text(START))
        )


def let_the_calls_have_ended(world: World) -> None:
    """All but the third call, which was never seen to end."""
    with world.ledger.transaction() as connection:
        connection.exec_driver_sql(
            "INSERT INTO calls (attempt_id, campaign_id, call_id, call_status, ended, stale, detailed,"
            " looked_at) SELECT attempt_id, campaign_id, call_id, 'completed', 1, attempt_id = 3, 1, ended_at"
            " FROM attempts"
        )


def leave_a_holder(world: World, **changes: object) -> None:
    """What a run writes beside its lock, left there as after a crash."""
    with world.ledger.lock(world.name):
        (path,) = Path(f"{world.ledger.path}.locks").glob("*.json")
        words = json.loads(path.read_text()) | changes
    path.write_text(json.dumps(words))


def seen(screen: Any) -> list[str]:
    """What a screen shows on a wide terminal, line by line."""
    console = Console(width=160, highlight=False, markup=False, emoji=False)
    with console.capture() as captured:
        console.print(screen)
    return [text.rstrip() for text in captured.get().splitlines()]


# The list


def test_a_campaign_that_was_loaded_and_never_run_says_how_to_begin(world: World) -> None:
    assert line(world) == StatusLine(
        campaign="leads",
        rows=10,
        counts=line(world).counts,
        running=False,
        pace_per_second=None,
        paused=None,
        last_event=f"loaded {local(START)}, never run",
        last_event_at="2026-03-02T15:00:00Z",
        next_step="dialer run leads.csv --sandbox",
    )


def test_the_rows_are_counted_by_status(world: World) -> None:
    world.api.scripts = {number(4): ["422"], number(5): ["reset-after"]}
    world.run(policy(limit=5))

    assert nonzero(line(world).counts) == {"called": 3, "failed": 1, "unknown": 1, "pending": 5}


def test_a_run_that_ended_says_when_and_with_which_exit_code(world: World) -> None:
    world.run()
    end_run(world, exit_code=1)

    assert line(world).last_event == f"ended {local(world.loop.utc_now())}, exit code 1"


def test_a_sheet_that_was_loaded_since_is_the_last_event(world: World) -> None:
    world.run()
    end_run(world)
    world.loop.stall(60)
    world.load(world.leads)

    assert line(world).last_event == f"loaded {local(world.loop.utc_now())}"


def test_the_pace_is_that_of_the_last_run(world: World) -> None:
    world.run(policy(limit=8))
    end_run(world)
    world.loop.stall(3600)

    assert line(world).pace_per_second == pytest.approx(10, abs=1)


def test_the_pace_of_a_long_run_is_that_of_its_last_thousand_calls(
    make_world: Callable[..., World],
) -> None:
    world = make_world(leads=[lead(row) for row in range(2, 1302)])
    world.run()
    with world.ledger.transaction() as connection:
        connection.exec_driver_sql(
            "UPDATE attempts SET begun_at = :at, sent_at = :at WHERE attempt_id <= 300",
            {"at": time_text(START)},
        )
    end_run(world)

    assert line(world).pace_per_second == pytest.approx(10, abs=0.1)


def test_a_run_with_one_call_has_no_pace(world: World) -> None:
    world.run(policy(limit=1))

    assert line(world).pace_per_second is None


def test_the_way_on_goes_through_the_api_and_the_ledger_of_this_place(world: World) -> None:
    place = Place(base_url="http://127.0.0.1:8410/v1", ledger="my ledger.db")

    assert line(world, place).next_step == (
        "dialer run leads.csv --base-url http://127.0.0.1:8410/v1 --ledger 'my ledger.db'"
    )


def test_a_paused_campaign_is_resumed_next(world: World) -> None:
    pause(world, "Robin asked for it")

    assert (line(world).paused, line(world).next_step) == (
        "Robin asked for it",
        "dialer resume leads --sandbox",
    )


def test_whoever_waits_for_calling_hours_is_called_within_them(world: World) -> None:
    world.run(closed=lambda _lead: Closed(START + timedelta(hours=9), "It is night."))

    hours = "(within calling hours: dialer status leads --sandbox says from when on)"
    assert (nonzero(line(world).counts), line(world).next_step) == (
        {"deferred": 10},
        f"dialer run leads.csv --sandbox {hours}",
    )


def test_unknown_calls_are_looked_up_before_the_failed_ones_are_called_again(world: World) -> None:
    world.api.scripts = {number(4): ["422"], number(5): ["reset-after"]}
    world.run()

    assert line(world).next_step == "dialer reconcile leads --sandbox"


def test_failed_rows_are_called_again_next(world: World) -> None:
    world.api.scripts = {number(4): ["422"]}
    world.run()

    assert line(world).next_step == "dialer retry leads.csv --sandbox"


def test_invalid_rows_are_mended_next(make_world: Callable[..., World]) -> None:
    world = make_world(leads=[])
    world.load_readings([reading(lead(2)), RowReading(3, Verdict.INVALID)])
    world.run()

    assert line(world).next_step == (
        "dialer retry leads.csv --sandbox (once the invalid rows are mended: the report says how)"
    )


def test_when_all_were_called_it_is_time_to_ask_what_became_of_the_calls(world: World) -> None:
    world.run()

    assert line(world).next_step == "dialer outcomes leads --sandbox"


def test_nothing_is_left_to_do_once_that_is_known_too(world: World) -> None:
    world.run()
    let_the_calls_have_ended(world)

    assert line(world).next_step == "nothing"


def test_a_campaign_called_another_way_than_its_sheet_is_named(make_world: Callable[..., World]) -> None:
    world = make_world(name="spring sale")

    assert line(world).next_step == "dialer run leads.csv --campaign 'spring sale' --sandbox"


def test_single_calls_are_no_campaigns(world: World) -> None:
    with world.ledger.transaction() as connection:
        loads.ensure_campaign(connection, "single calls", now=START, kind="call")

    assert [each.campaign for each in lines(world)] == ["leads"]


def test_a_sheet_that_could_not_be_loaded_leaves_no_campaign_to_be_seen(world: World) -> None:
    with world.ledger.transaction() as connection:
        loads.ensure_campaign(connection, "letters", now=START)

    assert [each.campaign for each in lines(world)] == ["leads"]


def test_a_sheet_that_is_being_read_for_the_first_time_can_be_seen(world: World) -> None:
    with world.ledger.transaction() as connection:
        loads.ensure_campaign(connection, "letters", now=START)
    with world.ledger.lock("letters"):
        found = [(each.campaign, each.rows, each.running) for each in lines(world)]

    assert found == [("leads", 10, False), ("letters", 0, True)]


# Who runs


def test_a_run_under_way_names_its_process_and_is_followed_next(world: World) -> None:
    world.run(policy(limit=3))
    with world.ledger.lock("leads"):
        found = line(world)
    with world.ledger.reading() as connection:
        last = connection.exec_driver_sql("SELECT max(begun_at) FROM attempts").scalar_one()

    assert (found.running, found.last_event_at, found.next_step) == (
        True,
        f"{last[:19]}Z",
        "dialer status leads --sandbox --watch",
    )


def test_the_pace_of_a_run_under_way_is_that_of_its_last_ten_seconds(
    make_world: Callable[..., World],
) -> None:
    world = make_world(leads=[lead(row) for row in range(2, 202)])
    world.run(policy(limit=40, rate=Rate(count=4)))
    world.loop.stall(60)
    world.run(policy(limit=130))
    with world.ledger.lock("leads"):
        found = line(world)

    assert found.pace_per_second == pytest.approx(10, abs=0.3)


def test_what_is_left_is_told_at_the_pace_of_the_run(make_world: Callable[..., World]) -> None:
    world = make_world(leads=[lead(row) for row in range(2, 62)])
    world.run(policy(limit=20))
    with world.ledger.lock("leads"):
        left = line(world).left

    assert left is not None
    assert left.total_seconds() == pytest.approx(4, abs=0.5)


def test_a_run_that_was_cut_off_is_not_taken_for_one_that_goes_on(world: World) -> None:
    world.run(policy(limit=1))
    leave_a_holder(world, pid=NO_SUCH_PROCESS)
    found = line(world)

    assert (found.running, found.last_event) == (
        False,
        f"cut off after {local(START)}: the next run goes on",
    )


def test_a_holder_on_another_machine_is_believed(world: World) -> None:
    leave_a_holder(world, pid=NO_SUCH_PROCESS, host=f"not {socket.gethostname()}")

    assert line(world).running is True


# One campaign in depth


def test_the_statuses_in_depth_are_those_of_the_report(world: World) -> None:
    world.api.scripts = {number(4): ["422"], number(5): ["odd:{}"]}
    world.run(policy(limit=4))

    assert depth(world).statuses == {"queued": 2, "accepted": 1, "failed": 1, "pending": 6}


def test_what_became_of_the_calls_is_told_in_the_words_of_the_api(world: World) -> None:
    world.run(policy(limit=3))
    let_the_calls_have_ended(world)

    assert depth(world).outcomes == {"completed": 2, "stale": 1}


def test_nothing_is_said_of_outcomes_that_nobody_asked_for(world: World) -> None:
    world.run()

    assert depth(world).outcomes == {}


def test_unknown_calls_are_listed_with_their_rows_and_reasons(world: World) -> None:
    world.api.scripts = {number(5): ["reset-after"]}
    world.run()
    (unknown,) = depth(world).unknown

    assert (unknown.row, unknown.cell, unknown.phone, unknown.outcome, unknown.reason) == (
        5,
        "A5",
        number(5),
        "unknown",
        "no reply (ReadError: connection reset)",
    )


def test_those_who_wait_are_grouped_by_the_time_from_which_they_may_be_called(world: World) -> None:
    soon, late = START + timedelta(hours=1), START + timedelta(hours=9)
    world.run(closed=lambda one: Closed(soon if one.row < 5 else late, "It is night."))

    found = [(waiting.until, waiting.leads, waiting.reason) for waiting in depth(world).deferred]
    assert found == [(soon, 3, "It is night."), (late, 7, "It is night.")]


def test_the_last_attempts_are_told_the_newest_first(world: World) -> None:
    world.run(policy(limit=3))

    assert [attempt.row for attempt in depth(world).attempts] == [4, 3, 2]


def test_every_run_tells_how_many_attempts_it_began_and_how_it_ended(world: World) -> None:
    world.run(policy(limit=3))
    end_run(world)
    world.loop.stall(60)
    world.run(policy(limit=4))
    end_run(world, exit_code=75, stopped="Paused.")

    found = [(run.attempts, run.exit_code, run.stopped) for run in depth(world).runs]
    assert found == [(4, 75, "Paused."), (3, 0, None)]


def test_every_sheet_is_told_the_newest_first(world: World) -> None:
    world.loop.stall(60)
    world.load(world.leads[:4])

    found = [(load.rows, load.loaded_at) for load in depth(world).loads]
    assert found == [(4, START + timedelta(minutes=1)), (10, START)]


def test_a_pause_says_since_when(world: World) -> None:
    pause(world, "Robin asked for it")

    assert depth(world).paused_at == START


def test_an_unknown_campaign_is_not_found(world: World) -> None:
    with pytest.raises(UsageError) as caught:
        one_campaign(opened(world), SANDBOX, "letters")

    assert caught.value.sentence == (
        f"There is no campaign 'letters' in {world.ledger.path}: `dialer status` lists them."
    )


def test_a_campaign_without_rows_says_so(world: World) -> None:
    with world.ledger.transaction() as connection:
        loads.ensure_campaign(connection, "letters", now=START)
    with pytest.raises(UsageError) as caught:
        one_campaign(opened(world), SANDBOX, "letters")

    assert caught.value.sentence == "Campaign 'letters' holds no rows: no sheet of it was loaded to its end."


def test_where_there_is_no_ledger_there_is_no_campaign() -> None:
    with pytest.raises(UsageError) as caught:
        one_campaign(None, SANDBOX, "letters")

    assert caught.value.sentence == "There is no campaign 'letters': dialer run LEADS begins one."


def test_json_tells_times_as_utc_text(world: World) -> None:
    world.run(policy(limit=1))
    told = json.loads(json.dumps(depth(world).as_json()))

    assert (told["campaign"], told["loaded_at"], told["attempts"][0]["at"]) == (
        "leads",
        "2026-03-02T15:00:00Z",
        "2026-03-02T15:00:00Z",
    )


# The screens


def test_the_list_shows_counts_and_below_them_the_last_event_and_the_way_on(world: World) -> None:
    world.api.scripts = {number(4): ["422"]}
    world.run()
    end_run(world, exit_code=1)

    assert [text.split() for text in seen(campaigns_screen(lines(world)))[:2]] == [
        ["campaign", "rows", "called", "failed", "unknown", "pending", "not", "callable", "pace"],
        ["leads", "10", "9", "1", "0", "0", "0", f"{line(world).pace_per_second:.1f}/s"],
    ]


def test_whoever_waits_has_a_column_only_if_somebody_does(world: World) -> None:
    world.run(closed=lambda _lead: Closed(None, "It is night."))

    assert "deferred" in seen(campaigns_screen(lines(world)))[0]


def test_a_campaign_name_cannot_move_the_cursor(make_world: Callable[..., World]) -> None:
    world = make_world(name="\x1b[2Jleads")

    assert "\x1b" not in "".join(seen(campaigns_screen(lines(world))))


def test_the_depth_shows_numbers_masked(world: World) -> None:
    world.run(policy(limit=1))
    told = "\n".join(seen(depth_screen(depth(world))))

    assert (number(2) in told, "+1201***0102" in told) == (False, True)


def test_the_depth_shows_the_fingerprint_that_the_report_bears(world: World) -> None:
    told = depth(world)

    assert f"fingerprint  {told.fingerprint}" in seen(depth_screen(told))


def test_while_a_run_is_followed_its_last_five_attempts_are_shown(world: World) -> None:
    world.run()
    told = seen(watch_screen(depth(world)))
    begin = next(place for place, text in enumerate(told) if text.split()[:1] == ["at"])

    assert [text.split()[2] for text in told[begin + 1 :]] == ["A11", "A10", "A9", "A8", "A7"]
