"""Public holidays of countries, US states and Canadian provinces."""

from __future__ import annotations

from datetime import date

import pytest

from dialer.holiday_calendar import is_holiday, is_known
from dialer.hours import rules

# Set down from the calendars of 2026 as they were published, not from the package.
HOLIDAYS = [
    ("FR", date(2026, 7, 14)),
    ("FR", date(2026, 5, 8)),
    ("ES", date(2026, 10, 12)),
    ("ES-Madrid", date(2026, 5, 2)),
    ("IT", date(2026, 4, 25)),
    ("AU", date(2026, 1, 26)),
    ("ZA", date(2026, 4, 27)),
    ("IN", date(2026, 8, 15)),
    ("AE", date(2026, 12, 2)),
    ("CO", date(2026, 7, 20)),
    ("BR", date(2026, 9, 7)),
    ("GB", date(2026, 12, 28)),  # Boxing Day is a Saturday
    ("CA", date(2026, 7, 1)),
    ("CA-ADAD", date(2026, 12, 25)),
    ("CA-ON", date(2026, 2, 16)),
    ("US-AL", date(2026, 11, 26)),
    ("US-LA", date(2026, 2, 17)),  # Mardi Gras
    ("US-RI", date(2026, 7, 3)),  # Independence Day is a Saturday
    ("US-UT", date(2026, 7, 24)),  # Pioneer Day
]


@pytest.mark.parametrize(("jurisdiction", "day"), HOLIDAYS)
def test_a_public_holiday_is_known(jurisdiction: str, day: date) -> None:
    assert is_holiday(jurisdiction, day)


@pytest.mark.parametrize(
    ("jurisdiction", "day"),
    [
        ("FR", date(2026, 7, 15)),
        ("ES", date(2026, 5, 2)),
        ("ES-nowhere", date(2026, 5, 2)),
        ("CA", date(2026, 2, 16)),
        ("US-AL", date(2026, 2, 17)),
        ("US-UT", date(2026, 7, 23)),
    ],
)
def test_another_day_is_none(jurisdiction: str, day: date) -> None:
    assert not is_holiday(jurisdiction, day)


def test_a_country_without_a_calendar_has_no_known_holidays() -> None:
    assert (is_known("XX"), is_holiday("XX", date(2026, 1, 1))) == (False, False)


@pytest.mark.parametrize("jurisdiction", [name for name, rule in rules().items() if rule.holiday is not None])
def test_every_rule_about_holidays_has_a_calendar(jurisdiction: str) -> None:
    """Without one a rule that forbids calls on holidays would say nothing."""
    assert is_holiday(jurisdiction, date(2026, 12, 25)) or is_holiday(jurisdiction, date(2026, 12, 2))
