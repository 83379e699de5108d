"""Makes a workbook that has every feature which a report must not lose, written as Excel writes it.

Nothing in it comes from a library: what one leaves out, a report made of it could not lose. The people are
invented, the numbers fictional.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

from tests.spreadsheets.parts import MAIN, OFFICE, XML, zipped

HEADER_ROW = 3
ROWS = range(4, 10)  # the leads
TOTALS_ROW = 10
COLUMNS = ("First name", "Last name", "Phone", "State", "Created", "Score", "Website", "Notes")

_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_MICROSOFT = "http://schemas.microsoft.com/office"
_X14 = f"{_MICROSOFT}/spreadsheetml/2009/9/main"
_XM = f"{_MICROSOFT}/excel/2006/main"
_DRAWING = "http://schemas.openxmlformats.org/drawingml/2006"
_TYPE = "application/vnd.openxmlformats-officedocument"

LEADS = "xl/worksheets/sheet1.xml"
TABLE = "xl/tables/table1.xml"
WORKBOOK = "xl/workbook.xml"
STYLES = "xl/styles.xml"


@dataclass(frozen=True, slots=True)
class Features:
    """What two kinds of sheets cannot have at once."""

    table: bool = False  # a table covers the leads, and not the sheet's own filter; the panes are split
    totals: bool = False  # the table has a row of totals
    macros: bool = False


def feature_workbook(features: Features) -> bytes:
    """The workbook; its sheet Leads has the header in row 3, leads in rows 4 to 9, and a total below."""
    return zipped(feature_parts(features), stored=("xl/media/image1.png",))


def feature_parts(features: Features) -> dict[str, str | bytes]:
    """The parts of the workbook's archive by name."""
    parts: dict[str, str | bytes] = {
        "[Content_Types].xml": _content_types(features),
        "_rels/.rels": _relationships(
            (f"{OFFICE}/officeDocument", "xl/workbook.xml"),
            (f"{_PACKAGE}/relationships/metadata/core-properties", "docProps/core.xml"),
            (f"{OFFICE}/custom-properties", "docProps/custom.xml"),
            (f"{OFFICE}/customXml", "customXml/item1.xml"),
        ),
        WORKBOOK: _workbook(features),
        "xl/_rels/workbook.xml.rels": _relationships(
            *((f"{OFFICE}/worksheet", f"worksheets/sheet{n}.xml") for n in (1, 2, 3)),
            (f"{OFFICE}/styles", "styles.xml"),
            (f"{OFFICE}/sharedStrings", "sharedStrings.xml"),
            (f"{OFFICE}/calcChain", "calcChain.xml"),
            (
                f"{_MICROSOFT.replace('com/office', 'com/office/2017/10')}/relationships/person",
                "persons/person.xml",
            ),
            *([(f"{_MICROSOFT}/2006/relationships/vbaProject", "vbaProject.bin")] if features.macros else []),
        ),
        STYLES: _STYLES,
        "xl/sharedStrings.xml": _SHARED_STRINGS,
        "xl/calcChain.xml": f'{XML}<calcChain xmlns="{MAIN}"><c r="F4" i="1"/><c r="F5" i="1"/></calcChain>',
        LEADS: _leads(features),
        "xl/worksheets/_rels/sheet1.xml.rels": _relationships(
            (f"{OFFICE}/drawing", "../drawings/drawing1.xml"),
            (f"{OFFICE}/vmlDrawing", "../drawings/vmlDrawing1.vml"),
            (f"{OFFICE}/comments", "../comments1.xml"),
            (f"{OFFICE}/printerSettings", "../printerSettings/printerSettings1.bin"),
            (
                f"{_MICROSOFT}/2017/10/relationships/threadedComment",
                "../threadedComments/threadedComment1.xml",
            ),
            *([(f"{OFFICE}/table", "../tables/table1.xml")] if features.table else []),
            external=[("https://example.com/ann", f"{OFFICE}/hyperlink")],
        ),
        "xl/worksheets/sheet2.xml": _OTHER_SHEET,
        "xl/worksheets/sheet3.xml": _HIDDEN_SHEET,
        "xl/comments1.xml": _COMMENTS,
        "xl/threadedComments/threadedComment1.xml": _THREADED_COMMENTS,
        "xl/persons/person.xml": _PERSONS,
        "xl/drawings/drawing1.xml": _DRAWINGS,
        "xl/drawings/_rels/drawing1.xml.rels": _relationships(
            (f"{OFFICE}/chart", "../charts/chart1.xml"), (f"{OFFICE}/image", "../media/image1.png")
        ),
        "xl/drawings/vmlDrawing1.vml": _VML,
        "xl/charts/chart1.xml": _CHART,
        "xl/media/image1.png": _png(),
        "xl/printerSettings/printerSettings1.bin": b"\0printer\0" * 20,
        "customXml/item1.xml": '<?xml version="1.0"?><order xmlns="https://example.com/order"><id>7'
        "</id></order>",
        "customXml/itemProps1.xml": f"{XML}<ds:datastoreItem"
        f' ds:itemID="{{7B1A4C1E-0000-4000-8000-000000000001}}"'
        f' xmlns:ds="{OFFICE.replace("relationships", "customXml")}"><ds:schemaRefs/></ds:datastoreItem>',
        "customXml/_rels/item1.xml.rels": _relationships((f"{OFFICE}/customXmlProps", "itemProps1.xml")),
        "docProps/core.xml": _CORE,
        "docProps/custom.xml": _CUSTOM,
    }
    if features.table:
        parts[TABLE] = _table(features)
    if features.macros:
        parts["xl/vbaProject.bin"] = bytes(range(256)) * 30
    return parts


