"""The text of a cell without what nobody sees."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.cells import holds_nothing, is_error, line, lines, quoted


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("  Anna \t Maria\n", "Anna Maria"),
        ("Anna\u00a0Maria", "Anna Maria"),
        ("\ufeffAn\u200bna\u202e", "Anna"),
        ("An\x00na\x1b[31m", "An na [31m"),
        ("mcDONALD", "mcDONALD"),
        ("\ud800Anna", "Anna"),
        (
            "\u0645\u06cc\u200c\u062e\u0648",
            "\u0645\u06cc\u200c\u062e\u0648",
        ),  # a Persian word with its non-joiner
    ],
)
def test_a_line_is_what_a_person_reads(text: str, shown: str) -> None:
    assert line(text) == shown


@given(st.text())
def test_a_line_can_be_written_and_is_clean_already(text: str) -> None:
    shown = line(text)
    assert (line(shown), shown.encode("utf-8").decode("utf-8")) == (shown, shown)


def test_a_line_is_cut_at_the_length_asked_for() -> None:
    assert line("Anna Example", longest=5) == "Anna"


def test_lines_keep_their_breaks() -> None:
    assert lines(" one \r\n\r\n\r\n\r\n two\t three\u2028four ", longest=100) == "one\n\ntwo three\nfour"


@pytest.mark.parametrize(
    "text", ["#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NV", "#¡VALOR!", "#BEZUG!", "#N/D"]
)
def test_a_failed_formula_is_an_error(text: str) -> None:
    assert is_error(text)


@pytest.mark.parametrize("text", ["#1 customer", "#hashtag", "N/A", "REF!", "#"])
def test_a_text_with_a_hash_is_no_error(text: str) -> None:
    assert not is_error(text)


@pytest.mark.parametrize("text", ["", "n/a", "N/A", "-", "nan", "NULL", "None", "[not provided]", "#N/A"])
def test_a_placeholder_holds_nothing(text: str) -> None:
    assert holds_nothing(text)


@pytest.mark.parametrize("text", ["Null", "Na", "No", "0", "x"])
def test_a_name_like_a_placeholder_holds_something(text: str) -> None:
    assert not holds_nothing(text)


def test_a_quoted_text_is_short_and_on_one_line() -> None:
    assert quoted("a\nb" + "c" * 60) == '"a b' + "c" * 36 + '\u2026"'
