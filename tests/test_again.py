"""--again: who did not answer is called once more, later, at another time of day, and not too often."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from dialer import whom
from dialer.bounds import Bounds
from dialer.call_words import Told
from dialer.calling_hours import LegalHours, open_at_any_hour
from dialer.campaign import Policy, parse_words
from dialer.day_parts import part_of
from dialer.leads import Lead
from dialer.limits import Cap
from dialer.pool import Closed, Progress
from dialer.sandbox.child import SandboxProcess
from dialer.spreading import SpreadHours, spread
from dialer.windows import Week, parse_week
from tests.builders import World, lead, number, policy
from tests.desk import Desk, fictional_numbers
from tests.virtual_time import START

MakeWorld = Callable[..., World]
NEW_YORK = "America/New_York"
HOUR = 3600


def again(words: str = "no-answer", *, after_hours: float = 4, times: int = 1, **changes: object) -> Policy:
    return policy(
        again=parse_words(words),
        again_after=timedelta(hours=after_hours),
        again_times=times,
        **changes,
    )


def heard(world: World, row: int, word: str = "no-answer") -> None:
    """The API has told how the newest call of a row ended."""
    world.hears(row, Told(word, ended=True))


def called(world: World) -> list[str]:
    return [each for _, each in world.api.received]


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    """Three people who were called; the first two did not answer, the third did."""
    made = make_world(leads=[lead(2), lead(3), lead(4)])
    made.run()
    heard(made, 2)
    heard(made, 3, "No-Answer")
    heard(made, 4, "completed")
    made.api.received.clear()
    return made


# Who is called once more


def test_who_did_not_answer_is_called_once_more_after_the_time(world: World) -> None:
    world.loop.stall(4 * HOUR)
    world.run(again())

    assert called(world) == [number(2), number(3)]


def test_before_that_time_nobody_is(world: World) -> None:
    world.loop.stall(3.9 * HOUR)
    world.run(again())

    assert called(world) == []


def test_people_who_were_never_called_are_called_beside_them(world: World) -> None:
    world.load([lead(2), lead(3), lead(4), lead(5)])
    world.loop.stall(4 * HOUR)
    world.run(again())

    assert called(world) == [number(2), number(3), number(5)]


def test_nobody_is_called_more_often_than_was_said(world: World) -> None:
    for _ in range(4):
        world.loop.stall(5 * HOUR)
        world.run(again(times=2))
        heard(world, 2)

    assert Counter(called(world)) == {number(2): 2, number(3): 1}


def test_who_answered_the_second_call_is_left_alone(world: World) -> None:
    for _ in range(3):
        world.loop.stall(5 * HOUR)
        world.run(again(times=5))
        heard(world, 2, "completed")
        heard(world, 3, "completed")

    assert called(world) == [number(2), number(3)]


def test_the_time_counts_from_the_newest_call(world: World) -> None:
    world.loop.stall(5 * HOUR)
    world.run(again(times=9))
    heard(world, 2)
    heard(world, 3)
    world.loop.stall(2 * HOUR)
    world.run(again(times=9))

    assert called(world) == [number(2), number(3)]


def test_a_call_without_a_certain_answer_is_never_made_again(world: World) -> None:
    world.api.scripts = {number(2): ["reset-after"]}
    for _ in range(3):
        world.loop.stall(5 * HOUR)
        world.run(again(times=9))

    assert Counter(called(world))[number(2)] == 1


def test_a_cap_holds_for_the_second_round_too(world: World) -> None:
    world.bounds = Bounds(own_caps=(Cap.parse("1/24h"),))
    world.loop.stall(5 * HOUR)
    world.run(again())
    before = called(world)
    world.loop.stall(20 * HOUR)
    world.run(again())

    assert (before, called(world)) == ([], [number(2), number(3)])


def test_whoever_another_campaign_called_lately_rests(make_world: MakeWorld, world: World) -> None:
    other = make_world(name="other", leads=[lead(2)])
    other.loop.stall(4 * HOUR)
    other.run(policy(recall_after=timedelta(0)))
    world.loop.stall(5 * HOUR)
    world.run(again())

    assert called(world) == [number(3)]


def test_without_the_flag_nobody_is_called_once_more(world: World) -> None:
    world.loop.stall(5 * HOUR)
    world.run()

    assert called(world) == []


# At which time of day


def run_spread(world: World, chosen: Policy, *, week: Week | None = None) -> Progress:
    """A run within the hours of the law, as `dialer run` spreads it; it is 10:00 in New York at first."""
    with world.ledger.reading() as connection:
        earlier = whom.earlier_calls(connection, world.choice(chosen))
    return world.run(chosen, closed=spread(LegalHours(world.loop.utc_now, week), earlier))


def deferred_until(world: World) -> str | None:
    with world.ledger.reading() as connection:
        return connection.exec_driver_sql("SELECT deferred_until FROM leads WHERE row = 2").scalar()


def test_who_was_called_in_the_morning_waits_for_the_afternoon(world: World) -> None:
    world.loop.stall(HOUR)

    progress = run_spread(world, again(after_hours=0.5))

    assert (progress.called, progress.deferred, deferred_until(world)) == (
        0,
        2,
        "2026-03-02T17:00:00.000000Z",
    )


def test_in_the_afternoon_they_are_called(world: World) -> None:
    world.loop.stall(2 * HOUR)

    assert run_spread(world, again(after_hours=0.5)).called == 2


def test_a_third_call_waits_for_the_evening(world: World) -> None:
    world.loop.stall(2 * HOUR)
    run_spread(world, again(after_hours=0.5))
    heard(world, 2)
    world.loop.stall(HOUR)

    run_spread(world, again(after_hours=0.5, times=2))

    assert deferred_until(world) == "2026-03-02T22:00:00.000000Z"


def test_who_was_called_in_every_part_of_the_day_may_be_called_in_any(world: World) -> None:
    for hours in (2, 5, 12):  # 12:00, 17:00, and 05:00, when nobody may be called
        world.loop.stall(hours * HOUR)
        run_spread(world, again(after_hours=0.5, times=9))
        heard(world, 2)
    before = Counter(called(world))[number(2)]
    world.loop.stall(4 * HOUR)
    run_spread(world, again(after_hours=0.5, times=9))

    assert (before, Counter(called(world))[number(2)]) == (2, 3)


def test_where_the_hours_lie_in_one_part_of_the_day_they_are_called_in_it_again(world: World) -> None:
    world.loop.stall(HOUR)

    assert run_spread(world, again(after_hours=0.5), week=parse_week("09:00-12:00")).called == 2


def test_people_who_were_never_called_wait_for_no_part_of_the_day(world: World) -> None:
    world.load([lead(2), lead(3), lead(4), lead(5)])
    world.loop.stall(HOUR)
    run_spread(world, again(after_hours=0.5))

    assert called(world) == [number(5)]


def shut(hours: LegalHours, one: Lead) -> Closed:
    found = hours(one)
    assert found is not None
    return found


def test_the_reason_names_the_parts_of_the_day() -> None:
    now = START + timedelta(hours=1)
    hours = SpreadHours(lambda: now, None, {2: (START,)})

    assert shut(hours, lead(2)).reason == (
        "This person was called in the morning before: the next call is made in the afternoon or the evening."
    )


def test_unknown_hours_stay_unknown_whatever_was_tried() -> None:
    """A window of ours must not stand in for a rule that is missing, as the operator's does."""
    german = lead(2, phone="+4930901820", region="DE")
    hours = SpreadHours(lambda: START, None, {2: (START - timedelta(hours=6),)})

    assert shut(hours, german).until is None


