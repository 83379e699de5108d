"""Makes the small nasty spreadsheets of this folder, each named for its nastiness.

Run it from the root of the project: `python -m tests.spreadsheets.make`, with another folder after it if they
should go there. The files are the same on every run, the people in them invented, the numbers fictional.
"""

from __future__ import annotations

import io
import re
import struct
import sys
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import openpyxl
import xlwt
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import Table, TableCell, TableRow
from odf.text import P
from openpyxl.comments import Comment
from openpyxl.styles import Font

FOLDER = Path(__file__).parent

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_SIX = (
    ("Name", "Phone"),
    ("Ann Example", "+12015550123"),
    ("Bo Sample", "+12015550124"),
    ("Cy Instance", "+12015550125"),
    ("Di Specimen", "+12015550126"),
    ("Ed Model", "+12015550127"),
)
_LEADS = (("Name", "Phone"), ("Ann Example", "+12015550123"), ("Bo Sample", "+442079460001"))


def zipped(parts: Mapping[str, str | bytes], *, stored: tuple[str, ...] = ()) -> bytes:
    """A zip archive of the parts, the same on every run."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in parts.items():
            entry = zipfile.ZipInfo(name, (2026, 1, 2, 3, 4, 6))
            method = zipfile.ZIP_STORED if name in stored else zipfile.ZIP_DEFLATED
            archive.writestr(entry, content, compress_type=method)
    return file.getvalue()


def undated(archive: bytes) -> bytes:
    """The same archive without the time at which a library wrote it, in its directory and its properties."""
    with zipfile.ZipFile(io.BytesIO(archive)) as read:
        parts = {
            name: re.sub(rb"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", b"2026-01-02T03:04:06Z", read.read(name))
            if name == "docProps/core.xml"
            else read.read(name)
            for name in read.namelist()
        }
    return zipped(parts, stored=("mimetype",))


def xlsx_parts(
    worksheet: str | bytes, *, name: str = "Leads", kind: str = "sheet.main", **more: str | bytes
) -> dict[str, str | bytes]:
    """The parts of a workbook with one sheet; `worksheet` is its XML, or only its sheetData."""
    if isinstance(worksheet, str) and worksheet.startswith("<sheetData"):
        worksheet = f'{_XML}<worksheet xmlns="{MAIN}">{worksheet}</worksheet>'
    overrides = (
        ("/xl/workbook.xml", kind),
        ("/xl/worksheets/sheet1.xml", "worksheet"),
        ("/xl/styles.xml", "styles"),
    )
    types = "".join(
        f'<Override PartName="{part}" ContentType="{_SHEET_TYPE}.{each}+xml"/>' for part, each in overrides
    ).replace(f"{_SHEET_TYPE}.sheet.macroEnabled.main", "application/vnd.ms-excel.sheet.macroEnabled.main")
    return {
        "[Content_Types].xml": f'{_XML}<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType='
        f'"application/xml"/>{types}</Types>',
        "_rels/.rels": _relationships(("rId1", "officeDocument", "xl/workbook.xml")),
        "xl/workbook.xml": f'{_XML}<workbook xmlns="{MAIN}" xmlns:r="{_OFFICE}"><sheets>'
        f'<sheet name="{name}" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": _relationships(
            ("rId1", "worksheet", "worksheets/sheet1.xml"), ("rId2", "styles", "styles.xml")
        ),
        "xl/styles.xml": f'{_XML}<styleSheet xmlns="{MAIN}"><fonts count="2"><font/><font><b/></font></fonts>'
        '<fills count="2"><fill><patternFill patternType="none"/></fill><fill>'
        '<patternFill patternType="gray125"/></fill></fills><borders count="1"><border/></borders>'
        '<cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="3"><xf/><xf fontId="1" applyFont="1"/>'
        '<xf numFmtId="14" applyNumberFormat="1"/>'
        '</cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>'
        "</styleSheet>",
        "xl/worksheets/sheet1.xml": worksheet,
        **more,
    }


def xlsx(worksheet: str | bytes, **more: str) -> bytes:
    """A workbook with one sheet."""
    return zipped(xlsx_parts(worksheet, **more))


def text_cell(reference: str, text: str, style: int = 0) -> str:
    """A cell's XML with an inline string."""
    return f'<c r="{reference}" s="{style}" t="inlineStr"><is><t>{text}</t></is></c>'


