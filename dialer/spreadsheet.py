"""Opens any spreadsheet: files to rows.

Delimited text is read in this process, as a stream; workbooks are parsed by a child process with limits.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from dialer.delimited import TextForm, find_form, read_records
from dialer.errors import SheetError, SheetMissing, UsageError
from dialer.file_format import find_format
from dialer.parsed_workbook import HEAD_ROWS, AskHidden, ParsedWorkbook
from dialer.table import Format, Row, SheetHead, TableInfo

# Of processor time. To open a million rows of 8 columns takes 7; on a machine that is not busy with other
# things every refusal is said within 20, with all that comes before and after.
TIME_LIMIT_SECONDS = 16.0


__all__ = ["TIME_LIMIT_SECONDS", "AskHidden", "Spreadsheet", "format_of", "open_table", "opened"]


@dataclass(frozen=True, slots=True)
class Spreadsheet:
    """An open spreadsheet."""

    info: TableInfo
    heads: tuple[SheetHead, ...]  # the first rows of every sheet; one head without a name for text
    _walk: Callable[[int], Iterator[Row]]
    _hidden_columns: Callable[[], frozenset[int]] = frozenset

    @property
    def hidden_columns(self) -> frozenset[int]:
        """The columns (0 is A) that nobody sees of the sheet that was walked last, if they were asked for."""
        return self._hidden_columns()

    def rows(self, sheet: str | None = None) -> Iterator[Row]:
        """Streams every row of a sheet from row 1 to the last used one, blank rows included.

        Row numbers and the positions of cells are Excel's. None means the first sheet. A new walk ends the
        one before it. Raises UsageError for a sheet that does not exist, and SheetError where a text
        turns out to be unreadable further down.
        """
        return self._walk(0 if sheet is None else self._position(sheet))

    def _position(self, sheet: str) -> int:
        if sheet in self.info.sheets:
            return self.info.sheets.index(sheet)
        if not self.info.sheets:
            raise UsageError(
                f'{self.info.file} is a text file and has no sheets; leave out --sheet "{sheet}".',
                code="sheet_unknown",
            )
        names = ", ".join(f'"{name}"' for name in self.info.sheets)
        raise UsageError(
            f'{self.info.file} has no sheet called "{sheet}"; its sheets are {names}.', code="sheet_unknown"
        )


@contextmanager
def open_table(
    path: Path,
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
    hidden: AskHidden = AskHidden.NO,
    time_limit_seconds: float = TIME_LIMIT_SECONDS,
) -> Iterator[Spreadsheet]:
    """Opens a spreadsheet of any format for reading; it can be read for the length of the `with` block.

    `encoding` and `delimiter` are the user's own choice for delimited text. If `hidden` asks for it, the rows
    (not those of the heads) tell whether they are hidden, at the price of another look at the sheet's XML.
    `time_limit_seconds` bounds the processor time that opening a workbook takes, not the reading of its rows.
    Raises SheetMissing, or SheetError with the reason why the file cannot be used (`hidden_rows_unknown` if
    it does not tell what is hidden and has to), or UsageError for an encoding or delimiter that cannot be.
    """
    name = path.name
    with opened(path) as file:
        file_format = find_format(file, name=name)
        if file_format is Format.CSV:
            form = find_form(file, encoding=encoding, delimiter=delimiter)
            yield _text(file, form, name)
            return
        if file_format in {Format.XLS, Format.XLSB}:
            if hidden is AskHidden.SURELY:
                raise SheetError(
                    f"The hidden rows of an {file_format.upper()} sheet cannot be told: save it as XLSX, or"
                    " leave --visible-only out.",
                    code="hidden_rows_unknown",
                )
            hidden = AskHidden.NO
        with ParsedWorkbook(
            file, name=name, time_limit_seconds=time_limit_seconds, ask_hidden=hidden
        ) as workbook:
            sheets = tuple(head.name or "" for head in workbook.heads)
            info = TableInfo(name, file_format, sheets=sheets)
            yield Spreadsheet(info, workbook.heads, workbook.rows, lambda: workbook.hidden_columns)


def _text(file: BinaryIO, form: TextForm, name: str) -> Spreadsheet:
    walks = 0

    def walk(_sheet: int) -> Iterator[Row]:
        nonlocal walks
        walks += 1
        this = walks
        for record in read_records(file, form, name=name):
            if record.number:  # the line `sep=;` has none
                yield Row(record.number, tuple(record.cells))
            if this != walks:  # the file stands elsewhere by now
                raise RuntimeError("another walk over the sheet has begun")

    info = TableInfo(name, Format.CSV, encoding=form.encoding.name, delimiter=form.delimiter)
    return Spreadsheet(info, (SheetHead(None, tuple(islice(walk(0), HEAD_ROWS))),), walk)


def format_of(path: Path) -> Format:
    """The format of a spreadsheet, told by its content; a workbook is held against the limits and not parsed.

    Raises SheetMissing, or SheetError with the reason why the file cannot be used.
    """
    with opened(path) as file:
        return find_format(file, name=path.name)


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """Opens a file for reading for the length of the `with` block. Raises SheetMissing, or SheetError for
    what is no regular file, may not be read, or is empty."""
    try:
        # Without O_NONBLOCK, opening a pipe would wait for its writer.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise SheetMissing(f"There is no file {path}; check its name and folder.", code="missing") from error
    except OSError as error:
        raise SheetError(
            f"{path} cannot be opened ({error.strerror}); check that you may read it.", code="not_readable"
        ) from error
    try:
        _check_kind(path, os.fstat(descriptor))
    except SheetError:
        os.close(descriptor)
        raise
    with os.fdopen(descriptor, "rb") as file:
        yield file


def _check_kind(path: Path, status: os.stat_result) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise SheetError(f"{path} is a folder; name one spreadsheet in it.", code="is_folder")
    if not stat.S_ISREG(status.st_mode):
        raise SheetError(
            f"{path} is a device or a pipe, not a file; save the sheet to a file first.", code="not_a_file"
        )
    if status.st_size == 0:
        raise SheetError(f"{path.name} is empty (0 bytes); ask for the sheet again.", code="empty")