def _relationships(*targets: tuple[str, str], external: list[tuple[str, str]] | None = None) -> str:
    inner = "".join(
        f'<Relationship Id="rId{number}" Type="{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(targets, 1)
    )
    inner += "".join(
        f'<Relationship Id="rIdLink" Type="{kind}" Target="{target}" TargetMode="External"/>'
        for target, kind in external or ()
    )
    return f'{XML}<Relationships xmlns="{_PACKAGE}/relationships">{inner}</Relationships>'


def _content_types(features: Features) -> str:
    sheet = f"{_TYPE}.spreadsheetml"
    main = f"{sheet}.sheet.main+xml"
    if features.macros:
        main = "application/vnd.ms-excel.sheet.macroEnabled.main+xml"
    overrides: Mapping[str, str] = {
        "xl/workbook.xml": main,
        **{f"xl/worksheets/sheet{n}.xml": f"{sheet}.worksheet+xml" for n in (1, 2, 3)},
        STYLES: f"{sheet}.styles+xml",
        "xl/sharedStrings.xml": f"{sheet}.sharedStrings+xml",
        "xl/calcChain.xml": f"{sheet}.calcChain+xml",
        "xl/comments1.xml": f"{sheet}.comments+xml",
        "xl/threadedComments/threadedComment1.xml": "application/vnd.ms-excel.threadedcomments+xml",
        "xl/persons/person.xml": "application/vnd.ms-excel.person+xml",
        "xl/drawings/drawing1.xml": f"{_TYPE}.drawing+xml",
        "xl/charts/chart1.xml": f"{_TYPE}.drawingml.chart+xml",
        "docProps/core.xml": "application/vnd.openxmlformats-package.core-properties+xml",
        "docProps/custom.xml": f"{_TYPE}.custom-properties+xml",
        "customXml/itemProps1.xml": f"{_TYPE}.customXmlProperties+xml",
        **({TABLE: f"{sheet}.table+xml"} if features.table else {}),
    }
    named = "".join(
        f'<Override PartName="/{part}" ContentType="{kind}"/>' for part, kind in overrides.items()
    )
    defaults = {
        "rels": "application/vnd.openxmlformats-package.relationships+xml",
        "xml": "application/xml",
        "png": "image/png",
        "bin": "application/vnd.ms-office.vbaProject" if features.macros else f"{sheet}.printerSettings",
        "vml": f"{_TYPE}.vmlDrawing",
    }
    usual = "".join(
        f'<Default Extension="{ending}" ContentType="{kind}"/>' for ending, kind in defaults.items()
    )
    return f'{XML}<Types xmlns="{_PACKAGE}/content-types">{usual}{named}</Types>'


