"""A workbook with every feature comes back with every feature, and its results look as if they belonged."""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest
from openpyxl.cell import Cell
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from dialer.result_table import ResultCell, ResultTable
from dialer.table import column_letters
from dialer.workbook import AddedTo, add_to_workbook
from tests.desk import Desk, open_desk
from tests.spreadsheets.features import (
    COLUMNS,
    HEADER_ROW,
    LEADS,
    ROWS,
    STYLES,
    TABLE,
    TOTALS_ROW,
    WORKBOOK,
    Features,
    feature_parts,
    feature_workbook,
)
from tests.spreadsheets.make import zipped

NAMES = ("call_id", "status", "is_new_contact", "to_phone", "contact_id", "called_at", "attempts", "reason")
FIRST = len(COLUMNS)  # where the results stand
LAST = FIRST + len(NAMES) - 1
KINDS = {
    "filter": Features(),
    "macros": Features(macros=True),
    "table": Features(table=True),
    "totals": Features(table=True, totals=True),
}


def results_of(row: int) -> tuple[ResultCell, ...]:
    if row == 7:
        return (None, "invalid", None, None, None, None, None, "=1+1 is no number")
    phone = f"+1201555010{row}"
    return (f"call-{row}", "queued", row % 2 == 0, phone, f"{row}", "2026-01-02T03:04:05Z", 1, None)


def add(content: bytes, *, existing: dict[str, int] | None = None) -> tuple[bytes, AddedTo]:
    table = ResultTable(
        NAMES,
        [(row, results_of(row)) for row in ROWS],
        existing or {},
        widths={"call_id": 38, "status": 12},
    )
    out = io.BytesIO()
    added = add_to_workbook(io.BytesIO(content), out, sheet="Leads", header_row=HEADER_ROW, results=table)
    return out.getvalue(), added


