"""Each option of check, run, retry and call does what it says; the record of the sandbox is the judge."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.command import Finished
from tests.desk import Desk, Sheet, open_desk, told

VOZ_ID = "a1000001-5eed-0001"
FAULTS = ["422,422,ok", "hang-after"]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk that all tests of this module share."""
    with open_desk(tmp_path_factory.mktemp("desk"), faults=FAULTS) as opened:
        yield opened


@pytest.fixture(scope="module", autouse=True)
def stories(desk: Desk, request: pytest.FixtureRequest) -> Iterator[Mapping[str, Future[Any]]]:
    """The stories of the tests that were chosen; they are told while the quick tests run."""
    wanted = {name for item in request.session.items for name in getattr(item, "fixturenames", ())}
    with told(desk, STORIES, wanted=wanted) as begun:
        yield begun


def _words(finished: Finished) -> list[str]:
    """The lines on stderr, with one space between two words."""
    return [" ".join(line.split()) for line in finished.stderr.splitlines()]


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


def _read(desk: Desk) -> Finished:
    text = (
        "phone~of the year~1~\n"
        "Téléphone~Best, ever~Prénom~Ville\n"
        "+33199001231~+33199001232~Zoé~Sète\n"
        "+33199001233~+33199001234~Noé~Nîmes\n"
        "+33199001235~(201) 555-0101~Léa~Dole\n"
        "+33199001237~+33199001232~Zoé bis~Agde\n"
    )
    path = desk.place() / "leads.csv"
    path.write_bytes(text.encode("cp850"))
    return desk.dialer(
        *("check", path, "--jsonl", "--encoding", "cp850", "--delimiter", "~", "--header-row", "2"),
        *("--map", "phone=Best, ever", "--map", "notes=D", "--duplicates", "last", "--rows", "6,3-4"),
    )


@pytest.fixture(scope="module")
def read(stories: Mapping[str, Future[Any]]) -> Finished:
    """A text that can only be read as it is told to be."""
    story: Finished = stories["read"].result()
    return story


def test_encoding_and_delimiter_say_how_a_text_is_written(read: Finished) -> None:
    table = read.json_lines[0]
    columns = ["Téléphone", "Best, ever", "Prénom", "Ville"]
    assert (table["encoding"], table["delimiter"], table["columns"]) == ("cp850", "~", columns)


def test_header_row_says_where_the_header_stands(read: Finished) -> None:
    assert read.json_lines[0]["header_row"] == 2


def test_map_says_which_column_is_which(read: Finished) -> None:
    mapping = {"phone": "Best, ever", "first_name": "Prénom", "notes": "Ville"}
    assert read.json_lines[0]["mapping"] == mapping


def test_rows_are_those_asked_for(read: Finished) -> None:
    assert [line["row"] for line in read.json_lines[1:]] == [3, 4, 6]


def test_the_last_of_several_rows_can_be_the_one_that_is_called(read: Finished) -> None:
    verdicts = {line["row"]: line["verdict"] for line in read.json_lines[1:]}
    assert verdicts == {3: "duplicate", 4: "callable", 6: "callable"}


def test_check_reads_standard_input(desk: Desk) -> None:
    table = desk.dialer("check", "-", "--json", stdin="phone;name\n+12015550101;Ann\n").json
    assert (table["format"], table["counts"]["callable"]) == ("csv", 1)


def test_a_fix_list_is_written_where_it_is_wanted(desk: Desk) -> None:
    sheet, target = desk.sheet(1, rows=["nobody,Nora"]), desk.place() / "mend.xlsx"
    desk.dialer("check", sheet.path, "--fix-list", target)
    cell = openpyxl.load_workbook(target).worksheets[0]["A3"]
    assert (cell.value, cell.comment is not None) == ("nobody", True)


# ------------------------------------------------------------------------------------ a single call


def test_call_sends_what_it_is_told(desk: Desk) -> None:
    number = desk.number()
    person = ("--first-name", "Zoë", "--last-name", "Ó Sé", "--source", "me", "--tag", "try")
    desk.dialer("call", number, *desk.api, "--assistant", "Aurora", *person, "--notes", "{as it is}")
    (request,) = desk.received(number)
    assert request["body"] == {
        "phone_number": number,
        "assistant_name": "Aurora",
        "first_name": "Zoë",
        "last_name": "Ó Sé",
        "source": "me",
        "tags": ["try"],
        "notes": "{as it is}",
    }


