"""Finds the row of headers among titles, notes and leads; never takes a lead for it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from dialer.cells import holds_nothing, line
from dialer.headers import Field, Header, read_headers
from dialer.phones import looks_like_phone
from dialer.synonyms import key
from dialer.table import Row

WIDEST = 500  # columns looked at; no person fills more
AGREED = 0.5  # share of a column's filled cells that must look like phones to confirm a vague header
_LONGEST_PHONE = 60  # characters looked at; longer texts are prose
_DEEPEST = 60  # filled rows among which the header is looked for
_MISSPELT_WITHIN = 10  # and where no row has a header word spelt right
_MOST_MISSPELT = 100  # cells of a row that are looked at for misspellings

_Keys = tuple[str, ...]  # of the cells of a row


def find_header(rows: Sequence[Row], *, asked_for: frozenset[str] = frozenset()) -> int | None:
    """The position of the row that is best as a header; None where none deserves it.

    `rows` are the first filled rows of the sheet, `asked_for` the keys of headers that a person named.
    A row with a phone number in it is no header, unless the number is part of a header's text.
    """
    keyed = [tuple(key(cell) for cell in row.cells[:WIDEST]) for row in rows]
    for deepest, misspelt in ((_DEEPEST, False), (_MISSPELT_WITHIN, True)):
        weights = [
            _weight(rows, keyed, position, asked_for=asked_for, misspelt=misspelt)
            for position in range(min(len(rows), deepest))
        ]
        if any(weights):
            return weights.index(max(weights))
    return None


def phone_share(column: int, rows: Sequence[Row]) -> float:
    """Which part of the column's filled cells looks like phone numbers; 0.0 if none is filled."""
    cells = (row.cell(column)[:_LONGEST_PHONE] for row in rows)
    likely = [_is_like_phone(cell) for cell in cells if not holds_nothing(line(cell))]
    return sum(likely) / len(likely) if likely else 0.0


def phone_cells(row: Row) -> list[int]:
    """The columns in which the row has something like a phone number."""
    return [column for column, cell in enumerate(row.cells[:WIDEST]) if _is_like_phone(cell[:_LONGEST_PHONE])]


def filled_cells(row: Row) -> int:
    """How many cells of the row hold something."""
    return sum(1 for cell in row.cells if cell.strip())


def _weight(
    rows: Sequence[Row], keyed: Sequence[_Keys], position: int, *, asked_for: frozenset[str], misspelt: bool
) -> int:
    texts, below = rows[position].cells[:WIDEST], rows[position + 1 :]
    filled = filled_cells(rows[position])
    headers = read_headers(texts, misspelt=misspelt and filled <= _MOST_MISSPELT)
    if any(not headers[column].known for column in phone_cells(rows[position])):
        return 0
    asked = sum(1 for word in keyed[position] if word in asked_for)
    # A text that stands in its column again ("Mobile", "Website") is a value there and no header;
    # but a header that is repeated as a whole, as on every printed page, stays one.
    others = [
        keys
        for keys, row in zip(keyed[position + 1 :], below, strict=True)
        if not _repeats(keys, keyed[position]) or phone_cells(row)
    ]
    known = [
        column
        for column, header in enumerate(headers)
        if header.known
        and not any(keys[column : column + 1] == (keyed[position][column],) for keys in others)
    ]
    meant = {meaning.field for column in known for meaning in headers[column].meanings}
    phones = [column for column in known if _is_phone(headers[column], column, below)]
    mostly_known = 2 * len(known) >= filled and len(known) >= min(2, filled)
    if not (asked or mostly_known or any(phone_share(column, below) > 0 for column in phones)):
        return 0
    return 10 * asked + 10 * bool(phones) + 2 * len(meant - {Field.PHONE}) + len(known)


@lru_cache(maxsize=65_536)
def _is_like_phone(text: str) -> bool:
    return any(map(str.isdecimal, text)) and looks_like_phone(text)


def _repeats(later: _Keys, header: _Keys) -> bool:
    return all(not word or later[column : column + 1] == (word,) for column, word in enumerate(header))


def _is_phone(header: Header, column: int, below: Sequence[Row]) -> bool:
    if header.surely(Field.PHONE):
        return True
    return header.rank(Field.PHONE) is not None and phone_share(column, below) >= AGREED
