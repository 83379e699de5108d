"""Every JSON shape that the installed command prints: exactly these keys, and values that agree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.command import Finished
from tests.desk import Desk, Sheet, finish, open_desk, told

TABLE_KEYS = {
    *("type", "file", "format", "sheet", "sheets", "encoding", "delimiter", "header_row", "columns"),
    *("data_rows", "mapping", "counts", "problem"),
}
ROW_KEYS = {"type", "row", "cell", "verdict", "phone", "problems"}
PROBLEM_KEYS = {"code", "column", "cell", "value", "message"}
VERDICTS = {"callable", "assumed", "invalid", "duplicate", "suppressed", "not_a_lead"}
RUN_KEYS = {
    *("campaign", "rows", "counts", "called_now", "report", "html", "exit_code", "stopped", "seconds"),
}
RESULT_KEYS = {
    *("call_id", "status", "is_new_contact", "to_phone", "contact_id", "called_at", "attempts", "reason"),
}
STATUS_KEYS = {
    *("campaign", "rows", "counts", "running", "pace_per_second", "paused", "last_event", "last_event_at"),
    "next_step",
}
DEPTH_KEYS = STATUS_KEYS | {
    *("statuses", "outcomes", "settings", "source", "loaded_at", "fingerprint", "paused_at", "basis"),
    *("loads", "runs", "deferred", "unknown", "attempts"),
}
HISTORY_KEYS = {"phone", "suppressed", "sheets", "attempts", "now"}
ESCAPE = "\x1b"
FILE = "every verdict, Überblick.csv"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk that all tests of this module share."""
    with open_desk(tmp_path_factory.mktemp("desk"), faults=["422", "drop-after"]) as opened:
        yield opened


@pytest.fixture(scope="module", autouse=True)
def stories(desk: Desk, request: pytest.FixtureRequest) -> Iterator[Mapping[str, Future[Any]]]:
    """The stories of the tests that were chosen; they are told while the quick tests run."""
    wanted = {name for item in request.session.items for name in getattr(item, "fixturenames", ())}
    with told(desk, STORIES, wanted=wanted) as begun:
        yield begun


# ------------------------------------------------------------------------------------------ check


def _checked(desk: Desk) -> Finished:
    number = desk.number()
    (desk.folder / FILE).write_text(
        "Handy;Vorname;Do not call\n"
        f"{number};Zoë;\n"
        f"{number};Zoë again;\n"
        "(202) 555-0188;Ann;\n"
        "+1 202 555 018;Bob;\n"
        ";;\n"
        "+12025550187;Cy;yes\n"
        "Total: 5;;\n",
        encoding="utf-8",
    )
    return desk.dialer("check", FILE, "--jsonl", "--region", "US")


@pytest.fixture(scope="module")
def checked(stories: Mapping[str, Future[Any]]) -> Finished:
    """A sheet with a row of every verdict, looked at row by row."""
    story: Finished = stories["checked"].result()
    return story


def test_the_first_line_of_jsonl_is_the_table(checked: Finished) -> None:
    table = checked.json_lines[0]
    assert {name: table[name] for name in TABLE_KEYS - {"counts"}} == {
        "type": "table",
        "file": FILE,
        "format": "csv",
        "sheet": None,
        "sheets": [],
        "encoding": "utf-8",
        "delimiter": ";",
        "header_row": 1,
        "columns": ["Handy", "Vorname", "Do not call"],
        "data_rows": 6,
        "mapping": {"phone": "Handy", "first_name": "Vorname", "do_not_call": "Do not call"},
        "problem": None,
    }


def test_the_table_has_its_keys_and_no_other(checked: Finished) -> None:
    assert set(checked.json_lines[0]) == TABLE_KEYS


def test_every_verdict_is_counted(checked: Finished) -> None:
    assert checked.json_lines[0]["counts"] == dict.fromkeys(VERDICTS, 1)


def test_every_data_row_has_one_line(checked: Finished) -> None:
    assert [line["row"] for line in checked.json_lines[1:]] == [2, 3, 4, 5, 7, 8]


def test_the_lines_are_counted_by_the_table(checked: Finished) -> None:
    table, *rows = checked.json_lines
    assert Counter(row["verdict"] for row in rows) == table["counts"]


