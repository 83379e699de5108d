"""Takes a person out of the files that dialer wrote: reports, kept standard input."""

from __future__ import annotations

import html
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dialer.blanking import CannotBlank, Vanishing, blank_rows
from dialer.errors import DialerError
from dialer.loader import Understood
from dialer.reporter import Written
from dialer.spreadsheet import open_table
from dialer.suppressions import FORGOTTEN_MESSAGE
from dialer.table import Format
from dialer.traces import Traces
from dialer.whole_file import whole_file

LEFT = {"status": "suppressed", "reason": FORGOTTEN_MESSAGE}
_PAGE = ".html"
_RECORDS = ".jsonl"
_COLUMNAR = ".parquet"
_INSTEAD = "forgotten"
_ROW = re.compile(r"<tr\b.*?</tr>", re.DOTALL)
_CELL = re.compile(r"(<td\b[^>]*>).*?(</td>)", re.DOTALL)
_TEXT = re.compile(r">([^<>]+)<")
_IN_XML = re.compile(r">([^<>]+)<|\"([^\"<>]+)\"")


@dataclass(frozen=True, slots=True)
class Cleared:
    """What was done to a file: emptied rows, or deleted as a whole; or why nothing could be done."""

    path: str
    rows: int = 0
    deleted: bool = False
    problem: str | None = None


def clear(path: Path, traces: Traces) -> Cleared | None:
    """Take a person out of a file; None if it holds nothing of them.

    A file in which something of them would remain is deleted: its results are still in the ledger.
    """
    kind = path.suffix.lower()
    try:
        if kind == _COLUMNAR:
            return Cleared(str(path), problem="a Parquet file cannot be searched: delete it by hand")
        if kind == _PAGE:
            rows = _clear_page(path, traces)
        elif kind == _RECORDS:
            rows = _clear_records(path, traces)
        else:
            try:
                rows = blank_rows(path, Vanishing(lambda _row, texts: any(map(traces.is_in, texts)), LEFT))
            except CannotBlank:
                rows = 0
        if any(map(traces.is_in, _texts_of(path))):
            path.unlink()
            return Cleared(str(path), deleted=True)
    except (OSError, DialerError, zipfile.BadZipFile) as error:
        return Cleared(str(path), problem=str(error))
    return Cleared(str(path), rows) if rows else None


def without_forgotten(written: Written, rows: frozenset[int], understood: Understood) -> None:
    """Empty these rows of a report that was just written: no new copy is made of whom was forgotten.

    Raises DialerError, and leaves no report, where that is not possible.
    """
    path = written.sheet.path
    as_it_was = written.sheet.format.value == understood.format and not written.sheet.fallback_reason
    sheet = understood.sheet if as_it_was and written.sheet.format is not Format.CSV else None
    try:
        blank_rows(path, Vanishing(lambda row, _texts: row in rows, LEFT), sheet=sheet)
    except CannotBlank as error:
        path.unlink()
        raise DialerError(
            f"The report {path} could not be written without the people who asked to be forgotten ({error}): "
            "take their rows out of the sheet, and run again.",
            code="forgotten_in_report",
        ) from error


def _clear_page(path: Path, traces: Traces) -> int:
    """Take a person out of an HTML report of dialer's; gives how many places there were."""
    page = path.read_text(encoding="utf-8")
    count = 0

    def row(match: re.Match[str]) -> str:
        nonlocal count
        if not any(traces.is_in(html.unescape(text)) for text in _TEXT.findall(match.group())):
            return match.group()
        count += 1
        return _CELL.sub(rf"\g<1>{_INSTEAD}\g<2>", match.group())

    def text(match: re.Match[str]) -> str:
        nonlocal count
        if not traces.is_in(html.unescape(match.group(1))):
            return match.group()
        count += 1
        return f">{_INSTEAD}<"

    cleared = _TEXT.sub(text, _ROW.sub(row, page))
    if count:
        with whole_file(path, like=path) as file:
            file.write(cleared.encode())
    return count


def _clear_records(path: Path, traces: Traces) -> int:
    """Take a person out of JSON lines; gives how many there were."""
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in lines if traces.without_in_json(line) == line]
    if len(kept) < len(lines):
        with whole_file(path, like=path) as file:
            file.write("".join(kept).encode())
    return len(lines) - len(kept)


def _texts_of(path: Path) -> Iterator[str]:
    """Every text that a file holds, however deep."""
    if path.suffix.lower() == _RECORDS:
        yield path.read_text(encoding="utf-8")
        return
    if path.suffix.lower() == _PAGE:
        page = path.read_text(encoding="utf-8")
        yield from (html.unescape(text) for text in _TEXT.findall(page))
        return
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                content = archive.read(name).decode("utf-8", "replace")
                for inside, attribute in _IN_XML.findall(content):
                    yield html.unescape(inside or attribute)
        return
    with open_table(path) as spreadsheet:
        for head in spreadsheet.heads:
            for row in spreadsheet.rows(head.name):
                yield from row.cells
