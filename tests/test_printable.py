"""Text from outside, made harmless."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialer.printable import clean


@pytest.mark.parametrize(
    ("text", "harmless"),
    [
        ("Ann Example", "Ann Example"),
        ("  Ann \t\n Example  ", "Ann Example"),
        ("a\r[DONE]", "a [DONE]"),
        ("\x1b]0;pwn\x07Ann", "]0;pwnAnn"),
        ("\x9b31mAnn", "31mAnn"),
        ("Ann\u202eelpmaxE", "AnnelpmaxE"),
        ("A\u200bn\u00adn\ufeff", "Ann"),
        ("Ann\u2028Example\u2029", "Ann Example"),
        ("Ann\x00Example", "AnnExample"),
        ("Ann\ud800", "Ann"),
        ("Ann\ue000\U000e0041", "Ann"),
        ("Zoë 東京 🙂", "Zoë 東京 🙂"),
        ("\u00a0Ann\u3000Example", "Ann Example"),
        ("", ""),
    ],
)
def test_what_could_harm_is_left_out(text: str, harmless: str) -> None:
    assert clean(text) == harmless


@pytest.mark.parametrize("thing", [None, 7, 1.5, True, b"Ann", ["Ann"], {"Ann": 1}])
def test_what_is_no_text_is_empty(thing: Any) -> None:
    assert clean(thing) == ""


def test_a_line_is_cut_at_300_characters() -> None:
    assert clean("x" * 1000) == "x" * 300


def test_a_line_can_be_cut_elsewhere() -> None:
    assert clean("Ann Example", longest=5) == "Ann E"


@settings(deadline=None, max_examples=300)
@given(st.text(alphabet=st.characters()), st.integers(1, 20))
def test_any_text_becomes_one_short_visible_line(text: str, longest: int) -> None:
    line = clean(text, longest=longest)

    assert len(line) <= longest
    assert not [char for char in line if unicodedata.category(char)[0] == "C" or char in "\n\r\u2028\u2029"]


@settings(deadline=None, max_examples=200)
@given(st.text(alphabet=st.characters()))
def test_what_is_clean_stays_as_it_is(text: str) -> None:
    once = clean(text)

    assert clean(once).rstrip() == once.rstrip()
