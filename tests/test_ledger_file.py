"""The ledger's file: who may read it, that it is never silently replaced, and its backups."""

from __future__ import annotations

import os
import sqlite3
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import NullPool, create_engine, text

from dialer import ledger as ledger_module
from dialer.access import known_ledger, open_ledger
from dialer.errors import DialerError, TryLater
from dialer.facts import hash_key
from dialer.ledger import SCHEMA_VERSION, Ledger, transaction_in_backup
from dialer.ledger_file import LedgerFile, copy_ledger
from dialer.settings import Place

NOW = datetime(2026, 3, 2, 15, 4, 5, 123456, tzinfo=UTC)
STAMP = "2026-03-02T150405.123456Z"
LOST = (
    "The ledger {path} is gone, and without it everybody would be called again: put it back, or a backup "
    "with `dialer ledger restore BACKUP` ({backup}), or begin anew with `dialer ledger new --ledger {path}`."
)
NO_BACKUP = "no backup of it is known here"
GONE = (
    "The ledger {path} was taken away or replaced while it was in use: nothing more is sent; put it back, "
    "then run the same command again."
)
ADD = text("INSERT INTO campaigns (name, kind, created_at) VALUES (:name, 'sheet', '')")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledgers" / "live.sqlite3"


def opened(path: Path, **how: Any) -> Ledger:
    return Ledger(path, clock=lambda: NOW, **how)


def add(ledger: Ledger, name: str) -> None:
    with ledger.transaction() as connection:
        connection.execute(ADD, {"name": name})


def made(path: Path, *names: str) -> None:
    """A ledger with these campaigns, closed again."""
    with closing(opened(path)) as ledger:
        for name in names:
            add(ledger, name)


def names_in(path: Path) -> list[str]:
    """The campaigns that are on disk, read with another program's eyes."""
    with closing(sqlite3.connect(path)) as connection:
        return [name for (name,) in connection.execute("SELECT name FROM campaigns ORDER BY name")]


def refused(deed: Callable[[], object]) -> tuple[int, str, str]:
    with pytest.raises(DialerError) as caught:
        deed()
    return caught.value.exit_code, caught.value.code, caught.value.sentence


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


# A ledger that is gone


def test_a_ledger_that_is_gone_is_not_taken_for_a_new_one(path: Path) -> None:
    made(path, "a")
    path.unlink()

    sentence = LOST.format(path=path, backup=NO_BACKUP)
    assert refused(lambda: opened(path)) == (78, "ledger_lost", sentence)


def test_what_is_refused_is_not_created(path: Path) -> None:
    made(path, "a")
    path.unlink()
    refused(lambda: opened(path))

    assert not path.exists()


def test_the_newest_backup_of_a_ledger_that_is_gone_is_named(path: Path) -> None:
    made(path, "a")
    file = LedgerFile(path)
    newest = file.back_up(None, now=NOW)
    file.back_up(None, label="before-0009-", now=NOW.replace(year=2025))
    path.unlink()

    assert refused(lambda: opened(path))[2] == LOST.format(path=path, backup=f"its newest backup is {newest}")


def test_a_backup_alone_tells_that_there_was_a_ledger(path: Path) -> None:
    made(path, "a")
    LedgerFile(path).back_up(None, now=NOW)
    path.unlink()
    for lock in LedgerFile(path).locks.iterdir():
        lock.unlink()

    assert refused(lambda: opened(path))[1] == "ledger_lost"


def test_the_lock_of_a_campaign_alone_tells_that_there_was_a_ledger(path: Path) -> None:
    """An earlier dialer left no other mark."""
    with closing(opened(path)) as ledger, ledger.lock("leads"):
        pass
    path.unlink()
    (LedgerFile(path).locks / "known").unlink()

    assert refused(lambda: opened(path))[1] == "ledger_lost"


def test_without_any_trace_of_it_a_ledger_is_new(path: Path) -> None:
    made(path, "a")
    path.unlink()
    for lock in LedgerFile(path).locks.iterdir():
        lock.unlink()
    made(path)

    assert names_in(path) == []


