"""A ledger is looked over: whatever contradicts a promise is found; and what an auditor gets."""

from __future__ import annotations

import csv
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from dialer import audit, ledger_care
from dialer.audit import ATTEMPT_COLUMNS, Finding, in_words
from dialer.errors import DialerError
from dialer.facts import noted_files
from dialer.ledger import SCHEMA_VERSION
from dialer.ledger_care import Where
from dialer.settings import Place
from tests.builders import World, lead, number
from tests.simulated_api import SimulatedApi

TWICE = "No lead is called twice in a round."
NUMBER_TWICE = "No number is called twice in a campaign's round."
WITHOUT = "Whoever counts as called has an attempt that called, or may have."
WAITS = "Whom an attempt called, or may have, does not wait to be called."
UNDER_WAY = "What is under way is so for lead and attempt alike."
ROW = "Every row that can be called has its lead."
REFERENCE = "Nothing refers to what is not there."


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    """Rows 2 to 5 after a run: called, refused, without an answer, throttled and called."""
    scripts = {number(3): ["422"], number(4): ["reset-after"], number(5): ["429:1", "ok"]}
    world = make_world(leads=[lead(row) for row in range(2, 6)], api=SimulatedApi(scripts=scripts))
    world.run()
    return world


def broken(world: World) -> list[str]:
    """The promises that are broken."""
    with world.ledger.reading() as connection:
        return [finding.promise for finding in audit.findings(connection) if finding.broken]


def change(world: World, sql: str) -> None:
    with closing(sqlite3.connect(world.ledger.path)) as connection:
        connection.execute(sql)
        connection.commit()


def place_of(world: World) -> Place:
    return Place(ledger=str(world.ledger.path))


def refused(deed: Callable[[], object]) -> tuple[int, str, str]:
    with pytest.raises(DialerError) as caught:
        deed()
    return caught.value.exit_code, caught.value.code, caught.value.sentence


# Looked over


def test_a_ledger_after_a_run_is_sound(world: World) -> None:
    assert broken(world) == []


def test_a_ledger_after_a_second_round_is_sound(world: World) -> None:
    change(world, "UPDATE leads SET state = 'due', generation = 2 WHERE row = 4")
    world.run()

    assert (world.statuses()[4], broken(world)) == ("queued", [])


def test_a_ledger_after_a_crash_is_sound_once_it_is_settled(world: World) -> None:
    change(world, "UPDATE attempts SET outcome = NULL WHERE attempt_id = 1")
    change(world, "UPDATE leads SET state = 'sending' WHERE lead_id = 1")
    while_cut_off = broken(world)
    world.settle_crash()

    assert (while_cut_off, broken(world)) == ([], [])


COPY = (
    "INSERT INTO attempts (lead_id, campaign_id, run_id, e164, from_state, begun_at, generation, outcome)"
    " SELECT {lead_id}, campaign_id, run_id, e164, from_state, begun_at, generation, outcome FROM attempts"
    " WHERE outcome = 'called' LIMIT 1"
)
BREAKING: dict[str, tuple[str, list[str]]] = {
    "a second call": (COPY.format(lead_id="lead_id"), [TWICE, NUMBER_TWICE]),
    "a call for another lead": (COPY.format(lead_id="2"), [NUMBER_TWICE, WAITS]),
    "called without a call": ("DELETE FROM attempts WHERE outcome = 'called'", [WITHOUT]),
    "a call that was forgotten": ("UPDATE leads SET state = 'due' WHERE row = 2", [WAITS]),
    "an unknown that was forgotten": ("UPDATE leads SET state = 'failed' WHERE row = 4", [WAITS]),
    "sending without an attempt": ("UPDATE leads SET state = 'sending' WHERE row = 3", [UNDER_WAY]),
    "an attempt without sending": (
        "UPDATE attempts SET outcome = NULL WHERE outcome = 'failed'",
        [UNDER_WAY],
    ),
    "a row without a lead": ("UPDATE rows SET e164 = '+12015550199' WHERE row = 2", [ROW]),
    "a lead without a campaign": ("UPDATE leads SET campaign_id = 99 WHERE row = 3", [REFERENCE, ROW]),
}


