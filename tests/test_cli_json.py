"""Every JSON shape that the installed command prints: exactly these keys, and values that agree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import openpyxl
import pytest

from tests.command import Finished
from tests.desk import Desk, Sheet, open_desk

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
STATUS_KEYS = {"campaign", "rows", "counts", "paused", "last_event", "next_step"}
DEPTH_KEYS = STATUS_KEYS | {"statuses", "settings", "source", "loaded_at"}
ESCAPE = "\x1b"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk that all tests of this module share."""
    with open_desk(tmp_path_factory.mktemp("desk")) as opened:
        yield opened


# ------------------------------------------------------------------------------------------ check


@pytest.fixture(scope="module")
def checked(desk: Desk) -> Finished:
    """A sheet with a row of every verdict, looked at row by row."""
    first = desk.numbers(1)[0]
    path = desk.folder / "every verdict - Überblick.csv"
    path.write_text(
        "Handy;Vorname;Do not call\n"
        f"{first};Zoë;\n"
        f"{first};Zoë again;\n"
        "(202) 555-0188;Ann;\n"
        "+1 202 555 018;Bob;\n"
        ";;\n"
        "+12025550187;Cy;yes\n"
        "Total: 5;;\n",
        encoding="utf-8",
    )
    return desk.dialer("check", path, "--jsonl", "--region", "US")


