"""A report is fed back, however a person has changed it: whom it calls is read from the record of the API."""

from __future__ import annotations

import csv
import random
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.desk import Desk, Sheet, open_desk, told

REFUSED_ONCE, REFUSED, TORN = "422,ok", "422*", "drop-after"
Rows = list[list[str]]
Stories = Mapping[str, Future[Any]]
# Of two rows with one number the first is called, whichever that is.
FIRST_OF_TWINS = {"queued": {"Person 1": "duplicate"}, "duplicate": {"Twin": "duplicate"}}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk that all tests of this module share."""
    folder = tmp_path_factory.mktemp("desk")
    with open_desk(folder, faults=[*[REFUSED_ONCE] * 12, *[REFUSED] * 12, *[TORN] * 12]) as opened:
        yield opened


@pytest.fixture(scope="module")
def stories(desk: Desk) -> Iterator[Stories]:
    """All stories, told side by side."""
    with told(desk, STORIES, wanted=set(STORIES)) as begun:
        yield begun


@dataclass(frozen=True, slots=True)
class Fed:
    """A report that came back, and what a run of it called."""

    sheet: Sheet
    called: dict[str, int]  # number -> calls that the API created by the run of the report
    statuses: dict[str, str]  # first name -> status in the report after it


def _rows(path: Path) -> Rows:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def _save(path: Path, rows: Rows) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


def _first_run(desk: Desk) -> Sheet:
    """Two are called, one is refused once and one always, one hangs up, one number is short, one doubled."""
    numbers = (*desk.numbers(2), desk.number(REFUSED_ONCE), desk.number(REFUSED), desk.number(TORN))
    sheet = desk.sheet(numbers, rows=["+1 201 555 019,Shorty", f"{numbers[0]},Twin"])
    desk.run(sheet)
    return sheet


def _fed(
    desk: Desk, change: Callable[[Rows, Sheet], Rows], *, command: str = "run", lost: bool = False
) -> Fed:
    """Call a sheet, change its report, and feed it back; with another ledger if the first was lost."""
    sheet = _first_run(desk)
    report = sheet.report
    header, *rows = _rows(report)
    _save(report, [header, *change(rows, sheet)])
    before = desk.created(*_everybody(report))
    place = ("--ledger", desk.folder / f"{sheet.campaign}.sqlite3") if lost else ()
    desk.dialer(command, report, *desk.call_options(*place))
    called = desk.created(*_everybody(report))
    called.subtract(before)
    statuses = {row["first_name"]: row["status"] for row in sheet.results()}
    return Fed(sheet, {number: count for number, count in called.items() if count}, statuses)


def _everybody(path: Path) -> list[str]:
    return [row[0] for row in _rows(path)]


def _shuffled(rows: Rows, _sheet: Sheet) -> Rows:
    return random.Random(5).sample(rows, len(rows))  # noqa: S311 - a seed makes every run the same run


def _as_it_is(rows: Rows, _sheet: Sheet) -> Rows:
    return rows


def _half(rows: Rows, _sheet: Sheet) -> Rows:
    return rows[::2]


def _with_new(number: str) -> Callable[[Rows, Sheet], Rows]:
    return lambda rows, _sheet: [[number, "Newcomer"], *rows]


def _mended(number: str, name: str) -> Callable[[Rows, Sheet], Rows]:
    """The number of one person is put right, and the rows are sorted the other way round."""

    def change(rows: Rows, _sheet: Sheet) -> Rows:
        return [[number, *row[1:]] if row[1] == name else row for row in reversed(rows)]

    return change


def _add(desk: Desk) -> tuple[str, Fed]:
    number = desk.numbers(1)[0]
    return number, _fed(desk, _with_new(number))


def _mend(desk: Desk, name: str) -> tuple[str, Fed]:
    number = desk.numbers(1)[0]
    return number, _fed(desk, _mended(number, name), command="retry")


def _mend_source(desk: Desk) -> tuple[list[str], dict[str, int]]:
    """The person mends the source, not the report, sorts it, and adds somebody whom `retry` must not call."""
    sheet = _first_run(desk)
    header, *rows = _rows(sheet.path)
    short, refused, new = desk.numbers(3)
    mended = {"Shorty": short, "Person 4": refused}
    _save(sheet.path, [header, [new, "Newcomer"], *([mended.get(r[1], r[0]), r[1]] for r in reversed(rows))])
    before = desk.created(*_everybody(sheet.path))
    desk.retry(sheet)
    called = desk.created(*_everybody(sheet.path))
    called.subtract(before)
    return [short, refused, sheet.numbers[2]], {number: count for number, count in called.items() if count}


def _twice(desk: Desk) -> tuple[Rows, Rows]:
    sheet = _first_run(desk)
    desk.dialer("run", sheet.report, *desk.call_options())
    once = _rows(sheet.report)
    desk.dialer("run", sheet.report, *desk.call_options())
    return once, _rows(sheet.report)


def _as_other_campaign(desk: Desk) -> dict[str, int]:
    """Somebody means it: a new campaign, and the time to leave people alone is over."""
    sheet = desk.sheet(2)
    desk.run(sheet)
    desk.dialer(
        "run", sheet.report, *desk.call_options("--campaign", f"{sheet.campaign}b", "--recall-after", "0s")
    )
    return dict(desk.created(*sheet.numbers))


def _workbook(desk: Desk) -> tuple[str, dict[str, int], list[Any]]:
    """A workbook's report, sorted by Excel's own means, one number mended; the ledger is lost."""
    numbers = desk.numbers(4)
    new = numbers[3]
    folder = desk.place()
    book = openpyxl.Workbook()
    for row in (
        ("Phone", "First name"),
        *((number, f"Person {n}") for n, number in enumerate(numbers[:3])),
        ("12", "Shorty"),
    ):
        book.active.append(row)
    book.save(folder / "list.xlsx")
    desk.dialer("run", folder / "list.xlsx", *desk.call_options(), place=folder)
    report = folder / "reports" / "list.results.xlsx"
    book = openpyxl.load_workbook(report)
    _, *rows = [[cell.value for cell in row] for row in book.active.iter_rows()]
    rows.reverse()
    rows[0][0] = new
    for place, row in enumerate(rows, start=2):
        for column, value in enumerate(row, start=1):
            book.active.cell(place, column, value)
    book.save(report)
    before = desk.created(*numbers)
    desk.dialer("retry", report, *desk.call_options("--ledger", folder / "new.sqlite3"), place=folder)
    called = desk.created(*numbers)
    called.subtract(before)
    book = openpyxl.load_workbook(report)
    return (
        new,
        {number: count for number, count in called.items() if count},
        [book.active.cell(row, 2).value for row in range(2, 6)],
    )


STORIES: dict[str, Callable[[Desk], Any]] = {
    "sorted": lambda desk: _fed(desk, _shuffled),
    "sorted_retried": lambda desk: _fed(desk, _shuffled, command="retry"),
    "halved": lambda desk: _fed(desk, _half),
    "ledger_lost": lambda desk: _fed(desk, _shuffled, lost=True),
    "ledger_lost_retried": lambda desk: _fed(desk, _as_it_is, lost=True, command="retry"),
    "added": _add,
    "mended": lambda desk: _mend(desk, "Shorty"),
    "mended_refused": lambda desk: _mend(desk, "Person 4"),
    "mended_source": _mend_source,
    "twice": _twice,
    "other_campaign": _as_other_campaign,
    "workbook": _workbook,
}


def test_a_sorted_report_calls_nobody(stories: Stories) -> None:
    assert stories["sorted"].result().called == {}


def test_a_sorted_report_keeps_every_result_beside_its_person(stories: Stories) -> None:
    assert (
        stories["sorted"].result().statuses
        == {
            "Person 1": "queued",
            "Person 2": "queued",
            "Person 3": "failed",
            "Person 4": "failed",
            "Person 5": "accepted",  # found in the API's records
            "Shorty": "invalid",
            "Twin": "queued",
        }
        | FIRST_OF_TWINS[stories["sorted"].result().statuses["Twin"]]
    )


def test_a_sorted_report_retried_calls_who_failed_and_nobody_else(stories: Stories) -> None:
    fed = stories["sorted_retried"].result()

    assert fed.called == {fed.sheet.numbers[2]: 1}


def test_a_report_of_which_half_was_deleted_calls_nobody(stories: Stories) -> None:
    assert stories["halved"].result().called == {}


def test_a_report_calls_nobody_again_whom_the_ledger_forgot(stories: Stories) -> None:
    fed = stories["ledger_lost"].result()

    assert fed.called == {}


def test_a_report_does_not_redial_the_unknown_whom_the_ledger_forgot(stories: Stories) -> None:
    """It is taken for unknown, and found in the API's records."""
    assert stories["ledger_lost"].result().statuses["Person 5"] == "accepted"