def test_another_ledger_knows_nothing_of_the_first(desk: Desk) -> None:
    number, ledger = desk.number(), desk.place() / "mine.sqlite3"
    desk.call(number)
    desk.call(number, "--ledger", f"sqlite:///{ledger}")
    assert (desk.created(number).total(), ledger.stat().st_mode & 0o777) == (2, 0o600)


def test_timeout_says_how_long_one_call_may_take(desk: Desk) -> None:
    said = desk.call(desk.number("hang-after"), "--timeout", "0.5s").json
    assert (said["status"], said["reason"]) == ("unknown", "no reply (TimeoutError)")


def test_whoever_was_called_lately_can_be_called_all_the_same(desk: Desk) -> None:
    number = desk.number()
    again = [desk.call(number), desk.call(number, "--recall-after", "0s")][1]
    assert (again.json["status"], again.json["is_new_contact"]) == ("queued", False)


# ------------------------------------------------------------------------------------ where settings stand


@pytest.fixture(scope="module")
def settled(desk: Desk) -> list[str]:
    """The plan of a dry run that four places speak of."""
    sheet, place = desk.sheet(1), desk.place()
    own = place / "config" / "dialer"
    own.mkdir(parents=True)
    (own / "dialer.toml").write_text('concurrency = 7\nrate = "1/s"\nsource = "user"\ntag = "user"\n')
    (place / "dialer.toml").write_text('rate = "2/s"\nsource = "folder"\ntag = ["folder"]\n')
    env = {"XDG_CONFIG_HOME": str(place / "config"), "DIALER_SOURCE": "environment", "DIALER_TAG": "env"}
    command = ("run", str(sheet.path), *desk.api, "-a", "Voz", "--dry-run", "--tag", "flag")
    return _words(desk.dialer(*command, place=place, env=env))


def test_the_users_file_beats_the_default(settled: list[str]) -> None:
    assert any(line.endswith(", 7 in flight, about 0 s") for line in settled)


def test_the_file_in_the_folder_beats_that_of_the_user(settled: list[str]) -> None:
    assert any(line.startswith("Pace at most 2/s, ") for line in settled)


def test_the_environment_beats_the_file_in_the_folder(settled: list[str]) -> None:
    assert any('"source": "environment"' in line for line in settled)


def test_a_flag_beats_the_environment(settled: list[str]) -> None:
    assert any('"tags": ["flag"]' in line for line in settled)


def test_config_names_the_one_settings_file(desk: Desk) -> None:
    place = desk.place()
    (place / "dialer.toml").write_text('rate = "2/s"\n')
    (place / "night.toml").write_text("concurrency = 9\n")
    sheet = str(desk.sheet(1).path)
    command = ("run", sheet, *desk.api, "-a", "Voz", "--dry-run", "--config", "night.toml")
    assert "Pace at most 5/s, 9 in flight, about 0 s" in _words(desk.dialer(*command, place=place))


def _surrounded(desk: Desk) -> tuple[Sheet, Finished]:
    sheet, place = desk.sheet(1), desk.place()
    (place / "dialer.toml").write_text('assistant = "Nobody"\nsource = "file"\n')
    env = {
        "DIALER_BASE_URL": desk.sandbox.base_url,
        "DIALER_ASSISTANT_ID": VOZ_ID,
        "DIALER_YES": "true",
        "DIALER_ANY_HOUR": "true",
        "DIALER_TAG": "spring; new customers",
        "DIALER_RATE": "100/s",
        "DIALER_JSON": "1",
        "DIALER_QUIET": "yes",
        "DIALER_OUTPUT": str(place / "new" / "out.csv"),
    }
    return sheet, desk.dialer("run", sheet.path, place=place, env=env)


@pytest.fixture(scope="module")
def surrounded(stories: Mapping[str, Future[Any]]) -> tuple[Sheet, Finished]:
    """A run that is told everything by its environment and its folder."""
    story: tuple[Sheet, Finished] = stories["surrounded"].result()
    return story


