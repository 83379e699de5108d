"""A row becomes a lead or a list of row problems."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from dialer.cells import holds_nothing, is_error, line, lines, quoted
from dialer.columns import Columns
from dialer.headers import Field
from dialer.names import split_name
from dialer.not_leads import dummy_cell, example_cell, is_no_lead
from dialer.phones import Phone, Tier, read_phone
from dialer.synonyms import answer, answers
from dialer.table import Row, a1, column_letters
from dialer.templates import LONGEST_NOTES, NO_TEMPLATES, Templates

_LONGEST = 200  # characters of a name or a source
_LONGEST_TAG = 100
_MOST_TAGS = 50
_BETWEEN_TAGS = re.compile(r"[,;|\r\n\u060c\u3001\uff0c\uff1b]")
# A quick look: nothing that refuses calls can be there without one of these.
_HINTS = (
    *("call", "dnc", "dnd", "d.n", "contact", "phone", "dial", "llamar", "appeler", "anruf", "kontakt"),
    *("chiamare", "ligar", "contat", "bellen"),
)
_HINTS_OF_OTHER_SCRIPTS = ("اتصال", "تتصل", "कॉल")
_TEST_ROW = "This is an entry of the form's own tester, not a person: delete the row."
_EXAMPLE_ROW = (
    "This is the example of the template, which nobody calls: delete the row, or this cell if it is a lead by"
    " now."
)
_NOT_FOUND = frozenset({"#n/a", "#nv"})  # what a look-up in a list of refusals shows for those not on it


class Verdict(StrEnum):
    """What a row turned out to be."""

    CALLABLE = "callable"
    ASSUMED = "assumed"  # callable; the country is an assumption
    INVALID = "invalid"
    DUPLICATE = "duplicate"  # another row of this sheet has the same number and is the one called
    SUPPRESSED = "suppressed"  # the row itself says: do not call
    NOT_A_LEAD = "not_a_lead"  # totals, notes below the table, repeated headers, a template's example


# Looking up a member of an enumeration takes as long as comparing it with ten others.
_CALLABLE, _ASSUMED, _BY_ASSUMPTION = Verdict.CALLABLE, Verdict.ASSUMED, Tier.ASSUMED
_NOWHERE = -1  # the position of a field without a column


@dataclass(frozen=True, slots=True)
class RowProblem:
    """Why a row cannot be called, and how to mend it."""

    code: str  # stable, e.g. "phone_missing"
    column: str | None  # the header's text
    cell: str | None  # e.g. "B7"
    value: str  # the raw text of the cell
    message: str  # a sentence that says how to mend it


class Lead(NamedTuple):  # which is made in half of the time that a frozen dataclass takes
    """A person to call, from one row."""

    row: int  # Excel's row number
    phone: str  # E.164
    tier: Tier
    region: str | None  # ISO 3166 alpha-2 of the number
    cell: str  # which cell gave the number, e.g. "C7"
    first_name: str | None = None
    last_name: str | None = None
    source: str | None = None
    tags: tuple[str, ...] = ()
    notes: str | None = None
    subdivision: str | None = None  # a US state or a province, as the sheet writes it
    postal_code: str | None = None  # as the sheet writes it
    time_zone: str | None = None  # as the sheet writes it
    assistant: str | None = None  # the row's own, by name; None is the campaign's


class RowReading(NamedTuple):  # for the same reason
    """What one row of the sheet turned out to be. `lead` is set exactly for callable and assumed rows,
    and for suppressed rows whose number could be read (so that the number is known not to be called)."""

    row: int
    verdict: Verdict
    cell: str | None = None  # the phone cell that was read, or that has the problem
    lead: Lead | None = None
    problems: tuple[RowProblem, ...] = ()


class RowReader:
    """Reads the rows below one header; what is the same for each of them is found out once."""

    def __init__(
        self,
        columns: Columns,
        *,
        sheet: str | None = None,
        region: str | None = None,
        templates: Templates = NO_TEMPLATES,
    ) -> None:
        """`sheet` is the name that sentences mention, `region` the country (ISO 3166 alpha-2) of national
        numbers in rows that name none."""
        self._columns = columns
        self._sheet = sheet
        self._region = region
        self._templates = templates
        at = columns.fields.get
        self._phones = [(column, column_letters(column)) for column in columns.phones]
        self._country = at(Field.COUNTRY, _NOWHERE)
        self._consent = at(Field.CONSENT)
        self._names = (at(Field.FIRST_NAME, _NOWHERE), at(Field.LAST_NAME, _NOWHERE))
        self._full_name = at(Field.FULL_NAME, _NOWHERE)
        self._source = at(Field.SOURCE, _NOWHERE)
        self._tags = at(Field.TAGS, _NOWHERE)
        self._notes = at(Field.NOTES, _NOWHERE)
        self._places = (
            at(Field.STATE, _NOWHERE),
            at(Field.POSTAL_CODE, _NOWHERE),
            at(Field.TIME_ZONE, _NOWHERE),
        )
        # So many empty cells behind a row that none which is looked for is missing; the last is `_NOWHERE`.
        self._padding = ("",) * (max((*columns.phones, *columns.fields.values()), default=0) + 2)

    def read(self, row: Row) -> RowReading:
        """Reads one row; every row gives a reading, whatever it holds.

        The first phone column with a usable number gives the phone. A row that says "do not call", or says
        it unclearly, is suppressed, and so is one without the consent that is asked for.
        """
        columns, sheet = self._columns, self._sheet
        if is_no_lead(row, columns):
            return RowReading(row.number, Verdict.NOT_A_LEAD)
        said = "\n".join(row.cells)  # one look at all cells tells of most rows that there is nothing to find
        example = example_cell(row) if "delete" in said else None
        if example is not None:
            problem = _problem(row, columns, example, code="example_row", message=_EXAMPLE_ROW)
            return RowReading(row.number, Verdict.NOT_A_LEAD, cell=problem.cell, problems=(problem,))
        tested = dummy_cell(row) if "<" in said else None
        if tested is not None:
            problem = _problem(row, columns, tested, code="test_row", message=_TEST_ROW)
            return RowReading(row.number, Verdict.INVALID, cell=problem.cell, problems=(problem,))
        refusal = (
            _refusal(row, columns, consent=self._consent, sheet=sheet)
            or (_consent_missing(row, columns, sheet=sheet) if columns.consents else None)
            or _refusal_elsewhere(row, columns, said.casefold(), sheet=sheet)
        )
        return self._with_phone(row, refusal)

    def _with_phone(self, row: Row, refusal: RowProblem | None) -> RowReading:
        """What comes of a row's phone cells."""
        cells = row.cells + self._padding
        country = _text(cells[self._country]) or None
        problems: list[RowProblem] = []
        for column, letters in self._phones:
            raw = cells[column]
            if not line(raw):
                continue
            phone = read_phone(raw, country=country, default_region=self._region)
            if isinstance(phone, Phone):
                nobody = self._templates.assistant_missing(row) if refusal is None else None
                if nobody is not None:
                    problem = _assistant_missing(row, self._columns, nobody, sheet=self._sheet)
                    return RowReading(row.number, Verdict.INVALID, cell=problem.cell, problems=(problem,))
                return _with_lead(self._lead(row, cells, phone, f"{letters}{row.number}"), refusal)
            # What has to be mended is marked: for an unknown country that is the country's cell.
            unknown = phone.code == "country_unknown" and self._country != _NOWHERE
            at = self._country if unknown else column
            problems.append(_problem(row, self._columns, at, code=phone.code, message=phone.message))
        if refusal is not None:
            return RowReading(row.number, Verdict.SUPPRESSED, cell=refusal.cell, problems=(refusal,))
        problems = problems or [_phone_missing(row, self._columns, sheet=self._sheet)]
        return RowReading(row.number, Verdict.INVALID, cell=problems[0].cell, problems=tuple(problems))

    def _lead(self, row: Row, cells: tuple[str, ...], phone: Phone, cell: str) -> Lead:
        """The person of a row; `cells` are the row's, padded."""
        templates = self._templates
        first, last = self._names
        first_name, last_name = _text(cells[first]), _text(cells[last])
        if not first_name and not last_name:
            names = split_name(_text(cells[self._full_name], longest=2 * _LONGEST))
            first_name, last_name = (name[:_LONGEST].rstrip() for name in names)
        notes = lines(cells[self._notes], longest=LONGEST_NOTES)
        if holds_nothing(notes):
            notes = templates.notes_of(row)
        said = cells[self._tags]
        tags = _BETWEEN_TAGS.split(said) if said else []
        if templates.tags:
            tags += templates.tags_of(row)
        state, postal_code, time_zone = self._places
        return Lead(
            row.number,
            phone.e164,
            phone.tier,
            phone.region,
            cell,
            first_name or None,
            last_name or None,
            _text(cells[self._source]) or templates.source_of(row)[:_LONGEST].rstrip() or None,
            _unique(line(tag, longest=_LONGEST_TAG) for tag in tags) if tags else (),
            notes or None,
            subdivision=_text(cells[state]) or None,
            postal_code=_text(cells[postal_code]) or None,
            time_zone=_text(cells[time_zone]) or None,
            assistant=templates.assistant_of(row),
        )


