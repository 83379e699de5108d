"""Whole names become first and last names."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.names import split_name


@pytest.mark.parametrize(
    ("whole", "first", "last"),
    [
        ("Anna Example", "Anna", "Example"),
        ("Example, Anna", "Anna", "Example"),
        ("Anna", "Anna", ""),
        ("Anna Maria Example", "Anna", "Maria Example"),
        ("Anna van der Example", "Anna", "van der Example"),
        ("van der Example, Anna", "Anna", "van der Example"),
        ("van der Example", "", "van der Example"),
        ("Van Example", "Van", "Example"),
        ("Dr. Anna Example", "Dr. Anna", "Example"),
        ("Mrs. Example", "", "Mrs. Example"),
        ("Don Example", "Don", "Example"),
        ("Anna Example, PhD", "Anna", "Example, PhD"),
        ("Example, Anna, Jr.", "Anna", "Example, Jr."),
        ("Example, Md", "Md", "Example"),
        ("mcDONALD o'example", "mcDONALD", "o'example"),
        ("", "", ""),
        (",", "", ""),
    ],
)
def test_a_whole_name_is_split(whole: str, first: str, last: str) -> None:
    assert split_name(whole) == (first, last)


@given(st.text(alphabet="abÀñ.,' -\u0645\u738b", max_size=40))
def test_no_letter_is_lost(whole: str) -> None:
    def letters(text: str) -> Counter[str]:
        return Counter(character for character in text if character not in ", ")

    assert letters("".join(split_name(whole))) == letters(whole)
