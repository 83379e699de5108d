"""Caps and money as they are written, or one sentence why they are neither."""

from __future__ import annotations

from decimal import Decimal

import pytest

from dialer.limits import Cap, format_money, parse_money


@pytest.mark.parametrize("text", ["3/24h", "2/7d", "4/30d", "12/24h"])
def test_a_cap_is_written_as_it_is_read(text: str) -> None:
    assert str(Cap.parse(text)) == text


@pytest.mark.parametrize("text", ["0/24h", "3", "3/h", "3/2d", "-1/24h", "3/24h/7d", ""])
def test_what_is_no_cap_gets_one_sentence(text: str) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - the whole sentence is asserted
        Cap.parse(text)

    assert str(refused.value) == (
        f"{text!r} is no cap: write how many calls of one number in 24 hours, 7 or 30 days, as 3/24h"
        " or 4/30d."
    )


@pytest.mark.parametrize(
    ("text", "dollars"), [("50usd", "50"), ("0.12 USD", "0.12"), ("$7.5", "7.5"), ("12", "12")]
)
def test_money_is_read_as_dollars(text: str, dollars: str) -> None:
    assert parse_money(text) == Decimal(dollars)


@pytest.mark.parametrize("text", ["50eur", "0", "0.00usd", "-5usd", "1,50usd", "usd", ""])
def test_what_is_no_money_gets_one_sentence(text: str) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - the whole sentence is asserted
        parse_money(text)

    assert str(refused.value) == (
        f"{text!r} is no sum of money: write dollars above 0 with a point, as 50usd or 0.12usd."
    )


@pytest.mark.parametrize(
    ("dollars", "written"),
    [("50", "50.00 USD"), ("0.123", "0.12 USD"), ("0.0642", "0.0642 USD"), ("0", "0.00 USD")],
)
def test_money_is_written_so_that_a_person_sees_what_there_is(dollars: str, written: str) -> None:
    assert format_money(Decimal(dollars)) == written
