"""Programs with one part of the night broken, each in a way that somebody might well write."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from dialer import calling_hours, hours, nightly, run
from dialer.bounds import Bounds
from dialer.hours import no_holidays
from dialer.night_facts import Left, Round
from dialer.night_sheets import standing_of
from dialer.settings import Place
from dialer.whereabouts import Whereabouts, whereabouts
from tests.simulation.machine import Substitute

_SUMMER = {
    "America/New_York": "Etc/GMT+4",
    "America/Chicago": "Etc/GMT+5",
    "America/Denver": "Etc/GMT+6",
    "America/Los_Angeles": "Etc/GMT+7",
    "Europe/Paris": "Etc/GMT-2",
    "Europe/Madrid": "Etc/GMT-2",
    "Europe/Rome": "Etc/GMT-2",
}


def _everybody_in_new_york(*told: Any, **more: Any) -> Whereabouts:
    """One clock for all, where the office is."""
    return replace(whereabouts(*told, **more), time_zones=("America/New_York",))


def _summer_all_year(*told: Any, **more: Any) -> Whereabouts:
    """Each zone has one offset, as it was when somebody looked it up in July."""
    found = whereabouts(*told, **more)
    return replace(found, time_zones=tuple(_SUMMER.get(zone, zone) for zone in found.time_zones))


def _no_bounds(*_of: object, **_more: object) -> Bounds:
    """Caps are forgotten."""
    return Bounds()


def _nothing_left(
    place: Place, campaign: str, sheet: Path, again: Round | None = None
) -> tuple[dict[str, int], Left]:
    """A sheet that was run once is done."""
    return standing_of(place, campaign, sheet, again)[0], Left()


BROKEN: dict[str, Substitute] = {
    "one zone for all": (hours, "whereabouts", _everybody_in_new_york),
    "summer all year": (hours, "whereabouts", _summer_all_year),
    "no caps": (run, "bounds_of", _no_bounds),
    "no holidays": (calling_hours, "is_holiday", no_holidays),
    "done after one night": (nightly, "standing_of", _nothing_left),
}
