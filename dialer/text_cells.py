"""Writes cells as they stand in a delimited text: harmless, quoted where they have to be, in its encoding."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from dialer.delimited import TextForm
from dialer.result_table import DANGEROUS_STARTS, ResultCell, harmless

_BATCH = 500
_BETWEEN = "\x1f"
# The start of a cell that `harmless` would change, where a cell stands between two such signs.
_DANGEROUS = re.compile(
    f"{_BETWEEN}(?:[{re.escape(DANGEROUS_STARTS.replace('+', ''))}]|[+](?![1-9][0-9]{{6,14}}{_BETWEEN}))"
)


class TextCells:
    """Writes cells in the form that a text has."""

    def __init__(self, form: TextForm) -> None:
        self._delimiter = form.delimiter
        self._codec = form.encoding.codec
        self._odd = (form.delimiter, '"', "\r", "\n")

    def one(self, cell: ResultCell) -> bytes:
        """A cell's bytes."""
        return self._encoded(self._text(cell))

    def joined(self, rows: Iterable[tuple[int, Sequence[ResultCell]]]) -> Iterator[tuple[int, bytes]]:
        """The bytes of whole rows of cells, with delimiters between them, each with the row's number.

        All rows have the same number of cells.
        """
        stream = iter(rows)
        while batch := list(islice(stream, _BATCH)):
            # Column by column, since what has to be looked at is looked at for all its cells at once.
            columns = [self._column(cells) for cells in zip(*[cells for _, cells in batch], strict=True)]
            lines = list(map(self._delimiter.join, zip(*columns, strict=True)))
            yield from zip([number for number, _ in batch], self._all_encoded(lines), strict=True)

    def _column(self, cells: Sequence[ResultCell]) -> Sequence[str]:
        texts = [cell if type(cell) is str else _bare(cell) for cell in cells]
        together = _BETWEEN + _BETWEEN.join(texts) + _BETWEEN
        if any(odd in together for odd in self._odd) or _DANGEROUS.search(together):
            return [self._text(cell) if cell else text for cell, text in zip(cells, texts, strict=True)]
        return texts

    def _all_encoded(self, lines: list[str]) -> list[bytes]:
        try:
            return [line.encode(self._codec) for line in lines]
        except UnicodeEncodeError:
            return [self._encoded(line) for line in lines]

    def _text(self, cell: ResultCell) -> str:
        """The cell as it stands in the text."""
        if not isinstance(cell, str):
            return _bare(cell)
        text = harmless(cell)
        if any(odd in text for odd in self._odd):
            return '"' + text.replace('"', '""') + '"'
        return text

    def _encoded(self, text: str) -> bytes:
        """The text's bytes; a character that the encoding lacks becomes its plain letter or `?`."""
        try:
            return text.encode(self._codec)
        except UnicodeEncodeError:
            return "".join(_nearest(character, self._codec) for character in text).encode(self._codec)


def _bare(cell: ResultCell) -> str:
    """What is no text, or nothing."""
    if cell is None:
        return ""
    if cell is True or cell is False:
        return "true" if cell else "false"
    return str(cell)


def _nearest(character: str, codec: str) -> str:
    plain = unicodedata.normalize("NFKD", character)
    for candidate in (character, plain, plain.encode("ascii", "ignore").decode()):
        try:
            candidate.encode(codec)
        except UnicodeEncodeError:
            continue
        if candidate:
            return candidate
    return "?"
