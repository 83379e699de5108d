"""Every sample goes through the installed command against a sandbox on a socket, and comes back.

The sandbox's own record is the judge of who was called.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import httpx
import openpyxl
import pytest

from dialer.sandbox.child import SandboxProcess
from tests import make_sample_leads
from tests.samples import (
    ALL,
    BRITISH,
    CLEAN,
    EVERYDAY,
    META,
    RESULT_HEADERS,
    SAMPLES,
    TEXTS,
    Sample,
    Trial,
    begin,
    leads_sheet,
)

# Refused at the first request and taken at the second; the row stands behind it.
REFUSED_ONCE = {CLEAN: ("+14045550133", 5), EVERYDAY: ("+17135550118", 22)}
ALWAYS_REFUSED = {CLEAN: [], EVERYDAY: ["+13055550191"]}

OnTrial = Callable[[Sample], Trial]


@pytest.fixture(scope="module")
def on_trial(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OnTrial]:
    """A sample after its first run. Nobody changes it: who goes on has a copy."""
    with SandboxProcess(":memory:") as sandbox:
        yield _remembered(sandbox, tmp_path_factory)


@pytest.fixture(scope="module")
def in_trouble(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OnTrial]:
    """The same, where the API refused one more number of the sample."""
    scripts = [f"{phone}=422,ok" for phone, _ in REFUSED_ONCE.values()]
    with SandboxProcess(":memory:", scripts=scripts) as sandbox:
        yield _remembered(sandbox, tmp_path_factory)


def _remembered(sandbox: SandboxProcess, factory: pytest.TempPathFactory) -> OnTrial:
    return cache(lambda sample: begin(sample, factory.mktemp("trial"), sandbox))


@pytest.fixture(params=ALL, ids=str)
def trial(request: pytest.FixtureRequest, on_trial: OnTrial) -> Trial:
    """Each sample after its first run."""
    return on_trial(request.param)


# ------------------------------------------------------------------------------------------ the first run


def test_the_samples_are_what_their_script_writes(tmp_path: Path) -> None:
    for name, build in make_sample_leads.FILES.items():
        (tmp_path / name).write_bytes(build())
    assert [each.rows(SAMPLES / each.file) for each in ALL] == [
        each.rows(tmp_path / each.file) for each in ALL
    ]


def test_the_exit_code_says_whether_a_row_failed(trial: Trial) -> None:
    assert trial.first.returncode == trial.sample.exit_code, trial.first


def test_every_row_has_the_status_and_the_number_written_by_hand(trial: Trial) -> None:
    found = {row: (result["status"], result.get("to_phone")) for row, result in trial.results().items()}
    assert found == trial.sample.becomes


def test_the_json_object_counts_every_row_once(trial: Trial) -> None:
    said = trial.first.json
    counts = Counter(status for status, _ in trial.sample.becomes.values())
    expected = (len(trial.sample.becomes), counts, len(trial.sample.called))
    assert (said["rows"], said["counts"], said["called_now"]) == expected


def test_the_api_was_asked_once_for_each_number_and_for_no_other(trial: Trial) -> None:
    asked_for = sorted(request["phone_number"] for request in trial.record)
    assert asked_for == sorted(phone for _, phone in trial.sample.becomes.values() if phone)


def test_the_calls_in_the_report_are_those_in_the_record_of_the_api(trial: Trial) -> None:
    created = {r["call_id"]: r["phone_number"] for r in trial.record if r["outcome"] == "created"}
    assert {r["call_id"]: r["to_phone"] for r in trial.results().values() if "call_id" in r} == created


def test_new_contacts_are_told_from_known_ones(trial: Trial) -> None:
    new, known = (True, False) if trial.sample is EVERYDAY else ("true", "false")
    said = {r["to_phone"]: r["is_new_contact"] for r in trial.results().values() if "is_new_contact" in r}
    assert said == {phone: known if phone == trial.sample.known else new for phone in trial.sample.called}


def test_the_contact_of_every_call_is_the_one_that_the_api_shows(trial: Trial) -> None:
    with httpx.Client(trust_env=False, headers={"Authorization": "Bearer sk_sandbox"}) as client:
        contacts = client.get(f"{trial.sandbox.base_url}/contacts", params={"limit": 100}).json()
    called = trial.sample.called
    shown = {each["id"]: each["phone_number"] for each in contacts if each["phone_number"] in called}
    assert {r["contact_id"]: r["to_phone"] for r in trial.results().values() if "contact_id" in r} == shown


def test_only_rows_that_were_tried_count_an_attempt(trial: Trial) -> None:
    said = {row: int(attempts) for row, attempts in trial.column("attempts").items()}
    assert said == {row: 1 for row, (_, phone) in trial.sample.becomes.items() if phone}


def test_a_row_has_a_reason_exactly_if_nobody_was_called(trial: Trial) -> None:
    uncalled = [row for row, (status, _) in trial.sample.becomes.items() if status != "queued"]
    assert list(trial.column("reason")) == uncalled


def test_the_sheet_is_not_written_to(trial: Trial) -> None:
    assert trial.sheet.read_bytes() == (SAMPLES / trial.sample.file).read_bytes()


def test_the_users_own_cells_come_back_as_they_were(trial: Trial) -> None:
    before, after = trial.sample.rows(trial.sheet), trial.sample.rows(trial.report)
    assert {row: cells[: trial.sample.width] for row, cells in after.items()} == before


def test_the_html_report_names_the_totals(trial: Trial) -> None:
    assert trial.sample.verdict in trial.page()


@pytest.mark.parametrize("sample", TEXTS, ids=str)
def test_every_line_of_a_text_begins_with_the_bytes_of_the_users(sample: Sample, on_trial: OnTrial) -> None:
    trial = on_trial(sample)
    before, after = trial.sheet.read_bytes().splitlines(), trial.report.read_bytes().splitlines()
    assert [new[: len(old)] for old, new in zip(before, after, strict=True)] == before


def test_the_reason_of_a_failed_row_is_what_the_api_said(on_trial: OnTrial) -> None:
    assert on_trial(EVERYDAY).column("reason")[11] == "The destination number is blocked"


# ------------------------------------------------------------------------------------------ the workbook


def test_the_workbook_keeps_every_style_and_format(on_trial: OnTrial) -> None:
    looks = [
        {
            cell.coordinate: repr((cell.number_format, cell.font, cell.fill, cell.border, cell.alignment))
            for row in leads_sheet(path).iter_rows(max_col=EVERYDAY.width)
            for cell in row
        }
        for path in (on_trial(EVERYDAY).sheet, on_trial(EVERYDAY).report)
    ]
    assert looks[1] == looks[0]


def test_the_workbook_keeps_what_its_sheet_looks_like(on_trial: OnTrial) -> None:
    looks = []
    for path in (on_trial(EVERYDAY).sheet, on_trial(EVERYDAY).report):
        sheet = leads_sheet(path)
        widths = [sheet.column_dimensions[letter].width for letter in "ABCDEFGHIJK"]
        heights = [sheet.row_dimensions[row].height for row in (1, 4)]
        merged = [str(cells) for cells in sheet.merged_cells.ranges]
        looks.append((sheet.freeze_panes, sheet.auto_filter.ref, widths, heights, merged))
    kept = ([10, 12, 14, 22, 24, 8, 16, 13, 14, 12, 40], [26, 30], ["A1:K1"])
    assert looks == [("D5", "A4:K26", *kept), ("D5", "A4:S26", *kept)]  # the filter goes over the results


def test_the_workbook_keeps_its_choices_and_colours_that_depend_on_a_cell(on_trial: OnTrial) -> None:
    sheet = leads_sheet(on_trial(EVERYDAY).report)
    chosen = [(str(each.sqref), each.formula1) for each in sheet.data_validations.dataValidation]
    coloured = [(str(each.sqref), each.rules[0].formula) for each in sheet.conditional_formatting]
    assert (chosen, coloured) == ([("J5:J26", "Notes!$A$7:$A$8")], [("H5:H26", ["20000"])])


def test_the_workbook_keeps_its_other_sheet(on_trial: OnTrial) -> None:
    sheets = []
    for path in (on_trial(EVERYDAY).sheet, on_trial(EVERYDAY).report):
        workbook = openpyxl.load_workbook(path)
        notes = workbook["Notes"]
        cells = [(cell.coordinate, cell.value, cell.font.b) for row in notes.iter_rows() for cell in row]
        sheets.append(
            (
                workbook.sheetnames,
                workbook.index(workbook["Leads"]),
                notes.column_dimensions["B"].width,
                cells,
            )
        )
    assert sheets[1] == sheets[0]


def test_the_headers_of_the_results_stand_behind_the_last_and_look_like_it(on_trial: OnTrial) -> None:
    sheet = leads_sheet(on_trial(EVERYDAY).report)
    last = sheet["K4"]
    headers = {cell.coordinate: cell.value for cell in sheet[4] if cell.style_id == last.style_id}
    assert [headers.get(f"{letter}4") for letter in "LMNOPQRS"] == list(RESULT_HEADERS)


def test_no_result_in_the_workbook_is_a_formula(on_trial: OnTrial) -> None:
    results = leads_sheet(on_trial(EVERYDAY).report).iter_rows(min_col=12)
    assert {cell.data_type for row in results for cell in row} == {"s", "b", "n"}


# ------------------------------------------------------------------------------------------ going on


def test_the_same_sheet_again_calls_nobody(trial: Trial, tmp_path: Path) -> None:
    again = trial.copied(tmp_path)
    finished, asked_for = again.go_on("run", again.sheet)
    assert (finished.returncode, asked_for, again.results()) == (0, [], trial.results())


@pytest.mark.parametrize("sample", [EVERYDAY, BRITISH], ids=str)
def test_the_report_as_a_sheet_calls_nobody_and_stays_as_it_is(
    sample: Sample, on_trial: OnTrial, tmp_path: Path
) -> None:
    again = on_trial(sample).copied(tmp_path)
    finished, asked_for = again.go_on("run", again.report)
    found = (finished.returncode, asked_for, sample.rows(again.report))
    assert found == (0, [], sample.rows(on_trial(sample).report))


def test_one_more_row_is_one_more_call(trial: Trial, tmp_path: Path) -> None:
    again = trial.copied(tmp_path)
    phone = _one_more_row(again)
    finished, asked_for = again.go_on("run", again.sheet)
    found = (finished.json["called_now"], asked_for, len(again.column("call_id")))
    assert found == (1, [phone], len(trial.column("call_id")) + 1)


@pytest.mark.parametrize(("sample", "place"), [(CLEAN, "sheet"), (EVERYDAY, "report")], ids=str)
def test_retry_calls_exactly_the_failed_rows(
    sample: Sample, place: str, in_trouble: OnTrial, tmp_path: Path
) -> None:
    again = in_trouble(sample).copied(tmp_path)
    phone, row = REFUSED_ONCE[sample]
    finished, asked_for = again.go_on("retry", getattr(again, place))
    still = ALWAYS_REFUSED[sample]
    before = in_trouble(sample).column("status")
    expected = (1 if still else 0, sorted([phone, *still]), before | {row: "queued"})
    assert (finished.returncode, asked_for, again.column("status")) == expected


@pytest.mark.parametrize(("sample", "place"), [(CLEAN, "report"), (EVERYDAY, "sheet")], ids=str)
def test_retry_calls_mended_rows_as_well(
    sample: Sample, place: str, in_trouble: OnTrial, tmp_path: Path
) -> None:
    again = in_trouble(sample).copied(tmp_path)
    phone, row = REFUSED_ONCE[sample]
    mended = _mend(again, getattr(again, place))
    _, asked_for = again.go_on("retry", getattr(again, place))
    before = in_trouble(sample).column("status")
    expected = sorted([phone, *ALWAYS_REFUSED[sample], *mended.values()])
    found = (asked_for, again.column("status"))
    assert found == (expected, before | dict.fromkeys([row, *mended], "queued"))


def test_a_run_calls_mended_rows_and_leaves_failed_ones(in_trouble: OnTrial, tmp_path: Path) -> None:
    again = in_trouble(CLEAN).copied(tmp_path)
    mended = _mend(again, again.sheet)
    finished, asked_for = again.go_on("run", again.sheet)
    assert (finished.returncode, asked_for) == (1, sorted(mended.values()))


def _one_more_row(trial: Trial) -> str:
    """Writes one more person below the last; gives the number."""
    if trial.sample is EVERYDAY:
        workbook = openpyxl.load_workbook(trial.sheet)
        sheet = workbook["Leads"]
        sheet["B27"], sheet["E27"], sheet["G27"] = "Vic", 2025550123, "United States"
        workbook.save(trial.sheet)
        return "+12025550123"
    line, phone = {
        CLEAN: ("Kim,Draft,+12025550151,,,,,", "+12025550151"),
        BRITISH: ("UK-19;Zoë;Sketch;020 7946 0035;UK;;no;", "+442079460035"),
        META: (f"{',' * 13}Kit Draft,,p:+12025550152,,", "+12025550152"),
    }[trial.sample]
    with trial.sheet.open("ab") as file:
        file.write(f"{line}\r\n".encode(trial.sample.encoding))
    return phone


def _mend(trial: Trial, path: Path) -> dict[int, str]:
    """Mends rows of a sheet or of its report as a person does; gives the rows with their numbers."""
    if trial.sample is CLEAN:
        path.write_bytes(path.read_bytes().replace(b",+1206555013,", b",+12065550135,"))
        return {7: "+12065550135"}
    workbook = openpyxl.load_workbook(path)
    sheet = workbook["Leads"]
    sheet["E12"], sheet["G20"] = "206-555-0108", "United States"
    workbook.save(path)
    return {12: "+12065550108", 20: "+15035550116"}
