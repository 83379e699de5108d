"""A worksheet's XML gets its results, or is refused before any of them is taken."""

from __future__ import annotations

import io
from xml.sax.saxutils import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialer.result_table import ResultTable
from dialer.sheet_xml import UnsafeSheet
from dialer.table import column_letters
from dialer.workbook import add_to_workbook
from tests.spreadsheets.make import MAIN, xlsx
from tests.spreadsheets.written import Results, add, by_calamine, sheet_xml, worksheet


def rewritten(sheet_data: str, results: Results, **options: object) -> str:
    """What becomes of a sheetData."""
    content = add(xlsx(f"<sheetData>{sheet_data}</sheetData>"), results, **options)[0]  # type: ignore[arg-type]
    return sheet_xml(content).partition("<sheetData>")[2].partition("</sheetData>")[0]


def test_a_number_does_not_become_a_date_where_the_place_had_a_style() -> None:
    row = '<row r="1"><c r="A1"><v>1</v></c><c r="B1" s="2"/></row>'
    assert by_calamine(add(xlsx(f"<sheetData>{row}</sheetData>"), {1: (2, None)}, header_row=None)[0]) == [
        [1.0, 2.0]
    ]


def test_a_formula_without_a_value_takes_up_room() -> None:
    row = '<row r="1"><c r="A1"><v>1</v></c><c r="C1"><f>1+1</f></c></row>'
    assert rewritten(row, {1: ("c1", None)}, header_row=None) == row.replace(
        "</row>", '<c r="D1" s="3" t="inlineStr"><is><t>c1</t></is></c></row>'
    )


def test_rows_that_the_xml_leaves_out_get_a_row_of_their_own() -> None:
    row = '<row r="3"><c r="A3"><v>1</v></c></row>'
    new = '<row r="{0}"><c r="B{0}"><v>{0}</v></c></row>'
    header = '<row r="1"><c r="B1" t="inlineStr"><is><t>n</t></is></c></row>'
    assert rewritten(row, {2: (2,), 9: (9,)}, names=["n"]) == header + new.format(2) + row + new.format(9)


def test_an_empty_sheet_can_get_a_header() -> None:
    content = add(xlsx("<sheetData/>"), {}, names=["n"])[0]
    assert by_calamine(content) == [["n"]]


def test_spans_that_would_be_wrong_are_left_out() -> None:
    assert rewritten('<row r="1" spans="1:1" ht="20"><c r="A1"><v>1</v></c></row>', {}, names=["n"]) == (
        '<row r="1" ht="20"><c r="A1"><v>1</v></c><c r="B1" t="inlineStr"><is><t>n</t></is></c></row>'
    )


def test_cells_stand_before_what_else_a_row_holds() -> None:
    assert rewritten(
        '<row r="1"><c r="A1"/><extLst><ext/></extLst></row>', {1: (1,)}, names=["n"], header_row=None
    ) == ('<row r="1"><c r="A1"><v>1</v></c><extLst><ext/></extLst></row>')


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            '<dimension ref="B1"/>',
            '<dimension ref="B1:D1"/><cols><col min="3" max="4" width="18" customWidth="1"/></cols>',
        ),
        (
            '<dimension ref="A1:XFD9"/><cols><col min="1" max="2" width="9"/></cols>',
            (
                '<dimension ref="A1:XFD9"/><cols><col min="1" max="2" width="9"/>'
                '<col min="3" max="4" width="18" customWidth="1"/></cols>'
            ),
        ),
        (
            '<cols><col min="1" max="16384" width="9" hidden="1" style="2"/></cols>',
            (
                '<cols><col min="1" max="2" width="9" hidden="1" style="2"/>'
                '<col min="3" max="4" width="18" style="2" customWidth="1"/>'
                '<col min="5" max="16384" width="9" hidden="1" style="2"/></cols>'
            ),
        ),
    ],
)
def test_the_dimension_is_widened_and_new_columns_get_a_width_and_can_be_seen(
    before: str, after: str
) -> None:
    xml = sheet_xml(add(worksheet(before), {})[0])
    assert xml.partition("<sheetData>")[0] == f'<worksheet xmlns="{MAIN}">{after}'


