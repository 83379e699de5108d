"""The short way for American numbers reads what the long way reads, and nothing else."""

from __future__ import annotations

import re._constants as kinds
import re._parser as regex
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import phonenumbers
import pytest
from phonenumbers import PhoneMetadata, PhoneNumberDesc

from dialer.american import _SEVENTH_DIGIT_COUNTS, Plain, read_plain
from tests.phone_writings import AMERICAN, disagreements, long_way, writings

SIX_DIGITS = 6
WITH_SEVEN = ("BB", "JM")  # regions with rules about the seventh digit


@pytest.mark.parametrize(
    "text",
    [
        *("+12015550123", "+1 201 555 0123", "+1-201-555-0123", "+1.201.555.0123", "+1 (201) 555-0123"),
        *("12015550123", "1 201 555 0123", "2015550123", "201-555-0123", "(201) 555-0123", "(201)555-0123"),
    ],
)
def test_a_plainly_written_american_number_takes_the_short_way(text: str) -> None:
    assert read_plain(text) == Plain("+12015550123", "US", plus=text.startswith("+"))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("+1 201 555 0123 x4", "an extension has to be kept"),
        ("201 555-0123", "the signs between the groups differ"),
        ("201555.0123", "it may be a number with a fraction"),
        ("(201 555 0123", "a bracket is never closed"),
        (" 2015550123", "something stands before it"),
        ("\uff12\uff10\uff11\uff15\uff15\uff15\uff10\uff11\uff12\uff13", "the digits are not the plain ones"),
        ("+442079460123", "it is British"),
        ("+12010550123", "no exchange begins with a zero"),
        ("+18005550123", "toll-free numbers are not called"),
        ("+19005550123", "premium-rate numbers are not called"),
        ("2222222222", "it stands for a number"),
        ("1 234 567 8901", "it only counts up"),
    ],
)
def test_whatever_needs_care_takes_the_long_way(text: str, why: str) -> None:
    assert read_plain(text) is None, why


def test_a_canadian_and_a_trinidadian_number_have_their_own_regions() -> None:
    found = [read_plain(text) for text in ("+12045550123", "+18682210123")]

    assert [plain.region if plain else None for plain in found] == ["CA", "TT"]


def test_both_ways_and_libphonenumber_agree_on_a_sample_of_all_regions() -> None:
    assert list(disagreements(4_000, seed=6)) == []


def test_the_sample_goes_both_ways_often_enough() -> None:
    sample = list(islice(writings(6), 4_000))
    short = sum(read_plain(writing.text) is not None for writing in sample)
    long = sum(type(long_way(writing)).__name__ == "Phone" for writing in sample)

    assert short > 200
    assert long - short > 400


def patterns(region: str) -> Iterator[tuple[str, str]]:
    """Every pattern of libphonenumber that numbers of a region are matched with, by name."""
    metadata = PhoneMetadata.metadata_for_region(region)
    assert metadata is not None
    for name in dir(metadata):
        part = getattr(metadata, name)
        if isinstance(part, PhoneNumberDesc) and part.national_number_pattern:
            yield name, part.national_number_pattern
    if metadata.leading_digits:
        yield "leading digits", metadata.leading_digits


def reaches(tree: Iterable[tuple[Any, Any]], starts: set[int], *, where: str) -> set[int]:
    """After how many digits a match may have come this far; an AssertionError if a digit behind the sixth is
    ever compared with anything but all digits."""
    for kind, argument in tree:
        if kind is kinds.BRANCH:
            starts = set().union(*(reaches(branch, starts, where=where) for branch in argument[1]))
        elif kind is kinds.SUBPATTERN:
            starts = reaches(argument[3], starts, where=where)
        elif kind in {kinds.MAX_REPEAT, kinds.MIN_REPEAT}:
            least, most, repeated = argument
            assert most <= 20, where
            ends = set(starts) if least == 0 else set()
            for turn in range(1, most + 1):
                starts = reaches(repeated, starts, where=where)
                ends |= starts if turn >= least else set()
            starts = ends
        else:
            any_digit = kind is kinds.IN and list(argument) == [(kinds.CATEGORY, kinds.CATEGORY_DIGIT)]
            assert kind in {kinds.LITERAL, kinds.IN}, where
            assert any_digit or max(starts, default=0) < SIX_DIGITS, where
            starts = {start + 1 for start in starts}
    return starts


@pytest.mark.parametrize("region", [region for region in AMERICAN if region not in WITH_SEVEN])
def test_the_first_six_digits_decide_in_every_pattern_of_libphonenumber(region: str) -> None:
    for name, pattern in patterns(region):
        assert reaches(regex.parse(pattern), {0}, where=f"{region} {name}")


@pytest.mark.parametrize("region", WITH_SEVEN)
def test_where_the_seventh_digit_counts_all_area_codes_take_the_long_way(region: str) -> None:
    metadata = PhoneMetadata.metadata_for_region(region)

    assert metadata is not None
    assert set((metadata.leading_digits or "").split("|")) <= _SEVENTH_DIGIT_COUNTS


@pytest.mark.parametrize("area", sorted(_SEVENTH_DIGIT_COUNTS))
def test_those_area_codes_take_the_long_way(area: str) -> None:
    assert read_plain(f"+1{area}4250123") is None


def test_the_pattern_test_sees_a_rule_about_the_seventh_digit() -> None:
    with pytest.raises(AssertionError, match="made up"):
        reaches(regex.parse(r"201555(?:[2-9]\d{3}|1\d\d)"), {0}, where="made up")


def test_a_number_is_matched_with_the_patterns_of_no_other_region() -> None:
    sharing = {
        region
        for region in phonenumbers.SUPPORTED_REGIONS
        if phonenumbers.country_code_for_region(region) == 1
    }

    assert sharing == set(AMERICAN)
