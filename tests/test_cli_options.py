"""Each option of check, run, retry and call does what it says; the record of the sandbox is the judge."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.command import Finished
from tests.desk import Desk, Sheet, open_desk

VOZ_ID = "a1000001-5eed-0001"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk that all tests of this module share."""
    with open_desk(tmp_path_factory.mktemp("desk")) as opened:
        yield opened


def _rows(finished: Finished) -> dict[int, dict[str, Any]]:
    """The rows of `check --jsonl` by their numbers."""
    return {line["row"]: line for line in finished.json_lines[1:]}


def _checked(desk: Desk, text: str | bytes, *options: str) -> Finished:
    path = desk.place() / "leads.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return desk.dialer("check", path, "--jsonl", *options)


# ------------------------------------------------------------------------------------ how a sheet is read


@pytest.fixture(scope="module")
def workbook(desk: Desk) -> Path:
    """Two sheets of leads; the second has a hidden row."""
    book = openpyxl.Workbook()
    first, second = book.worksheets[0], book.create_sheet("Mai 2026")
    first.title = "April"
    for sheet, people in ((first, 3), (second, 2)):
        sheet.append(("Mobile", "First name", "Last name"))
        for number in desk.numbers(people):
            sheet.append((number, "Ann", "Example"))
    second.row_dimensions[3].hidden = True
    path = desk.folder / "months.xlsx"
    book.save(path)
    return path


def test_sheet_names_the_sheet_of_a_workbook(desk: Desk, workbook: Path) -> None:
    table = desk.dialer("check", workbook, "--json", "--sheet", "mai 2026").json
    assert (table["sheet"], table["data_rows"]) == ("Mai 2026", 2)


def test_a_sheet_that_does_not_exist_is_named_with_those_that_do(desk: Desk, workbook: Path) -> None:
    table = desk.dialer("check", workbook, "--json", "--sheet", "June").json
    sentence = "months.xlsx has no sheet 'June' (its sheets are: April, Mai 2026)."
    assert table["problem"] == {"code": "sheet_missing", "message": sentence}


def test_visible_only_leaves_hidden_rows_out(desk: Desk, workbook: Path) -> None:
    table = desk.dialer("check", workbook, "--json", "--sheet", "Mai 2026", "--visible-only").json
    assert table["counts"]["callable"] == 1


def test_header_row_says_where_the_header_stands(desk: Desk) -> None:
    text = "phone,name\nphone of the year,why\nMobile,Name\n+12015550101,Ann\n"
    table = _checked(desk, text, "--header-row", "3").json_lines[0]
    assert (table["header_row"], table["mapping"]["phone"]) == (3, "Mobile")


def test_map_says_which_column_is_which(desk: Desk) -> None:
    text = "Best,Phone,Nick\n+12015550101,+12015550102,Ann\n"
    finished = _checked(desk, text, "--map", "phone=Best", "--map", "first_name=Nick")
    assert (_rows(finished)[2]["phone"], finished.json_lines[0]["mapping"]["first_name"]) == (
        "+12015550101",
        "Nick",
    )


def test_encoding_says_how_a_text_is_written(desk: Desk) -> None:
    table = _checked(desk, "Téléphone,Prénom\n+33199001234,Zoé\n".encode("cp850"), "--encoding", "cp850")
    assert table.json_lines[0]["columns"] == ["Téléphone", "Prénom"]


def test_delimiter_says_what_parts_the_cells(desk: Desk) -> None:
    table = _checked(desk, "phone~name, given\n+12015550101~Ann\n", "--delimiter", "~").json_lines[0]
    assert (table["delimiter"], table["columns"]) == ("~", ["phone", "name, given"])


def test_region_makes_national_numbers_callable_and_marks_them(desk: Desk) -> None:
    row = _rows(_checked(desk, "phone\n(201) 555-0101\n", "--region", "us"))[2]
    assert (row["verdict"], row["phone"]) == ("assumed", "+12015550101")


def test_without_region_a_national_number_is_refused(desk: Desk) -> None:
    row = _rows(_checked(desk, "phone\n(201) 555-0101\n"))[2]
    assert (row["verdict"], row["problems"][0]["code"]) == ("invalid", "country_missing")


@pytest.mark.parametrize(("which", "called"), [("first", 2), ("last", 4), ("merge", 2)])
def test_duplicates_says_which_of_several_rows_is_called(desk: Desk, which: str, called: int) -> None:
    same = "phone\n+12015550101\n(201) 555-0101 x\n+1 201-555-0101\n"
    rows = _rows(_checked(desk, same, "--duplicates", which))
    assert [row for row, line in rows.items() if line["verdict"] == "callable"] == [called]


