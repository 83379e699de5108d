"""Where a US ZIP Code or a Canadian postal code lies: its states or provinces and their clocks."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from dialer.zones import US_STATES, agreed, folded

_ZIP = re.compile(r"([0-9]{4,5})(?:[- ]?[0-9]{4})?")
_CANADIAN = re.compile(r"([ABCEGHJKLMNPRSTVXY])[0-9][A-Z] ?(?:[0-9][A-Z][0-9])?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Area:
    """A part of the US or of Canada."""

    country: str  # US or CA
    subdivisions: frozenset[str]  # postal codes of states or provinces; none for the territories of the US
    time_zones: tuple[str, ...]  # every one in which a part of it lies


@dataclass(frozen=True, slots=True)
class Province:
    """A province or territory of Canada."""

    name: str
    time_zones: tuple[str, ...]


# The zones are those of the tz database for Canada: by its comments and the provinces' own Time Acts.
PROVINCES: Mapping[str, Province] = {
    "AB": Province("Alberta", ("America/Edmonton",)),
    "BC": Province(
        "British Columbia",
        (
            *("America/Vancouver", "America/Edmonton", "America/Creston", "America/Dawson_Creek"),
            "America/Fort_Nelson",
        ),
    ),
    "MB": Province("Manitoba", ("America/Winnipeg",)),
    "NB": Province("New Brunswick", ("America/Moncton",)),
    "NL": Province("Newfoundland and Labrador", ("America/St_Johns", "America/Goose_Bay")),
    "NS": Province("Nova Scotia", ("America/Halifax", "America/Glace_Bay")),
    "NT": Province("Northwest Territories", ("America/Edmonton", "America/Inuvik")),
    "NU": Province(
        "Nunavut",
        (
            *("America/Iqaluit", "America/Rankin_Inlet", "America/Cambridge_Bay", "America/Resolute"),
            "America/Atikokan",
        ),
    ),
    "ON": Province("Ontario", ("America/Toronto", "America/Winnipeg", "America/Atikokan")),
    "PE": Province("Prince Edward Island", ("America/Halifax",)),
    "QC": Province("Quebec", ("America/Toronto", "America/Halifax", "America/Blanc-Sablon")),
    "SK": Province("Saskatchewan", ("America/Regina", "America/Swift_Current", "America/Edmonton")),
    "YT": Province("Yukon", ("America/Whitehorse", "America/Dawson")),
}
_ALIASES = {
    "québec": "QC",
    "newfoundland": "NL",
    "labrador": "NL",
    "pei": "PE",
    "nwt": "NT",
    "ont": "ON",
    "que": "QC",
    "alta": "AB",
}
_TERRITORIES = {
    **dict.fromkeys(("pr", "puerto rico"), "America/Puerto_Rico"),
    **dict.fromkeys(("vi", "virgin islands"), "America/St_Thomas"),
    **dict.fromkeys(("gu", "guam", "mp", "northern mariana islands"), "Pacific/Guam"),
    **dict.fromkeys(("as", "american samoa"), "Pacific/Pago_Pago"),
}
# The first letter of a Canadian code (Canada Post).
_DISTRICTS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys("GHJ", ("QC",)),
    **dict.fromkeys("KLMNP", ("ON",)),
    "A": ("NL",),
    "B": ("NS",),
    "C": ("PE",),
    "E": ("NB",),
    "R": ("MB",),
    "S": ("SK",),
    "T": ("AB",),
    "V": ("BC",),
    "X": ("NT", "NU"),
    "Y": ("YT",),
}
# Montreal and its north and west; Ontario but its north.
_TORONTO_TIME = frozenset("HJKLMN")


def province(text: str) -> str | None:
    """Reads a Canadian province's name or postal code; gives the postal code, None when it is none."""
    return _province(text) or agreed(text, _province)


def _province(text: str) -> str | None:
    words = folded(text).removeprefix("ca-")
    return _ALIASES.get(words) or _provinces_by_words().get(words)


def province_area(code: str) -> Area:
    """The whole of a province."""
    return Area("CA", frozenset({code}), PROVINCES[code].time_zones)


def state_area(code: str) -> Area:
    """The whole of a US state."""
    return Area("US", frozenset({code}), US_STATES[code].time_zones)


def territory_area(text: str) -> Area | None:
    """Reads the name or the postal code of a territory of the US; None when it is none."""
    words = folded(text).removeprefix("us-").removeprefix("us ")
    zone = _TERRITORIES.get(words)
    return Area("US", frozenset(), (zone,)) if zone is not None else None


def postal_area(text: str) -> Area | None:
    """Reads "10001", "10001-1234" or "K1A 0B1"; None when it is neither a US nor a Canadian code.

    A ZIP Code of four digits has lost the zero before them, as spreadsheets lose it.
    """
    written = text.strip().removesuffix(".0")
    found = _ZIP.fullmatch(written)
    if found:
        return _zip_areas().get(found[1].zfill(5)[:3])
    found = _CANADIAN.fullmatch(written)
    return _canadian_area(found[1].upper()) if found else None


@cache
def _canadian_area(letter: str) -> Area:
    provinces = _DISTRICTS[letter]
    zones = {zone for code in provinces for zone in PROVINCES[code].time_zones}
    only = ("America/Toronto",) if letter in _TORONTO_TIME else tuple(sorted(zones))
    return Area("CA", frozenset(provinces), only)


@cache
def _zip_areas() -> Mapping[str, Area]:
    text = files("dialer").joinpath("data", "postal_codes.toml").read_text(encoding="utf-8")
    file = tomllib.loads(text)
    areas = {code: state_area(state) for state, ranges in file["states"].items() for code in _codes(ranges)}
    for zone, ranges in file["territories"].items():
        areas |= dict.fromkeys(_codes(ranges), Area("US", frozenset(), (zone,)))
    for zones, ranges in file["clocks"].items():
        kept = tuple(zones.split(", "))
        for code in _codes(ranges):
            if code in areas:
                areas[code] = Area("US", areas[code].subdivisions, kept)
    return areas


def _codes(ranges: Iterable[str]) -> Iterator[str]:
    for each in ranges:
        first, _, last = each.partition("-")
        yield from (f"{code:03}" for code in range(int(first), int(last or first) + 1))


@cache
def _provinces_by_words() -> Mapping[str, str]:
    return {word.casefold(): code for code, each in PROVINCES.items() for word in (code, each.name)}
