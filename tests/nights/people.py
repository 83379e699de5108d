"""The people of the nights, where they live, and what their rows say of it."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

# Fictional: 555-01xx in real areas, the ranges that French, Australian and British television uses; the
# others are invented, and nothing here ever dials.
_NUMBERS = {
    "FL": "+1305555012{}",
    "OK": "+1405555013{}",
    "OR": "+1503555014{}",
    "LA": "+1504555015{}",
    "AL": "+1205555016{}",
    "NE": "+1402555017{}",
    "RI": "+1401555018{}",
    "SD": "+1605555011{}",
    "WA": "+1206555010{}",
    "AZ": "+1602555012{}",
    "FR": "+3319900123{}",
    "ES": "+3491234567{}",
    "IT": "+39061234567{}",
    "AU": "+6125550123{}",
    "ZA": "+2721123456{}",
    "IN": "+91112345678{}",
    "AE": "+9714234567{}",
    "CO": "+57601234567{}",
    "DE": "+49301234567{}",
    "GB": "+44207946012{}",
}
# What a row may say of the place beside the number: state, postal code, time zone.
_TOLD = {
    "FL": (("", "33130", ""), ("", "", "America/New_York"), ("", "", "")),
    "OR": (("", "", "America/Los_Angeles"), ("", "97201", ""), ("", "", "")),
    "LA": (("Louisiana", "", ""), ("LA", "70112", ""), ("", "", "")),
    "RI": (("RI", "", ""), ("", "", "")),
    "WA": (("WA", "98101", ""), ("", "", "")),
    "AZ": (("", "", "America/Phoenix"), ("", "", "")),
}


@dataclass(frozen=True)
class Person:
    """Somebody in the feed."""

    number: str
    place: str
    state: str
    postal_code: str
    time_zone: str

    @property
    def row(self) -> str:
        """Their row in a sheet."""
        return ",".join(
            (self.number, f"Person {self.number[-3:]}", self.state, self.postal_code, self.time_zone)
        )


HEADER = "phone,first_name,state,postal code,time zone"


def everybody(dice: Random, *, of_each: int) -> list[Person]:
    """So many people of each place, in an order that the dice decide."""
    found = [
        Person(_NUMBERS[place].format(digit), place, *dice.choice(_TOLD.get(place, (("", "", ""),))))
        for place in _NUMBERS
        for digit in range(of_each)
    ]
    dice.shuffle(found)
    return found
