"""What a night does with a sheet beside calling: put away, brought home, told of."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from dialer.access import open_ledger
from dialer.errors import SettingsError
from dialer.facts import note_file, note_report, noted_files, noted_report
from dialer.inbox import Inbox, open_inbox
from dialer.night_facts import Left
from dialer.night_sheets import bring_home, put_away, troubles
from dialer.nights import SheetEnd, Where
from dialer.settings import Place

NOW = datetime(2026, 3, 2, 22, 0, 5, tzinfo=UTC)
STOPPED = "Everybody who is due is outside calling hours."


@pytest.fixture
def inbox(tmp_path: Path) -> Inbox:
    (tmp_path / "inbox").mkdir()
    return open_inbox(tmp_path / "inbox")


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(base_url="http://127.0.0.1:9/v1", ledger=str(tmp_path / "ledger.sqlite3"))


def left_behind(place: Place, inbox: Inbox) -> tuple[Path, Path]:
    """A report, and its page, of a sheet that lies in done already."""
    report, page = inbox.reports / "leads.results.csv", inbox.reports / "leads.report.html"
    (inbox.done / "leads.csv").write_text("phone\n")
    for path in (report, page):
        path.write_text("results")
    with open_ledger(place, place.base_url) as opened, opened.ledger.transaction() as connection:
        note_file(connection, "report", report)
        note_report(connection, report, campaign="leads", source=inbox.processing / "leads.csv")
    return report, page


def test_a_report_that_a_killed_night_left_behind_is_brought_home(place: Place, inbox: Inbox) -> None:
    left_behind(place, inbox)

    bring_home(place, inbox, now=NOW)

    assert (sorted(p.name for p in inbox.done.iterdir()), list(inbox.reports.iterdir())) == (
        ["leads.csv", "leads.report.html", "leads.results.csv"],
        [],
    )


def test_the_ledger_knows_where_a_report_was_brought(place: Place, inbox: Inbox) -> None:
    """Or `forget` would leave people in it."""
    report, _ = left_behind(place, inbox)

    bring_home(place, inbox, now=NOW)

    with open_ledger(place, place.base_url) as opened, opened.ledger.reading() as connection:
        known = noted_files(connection, "report"), noted_report(connection, report)
    assert known == ([inbox.done / "leads.report.html", inbox.done / "leads.results.csv"], None)


def test_the_report_of_a_sheet_that_is_under_way_stays(place: Place, inbox: Inbox) -> None:
    (inbox.processing / "leads.csv").write_text("phone\n")
    (inbox.reports / "leads.results.csv").write_text("results")

    bring_home(place, inbox, now=NOW)

    assert [path.name for path in inbox.reports.iterdir()] == ["leads.results.csv"]


def test_a_sheet_that_cannot_be_moved_stays_where_it_is(place: Place, inbox: Inbox) -> None:
    with pytest.raises(SettingsError) as refused:
        put_away(place, inbox.processing / "leads.csv", inbox.done, now=NOW)

    assert refused.value.sentence == (
        f"The inbox {inbox.done} cannot be worked through (No such file or directory): let dialer create and "
        "move files in it. Nothing is lost."
    )


# What a person must know in the morning


def told(
    exit_code: int, counts: dict[str, int], left: Left, *, stopped: str | None = None
) -> tuple[str, ...]:
    end = SheetEnd("a.csv", Where.PROCESSING, "/in/a.csv", exit_code=exit_code, counts=counts, left=left)
    return troubles(end, stopped=stopped, named="a --sandbox", again="/in/a.csv --sandbox")


def test_that_people_wait_for_their_hours_is_not_told_as_trouble() -> None:
    assert told(75, {"called": 1, "deferred": 2}, Left(deferred=2), stopped=STOPPED) == ()


def test_why_rows_are_still_pending_is_told() -> None:
    assert told(75, {"called": 1, "pending": 2}, Left(pending=2), stopped="Paused: 5 unknown.") == (
        "Paused: 5 unknown.",
    )


def test_what_failed_and_what_nobody_knows_is_told_with_the_way_on() -> None:
    assert told(1, {"called": 1, "failed": 1, "unknown": 2}, Left()) == (
        (
            "1 row failed: the report says why; mend what is wrong in /in/a.csv, then `dialer retry /in/a.csv"
            " --sandbox`."
        ),
        "2 rows may have been called, nobody knows: `dialer reconcile a --sandbox` looks again.",
    )


def test_whom_another_night_asks_for_again_has_not_failed_yet() -> None:
    assert told(1, {"called": 1, "failed": 1}, Left(forbidden=1)) == ()


def test_that_nobody_on_a_sheet_can_be_called_is_told() -> None:
    assert told(1, {"invalid": 3}, Left()) == ("No row of it can be called: the report says why.",)


def test_those_who_may_never_be_called_are_told_once_with_the_way_on() -> None:
    assert told(75, {"deferred": 1}, Left(never=1)) == (
        (
            "1 row may not be called at any hour that is known: the report says why. Once you have set "
            "--hours for them, put the sheet into the inbox again."
        ),
    )
