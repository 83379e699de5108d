"""Everything that can go wrong, row by row: F1 to F32, each with a short scenario of its own here.

Where a longer test stands elsewhere its name is in `ELSEWHERE`, and it is checked that it is still there.
"""

from __future__ import annotations

import ast
import asyncio
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from dialer import ledger as ledger_module
from dialer import orders, unknowns
from dialer.campaign import Breakers, Rate, Selection
from dialer.errors import DialerError, SettingsError, TryLater
from dialer.journal import Attempt, Ending, RunJournal
from dialer.ledger import Ledger
from dialer.listings import Reads
from dialer.outcomes import Called, Unknown
from dialer.phones import Phone, read_phone
from dialer.pool import Pool
from dialer.reconcile import Means, reconcile
from dialer.retry import Stop
from dialer.whole_file import whole_file
from dialer.whom import DueLead
from dialer.writer import InlineWriter
from tests.builders import API, World, lead, number, policy
from tests.command import command_line, environment
from tests.desk import Desk, open_desk
from tests.rude_modes import NO_OBJECT, SENT
from tests.simulated_api import SimulatedApi, busiest_window
from tests.simulated_records import Records
from tests.simulation.story import tell
from tests.test_vozagent import GOOD, meet, two_calls

MakeWorld = Callable[..., World]
TESTS = Path(__file__).parent

ELSEWHERE: dict[str, tuple[str, ...]] = {
    "F1 F2 F3 F4": (
        "simulation/test_simulation.py::test_every_promise_is_kept_in_every_story",
        "test_pool.py::test_a_crash_leaves_unknown_and_never_a_second_call",
        "crash/test_kills.py::test_nobody_is_called_twice",
        "crash/test_kills.py::test_a_call_that_was_created_before_a_kill_is_found_at_the_next_start",
    ),
    "F5": (
        "test_vozagent.py::test_what_was_sent_and_not_answered_for_certain_is_unknown",
        "test_vozagent.py::test_nothing_is_told_to_be_unsent_of_which_a_byte_may_have_arrived",
        "crash/test_storm.py::test_every_fault_leaves_the_right_status",
    ),
    "F6": ("test_reconcile.py::test_a_lagging_record_is_found_at_a_later_look",),
    "F7": ("test_pool.py::test_a_429_storm_loses_nobody_and_uses_up_no_attempt",),
    "F8": (
        "test_pace.py::test_a_crash_loop_never_exceeds_the_rate",
        "test_journal.py::test_what_is_under_way_counts_as_sent_just_now",
    ),
    "F9": (
        "test_cli_exit_codes.py::test_five_calls_in_a_row_without_an_answer_are_75",
        "test_pool.py::test_a_breakers_pause_is_on_disk_with_the_outcome_that_tripped_it",
    ),
    "F10": (
        "test_pool.py::test_a_refusal_that_all_would_meet_stops_and_leaves_everybody_pending",
        "test_cli_exit_codes.py::test_a_run_with_a_refused_key_is_77",
    ),
    "F11": (
        "test_vozagent.py::test_a_2xx_status_line_is_a_call",
        "test_vozagent.py::test_a_long_body_is_read_up_to_the_cap",
        "test_vozagent.py::test_a_bomb_of_gzip_is_unpacked_up_to_the_cap",
        "test_pool.py::test_a_call_id_that_two_numbers_share_is_told",
        "test_pool.py::test_another_number_dialled_raises_the_alarm_and_pauses",
    ),
    "F12": ("test_vozagent.py::test_the_whole_exchange_is_over_when_its_time_is_up",),
    "F13": (
        "test_vozagent.py::test_no_connection_serves_two_calls",
        "test_kept_connections.py::test_a_connection_that_the_server_has_left_meanwhile_is_no_error",
        "test_vozagent.py::test_a_connection_that_was_closed_before_the_first_byte_is_unsent",
    ),
    "F14": ("test_vozagent.py::test_a_redirect_is_never_followed",),
    "F15": (
        "test_reconcile.py::test_what_is_not_found_stays_unknown",
        "test_reconcile.py::test_records_that_cannot_be_read_leave_all_unknown_and_are_told_of_once",
    ),
    "F16 F17": (
        "test_ledger.py::test_a_full_disk_is_told_with_the_space_that_is_left",
        "test_ledger.py::test_a_full_disk_harms_nothing_that_was_written",
    ),
    "F18": (
        "test_ledger.py::test_a_database_that_stays_busy_is_given_up",
        "test_ledger.py::test_a_database_that_is_busy_for_a_moment_is_waited_for",
    ),
    "F19": (
        "test_ledger.py::test_a_damaged_ledger_is_refused",
        "test_ledger_file.py::test_a_damaged_ledger_names_its_newest_backup",
    ),
    "F20": (
        "test_ledger_file.py::test_a_ledger_that_is_gone_is_not_taken_for_a_new_one",
        "test_cli_feed_back.py::test_a_report_calls_nobody_again_whom_the_ledger_forgot",
    ),
    "F21": (
        "test_ledger.py::test_what_is_committed_survives_a_power_cut",
        "test_write_back.py::test_a_failure_leaves_the_old_report_and_nothing_else",
    ),
    "F22": (
        "crash/test_signals.py::test_the_exit_code_tells_the_signal",
        "crash/test_signals.py::test_the_second_one_waits_for_nobody",
    ),
    "F23": (
        "crash/test_kills.py::test_nothing_false_is_reported",
        "crash/test_kills.py::test_no_row_is_lost",
    ),
    "F24": (
        "crash/test_signals.py::test_a_process_that_stood_still_goes_on_to_the_end",
        "test_pace.py::test_a_turn_of_before_a_long_sleep_is_withdrawn",
    ),
    "F25": (
        "test_pace.py::test_a_clock_set_back_withdraws_nobody",
        "test_hours.py::test_after_a_clock_change_a_lead_is_called_by_the_new_clock",
    ),
    "F26": (
        "crash/test_storm.py::test_two_runs_started_together_call_nobody_twice",
        "test_ledger.py::test_a_second_run_is_told_who_holds_the_campaign",
    ),
    "F27": ("test_pool.py::test_a_number_called_by_another_campaign_is_recent",),
    "F28": (
        "test_loads.py::test_alternating_sheets_call_everybody_once",
        "test_cli_feed_back.py::test_a_sorted_report_calls_nobody",
    ),
    "F29": ("test_loads.py::test_a_number_is_called_once_however_many_rows_hold_it",),
    "F30": (
        "test_write_back.py::test_a_disk_that_becomes_full_leaves_the_old_report_and_nothing_else",
        "test_acceptance.py::test_the_sheet_is_not_written_to",
    ),
    "F31": ("test_pool.py::test_three_faults_of_our_own_pause_the_campaign",),
    "F32": (
        "test_pace.py::test_no_burst_follows_a_stall",
        "test_pace.py::test_many_stalls_never_exceed_the_rate",
    ),
}
ROWS = [f"F{number}" for number in range(1, 33)]


