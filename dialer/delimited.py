"""Reads delimited text as a stream of records, each with the very bytes it came from.

One tokenizer, the csv module, serves reading and writing back, so both always agree on where a row ends.
Rows are counted as Excel counts them: a quoted line end does not end a row, a blank line is a row, and a
first line `sep=;`, which Excel hides, has no number, so the row after it is row 1.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from dialer.errors import SheetError, UsageError
from dialer.text_encoding import TextEncoding, find_encoding

_CHUNK = 1 << 18
_LONGEST_LINE = 1 << 24
_MOST_CELLS = 16_384  # of a row: Excel's own limit
_SAMPLE_RECORDS = 200
_SAMPLE_BYTES = 1 << 18
_DELIMITERS = ",;\t|"
_NAMED_DELIMITERS = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "bar": "|", "pipe": "|"}
_SEPARATOR_LINE = re.compile(r'"?sep=([^\r\n"])"?[\r\n]*', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class TextForm:
    """How a delimited text is written: all that is needed to read it, and to add to it in its own way."""

    encoding: TextEncoding
    delimiter: str  # one character
    separator_line: bool  # the first line says `sep=...` and is no row


@dataclass(frozen=True, slots=True)
class Record:
    """One row of a delimited text."""

    number: int  # Excel's row number; 0 for the `sep=` line
    cells: list[str]  # [] for a blank line
    raw: bytes  # as in the file, with its line end and, in the first record, the byte-order mark


def find_form(file: BinaryIO, *, encoding: str | None = None, delimiter: str | None = None) -> TextForm:
    """Tells encoding and delimiter of an open text file; `encoding` and `delimiter` are the user's own.

    The delimiter comes from a `sep=` line, else it is the one of comma, semicolon, tab and bar that cuts
    the first rows into the most even table; a comma if none does. (`csv.Sniffer` is not used: it takes a
    letter for a delimiter, and its patterns need quadratic time on quotes that do not match.)
    Raises UsageError for an encoding or delimiter that cannot be.
    """
    chosen = None if delimiter is None else _asked_delimiter(delimiter)
    text_encoding = find_encoding(file, asked=encoding)
    lines = _sample(file, text_encoding)
    separator = _SEPARATOR_LINE.fullmatch(lines[0]) if lines else None
    if chosen is None:
        chosen = separator.group(1) if separator else _evenest_delimiter(lines)
    return TextForm(text_encoding, chosen, separator_line=separator is not None)


def read_records(file: BinaryIO, form: TextForm, *, name: str) -> Iterator[Record]:
    """Streams every record of an open text file from its start, including blank lines.

    `name` is the file's name for the sentences of errors. Raises SheetError for bytes that the encoding
    does not have, for a quote that is never closed, for a row wider than Excel's, and for a cell beyond
    the csv module's limit.
    """
    file.seek(len(form.encoding.mark))
    taken: list[bytes] = []
    number = 0 if form.separator_line else 1

    def feed() -> Iterator[str]:
        for raw, text in _lines(file, form.encoding):
            taken.append(raw)
            yield text
        if taken:  # the tokenizer wants more for a record it has begun: it is inside quotes
            raise _unclosed(name, number, lines=len(taken))

    reader = csv.reader(feed(), delimiter=form.delimiter)
    mark = form.encoding.mark
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise _too_long(name, number, lines=len(taken)) from error
        except UnicodeDecodeError as error:
            raise _undecodable(name, number, form.encoding) from error
        if len(cells) > _MOST_CELLS:
            raise _too_wide(name, number, len(cells), form.delimiter)
        raw = taken[0] if len(taken) == 1 else b"".join(taken)
        taken.clear()
        yield Record(number, cells, mark + raw)
        mark = b""
        number += 1


def _lines(file: BinaryIO, encoding: TextEncoding) -> Iterator[tuple[bytes, str]]:
    """Each line with its line end, as bytes and as text."""
    if encoding.wide:
        yield from _wide_lines(file, encoding)
        return
    codec, errors = encoding.codec, encoding.errors
    rest = b""
    while chunk := file.read(_CHUNK):
        lines = (rest + chunk).splitlines(keepends=True)
        # The last line may go on in the next chunk, and so may a line end of two bytes.
        rest = b"" if lines[-1].endswith(b"\n") else lines.pop()
        for raw in lines:
            yield raw, raw.decode(codec, errors)
        if len(rest) > _LONGEST_LINE:
            raise csv.Error("line too long")
    for raw in rest.splitlines(keepends=True):
        yield raw, raw.decode(codec, errors)


def _wide_lines(file: BinaryIO, encoding: TextEncoding) -> Iterator[tuple[bytes, str]]:
    # Read strictly, these encodings give back the very same bytes, so the text can stand for them.
    text_file = io.TextIOWrapper(file, encoding=encoding.codec, newline="")
    try:
        while line := text_file.readline(_LONGEST_LINE):
            if len(line) == _LONGEST_LINE:
                raise csv.Error("line too long")
            yield line.encode(encoding.codec), line
    finally:
        text_file.detach()


def _sample(file: BinaryIO, encoding: TextEncoding) -> list[str]:
    """The first lines, enough to tell the delimiter; bytes that cannot be read are no matter here."""
    file.seek(len(encoding.mark))
    head = file.read(_SAMPLE_BYTES)
    lines = io.StringIO(head.decode(encoding.codec, "replace"), newline="").readlines()
    cut_off = len(head) == _SAMPLE_BYTES and len(lines) > 1
    return lines[:-1] if cut_off else lines


def _evenest_delimiter(lines: Iterable[str]) -> str:
    sample = list(lines)
    scores = {delimiter: _evenness(sample, delimiter) for delimiter in _DELIMITERS}
    return max(scores, key=scores.__getitem__)  # the first of equals, so a comma where nothing is found


def _evenness(lines: list[str], delimiter: str) -> float:
    """How much of a table the delimiter makes of the sample, from 0 to 1: the share of rows that have the
    commonest number of cells above one, weighed by how many cells that is; less where a space follows the
    delimiter, as it does in sentences and in names like "Example, Ann"."""
    widths: Counter[int] = Counter()
    try:
        for cells in csv.reader(lines, delimiter=delimiter):
            if any(cells):
                widths[len(cells)] += 1
            if widths.total() == _SAMPLE_RECORDS:
                break
    except csv.Error:
        pass  # a cell beyond the limit: the rows up to it still tell
    tables = [(count / widths.total()) * (1 - 1 / width) for width, count in widths.items()]
    text = "".join(lines)
    spaced = text.count(delimiter + " ") / max(text.count(delimiter), 1)
    return max(tables, default=0.0) * (1 - spaced / 4)


def _asked_delimiter(asked: str) -> str:
    delimiter = _NAMED_DELIMITERS.get(asked.lower(), asked)
    if len(delimiter) != 1 or delimiter in '"\r\n':
        raise UsageError(
            f'"{asked}" cannot be a delimiter; give one character, for example --delimiter ";", or "tab".',
            code="delimiter_unusable",
        )
    return delimiter


def _unclosed(name: str, number: int, *, lines: int) -> SheetError:
    return SheetError(
        f"{name}: a quotation mark that opens in row {number} is never closed and swallows the remaining"
        f" {lines} line{'s' if lines > 1 else ''}; close it or remove it, and try again.",
        code="unclosed_quote",
    )


def _too_long(name: str, number: int, *, lines: int) -> SheetError:
    if lines > 1:
        return SheetError(
            f"{name}: a quotation mark that opens in row {number} is not closed for {lines} lines;"
            " close it or remove it, and try again.",
            code="unclosed_quote",
        )
    return SheetError(
        f"{name}: row {number} has a cell of more than {csv.field_size_limit():,} characters;"
        " shorten it, or check that the file is a table of leads.",
        code="cell_too_long",
    )


def _too_wide(name: str, number: int, cells: int, delimiter: str) -> SheetError:
    shown = {"\t": "the tab"}.get(delimiter, f'"{delimiter}"')
    return SheetError(
        f"{name}: row {number} has {cells:,} cells, more than a sheet can have; check that {shown} is the"
        " delimiter (--delimiter names another), and that the file is a table of leads.",
        code="too_wide",
    )


def _undecodable(name: str, number: int, encoding: TextEncoding) -> SheetError:
    return SheetError(
        f"{name}: row {number} has characters that do not exist in {encoding.name};"
        " name the right encoding with --encoding, or save the sheet as UTF-8.",
        code="undecodable",
    )