def test_a_report_fed_back_is_updated_in_place_and_keeps_its_styles() -> None:
    row = (
        '<row r="2"><c r="A2" s="1" t="s"><v>0</v></c><c r="B2"><v>5</v></c><c r="C2" s="2"/>'
        '<c r="D2" s="1"><v>1</v></c></row>'
    )
    existing = {"call_id": 0, "status": 2, "reason": 4, "attempts": 3}
    assert rewritten(
        row, {2: ("c1", "queued", None, 7)}, names=list(existing), existing=existing, header_row=None
    ) == (
        '<row r="2"><c r="A2" s="1" t="inlineStr"><is><t>c1</t></is></c><c r="B2"><v>5</v></c>'
        '<c r="C2" s="2" t="inlineStr"><is><t>queued</t></is></c><c r="D2" s="1"><v>7</v></c></row>'
    )


def test_a_result_before_cells_that_are_only_styled_looks_like_the_last_cell_that_holds_something() -> None:
    row = '<row r="1"><c r="A1" s="1"><v>1</v></c><c r="C1" s="2"/></row>'
    assert rewritten(row, {1: ("c1", "x")}, header_row=None) == (
        '<row r="1"><c r="A1" s="1"><v>1</v></c><c r="B1" s="5" t="inlineStr"><is><t>c1</t></is></c>'
        '<c r="C1" s="2" t="inlineStr"><is><t>x</t></is></c></row>'
    )


def test_a_result_that_is_taken_back_leaves_an_empty_cell() -> None:
    row = '<row r="1"><c r="A1" s="1"><v>1</v></c><c r="B1"><v>2</v></c><c r="C1"><v>3</v></c></row>'
    existing = {"a": 0, "b": 1}
    assert rewritten(row, {1: (None, None)}, names=["a", "b"], existing=existing, header_row=None) == (
        '<row r="1"><c r="A1" s="1"/><c r="C1"><v>3</v></c></row>'
    )


def test_a_text_that_looks_like_a_reference_does_not_mislead() -> None:
    row = '<row r="1"><c r="A1" t="str"><v>r="B1"</v></c><c r="B1"><v>2</v></c><c r="C1"><v>3</v></c></row>'
    assert rewritten(row, {1: (9,)}, names=["b"], existing={"b": 1}, header_row=None) == row.replace(
        "<v>2</v>", "<v>9</v>"
    )


def test_what_xml_cannot_say_is_escaped_as_excel_does_it() -> None:
    assert rewritten("", {1: ("a\0\x1b\ufffe\ud800b",)}, names=["n"], header_row=None) == (
        '<row r="1"><c r="A1" s="3" t="inlineStr"><is><t>a_x0000__x001B__xFFFE_&#65533;b</t></is></c></row>'
    )


def test_a_text_is_cut_at_what_a_cell_can_hold() -> None:
    assert (
        len(str(by_calamine(add(worksheet(), {1: ("é" * 40_000,)}, names=["n"], header_row=None)[0])[0][2]))
        == 32_767
    )


UNSAFE = {
    "row numbers that do not ascend": '<row r="2"/><row r="1"/>',
    "a row twice": '<row r="2"/><row r="2"/>',
    "a row beyond Excel's last": '<row r="1048577"/>',
    "an odd row number": '<row r="1e1"/>',
    "columns that do not ascend": '<row r="1"><c r="B1"/><c r="A1"/></row>',
    "a cell of another row": '<row r="1"><c r="A2"><v>1</v></c></row>',
    "a cell of another row below rows that are alike": "".join(
        f'<row r="{row}"><c r="A{row}"/><c r="B{row}"/></row>' for row in range(1, 9)
    )
    + '<row r="9"><c r="A9"/><c r="B8"/></row>',
    "an odd reference": '<row r="1"><c r="$A$1"><v>1</v></c></row>',
    "a reference in code": '<row r="1"><c r="&#65;1"><v>1</v></c></row>',
    "a row in a row": '<row r="1"><row r="2"></row></row>',
    "something between the rows": '<row r="1"/><b/>',
    "CDATA": '<row r="1"><c r="A1" t="str"><v><![CDATA[<c r="B1">]]></v></c></row>',
    "a comment with a tag": '<row r="1"><c r="A1"/><!-- <c r="B1"> --></row>',
    "an instruction with a tag": '<row r="1"><c r="A1"/><?x <c r="B1"> ?></row>',
    "a tag that is never closed": '<row r="1"><c r="A1"></row>',
}


