"""Writes the folder `sample_leads`: the sheets with which anybody can try dialer on the sandbox.

Run it from the root of the project: `python -m tests.make_sample_leads`. The people are invented and the
numbers fictional: 555-01xx in real area codes, Ofcom's numbers for drama, and the API's own example.
No number stands in two samples, so that each of them can be run after the others.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import openpyxl
from openpyxl.cell import Cell
from openpyxl.formatting.rule import CellIsRule
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.workbook.properties import CalcProperties
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

FOLDER = Path(__file__).resolve().parents[1] / "sample_leads"

_MADE = datetime(2026, 11, 2, 9, 0)  # noqa: DTZ001 - a workbook's properties carry no zone
_EXCEL_PHONE = r"[<=9999999]###\-####;\(###\)\ ###\-####"  # what Excel calls "Phone Number"
_DOLLARS = '"$"#,##0'
_WIDTHS = (10, 12, 14, 22, 24, 8, 16, 13, 14, 12, 40)
_INK, _GREY, _SAND = "FF1F3864", "FF7F7F7F", "FFFFF2CC"

_EVERYDAY_HEADER = (
    "Lead ID", "First Name", "Last Name", "Company", "Phone", "State", "Country", "Est. Value",
    "Last Contact", "Do Not Call", "Note",
)  # fmt: skip
# The header stands in row 4. A phone that is a number here is a number in the sheet, as Excel makes it.
_EVERYDAY: tuple[tuple[str, str, str, str, str | int, str, str, int, date, str, str], ...] = (
    ("L-1001", "Ann", "Example", "Example Kitchens", 2015550101, "NJ", "United States", 18500,
     date(2026, 10, 5), "no", "Wants a quote for a kitchen remodel"),
    ("L-1002", "Bob", "Sample", "Sample & Sons", 2125550102, "NY", "United States", 9400,
     date(2026, 10, 6), "no", "Asked to be called after lunch"),
    ("L-1003", "Carol", "Placeholder", "Placeholder Homes", "(312) 555-0103", "IL", "USA", 22000,
     date(2026, 10, 6), "no", ""),
    ("L-1004", "Dan", "Testcase", "Testcase Tiles", "415-555-0104 x204", "CA", "United States", 3100,
     date(2026, 10, 7), "no", "Switchboard; extension 204"),
    ("L-1005", "Eve", "Invented", "", 6175550105, "MA", "United States", 12750,
     date(2026, 10, 8), "", "Prefers e-mail, calls are fine"),
    ("L-1006", "Frank", "Fictional", "Fictional Floors", "+1 305 555 0106", "FL", "", 7600,
     date(2026, 10, 8), "no", ""),
    ("L-1007", "Grace", "Madeup", "Madeup Interiors", 3055550191, "FL", "United States", 15000,
     date(2026, 10, 9), "no", "Number from a paper form"),
    ("L-1008", "Henry", "Nobody", "", "206-555-010", "WA", "United States", 5200,
     date(2026, 10, 9), "no", "Check the number"),
    ("L-1009", "Iris", "Noone", "Noone Bathrooms", "(512) 555-CALL", "TX", "United States", 8800,
     date(2026, 10, 12), "no", ""),
    ("L-1010", "Jack", "Dummyman", "Dummyman Design", "720 555 0110 / 720 555 0111", "CO", "United States",
     30000, date(2026, 10, 12), "no", "Office or home"),
    ("L-1011", "Ann", "Example", "Example Kitchens", "(201) 555-0101", "NJ", "United States", 18500,
     date(2026, 10, 13), "no", "From the fair"),
    ("L-1012", "Kate", "Pretend", "Pretend Paints", 4045550112, "GA", "United States", 6400,
     date(2026, 10, 13), "yes", "Asked us not to call"),
    ("L-1013", "Leo", "Mockup", "", "", "OH", "United States", 4100,
     date(2026, 10, 14), "no", "Left no number"),
    ("L-1014", "Mia", "Specimen", "Specimen Spas", "n/a", "PA", "United States", 11200,
     date(2026, 10, 14), "no", ""),
    ("L-1015", "Ned", "Figment", "Figment Fences", 2165550115, "OH", "", 2900,
     date(2026, 10, 15), "no", ""),
    ("L-1016", "Olga", "Imaginary", "", 5035550116, "OR", "Untied States", 14300,
     date(2026, 10, 15), "no", ""),
    ("L-1017", "Pat", "Template", "Template Terraces", "+44 20 7946 0117", "", "United Kingdom", 26000,
     date(2026, 10, 16), "no", "London flat; speaks to us in the morning"),
    ("L-1018", "Quinn", "Sketch", "Sketch Stairs", 7135550118, "TX", "United States", 9900,
     date(2026, 10, 16), "no", ""),
    ("L-1019", "Ruth", "Draft", "", "2.15556E+09", "PA", "United States", 7300,
     date(2026, 10, 19), "no", "Pasted from a report"),
    ("L-1020", "Sam", "Stub", "Stub Studios", "602.555.0120", "AZ", "US", 16800,
     date(2026, 10, 19), "", ""),
    ("L-1021", "Tina", "Prototype", "Prototype Pools", 8085550121, "HI", "United States", 41000,
     date(2026, 10, 20), "no", "Hawaii: mind the hours"),
    ("L-1022", "Uma", "Blueprint", "Blueprint Baths", 5550122, "NJ", "United States", 5600,
     date(2026, 10, 20), "no", "Local number only"),
)  # fmt: skip
_NOTES = (
    ("Notes", ""),
    ("Owner of this list", "Olive Placeholder, sales ops"),
    ("Questions?", "+1 201 555 0199"),
    ("Do Not Call", "write yes or no"),
    ("", ""),
    ("Do Not Call", "Meaning"),
    ("yes", "asked us not to call"),
    ("no", "may be called"),
)

_CLEAN = """\
first_name,last_name,phone,email,source,tags,do_not_call,notes
John,Sample,+15551234567,john@example.com,website,kitchen,,Interested in a kitchen remodel quote
Amy,Example,+12025550131,amy@example.com,website,kitchen;spring,,
Ben,Testcase,+13035550132,ben@example.com,referral,bathroom,,Knows Amy Example
Cleo,Invented,+14045550133,cleo@example.com,website,,,"Asked about ""green"" paint, twice"
Dee,Madeup,+15125550134,dee@example.com,fair,kitchen,,"Two rooms, maybe three"
Eli,Placeholder,+1206555013,eli@example.com,website,,,
Fay,Fictional,+16175550136,fay@example.com,referral,bathroom;spring,,
Gus,Nobody,+17025550137,gus@example.com,fair,,yes,
Hal,Noone,+18165550138,hal@example.com,website,kitchen,,
Amy,Example,+1 (202) 555-0131,amy@example.org,fair,spring,,Came to the fair as well
Ivy,Specimen,,ivy@example.com,website,,,Write to her
Jan,Mockup,+19165550140,jan@example.com,website,,,
"""

# 07700 900133 is one of Ofcom's numbers for drama that no operator holds: it is not dialled.
_BRITISH = """\
Ref;First name;Surname;Telephone;Country;Budget;Do not call;Comments
UK-01;Zoë;Exämple;020 7946 0018;United Kingdom;£12,500;no;Loft conversion \N{EN DASH} ready to start
UK-02;André;Sämple;0161 496 0019;UK;£4,000\N{EN DASH}£6,000;no;Café refit, call early
UK-03;Siân;Placeholder;029 2018 0020;Wales;£9,750;no;
UK-04;François;Testcase;+44 20 7946 0021;;£2,200;no;Speaks French too
UK-05;Chloé;Invented;+44 (0)20 7946 0022;GB;£15,000;;“Any day but Monday”
UK-06;Seán;Madeup;0044 131 496 0023;Scotland;£7,800;no;
UK-07;Renée;Fictional;2079460024;United Kingdom;£3,300;no;The spreadsheet ate the zero
UK-08;Björn;Nobody;020 7946 0025 ext 12;England;£11,000;no;
UK-09;Zoë;Exämple;+442079460018;United Kingdom;£12,500;no;Second enquiry
UK-10;Íñigo;Noone;020 7946 002;United Kingdom;£1,900;no;
UK-11;Maël;Specimen;0117 496 OO27;United Kingdom;£5,400;no;
UK-12;Noël;Mockup;020 7946 0028 / 020 7946 0030;United Kingdom;£8,100;no;"Home; then work"
UK-13;Jürgen;Pretend;0114 496 0029;United Kingdom;£6,600;yes;Please \N{EN DASH} no calls
UK-14;Eloïse;Figment;;United Kingdom;£2,750;no;
UK-15;Øyvind;Imaginary;unknown;United Kingdom;£3,950;no;
UK-16;Mañuel;Template;020 7946 0032;;£10,250;no;
UK-17;Håkon;Sketch;07700 900133;United Kingdom;£14,400;no;
UK-18;Joëlle;Draft;(0121) 496 0034;united kingdom;£20,000;no;½ day of notice
"""

_META_HEADER = (
    "id,created_time,ad_id,ad_name,adset_id,adset_name,campaign_id,campaign_name,form_id,form_name,is_organic,"
    "platform,what_would_you_like_to_remodel?,full_name,email,phone_number,city,lead_status"
)
_META_AD = (
    "ag:120200000000001,Before and after,as:120200000000002,Homeowners 30+,c:120200000000003,Autumn remodel,"
    "f:989000000000004,Free quote,false"
)
_META = """\
fb,kitchen,Ada Example,ada@example.com,p:+12015550141,Jersey City
ig,bathroom,Bea Sample,bea@example.com,p:+12125550142,New York
fb,kitchen,Cy Placeholder Jr.,cy@example.com,p:+13125550143,Chicago
fb,,<test lead: dummy data for full_name>,test@meta.example,p:<test lead: dummy data for phone_number>,
ig,whole_house,Di Testcase,di@example.com,p:+14155550145,San Francisco
fb,kitchen,Ed Invented,ed@example.com,p:+1617555014,Boston
fb,bathroom,Ada Example,ada@example.com,p:+12015550141,Jersey City
ig,kitchen,Flo Madeup,flo@example.com,p:3055550148,Miami
fb,kitchen,Gil Fictional,gil@example.com,p:+10000000000,Denver
ig,bathroom,Hope Nobody,hope@example.com,,Atlanta
fb,whole_house,Ike Noone,ike@example.com,p:+442079460149,London
fb,kitchen,Joy,joy@example.com,p:+15035550150,Portland
"""


def everyday() -> bytes:
    """An everyday workbook: notes on one sheet, leads below a title on the other, a total at the end."""
    workbook = openpyxl.Workbook()
    notes = workbook.active
    assert isinstance(notes, Worksheet)
    notes.title = "Notes"
    for row in _NOTES:
        notes.append(row)
    notes["A1"].font = notes["A6"].font = notes["B6"].font = Font(bold=True)
    notes.column_dimensions["A"].width, notes.column_dimensions["B"].width = 20, 34
    sheet = workbook.create_sheet("Leads")
    workbook.active = sheet
    notes.sheet_view.tabSelected = False
    _title(sheet)
    _table(sheet)
    total = _total(sheet)
    workbook.properties.creator = "Sales ops"
    workbook.properties.created = _MADE
    workbook.calculation = CalcProperties(fullCalcOnLoad=False)
    file = io.BytesIO()
    workbook.save(file)
    return _repacked(file.getvalue(), total=total)


def _title(sheet: Worksheet) -> None:
    sheet["A1"] = "Kitchen & bath: open leads"
    sheet["A1"].font = Font(bold=True, size=16, color=_INK)
    sheet.merge_cells("A1:K1")
    sheet["A2"] = "Exported 2 Nov 2026 by sales ops"
    sheet["A2"].font = Font(italic=True, color=_GREY)
    sheet.row_dimensions[1].height = 26


def _table(sheet: Worksheet) -> None:
    thin = Side(style="thin", color=_INK)
    for column, text in enumerate(_EVERYDAY_HEADER, start=1):
        head = _cell(sheet, 4, column, text)
        head.font = Font(bold=True, color="FFFFFFFF")
        head.fill = PatternFill("solid", fgColor=_INK)
        head.alignment = Alignment(vertical="center", wrap_text=True)
        head.border = Border(bottom=thin)
    sheet.row_dimensions[4].height = 30
    for number, lead in enumerate(_EVERYDAY, start=5):
        for column, value in enumerate(lead, start=1):
            if value != "":
                _cell(sheet, number, column, value)
        sheet.cell(number, 5).number_format = _EXCEL_PHONE if isinstance(lead[4], int) else "@"
        sheet.cell(number, 8).number_format = _DOLLARS
        sheet.cell(number, 9).number_format = "d-mmm-yy"
        sheet.cell(number, 11).alignment = Alignment(wrap_text=True)
    last = 4 + len(_EVERYDAY)
    for letter, width in zip("ABCDEFGHIJK", _WIDTHS, strict=True):
        sheet.column_dimensions[letter].width = width
    sheet.freeze_panes = "D5"
    sheet.auto_filter.ref = f"A4:K{last}"
    answers = DataValidation(type="list", formula1="Notes!$A$7:$A$8", allow_blank=True)
    answers.add(f"J5:J{last}")
    sheet.add_data_validation(answers)
    dear = CellIsRule("greaterThan", ["20000"], fill=PatternFill("solid", bgColor=_SAND))  # type: ignore[no-untyped-call] # openpyxl's own types are incomplete
    sheet.conditional_formatting.add(f"H5:H{last}", dear)


def _total(sheet: Worksheet) -> int:
    """Adds the row of the total; gives the sum that Excel would have kept beside the formula."""
    last = 4 + len(_EVERYDAY)
    _cell(sheet, last + 2, 1, "Total").font = Font(bold=True)
    summed = _cell(sheet, last + 2, 8, f"=SUM(H5:H{last})")
    summed.font, summed.number_format = Font(bold=True), _DOLLARS
    summed.border = Border(top=Side(style="double", color=_INK))
    return sum(lead[7] for lead in _EVERYDAY)


def _cell(sheet: Worksheet, row: int, column: int, value: str | int | date) -> Cell:
    cell = sheet.cell(row, column, value)
    assert isinstance(cell, Cell)
    return cell


def _repacked(workbook: bytes, *, total: int) -> bytes:
    """The same workbook without the moment of its making, and with the formula's result as Excel keeps it."""
    out, made = io.BytesIO(), _MADE.isoformat().encode()
    with zipfile.ZipFile(io.BytesIO(workbook)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "docProps/core.xml":
                content = re.sub(rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>%sZ" % made, content)
            content = re.sub(rb"</f><v\s*(?:/>|></v>)", b"</f><v>%d</v>" % total, content)
            entry = zipfile.ZipInfo(name, _MADE.timetuple()[:6])
            new.writestr(entry, content, compress_type=zipfile.ZIP_DEFLATED)
    return out.getvalue()


def clean() -> bytes:
    """What a CRM exports when it is asked nicely: commas, UTF-8, numbers with their country codes."""
    return _CLEAN.encode()


def british() -> bytes:
    """What Excel saves as CSV in Western Europe: semicolons, cp1252, numbers as they are dialled at home."""
    return _BRITISH.replace("\n", "\r\n").encode("cp1252")


def meta_lead_ads() -> bytes:
    """What Meta's lead ads export: prefixed ids and phones, an entry of the form's tester, padding rows."""
    leads = (
        f"l:13700000000000{nth:02d},2026-11-{nth:02d}T09:{3 * nth:02d}:00-05:00,{_META_AD},{lead},CREATED"
        for nth, lead in enumerate(_META.splitlines(), start=1)
    )
    padding = "," * _META_HEADER.count(",")
    return "".join(f"{line}\r\n" for line in (_META_HEADER, *leads, padding, padding)).encode()


FILES: dict[str, Callable[[], bytes]] = {
    "everyday.xlsx": everyday,
    "clean.csv": clean,
    "uk_semicolon_cp1252.csv": british,
    "meta_lead_ads.csv": meta_lead_ads,
}


def main() -> None:
    """Writes every sample into the folder."""
    FOLDER.mkdir(exist_ok=True)
    for name, build in FILES.items():
        (FOLDER / name).write_bytes(build())


if __name__ == "__main__":
    main()
