"""Public holidays of countries, US states and Canadian provinces, from the package `holidays`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache


@cache
def is_holiday(jurisdiction: str, day: date) -> bool:
    """Says whether a day is a public holiday in a country ("FR"), a US state ("US-LA"), a province ("CA-ON").

    Holidays that are moved to a weekday count on both days. A part of a country is named by the code or the
    name that `holidays` knows; a part that it doesn't know has the holidays of the country. "CA-ADAD", a rule
    for one kind of calls, is Canada. A country that `holidays` lacks has no holidays that are known: see
    `is_known`.
    """
    country, _, part = jurisdiction.partition("-")
    if not is_known(country):
        return False
    return day in _holidays(country, _parts(country).get(part.casefold()), day.year)


def is_known(country: str) -> bool:
    """Says whether the public holidays of a country (ISO 3166 alpha-2) are known."""
    return country in _countries()


@cache
def _countries() -> Mapping[str, list[str]]:
    # The package takes a tenth of a second to load, and loopback needs none of it.
    from holidays import list_supported_countries  # noqa: PLC0415

    return list_supported_countries()


@cache
def _parts(country: str) -> Mapping[str, str]:
    """The codes of a country's parts by their codes and names in small letters."""
    from holidays import country_holidays  # noqa: PLC0415

    calendar = country_holidays(country, years=())
    names = {name: code for code, names in calendar.get_subdivision_aliases().items() for name in names}
    codes = {code: code for code in calendar.subdivisions}
    return {name.casefold(): code for name, code in (names | codes).items()}


@cache
def _holidays(country: str, part: str | None, year: int) -> frozenset[date]:
    from holidays import country_holidays  # noqa: PLC0415

    return frozenset(country_holidays(country, subdiv=part, years=year, expand=False))