def test_the_first_line_of_jsonl_is_the_table(checked: Finished) -> None:
    table = checked.json_lines[0]
    assert {name: table[name] for name in TABLE_KEYS - {"counts"}} == {
        "type": "table",
        "file": "every verdict - Überblick.csv",
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


def test_an_invalid_row_has_a_problem_and_no_phone(checked: Finished) -> None:
    row = checked.json_lines[4]
    (problem,) = row["problems"]
    assert (row["phone"], set(problem), problem["cell"]) == (None, PROBLEM_KEYS, "A5")


def test_a_problem_shows_the_cell_as_it_stands(checked: Finished) -> None:
    (problem,) = checked.json_lines[4]["problems"]
    assert (problem["column"], problem["value"]) == ("Handy", "+1 202 555 018")


def test_check_says_nothing_else(checked: Finished) -> None:
    assert checked.stderr == ""


@pytest.fixture(scope="module")
def workbook(desk: Desk) -> Path:
    """A workbook with two sheets, of which the second holds leads."""
    book = openpyxl.Workbook()
    book.worksheets[0].title = "Read me"
    book.worksheets[0]["A1"] = "Nothing here."
    leads = book.create_sheet("Leads")
    for row in (("Leads of May", None), ("Mobile", "Name"), (desk.numbers(1)[0], "Ann Example")):
        leads.append(row)
    path = desk.folder / "may.xlsx"
    book.save(path)
    return path


def test_json_of_a_workbook_names_its_sheets_and_no_encoding(desk: Desk, workbook: Path) -> None:
    table = desk.dialer("check", workbook, "--json").json
    names = ("format", "sheet", "sheets", "encoding", "delimiter", "header_row", "data_rows")
    assert [table[name] for name in names] == ["xlsx", "Leads", ["Read me", "Leads"], None, None, 2, 1]


@pytest.fixture(scope="module")
def without_phones(desk: Desk) -> Finished:
    path = desk.folder / "cities.csv"
    path.write_text("name,city\nAnn,Utrecht\n")
    return desk.dialer("check", path, "--json")


def test_a_table_that_is_no_list_of_leads_is_shown_with_exit_code_65(without_phones: Finished) -> None:
    table = without_phones.json
    assert (without_phones.returncode, set(table), table["format"]) == (65, TABLE_KEYS, "csv")


def test_its_problem_is_what_stderr_says(without_phones: Finished) -> None:
    problem = without_phones.json["problem"]
    assert (set(problem), f"dialer: {problem['message']}\n") == ({"code", "message"}, without_phones.stderr)


def test_a_file_that_cannot_be_read_is_an_error_object(desk: Desk) -> None:
    path = desk.folder / "noise.csv"
    path.write_bytes(bytes(range(256)) * 40)
    finished = desk.dialer("check", path, "--json")
    assert (finished.returncode, set(finished.json)) == (65, {"error"})


# ------------------------------------------------------------------------------------------ run


@dataclass(frozen=True)
class Ran:
    """A run whose one row went well, one failed, one was never answered and one cannot be called."""

    sheet: Sheet
    first: Finished
    again: Finished


@pytest.fixture(scope="module")
def ran(desk: Desk) -> Ran:
    sheet = desk.sheet(3, rows=["nobody,Nora"])
    _, refused, dropped = sheet.numbers
    with desk.trouble(scripts={refused: ["422"], dropped: ["drop-after"]}):
        return Ran(sheet, desk.run(sheet, "--json", "-v"), desk.run(sheet, "--json"))


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


def test_a_later_run_keeps_the_statuses_and_calls_nobody(ran: Ran) -> None:
    first, again = ran.first.json, ran.again.json
    assert (again["counts"], again["called_now"]) == (first["counts"], 0)


def test_a_dry_run_has_the_same_shape_and_no_report(desk: Desk) -> None:
    said = desk.run(desk.sheet(2), "--dry-run", "--json").json
    expected = (RUN_KEYS, {"pending": 2}, 0, None, None)
    assert (set(said), said["counts"], said["called_now"], said["report"], said["html"]) == expected


# ------------------------------------------------------------------------------------------ the others


@pytest.fixture(scope="module")
def called(desk: Desk) -> Finished:
    (number,) = desk.numbers(1)
    return desk.dialer("call", number, *desk.api, "-a", "Voz", "--first-name", "Zoë", "--json")


def test_a_call_prints_the_columns_of_a_report_and_how_it_ended(called: Finished) -> None:
    assert set(called.json) == RESULT_KEYS | {"exit_code", "stopped"}


def test_the_request_of_a_call_is_shown_on_stderr_as_it_is_sent(called: Finished) -> None:
    number = called.json["to_phone"]
    request = f'{{"phone_number": "{number}", "assistant_name": "Voz", "first_name": "Zoë"}}'
    assert called.stderr == f"The request: {request}\n"


def test_status_lists_the_campaigns(desk: Desk, ran: Ran) -> None:
    listed = {line["campaign"]: line for line in desk.dialer("status", *desk.api, "--json").json["campaigns"]}
    line = listed[ran.sheet.campaign]
    assert (set(line), line["rows"], line["counts"]["called"], line["counts"]["failed"]) == (
        STATUS_KEYS,
        4,
        1,
        1,
    )


def test_a_status_line_is_no_single_call(desk: Desk, called: Finished, ran: Ran) -> None:
    listed = desk.dialer("status", *desk.api, "--json").json["campaigns"]
    assert ran.sheet.campaign in {line["campaign"] for line in listed}
    assert called.json["to_phone"] not in " ".join(line["campaign"] for line in listed)


def test_status_of_one_campaign_goes_deeper(desk: Desk, ran: Ran) -> None:
    depth = desk.dialer("status", ran.sheet.campaign, *desk.api, "--json").json
    assert (set(depth), depth["statuses"]) == (DEPTH_KEYS, ran.first.json["counts"])


def test_status_of_one_campaign_tells_a_key_by_its_ending_only(desk: Desk, ran: Ran) -> None:
    finished = desk.dialer("status", ran.sheet.campaign, *desk.api, "--json")
    assert (finished.json["settings"]["key ending"], "sk_sandbox" in finished.stdout) == ("dbox", False)


def test_a_report_says_where_it_is(desk: Desk, ran: Ran) -> None:
    said = desk.dialer("report", ran.sheet.campaign, *desk.api, "--json").json
    first = ran.first.json
    assert said == {"campaign": ran.sheet.campaign, "report": first["report"], "html": first["html"]}


def test_an_error_is_one_object_with_its_keys_and_no_other(desk: Desk) -> None:
    finished = desk.dialer("check", "nowhere.csv", "--json")
    message = f"There is no file {desk.folder / 'nowhere.csv'}: check the path."
    assert finished.json == {"error": {"code": "missing", "message": message, "exit_code": 66}}


# ------------------------------------------------------------------------------------------ no colours


@pytest.mark.parametrize("options", [(), ("--json",), ("--jsonl",)], ids=str)
def test_a_pipe_gets_no_colours_from_check(desk: Desk, workbook: Path, options: tuple[str, ...]) -> None:
    finished = desk.dialer("check", workbook, *options)
    assert ESCAPE not in finished.stdout + finished.stderr


def test_a_pipe_gets_no_colours_from_run(ran: Ran) -> None:
    assert ESCAPE not in ran.first.stdout + ran.first.stderr + ran.again.stdout + ran.again.stderr


def test_a_pipe_gets_no_colours_from_status(desk: Desk, ran: Ran) -> None:
    finished = desk.dialer("status", ran.sheet.campaign, *desk.api)
    assert ESCAPE not in finished.stdout + finished.stderr


def test_a_cell_cannot_move_the_cursor(desk: Desk) -> None:
    sheet = desk.sheet(1, rows=['"\x1b]0;pwn\x07\x1b[2J",Eve'])
    finished = desk.run(sheet, "--dry-run")
    assert not {ESCAPE, "\x07"} & set(finished.stdout + finished.stderr)
