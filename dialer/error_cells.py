"""Makes the error cells of a workbook readable: `#N/A`, `#REF!`, `#SPILL!` become cells of text.

The parser of workbooks gives the errors that it knows as empty cells, and refuses a whole workbook for one
that it does not know. But a broken formula is not the same as nothing: it may hide a number, or somebody's
wish not to be called. Sources: ECMA-376 part 1, 18.18.11 (ST_CellType) for XLSX; LibreOffice's own
`calcext:value-type` for ODS. XLS and XLSB have no such texts and stay as they are.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import BinaryIO

from dialer.sheet_part import part_chunks
from dialer.zip_copy import check_archive, copy_archive

_LONGEST_TAG = 1 << 20
_QUICKEST_LEVEL = 1


@dataclass(frozen=True, slots=True)
class _Dialect:
    """How one format marks the cells that hold an error, in the spelling of the programs that write it."""

    parts: re.Pattern[str]  # the names of the parts that hold cells
    sign: bytes  # stands in the tag of every such cell, and seldom elsewhere
    mark: re.Pattern[bytes]  # the tag up to its end; between its groups stands what makes the cell one
    text: bytes  # stands there in a cell of text


_DIALECTS = (
    _Dialect(
        parts=re.compile(r"xl/.*sheet[^/]*\.xml", re.IGNORECASE),
        sign=b'"e"',
        mark=re.compile(rb"""(<(?:[\w.\-]+:)?c\s(?:[^<>]*\s)?t\s*=\s*)"e"([^<>]*)"""),
        text=b'"str"',
    ),
    _Dialect(
        parts=re.compile(r"content\.xml"),
        sign=b'"error"',
        mark=re.compile(
            rb"""(<table:(?:covered-)?table-cell\s[^<>]*)\soffice:string-value\s*=\s*""\s+"""
            rb"""([^<>]*\bcalcext:value-type\s*=\s*"error"[^<>]*)"""
        ),
        text=b" ",
    ),
)


def with_errors_as_text(file: BinaryIO) -> BinaryIO:
    """The workbook, or a copy of it in memory in which error cells are text if it has any; at its start.

    A file that is no archive, or a damaged one, is given back as it is: the parser says what is wrong.
    """
    copy = None
    with suppress(zipfile.BadZipFile, zlib.error, EOFError, LookupError, NotImplementedError, ValueError):
        copy = _copy_with_text(file)
    result = copy or file
    result.seek(0)
    return result


def _copy_with_text(file: BinaryIO) -> BinaryIO | None:
    with zipfile.ZipFile(file) as archive:
        replaced = {
            entry.filename: _as_text(part_chunks(archive, entry.filename), dialect)
            for entry in archive.infolist()
            for dialect in _DIALECTS
            if dialect.parts.fullmatch(entry.filename) and _has_errors(archive, entry.filename, dialect)
        }
        if not replaced:
            return None
        check_archive(file, archive)
        copy = io.BytesIO()
        copy_archive(file, archive, copy, replaced=replaced, level=_QUICKEST_LEVEL)
        return copy


def _has_errors(archive: zipfile.ZipFile, part: str, dialect: _Dialect) -> bool:
    pieces = _whole_tags(part_chunks(archive, part))
    return any(_with_text(piece, dialect) is not piece for piece in pieces)


def _as_text(chunks: Iterable[bytes], dialect: _Dialect) -> Iterator[bytes]:
    return (_with_text(piece, dialect) for piece in _whole_tags(chunks))


def _with_text(piece: bytes, dialect: _Dialect) -> bytes:
    """The piece with its error cells as text; the very same object if there is none."""
    written: list[bytes] = []
    copied = 0
    at = piece.find(dialect.sign)
    while at >= 0:
        start, end = piece.rfind(b"<", copied, at), piece.find(b">", at)
        mark = dialect.mark.fullmatch(piece, start, end)
        if mark is not None:
            written += (piece[copied : mark.end(1)], dialect.text)
            copied = mark.start(2)
        at = piece.find(dialect.sign, at + 1)
    return b"".join((*written, piece[copied:])) if written else piece


def _whole_tags(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes, cut in front of tags only, unless one is longer than any honest tag."""
    rest = b""
    for chunk in chunks:
        piece = rest + chunk
        cut = piece.rfind(b"<")
        if cut < 0 or len(piece) - cut > _LONGEST_TAG:
            cut = len(piece)
        yield piece[:cut]
        rest = piece[cut:]
    yield rest