def _workbook(features: Features) -> str:
    filtered = (
        ""
        if features.table
        else '<definedName name="_xlnm._FilterDatabase" localSheetId="0" hidden="1">'
        "Leads!$A$3:$H$9</definedName>"
    )
    return (
        f'{XML}<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><fileVersion appName="xl" lastEdited="7"/>'
        '<workbookPr codeName="ThisWorkbook"/><bookViews><workbookView activeTab="0"'
        ' firstSheet="0"/></bookViews>'
        '<sheets><sheet name="Leads" sheetId="1" r:id="rId1"/><sheet name="Lists &amp; more"'
        ' sheetId="2" r:id="rId2"/>'
        '<sheet name="Secret" sheetId="3" state="veryHidden" r:id="rId3"/></sheets>'
        f'<definedNames>{filtered}<definedName name="_xlnm.Print_Area"'
        ' localSheetId="0">Leads!$A$1:$H$10</definedName>'
        '<definedName name="_xlnm.Print_Titles" localSheetId="0">Leads!$3:$3</definedName>'
        '<definedName name="States" comment="for the list">\'Lists &amp; more\'!$A$1:$A$3</definedName>'
        '</definedNames><calcPr calcId="191029"/></workbook>'
    )


def _cell(reference: str, style: int, content: str) -> str:
    """A cell whose content begins with its type: `s:5` a shared string, `n:7` a number, `i:x` inline text."""
    kind, _, value = content.partition(":")
    match kind:
        case "s":
            return f'<c r="{reference}" s="{style}" t="s"><v>{value}</v></c>'
        case "i":
            return f'<c r="{reference}" s="{style}" t="inlineStr"><is><t>{value}</t></is></c>'
        case "n":
            return f'<c r="{reference}" s="{style}"><v>{value}</v></c>'
    return f'<c r="{reference}" s="{style}"/>'


