"""The calling hours in the data file are those that were read, on the minute."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from dialer import holiday_calendar, hours
from dialer.hours import rules
from dialer.windows import Window, parse_window
from dialer.zones import US_STATES

# Weekday | Saturday | Sunday | public holiday, told again here so that a slip in the data file cannot hide.
# "-" no calls, "=" a holiday like any other weekday.
HOURS = {
    "US": "08:00-21:00 | 08:00-21:00 | 08:00-21:00 | =",
    "CA": "09:00-21:30 | 10:00-18:00 | 10:00-18:00 | -",
    "CA-ADAD": "09:30-20:00 | 10:30-17:00 | 12:00-17:00 | -",
    "GB": "08:00-21:00 | 08:00-21:00 | - | -",
    "FR": "10:00-13:00, 14:00-20:00 | - | - | -",
    "ES": "09:00-21:00 | - | - | -",
    "IT": "09:00-20:00 | 10:00-19:00 | - | -",
    "AU": "09:00-20:00 | 09:00-17:00 | - | -",
    "ZA": "08:00-20:00 | 09:00-13:00 | - | -",
    "IN": "10:00-21:00 | 10:00-21:00 | 10:00-21:00 | -",
    "AE": "09:00-18:00 | 09:00-18:00 | 09:00-18:00 | -",
    "CO": "07:00-19:00 | 08:00-15:00 | - | -",
    "BR": "09:00-20:00 | 10:00-16:00 | - | -",
    "US-AL": "08:00-20:00 | 08:00-20:00 | - | -",
    "US-CT": "09:00-20:00 | 09:00-20:00 | 09:00-20:00 | =",
    "US-FL": "08:00-20:00 | 08:00-20:00 | 08:00-20:00 | =",
    "US-IL": "08:00-21:00 | 08:00-21:00 | 08:00-21:00 | =",
    "US-IN": "09:00-20:00 | 09:00-20:00 | 09:00-20:00 | =",
    "US-KY": "10:00-21:00 | 10:00-21:00 | 10:00-21:00 | =",
    "US-LA": "08:00-20:00 | 08:00-20:00 | - | -",
    "US-ME": "09:00-17:00 | 09:00-17:00 | 09:00-17:00 | =",
    "US-MD": "08:00-20:00 | 08:00-20:00 | 08:00-20:00 | =",
    "US-MA": "08:00-20:00 | 08:00-20:00 | 08:00-20:00 | =",
    "US-MI": "09:00-21:00 | 09:00-21:00 | 09:00-21:00 | =",
    "US-MN": "09:00-21:00 | 09:00-21:00 | 09:00-21:00 | =",
    "US-MS": "08:00-20:00 | 08:00-20:00 | - | -",
    "US-NE": "08:00-21:00 | 08:00-21:00 | 13:00-21:00 | 13:00-21:00",
    "US-NV": "09:00-20:00 | 09:00-20:00 | 09:00-20:00 | =",
    "US-NM": "09:00-21:00 | 09:00-21:00 | 09:00-21:00 | =",
    "US-OK": "08:00-20:00 | 08:00-20:00 | 08:00-20:00 | =",
    "US-OR": "08:00-20:00 | 08:00-20:00 | 08:00-20:00 | =",
    "US-PA": "08:00-21:00 | 08:00-12:00 | 13:30-21:00 | -",
    "US-RI": "09:00-18:00 | 10:00-17:00 | - | -",
    "US-SD": "09:00-21:00 | - | - | -",
    "US-TN": "08:00-21:00 | 08:00-21:00 | 08:00-21:00 | =",
    "US-TX": "09:00-21:00 | 09:00-21:00 | 12:00-21:00 | =",
    "US-UT": "09:00-20:00 | 09:00-20:00 | 09:00-20:00 | -",
    "US-WA": "08:00-20:00 | 08:00-20:00 | 08:00-20:00 | =",
    "US-WY": "08:00-20:00 | 08:00-20:00 | 08:00-20:00 | =",
}
WITHOUT_HOURS = {"NL", "DE", "PT", "PL", "IE", "BE", "AT", "NZ", "SG", "MX", "SA", "JP"}
DOUBTFUL = {"GB", "BR", "US-IN", "US-ME", "US-PA"} | WITHOUT_HOURS
ZONES = {
    "US": "America/New_York",
    "CA": "America/Toronto",
    "CA-ADAD": "America/St_Johns",
    "GB": "Europe/London",
    "FR": "Europe/Paris",
    "ES": "Europe/Madrid",
    "IT": "Europe/Rome",
    "AU": "Australia/Adelaide",
    "ZA": "Africa/Johannesburg",
    "IN": "Asia/Calcutta",
    "AE": "Asia/Dubai",
    "CO": "America/Bogota",
    "BR": "America/Sao_Paulo",
} | {f"US-{code}": state.time_zones[0] for code, state in US_STATES.items()}

MONDAY, SATURDAY, SUNDAY = date(2026, 11, 23), date(2026, 11, 28), date(2026, 11, 29)
ROUND_THE_CLOCK = Window(0, 24 * 60)


def hours_seen(jurisdiction: str, day: date, *, is_holiday: hours.HolidayCalendar = hours.no_holidays) -> str:
    """The hours of one local day, found out by asking on both sides of each half hour."""
    midnight = datetime.combine(day, time(), ZoneInfo(ZONES[jurisdiction])).astimezone(UTC)
    window = ROUND_THE_CLOCK if jurisdiction in DOUBTFUL else None

    def is_open(minute: int) -> bool:
        moment = midnight + minute * hours.MINUTE
        return hours._opening((ZONES[jurisdiction],), (jurisdiction,), moment, window, 0, is_holiday).may_call

    edges = [
        m for m in range(0, 24 * 60 + 1, 30) if (m > 0 and is_open(m - 1)) != (m < 24 * 60 and is_open(m))
    ]
    return ", ".join(str(Window(*pair)) for pair in zip(edges[::2], edges[1::2], strict=True)) or "-"


def told(jurisdiction: str) -> list[str]:
    return HOURS[jurisdiction].split(" | ")


def test_every_row_of_the_data_is_told_here() -> None:
    assert set(rules()) == set(HOURS) | WITHOUT_HOURS


@pytest.mark.parametrize("jurisdiction", HOURS)
def test_a_weekday_opens_and_closes_on_the_minute(jurisdiction: str) -> None:
    assert hours_seen(jurisdiction, MONDAY) == told(jurisdiction)[0]


@pytest.mark.parametrize("jurisdiction", HOURS)
def test_a_saturday_opens_and_closes_on_the_minute(jurisdiction: str) -> None:
    assert hours_seen(jurisdiction, SATURDAY) == told(jurisdiction)[1]


@pytest.mark.parametrize("jurisdiction", HOURS)
def test_a_sunday_opens_and_closes_on_the_minute(jurisdiction: str) -> None:
    assert hours_seen(jurisdiction, SUNDAY) == told(jurisdiction)[2]


@pytest.mark.parametrize("jurisdiction", HOURS)
def test_a_public_holiday_has_its_own_hours(jurisdiction: str) -> None:
    weekday, _, _, holiday = told(jurisdiction)
    seen = hours_seen(
        jurisdiction, MONDAY, is_holiday=lambda name, day: (name, day) == (jurisdiction, MONDAY)
    )
    assert seen == (weekday if holiday == "=" else holiday)


# A weekday of 2026 that is a public holiday there.
HOLIDAYS = {
    "CA": date(2026, 7, 1),
    "CA-ADAD": date(2026, 12, 25),
    "GB": date(2026, 12, 25),
    "FR": date(2026, 7, 14),
    "ES": date(2026, 10, 12),
    "IT": date(2026, 6, 2),
    "AU": date(2026, 1, 26),
    "ZA": date(2026, 9, 24),
    "IN": date(2026, 10, 2),
    "AE": date(2026, 12, 2),
    "CO": date(2026, 7, 20),
    "BR": date(2026, 9, 7),
} | {name: date(2026, 11, 26) for name in HOURS if name[:2] == "US"}


@pytest.mark.parametrize("jurisdiction", HOURS)
def test_a_public_holiday_of_the_calendar_has_them(jurisdiction: str) -> None:
    weekday, _, _, holiday = told(jurisdiction)
    seen = hours_seen(jurisdiction, HOLIDAYS[jurisdiction], is_holiday=holiday_calendar.is_holiday)
    assert seen == (weekday if holiday == "=" else holiday)


@pytest.mark.parametrize("code", [name[3:] for name in HOURS if name[:3] == "US-" and name not in DOUBTFUL])
def test_a_lead_of_a_state_is_called_from_the_first_minute_until_the_last_ones(code: str) -> None:
    """By the row's own state, at both edges of its hours, on the clock that opens last and closes first."""
    windows = [parse_window(text) for text in told(f"US-{code}")[0].split(", ")]
    zones = [ZoneInfo(zone) for zone in US_STATES[code].time_zones]

    def may_call(minute: int, *, zone: ZoneInfo) -> bool:
        moment = datetime.combine(MONDAY, time(), zone).astimezone(UTC) + minute * hours.MINUTE
        return hours.opening("+15550100123", now=moment, region="US", state=code).may_call

    def offset(zone: ZoneInfo) -> float:
        moved = datetime.combine(MONDAY, time(12), zone).utcoffset()
        return moved.total_seconds() if moved is not None else 0.0

    westernmost, easternmost = min(zones, key=offset), max(zones, key=offset)
    opens, closes = windows[0].start_minute, windows[-1].end_minute - 5
    assert [
        may_call(opens - 1, zone=westernmost),
        may_call(opens, zone=westernmost),
        may_call(closes - 1, zone=easternmost),
        may_call(closes, zone=easternmost),
    ] == [False, True, True, False]


