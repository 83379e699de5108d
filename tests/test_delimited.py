"""A delimited text is the rows that Excel would show, each with its very bytes."""

from __future__ import annotations

import csv
import io
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialer.delimited import Record, find_form, read_records
from dialer.errors import SheetError, UsageError

SHEETS = Path(__file__).parent / "spreadsheets"


def records(content: bytes, *, encoding: str | None = None, delimiter: str | None = None) -> list[Record]:
    file = io.BytesIO(content)
    form = find_form(file, encoding=encoding, delimiter=delimiter)
    return list(read_records(file, form, name="leads.csv"))


def table(content: bytes, **options: str) -> list[tuple[int, list[str]]]:
    return [(record.number, record.cells) for record in records(content, **options)]


def sentence(content: bytes, **options: str) -> str:
    with pytest.raises(SheetError) as caught:
        records(content, **options)
    return caught.value.sentence


def delimiter_of(text: str) -> str:
    return find_form(io.BytesIO(text.encode())).delimiter


def test_blank_lines_count_and_quoted_line_ends_do_not() -> None:
    assert table((SHEETS / "blank_rows_and_quoted_lines.csv").read_bytes()) == [
        (1, ["Name", "Notes"]),
        (2, []),
        (3, ["Ann", "two\r\nlines, one row"]),
        (4, ["   "]),
        (5, ["Bo", "x"]),
    ]


def test_the_separator_line_has_no_number_because_excel_hides_it() -> None:
    assert table((SHEETS / "separator_line_and_mark.csv").read_bytes()) == [
        (0, ["sep=", ""]),
        (1, ["Name", "Phone"]),
        (2, ["Ann", "+12015550123"]),
    ]


def test_ragged_rows_and_nul_characters_are_read_as_they_are() -> None:
    assert table((SHEETS / "ragged_with_nul.csv").read_bytes()) == [
        (1, ["Name", "Phone"]),
        (2, ["Ann", "+12015550123", "extra", "", ""]),
        (3, ["B\0o"]),
    ]


def test_a_carriage_return_alone_ends_a_row() -> None:
    assert [number for number, _ in table((SHEETS / "carriage_returns_alone.csv").read_bytes())] == [1, 2, 3]


def test_other_line_separators_of_unicode_do_not_end_a_row() -> None:
    assert table("a\u2028b\x0bc\x85d,e\n".encode()) == [(1, ["a\u2028b\x0bc\x85d", "e"])]


@pytest.mark.parametrize("name", ["tabs_utf16.csv", "tabs_utf16_without_mark.csv"])
def test_utf_16_is_read_with_and_without_a_mark(name: str) -> None:
    assert table((SHEETS / name).read_bytes())[0] == (1, ["Name", "Phone"])


def test_a_line_end_that_straddles_two_reads_is_one_line_end() -> None:
    line = b"x" * 1021 + b",y\r\n"
    assert len(records(line * 600)) == 600


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("Name,Phone\nAnn,1\n", ","),
        ("Name;Phone\nAnn;1\n", ";"),
        ("Name\tPhone\nAnn\t1\n", "\t"),
        ("Name|Phone\nAnn|1\n", "|"),
        ("Phone\n+12015550123\n", ","),
        ("Leads of May, all regions\n\nName;Phone\nExample, Ann;1\nSample, Bo;2\n", ";"),
        ("Name;Price;Phone\nAnn;1,50;1\nBo;2,75;2\nCy;1,25;3\n", ";"),
        ('Name,Notes\nAnn,"a;b;c"\nBo,"d;e;f"\n', ","),
        ("Name|Tags|Phone\nAnn|a;b|1\nBo|c;d|2\n", "|"),
        ("sep=^\nName^Phone\n", "^"),
        ("\n\n\n", ","),
    ],
)
def test_the_delimiter_is_the_one_that_makes_the_evenest_table(text: str, delimiter: str) -> None:
    assert delimiter_of(text) == delimiter


def test_the_users_delimiter_wins_over_the_separator_line() -> None:
    assert table(b"sep=;\na,b;c\n", delimiter=",")[1] == (1, ["a", "b;c"])


