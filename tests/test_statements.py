"""Statements that go to the driver as they stand: what comes of them, and what comes of their faults."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from dialer.errors import SettingsError
from dialer.ledger import Ledger
from dialer.statements import Ran, run, run_all

INSERT = text(
    "INSERT INTO campaigns (name, kind, created_at) VALUES (:name, :kind, :name) RETURNING campaign_id"
)
SELECT = text("SELECT name, kind FROM campaigns WHERE kind = :kind ORDER BY name")
RENAME = text("UPDATE campaigns SET name = name || :more WHERE kind = :kind")
ADD = text("INSERT INTO campaigns (name, kind, created_at) VALUES (:name, :kind, 'now')")


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = Ledger(tmp_path / "ledger.sqlite3")
    yield opened
    opened.close()


def test_a_statement_gives_the_rows_that_it_returns(ledger: Ledger) -> None:
    with ledger.transaction() as connection:
        assert run(connection, INSERT, {"name": "a", "kind": "sheet"}).rows == ((1,),)


def test_a_name_that_stands_twice_in_a_statement_is_bound_twice(ledger: Ledger) -> None:
    with ledger.transaction() as connection:
        run(connection, INSERT, {"name": "a", "kind": "sheet"})

        assert connection.exec_driver_sql("SELECT created_at FROM campaigns").scalar() == "a"


def test_a_statement_tells_how_many_rows_it_changed(ledger: Ledger) -> None:
    with ledger.transaction() as connection:
        run_all(connection, ADD, [("a", "sheet"), ("b", "sheet"), ("c", "call")])

        assert run(connection, RENAME, {"kind": "sheet", "more": "!"}) == Ran(2)


def test_many_rows_are_written_in_the_order_of_the_parameters(ledger: Ledger) -> None:
    with ledger.transaction() as connection:
        run_all(connection, ADD, [("b", "sheet"), ("a", "sheet")])

        assert run(connection, SELECT, {"kind": "sheet"}).rows == (("a", "sheet"), ("b", "sheet"))


def test_no_rows_are_no_statement(ledger: Ledger) -> None:
    with ledger.transaction() as connection:
        run_all(connection, ADD, [])

        assert run(connection, SELECT, {"kind": "sheet"}).rows == ()


def test_what_was_run_is_rolled_back_with_its_transaction(ledger: Ledger) -> None:
    def fail() -> None:
        with ledger.transaction() as connection:
            run(connection, INSERT, {"name": "a", "kind": "sheet"})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    with ledger.reading() as connection:
        assert run(connection, SELECT, {"kind": "sheet"}).rows == ()


def test_a_fault_of_the_database_is_told_in_one_sentence(ledger: Ledger) -> None:
    def insert() -> None:
        with ledger.transaction() as connection:
            run(connection, INSERT, {"name": "a", "kind": "sheet"})

    insert()

    with pytest.raises(SettingsError) as caught:
        insert()
    assert caught.value.sentence == (
        f"The ledger {ledger.path} cannot be used (UNIQUE constraint failed: campaigns.name): "
        "nothing was sent that is not written down."
    )
