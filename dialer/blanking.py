"""Empties rows of a file that dialer wrote, because the person in them asked to be forgotten.

The row stays, so that all others keep their numbers; its status and reason say what happened.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from dialer.blank_workbook import blank_in_workbook
from dialer.delimited import Record, TextForm, find_form, read_records
from dialer.errors import DialerError
from dialer.file_format import find_format
from dialer.spreadsheet import opened
from dialer.table import Format
from dialer.vanishing import CannotBlank, Vanishing, own_columns
from dialer.whole_file import whole_file

__all__ = ["CannotBlank", "Vanishing", "blank_rows"]


def blank_rows(path: Path, vanishing: Vanishing, *, sheet: str | None = None) -> int:
    """Empty the rows that `vanishing` names, in place and atomically; gives how many there were.

    `sheet` is the only sheet of a workbook to be looked at. Raises CannotBlank for a format or a file in
    which nothing can be emptied with certainty: it has to go as a whole, or to stay.
    """
    try:
        with opened(path) as file:
            file_format = find_format(file, name=path.name)
            if file_format is Format.CSV:
                return _blank_in_text(path, file, vanishing)
        if file_format in {Format.XLSX, Format.XLSM}:
            return blank_in_workbook(path, vanishing, sheet=sheet)
    except DialerError as error:
        raise CannotBlank(error.sentence) from error
    raise CannotBlank(f"an {file_format.value.upper()} file cannot be changed row by row")


def _blank_in_text(path: Path, file: BinaryIO, vanishing: Vanishing) -> int:
    form = find_form(file)
    count = sum(blanked for _, blanked in _rewritten(file, form, path.name, vanishing))
    if count:
        with whole_file(path, like=path) as out:
            out.writelines(raw for raw, _ in _rewritten(file, form, path.name, vanishing))
    return count


def _rewritten(
    file: BinaryIO, form: TextForm, name: str, vanishing: Vanishing
) -> Iterator[tuple[bytes, bool]]:
    """Each record's bytes as they are to be, and whether they were emptied."""
    own: dict[int, str] = {}
    for record in read_records(file, form, name=name):
        own = own_columns(record.cells, vanishing.left) or own
        if record.number and any(record.cells) and vanishing.wanted(record.number, record.cells):
            cells = [own.get(position, "") for position in range(len(record.cells))]
            yield _written(record, cells, form), cells != record.cells
        else:
            yield record.raw, False


def _written(record: Record, cells: Sequence[str], form: TextForm) -> bytes:
    encoding = form.encoding
    mark = encoding.mark if record.raw.startswith(encoding.mark) else b""
    text = record.raw[len(mark) :].decode(encoding.codec, "replace")
    end = text[len(text.rstrip("\r\n")) :]
    line = io.StringIO()
    csv.writer(line, delimiter=form.delimiter, lineterminator=end).writerow(cells)
    return mark + line.getvalue().encode(encoding.codec, "replace")
