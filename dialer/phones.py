"""A cell's text becomes the number we may dial, or the reason why not."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Tier(StrEnum):
    """How sure the reading is."""

    EXACT = "exact"  # a country code is there, or the row's country column gives one
    ASSUMED = "assumed"  # `--region` supplied the country, or a lost zero was restored


@dataclass(frozen=True, slots=True)
class Phone:
    """A number that may be dialled."""

    e164: str
    tier: Tier
    region: str | None  # ISO 3166 alpha-2, e.g. "US"; None for codes that belong to no country
    extension: str | None = None


@dataclass(frozen=True, slots=True)
class PhoneProblem:
    """Why a cell's text is not dialled; `message` says how to mend the cell."""

    code: str
    message: str