def test_a_first_start_that_was_cut_off_before_the_ledger_was_there_is_no_loss(path: Path) -> None:
    LedgerFile(path).create_folder()
    (LedgerFile(path).create_locks() / "opening.lock").touch()
    made(path)

    assert names_in(path) == []


def test_a_ledger_is_begun_anew_on_purpose(path: Path) -> None:
    made(path, "a")
    path.unlink()
    opened(path, anew=True).close()

    assert names_in(path) == []


def test_an_emptied_ledger_is_begun_anew_on_purpose(path: Path) -> None:
    made(path, "a")
    path.write_bytes(b"")
    opened(path, anew=True).close()

    assert names_in(path) == []


def test_a_rehearsal_does_not_plan_without_the_ledger_that_is_gone(path: Path) -> None:
    made(path, "a")
    path.unlink()
    place = Place(ledger=str(path))

    def rehearse() -> None:
        with open_ledger(place, place.base_url, rehearse=True):
            pass

    assert refused(rehearse)[1] == "ledger_lost"


def test_to_look_for_a_ledger_does_not_create_it(path: Path) -> None:
    assert (known_ledger(Place(ledger=str(path))), path.parent.exists()) == (None, False)


def test_to_look_for_a_ledger_that_is_gone_is_refused(path: Path) -> None:
    made(path, "a")
    path.unlink()

    assert refused(lambda: known_ledger(Place(ledger=str(path))))[1] == "ledger_lost"


@pytest.mark.parametrize("replaced", [True, False], ids=["replaced", "taken away"])
def test_a_ledger_that_goes_while_it_is_in_use_takes_nothing_more(path: Path, *, replaced: bool) -> None:
    made(path.with_name("other.sqlite3"))
    with closing(opened(path)) as ledger:
        add(ledger, "a")
        path.rename(path.with_name("away.sqlite3"))
        if replaced:
            path.with_name("other.sqlite3").rename(path)

        assert refused(lambda: add(ledger, "b")) == (78, "ledger_gone", GONE.format(path=path))


# Rights


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o660, 0o666, 0o604])
def test_the_rights_of_others_are_taken_away(path: Path, mode: int) -> None:
    made(path, "a")
    path.chmod(mode)
    made(path, "b")

    assert mode_of(path) == 0o600


def test_the_rights_of_others_on_what_a_crash_left_are_taken_away(path: Path) -> None:
    made(path)
    with closing(sqlite3.connect(path)) as crashed:
        crashed.execute("CREATE TABLE IF NOT EXISTS x (y)")
        for end in ("", "-wal", "-shm"):
            path.with_name(path.name + end).chmod(0o644)
        with closing(opened(path)):
            assert {mode_of(path.with_name(path.name + end)) for end in ("", "-wal", "-shm")} == {0o600}


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    """A ledger in a folder that its group shares on purpose."""
    (tmp_path / "team").mkdir()
    (tmp_path / "team").chmod(0o2770)
    return tmp_path / "team" / "ledger.sqlite3"


def test_a_group_shares_what_is_in_its_folder(shared: Path) -> None:
    before = os.umask(0o077)
    try:
        with closing(opened(shared)) as ledger, ledger.lock("leads"):
            add(ledger, "a")
            ledger.file.back_up(None, now=NOW)
            found = {file.relative_to(shared.parent): mode_of(file) for file in shared.parent.rglob("*")}
    finally:
        os.umask(before)

    folders = {
        mode for file, mode in found.items() if (shared.parent / file).suffix in {".locks", ".backups"}
    }
    files = {
        mode for file, mode in found.items() if file.name.startswith("ledger.sqlite3") and mode & 0o2000 == 0
    }
    assert (folders, files) == ({0o2770}, {0o660})


@pytest.mark.parametrize("mode", [0o770, 0o2750, 0o2777, 0o755])
def test_a_folder_that_is_not_shared_on_purpose_shares_nothing(shared: Path, mode: int) -> None:
    shared.parent.chmod(mode)
    made(shared)

    assert mode_of(shared) == 0o600


# Backups


