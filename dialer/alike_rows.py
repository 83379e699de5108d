"""Recognises rows of a worksheet that differ from one that was proven in their number and texts alone.

Most rows of a list are like a few others: the same cells in the same columns and styles. What was proven of
one of them holds for all, and one match of a pattern costs a fifth of taking the cells of a row apart.
The text has to be what `sheet_xml.well_formed` lets through, in which every `<` begins a tag.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Generic, TypeVar

from dialer.sheet_xml import Grammar, RowXml

_MOST_KNOWN = 8
_LONGEST_BYTES = 8_192  # to compile the pattern of a longer row takes too long
_MOST_MISSES = 1_000  # more than there were finds
_TAG = re.compile(rb"(<[^<>]*>)")

_Found = TypeVar("_Found")


class AlikeRows(Generic[_Found]):
    """Rows that were proven, each with what was found of it."""

    def __init__(self, grammar: Grammar) -> None:
        self._cell = b"<" + grammar.prefix + b"c "
        # (matches the content of a row like it, what was found), the one that was met last first
        self._known: list[tuple[Callable[[bytes, int, int], re.Match[bytes] | None], _Found]] = []
        self._misses = 0

    def find(self, block: bytes, row: RowXml) -> _Found | None:
        """What was found of a row like this one; None if none like it is known."""
        for place, one in enumerate(self._known):
            match = one[0](block, row.tag_end, row.content_end)
            if match is not None and match[1] == b"%d" % row.number:
                if place:
                    self._known.insert(0, self._known.pop(place))
                self._misses -= 1
                return one[1]
        self._misses += 1
        if self._misses > _MOST_MISSES:
            self._known.clear()  # rows that are all different are not worth a look
        return None

    def learn(self, block: bytes, row: RowXml, found: _Found) -> None:
        """Keeps what was found of a row, if rows like it can be told with certainty and are worth it."""
        content = block[row.tag_end : row.content_end]
        worth_it = len(content) <= _LONGEST_BYTES and self._misses <= _MOST_MISSES
        if len(self._known) < _MOST_KNOWN and worth_it and (pattern := self._like(content, row.number)):
            self._known.append((re.compile(pattern).fullmatch, found))

    def _like(self, content: bytes, number: int) -> bytes | None:
        """The pattern of rows with the same tags, its first group their number; None if there is none."""
        if b"<!" in content or b"<?" in content:
            return None
        reference = re.compile(rb'( r="[A-Z]{1,3})%d(?=")' % number)
        pattern, group = b"", rb"([0-9]+)"
        before, *pieces = _TAG.split(content)
        if before:
            return None
        for tag, text in zip(pieces[::2], pieces[1::2], strict=True):
            if b">" in text:  # or else a tag had one in an attribute
                return None
            if not tag.startswith(self._cell):
                pattern += re.escape(tag) + (b"[^<]*" if text else b"")
                continue
            place = reference.search(tag)
            if place is None or text:  # a text that stands in no element of its own would be no value
                return None
            pattern += re.escape(tag[: place.end(1)]) + group + re.escape(tag[place.end() :])
            group = rb"\1"
        return pattern if group == rb"\1" else None
