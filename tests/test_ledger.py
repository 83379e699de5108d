"""The ledger as a file: its rights, its lock, its health; and the writer that commits in groups."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import event, text

from dialer import ledger as ledger_module
from dialer.errors import SettingsError, TryLater
from dialer.ledger import Connection, Ledger, copy_ledger, time_of, time_text
from dialer.writer import GroupWriter, InlineWriter, Writer, group_writer

NOW = "2026-03-02T15:00:00.000000Z"
ADD = text("INSERT INTO campaigns (name, kind, created_at) VALUES (:name, 'sheet', :now)")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledgers" / "live.sqlite3"


@pytest.fixture
def ledger(path: Path) -> Iterator[Ledger]:
    with opened(path) as one:
        yield one


@contextmanager
def opened(path: Path) -> Iterator[Ledger]:
    with closing(Ledger(path)) as ledger:
        yield ledger


def add(name: str) -> Callable[[Connection], str]:
    """An operation that adds a campaign and gives its name."""

    def operation(connection: Connection) -> str:
        connection.execute(ADD, {"name": name, "now": NOW})
        return name

    return operation


def fails(connection: Connection) -> None:
    """An operation that breaks off half way."""
    add("half")(connection)
    raise ZeroDivisionError("a fault inside")


def names_in(path: Path) -> list[str]:
    """The campaigns that are on disk, read with another program's eyes."""
    with closing(sqlite3.connect(path)) as connection:
        return [name for (name,) in connection.execute("SELECT name FROM campaigns ORDER BY campaign_id")]


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def refused(path: Path) -> str:
    """The sentence with which opening or checking is refused."""
    with pytest.raises(SettingsError) as caught, opened(path) as ledger:
        ledger.check_integrity()
    assert (caught.value.exit_code, "\n" in caught.value.sentence) == (78, False)
    return caught.value.sentence


# Rights


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
def test_only_the_owner_can_read_any_of_the_files(path: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        with opened(path) as ledger, ledger.transaction() as connection, ledger.lock("leads"):
            add("a")(connection)
            files = [found for found in path.parent.rglob("*") if found.is_file()]
            modes = {found.name.removeprefix(path.name): mode_of(found) for found in files}
    finally:
        os.umask(before)

    assert {"", "-wal", "-shm"} < set(modes)
    assert set(modes.values()) == {0o600}


def test_the_folder_belongs_to_the_owner_alone(ledger: Ledger) -> None:
    assert mode_of(ledger.path.parent) == 0o700


def test_the_folder_of_the_locks_belongs_to_the_owner_alone(ledger: Ledger) -> None:
    assert mode_of(ledger.path.with_name("live.sqlite3.locks")) == 0o700


@pytest.mark.parametrize(
    "name", ["what?.sqlite3", "a%20b.sqlite3", "a#b.sqlite3", "a b.sqlite3", "x?mode=ro"]
)
def test_the_file_has_the_name_that_was_asked_for(tmp_path: Path, name: str) -> None:
    with opened(tmp_path / name) as ledger, ledger.transaction() as connection:
        add("a")(connection)

    assert names_in(tmp_path / name) == ["a"]
    assert [found.name for found in tmp_path.iterdir() if found.is_file()] == [name]


def test_a_folder_in_the_place_of_the_ledger_is_refused(tmp_path: Path) -> None:
    assert refused(tmp_path) == (
        f"The ledger {tmp_path} cannot be opened (Is a directory): check the folder's rights "
        "or name another with --ledger."
    )


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ledgers").write_text("")

    assert refused(tmp_path / "ledgers" / "live.sqlite3") == (
        f"The ledger {tmp_path}/ledgers/live.sqlite3 cannot be opened (File exists): check the folder's "
        "rights or name another with --ledger."
    )


# Durability


def test_what_is_committed_survives_a_power_cut(ledger: Ledger) -> None:
    with ledger.transaction() as connection:
        modes = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "secure_delete")
        ]

    assert modes == ["wal", 2, 1, 1]  # synchronous 2 is FULL


