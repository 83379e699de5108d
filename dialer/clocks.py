"""The clocks of countries, and the names that people give them in a sheet."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

_ASIDE = re.compile(r"\([^()]*\)")
_EASTERN, _CENTRAL, _MOUNTAIN, _PACIFIC = (
    f"America/{city}" for city in ("New_York", "Chicago", "Denver", "Los_Angeles")
)
# What people write. Where a word is used of several clocks, all are there: the lead's country says which of
# them are meant, and where several of these remain, all of them have to be open.
_SAID: Mapping[str, tuple[str, ...]] = {
    "eastern et est edt est5edt new york": (_EASTERN,),
    "central ct cst cdt cst6cdt": (_CENTRAL, "America/Regina", "Asia/Shanghai"),
    "mountain mt mst mst7mdt": (_MOUNTAIN, "America/Phoenix"),
    "mdt": (_MOUNTAIN,),
    "pacific pt pst pdt pst8pdt": (_PACIFIC, "Asia/Manila"),
    "arizona": ("America/Phoenix",),
    "alaska akst akdt akt": ("America/Anchorage",),
    "hawaii hst hast": ("Pacific/Honolulu",),
    "atlantic ast adt": ("America/Halifax", "America/Puerto_Rico", "Asia/Riyadh"),
    "newfoundland nst ndt": ("America/St_Johns",),
    "aest aedt": ("Australia/Sydney", "Australia/Brisbane"),
    "acst acdt": ("Australia/Adelaide", "Australia/Darwin"),
    "awst": ("Australia/Perth",),
    "nzst nzdt": ("Pacific/Auckland",),
    "gmt bst": ("Europe/London",),
    "wet west": ("Europe/Lisbon",),
    "cet cest mez mesz": ("Europe/Berlin", "Europe/Paris", "Europe/Rome", "Europe/Madrid"),
    "eet eest": ("Europe/Athens", "Europe/Helsinki", "Africa/Cairo"),
    "ist": ("Asia/Kolkata", "Europe/Dublin", "Asia/Jerusalem"),
    "gst": ("Asia/Dubai",),
    "sast": ("Africa/Johannesburg",),
    "jst": ("Asia/Tokyo",),
    "sgt": ("Asia/Singapore",),
    "brt": ("America/Sao_Paulo",),
    "cot": ("America/Bogota",),
}


@cache
def read_time_zone(text: str) -> tuple[str, ...]:
    """Reads an IANA name ("America/New_York") or what people say ("Eastern", "EST", "PST8PDT").

    Gives every zone that may be meant, () where nothing is certain: offsets ("GMT+1") tell no clock, for they
    don't say when it changes.
    """
    written = _ASIDE.sub(" ", text).replace("_slash_", "/")
    name = _names().get("_".join(written.casefold().split()))
    if name is not None:
        return (name,)
    words = " ".join(written.casefold().replace(".", "").split())
    for ending in (" standard time", " daylight time", " time", " time zone"):
        words = words.removesuffix(ending)
    return _said().get(words, ())


@cache
def zones_of_country(country: str) -> tuple[str, ...]:
    """Every time zone of a country (ISO 3166 alpha-2), by the tz database; () for a country that it lacks."""
    return tuple(_countries().get(country, ()))


def possible(zones: Iterable[str], among: Iterable[str], *, year: int) -> tuple[str, ...]:
    """Those of `zones` whose clock, all through the year, is one of those of `among`."""
    faces = {_face(zone, year) for zone in among} - {None}
    return tuple(zone for zone in zones if _face(zone, year) in faces)


@cache
def _face(zone: str, year: int) -> tuple[timedelta | None, ...] | None:
    """What tells a clock from others: its offset at each noon of a year. None for one without data."""
    try:
        clock = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        return None
    noon = datetime(year, 1, 1, 12, tzinfo=UTC)
    return tuple((noon + timedelta(days=day)).astimezone(clock).utcoffset() for day in range(366))


@cache
def _names() -> Mapping[str, str]:
    # Only names of places: "EST" is a clock of its own there, without summer time, and nobody means that one.
    return {name.casefold(): name for name in available_timezones() if "/" in name and name[:4] != "Etc/"}


@cache
def _said() -> Mapping[str, tuple[str, ...]]:
    said = {word: zones for words, zones in _SAID.items() for word in words.split()}
    return said | {"new york": (_EASTERN,), "us eastern": (_EASTERN,), "us pacific": (_PACIFIC,)}


@cache
def _countries() -> Mapping[str, list[str]]:
    countries: dict[str, list[str]] = defaultdict(list)
    table = files("tzdata.zoneinfo").joinpath("zone.tab").read_text(encoding="utf-8")
    for line in table.splitlines():
        if not line.startswith("#"):
            country, _, zone = line.split("\t")[:3]
            countries[country].append(zone)
    return countries