def functions_of(file: str) -> set[str]:
    """The tests that a file of this folder holds, skipped ones left out."""
    tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
    return {
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and "skip" not in ast.unparse(ast.List(node.decorator_list))
    }


@pytest.mark.parametrize("row", ROWS)
def test_every_row_has_a_test_here(row: str) -> None:
    prefix = f"test_f{int(row[1:]):02d}_"

    assert [name for name in functions_of("test_failure_model.py") if name.startswith(prefix)]


@pytest.mark.parametrize("row", ROWS)
def test_every_row_has_a_longer_test_elsewhere(row: str) -> None:
    assert [rows for rows in ELSEWHERE if row in rows.split()]


@pytest.mark.parametrize("test", sorted({test for tests in ELSEWHERE.values() for test in tests}))
def test_what_stands_elsewhere_is_there(test: str) -> None:
    file, name = test.split("::")

    assert name in functions_of(file)


# ------------------------------------------------------------------------- F1 to F4: the power fails


class PowerCut(BaseException):
    pass


class Cut:
    """A journal whose machine loses its power at one place."""

    def __init__(self, journal: RunJournal) -> None:
        self._journal = journal

    def __getattr__(self, name: str) -> Any:
        return getattr(self._journal, name)


class CutBeforeTheIntent(Cut):
    async def begin(self, _lead: DueLead) -> Attempt | None:
        raise PowerCut


class CutAfterTheIntent(Cut):
    async def begin(self, lead: DueLead) -> Attempt | None:
        await self._journal.begin(lead)
        raise PowerCut


class CutBeforeTheOutcome(Cut):
    async def end(self, _attempt: Attempt, _ending: Ending) -> None:
        raise PowerCut


