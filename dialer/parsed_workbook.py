"""Reads a workbook through a child process that parses it within limits; its death is a refusal.

The child is not trusted either: it speaks JSON lines (`parsing_child` has the words), each with a deadline
and a limit in length, and everything it says is checked before it is believed.
"""

from __future__ import annotations

import json
import math
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from dialer.archive_limits import encrypted
from dialer.errors import DialerError, SheetError
from dialer.table import Row, SheetHead

HEAD_ROWS = 60
# Of addresses. An honest sheet of 1,000,000 rows and 8 columns needs 0.9 to 1.1 GB, and all processes of
# dialer together stay below 2 GB.
_MEMORY_BYTES = 1_750_000_000
# A limit in processor time refuses a hostile file as quickly as one in real time, and lets an honest sheet
# pass on a machine that is busy with other things. Real time bounds a child that waits.
_REAL_SECONDS_PER_CPU_SECOND = 3
_ANSWERS_AT_FULL_LENGTH = 10
_MAX_ROWS = 1_048_576
_MAX_LINE_BYTES = 64 << 20
_READ_BYTES = 1 << 20
_CHILD = Path(__file__).with_name("parsing_child.py")
_HOUSE = Path(__file__).parents[1]  # where `dialer` is imported from, even by one who stands in that folder


class AskHidden(StrEnum):
    """Whether to tell what is hidden of a sheet."""

    NO = "no"
    IF_TOLD = "if_told"  # nothing where the file does not tell
    SURELY = "surely"  # refused where the file does not tell


