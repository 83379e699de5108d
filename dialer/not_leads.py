"""Tells leads from the other rows of a sheet: totals, notes, repeated headers, test entries."""

from __future__ import annotations

import re
from functools import lru_cache

from dialer import synonyms
from dialer.cells import line
from dialer.columns import Columns
from dialer.headers import Field
from dialer.phones import looks_like_phone
from dialer.synonyms import key, normalise
from dialer.table import Row

# Without a leading plus and without hyphens: those are phones.
_NUMBER = re.compile(r"[-(]?\s?[$\u20ac\u00a3\u00a5]?\s?\d[\d.,' ]*\s?[%$\u20ac]?\)?")
_PROSE = re.compile(r"[\d:;!?*@=\u00a9<>]|\.$")
_LONGEST_LABEL = 60  # characters
_NAMES = (Field.FIRST_NAME, Field.LAST_NAME, Field.FULL_NAME)
# What the example row of `dialer template` says, in two of its cells.
EXAMPLE_NAME = "Person (delete this row)"
EXAMPLE_NOTE = "This row is an example: delete it."
_EXAMPLE = frozenset({EXAMPLE_NAME.casefold(), EXAMPLE_NOTE.casefold()})
_TEST = "<test lead"  # Meta's form tester fills every field with "<test lead: dummy data for ...>"


def is_no_lead(row: Row, columns: Columns) -> bool:
    """True for a row that nobody would take for a person, so that nothing about it needs mending.

    In doubt it is a lead: a row with a phone number or a name is left out only if it is labelled a total.
    """
    if _has_words_of_a_person(row, columns):
        return False
    ours = columns.results.values()
    filled = [
        (column, text) for column, cell in enumerate(row.cells) if (text := line(cell)) and column not in ours
    ]
    if not filled or _repeats_header(filled, columns) or _is_total(filled, columns):
        return True
    return len(filled) == 1 and _is_note(*filled[0], columns)


def dummy_cell(row: Row) -> int | None:
    """The first column with the dummy text that Meta's form tester leaves among the leads, if any."""
    for column, cell in enumerate(row.cells):
        if "<" in cell and line(cell).casefold().startswith(_TEST):
            return column
    return None


def _has_words_of_a_person(row: Row, columns: Columns) -> bool:
    """True where two cells hold words and one of them is no header: no total, note or header row has that.

    Nearly every row is told by its first two cells; False tells nothing.
    """
    ours, headers = columns.results.values(), columns.headers
    words, new = 0, False
    for column, cell in enumerate(row.cells):
        if not (text := line(cell)) or column in ours:
            continue
        if not text[0].isalpha() and _NUMBER.fullmatch(text):
            continue
        words += 1
        new = new or column >= len(headers) or _folded(headers[column]) != text.casefold()
        if new and words > 1:
            return True
    return False


@lru_cache(maxsize=1024)
def _folded(header: str) -> str:
    return line(header).casefold()


def example_cell(row: Row) -> int | None:
    """The first column that says that the row is the example of a template, if any."""
    return next(
        (
            column
            for column, cell in enumerate(row.cells)
            if "delete" in cell and line(cell).casefold() in _EXAMPLE
        ),
        None,
    )


def _repeats_header(filled: list[tuple[int, str]], columns: Columns) -> bool:
    headers = columns.headers
    return all(
        column < len(headers) and line(headers[column]).casefold() == text.casefold()
        for column, text in filled
    )


def _is_total(filled: list[tuple[int, str]], columns: Columns) -> bool:
    """A row of numbers with one word, which is "Total"; Excel adds up phone numbers as well."""
    words = [text for _, text in filled if not _NUMBER.fullmatch(text)]
    if len(words) != 1 or len(words[0]) > _LONGEST_LABEL:
        return False
    label = " ".join(word for word in normalise(words[0]).split() if not word.isdecimal())
    if label in synonyms.words("rows", "totals"):
        return True
    has_phone = any(column in columns.phones and looks_like_phone(text) for column, text in filled)
    return label in synonyms.words("rows", "sums") and not has_phone


def _is_note(column: int, text: str, columns: Columns) -> bool:
    if column in columns.phones or looks_like_phone(text):
        return False
    if "@" in text and " " not in text:  # an e-mail address belongs to a person
        return False
    if column not in (columns.fields.get(name) for name in _NAMES):
        return True
    first_word = normalise(text).partition(" ")[0]
    return (
        len(text) > _LONGEST_LABEL
        or len(text.split()) > 5
        or _PROSE.search(text) is not None
        or first_word in synonyms.words("rows", "notes")
        or key(text) in synonyms.keys("rows", "totals")
    )
