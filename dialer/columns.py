"""Finds the header row and which column means what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from dialer import sheet_errors, synonyms
from dialer.cells import line
from dialer.errors import SheetError
from dialer.header_pair import header_texts, with_second_row
from dialer.header_row import AGREED, WIDEST, filled_cells, find_header, phone_cells, phone_share
from dialer.headers import Field, Header, read_headers
from dialer.overrides import is_letters, named_columns, no_such_column, parse_override
from dialer.own_columns import RESULT_COLUMNS, find_own
from dialer.synonyms import key
from dialer.table import Row, column_letters

__all__ = [
    "HEAD_ROWS",
    "RESULT_COLUMNS",
    "Columns",
    "Field",
    "find_columns",
    "lead_score",
    "mapping_names",
    "names_refusals",
    "parse_override",
]

HEAD_ROWS = 60  # how many rows of a sheet are looked at to understand it
_ALONE = 0.6  # share of a column's filled cells that must look like phones where it has no header


@dataclass(frozen=True, slots=True)
class Columns:
    """Where the header stands and what each column means. Column positions count from 0 (A)."""

    header_row: int | None  # Excel's row number; None for a sheet without a header
    headers: tuple[str, ...]  # texts as they stand in the sheet; () without a header
    phones: tuple[int, ...]  # phone columns, best first
    fields: Mapping[Field, int] = field(default_factory=dict)  # every field but PHONE
    results: Mapping[str, int] = field(default_factory=dict)  # our own columns: name -> position, if a report
    refusals: tuple[int, ...] = ()  # every do-not-call column; `fields[DO_NOT_CALL]` is the first
    width: int = 0  # columns of the widest row that was looked at
    consents: tuple[int, ...] = ()  # every column that must say yes for a row to be called

    @property
    def first_data_row(self) -> int:
        """Excel's number of the first row below the header."""
        return (self.header_row or 0) + 1

    def with_consent(self, name: str) -> Columns:
        """The columns, where a row is called only if the one of this name, or these letters, says yes.

        Raises `UsageError` (`column_not_found`) if there is none.
        """
        ours = frozenset(self.results.values())
        found = named_columns(name, self.headers, width=self.width, excluded=ours)
        if not found:
            raise no_such_column("--require-consent", name, self.headers, width=self.width, excluded=ours)
        return replace(self, consents=found)

    def name(self, column: int) -> str:
        """What a person calls the column: its header on one line, or its letters where it has none."""
        header = line(self.headers[column]) if column < len(self.headers) else ""
        return header or column_letters(column)


def find_columns(
    head: Sequence[Row],
    *,
    header_row: int | None = None,
    overrides: Sequence[tuple[Field, str]] = (),
    known_as: Mapping[str, str] | None = None,
) -> Columns:
    """Understands a sheet from its first rows (`HEAD_ROWS` of them are plenty).

    `header_row` forces the header (Excel's number). `overrides` name columns by header or by letters;
    several for the phone rank in their order, those for do-not-call are added to the ones found, and an
    empty name leaves a field out. Phone columns that lead to a switchboard, an assistant or a fax are
    never taken unless named. `known_as` are the headers of our own columns where they are not the usual ones.

    Raises `SheetError` (`no_rows`, `no_header`, `no_phone_column`, `header_row_missing`), and
    `UsageError` (`column_not_found`) for an override that names no column of the sheet.
    """
    rows = [row for row in head if not row.blank]
    if not rows:
        raise sheet_errors.empty()
    width = max(len(row.cells) for row in rows)
    position = _header_position(rows, width, header_row=header_row, overrides=overrides)
    header, below = (rows[position], rows[position + 1 :]) if position is not None else (None, rows)
    results, excluded = find_own(header.cells if header else (), known_as=known_as)
    texts = _texts(rows, position, own=excluded)
    named = _named(texts, width, overrides=overrides, excluded=excluded)
    if header is not None and not below and len(head) < HEAD_ROWS:
        raise sheet_errors.no_leads(header)
    # a header row may be shorter than the rows below it; without a header nothing is guessed
    padded = [*texts, *[""] * (min(width, WIDEST) - len(texts))][:WIDEST] if header else []
    headers = read_headers(padded, misspelt=True)
    taken = excluded.union(*named.values())
    phones = named.get(Field.PHONE) or _phones(headers, below, taken=taken)
    if not phones:
        raise sheet_errors.no_phone_column(header, headers, below) if header else sheet_errors.no_header(rows)
    fields = _fields(headers, taken=taken.union(phones))
    refusals = _refusals(headers, named.get(Field.DO_NOT_CALL), excluded=excluded)
    for each, columns in {**named, Field.DO_NOT_CALL: refusals}.items():
        fields.pop(each, None)
        if columns and each is not Field.PHONE:
            fields[each] = columns[0]
    return Columns(
        header_row=header.number if header else None,
        headers=texts,
        phones=phones,
        fields=fields,
        results=results,
        refusals=refusals,
        width=width,
    )


def lead_score(head: Sequence[Row], *, name: str | None = None) -> float:
    """How much the first rows of a sheet look like leads, to choose among the sheets of a workbook.

    0.0 for a sheet without a phone column; a list without a header scores below any with one. Of two
    with a header, that with more fields wins, then that with more readable phone numbers and more rows.
    A name such as "Instructions" or "Archive" takes away as much as one field gives.
    """
    score = _score(head)
    return max(score - 1.0, score / 2) if name and synonyms.says(name, "sheets", "beside") else score