def test_rows_of_a_check_are_those_asked_for(desk: Desk) -> None:
    text = "phone\n" + "".join(f"+1201555010{last}\n" for last in range(6))
    finished = _checked(desk, text, "--rows", "6,2-3")
    assert (list(_rows(finished)), finished.json_lines[0]["counts"]["callable"]) == ([2, 3, 6], 3)


def test_a_fix_list_is_written_where_it_is_wanted(desk: Desk) -> None:
    sheet, target = desk.sheet(1, rows=["nobody,Nora"]), desk.place() / "mend.xlsx"
    desk.dialer("check", sheet.path, "--fix-list", target)
    cell = openpyxl.load_workbook(target).worksheets[0]["A3"]
    assert (cell.value, cell.comment is not None) == ("nobody", True)


# ------------------------------------------------------------------------------------------ what is sent


@dataclass(frozen=True)
class Sent:
    """A run with everything that can be said about the calls."""

    sheet: Sheet
    finished: Finished
    bodies: list[dict[str, Any]]  # in the order of the rows


@pytest.fixture(scope="module")
def sent(desk: Desk) -> Sent:
    one, two, three, four = numbers = desk.numbers(4)
    path = desk.folder / "everything said.csv"
    path.write_text(
        "phone,source,tags,notes,Product\n"
        f'{one},,,,"Kitchen, ""large"""\n'
        f"{two},fair,vip; spring,Call after lunch,Bath\n"
        f"{three},,,,\n"
        f"{four},,,,Roof\n"
    )
    key = desk.place() / "key"
    key.write_text("sk_sandbox\n")
    key.chmod(0o600)
    sheet = Sheet(path, numbers)
    who = (*desk.api, "--assistant-id", VOZ_ID, "--api-key-file", str(key), "--campaign", "spring sale")
    what = ("--source", "website", "--tag", "spring", "--tag", "2026")
    notes = ("--notes", "Asked about {Product|our services}")
    how = ("--rows", "2-4", "--rate", "100/s", "--concurrency", "1", "--yes", "-v", "-o", str(desk.place()))
    finished = desk.dialer(
        *("run", str(path), *who, *what, *notes, *how),
        env={"VOZAGENT_API_KEY": None},
    )
    received = {request["phone_number"]: request["body"] for request in desk.received(sheet)}
    return Sent(sheet, finished, [received.get(number, {}) for number in numbers])


def test_the_assistant_can_be_named_by_its_id(sent: Sent) -> None:
    assert ("assistant_name" in sent.bodies[0], sent.bodies[0]["assistant_id"]) == (False, VOZ_ID)


def test_source_is_for_rows_that_have_none(sent: Sent) -> None:
    assert [body.get("source") for body in sent.bodies[:3]] == ["website", "fair", "website"]


def test_tags_are_united_with_those_of_the_row(sent: Sent) -> None:
    assert [body.get("tags") for body in sent.bodies[:2]] == [["spring", "2026"], ["vip", "spring", "2026"]]


def test_notes_are_filled_in_from_the_row(sent: Sent) -> None:
    assert [body.get("notes") for body in sent.bodies[:3]] == [
        'Asked about Kitchen, "large"',
        "Call after lunch",
        "Asked about our services",
    ]


def test_rows_leaves_the_others_pending(sent: Sent) -> None:
    assert (sent.bodies[3], sent.finished.returncode) == ({}, 0)


def test_the_key_can_come_from_a_file(desk: Desk, sent: Sent) -> None:
    assert {request["key"] for request in desk.received(sent.sheet)} == {"sk_sandbox"}


def test_campaign_names_the_campaign(desk: Desk, sent: Sent) -> None:
    depth = desk.dialer("status", "spring sale", *desk.api, "--json").json
    assert (depth["rows"], depth["source"]) == (4, str(sent.sheet.path))


def test_a_folder_as_output_keeps_the_usual_names(sent: Sent) -> None:
    sheet, html = (Path(line) for line in sent.finished.stdout.splitlines()[-2:])
    assert (sheet.name, html.name, sheet.exists(), html.exists()) == (
        "everything said.results.csv",
        "everything said.report.html",
        True,
        True,
    )


