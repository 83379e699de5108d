"""Joins a header that spans two rows, as merged cells make it: groups above, columns below."""

from __future__ import annotations

from collections.abc import Sequence

from dialer.cells import line
from dialer.header_row import WIDEST, filled_cells, phone_cells
from dialer.headers import Field, read_header
from dialer.table import Row


def with_second_row(rows: Sequence[Row], position: int) -> int:
    """The position of the last row of the header that begins at `position`: the same, or the next.

    `rows` are the filled rows. The next row belongs to the header where it stands right below, holds no
    phone number and nothing but words of headers, and some of them below an empty cell of the row above,
    as "Mobile" and "Work" below a merged "Phones".
    """
    if position + 1 >= len(rows):
        return position
    top, bottom = rows[position], rows[position + 1]
    if bottom.number != top.number + 1 or phone_cells(bottom):
        return position
    groups = _groups(top, len(bottom.cells))
    columns = [column for column, cell in enumerate(bottom.cells[:WIDEST]) if line(cell)]
    beside = [column for column in columns if not line(top.cell(column))]
    words = all(
        read_header(bottom.cell(column)).known
        or read_header(_joined(groups[column], bottom.cell(column))).known
        for column in columns
    )
    return position + 1 if beside and words and len(columns) > 1 else position


def header_texts(rows: Sequence[Row], position: int) -> tuple[str, ...]:
    """The texts of the header whose last row stands at `position`, with those of the groups above it.

    A group's text is put in front of a column's where the column says nothing without it ("Phones", "Work"),
    and where the column is another person's phone (the second of "Lead", "Phone", "Spouse", "Phone").
    """
    bottom = rows[position]
    top = rows[position - 1] if position > 0 else None
    if top is None or top.number + 1 != bottom.number or phone_cells(top) or filled_cells(top) < 2:
        return bottom.cells
    width = max(len(top.cells), len(bottom.cells))
    if width > WIDEST:
        return bottom.cells
    groups = _groups(top, width)
    texts: list[str] = []
    phones_of: str | None = None  # the group with the first phone
    for column in range(width):
        own, group = bottom.cell(column), groups[column]
        joined = _joined(group, own)
        if not line(own):
            texts.append(top.cell(column))
        elif read_header(own).rank(Field.PHONE) is not None:
            phones_of = group if phones_of is None else phones_of
            texts.append(joined if group != phones_of or _says_more(joined, own) else own)
        else:
            texts.append(joined if not read_header(own).known and read_header(joined).known else own)
    return tuple(texts)


def _says_more(joined: str, own: str) -> bool:
    """True for a phone whose group makes it another kind of phone, or none to call: "Company", "Phone"."""
    header = read_header(joined)
    return header.known and header.rank(Field.PHONE) != read_header(own).rank(Field.PHONE)


def _groups(top: Row, width: int) -> list[str]:
    """For each column the text above it, or that of the merged cell that it may belong to."""
    groups: list[str] = []
    last = ""
    for column in range(width):
        last = line(top.cell(column)) or last
        groups.append(last)
    return groups


def _joined(group: str, own: str) -> str:
    return f"{group} {line(own)}".strip()
