"""Where a number may ring: its time zones, its country, its US states."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache

from phonenumbers import NumberParseException, parse, region_code_for_number
from phonenumbers.timezone import UNKNOWN_TIMEZONE, time_zones_for_number
from phonenumbers.tzdata import TIMEZONE_DATA


@dataclass(frozen=True, slots=True)
class Place:
    """Everywhere that a number may ring, as far as its digits tell."""

    time_zones: tuple[str, ...]  # IANA names; () when they are not known
    country: str | None  # ISO 3166 alpha-2; None for codes that belong to no country
    us_states: frozenset[str]  # postal codes; every state when a US number does not tell; none elsewhere


@dataclass(frozen=True, slots=True)
class UsState:
    """A state of the US, or the District of Columbia."""

    name: str
    time_zones: tuple[str, ...]  # every zone in which a part of the state lies


_NANP_DIGITS = len("+12015550123")
NOWHERE = Place((), None, frozenset())

_EASTERN, _CENTRAL = "America/New_York", "America/Chicago"
_MOUNTAIN, _PACIFIC = "America/Denver", "America/Los_Angeles"

# The zones are those of 49 CFR part 71; Arizona counts twice because the Navajo Nation keeps summer time.
US_STATES: Mapping[str, UsState] = {
    "AK": UsState("Alaska", ("America/Anchorage", "America/Adak")),
    "AL": UsState("Alabama", (_CENTRAL,)),
    "AR": UsState("Arkansas", (_CENTRAL,)),
    "AZ": UsState("Arizona", ("America/Phoenix", _MOUNTAIN)),
    "CA": UsState("California", (_PACIFIC,)),
    "CO": UsState("Colorado", (_MOUNTAIN,)),
    "CT": UsState("Connecticut", (_EASTERN,)),
    "DC": UsState("District of Columbia", (_EASTERN,)),
    "DE": UsState("Delaware", (_EASTERN,)),
    "FL": UsState("Florida", (_EASTERN, _CENTRAL)),
    "GA": UsState("Georgia", (_EASTERN,)),
    "HI": UsState("Hawaii", ("Pacific/Honolulu",)),
    "IA": UsState("Iowa", (_CENTRAL,)),
    "ID": UsState("Idaho", (_MOUNTAIN, _PACIFIC)),
    "IL": UsState("Illinois", (_CENTRAL,)),
    "IN": UsState("Indiana", (_EASTERN, _CENTRAL)),
    "KS": UsState("Kansas", (_CENTRAL, _MOUNTAIN)),
    "KY": UsState("Kentucky", (_EASTERN, _CENTRAL)),
    "LA": UsState("Louisiana", (_CENTRAL,)),
    "MA": UsState("Massachusetts", (_EASTERN,)),
    "MD": UsState("Maryland", (_EASTERN,)),
    "ME": UsState("Maine", (_EASTERN,)),
    "MI": UsState("Michigan", (_EASTERN, _CENTRAL)),
    "MN": UsState("Minnesota", (_CENTRAL,)),
    "MO": UsState("Missouri", (_CENTRAL,)),
    "MS": UsState("Mississippi", (_CENTRAL,)),
    "MT": UsState("Montana", (_MOUNTAIN,)),
    "NC": UsState("North Carolina", (_EASTERN,)),
    "ND": UsState("North Dakota", (_CENTRAL, _MOUNTAIN)),
    "NE": UsState("Nebraska", (_CENTRAL, _MOUNTAIN)),
    "NH": UsState("New Hampshire", (_EASTERN,)),
    "NJ": UsState("New Jersey", (_EASTERN,)),
    "NM": UsState("New Mexico", (_MOUNTAIN,)),
    "NV": UsState("Nevada", (_PACIFIC, _MOUNTAIN)),
    "NY": UsState("New York", (_EASTERN,)),
    "OH": UsState("Ohio", (_EASTERN,)),
    "OK": UsState("Oklahoma", (_CENTRAL,)),
    "OR": UsState("Oregon", (_PACIFIC, _MOUNTAIN)),
    "PA": UsState("Pennsylvania", (_EASTERN,)),
    "RI": UsState("Rhode Island", (_EASTERN,)),
    "SC": UsState("South Carolina", (_EASTERN,)),
    "SD": UsState("South Dakota", (_CENTRAL, _MOUNTAIN)),
    "TN": UsState("Tennessee", (_CENTRAL, _EASTERN)),
    "TX": UsState("Texas", (_CENTRAL, _MOUNTAIN)),
    "UT": UsState("Utah", (_MOUNTAIN,)),
    "VA": UsState("Virginia", (_EASTERN,)),
    "VT": UsState("Vermont", (_EASTERN,)),
    "WA": UsState("Washington", (_PACIFIC,)),
    "WI": UsState("Wisconsin", (_CENTRAL,)),
    "WV": UsState("West Virginia", (_EASTERN,)),
    "WY": UsState("Wyoming", (_MOUNTAIN,)),
}
_ALIASES = {"washington dc": "DC"}
# As they were abbreviated before the postal codes, where that is not the same.
_ABBREVIATED = """
    ala AL, ariz AZ, ark AR, calif CA, colo CO, conn CT, del DE, fla FL, ill IL, ind IN, kan KS, mass MA,
    mich MI, minn MN, miss MS, mont MT, neb NE, nev NV, n mex NM, okla OK, ore OR, penn PA, tenn TN,
    tex TX, wash WA, w va WV, wis WI, wyo WY