@pytest.mark.parametrize("jurisdiction", HOURS)
def test_only_italy_has_other_hours_before_a_public_holiday(jurisdiction: str) -> None:
    weekday = told(jurisdiction)[0]
    seen = hours_seen(jurisdiction, MONDAY, is_holiday=lambda _name, day: day == MONDAY + hours.DAY)
    assert seen == ("10:00-19:00" if jurisdiction == "IT" else weekday)


def test_a_day_without_calls_stays_one_before_a_public_holiday() -> None:
    assert hours_seen("IT", SUNDAY, is_holiday=lambda _name, day: day == SUNDAY + hours.DAY) == "-"


def test_the_doubtful_rows_are_those_of_confidence_d() -> None:
    assert {name for name, rule in rules().items() if rule.confidence == "D"} == DOUBTFUL


@pytest.mark.parametrize("rule", rules().values(), ids=rules())
def test_every_row_says_where_and_when_it_was_read(rule: hours.Rule) -> None:
    assert (bool(rule.source), rule.read, rule.confidence in "ABCD") == (True, date(2026, 11, 22), True)


@pytest.mark.parametrize("country", sorted(WITHOUT_HOURS))
def test_a_country_without_hours_is_refused(country: str) -> None:
    noon = datetime.combine(MONDAY, time(12), UTC)
    refused = hours._opening(("Etc/UTC",), (country,), noon, None, 5, hours.no_holidays)
    assert refused.reason == (
        f"The calling hours of {country} are not known for certain: "
        "--hours sets a window of yours, --any-hour calls all the same; you answer for both."
    )
