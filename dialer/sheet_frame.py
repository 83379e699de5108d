"""Widens what stands around the rows of a worksheet: dimension, column widths, filter.

Source: ECMA-376 part 1, 18.3.1.35 (dimension), 18.3.1.13 (col), 18.3.1.2 (autoFilter).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby

from dialer.areas import Area
from dialer.sheet_xml import Grammar
from dialer.xml_edit import attribute, first_tag, with_area, with_attribute

_MAX_COLUMNS = 16_384


def with_dimension(head: bytes, *, width: int, last_row: int) -> bytes:
    """The XML before the rows, with a dimension that reaches to a column and a row at least."""
    return with_area(
        head,
        b"dimension",
        lambda old: Area(old.top, old.left, max(old.bottom, last_row), max(old.right, width - 1)),
    )


def with_column_widths(head: bytes, grammar: Grammar, widths: Mapping[int, float]) -> bytes:
    """The XML before the rows, in which the columns `widths` (0 is A) have these widths, in characters, and
    can be seen, whatever was said of them before; that of all other columns stays."""
    if not widths:
        return head
    p = grammar.prefix
    first, last = min(widths) + 1, max(widths) + 1
    opening = first_tag(head, b"cols")
    if opening is None:
        return b"%s<%scols>%s</%scols>" % (head, p, _columns(p, widths, {}), p)
    if opening.group().endswith(b"/>"):
        start, end = opening.span()
        return b"%s<%scols>%s</%scols>%s" % (head[:start], p, _columns(p, widths, {}), p, head[end:])
    end = head.index(b"</%scols" % p, opening.end())
    before: list[bytes] = []
    after: list[bytes] = []
    styles: dict[int, bytes] = {}
    for old, low, high in _described(head[opening.end() : end], p):
        if low < first:
            before.append(_bounded(old, low, min(high, first - 1)))
        if high > last:
            after.append(_bounded(old, max(low, last + 1), high))
        style = attribute(old, b"style")
        if style is not None:
            styles |= dict.fromkeys(range(max(low, first), min(high, last) + 1), style)
    new = b"".join((*before, _columns(p, widths, styles), *after))
    return head[: opening.end()] + new + head[end:]


def with_filter(tail: Iterable[bytes], *, old: Area, new: Area) -> Iterator[bytes]:
    """Streams the XML behind the rows, in which the sheet's own filter covers the area `new`, not `old`."""
    stream = iter(tail)
    buffer = b""
    for chunk in stream:
        buffer += chunk
        tag = first_tag(buffer, b"autoFilter")
        if tag is None:
            continue
        end = tag.end()
        if not tag.group().endswith(b"/>"):
            closing = re.compile(rb"</(?:[A-Za-z_][\w.\-]*:)?autoFilter\s*>").search(buffer, end)
            if closing is None:
                continue
            end = closing.end()
        # What a sort goes over as well: one that is applied again must move whole rows.
        element = with_area(buffer[tag.start() : end], b"sortState", lambda area: area.widened(new.right))
        element = with_area(element, b"autoFilter", lambda area: new if area == old else area)
        yield buffer[: tag.start()] + element + buffer[end:]
        buffer = b""
        break
    yield buffer
    yield from stream


def _described(inner: bytes, prefix: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Each `col` element with the first and the last column that it describes, from 1 on."""
    position = 0
    while (tag := first_tag(inner, b"col", position)) is not None:
        position = tag.end()
        if not tag.group().endswith(b"/>"):
            position = inner.index(b">", inner.index(b"</%scol" % prefix, position)) + 1
        low, high = attribute(tag.group(), b"min") or b"0", attribute(tag.group(), b"max") or b"0"
        if low.isdigit() and high.isdigit():
            yield inner[tag.start() : position], int(low), min(int(high), _MAX_COLUMNS)


def _bounded(column: bytes, low: int, high: int) -> bytes:
    """The `col` element for some of the columns that it describes."""
    end = column.index(b">") + 1
    tag = with_attribute(column[:end], b"min", b"%d" % low)
    return with_attribute(tag, b"max", b"%d" % high) + column[end:]


def _columns(prefix: bytes, widths: Mapping[int, float], styles: Mapping[int, bytes]) -> bytes:
    """The `col` elements of columns, one for neighbours that are alike. `styles` are by number, from 1 on."""
    written = b""
    alike = groupby(sorted(widths), key=lambda column: (widths[column], styles.get(column + 1)))
    for (width, style), group in alike:
        columns = list(group)
        kept = b"" if style is None else b' style="%s"' % style
        written += b'<%scol min="%d" max="%d" width="%s"%s customWidth="1"/>' % (
            *(prefix, columns[0] + 1, columns[-1] + 1, f"{width:g}".encode(), kept),
        )
    return written