def test_a_transaction_that_raises_leaves_nothing(ledger: Ledger, path: Path) -> None:
    with pytest.raises(ZeroDivisionError), ledger.transaction() as connection:
        fails(connection)

    assert names_in(path) == []


def test_after_a_load_a_state_that_does_not_exist_is_refused_again(ledger: Ledger) -> None:
    with ledger.loading() as connection:
        add("a")(connection)

    with pytest.raises(SettingsError, match="CHECK constraint failed"), ledger.transaction() as connection:
        connection.exec_driver_sql(
            "INSERT INTO leads (campaign_id, e164, row, cell, tier, tags, state, suppressed, mended,"
            " attempts) VALUES (1, '+12015550123', 2, 'A2', 'exact', '[]', 'dialled', 0, 0, 0)"
        )


def checks(ledger: Ledger) -> list[object]:
    names = ("foreign_keys", "ignore_check_constraints", "synchronous")
    with ledger.transaction() as connection:
        return [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names]


def test_what_a_load_leaves_out_holds_again_after_it(ledger: Ledger) -> None:
    before = checks(ledger)
    with ledger.loading() as connection:
        add("a")(connection)

    assert (before, checks(ledger)) == ([1, 0, 2], [1, 0, 2])


def test_what_a_load_leaves_out_holds_again_after_one_that_raises(ledger: Ledger) -> None:
    with pytest.raises(ZeroDivisionError), ledger.loading() as connection:
        fails(connection)

    assert checks(ledger) == [1, 0, 2]


def test_a_load_that_raises_leaves_nothing(ledger: Ledger, path: Path) -> None:
    with pytest.raises(ZeroDivisionError), ledger.loading() as connection:
        fails(connection)

    assert names_in(path) == []


@pytest.mark.parametrize(("undoes", "journal"), [(True, "memory"), (False, "off")])
def test_what_is_thrown_away_is_not_wiped_out_first(tmp_path: Path, *, undoes: bool, journal: str) -> None:
    path = tmp_path / "scratch.sqlite3"
    with closing(Ledger(path, scratch=True, undoes=undoes)) as ledger, ledger.transaction() as connection:
        modes = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "secure_delete")
        ]

    assert modes == [journal, 0, 1, 0]


def test_a_reader_cannot_write(ledger: Ledger) -> None:
    with pytest.raises(SettingsError) as caught, ledger.reading() as connection:
        add("a")(connection)

    assert caught.value.sentence == (
        f"The ledger {ledger.path} cannot be used (attempt to write a readonly database): "
        "nothing was sent that is not written down."
    )


def test_a_reader_sees_one_moment_and_keeps_nobody_from_writing(ledger: Ledger) -> None:
    def count(connection: Connection) -> Any:
        return connection.exec_driver_sql("SELECT count(*) FROM campaigns").scalar()

    with ledger.reading() as reader:
        before = count(reader)
        with ledger.transaction() as connection:
            add("a")(connection)

        assert (before, count(reader)) == (0, 0)


def test_a_second_engine_sees_what_the_first_committed(ledger: Ledger, path: Path) -> None:
    with ledger.transaction() as connection:
        add("a")(connection)

    with opened(path) as other, other.reading() as connection:
        assert connection.exec_driver_sql("SELECT name FROM campaigns").scalars().all() == ["a"]


def test_two_engines_write_in_turns(path: Path) -> None:
    failures: list[BaseException] = []

    def write(writer: int) -> None:
        try:
            with opened(path) as ledger:
                for number in range(25):
                    with ledger.transaction() as connection:
                        add(f"{writer}-{number}")(connection)
        except BaseException as error:  # noqa: BLE001 - told by the test
            failures.append(error)

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert len(names_in(path)) == 100