def die(world: World, wrap: type[Cut]) -> None:
    """A run that dies at its first lead, and what the next start does first."""
    with pytest.raises(BaseExceptionGroup):
        world.run(policy(concurrency=1), wrap=wrap)
    world.settle_crash()


def look(world: World, records: Records) -> None:
    """Look for the unknown calls in the API's records."""
    with world.ledger.reading() as connection:
        attempts = unknowns.open_attempts(connection, world.campaign.campaign_id)
    means = Means(Reads(API, transport=records), InlineWriter(world.ledger), world.loop.utc_now)
    world.loop.run_until_complete(reconcile(attempts, means))


def received(world: World, row: int) -> int:
    """How many requests for the person of this row came in."""
    return [one for _, one in world.api.received].count(number(row))


def test_f01_a_crash_before_the_intent_leaves_the_lead_due_and_it_is_called(world: World) -> None:
    die(world, CutBeforeTheIntent)
    world.run()

    assert (world.statuses()[2], received(world, 2)) == ("queued", 1)


def test_f02_a_crash_between_intent_and_sending_leaves_the_lead_unknown(world: World) -> None:
    die(world, CutAfterTheIntent)
    world.run()

    assert (world.statuses()[2], received(world, 2)) == ("unknown", 0)


def test_f03_a_crash_after_sending_is_unknown_and_found_later(world: World) -> None:
    die(world, CutBeforeTheOutcome)
    before = world.statuses()[2]
    look(world, Records.of(world.api))

    assert (before, world.statuses()[2]) == ("unknown", "accepted")


def test_f04_a_crash_after_the_reply_is_found_with_its_call_id_and_not_repeated(world: World) -> None:
    die(world, CutBeforeTheOutcome)
    look(world, Records.of(world.api))
    world.run()

    row = next(result for result in world.results() if result.row == 2)
    assert (bool(row.call_id), received(world, 2)) == (True, 1)


# ------------------------------------------------------------------------- F5 to F15: the network and the API


@pytest.mark.parametrize("what", ["reset-before", "reset-after", "500", "503", "408", "409", "303", "bug"])
def test_f05_what_is_ambiguous_is_unknown_once_and_the_others_go_on(world: World, what: str) -> None:
    world.api.scripts = {number(4): [what]}
    world.run(policy(rate=Rate(count=1000), concurrency=10))
    world.run()

    expected = Counter({"queued": 9, "unknown": 1})
    assert (Counter(world.statuses().values()), received(world, 4)) == (expected, 1)


def test_f06_a_call_created_after_our_timeout_is_not_repeated(world: World) -> None:
    world.api.scripts = {number(4): ["late:4.9"]}
    world.run(policy(timeout=timedelta(seconds=1)))
    world.loop.run_until_complete(asyncio.sleep(60))
    world.run(policy(only=tuple(Selection)))

    assert (world.statuses()[4], world.api.numbers_created_twice()) == ("unknown", set())


FORMS = ("429", "429:1", "429:2", "429:0", "429:0.5", "429:-3", "429:soon", "429:1e3")


def test_f07_a_storm_of_429_loses_nobody_and_keeps_the_pace(make_world: MakeWorld) -> None:
    """Half of all requests, with every form of Retry-After."""
    rows = range(2, 102)
    scripts = {number(row): [FORMS[row % len(FORMS)]] * (row % 3) for row in rows}
    world = make_world(leads=[lead(row) for row in rows], api=SimulatedApi(scripts=scripts))
    progress = world.run(policy(rate=Rate(count=20), concurrency=20))

    assert progress.throttled == sum(row % 3 for row in rows)
    assert set(world.statuses().values()) == {"queued"}
    assert {result.attempts for result in world.results()} == {1}
    assert busiest_window([at for at, _ in world.api.received], seconds=1) <= 20


def test_f08_a_crash_loop_cannot_exceed_the_pace(make_world: MakeWorld) -> None:
    world = make_world(leads=[lead(row) for row in range(2, 52)])
    for _ in range(10):
        world.run(policy(rate=Rate(count=10), limit=5))

    times = [at for at, _ in world.api.received]
    assert (len(times), busiest_window(times, seconds=1)) == (50, 10)


def test_f09_a_storm_of_5xx_pauses_the_campaign_and_says_so(world: World) -> None:
    world.api.always = "503"
    progress = world.run(policy(concurrency=1, breakers=Breakers()))

    assert progress.stop is not None
    assert (progress.stop.exit_code, progress.unknown) == (75, 5)
    assert progress.stop.sentence == (
        "Paused: 5 calls in a row ended without a certain answer, the last with “HTTP 503: no”: "
        "look at VozAgent's own list of calls, then `dialer resume`."
    )


