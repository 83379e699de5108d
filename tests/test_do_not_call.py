"""The entries of the do-not-call list: how they are written, and which numbers they cover."""

from __future__ import annotations

import hmac
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.do_not_call import (
    Entry,
    Kind,
    key_mark,
    keyed_hash,
    plain_hash,
    prefixes,
    read_entry,
    write_entry,
)

KEY, OTHER_KEY = bytes(32), bytes(range(32))
ADA = "+12015550123"
DIGEST = sha256(ADA.encode()).hexdigest()


def read(text: str, region: str | None = None) -> Entry | str:
    return read_entry(text, region=region, key=KEY)


@pytest.mark.parametrize(
    "text", [ADA, "+1 (201) 555-0123", " 001 201 555 0123 ", "'+12015550123", '"+12015550123"']
)
def test_a_number_is_read_in_any_writing(text: str) -> None:
    assert read(text) == Entry(Kind.NUMBER, ADA)


def test_a_national_number_is_read_with_its_region() -> None:
    assert read("020 7946 0123", "GB") == Entry(Kind.NUMBER, "+442079460123")


def test_a_national_number_without_a_region_is_refused_with_the_way_on() -> None:
    assert read("201 555 0123") == (
        "The number has no country code: write it as +1 201 555 0123, fill a country column, or add "
        "--region US."
    )


@pytest.mark.parametrize("text", ["+1900*", "+1 900 *", "+1 (900)*", "+1-900-**"])
def test_first_digits_end_with_a_star(text: str) -> None:
    assert read(text) == Entry(Kind.PREFIX, "+1900")


@pytest.mark.parametrize("text", ["1900*", "*", "+*", "+1*900", "0900*"])
def test_first_digits_need_a_country_code(text: str) -> None:
    assert read(text) == "First digits are written with + and the country code, as +1900*."


@pytest.mark.parametrize("text", [DIGEST, f"sha256:{DIGEST}", DIGEST.upper(), f"SHA256:{DIGEST.upper()}"])
def test_a_plain_hash_is_read(text: str) -> None:
    assert read(text) == Entry(Kind.HASH, f"sha256:{DIGEST}")


def test_a_plain_hash_is_the_sha_256_of_the_number() -> None:
    assert plain_hash(ADA) == f"sha256:{DIGEST}"


def test_a_keyed_hash_is_an_hmac_with_the_ledgers_key() -> None:
    assert keyed_hash(ADA, KEY) == hmac.new(KEY, ADA.encode(), "sha256").hexdigest()


def test_a_hash_of_another_ledger_is_refused() -> None:
    foreign = write_entry(Entry(Kind.HASH, keyed_hash(ADA, OTHER_KEY)), key=OTHER_KEY)

    assert read(foreign) == (
        "This hash was made with the key of another ledger: only that one can tell whose it is."
    )


def test_the_mark_of_a_key_is_not_its_beginning() -> None:
    assert key_mark(OTHER_KEY) not in OTHER_KEY.hex()


def test_a_number_begins_in_as_many_ways_as_it_has_digits() -> None:
    assert prefixes("+4420") == ["+4", "+44", "+442", "+4420"]


@pytest.mark.parametrize(
    "entry",
    [
        Entry(Kind.NUMBER, ADA),
        Entry(Kind.PREFIX, "+1900"),
        Entry(Kind.HASH, plain_hash(ADA)),
        Entry(Kind.HASH, keyed_hash(ADA, KEY)),
    ],
    ids=lambda entry: entry.value[:8],
)
def test_what_is_written_is_read_again(entry: Entry) -> None:
    assert read(write_entry(entry, key=KEY)) == entry


@given(st.text(max_size=80))
def test_any_text_is_an_entry_or_a_sentence(text: str) -> None:
    found = read(text)

    assert isinstance(found, Entry) or found.endswith((".", "?"))
