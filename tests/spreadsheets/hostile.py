"""What harms whoever opens it, and what is damaged: each has to be refused, quickly and in one sentence."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable

from odf.table import TableCell, TableRow
from odf.text import P

from tests.spreadsheets.parts import (
    MAIN,
    XML,
    book,
    ods_row,
    old_excel,
    old_excel_stream,
    ole2,
    opendocument,
    shared_strings,
    sheet_data,
    worksheet,
    xlsx,
    xlsx_parts,
    zipped,
)

_LEADS = (("Name", "Phone"), ("Ann Example", "+12015550123"), ("Bo Sample", "+442079460001"))


def _billions_of_repeated_cells() -> bytes:
    row = TableRow(numberrowsrepeated=1_048_576)
    cell = TableCell(numbercolumnsrepeated=16_384, valuetype="string")
    cell.addElement(P(text="x"))
    row.addElement(cell)
    return opendocument([row])


def _unpacked() -> bytes:
    """A workbook whose very bytes are the same whatever zlib they were made with."""
    parts = xlsx_parts(sheet_data(_LEADS))
    return zipped(parts, stored=tuple(parts))


def _lying_about_size() -> bytes:
    """A part that swells to 40 MB although the archive says 90 KB, everywhere it says so."""
    worksheet = "<sheetData>" + " " * 40_000_000 + "</sheetData>"
    archive = xlsx(worksheet)
    size = len(f'{XML}<worksheet xmlns="{MAIN}">{worksheet}</worksheet>')
    return archive.replace(struct.pack("<L", size), struct.pack("<L", 90_000))


def _entities() -> bytes:
    """A billion laughs among the shared texts."""
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    strings = (
        f'{XML}<!DOCTYPE sst [<!ENTITY l0 "ha">{entities}]><sst xmlns="{MAIN}"><si><t>&l9;</t></si></sst>'
    )
    return book({"Leads": _LEADS}, more={"xl/sharedStrings.xml": strings})


def _strings_that_swell() -> bytes:
    """One long text that many cells share: each gets its own copy. The archive keeps all limits."""
    long = "".join(chr(ord("a") + (n * n * 7 + n // 26) % 26) for n in range(32_000))
    rows = (
        f'<row r="{n}" ht="{n * n * 7919 % 9973 / 100}">'
        + "".join(f'<c r="{letter}{n}" t="s"><v>0</v></c>' for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
        + "</row>"
        for n in range(1, 3_001)
    )
    return book(
        {"Leads": worksheet(f"<sheetData>{''.join(rows)}</sheetData>")},
        more={"xl/sharedStrings.xml": shared_strings(f"<t>{long}</t>")},
    )


def _rows_repeated_to_the_end() -> bytes:
    """A hundred cells, each with a text of its own, a million times: not absurd, and far too much."""
    row = TableRow(numberrowsrepeated=1_048_576)
    for n in range(100):
        cell = TableCell(valuetype="string")
        cell.addElement(P(text=f"person {n}"))
        row.addElement(cell)
    return opendocument([row])


def _many_sheets_of_one_part() -> bytes:
    """Three thousand sheets that are one and the same part: to look at the head of each takes minutes."""
    sheets = range(1, 3001)
    listed = "".join(f'<sheet name="Sheet{n}" sheetId="{n}" r:id="rId1"/>' for n in sheets)
    people = ((f"Person {n * n * 7919 % 99991}", n * n * 104_729 % 10**10) for n in range(6000))
    parts = xlsx_parts(sheet_data((("Name", "Phone"), *people)))
    workbook = str(parts["xl/workbook.xml"])
    start, end = workbook.index("<sheets>") + len("<sheets>"), workbook.index("</sheets>")
    return zipped(parts | {"xl/workbook.xml": workbook[:start] + listed + workbook[end:]})


def _old_excel_with_password() -> bytes:
    """An old workbook that begins with a record of encryption ([MS-XLS] 2.4.117)."""
    bof = struct.pack("<HHHHHHLL", 0x809, 16, 0x600, 5, 0x0DBB, 0x07CC, 0, 6)
    password = struct.pack("<HHHHH48s", 0x2F, 54, 1, 1, 1, bytes(range(48)))
    sheet = struct.pack("<HHLBBBB5s", 0x85, 13, 4096, 0, 0, 5, 0, b"Leads")
    return old_excel_stream((bof + password + sheet + struct.pack("<HH", 0x0A, 0)).ljust(8192, b"\0"))


def _opendocument_with_password() -> bytes:
    manifest = (
        '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
        '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml">'
        '<manifest:encryption-data manifest:checksum="x"/></manifest:file-entry></manifest:manifest>'
    )
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    parts = {"mimetype": kind, "content.xml": bytes(range(256)), "META-INF/manifest.xml": manifest}
    return zipped(parts, stored=("mimetype", "content.xml"))


def _repeated_part() -> bytes:
    """Two parts with one name: which of them is read depends on who reads."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in xlsx_parts(sheet_data(_LEADS)).items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 2, 3, 4, 6)), content)
    once = file.getvalue()
    return once.replace(b"xl/styles.xml", b"_rels/.rels  "[:13])