def test_a_report_fed_into_an_empty_ledger_keeps_its_results(stories: Stories) -> None:
    assert stories["ledger_lost_retried"].result().statuses["Person 2"] == "queued"


def test_somebody_added_to_a_report_is_called_alone(stories: Stories) -> None:
    number, fed = stories["added"].result()

    assert fed.called == {number: 1}


def test_retry_of_a_report_calls_the_mended_and_the_failed(stories: Stories) -> None:
    number, fed = stories["mended"].result()

    assert fed.called == {number: 1, fed.sheet.numbers[2]: 1}


def test_retry_of_a_report_calls_the_new_number_of_somebody_who_was_refused(stories: Stories) -> None:
    number, fed = stories["mended_refused"].result()

    assert fed.called == {number: 1, fed.sheet.numbers[2]: 1}


def test_retry_of_a_sorted_source_calls_the_mended_and_the_failed_but_nobody_new(stories: Stories) -> None:
    expected, called = stories["mended_source"].result()

    assert called == dict.fromkeys(expected, 1)


def test_a_report_fed_back_twice_stays_as_it_is(stories: Stories) -> None:
    once, twice = stories["twice"].result()

    assert once == twice


def test_another_campaign_may_call_the_people_of_a_report_again(stories: Stories) -> None:
    assert set(stories["other_campaign"].result().values()) == {2}


def test_a_sorted_workbook_calls_only_the_mended_though_the_ledger_is_lost(stories: Stories) -> None:
    new, called, _ = stories["workbook"].result()

    assert called == {new: 1}


def test_a_sorted_workbook_keeps_its_rows_as_the_person_sorted_them(stories: Stories) -> None:
    assert stories["workbook"].result()[2] == ["Shorty", "Person 2", "Person 1", "Person 0"]
