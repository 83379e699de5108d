"""The fast walk over a text meets the same records as the one that takes every cell apart."""

from __future__ import annotations

import io
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialer.delimited import TextForm, find_form, read_records
from dialer.delimited_report import add_to_text
from dialer.errors import SheetError
from dialer.raw_records import raw_records, reads_as_ascii
from dialer.result_table import ResultCell, ResultTable
from dialer.spreadsheet import open_table
from dialer.table import Format
from dialer.text_encoding import TextEncoding
from tests.spreadsheets.make import FILES

SHEETS = Path(__file__).parent / "spreadsheets"
# What no CSV may hold is found when it is loaded, and never comes to be written back.
TEXTS = [name for name in FILES if name.endswith((".csv", ".tsv", ".txt"))]


def form(codec: str, delimiter: str = ",", mark: bytes = b"") -> TextForm:
    encoding = TextEncoding(codec, codec, mark=mark, errors="replace")
    return TextForm(encoding, delimiter, separator_line=False)


def both(content: bytes, text_form: TextForm) -> tuple[object, object]:
    """What the two walks come to: records, or the sentence of an error."""

    def come_to(walk: Iterator[tuple[bytes, int]]) -> object:
        try:
            return list(walk)
        except SheetError as error:
            return error.sentence

    slow = ((r.raw, len(r.cells)) for r in read_records(io.BytesIO(content), text_form, name="a.csv"))
    fast = ((raw, columns) for raw, columns, _ in raw_records(io.BytesIO(content), text_form, name="a.csv"))
    return come_to(slow), come_to(fast)


@settings(deadline=None, max_examples=500)
@given(
    st.lists(st.sampled_from([b'"', b",", b"\n", b"\r", b"\r\n", b"a", b" ", b"\0", b"\xe9", b"\xc3\xa9"])),
    st.sampled_from(["utf-8", "cp1252"]),
)
def test_both_walks_meet_the_same_records(pieces: list[bytes], codec: str) -> None:
    slow, fast = both(b"".join(pieces), form(codec))
    assert slow == fast


def test_both_walks_meet_the_same_records_where_chunks_of_the_file_meet() -> None:
    line = b'Ann,"two\r\nlines","a ""quote"""\r\n'
    slow, fast = both(
        b"\xef\xbb\xbf" + b"x" * 13 + b"\n" + line * 30_000, form("utf-8", mark=b"\xef\xbb\xbf")
    )
    assert slow == fast


@pytest.mark.parametrize("content", [b'a,"b\n\nc', b'a,b\n"' + b"x" * 140_000 + b'"\n', b"x" * 140_000])
def test_both_walks_refuse_with_the_same_sentence(content: bytes) -> None:
    slow, fast = both(content, form("utf-8"))
    assert isinstance(slow, str)
    assert slow == fast


@pytest.mark.parametrize(
    ("codec", "fast"),
    [
        ("utf-8", True),
        ("cp1252", True),
        ("koi8_r", True),
        ("cp932", False),
        ("utf-16-le", False),
        ("cp037", False),
    ],
)
def test_only_where_every_byte_of_ascii_is_that_character_lines_are_not_decoded(
    codec: str, *, fast: bool
) -> None:
    assert reads_as_ascii(form(codec)) is fast


def sample(name: str) -> tuple[bytes, TextForm] | None:
    """A text of the folder with its form, if it can be read at all."""
    try:
        with open_table(SHEETS / name) as table:
            if table.info.format is not Format.CSV:
                return None
            for _ in table.rows():
                pass
        with (SHEETS / name).open("rb") as file:
            return (SHEETS / name).read_bytes(), find_form(file)
    except SheetError:
        return None


READABLE = [name for name in TEXTS if sample(name)]


def test_nearly_all_texts_of_the_folder_can_be_read() -> None:
    assert len(READABLE) > 30


@pytest.mark.parametrize("name", READABLE)
def test_every_line_begins_with_its_own_bytes(name: str) -> None:
    content, text_form = sample(name) or (b"", form("utf-8"))
    before = list(read_records(io.BytesIO(content), text_form_of(text_form), name=name))
    results = [(record.number, ("c1", True)) for record in before if record.number > 1]
    out = io.BytesIO()
    table = ResultTable(("call_id", "is_new_contact"), results)
    add_to_text(io.BytesIO(content), out, form=text_form, name=name, header_row=1, results=table)
    after = list(read_records(out, text_form_of(text_form), name=name))
    codec = text_form.encoding.codec
    ends = tuple(end.encode(codec) for end in ("\r\n", "\n", "\r", ""))
    for old, new in zip(before, after, strict=True):
        end = next(end for end in ends if old.raw.endswith(end))
        assert new.raw.startswith(old.raw[: len(old.raw) - len(end)])
        assert new.raw.endswith(end)
        assert new.cells[: len(old.cells)] == old.cells


def text_form_of(text_form: TextForm) -> TextForm:
    """The same form, in which damaged characters may be read."""
    encoding = text_form.encoding
    lenient = TextEncoding(encoding.name, encoding.codec, mark=encoding.mark, errors="replace")
    return TextForm(lenient, text_form.delimiter, text_form.separator_line)


def test_memory_does_not_grow_with_the_text() -> None:
    content = io.BytesIO(b"Ann,+12015550123\n" * 200_000)
    cells: Iterator[tuple[int, tuple[ResultCell, ...]]] = ((row, ("queued",)) for row in range(2, 100_000))
    out = io.BytesIO(bytes(8_000_000))
    tracemalloc.start()
    table = ResultTable(("status",), cells)
    add_to_text(content, out, form=form("utf-8"), name="a.csv", header_row=1, results=table)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 3_000_000
