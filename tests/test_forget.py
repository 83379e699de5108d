"""Forgetting in its details: what is in the way, what is said, and every corner of the ledger."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import NullPool, create_engine, text

from dialer.errors import DialerError
from dialer.facts import note_file
from dialer.forget import Forgotten, forget
from dialer.forgotten_files import Cleared, clear
from dialer.ledger import Ledger
from dialer.results import RowResult
from dialer.settings import Place
from dialer.suppressions import all_suppressions
from dialer.traces import Traces
from tests.builders import World, lead, number, policy
from tests.simulated_api import SimulatedApi
from tests.spreadsheets.parts import old_excel

ADA, BOB = number(3), number(4)
NOW = datetime(2026, 3, 2, tzinfo=UTC)


pytestmark = pytest.mark.usefixtures("own_home")


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    """Three people, one of whom is Ada."""
    people = [lead(2), lead(3, first_name="Ada", last_name="Canary", notes="wants a quote"), lead(4)]
    return make_world(leads=people)


def place_of(world: World) -> Place:
    return Place(ledger=str(world.ledger.path))


def forgotten(world: World, e164: str = ADA, *, answer: bool = True) -> Forgotten | None:
    return forget(place_of(world), e164, ask=lambda _question: answer)


def done(world: World, e164: str = ADA) -> Forgotten:
    result = forgotten(world, e164)
    assert result is not None
    return result


def refused(deed: Callable[[], object]) -> tuple[int, str, str]:
    with pytest.raises(DialerError) as caught:
        deed()
    return caught.value.exit_code, caught.value.code, caught.value.sentence


def query(world: World, sql: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(world.ledger.path)) as connection:
        return connection.execute(sql).fetchall()


def change(world: World, sql: str, *values: object) -> None:
    with closing(sqlite3.connect(world.ledger.path)) as connection:
        connection.execute(sql, values)
        connection.commit()


def bytes_of(world: World) -> str:
    """All that stands in the ledger and beside it."""
    folder = world.ledger.path.parent
    return " ".join(
        path.read_bytes().decode("latin-1")
        for path in folder.glob(f"{world.ledger.path.name}*")
        if path.is_file()
    )


def row(world: World, of: int) -> RowResult:
    return next(result for result in world.results() if result.row == of)


# In the way


def test_a_question_that_is_answered_no_erases_nothing(world: World) -> None:
    world.run()

    assert (forgotten(world, answer=False), world.statuses()[3]) == (None, "queued")


def test_the_question_says_how_much_there_is_and_not_whom(world: World) -> None:
    asked: list[str] = []

    forget(place_of(world), ADA, ask=lambda question: bool(asked.append(question)))

    assert asked == [f"Forget +1201***0103 for good? They are in 1 campaign of {world.ledger.path}."]


def test_while_their_campaign_is_being_run_nobody_is_forgotten(world: World) -> None:
    with world.ledger.lock("leads"):
        assert refused(lambda: forgotten(world))[:2] == (75, "locked")
    assert ADA in bytes_of(world)


def test_the_run_of_another_campaign_is_not_in_the_way(world: World) -> None:
    with world.ledger.lock("others"):
        assert done(world).rows == 1


def test_what_is_no_number_is_refused(world: World) -> None:
    assert refused(lambda: forgotten(world, "Ada"))[:2] == (2, "letters")


def test_a_number_that_is_not_dialled_any_more_is_forgotten_all_the_same(world: World) -> None:
    assert done(world, "+19005550100").number == "+1900***0100"


def test_somebody_unknown_is_kept_from_being_called(world: World) -> None:
    result = done(world, number(77))

    assert (result.rows, result.attempts, result.campaigns, result.exit_code) == (0, 0, 0, 0)
    with world.ledger.reading() as connection:
        assert [found.forgotten for found in all_suppressions(connection)] == [True]


def test_a_second_time_there_is_nothing_left(world: World) -> None:
    done(world)

    assert (done(world).rows, len(query(world, "SELECT * FROM suppressions"))) == (0, 1)


# The ledger


def test_nothing_of_the_person_is_in_the_ledger_or_beside_it(world: World) -> None:
    world.run()
    done(world)

    assert [word for word in (ADA, "Canary", "wants a quote") if word in bytes_of(world)] == []


def test_the_others_stay(world: World) -> None:
    world.run()
    before = {result.row: result for result in world.results() if result.row != 3}
    done(world)

    assert {result.row: result for result in world.results() if result.row != 3} == before


def test_the_row_stays_and_says_why_it_is_empty(world: World) -> None:
    world.run()
    done(world)

    assert row(world, 3) == RowResult(
        row=3,
        status="suppressed",
        cell="A3",
        reason_code="forgotten",
        reason="This person asked to be forgotten: nothing about them is kept, and they are not called.",
        value="",
    )


def test_no_hash_of_the_row_is_left(world: World) -> None:
    change(world, "UPDATE rows SET fingerprint = 12345")
    done(world)

    assert query(world, "SELECT row, fingerprint FROM rows") == [(2, 12345), (3, None), (4, 12345)]


def test_whoever_was_forgotten_is_not_called_from_another_sheet(make_world: Callable[..., World]) -> None:
    first = make_world(leads=[lead(3)])
    done(first)
    second = make_world(leads=[lead(3), lead(4)], name="second")
    second.run()

    assert (second.statuses(), [called for _, called in second.api.received]) == (
        {3: "suppressed", 4: "queued"},
        [BOB],
    )


def test_a_row_that_could_not_be_read_is_emptied_as_well(world: World) -> None:
    problem = {
        "code": "country_missing",
        "column": "p",
        "cell": "A4",
        "value": "201 555 0103",
        "message": "m",
    }
    change(
        world,
        "UPDATE rows SET problems = ?, e164 = NULL, verdict = 'invalid' WHERE row = 4",
        json.dumps([problem]),
    )
    done(world)

    assert row(world, 4).reason_code == "forgotten"


def test_what_was_said_of_others_does_not_name_the_person(make_world: Callable[..., World]) -> None:
    misdirected = '{"call_id": "c1", "status": "queued", "to_phone": "+12015550103"}'
    world = make_world(leads=[lead(3), lead(4)], api=SimulatedApi(scripts={BOB: [f"odd:{misdirected}"]}))
    world.run(policy(concurrency=1))
    assert ADA in str(query(world, "SELECT to_phone, reason FROM attempts WHERE to_phone <> e164"))
    done(world)

    assert ADA not in bytes_of(world)


TOLD = {
    "the settings of a run": (
        "INSERT INTO runs (campaign_id, started_at, settings) VALUES (1, '', ?)", '{"notes": "%s"}'
    ),
    "why a run stopped": (
        "INSERT INTO runs (campaign_id, started_at, settings, stopped) VALUES (1, '', '{}', ?)", "%s"
    ),
    "why a campaign is paused": ("UPDATE campaigns SET paused_reason = ?", "%s complained"),
    "how a sheet was read": ("UPDATE loads SET reading = ?", '{"notes": "%s"}'),
    "a sample of a sheet": ("UPDATE loads SET understood = ?", '{"samples": {"phone": "%s"}}'),
    "the notes of somebody else": ("UPDATE leads SET notes = ? WHERE row = 4", "friend of %s"),
    "the tags of somebody else": ("UPDATE leads SET tags = ? WHERE row = 4", '["with %s"]'),
    "why somebody is on the list": (
        "INSERT INTO suppressions (kind, value, reason, added_at) VALUES ('number', '+49', ?, '')",
        "as %s",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("sql", "words"), TOLD.values(), ids=TOLD)
@pytest.mark.parametrize("told", [ADA, "Ada Canary"])
def test_no_text_of_the_ledger_names_the_person(world: World, sql: str, words: str, told: str) -> None:
    change(world, sql, words % told)
    done(world)

    assert told not in bytes_of(world)


def test_what_became_of_the_calls_of_others_does_not_name_the_person(world: World) -> None:
    world.run()
    sql = (
        "INSERT INTO calls (attempt_id, campaign_id, call_id, ended, stale, detailed, looked_at, summary)"
        " SELECT attempt_id, 1, call_id, 1, 0, 1, '', 'asked for Ada Canary' FROM attempts"
    )
    change(world, sql)
    done(world)

    assert query(world, "SELECT summary FROM calls") == [(None,), (None,)]


def test_a_single_call_goes_as_a_whole(make_world: Callable[..., World]) -> None:
    world = make_world(leads=[lead(3)])
    world.run()
    change(world, "UPDATE campaigns SET kind = 'call', name = ?", f"call {ADA} 2026")
    done(world)

    assert query(world, "SELECT name FROM campaigns") == []


def test_the_lock_that_bears_a_hash_of_the_number_goes(world: World) -> None:
    with world.ledger.lock(f"call {ADA}"):
        pass
    lock = world.ledger.file.lock_of(f"call {ADA}")
    there = lock.exists()
    done(world)

    assert (there, lock.exists()) == (True, False)


# Backups


def test_a_backup_forgets_as_well(world: World) -> None:
    backup = world.ledger.file.back_up(None, now=NOW)
    done(world)

    assert ADA not in backup.read_bytes().decode("latin-1")


def test_whoever_comes_back_with_a_backup_is_not_called(world: World) -> None:
    backup = world.ledger.file.back_up(None, now=NOW)
    done(world)
    with (
        closing(Ledger(shutil.copy(backup, backup.with_name("restored")))) as ledger,
        ledger.reading() as connection,
    ):
        assert [found.forgotten for found in all_suppressions(connection)] == [True]


OF_THE_FIRST_SCHEMA = [
    "INSERT INTO campaigns (name, kind, created_at) VALUES ('a', 'sheet', '')",
    (
        "INSERT INTO loads (campaign_id, loaded_at, complete, path, sha256, reading, understood)"
        " VALUES (1, '', 1, '', '', '{}', '{}')"
    ),
    "INSERT INTO rows (load_id, row, verdict, e164) VALUES (1, 3, 'callable', :e164)",
]


def test_a_backup_of_an_older_schema_forgets_as_well(world: World) -> None:
    backup = world.ledger.file.back_up(None, now=NOW)
    backup.unlink()
    engine = create_engine(f"sqlite:///{backup}", poolclass=NullPool)
    config = Config()
    config.set_main_option("script_location", "dialer:migrations")
    config.set_main_option("path_separator", "os")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        for statement in OF_THE_FIRST_SCHEMA:
            connection.execute(text(statement), {"e164": ADA})
    engine.dispose()

    result = done(world)

    assert (result.backups, ADA in backup.read_bytes().decode("latin-1")) == (
        [Cleared(str(backup), 1)],
        False,
    )


def test_a_backup_that_was_moved_is_named(world: World, tmp_path: Path) -> None:
    with world.ledger.transaction() as connection:
        note_file(connection, "backup", tmp_path / "moved.sqlite3")
    result = done(world)
    moved = f"Not erased: {tmp_path}/moved.sqlite3, a backup that is not there any more;"

    assert (result.exit_code, result.problems) == (
        1,
        [f"{moved} if it was moved, delete it."],
    )


def test_a_backup_that_cannot_be_used_is_named(world: World) -> None:
    backup = world.ledger.file.back_up(None, now=NOW)
    backup.write_bytes(b"\xa5" * 5000)
    result = done(world)

    assert (result.exit_code, [each.problem for each in result.backups]) == (
        1,
        [f"The backup {backup} cannot be used (file is not a database)."],
    )


# Files

TRACES = Traces.of(ADA, ["Ada Canary"])


def reports(*lines: str, name: str = "leads.results.csv") -> Path:
    folder = Path("reports")
    folder.mkdir(exist_ok=True)
    (folder / name).write_text("".join(f"{line}\n" for line in lines))
    return (folder / name).absolute()


def test_a_report_in_the_folder_of_reports_is_cleared_though_nobody_noted_it(world: World) -> None:
    report = reports("phone,name", f"{BOB},Bob", "(201) 555-0103,Ada")
    result = done(world)

    assert (result.files, report.read_text()) == ([Cleared(str(report), 1)], f"phone,name\n{BOB},Bob\n,\n")


def test_a_report_elsewhere_is_cleared_because_it_was_noted(world: World, tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    report = tmp_path / "far" / "own name.csv"
    report.write_text(f"phone\n{ADA}\n{BOB}\n")
    with world.ledger.transaction() as connection:
        note_file(connection, "report", report)
    done(world)

    assert report.read_text() == f'phone\n""\n{BOB}\n'


def test_other_files_in_the_folder_of_reports_are_somebodys_own(world: World) -> None:
    letter = reports(f"Dear Ada, {ADA}", name="letter.csv")
    done(world)

    assert ADA in letter.read_text()


@pytest.fixture
def page() -> Path:
    """An HTML report with the person in a table, in a list and in a sentence."""
    return reports(
        "<html><h1>leads</h1><table>",
        '<tr><th scope="row">A3</th><td>+1 201 555 0103</td><td>Ada said &quot;no&quot;</td></tr>',
        f'<tr><th scope="row">A4</th><td>{BOB}</td><td>busy</td></tr></table>',
        f"<ul><li>to {ADA} <b>3</b></li></ul><p>Ada&#32;Canary complained</p></html>",
        name="leads.report.html",
    )


def test_a_page_loses_the_person_and_keeps_the_rest(page: Path) -> None:
    clear(page, TRACES)

    assert page.read_text() == (
        "<html><h1>leads</h1><table>\n"
        '<tr><th scope="row">A3</th><td>forgotten</td><td>forgotten</td></tr>\n'
        f'<tr><th scope="row">A4</th><td>{BOB}</td><td>busy</td></tr></table>\n'
        "<ul><li>forgotten<b>3</b></li></ul><p>forgotten</p></html>\n"
    )


def test_a_page_about_others_is_not_written_to(page: Path) -> None:
    before = page.stat().st_mtime_ns

    assert (clear(page, Traces.of(number(9))), page.stat().st_mtime_ns) == (None, before)


def test_an_account_in_json_loses_the_persons_lines(tmp_path: Path) -> None:
    account = tmp_path / "leads.account.jsonl"
    account.write_text(f'{{"row": 2, "phone": "{ADA}"}}\n{{"row": 3, "phone": "{BOB}"}}\n')
    clear(account, TRACES)

    assert account.read_text() == f'{{"row": 3, "phone": "{BOB}"}}\n'


def test_an_account_that_cannot_be_searched_is_named(tmp_path: Path) -> None:
    account = tmp_path / "leads.account.parquet"
    account.write_bytes(b"PAR1")

    assert clear(account, TRACES) == Cleared(
        str(account), problem="a Parquet file cannot be searched: delete it by hand"
    )


def test_a_workbook_in_which_something_would_remain_is_deleted(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.worksheets[0].append(["phone"])
    book.worksheets[0].append([ADA])
    book.properties.description = "for Ada Canary"
    book.save(tmp_path / "x.results.xlsx")

    assert clear(tmp_path / "x.results.xlsx", TRACES) == Cleared(
        str(tmp_path / "x.results.xlsx"), deleted=True
    )
    assert not (tmp_path / "x.results.xlsx").exists()


def test_an_old_workbook_with_the_person_is_deleted(tmp_path: Path) -> None:
    kept = tmp_path / "a.input"
    kept.write_bytes(old_excel({"Leads": [["phone"], [ADA]]}))

    assert (clear(kept, TRACES), kept.exists()) == (Cleared(str(kept), deleted=True), False)


def test_an_old_workbook_about_others_stays(tmp_path: Path) -> None:
    kept = tmp_path / "a.input"
    kept.write_bytes(old_excel({"Leads": [["phone"], [BOB]]}))

    assert (clear(kept, TRACES), kept.exists()) == (None, True)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.results.csv").write_bytes(bytes(range(256)) * 40)
    cleared = clear(tmp_path / "x.results.csv", TRACES)

    assert cleared is not None
    assert (cleared.rows, cleared.deleted, cleared.problem is None) == (0, False, False)


def test_what_a_person_is_told(world: World) -> None:
    report = reports("phone", ADA)
    result = done(world)
    lines = result.sentences()

    assert lines[:3] == [
        "Forgotten: +1201***0103. Only a keyed hash of it stays, so that nobody calls it again.",
        "Erased from the ledger: 1 row in 1 campaign, 0 attempts.",
        f"Erased from {report}",
    ]
