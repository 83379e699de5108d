"""Whom the ledger never calls: at load, before each call, and beyond a campaign."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from dialer import account, loads, suppressions
from dialer.campaign import Reading, Selection
from dialer.do_not_call import FORGOTTEN, Entry, Kind, keyed_hash, plain_hash
from dialer.facts import hash_key
from dialer.leads import RowReading, Verdict
from dialer.ledger import Connection, Ledger
from dialer.loader import Loaded, load
from dialer.pool import Pool
from dialer.results import RowResult
from dialer.snapshot import taken
from tests.builders import World, lead, number, policy, reading

NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)
FIRST, HELD, LAST = number(3), number(14), number(25)
ANN, BOB, CY = "+12015550123", "+12015550124", "+442079460123"
LEADS = f"phone,first_name,DNC\n{ANN},Ann,\n{BOB},Bob,\n{CY},Cy,\n"
FORGOTTEN_SENTENCE = "This person asked to be forgotten: nothing about them is kept, and they are not called."


def forgotten(connection: Connection, e164: str) -> Entry:
    """The mark that stands for somebody who was forgotten."""
    return Entry(Kind.HASH, keyed_hash(e164, hash_key(connection)))


def listed(connection: Connection, *entries: Entry, reason: str | None = "asked by mail") -> int:
    return suppressions.add(connection, entries, reason=reason, now=NOW)


ENTRIES: dict[str, Callable[[Connection], Entry]] = {
    "the number": lambda _connection: Entry(Kind.NUMBER, HELD),
    "its first digits": lambda _connection: Entry(Kind.PREFIX, HELD[:-1]),
    "all its digits": lambda _connection: Entry(Kind.PREFIX, HELD),
    "its plain hash": lambda _connection: Entry(Kind.HASH, plain_hash(HELD)),
    "its keyed hash": lambda connection: forgotten(connection, HELD),
}
OTHERS: dict[str, Entry] = {
    "a longer number": Entry(Kind.NUMBER, HELD + "0"),
    "the number as a hash": Entry(Kind.HASH, HELD),
    "the first digits as a number": Entry(Kind.NUMBER, HELD[:-1]),
    "other first digits": Entry(Kind.PREFIX, "+49"),
    "a hash with another key": Entry(Kind.HASH, keyed_hash(HELD, bytes(32))),
}


# Before each call


@pytest.fixture
def few(make_world: Callable[..., World]) -> World:
    """Rows 3, 14 and 25."""
    return make_world(leads=[lead(3), lead(14), lead(25)])


def put(world: World, *entries: Entry, reason: str | None = "asked by mail") -> None:
    with world.ledger.transaction() as connection:
        listed(connection, *entries, reason=reason)


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=ENTRIES)
def test_whoever_is_on_the_list_is_not_called(few: World, entry: Callable[[Connection], Entry]) -> None:
    with few.ledger.transaction() as connection:
        listed(connection, entry(connection))

    few.run()

    assert [number for _, number in few.api.received] == [FIRST, LAST]


@pytest.mark.parametrize("entry", OTHERS.values(), ids=OTHERS)
def test_an_entry_about_others_keeps_nobody_from_being_called(few: World, entry: Entry) -> None:
    put(few, entry)

    few.run()

    assert few.statuses() == {3: "queued", 14: "queued", 25: "queued"}


def test_an_entry_that_comes_while_a_run_lasts_holds_for_its_next_call(few: World) -> None:
    async def ask_not_to_be_called(_pool: Pool) -> None:
        put(few, Entry(Kind.NUMBER, LAST))

    few.run(policy(concurrency=1), meanwhile=ask_not_to_be_called)

    assert few.statuses() == {3: "queued", 14: "queued", 25: "suppressed"}


def result(world: World, row: int) -> RowResult:
    return next(found for found in world.results() if found.row == row)


def test_the_row_of_one_who_was_held_back_says_why_and_how_to_undo_it(few: World) -> None:
    put(few, Entry(Kind.NUMBER, HELD))
    few.run()

    assert result(few, 14).reason == (
        "This number is on the do-not-call list of this ledger (asked by mail), so this person is not "
        f"called: `dialer suppress remove {HELD}` takes it off."
    )


def test_the_row_names_the_first_digits_that_cover_it(few: World) -> None:
    put(few, Entry(Kind.PREFIX, "+1201555011"), reason=None)
    few.run()

    assert result(few, 14).reason == (
        "This number is on the do-not-call list of this ledger, so this person is not called: "
        "`dialer suppress remove +1201555011*` takes it off."
    )


def test_one_who_was_called_keeps_the_status_of_the_call(few: World) -> None:
    few.run()
    put(few, *(Entry(Kind.NUMBER, number(row)) for row in (3, 14, 25)))
    few.run()

    assert few.statuses() == {3: "queued", 14: "queued", 25: "queued"}


def test_one_who_failed_is_not_retried(few: World) -> None:
    few.api.scripts[HELD] = ["422"]
    few.run()
    put(few, Entry(Kind.NUMBER, HELD))
    few.run(policy(only=(Selection.FAILED,)))

    assert (few.statuses()[14], len(few.api.received)) == ("suppressed", 3)


def test_no_attempt_is_written_down_for_one_who_is_held_back(few: World) -> None:
    put(few, Entry(Kind.NUMBER, HELD))
    few.run()

    with closing(sqlite3.connect(few.ledger.path)) as connection:
        found = connection.execute("SELECT e164 FROM attempts ORDER BY e164").fetchall()

    assert found == [(FIRST,), (LAST,)]


# At load


class Desk:
    """A ledger with one campaign and a sheet."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ledger = Ledger(folder / "ledger.sqlite3", clock=lambda: NOW)
        self.put_down(LEADS)
        with self.ledger.transaction() as connection:
            self.campaign = loads.ensure_campaign(connection, "leads", now=NOW)

    def put_down(self, text: str) -> None:
        (self.folder / "leads.csv").write_text(text)

    def load(self, **how: Any) -> Loaded:
        with taken(str(self.folder / "leads.csv")) as snapshot:
            return load(self.ledger, self.campaign, snapshot, Reading(region="US"), **how)

    def list(self, *entries: Entry, reason: str | None = "asked by mail") -> int:
        with self.ledger.transaction() as connection:
            return listed(connection, *entries, reason=reason)

    def forget(self, e164: str) -> None:
        with self.ledger.transaction() as connection:
            listed(connection, forgotten(connection, e164), reason=FORGOTTEN)

    def take_off(self, entry: Entry) -> int:
        with self.ledger.transaction() as connection:
            return suppressions.remove(connection, entry)

    def entries(self) -> list[Entry]:
        with self.ledger.reading() as connection:
            return [found.entry for found in suppressions.all_suppressions(connection)]

    def verdicts(self, loaded: Loaded) -> list[str]:
        with self.ledger.reading() as connection:
            records = account.row_records(
                connection,
                campaign_id=self.campaign.campaign_id,
                load_id=loaded.load_id,
                recall_since=NOW,
            )
            return [record.verdict.value for record in records]

    def everything(self) -> str:
        """The bytes of the ledger, whatever is in them."""
        self.ledger.empty_log()
        return self.ledger.path.read_bytes().decode("latin-1")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.ledger.close()


