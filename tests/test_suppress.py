"""`dialer suppress`: files of every kind on the list, numbers on it and off it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from pathlib import Path

import openpyxl
import pytest

from dialer import suppress
from dialer.do_not_call import Entry, Kind, key_mark, keyed_hash, plain_hash
from dialer.errors import DialerError, SheetError
from dialer.facts import hash_key
from dialer.ledger import Ledger, time_of
from dialer.settings import Place
from dialer.suppress import Listed, Unread
from dialer.suppressions import all_suppressions

ANN, BOB, CY = "+12015550123", "+12015550124", "+442079460123"
NO_COUNTRY = (
    "The number has no country code: write it as +1 201 555 0123, fill a country column, or add --region US."
)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(ledger=str(tmp_path / "ledger.sqlite3"))


def imported(place: Place, text: str | bytes, *, name: str = "list.csv", **how: str | None) -> Listed:
    assert place.ledger is not None
    path = Path(place.ledger).with_name(name)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return suppress.import_list(place, str(path), **{"reason": None, "region": None, **how})


def entries(place: Place) -> list[Entry]:
    return [found.entry for found in _all(place)]


def reasons(place: Place) -> list[str | None]:
    return [found.reason for found in _all(place)]


def _all(place: Place) -> list[suppress.suppressions.Suppression]:
    assert place.ledger is not None
    ledger = Ledger(Path(place.ledger))
    try:
        with ledger.reading() as connection:
            return list(all_suppressions(connection))
    finally:
        ledger.close()


def numbers(*several: str) -> list[Entry]:
    return [Entry(Kind.NUMBER, e164) for e164 in several]


def refused(deed: Callable[[], object]) -> tuple[int, str, str]:
    with pytest.raises(DialerError) as caught:
        deed()
    return caught.value.exit_code, caught.value.code, caught.value.sentence


# Files


FILES: dict[str, tuple[str, list[Entry]]] = {
    "a number to a line": (f"{ANN}\n{BOB}\n", numbers(ANN, BOB)),
    "one number": (f"{ANN}\n", numbers(ANN)),
    "a sheet with a phone column": (f"Name,Mobile Phone\nAnn,{ANN}\nBob,{BOB}\n", numbers(ANN, BOB)),
    "every phone column of a sheet": (f"Mobile Phone,Home Phone\n{ANN},{BOB}\n", numbers(ANN, BOB)),
    "a country column": ("Phone,Country\n020 7946 0123,UK\n", numbers(CY)),
    "semicolons": (f"Name;Phone\nAnn;{ANN}\n", numbers(ANN)),
    "remarks and blank lines": (f"# who wrote to us\n\n{ANN}\n", numbers(ANN)),
    "first digits": ("+1900*\n+44 9*\n", [Entry(Kind.PREFIX, "+1900"), Entry(Kind.PREFIX, "+449")]),
    "hashes": (f"{sha256(ANN.encode()).hexdigest()}\n", [Entry(Kind.HASH, plain_hash(ANN))]),
    "a mixture": (f"{ANN}\n+1900*\nsha256:{sha256(BOB.encode()).hexdigest()}\n", [
        *numbers(ANN), Entry(Kind.PREFIX, "+1900"), Entry(Kind.HASH, plain_hash(BOB)),
    ]),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), FILES.values(), ids=FILES)
def test_a_file_is_put_on_the_list(place: Place, text: str, expected: list[Entry]) -> None:
    listed = imported(place, text)

    assert (entries(place), listed.added, listed.unread) == (expected, len(expected), [])


def test_a_workbook_is_put_on_the_list(place: Place, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.worksheets[0].append(["Name", "Phone"])
    book.worksheets[0].append(["Ann", ANN])
    book.save(tmp_path / "list.xlsx")

    suppress.import_list(place, str(tmp_path / "list.xlsx"), reason=None, region=None)

    assert entries(place) == numbers(ANN)


def test_national_numbers_are_read_with_the_region(place: Place) -> None:
    imported(place, "phone\n(201) 555-0123\n", region="US")

    assert entries(place) == numbers(ANN)


def test_what_cannot_be_read_is_told_with_its_cell_and_the_rest_counts(place: Place) -> None:
    listed = imported(place, f"name,phone\nAnn,{ANN}\nBob,201 555 0124\n")

    assert (listed.unread, entries(place)) == ([Unread("B3", NO_COUNTRY)], numbers(ANN))


def test_what_is_known_is_counted_apart(place: Place) -> None:
    imported(place, f"{ANN}\n")
    listed = imported(place, f"{ANN}\n{BOB}\n{BOB}\n")

    assert (listed.added, listed.known) == (1, 2)


def test_an_imported_entry_names_its_file(place: Place) -> None:
    imported(place, f"{ANN}\n", name="national.csv")

    assert reasons(place) == ["imported from national.csv"]


def test_a_reason_of_ones_own_is_kept(place: Place) -> None:
    imported(place, f"{ANN}\n", reason="national register")

    assert reasons(place) == ["national register"]


def test_a_file_that_is_not_there_is_told(place: Place) -> None:
    with pytest.raises(SheetError) as caught:
        suppress.import_list(place, "/nowhere.csv", reason=None, region=None)

    assert caught.value.exit_code == 66


def test_more_than_a_batch_is_put_on_the_list(place: Place) -> None:
    many = [f"+1201{index:07d}*" for index in range(2500)]

    assert imported(place, "\n".join(many)).added == 2500


def test_what_is_printed_can_be_imported_elsewhere(place: Place, tmp_path: Path) -> None:
    imported(place, f"{ANN}\n+1900*\n{sha256(BOB.encode()).hexdigest()}\n", reason='said "no", twice')
    other = Place(ledger=str(tmp_path / "other.sqlite3"))
    imported(other, "\n".join(suppress.write_list(place)))

    assert (entries(other), reasons(other)) == (entries(place), reasons(place))


def test_a_keyed_hash_is_of_no_use_to_another_ledger(place: Place, tmp_path: Path) -> None:
    suppress.add(place, [ANN], reason=None, region=None)
    ledger = Ledger(tmp_path / "ledger.sqlite3")
    with ledger.reading() as connection:
        key = hash_key(connection)
    ledger.close()
    other = Place(ledger=str(tmp_path / "other.sqlite3"))

    listed = imported(other, f"hmac-{key_mark(key)}:{keyed_hash(BOB, key)}\n")

    assert [each.message for each in listed.unread] == [
        "This hash was made with the key of another ledger: only that one can tell whose it is."
    ]


def test_a_reason_cannot_be_a_formula_where_the_list_is_opened(place: Place) -> None:
    suppress.add(place, [ANN], reason="=cmd|'/c calc'!A0", region=None)

    assert list(suppress.write_list(place))[1].startswith(f"{ANN},'=cmd|'/c calc'!A0,")


# One by one


def test_a_number_is_put_on_the_list(place: Place) -> None:
    suppress.add(place, ["+1 (201) 555-0123", "+1900*"], reason=None, region=None)

    assert entries(place) == [*numbers(ANN), Entry(Kind.PREFIX, "+1900")]


def test_of_several_none_is_listed_if_one_cannot_be_read(place: Place) -> None:
    outcome = refused(lambda: suppress.add(place, [ANN, "nobody"], reason=None, region=None))

    assert (outcome[:2], entries(place)) == ((2, "no_entry"), [])


def test_a_number_is_taken_off_the_list(place: Place) -> None:
    suppress.add(place, [ANN, BOB], reason=None, region=None)
    suppress.remove(place, ["1 201 555 0123"], region="US")

    assert entries(place) == numbers(BOB)


def test_first_digits_are_taken_off_the_list(place: Place) -> None:
    suppress.add(place, ["+1*", "+1900*"], reason=None, region=None)
    suppress.remove(place, ["+1900*"], region=None)

    assert entries(place) == [Entry(Kind.PREFIX, "+1")]


def test_what_is_not_on_the_list_cannot_be_taken_off(place: Place) -> None:
    assert refused(lambda: suppress.remove(place, [ANN], region=None)) == (
        2,
        "not_suppressed",
        f"{ANN} is not on the do-not-call list of {place.ledger}.",
    )


def test_a_number_that_first_digits_cover_stays_where_it_is(place: Place) -> None:
    suppress.add(place, [ANN, "+1201*"], reason=None, region=None)

    assert refused(lambda: suppress.remove(place, [ANN], region=None)) == (
        2,
        "still_suppressed",
        f"{ANN} is covered by +1201*: `dialer suppress remove +1201*` takes that off.",
    )
    assert len(entries(place)) == 2


def test_of_several_none_is_taken_off_if_one_is_not_there(place: Place) -> None:
    suppress.add(place, [ANN], reason=None, region=None)
    refused(lambda: suppress.remove(place, [ANN, BOB], region=None))

    assert entries(place) == numbers(ANN)


# Printed


def test_to_print_a_list_creates_no_ledger(place: Place, tmp_path: Path) -> None:
    assert (list(suppress.write_list(place)), list(tmp_path.iterdir())) == (["phone,reason,added_at"], [])


def test_the_list_tells_when_an_entry_came(place: Place) -> None:
    suppress.add(place, [ANN], reason="by mail", region=None)
    line = list(suppress.write_list(place))[1]

    assert line.startswith(f"{ANN},by mail,")
    assert isinstance(time_of(line.rpartition(",")[2]), datetime)


def test_the_list_as_json_tells_the_kinds_apart(place: Place) -> None:
    imported(place, f"+1900*\n{sha256(BOB.encode()).hexdigest()}\n")
    told = suppress.list_as_json(place)["suppressions"]

    assert isinstance(told, list)
    assert [(each["entry"][:7], each["kind"]) for each in told] == [("+1900*", "prefix"), ("sha256:", "hash")]


def test_what_a_person_is_told_of_an_import() -> None:
    listed = Listed("/l", added=1200, known=3, unread=[Unread("B3", NO_COUNTRY), Unread("B9", "No number.")])

    assert listed.sentences() == [
        "On the do-not-call list of /l: 1,200 more. 3 were on it already.",
        f"B3: {NO_COUNTRY}",
        "B9: No number.",
        "2 cells could not be read, and keep nobody from being called: mend them, and import the file again.",
    ]
