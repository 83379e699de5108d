"""What the nasty spreadsheets of this folder are built from: archives, sheets, cells, old Office files.

Everything comes out the same on every run.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

import xlwt
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import Table, TableCell, TableRow
from odf.text import P
from xlwt.CompoundDoc import XlsDoc

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"

Value = str | float | bool | None
Rows = Sequence[Sequence[Value]]


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
        worksheet = f'{XML}<worksheet xmlns="{MAIN}">{worksheet}</worksheet>'
    overrides = (
        ("/xl/workbook.xml", kind),
        ("/xl/worksheets/sheet1.xml", "worksheet"),
        ("/xl/styles.xml", "styles"),
    )
    types = "".join(
        f'<Override PartName="{part}" ContentType="{_SHEET_TYPE}.{each}+xml"/>' for part, each in overrides
    ).replace(f"{_SHEET_TYPE}.sheet.macroEnabled.main", "application/vnd.ms-excel.sheet.macroEnabled.main")
    return {
        "[Content_Types].xml": f'{XML}<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType='
        f'"application/xml"/>{types}</Types>',
        "_rels/.rels": relationships(("rId1", "officeDocument", "xl/workbook.xml")),
        "xl/workbook.xml": f'{XML}<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>'
        f'<sheet name="{name}" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": relationships(
            ("rId1", "worksheet", "worksheets/sheet1.xml"), ("rId2", "styles", "styles.xml")
        ),
        "xl/styles.xml": f'{XML}<styleSheet xmlns="{MAIN}"><fonts count="2"><font/><font><b/></font></fonts>'
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


def relationships(*targets: tuple[str, str, str]) -> str:
    inner = "".join(f'<Relationship Id="{i}" Type="{OFFICE}/{kind}" Target="{t}"/>' for i, kind, t in targets)
    return f'{XML}<Relationships xmlns="{_PACKAGE}/relationships">{inner}</Relationships>'


def opendocument(rows: list[TableRow]) -> bytes:
    document = OpenDocumentSpreadsheet()
    table = Table(name="Leads")
    for row in rows:
        table.addElement(row)
    document.spreadsheet.addElement(table)
    file = io.BytesIO()
    document.write(file)
    return undated(file.getvalue())


def ods_row(*texts: str, repeated: int = 1, visibility: str = "visible") -> TableRow:
    row = TableRow(numberrowsrepeated=repeated, visibility=visibility)
    row.addElement(TableCell(numbercolumnsrepeated=2))
    for text in texts:
        cell = TableCell(valuetype="string")
        cell.addElement(P(text=text))
        row.addElement(cell)
    return row


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
            "_rels/.rels": relationships(("rId1", "officeDocument", "xl/workbook.bin")),
            "xl/workbook.bin": book + record(144) + record(132),
            "xl/_rels/workbook.bin.rels": relationships(("rId1", "worksheet", "worksheets/sheet1.bin")),
            "xl/worksheets/sheet1.bin": sheet + record(146) + record(130),
        }
    )


def ole2(*streams: str, loop: bool = False) -> bytes:
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


def sheet_data(rows: Rows, *, first_row: int = 1) -> str:
    """The sheetData of these rows: text as inline strings, numbers as numbers, None as no cell."""
    lines = (
        f'<row r="{number}">'
        + "".join(_cell(f"{_letters(column)}{number}", value) for column, value in enumerate(row))
        + "</row>"
        for number, row in enumerate(rows, first_row)
    )
    return f"<sheetData>{''.join(lines)}</sheetData>"


def worksheet(rows: Rows | str, *, before: str = "", after: str = "") -> str:
    """A worksheet's XML; `before` and `after` stand on either side of its sheetData."""
    data = rows if isinstance(rows, str) else sheet_data(rows)
    return f'{XML}<worksheet xmlns="{MAIN}" xmlns:r="{OFFICE}">{before}{data}{after}</worksheet>'


def book(
    sheets: Mapping[str, Rows | str],
    *,
    hidden: Sequence[str] = (),
    more: Mapping[str, str | bytes] | None = None,
) -> bytes:
    """A workbook with several sheets, each given as its rows or as its XML."""
    names = list(sheets)
    parts = xlsx_parts("")
    del parts["xl/worksheets/sheet1.xml"]
    listed = "".join(
        f'<sheet name="{escape(name)}" sheetId="{n}" r:id="rId{n}"{_state(name in hidden)}/>'
        for n, name in enumerate(names, 1)
    )
    targets = [(f"rId{n}", "worksheet", f"worksheets/sheet{n}.xml") for n in range(1, len(names) + 1)]
    styles = (f"rId{len(names) + 1}", "styles", "styles.xml")
    strings = [(f"rId{len(names) + 2}", "sharedStrings", "sharedStrings.xml")]
    more = more or {}
    return zipped(
        parts
        | {
            "xl/workbook.xml": f'{XML}<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}">'
            f"<sheets>{listed}</sheets></workbook>",
            "xl/_rels/workbook.xml.rels": relationships(
                *targets, styles, *(strings if "xl/sharedStrings.xml" in more else [])
            ),
        }
        | {
            f"xl/worksheets/sheet{n}.xml": rows if isinstance(rows, str) else worksheet(rows)
            for n, rows in enumerate(sheets.values(), 1)
        }
        | more
    )


def shared_strings(*items: str) -> str:
    """The part of a workbook that holds its texts; each item is the XML inside `si`."""
    inner = "".join(f"<si>{item}</si>" for item in items)
    return f'{XML}<sst xmlns="{MAIN}">{inner}</sst>'


def old_excel(sheets: Mapping[str, Rows], *, hidden: Sequence[str] = (), dates: str | None = None) -> bytes:
    """A workbook of Excel 97; `dates` is the number format of its numbers."""
    workbook = xlwt.Workbook()
    style = xlwt.easyxf(num_format_str=dates) if dates else xlwt.Style.default_style
    for name, rows in sheets.items():
        sheet = workbook.add_sheet(name)
        sheet.visibility = int(name in hidden)
        for number, row in enumerate(rows):
            for column, value in enumerate(row):
                if value is not None:
                    sheet.write(
                        number, column, value, style if isinstance(value, float) else xlwt.Style.default_style
                    )
    file = io.BytesIO()
    workbook.save(file)
    return file.getvalue()


def old_excel_stream(stream: bytes) -> bytes:
    """The envelope of an Excel 97 workbook around any stream of records."""
    file = io.BytesIO()
    XlsDoc().save(file, stream)
    return file.getvalue()


def _cell(reference: str, value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return f'<c r="{reference}" t="b"><v>{int(value)}</v></c>'
    if isinstance(value, str):
        return text_cell(reference, escape(value))
    return f'<c r="{reference}"><v>{value!r}</v></c>'


def _letters(column: int) -> str:
    return (chr(ord("A") + column // 26 - 1) if column >= 26 else "") + chr(ord("A") + column % 26)


def _state(hidden: bool) -> str:  # noqa: FBT001 - one of two words
    return ' state="hidden"' if hidden else ""