def _leads(features: Features) -> str:
    rows = ['<row r="1" spans="1:8" ht="30" customHeight="1">' + _cell("A1", 1, "s:0") + "</row>"]
    headers = "".join(_cell(f"{letter}3", 2, f"s:{n}") for n, letter in enumerate("ABCDEFGH", 1))
    rows.append(f'<row r="3" spans="1:8">{headers}</row>')
    for number in ROWS:
        attributes = {5: ' hidden="1"', 6: ' outlineLevel="1"', 7: ' outlineLevel="1" collapsed="1"'}.get(
            number, ""
        )
        score = {
            4: '<f t="shared" ref="F4:F5" si="0">LEN(A4)*2</f>',
            5: '<f t="shared" si="0"/>',
            6: "<f>SUM(F4:F5)</f>",
        }.get(number, "")
        body = 3 if number % 2 else 4
        cells = (
            _cell(f"A{number}", body, f"s:{5 + number}"),
            _cell(f"B{number}", body, "i:Example"),
            _cell(f"C{number}", 5, f"i:+1201555010{number}"),
            _cell(f"D{number}", body, "s:15"),
            _cell(f"E{number}", 6, f"n:4602{number}.5"),
            f'<c r="F{number}" s="7">{score}<v>{number}</v></c>',
            _cell(f"G{number}", 8, "i:example.com"),
            _cell(f"H{number}", body, "i:called twice &amp; asked for a quote" if number == 4 else ""),
        )
        rows.append(f'<row r="{number}" spans="1:8"{attributes}>{"".join(cells)}</row>')
    total = (
        "" if features.table and not features.totals else _cell("A10", 2, "s:16") + _cell("F10", 2, "n:39")
    )
    rows.append(f'<row r="{TOTALS_ROW}" spans="1:8">{total}</row>')
    pane = (
        '<pane xSplit="2400" ySplit="1800" topLeftCell="C5" activePane="bottomRight"/>'
        if features.table
        else '<pane ySplit="3" topLeftCell="A4" activePane="bottomLeft" state="frozen"/>'
    )
    filtered = (
        '<autoFilter ref="A3:H9"><filterColumn colId="3"><filters><filter val="NJ"/></filters></filterColumn>'
        '<sortState ref="A4:H9"><sortCondition descending="1" ref="F4:F9"/></sortState></autoFilter>'
    )
    return (
        f'{XML}<worksheet xmlns="{MAIN}" xmlns:r="{OFFICE}"'
        ' xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" mc:Ignorable="x14ac"'
        f' xmlns:x14ac="{_X14}/ac"><sheetPr codeName="Sheet1"><tabColor rgb="FF1F4E78"/>'
        '<outlinePr summaryBelow="0"/><pageSetUpPr fitToPage="1"/></sheetPr><dimension ref="A1:H10"/>'
        f'<sheetViews><sheetView showGridLines="0" zoomScale="90" workbookViewId="0">{pane}'
        '<selection pane="bottomLeft" activeCell="C4" sqref="C4"/></sheetView></sheetViews>'
        '<sheetFormatPr defaultRowHeight="15" outlineLevelRow="1" x14ac:dyDescent="0.25"/>'
        '<cols><col min="1" max="2" width="14.5" customWidth="1"/><col min="3" max="3" width="20" style="5"'
        ' customWidth="1"/><col min="4" max="4" width="9" hidden="1" customWidth="1"/>'
        '<col min="5" max="8" width="13" customWidth="1"/><col min="9" max="16384" width="9.14"'
        ' hidden="1"/></cols>'
        f"<sheetData>{''.join(rows)}</sheetData>"
        '<sheetProtection password="CC1A" sheet="1" objects="1" scenarios="1" sort="0" autoFilter="0"/>'
        '<protectedRanges><protectedRange sqref="H4:H9" name="NotesOnly"/></protectedRanges>'
        + ("" if features.table else filtered)
        + '<mergeCells count="2"><mergeCell ref="A1:H1"/><mergeCell ref="A10:B10"/></mergeCells>'
        '<conditionalFormatting sqref="F4:F9"><cfRule type="cellIs" dxfId="0" priority="1"'
        ' operator="greaterThan">'
        '<formula>7</formula></cfRule></conditionalFormatting><conditionalFormatting sqref="E4:E9">'
        '<cfRule type="dataBar" priority="2"><dataBar><cfvo type="min"/><cfvo type="max"/>'
        '<color rgb="FF638EC6"/></dataBar></cfRule></conditionalFormatting>'
        '<dataValidations count="1"><dataValidation type="list" allowBlank="1" showInputMessage="1"'
        ' sqref="D4:D9"'
        ' promptTitle="State" prompt="Choose one"><formula1>States</formula1></dataValidation>'
        "</dataValidations>"
        '<hyperlinks><hyperlink ref="G4" r:id="rIdLink" tooltip="her page"/>'
        '<hyperlink ref="A1" location="\'Lists &amp; more\'!A1" display="lists"/></hyperlinks>'
        '<printOptions horizontalCentered="1"/><pageMargins left="0.5" right="0.5" top="0.75" bottom="0.75"'
        ' header="0.3" footer="0.3"/><pageSetup paperSize="9" orientation="landscape"'
        ' fitToHeight="0" r:id="rId4"/>'
        "<headerFooter><oddHeader>&amp;LLeads&amp;R&amp;D</oddHeader><oddFooter>&amp;CPage &amp;P</oddFooter>"
        '</headerFooter><rowBreaks count="1" manualBreakCount="1"><brk id="6" max="16383" man="1"/>'
        "</rowBreaks>"
        '<ignoredErrors><ignoredError sqref="C4:C9" numberStoredAsText="1"/></ignoredErrors>'
        '<drawing r:id="rId1"/><legacyDrawing r:id="rId2"/>'
        + ('<tableParts count="1"><tablePart r:id="rId6"/></tableParts>' if features.table else "")
        + _EXTENSIONS
        + "</worksheet>"
    )


_EXTENSIONS = (
    f'<extLst><ext uri="{{05C60535-1F16-4fd2-B633-F4F36F0B64E0}}" xmlns:x14="{_X14}"><x14:sparklineGroups'
    f' xmlns:xm="{_XM}"><x14:sparklineGroup displayEmptyCellsAs="gap"><x14:colorSeries rgb="FF376092"/>'
    "<x14:sparklines><x14:sparkline><xm:f>Leads!F4:F9</xm:f><xm:sqref>H10</xm:sqref></x14:sparkline>"
    "</x14:sparklines></x14:sparklineGroup></x14:sparklineGroups></ext>"
    f'<ext uri="{{CCE6A557-97BC-4b89-ADB6-D9C93CAAB3DF}}" xmlns:x14="{_X14}"><x14:dataValidations count="1"'
    f' xmlns:xm="{_XM}"><x14:dataValidation type="list" allowBlank="1"><x14:formula1><xm:f>\'Lists'
    " &amp; more'"
    "!$A$1:$A$3</xm:f></x14:formula1><xm:sqref>H4:H9</xm:sqref></x14:dataValidation>"
    "</x14:dataValidations></ext>"
    "</extLst>"
)


