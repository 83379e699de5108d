"""Widens what says in other parts of a workbook how far a sheet reaches: its tables, and its filter's name.

Sources: ECMA-376 part 1, 18.5.1.2 (table), 18.5.1.4 (tableColumns), 18.2.5 (definedName).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import unescape
from xml.sax.saxutils import escape

from dialer.areas import Area
from dialer.xml_edit import area_of, attribute, checked, first_tag, start_tags, with_area, with_attribute

_FILTER_NAME = b"_xlnm._FilterDatabase"


@dataclass(frozen=True, slots=True)
class NewColumns:
    """The columns that a sheet gets."""

    header_row: int  # Excel's row number
    first: int  # position of the first; 0 is A
    names: tuple[str, ...]  # header texts, in order

    @property
    def last(self) -> int:
        """The position of the last."""
        return self.first + len(self.names) - 1


def table_area(content: bytes) -> Area | None:
    """Where a table (its XML is `content`) stands."""
    tag = first_tag(content, b"table")
    return area_of(tag.group()) if tag else None


def widened_table(content: bytes, new: NewColumns, *, others: Sequence[Area]) -> bytes | None:
    """The XML of a table with the new columns in it; None for a table that does not end beside them, that
    has no header in their row, that a query or a map fills, or that would run into one of the `others`.

    Raises UnsafeSheet for XML that cannot be edited with certainty.
    """
    content = checked(content)
    opening, area = first_tag(content, b"table"), table_area(content)
    if opening is None or area is None or not _belongs(opening.group(), area, new):
        return None
    wide = area.widened(new.last)
    columns = _columns(content)
    taken = {name.casefold() for _, name in columns}
    if any(wide.overlaps(other) for other in others) or taken & {name.casefold() for name in new.names}:
        return None
    if len(columns) != area.right - area.left + 1:
        return None
    edited = _with_columns(content, max(identity for identity, _ in columns) + 1, new.names)
    # What a sort goes over as well: one that is applied again must move whole rows.
    for name in (b"table", b"autoFilter", b"sortState"):
        edited = with_area(edited, name, lambda old: old.widened(new.last))
    return edited


def widened_filter_name(content: bytes, *, sheet: int, old: Area, new: Area) -> bytes:
    """The XML of a workbook in which the hidden name of a sheet's filter covers the area `new`.

    `sheet` is the sheet's position. The XML stays as it is if there is no such name, or if it does not cover
    the area `old`. Raises UnsafeSheet for XML that cannot be edited with certainty.
    """
    content = checked(content)
    for tag in start_tags(content, b"definedName"):
        named = attribute(tag.group(), b"name"), attribute(tag.group(), b"localSheetId")
        if named != (_FILTER_NAME, b"%d" % sheet):
            continue
        end = content.find(b"<", tag.end())
        place, mark, reference = content[tag.end() : end].rpartition(b"!")
        if mark and Area.parse(reference.decode("ascii", "replace").strip()) == old:
            absolute = re.sub(r"([A-Z]+)([0-9]+)", r"$\1$\2", str(new)).encode()
            return content[: tag.end()] + place + mark + absolute + content[end:]
    return content


def _belongs(opening: bytes, area: Area, new: NewColumns) -> bool:
    return (
        attribute(opening, b"tableType") in {None, b"worksheet"}
        and attribute(opening, b"headerRowCount") in {None, b"1"}
        and area.top == new.header_row
        and area.right + 1 == new.first
    )


def _columns(content: bytes) -> list[tuple[int, str]]:
    """Identity and name of every column of a table."""
    tags = [tag.group() for tag in start_tags(content, b"tableColumn")]
    return [
        (int(attribute(tag, b"id") or b"0"), unescape((attribute(tag, b"name") or b"").decode()))
        for tag in tags
    ]


def _with_columns(content: bytes, identity: int, names: Sequence[str]) -> bytes:
    opening = first_tag(content, b"tableColumns")
    if opening is None:
        return content
    prefix = opening.group()[1 : opening.group().index(b"tableColumns")]
    count = int(attribute(opening.group(), b"count") or b"0") + len(names)
    end = content.index(b"</%stableColumns" % prefix, opening.end())
    new = b"".join(
        b'<%stableColumn id="%d" name="%s"/>' % (prefix, identity + index, _quoted(name))
        for index, name in enumerate(names)
    )
    opened = with_attribute(opening.group(), b"count", b"%d" % count)
    return content[: opening.start()] + opened + content[opening.end() : end] + new + content[end:]


def _quoted(text: str) -> bytes:
    return escape(text, {'"': "&quot;"}).encode("ascii", "xmlcharrefreplace")
