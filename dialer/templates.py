"""Fills templates from the cells of a row: `--notes "Asked about {Product|our services}"`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dialer.campaign import Reading
from dialer.cells import holds_nothing, line, lines, quoted
from dialer.columns import Columns
from dialer.errors import UsageError
from dialer.overrides import named_columns, no_such_column
from dialer.table import Row

LONGEST_NOTES = 4000  # characters


@dataclass(frozen=True, slots=True)
class Mark:
    """`{column}` or `{column|default}`, as it was written."""

    column: str
    default: str | None


@dataclass(frozen=True, slots=True)
class Slot:
    """The place of one cell in a template."""

    column: int
    default: str | None = None  # stands there when the cell holds nothing; None: then something is missing


@dataclass(frozen=True, slots=True)
class Template:
    """A template whose columns are known to exist."""

    parts: tuple[str | Slot, ...]

    def render(self, row: Row) -> str:
        """The text for one row, its cells as they stand; empty where nothing is left to say."""
        return "".join(part if isinstance(part, str) else _fill(part, row) for part in self.parts)

    def missing(self, row: Row) -> int | None:
        """The first column (from 0) that holds nothing in a row and has no default; None if there is none."""
        for part in self.parts:
            if isinstance(part, Slot) and part.default is None and _says_nothing(row, part.column):
                return part.column
        return None


@dataclass(frozen=True, slots=True)
class Templates:
    """What is said of a row's call by templates; None and () where nothing is."""

    assistant: Template | None = None  # for every row
    source: Template | None = None  # for rows without a source of their own
    tags: tuple[Template, ...] = ()  # for every row, beside its own
    notes: Template | None = None  # for rows without notes of their own

    def assistant_missing(self, row: Row) -> int | None:
        """The column (from 0) whose cell should name a row's assistant and does not; None if all is well."""
        if self.assistant is None:
            return None
        missing = self.assistant.missing(row)
        if missing is None and not line(self.assistant.render(row)):
            return next((part.column for part in self.assistant.parts if isinstance(part, Slot)), None)
        return missing

    def assistant_of(self, row: Row) -> str | None:
        """The name of a row's own assistant; None is the campaign's."""
        return line(self.assistant.render(row)) or None if self.assistant else None

    def notes_of(self, row: Row) -> str:
        """The notes for one row, at most `LONGEST_NOTES` characters; an empty cell leaves a gap."""
        return lines(self.notes.render(row), longest=LONGEST_NOTES) if self.notes else ""

    def source_of(self, row: Row) -> str:
        """The source for one row; none where a cell that it needs is empty."""
        return _whole(self.source, row) if self.source else ""

    def tags_of(self, row: Row) -> Iterator[str]:
        """The tags for one row; each is one tag, and is left out where a cell that it needs is empty."""
        return (text for template in self.tags if (text := _whole(template, row)))


NO_TEMPLATES = Templates()


def is_template(text: str, *, option: str) -> bool:
    """True for a text with a `{column}` in it. Raises UsageError for a brace without its partner."""
    return any(isinstance(part, Mark) for part in _read(text, option=option))


def literal(text: str, *, option: str) -> str:
    """A text without columns as it is meant: `{{` is a brace. Raises UsageError for a lonely one."""
    return "".join(part for part in _read(text, option=option) if isinstance(part, str))


def parse_template(text: str, columns: Columns, *, option: str) -> Template:
    """Reads a template: `{Product}` is a cell, `{Product|our services}` one with a default, `{{` a brace.

    Columns are named as for `--map`: by header, without regard to case and punctuation, or by letters.
    Raises `UsageError`, naming the option, for a column that the sheet has not (`column_not_found`), and for
    a brace without its partner (`template_invalid`).
    """
    parts = _read(text, option=option)
    return Template(tuple(_slot(part, columns, option) if isinstance(part, Mark) else part for part in parts))


def parse_templates(reading: Reading, columns: Columns) -> Templates:
    """All templates of a reading. Raises `UsageError` as `parse_template` does."""

    def parse(text: str | None, option: str) -> Template | None:
        return None if text is None else parse_template(text, columns, option=option)

    return Templates(
        assistant=parse(reading.assistant, "--assistant"),
        source=parse(reading.source, "--source"),
        tags=tuple(parse_template(text, columns, option="--tag") for text in reading.tags),
        notes=parse(reading.notes, "--notes"),
    )


def _read(template: str, *, option: str) -> list[str | Mark]:
    parts: list[str | Mark] = []
    text, position = "", 0
    while position < len(template):
        character = template[position]
        if character in "{}" and template[position + 1 : position + 2] == character:
            text += character
            position += 2
        elif character == "{":
            end = template.find("}", position)
            content = template[position + 1 : end]
            if end < 0 or "{" in content:
                raise _lonely("{", "}", template, option)
            name, bar, default = content.partition("|")
            parts += [text, Mark(name, default.strip() if bar else None)]
            text, position = "", end + 1
        elif character == "}":
            raise _lonely("}", "{", template, option)
        else:
            text += character
            position += 1
    return [part for part in (*parts, text) if part != ""]


def _slot(mark: Mark, columns: Columns, option: str) -> Slot:
    ours = frozenset(columns.results.values())
    found = named_columns(mark.column, columns.headers, width=columns.width, excluded=ours)
    if not found:
        raise no_such_column(option, mark.column, columns.headers, width=columns.width, excluded=ours)
    return Slot(found[0], mark.default)


def _fill(slot: Slot, row: Row) -> str:
    return (slot.default or "") if _says_nothing(row, slot.column) else row.cell(slot.column).strip()


def _says_nothing(row: Row, column: int) -> bool:
    return holds_nothing(line(row.cell(column)))


def _whole(template: Template, row: Row) -> str:
    return "" if template.missing(row) is not None else line(template.render(row))


def _lonely(brace: str, partner: str, template: str, option: str) -> UsageError:
    return UsageError(
        f"{option} {quoted(template)} has a {brace} without its {partner}: "
        "write {COLUMN} for the text of a column, and {{ or }} for a brace.",
        code="template_invalid",
    )