class ParsedWorkbook:
    """The sheets of an open workbook, for the length of a `with` block; leaving it ends the child.

    `time_limit_seconds` bounds the processor time in which the child opens the workbook, from its start to
    the first batch of rows, and that of every batch from then on. How slowly the rows are taken does not
    matter. Unless
    `ask_hidden` is NO, which saves another look at the sheet's XML, `Row.hidden` of what `rows` gives and
    `hidden_columns` are true, as far as the file tells.
    Raises SheetError: `encrypted`, `corrupt`, `too_big`, `parse_timeout`, `parser_died`, `no_sheets`,
    `hidden_rows_unknown`.
    """

    def __init__(
        self, file: BinaryIO, *, name: str, time_limit_seconds: float, ask_hidden: AskHidden = AskHidden.NO
    ) -> None:
        self._name = name
        self._time_limit_seconds = time_limit_seconds
        self._ask_hidden = ask_hidden
        self.hidden_columns: frozenset[int] = frozenset()  # of the sheet that is walked; 0 is A
        self._buffer = bytearray()
        self._unanswered = 0
        self._walk = 0
        cpu_seconds = math.ceil(time_limit_seconds)
        limits = (_MEMORY_BYTES, _ANSWERS_AT_FULL_LENGTH * cpu_seconds, cpu_seconds)
        # -P: the child's imports come from this process's path alone, never from beside the script or from
        # the current folder. The environment holds no key.
        self._child = subprocess.Popen(  # noqa: S603 - the program and its arguments are our own
            [sys.executable, "-P", str(_CHILD), *map(str, (file.fileno(), HEAD_ROWS, *limits))],
            pass_fds=(file.fileno(),),
            env={"PYTHONPATH": os.pathsep.join([*filter(None, sys.path), str(_HOUSE)])},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is ours to answer
        )
        try:
            self.heads = self._read_heads()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> ParsedWorkbook:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends the child, whatever it is doing."""
        self._child.kill()
        self._child.wait()
        for pipe in (self._child.stdin, self._child.stdout):
            if pipe is not None:
                # A request that the dead child never read makes closing fail, which is no loss.
                try:
                    pipe.close()
                except BrokenPipeError:
                    continue

    def rows(self, sheet: int) -> Iterator[Row]:
        """Streams every row of a sheet (0 is the first of `heads`), from row 1 to the last used one.

        A new walk ends the one before it.
        """
        self._walk += 1
        walk = self._walk
        first, more = 1, True
        self._ask(sheet, first)
        while more:
            batch, hidden, more = self._batch(sheet, first)
            if more:
                self._ask(sheet, first + len(batch))  # the child works while these rows are looked at
            for number, cells in enumerate(batch, first):
                yield Row(number, tuple(cells), number in hidden)
                if walk != self._walk:
                    raise RuntimeError("another walk over the sheet has begun")
            first += len(batch)

    def _read_heads(self) -> tuple[SheetHead, ...]:
        sheets = self._answer().get("sheets")
        if not isinstance(sheets, list) or not all(isinstance(sheet, dict) for sheet in sheets):
            raise self._nonsense()
        heads = tuple(
            SheetHead(
                self._checked_text(sheet.get("name")),
                tuple(Row(number, tuple(cells)) for number, cells in enumerate(self._rows_of(sheet), 1)),
                hidden=sheet.get("hidden") is True,
            )
            for sheet in sheets
        )
        if not heads:
            raise SheetError(
                f"{self._name} has no sheet with cells; look whether it is the right file.", code="no_sheets"
            )
        return heads

    def _ask(self, sheet: int, first: int) -> None:
        request = {"sheet": sheet, "first": first, "ask_hidden": self._ask_hidden}
        assert self._child.stdin is not None  # noqa: S101 - it was opened as a pipe
        try:
            self._child.stdin.write(json.dumps(request).encode() + b"\n")
            self._child.stdin.flush()
        except BrokenPipeError as error:
            raise self._died() from error
        self._unanswered += 1

    def _batch(self, sheet: int, first: int) -> tuple[list[list[str]], frozenset[int], bool]:
        while self._unanswered:
            answer = self._answer()
            self._unanswered -= 1
            if answer.get("sheet") != sheet or answer.get("first") != first:
                continue  # asked for by a walk that was given up
            rows = self._rows_of(answer)
            more = answer.get("more") is True
            if (more and not rows) or first + len(rows) > _MAX_ROWS + 1:
                raise self._nonsense()
            self.hidden_columns = self._hidden_of(answer, "hidden_columns")
            return rows, self._hidden_of(answer, "hidden"), more
        raise self._nonsense()

    def _answer(self) -> dict[str, object]:
        line = self._line()
        try:
            # The child escapes no character that can stand for itself, so an escaped surrogate is a lie.
            answer = None if b"\\ud" in line.lower() else json.loads(line)
        except (ValueError, RecursionError) as error:
            raise self._nonsense() from error
        if not isinstance(answer, dict):
            raise self._nonsense()
        match answer.get("error"):
            case None:
                return answer
            case "encrypted":
                raise encrypted(self._name)
            case "too_big":
                raise self._died()
            case "hidden_rows":
                raise SheetError(
                    f"The hidden rows of {self._name} cannot be told with certainty: open it in Excel, save"
                    " it as a new file, and try again, or leave --visible-only out.",
                    code="hidden_rows_unknown",
                )
            case _:
                raise SheetError(
                    f"{self._name} is damaged and cannot be read; open it in Excel, which may repair it,"
                    " save it as a new file, and try again.",
                    code="corrupt",
                )

    def _line(self) -> bytes:
        """The child's next line, waited for as long as the time limit allows."""
        assert self._child.stdout is not None  # noqa: S101 - it was opened as a pipe
        pipe = self._child.stdout.fileno()
        poll = select.poll()
        poll.register(pipe, select.POLLIN)
        deadline = time.monotonic() + _REAL_SECONDS_PER_CPU_SECOND * self._time_limit_seconds
        searched = 0
        while (end := self._buffer.find(b"\n", searched)) < 0:
            searched = len(self._buffer)
            remaining = deadline - time.monotonic()
            if remaining <= 0 or not poll.poll(remaining * 1000):
                raise self._too_slow()
            chunk = os.read(pipe, _READ_BYTES)
            if not chunk:
                raise self._died()
            self._buffer += chunk
            if len(self._buffer) > _MAX_LINE_BYTES:
                raise self._nonsense()
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        return line

    def _rows_of(self, answer: dict[str, object]) -> list[list[str]]:
        rows = answer.get("rows")
        if not isinstance(rows, list):
            raise self._nonsense()
        try:
            for cells in rows:
                if type(cells) is not list:
                    raise self._nonsense()
                "".join(cells)  # the quickest proof that all are texts
        except TypeError as error:
            raise self._nonsense() from error
        return rows

    def _hidden_of(self, answer: dict[str, object], which: str) -> frozenset[int]:
        hidden = [] if self._ask_hidden is AskHidden.NO else answer.get(which)
        if not isinstance(hidden, list) or not all(isinstance(number, int) for number in hidden):
            raise self._nonsense()
        return frozenset(hidden)

    def _checked_text(self, text: object) -> str:
        if not isinstance(text, str):
            raise self._nonsense()
        return text

    def _too_slow(self) -> SheetError:
        return SheetError(
            f"{self._name} could not be read within {self._time_limit_seconds:g} seconds; delete what the"
            " sheet does not need, or save it as CSV, and try again.",
            code="parse_timeout",
        )

    def _died(self) -> DialerError:
        try:
            status = self._child.wait(timeout=1)
        except subprocess.TimeoutExpired:
            status = 0
        if status > 0:  # its own faults it reports in words, so it did not even start
            return DialerError(
                "The parser of workbooks could not be started; install dialer again, or save the sheet as"
                " CSV.",
                code="parser_unavailable",
            )
        if status in {-signal.SIGXCPU, -signal.SIGKILL}:
            return self._too_slow()
        return self._refused("takes too much memory or makes the parser fail")

    def _nonsense(self) -> SheetError:
        return self._refused("makes the parser talk nonsense")

    def _refused(self, reason: str) -> SheetError:
        return SheetError(
            f"{self._name} was refused, because reading it {reason}; open it in Excel, save the sheet of"
            " leads as a new file or as CSV, and try again.",
            code="parser_died",
        )