def _relationships(*targets: tuple[str, str, str]) -> str:
    inner = "".join(
        f'<Relationship Id="{i}" Type="{_OFFICE}/{kind}" Target="{t}"/>' for i, kind, t in targets
    )
    return f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">{inner}</Relationships>'


def _leads_from_c4() -> str:
    rows = (
        f'<row r="{number}">{text_cell(f"C{number}", name)}{text_cell(f"D{number}", phone)}</row>'
        for number, (name, phone) in zip((4, 5, 7), _LEADS, strict=True)
    )
    return f"<sheetData>{''.join(rows)}</sheetData>"


def _old_excel_from_c4() -> bytes:
    workbook = xlwt.Workbook()
    sheet = workbook.add_sheet("Leads")
    for number, lead in zip((4, 5, 7), _LEADS, strict=True):
        for column, text in enumerate(lead, 2):
            sheet.write(number - 1, column, text)
    file = io.BytesIO()
    workbook.save(file)
    return file.getvalue()


def _opendocument(rows: list[TableRow]) -> bytes:
    document = OpenDocumentSpreadsheet()
    table = Table(name="Leads")
    for row in rows:
        table.addElement(row)
    document.spreadsheet.addElement(table)
    file = io.BytesIO()
    document.write(file)
    return undated(file.getvalue())


def _ods_row(*texts: str, repeated: int = 1, visibility: str = "visible") -> TableRow:
    row = TableRow(numberrowsrepeated=repeated, visibility=visibility)
    row.addElement(TableCell(numbercolumnsrepeated=2))
    for text in texts:
        cell = TableCell(valuetype="string")
        cell.addElement(P(text=text))
        row.addElement(cell)
    return row


def _opendocument_from_c4() -> bytes:
    header, first, second = (_ods_row(*lead) for lead in _LEADS)
    return _opendocument([_ods_row(repeated=3), header, first, _ods_row(), second])


def _hidden_rows() -> str:
    """Rows hidden by hand (3), by a filter (5) and by a program that writes "true" (6)."""
    hidden = {
        3: ' hidden="1"',
        5: ' ht="15" hidden="1" outlineLevel="1"',
        6: " hidden='true'",
        4: ' hidden="0"',
    }
    rows = (
        f'<row r="{number}"{hidden.get(number, "")}>{text_cell(f"A{number}", name)}'
        f"{text_cell(f'B{number}', phone)}</row>"
        for number, (name, phone) in enumerate(_SIX, 1)
    )
    return f"<sheetData>{''.join(rows)}</sheetData>"


def _opendocument_hidden_rows() -> bytes:
    hidden = {3: "collapse", 5: "filter", 6: "collapse"}
    rows = [_ods_row(*lead, visibility=hidden.get(n, "visible")) for n, lead in enumerate(_SIX, 1)]
    return _opendocument([*rows, _ods_row(repeated=4, visibility="collapse"), _ods_row("after")])


def _errors() -> str:
    """Two errors that the parser knows, and three that it does not, among them one of Google's."""
    errors = ("#N/A", "#REF!", "#SPILL!", "#ERROR!", "#GETTING_DATA")
    more = text_cell("B{}", 'a text: t="e"')
    rows = (
        f'<row r="{n}"><c r="A{n}" t="e"><f>A9</f><v>{each}</v></c>{more.format(n)}</row>'
        for n, each in enumerate(errors, 1)
    )
    return f"<sheetData>{''.join(rows)}</sheetData>"


