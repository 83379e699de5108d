"""A row counts as hidden only where the sheet's XML says so with certainty."""

from __future__ import annotations

import io
import tracemalloc

import pytest

from dialer.hidden_rows import find_hidden
from dialer.sheet_xml import UnsafeSheet
from tests.spreadsheets.make import MAIN, xlsx, zipped

TABLES = (
    '<office:document-content xmlns:office="o" xmlns:table="t">{}<a visibility=""/></office:document-content>'
)


def hidden_in(content: bytes, sheet: str = "Leads") -> list[int]:
    return [number for number, hidden in enumerate(find_hidden(io.BytesIO(content), sheet).rows) if hidden]


def in_xlsx(rows: str, before: str = "") -> bytes:
    return xlsx(f'<worksheet xmlns="{MAIN}">{before}<sheetData>{rows}</sheetData></worksheet>')


def in_ods(tables: str) -> bytes:
    return zipped({"content.xml": TABLES.format(tables)})


@pytest.mark.parametrize(
    ("attributes", "hidden"),
    [
        ('hidden="1"', [1]),
        ("hidden='1'", [1]),
        ('hidden="true"', [1]),
        ('ht="0" hidden = "true" customHeight="1"', [1]),
        ('hidden="0"', []),
        ('hidden="false"', []),
        ('collapsed="1"', []),
        ('x:hidden="1"', []),
        ('s="1" customFormat="1"', []),
    ],
)
def test_a_row_is_hidden_if_its_tag_says_so(attributes: str, hidden: list[int]) -> None:
    assert hidden_in(in_xlsx(f'<row r="1" {attributes}><c r="A1"><v>1</v></c></row>')) == hidden


def test_a_cell_that_speaks_of_hidden_rows_hides_none() -> None:
    rows = '<row r="1"><c r="A1" t="inlineStr"><is><t>a row hidden="1"</t></is></c></row>'
    assert hidden_in(in_xlsx(rows)) == []


def test_rows_without_numbers_are_counted() -> None:
    assert hidden_in(in_xlsx('<row/><row r="4" hidden="1"/><row hidden="1"><c><v>1</v></c></row>')) == [4, 5]


def test_where_rows_are_hidden_by_default_those_are_that_the_sheet_leaves_out() -> None:
    hidden = hidden_in(in_xlsx('<row r="2"/><row r="4"/>', '<sheetFormatPr zeroHeight="1"/>'))
    assert (hidden[1:4], hidden[-1]) == ([1, 3, 5], 1_048_576)


def test_elements_may_have_a_prefix() -> None:
    sheet = (
        f'<x:worksheet xmlns:x="{MAIN}"><x:sheetData><x:row r="2" hidden="1"/></x:sheetData></x:worksheet>'
    )
    assert hidden_in(xlsx(sheet)) == [2]


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ('<row r="2" hidden="1"/><row r="1"/>', "row 1 stands after row 2"),
        ('<row r="1" hidden="1"/>text<row r="2"/>', "something that is no row stands after row 1"),
        (
            '<row r="1" hidden="1"><c r="A1"/><c r="A2"/></row><row><c r="A3"/></row>',
            "row 2 has a cell of another row",
        ),
        ('<row r="1" hidden="1"><c r="A1"/>', "row 1 does not end"),
    ],
)
def test_rows_in_disorder_are_not_guessed(rows: str, reason: str) -> None:
    with pytest.raises(UnsafeSheet) as caught:
        hidden_in(in_xlsx(rows))
    assert str(caught.value) == reason


@pytest.mark.parametrize("rows", ['<row r="2"/><row r="1"/>', '<row r="1"/>text<row r="2"/>'])
def test_in_a_sheet_that_never_speaks_of_hiding_nothing_is_hidden(rows: str) -> None:
    assert hidden_in(in_xlsx(rows)) == []


@pytest.mark.parametrize("position", [0, 1 << 16, (1 << 18) - 3])
def test_a_hidden_row_is_found_wherever_the_xml_is_cut(position: int) -> None:
    rows = f'<row r="1"><c r="A1" t="inlineStr"><is><t>{"x" * position}</t></is></c></row>'
    assert hidden_in(in_xlsx(f'{rows}<row r="2" hidden="1"/>')) == [2]


