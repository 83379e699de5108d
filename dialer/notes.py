"""Fills a template for notes from the cells of a row: `--notes "Asked about {Product}"`."""

from __future__ import annotations

from dataclasses import dataclass

from dialer.cells import holds_nothing, line, lines, quoted
from dialer.columns import Columns
from dialer.errors import UsageError
from dialer.overrides import named_columns, no_such_column
from dialer.table import Row

LONGEST_NOTES = 4000  # characters


@dataclass(frozen=True, slots=True)
class Slot:
    """The place of one cell in a template."""

    column: int
    default: str = ""  # stands there when the cell holds nothing


@dataclass(frozen=True, slots=True)
class NotesTemplate:
    """A template whose columns are known to exist."""

    parts: tuple[str | Slot, ...]

    def render(self, row: Row) -> str:
        """The notes for one row, at most `LONGEST_NOTES` characters; empty where nothing is left to say."""
        texts = (part if isinstance(part, str) else _fill(part, row) for part in self.parts)
        return lines("".join(texts), longest=LONGEST_NOTES)


def parse_notes(template: str, columns: Columns) -> NotesTemplate:
    """Reads a template: `{Product}` is a cell, `{Product|our services}` one with a default, `{{` a brace.

    Columns are named as for `--map`: by header, without regard to case and punctuation, or by letters.
    Raises `UsageError` for a column that the sheet has not (`column_not_found`), and for a brace without its
    partner (`notes_template`).
    """
    parts: list[str | Slot] = []
    text, position = "", 0
    while position < len(template):
        character = template[position]
        if character in "{}" and template[position + 1 : position + 2] == character:
            text += character
            position += 2
        elif character == "{":
            end = template.find("}", position)
            if end < 0:
                raise _lonely("{", "}", template)
            parts += [text, _slot(template[position + 1 : end], template, columns)]
            text, position = "", end + 1
        elif character == "}":
            raise _lonely("}", "{", template)
        else:
            text += character
            position += 1
    return NotesTemplate(tuple(part for part in (*parts, text) if part != ""))


def _slot(content: str, template: str, columns: Columns) -> Slot:
    name, _, default = content.partition("|")
    if "{" in content:
        raise _lonely("{", "}", template)
    ours = frozenset(columns.results.values())
    found = named_columns(name, columns.headers, width=columns.width, excluded=ours)
    if not found:
        raise no_such_column("--notes", name, columns.headers, width=columns.width, excluded=ours)
    return Slot(found[0], default.strip())


def _fill(slot: Slot, row: Row) -> str:
    text = row.cell(slot.column).strip()
    return slot.default if holds_nothing(line(text)) else text


def _lonely(brace: str, partner: str, template: str) -> UsageError:
    return UsageError(
        f"--notes {quoted(template)} has a {brace} without its {partner}: "
        "write {COLUMN} for the text of a column, and {{ or }} for a brace.",
        code="notes_template",
    )
