"""Parses one untrusted workbook in a process of its own, which may die of it without harm.

Started by `parsed_workbook` as a script, with the open file as an inherited descriptor, no secrets in its
environment and little imported but calamine, so that its memory can be kept small. It takes one JSON object
a line on stdin and answers with one a line on stdout:

    (at once)                    {"sheets": [{"name", "hidden", "rows": [[text, ...], ...]}, ...]}
    {"sheet": 0, "first": 1,     {"sheet": 0, "first": 1, "rows": [[text, ...], ...], "more": bool,
     "ask_hidden": "no",          "hidden": [number of a hidden row, ...],
     "if_told" or "surely"}       "hidden_columns": [number of a hidden column, 0 is A, ...]}
    (if it cannot be read)       {"error": "encrypted" | "corrupt" | "too_big" | "hidden_rows"}

Rows begin at row 1 and cells at column A, whatever the used range is; trailing empty cells are left out.
What is hidden is there only if it was asked for; "if_told", it is nothing where it cannot be told.
"""

from __future__ import annotations

import datetime
import json
import math
import os
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO

import python_calamine

from dialer.error_cells import with_errors_as_text
from dialer.hidden_rows import Hidden, HiddenRows, find_hidden
from dialer.sheet_xml import UnsafeSheet

_BATCH_ROWS = 1000
_BATCH_CHARACTERS = 1 << 18
_MAX_KEPT_CELLS = 4_000_000  # of sheets that stay in memory between the heads and the rows
_SECONDS_BEFORE_LOOKING = 9.0  # of processor time; a million rows have taken 6 by then
_NOTHING_HIDDEN = Hidden(HiddenRows(1))

_Value = int | float | str | bool | datetime.time | datetime.date | datetime.datetime | datetime.timedelta


def as_text(value: _Value) -> str:
    """A cell's text as a person reads it: whole numbers without ".0", dates as ISO 8601, TRUE and FALSE."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime.datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, datetime.timedelta):
        return _duration(value)
    return str(value)


def _duration(value: datetime.timedelta) -> str:
    sign = "-" if value < datetime.timedelta() else ""
    minutes, seconds = divmod(round(abs(value).total_seconds()), 60)
    return f"{sign}{minutes // 60:02d}:{minutes % 60:02d}:{seconds:02d}"


@dataclass(frozen=True, slots=True)
class Limits:
    """What this process may use up; past it, memory fails and the kernel ends it (SIGXCPU)."""

    memory_bytes: int
    cpu_seconds: int  # in its whole life
    answer_cpu_seconds: int  # until the first rows were given, and then for each answer

    def begin(self) -> None:
        """Binds this process for good."""
        limits = {
            resource.RLIMIT_AS: self.memory_bytes,
            resource.RLIMIT_CPU: self.cpu_seconds,
            resource.RLIMIT_FSIZE: 0,
            resource.RLIMIT_CORE: 0,
        }
        for which, amount in limits.items():
            with suppress(ValueError, OSError):  # not every system has every limit
                resource.setrlimit(which, (amount, amount))

    def begin_answer(self) -> None:
        """Binds it to the processor time of one answer, from now on."""
        with suppress(ValueError, OSError):
            _, most = resource.getrlimit(resource.RLIMIT_CPU)
            enough = math.ceil(time.process_time()) + self.answer_cpu_seconds
            allowed = enough if most == resource.RLIM_INFINITY else min(enough, most)
            resource.setrlimit(resource.RLIMIT_CPU, (allowed, most))


class _Workbook:
    """The sheets of one workbook; those that are small enough are parsed once only."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._calamine = python_calamine.CalamineWorkbook.from_filelike(with_errors_as_text(file))
        self._hidden: dict[int, Hidden] = {}
        self._kept: dict[int, python_calamine.CalamineSheet] = {}
        self._kept_cells = 0
        # Positions in the workbook of what holds cells; chart and macro sheets do not.
        self._positions = [
            position
            for position, sheet in enumerate(self._calamine.sheets_metadata)
            if sheet.typ == python_calamine.SheetTypeEnum.WorkSheet
        ]

    def heads(self, rows: int) -> list[dict[str, object]]:
        metadata = self._calamine.sheets_metadata
        return [
            {
                "name": metadata[position].name,
                "hidden": metadata[position].visible != python_calamine.SheetVisibleEnum.Visible,
                "rows": list(islice(self.rows(index), rows)),
            }
            for index, position in enumerate(self._positions)
        ]

    def rows(self, index: int) -> Iterator[list[str]]:
        sheet = self._sheet(index)
        if sheet.start is None:
            return
        margin = [""] * sheet.start[1]
        for values in sheet.iter_rows():
            cells = margin + [as_text(value) for value in values]
            while cells and not cells[-1]:
                cells.pop()
            yield cells

    def hidden(self, index: int, *, surely: bool) -> Hidden:
        if index not in self._hidden:
            name = self._calamine.sheets_metadata[self._positions[index]].name
            try:
                # A look that nobody insists on must not use up what time is left.
                in_time = surely or time.process_time() < _SECONDS_BEFORE_LOOKING
                self._hidden = {index: find_hidden(self._file, name) if in_time else _NOTHING_HIDDEN}
            except UnsafeSheet:
                if surely:
                    raise
                self._hidden = {index: _NOTHING_HIDDEN}
        return self._hidden[index]

    def _sheet(self, index: int) -> python_calamine.CalamineSheet:
        if index in self._kept:
            return self._kept[index]
        sheet = self._calamine.get_sheet_by_index(self._positions[index])
        cells = sheet.height * sheet.width
        # The only sheet is kept however large it is: whoever asks for rows will ask for its rows.
        if self._kept_cells + cells <= _MAX_KEPT_CELLS or len(self._positions) == 1:
            self._kept[index] = sheet
            self._kept_cells += cells
        return sheet


