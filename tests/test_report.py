from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from weakref import WeakSet
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialer import report
from dialer.columns import RESULT_COLUMNS
from dialer.replies import RESERVED_STATUSES
from dialer.report import (
    EXAMPLES_PER_KIND,
    FIXED_STATUSES,
    CampaignFacts,
    Kind,
    Summary,
    summarise,
    was_called,
)
from dialer.results import RowResult, result_columns
from tests.builders import World, policy

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)

FACTS = CampaignFacts(
    name="kitchen-leads",
    file="kitchen-leads.xlsx",
    sheet="Leads",
    loaded_at=NOON,
    started_at=NOON,
    finished_at=NOON,
    assistant="Voz",
    base_url="https://api.vozagent.ai/v1",
    key_ending="k9f3",
    ledger="/srv/dialer/ledger.db",
)


def summary(*rows: RowResult, zone: tzinfo = UTC) -> Summary:
    return summarise(rows, FACTS, zone=zone)


def calls(*moments: datetime, zone: tzinfo = UTC) -> Summary:
    return summary(*(RowResult(n, "queued", called_at=at) for n, at in enumerate(moments, 2)), zone=zone)


def invalid(row: int, *, code: str | None = "phone_letters", reason: str | None = "Mend it.") -> RowResult:
    return RowResult(row, "invalid", f"C{row}", reason_code=code, reason=reason, value="201-555-XXXX")


def kinds(*rows: RowResult) -> tuple[Kind, ...]:
    return summary(*rows).kinds


unhurried = settings(deadline=None)  # a loaded machine is no error

MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds
RESULTS = st.builds(
    RowResult,
    row=st.integers(1, 1_048_576),
    status=st.sampled_from((*FIXED_STATUSES, "queued", "ringing", "accepted")) | st.text(),
    cell=st.none() | st.just("C7"),
    to_phone=st.none() | st.just("+12015550123"),
    called_at=st.none() | MOMENTS,
    attempts=st.integers(0, 9),
    is_new_contact=st.none() | st.booleans(),
    reason_code=st.none() | st.text(max_size=3),
    reason=st.none() | st.text(max_size=3),
    value=st.none() | st.text(max_size=3),
)
SHEETS = st.lists(RESULTS, max_size=30)
ZONES = st.sampled_from(
    (UTC, BERLIN, ZoneInfo("America/New_York"), ZoneInfo("Asia/Kathmandu"), timezone(timedelta(hours=-3.5)))
)


# -- totals ------------------------------------------------------------------------------------------


@unhurried
@given(SHEETS)
def test_the_statuses_of_any_sheet_add_up_to_its_rows(rows: list[RowResult]) -> None:
    assert sum(count for _, count in summary(*rows).statuses) == len(rows)


@unhurried
@given(SHEETS)
def test_called_failed_unknown_and_not_called_add_up_to_the_rows_of_any_sheet(rows: list[RowResult]) -> None:
    told = summary(*rows)
    assert told.called + told.failed + told.unknown + told.not_called == told.rows == len(rows)


@unhurried
@given(SHEETS)
def test_new_known_and_unstated_contacts_add_up_to_the_calls_of_any_sheet(rows: list[RowResult]) -> None:
    told = summary(*rows)
    assert told.new_contacts + told.known_contacts + told.unstated_contacts == told.called


@unhurried
@given(SHEETS)
def test_the_kinds_of_a_fixed_status_add_up_to_its_rows(rows: list[RowResult]) -> None:
    told = summary(*rows)
    by_status = {
        status: sum(kind.rows for kind in told.kinds if kind.status == status) for status in FIXED_STATUSES
    }
    assert by_status == {status: told.count(status) for status in FIXED_STATUSES}


@unhurried
@given(rows=SHEETS, zone=ZONES)
def test_the_buckets_of_any_sheet_add_up_to_its_calls_with_a_time(
    rows: list[RowResult], zone: tzinfo
) -> None:
    timed = sum(was_called(row.status) and row.called_at is not None for row in rows)
    assert sum(bucket.calls for bucket in summary(*rows, zone=zone).buckets) == timed


