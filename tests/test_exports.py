"""`dialer report --format`: the full account for machines, the same in every format."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow.parquet as pq
import pytest

from dialer import exports
from dialer.account_file import write_account, write_account_of
from dialer.errors import DialerError, UsageError
from dialer.exports import ATTEMPT_COLUMNS, COLUMNS, ExportFormat, write_records
from dialer.facts import noted_files
from dialer.full_account import AccountRecord
from dialer.leads import RowProblem, RowReading, Verdict
from dialer.ledger import time_text
from dialer.pool import Closed
from dialer.settings import Place
from tests.builders import World, lead, number, policy, reading
from tests.command import run_dialer
from tests.virtual_time import START

FORMULA = '=HYPERLINK("http://example.com")'
ALL_FORMATS = pytest.mark.parametrize("export_format", list(ExportFormat))


def written(world: World, export_format: ExportFormat, *, output: Path | None = None) -> Path:
    target = output or world.folder / f"account.{export_format.value}"
    return write_account_of(world.ledger, world.name, export_format, output=target).path


def objects(world: World) -> list[dict[str, Any]]:
    text = written(world, ExportFormat.JSONL).read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def row(world: World, number_of_row: int) -> dict[str, Any]:
    return next(told for told in objects(world) if told["row"] == number_of_row)


def csv_rows(world: World) -> list[dict[str, str]]:
    with written(world, ExportFormat.CSV).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def sheet(world: World, title: str) -> list[dict[str, Any]]:
    workbook = openpyxl.load_workbook(written(world, ExportFormat.XLSX))
    header, *rows = workbook[title].iter_rows(values_only=True)
    return [dict(zip(header, cells, strict=True)) for cells in rows]


def parquet_rows(world: World) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(written(world, ExportFormat.PARQUET)).to_pylist()
    return rows


def rows_in(path: Path, export_format: ExportFormat) -> int:
    match export_format:
        case ExportFormat.CSV | ExportFormat.JSONL:
            return len(path.read_text().splitlines()) - (export_format is ExportFormat.CSV)
        case ExportFormat.XLSX:
            return openpyxl.load_workbook(path)["account"].max_row - 1
        case ExportFormat.PARQUET:
            return int(pq.read_metadata(path).num_rows)


def let_the_calls_have_ended(world: World) -> None:
    with world.ledger.transaction() as connection:
        connection.exec_driver_sql(
            "INSERT INTO calls (attempt_id, campaign_id, call_id, call_status, ended, stale,"
            " duration_seconds, call_started_at, appointment_booked, lead_qualification, summary, cost_usd,"
            " recording_url, transcript, detailed, looked_at)"
            " SELECT attempt_id, campaign_id, call_id, 'completed', 1, 0, 95.5, '2026-03-02T15:00:02Z', 1,"
            " 'hot', 'Wants a quote.', '0.12', 'https://example.com/1', 'Hello?', 1, ended_at FROM attempts"
            " WHERE outcome = 'called'"
        )


@pytest.fixture
def messy(make_world: Callable[..., World]) -> World:
    """A campaign of five rows: called, refused, a duplicate, a formula as a name, and no number."""
    problem = RowProblem("phone_missing", "Phone", "A6", " ", "There is no phone number in A6.")
    readings = [
        reading(lead(2, tags=("roof", "spring, early"))),
        reading(lead(3)),
        reading(lead(4, phone=number(2))),
        reading(lead(5, first_name=FORMULA)),
        RowReading(6, Verdict.INVALID, cell="A6", problems=(problem,)),
        RowReading(7, Verdict.NOT_A_LEAD),
    ]
    world = make_world(leads=[])
    world.load_readings(readings)
    world.api.scripts = {number(3): ["429:1", "422:The number is blocked"]}
    world.run()
    return world


# What a record holds


def test_every_row_that_has_a_result_has_one_record(messy: World) -> None:
    assert [(told["row"], told["status"]) for told in objects(messy)] == [
        (2, "queued"),
        (3, "failed"),
        (4, "duplicate"),
        (5, "queued"),
        (6, "invalid"),
    ]


def test_a_record_holds_the_result_the_lead_and_what_became_of_the_call(messy: World) -> None:
    let_the_calls_have_ended(messy)
    told = row(messy, 2)
    sent = told.pop("attempt_log")[0]["sent_at"]

    assert told == dict.fromkeys(COLUMNS[:-1]) | {
        "campaign": "leads",
        "row": 2,
        "cell": "A2",
        "verdict": "callable",
        "status": "queued",
        "phone": number(2),
        "tier": "exact",
        "region": "US",
        "first_name": "Ann",
        "last_name": "Example",
        "tags": ["roof", "spring, early"],
        "to_phone": number(2),
        "called_at": sent,
        "attempts": 1,
        "generation": 1,
        "call_id": "call-1",
        "contact_id": f"contact-{number(2)}",
        "is_new_contact": True,
        "call_status": "completed",
        "call_ended": True,
        "call_stale": False,
        "duration_seconds": 95.5,
        "call_started_at": "2026-03-02T15:00:02Z",
        "appointment_booked": True,
        "lead_qualification": "hot",
        "summary": "Wants a quote.",
        "cost": "0.12",
        "recording_url": "https://example.com/1",
        "transcript": "Hello?",
    }


def test_outcomes_that_nobody_asked_for_are_empty(messy: World) -> None:
    told = row(messy, 2)

    assert [told[name] for name in ("call_status", "call_ended", "call_stale", "transcript")] == [None] * 4


def test_every_attempt_of_a_lead_is_in_its_record(messy: World) -> None:
    log = row(messy, 3)["attempt_log"]

    assert [(each["outcome"], each["http_status"], each["reason"]) for each in log] == [
        ("throttled", 429, "Too Many Requests"),
        ("failed", 422, "The number is blocked"),
    ]


def test_an_attempt_has_its_fields_and_no_other(messy: World) -> None:
    assert tuple(row(messy, 2)["attempt_log"][0]) == ATTEMPT_COLUMNS


def test_the_attempts_of_a_number_stand_with_the_row_that_was_called(messy: World) -> None:
    assert [len(told["attempt_log"]) for told in objects(messy)] == [1, 2, 0, 1, 0]


def test_a_row_that_cannot_be_called_tells_its_cell_and_why(messy: World) -> None:
    told = row(messy, 6)

    assert [told[name] for name in ("cell", "reason_code", "reason", "value", "phone")] == [
        "A6",
        "phone_missing",
        "There is no phone number in A6.",
        " ",
        None,
    ]


def test_whoever_waits_for_calling_hours_tells_until_when(world: World) -> None:
    later = START + timedelta(hours=3)
    world.run(closed=lambda _lead: Closed(later, "It is night."))

    assert {told["deferred_until"] for told in objects(world)} == {time_text(later)}


def test_a_call_of_another_campaign_is_seen_for_as_long_as_the_last_run_said(
    make_world: Callable[..., World],
) -> None:
    elsewhere = make_world(name="elsewhere")
    elsewhere.run(policy(limit=1))
    world = make_world(name="again")
    world.choice(policy())
    found = []
    for recall_after in ("1h", "30min"):
        with world.ledger.transaction() as connection:
            settings = json.dumps({"recall after": recall_after})
            connection.exec_driver_sql("UPDATE runs SET settings = ?", (settings,))
        world.loop.stall(1800)
        found.append(row(world, 2)["status"])

    assert found == ["recent", "pending"]


# The formats


@ALL_FORMATS
def test_every_format_holds_every_row(messy: World, export_format: ExportFormat) -> None:
    assert rows_in(written(messy, export_format), export_format) == 5


@ALL_FORMATS
def test_a_campaign_that_was_never_run_has_an_account_too(world: World, export_format: ExportFormat) -> None:
    assert rows_in(written(world, export_format), export_format) == 10


def test_the_columns_of_csv_are_those_of_the_records(messy: World) -> None:
    assert tuple(csv_rows(messy)[0]) == COLUMNS


def test_csv_holds_truths_times_and_lists_as_text(messy: World) -> None:
    told, whole = csv_rows(messy)[0], row(messy, 2)

    assert (told["is_new_contact"], told["called_at"], told["tags"]) == (
        "true",
        whole["called_at"],
        "roof, spring, early",
    )


def test_the_attempts_in_csv_are_json(messy: World) -> None:
    assert json.loads(csv_rows(messy)[1]["attempt_log"]) == row(messy, 3)["attempt_log"]


def test_a_formula_in_csv_is_made_harmless(messy: World) -> None:
    assert csv_rows(messy)[3]["first_name"] == f"'{FORMULA}"


def test_a_number_in_csv_can_be_read_again(messy: World) -> None:
    assert csv_rows(messy)[0]["phone"] == number(2)


def test_json_holds_texts_as_they_are(messy: World) -> None:
    assert row(messy, 5)["first_name"] == FORMULA


def test_a_formula_in_a_workbook_is_a_text(messy: World) -> None:
    workbook = openpyxl.load_workbook(written(messy, ExportFormat.XLSX))
    cell = workbook["account"].cell(5, COLUMNS.index("first_name") + 1)

    assert (cell.value, cell.data_type) == (FORMULA, "s")


def test_a_workbook_has_the_account_on_one_sheet_and_the_attempts_on_another(messy: World) -> None:
    found = [(told["row"], told["phone"], told["outcome"]) for told in sheet(messy, "attempts")]

    assert found == [
        (2, number(2), "called"),
        (3, number(3), "throttled"),
        (3, number(3), "failed"),
        (5, number(5), "called"),
    ]


def test_a_workbook_holds_numbers_and_truths_as_what_they_are(messy: World) -> None:
    let_the_calls_have_ended(messy)
    told = sheet(messy, "account")[0]

    assert (told["row"], told["is_new_contact"], told["duration_seconds"]) == (2, True, 95.5)


def test_parquet_holds_times_as_times_and_attempts_as_structures(messy: World) -> None:
    told, whole = parquet_rows(messy)[0], row(messy, 2)

    assert (time_text(told["called_at"]), told["tags"], told["attempt_log"][0]["outcome"]) == (
        whole["called_at"],
        ["roof", "spring, early"],
        "called",
    )


def test_the_types_of_parquet_do_not_depend_on_what_is_in_it(world: World, messy: World) -> None:
    let_the_calls_have_ended(messy)

    assert pq.read_schema(written(world, ExportFormat.PARQUET)) == exports._schema(__import__("pyarrow"))


def many(count: int) -> Iterator[AccountRecord]:
    one = AccountRecord(**dict.fromkeys(COLUMNS))
    for place in range(count):
        yield replace(one, row=place, campaign="leads", tags=(), attempt_log=(), attempts=0)


@pytest.mark.parametrize("export_format", [ExportFormat.CSV, ExportFormat.JSONL, ExportFormat.PARQUET])
def test_records_are_written_as_they_come(export_format: ExportFormat) -> None:
    out = io.BytesIO()
    begun = []

    def records() -> Iterator[AccountRecord]:
        for record in many(10_001):
            begun.append(out.tell() > 1000)
            yield record

    write_records(out, records, export_format)

    assert (begun[0], begun[-1]) == (False, True)


def test_more_rows_than_a_sheet_holds_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "_MOST_EXCEL_ROWS", 100)
    with pytest.raises(UsageError) as caught:
        write_records(io.BytesIO(), lambda: many(100), ExportFormat.XLSX)

    assert caught.value.sentence == (
        "An Excel sheet holds 100 rows, and this account has more: choose --format csv, jsonl or parquet."
    )


# Where it goes


def test_the_account_stands_beside_the_reports_named_after_the_sheet(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    place = Place(ledger=str(world.ledger.path))
    told = write_account(place, "leads", ExportFormat.JSONL, output=None)

    assert told.path == tmp_path / "reports" / "leads.account.jsonl"


def test_a_folder_as_output_gets_the_usual_name(world: World, tmp_path: Path) -> None:
    assert written(world, ExportFormat.CSV, output=tmp_path) == tmp_path / "leads.account.csv"


def test_the_sheet_itself_is_not_written_over(world: World, tmp_path: Path) -> None:
    source = tmp_path / "leads.csv"
    source.write_text("phone\n")
    with world.ledger.transaction() as connection:
        connection.exec_driver_sql("UPDATE loads SET path = ?", (str(source),))
    with pytest.raises(UsageError) as caught:
        written(world, ExportFormat.CSV, output=source)

    assert (caught.value.sentence, source.read_text()) == (
        f"The account would replace the sheet {source}: name another file with --output.",
        "phone\n",
    )


def test_an_account_that_fails_leaves_the_one_before(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(world, ExportFormat.XLSX)
    before = path.read_bytes()
    monkeypatch.setattr(exports, "_MOST_EXCEL_ROWS", 1)
    with pytest.raises(UsageError):
        written(world, ExportFormat.XLSX)

    assert (path.read_bytes() == before, list(path.parent.glob(".*"))) == (True, [])


def test_an_account_is_for_its_owner_alone(world: World) -> None:
    assert written(world, ExportFormat.CSV).stat().st_mode & 0o077 == 0


def test_the_ledger_knows_of_the_account_so_that_a_person_can_be_forgotten_in_it(world: World) -> None:
    path = written(world, ExportFormat.CSV)
    with world.ledger.reading() as connection:
        assert noted_files(connection, "report") == [path]


# What cannot be written


def test_an_unknown_campaign_has_no_account(world: World) -> None:
    with pytest.raises(UsageError) as caught:
        write_account(Place(ledger=str(world.ledger.path)), "letters", ExportFormat.CSV, output=None)

    assert caught.value.code == "campaign_unknown"


def test_where_there_is_no_ledger_there_is_no_account(tmp_path: Path) -> None:
    with pytest.raises(DialerError) as caught:
        write_account(Place(ledger=str(tmp_path / "l.sqlite3")), "letters", ExportFormat.CSV, output=None)

    assert caught.value.sentence == "There is no campaign 'letters': dialer run LEADS begins one."


def test_without_pyarrow_parquet_is_refused_with_the_way_on(tmp_path: Path) -> None:
    (tmp_path / "without" / "pyarrow").mkdir(parents=True)
    (tmp_path / "without" / "pyarrow" / "__init__.py").write_text("raise ImportError\n")
    finished = run_dialer(
        *("report", "leads", "--format", "parquet"),
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path / "without")},
    )

    assert (finished.returncode, finished.stderr) == (
        2,
        (
            "dialer: Parquet is written by pyarrow, which is not installed here: pip install "
            "'vozagent-dialer[parquet]', or choose --format csv, jsonl or xlsx.\n"
        ),
    )


def test_times_are_utc_and_sort_as_text(messy: World) -> None:
    called_at = row(messy, 2)["called_at"]

    assert datetime.fromisoformat(called_at).tzinfo is UTC