FILES: dict[str, Callable[[], bytes]] = {
    "cells_far_apart.xlsx": lambda: xlsx(
        '<sheetData><row r="1"><c r="A1"><v>1</v></c></row><row r="1048576">'
        '<c r="XFD1048576"><v>1</v></c></row></sheetData>'
    ),
    "doctype_in_a_part.xlsx": lambda: zipped(
        xlsx_parts(sheet_data(_LEADS))
        | {"docProps/app.xml": '<!-- --><!DOCTYPE p [<!ENTITY x SYSTEM "file:///etc/passwd">]><p>&x;</p>'}
    ),
    "swells_when_unpacked.xlsx": lambda: zipped(
        xlsx_parts(sheet_data(_LEADS)) | {"xl/sharedStrings.xml": b"<sst>" + bytes(30_000_000)}
    ),
    "lies_about_its_size.xlsx": _lying_about_size,
    "looping_sectors.xls": lambda: ole2("Workbook", loop=True),
    "billions_of_repeated_cells.ods": _billions_of_repeated_cells,
    "needs_a_password.xlsx": lambda: ole2("EncryptionInfo", "EncryptedPackage"),
    "cut_off.xlsx": lambda: _unpacked()[:3000],
    "bytes_overwritten.xlsx": lambda: _unpacked().replace(b"PK\x01\x02", b"PK\xff\xff", 1),
    "billion_laughs.xlsx": _entities,
    "strings_that_swell.xlsx": _strings_that_swell,
    "rows_repeated_to_the_end.ods": _rows_repeated_to_the_end,
    "many_sheets_of_one_part.xlsx": _many_sheets_of_one_part,
    "wider_than_any_sheet.csv": lambda: b"Name,Phone\r\nAnn Example,+12015550123" + b"," * 20_000 + b"\r\n",
    "needs_a_password.xls": _old_excel_with_password,
    "needs_a_password.ods": _opendocument_with_password,
    "cut_off.xls": lambda: old_excel({"Leads": _LEADS})[:3000],
    "cut_off.ods": lambda: opendocument([ods_row(*lead) for lead in _LEADS])[:1000],
    "two_parts_of_one_name.xlsx": _repeated_part,
    "archive_of_sheets.zip": lambda: zipped({"leads.csv": "Name,Phone\r\nAnn Example,+12015550123\r\n"}),
    "document_named_as_a_sheet.xlsx": lambda: zipped(
        {"[Content_Types].xml": "<Types/>", "word/document.xml": "<document/>"}
    ),
    "old_document_named_as_a_sheet.xls": lambda: ole2("WordDocument"),
}