@settings(deadline=None, max_examples=30)
@given(rows=SHEETS, chunk=st.integers(1, 7))
def test_the_size_of_a_chunk_changes_nothing(rows: list[RowResult], chunk: int) -> None:
    whole = summary(*rows)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(report, "_CHUNK_ROWS", chunk)
        assert summary(*rows) == whole


@pytest.mark.parametrize("status", ["queued", "ringing", "accepted", "completed", "Failed"])
def test_a_word_of_the_api_means_that_a_call_exists(status: str) -> None:
    assert summary(RowResult(2, status)).called == 1


def test_the_fixed_statuses_are_the_words_that_no_call_may_carry() -> None:
    assert sorted(FIXED_STATUSES) == sorted(RESERVED_STATUSES)


@pytest.mark.parametrize("status", FIXED_STATUSES)
def test_a_fixed_status_never_counts_as_a_call(status: str) -> None:
    assert summary(RowResult(2, status)).called == 0


@pytest.mark.parametrize("status", ["pending", "deferred", "invalid", "duplicate", "suppressed", "recent"])
def test_a_row_that_was_not_tried_counts_as_not_called(status: str) -> None:
    assert summary(RowResult(2, status)).not_called == 1


def test_statuses_stand_with_the_commonest_word_of_the_api_first_and_then_in_a_fixed_order() -> None:
    words = ("invalid", "failed", "queued", "ringing", "pending", "ringing")
    told = summary(*(RowResult(row, word) for row, word in enumerate(words, 2)))
    assert told.statuses == (("ringing", 2), ("queued", 1), ("failed", 1), ("pending", 1), ("invalid", 1))


def test_a_status_that_no_row_has_counts_nothing() -> None:
    assert summary(RowResult(2, "queued")).count("failed") == 0


def test_only_calls_count_as_new_or_known_contacts() -> None:
    told = summary(RowResult(2, "queued", is_new_contact=True), RowResult(3, "failed", is_new_contact=True))
    assert (told.new_contacts, told.known_contacts, told.unstated_contacts) == (1, 0, 0)


def test_a_sheet_without_rows_has_an_empty_summary() -> None:
    told = summary()
    assert (told.rows, told.statuses, told.kinds, told.buckets, told.first_call) == (0, (), (), (), None)


# -- kinds -------------------------------------------------------------------------------------------


def test_rows_of_one_status_and_code_are_one_kind() -> None:
    assert [(kind.code, kind.rows) for kind in kinds(invalid(2), invalid(3, code="x"), invalid(4))] == [
        ("phone_letters", 2),
        ("x", 1),
    ]


def test_a_kind_counts_its_reasons_commonest_first() -> None:
    rows = (invalid(2, reason="A."), invalid(3, reason="B."), invalid(4, reason="B."))
    assert kinds(*rows)[0].reasons == (("B.", 2), ("A.", 1))


def test_a_kind_whose_rows_all_differ_lists_no_reasons() -> None:
    assert kinds(*(invalid(row, reason=f"Row {row} is it.") for row in range(2, 300)))[0].reasons == ()


def test_a_kind_whose_rows_all_differ_counts_them_all_the_same() -> None:
    assert kinds(*(invalid(row, reason=f"Row {row} is it.") for row in range(2, 300)))[0].rows == 298


def test_a_kind_keeps_the_first_fifty_examples() -> None:
    examples = kinds(*(invalid(row) for row in range(2, 100)))[0].examples
    assert [example.row for example in examples] == list(range(2, 2 + EXAMPLES_PER_KIND))


def test_an_example_has_the_cell_its_text_and_the_reason() -> None:
    assert kinds(invalid(7))[0].examples == (report.Example(7, "C7", "201-555-XXXX", "Mend it."),)