def test_a_row_is_suppressed_when_its_sheet_is_loaded(desk: Desk) -> None:
    desk.list(Entry(Kind.NUMBER, BOB), Entry(Kind.PREFIX, "+44"))

    assert desk.verdicts(desk.load()) == ["callable", "suppressed", "suppressed"]


def test_the_same_sheet_is_read_again_once_the_list_has_grown(desk: Desk) -> None:
    first = desk.load()
    desk.list(Entry(Kind.NUMBER, ANN))

    again = desk.load()

    assert (again.unchanged, again.load_id > first.load_id, desk.verdicts(again)) == (
        False,
        True,
        ["suppressed", "callable", "callable"],
    )


def test_the_same_sheet_with_the_same_list_is_recognised(desk: Desk) -> None:
    desk.list(Entry(Kind.NUMBER, ANN))
    desk.load()

    assert desk.load().unchanged


def test_one_who_was_taken_off_the_list_can_be_called(desk: Desk) -> None:
    desk.list(Entry(Kind.NUMBER, ANN))
    desk.load()
    desk.take_off(Entry(Kind.NUMBER, ANN))

    assert desk.verdicts(desk.load()) == ["callable", "callable", "callable"]


def test_an_entry_that_took_anothers_place_is_noticed(desk: Desk) -> None:
    desk.list(Entry(Kind.NUMBER, ANN))
    desk.load()
    desk.take_off(Entry(Kind.NUMBER, ANN))
    desk.list(Entry(Kind.NUMBER, BOB))

    assert desk.verdicts(desk.load()) == ["callable", "suppressed", "callable"]


