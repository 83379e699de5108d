"""Programs with one part of the night broken, each in a way that somebody might well write."""

from __future__ import annotations

from dataclasses import replace

from dialer import calling_hours, hours, run
from dialer.bounds import Bounds
from dialer.hours import no_holidays
from dialer.whereabouts import Whereabouts, whereabouts
from tests.simulation.machine import Substitute


def _everybody_in_new_york(*told: object, **more: object) -> Whereabouts:
    """One clock for all, where the office is."""
    return replace(whereabouts(*told, **more), time_zones=("America/New_York",))  # type: ignore[arg-type]


def _no_bounds(*_of: object, **_more: object) -> Bounds:
    """Caps are forgotten."""
    return Bounds()


BROKEN: dict[str, Substitute] = {
    "one zone for all": (hours, "whereabouts", _everybody_in_new_york),
    "no caps": (run, "bounds_of", _no_bounds),
    "no holidays": (calling_hours, "is_holiday", no_holidays),
}
