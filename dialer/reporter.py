"""The sheet comes back with its results, and a report that one can forward stands beside it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, timedelta
from pathlib import Path

from dialer.account import row_results
from dialer.columns import RESULT_COLUMNS
from dialer.errors import SheetError, UsageError
from dialer.html_report import render
from dialer.ledger import Ledger
from dialer.loader import Understood
from dialer.report import CampaignFacts, summarise
from dialer.result_table import ResultTable, WrittenReport
from dialer.results import RowResult, result_columns
from dialer.spreadsheet import open_table
from dialer.table import Format
from dialer.write_back import write_back

FOLDER = Path("reports")
_SUFFIX = ".results"
_TEXT_EXTENSIONS = {".csv", ".tsv", ".tab", ".txt"}


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


def stem_of(named: Path) -> str:
    """The name that a sheet gives its report: `leads` for leads.xlsx and for leads.results.xlsx."""
    return named.stem.removesuffix(_SUFFIX) or named.stem


def report_path(named: Path, file_format: Format, *, output: Path | None) -> Path:
    """Where the report goes: `reports/<stem>.results.<ext>`, or what `--output` names."""
    if output is not None and not output.is_dir():
        return output.absolute()
    extension = named.suffix.lower()
    if file_format is Format.CSV:
        extension = extension if extension in _TEXT_EXTENSIONS else ".csv"
    else:
        extension = ".xlsm" if file_format is Format.XLSM else ".xlsx"
    return ((output or FOLDER) / f"{stem_of(named)}{_SUFFIX}{extension}").absolute()


def check_output(named: Path, target: Path) -> None:
    """Raise UsageError if the report would replace a sheet that is no report of ours, or what is no file."""
    if target.exists() and not target.is_file():
        raise UsageError(f"{target} is no file: name another with --output.", code="output_is_no_file")
    same = target == named or (target.exists() and named.exists() and target.samefile(named))
    if same and not named.stem.endswith(_SUFFIX):
        raise UsageError(
            f"The report would replace {named}: name another file with --output.", code="output_is_input"
        )


def write_reports(
    ledger: Ledger, origin: Origin, facts: CampaignFacts, *, target: Path, recall_after: timedelta
) -> Written:
    """Write the sheet with its results to `target`, and the HTML report beside it, each atomically."""
    now = ledger.clock()
    check_output(origin.named, target)
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

        sheet = _write_sheet(origin, results(), target)
        page = render(summarise(results(), facts, zone=now.astimezone().tzinfo or UTC))
    html = target.with_name(f"{stem_of(target)}.report.html")
    replace_file(html, page)
    return Written(sheet, html)


def _write_sheet(origin: Origin, results: Iterator[RowResult], target: Path) -> WrittenReport:
    understood = origin.understood
    with open_table(
        origin.source, encoding=understood.encoding, delimiter=understood.delimiter
    ) as spreadsheet:
        info = spreadsheet.info
    names = result_names(understood)
    table = ResultTable(
        names=names,
        cells=((result.row, result_columns(result)) for result in results),
        existing={
            name: understood.results[own]
            for own, name in zip(RESULT_COLUMNS, names, strict=True)
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


def result_names(understood: Understood) -> tuple[str, ...]:
    """The headers of the result columns: where the user has a column of that name, ours gets a prefix.

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

    return tuple(name_of(column) for column in RESULT_COLUMNS)


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


def replace_file(path: Path, text: str) -> None:
    """Write a file so that it is there whole or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
