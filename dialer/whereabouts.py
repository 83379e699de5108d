"""Where a lead may be: by which clocks and under whose rules it may be called."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from dialer.clocks import possible, read_time_zone, zones_of_country
from dialer.postal_codes import Area, postal_area, province, province_area, state_area, territory_area
from dialer.zones import Place, place, us_state

_NO_COUNTRY = "001"  # of satellite phones and international toll-free numbers, which ring anywhere
_NORTH_AMERICA = frozenset({"US", "CA"})


@dataclass(frozen=True, slots=True)
class Told:
    """What the row says of the place, as the sheet writes it; None where it is silent."""

    region: str | None = None  # ISO 3166 alpha-2
    state: str | None = None
    postal_code: str | None = None
    time_zone: str | None = None


class Placed(Protocol):
    """What is asked of a lead to know what its row says of the place."""

    @property
    def region(self) -> str | None: ...
    @property
    def subdivision(self) -> str | None: ...
    @property
    def postal_code(self) -> str | None: ...
    @property
    def time_zone(self) -> str | None: ...


def told(lead: Placed) -> Told:
    """What a lead's row says of its place."""
    return Told(lead.region, lead.subdivision, lead.postal_code, lead.time_zone)


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """The clocks by which a lead is called, and whose rules hold for it."""

    time_zones: tuple[str, ...]  # IANA names; all have to be open; () when not known
    countries: tuple[str, ...]  # ISO 3166 alpha-2
    us_states: frozenset[str]  # whose rules hold, or forbid calls where they are not known
    us_states_beside: frozenset[str] = frozenset()  # whose rules, as far as they are known, hold as well
    calendars: tuple[str, ...] = ()  # subdivisions whose public holidays count too: "CA-ON"
    unread: tuple[str, ...] = ()  # "time_zone", "postal_code", "state": what says nothing that is certain


def whereabouts(e164: str, told: Told, *, year: int) -> Whereabouts:
    """Tells where a number's owner may be, from the best source: a time zone, a postal code or a state in the
    row, the country, the number's prefix.

    A better source takes the place of a worse one, but never opens what the row itself makes doubtful: where
    sources of one rank disagree, and where a time zone cannot be in the lead's country or state (by the
    clocks of `year`), the clocks of all of them count. So do those of the number where the row names another
    US state than the number's, or the number belongs to no place at all (toll-free, roaming). A state and a
    postal code are read in the US and in Canada only.
    """
    number = place(e164)
    return _whereabouts(number, told, year)


@lru_cache(maxsize=2**15)
def _whereabouts(number: Place, told: Told, year: int) -> Whereabouts:
    countries = {country for country in (told.region, number.country) if country}
    areas, not_read = _stated(told) if countries & _NORTH_AMERICA else ([], [])
    states = frozenset(code for area in areas if area.country == "US" for code in area.subdivisions)
    provinces = {code for area in areas if area.country == "CA" for code in area.subdivisions}
    countries |= {area.country for area in areas}
    zones = _zones(number, areas, told=told)
    said = read_time_zone(told.time_zone) if told.time_zone else ()
    if told.time_zone and not said:
        not_read.append("time_zone")
    if said:
        zones = _with_time_zone(said, zones, number, areas=areas, countries=countries, year=year)
    if number.country == _NO_COUNTRY:
        zones = set()
    elsewhere = states and len(number.us_states) == 1
    return Whereabouts(
        time_zones=tuple(sorted(zones)),
        countries=tuple(sorted(countries)),
        us_states=states or number.us_states,
        us_states_beside=number.us_states - states if elsewhere else frozenset(),
        calendars=_calendars(provinces, told, countries),
        unread=tuple(not_read),
    )


def _stated(told: Told) -> tuple[list[Area], list[str]]:
    """What the row's state and postal code say; the postal code is the more exact where they agree."""
    areas, not_read = [], []
    by_code = postal_area(told.postal_code) if told.postal_code else None
    if told.postal_code and by_code is None:
        not_read.append("postal_code")
    by_state = _area_of_state(told.state) if told.state else None
    if told.state and by_state is None:
        not_read.append("state")
    if by_code is not None:
        areas.append(by_code)
    agree = by_code is not None and by_state is not None and _lies_in(by_code, by_state)
    if by_state is not None and not agree:
        areas.append(by_state)
    return areas, not_read


def _lies_in(by_code: Area, by_state: Area) -> bool:
    if not by_state.subdivisions:  # a territory
        return set(by_state.time_zones) <= set(by_code.time_zones)
    return by_state.subdivisions <= by_code.subdivisions


def _area_of_state(text: str) -> Area | None:
    state = us_state(text)
    if state is not None:
        return state_area(state)
    code = province(text)
    return province_area(code) if code is not None else territory_area(text)


def _zones(number: Place, areas: Iterable[Area], *, told: Told) -> set[str]:
    stated = {zone for area in areas for zone in area.time_zones}
    if not stated:
        zones = set(number.time_zones)
        if told.region and number.country and told.region != number.country and zones:
            zones.update(zones_of_country(told.region))
        return zones
    return stated if _agrees(number, areas) else stated.union(number.time_zones)


def _agrees(number: Place, areas: Iterable[Area]) -> bool:
    """Whether a number is one of the place that the row names."""
    if number.country == "CA":
        return all(area.country == "CA" for area in areas)
    # A toll-free number is of every state, and rings in none of them for certain.
    return len(number.us_states) == 1 and all(number.us_states <= area.subdivisions for area in areas)


def _with_time_zone(
    said: tuple[str, ...],
    zones: set[str],
    number: Place,
    *,
    areas: Iterable[Area],
    countries: Iterable[str],
    year: int,
) -> set[str]:
    stated = {zone for area in areas for zone in area.time_zones}
    home = stated or {zone for country in countries for zone in zones_of_country(country)}
    meant = possible(said, home, year=year)
    if not meant:
        return zones.union(said) if zones else set()
    return zones.union(meant) if len(number.us_states) > 1 else set(meant)


def _calendars(provinces: Iterable[str], told: Told, countries: Iterable[str]) -> tuple[str, ...]:
    if provinces or not told.state:
        return tuple(sorted(f"CA-{code}" for code in provinces))
    abroad = sorted(set(countries) - _NORTH_AMERICA)
    return tuple(f"{country}-{told.state}" for country in abroad)