def test_an_example_without_a_cells_text_has_the_number() -> None:
    assert kinds(RowResult(7, "unknown", to_phone="+12015550123"))[0].examples[0].value == "+12015550123"


def test_an_example_of_an_empty_cell_stays_empty() -> None:
    assert kinds(RowResult(7, "invalid", to_phone="+12015550123", value=""))[0].examples[0].value == ""


def test_a_giant_cell_is_cut_in_an_example() -> None:
    assert kinds(RowResult(7, "invalid", value="x" * 32_767))[0].examples[0].value == "x" * 120 + "…"


def test_a_call_without_a_reason_is_of_no_kind() -> None:
    assert kinds(RowResult(2, "queued")) == ()


def test_a_call_with_a_reason_is_of_a_kind() -> None:
    odd = RowResult(2, "accepted", reason_code="no_call_id", reason="The reply named no call.")
    assert kinds(odd)[0].reasons == (("The reply named no call.", 1),)


def test_more_codes_than_anyone_can_read_are_counted_together() -> None:
    told = kinds(*(invalid(row, code=f"code_{row}") for row in range(2, 302)))
    assert [(kind.code, kind.rows) for kind in told if kind.rows > 1] == [("other", 100)]


def test_half_a_surrogate_pair_in_a_message_is_counted_like_any_text() -> None:
    assert kinds(invalid(2, reason="half \ud800"), invalid(3, reason="half \ud800"))[0].reasons[0][1] == 2


# -- time --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("span", "width"),
    [
        (timedelta(seconds=0), 1),
        (timedelta(seconds=47), 1),
        (timedelta(minutes=1), 2),
        (timedelta(minutes=30), 60),
        (timedelta(hours=1), 120),
        (timedelta(hours=8), 900),
        (timedelta(days=1), 3600),
        (timedelta(days=20), 43_200),
        (timedelta(days=40), 86_400),
        (timedelta(days=300), 7 * 86_400),
        (timedelta(days=20_000), 417 * 86_400),
    ],
)
def test_the_width_of_a_bucket_follows_the_span(span: timedelta, width: int) -> None:
    assert calls(NOON - span, NOON).bucket_seconds == width


@unhurried
@given(st.lists(MOMENTS, min_size=1, max_size=20), ZONES)
def test_there_are_never_more_than_fifty_buckets(moments: list[datetime], zone: tzinfo) -> None:
    assert 1 <= len(calls(*moments, zone=zone).buckets) <= 50


@unhurried
@given(st.lists(MOMENTS, min_size=1, max_size=20), ZONES)
def test_the_first_and_the_last_bucket_hold_calls(moments: list[datetime], zone: tzinfo) -> None:
    buckets = calls(*moments, zone=zone).buckets
    assert buckets[0].calls > 0
    assert buckets[-1].calls > 0


def test_buckets_begin_on_the_readers_full_hour_where_the_zone_is_off_by_45_minutes() -> None:
    told = calls(NOON, NOON + timedelta(days=1), zone=ZoneInfo("Asia/Kathmandu"))
    assert (told.buckets[0].start.hour, told.buckets[0].start.minute) == (17, 0)


def test_an_hour_without_calls_is_a_bucket_of_none() -> None:
    told = calls(NOON, NOON + timedelta(seconds=3))
    assert [bucket.calls for bucket in told.buckets] == [1, 0, 0, 1]


def test_a_day_is_the_readers_day_even_when_the_clocks_change() -> None:
    summer = datetime(2026, 10, 1, 12, tzinfo=BERLIN)
    told = calls(summer, datetime(2026, 11, 5, 0, 30, tzinfo=BERLIN), zone=BERLIN)
    assert (told.buckets[-1].start, told.buckets[-1].start.hour) == (datetime(2026, 11, 5, tzinfo=BERLIN), 0)