def test_every_line_has_its_keys_and_no_other(checked: Finished) -> None:
    assert {frozenset(row) for row in checked.json_lines[1:]} == {frozenset(ROW_KEYS)}


def test_a_callable_row_has_a_phone_and_no_problem(checked: Finished) -> None:
    row = checked.json_lines[1]
    assert (row["type"], row["cell"], len(row["phone"]), row["problems"]) == ("row", "A2", 12, [])


def test_a_number_that_needed_the_region_is_assumed(checked: Finished) -> None:
    row = checked.json_lines[3]
    assert (row["verdict"], row["phone"]) == ("assumed", "+12025550188")


def test_an_invalid_row_has_a_problem_and_no_phone(checked: Finished) -> None:
    row = checked.json_lines[4]
    (problem,) = row["problems"]
    assert (row["phone"], set(problem), problem["cell"]) == (None, PROBLEM_KEYS, "A5")


def test_a_problem_shows_the_cell_as_it_stands(checked: Finished) -> None:
    (problem,) = checked.json_lines[4]["problems"]
    assert (problem["column"], problem["value"]) == ("Handy", "+1 202 555 018")


def test_a_check_with_a_callable_row_is_0_and_says_nothing_else(checked: Finished) -> None:
    assert (checked.returncode, checked.stderr) == (0, "")


def _workbook(desk: Desk) -> Finished:
    book = openpyxl.Workbook()
    book.worksheets[0].title = "Read me"
    book.worksheets[0]["A1"] = "Nothing here."
    leads = book.create_sheet("Leads")
    for row in (("Leads of May", None), ("Mobile", "Name"), (desk.number(), "Ann Example")):
        leads.append(row)
    book.save(desk.folder / "may.xlsx")
    return desk.dialer("check", "may.xlsx", "--json")


@pytest.fixture(scope="module")
def workbook(stories: Mapping[str, Future[Any]]) -> Finished:
    """A workbook with two sheets, of which the second holds leads."""
    story: Finished = stories["workbook"].result()
    return story


def test_json_of_a_workbook_names_its_sheets_and_no_encoding(workbook: Finished) -> None:
    names = ("format", "sheet", "sheets", "encoding", "delimiter", "header_row", "data_rows")
    expected = ["xlsx", "Leads", ["Read me", "Leads"], None, None, 2, 1]
    assert [workbook.json[name] for name in names] == expected


def _without_phones(desk: Desk) -> Finished:
    (desk.folder / "cities.csv").write_text("name,city\nAnn,Utrecht\n")
    return desk.dialer("check", "cities.csv", "--json")


@pytest.fixture(scope="module")
def without_phones(stories: Mapping[str, Future[Any]]) -> Finished:
    """A table that can be read and is no list of leads."""
    story: Finished = stories["without_phones"].result()
    return story


def test_a_table_that_is_no_list_of_leads_is_shown_with_exit_code_65(without_phones: Finished) -> None:
    table = without_phones.json
    assert (without_phones.returncode, set(table), table["format"]) == (65, TABLE_KEYS, "csv")


def test_its_problem_is_what_stderr_says(without_phones: Finished) -> None:
    problem = without_phones.json["problem"]
    assert (set(problem), f"dialer: {problem['message']}\n") == ({"code", "message"}, without_phones.stderr)


def test_a_file_that_cannot_be_read_is_an_error_object(desk: Desk) -> None:
    (desk.folder / "noise.csv").write_bytes(bytes(range(256)) * 40)
    finished = desk.dialer("check", "noise.csv", "--json")
    assert (finished.returncode, set(finished.json)) == (65, {"error"})


# ------------------------------------------------------------------------------------------ the others


@pytest.fixture(scope="module")
def called(desk: Desk) -> Finished:
    """A single call."""
    return desk.call(desk.number(), "--first-name", "Zoë")


def test_a_call_prints_the_columns_of_a_report_and_how_it_ended(called: Finished) -> None:
    assert set(called.json) == RESULT_KEYS | {"exit_code", "stopped"}


def test_the_request_of_a_call_is_shown_on_stderr_as_it_is_sent(called: Finished) -> None:
    number = called.json["to_phone"]
    request = f'{{"phone_number": "{number}", "assistant_name": "Voz", "first_name": "Zoë"}}'
    assert called.stderr == f"The request: {request}\n"