def test_many_that_create_the_same_ledger_at_once_all_get_it(tmp_path: Path) -> None:
    failures: list[BaseException] = []

    def create(path: Path, barrier: threading.Barrier) -> None:
        barrier.wait()
        try:
            Ledger(path).close()
        except BaseException as error:  # noqa: BLE001 - told by the test
            failures.append(error)

    for attempt in range(10):
        barrier = threading.Barrier(4)
        target = tmp_path / str(attempt) / "live.sqlite3"
        threads = [threading.Thread(target=create, args=(target, barrier)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert failures == []


def test_opening_again_changes_nothing(ledger: Ledger, path: Path) -> None:
    with ledger.transaction() as connection:
        add("a")(connection)
    ledger.close()
    before = path.read_bytes()

    Ledger(path).close()

    assert path.read_bytes() == before


# Health


def fill(path: Path) -> None:
    with opened(path) as ledger, ledger.transaction() as connection:
        for number in range(2000):
            add(f"campaign {number}")(connection)


def test_a_healthy_ledger_passes_the_check(path: Path) -> None:
    fill(path)

    with opened(path) as ledger:
        ledger.check_integrity()


@pytest.mark.parametrize(
    ("damage", "cause"),
    [
        (lambda whole: b"\xa5" * 100 + whole[100:], "file is not a database"),
        (lambda _whole: b"call_id,status\n" * 1000, "file is not a database"),
        (lambda whole: b"\x00" * len(whole), "file is not a database"),
        (lambda whole: whole[: len(whole) // 2], "database disk image is malformed"),
    ],
    ids=["header", "another file", "zeros", "cut off"],
)
def test_a_damaged_ledger_is_refused(path: Path, damage: Callable[[bytes], bytes], cause: str) -> None:
    fill(path)
    path.write_bytes(damage(path.read_bytes()))

    assert refused(path) == (
        f"The ledger {path} is damaged ({cause}): put back a backup of it with `dialer ledger restore "
        "BACKUP`; without it dialer cannot know whom it called."
    )


def test_overwritten_pages_are_found_and_told_in_one_line(path: Path) -> None:
    fill(path)
    whole = bytearray(path.read_bytes())
    for start in range(len(whole) // 2, len(whole) - 4096, 512):
        whole[start : start + 200] = b"\xa5" * 200
    path.write_bytes(whole)

    assert re.fullmatch(
        re.escape(f"The ledger {path} is damaged (*** in database main *** ")
        + r"[^\n]+\): put back a backup of"
        r" it with `dialer ledger restore BACKUP`; without it dialer cannot know whom it called\.",
        refused(path),
    )


def test_a_damaged_ledger_is_never_replaced(path: Path) -> None:
    fill(path)
    damaged = b"\xa5" * 100 + path.read_bytes()[100:]
    path.write_bytes(damaged)

    refused(path)

    assert path.read_bytes() == damaged


def test_a_database_of_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "photos.sqlite3"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE photos (name TEXT)")

    assert refused(path) == (f"{path} is a database of something else: name another ledger with --ledger.")


def test_a_ledger_of_a_newer_dialer_is_refused(path: Path) -> None:
    Ledger(path).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()

    assert refused(path) == (
        f"The ledger {path} was written by a newer dialer: upgrade dialer on this machine."
    )


# A busy and a full database


@contextmanager
def held_by_another(path: Path) -> Iterator[None]:
    """Another program is in the middle of writing."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


BUSY = "The ledger {path} cannot be used (database is locked): nothing was sent that is not written down."


def test_a_database_that_stays_busy_is_given_up(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_module, "_BUSY_SECONDS", 0.05)
    with opened(path) as ledger, held_by_another(path), pytest.raises(SettingsError) as caught:
        asyncio.run(InlineWriter(ledger).do(add("a")))

    assert caught.value.sentence == BUSY.format(path=path)


def test_a_database_that_is_busy_for_a_moment_is_waited_for(ledger: Ledger, path: Path) -> None:
    with held_by_another(path):
        with ledger.reading() as connection:
            assert connection.exec_driver_sql("SELECT count(*) FROM campaigns").scalar() == 0
        waiting = threading.Thread(target=lambda: asyncio.run(InlineWriter(ledger).do(add("a"))))
        waiting.start()
        waiting.join(0.1)
        still_waiting = waiting.is_alive()
    waiting.join()

    assert (still_waiting, names_in(path)) == (True, ["a"])


def fill_disk(ledger: Ledger) -> None:
    """No connection may make the file longer from now on."""
    ledger._writing.dispose()  # the next one is a new one

    @event.listens_for(ledger._writing, "connect")
    def _no_more_pages(connection: Any, _record: object) -> None:
        connection.execute("PRAGMA max_page_count = 1")


def test_a_full_disk_is_told_with_the_space_that_is_left(ledger: Ledger) -> None:
    fill_disk(ledger)

    with pytest.raises(SettingsError) as caught, ledger.transaction() as connection:
        add("a" * 100_000)(connection)

    assert caught.value.code == "disk_full"
    assert re.fullmatch(
        rf"The disk of the ledger {re.escape(str(ledger.path))} is full \(\d+ MB free\): make room, then run"
        r" again\.",
        caught.value.sentence,
    )


def test_a_full_disk_harms_nothing_that_was_written(ledger: Ledger, path: Path) -> None:
    with ledger.transaction() as connection:
        add("a")(connection)
    fill_disk(ledger)
    with pytest.raises(SettingsError), ledger.transaction() as connection:
        add("b" * 100_000)(connection)

    ledger.check_integrity()
    assert names_in(path) == ["a"]


# The lock of a campaign


def test_a_second_run_is_told_who_holds_the_campaign(ledger: Ledger, path: Path) -> None:
    with opened(path) as other, ledger.lock("leads"), pytest.raises(TryLater) as caught, other.lock("leads"):
        pass

    assert caught.value.exit_code == 75
    assert caught.value.sentence == (
        f"Campaign 'leads' is being run by process {os.getpid()} on {socket.gethostname()}: "
        "wait until it is done, or stop that one first."
    )


@pytest.mark.parametrize("name", ["leads", "", "../../etc/passwd", "a\0b", "x" * 5000, "ліди"])
def test_a_campaign_of_any_name_can_be_held(ledger: Ledger, name: str) -> None:
    with ledger.lock(name), pytest.raises(TryLater), ledger.lock(name):
        pass


def test_two_campaigns_run_side_by_side(ledger: Ledger) -> None:
    with ledger.lock("spring"), ledger.lock("autumn"):
        pass


def test_the_lock_is_free_after_the_run(ledger: Ledger) -> None:
    with ledger.lock("leads"):
        pass
    with ledger.lock("leads"):
        pass


def test_nobody_is_named_as_holder_after_the_run(ledger: Ledger) -> None:
    with ledger.lock("leads"):
        pass

    assert list(ledger.path.parent.rglob("*.json")) == []


def test_the_lock_is_free_after_a_run_that_raised(ledger: Ledger) -> None:
    with pytest.raises(ZeroDivisionError), ledger.lock("leads"):
        raise ZeroDivisionError

    with ledger.lock("leads"):
        pass


HOLDER = """
import sys
from pathlib import Path
from dialer.ledger import Ledger
with Ledger(Path(sys.argv[1])).lock("leads"):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the campaign."""
    command = [sys.executable, "-c", HOLDER, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_the_process_that_holds_the_campaign_is_named(holder: subprocess.Popen[str], ledger: Ledger) -> None:
    with pytest.raises(TryLater) as caught, ledger.lock("leads"):
        pass

    assert f" is being run by process {holder.pid} on {socket.gethostname()}: " in caught.value.sentence


def test_a_killed_holder_frees_the_campaign(holder: subprocess.Popen[str], ledger: Ledger) -> None:
    holder.send_signal(signal.SIGKILL)
    holder.wait()

    with ledger.lock("leads"), pytest.raises(TryLater) as caught, ledger.lock("leads"):
        pass
    assert f"process {os.getpid()} " in caught.value.sentence


# Copies


def test_a_copy_holds_all_that_is_committed(ledger: Ledger, tmp_path: Path) -> None:
    with ledger.transaction() as connection:
        add("a")(connection)
        with ledger.reading():
            copy_ledger(ledger.path, tmp_path / "before.sqlite3")
    copy_ledger(ledger.path, tmp_path / "after.sqlite3")

    assert (names_in(tmp_path / "before.sqlite3"), names_in(tmp_path / "after.sqlite3")) == ([], ["a"])


def test_there_is_nothing_to_copy_where_there_is_no_ledger(tmp_path: Path) -> None:
    copy_ledger(tmp_path / "gone.sqlite3", tmp_path / "copy.sqlite3")

    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_copied_is_told(tmp_path: Path) -> None:
    (tmp_path / "odd?.sqlite3").write_bytes(b"call_id,status\n" * 1000)

    with pytest.raises(SettingsError) as caught:
        copy_ledger(tmp_path / "odd?.sqlite3", tmp_path / "copy.sqlite3")

    assert caught.value.sentence == (
        f"The ledger {tmp_path}/odd?.sqlite3 cannot be read (file is not a database): check its rights, "
        "or name another with --ledger."
    )


# Times

moments = st.datetimes(
    datetime(2, 1, 1),  # noqa: DTZ001 - the strategy adds the zone
    datetime(9998, 12, 31),  # noqa: DTZ001 - the same
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=-7))]),
)


@settings(deadline=None)
@given(moments)
def test_a_time_is_read_as_it_was_written(moment: datetime) -> None:
    assert time_of(time_text(moment)) == moment


@settings(deadline=None)
@given(moments, moments)
def test_times_as_texts_compare_as_times_do(one: datetime, other: datetime) -> None:
    assert (time_text(one) < time_text(other)) == (one < other)


# The writer


def with_writer(ledger: Ledger, story: Callable[[GroupWriter], Awaitable[Any]]) -> Any:
    """Run a story with a group writer, to its end."""

    async def whole() -> Any:
        async with group_writer(ledger) as writer:
            return await story(writer)

    return asyncio.run(whole())


def commits_of(ledger: Ledger) -> list[None]:
    """Grows with every commit."""
    commits: list[None] = []
    event.listen(ledger._writing, "commit", lambda _connection: commits.append(None))
    return commits


async def add_all(writer: Writer, count: int) -> list[str]:
    return list(await asyncio.gather(*(writer.do(add(str(number))) for number in range(count))))


def test_every_operation_gets_its_own_result(ledger: Ledger) -> None:
    assert with_writer(ledger, lambda writer: add_all(writer, 300)) == [str(number) for number in range(300)]


def test_operations_are_performed_in_the_order_they_came(ledger: Ledger, path: Path) -> None:
    with_writer(ledger, lambda writer: add_all(writer, 300))

    assert names_in(path) == [str(number) for number in range(300)]


def test_many_operations_share_few_commits(ledger: Ledger) -> None:
    commits = commits_of(ledger)

    with_writer(ledger, lambda writer: add_all(writer, 300))

    assert 1 <= len(commits) < 100


def test_those_who_were_woken_together_share_one_commit(ledger: Ledger) -> None:
    commits = commits_of(ledger)

    with_writer(ledger, lambda writer: add_all(writer, 40))

    assert len(commits) == 1


def test_what_was_done_is_on_disk(ledger: Ledger, path: Path) -> None:
    async def story(writer: Writer) -> list[str]:
        await writer.do(add("a"))
        return names_in(path)

    assert with_writer(ledger, story) == ["a"]


def test_one_that_fails_does_not_harm_the_others(ledger: Ledger, path: Path) -> None:
    async def story(writer: Writer) -> list[Any]:
        operations: list[Callable[[Connection], Any]] = [add("a"), fails, add("b"), add("a"), add("c")]
        return await asyncio.gather(*map(writer.do, operations), return_exceptions=True)

    results = with_writer(ledger, story)

    assert [type(result) for result in results] == [str, ZeroDivisionError, str, SettingsError, str]
    assert names_in(path) == ["a", "b", "c"]


def test_a_failure_is_raised_where_it_was_asked_for(ledger: Ledger) -> None:
    with pytest.raises(ZeroDivisionError, match="a fault inside"):
        with_writer(ledger, lambda writer: writer.do(fails))


def test_the_writer_goes_on_after_a_failure(ledger: Ledger, path: Path) -> None:
    async def story(writer: Writer) -> None:
        with pytest.raises(ZeroDivisionError):
            await writer.do(fails)
        await writer.do(add("a"))

    with_writer(ledger, story)

    assert names_in(path) == ["a"]


def test_leaving_waits_until_all_is_committed(ledger: Ledger, path: Path) -> None:
    release = threading.Event()

    async def story() -> GroupWriter:
        async with group_writer(ledger) as writer:
            tasks = [
                asyncio.create_task(writer.do(release_awaited)),
                asyncio.create_task(writer.do(add("a"))),
            ]
            await asyncio.wait(tasks, timeout=0)
            asyncio.get_running_loop().call_later(0.05, release.set)
        return writer

    def release_awaited(_connection: Connection) -> bool:
        return release.wait(10)

    assert not asyncio.run(story())._thread.is_alive()
    assert names_in(path) == ["a"]


def test_one_who_no_longer_waits_does_not_harm_the_others_of_its_group(ledger: Ledger) -> None:
    release = threading.Event()

    async def story(writer: Writer) -> str:
        first = asyncio.create_task(writer.do(lambda _connection: release.wait(10)))
        gone = asyncio.create_task(writer.do(add("gone")))
        other = asyncio.create_task(writer.do(add("a")))
        await asyncio.wait([first, gone, other], timeout=0)
        gone.cancel()
        await asyncio.wait([gone])
        release.set()
        return await asyncio.wait_for(other, 10)

    assert with_writer(ledger, story) == "a"


def test_a_busy_database_is_waited_for_once_by_all(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_module, "_BUSY_SECONDS", 0.2)

    async def story(writer: Writer) -> list[Any]:
        operations = [writer.do(add(str(number))) for number in range(30)]
        return await asyncio.gather(*operations, return_exceptions=True)

    with opened(path) as ledger, held_by_another(path):
        begun = time.monotonic()
        results = with_writer(ledger, story)
        took = time.monotonic() - begun

    assert {str(result) for result in results} == {BUSY.format(path=path)}
    assert took < 2  # thirty waits would be six seconds


def test_inline_one_operation_is_one_commit(ledger: Ledger, path: Path) -> None:
    commits = commits_of(ledger)

    asyncio.run(add_all(InlineWriter(ledger), 5))

    assert (len(commits), names_in(path)) == (5, ["0", "1", "2", "3", "4"])


def test_an_emptied_ledger_is_not_taken_for_a_new_one(tmp_path: Path) -> None:
    path = tmp_path / "emptied.sqlite3"
    path.touch()

    with pytest.raises(SettingsError) as refused:
        Ledger(path)

    assert str(refused.value) == (
        f"The ledger {path} is empty: put back a backup if it knew of calls, or else begin anew with "
        f"`dialer ledger new --ledger {path}`."
    )


def test_a_ledger_named_by_a_link_has_the_same_locks(tmp_path: Path) -> None:
    (tmp_path / "link.sqlite3").symlink_to(tmp_path / "ledger.sqlite3")
    first, second = Ledger(tmp_path / "ledger.sqlite3"), Ledger(tmp_path / "link.sqlite3")
    try:
        with first.lock("leads"), pytest.raises(TryLater), second.lock("leads"):
            pass
    finally:
        first.close()
        second.close()