def test_verbose_says_every_call_with_its_number_masked(sent: Sent) -> None:
    number = sent.sheet.numbers[0]
    (line,) = [line for line in sent.finished.stderr.splitlines() if line.startswith("row 2 ")]
    assert line.startswith(f"row 2 {number[:5]}***{number[-4:]} called: queued call-")


def test_the_plan_shows_the_first_request_exactly(sent: Sent) -> None:
    assert (
        f'The first request: {{"phone_number": "{sent.sheet.numbers[0]}", "assistant_id": "{VOZ_ID}", '
        '"source": "website", "tags": ["spring", "2026"], '
        '"notes": "Asked about Kitchen, \\"large\\""}'
    ) in sent.finished.stderr.splitlines()


def test_the_plan_shows_the_end_of_the_key_and_no_more(sent: Sent) -> None:
    assert ("key …dbox" in sent.finished.stderr, "sk_sandbox" in sent.finished.stderr) == (True, False)


def test_call_sends_what_it_is_told(desk: Desk) -> None:
    (number,) = desk.numbers(1)
    desk.dialer(
        *("call", number, *desk.api, "--assistant", "Aurora", "--first-name", "Zoë", "--last-name", "Ó Sé"),
        *("--source", "me", "--tag", "try", "--notes", "{literally}"),
    )
    (request,) = [r for r in desk.sandbox.record() if r["phone_number"] == number]
    assert request["body"] == {
        "phone_number": number,
        "assistant_name": "Aurora",
        "first_name": "Zoë",
        "last_name": "Ó Sé",
        "source": "me",
        "tags": ["try"],
        "notes": "{literally}",
    }


# ------------------------------------------------------------------------------------------ who is called


def test_a_limit_is_kept_by_all_callers_together(desk: Desk) -> None:
    sheet = desk.sheet(6)
    desk.run(sheet, "--limit", "2", "--concurrency", "6")
    assert len(desk.created(sheet)) == 2


@dataclass(frozen=True)
class Story:
    """A sheet from its first run to its last, with what the sandbox had received after each step."""

    sheet: Sheet
    steps: dict[str, tuple[Finished, list[str]]]

    def received(self, step: str) -> list[str]:
        """Whose calls were asked for in a step, by their place in the sheet."""
        return self.steps[step][1]


@pytest.fixture(scope="module")
def story(desk: Desk) -> Story:
    sheet = desk.sheet(4, rows=["nobody,Nora"])
    added = desk.numbers(1)[0]
    whole = Sheet(sheet.path, (*sheet.numbers, added))
    steps: dict[str, tuple[Finished, list[str]]] = {}
    places = {number: f"person {place}" for place, number in enumerate(whole.numbers, start=1)}

    def step(name: str, finished: Finished) -> None:
        before = sum(len(received) for _, received in steps.values())
        steps[name] = finished, [places[r["phone_number"]] for r in desk.received(whole)[before:]]

    with desk.trouble(scripts={sheet.numbers[1]: ["422", "422", "422"]}):
        step("first", desk.run(sheet))
        step("again", desk.run(sheet))
        step("retry", desk.retry(sheet))
        step("retry report", desk.dialer("retry", sheet.report, *desk.call_options()))
        step("retry report once more", desk.dialer("retry", sheet.report, *desk.call_options()))
        step("report", desk.dialer("run", sheet.report, *desk.call_options()))
        sheet.add(f"{added},Late Larry")
        step("one row more", desk.run(sheet))
    return Story(whole, steps)


def test_a_first_run_calls_everyone(story: Story) -> None:
    assert sorted(story.received("first")) == [f"person {place}" for place in (1, 2, 3, 4)]


def test_a_second_run_calls_nobody(story: Story) -> None:
    assert story.received("again") == []


def test_a_second_run_says_why_nobody_is_called(story: Story) -> None:
    said = [" ".join(line.split()) for line in story.steps["again"][0].stderr.splitlines()]
    assert {
        "0 to call now",
        "3 called already",
        "1 failed before: `dialer retry` calls them again",
    } <= set(said)


def test_a_second_run_says_from_what_the_campaign_was_loaded(story: Story) -> None:
    assert f"(loaded before from {story.sheet.path} at " in story.steps["again"][0].stderr


def test_retry_calls_exactly_those_who_failed(story: Story) -> None:
    assert story.received("retry") == ["person 2"]


def test_retry_takes_the_report_as_well(story: Story) -> None:
    assert story.received("retry report") == ["person 2"]


def test_whoever_failed_can_be_tried_until_it_works(story: Story) -> None:
    assert story.received("retry report once more") == ["person 2"]