def merge(first: Lead, later: Lead) -> Lead:
    """The first of two leads with one number, with both leads' tags, its empty fields filled from the later.

    The place and the phone stay the first's. Half a name is never completed from another person's.
    """
    same_person = _alike(first.first_name, later.first_name) and _alike(first.last_name, later.last_name)
    return first._replace(
        first_name=first.first_name or (later.first_name if same_person else None),
        last_name=first.last_name or (later.last_name if same_person else None),
        source=first.source or later.source,
        tags=_unique((*first.tags, *later.tags)),
        notes=first.notes or later.notes,
        subdivision=first.subdivision or later.subdivision,
        postal_code=first.postal_code or later.postal_code,
        time_zone=first.time_zone or later.time_zone,
        assistant=first.assistant or later.assistant,
    )


def other_name(first: Lead, later: Lead) -> RowProblem | None:
    """What is to be said of a row whose number an earlier row has under another name; None if it has not."""
    if _alike(first.first_name, later.first_name) and _alike(first.last_name, later.last_name):
        return None
    names = [" ".join(filter(None, (lead.first_name, lead.last_name))) for lead in (first, later)]
    message = (
        f"Row {first.row} has the same number for {quoted(names[0])}, this one for {quoted(names[1])}: find"
        " out whose it is."
    )
    return RowProblem("same_number_other_name", None, later.cell, later.phone, message)


