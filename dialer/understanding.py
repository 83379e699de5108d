"""What was understood of a sheet: which of a workbook's sheets is read, where its header stands, which column
is which, and what of it nobody sees."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from dialer.campaign import Reading
from dialer.cells import quoted
from dialer.columns import Columns, find_columns, lead_score, mapping_names, names_refusals, parse_override
from dialer.errors import SheetError
from dialer.header_row import WIDEST
from dialer.printable import clean
from dialer.sheet_errors import NotLeads
from dialer.spreadsheet import Spreadsheet
from dialer.table import Row, SheetHead, column_letters
from dialer.templates import Templates, parse_templates

_MOST_CELLS_SCORED = (
    80_000  # of the heads of all sheets: fifty sheets with twenty columns, or two absurd ones
)


@dataclass(frozen=True, slots=True)
class Understood:
    """What was understood of a sheet: the object of `check --json`, and what a report needs later on."""

    file: str
    format: str
    sheet: str | None
    sheets: tuple[str, ...]
    encoding: str | None
    delimiter: str | None
    header_row: int | None
    columns: tuple[str, ...] = ()  # header texts as they stand
    data_rows: int = 0  # non-blank rows below the header
    mapping: Mapping[str, str] = field(default_factory=dict)  # field -> column
    samples: Mapping[str, str] = field(default_factory=dict)  # field -> the first value in it
    results: Mapping[str, int] = field(default_factory=dict)  # dialer's own columns of a report -> position
    remarks: tuple[str, ...] = ()  # sentences about what a person may not expect: hidden rows and the like

    def to_json(self) -> str:
        """The text that the ledger keeps. Samples are somebody's name and number: shown, and not kept."""
        return json.dumps(asdict(replace(self, samples={})), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Understood:
        """What `to_json` wrote."""
        stored: Any = {name: tuple(v) if isinstance(v, list) else v for name, v in json.loads(text).items()}
        return cls(**stored)


class NotUnderstood(SheetError):
    """The file could be read and is no list of leads; what was understood of it is told all the same."""

    def __init__(self, cause: SheetError, understood: Understood) -> None:
        super().__init__(cause.sentence, code=cause.code)
        self.understood = understood


@dataclass(frozen=True, slots=True)
class FoundTable:
    """The table of leads in an open spreadsheet, before its rows are read."""

    spreadsheet: Spreadsheet
    file: str  # the name that the user knows it by
    head: SheetHead
    columns: Columns
    templates: Templates  # of assistants, sources, tags and notes
    visible_only: bool

    def understood(self, *, data_rows: int, hidden_rows: int, samples: Mapping[str, str]) -> Understood:
        """What was understood, once all rows were read; `hidden_rows` are those that were met."""
        return replace(
            _described(self.spreadsheet, self.file, self.head),
            header_row=self.columns.header_row,
            columns=self.columns.headers,
            data_rows=data_rows,
            mapping=mapping_names(self.columns),
            samples=samples,
            results=dict(self.columns.results),
            remarks=tuple(self._remarks(hidden_rows)),
        )

    def no_rows(self) -> NotUnderstood:
        """The refusal of a table without rows."""
        where = f"sheet {clean(self.head.name)!r} of {self.file}" if self.head.name else self.file
        sentence = (
            f"There are no visible rows below the header of {where}: show some, or leave --visible-only out."
            if self.visible_only
            else f"There are no rows below the header of {where}: add leads to it."
        )
        return NotUnderstood(
            SheetError(sentence, code="no_rows"), self.understood(data_rows=0, hidden_rows=0, samples={})
        )

    def _remarks(self, hidden_rows: int) -> list[str]:
        remarks: list[str] = []
        if self.head.hidden:
            remarks.append(f"The sheet {quoted(self.head.name or '')} is hidden, and is read all the same.")
        if hidden_rows:
            rows = "1 row is hidden" if hidden_rows == 1 else f"{hidden_rows:,} rows are hidden"
            remarks.append(
                f"{rows} and left out (--visible-only)."
                if self.visible_only
                else f"{rows} and read all the same; --visible-only leaves hidden rows out."
            )
        of_refusals = {*self.columns.refusals, *self.columns.consents}
        used = {*self.columns.phones, *self.columns.fields.values(), *of_refusals}
        remarks += [
            f"Column {column_letters(column)}, {quoted(self.columns.name(column))}, is hidden, and is read"
            " all the same."
            for column in sorted(used & self.spreadsheet.hidden_columns)
        ]
        remarks += [
            f"The sheet {quoted(head.name)} is not read, so nobody on it is kept from being called."
            for head in self.spreadsheet.heads
            if head is not self.head and head.name and names_refusals(head.name)
        ]
        return remarks


def understand(
    spreadsheet: Spreadsheet, reading: Reading, *, file: str, known_as: Mapping[str, str] | None = None
) -> FoundTable:
    """Finds the table of leads. `file` is the name that the user knows the file by, `known_as` the headers of
    our own columns where they are not the usual ones.

    Raises NotUnderstood where there is none, and UsageError for options that name what is not there.
    """
    overrides = [parse_override(text) for text in reading.mapping]
    head = _choose_sheet(spreadsheet, reading.sheet, file=file)
    try:
        columns = find_columns(
            head.rows, header_row=reading.header_row, overrides=overrides, known_as=known_as
        )
    except SheetError as error:
        header = error.header if isinstance(error, NotLeads) else None
        where = f"{file}, sheet {quoted(head.name)}" if head.name else file
        placed = SheetError(f"{where}: {error.sentence[0].lower()}{error.sentence[1:]}", code=error.code)
        raise NotUnderstood(placed, _as_far_as_it_goes(spreadsheet, file, head, header)) from error
    if reading.require_consent:
        columns = columns.with_consent(reading.require_consent)
    return FoundTable(
        spreadsheet, file, head, columns, parse_templates(reading, columns), reading.visible_only
    )


def _choose_sheet(spreadsheet: Spreadsheet, asked: str | None, *, file: str) -> SheetHead:
    """The sheet asked for, or else the one that looks most like leads; of equals one that can be seen.

    A sheet whose name says "do not call" is read only if it is asked for.
    """
    heads = spreadsheet.heads
    if asked is None:
        scored = _scored(heads)
        usual = [(head, score) for head, score in scored if not names_refusals(head.name or "")]
        refused = [head for head, score in scored if score and names_refusals(head.name or "")]
        if refused and not any(score for _, score in usual):
            name = quoted(refused[0].name or "")
            error = SheetError(
                f"Only the sheet {name} of {file} holds phone numbers, and by its name these people must not"
                f" be called: name the sheet of leads with --sheet NAME, or this one with --sheet {name}.",
                code="do_not_call_sheet",
            )
            raise NotUnderstood(error, _described(spreadsheet, file, None))
        best, _ = max(usual or scored, key=lambda each: (each[1], not each[0].hidden))
        return best
    for head in heads:
        if head.name is not None and head.name.casefold() == asked.strip().casefold():
            return head
    names = ", ".join(clean(head.name) for head in heads if head.name)
    has = f"its sheets are: {names}" if names else "it is a text file without sheets"
    error = SheetError(f"{file} has no sheet {clean(asked)!r} ({has}).", code="sheet_missing")
    raise NotUnderstood(error, _described(spreadsheet, file, None))


def _scored(heads: Sequence[SheetHead]) -> list[tuple[SheetHead, float]]:
    """How much each sheet looks like leads; those of a workbook with absurdly many are not all looked at."""
    scored: list[tuple[SheetHead, float]] = []
    cells = 0
    for head in heads:
        cells += sum(min(len(row.cells), WIDEST) for row in head.rows)
        scored.append((head, lead_score(head.rows, name=head.name) if cells <= _MOST_CELLS_SCORED else 0.0))
    return scored


def _described(spreadsheet: Spreadsheet, file: str, head: SheetHead | None) -> Understood:
    info = spreadsheet.info
    return Understood(
        file=file,
        format=info.format.value,
        sheet=head.name if head else None,
        sheets=info.sheets,
        encoding=info.encoding,
        delimiter=info.delimiter,
        header_row=None,
    )


def _as_far_as_it_goes(
    spreadsheet: Spreadsheet, file: str, head: SheetHead, header: Row | None
) -> Understood:
    """What can be told of a sheet without leads: the row that seems its header, and how many rows it has."""
    above = header.number if header else 0
    try:
        rows = sum(1 for row in spreadsheet.rows(head.name) if row.number > above and not row.blank)
    except SheetError:  # further down it is damaged as well: what is told first is what is wrong first
        rows = sum(1 for row in head.rows if row.number > above and not row.blank)
    return replace(
        _described(spreadsheet, file, head),
        header_row=header.number if header else None,
        columns=header.cells if header else (),
        data_rows=rows,
    )