def names_refusals(name: str) -> bool:
    """True for the name of a sheet that says that it lists people who must not be called."""
    if synonyms.says(name, "sheets", "refusals_taken_out"):
        return False
    return synonyms.says(name, "sheets", "refusals") or synonyms.says(name, "fields", "do_not_call")


def _score(head: Sequence[Row]) -> float:
    try:
        columns = find_columns(head)
    except SheetError:
        shares = (
            phone_share(column, head)
            for column in range(min(max((len(row.cells) for row in head), default=0), WIDEST))
        )
        return max(shares, default=0.0) / 2
    below = [row for row in head if row.number >= columns.first_data_row and not row.blank]
    readable = max(phone_share(column, below) for column in columns.phones)
    return 1.0 + len(columns.fields) + 2 * readable + min(len(below), HEAD_ROWS) / HEAD_ROWS


def mapping_names(columns: Columns) -> dict[str, str]:
    """Which column each field is read from: `{"phone": "Mobile", "phone_2": "Phone"}`.

    Columns without a header go by their letters; second and later columns of a field are numbered.
    """
    several = {Field.PHONE: columns.phones, Field.DO_NOT_CALL: columns.refusals}
    names: dict[str, str] = {}
    for each in Field:
        single = (columns.fields[each],) if each in columns.fields else ()
        for count, column in enumerate(several.get(each, single), start=1):
            names[each.value if count == 1 else f"{each.value}_{count}"] = columns.name(column)
    return names


def _header_position(
    rows: Sequence[Row], width: int, *, header_row: int | None, overrides: Sequence[tuple[Field, str]]
) -> int | None:
    if header_row is not None:
        position = next((index for index, row in enumerate(rows) if row.number == header_row), None)
        if position is None:
            raise sheet_errors.header_row_missing(header_row, rows)
        return position
    asked_for = {key(name) for _, name in overrides if name and not is_letters(name, width=width)}
    found = find_header(rows, asked_for=frozenset(asked_for))
    if found is None:
        return None
    above = [row for row in rows[:found] if phone_cells(row)]
    # one short row with a phone is the letterhead of a wider table; anything more may be leads
    if len(above) > 1 or any(filled_cells(row) > 2 or filled_cells(rows[found]) < 3 for row in above):
        raise sheet_errors.leads_above_header(above[0], rows[found])
    return with_second_row(rows, found)


def _texts(rows: Sequence[Row], position: int | None, *, own: frozenset[int]) -> tuple[str, ...]:
    """The texts of the header, joined with those of the row above where they belong to groups; not so those
    of dialer's own columns."""
    if position is None:
        return ()
    joined = header_texts(rows, position)
    return tuple(rows[position].cell(column) if column in own else text for column, text in enumerate(joined))


def _named(
    texts: Sequence[str], width: int, *, overrides: Sequence[tuple[Field, str]], excluded: frozenset[int]
) -> dict[Field, tuple[int, ...]]:
    """The columns that the overrides name, in their order; () for a field that is left out."""
    named: dict[Field, tuple[int, ...]] = {}
    for each, name in overrides:
        found = named_columns(name, texts, width=width, excluded=excluded) if name else ()
        if name and not found:
            raise no_such_column(f"--map {each.value}", name, texts, width=width, excluded=excluded)
        several = each in {Field.PHONE, Field.DO_NOT_CALL}
        named[each] = (*named.get(each, ()), *found) if several else found[:1]
    return named


def _phones(headers: Sequence[Header], below: Sequence[Row], *, taken: frozenset[int]) -> tuple[int, ...]:
    """The phone columns by their headers, best first; else the one without header that is full of phones."""
    ranked: list[tuple[int, int]] = []
    for column, header in enumerate(headers):
        rank = header.rank(Field.PHONE)
        if rank is None or column in taken:
            continue
        if header.surely(Field.PHONE) or phone_share(column, below) >= AGREED:
            ranked.append((rank, column))
    if ranked:
        return tuple(column for _, column in sorted(ranked))
    unnamed = [column for column, header in enumerate(headers) if header.unnamed and column not in taken]
    shares = {column: phone_share(column, below) for column in unnamed}
    best = max(shares, key=shares.__getitem__, default=None)
    return (best,) if best is not None and shares[best] >= _ALONE else ()


def _fields(headers: Sequence[Header], *, taken: frozenset[int]) -> dict[Field, int]:
    """The best column of every field that has one column at most."""
    best: dict[Field, tuple[int, int]] = {}
    for column, header in enumerate(headers):
        for meaning in header.meanings:
            if column not in taken and meaning.field is not Field.PHONE:
                ranked = (meaning.rank, column)
                best[meaning.field] = min(best.get(meaning.field, ranked), ranked)
    return {each: column for each, (_, column) in sorted(best.items())}


def _refusals(
    headers: Sequence[Header], named: tuple[int, ...] | None, *, excluded: frozenset[int]
) -> tuple[int, ...]:
    """Every do-not-call column, those named first; one that is mapped to something else counts as well."""
    if named == ():
        return ()
    ranked = sorted(
        (rank, column)
        for column, header in enumerate(headers)
        if (rank := header.rank(Field.DO_NOT_CALL)) is not None and column not in excluded
    )
    return tuple(dict.fromkeys((*(named or ()), *(column for _, column in ranked))))