def test_a_backup_holds_all_that_is_committed(path: Path) -> None:
    with closing(opened(path)) as ledger:
        add(ledger, "a")
        backup = ledger.file.back_up(None, now=NOW)
        add(ledger, "b")

    assert names_in(backup) == ["a"]


def test_a_backup_is_named_for_its_time(path: Path) -> None:
    made(path)

    assert (
        LedgerFile(path).back_up(None, now=NOW) == path.with_name("live.sqlite3.backups") / f"{STAMP}.sqlite3"
    )


def test_a_backup_goes_where_it_is_told(path: Path, tmp_path: Path) -> None:
    made(path)

    assert (
        LedgerFile(path).back_up(tmp_path / "far" / "copy.sqlite3", now=NOW)
        == tmp_path / "far" / "copy.sqlite3"
    )


def test_a_backup_in_a_folder_names_its_ledger(path: Path, tmp_path: Path) -> None:
    made(path)

    assert LedgerFile(path).back_up(tmp_path, now=NOW) == tmp_path / f"live-{STAMP}.sqlite3"


def test_a_backup_belongs_to_its_owner_alone(path: Path, tmp_path: Path) -> None:
    made(path)
    before = os.umask(0)
    try:
        copy = LedgerFile(path).back_up(tmp_path / "copy.sqlite3", now=NOW)
    finally:
        os.umask(before)

    assert mode_of(copy) == 0o600


def test_a_backup_replaces_nothing(path: Path, tmp_path: Path) -> None:
    made(path)
    (tmp_path / "letter.txt").write_text("to my grandmother")
    sentence = f"{tmp_path}/letter.txt is there already: name another file."

    assert refused(lambda: LedgerFile(path).back_up(tmp_path / "letter.txt", now=NOW)) == (
        2,
        "backup_exists",
        sentence,
    )


def test_what_cannot_be_backed_up_is_told_and_leaves_nothing(path: Path, tmp_path: Path) -> None:
    made(path)
    (tmp_path / "file").write_text("")

    sentence = (
        f"The ledger {path} could not be backed up (File exists): make room, or name another place with "
        "`dialer ledger backup PATH`."
    )
    target = tmp_path / "file" / "copy.sqlite3"
    assert refused(lambda: LedgerFile(path).back_up(target, now=NOW)) == (78, "backup_failed", sentence)


def test_a_damaged_ledger_makes_no_backup(path: Path, tmp_path: Path) -> None:
    made(path, *(f"campaign {number:04d}" for number in range(300)))
    whole = bytearray(path.read_bytes())
    for start in range(len(whole) // 2, len(whole) - 4096, 512):
        whole[start : start + 200] = b"\xa5" * 200
    path.write_bytes(whole)

    assert (
        refused(lambda: LedgerFile(path).back_up(tmp_path / "copy.sqlite3", now=NOW))[1] == "ledger_damaged"
    )
    assert [found.name for found in tmp_path.iterdir()] == ["ledgers"]


def test_a_damaged_ledger_names_its_newest_backup(path: Path) -> None:
    made(path)
    backup = LedgerFile(path).back_up(None, now=NOW)
    path.write_bytes(b"\xa5" * 100 + path.read_bytes()[100:])

    assert refused(lambda: opened(path))[2] == (
        f"The ledger {path} is damaged (file is not a database): put back a backup of it with `dialer ledger "
        f"restore BACKUP` (the newest is {backup}); without it dialer cannot know whom it called."
    )


# An upgrade


@pytest.fixture
def old(path: Path) -> Iterator[Path]:
    """A ledger as the first schema made it, with a campaign in it."""
    path.parent.mkdir()
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)
    config = Config()
    config.set_main_option("script_location", "dialer:migrations")
    config.set_main_option("path_separator", "os")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.execute(ADD, {"name": "an old one"})
    yield path
    engine.dispose()


def tables_in(path: Path) -> set[str]:
    with closing(sqlite3.connect(path)) as connection:
        return {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}


def test_before_an_upgrade_a_backup_is_made(old: Path) -> None:
    opened(old).close()
    backup = old.with_name("live.sqlite3.backups") / f"before-{SCHEMA_VERSION}-{STAMP}.sqlite3"

    assert (names_in(backup), "suppressions" in tables_in(backup)) == (["an old one"], False)