"""
_NATION = frozenset({"us", "usa", "united states", "united states of america", "canada"})
_BETWEEN_NAMES = re.compile("[(),/|\u2013-]")


def us_state(text: str) -> str | None:
    """Reads a US state's name or postal code, however it is written; gives the postal code.

    Where several names stand ("CA - California", "Texas, USA") all have to mean the same state. None when
    it is no state: a typing error must not choose a law.
    """
    return _us_state(text.replace(",", " ")) or agreed(text, _us_state)


def agreed(text: str, read: Callable[[str], str | None]) -> str | None:
    """What all names in a text mean, a nation's beside them; None where they don't mean the same."""
    names = (name for part in _BETWEEN_NAMES.split(text) if (name := folded(part)))
    meant = {read(name) for name in names if name not in _NATION}
    return meant.pop() if len(meant) == 1 else None


def folded(text: str) -> str:
    """A name in small letters, without full stops and needless spaces."""
    return " ".join(text.casefold().replace(".", "").split())


def _us_state(text: str) -> str | None:
    words = folded(text).removeprefix("us-").removeprefix("state of ").removesuffix(" state")
    return _ALIASES.get(words) or _states_by_words().get(words)


def place(e164: str) -> Place:
    """Tells everywhere that a number in E.164 may ring, going by its prefix; `NOWHERE` if it is no number.

    A portable number may have left its prefix: this is the best that its digits can tell.
    """
    if len(e164) == _NANP_DIGITS and e164.startswith("+1") and e164[1:].isdecimal():
        # In the US and in Canada the numbers of one exchange (the first six digits) are all of one place.
        found = _place(f"{e164[:8]}0123")
        if found.country in {"US", "CA"}:
            return found
    return _place(e164)


@lru_cache(maxsize=2**17)
def _place(e164: str) -> Place:
    # Its data of all countries takes a third of a second to load, and loopback needs none of it.
    from phonenumbers.geocoder import description_for_valid_number  # noqa: PLC0415

    try:
        number = parse(e164)
    except NumberParseException:
        return NOWHERE
    time_zones = time_zones_for_number(number)
    if UNKNOWN_TIMEZONE in time_zones:
        time_zones = ()
    elif e164.startswith("+1") and time_zones == TIMEZONE_DATA.get(e164[1:5]):
        time_zones = _zones_by_area_code()[e164[1:5]]
    country = region_code_for_number(number)
    if country != "US":
        return _shared(Place(time_zones, country, frozenset()))
    # "Jersey City, NJ" or "New Jersey", but no state for toll-free and personal numbers
    state = us_state(description_for_valid_number(number, "en").rpartition(", ")[2])
    return _shared(Place(time_zones, country, frozenset({state} if state else US_STATES)))


@cache
def _shared(place: Place) -> Place:
    # One object for all numbers of a place keeps a hundred thousand of them small.
    return place


@cache
def _states_by_words() -> Mapping[str, str]:
    written = {words.casefold(): code for code, state in US_STATES.items() for words in (code, state.name)}
    for abbreviated in _ABBREVIATED.split(","):
        words, _, code = abbreviated.strip().rpartition(" ")
        written[words] = code
    return written


@cache
def _zones_by_area_code() -> Mapping[str, tuple[str, ...]]:
    # Few exchanges are listed; all others get one zone for the whole area code, and it may be the wrong one:
    # Tennessee's 423 comes out as Central. So an unlisted exchange has to suit every zone of its area code.
    zones: dict[str, set[str]] = defaultdict(set)
    for prefix, names in TIMEZONE_DATA.items():
        if prefix.startswith("1"):
            zones[prefix[:4]].update(names)
    return {area_code: tuple(sorted(names)) for area_code, names in zones.items()}