def report_cell(row: Row, columns: Columns, name: str) -> str:
    """The text in one of dialer's own result columns of a report that is fed back; empty if there is none."""
    position = columns.results.get(name)
    return "" if position is None else row.cell(position).strip()


def _with_lead(lead: Lead, refusal: RowProblem | None) -> RowReading:
    if refusal is not None:
        return RowReading(lead.row, Verdict.SUPPRESSED, lead.cell, lead, (refusal,))
    return RowReading(lead.row, _ASSUMED if lead.tier is _BY_ASSUMPTION else _CALLABLE, lead.cell, lead)


def _refusal(row: Row, columns: Columns, *, consent: int | None, sheet: str | None) -> RowProblem | None:
    """Why the person must not be called, if a cell of the row says so or may say so."""
    unclear: RowProblem | None = None
    for column in columns.refusals:
        said = answer(row.cell(column))
        if said in answers("yes"):
            message = f"{_says(row, columns, column, sheet)}, so this person is not called."
            return _problem(row, columns, column, code="do_not_call", message=message)
        if unclear is None and said not in answers("no") and not _says_nothing(row.cell(column)):
            message = (
                f"{_says(row, columns, column, sheet)}, which is neither yes nor no, so this person is not "
                "called: write no there if they may be."
            )
            unclear = _problem(row, columns, column, code="do_not_call_unclear", message=message)
    if unclear is None and consent is not None:
        said = answer(row.cell(consent))
        if said and (said in answers("no") or said in answers("refused")):
            message = (
                f"{_says(row, columns, consent, sheet)}, so this person is not called: "
                "--map consent= leaves this column out."
            )
            return _problem(row, columns, consent, code="no_consent", message=message)
    return unclear


