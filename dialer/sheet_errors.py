"""The sentences for sheets in which the leads cannot be found."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dialer import synonyms
from dialer.cells import quoted
from dialer.errors import SheetError
from dialer.header_row import AGREED, WIDEST, phone_cells, phone_share
from dialer.headers import Field, Header, read_headers
from dialer.overrides import list_headers
from dialer.synonyms import key
from dialer.table import Row, a1, column_letters

_WORD = re.compile(r"[^\W\d_]{3}")
_BETWEEN_COLUMNS = re.compile(r"[,;\t|]")
_NAME_IT = "name the column with --map phone=COLUMN, or the header row with --header-row N"


class NotLeads(SheetError):
    """The sheet can be read, and the leads in it cannot be found."""

    def __init__(self, sentence: str, *, code: str, header: Row | None = None) -> None:
        super().__init__(sentence, code=code)
        self.header = header  # the row that was taken for the header, if any


def empty() -> NotLeads:
    """No cell is filled."""
    return NotLeads(
        "The sheet is empty: put a header and at least one lead into it, or name another with --sheet NAME.",
        code="no_rows",
    )


def no_leads(header: Row) -> NotLeads:
    """There is a header and nothing else."""
    return NotLeads(
        f"There is no row below the header in row {header.number}: "
        "add at least one lead, or name another sheet with --sheet NAME.",
        code="no_rows",
        header=header,
    )


def header_row_missing(number: int, rows: Sequence[Row]) -> NotLeads:
    """`--header-row` names a row that is blank, or not among the first rows."""
    return NotLeads(
        f"Row {number} cannot be the header, for nothing stands in it within the first rows of the sheet: "
        f"--header-row must name a filled row from {rows[0].number} to {rows[-1].number}.",
        code="header_row_missing",
    )


def leads_above_header(lead: Row, header: Row) -> NotLeads:
    """A row that looks like a header comes only after rows that look like leads."""
    return NotLeads(
        f"Row {lead.number} already holds a phone number, above what looks like the header in "
        f"row {header.number}: name the header with --header-row {header.number}, or move such rows below.",
        code="no_header",
        header=header,
    )


def no_header(rows: Sequence[Row]) -> NotLeads:
    """No row looks like a header, and no `--map` names a phone column by its letters.

    Tells the list that begins with its first lead from the table whose header says nothing to us.
    """
    full = _phone_columns(rows)
    squeezed = _in_one_cell(rows[0])
    if squeezed:
        return squeezed
    if not full:
        widest = max(rows[:10], key=lambda row: sum(1 for cell in row.cells if cell.strip()))
        return NotLeads(
            f"No row looks like a header with a phone column, and no column is full of phone numbers "
            f"(row {widest.number} holds {list_headers(widest.cells)}): {_NAME_IT}.",
            code="no_phone_column",
        )
    first = next(index for index, row in enumerate(rows) if phone_cells(row))
    letters = column_letters(full[0])
    if first == 0:
        cell = a1(rows[0].number, phone_cells(rows[0])[0])
        return NotLeads(
            f"The sheet has no header: its first row already holds a phone number, in {cell}. Name the "
            f"columns by letter, for example --map phone={letters}, or put a header above the first row.",
            code="no_header",
        )
    above = rows[first - 1]
    if _WORD.search(above.cell(full[0])):
        return no_phone_column(above, read_headers(above.cells), rows[first:])
    return NotLeads(
        f"No row looks like a header, but column {letters} holds phone numbers: if they are the leads' own, "
        f"add --map phone={letters}, and --header-row {above.number} if row {above.number} is the header.",
        code="no_header",
    )


def _in_one_cell(row: Row) -> NotLeads | None:
    """The error for a header that stands in one cell, as after a paste, or in quotation marks as a whole."""
    filled = [column for column, cell in enumerate(row.cells) if cell.strip()]
    text = row.cell(filled[0]) if len(filled) == 1 else ""
    names = _BETWEEN_COLUMNS.split(text)
    if len(names) < 2 or not any(header.rank(Field.PHONE) is not None for header in read_headers(names)):
        return None
    return NotLeads(
        f"All columns of row {row.number} stand in the one cell {a1(row.number, filled[0])}, {quoted(text)}:"
        " split them in Excel (Data > Text to Columns), or, in a CSV, remove the quotation marks around each"
        " line.",
        code="no_phone_column",
    )


def no_phone_column(header: Row, headers: Sequence[Header], below: Sequence[Row]) -> NotLeads:
    """There is a header, but no column that surely holds the leads' own phones."""
    listed = list_headers(header.cells)
    has = f"The header in row {header.number} has no phone column of the leads' own, only {listed}"
    maybe = [
        column
        for column in _phone_columns(below)
        if column < len(headers)
        and (not headers[column].known or key(header.cell(column)) in synonyms.keys("phone", "never"))
    ]
    if not maybe:
        return NotLeads(f"{has}: {_NAME_IT}.", code="no_phone_column", header=header)
    name = quoted(header.cell(maybe[0])) if header.cell(maybe[0]).strip() else column_letters(maybe[0])
    return NotLeads(
        f"{has}: if the numbers under {name} are to be called, add --map phone={name}, else {_NAME_IT}.",
        code="no_phone_column",
        header=header,
    )


def _phone_columns(rows: Sequence[Row]) -> list[int]:
    width = min(max((len(row.cells) for row in rows), default=0), WIDEST)
    return [column for column in range(width) if phone_share(column, rows) >= AGREED]
