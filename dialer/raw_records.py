"""Walks the records of a delimited text by their bytes: as `delimited.read_records` does, but several times
as fast, because a line without a quotation mark need not be taken apart to know how many cells it has.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import BinaryIO, NoReturn

from dialer.delimited import TextForm, read_records

_CHUNK = 1 << 18
_ASCII = bytes(range(128))

# One row of a delimited text: its bytes as in the file, with its line end and, in the first record, the
# byte-order mark; how many cells it has, 0 for a blank line; and whether every delimiter among its bytes sets
# two cells apart. (A tuple: there may be a million, and a value of its own takes far longer to make.)
RawRecord = tuple[bytes, int, bool]


def raw_records(file: BinaryIO, form: TextForm, *, name: str) -> Iterator[RawRecord]:
    """Streams every record of an open text file from its start, in the order and with the bytes that
    `delimited.read_records` gives; a damaged character does no harm. Raises what that raises."""
    if reads_as_ascii(form):
        return _by_lines(file, form, name)
    return ((record.raw, len(record.cells), False) for record in read_records(file, form, name=name))


def reads_as_ascii(form: TextForm) -> bool:
    """True if every byte of an ASCII character stands for that character, wherever it is found."""
    codec = form.encoding.codec
    if form.encoding.wide or _ASCII.decode(codec, "replace") != _ASCII.decode("ascii"):
        return False
    return codec == "utf-8" or len(bytes(range(256)).decode(codec, "replace")) == 256


def _by_lines(file: BinaryIO, form: TextForm, name: str) -> Iterator[RawRecord]:
    codec, mark = form.encoding.codec, form.encoding.mark
    delimiter, longest = form.delimiter.encode(codec), csv.field_size_limit()
    lines = _lines(file, start=len(mark))
    taken: list[bytes] = []

    def feed() -> Iterator[str]:
        while True:
            if taken:  # the record goes on in the next line, so it is inside quotes
                following = next(lines, None)
                if following is None:
                    _say_what_is_wrong(file, form, name)
                taken.append(following)
            else:
                taken.append(line)
            yield taken[-1].decode(codec, "replace")

    reader = csv.reader(feed(), delimiter=form.delimiter)
    for line in lines:
        if b'"' not in line and len(line) <= longest:
            columns = line.count(delimiter) + 1
            if columns == 1 and not line.strip(b"\r\n"):
                columns = 0
            yield (mark + line if mark else line), columns, True
        else:
            try:
                columns = len(next(reader))
            except csv.Error:
                _say_what_is_wrong(file, form, name)
            yield mark + b"".join(taken), columns, False
            taken.clear()
        mark = b""


def _lines(file: BinaryIO, *, start: int) -> Iterator[bytes]:
    """Each line with its line end."""
    file.seek(start)
    rest = b""
    while chunk := file.read(_CHUNK):
        lines = (rest + chunk).splitlines(keepends=True)
        # The last line may go on in the next chunk, and so may a line end of two bytes.
        rest = b"" if lines[-1].endswith(b"\n") else lines.pop()
        yield from lines
    yield from rest.splitlines(keepends=True)


def _say_what_is_wrong(file: BinaryIO, form: TextForm, name: str) -> NoReturn:
    for _ in read_records(file, form, name=name):
        pass
    raise RuntimeError("a text that could not be walked could be read")