@pytest.mark.parametrize(("sql", "promises"), BREAKING.values(), ids=BREAKING)
def test_what_contradicts_a_promise_is_found(world: World, sql: str, promises: list[str]) -> None:
    change(world, sql)

    assert broken(world) == promises


def test_a_file_that_is_not_whole_is_found(world: World) -> None:
    world.ledger.close()  # whoever has it open remembers the index
    with closing(sqlite3.connect(world.ledger.path)) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("DELETE FROM sqlite_schema WHERE name = 'attempts_by_call'")
        connection.commit()

    assert broken(world)[0] == "The file is whole."


def test_a_finding_says_where(world: World) -> None:
    change(world, "UPDATE leads SET state = 'due' WHERE row = 2")
    with world.ledger.reading() as connection:
        (found,) = (finding for finding in audit.findings(connection) if finding.broken)

    assert found == Finding(WAITS, 1, ("attempt 1",))


@pytest.mark.parametrize(
    ("finding", "words"),
    [
        (Finding("All is well.", 0), "All is well. ok"),
        (Finding("All is well.", 1, ("lead 7",)), "All is well. BROKEN once: lead 7"),
        (
            Finding("All is well.", 1200, ("lead 7", "lead 8")),
            "All is well. BROKEN 1,200 times: lead 7; lead 8",
        ),
    ],
)
def test_a_finding_in_words(finding: Finding, words: str) -> None:
    assert in_words(finding) == words


# For an auditor


def exported(world: World) -> list[dict[str, str]]:
    return list(csv.DictReader(ledger_care.export(place_of(world), as_jsonl=False)))


def test_an_auditor_gets_every_attempt(world: World) -> None:
    told = [(row["e164"], row["outcome"], row["http_status"]) for row in exported(world)]

    assert sorted(told) == [
        (number(2), "called", "201"),
        (number(3), "failed", "422"),
        (number(4), "unknown", ""),
        (number(5), "called", "201"),
        (number(5), "throttled", "429"),
    ]


def test_an_auditor_gets_all_that_is_known_of_an_attempt(world: World) -> None:
    first = next(row for row in exported(world) if row["e164"] == number(2))

    assert tuple(first) == ATTEMPT_COLUMNS
    assert (first["campaign"], first["sheet_row"], first["to_phone"], first["is_new_contact"]) == (
        "leads",
        "2",
        number(2),
        "true",
    )


def test_json_lines_and_csv_tell_the_same(world: World) -> None:
    lines = [json.loads(line) for line in ledger_care.export(place_of(world), as_jsonl=True)]

    assert [line["attempt_id"] for line in lines] == [int(row["attempt_id"]) for row in exported(world)]


def test_no_cell_of_an_export_is_a_formula(world: World) -> None:
    change(world, "UPDATE attempts SET reason = '=1+1', call_id = '@x', contact_id = '+cmd'")

    assert [exported(world)[0][name] for name in ("reason", "call_id", "contact_id")] == [
        "'=1+1",
        "'@x",
        "'+cmd",
    ]


# Where it is


def test_where_tells_what_is_in_it(world: World) -> None:
    backup = ledger_care.back_up(place_of(world), None)
    found = ledger_care.where(place_of(world))

    assert found.as_json() | {"megabytes": 0} == {
        "ledger": str(world.ledger.path),
        "exists": True,
        "megabytes": 0,
        "schema": SCHEMA_VERSION,
        "sheets": 1,
        "single_calls": 0,
        "attempts": 5,
        "suppressions": 0,
        "backups": [str(backup)],
    }


def test_where_begins_with_the_path_alone(world: World) -> None:
    assert ledger_care.where(place_of(world)).lines()[0] == str(world.ledger.path)


