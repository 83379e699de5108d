"""A person is recognised in any text, and nobody else is."""

from __future__ import annotations

import json

import pytest

from dialer.traces import Traces

ADA = Traces.of("+12015550123", ["Ada Canary", "Likes yellow kitchens", "Ada"])
LONDON = Traces.of("+442079460123")
DENMARK = Traces.of("+4520261122")  # eight digits, which a date has as well
ICELAND = Traces.of("+3545551234")  # seven

WRITTEN = [
    *("+12015550123", "+1 201 555 0123", "+1 (201) 555-0123", "1-201-555-0123", "201.555.0123", "2015550123"),
    *("12015550123.0", "2015550123.00", "1.2015550123E10", "001 201 555 0123", "011 1 201 555 0123"),
    *("tel:+12015550123;ext=4", "call +12015550123 2026-11-22T19:10:05.123456Z", "201 555 0123 x12"),
    *(
        "order 123456 +1 201 555 0123",
        "201 555 0123 / 202 555 0199",
        "\uff12\uff10\uff115550123",
        "201\u00a0555\u20110123",
    ),
    '{"phone_number": "+12015550123"}',
]
OTHERS = ["201 555 0124", "20155501230", "2026-11-22T19:10:05Z", "", "+1 202 555 0123"]


@pytest.mark.parametrize("text", WRITTEN)
def test_a_number_is_found_in_every_writing(text: str) -> None:
    assert ADA.has_number(text)


@pytest.mark.parametrize("text", OTHERS)
def test_what_is_no_writing_of_the_number_is_left_alone(text: str) -> None:
    assert not ADA.is_in(text)


@pytest.mark.parametrize(
    "text", ["+44 (0)20 7946 0123", "020 7946 0123", "00442079460123", "4.42079460123E11"]
)
def test_a_number_abroad_is_found_in_its_own_writings(text: str) -> None:
    assert LONDON.has_number(text)


@pytest.mark.parametrize("text", ["20 26 11 22", "+45 20261122", "0045 20261122", "20261122"])
def test_a_number_that_looks_like_a_date_is_found(text: str) -> None:
    assert DENMARK.has_number(text)


@pytest.mark.parametrize("text", ["2026-11-22", "2026-11-22T10:00:00Z", "on 2026-11-22 10:00", "9920261122"])
def test_a_date_is_no_number(text: str) -> None:
    assert not DENMARK.has_number(text)


@pytest.mark.parametrize("text", ["12345551234", "call-5551234a", "call-a5551234", "995551234"])
def test_seven_digits_within_more_are_somebody_elses(text: str) -> None:
    assert not ICELAND.has_number(text)


@pytest.mark.parametrize("text", ["ADA  CANARY", "for Ada Canary only", "She likes\nyellow kitchens."])
def test_what_was_kept_of_a_person_is_found(text: str) -> None:
    assert ADA.is_in(text)


@pytest.mark.parametrize("text", ["Ada", "Ada Lovelace", "yellow kitchens"])
def test_a_first_name_alone_is_anybodys(text: str) -> None:
    assert not ADA.is_in(text)


def test_only_what_tells_of_the_person_is_taken_out_of_a_json_text() -> None:
    text = json.dumps({"notes": "Ask Ada Canary", "tags": ["spring", "+1 201 555 0123"], "limit": 5})

    assert json.loads(ADA.without_in_json(text)) == {"notes": "", "tags": ["spring", ""], "limit": 5}


def test_escaped_letters_hide_nobody() -> None:
    assert ADA.without_in_json('{"notes": "\\u0041da Canary"}') == '{"notes": ""}'


def test_a_json_text_that_is_about_others_stays_byte_for_byte() -> None:
    assert ADA.without_in_json('{"a":  1}') == '{"a":  1}'


def test_a_text_that_is_no_json_and_tells_of_the_person_is_emptied() -> None:
    assert ADA.without_in_json("see +12015550123") == ""
