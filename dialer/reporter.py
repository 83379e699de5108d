"""The sheet comes back with its results, and a report that one can forward stands beside it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, timedelta
from pathlib import Path

from dialer import fates
from dialer.account import row_results
from dialer.errors import SheetError
from dialer.html_report import render
from dialer.ledger import Ledger
from dialer.loader import Understood
from dialer.own_columns import FATE_COLUMNS, RESULT_COLUMNS
from dialer.report import CampaignFacts, Counting
from dialer.report_files import check_output, stem_of
from dialer.result_table import ResultCell, ResultTable, WrittenReport
from dialer.results import RowResult, fate_columns, result_columns
from dialer.spreadsheet import format_of
from dialer.table import Format, TableInfo
from dialer.whole_file import whole_file
from dialer.write_back import write_back

# In characters, as Excel measures columns.
_WIDTHS = {
    "call_id": 38,
    "status": 12,
    "is_new_contact": 15,
    "to_phone": 17,
    "contact_id": 38,
    "called_at": 22,
    "attempts": 10,
    "reason": 60,
    "call_status": 14,
    "duration_seconds": 17,
    "appointment_booked": 20,
    "summary": 60,
    "cost": 10,
    "recording_url": 40,
    "transcript": 60,
}
_WIDTH = 18


@dataclass(frozen=True, slots=True)
class Origin:
    """Whose results are written, and beside which sheet."""

    campaign_id: int
    load_id: int
    understood: Understood
    source: Path  # the sheet to be read again; never opened for writing
    named: Path  # where the user keeps it: gives the report its name
    headers: Mapping[str, str]  # of our own columns in the report, name -> header, in their order
    neutralise: bool = False  # the user's own cells are made harmless as well


@dataclass(frozen=True, slots=True)
class Written:
    """The two files that a run leaves behind."""

    sheet: WrittenReport
    html: Path


def write_reports(
    ledger: Ledger, origin: Origin, facts: CampaignFacts, *, target: Path, recall_after: timedelta
) -> Written:
    """Write the sheet with its results to `target`, and the HTML report beside it, each atomically."""
    now = ledger.clock()
    check_output(
        origin.named,
        target,
        file_format=Format(origin.understood.format),
        is_report=bool(origin.understood.results),
    )
    target.parent.mkdir(parents=True, exist_ok=True)

    counting = Counting()
    with ledger.reading() as connection:
        results = counting.passing(
            row_results(
                connection,
                campaign_id=origin.campaign_id,
                load_id=origin.load_id,
                recall_after=recall_after,
                now=now,
            )
        )
        known = fates.known_columns(connection, origin.campaign_id)
        sheet = _write_sheet(origin, results, known, target)
        for _ in results:  # the sheet may have ended before them; the count is of all
            pass
    page = render(counting.summary(facts, zone=now.astimezone().tzinfo or UTC))
    html = target.with_name(f"{stem_of(target)}.report.html")
    with whole_file(html, like=sheet.path) as file:
        file.write(page.encode())
    return Written(sheet, html)


def _write_sheet(
    origin: Origin, results: Iterator[RowResult], fates_known: int, target: Path
) -> WrittenReport:
    understood = origin.understood
    # It was parsed when it was loaded, and has the same digest still.
    info = TableInfo(
        origin.source.name,
        format_of(origin.source),
        sheets=understood.sheets,
        encoding=understood.encoding,
        delimiter=understood.delimiter,
    )
    known = (*RESULT_COLUMNS, *FATE_COLUMNS[:fates_known])
    own = {name: header for name, header in origin.headers.items() if name in known}
    table = ResultTable(
        names=tuple(own.values()),
        cells=_cells(results, [known.index(name) for name in own]),
        existing={own[name]: at for name, at in understood.results.items() if name in own},
        widths={header: _WIDTHS.get(name, _WIDTH) for name, header in own.items()},
        neutralise=origin.neutralise,
    )
    return write_back(
        origin.source,
        target,
        info=info,
        sheet=understood.sheet,
        header_row=understood.header_row,
        results=table,
    )


def _cells(
    results: Iterable[RowResult], places: Sequence[int]
) -> Iterator[tuple[int, tuple[ResultCell, ...]]]:
    """Each row's number and its cells: those at `places` among all of our own columns."""
    if list(places) == list(range(len(RESULT_COLUMNS))):
        return ((result.row, result_columns(result)) for result in results)
    every = ((result.row, (*result_columns(result), *fate_columns(result))) for result in results)
    return ((row, tuple([cells[place] for place in places])) for row, cells in every)


def with_own_columns(understood: Understood, written: WrittenReport, own: Mapping[str, str]) -> Understood:
    """What is to be understood of a report that was written over itself: our columns as they stand now, of
    which `own` tells name -> header."""
    headers = list(understood.columns)
    for name, position in written.columns.items():
        headers += [""] * (position + 1 - len(headers))
        headers[position] = name
    results = {name: written.columns[header] for name, header in own.items() if header in written.columns}
    return replace(understood, columns=tuple(headers), results=results)


def source_unchanged(named: Path, *, digest: str, found: str | None) -> None:
    """Raise SheetError if the sheet is not the one that was loaded: its rows could be other people's."""
    if found is None:
        raise SheetError(
            f"{named} is no longer there: put it back, then run `dialer report` again.", code="source_gone"
        )
    if found != digest:
        raise SheetError(
            f"{named} was changed after it was loaded: `dialer run` loads it again and writes its report.",
            code="source_changed",
        )
