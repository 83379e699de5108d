"""Adds cell formats to a workbook's styles: like those of the user's cells, but safe for what dialer writes.

A text gets the number format "text", so that a phone number or an id stays what it is when somebody edits
the cell; a number gets the format "general", so that it is not shown as a date. Fonts, fills, borders and
alignment are the neighbour's. Formats are only ever added behind the last one, and only if there is none
like it. Source: ECMA-376 part 1, 18.8.10 (cellXfs), 18.8.45 (xf), 18.8.30 (49 is text).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dialer.sheet_xml import ATTRIBUTES, UnsafeSheet
from dialer.xml_edit import attribute, checked, first_tag, start_tags, with_attribute

_MAX_FORMATS = 64_000  # Excel's own limit is 65,490
_GENERAL, _TEXT = b"0", b"49"
_LINKS = {b"8", b"9"}  # the built-in styles of hyperlinks and of those that were followed
_EVERY_ATTRIBUTE = re.compile(rb"""([^\s=<>"'/]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")


@dataclass(frozen=True, slots=True)
class CellStyles:
    """Formats that look like one of the user's, by their index."""

    text: int
    plain: int  # for numbers and truth values
    quoted: int  # for a text that would be a formula if it were typed


def add_styles(content: bytes, bases: Iterable[int]) -> tuple[bytes, Mapping[int, CellStyles]]:
    """The XML of the styles with what is needed beside the formats `bases`, and how to find it.

    The mapping also knows the formats that it names itself, so that a report fed back adds none.
    Raises UnsafeSheet if the styles cannot be added to with certainty.
    """
    formats = _Formats(checked(content))
    found: dict[int, CellStyles] = {}
    for base in sorted(set(bases)):
        if base < len(formats.all):
            styles = formats.like(base)
            found |= dict.fromkeys((base, styles.text, styles.plain, styles.quoted), styles)
    return formats.written(), found


class _Formats:
    """The cell formats of a workbook, and those that are added to them."""

    def __init__(self, content: bytes) -> None:
        opening = first_tag(content, b"cellXfs")
        end = content.find(b"cellXfs", opening.end()) if opening else -1
        if opening is None or opening.group().endswith(b"/>") or end < 0:
            raise UnsafeSheet("its styles name no cell formats")
        end = content.rfind(b"<", 0, end)
        prefix = opening.group()[1 : opening.group().index(b"cellXfs")]
        one = re.compile(
            rb"<%sxf%s(?:/>|>.*?</%sxf\s*>)" % (re.escape(prefix), ATTRIBUTES, re.escape(prefix)), re.DOTALL
        )
        self._content, self._opening, self._end = content, opening, end
        self.all = [match.group() for match in one.finditer(content, opening.end(), end)]
        self._before = len(self.all)
        if not self.all or self._before != content.count(b"<%sxf" % prefix, opening.end(), end):
            raise UnsafeSheet("its styles cannot be told apart")
        self._known = {_key(each): index for index, each in reversed(list(enumerate(self.all)))}
        self._links = {
            attribute(style.group(), b"xfId")
            for style in start_tags(content, b"cellStyle")
            if attribute(style.group(), b"builtinId") in _LINKS
        }

    def like(self, base: int) -> CellStyles:
        """The formats that look like the one of index `base`."""
        own = self.all[base]
        tag = own[: own.index(b">") + 1]
        if attribute(tag, b"xfId") in self._links:
            # What stands beside a link is none.
            font = attribute(self.all[0][: self.all[0].index(b">") + 1], b"fontId") or b"0"
            own = _changed(own, fontId=font, xfId=b"0")
        if (attribute(tag, b"numFmtId") or _GENERAL) != _GENERAL:
            plain = _changed(own, numFmtId=_GENERAL, quotePrefix=None)
        else:
            plain = _changed(own, quotePrefix=None)
        text = _changed(own, numFmtId=_TEXT, applyNumberFormat=b"1", quotePrefix=None)
        quoted = _changed(text, quotePrefix=b"1")
        return CellStyles(self._index(text), self._index(plain), self._index(quoted))

    def written(self) -> bytes:
        """The XML with the new formats behind the old ones; the same bytes if there are none."""
        new = self.all[self._before :]
        if not new:
            return self._content
        if len(self.all) > _MAX_FORMATS:
            raise UnsafeSheet("its styles are too many")
        opening = self._opening.group()
        if attribute(opening, b"count") is not None:
            opening = with_attribute(opening, b"count", b"%d" % len(self.all))
        before = self._content[: self._opening.start()]
        old = self._content[self._opening.end() : self._end]
        return before + opening + old + b"".join(new) + self._content[self._end :]

    def _index(self, wanted: bytes) -> int:
        key = _key(wanted)
        if key not in self._known:
            self._known[key] = len(self.all)
            self.all.append(wanted)
        return self._known[key]


def _changed(xf: bytes, **attributes: bytes | None) -> bytes:
    end = xf.index(b">") + 1
    tag = xf[:end]
    for name, value in attributes.items():
        if value is not None or attribute(tag, name.encode()) is not None:
            tag = with_attribute(tag, name.encode(), value)
    return tag + xf[end:]


def _key(xf: bytes) -> tuple[frozenset[tuple[bytes, bytes]], bytes]:
    """What makes two formats the same, however they are written."""
    end = xf.index(b">") + 1
    attributes = {name: double or single for name, double, single in _EVERY_ATTRIBUTE.findall(xf[:end])}
    usual = {b"numFmtId": b"0", b"fontId": b"0", b"fillId": b"0", b"borderId": b"0", b"xfId": b"0"}
    told = usual | attributes
    told.pop(b"applyNumberFormat", None)
    return frozenset(told.items()), xf[end:].strip()
