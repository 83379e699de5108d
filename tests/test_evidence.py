"""What a report's own columns say of its rows."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from dialer.columns import RESULT_COLUMNS, Columns, find_columns
from dialer.evidence import Evidence, evidence_of, fingerprint, lost_its_call, says_mended
from dialer.retry import LeadState
from dialer.table import Row

NUMBER, OTHER = "+12015550123", "+12015550124"
HEADER = Row(1, ("phone", "first_name", *RESULT_COLUMNS))
CALLED = {
    "call_id": "call-1",
    "status": "queued",
    "is_new_contact": "false",
    "to_phone": NUMBER,
    "contact_id": "c-1",
    "called_at": "2026-11-20T15:00:00Z",
    "attempts": "2",
}


def row(number: int = 2, *, phone: str = NUMBER, name: str = "Ann", **results: str) -> Row:
    """A row of a report."""
    return Row(number, (phone, name, *(results.get(column, "") for column in RESULT_COLUMNS)))


def columns_of(*rows: Row) -> Columns:
    """What was understood of a report with these rows."""
    return find_columns([HEADER, *rows])


def evidence(e164: str = NUMBER, **results: str) -> Evidence | None:
    """What a row of a report says of a number."""
    told = row(**results)
    return evidence_of(told, columns_of(told), e164)


def test_a_called_row_tells_all_of_its_call() -> None:
    assert evidence(**CALLED) == Evidence(
        e164=NUMBER,
        state=LeadState.CALLED,
        call_id="call-1",
        status="queued",
        is_new_contact=False,
        contact_id="c-1",
        called_at=datetime(2026, 11, 20, 15, tzinfo=UTC),
        attempts=2,
        reason=None,
    )


def test_the_call_of_a_row_tells_nothing_of_another_number() -> None:
    assert evidence(OTHER, **CALLED) is None


def test_a_sheet_without_the_columns_of_a_report_tells_nothing() -> None:
    told = row(**CALLED)

    assert evidence_of(told, replace(columns_of(told), results={}), NUMBER) is None


@pytest.mark.parametrize("status", ["unknown", "failed"])
def test_a_row_without_a_call_tells_that_somebody_may_have_been_called_or_was_refused(status: str) -> None:
    found = evidence(status=status, to_phone=NUMBER)

    assert found is not None
    assert found.state == status


@pytest.mark.parametrize(
    "status", ["pending", "deferred", "recent", "suppressed", "duplicate", "invalid", "", "new"]
)
def test_a_row_that_nobody_was_called_for_tells_nothing(status: str) -> None:
    assert evidence(status=status, to_phone=NUMBER) is None


def test_a_call_without_an_id_is_a_call() -> None:
    found = evidence(status="accepted", to_phone=NUMBER, called_at="2026-11-20T15:00:00Z")

    assert found is not None
    assert (found.state, found.status) == (LeadState.CALLED, "accepted")


def test_a_word_of_ours_is_no_status_of_a_call() -> None:
    found = evidence(**CALLED | {"status": "pending"})

    assert found is not None
    assert found.status is None


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-20T15:00:00Z", datetime(2026, 11, 20, 15, tzinfo=UTC)),
        ("2026-11-20 15:00:00", datetime(2026, 11, 20, 15, tzinfo=UTC)),
        ("2026-11-20T16:00:00+01:00", datetime(2026, 11, 20, 15, tzinfo=UTC)),
        ("yesterday", None),
    ],
)
def test_the_time_of_a_call_survives_a_spreadsheet_program(text: str, moment: datetime | None) -> None:
    found = evidence(**CALLED | {"called_at": text})

    assert found is not None
    assert found.called_at == moment


@pytest.mark.parametrize(
    ("text", "truth"),
    [
        ("TRUE", True),
        ("1.0", True),
        ("WAHR", True),
        ("FALSE", False),
        ("0", False),
        ("", None),
        ("perhaps", None),
    ],
)
def test_a_truth_survives_a_spreadsheet_program(text: str, truth: bool | None) -> None:  # noqa: FBT001 - a row of the table
    found = evidence(**CALLED | {"is_new_contact": text})

    assert found is not None
    assert found.is_new_contact is truth


@pytest.mark.parametrize(
    ("text", "count"), [("3", 3), ("3.0", 3), ("", 1), ("x", 1), ("-4", 1), ("1e400", 1)]
)
def test_a_call_was_at_least_one_attempt(text: str, count: int) -> None:
    found = evidence(**CALLED | {"attempts": text})

    assert found is not None
    assert found.attempts == count


@pytest.mark.parametrize(
    ("results", "mended"),
    [
        ({"status": "invalid"}, True),
        ({"status": "failed", "to_phone": OTHER}, True),
        ({"status": "failed", "to_phone": NUMBER}, False),
        ({"status": "pending"}, False),
        (CALLED, False),
    ],
)
def test_a_row_that_can_be_read_or_has_another_number_now_was_mended(
    results: dict[str, str],
    mended: bool,  # noqa: FBT001 - a row of the table
) -> None:
    told = row(**results)

    assert says_mended(told, columns_of(told), NUMBER) is mended


def test_a_row_whose_number_was_changed_has_lost_its_call() -> None:
    told = row(**CALLED)

    assert lost_its_call(told, columns_of(told), OTHER)


def test_a_row_keeps_its_call_with_its_number() -> None:
    told = row(**CALLED)

    assert not lost_its_call(told, columns_of(told), NUMBER)


def test_a_row_is_known_wherever_it_stands_and_whatever_its_number() -> None:
    before, after = row(2, **CALLED), row(7, phone=OTHER, name=" Ann ")

    assert fingerprint(before, columns_of(before)) == fingerprint(after, columns_of(before))


def test_another_person_has_another_fingerprint() -> None:
    one, other = row(name="Ann"), row(name="Bo")

    assert fingerprint(one, columns_of(one)) != fingerprint(other, columns_of(one))


def test_a_row_with_nothing_but_a_number_has_no_fingerprint() -> None:
    bare = row(name="")

    assert fingerprint(bare, columns_of(bare)) is None