def test_an_upgrade_keeps_what_is_there(old: Path) -> None:
    opened(old).close()

    assert (names_in(old), "suppressions" in tables_in(old)) == (["an old one"], True)


def test_an_upgraded_ledger_has_a_key_for_its_hashes(old: Path) -> None:
    with closing(opened(old)) as ledger, ledger.reading() as connection:
        assert len(hash_key(connection)) == 32


def test_without_a_backup_there_is_no_upgrade(old: Path) -> None:
    old.with_name("live.sqlite3.backups").write_text("a file in the place of the folder")

    assert refused(lambda: opened(old))[1] == "backup_failed"
    assert "suppressions" not in tables_in(old)


def test_a_new_ledger_needs_no_backup(path: Path) -> None:
    made(path)

    assert not LedgerFile(path).backups.exists()


def test_two_ledgers_have_different_keys(tmp_path: Path) -> None:
    keys = set()
    for name in ("a", "b"):
        with closing(opened(tmp_path / name)) as ledger, ledger.reading() as connection:
            keys.add(hash_key(connection))

    assert len(keys) == 2


def test_a_ledger_keeps_its_key(path: Path) -> None:
    keys = set()
    for _ in range(2):
        with closing(opened(path)) as ledger, ledger.reading() as connection:
            keys.add(hash_key(connection))

    assert len(keys) == 1


def test_a_backup_of_an_old_schema_is_written_to_as_it_is(old: Path) -> None:
    with transaction_in_backup(old) as connection:
        connection.execute(ADD, {"name": "another"})

    assert (names_in(old), "suppressions" in tables_in(old)) == (["an old one", "another"], False)
    assert {found.name for found in old.parent.iterdir()} == {"live.sqlite3"}


def test_what_is_no_backup_is_told(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"to my grandmother" * 100)

    def write() -> None:
        with transaction_in_backup(tmp_path / "x"):
            pass

    assert refused(write) == (
        78,
        "backup_unusable",
        f"The backup {tmp_path}/x cannot be used (file is not a database).",
    )


# Put back


def test_a_backup_takes_the_place_of_the_ledger(path: Path) -> None:
    made(path, "a")
    backup = LedgerFile(path).back_up(None, now=NOW)
    made(path, "b")
    LedgerFile(path).put_back(backup, now=NOW)

    assert (names_in(path), mode_of(path), names_in(backup)) == (["a"], 0o600, ["a"])


def test_a_backup_takes_the_place_of_a_ledger_that_is_gone(path: Path) -> None:
    made(path, "a")
    backup = LedgerFile(path).back_up(None, now=NOW)
    path.unlink()

    assert (LedgerFile(path).put_back(backup, now=NOW), names_in(path)) == (None, ["a"])


def test_the_file_that_was_there_is_kept_with_what_stands_beside_it(path: Path) -> None:
    made(path, "a")
    backup = LedgerFile(path).back_up(None, now=NOW)
    path.write_bytes(b"damaged")
    path.with_name("live.sqlite3-wal").write_bytes(b"and its log")
    aside = LedgerFile(path).put_back(backup, now=NOW)

    assert aside == path.with_name("live.sqlite3.backups") / f"replaced-{STAMP}.sqlite3"
    assert (aside.read_bytes(), aside.with_name(f"{aside.name}-wal").read_bytes()) == (
        b"damaged",
        b"and its log",
    )
    assert (names_in(path), path.with_name("live.sqlite3-wal").exists()) == (["a"], False)


def test_a_ledger_that_was_replaced_is_no_backup_to_be_named(path: Path) -> None:
    made(path, "a")
    backup = LedgerFile(path).back_up(None, now=NOW)
    LedgerFile(path).put_back(backup, now=NOW.replace(year=2027))

    assert LedgerFile(path).newest_backup() == backup


