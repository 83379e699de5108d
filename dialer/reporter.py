"""The sheet comes back with its results, and a report that one can forward stands beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, timedelta
from pathlib import Path

from dialer import fates
from dialer.account import row_results
from dialer.errors import SheetError
from dialer.html_report import render
from dialer.ledger import Ledger
from dialer.loader import Understood
from dialer.own_columns import FATE_COLUMNS, RESULT_COLUMNS, find_own
from dialer.report import CampaignFacts, summarise
from dialer.report_files import check_output, stem_of
from dialer.result_table import ResultTable, WrittenReport
from dialer.results import RowResult, fate_columns, result_columns
from dialer.spreadsheet import open_table
from dialer.table import Format
from dialer.whole_file import whole_file
from dialer.write_back import write_back


@dataclass(frozen=True, slots=True)
class Origin:
    """Whose results are written, and beside which sheet."""

    campaign_id: int
    load_id: int
    understood: Understood
    source: Path  # the sheet to be read again; never opened for writing
    named: Path  # where the user keeps it: gives the report its name


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

    with ledger.reading() as connection:

        def results() -> Iterator[RowResult]:
            return row_results(
                connection,
                campaign_id=origin.campaign_id,
                load_id=origin.load_id,
                recall_after=recall_after,
                now=now,
            )

        known = fates.known_columns(connection, origin.campaign_id)
        sheet = _write_sheet(origin, results(), known, target)
        page = render(summarise(results(), facts, zone=now.astimezone().tzinfo or UTC))
    html = target.with_name(f"{stem_of(target)}.report.html")
    with whole_file(html, like=sheet.path) as file:
        file.write(page.encode())
    return Written(sheet, html)


def _write_sheet(
    origin: Origin, results: Iterator[RowResult], fates_known: int, target: Path
) -> WrittenReport:
    understood = origin.understood
    with open_table(
        origin.source, encoding=understood.encoding, delimiter=understood.delimiter
    ) as spreadsheet:
        info = spreadsheet.info
    columns = (*RESULT_COLUMNS, *FATE_COLUMNS[:fates_known])
    names = result_names(understood, columns)
    table = ResultTable(
        names=names,
        cells=((r.row, (*result_columns(r), *fate_columns(r)[:fates_known])) for r in results),
        existing={
            name: understood.results[own]
            for own, name in zip(columns, names, strict=True)
            if own in understood.results
        },
    )
    return write_back(
        origin.source,
        target,
        info=info,
        sheet=understood.sheet,
        header_row=understood.header_row,
        results=table,
    )


def result_names(understood: Understood, columns: Sequence[str] = RESULT_COLUMNS) -> tuple[str, ...]:
    """The headers of our own columns: where the user has a column of that name, ours gets a prefix.

    In a report fed back the columns keep the names that they have.
    """
    own = frozenset(understood.results.values())
    users = {
        text.strip().casefold() for position, text in enumerate(understood.columns) if position not in own
    }

    def name_of(column: str) -> str:
        position = understood.results.get(column)
        if position is not None:
            return understood.columns[position].strip()
        return f"dialer_{column}" if column in users else column

    return tuple(name_of(column) for column in columns)


def with_own_columns(understood: Understood, written: WrittenReport) -> Understood:
    """What is to be understood of a report that was written over itself: our columns as they stand now."""
    headers = list(understood.columns)
    for name, position in written.columns.items():
        headers += [""] * (position + 1 - len(headers))
        headers[position] = name
    results, _ = find_own(headers)
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