def _batch(rows: Iterator[list[str]]) -> tuple[list[list[str]], bool]:
    """The next rows, and whether there may be more; a batch is bounded in rows and in characters."""
    batch: list[list[str]] = []
    characters = 0
    for cells in rows:
        batch.append(cells)
        characters += sum(map(len, cells))
        if len(batch) == _BATCH_ROWS or characters > _BATCH_CHARACTERS:
            return batch, True
    return batch, False


def _say(answer: dict[str, object]) -> None:
    line = json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode()
    sys.stdout.buffer.write(line + b"\n")
    sys.stdout.buffer.flush()


def _serve(file: BinaryIO, limits: Limits, head_rows: int) -> None:
    limits.begin_answer()
    workbook = _Workbook(file)
    _say({"sheets": workbook.heads(head_rows)})
    current: tuple[int, int] | None = None  # the sheet and the row that `rows` goes on with
    rows: Iterator[list[str]] = iter(())
    is_open = False
    for line in sys.stdin.buffer:
        if is_open:
            limits.begin_answer()
        request = json.loads(line)
        sheet, first = request["sheet"], request["first"]
        if (sheet, first) != current:
            rows = islice(workbook.rows(sheet), first - 1, None)
        batch, more = _batch(rows)
        current = (sheet, first + len(batch))
        answer: dict[str, object] = {"sheet": sheet, "first": first, "rows": batch, "more": more}
        if request["ask_hidden"] != "no":
            hidden = workbook.hidden(sheet, surely=request["ask_hidden"] == "surely")
            these = enumerate(hidden.rows[first : first + len(batch)], first)
            answer["hidden"] = [number for number, is_hidden in these if is_hidden]
            answer["hidden_columns"] = sorted(hidden.columns)
        _say(answer)
        is_open = True


def main(descriptor: int, head_rows: int, limits: Limits) -> None:
    """Serves the workbook behind an open descriptor until stdin ends."""
    limits.begin()
    try:
        os.lseek(descriptor, 0, os.SEEK_SET)
        with os.fdopen(descriptor, "rb") as file:
            _serve(file, limits, head_rows)
    except python_calamine.PasswordError:
        _say({"error": "encrypted"})
    except MemoryError:
        _say({"error": "too_big"})
    except UnsafeSheet:
        _say({"error": "hidden_rows"})
    except BrokenPipeError:
        os._exit(0)  # the parent has left
    except BaseException:  # noqa: BLE001 - a panic of the parser is a BaseException, and means: unreadable
        _say({"error": "corrupt"})


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), Limits(*map(int, sys.argv[3:6])))
