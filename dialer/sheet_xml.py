"""Adds cells to a worksheet's XML as a stream; all else stays byte for byte.

Why cutting XML with patterns is safe here: the survey, which comes first, has expat prove that the part is
well-formed, without DOCTYPE, without CDATA, and without a `<` in comments or processing instructions. In such
a text every `<` begins a tag, and a start tag is a name with quoted attributes. The survey also proves that
`sheetData` holds nothing but rows with ascending numbers, and each row cells with ascending columns that
agree with the row's number. Whatever is not so is an `UnsafeSheet`, found before anything is written.
Source of the structure: ECMA-376 part 1, 18.3.1 (worksheet, sheetData, row, c, dimension, cols).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from enum import Enum
from typing import NamedTuple
from xml.parsers import expat

_MAX_HEAD_BYTES = 16 << 20
_MAX_ROW_BYTES = 64 << 20
_ATTRIBUTE = rb"""[^\s=<>"'/]+\s*=\s*(?:"[^"]*"|'[^']*')"""
ATTRIBUTES = rb"((?:\s+" + _ATTRIBUTE + rb")*)\s*"
_ROOT = re.compile(rb"<((?:[A-Za-z_][\w.\-]*:)?)worksheet[\s>]")
_REFERENCE = re.compile(rb"""\sr\s*=\s*["']([A-Z]{1,3})([0-9]{1,7})["']""")
_ANY_REFERENCE = re.compile(rb"""\sr\s*=\s*["']""")
STYLE = re.compile(rb"""\ss\s*=\s*["']([0-9]{1,6})["']""")


class UnsafeSheet(Exception):
    """The sheet's XML is not what can be rewritten with certainty; the text says why."""


class Part(Enum):
    """The three parts of a worksheet's XML, in order."""

    HEAD = "head"  # up to and with the start tag of sheetData
    ROWS = "rows"  # whole rows, any number of them; comes any number of times
    TAIL = "tail"  # from the end tag of sheetData on; comes any number of times


class Cell(NamedTuple):  # made a million times: a frozen dataclass would take five times as long
    """A cell as it stands in a row's XML."""

    column: int  # 0 is A
    start: int  # of its tag, within the block
    end: int  # behind its end tag
    holds_something: bool  # a value, a text or a formula; False for a cell that only has a style
    style: bytes  # the digits of its attribute `s="3"`, or nothing


class RowXml(NamedTuple):
    """A row as it stands in a block of rows; positions are within the block."""

    number: int
    start: int
    tag_end: int  # behind its start tag
    content_end: int  # the start of its end tag; equal to `tag_end` for a self-closed row
    end: int  # behind its end tag
    self_closed: bool


class Grammar:
    """The patterns for a worksheet whose elements bear a certain namespace prefix, e.g. b"x:" or b""."""

    def __init__(self, prefix: bytes) -> None:
        name = re.escape(prefix)
        self.prefix = prefix
        self.sheet_data = re.compile(rb"<" + name + rb"sheetData" + ATTRIBUTES + rb"(/?)>")
        self.sheet_data_end = b"</" + prefix + b"sheetData"
        self.row_start = b"<" + prefix + b"row"
        # Of one row: (its number, b"/" if it is self-closed).
        self.row = re.compile(
            rb"<" + name + rb"row"
            rb"""(?:\s+(?:r\s*=\s*["']([0-9]{1,7})["']|""" + _ATTRIBUTE + rb"))*\s*(/?)>"
        )
        self.row_end = re.compile(rb"</" + name + rb"row\s*>")
        self.cell = re.compile(rb"<" + name + rb"c(?=[\s/>])" + ATTRIBUTES + rb"(/?)>")
        self.cell_end = re.compile(rb"</" + name + rb"c\s*>")
        # Of one cell: (letters, digits, style, b"/" if it is self-closed, its end tag if it is empty).
        self.cell_shape = re.compile(
            rb"<" + name + rb"c(?=[\s/>])"
            rb"""(?:\s+(?:r\s*=\s*["']([A-Z]{1,3})([0-9]{1,7})["']|s\s*=\s*["']([0-9]{1,6})["']|"""
            + _ATTRIBUTE
            + rb"))*\s*(?:(/)>|>(\s*</"
            + name
            + rb"c\s*>)?)"
        )


def find_grammar(start: bytes) -> Grammar:
    """Tells the namespace prefix from the start of the XML. Raises UnsafeSheet if it is no worksheet."""
    root = _ROOT.search(start)
    if root is None:
        raise UnsafeSheet("its XML does not begin like a worksheet")
    return Grammar(root.group(1))


def parts(chunks: Iterable[bytes], grammar: Grammar) -> Iterator[tuple[Part, bytes]]:
    """Cuts a worksheet's XML into its parts; joined, they give it back. `ROWS` hold whole rows only."""
    stream = iter(chunks)
    buffer = b""
    while (opening := grammar.sheet_data.search(buffer)) is None:
        chunk = next(stream, b"")
        if not chunk or len(buffer) > _MAX_HEAD_BYTES:
            raise UnsafeSheet("it has no sheetData")
        buffer += chunk
    yield Part.HEAD, buffer[: opening.end()]
    buffer = buffer[opening.end() :]
    if not opening.group(2):
        searched = 0
        while (end := buffer.find(grammar.sheet_data_end, searched)) < 0:
            cut = buffer.rfind(grammar.row_start, max(1, searched - len(grammar.row_start)))
            if cut > 0:
                yield Part.ROWS, buffer[:cut]
                buffer = buffer[cut:]
            searched = max(0, len(buffer) - len(grammar.sheet_data_end))
            chunk = next(stream, b"")
            if not chunk or len(buffer) > _MAX_ROW_BYTES:
                raise UnsafeSheet("its sheetData does not end, or a row is too long")
            buffer += chunk
        yield Part.ROWS, buffer[:end]
        buffer = buffer[end:]
    yield Part.TAIL, buffer
    for chunk in stream:
        yield Part.TAIL, chunk


def rows(block: bytes, grammar: Grammar, *, last_number: int) -> Iterator[RowXml]:
    """The rows of a block. A row without a number follows the one before it; `last_number` is that of the
    last row of the block before. Raises UnsafeSheet for anything between rows, and for numbers that do not
    ascend."""
    match, search_end = grammar.row.match, grammar.row_end.search
    position = _end_of_space(block, 0)
    while position < len(block):
        tag = match(block, position)
        if tag is None:
            raise UnsafeSheet(f"something that is no row stands after row {last_number}")
        digits, slash = tag.groups()
        number = int(digits) if digits else last_number + 1
        if not last_number < number <= 1_048_576:
            raise UnsafeSheet(f"row {number} stands after row {last_number}")
        if digits is None and _ANY_REFERENCE.search(tag.group()):
            raise UnsafeSheet(f"the row after row {last_number} has an odd number")
        tag_end = end = content_end = tag.end()
        if not slash:
            closing = search_end(block, end)
            if closing is None:
                raise UnsafeSheet(f"row {number} does not end")
            content_end, end = closing.span()
        yield RowXml(number, position, tag_end, content_end, end, bool(slash))
        last_number = number
        position = end if block.startswith(b"<", end) else _end_of_space(block, end)


def cells(block: bytes, row: RowXml, grammar: Grammar, *, start: int | None = None) -> list[Cell]:
    """The cells of a row in order, or those from `start` on. A cell without a reference follows the one
    before it. Raises UnsafeSheet for columns that do not ascend."""
    found: list[Cell] = []
    column = -1
    for tag in grammar.cell.finditer(block, start or row.tag_end, row.content_end):
        reference = _REFERENCE.search(tag.group(1))
        if reference is None and _ANY_REFERENCE.search(tag.group(1)):
            raise UnsafeSheet(f"row {row.number} has a cell with an odd reference")
        if reference is not None and int(reference.group(2)) != row.number:
            raise UnsafeSheet(f"row {row.number} has a cell of another row")
        before, column = column, letters_to_column(reference.group(1)) if reference else column + 1
        if column <= before:
            raise UnsafeSheet(f"the cells of row {row.number} are not in order")
        end, holds_something = tag.end(), False
        if not tag.group(2):
            closing = grammar.cell_end.search(block, end, row.content_end)
            if closing is None:
                raise UnsafeSheet(f"row {row.number} has a cell that does not end")
            holds_something = not block[end : closing.start()].isspace() and closing.start() > end
            end = closing.end()
        style = STYLE.search(tag.group(1))
        found.append(Cell(column, tag.start(), end, holds_something, style.group(1) if style else b""))
    return found


def cell_row(block: bytes, row: RowXml, grammar: Grammar) -> int | None:
    """The number of the row that a row's first cell claims to stand in; None if there is none that does."""
    tag = grammar.cell.search(block, row.tag_end, row.content_end)
    reference = tag and _REFERENCE.search(tag.group(1))
    return int(reference.group(2)) if reference else None


def letters_to_column(letters: bytes) -> int:
    """The column that upper-case letters name; 0 is A."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1


def _end_of_space(block: bytes, position: int) -> int:
    while block[position : position + 1].isspace():
        position += 1
    return position


def well_formed(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Hands on the chunks of an XML part; once all are through, cutting it with patterns is proven safe.

    Raises UnsafeSheet for what is not well-formed, has a DOCTYPE or CDATA, or a tag in a comment.
    """
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = _refuse("a document type (DOCTYPE)")
    parser.StartCdataSectionHandler = _refuse("a CDATA section")
    parser.CommentHandler = _refuse_tags("a comment")
    parser.ProcessingInstructionHandler = _refuse_tags("a processing instruction")
    try:
        for chunk in chunks:
            parser.Parse(chunk, False)  # noqa: FBT003 - expat takes no keyword
            yield chunk
        parser.Parse(b"", True)  # noqa: FBT003
    except (expat.ExpatError, LookupError, ValueError) as error:  # the latter for odd encodings
        raise UnsafeSheet(f"its XML is not well-formed ({error})") from error


def _refuse(what: str) -> Callable[..., None]:
    def refuse(*_event: object) -> None:
        raise UnsafeSheet(f"its XML has {what}")

    return refuse


def _refuse_tags(what: str) -> Callable[..., None]:
    def refuse(*texts: str) -> None:
        if any("<" in text for text in texts):
            raise UnsafeSheet(f"its XML has {what} with a tag in it")

    return refuse