def test_a_row_that_refuses_and_is_on_the_list_says_both(desk: Desk) -> None:
    desk.put_down(f"phone,first_name,DNC\n{ANN},Ann,yes\n")
    desk.list(Entry(Kind.NUMBER, ANN))
    loaded = desk.load()

    with desk.ledger.reading() as connection:
        records = account.row_records(
            connection, campaign_id=desk.campaign.campaign_id, load_id=loaded.load_id, recall_since=NOW
        )
        codes = [problem.code for record in records for problem in record.problems]

    assert codes == ["do_not_call", "suppressed"]


def test_of_one_who_was_forgotten_nothing_is_stored_but_the_row(desk: Desk) -> None:
    desk.forget(ANN)
    desk.put_down(LEADS.replace("Ann", "Annabella").replace("Bob", "Robert"))

    assert desk.verdicts(desk.load()) == ["suppressed", "callable", "callable"]
    kept = desk.everything()
    assert (ANN in kept, "Annabella" in kept, BOB in kept, "Robert" in kept) == (False, False, True, True)


def test_the_row_of_one_who_was_forgotten_says_so(desk: Desk) -> None:
    desk.forget(ANN)
    loaded = desk.load()

    with desk.ledger.reading() as connection:
        first = next(
            account.row_results(
                connection,
                campaign_id=desk.campaign.campaign_id,
                load_id=loaded.load_id,
                recall_after=NOW - NOW,
                now=NOW,
            )
        )

    assert (first.status, first.cell, first.value, first.reason) == (
        "suppressed",
        "A2",
        "",
        FORGOTTEN_SENTENCE,
    )


def test_two_rows_of_one_who_was_forgotten_are_no_duplicates(desk: Desk) -> None:
    desk.forget(ANN)
    desk.put_down(f"phone,first_name,DNC\n{ANN},Ann,\n{ANN},Ann again,\n")

    assert desk.verdicts(desk.load()) == ["suppressed", "suppressed"]


def test_no_sample_of_a_sheet_is_kept(desk: Desk) -> None:
    loaded = desk.load()
    with closing(sqlite3.connect(desk.ledger.path)) as connection:
        (understood,) = connection.execute("SELECT understood FROM loads").fetchone()

    assert (loaded.understood.samples["first_name"], "Ann" in understood) == ("Ann", False)


# The list itself


def test_an_entry_is_put_on_the_list_once(desk: Desk) -> None:
    assert [desk.list(Entry(Kind.NUMBER, ANN)) for _ in range(2)] == [1, 0]


def test_the_first_reason_counts(desk: Desk) -> None:
    desk.list(Entry(Kind.NUMBER, ANN), reason="first")
    desk.list(Entry(Kind.NUMBER, ANN), reason="second")

    with desk.ledger.reading() as connection:
        found = suppressions.suppression_of(connection, ANN)

    assert found is not None
    assert (found.reason, found.added_at) == ("first", "2026-03-02T15:00:00.000000Z")


def test_the_number_of_one_who_was_forgotten_is_not_written_down_again(desk: Desk) -> None:
    desk.forget(ANN)

    assert (desk.list(Entry(Kind.NUMBER, ANN)), ANN in desk.everything()) == (0, False)


def test_taking_a_number_off_takes_its_hashes_off(desk: Desk) -> None:
    desk.forget(ANN)
    desk.list(Entry(Kind.HASH, plain_hash(ANN)))

    assert (desk.take_off(Entry(Kind.NUMBER, ANN)), desk.entries()) == (2, [])