@pytest.mark.parametrize(("status", "exit_code"), [("401", 77), ("402", 77), ("404", 78)])
def test_f10_a_refusal_of_all_midway_finishes_what_is_in_flight_and_leaves_the_rest_pending(
    world: World, status: str, exit_code: int
) -> None:
    world.api.scripts = {number(5): [status]}
    progress = world.run(policy(rate=Rate(count=1000), concurrency=4))

    assert progress.stop is not None
    assert progress.stop.exit_code == exit_code
    assert set(world.statuses().values()) == {"queued", "pending"}
    assert world.statuses()[5] == "pending"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    faults = [*["garbage:huge"] * 20, *["garbage:gzip-bomb"] * 20]
    with open_desk(tmp_path_factory.mktemp("desk"), faults=faults) as opened:
        yield opened


# In a small process of its own, since a child counts what its parent held when it was forked.
MEASURE = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def test_f11_bodies_of_50_mb_and_bombs_are_calls_and_take_no_200_mb(desk: Desk) -> None:
    """Forty of them at the same time; the pages that pandas needs for the report are in it."""
    sheet = desk.sheet([desk.number(f) for f in (*["garbage:huge"] * 20, *["garbage:gzip-bomb"] * 20)])
    run = command_line("run", sheet.path, *desk.call_options("--concurrency", "40", "--quiet"))
    measured = subprocess.run(
        [sys.executable, "-c", MEASURE, *run],
        cwd=desk.folder,
        env=environment(desk.folder, desk.environment()),
        capture_output=True,
        text=True,
        check=True,
    )

    assert set(sheet.statuses()) == {"accepted"}
    assert int(measured.stdout.splitlines()[-1]) < 200_000  # kilobytes


@pytest.mark.parametrize("name", ["drip of the body", "drip of the headers"])
def test_f12_a_dripping_reply_is_called_when_the_time_is_up(name: str) -> None:
    met = meet(SENT[name], timeout=0.3)

    assert met.outcome == Called(201, oddities=NO_OBJECT)
    assert 0.3 <= met.seconds < 1.5


def test_f13_a_server_that_closes_after_each_reply_causes_no_error_at_all() -> None:
    outcomes, _ = two_calls(SENT["as documented"])

    assert outcomes == [GOOD, GOOD]


@pytest.mark.parametrize("status", ["301", "302", "307", "308"])
def test_f14_a_redirect_stops_the_run(world: World, status: str) -> None:
    world.api.always = status
    progress = world.run(policy(concurrency=1))

    assert progress.stop is not None
    assert (progress.stop.exit_code, len(world.api.received)) == (78, 1)
    assert set(world.statuses().values()) == {"pending"}


@pytest.mark.parametrize(
    "records", [Records(status=500), Records(status=404), Records()], ids=["fails", "refuses", "lags"]
)
def test_f15_records_that_fail_or_lag_leave_it_unknown_and_nobody_is_redialled(
    world: World, records: Records
) -> None:
    world.api.scripts = {number(4): ["reset-after"]}
    world.run()
    look(world, records)
    world.run()

    assert (world.statuses()[4], received(world, 4)) == ("unknown", 1)


# ------------------------------------------------------------------------- F16 to F21: the disk

FULL = SettingsError("The disk of the ledger is full: make room, then run again.", code="disk_full")


class FullAtTheIntent(Cut):
    async def begin(self, _lead: DueLead) -> Attempt | None:
        raise FULL


class FullAtTheOutcome(Cut):
    async def end(self, _attempt: Attempt, _ending: Ending) -> None:
        raise FULL


def test_f16_a_full_disk_at_the_intent_sends_nothing(world: World) -> None:
    with pytest.raises(SettingsError) as caught:
        world.run(wrap=FullAtTheIntent)

    assert (caught.value.code, world.api.received) == ("disk_full", [])


def test_f17_a_full_disk_at_the_outcome_sends_nothing_more_and_keeps_what_came_of_it(world: World) -> None:
    with pytest.raises(SettingsError):
        world.run(policy(concurrency=1), wrap=FullAtTheOutcome)
    assert world.pool is not None
    kept = [(attempt.due.lead.row, type(outcome)) for attempt, outcome in world.pool.progress.unwritten]
    world.settle_crash()
    look(world, Records.of(world.api))
    world.run()

    assert kept == [(2, Called)]
    assert (world.statuses()[2], received(world, 2)) == ("accepted", 1)