@pytest.mark.parametrize("sheet_data", UNSAFE.values(), ids=UNSAFE)
def test_what_cannot_be_rewritten_with_certainty_is_refused_before_any_result_is_taken(
    sheet_data: str,
) -> None:
    def results() -> object:
        raise AssertionError("a result was taken")
        yield

    table = ResultTable(("n",), results())  # type: ignore[arg-type]
    with pytest.raises(UnsafeSheet):
        add_to_workbook(
            io.BytesIO(xlsx(f"<sheetData>{sheet_data}</sheetData>")),
            io.BytesIO(),
            sheet="Leads",
            header_row=1,
            results=table,
        )


@st.composite
def sheets(draw: st.DrawFn) -> tuple[dict[tuple[int, int], str], str]:
    """The texts of a sheet by (row, column from 0), and one of the many ways to write it in XML."""
    choose = draw(st.randoms(use_true_random=False))
    prefix = draw(st.sampled_from(["", "x:"]))
    characters = st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"])
    texts: dict[tuple[int, int], str] = {}
    xml = ""
    last_row = 0
    for row in sorted(draw(st.sets(st.integers(1, 12), max_size=6))):
        columns = sorted(draw(st.sets(st.integers(0, 9), max_size=5)))
        cells, last_column = "", -1
        for column in columns:
            reference = f' r="{column_letters(column)}{row}"'
            if column == last_column + 1 and choose.random() < 0.3:
                reference = ""
            attributes = [
                reference,
                f" s='{choose.randint(0, 2)}'",
                ' cm="1"' if choose.random() < 0.1 else "",
            ]
            choose.shuffle(attributes)
            start = f"<{prefix}c{''.join(attributes)}"
            if choose.random() < 0.2:
                cells += start + choose.choice(["/>", " />", f"></{prefix}c>", f"> </{prefix}c >"])
            else:
                text = draw(st.text(characters, min_size=1, max_size=5))
                texts[row, column] = text
                inner = f'<{prefix}is><{prefix}t xml:space="preserve">{escape(text)}</{prefix}t></{prefix}is>'
                cells += (
                    f'{start} t="inlineStr">{inner}</{prefix}c>{choose.choice(["", chr(10), "<!-- c -->"])}'
                )
            last_column = column
        number = "" if row == last_row + 1 and choose.random() < 0.3 else f" r='{row}'"
        spans = choose.choice(["", ' spans="1:9"', ' ht="20"'])
        end = "/>" if not cells and choose.random() < 0.5 else f">{cells}</{prefix}row>"
        xml += f"<{prefix}row{spans}{number}{end}{choose.choice(['', chr(10) + '  '])}"
        last_row = row
    head = choose.choice(["", f'<{prefix}dimension ref="A1:C3"/>', f"<{prefix}sheetPr/>"])
    space = f"xmlns:{prefix[:-1]}" if prefix else "xmlns"
    return texts, (
        f'<?xml version="1.0"?><!-- made by hand --><{prefix}worksheet {space}="{MAIN}">{head}'
        f"<{prefix}sheetData>{xml}</{prefix}sheetData><{prefix}sheetProtection/></{prefix}worksheet>"
    )


@settings(deadline=None, max_examples=250)
@given(
    sheets(),
    st.dictionaries(
        st.integers(2, 14),
        st.tuples(*[st.one_of(st.booleans(), st.integers(0, 9), st.text(min_size=1, max_size=6))] * 2),
    ),
)
def test_load_of_write_is_the_sheet_and_its_results_and_writing_again_changes_nothing(
    sheet: tuple[dict[tuple[int, int], str], str], results: Results
) -> None:
    texts, xml = sheet
    content = xlsx(xml)
    width = max((column + 1 for _, column in texts), default=0)
    expected: dict[tuple[int, int], object] = {**texts, (1, width): "call_id", (1, width + 1): "status"}
    expected |= {
        (row, width + index): cell for row, cells in results.items() for index, cell in enumerate(cells)
    }
    first, placement = add(content, results)
    found = {
        (number, column): value
        for number, row in enumerate(by_calamine(first), 1)
        for column, value in enumerate(row)
        if value != ""
    }
    assert found == expected
    again = add(
        add(first, dict.fromkeys(results, ("x", 9)), existing=placement.columns)[0],
        results,
        existing=placement.columns,
    )
    assert sheet_xml(again[0]).partition("sheetData>")[2] == sheet_xml(first).partition("sheetData>")[2]