def test_hidden_columns_are_told_with_their_ranges() -> None:
    columns = '<col min="2" max="3" hidden="1"/><col min="5" max="5"/><col max="7" min="7" hidden="true"/>'
    hidden = find_hidden(io.BytesIO(in_xlsx('<row r="1"/>', f"<cols>{columns}</cols>")), "Leads")
    assert sorted(hidden.columns) == [1, 2, 6]


def test_hidden_columns_of_an_opendocument_sheet_are_told() -> None:
    column = "<table:table-column {}/>".format
    columns = (
        column("")
        + column('table:visibility="collapse" table:number-columns-repeated="2"')
        + column('table:number-columns-repeated="3"')
        + column('table:visibility="filter"')
    )
    content = in_ods(f'<table:table table:name="Leads">{columns}<table:table-row/></table:table>')
    assert sorted(find_hidden(io.BytesIO(content), "Leads").columns) == [1, 2, 6]


def test_columns_beyond_the_last_of_excel_are_no_matter() -> None:
    columns = '<cols><col min="16383" max="99999" hidden="1"/></cols>'
    assert sorted(find_hidden(io.BytesIO(in_xlsx("", columns)), "Leads").columns) == [16_382, 16_383]


def test_the_rows_of_a_sheet_that_is_not_there_are_not_guessed() -> None:
    with pytest.raises(UnsafeSheet, match="does not tell where the sheet is"):
        hidden_in(in_xlsx('<row r="1"/>'), "Other")


def test_rows_of_an_opendocument_sheet_repeat_and_stand_in_groups() -> None:
    rows = (
        '<table:table-row table:number-rows-repeated="2"/><table:table-row-group table:display="false">'
        '<table:table-row table:visibility="collapse" table:number-rows-repeated="2"/>'
        '</table:table-row-group><table:table-row table:visibility="visible"/>'
        '<table:table-row table:visibility="filter"/>'
    )
    other = '<table:table table:name="Other"><table:table-row table:visibility="collapse"/></table:table>'
    leads = f'<table:table table:name="Leads">{rows}</table:table>'
    assert hidden_in(in_ods(other + leads + other)) == [3, 4, 6]


def test_rows_beyond_the_last_row_of_excel_are_no_matter() -> None:
    repeated = '<table:table-row table:visibility="collapse" table:number-rows-repeated="{}"/>'
    rows = (
        repeated.format(1_048_577) + repeated.format(9**99) + repeated.format(-(9**99)) + repeated.format(3)
    )
    hidden = find_hidden(
        io.BytesIO(in_ods(f'<table:table table:name="Leads">{rows}</table:table>')), "Leads"
    ).rows
    assert (len(hidden), sum(hidden)) == (1_048_577, 1_048_576)


@pytest.mark.parametrize(
    ("tables", "reason"),
    [
        ("", "its archive does not tell where the sheet is"),
        (
            '<table:table table:name="Leads"><table:table table:name="a"/></table:table>',
            "a table stands inside a cell",
        ),
        (
            '<table:table table:name="Leads"/><table:table table:name="Leads"/>',
            "two of its sheets have one name",
        ),
        (
            '<table:table table:name="Leads"><table:table-row table:number-rows-repeated="x"/></table:table>',
            ("its archive cannot be read with certainty (invalid literal for int() with base 10: 'x')"),
        ),
        (
            '<table:table table:name="Leads">',
            "its archive cannot be read with certainty (mismatched tag: line 1, column 110)",
        ),
    ],
)
def test_odd_opendocument_sheets_are_not_guessed(tables: str, reason: str) -> None:
    with pytest.raises(UnsafeSheet) as caught:
        hidden_in(in_ods(tables))
    assert str(caught.value) == reason


def test_memory_does_not_grow_with_the_sheet() -> None:
    rows = "".join(f'<row r="{n}" hidden="1"><c r="A{n}"><v>{n}</v></c></row>' for n in range(1, 20_001))
    file = io.BytesIO(in_xlsx(rows))
    tracemalloc.start()
    count = sum(find_hidden(file, "Leads").rows)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (count, peak < 4_000_000) == (20_000, True)