def test_an_error_is_one_object_with_its_keys_and_no_other(desk: Desk) -> None:
    finished = desk.dialer("check", "nowhere.csv", "--json")
    message = f"There is no file {desk.folder / 'nowhere.csv'}: check the path."
    assert finished.json == {"error": {"code": "missing", "message": message, "exit_code": 66}}


def test_a_cell_cannot_move_the_cursor(desk: Desk) -> None:
    sheet = desk.sheet(1, rows=['"\x1b]0;pwn\x07\x1b[2J",Eve'])
    finished = desk.run(sheet, "--dry-run")
    assert not {ESCAPE, "\x07"} & set(finished.stdout + finished.stderr)


# ------------------------------------------------------------------------------------------ run


@dataclass(frozen=True)
class Ran:
    """A run whose one row went well, one failed, one was never answered and one cannot be called."""

    sheet: Sheet
    first: Finished
    again: Finished  # a dry run
    status: Finished
    depth: Finished
    report: Finished
    account: Finished
    history: Finished
    nobody: Finished


def _ran(desk: Desk) -> Ran:
    numbers = [desk.number(), desk.number("422"), desk.number("drop-after")]
    sheet = desk.sheet(numbers, rows=["nobody,Nora"])
    first = desk.run(sheet, "--json", "-v")
    return Ran(
        sheet,
        first,
        again=desk.run(sheet, "--json", "--dry-run"),
        status=desk.dialer("status", *desk.api, "--json"),
        depth=desk.dialer("status", sheet.campaign, *desk.api, "--json"),
        report=desk.dialer("report", sheet.campaign, *desk.api, "--json"),
        account=desk.dialer("report", sheet.campaign, *desk.api, "--format", "jsonl", "--json"),
        history=desk.dialer("history", numbers[0], *desk.api, "--json"),
        nobody=desk.dialer("history", desk.number(), *desk.api, "--json"),
    )


@pytest.fixture(scope="module")
def ran(stories: Mapping[str, Future[Any]]) -> Ran:
    story: Ran = stories["ran"].result()
    return story


def test_a_run_prints_one_object_with_its_keys_and_no_other(ran: Ran) -> None:
    assert set(ran.first.json) == RUN_KEYS


def test_the_counts_of_a_run_are_by_status(ran: Ran) -> None:
    assert ran.first.json["counts"] == {"queued": 1, "failed": 1, "unknown": 1, "invalid": 1}


def test_the_counts_of_a_run_add_up_to_its_rows(ran: Ran) -> None:
    said = ran.first.json
    assert sum(said["counts"].values()) == said["rows"] == 4


def test_the_counts_of_a_run_are_those_of_the_report(ran: Ran) -> None:
    assert Counter(ran.sheet.statuses()) == ran.first.json["counts"]


def test_called_now_is_what_got_through(ran: Ran) -> None:
    assert ran.first.json["called_now"] == 1


def test_the_reports_of_a_run_stand_where_it_says(ran: Ran) -> None:
    said = ran.first.json
    html = ran.sheet.report.with_name(f"{ran.sheet.path.stem}.report.html")
    assert (said["report"], said["html"], html.exists()) == (str(ran.sheet.report), str(html), True)


def test_the_exit_code_is_in_the_object(ran: Ran) -> None:
    assert ran.first.json["exit_code"] == ran.first.returncode == 1


def test_the_campaign_is_named_after_the_file(ran: Ran) -> None:
    assert ran.first.json["campaign"] == ran.sheet.path.stem


def test_a_run_that_was_not_stopped_says_null(ran: Ran) -> None:
    assert ran.first.json["stopped"] is None


def test_seconds_is_a_number(ran: Ran) -> None:
    assert 0 < ran.first.json["seconds"] < 60


def test_the_plan_of_a_json_run_is_on_stderr(ran: Ran) -> None:
    assert "\n\nThe first request: {" in ran.first.stderr


def test_a_dry_run_has_the_same_shape_and_no_report(ran: Ran) -> None:
    said = ran.again.json
    assert (set(said), said["report"], said["html"], said["called_now"]) == (RUN_KEYS, None, None, 0)


def test_a_dry_run_is_0(ran: Ran) -> None:
    assert ran.again.returncode == ran.again.json["exit_code"] == 0


def test_a_later_run_leaves_the_statuses_as_they_are(ran: Ran) -> None:
    assert ran.again.json["counts"] == ran.first.json["counts"]