def _opendocument_errors() -> bytes:
    """As LibreOffice writes them; odfpy does not know its namespace."""
    archive = _opendocument([_ods_row("#N/A"), _ods_row("#REF!"), _ods_row("Err:502"), _ods_row("text")])
    with zipfile.ZipFile(io.BytesIO(archive)) as read:
        parts = {name: read.read(name) for name in read.namelist()}
    parts["content.xml"] = re.sub(
        rb'<table:table-cell (office:value-type="string")>(?=<text:p>[#E])',
        rb'<table:table-cell table:formula="of:=[.A9]" \1 office:string-value="" calcext:value-type="error">',
        parts["content.xml"],
    )
    return zipped(parts, stored=("mimetype",))


def _billions_of_repeated_cells() -> bytes:
    row = TableRow(numberrowsrepeated=1_048_576)
    cell = TableCell(numbercolumnsrepeated=16_384, valuetype="string")
    cell.addElement(P(text="x"))
    row.addElement(cell)
    return _opendocument([row])


def _honest() -> bytes:
    """What a person makes in Excel: styles, a second sheet, a hidden one, a comment, a link, filters."""
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    sheet.title = "Leads"
    for lead in (*_LEADS, ("=UPPER(A2)", "2015550124")):
        sheet.append(lead)
    sheet["A1"].font = sheet["B1"].font = Font(bold=True)
    sheet["A2"].comment = Comment("met at the fair", "Ann")
    sheet["A3"].hyperlink = "https://example.com/bo"
    sheet.freeze_panes, sheet.auto_filter.ref = "A2", "A1:B4"
    sheet.column_dimensions["B"].width = 20
    sheet.merge_cells("A6:B6")
    workbook.create_sheet("Read me")["A1"] = "nothing here"
    workbook.create_sheet("Secret").sheet_state = "hidden"
    workbook["Secret"]["A1"] = "not for you"
    file = io.BytesIO()
    workbook.save(file)
    return undated(file.getvalue())


def xlsb(rows: Mapping[int, Mapping[int, str | float | bool]], *, hidden: bool = False) -> bytes:
    """A binary workbook with one sheet; rows and columns count from 0.

    Source of the records: [MS-XLSB] 2.3 and 2.4.
    """

    def record(kind: int, payload: bytes = b"") -> bytes:
        size = len(payload)
        encoded = bytes([size]) if size < 128 else bytes([size & 127 | 128, size >> 7])
        return (bytes([kind]) if kind < 128 else bytes([kind & 127 | 128, kind >> 7])) + encoded + payload

    def wide(text: str) -> bytes:
        return struct.pack("<L", len(text)) + text.encode("utf-16-le")

    def cell(column: int, value: str | float | bool) -> bytes:  # noqa: FBT001 - a cell's value
        start = struct.pack("<LL", column, 0)
        if isinstance(value, str):
            return record(6, start + wide(value))
        if isinstance(value, bool):
            return record(4, start + bytes([value]))
        return record(5, start + struct.pack("<d", value))

    last = max(rows), max(max(row) for row in rows.values())
    sheet = record(129) + record(148, struct.pack("<4L", 0, last[0], 0, last[1])) + record(145)
    for number, row in rows.items():
        sheet += record(0, struct.pack("<LLHBBBL", number, 0, 300, 0, 0, 0, 0))
        sheet += b"".join(cell(column, value) for column, value in row.items())
    book = (
        record(131) + record(143) + record(156, struct.pack("<LL", hidden, 1) + wide("rId1") + wide("Leads"))
    )
    parts = xlsx_parts("")
    return zipped(
        {
            "[Content_Types].xml": parts["[Content_Types].xml"],
            "_rels/.rels": _relationships(("rId1", "officeDocument", "xl/workbook.bin")),
            "xl/workbook.bin": book + record(144) + record(132),
            "xl/_rels/workbook.bin.rels": _relationships(("rId1", "worksheet", "worksheets/sheet1.bin")),
            "xl/worksheets/sheet1.bin": sheet + record(146) + record(130),
        }
    )


