"""A folder that sheets come into: what is taken, under which name it lies, and who may work there."""

from __future__ import annotations

import json
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dialer import inbox as inboxes
from dialer.errors import DialerError, SettingsError, TryLater
from dialer.inbox import Inbox, arrived, move, open_inbox, own_name
from dialer.locks import held

NOW = datetime(2026, 3, 2, 22, 0, 5, tzinfo=UTC)
NOBODY = 65534


@pytest.fixture
def inbox(tmp_path: Path) -> Inbox:
    return open_inbox(tmp_path)


def no_time(_seconds: float) -> None:
    pass


def at_once(inbox: Inbox) -> list[str]:
    return [path.name for path in arrived(inbox, settle=timedelta(0), sleep=no_time).ready]


@pytest.mark.parametrize(
    "name",
    [
        *(".hidden.csv", "~$leads.xlsx", ".~lock.leads.ods#", "leads.csv.part", "leads.CRDOWNLOAD"),
        *("leads.xlsx.tmp", "leads.csv.filepart", "dialer.toml", "nights.jsonl", "Thumbs.db"),
    ],
)
def test_what_is_no_sheet_by_its_name_is_left_alone(inbox: Inbox, name: str) -> None:
    (inbox.folder / name).touch()

    assert at_once(inbox) == []


def test_a_sheet_may_have_any_name_that_is_left(inbox: Inbox) -> None:
    for name in ("leads", "LEADS.XLSX", "leads.dat", "nights.csv"):
        (inbox.folder / name).touch()

    assert sorted(at_once(inbox)) == ["LEADS.XLSX", "leads", "leads.dat", "nights.csv"]


def test_folders_and_links_are_left_alone(inbox: Inbox) -> None:
    (inbox.folder / "more").mkdir()
    (inbox.folder / "link.csv").symlink_to(inbox.folder / "more")

    assert at_once(inbox) == []


def test_the_oldest_sheet_comes_first(inbox: Inbox) -> None:
    for age, name in enumerate(("new.csv", "old.csv", "oldest.csv")):
        path = inbox.folder / name
        path.touch()
        os.utime(path, (1_000_000 - age, 1_000_000 - age))

    assert at_once(inbox) == ["oldest.csv", "old.csv", "new.csv"]


def test_what_grows_or_comes_in_between_two_looks_is_left(inbox: Inbox) -> None:
    (inbox.folder / "whole.csv").write_text("phone\n")
    (inbox.folder / "growing.csv").write_text("phone\n")

    def meanwhile(_seconds: float) -> None:
        (inbox.folder / "growing.csv").write_text("phone\n+12015550123\n")
        (inbox.folder / "late.csv").write_text("phone\n")

    found = arrived(inbox, settle=timedelta(seconds=5), sleep=meanwhile)

    assert [[path.name for path in paths] for paths in (found.ready, found.growing)] == [
        ["whole.csv"],
        ["growing.csv", "late.csv"],
    ]


def test_what_is_taken_away_between_two_looks_is_not_missed(inbox: Inbox) -> None:
    (inbox.folder / "leads.csv").touch()

    found = arrived(
        inbox, settle=timedelta(seconds=5), sleep=lambda _seconds: (inbox.folder / "leads.csv").unlink()
    )

    assert (found.ready, found.growing) == ((), ())


def test_in_an_empty_inbox_nobody_waits(inbox: Inbox) -> None:
    waits: list[float] = []

    arrived(inbox, settle=timedelta(seconds=5), sleep=waits.append)

    assert waits == []


@pytest.mark.parametrize(
    ("name", "there", "moved"),
    [
        ("leads.csv", [], "leads.csv"),
        ("leads.csv", ["leads.csv"], "leads~20260302-220005.csv"),
        ("leads.csv", ["LEADS.CSV"], "leads~20260302-220005.csv"),
        ("leads.csv", ["leads.xlsx"], "leads~20260302-220005.csv"),  # their reports would have one name
        ("leads.csv", ["leads.report.html"], "leads~20260302-220005.csv"),
        ("leads.csv", ["leads.csv", "leads~20260302-220005.csv"], "leads~20260302-220005-2.csv"),
        ("leads~20260301-220000.csv", [], "leads.csv"),
        ("leads~20260301-220000.csv", ["leads.csv"], "leads~20260302-220005.csv"),
        ("leads.results.csv", ["leads.csv"], "leads~20260302-220005.results.csv"),
        ("leads", ["leads"], "leads~20260302-220005"),
    ],
)
def test_a_sheet_is_moved_over_nothing_that_is_there(
    inbox: Inbox, name: str, there: list[str], moved: str
) -> None:
    for each in there:
        (inbox.done / each).write_text("there before")
    (inbox.processing / name).write_text("the sheet")

    path = move(inbox.processing / name, inbox.done, now=NOW)

    assert (path.name, path.read_text()) == (moved, "the sheet")


