"""Assistant, source, tags and notes from the row, from the command line to the record of the sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.command import Finished
from tests.desk import Desk, Sheet, open_desk


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk that all tests of this module share."""
    with open_desk(tmp_path_factory.mktemp("desk")) as opened:
        yield opened


def _sheet(desk: Desk, *rows: str) -> Sheet:
    """A sheet with a number for each row; `rows` are Agent and Product."""
    numbers = desk.numbers(len(rows))
    path = desk.place() / "leads.csv"
    lines = [f"{number},{row}" for number, row in zip(numbers, rows, strict=True)]
    path.write_text("\n".join(("phone,Agent,Product", *lines)) + "\n", encoding="utf-8")
    return Sheet(path, numbers)


def _run(desk: Desk, sheet: Sheet, *options: str, command: str = "run") -> Finished:
    """`dialer run SHEET` in the folder of the sheet."""
    return desk.dialer(
        command, sheet.path, *desk.api, "--yes", "--rate", "200/s", *options, place=sheet.path.parent
    )


def _words(finished: Finished) -> list[str]:
    return [" ".join(line.split()) for line in finished.stderr.splitlines()]


def _bodies(desk: Desk, sheet: Sheet) -> list[dict[str, Any]]:
    """What was sent for each row that was called, in the order of the rows."""
    sent = {request["phone_number"]: request["body"] for request in desk.received(*sheet.numbers)}
    return [sent[number] for number in sheet.numbers if number in sent]


@dataclass(frozen=True)
class Told:
    """A run with all templates, and what was sent."""

    sheet: Sheet
    finished: Finished
    bodies: list[dict[str, Any]]


@pytest.fixture(scope="module")
def told(desk: Desk) -> Told:
    sheet = _sheet(desk, "Voz,Roof", "Aurora,", ",Bath", "Voz,Kitchen")
    finished = _run(
        desk,
        sheet,
        *("-a", "{agent}", "--source", "fair-{Product}", "--tag", "p:{Product}", "--tag", "May {{1}}"),
        *("--notes", "About {Product|our services}"),
    )
    return Told(sheet, finished, _bodies(desk, sheet))


def test_each_row_is_called_by_its_own_assistant(told: Told) -> None:
    assert [body["assistant_name"] for body in told.bodies] == ["Voz", "Aurora", "Voz"]


def test_each_row_has_a_source_of_its_own(told: Told) -> None:
    assert [body.get("source") for body in told.bodies] == ["fair-Roof", None, "fair-Kitchen"]


def test_each_row_has_tags_of_its_own_beside_those_of_all(told: Told) -> None:
    assert [body["tags"] for body in told.bodies] == [
        ["p:Roof", "May {1}"],
        ["May {1}"],
        ["p:Kitchen", "May {1}"],
    ]


def test_each_row_has_notes_of_its_own(told: Told) -> None:
    assert [body["notes"] for body in told.bodies] == ["About Roof", "About our services", "About Kitchen"]


def test_a_row_without_an_assistant_is_not_called_and_told_why(told: Told) -> None:
    row = told.sheet.path.parent / "reports" / "leads.results.csv"
    line = row.read_text(encoding="utf-8").splitlines()[3]
    assert "invalid,,,,,," in line
    assert "There is no assistant in B4, and --assistant takes it from there" in line


def test_the_plan_shows_how_many_each_assistant_calls(told: Told) -> None:
    assert {
        "Assistant {agent}",
        "Voz: 2 people, the first in row 2",
        "Aurora: 1 person, the first in row 3",
    } <= set(_words(told.finished))


def test_with_one_assistant_for_all_the_plan_shows_no_list(desk: Desk) -> None:
    sheet = _sheet(desk, "Voz,Roof", "Voz,Bath")
    said = _words(_run(desk, sheet, "-a", "{Agent}", "--dry-run"))
    assert [line for line in said if "the first in row" in line] == []


@pytest.mark.parametrize(("agent", "code"), [("Retired", "assistant_inactive"), ("Zov", "assistant_unknown")])
def test_a_wrong_assistant_in_any_row_stops_before_the_first_call(desk: Desk, agent: str, code: str) -> None:
    sheet = _sheet(desk, "Voz,Roof", f"{agent},Bath")
    error = _run(desk, sheet, "-a", "{Agent}", "--json").json["error"]
    assert (error["exit_code"], error["code"], "row 3 wants" in error["message"]) == (78, code, True)
    assert desk.received(*sheet.numbers) == []


@pytest.mark.parametrize(("command", "option"), [("run", "--assistant"), ("check", "--tag")])
def test_an_unknown_column_is_an_error_before_the_first_call(desk: Desk, command: str, option: str) -> None:
    sheet = _sheet(desk, "Voz,Roof")
    who = () if option == "--assistant" else ("--assistant", "Voz")
    arguments = (sheet.path, option, "{Prodct}", *who)
    finished = desk.dialer(command, *arguments, *desk.api, place=sheet.path.parent)
    assert (finished.returncode, finished.stderr.splitlines()[-1]) == (
        2,
        (
            f'dialer: {option} names the column "Prodct", which is not in the sheet: did you mean "Product"? '
            'The sheet has "phone", "Agent", "Product".'
        ),
    )


def test_check_tells_which_rows_have_no_assistant(desk: Desk) -> None:
    sheet = _sheet(desk, "Voz,Roof", ",Bath")
    checked = desk.dialer("check", sheet.path, "-a", "{Agent}", "--json", place=sheet.path.parent).json
    assert (checked["counts"]["callable"], checked["counts"]["invalid"]) == (1, 1)


def test_another_template_is_another_load(desk: Desk) -> None:
    sheet = _sheet(desk, "Voz,Roof", ",Bath")
    _run(desk, sheet, "-a", "{Agent}")
    finished = _run(desk, sheet, "-a", "{Agent|Aurora}")
    assert [body["assistant_name"] for body in _bodies(desk, sheet)] == ["Voz", "Aurora"]
    assert finished.returncode == 0


def test_the_command_that_goes_on_has_the_templates(desk: Desk) -> None:
    sheet = _sheet(desk, "Voz,Roof", "Voz,Bath")
    options = ("-a", "{Agent|Voz}", "--source", "fair-{Product}", "--tag", "p:{Product}")
    finished = _run(desk, sheet, *options, "--limit", "1")
    (line,) = [line for line in finished.stdout.splitlines() if line.startswith("Still to call: ")]
    assert line == (
        f"Still to call: dialer run {sheet.path} --source 'fair-{{Product}}' --tag 'p:{{Product}}' "
        f"-a '{{Agent|Voz}}' --base-url {desk.sandbox.base_url}"
    )


def test_a_single_call_has_no_row_to_fill_a_template_from(desk: Desk) -> None:
    number = desk.number()
    error = desk.call(number, "--tag", "p:{Product}").json["error"]
    assert (error["exit_code"], error["message"], desk.received(number)) == (
        2,
        "--tag 'p:{Product}' is filled in from a row, and a single call has none: give another --tag.",
        [],
    )


def test_a_template_may_stand_in_the_settings(desk: Desk) -> None:
    sheet = _sheet(desk, "Aurora,Roof")
    (sheet.path.parent / "dialer.toml").write_text(
        'profile = "roofing"\n[profiles.roofing]\nassistant = "{Agent|Voz}"\n'
    )
    _run(desk, sheet)
    assert [body["assistant_name"] for body in _bodies(desk, sheet)] == ["Aurora"]