def test_the_environment_can_say_it_all(surrounded: tuple[Sheet, Finished]) -> None:
    assert surrounded[1].json["counts"] == {"queued": 1}


def test_quiet_says_nothing_on_stderr(surrounded: tuple[Sheet, Finished]) -> None:
    assert surrounded[1].stderr == ""


def test_output_names_the_file(surrounded: tuple[Sheet, Finished]) -> None:
    said = surrounded[1].json
    names = [Path(said[name]).name for name in ("report", "html") if Path(said[name]).exists()]
    assert (names, Path(said["report"]).parent.name) == (["out.csv", "out.report.html"], "new")


def test_several_tags_in_the_environment_are_parted_by_semicolons(
    desk: Desk, surrounded: tuple[Sheet, Finished]
) -> None:
    (request,) = desk.received(*surrounded[0].numbers)
    assert request["body"]["tags"] == ["spring", "new customers"]


def test_the_settings_file_fills_what_nobody_said(desk: Desk, surrounded: tuple[Sheet, Finished]) -> None:
    (request,) = desk.received(*surrounded[0].numbers)
    assert request["body"]["source"] == "file"


def test_an_assistant_said_nearer_beats_the_one_in_a_file(
    desk: Desk, surrounded: tuple[Sheet, Finished]
) -> None:
    (request,) = desk.received(*surrounded[0].numbers)
    assert (request["body"].get("assistant_name"), request["body"]["assistant_id"]) == (None, VOZ_ID)


# ------------------------------------------------------------------------------------ what is sent


@dataclass(frozen=True)
class Sent:
    """A run with everything that can be said about the calls, and what came after it."""

    sheet: Sheet
    finished: Finished
    bodies: list[dict[str, Any]]  # in the order of the rows
    dry: Finished
    changed: set[str]  # files that the dry run changed
    sent: int  # requests that the dry run sent
    elsewhere: Finished
    recalled: Finished
    depth: Finished


def _sent(desk: Desk) -> Sent:
    one, two, three, four = numbers = desk.numbers(4)
    path = desk.folder / "everything said.csv"
    path.write_text(
        "phone,source,tags,notes,Product\n"
        f'{one},,,,"Kitchen, ""large"""\n'
        f"{two},fair,vip; spring,Call after lunch,Bath\n"
        f"{three},,,,\n"
        f"{two},,late,,\n"
        f"{four},,,,Roof\n"
    )
    key = desk.place() / "key"
    key.write_text("sk_sandbox\n")
    key.chmod(0o600)
    sheet = Sheet(path, numbers)
    reading = ("--notes", "Asked about {Product|our services}", "--duplicates", "merge")
    who = (*desk.api, "--assistant-id", VOZ_ID, *reading)
    where = ("--campaign", "spring sale", "--ledger", str(desk.folder / "sale" / "ledger.sqlite3"))
    finished = desk.dialer(
        *("run", str(path), *who, *where, "--api-key-file", str(key), "-o", str(desk.place())),
        *("--source", "website", "--tag", "spring", "--tag", "2026"),
        *("--rows", "2-4", "--rate", "100/s", "--concurrency", "1", "--yes", "-v"),
        env={"VOZAGENT_API_KEY": None},
    )
    received = {request["phone_number"]: request["body"] for request in desk.received(*numbers)}
    dry = ("run", str(path), *who, "--dry-run", "--json")
    before, many = _snapshot(path.parent / "sale"), len(desk.received(*numbers))
    rehearsed = desk.dialer(*dry, *where)
    after = _snapshot(path.parent / "sale")
    return Sent(
        sheet,
        finished,
        [received.get(number, {}) for number in numbers],
        dry=rehearsed,
        changed={name for name, _ in before.items() ^ after.items()},
        sent=len(desk.received(*numbers)) - many,
        elsewhere=desk.dialer(*dry, *where[2:], "--campaign", "summer sale"),
        recalled=desk.dialer(*dry, *where[2:], "--campaign", "summer sale", "--recall-after", "0s"),
        depth=desk.dialer("status", "spring sale", *desk.api, *where[2:], "--json"),
    )