def test_where_no_hours_are_asked_for_nothing_is_spread() -> None:
    assert spread(open_at_any_hour, {2: (START,)}) is open_at_any_hour


def test_in_days_of_many_runs_nobody_is_called_twice_in_one_part_of_the_day(
    make_world: MakeWorld,
) -> None:
    world = make_world(leads=[lead(row) for row in range(2, 5)])
    for _ in range(40):
        run_spread(world, again(after_hours=2, times=2))
        for row in range(2, 5):
            heard(world, row)
        world.loop.stall(1.5 * HOUR)

    parts: dict[str, list[str]] = defaultdict(list)
    for at, who in world.api.received:
        parts[who].append(part_of(START + timedelta(seconds=at), NEW_YORK))
    assert {who: sorted(each) for who, each in parts.items()} == {
        number(row): ["afternoon", "evening", "morning"] for row in range(2, 5)
    }


# The command


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk whose calls are over at once."""
    with SandboxProcess(":memory:", queued_seconds=0.0, talk_seconds=0.0) as sandbox:
        yield Desk(tmp_path_factory.mktemp("desk"), sandbox, fictional_numbers())


def test_the_command_makes_a_second_round(desk: Desk) -> None:
    fails, other = (
        "+12015550193",
        "+12015550194",
    )  # the sandbox promises that the first fails, and the other not
    sheet = desk.sheet((fails, other))
    desk.run(sheet)
    desk.dialer("outcomes", sheet.campaign, *desk.api, "--get-rate", "200/s")

    ended = desk.run(sheet, "--again", "failed", "--after", "0s", "--times", "1")

    assert ended.returncode == 0
    assert "1 of all called before, and their call ended with failed: once more (--again)" in " ".join(
        ended.stderr.split()
    )
    assert desk.created(fails, other) == {fails: 2, other: 1}


def test_a_sheet_waits_in_the_inbox_for_its_second_round(desk: Desk) -> None:
    fails, other = "+13125550193", "+13125550194"
    inbox = desk.place()
    (inbox / "leads.csv").write_text(f"phone\n{fails}\n{other}\n")
    asked = ("--again", "failed", "--after", "0s", "--settle", "0s", "-a", "Voz", "-q", "--json")

    nights = [desk.dialer("nightly", inbox, *desk.api, *asked).json for _ in range(3)]

    assert desk.created(fails, other) == {fails: 2, other: 1}
    assert [(each["left"]["again"], each["files"]["done"]) for each in nights] == [(2, 0), (0, 1), (0, 0)]


def test_the_second_round_may_stand_in_the_settings_file(desk: Desk) -> None:
    """It is a policy for nights on which nobody watches."""
    place = desk.place()
    (place / "dialer.toml").write_text('again = "failed,no-answer"\nafter = "4h"\ntimes = 2\n')
    (place / "leads.csv").write_text(f"phone\n{desk.number()}\n")

    planned = desk.dialer("run", "leads.csv", *desk.api, "-a", "Voz", "--dry-run", place=place)

    assert planned.returncode == 0
    assert "ended with failed or no-answer: nobody just now" in " ".join(planned.stderr.split())