def test_to_ask_where_a_ledger_is_does_not_create_it(tmp_path: Path) -> None:
    path = tmp_path / "none.sqlite3"

    assert ledger_care.where(Place(ledger=str(path))) == Where(path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("deed", [ledger_care.check, lambda place: ledger_care.back_up(place, None)])
def test_what_needs_a_ledger_says_that_there_is_none(tmp_path: Path, deed: Callable[[Place], object]) -> None:
    path = tmp_path / "none.sqlite3"

    assert refused(lambda: deed(Place(ledger=str(path)))) == (
        2,
        "no_ledger",
        f"There is no ledger {path} yet.",
    )


def test_a_backup_elsewhere_is_noted_so_that_it_forgets_as_well(world: World, tmp_path: Path) -> None:
    copy = ledger_care.back_up(place_of(world), tmp_path / "copy.sqlite3")
    with world.ledger.reading() as connection:
        assert noted_files(connection, "backup") == [copy]


# Restored


def test_a_backup_is_restored_if_the_answer_is_yes(world: World) -> None:
    backup = ledger_care.back_up(place_of(world), None)
    world.ledger.close()
    asked: list[str] = []
    restored = ledger_care.restore(place_of(world), backup, ask=lambda question: not asked.append(question))

    put = f"Put {backup} in the place of the ledger {world.ledger.path}?"
    assert asked == [
        f"{put} It knows of no call made since: look those up at VozAgent first, or they are made again."
    ]
    assert restored is not None
    assert restored.sentence() == (
        f"The backup is the ledger {world.ledger.path} now. The file that was there is {restored.aside} now."
    )


def test_nothing_is_restored_if_the_answer_is_no(world: World) -> None:
    backup = ledger_care.back_up(place_of(world), None)
    before = world.ledger.path.stat().st_ino

    assert ledger_care.restore(place_of(world), backup, ask=lambda _question: False) is None
    assert world.ledger.path.stat().st_ino == before


def test_while_a_campaign_is_being_run_nothing_is_restored(world: World) -> None:
    backup = ledger_care.back_up(place_of(world), None)
    with world.ledger.lock("leads"):
        outcome = refused(lambda: ledger_care.restore(place_of(world), backup, ask=lambda _question: True))

    assert outcome[:2] == (75, "locked")


def test_a_backup_that_is_not_there_is_told(world: World, tmp_path: Path) -> None:
    gone = tmp_path / "gone.sqlite3"

    assert refused(lambda: ledger_care.restore(place_of(world), gone, ask=lambda _question: True)) == (
        2,
        "no_backup",
        f"There is no backup {gone}: check the path.",
    )


# Begun anew


def test_a_lost_ledger_is_begun_anew_if_the_answer_is_yes(tmp_path: Path, world: World) -> None:
    world.ledger.path.unlink()
    asked: list[str] = []

    def yes(question: str) -> bool:
        asked.append(question)
        return True

    path = ledger_care.begin_anew(place_of(world), ask=yes)

    assert (path, asked) == (
        tmp_path / "ledger.sqlite3",
        [f"Begin a new ledger {world.ledger.path}? It knows of no call made before, and calls everybody."],
    )
    assert ledger_care.where(place_of(world)).size is not None


def test_a_lost_ledger_is_not_begun_anew_if_the_answer_is_no(world: World) -> None:
    world.ledger.path.unlink()

    assert ledger_care.begin_anew(place_of(world), ask=lambda _question: False) is None
    assert not world.ledger.path.exists()


def test_a_ledger_that_is_there_is_never_begun_anew(world: World) -> None:
    sentence = f"There is a ledger {world.ledger.path}: move it away if another is to take its place."

    assert refused(lambda: ledger_care.begin_anew(place_of(world), ask=lambda _question: True)) == (
        2,
        "ledger_exists",
        sentence,
    )