def _snapshot(folder: Path) -> dict[str, str]:
    """Every file under a folder and what is in it."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture(scope="module")
def sent(stories: Mapping[str, Future[Any]]) -> Sent:
    story: Sent = stories["sent"].result()
    return story


def test_the_assistant_can_be_named_by_its_id(sent: Sent) -> None:
    assert ("assistant_name" in sent.bodies[0], sent.bodies[0]["assistant_id"]) == (False, VOZ_ID)


def test_source_is_for_rows_that_have_none(sent: Sent) -> None:
    assert [body.get("source") for body in sent.bodies[:3]] == ["website", "fair", "website"]


def test_tags_are_united_with_those_of_the_row(sent: Sent) -> None:
    assert sent.bodies[0]["tags"] == ["spring", "2026"]


def test_merged_rows_share_their_tags(sent: Sent) -> None:
    assert sent.bodies[1]["tags"] == ["vip", "spring", "late", "2026"]


def test_notes_are_filled_in_from_the_row(sent: Sent) -> None:
    assert [body.get("notes") for body in sent.bodies[:3]] == [
        'Asked about Kitchen, "large"',
        "Call after lunch",
        "Asked about our services",
    ]


def test_rows_leaves_the_others_pending(sent: Sent) -> None:
    assert (sent.bodies[3], sent.finished.returncode) == ({}, 0)


def test_the_key_can_come_from_a_file(desk: Desk, sent: Sent) -> None:
    assert {request["key"] for request in desk.received(*sent.sheet.numbers)} == {"sk_sandbox"}


def test_campaign_names_the_campaign(sent: Sent) -> None:
    depth = sent.depth.json
    assert (depth["campaign"], depth["rows"], depth["source"]) == ("spring sale", 5, str(sent.sheet.path))


def test_a_folder_as_output_keeps_the_usual_names(sent: Sent) -> None:
    paths = [Path(line) for line in sent.finished.stdout.splitlines() if line.startswith("/")]
    names = ["everything said.results.csv", "everything said.report.html"]
    assert [path.name for path in paths if path.exists()] == names


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


def test_a_dry_run_writes_nothing_into_the_folder_of_the_ledger(sent: Sent) -> None:
    assert sent.changed == set()


def test_a_dry_run_sends_nothing(sent: Sent) -> None:
    assert sent.sent == 0


def test_a_dry_run_plans_with_the_history_of_the_ledger(sent: Sent) -> None:
    assert {"1 would be called now", "3 called already"} <= set(_words(sent.dry))


def test_whoever_was_called_by_another_campaign_lately_is_left_alone(sent: Sent) -> None:
    assert sent.elsewhere.json["counts"] == {"recent": 3, "pending": 1, "duplicate": 1}


def test_recall_after_says_how_long(sent: Sent) -> None:
    assert sent.recalled.json["counts"] == {"pending": 4, "duplicate": 1}


def test_a_dry_run_needs_neither_a_key_nor_a_ledger(desk: Desk) -> None:
    sheet, place = desk.sheet(1), desk.place()
    env = {"HOME": str(place), "XDG_DATA_HOME": str(place / "data"), "VOZAGENT_API_KEY": None}
    finished = desk.run(sheet, "--dry-run", env=env)
    assert (finished.returncode, list(place.iterdir())) == (0, [])


# ------------------------------------------------------------------------------------ who is called


@dataclass(frozen=True)
class Life:
    """A sheet from its first run to its last, with what the sandbox had received after each step."""

    sheet: Sheet
    steps: Mapping[str, tuple[Finished, list[str]]]

    def called(self, step: str) -> list[str]:
        """Whose calls were asked for in a step, by their place in the sheet."""
        return sorted(self.steps[step][1])


def _life(desk: Desk) -> Life:
    sheet = desk.sheet([desk.number(), desk.number("422,422,ok"), desk.number()], rows=["nobody,4th"])
    mended, added = desk.numbers(2)
    whole = Sheet(sheet.path, (*sheet.numbers, mended, added))
    places = {number: f"{place}" for place, number in enumerate(whole.numbers, start=1)}
    steps: dict[str, tuple[Finished, list[str]]] = {}

    def step(name: str, finished: Finished) -> None:
        before = sum(len(called) for _, called in steps.values())
        received = desk.received(*whole.numbers)[before:]
        steps[name] = finished, [places[request["phone_number"]] for request in received]

    step("first", desk.run(sheet, "--limit", "2"))
    step("first, its rest", desk.run(sheet))
    step("again", desk.run(sheet))
    step("retry", desk.retry(sheet))
    step("retry the report", desk.dialer("retry", sheet.report, *desk.call_options()))
    step("the report", desk.dialer("run", sheet.report, *desk.call_options()))
    sheet.path.write_text(sheet.path.read_text().replace("nobody", mended) + f"{added},5th\n")
    step("only mended", desk.run(sheet, "--only", "Invalid,mended"))
    step("one row more", desk.run(sheet))
    return Life(whole, steps)


@pytest.fixture(scope="module")
def life(stories: Mapping[str, Future[Any]]) -> Life:
    story: Life = stories["life"].result()
    return story


def test_a_limit_is_kept_by_all_callers_together(life: Life) -> None:
    assert len(life.called("first")) == 2


def test_the_next_run_calls_the_rest(life: Life) -> None:
    assert sorted(life.called("first") + life.called("first, its rest")) == ["1", "2", "3"]


def test_a_run_too_many_calls_nobody(life: Life) -> None:
    assert life.called("again") == []


def test_a_run_too_many_says_why_nobody_is_called(life: Life) -> None:
    said = {"0 to call now", "2 called already", "1 failed before: `dialer retry` calls them again"}
    assert said <= set(_words(life.steps["again"][0]))


def test_a_later_run_says_from_what_the_campaign_was_loaded(life: Life) -> None:
    assert f"(loaded before from {life.sheet.path} at " in life.steps["again"][0].stderr


def test_retry_calls_exactly_those_who_failed(life: Life) -> None:
    assert (life.called("retry"), life.steps["retry"][0].returncode) == (["2"], 1)


def test_retry_takes_the_report_as_well(life: Life) -> None:
    assert (life.called("retry the report"), life.steps["retry the report"][0].returncode) == (["2"], 0)


def test_a_report_as_a_sheet_calls_nobody(life: Life) -> None:
    assert (life.called("the report"), life.steps["the report"][0].returncode) == ([], 0)


def test_a_report_of_a_report_keeps_its_name_and_columns(life: Life) -> None:
    names = list(life.sheet.results()[0])
    assert (names[:3], sum(name.endswith("call_id") for name in names)) == (
        ["phone", "first_name", "call_id"],
        1,
    )


def test_only_chooses_by_status(life: Life) -> None:
    assert life.called("only mended") == ["4"]


def test_one_row_more_is_one_call_more(life: Life) -> None:
    assert life.called("one row more") == ["5"]


def test_everybody_has_been_called_once_in_the_end(desk: Desk, life: Life) -> None:
    assert desk.created(*life.sheet.numbers) == dict.fromkeys(life.sheet.numbers, 1)


def test_every_row_has_come_back_in_its_place(life: Life) -> None:
    people = [*(f"Person {place}" for place in (1, 2, 3)), "4th", "5th"]
    assert [(row["first_name"], row["status"]) for row in life.sheet.results()] == [
        (person, "queued") for person in people
    ]


# ------------------------------------------------------------------------------------ standard input, reports


def _piped(desk: Desk) -> tuple[Sheet, Finished, Finished, Finished]:
    numbers = desk.numbers(2)
    text = "phone\n" + "".join(f"{number}\n" for number in numbers)
    sheet = Sheet(desk.folder / "from the pipe.csv", numbers)
    command = ("run", "-", *desk.call_options("--campaign", "from the pipe", "--json"))
    first = desk.dialer(*command, stdin=text)
    again = desk.dialer(*command, "--dry-run", stdin=text)
    sheet.report.unlink()
    return sheet, first, again, desk.dialer("report", "from the pipe", *desk.api, "--json")


@pytest.fixture(scope="module")
def piped(stories: Mapping[str, Future[Any]]) -> tuple[Sheet, Finished, Finished, Finished]:
    """Leads from standard input, the same in a dry run, and their report written again."""
    story: tuple[Sheet, Finished, Finished, Finished] = stories["piped"].result()
    return story


Piped = tuple[Sheet, Finished, Finished, Finished]


def test_leads_can_come_from_standard_input(desk: Desk, piped: Piped) -> None:
    sheet, first, *_ = piped
    assert (first.json["called_now"], desk.created(*sheet.numbers)) == (2, dict.fromkeys(sheet.numbers, 1))


def test_the_same_input_is_the_same_campaign(piped: Piped) -> None:
    assert piped[2].json["counts"] == {"queued": 2}


def test_the_report_of_standard_input_can_be_written_again(piped: Piped) -> None:
    sheet, _, _, report = piped
    assert (report.json["report"], sheet.statuses()) == (str(sheet.report), ["queued", "queued"])


def test_output_never_replaces_the_sheet_and_says_so_before_the_first_call(desk: Desk) -> None:
    sheet = desk.sheet(1)
    before = sheet.path.read_bytes()
    error = desk.run(sheet, "-o", sheet.path, "--json").json["error"]
    sentence = f"The report would replace {sheet.path}: name another file with --output."
    assert (error["message"], sheet.path.read_bytes(), desk.received(*sheet.numbers)) == (
        sentence,
        before,
        [],
    )


def test_output_never_replaces_what_is_no_file(desk: Desk) -> None:
    sheet, place = desk.sheet(1), desk.place()
    os.mkfifo(place / "out.csv")
    error = desk.run(sheet, "-o", place / "out.csv", "--json").json["error"]
    assert (error["exit_code"], error["message"]) == (
        2,
        f"{place / 'out.csv'} is no file: name another with --output.",
    )


@dataclass(frozen=True)
class Unwritten:
    """A run whose report cannot be written, and two later attempts to write it."""

    sheet: Sheet
    in_the_way: Path
    run: Finished
    again: Finished
    elsewhere: Finished


def _unwritten(desk: Desk) -> Unwritten:
    sheet, file = desk.sheet(1), desk.place() / "a file"
    file.touch()
    nowhere = ("-o", str(file / "out.csv"))
    run = desk.run(sheet, *nowhere, "--json")
    again = desk.dialer("report", sheet.campaign, *desk.api, *nowhere)
    return Unwritten(sheet, file, run, again, desk.dialer("report", sheet.campaign, *desk.api))


@pytest.fixture(scope="module")
def unwritten(stories: Mapping[str, Future[Any]]) -> Unwritten:
    story: Unwritten = stories["unwritten"].result()
    return story


def test_a_run_whose_report_cannot_be_written_is_1(unwritten: Unwritten) -> None:
    said = unwritten.run.json
    expected = (1, None, {"queued": 1})
    assert (unwritten.run.returncode, said["report"], said["counts"]) == expected


def test_a_report_that_cannot_be_written_is_one_sentence(unwritten: Unwritten) -> None:
    assert unwritten.again.stderr == (
        f"dialer: The report could not be written ([Errno 17] File exists: '{unwritten.in_the_way}'): "
        "name another place with --output.\n"
    )


def test_a_report_can_be_written_later(unwritten: Unwritten) -> None:
    assert (unwritten.elsewhere.returncode, unwritten.sheet.statuses()) == (0, ["queued"])


def _deserted(desk: Desk) -> tuple[Sheet, int]:
    sheet = desk.sheet(2)
    process = desk.start(sheet, "-v", "--json")
    for stream in (process.stdout, process.stderr):
        if stream is not None:
            stream.close()
    return sheet, process.wait(timeout=30)


@pytest.fixture(scope="module")
def deserted(stories: Mapping[str, Future[Any]]) -> tuple[Sheet, int]:
    """A run whose reader goes away at once, as `| head -1` does, and its exit code."""
    story: tuple[Sheet, int] = stories["deserted"].result()
    return story


def test_a_reader_that_leaves_changes_no_exit_code(deserted: tuple[Sheet, int]) -> None:
    assert deserted[1] == 0


def test_a_reader_that_leaves_keeps_nobody_from_being_called(deserted: tuple[Sheet, int]) -> None:
    assert deserted[0].statuses() == ["queued", "queued"]


STORIES = {
    "life": _life,
    "sent": _sent,
    "piped": _piped,
    "unwritten": _unwritten,
    "surrounded": _surrounded,
    "deserted": _deserted,
    "read": _read,
}
