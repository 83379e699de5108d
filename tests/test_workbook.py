"""An Excel workbook comes back with its results in one sheet, and with every other byte as it was."""

from __future__ import annotations

import io
import tracemalloc
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from dialer.result_table import ResultCell, ResultPlacement, ResultTable
from dialer.sheet_xml import UnsafeSheet
from dialer.table import column_letters
from dialer.workbook import add_to_workbook
from tests.spreadsheets.make import MAIN, text_cell, xlsx, xlsx_parts, zipped

SHEETS = Path(__file__).parent / "spreadsheets"
PART = "xl/worksheets/sheet1.xml"
Results = Mapping[int, tuple[ResultCell, ...]]


def add(
    content: bytes,
    results: Results,
    *,
    names: Sequence[str] = ("call_id", "status"),
    header_row: int | None = 1,
    existing: Mapping[str, int] | None = None,
    sheet: str = "Leads",
) -> tuple[bytes, ResultPlacement]:
    table = ResultTable(tuple(names), sorted(results.items()), existing or {})
    out = io.BytesIO()
    placement = add_to_workbook(io.BytesIO(content), out, sheet=sheet, header_row=header_row, results=table)
    return out.getvalue(), placement


def added(name: str, results: Results, *, header_row: int | None = 1, **options: str) -> bytes:
    return add((SHEETS / name).read_bytes(), results, header_row=header_row, **options)[0]  # type: ignore[arg-type]


def sheet_xml(content: bytes, part: str = PART) -> str:
    return zipfile.ZipFile(io.BytesIO(content)).read(part).decode()


def by_calamine(content: bytes) -> list[list[object]]:
    return (
        CalamineWorkbook.from_filelike(io.BytesIO(content))
        .get_sheet_by_index(0)
        .to_python(skip_empty_area=False)
    )


def by_openpyxl(content: bytes) -> list[list[object]]:
    return [
        [cell.value for cell in row] for row in openpyxl.load_workbook(io.BytesIO(content))["Leads"]["A1:F9"]
    ]


def rewritten(sheet_data: str, results: Results, **options: object) -> str:
    """What becomes of a sheetData."""
    content = add(xlsx(f"<sheetData>{sheet_data}</sheetData>"), results, **options)[0]  # type: ignore[arg-type]
    return sheet_xml(content).partition("<sheetData>")[2].partition("</sheetData>")[0]


def test_an_honest_workbook_gets_its_results_and_loses_nothing() -> None:
    content = added("honest.xlsx", {2: ("c1", "queued"), 4: ("c2", None)})
    workbook = openpyxl.load_workbook(io.BytesIO(content))
    sheet = workbook["Leads"]
    assert [[cell.value for cell in row] for row in sheet["A1:D4"]] == [
        ["Name", "Phone", "call_id", "status"],
        ["Ann Example", "+12015550123", "c1", "queued"],
        ["Bo Sample", "+442079460001", None, None],
        ["=UPPER(A2)", "2015550124", "c2", None],
    ]
    assert (sheet["A2"].comment.text, sheet["A3"].hyperlink.target) == (
        "met at the fair",
        "https://example.com/bo",
    )
    assert (sheet["C1"].font.b, sheet["C2"].font.b) == (True, False)
    assert (sheet.freeze_panes, sheet.auto_filter.ref, str(sheet.merged_cells)) == (
        "A2",
        "A1:B4",
        "A6:B6",
    )
    assert (sheet.column_dimensions["B"].width, sheet.column_dimensions["C"].width) == (20, 18)
    assert workbook["Secret"].sheet_state == "hidden"


def packed_parts(content: bytes) -> dict[str, bytes]:
    archive = zipfile.ZipFile(io.BytesIO(content))
    parts = {}
    for entry in archive.infolist():
        start = (
            entry.header_offset
            + 30
            + len(entry.filename)
            + int.from_bytes(content[entry.header_offset + 28 : entry.header_offset + 30], "little")
        )
        parts[entry.filename] = content[start : start + entry.compress_size]
    return parts


@pytest.mark.parametrize("name", ["honest.xlsx", "macros_inside.xlsm"])
def test_every_other_part_keeps_its_very_bytes_as_they_were_packed(name: str) -> None:
    before = packed_parts((SHEETS / name).read_bytes())
    after = packed_parts(added(name, {5: ("c1", "queued")}, header_row=4))
    assert list(before) == list(after)
    assert {part for part in before if before[part] != after[part]} == {PART}