def _table(features: Features) -> str:
    ref, filtered = ("A3:H10", "A3:H9") if features.totals else ("A3:H9", "A3:H9")
    totals = 'totalsRowCount="1"' if features.totals else 'totalsRowShown="0"'
    columns = "".join(
        f'<tableColumn id="{n}" name="{name}"'
        + {"First name": ' totalsRowLabel="Total"', "Score": ' totalsRowFunction="sum"'}.get(
            name if features.totals else "", ""
        )
        + "/>"
        for n, name in enumerate(COLUMNS, 1)
    )
    return (
        f'{XML}<table xmlns="{MAIN}" id="1" name="People" displayName="People" ref="{ref}" {totals}>'
        f'<autoFilter ref="{filtered}"/><sortState ref="A4:H9"><sortCondition ref="A4:A9"/></sortState>'
        f'<tableColumns count="8">{columns}</tableColumns>'
        '<tableStyleInfo name="TableStyleMedium2" showFirstColumn="0" showLastColumn="0" showRowStripes="1"'
        ' showColumnStripes="0"/></table>'
    )


_STYLES = (
    f'{XML}<styleSheet xmlns="{MAIN}"><numFmts count="1"><numFmt numFmtId="164"'
    ' formatCode="yyyy\\-mm\\-dd"/></numFmts>'
    '<fonts count="4"><font><sz val="11"/><name val="Calibri"/><family val="2"/></font><font><b/>'
    '<sz val="18"/>'
    '<name val="Calibri"/></font><font><b/><sz val="11"/><color rgb="FFFFFFFF"/><name val="Calibri"/></font>'
    '<font><u/><sz val="11"/><color rgb="FF0563C1"/><name val="Calibri"/></font></fonts>'
    '<fills count="4"><fill><patternFill patternType="none"/></fill><fill><patternFill'
    ' patternType="gray125"/></fill>'
    '<fill><patternFill patternType="solid"><fgColor rgb="FF1F4E78"/></patternFill></fill>'
    '<fill><patternFill patternType="solid"><fgColor rgb="FFDDEBF7"/></patternFill></fill></fills>'
    '<borders count="2"><border><left/><right/><top/><bottom/><diagonal/></border><border>'
    '<left style="thin"><color rgb="FFBFBFBF"/></left><right style="thin"><color rgb="FFBFBFBF"/></right>'
    '<top style="thin"><color rgb="FFBFBFBF"/></top><bottom style="thin"><color rgb="FFBFBFBF"/></bottom>'
    "<diagonal/></border></borders>"
    '<cellStyleXfs count="2"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/>'
    '<xf numFmtId="0" fontId="3" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="9"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/>'
    '<xf numFmtId="0" fontId="2" fillId="2" borderId="1" xfId="0" applyFont="1" applyFill="1"'
    ' applyBorder="1">'
    '<alignment horizontal="center"/></xf>'
    '<xf numFmtId="0" fontId="0" fillId="0" borderId="1" xfId="0" applyBorder="1"/>'
    '<xf numFmtId="0" fontId="0" fillId="3" borderId="1" xfId="0" applyFill="1" applyBorder="1"/>'
    '<xf numFmtId="49" fontId="0" fillId="0" borderId="1" xfId="0" applyNumberFormat="1" applyBorder="1"/>'
    '<xf numFmtId="164" fontId="0" fillId="0" borderId="1" xfId="0" applyNumberFormat="1" applyBorder="1"/>'
    '<xf numFmtId="2" fontId="0" fillId="0" borderId="1" xfId="0" applyNumberFormat="1" applyBorder="1"/>'
    '<xf numFmtId="0" fontId="3" fillId="0" borderId="1" xfId="1" applyFont="1" applyBorder="1"/></cellXfs>'
    '<cellStyles count="2"><cellStyle name="Hyperlink" xfId="1" builtinId="8"/>'
    '<cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>'
    '<dxfs count="1"><dxf><font><color rgb="FF9C0006"/></font></dxf></dxfs><tableStyles count="0"/>'
    "</styleSheet>"
)