def _ole2(*streams: str, loop: bool = False) -> bytes:
    """The envelope of an old Office file with empty streams of these names; its directory may loop."""
    header = struct.pack(
        "<8s16s5H6x3L", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"", 0x3E, 3, 0xFFFE, 9, 6, 0, 1, 1
    )
    header += struct.pack("<5L", 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE)
    header += struct.pack("<L109L", 0, 0, *[0xFFFFFFFF] * 108)
    sectors = [0xFFFFFFFD, 1 if loop else 0xFFFFFFFE] + [0xFFFFFFFF] * 126
    directory = b""
    for name in ("Root Entry", *streams):
        text = name.encode("utf-16-le") + b"\0\0"
        entry = text.ljust(64, b"\0") + struct.pack(
            "<HBB3L", len(text), 5 if not directory else 2, 1, *[0xFFFFFFFF] * 3
        )
        directory += entry.ljust(128, b"\0")
    return header[:512].ljust(512, b"\xff") + struct.pack("<128L", *sectors) + directory.ljust(512, b"\0")


def _unpacked() -> bytes:
    """A workbook whose very bytes are the same whatever zlib they were made with."""
    parts = xlsx_parts(_leads_from_c4())
    return zipped(parts, stored=tuple(parts))


def _lying_about_size() -> bytes:
    """A part that swells to 40 MB although the archive says 90 KB, everywhere it says so."""
    worksheet = "<sheetData>" + " " * 40_000_000 + "</sheetData>"
    archive = xlsx(worksheet)
    size = len(f'{_XML}<worksheet xmlns="{MAIN}">{worksheet}</worksheet>')
    return archive.replace(struct.pack("<L", size), struct.pack("<L", 90_000))


def _styled_to_the_last_column() -> str:
    styled = '<c r="C2" s="1"/><c r="XFD2" s="1"/>'
    return (
        f'<sheetData><row r="1">{text_cell("A1", "Name", 1)}{text_cell("B1", "Phone", 1)}</row>'
        f'<row r="2" spans="1:16384">{text_cell("A2", "Ann")}{text_cell("B2", "+12015550123")}{styled}</row>'
        "</sheetData>"
    )


def _all_kinds() -> str:
    cells = (
        text_cell("A1", "text"),
        '<c r="B1"><v>12</v></c><c r="C1"><v>15551234567</v></c><c r="D1"><v>1.5</v></c>',
        '<c r="E1"><v>0.1</v></c>',
        '<c r="F1"><v>1e15</v></c><c r="G1" t="b"><v>1</v></c><c r="H1" t="b"><v>0</v></c>',
        '<c r="I1" s="2"><v>46348</v></c><c r="J1" s="2"><v>46348.4375</v></c>',
        '<c r="K1" t="e"><v>#N/A</v></c><c r="L1" t="str"><f>"a"&amp;"b"</f><v>ab</v></c>',
        '<c r="M1"><f>1+1</f></c>',
        '<c r="N1"><v>-7</v></c><c r="O1"><v>2015550123.0</v></c>',
    )
    return f'<sheetData><row r="1">{"".join(cells)}</row></sheetData>'


