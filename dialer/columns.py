"""Finds the header row and which column means what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Field(StrEnum):
    """What a column can mean to dialer. The names are those of `--map FIELD=COLUMN`."""

    PHONE = "phone"
    FIRST_NAME = "first_name"
    LAST_NAME = "last_name"
    FULL_NAME = "full_name"
    COUNTRY = "country"
    SOURCE = "source"
    TAGS = "tags"
    NOTES = "notes"
    DO_NOT_CALL = "do_not_call"


# The columns that dialer adds to a sheet, in this order. A user's column of the same name stays, and
# ours is then called `dialer_<name>`.
RESULT_COLUMNS = (
    "call_id",
    "status",
    "is_new_contact",
    "to_phone",
    "contact_id",
    "called_at",
    "attempts",
    "reason",
)


@dataclass(frozen=True, slots=True)
class Columns:
    """Where the header stands and what each column means. Column positions count from 0 (A)."""

    header_row: int | None  # Excel's row number; None for a sheet without a header
    headers: tuple[str, ...]  # texts as they stand in the sheet; () without a header
    phones: tuple[int, ...]  # phone columns, best first
    fields: Mapping[Field, int] = field(default_factory=dict)  # every field but PHONE
    results: Mapping[str, int] = field(default_factory=dict)  # RESULT_COLUMNS name -> position, if a report

    @property
    def first_data_row(self) -> int:
        """Excel's number of the first row below the header."""
        return (self.header_row or 0) + 1