def test_status_lists_the_campaigns(ran: Ran) -> None:
    listed = {line["campaign"]: line for line in ran.status.json["campaigns"]}
    line = listed[ran.sheet.campaign]
    counts = {name: line["counts"][name] for name in ("called", "failed", "unknown", "pending", "invalid")}
    expected = {"called": 1, "failed": 1, "unknown": 1, "pending": 0, "invalid": 1}
    assert (set(line), line["rows"], counts) == (STATUS_KEYS, 4, expected)


def test_status_of_one_campaign_goes_deeper(ran: Ran) -> None:
    assert (set(ran.depth.json), ran.depth.json["statuses"]) == (DEPTH_KEYS, ran.first.json["counts"])


def test_status_of_one_campaign_tells_a_key_by_its_ending_only(ran: Ran) -> None:
    assert (ran.depth.json["settings"]["key ending"], "sk_sandbox" in ran.depth.stdout) == ("dbox", False)


def test_a_report_says_where_it_is(ran: Ran) -> None:
    first = ran.first.json
    expected = {"campaign": ran.sheet.campaign, "report": first["report"], "html": first["html"]}
    assert ran.report.json == expected


def test_the_html_report_bears_the_fingerprint_that_status_shows(ran: Ran) -> None:
    page = Path(ran.report.json["html"]).read_text(encoding="utf-8")
    assert ran.depth.json["fingerprint"] in page


def test_the_full_account_has_a_line_for_every_row(ran: Ran) -> None:
    said = ran.account.json
    path = Path(said.pop("path"))
    lines = path.read_text(encoding="utf-8").splitlines()
    assert (said, path.name, len(lines)) == (
        {"campaign": ran.sheet.campaign, "format": "jsonl", "rows": 4},
        f"{ran.sheet.campaign}.account.jsonl",
        4,
    )


def test_history_tells_the_story_of_a_number(ran: Ran) -> None:
    said = ran.history.json
    (attempt,) = said["attempts"]
    assert (set(said), attempt["outcome"], [row["status"] for row in said["now"]]) == (
        HISTORY_KEYS,
        "called",
        ["queued"],
    )


def test_history_of_nobody_is_1(ran: Ran) -> None:
    assert (ran.nobody.returncode, ran.nobody.json["error"]["code"]) == (1, "nobody")


def test_a_pipe_gets_no_colours(ran: Ran, checked: Finished, workbook: Finished) -> None:
    everything = (ran.first, ran.again, ran.status, ran.depth, ran.report, checked, workbook)
    assert ESCAPE not in "".join(finished.stdout + finished.stderr for finished in everything)


def test_a_pipe_gets_no_colours_from_tables(desk: Desk, ran: Ran) -> None:
    tables = [desk.dialer("check", ran.sheet.path), desk.dialer("status", *desk.api)]
    assert ESCAPE not in "".join(finished.stdout + finished.stderr for finished in tables)


# ---------------------------------------------------------------------------------------- watch


@dataclass(frozen=True, slots=True)
class Watched:
    """A run, and what another process saw of it while it lasted."""

    run: Finished
    looks: Finished


def _watched(desk: Desk) -> Watched:
    sheet = desk.sheet(12)
    process = desk.start(sheet, "--rate", "3/s")
    desk.wait_for(sheet, 1)
    looks = desk.dialer("status", sheet.campaign, *desk.api, "--watch", "--json")
    return Watched(finish(process), looks)


@pytest.fixture(scope="module")
def watched(stories: Mapping[str, Future[Any]]) -> Watched:
    story: Watched = stories["watched"].result()
    return story


def test_watching_ends_with_the_run(watched: Watched) -> None:
    looks = watched.looks.json_lines
    assert ([look["running"] for look in looks], watched.looks.returncode) == (
        [True] * (len(looks) - 1) + [False],
        0,
    )


def test_watching_sees_the_calls_to_the_last_one(watched: Watched) -> None:
    called = [look["counts"]["called"] for look in watched.looks.json_lines]
    assert (called, called[-1]) == (sorted(called), 12)


def test_watching_disturbs_no_run(watched: Watched) -> None:
    assert watched.run.returncode == 0


STORIES = {
    "watched": _watched,
    "ran": _ran,
    "checked": _checked,
    "workbook": _workbook,
    "without_phones": _without_phones,
}