FILES: dict[str, Callable[[], bytes]] = {
    "honest.xlsx": _honest,
    "begins_at_c4.xlsx": lambda: xlsx(_leads_from_c4()),
    "begins_at_c4.xls": _old_excel_from_c4,
    "begins_at_c4.ods": _opendocument_from_c4,
    "begins_at_c4.xlsb": lambda: xlsb(
        {n - 1: dict(enumerate(lead, 2)) for n, lead in zip((4, 5, 7), _LEADS, strict=True)}
    ),
    "all_kinds_of_cells.xlsx": lambda: xlsx(_all_kinds()),
    "macros_inside.xlsm": lambda: zipped(
        xlsx_parts(_leads_from_c4(), kind="sheet.macroEnabled.main") | {"xl/vbaProject.bin": b"\0\1macro"}
    ),
    "styled_to_the_last_column.xlsx": lambda: xlsx(_styled_to_the_last_column()),
    "prefixed_xml.xlsx": lambda: xlsx(
        f'<x:worksheet xmlns:x="{MAIN}"><x:sheetData><x:row r="1"><x:c r="A1" t="inlineStr"><x:is>'
        '<x:t>Phone</x:t></x:is></x:c></x:row><x:row r="2"><x:c r="A2"><x:v>12015550123</x:v></x:c></x:row>'
        "</x:sheetData></x:worksheet>"
    ),
    "rows_without_numbers.xlsx": lambda: xlsx(
        '<sheetData><row><c t="inlineStr"><is><t>Phone</t></is></c></row><row/><row r="4" ht="20"/>'
        "<row><c><v>12015550123</v></c><c/></row></sheetData>"
    ),
    "rows_out_of_order.xlsx": lambda: xlsx(
        '<sheetData><row r="2"><c r="A2"><v>12015550123</v></c></row><row r="1"><c r="A1"><v>1</v></c></row>'
        "</sheetData>"
    ),
    "cells_far_apart.xlsx": lambda: xlsx(
        '<sheetData><row r="1"><c r="A1"><v>1</v></c></row><row r="1048576">'
        '<c r="XFD1048576"><v>1</v></c></row></sheetData>'
    ),
    "hidden_rows.xlsx": lambda: xlsx(_hidden_rows()),
    "hidden_rows.ods": _opendocument_hidden_rows,
    "errors_in_cells.xlsx": lambda: xlsx(_errors()),
    "errors_in_cells.ods": _opendocument_errors,
    "doctype_in_a_part.xlsx": lambda: zipped(
        xlsx_parts(_leads_from_c4())
        | {"docProps/app.xml": '<!-- --><!DOCTYPE p [<!ENTITY x SYSTEM "file:///etc/passwd">]><p>&x;</p>'}
    ),
    "swells_when_unpacked.xlsx": lambda: zipped(
        xlsx_parts(_leads_from_c4()) | {"xl/sharedStrings.xml": b"<sst>" + bytes(30_000_000)}
    ),
    "lies_about_its_size.xlsx": _lying_about_size,
    "looping_sectors.xls": lambda: _ole2("Workbook", loop=True),
    "billions_of_repeated_cells.ods": _billions_of_repeated_cells,
    "needs_a_password.xlsx": lambda: _ole2("EncryptionInfo", "EncryptedPackage"),
    "cut_off.xlsx": lambda: _unpacked()[:3000],
    "bytes_overwritten.xlsx": lambda: _unpacked().replace(b"PK\x01\x02", b"PK\xff\xff", 1),
    "web_page.xls": lambda: b"<html><body><table><tr><td>Phone</td></tr></table></body></html>",
    "picture.csv": lambda: b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
    "semicolons_western.csv": lambda: "Name;Phone;Notes\r\nJosé Example;+12015550123;Größe, 5 £\r\n".encode(
        "cp1252"
    ),
    "tabs_utf16.csv": lambda: "Name\tPhone\r\nZoë Example\t+12015550123\r\n".encode("utf-16"),
    "tabs_utf16_without_mark.csv": lambda: "Name\tPhone\r\nZoë\t+12015550123\r\n".encode("utf-16-le"),
    "separator_line_and_mark.csv": lambda: b"\xef\xbb\xbfsep=|\r\nName|Phone\r\nAnn|+12015550123\r\n",
    "blank_rows_and_quoted_lines.csv": lambda: b'Name,Notes\n\n"Ann","two\r\nlines, one row"\n   \nBo,x',
    "ragged_with_nul.csv": lambda: b"Name,Phone\nAnn,+12015550123,extra,,\nB\0o\n",
    "quote_never_closed.csv": lambda: b'Name,Notes\nAnn,ok\nBo,"no end\nCy,ok\nDi,ok\n',
    "carriage_returns_alone.csv": lambda: b"Name,Phone\rAnn,+12015550123\rBo,+442079460001\r",
    "japanese.csv": lambda: "名前|電話番号\r\n山田ソ能表|+12015550123\r\n佐藤花子|+442079460001\r\n".encode(
        "cp932"
    ),
    "one_damaged_character.csv": lambda: (
        "Name,Phone\nJosé Ñandú,+12015550123\nZoë Ärmel Ö Ü,x\nB".encode() + b"\xe9,y\n"
    ),
}


def main(folder: Path) -> None:
    """Writes every file into a folder."""
    for name, build in FILES.items():
        (folder / name).write_bytes(build())


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