def test_a_day_whose_midnight_does_not_exist_still_has_its_bucket() -> None:
    beirut = ZoneInfo("Asia/Beirut")  # on 29 March 2026 the clocks went from 00:00 to 01:00
    told = calls(
        datetime(2026, 3, 1, 12, tzinfo=beirut), datetime(2026, 4, 5, 12, tzinfo=beirut), zone=beirut
    )
    assert date(2026, 3, 29) in {bucket.start.date() for bucket in told.buckets}


def test_the_first_and_the_last_call_are_told_on_the_readers_clock() -> None:
    told = calls(NOON, NOON + timedelta(hours=2), zone=BERLIN)
    assert (f"{told.first_call:%H:%M}", f"{told.last_call:%H:%M}") == ("13:00", "15:00")


def test_a_time_on_a_row_that_was_not_called_is_no_call() -> None:
    assert summary(RowResult(2, "failed", called_at=NOON)).buckets == ()


# -- streaming ---------------------------------------------------------------------------------------


class Watched(RowResult):
    __slots__ = ("__weakref__",)


def test_rows_are_let_go_after_their_chunk() -> None:
    alive: WeakSet[Watched] = WeakSet()
    most = 0

    def stream() -> Iterator[RowResult]:
        nonlocal most
        for row in range(2, 50_002):
            watched = Watched(row, "queued", called_at=NOON)
            alive.add(watched)
            if row % 1_000 == 0:
                most = max(most, len(alive))
            yield watched

    summarise(stream(), FACTS, zone=UTC)
    assert most <= 20_001


# -- result columns ----------------------------------------------------------------------------------


def columns_of(result: RowResult) -> dict[str, str | bool | int | None]:
    return dict(zip(RESULT_COLUMNS, result_columns(result), strict=True))


def test_a_call_fills_the_result_columns_in_their_order() -> None:
    called = RowResult(
        row=2,
        status="queued",
        cell="C2",
        to_phone="+12015550123",
        called_at=datetime(2026, 11, 22, 15, 4, 5, 678_901, tzinfo=UTC),
        attempts=1,
        is_new_contact=False,
        call_id="call-a1",
        contact_id="c1a2",
    )
    expected = ("call-a1", "queued", False, "+12015550123", "c1a2", "2026-11-22T15:04:05Z", 1, None)
    assert result_columns(called) == expected


def test_a_pending_row_has_0_attempts() -> None:
    assert columns_of(RowResult(2, "pending"))["attempts"] == 0


def test_an_invalid_row_has_empty_attempts() -> None:
    assert columns_of(RowResult(2, "invalid"))["attempts"] is None


# -- what became of the calls ------------------------------------------------------------------------


def test_nothing_is_told_of_calls_that_nobody_asked_for() -> None:
    assert summary(RowResult(2, "queued", called_at=NOON)).calls is None


def test_what_the_ledger_knows_of_calls_is_counted(world: World) -> None:
    world.run(policy(limit=3))
    with world.ledger.transaction() as connection:
        connection.exec_driver_sql(
            "INSERT INTO calls (attempt_id, campaign_id, call_id, call_status, ended, stale,"
            " duration_seconds, appointment_booked, cost_usd, detailed, looked_at)"
            " SELECT attempt_id, campaign_id, call_id, 'completed', 1, 0, 95, attempt_id = 1, '0.12', 1,"
            " ended_at FROM attempts WHERE attempt_id < 3"
        )
    told = summary(*world.results()).calls
    assert told is not None

    assert (told.heard, told.completed, told.appointments, told.seconds, str(told.cost_usd)) == (
        2,
        2,
        1,
        190.0,
        "0.24",
    )


@pytest.mark.parametrize(("seconds", "second", "minute"), [((), 0, 0), ((0, 0.9, 1, 59.9, 60), 2, 4)])
def test_the_busiest_second_and_minute_are_those_of_the_clock(
    seconds: tuple[float, ...], second: int, minute: int
) -> None:
    told = calls(*(NOON + timedelta(seconds=each) for each in seconds))
    assert (told.busiest_second, told.busiest_minute) == (second, minute)