def test_a_retry_that_works_is_0(story: Story) -> None:
    codes = [story.steps[name][0].returncode for name in ("retry", "retry report", "retry report once more")]
    assert codes == [1, 1, 0]


def test_a_report_as_a_sheet_calls_nobody(story: Story) -> None:
    assert (story.received("report"), story.steps["report"][0].returncode) == ([], 0)


def test_a_report_of_a_report_keeps_its_name_and_columns(story: Story) -> None:
    first = story.sheet.results()[0]
    assert (list(first)[:3], sum(name.endswith("call_id") for name in first)) == (
        ["phone", "first_name", "call_id"],
        1,
    )


def test_one_row_more_is_one_call_more(story: Story) -> None:
    assert story.received("one row more") == ["person 5"]


def test_everybody_has_been_called_once_in_the_end(desk: Desk, story: Story) -> None:
    assert desk.created(story.sheet) == dict.fromkeys(story.sheet.numbers, 1)


def test_every_row_has_come_back_in_its_place(story: Story) -> None:
    assert [(row["first_name"], row["status"]) for row in story.sheet.results()] == [
        *((f"Person {place}", "queued") for place in (1, 2, 3, 4)),
        ("Nora", "invalid"),
        ("Late Larry", "queued"),
    ]


def test_only_chooses_by_status(desk: Desk) -> None:
    sheet = desk.sheet(3)
    with desk.trouble(scripts={sheet.numbers[0]: ["422"]}):
        desk.run(sheet, "--rows", "2")
        desk.run(sheet, "--only", "failed")
    assert [r["phone_number"] for r in desk.received(sheet)] == [sheet.numbers[0]] * 2


def test_a_mended_row_is_called_by_the_next_run(desk: Desk) -> None:
    sheet = desk.sheet(1, rows=["nobody,Nora"])
    (mended,) = desk.numbers(1)
    desk.run(sheet)
    sheet.path.write_text(sheet.path.read_text().replace("nobody", mended))
    again = desk.run(sheet, "--only", "mended", "--json").json
    assert (again["called_now"], again["counts"]) == (1, {"queued": 2})


@pytest.fixture(scope="module")
def elsewhere(desk: Desk) -> tuple[Finished, Finished]:
    """People called by one campaign, and then by another: at once, and with --recall-after."""
    sheet = desk.sheet(2)
    desk.run(sheet, "--campaign", "spring")
    options = ("--campaign", "summer", "--json")
    return desk.run(sheet, *options), desk.run(sheet, *options, "--recall-after", "0s")


def test_whoever_was_called_by_another_campaign_lately_is_left_alone(
    elsewhere: tuple[Finished, Finished],
) -> None:
    said = elsewhere[0].json
    assert (said["called_now"], said["counts"]) == (0, {"recent": 2})


def test_recall_after_says_how_long(elsewhere: tuple[Finished, Finished]) -> None:
    said = elsewhere[1].json
    assert (said["called_now"], said["counts"]) == (2, {"queued": 2})


def test_another_ledger_knows_nothing_of_the_first(desk: Desk) -> None:
    sheet, ledger = desk.sheet(1), desk.place() / "mine.sqlite3"
    desk.run(sheet)
    desk.run(sheet, "--ledger", f"sqlite:///{ledger}")
    assert (desk.created(sheet)[sheet.numbers[0]], ledger.stat().st_mode & 0o777) == (2, 0o600)


def test_timeout_says_how_long_one_call_may_take(desk: Desk) -> None:
    sheet = desk.sheet(1)
    with desk.trouble("hang-after"):
        said = desk.run(sheet, "--timeout", "0.5s", "--json").json
    assert said["counts"] == {"unknown": 1}


def test_rate_and_concurrency_stand_in_the_plan(desk: Desk) -> None:
    finished = desk.run(desk.sheet(1), "--rate", "30/min", "--concurrency", "3", "--dry-run")
    assert "Pace       at most 30/min, 3 in flight, about 0 s" in _lines(finished)


def test_quiet_says_nothing_on_stderr(desk: Desk) -> None:
    assert desk.run(desk.sheet(1), "-q").stderr == ""


# ------------------------------------------------------------------------------------------ standard input


