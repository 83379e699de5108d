"""May this lead be called now, and if not, when next."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialer import hours
from dialer.errors import UsageError
from dialer.hours import Opening, opening, rules
from dialer.windows import Window, parse_week, parse_window
from dialer.zones import US_STATES, place

MONDAY, SUNDAY = date(2026, 11, 23), date(2026, 11, 29)
ROUND_THE_CLOCK = Window(0, 24 * 60)

NEW_YORK, NEW_JERSEY, FLORIDA = "+12125550123", "+12015550123", "+13055550123"
ALABAMA, MAINE, IDAHO, CHATTANOOGA = "+12055550123", "+12075550123", "+12085550123", "+14235550123"
TORONTO, PUERTO_RICO, LONDON = "+14165550123", "+17875550123", "+442079460123"
TOLL_FREE, NO_ZONE = "+18005550123", "+15550100123"


def clock(day: date, text: str, zone: str) -> datetime:
    """The moment at which clocks in `zone` first show this."""
    return datetime.combine(day, time.fromisoformat(text), ZoneInfo(zone)).astimezone(UTC)


def in_new_york(day: date, text: str) -> datetime:
    return clock(day, text, "America/New_York")


# Open or not


def test_a_lead_may_be_called_within_its_hours() -> None:
    now = in_new_york(MONDAY, "08:00")
    assert opening(FLORIDA, now=now) == Opening(
        may_call=True, opens_at=now, rule="US-FL 08:00-20:00", reason=""
    )


def test_before_its_hours_a_lead_waits_for_them() -> None:
    assert opening(FLORIDA, now=in_new_york(MONDAY, "07:59")) == Opening(
        may_call=False,
        opens_at=in_new_york(MONDAY, "08:00"),
        rule="US-FL 08:00-20:00",
        reason="It is 07:59 on a Monday in America/New_York; calls are allowed there 08:00-20:00 (US-FL).",
    )


def test_a_day_without_calls_is_waited_out() -> None:
    assert opening(ALABAMA, now=clock(SUNDAY, "12:00", "America/Chicago")) == Opening(
        may_call=False,
        opens_at=clock(SUNDAY + hours.DAY, "08:00", "America/Chicago"),
        rule="US-AL none",
        reason="It is 12:00 on a Sunday in America/Chicago; no calls are allowed there on this day (US-AL).",
    )


def test_the_last_minutes_of_the_hours_are_left_out() -> None:
    assert opening(FLORIDA, now=in_new_york(MONDAY, "19:55")) == Opening(
        may_call=False,
        opens_at=in_new_york(MONDAY + hours.DAY, "08:00"),
        rule="US-FL 08:00-20:00",
        reason="It is 19:55 on a Monday in America/New_York; calls are allowed there 08:00-20:00 (US-FL), "
        "and none is begun in the last 5 minutes.",
    )


def test_the_last_second_before_the_last_minutes_is_open() -> None:
    assert opening(FLORIDA, now=in_new_york(MONDAY, "19:54:59")).may_call


def test_closing_early_counts_whole_minutes() -> None:
    early = timedelta(seconds=61)
    assert not opening(FLORIDA, now=in_new_york(MONDAY, "19:58"), close_early=early).may_call


def test_seconds_do_not_shift_the_next_opening() -> None:
    now = in_new_york(MONDAY, "07:58:31")
    assert opening(FLORIDA, now=now).opens_at == in_new_york(MONDAY, "08:00")


def test_the_clock_may_be_told_in_any_zone() -> None:
    now = datetime(2026, 11, 23, 8, tzinfo=ZoneInfo("America/New_York"))
    assert opening(FLORIDA, now=now).opens_at == in_new_york(MONDAY, "08:00")


# The strictest of several


@pytest.mark.parametrize(
    ("state", "rule"),
    [
        ("FL", "US-FL 08:00-20:00"),
        ("Connecticut", "US-CT 09:00-20:00"),
        ("kentucky ", "US-KY 10:00-21:00"),
        ("New York", "US 08:00-21:00"),
        ("n/a", "US 08:00-21:00"),
        (None, "US 08:00-21:00"),
    ],
)
def test_the_lead_s_state_chooses_the_rule(state: str | None, rule: str) -> None:
    assert opening(NEW_JERSEY, now=in_new_york(MONDAY, "07:00"), state=state).rule == rule


def test_while_it_is_open_the_rule_that_closes_first_decides() -> None:
    now = in_new_york(MONDAY, "12:00")
    assert opening(FLORIDA, now=now, window=ROUND_THE_CLOCK).rule == "US-FL 08:00-20:00"


def test_where_country_and_state_agree_the_state_is_named() -> None:
    now = clock(MONDAY, "20:55", "America/Chicago")
    assert opening("+12175550123", now=now).rule == "US-IL 08:00-21:00"


def test_a_number_of_several_zones_waits_for_the_last_of_them() -> None:
    assert opening(IDAHO, now=clock(MONDAY, "08:30", "America/Boise")) == Opening(
        may_call=False,
        opens_at=clock(MONDAY, "08:00", "America/Los_Angeles"),
        rule="US 08:00-21:00",
        reason="It is 07:30 on a Monday in America/Los_Angeles; calls are allowed there 08:00-21:00 (US).",
    )


def test_a_number_of_several_zones_closes_with_the_first_of_them() -> None:
    assert not opening(IDAHO, now=clock(MONDAY, "20:55", "America/Boise")).may_call


def test_a_number_whose_area_code_has_two_zones_is_not_called_by_the_later_clock_alone() -> None:
    assert not opening(CHATTANOOGA, now=in_new_york(MONDAY, "21:00")).may_call


def test_a_number_taken_to_another_state_waits_for_both_clocks() -> None:
    now = in_new_york(MONDAY, "08:00")
    assert opening(NEW_YORK, now=now, state="California").opens_at == clock(
        MONDAY, "08:00", "America/Los_Angeles"
    )


def test_a_lead_that_lives_in_another_country_waits_for_both_rules() -> None:
    now = clock(MONDAY, "20:00", "Europe/London")
    assert opening(LONDON, now=now, region="FR", window=ROUND_THE_CLOCK).rule == "FR 10:00-13:00, 14:00-20:00"


def test_canada_has_the_hours_of_an_automated_voice() -> None:
    now = clock(SUNDAY, "11:00", "America/Toronto")
    assert opening(TORONTO, now=now).rule == "CA-ADAD 12:00-17:00"


def test_a_number_that_may_be_of_any_state_has_the_strictest_of_all_hours() -> None:
    everywhere = hours._jurisdictions(["US"], US_STATES)
    now = clock(MONDAY, "00:00", "America/Chicago")
    openings = (
        hours._opening(
            ("America/Chicago",), everywhere, now + m * hours.MINUTE, ROUND_THE_CLOCK, 0, hours.no_holidays
        )
        for m in range(24 * 60)
    )
    assert [m for m, found in enumerate(openings) if found.may_call] == list(range(10 * 60, 17 * 60))


def test_a_time_zone_in_the_sheet_opens_before_the_number_s_own() -> None:
    now = in_new_york(MONDAY, "08:00")
    assert opening("+12135550123", now=now, time_zone="Eastern").may_call


def test_a_time_zone_that_cannot_be_there_opens_nothing() -> None:
    now = clock(MONDAY, "08:30", "Europe/Paris")
    assert not opening(NEW_YORK, now=now, time_zone="Europe/Paris").may_call


def test_a_postal_code_tells_the_clock() -> None:
    now = clock(MONDAY, "08:00", "America/Los_Angeles")
    assert [
        opening(NO_ZONE, now=moment, region="US", postal_code="98101").may_call
        for moment in (now - hours.MINUTE, now)
    ] == [False, True]


def test_the_number_s_own_state_narrows_the_state_that_the_row_names() -> None:
    assert opening(FLORIDA, now=in_new_york(MONDAY, "20:00"), state="NY").opens_at == in_new_york(
        MONDAY + hours.DAY, "08:00"
    )


def test_a_doubtful_state_of_the_number_does_not_forbid_calls_to_another() -> None:
    assert opening(MAINE, now=in_new_york(MONDAY, "12:00"), state="NY").may_call


def test_a_holiday_of_the_lead_s_province_is_one() -> None:
    found = opening(
        TORONTO,
        now=clock(MONDAY, "12:00", "America/Toronto"),
        postal_code="M5V 1A1",
        is_holiday=lambda name, day: (name, day) == ("CA-ON", MONDAY),
    )
    assert found.opens_at == clock(MONDAY + hours.DAY, "09:30", "America/Toronto")


@pytest.mark.parametrize(
    "told", [{"state": "NY"}, {"state": "NY", "postal_code": "10001", "time_zone": "EST"}]
)
def test_a_toll_free_number_is_called_only_while_all_of_its_clocks_are_open(told: dict[str, str]) -> None:
    """From Newfoundland to Guam, whatever the row says: for an hour or two of the day."""
    midnight = datetime.combine(MONDAY, time(), UTC)
    moments = [midnight + 30 * m * hours.MINUTE for m in range(48)]
    window = Window(8 * 60, 21 * 60)
    called = [
        moment
        for moment in moments
        if opening(TOLL_FREE, now=moment, region="US", window=window, **told).may_call
    ]
    zones = [ZoneInfo(zone) for zone in place(TOLL_FREE).time_zones]
    open_to_all = [
        moment
        for moment in moments
        if all(8 <= local.hour < 21 for local in (moment.astimezone(zone) for zone in zones))
    ]
    assert called == open_to_all != []


def test_a_satellite_phone_is_never_called() -> None:
    found = opening(
        "+881612345678", now=in_new_york(MONDAY, "12:00"), window=ROUND_THE_CLOCK, time_zone="EST"
    )
    assert found.rule == "time zone unknown"


def test_an_open_lead_tells_when_its_hours_close() -> None:
    found = opening(FLORIDA, now=in_new_york(MONDAY, "12:00"))
    assert found.closes_at == in_new_york(MONDAY, "19:55")


def test_the_operator_s_week_has_days_without_calls() -> None:
    week = parse_week("mon-fri 09:00-18:00")
    found = opening(FLORIDA, now=in_new_york(SUNDAY, "12:00"), window=week)
    assert found.opens_at == in_new_york(SUNDAY + hours.DAY, "09:00")


# What is not known


def test_a_doubtful_country_is_refused() -> None:
    assert opening(LONDON, now=clock(MONDAY, "12:00", "Europe/London")) == Opening(
        may_call=False,
        opens_at=None,
        rule="GB unknown",
        reason=(
            "The calling hours of GB are not known for certain: "
            "--hours sets a window of yours, --any-hour calls all the same; you answer for both."
        ),
    )


def test_a_country_without_a_row_is_refused() -> None:
    assert opening(PUERTO_RICO, now=in_new_york(MONDAY, "12:00")) == Opening(
        may_call=False,
        opens_at=None,
        rule="PR unknown",
        reason=(
            "The calling hours of PR are not known for certain: "
            "--hours sets a window of yours, --any-hour calls all the same; you answer for both."
        ),
    )


def test_a_number_that_may_be_of_a_doubtful_state_is_refused() -> None:
    assert opening(TOLL_FREE, now=in_new_york(MONDAY, "12:00")).reason == (
        "The calling hours of US-IN, US-ME, US-PA are not known for certain: "
        "--hours sets a window of yours, --any-hour calls all the same; you answer for both."
    )


def test_a_number_of_no_country_is_refused() -> None:
    refused = hours._opening(
        ("Europe/Paris",), (), clock(MONDAY, "12:00", "Europe/Paris"), None, 5, hours.no_holidays
    )
    assert refused.reason == (
        "The calling hours of this number's country are not known for certain: "
        "--hours sets a window of yours, --any-hour calls all the same; you answer for both."
    )


@pytest.mark.parametrize("window", [None, ROUND_THE_CLOCK])
def test_an_unknown_time_zone_is_never_open(window: Window | None) -> None:
    assert opening(NO_ZONE, now=in_new_york(MONDAY, "12:00"), region="US", window=window) == Opening(
        may_call=False,
        opens_at=None,
        rule="time zone unknown",
        reason="The time zone of this number is not known: it is called only with --any-hour.",
    )


def test_a_time_zone_without_data_is_never_open() -> None:
    zones = ("America/New_York", "America/Atlantis")
    found = hours._opening(zones, ("US",), in_new_york(MONDAY, "12:00"), None, 5, hours.no_holidays)
    assert found.rule == "time zone unknown"


# The operator's window


def test_the_operator_s_window_stands_in_for_a_missing_rule() -> None:
    now = clock(MONDAY, "08:59", "Pacific/Auckland")
    window = Window(540, 1080)
    assert hours._opening(("Pacific/Auckland",), ("NZ",), now, window, 5, hours.no_holidays) == Opening(
        may_call=False,
        opens_at=now + hours.MINUTE,
        rule="operator 09:00-18:00",
        reason="It is 08:59 on a Monday in Pacific/Auckland; calls are allowed there 09:00-18:00 (operator).",
    )


def test_the_operator_s_window_narrows_a_known_rule() -> None:
    now = in_new_york(MONDAY, "08:30")
    assert opening(FLORIDA, now=now, window=Window(600, 720)).opens_at == in_new_york(MONDAY, "10:00")


def test_the_operator_s_window_does_not_widen_a_known_rule() -> None:
    assert not opening(FLORIDA, now=in_new_york(MONDAY, "20:30"), window=ROUND_THE_CLOCK).may_call


def test_the_operator_s_window_does_not_widen_a_doubtful_rule() -> None:
    now = in_new_york(MONDAY, "18:00")
    assert opening(MAINE, now=now, window=ROUND_THE_CLOCK).opens_at == in_new_york(
        MONDAY + hours.DAY, "09:00"
    )


def test_hours_that_never_meet_are_said_to_leave_nothing() -> None:
    assert opening(FLORIDA, now=in_new_york(MONDAY, "12:00"), window=Window(0, 60)) == Opening(
        may_call=False,
        opens_at=None,
        rule="operator 00:00-01:00",
        reason="The rules and the time zones of this number have no hour in common in the next 14 days.",
    )


def closed_for(days: int) -> hours.HolidayCalendar:
    return lambda _name, day: day < MONDAY + days * hours.DAY


def test_an_opening_is_found_a_fortnight_ahead() -> None:
    now = clock(MONDAY, "08:00", "America/Chicago")
    assert opening(ALABAMA, now=now, is_holiday=closed_for(14)).opens_at == now + 14 * hours.DAY


def test_no_opening_is_looked_for_beyond_a_fortnight() -> None:
    now = clock(MONDAY, "07:59", "America/Chicago")
    assert opening(ALABAMA, now=now, is_holiday=closed_for(14)).opens_at is None


@pytest.mark.parametrize(
    ("text", "window"),
    [
        ("09:00-18:00", Window(540, 1080)),
        (" 9:05 \u2013 24:00 ", Window(545, 1440)),
        ("00:00-00:01", Window(0, 1)),
    ],
)
def test_a_window_is_read(text: str, window: Window) -> None:
    assert parse_window(text) == window


@pytest.mark.parametrize(
    "text", ["", "9-18", "18:00-09:00", "09:00-09:00", "09:60-18:00", "09:00-24:01", "25:00-26:00", "always"]
)
def test_nonsense_is_no_window(text: str) -> None:
    with pytest.raises(UsageError) as raised:
        parse_window(text)
    assert raised.value.sentence == (
        f'"{text}" is no calling window: write it like 09:00-18:00, start before end, on one day.'
    )


# Nights on which the clock changes


@pytest.mark.parametrize(
    ("saturday", "opens_at"),
    [
        (date(2026, 3, 7), datetime(2026, 3, 8, 12, tzinfo=UTC)),
        (date(2026, 10, 31), datetime(2026, 11, 1, 13, tzinfo=UTC)),
    ],
    ids=["forward", "back"],
)
def test_after_a_clock_change_a_lead_is_called_by_the_new_clock(saturday: date, opens_at: datetime) -> None:
    assert opening(FLORIDA, now=in_new_york(saturday, "22:00")).opens_at == opens_at


def open_in_auckland(now: datetime) -> datetime | None:
    return hours._opening(
        ("Pacific/Auckland",), ("NZ",), now, parse_window("02:30-03:30"), 0, hours.no_holidays
    ).opens_at


def test_an_opening_in_the_hour_that_is_skipped_comes_with_the_skip() -> None:
    assert open_in_auckland(datetime(2026, 9, 26, 13, tzinfo=UTC)) == datetime(2026, 9, 26, 14, tzinfo=UTC)


def test_in_the_hour_that_comes_twice_hours_open_twice() -> None:
    first, closes, second = (
        datetime(2026, 4, 4, 13, tzinfo=UTC) + timedelta(minutes=m) for m in (30, 60, 90)
    )
    assert [open_in_auckland(now) for now in (first, closes - hours.MINUTE, closes)] == [
        first,
        closes - hours.MINUTE,
        second,
    ]


# Against the definition, minute by minute


def is_open(zones: tuple[str, ...], names: tuple[str, ...], window: Window, moment: datetime) -> bool:
    def windows() -> Iterator[tuple[datetime, tuple[Window, ...]]]:
        for local in (moment.astimezone(ZoneInfo(zone)) for zone in zones):
            yield local, (window,)
            for rule in (rules()[name] for name in names):
                yield local, rule.week[local.weekday()]

    return all(
        any(w.start_minute <= local.hour * 60 + local.minute < w.end_minute - 5 for w in allowed)
        for local, allowed in windows()
    )


@settings(deadline=None, max_examples=40)
@given(
    zones=st.lists(
        st.sampled_from(
            ["America/New_York", "America/Adak", "Australia/Lord_Howe", "Asia/Calcutta", "Europe/Paris"]
        ),
        min_size=1,
        max_size=2,
        unique=True,
    ).map(tuple),
    names=st.lists(st.sampled_from(["US", "US-TX", "FR", "CA-ADAD"]), max_size=2, unique=True).map(tuple),
    edges=st.lists(st.integers(0, 1440), min_size=2, max_size=2, unique=True).map(sorted),
    moment=st.datetimes(datetime(2026, 3, 1), datetime(2026, 11, 30)).map(  # noqa: DTZ001 - made aware below
        lambda moment: moment.replace(second=0, microsecond=0, tzinfo=UTC)
    ),
)
def test_the_next_opening_is_the_first_open_minute(
    zones: tuple[str, ...], names: tuple[str, ...], edges: list[int], moment: datetime
) -> None:
    window = Window(*edges)
    found = hours._opening(zones, names, moment, window, 5, hours.no_holidays)
    ahead = (moment + m * hours.MINUTE for m in range(3 * 24 * 60))
    first = next((minute for minute in ahead if is_open(zones, names, window, minute)), None)
    within_three_days = found.opens_at and found.opens_at < moment + 3 * hours.DAY
    assert (found.opens_at if within_three_days else None) == first
