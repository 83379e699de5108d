"""A row becomes a lead or a list of row problems."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from dialer.phones import Tier


class Verdict(StrEnum):
    """What a row turned out to be."""

    CALLABLE = "callable"
    ASSUMED = "assumed"  # callable; the country is an assumption
    INVALID = "invalid"
    DUPLICATE = "duplicate"  # another row of this sheet has the same number and is the one called
    SUPPRESSED = "suppressed"  # the row itself says: do not call
    NOT_A_LEAD = "not_a_lead"  # totals, notes below the table, repeated headers


@dataclass(frozen=True, slots=True)
class RowProblem:
    """Why a row cannot be called, and how to mend it."""

    code: str  # stable, e.g. "phone_missing"
    column: str | None  # the header's text
    cell: str | None  # e.g. "B7"
    value: str  # the raw text of the cell
    message: str  # a sentence that says how to mend it


@dataclass(frozen=True, slots=True)
class Lead:
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


@dataclass(frozen=True, slots=True)
class RowReading:
    """What one row of the sheet turned out to be. `lead` is set exactly for callable and assumed rows,
    and for suppressed rows whose number could be read (so that the number is known not to be called)."""

    row: int
    verdict: Verdict
    cell: str | None = None  # the phone cell that was read, or that has the problem
    lead: Lead | None = None
    problems: tuple[RowProblem, ...] = ()