def test_f18_a_ledger_that_stays_locked_ends_the_run_and_nothing_is_sent_unjournalled(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger_module, "_BUSY_SECONDS", 0.1)
    world = make_world()
    choice = world.choice(policy())
    with closing(sqlite3.connect(world.ledger.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(SettingsError) as caught:
            world.loop.run_until_complete(world._run(policy(), choice, lambda _: None, None))

    assert (caught.value.exit_code, world.api.received) == (78, [])


def test_f19_a_damaged_ledger_is_refused_and_never_made_anew(world: World) -> None:
    path = world.ledger.path
    world.run()
    world.ledger.close()
    damaged = path.read_bytes()[:5000] + b"\xff" * 20_000
    path.write_bytes(damaged)

    with pytest.raises(SettingsError) as caught:
        Ledger(path).check_integrity()
    assert (caught.value.exit_code, path.read_bytes()) == (78, damaged)


def test_f20_a_ledger_that_is_gone_is_not_taken_for_a_new_one(world: World) -> None:
    path = world.ledger.path
    world.run()
    world.ledger.close()
    path.unlink()

    with pytest.raises(SettingsError):
        Ledger(path)
    assert not path.exists()


def test_f21_what_is_committed_is_on_the_disk(world: World) -> None:
    with world.ledger.transaction() as connection:
        found = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("synchronous", "journal_mode")
        ]

    assert found == [2, "wal"]  # 2 is FULL


# ------------------------------------------------------------------------- F22 to F25: signals and clocks


def test_f22_a_stop_finishes_what_is_in_flight_within_30_seconds(world: World) -> None:
    """Those that answer in time are called, the others unknown; nobody else is called."""
    world.api.seconds = 3.0
    world.api.scripts = {number(3): ["late:100"]}

    async def press(pool: Pool) -> None:
        await asyncio.sleep(0.5)
        pool.stop(Stop("interrupted", "Stopped.", exit_code=130))

    world.run(policy(concurrency=3, timeout=timedelta(seconds=120)), meanwhile=press)

    assert Counter(world.statuses().values()) == {"queued": 2, "unknown": 1, "pending": 7}
    assert world.loop.time() < 32


def test_f23_a_kill_at_any_moment_breaks_no_promise() -> None:
    told = tell(4, most_crashes=12)

    assert (told.crashes > 0, told.faults) == (True, [])


@pytest.mark.parametrize("seconds", [6.0, 3600.0])
def test_f24_a_process_that_stood_still_repeats_nothing_and_makes_no_burst(
    make_world: MakeWorld, seconds: float
) -> None:
    world = make_world(leads=[lead(row) for row in range(2, 42)])
    world.api.seconds = 1.0

    async def stand_still(_pool: Pool) -> None:
        await asyncio.sleep(1.05)
        world.loop.stall(seconds)

    world.run(meanwhile=stand_still)

    assert set(Counter(one for _, one in world.api.received).values()) == {1}
    assert set(world.statuses().values()) == {"queued", "unknown"}
    assert busiest_window([at for at, _ in world.api.received], seconds=1) <= 10


@pytest.mark.parametrize("hours", [-26.0, -1.0, 1.0, 26.0])
def test_f25_a_jump_of_the_clock_changes_neither_pace_nor_timeouts(world: World, hours: float) -> None:
    async def jump(_pool: Pool) -> None:
        await asyncio.sleep(0.35)
        world.loop.set_clock(timedelta(hours=hours))

    world.run(meanwhile=jump)

    times = [at for at, _ in world.api.received]
    assert set(world.statuses().values()) == {"queued"}
    assert times[-1] - times[0] == pytest.approx(0.9, abs=0.3)
    assert busiest_window(times, seconds=1) <= 10


# ------------------------------------------------------------------------- F26 to F29: the same people again


def test_f26_two_runs_of_one_campaign_at_the_same_time_call_nobody_twice(world: World) -> None:
    """Even if the lock did not keep them apart, as on two machines that share a file badly."""

    async def both() -> None:
        await asyncio.gather(
            *(world._run(policy(), world.choice(policy()), lambda _: None, None) for _ in range(2))
        )

    world.loop.run_until_complete(both())

    assert Counter(one for _, one in world.api.created) == Counter(number(row) for row in range(2, 12))


def test_f26_a_second_run_is_told_to_wait(world: World) -> None:
    with world.ledger.lock("leads"), pytest.raises(TryLater), Ledger(world.ledger.path).lock("leads"):
        pass


def test_f27_the_same_people_in_another_file_are_recent(make_world: MakeWorld) -> None:
    first = make_world(name="leads")
    first.run()
    copied = make_world(name="leads (copy)", api=first.api)
    copied.run()

    assert (set(copied.statuses().values()), len(first.api.received)) == ({"recent"}, 10)


def test_f27_two_campaigns_with_the_same_people_at_the_same_time_call_nobody_twice(
    make_world: MakeWorld,
) -> None:
    first = make_world(name="leads")
    copied = make_world(name="leads (copy)", api=first.api)
    copied.loop.close()
    copied.loop, copied.ledger.clock = first.loop, first.loop.utc_now

    async def both() -> None:
        await asyncio.gather(
            *(world._run(policy(), world.choice(policy()), lambda _: None, None) for world in (first, copied))
        )

    first.loop.run_until_complete(both())

    assert Counter(one for _, one in first.api.created) == Counter(number(row) for row in range(2, 12))


def test_f28_an_edited_sheet_calls_the_new_ones_alone(world: World) -> None:
    world.run()
    edited = [lead(row, phone=number(14 - row), first_name="Renamed") for row in range(2, 9)]
    world.load([*edited, lead(30)])
    world.run()

    assert Counter(one for _, one in world.api.received[10:]) == {number(12): 1, number(30): 1}


def test_f29_one_number_in_three_writings_is_called_once(make_world: MakeWorld) -> None:
    written = ["+1 201-555-0102", "(201) 555-0102", "2015550102.0"]
    read = [read_phone(text, default_region="US") for text in written]
    leads = [
        lead(row, phone=phone.e164) for row, phone in enumerate(read, start=2) if isinstance(phone, Phone)
    ]
    world = make_world(leads=leads)
    world.run()

    assert list(world.statuses().values()) == ["queued", "duplicate", "duplicate"]
    assert len(world.api.received) == 1


# ------------------------------------------------------------------------- F30 to F32: our own side


def test_f30_a_report_that_cannot_be_written_leaves_what_was_there(tmp_path: Path) -> None:
    report = tmp_path / "leads.results.csv"
    report.write_text("as before")

    def write_half_of_it() -> None:
        with whole_file(report) as file:
            file.write(b"half of it")
            raise OSError(28, "No space left on device")

    with pytest.raises(DialerError):
        write_half_of_it()
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [(report.name, "as before")]


def test_f31_a_fault_of_ours_is_unknown_and_the_third_one_pauses(world: World) -> None:
    world.api.always = "bug"
    progress = world.run(policy(concurrency=1))

    assert progress.stop is not None
    assert (progress.stop.code, progress.unknown, set(world.statuses().values())) == (
        "internal_errors",
        3,
        {"unknown", "pending"},
    )
    with world.ledger.reading() as connection:
        assert orders.pause_reason(connection, world.campaign.campaign_id) == progress.stop.sentence


def test_f32_a_loop_that_stalls_in_a_callback_makes_no_burst(make_world: MakeWorld) -> None:
    """Every reply is followed by a stall, as if somebody parsed a workbook in the middle of it."""
    world = make_world(leads=[lead(row) for row in range(2, 62)])

    class Stalling(Cut):
        async def end(self, attempt: Attempt, ending: Ending) -> None:
            world.loop.stall(0.3)
            await self._journal.end(attempt, ending)

    world.run(policy(rate=Rate(count=10), concurrency=20), wrap=Stalling)

    times = [at for at, _ in world.api.received]
    assert set(world.statuses().values()) == {"queued"}
    assert busiest_window(times, seconds=1) <= 10
    assert busiest_window(times, seconds=0.05) <= 2


def test_an_outcome_that_is_unknown_says_why(world: World) -> None:
    """Whatever the row, somebody has to be able to go on from what it says."""
    world.api.scripts = {number(4): ["reset-after"]}
    world.run()

    row = next(result for result in world.results() if result.row == 4)
    assert (row.status, row.reason) == ("unknown", "no reply (ReadError: connection reset)")
    assert Unknown(row.reason or "").reason == row.reason
