"""Delimited texts: encodings, delimiters, line ends, quotes, and what people put above, below and between."""

# ruff: noqa: RUF001 - letters that look like others are what such sheets are made of

from __future__ import annotations

from collections.abc import Callable

_HEADER = "Name,Phone,Country,Notes\r\n"
ANN = "Ann Example,+12015550123"
BO = "Bo Sample,+442079460001"


def _lines(*lines: str, end: str = "\r\n") -> bytes:
    return "".join(f"{line}{end}" for line in lines).encode()


FILES: dict[str, Callable[[], bytes]] = {
    # -------------------------------------------------------------------------------------- encodings
    "semicolons_western.csv": lambda: "Name;Phone;Notes\r\nJosé Example;+12015550123;Größe, 5 £\r\n".encode(
        "cp1252"
    ),
    "utf8_with_mark.csv": lambda: b"\xef\xbb\xbf" + _lines("Phone,Name", "+12015550123,Zoë Example"),
    "tabs_utf16.csv": lambda: "Name\tPhone\r\nZoë Example\t+12015550123\r\n".encode("utf-16"),
    "tabs_utf16_without_mark.csv": lambda: "Name\tPhone\r\nZoë\t+12015550123\r\n".encode("utf-16-le"),
    "tabs_utf16_big_endian.tsv": lambda: (
        b"\xfe\xff" + "Name\tPhone\r\nZoë Example\t+12015550123\r\n".encode("utf-16-be")
    ),
    "tabs_utf16_big_endian_without_mark.tsv": lambda: "Name\tPhone\r\nZoë\t+12015550123\r\n".encode(
        "utf-16-be"
    ),
    "latin1_spanish.csv": lambda: (
        "Nombre completo,Teléfono móvil,País\r\nMaría Muñoz Ejemplo,+1 201 555 0123,Estados Unidos\r\n"
        "Íñigo Peña Muestra,020 7946 0001,Reino Unido\r\n"
    ).encode("latin-1"),
    "polish_cp1250.csv": lambda: (
        "Imię i nazwisko;Telefon komórkowy\r\nŻaneta Przykładowa;+12015550123\r\n"
        "Łukasz Świerszcz Wzór;+12015550124\r\nWładysława Źdźbło;+12015550125\r\n"
    ).encode("cp1250"),
    "russian_cp1251.csv": lambda: (
        "Имя;Фамилия;Телефон\r\nАнна;Примерова;+12015550123\r\nБорис;Образцов;+12015550124\r\n"
    ).encode("cp1251"),
    "arabic_cp1256.csv": lambda: (
        "الاسم,رقم الجوال,الدولة\r\nمثال أحمد,+12015550123,الولايات المتحدة\r\n"
        "عينة ليلى,+12015550124,الولايات المتحدة\r\n"
    ).encode("cp1256"),
    "japanese.csv": lambda: "名前|電話番号\r\n山田ソ能表|+12015550123\r\n佐藤花子|+442079460001\r\n".encode(
        "cp932"
    ),
    "chinese_gb18030.csv": lambda: (
        "姓名,手机号,备注\r\n张示例,+12015550123,对厨房改造有兴趣\r\n李样本,+12015550124,下午联系\r\n"
    ).encode("gb18030"),
    "one_damaged_character.csv": lambda: (
        "Name,Phone\nJosé Ñandú,+12015550123\nZoë Ärmel Ö Ü,x\nB".encode() + b"\xe9,y\n"
    ),
    # --------------------------------------------------------------------------- delimiters, line ends
    "bars.txt": lambda: _lines("Name|Phone", "Example, Ann|+12015550123", "Sample, Bo|+442079460001"),
    "separator_line_and_mark.csv": lambda: b"\xef\xbb\xbfsep=|\r\nName|Phone\r\nAnn|+12015550123\r\n",
    "separator_line_semicolon.csv": lambda: _lines(
        '"sep=;"', "Name;Phone;Notes", 'Ann Example;+12015550123;"a, b, c, d"', "Bo Sample;+442079460001;"
    ),
    "carriage_returns_alone.csv": lambda: b"Name,Phone\rAnn,+12015550123\rBo,+442079460001\r",
    "mixed_line_ends.csv": lambda: (
        b"Name,Phone\r\nAnn Example,+12015550123\nBo Sample,+442079460001\rCy Instance,+12015550125"
    ),
    "spaces_after_commas.csv": lambda: _lines(
        "Name, Phone, Notes", "Ann Example, +1 201 555 0123, called before", "Bo Sample, +44 20 7946 0001, "
    ),
    "trailing_delimiters.csv": lambda: _lines("Name;Phone;;;;", "Ann Example;+12015550123;;;;", ";;;;;"),
    "control_z_at_the_end.csv": lambda: _lines("Name,Phone", ANN, BO) + b"\x1a",
    # ------------------------------------------------------------------------------- quotes and raggedness
    "blank_rows_and_quoted_lines.csv": lambda: b'Name,Notes\n\n"Ann","two\r\nlines, one row"\n   \nBo,x',
    "header_of_two_lines.csv": lambda: _lines(
        '"Full\nname","Phone\n(mobile)",Notes',
        '"Ann ""Annie"" Example",+12015550123,"one\r\ntwo\r\n\r\nthree"',
    ),
    "quotes_inside_cells.csv": lambda: _lines("Name,Phone,Notes", 'Ann "Annie" Example,+12015550123,5" pipe'),
    "quote_never_closed.csv": lambda: b'Name,Notes\nAnn,ok\nBo,"no end\nCy,ok\nDi,ok\n',
    "every_line_in_quotes.csv": lambda: _lines('"Name,Phone,Country"', f'"{ANN},US"', f'"{BO},GB"'),
    "ragged_with_nul.csv": lambda: b"Name,Phone\nAnn,+12015550123,extra,,\nB\0o\n",
    "zeros_at_the_end.csv": lambda: _lines("Name,Phone", ANN, BO) + bytes(4096),
    # --------------------------------------------------------------------- what stands around the table
    "headerless.csv": lambda: _lines(f"{ANN},US", f"{BO},GB"),
    "header_alone.csv": lambda: _lines("Name,Phone,Country"),
    "empty.csv": lambda: b"",
    "only_blank_rows.csv": lambda: _lines(",,,", "", " , ,", "\t", ",,,"),
    "title_and_notes_above.csv": lambda: _lines(
        "Leads of the trade fair,,,",
        "exported on 2 January 2026 by Ann; phone 030 1234,,,",
        ",,,",
        "Name,Phone,Country,Notes",
        f"{ANN},US,",
        f"{BO},GB,",
    ),
    "two_header_rows.csv": lambda: _lines(
        "Person,,Contact,,Address",
        "First name,Last name,Mobile,Work phone,Country",
        "Ann,Example,,201 555 0123,United States",
        "Bo,Sample,020 7946 0001,,United Kingdom",
    ),
    "duplicate_headers.csv": lambda: _lines(
        "Name,Phone,PHONE,phone,Notes,Notes",
        "Ann Example,,+12015550123,,first,second",
        "Bo Sample,n/a,,+442079460001,,only here",
    ),
    "header_on_every_page.csv": lambda: _lines(
        "Name,Phone", ANN, "Page 1 of 2,", "Name,Phone", BO, "Page 2 of 2,"
    ),
    "totals_and_notes_below.csv": lambda: _lines(
        "Name,Phone,Amount",
        f"{ANN},1200",
        f"{BO},800",
        "Total,,2000",
        ",,",
        "Total: 2 leads,,",
        "* prices without tax,,",
        "Confidential - do not share,,",
    ),
    "wider_than_its_header.csv": lambda: _lines(
        "Name,Phone", f"{ANN},,,not in a column", "Bo Sample,,+442079460001,", "Cy Instance"
    ),
    # ------------------------------------------------------------------------------------ columns
    "no_phone_column.csv": lambda: _lines("Name,Email,City", "Ann Example,ann@example.com,Springfield"),
    "switchboards_alone.csv": lambda: _lines(
        "Name,Company Phone,Fax",
        "Ann Example,+1 201 555 0100,+1 201 555 0101",
        "Bo Sample,+1 201 555 0100,+1 201 555 0102",
    ),
    "misspelt_headers.csv": lambda: _lines(
        "Fist Name,Lst Name,Phne Number,Contry", "Ann,Example,201 555 0123,USA"
    ),
    "phones_without_a_header.csv": lambda: _lines(
        "Name,,Country", "Ann Example,+12015550123,US", "Bo Sample,+442079460001,GB"
    ),
    "do_not_call_columns.csv": lambda: _lines(
        "Name,Phone,Do Not Call,Email Opt Out,OK to call",
        "Ann Example,+12015550123,no,yes,yes",
        "Bo Sample,+12015550124,YES,,",
        "Cy Instance,+12015550125,,,no",
        "Di Specimen,+12015550126,perhaps,,",
        "Ed Model,+12015550127,0,true,",
    ),
    # ------------------------------------------------------------------------------------ phone cells
    "numbers_of_a_spreadsheet.csv": lambda: _lines(
        "Name,Phone,Country",
        "Ann Example,12015550123.0,",
        "Bo Sample,1.2015550124E+10,",
        "Cy Instance,1.20156E+10,",
        '"Di Specimen",="+12015550126",',
        "Ed Model,'+12015550127,",
        "Flo Pattern,2079460001,UK",
        "Gil Draft,-1199,",
        "Hal Sketch,0,",
        "Ida Outline,#REF!,",
    ),
    "phones_in_disguise.csv": lambda: _lines(
        "Name,Phone",
        "Ann Example,tel:+1-201-555-0123;ext=204",
        "Bo Sample,\u200e+44\u00a0(0)20\u20117946\u20110001\u200f",
        "Cy Instance,＋１２０１５５５０１２５",
        "Di Specimen,+١٢٠١٥٥٥٠١٢٦",
        "Ed Model,p:+12015550127",
        "Flo Pattern,p:",
        "Gil Draft,0044 20 7946 0002",
        "Hal Sketch,011 44 20 7946 0003",
        "Ida Outline,+1 201 555 0130 x12",
        "Jo Mock,☎ +1 (201) 555-0131",
    ),
    "no_numbers_to_call.csv": lambda: _lines(
        "Name,Phone,Country",
        "Ann Example,+12015550123 / +12015550124,",
        "Bo Sample,1-800-EXAMPLE,",
        "Cy Instance,0000000000,US",
        "Di Specimen,1234567890,US",
        "Ed Model,911,US",
        "Flo Pattern,+1 900 555 0123,",
        "Gil Draft,ann@example.com,",
        "Hal Sketch,unknown,",
        "Ida Outline,2026-01-02,",
        "Jo Mock,555 0123,US",
        "Kit Dummy,,US",
        "Lea Trial,201 555 0123,Atlantis",
        "Max Proof,201 555 0123,",
        "Nia Test,+1 800 555 0123,",
    ),
    "people_met_twice.csv": lambda: _lines(
        "Name,Phone,Tags",
        "Ann Example,+1 201 555 0123,fair",
        "Bo Sample,(201) 555-0124,web",
        "Ann Example,+1-201-555-0123,web",
        "Bea Other,+12015550123,",
        "Bo Sample,+12015550124,web",
    ),
    # ---------------------------------------------------------------------------------- no sheets at all
    "web_page.xls": lambda: b"<html><body><table><tr><td>Phone</td></tr></table></body></html>",
    "xml_of_excel_2003.xls": lambda: (
        b'<?xml version="1.0"?>\r\n<?mso-application progid="Excel.Sheet"?>\r\n'
        b'<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"><Worksheet/></Workbook>'
    ),
    "picture.csv": lambda: b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
    "picture.xlsx": lambda: b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
    "document.csv": lambda: b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<< /Type /Catalog >>\nendobj\n",
    "records.json": lambda: b'[\n  {"name": "Ann Example", "phone": "+12015550123"}\n]\n',
    "contacts.vcf": lambda: _lines(
        "BEGIN:VCARD", "VERSION:3.0", "FN:Ann Example", "TEL:+12015550123", "END:VCARD"
    ),
    "random_bytes.csv": lambda: bytes((n * n * 31 + n * 7) % 256 for n in range(2000)),
    "text_named_as_a_workbook.xlsx": lambda: _lines("Name,Phone", ANN, BO),
}
