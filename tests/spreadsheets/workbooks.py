"""Workbooks: formats, sheets, rows, columns and cells as Excel, its rivals and its users make them."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable

import openpyxl
from openpyxl.comments import Comment
from openpyxl.styles import Font

from tests.spreadsheets.parts import (
    MAIN,
    OFFICE,
    XML,
    book,
    ods_row,
    old_excel,
    opendocument,
    shared_strings,
    sheet_data,
    text_cell,
    undated,
    worksheet,
    xlsb,
    xlsx,
    xlsx_parts,
    zipped,
)

_SIX = (
    ("Name", "Phone"),
    ("Ann Example", "+12015550123"),
    ("Bo Sample", "+12015550124"),
    ("Cy Instance", "+12015550125"),
    ("Di Specimen", "+12015550126"),
    ("Ed Model", "+12015550127"),
)
_NAMES = (
    *("Ann Example", "Bo Sample", "Cy Instance", "Di Specimen", "Ed Model", "Flo Pattern", "Gil Draft"),
    *("Hal Sketch", "Ida Outline", "Jo Mock"),
)
_LEADS = (("Name", "Phone"), ("Ann Example", "+12015550123"), ("Bo Sample", "+442079460001"))


def _leads_from_c4() -> str:
    rows = (
        f'<row r="{number}">{text_cell(f"C{number}", name)}{text_cell(f"D{number}", phone)}</row>'
        for number, (name, phone) in zip((4, 5, 7), _LEADS, strict=True)
    )
    return f"<sheetData>{''.join(rows)}</sheetData>"


def _old_excel_from_c4() -> bytes:
    header, first, second = ((None, None, *lead) for lead in _LEADS)
    return old_excel({"Leads": ((), (), (), header, first, (), second)})


def _opendocument_from_c4() -> bytes:
    header, first, second = (ods_row(*lead) for lead in _LEADS)
    return opendocument([ods_row(repeated=3), header, first, ods_row(), second])


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
    rows = [ods_row(*lead, visibility=hidden.get(n, "visible")) for n, lead in enumerate(_SIX, 1)]
    return opendocument([*rows, ods_row(repeated=4, visibility="collapse"), ods_row("after")])


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
    archive = opendocument([ods_row("#N/A"), ods_row("#REF!"), ods_row("Err:502"), ods_row("text")])
    with zipfile.ZipFile(io.BytesIO(archive)) as read:
        parts = {name: read.read(name) for name in read.namelist()}
    parts["content.xml"] = re.sub(
        rb'<table:table-cell (office:value-type="string")>(?=<text:p>[#E])',
        rb'<table:table-cell table:formula="of:=[.A9]" \1 office:string-value="" calcext:value-type="error">',
        parts["content.xml"],
    )
    return zipped(parts, stored=("mimetype",))


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


def _with_shared_strings() -> bytes:
    """Texts as Excel itself writes them: shared, in runs of several fonts, with a phonetic guide."""
    strings = shared_strings(
        "<t>Name</t>",
        "<r><rPr><b/></rPr><t>Pho</t></r><r><t>ne</t></r>",
        '<t xml:space="preserve">  Ann </t>',
        "<r><t>+1201</t></r><r><rPr><i/></rPr><t>5550123</t></r>",
        '<t>山田</t><rPh sb="0" eb="2"><t>やまだ</t></rPh>',
        "<t/>",
    )
    rows = ((0, 1), (2, 3), (4, 5))
    data = "".join(
        f'<row r="{n}"><c r="A{n}" t="s"><v>{a}</v></c><c r="B{n}" t="s"><v>{b}</v></c></row>'
        for n, (a, b) in enumerate(rows, 1)
    )
    return book(
        {"Leads": worksheet(f"<sheetData>{data}</sheetData>")}, more={"xl/sharedStrings.xml": strings}
    )


def _numbers_as_numbers() -> str:
    """Phones that Excel took for numbers: whole, too long, negative, with a fraction, scientific, a date."""
    cells = (
        "12015550123",
        "442079460001.0",
        "1.2015550125E10",
        "2079460002",
        "-1199",
        "12015550.5",
        "46348",
        "12015550123456789",
        "1E+300",
        "0",
    )
    rows = "".join(
        f'<row r="{n}">{text_cell(f"A{n}", _NAMES[n - 2])}<c r="B{n}"{style}><v>{value}</v></c>'
        f"{text_cell(f'C{n}', land)}</row>"
        for n, (value, style, land) in enumerate(
            (
                (value, ' s="2"' if value == "46348" else "", "UK" if value == "2079460002" else "")
                for value in cells
            ),
            2,
        )
    )
    header = (
        f'<row r="1">{text_cell("A1", "Name")}{text_cell("B1", "Phone")}{text_cell("C1", "Country")}</row>'
    )
    return f"<sheetData>{header}{rows}</sheetData>"


def _formulas() -> str:
    """Formulas with a cached text, a cached number, no value, an empty one, and an error."""
    cells = (
        '<c r="B2" t="str"><f>"+1"&amp;C2</f><v>+12015550123</v></c>',
        '<c r="B3"><f>C3*1</f><v>12015550124</v></c>',
        '<c r="B4"><f>"+1"&amp;C4</f></c>',
        '<c r="B5" t="str"><f>IF(1,"")</f><v></v></c>',
        '<c r="B6" t="e"><f>VLOOKUP(1,D:D,1)</f><v>#N/A</v></c>',
    )
    rows = "".join(
        f'<row r="{n}">{text_cell(f"A{n}", _NAMES[n - 2])}{cell}</row>' for n, cell in enumerate(cells, 2)
    )
    header = f'<row r="1">{text_cell("A1", "Name")}{text_cell("B1", "Phone")}</row>'
    return f"<sheetData>{header}{rows}</sheetData>"


def _merged_headers() -> bytes:
    """Two header rows, the upper one merged over the columns that it names, and a merged title above both."""
    rows = (
        ("Leads of the spring fair", None, None, None, None),
        (),
        ("Person", None, "Phones", None, "Where"),
        ("First name", "Last name", "Mobile", "Work", "Country"),
        ("Ann", "Example", "+12015550123", None, "US"),
        ("Bo", "Sample", None, "020 7946 0001", "UK"),
    )
    merged = "".join(f'<mergeCell ref="{area}"/>' for area in ("A1:E1", "A3:B3", "C3:D3"))
    return book({"Leads": worksheet(rows, after=f'<mergeCells count="3">{merged}</mergeCells>')})


def _hidden_columns() -> bytes:
    """A second phone column, which nobody sees."""
    hidden = '<cols><col min="3" max="3" width="9" hidden="1" customWidth="1"/></cols>'
    rows = (
        ("Name", "Phone", "Mobile"),
        ("Ann Example", "+12015550123", "+12015550124"),
        ("Bo Sample", "+12015550125", None),
    )
    return book({"Leads": worksheet(rows, before=hidden)})


def _dates_of_1904() -> bytes:
    """A workbook of an old Mac, whose days count from 1904, with a date among its phones."""
    parts = xlsx_parts(
        sheet_data((("Name", "Phone", "Called"), ("Ann Example", "+12015550123", None))).replace(
            "</row></sheetData>", '<c r="C2" s="2"><v>44886</v></c></row></sheetData>'
        )
    )
    workbook = str(parts["xl/workbook.xml"]).replace("<sheets>", '<workbookPr date1904="1"/><sheets>')
    return zipped(parts | {"xl/workbook.xml": workbook})


def _strict() -> bytes:
    """As "Strict Open XML" saves it, with the namespaces of the ISO standard."""
    parts = xlsx_parts(_leads_from_c4())
    iso = {
        MAIN: "http://purl.oclc.org/ooxml/spreadsheetml/main",
        "http://schemas.openxmlformats.org/officeDocument/2006/relationships": "http://purl.oclc.org/ooxml/officeDocument/relationships",
    }
    for ours, theirs in iso.items():
        parts = {name: str(text).replace(ours, theirs) for name, text in parts.items()}
    return zipped(parts)


def _absolute_targets() -> bytes:
    """As some exporters write it: relationships with absolute paths."""
    parts = xlsx_parts(_leads_from_c4())
    rels = "xl/_rels/workbook.xml.rels"
    return zipped(parts | {rels: str(parts[rels]).replace('Target="', 'Target="/xl/')})


def _chart_sheet_first() -> bytes:
    """A sheet that holds a chart and no cells, before the leads."""
    parts = xlsx_parts(_leads_from_c4())
    workbook = str(parts["xl/workbook.xml"]).replace(
        "<sheets>", '<sheets><sheet name="Chart" sheetId="9" r:id="rId9"/>'
    )
    rels = str(parts["xl/_rels/workbook.xml.rels"]).replace(
        "<Relationship ",
        f'<Relationship Id="rId9" Type="{OFFICE}/chartsheet" Target="chartsheets/sheet1.xml"/><Relationship ',
        1,
    )
    views = '<sheetViews><sheetView workbookViewId="0"/></sheetViews>'
    chart = f'{XML}<chartsheet xmlns="{MAIN}">{views}</chartsheet>'
    return zipped(
        parts
        | {
            "xl/workbook.xml": workbook,
            "xl/_rels/workbook.xml.rels": rels,
            "xl/chartsheets/sheet1.xml": chart,
        }
    )


_PEOPLE = (("Name", "Phone"), ("Ann Example", "+12015550123"), ("Bo Sample", "+12015550124"))
_REFUSERS = (("Name", "Phone"), ("Cy Instance", "+12015550125"), ("Di Specimen", "+12015550126"))
_HOW_TO = (
    ("How to fill this in", None),
    ("Name", "the person's full name"),
    ("Phone", "with country code, +1 201 555 0123"),
)


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
        '<sheetData><row r="2" hidden="1"><c r="A2"><v>12015550123</v></c></row>'
        '<row r="1"><c r="A1"><v>1</v></c></row></sheetData>'
    ),
    "hidden_rows.xlsx": lambda: xlsx(_hidden_rows()),
    "hidden_rows.ods": _opendocument_hidden_rows,
    "errors_in_cells.xlsx": lambda: xlsx(_errors()),
    "errors_in_cells.ods": _opendocument_errors,
    "shared_and_rich_texts.xlsx": _with_shared_strings,
    "phones_as_numbers.xlsx": lambda: xlsx(_numbers_as_numbers()),
    "formulas_without_values.xlsx": lambda: xlsx(_formulas()),
    "merged_headers.xlsx": _merged_headers,
    "hidden_columns.xlsx": _hidden_columns,
    "days_since_1904.xlsx": _dates_of_1904,
    "strict_open_xml.xlsx": _strict,
    "absolute_targets.xlsx": _absolute_targets,
    "chart_sheet_first.xlsx": _chart_sheet_first,
    "claims_to_be_huge.xlsx": lambda: book(
        {"Leads": worksheet(_PEOPLE, before='<dimension ref="A1:XFD1048576"/>')}
    ),
    "protected_sheet.xlsx": lambda: book(
        {"Leads": worksheet(_PEOPLE, after='<sheetProtection password="CC2A" sheet="1" objects="1"/>')}
    ),
    "do_not_call_list_alone.xlsx": lambda: book({"DNC 2026": _REFUSERS, "Notes": (("nothing here",),)}),
    "header_merged_downwards.xlsx": lambda: book(
        {
            "Leads": (
                ("Name", "Phone", None, "Country"),
                (None, "Mobile", "Work", None),
                ("Ann Example", None, "201 555 0123", "US"),
                ("Bo Sample", "020 7946 0001", None, "UK"),
            )
        }
    ),
    "two_people_in_a_row.xlsx": lambda: book(
        {
            "Leads": (
                ("Lead", None, "Emergency contact", None),
                ("Name", "Phone", "Name", "Phone"),
                ("Ann Example", "+12015550123", "Bo Sample", "+12015550124"),
                ("Cy Instance", None, "Di Specimen", "+12015550126"),
            )
        }
    ),
    "everything_in_one_column.xlsx": lambda: book(
        {
            "Leads": (
                ("Name;Phone;Country",),
                ("Ann Example;+12015550123;US",),
                ("Bo Sample;+442079460001;GB",),
            )
        }
    ),
    "leads_on_the_second_sheet.xlsx": lambda: book(
        {"Instructions": _HOW_TO, "Sheet2": _PEOPLE, "Lists": (("US",), ("UK",))}
    ),
    "do_not_call_list_first.xlsx": lambda: book({"Do not call": _REFUSERS, "Leads": _PEOPLE}),
    "longer_do_not_call_list.xlsx": lambda: book(
        {
            "March": _PEOPLE,
            "Opt-outs": (
                ("First name", "Last name", "Phone", "Country"),
                *(("Cy", f"Instance {n}", f"+120155501{n:02}", "US") for n in range(40, 60)),
            ),
        }
    ),
    "hidden_sheet_of_old_leads.xlsx": lambda: book({"Old": _REFUSERS, "Leads": _PEOPLE}, hidden=["Old"]),
    "empty_sheets.xlsx": lambda: book({"Sheet1": (), "Sheet2": (), "Sheet3": ()}),
    "workbook_named_as_text.csv": lambda: xlsx(_leads_from_c4()),
    "several_sheets.xls": lambda: old_excel(
        {"Summary": (("Leads", 2.0),), "Leads": _PEOPLE}, hidden=["Summary"]
    ),
    "numbers_and_dates.xls": lambda: old_excel(
        {
            "Leads": (
                ("Name", "Phone", "Since"),
                ("Ann Example", 12015550123, 46348.5),
                ("Bo Sample", "+12015550124", 46349.0),
            )
        },
        dates="YYYY-MM-DD",
    ),
    "numbers_and_switches.xlsb": lambda: xlsb(
        {
            0: {0: "Name", 1: "Phone", 2: "Do Not Call"},
            1: {0: "Ann Example", 1: 12015550123.0, 2: False},
            2: {0: "Bo Sample", 1: "+442079460001", 2: True},
        }
    ),
    "repeated_blank_rows.ods": lambda: opendocument(
        [
            ods_row("Name", "Phone"),
            ods_row(repeated=3),
            ods_row("Ann Example", "+12015550123"),
            ods_row(repeated=1_048_571),
        ]
    ),
}