@pytest.fixture(scope="module")
def piped(desk: Desk) -> tuple[Sheet, Finished, Finished, Finished]:
    """Leads from standard input, the same again, and their report."""
    numbers = desk.numbers(2)
    text = "phone\n" + "".join(f"{number}\n" for number in numbers)
    sheet = Sheet(desk.folder / "from the pipe.csv", numbers)
    command = ("run", "-", *desk.call_options("--campaign", "from the pipe", "--json"))
    first, again = (desk.dialer(*command, stdin=text) for _ in range(2))
    return sheet, first, again, desk.dialer("report", "from the pipe", *desk.api, "--json")


def test_leads_can_come_from_standard_input(
    desk: Desk, piped: tuple[Sheet, Finished, Finished, Finished]
) -> None:
    sheet, first, *_ = piped
    assert (first.json["called_now"], desk.created(sheet)) == (2, dict.fromkeys(sheet.numbers, 1))


def test_the_same_input_again_calls_nobody(piped: tuple[Sheet, Finished, Finished, Finished]) -> None:
    assert (piped[2].json["called_now"], piped[2].returncode) == (0, 0)


def test_the_report_of_standard_input_can_be_written_again(
    piped: tuple[Sheet, Finished, Finished, Finished],
) -> None:
    sheet, first, _, report = piped
    assert (report.json["report"], first.json["report"], sheet.statuses()) == (
        str(sheet.report),
        str(sheet.report),
        ["queued", "queued"],
    )


def test_check_reads_standard_input(desk: Desk) -> None:
    table = desk.dialer("check", "-", "--json", stdin="phone;name\n+12015550101;Ann\n").json
    assert (table["format"], table["counts"]["callable"]) == ("csv", 1)


# ------------------------------------------------------------------------------------------ where reports go


def test_output_names_the_file(desk: Desk) -> None:
    sheet, target = desk.sheet(1), desk.place() / "new" / "out.csv"
    said = desk.run(sheet, "-o", target, "--json").json
    assert (said["report"], said["html"], target.exists()) == (
        str(target),
        str(target.with_name("out.report.html")),
        True,
    )


def test_output_never_replaces_the_sheet_and_says_so_before_the_first_call(desk: Desk) -> None:
    sheet = desk.sheet(1)
    before = sheet.path.read_bytes()
    error = desk.run(sheet, "-o", sheet.path, "--json").json["error"]
    sentence = f"The report would replace {sheet.path}: name another file with --output."
    assert (error["message"], sheet.path.read_bytes(), desk.received(sheet)) == (sentence, before, [])


def test_a_report_that_cannot_be_written_loses_nothing(desk: Desk) -> None:
    sheet, file = desk.sheet(1), desk.place() / "a file"
    file.touch()
    finished = desk.run(sheet, "-o", file / "out.csv", "--json")
    report = desk.dialer("report", sheet.campaign, *desk.api)
    assert (finished.returncode, finished.json["report"], report.returncode, sheet.statuses()) == (
        1,
        None,
        0,
        ["queued"],
    )


def test_a_report_that_cannot_be_written_again_is_one_sentence(desk: Desk) -> None:
    sheet, file = desk.sheet(1), desk.place() / "a file"
    desk.run(sheet)
    file.touch()
    finished = desk.dialer("report", sheet.campaign, *desk.api, "-o", file / "out.csv")
    assert finished.stderr == (
        f"dialer: The report could not be written ([Errno 17] File exists: '{file}'): name another place "
        "with --output.\n"
    )


# ------------------------------------------------------------------------------------------ a dry run


