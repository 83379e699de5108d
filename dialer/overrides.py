"""Reads `--map FIELD=COLUMN`, and finds the column that a person names."""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from difflib import get_close_matches

from dialer.cells import line, quoted
from dialer.errors import UsageError
from dialer.headers import Field, read_header
from dialer.synonyms import key
from dialer.table import column_letters, column_number

_LETTERS = re.compile(r"[A-Za-z]{1,3}")
_HEADERS_SHOWN = 12


def parse_override(text: str) -> tuple[Field, str]:
    """Reads `FIELD=COLUMN`: `"phone=Mobile"` is `(Field.PHONE, "Mobile")`.

    The column is the text of a header or a column's letters. An empty one says that the field has no
    column, whatever the headers say; every field but the phone may be left out like this.
    Raises `UsageError` for anything else.
    """
    name, equals, column = text.partition("=")
    if not equals:
        raise UsageError(
            f"--map {quoted(text)} has no equals sign: write --map FIELD=COLUMN, as in --map phone=Mobile.",
            code="map_invalid",
        )
    wanted = key(name)
    field = next((each for each in Field if key(each.value) == wanted), None)
    if field is None:
        nearest = _nearest_field(name)
        meant = f"did you mean {nearest.value}? " if nearest else ""
        raise UsageError(
            f"--map knows no field {quoted(name)}: {meant}The fields are {', '.join(Field)}.",
            code="unknown_field",
        )
    if field is Field.PHONE and not column.strip():
        raise UsageError(
            "--map phone= names no column: without a phone column nobody can be called.", code="map_invalid"
        )
    return field, column.strip()


def named_columns(
    name: str, headers: Sequence[str], *, width: int, excluded: Container[int] = ()
) -> tuple[int, ...]:
    """The columns that `name` means: by exactly this header, else by the same words, else by letters.

    Several columns may bear one header. Letters count only up to `width`, so that "Nr" stays a header
    in a narrow sheet. Empty if there is none.
    """
    wanted = line(name)
    usable = [position for position in range(len(headers)) if position not in excluded]
    exact = tuple(position for position in usable if wanted and line(headers[position]) == wanted)
    if exact:
        return exact
    alike = tuple(position for position in usable if key(name) and key(headers[position]) == key(name))
    if alike:
        return alike
    if is_letters(wanted, width=width) and (position := column_number(wanted)) not in excluded:
        return (position,)
    return ()


def is_letters(name: str, *, width: int) -> bool:
    """True when `name` may be the letters of one of the first `width` columns."""
    return _LETTERS.fullmatch(name.strip()) is not None and column_number(name.strip()) < width


def no_such_column(
    option: str, name: str, headers: Sequence[str], *, width: int, excluded: Container[int] = ()
) -> UsageError:
    """The error for a column that `option` names and the sheet has not, or that is one of dialer's own."""
    names = f"{option} names the column {quoted(name)}"
    if not headers:
        return UsageError(
            f"{names}, but the sheet has no header: "
            f"name its columns by letter, A to {column_letters(max(width, 1) - 1)}.",
            code="column_not_found",
        )
    usable = [header for position, header in enumerate(headers) if position not in excluded]
    if any(key(header) == key(name) for header in headers) and key(name) not in map(key, usable):
        return UsageError(
            f"{names}, which dialer added to the sheet itself: name one of {list_headers(usable)}.",
            code="column_not_found",
        )
    texts = {line(header).casefold(): line(header) for header in usable if line(header)}
    near = get_close_matches(line(name).casefold(), list(texts), n=1)
    meant = f"did you mean {quoted(texts[near[0]])}? The sheet" if near else "it"
    return UsageError(
        f"{names}, which is not in the sheet: {meant} has {list_headers(usable)}.", code="column_not_found"
    )


def list_headers(headers: Sequence[str]) -> str:
    """The headers as a sentence shows them, the first dozen of them."""
    shown = [quoted(header) for header in headers if line(header)]
    more = f" and {len(shown) - _HEADERS_SHOWN} more" if len(shown) > _HEADERS_SHOWN else ""
    return (", ".join(shown[:_HEADERS_SHOWN]) + more) or "no headers"


def _nearest_field(name: str) -> Field | None:
    """The field that a person meant: by the headers it stands for ("mobile" is a phone), else by likeness."""
    meanings = read_header(name).meanings
    if meanings:
        return meanings[0].field
    near = get_close_matches(name.strip().casefold(), [field.value for field in Field], n=1)
    return Field(near[0]) if near else None