@pytest.mark.parametrize(
    ("asked", "delimiter"), [("tab", "\t"), ("\\t", "\t"), ("semicolon", ";"), ("^", "^")]
)
def test_delimiters_have_names(asked: str, delimiter: str) -> None:
    assert find_form(io.BytesIO(b"a"), delimiter=asked).delimiter == delimiter


@pytest.mark.parametrize("asked", ["", "ab", '"', "\n"])
def test_a_delimiter_that_cannot_be_is_a_mistake_of_usage(asked: str) -> None:
    with pytest.raises(UsageError) as caught:
        find_form(io.BytesIO(b"a"), delimiter=asked)
    assert caught.value.sentence == (
        f'"{asked}" cannot be a delimiter; give one character, for example --delimiter ";", or "tab".'
    )


def test_a_quote_that_is_never_closed_is_named_with_what_it_swallows() -> None:
    assert sentence((SHEETS / "quote_never_closed.csv").read_bytes()) == (
        "leads.csv: a quotation mark that opens in row 3 is never closed and swallows the remaining 3 lines;"
        " close it or remove it, and try again."
    )


def test_a_quote_that_swallows_a_whole_large_file_is_named_before_the_memory_is_full() -> None:
    assert sentence(b'Name,Notes\nAnn,"oops\n' + b"Bo,+12015550123\n" * 50_000) == (
        "leads.csv: a quotation mark that opens in row 2 is not closed for 8193 lines; close it or remove it,"
        " and try again."
    )


def test_a_cell_beyond_all_measure_is_refused() -> None:
    assert sentence(b"Name\n" + b"x" * 200_000) == (
        "leads.csv: row 2 has a cell of more than 131,072 characters; shorten it, or check that the file is a"
        " table of leads."
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le"])
def test_a_line_without_end_is_refused_before_the_memory_is_full(encoding: str) -> None:
    assert sentence(("a," * 10_000_000).encode(encoding), encoding=encoding) == (
        "leads.csv: row 1 has a cell of more than 131,072 characters; shorten it, or check that the file is a"
        " table of leads."
    )


def test_bytes_that_the_users_encoding_does_not_have_are_named_by_row() -> None:
    assert sentence(b"Name\nAnn\nBo\xe9\n", encoding="utf-8") == (
        "leads.csv: row 3 has characters that do not exist in utf-8; name the right encoding with --encoding,"
        " or save the sheet as UTF-8."
    )


def test_half_a_character_at_the_end_of_utf_16_is_named() -> None:
    assert sentence("Name\n".encode("utf-16") + b"x") == (
        "leads.csv: row 2 has characters that do not exist in utf-16; name the right encoding with"
        " --encoding, or save the sheet as UTF-8."
    )


def test_quotes_that_do_not_match_cost_no_more_than_linear_time() -> None:
    started = time.process_time()
    delimiter_of(',"' * 100_000)
    assert time.process_time() - started < 2


cells = st.text(st.characters(codec="utf-8", exclude_characters="\ufeff"), max_size=8)
rows = st.lists(st.lists(cells, min_size=2, max_size=5), min_size=1, max_size=8)


@settings(deadline=None)
@given(rows, st.sampled_from(",;\t|"), st.sampled_from(["\n", "\r\n", "\r"]))
def test_what_csv_writes_is_read_back_and_its_bytes_are_kept(
    written: list[list[str]], delimiter: str, line_end: str
) -> None:
    text = io.StringIO(newline="")
    # The writer leaves a line end bare in a cell where its own is another one.
    quoting = csv.QUOTE_MINIMAL if line_end == "\r\n" else csv.QUOTE_ALL
    csv.writer(text, delimiter=delimiter, lineterminator=line_end, quoting=quoting).writerows(written)
    content = text.getvalue().encode()
    read = records(content, encoding="utf-8", delimiter=delimiter)
    assert [record.cells for record in read if record.number] == written
    assert b"".join(record.raw for record in read) == content


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_records_of_those_bytes_or_a_refusal(content: bytes) -> None:
    try:
        read = records(content)
    except SheetError:
        return
    assert b"".join(record.raw for record in read) == content