@pytest.mark.parametrize(
    ("name", "own"),
    [
        ("leads~20260302-220005.csv", "leads.csv"),
        ("leads~20260302-220005-2.results.csv", "leads.results.csv"),
        ("leads~20260302.csv", "leads~20260302.csv"),
        ("leads.csv", "leads.csv"),
    ],
)
def test_the_name_under_which_a_sheet_came_in_stays_known(name: str, own: str) -> None:
    assert own_name(Path(name)) == own


# Who may work there


@pytest.fixture
def foreign_folder() -> Iterator[Path]:
    """A folder that belongs to root or to us, and in which nobody may write."""
    folder = Path(tempfile.mkdtemp())
    (folder / "inbox").mkdir()
    folder.chmod(0o755)
    (folder / "inbox").chmod(0o555)
    yield folder / "inbox"
    (folder / "inbox").chmod(0o755)
    shutil.rmtree(folder)


def test_an_inbox_that_is_read_only_is_refused_before_anything_is_taken(foreign_folder: Path) -> None:
    was = os.geteuid()
    if was == 0:
        os.seteuid(NOBODY)  # root may write everywhere
    try:
        with pytest.raises(SettingsError) as refused:
            open_inbox(foreign_folder)
    finally:
        os.seteuid(was)

    assert (refused.value.sentence, list(foreign_folder.iterdir())) == (
        (
            f"The inbox {foreign_folder} cannot be worked through (Permission denied): let dialer create and "
            "move files in it. Nothing is lost."
        ),
        [],
    )


def test_a_file_is_no_inbox(tmp_path: Path) -> None:
    (tmp_path / "leads.csv").touch()

    with pytest.raises(DialerError) as refused:
        open_inbox(tmp_path / "leads.csv")

    assert (refused.value.exit_code, refused.value.sentence) == (
        2,
        f"{tmp_path / 'leads.csv'} is no folder: name the one that the sheets come into.",
    )


def test_two_in_one_folder_are_told_apart_by_its_real_path(tmp_path: Path) -> None:
    (tmp_path / "inbox").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "inbox")

    with (
        held(tmp_path / "inbox", locks=tmp_path / "locks"),
        pytest.raises(TryLater) as refused,
        held(tmp_path / "link", locks=tmp_path / "locks"),
    ):
        pass

    assert refused.value.sentence == (
        f"The inbox {tmp_path / 'link'} is being worked through by process {os.getpid()} on "
        f"{socket.gethostname()}: wait until it is done, or stop that one first."
    )


def bound_elsewhere(inbox: Inbox, **more: str) -> Path:
    path = inbox.processing / ".holder.json"
    words = {
        "host": "another-machine",
        "pid": 77,
        "ledger": "/theirs.sqlite3",
        "since": "2026-03-01T22:00:00Z",
    }
    path.write_text(json.dumps(words | more))
    return path


def test_another_machine_that_is_at_work_on_the_share_keeps_us_out(inbox: Inbox) -> None:
    path = bound_elsewhere(inbox)

    with pytest.raises(TryLater) as refused:
        inboxes.bind(inbox, ledger="/ours.sqlite3", now=NOW)

    assert refused.value.sentence == (
        f"The inbox {inbox.folder} is being worked through by process 77 on another-machine since "
        "2026-03-01T22:00:00Z: wait until it is done; if that machine was switched off meanwhile, delete "
        f"{path}."
    )


def test_sheets_of_another_machine_are_not_gone_on_with_for_only_its_ledger_knows_them(inbox: Inbox) -> None:
    bound_elsewhere(inbox, ended="2026-03-01T23:00:00Z")
    (inbox.processing / "leads.csv").touch()

    with pytest.raises(SettingsError) as refused:
        inboxes.bind(inbox, ledger="/ours.sqlite3", now=NOW)

    assert refused.value.sentence == (
        f"The sheets in {inbox.processing} were begun with the ledger /theirs.sqlite3 on another-machine, "
        "and only that one knows whom they called: go on with it; or, if nobody of them was called for real, "
        f"move them back to {inbox.folder}."
    )


def test_an_inbox_of_another_machine_with_nothing_left_may_be_taken_over(inbox: Inbox) -> None:
    path = bound_elsewhere(inbox, ended="2026-03-01T23:00:00Z")

    inboxes.bind(inbox, ledger="/ours.sqlite3", now=NOW)

    assert json.loads(path.read_text()) == {
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "ledger": "/ours.sqlite3",
        "since": "2026-03-02T22:00:05Z",
    }


def test_a_night_of_this_machine_that_was_killed_keeps_nobody_out(inbox: Inbox) -> None:
    bound_elsewhere(inbox, host=socket.gethostname(), ledger="/ours.sqlite3")
    (inbox.processing / "leads.csv").touch()

    inboxes.bind(inbox, ledger="/ours.sqlite3", now=NOW)
    inboxes.unbind(inbox, now=NOW)

    assert json.loads((inbox.processing / ".holder.json").read_text())["ended"] == "2026-03-02T22:00:05Z"
