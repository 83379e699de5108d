"""Which sheet of a workbook is read, and what is told of one that is no list of leads."""

from __future__ import annotations

import pytest

from dialer.campaign import Reading
from dialer.spreadsheet import Spreadsheet
from dialer.table import Format, Row, SheetHead, TableInfo
from dialer.understanding import FoundTable, NotUnderstood, Understood, understand

Cells = tuple[str, ...]
PEOPLE: tuple[Cells, ...] = (
    ("Name", "Phone"),
    ("Ann Example", "+12015550123"),
    ("Bo Sample", "+12015550124"),
)
NOTHING: tuple[Cells, ...] = (("nothing here",),)


def head(name: str | None, rows: tuple[Cells, ...], *, hidden: bool = False) -> SheetHead:
    return SheetHead(name, tuple(Row(number, cells) for number, cells in enumerate(rows, 1)), hidden=hidden)


def workbook(*heads: SheetHead) -> Spreadsheet:
    names = tuple(each.name or "" for each in heads)
    return Spreadsheet(
        TableInfo("leads.xlsx", Format.XLSX, sheets=names), heads, lambda n: iter(heads[n].rows)
    )


def found(*heads: SheetHead, **reading: object) -> FoundTable:
    return understand(workbook(*heads), Reading.model_validate(reading), file="leads.xlsx")


def refusal(*heads: SheetHead, **reading: object) -> NotUnderstood:
    with pytest.raises(NotUnderstood) as caught:
        found(*heads, **reading)
    return caught.value


@pytest.mark.parametrize(
    "name",
    [
        *(
            "Do not call",
            "DNC",
            "dnc list",
            "Opt outs",
            "Opt-Outs 2026",
            "OptOut",
            "Unsubscribed",
            "Do Not Contact",
        ),
        *(
            "Suppression list",
            "TPS",
            "Blacklist",
            "No llamar",
            "Bajas",
            "Ne pas appeler",
            "Sperrliste",
            "DNC leads",
        ),
        *("Nicht anrufen", "Non chiamare", "Niet bellen", "Não ligar", "عدم الاتصال"),
    ],
)
def test_a_sheet_of_people_not_to_be_called_is_not_chosen_though_it_has_more(name: str) -> None:
    more = (("First name", "Last name", "Phone", "Country"), *[("Cy", "Instance", "+12015550125", "US")] * 30)
    assert found(head(name, more), head("Sheet2", PEOPLE)).head.name == "Sheet2"


@pytest.mark.parametrize(
    "name", ["Leads - DNC removed", "TPS checked", "without opt outs", "Leads", "Kontakte", "Blocks"]
)
def test_a_sheet_from_which_those_were_taken_out_is_one_of_leads(name: str) -> None:
    assert found(head(name, PEOPLE), head("Sheet2", NOTHING)).head.name == name


def test_where_only_such_a_sheet_has_phones_nobody_is_called() -> None:
    error = refusal(head("Opt outs", PEOPLE), head("Notes", NOTHING))
    assert (error.code, error.sentence) == (
        "do_not_call_sheet",
        (
            'Only the sheet "Opt outs" of leads.xlsx holds phone numbers, and by its name these people must'
            ' not be called: name the sheet of leads with --sheet NAME, or this one with --sheet "Opt outs".'
        ),
    )


def test_it_is_read_if_it_is_asked_for() -> None:
    assert found(head("Opt outs", PEOPLE), head("Leads", PEOPLE), sheet="opt outs").head.name == "Opt outs"


@pytest.mark.parametrize(
    "name", ["Instructions", "Archive 2024", "Example", "Old", "Team", "Anleitung", "Ejemplo"]
)
def test_of_two_sheets_alike_the_one_that_stands_beside_the_leads_loses(name: str) -> None:
    assert found(head(name, PEOPLE), head("May", PEOPLE)).head.name == "May"


def test_such_a_sheet_is_read_where_no_other_looks_like_leads() -> None:
    assert found(head("Example", PEOPLE), head("May", NOTHING)).head.name == "Example"


def test_of_two_sheets_alike_the_one_that_is_seen_is_read() -> None:
    assert found(head("A", PEOPLE, hidden=True), head("B", PEOPLE)).head.name == "B"


def test_of_absurdly_wide_sheets_only_the_first_are_looked_at() -> None:
    wide = tuple(tuple(f"word {n}" for n in range(500)) for _ in range(60))
    several = [head(f"Wide {n}", wide) for n in range(3)]
    assert refusal(*several, head("Leads", PEOPLE)).understood.sheet == "Wide 0"


def remarks(*heads: SheetHead, hidden_rows: int = 0, **reading: object) -> tuple[str, ...]:
    table = found(*heads, **reading)
    return table.understood(data_rows=2, hidden_rows=hidden_rows, samples={}).remarks


def test_a_hidden_sheet_that_is_read_is_said_to_be_hidden() -> None:
    assert remarks(head("Leads", PEOPLE, hidden=True)) == (
        'The sheet "Leads" is hidden, and is read all the same.',
    )


def test_one_hidden_row_is_said_in_the_singular() -> None:
    assert remarks(head("Leads", PEOPLE), hidden_rows=1) == (
        "1 row is hidden and read all the same; --visible-only leaves hidden rows out.",
    )


def test_there_may_be_nothing_to_remark() -> None:
    assert remarks(head("Leads", PEOPLE), head("Notes", NOTHING)) == ()


def test_a_table_without_leads_is_told_as_far_as_it_goes() -> None:
    mails = (("Sheet of May",), ("Name", "E-mail"), ("Ann", "ann@example.com"), (), ("Bo", "bo@example.com"))
    told = refusal(head("Leads", mails)).understood
    assert (told.header_row, told.columns, told.data_rows) == (2, ("Name", "E-mail"), 2)


def test_what_was_understood_survives_the_ledger_but_for_its_samples() -> None:
    told = found(head("Leads", PEOPLE)).understood(data_rows=2, hidden_rows=1, samples={})
    assert Understood.from_json(told.to_json()) == told