def test_the_archive_is_sound_and_tells_the_same_dates_and_rights() -> None:
    before = zipfile.ZipFile(SHEETS / "honest.xlsx")
    after = zipfile.ZipFile(io.BytesIO(added("honest.xlsx", {2: ("c1", "queued")})))
    assert after.testzip() is None
    assert [(e.date_time, e.external_attr, e.compress_type) for e in before.infolist()] == [
        (e.date_time, e.external_attr, e.compress_type) for e in after.infolist()
    ]


def test_an_archive_whose_sizes_stand_behind_the_data_is_copied_right() -> None:
    class Unseekable(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def tell(self) -> int:
            raise OSError

    stream = Unseekable()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in xlsx_parts(
            f'<sheetData><row r="1">{text_cell("A1", "Phone")}</row></sheetData>'
        ).items():
            archive.writestr(name, part)
    content = add(stream.getvalue(), {})[0]
    assert zipfile.ZipFile(io.BytesIO(content)).testzip() is None
    assert by_calamine(content) == [["Phone", "call_id", "status"]]


def test_results_stand_behind_the_used_range_wherever_it_begins() -> None:
    assert by_calamine(added("begins_at_c4.xlsx", {5: ("c1", "queued")}, header_row=4))[3:5] == [
        ["", "", "Name", "Phone", "call_id", "status"],
        ["", "", "Ann Example", "+12015550123", "c1", "queued"],
    ]


def test_a_namespace_prefix_is_kept() -> None:
    content = added("prefixed_xml.xlsx", {2: ("c1", True)})
    assert by_openpyxl(content)[:2] == [
        ["Phone", "call_id", "status", None, None, None],
        [12015550123, "c1", True, None, None, None],
    ]


def test_rows_and_cells_without_numbers_are_counted() -> None:
    content = added("rows_without_numbers.xlsx", {2: ("b", None), 4: ("d", None), 5: ("e", "f")})
    assert by_calamine(content) == [
        ["Phone", "call_id", "status"],
        ["", "b", ""],
        ["", "", ""],
        ["", "d", ""],
        [12015550123, "e", "f"],
    ]


def test_cells_that_only_have_a_style_do_not_push_the_results_away() -> None:
    content = added("styled_to_the_last_column.xlsx", {2: ("c1", "queued")})
    sheet = openpyxl.load_workbook(io.BytesIO(content))["Leads"]
    assert [(cell.value, cell.font.b) for cell in sheet[2][:4]] == [
        ("Ann", False),
        ("+12015550123", False),
        ("c1", True),  # the place had a style, and keeps it
        ("queued", False),
    ]
    assert sheet["XFD2"].font.b


def test_a_number_does_not_become_a_date_where_the_place_had_a_style() -> None:
    row = '<row r="1"><c r="A1"><v>1</v></c><c r="B1" s="2"/></row>'
    assert by_calamine(add(xlsx(f"<sheetData>{row}</sheetData>"), {1: (2, None)}, header_row=None)[0]) == [
        [1.0, 2.0]
    ]


def test_a_formula_without_a_value_takes_up_room() -> None:
    row = '<row r="1"><c r="A1"><v>1</v></c><c r="C1"><f>1+1</f></c></row>'
    assert rewritten(row, {1: ("c1", None)}, header_row=None) == row.replace(
        "</row>", '<c r="D1" t="inlineStr"><is><t>c1</t></is></c></row>'
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


def worksheet(
    before: str = "", after: str = "", row: str = '<row r="1"><c r="B1"><v>1</v></c></row>'
) -> bytes:
    return xlsx(f'<worksheet xmlns="{MAIN}">{before}<sheetData>{row}</sheetData>{after}</worksheet>')


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
            '<cols><col min="1" max="16384" width="9"/></cols>',
            '<cols><col min="1" max="16384" width="9"/></cols>',
        ),
    ],
)
def test_the_dimension_is_widened_and_new_columns_get_a_width(before: str, after: str) -> None:
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


VECTORS = [
    *("=1+1", "@SUM(1)", "-2+3", "+12015550123", "\t=1", "\r=1", "\n=1", "=cmd|'/c calc'!A0", "\uff1d1+1"),
    *('=HYPERLINK("http://x/?"&A1)', "<script>&amp;]]>", "_x0041_", " spaces ", "a\r\nb", "ÄЖ漢\U0001f600"),
]