@pytest.fixture(scope="module", params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def before(kind: str) -> bytes:
    return feature_workbook(KINDS[kind])


@pytest.fixture(scope="module")
def after(before: bytes) -> bytes:
    return add(before)[0]


def part(content: bytes, name: str) -> str:
    return zipfile.ZipFile(io.BytesIO(content)).read(name).decode()


def loaded(content: bytes) -> Workbook:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl says what it does not know and would lose
        return openpyxl.load_workbook(io.BytesIO(content), rich_text=True)


def leads(content: bytes) -> Worksheet:
    sheet = loaded(content)["Leads"]
    assert isinstance(sheet, Worksheet)
    return sheet


def test_every_other_part_keeps_its_bytes(kind: str, before: bytes, after: bytes) -> None:
    old, new = zipfile.ZipFile(io.BytesIO(before)), zipfile.ZipFile(io.BytesIO(after))
    widened = {TABLE} if KINDS[kind].table else {WORKBOOK}
    assert old.namelist() == new.namelist()
    assert {name for name in old.namelist() if old.read(name) != new.read(name)} == {LEADS, STYLES, *widened}


def test_the_sheet_keeps_every_byte_beside_what_is_added(before: bytes, after: bytes) -> None:
    new = re.sub(r'<c r="(?:[I-P])[0-9]+"(?:/>|.*?(?:/>|</c>))', "", part(after, LEADS))
    new = re.sub(r'<col min="(?:9|1[0-6])".*?/>', "", new)
    old = part(before, LEADS).replace('<dimension ref="A1:H10"/>', '<dimension ref="A1:P10"/>')
    old = re.sub(r'(<row r="[3-9]") spans="1:8"', r"\1", old).replace('<col min="9" max', '<col min="17" max')
    old = old.replace('<autoFilter ref="A3:H9">', '<autoFilter ref="A3:P9">')
    assert new == old.replace('<sortState ref="A4:H9">', '<sortState ref="A4:P9">')


# Feature -> the part in which it stands, and a piece of its XML.
EVERYWHERE = {
    "styles": (STYLES, '<numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/>'),
    "column widths": (LEADS, '<col min="1" max="2" width="14.5" customWidth="1"/>'),
    "a hidden column": (LEADS, '<col min="4" max="4" width="9" hidden="1"'),
    "a hidden row": (LEADS, '<row r="5" hidden="1">'),
    "outlines of rows": (LEADS, '<row r="7" outlineLevel="1" collapsed="1">'),
    "a row's height": (LEADS, '<row r="1" spans="1:8" ht="30" customHeight="1">'),
    "merged cells": (LEADS, '<mergeCell ref="A1:H1"/>'),
    "conditional formats": (LEADS, '<conditionalFormatting sqref="F4:F9"><cfRule type="cellIs"'),
    "data bars": (LEADS, "<dataBar>"),
    "data validations": (LEADS, "<formula1>States</formula1>"),
    "hyperlinks": (LEADS, '<hyperlink ref="G4" r:id="rIdLink"'),
    "where they lead": ("xl/worksheets/_rels/sheet1.xml.rels", "https://example.com/ann"),
    "protection": (LEADS, '<sheetProtection password="CC1A" sheet="1"'),
    "protected ranges": (LEADS, '<protectedRange sqref="H4:H9"'),
    "page setup": (LEADS, '<pageSetup paperSize="9" orientation="landscape"'),
    "margins": (LEADS, '<pageMargins left="0.5"'),
    "header and footer": (LEADS, "<oddFooter>&amp;CPage &amp;P</oddFooter>"),
    "page breaks": (LEADS, '<brk id="6" max="16383" man="1"/>'),
    "printer settings": ("xl/printerSettings/printerSettings1.bin", "printer"),
    "formulas": (LEADS, "<f>SUM(F4:F5)</f>"),
    "shared formulas": (LEADS, '<f t="shared" ref="F4:F5" si="0">'),
    "their order": ("xl/calcChain.xml", '<c r="F4" i="1"/>'),
    "rich text": ("xl/sharedStrings.xml", "<r><rPr><b/>"),
    "inline text": (LEADS, 't="inlineStr"><is><t>Example</t></is></c>'),
    "sparklines": (LEADS, "<x14:sparkline>"),
    "new validations": (LEADS, "<x14:dataValidation "),
    "drawings": (LEADS, '<drawing r:id="rId1"/>'),
    "comments": ("xl/comments1.xml", "met at the fair"),
    "their shapes": ("xl/drawings/vmlDrawing1.vml", '<x:ClientData ObjectType="Note">'),
    "threaded comments": ("xl/threadedComments/threadedComment1.xml", "who is this?"),
    "persons": ("xl/persons/person.xml", "Ann Example"),
    "charts": ("xl/charts/chart1.xml", "<c:f>Leads!$F$4:$F$9</c:f>"),
    "other sheets": ("xl/worksheets/sheet2.xml", "<f>LEN(A1)</f>"),
    "hidden sheets": (WORKBOOK, 'state="veryHidden"'),
    "defined names": (WORKBOOK, '<definedName name="States"'),
    "print areas": (WORKBOOK, "Leads!$A$1:$H$10"),
    "print titles": (WORKBOOK, "Leads!$3:$3"),
    "custom XML": ("customXml/item1.xml", "<id>7</id>"),
    "custom properties": ("docProps/custom.xml", "sales ops"),
    "the title": ("docProps/core.xml", "Leads of the fair"),
}
SOMEWHERE = {
    "frozen panes": ("filter", LEADS, 'state="frozen"'),
    "a filter": ("filter", LEADS, '<filter val="NJ"/>'),
    "split panes": ("table", LEADS, '<pane xSplit="2400" ySplit="1800"'),
    "a table": ("table", LEADS, '<tablePart r:id="rId6"/>'),
    "its looks": ("table", TABLE, '<tableStyleInfo name="TableStyleMedium2"'),
    "its totals": ("totals", TABLE, 'totalsRowFunction="sum"'),
}


@pytest.mark.parametrize(("name", "piece"), EVERYWHERE.values(), ids=EVERYWHERE)
def test_a_feature_is_still_there(before: bytes, after: bytes, name: str, piece: str) -> None:
    old, new = (
        zipfile.ZipFile(io.BytesIO(content)).read(name).decode("latin-1") for content in (before, after)
    )
    old = re.sub(r'(<row r="[3-9]") spans="1:8"', r"\1", old)
    assert (old.count(piece), new.count(piece)) == (old.count(piece) or 1, old.count(piece))


@pytest.mark.parametrize(("kind", "name", "piece"), SOMEWHERE.values(), ids=SOMEWHERE, indirect=["kind"])
def test_a_feature_of_some_sheets_is_still_there(after: bytes, name: str, piece: str) -> None:
    assert part(after, name).count(piece) == 1


@pytest.mark.parametrize("name", ["xl/vbaProject.bin", "xl/media/image1.png"])
def test_macros_and_pictures_keep_their_bytes(name: str) -> None:
    content = feature_workbook(KINDS["macros"])
    old, new = (zipfile.ZipFile(io.BytesIO(each)) for each in (content, add(content)[0]))
    assert old.read(name) == new.read(name)


def values(content: bytes) -> dict[tuple[str, str], object]:
    return {
        (sheet.title, cell.coordinate): cell.value
        for sheet in loaded(content).worksheets
        for row in sheet.iter_rows()
        for cell in row
        if cell.value is not None
    }


def test_load_of_write_is_the_workbook_and_its_results(before: bytes, after: bytes) -> None:
    rows = {HEADER_ROW: NAMES} | {row: results_of(row) for row in ROWS}
    results = {
        ("Leads", f"{column_letters(FIRST + index)}{row}"): cell
        for row, cells in rows.items()
        for index, cell in enumerate(cells)
        if cell is not None
    }
    assert values(after) == values(before) | results


def look(cell: Cell) -> list[str]:
    """What a cell looks like, but for its number format."""
    return [repr(each) for each in (cell.font, cell.fill, cell.border, cell.alignment, cell.protection)]


def test_a_header_looks_like_the_header_beside_it(after: bytes) -> None:
    row = leads(after)[HEADER_ROW]
    assert [look(cell) == look(row[FIRST - 1]) for cell in row[FIRST:]] == [True] * len(NAMES)


@pytest.mark.parametrize("row", ROWS)
def test_a_result_looks_like_the_cell_beside_it(after: bytes, row: int) -> None:
    cells = leads(after)[row]
    assert [look(cell) == look(cells[FIRST - 1]) for cell in cells[FIRST:]] == [True] * len(NAMES)


def test_texts_are_formatted_as_text_and_numbers_not_as_dates(after: bytes) -> None:
    assert [cell.number_format for cell in leads(after)[4][FIRST:]] == [
        *("@", "@", "General", "@", "@", "@", "General", "@")
    ]


def test_a_text_that_would_be_a_formula_is_marked_as_text(after: bytes) -> None:
    cell = leads(after)[7][LAST]
    assert (cell.value, cell.data_type, cell.quotePrefix) == ("=1+1 is no number", "s", True)


def test_no_result_is_a_formula(after: bytes) -> None:
    assert re.findall(r'<c r="(?:[I-P])\d+"[^>]*><f', part(after, LEADS)) == []


def test_every_new_column_has_its_width_and_can_be_seen_although_those_behind_it_are_hidden(
    after: bytes,
) -> None:
    dimensions = leads(after).column_dimensions
    found = {letter: (dimensions[letter].width, dimensions[letter].hidden) for letter in "IJKQ"}
    assert found == {"I": (38, False), "J": (12, False), "K": (18, False), "Q": (9.14, True)}


@pytest.mark.parametrize("kind", ["filter", "macros"], indirect=True)
def test_the_filter_its_name_and_its_sort_cover_the_results(after: bytes) -> None:
    sheet = leads(after)
    assert sheet.auto_filter.ref == "A3:P9"
    assert sheet.auto_filter.sortState.ref == "A4:P9"
    name = (
        '<definedName name="_xlnm._FilterDatabase" localSheetId="0" hidden="1">Leads!$A$3:$P$9</definedName>'
    )
    assert name in part(after, WORKBOOK)


@pytest.mark.parametrize(("kind", "ref"), [("table", "A3:P9"), ("totals", "A3:P10")], indirect=["kind"])
def test_the_table_its_filter_and_its_sort_cover_the_results(after: bytes, ref: str) -> None:
    table = leads(after).tables["People"]
    areas = (table.ref, table.autoFilter.ref, table.sortState.ref)
    assert (areas, [column.name for column in table.tableColumns], [c.id for c in table.tableColumns]) == (
        (ref, "A3:P9", "A4:P9"),
        [*COLUMNS, *NAMES],
        list(range(1, 17)),
    )


def table_with(**changes: str) -> bytes:
    """The workbook with a table, after changes to its XML: old text -> new text."""
    parts = feature_parts(KINDS["table"])
    xml = str(parts[TABLE])
    for old, new in changes.values():
        assert old in xml
        xml = xml.replace(old, new)
    return zipped(parts | {TABLE: xml})


BESIDE = {
    "has a column of that name": ('name="Notes"', 'name="STATUS"'),
    "ends before the last column": ('ref="A3:H9"', 'ref="A3:G9"'),
    "has no header": ('displayName="People"', 'displayName="People" headerRowCount="0"'),
    "is filled by a query": ('displayName="People"', 'displayName="People" tableType="queryTable"'),
    "does not say where its columns are": ("<tableColumn ", "<column "),
    "is cut off": ("</table>", ""),
}


@pytest.mark.parametrize("change", BESIDE.values(), ids=BESIDE)
def test_a_table_that_cannot_be_widened_stays_as_it_is_and_that_is_said(change: tuple[str, str]) -> None:
    content = table_with(change=change)  # type: ignore[arg-type]
    out, added = add(content)
    assert part(out, TABLE) == part(content, TABLE)
    assert added.remarks == ("A table of the sheet could not be widened: the results stand beside it.",)


def test_a_table_elsewhere_on_the_sheet_is_nobodys_business() -> None:
    content = table_with(change=("A3:H9", "A20:H29"))  # type: ignore[arg-type]
    out, added = add(content)
    assert (part(out, TABLE), added.remarks) == (part(content, TABLE), ())


def test_a_filter_of_other_rows_stays_as_it_is() -> None:
    parts = feature_parts(KINDS["filter"])
    content = zipped(
        parts | {LEADS: str(parts[LEADS]).replace('<autoFilter ref="A3:H9">', '<autoFilter ref="A5:H9">')}
    )
    out, _ = add(content)
    assert ('<autoFilter ref="A5:H9">' in part(out, LEADS), part(out, WORKBOOK)) == (
        True,
        part(content, WORKBOOK),
    )


def test_results_stand_behind_a_header_that_is_merged_over_more_columns() -> None:
    parts = feature_parts(KINDS["filter"])
    merged = str(parts[LEADS]).replace('<mergeCell ref="A10:B10"/>', '<mergeCell ref="H3:K3"/>')
    out, added = add(zipped(parts | {LEADS: merged}))
    assert (added.placement.columns["call_id"], leads(out)["L3"].value) == (11, "call_id")


def test_a_band_merged_across_the_page_does_not_push_the_results_away() -> None:
    parts = feature_parts(KINDS["filter"])
    merged = str(parts[LEADS]).replace('<mergeCell ref="A10:B10"/>', '<mergeCell ref="A10:XFD10"/>')
    assert add(zipped(parts | {LEADS: merged}))[1].placement.columns["call_id"] == FIRST


def test_a_report_fed_back_is_the_same_workbook(after: bytes) -> None:
    existing = {name: FIRST + index for index, name in enumerate(NAMES)}
    again, _ = add(after, existing=existing)
    old, new = zipfile.ZipFile(io.BytesIO(after)), zipfile.ZipFile(io.BytesIO(again))
    assert {name: new.read(name) for name in new.namelist()} == {
        name: old.read(name) for name in old.namelist()
    }


def test_a_column_that_was_deleted_comes_back_behind_the_last_and_the_table_with_it() -> None:
    first, _ = add(feature_workbook(KINDS["table"]))
    existing = {name: FIRST + index for index, name in enumerate(NAMES[:-1])}
    parts = {
        name: zipfile.ZipFile(io.BytesIO(first)).read(name)
        for name in zipfile.ZipFile(io.BytesIO(first)).namelist()
    }
    sheet = re.sub(r'<c r="P\d+"(?:[^>]*/>|.*?</c>)', "", parts[LEADS].decode())
    table = parts[TABLE].decode().replace('<tableColumn id="16" name="reason"/>', "").replace("P9", "O9")
    shorter = zipped(parts | {LEADS: sheet, TABLE: table.replace('count="16"', 'count="15"')})
    found = leads(add(shorter, existing=existing)[0])
    assert (found.tables["People"].ref, found["P3"].value, found["P7"].value) == (
        *("A3:P9", "reason", "=1+1 is no number"),
    )


def test_styles_that_cannot_be_added_to_leave_the_results_without_looks() -> None:
    parts = feature_parts(KINDS["filter"])
    content = zipped(parts | {STYLES: str(parts[STYLES]).replace("<cellXfs", "<!-- <xf/> --><cellXfs")})
    out, _ = add(content)
    assert (part(out, STYLES), leads(out)["L4"].value) == (part(content, STYLES), "+12015550104")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with open_desk(tmp_path_factory.mktemp("desk")) as opened:
        yield opened


def test_a_run_of_it_calls_its_people_and_hands_it_back_with_its_macros(desk: Desk) -> None:
    sheet = desk.folder / "fair.xlsm"
    sheet.write_bytes(feature_workbook(KINDS["macros"]))
    finished = desk.dialer("run", sheet, *desk.call_options("--json"))
    report = Path(finished.json["report"])
    found = leads(report.read_bytes())
    assert finished.returncode == 0, finished
    assert [found.cell(row, FIRST + 2).value for row in (HEADER_ROW, *ROWS, TOTALS_ROW)] == [
        *("status", *["queued"] * 6, None)
    ]
    assert zipfile.ZipFile(report).read("xl/vbaProject.bin") == zipfile.ZipFile(sheet).read(
        "xl/vbaProject.bin"
    )
