"""`--in-columns` and `--neutralise`: a report in the words of those who get it is fed back like any other."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.command import Finished
from tests.desk import Desk, Sheet, Story, open_desk, told

ASKED = ("--in-columns", "status=Result,call_id=ID", "--in-columns", "is_new_contact")
HEADERS = ["phone", "first_name", "Result", "ID", "is_new_contact"]


@pytest.fixture(scope="module")
def stories(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Future[Any]]]:
    with (
        open_desk(tmp_path_factory.mktemp("desk")) as desk,
        told(desk, STORIES, wanted=set(STORIES)) as begun,
    ):
        yield begun


@dataclass(frozen=True, slots=True)
class Fed:
    """A report that was fed back."""

    finished: Finished
    called: int  # by the second command
    rows: list[list[str]]  # of the report after it


def rows_of(path: Path) -> list[list[str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def _run(desk: Desk) -> tuple[Sheet, list[list[str]]]:
    sheet = desk.sheet(3)
    desk.run(sheet, *ASKED)
    return sheet, rows_of(sheet.report)


def _fed_back(desk: Desk, *options: str | Path, moved: bool = False) -> Fed:
    sheet, rows = _run(desk)
    if moved:
        header, *rest = [[row[2], row[0], row[4], row[1], row[3]] for row in rows]
        random.Random(1).shuffle(rest)  # noqa: S311 - a seed makes every run the same run
        with sheet.report.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file, lineterminator="\n").writerows([header, *rest])
    before = len(desk.received(*sheet.numbers))
    finished = desk.dialer("run", sheet.report, *desk.call_options(*options))
    return Fed(finished, len(desk.received(*sheet.numbers)) - before, rows_of(sheet.report))


def _ledger_lost(desk: Desk, *options: str) -> Fed:
    return _fed_back(desk, "--ledger", desk.folder / f"new{desk.number()}.sqlite3", *options)


def _reported_again(desk: Desk) -> tuple[list[str], list[str]]:
    """The columns of a report that is written again, and of the one after it."""
    sheet = desk.sheet(2)
    desk.run(sheet)
    desk.dialer("report", sheet.campaign, *desk.api, *ASKED)
    first = rows_of(sheet.report)[0]
    desk.dialer("report", sheet.campaign, *desk.api)
    return first, rows_of(sheet.report)[0]


def _deleted(desk: Desk) -> Fed:
    """Somebody deleted one of our columns in a workbook, and moved another to the front."""
    folder = desk.place()
    numbers = desk.numbers(3)
    book = openpyxl.Workbook()
    for row in (("Phone", "Name"), *((number, "Ann Example") for number in numbers)):
        book.active.append(row)
    book.save(folder / "list.xlsx")
    desk.dialer("run", folder / "list.xlsx", *desk.call_options(), place=folder)
    report = folder / "reports" / "list.results.xlsx"
    book = openpyxl.load_workbook(report)
    sheet = book.active
    sheet.delete_cols(3)  # call_id
    sheet.insert_cols(1)
    for row in sheet.iter_rows():
        row[0].value, row[3].value = row[3].value, None
    sheet.delete_cols(4)
    book.save(report)
    before = len(desk.received(*numbers))
    finished = desk.dialer("run", report, *desk.call_options(), place=folder)
    after = openpyxl.load_workbook(report).active
    rows = [[str(cell.value or "") for cell in row] for row in after.iter_rows()]
    return Fed(finished, len(desk.received(*numbers)) - before, rows)


def _neutralised(desk: Desk, name: str, content: bytes) -> tuple[Finished, Path]:
    folder = desk.place()
    (folder / name).write_bytes(content)
    finished = desk.dialer("run", folder / name, *desk.call_options("--neutralise", "--json"), place=folder)
    return finished, Path(finished.json["report"])


def _neutralised_text(desk: Desk) -> tuple[str, list[list[str]]]:
    number = desk.number()
    content = f'phone;Name;=1+1\n{number};"=HYPERLINK(""http://x"")";-\n{number};@x;\t7\n'
    _, report = _neutralised(desk, "evil-text.csv", content.encode())
    text = report.read_text(encoding="utf-8")
    return number, list(csv.reader(io.StringIO(text), delimiter=";"))


def _neutralised_workbook(desk: Desk) -> tuple[Finished, list[list[tuple[Any, str, bool]]]]:
    number = desk.number()
    book = openpyxl.Workbook()
    for row in (("Phone", "Name", "Sum"), (number, "Ann Example", "=1+1"), ("12", "@Bo", 7)):
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    finished, report = _neutralised(desk, "evil-book.xlsx", file.getvalue())
    sheet = openpyxl.load_workbook(report).active
    cells = [[(c.value, c.data_type, bool(c.quotePrefix)) for c in row[1:3]] for row in sheet.iter_rows()]
    return finished, cells


def _old_workbook(desk: Desk) -> Finished:
    number = desk.number()
    import xlwt  # noqa: PLC0415 - only here

    book = xlwt.Workbook()
    sheet = book.add_sheet("Leads")
    for at, row in enumerate((("Phone", "Name"), (number, "Ann Example"))):
        for column, text in enumerate(row):
            sheet.write(at, column, text)
    path = desk.place() / "old.xls"
    book.save(str(path))
    return desk.dialer("run", path, *desk.call_options(), place=path.parent)


STORIES: dict[str, Story] = {
    "run": _run,
    "fed_back": _fed_back,
    "moved": lambda desk: _fed_back(desk, moved=True),
    "ledger_lost": _ledger_lost,
    "ledger_lost_and_asked_again": lambda desk: _ledger_lost(desk, *ASKED),
    "reported_again": _reported_again,
    "deleted": _deleted,
    "neutralised_text": _neutralised_text,
    "neutralised_workbook": _neutralised_workbook,
    "old_workbook": _old_workbook,
}
Stories = Mapping[str, Future[Any]]


def test_the_report_has_the_columns_that_were_asked_for(stories: Stories) -> None:
    sheet, rows = stories["run"].result()
    assert [rows[0], *([row[0], row[2], row[4]] for row in rows[1:])] == [
        HEADERS,
        *([number, "queued", "true"] for number in sheet.numbers),
    ]


def test_renamed_columns_are_known_and_never_doubled(stories: Stories) -> None:
    fed = stories["fed_back"].result()
    assert (fed.called, fed.rows[0], [row[2] for row in fed.rows[1:]]) == (0, HEADERS, ["queued"] * 3)


def test_renamed_columns_are_known_where_somebody_moved_them_and_sorted_the_rows(stories: Stories) -> None:
    fed = stories["moved"].result()
    moved = ["Result", "phone", "is_new_contact", "first_name", "ID"]
    assert (fed.called, fed.rows[0], [row[0] for row in fed.rows[1:]]) == (0, moved, ["queued"] * 3)


def test_a_renamed_report_calls_nobody_though_the_ledger_is_lost(stories: Stories) -> None:
    fed = stories["ledger_lost"].result()
    name = fed.finished.args[fed.finished.args.index("run") + 1]
    assert (fed.called, fed.finished.returncode, fed.finished.stderr) == (
        0,
        65,
        (
            f"dialer: {Path(name).name} is called like a report of dialer, and holds none of its columns:"
            " give the --in-columns with which it was written, or rename the file if it is a new list.\n"
        ),
    )


def test_with_the_same_columns_asked_for_it_is_known_and_calls_nobody(stories: Stories) -> None:
    fed = stories["ledger_lost_and_asked_again"].result()
    assert (fed.called, fed.rows[0], [row[2] for row in fed.rows[1:]]) == (0, HEADERS, ["queued"] * 3)


def test_report_takes_other_columns_and_keeps_them(stories: Stories) -> None:
    assert stories["reported_again"].result() == (HEADERS, HEADERS)


def test_a_workbook_whose_columns_were_moved_and_deleted_gets_back_what_is_missing(stories: Stories) -> None:
    fed = stories["deleted"].result()
    assert (fed.called, fed.rows[0]) == (
        0,
        [
            *("status", "Phone", "Name", "is_new_contact", "to_phone", "contact_id", "called_at", "attempts"),
            *("reason", "call_id"),
        ],
    )
    assert [(row[0], bool(row[9])) for row in fed.rows[1:]] == [("queued", True)] * 3


def test_neutralise_makes_every_cell_of_a_text_harmless(stories: Stories) -> None:
    number, rows = stories["neutralised_text"].result()
    assert [row[:3] for row in rows] == [
        ["phone", "Name", "'=1+1"],
        [number, '\'=HYPERLINK("http://x")', "'-"],
        [number, "'@x", "'\t7"],
    ]


def test_neutralise_makes_a_workbook_one_of_texts(stories: Stories) -> None:
    _, cells = stories["neutralised_workbook"].result()
    assert cells == [
        [("Name", "s", False), ("Sum", "s", False)],
        [("Ann Example", "s", False), (None, "n", False)],  # it was never calculated
        [("@Bo", "s", True), ("7", "s", False)],
    ]


def test_what_becomes_of_a_neutralised_workbook_is_said(stories: Stories) -> None:
    finished, _ = stories["neutralised_workbook"].result()
    said = "The report is a plain new workbook, without your formatting, because it is neutralised.\n"
    assert said in finished.stderr


def test_what_becomes_of_an_old_workbook_is_said(stories: Stories) -> None:
    said = "The report is an XLSX workbook of text, because XLS cannot be added to.\n"
    assert said in stories["old_workbook"].result().stderr