@pytest.mark.parametrize("text", VECTORS)
def test_a_result_is_never_a_formula_and_reads_back_as_it_was(text: str) -> None:
    content = added("begins_at_c4.xlsx", {5: (text, None)}, header_row=4)
    assert "<f" not in sheet_xml(content)
    assert by_calamine(content)[4][4] == text


@pytest.mark.parametrize("text", VECTORS)
def test_openpyxl_agrees_that_a_result_is_a_text(text: str) -> None:
    cell = openpyxl.load_workbook(io.BytesIO(added("honest.xlsx", {2: (text, None)})))["Leads"]["C2"]
    assert (cell.data_type, cell.value) == ("s", text.replace("_x0041_", "_x005F_x0041_"))


def test_a_header_is_never_a_formula() -> None:
    assert by_calamine(add(worksheet(), {}, names=["=1+1"])[0]) == [["", 1.0, "=1+1"]]


def test_what_xml_cannot_say_is_escaped_as_excel_does_it() -> None:
    assert rewritten("", {1: ("a\0\x1b\ufffe\ud800b",)}, names=["n"], header_row=None) == (
        '<row r="1"><c r="A1" t="inlineStr"><is><t>a_x0000__x001B__xFFFE_&#65533;b</t></is></c></row>'
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


def without(name: str) -> bytes:
    parts = xlsx_parts("<sheetData/>")
    del parts[name]
    return zipped(parts)


def claims_to_be_longer(name: str) -> bytes:
    """A workbook whose directory says that a part is longer than the file."""
    content = xlsx("<sheetData/>")
    entry = content.rindex(name.encode()) - 46  # where the part's record in the directory begins
    return content[: entry + 20] + b"\xff\xff\xff\x00" + content[entry + 24 :]


BROKEN: dict[str, Callable[[], bytes]] = {
    "no archive": lambda: b"Name,Phone\n",
    "no relationships": lambda: without("_rels/.rels"),
    "no workbook": lambda: without("xl/workbook.xml"),
    "no sheet": lambda: without(PART),
    "another sheet": lambda: zipped(xlsx_parts("<sheetData/>", name="Other")),
    "a sheet in UTF-16": lambda: xlsx(f'<worksheet xmlns="{MAIN}"><sheetData/></worksheet>'.encode("utf-16")),
    "an encoding nobody knows": lambda: xlsx(
        f'<?xml version="1.0" encoding="UTF-98"?><worksheet xmlns="{MAIN}"><sheetData/></worksheet>'
    ),
    "a chart": lambda: xlsx(f'<chartsheet xmlns="{MAIN}"/>'),
    "no sheetData": lambda: xlsx(f'<worksheet xmlns="{MAIN}"/>'),
    "a DOCTYPE": lambda: xlsx(f'<!DOCTYPE a><worksheet xmlns="{MAIN}"><sheetData/></worksheet>'),
    "a DOCTYPE in the workbook": lambda: zipped(
        xlsx_parts("<sheetData/>") | {"xl/workbook.xml": "<!DOCTYPE a><a/>"}
    ),
    "a workbook in an encoding nobody knows": lambda: zipped(
        xlsx_parts("<sheetData/>") | {"xl/workbook.xml": '<?xml version="1.0" encoding="ATF-8"?><a/>'}
    ),
    "another part cut off": lambda: claims_to_be_longer("[Content_Types].xml"),
    "no room": lambda: xlsx('<sheetData><row r="1"><c r="XFD1"><v>1</v></c></row></sheetData>'),
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_a_workbook_that_is_not_as_it_should_be_is_not_rewritten(content: Callable[[], bytes]) -> None:
    with pytest.raises(UnsafeSheet):
        add(content(), {})


@pytest.mark.parametrize("row", [0, 1])
def test_results_out_of_place_are_a_fault(row: int) -> None:
    with pytest.raises(ValueError, match=f"results for row {row}"):
        add(worksheet(), {row: ("c1", "queued")})


def test_memory_does_not_grow_with_the_sheet() -> None:
    rows = "".join(f'<row r="{n}"><c r="A{n}" s="1"><v>{n}</v></c></row>' for n in range(1, 15_001))
    source, out = io.BytesIO(xlsx(f"<sheetData>{rows}</sheetData>")), io.BytesIO(bytes(4_000_000))
    table = ResultTable(("n",), ((n, ("queued",)) for n in range(2, 15_001)))
    tracemalloc.start()
    add_to_workbook(source, out, sheet="Leads", header_row=1, results=table)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 6_000_000


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