def test_taking_off_what_is_not_there_changes_nothing(desk: Desk) -> None:
    desk.load()
    desk.take_off(Entry(Kind.NUMBER, ANN))

    assert desk.load().unchanged


def test_of_ten_thousand_those_on_a_long_list_are_found(desk: Desk) -> None:
    numbers = [f"+1201{index:07d}" for index in range(10_000)]
    desk.list(*(Entry(Kind.NUMBER, e164) for e164 in numbers[::1000]), Entry(Kind.PREFIX, "+12010009"))

    with desk.ledger.reading() as connection:
        found = suppressions.suppressed_among(connection, numbers)

    assert sorted(found) == sorted({*numbers[::1000], *(n for n in numbers if n.startswith("+12010009"))})


# Opt-outs that last


OPTED_OUT = f"phone,first_name,DNC,Consent\n{ANN},Ann,yes,\n{BOB},Bob,perhaps,\n{CY},Cy,,no\n"


def test_whoever_opted_out_is_on_the_list_if_asked(desk: Desk) -> None:
    desk.put_down(OPTED_OUT)

    assert (desk.load(remember_opt_outs=True).remembered, desk.entries()) == (1, [Entry(Kind.NUMBER, ANN)])


def test_an_opt_out_is_a_matter_of_its_sheet_unless_asked(desk: Desk) -> None:
    desk.put_down(OPTED_OUT)

    assert (desk.load().remembered, desk.entries()) == (0, [])


def test_opt_outs_are_remembered_of_a_sheet_that_was_loaded_before(desk: Desk) -> None:
    desk.put_down(OPTED_OUT)
    desk.load()
    again = desk.load(remember_opt_outs=True)

    assert (again.unchanged, again.remembered, desk.entries()) == (True, 1, [Entry(Kind.NUMBER, ANN)])


def test_an_opt_out_outlasts_the_column(desk: Desk) -> None:
    desk.put_down(OPTED_OUT)
    desk.load(remember_opt_outs=True)
    desk.put_down(LEADS)

    assert desk.verdicts(desk.load()) == ["suppressed", "callable", "callable"]


def test_a_remembered_opt_out_names_its_sheet(desk: Desk) -> None:
    desk.put_down(OPTED_OUT)
    desk.load(remember_opt_outs=True)

    with desk.ledger.reading() as connection:
        found = suppressions.suppression_of(connection, ANN)

    assert found is not None
    assert found.reason == "opted out in leads.csv"


# Another list under the same name


def test_a_sheet_of_other_people_is_noticed(desk: Desk) -> None:
    desk.load()
    desk.put_down(
        f"phone,first_name\n{ANN},Ann\n" + "".join(f"{number(row)},P{row}\n" for row in range(2, 6))
    )

    assert desk.load().in_common == 1


@pytest.mark.parametrize(
    "rows",
    [
        [ANN, BOB, CY, *map(number, range(2, 40))],  # it grew
        [ANN],  # a part of it
        [CY, BOB, ANN],  # sorted
        [ANN, BOB, number(7)],  # a few others
    ],
    ids=["grown", "a part", "sorted", "a few others"],
)
def test_the_same_list_is_not_taken_for_another(desk: Desk, rows: list[str]) -> None:
    desk.load()
    desk.put_down("phone,first_name\n" + "".join(f"{e164},Somebody\n" for e164 in rows))

    assert desk.load().in_common is None


def test_a_suppressed_reading_keeps_its_number_known(few: World) -> None:
    """So that another row with the same number is not called either."""
    put(few, Entry(Kind.NUMBER, HELD))
    with few.ledger.reading() as connection:
        (found,) = suppressions.applied(connection, [reading(lead(14))])

    assert (found.verdict, found.lead and found.lead.phone) == (Verdict.SUPPRESSED, HELD)


def test_a_reading_without_a_number_stays_as_it_is(few: World) -> None:
    put(few, Entry(Kind.PREFIX, "+1"))
    invalid = RowReading(row=9, verdict=Verdict.INVALID)
    with few.ledger.reading() as connection:
        assert suppressions.applied(connection, [invalid]) == [invalid]