@pytest.mark.parametrize(
    ("content", "why"),
    [(b"\xa5" * 5000, "file is not a database"), (b"", "no such table: alembic_version")],
    ids=["damaged", "empty"],
)
def test_what_is_no_sound_ledger_takes_nobodys_place(
    path: Path, tmp_path: Path, content: bytes, why: str
) -> None:
    made(path, "a")
    (tmp_path / "x").write_bytes(content)

    def put_back() -> None:
        LedgerFile(path).put_back(tmp_path / "x", now=NOW)

    assert refused(put_back)[::2] == (78, f"{tmp_path}/x is no sound ledger ({why}): name another backup.")
    assert (names_in(path), list(path.parent.glob(".backup*"))) == (["a"], [])


def test_a_ledger_in_use_is_told_apart(path: Path) -> None:
    with closing(opened(path)) as ledger:
        with ledger.lock("leads"), pytest.raises(TryLater) as caught, Ledger.unused(ledger.file):
            pass
        with Ledger.unused(ledger.file):
            pass

    assert (
        caught.value.sentence == f"The ledger {path} is in use: wait until its runs are done, or stop them."
    )


# Looking without a trace


def test_a_copy_leaves_nothing_beside_the_ledger(path: Path, tmp_path: Path) -> None:
    made(path, "a")
    before = sorted(found.name for found in path.parent.iterdir())
    copy_ledger(path, tmp_path / "copy.sqlite3")

    assert sorted(found.name for found in path.parent.iterdir()) == before


def test_a_copy_leaves_the_ledger_as_it_was(path: Path, tmp_path: Path) -> None:
    made(path, "a")
    before = path.read_bytes(), path.stat().st_mtime_ns
    copy_ledger(path, tmp_path / "copy.sqlite3")

    assert (path.read_bytes(), path.stat().st_mtime_ns) == before


def test_a_copy_leaves_what_a_crash_left_as_it_was(path: Path, tmp_path: Path) -> None:
    made(path, "a")
    with closing(opened(path)) as ledger:
        add(ledger, "b")
        crashed = tmp_path / "crashed.sqlite3"
        for end in ("", "-wal"):
            crashed.with_name(crashed.name + end).write_bytes(path.with_name(path.name + end).read_bytes())
    before = crashed.read_bytes(), crashed.with_name("crashed.sqlite3-wal").read_bytes()
    copy_ledger(crashed, tmp_path / "copy.sqlite3")

    assert names_in(tmp_path / "copy.sqlite3") == ["a", "b"]
    assert (crashed.read_bytes(), crashed.with_name("crashed.sqlite3-wal").read_bytes()) == before


# One connection for many commits


def test_commits_of_one_thread_share_a_connection(path: Path) -> None:
    def connection_of(ledger: Ledger) -> int:
        with ledger.transaction() as connection:
            return id(connection.connection.dbapi_connection)

    with closing(opened(path)) as ledger:
        assert len({connection_of(ledger) for _ in range(5)}) == 1


def test_two_threads_never_share_a_connection_at_the_same_time(path: Path) -> None:
    meeting = threading.Barrier(2)
    used: list[int] = []

    def read(ledger: Ledger) -> None:
        with ledger.reading() as connection:
            used.append(id(connection.connection.dbapi_connection))
            meeting.wait(10)

    with closing(opened(path)) as ledger:
        threads = [threading.Thread(target=read, args=(ledger,)) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert len(set(used)) == 2


def test_a_closed_ledger_leaves_one_file(path: Path) -> None:
    made(path, "a")

    assert [found.name for found in path.parent.iterdir() if found.is_file()] == ["live.sqlite3"]


def test_an_emptied_log_holds_nothing(path: Path) -> None:
    with closing(opened(path)) as ledger:
        add(ledger, "a")

        assert (ledger.empty_log(), path.with_name("live.sqlite3-wal").stat().st_size) == (True, 0)


def test_a_log_that_somebody_reads_is_not_emptied(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_module, "_BUSY_SECONDS", 0.05)
    with closing(opened(path)) as ledger:
        add(ledger, "a")
        with ledger.reading() as reader:
            reader.exec_driver_sql("SELECT count(*) FROM campaigns").scalar()
            add(ledger, "b")

            assert not ledger.empty_log()