def _consent_missing(row: Row, columns: Columns, *, sheet: str | None) -> RowProblem | None:
    """What is to be said of a row in which a column that has to say yes does not."""
    for column in columns.consents:
        if answer(row.cell(column)) not in answers("yes"):
            what = _says(row, columns, column, sheet)
            if not line(row.cell(column)):
                place = _place(a1(row.number, column), sheet)
                what = f"The column {quoted(columns.name(column))} is empty in {place}"
            message = (
                f"{what}, and --require-consent asks for a yes there, so this person is not called: write yes"
                " once they have consented."
            )
            return _problem(row, columns, column, code="consent_missing", message=message)
    return None


def _refusal_elsewhere(row: Row, columns: Columns, said: str, *, sheet: str | None) -> RowProblem | None:
    """A status, a tag or a note that says "do not call" and nothing else, in whatever column; `said` is all
    of them, case-folded."""
    hints = _HINTS if said.isascii() else (*_HINTS, *_HINTS_OF_OTHER_SCRIPTS)
    for hint in hints:  # a generator would take twice as long, for each of a million rows
        if hint in said:
            break
    else:
        return None
    ours = columns.results.values()
    for column, cell in enumerate(row.cells):
        if len(cell) <= _LONGEST_TAG and column not in ours and column not in columns.refusals:
            parts = (answer(part) for part in _BETWEEN_TAGS.split(cell))
            if any(part in answers("refusing") for part in parts):
                message = f"{_says(row, columns, column, sheet)}, so this person is not called."
                return _problem(row, columns, column, code="do_not_call", message=message)
    return None


def _says_nothing(text: str) -> bool:
    """True for an empty cell; a broken formula may hide a refusal, a look-up that found none does not."""
    said = line(text)
    return holds_nothing(said) and (not is_error(said) or said.casefold() in _NOT_FOUND)


def _says(row: Row, columns: Columns, column: int, sheet: str | None) -> str:
    place = _place(a1(row.number, column), sheet)
    return f"The column {quoted(columns.name(column))} says {quoted(row.cell(column))} in {place}"


def _phone_missing(row: Row, columns: Columns, *, sheet: str | None) -> RowProblem:
    cells = [a1(row.number, column) for column in columns.phones]
    place = _place(" or ".join(cells[:4]), sheet)
    message = f"There is no phone number in {place}: write one there, with its country code."
    return _problem(row, columns, columns.phones[0], code="phone_missing", message=message)


def _assistant_missing(row: Row, columns: Columns, column: int, *, sheet: str | None) -> RowProblem:
    place = _place(a1(row.number, column), sheet)
    example = f"{{{columns.name(column)}|Voz}}"
    message = (
        f"There is no assistant in {place}, and --assistant takes it from there: write its name, or give the "
        f"column a default, as in {example}."
    )
    return _problem(row, columns, column, code="assistant_missing", message=message)


def _problem(row: Row, columns: Columns, column: int, *, code: str, message: str) -> RowProblem:
    return RowProblem(
        code=code,
        column=columns.name(column),
        cell=a1(row.number, column),
        value=row.cell(column),
        message=message,
    )


def _place(cells: str, sheet: str | None) -> str:
    return f"{cells} of sheet {quoted(sheet)}" if sheet else cells


def _text(cell: str, *, longest: int = _LONGEST) -> str:
    if not cell:
        return ""
    text = line(cell, longest=longest)
    return "" if holds_nothing(text) else text


def _unique(tags: Iterable[str]) -> tuple[str, ...]:
    """The tags without repetitions in another case, in order, at most `_MOST_TAGS`."""
    unique: dict[str, str] = {}
    for tag in tags:
        if not holds_nothing(tag):
            unique.setdefault(tag.casefold(), tag)
    return tuple(unique.values())[:_MOST_TAGS]


def _alike(one: str | None, other: str | None) -> bool:
    return not one or not other or one.casefold() == other.casefold()