_NAMES = ("Ann", "Bo", "Cy", "Di", "Ed", "Flo")
_SHARED_STRINGS = (
    f'{XML}<sst xmlns="{MAIN}" count="30" uniqueCount="17"><si><r><rPr><b/><sz val="18"/></rPr>'
    "<t>Leads </t></r>"
    '<r><rPr><i/><sz val="12"/><color rgb="FFC00000"/></rPr><t xml:space="preserve">of the fair </t></r></si>'
    + "".join(f"<si><t>{name}</t></si>" for name in COLUMNS)
    + "".join(f"<si><t>{name}</t></si>" for name in _NAMES)
    + "<si><t>NJ</t></si><si><t>Total</t></si></sst>"
)

_OTHER_SHEET = (
    f'{XML}<worksheet xmlns="{MAIN}"><dimension ref="A1:B3"/><sheetViews><sheetView workbookViewId="0">'
    '<pane xSplit="1500" topLeftCell="B1" activePane="topRight"/></sheetView></sheetViews><sheetData>'
    '<row r="1"><c r="A1" t="inlineStr"><is><t>NJ</t></is></c><c r="B1"><f>LEN(A1)</f><v>2</v></c></row>'
    '<row r="2"><c r="A2" t="inlineStr"><is><t>NY</t></is></c></row>'
    '<row r="3"><c r="A3" t="inlineStr"><is><t>PA</t></is></c></row></sheetData></worksheet>'
)
_HIDDEN_SHEET = (
    f'{XML}<worksheet xmlns="{MAIN}"><sheetData><row r="1"><c r="A1"><v>42</v></c></row></sheetData>'
    "</worksheet>"
)
_COMMENTS = (
    f'{XML}<comments xmlns="{MAIN}"><authors><author>Ann Example</author>'
    "<author>tc={6C1F5B2A-0000-4000-8000-000000000002}</author></authors><commentList>"
    '<comment ref="A4" authorId="0" shapeId="0"><text><r><t>met at the fair</t></r></text></comment>'
    '<comment ref="B5" authorId="1" shapeId="0" xr:uid="{6C1F5B2A-0000-4000-8000-000000000002}"'
    f' xmlns:xr="{_MICROSOFT}/spreadsheetml/2014/revision"><text><t>[Threaded comment] who is this?'
    "</t></text>"
    "</comment></commentList></comments>"
)
_THREADED_COMMENTS = (
    f'{XML}<ThreadedComments xmlns="{_MICROSOFT}/spreadsheetml/2018/threadedcomments">'
    '<threadedComment ref="B5" dT="2026-01-02T03:04:05.00" personId="{6C1F5B2A-0000-4000-8000-000000000003}"'
    ' id="{6C1F5B2A-0000-4000-8000-000000000002}"><text>who is this?</text></threadedComment>'
    "</ThreadedComments>"
)
_PERSONS = (
    f'{XML}<personList xmlns="{_MICROSOFT}/spreadsheetml/2018/threadedcomments"><person'
    ' displayName="Ann Example"'
    ' id="{6C1F5B2A-0000-4000-8000-000000000003}" userId="ann" providerId="None"/></personList>'
)


def _anchor(columns: tuple[int, int], rows: tuple[int, int], inner: str) -> str:
    def mark(name: str, column: int, row: int) -> str:
        return (
            f"<xdr:{name}><xdr:col>{column}</xdr:col><xdr:colOff>0</xdr:colOff><xdr:row>{row}</xdr:row>"
            f"<xdr:rowOff>0</xdr:rowOff></xdr:{name}>"
        )

    ends = mark("from", columns[0], rows[0]) + mark("to", columns[1], rows[1])
    return f"<xdr:twoCellAnchor>{ends}{inner}<xdr:clientData/></xdr:twoCellAnchor>"