def _snapshot(folder: Path) -> dict[str, str]:
    """Every file under a folder and what is in it, but for the empty files that SQLite puts beside a ledger
    when it is read."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and not (path.name.endswith("-wal") and not path.stat().st_size)
        if not path.name.endswith("-shm")
    }


def test_a_dry_run_writes_nothing_and_sends_nothing(desk: Desk) -> None:
    sheet = desk.sheet(3)
    desk.run(sheet, "--limit", "1", "--concurrency", "1")
    before = _snapshot(desk.folder), desk.sandbox.record()
    finished = desk.run(sheet, "--dry-run")
    assert (finished.returncode, (_snapshot(desk.folder), desk.sandbox.record())) == (0, before)


def test_a_dry_run_plans_with_the_history_of_the_ledger(desk: Desk) -> None:
    sheet = desk.sheet(3)
    desk.run(sheet, "--limit", "1", "--concurrency", "1")
    said = [" ".join(line.split()) for line in desk.run(sheet, "--dry-run").stderr.splitlines()]
    assert {"2 would be called now", "1 called already"} <= set(said)


def test_a_dry_run_needs_neither_a_key_nor_a_ledger(desk: Desk) -> None:
    sheet, place = desk.sheet(1), desk.place()
    env = {"HOME": str(place), "XDG_DATA_HOME": str(place / "data"), "VOZAGENT_API_KEY": None}
    finished = desk.run(sheet, "--dry-run", env=env)
    assert (finished.returncode, list(place.iterdir())) == (0, [])


# ------------------------------------------------------------------------------------ where settings stand


def _lines(finished: Finished) -> list[str]:
    return [line.rstrip() for line in finished.stderr.splitlines()]


def _pace(desk: Desk, sheet: Sheet, place: Path, *options: str, env: dict[str, str]) -> str:
    """The pace in the plan of a dry run."""
    finished = desk.dialer(
        *("run", str(sheet.path), *desk.api, "-a", "Voz", "--dry-run", *options),
        place=place,
        env={"XDG_CONFIG_HOME": str(place / "config")} | env,
    )
    (line,) = [line for line in _lines(finished) if line.startswith("Pace")]
    return line.split("at most ")[1].split(",")[0]


def test_a_flag_beats_the_environment_beats_the_folder_beats_the_user_beats_the_default(desk: Desk) -> None:
    sheet, place = desk.sheet(1), desk.place()
    said = [_pace(desk, sheet, place, env={})]
    (place / "config" / "dialer").mkdir(parents=True)
    (place / "config" / "dialer" / "dialer.toml").write_text('rate = "1/s"\n')
    said.append(_pace(desk, sheet, place, env={}))
    (place / "dialer.toml").write_text('rate = "2/s"\n')
    said.append(_pace(desk, sheet, place, env={}))
    said.append(_pace(desk, sheet, place, env={"DIALER_RATE": "3/s"}))
    said.append(_pace(desk, sheet, place, "--rate", "4/s", env={"DIALER_RATE": "3/s"}))
    assert said == ["5/s", "1/s", "2/s", "3/s", "4/s"]


def test_config_names_the_one_settings_file(desk: Desk) -> None:
    sheet, place = desk.sheet(1), desk.place()
    (place / "dialer.toml").write_text('rate = "2/s"\n')
    (place / "night.toml").write_text('rate = "9/min"\n')
    assert _pace(desk, sheet, place, "--config", "night.toml", env={}) == "9/min"


@pytest.fixture(scope="module")
def surrounded(desk: Desk) -> tuple[Sheet, Finished]:
    """A run that is told everything by its environment and its folder."""
    sheet, place = desk.sheet(1), desk.place()
    (place / "dialer.toml").write_text('assistant = "Nobody"\ntag = ["file"]\nsource = "file"\n')
    env = {
        "DIALER_BASE_URL": desk.sandbox.base_url,
        "DIALER_ASSISTANT_ID": VOZ_ID,
        "DIALER_YES": "true",
        "DIALER_ANY_HOUR": "true",
        "DIALER_TAG": "spring; new customers",
        "DIALER_RATE": "100/s",
        "DIALER_JSON": "1",
    }
    return sheet, desk.dialer("run", sheet.path, place=place, env=env)


def test_the_environment_can_say_it_all(surrounded: tuple[Sheet, Finished]) -> None:
    assert surrounded[1].json["counts"] == {"queued": 1}


def test_several_tags_in_the_environment_are_parted_by_semicolons(
    desk: Desk, surrounded: tuple[Sheet, Finished]
) -> None:
    (request,) = desk.received(surrounded[0])
    assert request["body"]["tags"] == ["spring", "new customers"]


def test_the_settings_file_fills_what_nobody_said(desk: Desk, surrounded: tuple[Sheet, Finished]) -> None:
    (request,) = desk.received(surrounded[0])
    assert request["body"]["source"] == "file"


def test_an_assistant_said_nearer_beats_the_one_in_a_file(
    desk: Desk, surrounded: tuple[Sheet, Finished]
) -> None:
    (request,) = desk.received(surrounded[0])
    assert (request["body"].get("assistant_name"), request["body"]["assistant_id"]) == (None, VOZ_ID)


# ------------------------------------------------------------------------------------ readers that leave


def test_a_reader_that_leaves_early_changes_no_exit_code(desk: Desk) -> None:
    sheet = desk.sheet(2)
    process = desk.start(sheet, "-v", "--json")
    for stream in (process.stdout, process.stderr):
        assert stream is not None
        stream.close()
    assert (process.wait(timeout=30), sheet.statuses()) == (0, ["queued", "queued"])