_FRAME = '<a:off x="0" y="0"/><a:ext cx="9525" cy="9525"/>'
_DRAWINGS = (
    f'{XML}<xdr:wsDr xmlns:xdr="{_DRAWING}/spreadsheetDrawing" xmlns:a="{_DRAWING}/main" xmlns:r="{OFFICE}">'
    + _anchor(
        (0, 4),
        (12, 24),
        '<xdr:graphicFrame macro=""><xdr:nvGraphicFramePr><xdr:cNvPr id="2" name="Chart 1"/>'
        f"<xdr:cNvGraphicFramePr/></xdr:nvGraphicFramePr><xdr:xfrm>{_FRAME}</xdr:xfrm><a:graphic>"
        f'<a:graphicData uri="{_DRAWING}/chart"><c:chart xmlns:c="{_DRAWING}/chart" r:id="rId1"/>'
        "</a:graphicData></a:graphic></xdr:graphicFrame>",
    )
    + _anchor(
        (5, 7),
        (12, 20),
        '<xdr:pic><xdr:nvPicPr><xdr:cNvPr id="3" name="Logo" descr="a logo"/><xdr:cNvPicPr/></xdr:nvPicPr>'
        '<xdr:blipFill><a:blip r:embed="rId2"/><a:stretch><a:fillRect/></a:stretch></xdr:blipFill>'
        f'<xdr:spPr><a:xfrm>{_FRAME}</a:xfrm><a:prstGeom prst="rect"><a:avLst/></a:prstGeom>'
        "</xdr:spPr></xdr:pic>",
    )
    + "</xdr:wsDr>"
)
_CHART = (
    f'{XML}<c:chartSpace xmlns:c="{_DRAWING}/chart" xmlns:a="{_DRAWING}/main" xmlns:r="{OFFICE}"><c:chart>'
    '<c:plotArea><c:layout/><c:barChart><c:barDir val="col"/><c:grouping val="clustered"/><c:ser>'
    '<c:idx val="0"/><c:order val="0"/><c:cat><c:strRef><c:f>Leads!$A$4:$A$9</c:f></c:strRef></c:cat><c:val>'
    "<c:numRef><c:f>Leads!$F$4:$F$9</c:f></c:numRef></c:val></c:ser>"
    '<c:axId val="1"/><c:axId val="2"/></c:barChart><c:catAx><c:axId val="1"/><c:scaling/>'
    '<c:axPos val="b"/><c:crossAx val="2"/></c:catAx><c:valAx><c:axId val="2"/><c:scaling/><c:axPos val="l"/>'
    '<c:crossAx val="1"/></c:valAx></c:plotArea><c:plotVisOnly val="1"/></c:chart></c:chartSpace>'
)
_VML = (
    '<xml xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office"'
    ' xmlns:x="urn:schemas-microsoft-com:office:excel"><v:shapetype id="_x0000_t202" coordsize="21600,21600"'
    ' o:spt="202" path="m,l,21600r21600,l21600,xe"/>'
    + "".join(
        f'<v:shape id="_x0000_s{1024 + n}" type="#_x0000_t202" style="position:absolute;visibility:hidden"'
        ' fillcolor="#ffffe1"><x:ClientData ObjectType="Note"><x:MoveWithCells/><x:SizeWithCells/>'
        f"<x:Row>{row}</x:Row><x:Column>{column}</x:Column></x:ClientData></v:shape>"
        for n, (row, column) in enumerate(((3, 0), (4, 1)), 1)
    )
    + "</xml>"
)
_CORE = (
    f'{XML}<cp:coreProperties xmlns:cp="{_PACKAGE}/metadata/core-properties"'
    ' xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>Leads of the fair</dc:title></cp:coreProperties>'
)
_CUSTOM = (
    f'{XML}<Properties xmlns="{OFFICE.replace("relationships", "custom-properties")}"'
    f' xmlns:vt="{OFFICE.replace("relationships", "docPropsVTypes")}"><property'
    ' fmtid="{D5CDD505-2E9C-101B-9397-08002B2CF9AE}" pid="2" name="Owner"><vt:lpwstr>sales ops</vt:lpwstr>'
    "</property></Properties>"
)


def _png() -> bytes:
    """A picture of one red pixel."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        )

    header = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\0\xff\0\0")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
