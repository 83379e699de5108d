"""Whatever a file holds becomes one sentence, or a reading in which every row counts once; and soon."""

from __future__ import annotations

import csv
import io
import zipfile
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialer.campaign import Reading
from dialer.check import Check
from dialer.errors import DialerError
from dialer.leads import Verdict
from tests.spreadsheets import exports, hostile, texts, workbooks
from tests.spreadsheets.make import FOLDER, zipped

SOON = timedelta(seconds=20)
ENDINGS = ("csv", "tsv", "txt", "xlsx", "xlsm", "xlsb", "xls", "ods", "zip", "", "pdf")
HEADER = ("Name", "Phone", "Work phone", "Country", "Tags", "Do Not Call", "Notes")
# Those that are refused for what they take take their time: a change of a few bytes teaches nothing there.
ARCHIVES = sorted(name for name in workbooks.FILES if not name.endswith(".xls"))
HONEST = sorted({*texts.FILES, *exports.FILES, *workbooks.FILES} - {"empty.csv"})
SMALL = [
    name for name in hostile.FILES if name not in {"many_sheets_of_one_part.xlsx", "strings_that_swell.xlsx"}
]

_WIDE_NOTHING = " \t\n\0\x1a\ufeff\u200b\u200e\u200f\u2060"
STARTS = st.sampled_from(
    [
        *(b"", b"PK\x03\x04", b"PK\x05\x06", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"\xff\xfe", b"\xfe\xff"),
        *(b"\xef\xbb\xbf", b"sep=;\r\n", b"Name,Phone\r\n", b'Name;Phone\n"', b"\xff\xfe\0\0", b"Phone\r"),
    ]
)
CELLS = st.one_of(
    st.sampled_from(
        [
            *(
                "",
                " ",
                "+12015550123",
                "2015550124",
                "020 7946 0001",
                "Ann Example",
                "yes",
                "no",
                "US",
                "UK",
                "n/a",
            ),
            *(
                "#N/A",
                "Total",
                "Phone",
                "a, b; c",
                "+1 201 555 0123 / +1 201 555 0124",
                "1.20156E+10",
                "12",
                "Name",
            ),
            *("\0", "\x1a"),
        ]
    ),
    st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=12),
)
TABLES = st.lists(st.lists(CELLS, max_size=9), min_size=1, max_size=25)
PLACES = st.integers(0, 1 << 20)
DAMAGE = st.lists(st.tuples(PLACES, st.integers(0, 40), st.binary(max_size=6)), min_size=1, max_size=6)


def damaged(content: bytes, damage: list[tuple[int, int, bytes]]) -> bytes:
    """The content with pieces of it replaced: (place, how many bytes, by what)."""
    whole = bytearray(content)
    for place, count, piece in damage:
        start = place % (len(whole) + 1)
        whole[start : start + count] = piece
    return bytes(whole)


def checked(path: Path, **reading: Any) -> tuple[dict[str, Any] | None, list[dict[str, Any]]]:
    """The table and the rows that `dialer check` finds in a file; None for one that is refused."""
    try:
        with Check(str(path), Reading.model_validate(reading), rows=()) as checking:
            return dict(checking.findings().table), list(checking.rows())
    except DialerError:
        return None, []


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sheets")


@settings(deadline=SOON)
@given(STARTS, st.binary(max_size=3000), st.sampled_from(ENDINGS))
def test_any_bytes_under_any_ending_are_read_or_refused(
    folder: Path, start: bytes, rest: bytes, ending: str
) -> None:
    path = folder / f"leads.{ending}"
    path.write_bytes(start + rest)
    checked(path)


@settings(deadline=SOON)
@given(st.sampled_from([*HONEST, *SMALL]), DAMAGE)
def test_a_file_that_was_damaged_on_its_way_is_read_or_refused(
    folder: Path, name: str, damage: list[tuple[int, int, bytes]]
) -> None:
    path = folder / name
    path.write_bytes(damaged((FOLDER / name).read_bytes(), damage))
    checked(path)


@settings(deadline=SOON)
@given(st.sampled_from(ARCHIVES), PLACES, DAMAGE)
def test_a_workbook_with_a_damaged_part_is_read_or_refused(
    folder: Path, name: str, which: int, damage: list[tuple[int, int, bytes]]
) -> None:
    with zipfile.ZipFile(FOLDER / name) as archive:
        parts = {each: archive.read(each) for each in archive.namelist()}
    part = sorted(parts)[which % len(parts)]
    path = folder / name
    path.write_bytes(zipped(parts | {part: damaged(parts[part], damage)}, stored=("mimetype",)))
    checked(path)


@settings(deadline=SOON)
@given(
    TABLES,
    st.sampled_from(",;\t|"),
    st.sampled_from([None, "US", "GB"]),
    st.sampled_from(["first", "last", "merge"]),
)
def test_every_row_of_any_table_counts_once(
    folder: Path, table: list[list[str]], delimiter: str, region: str | None, duplicates: str
) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows([HEADER, *table])
    path = folder / "leads.csv"
    path.write_text(text.getvalue(), encoding="utf-8", newline="")
    found, rows = checked(path, delimiter=delimiter, region=region, duplicates=duplicates)
    if found is None or found["problem"] is not None:
        return
    below = [
        number
        for number, cells in enumerate(
            csv.reader(io.StringIO(text.getvalue(), newline=""), delimiter=delimiter), 1
        )
        if number > found["header_row"] and any(cell.strip().strip(_WIDE_NOTHING) for cell in cells)
    ]
    assert (
        [row["row"] for row in rows],
        sum(found["counts"].values()),
        Counter(row["verdict"] for row in rows),
        found["data_rows"],
    ) == (below, len(below), Counter(found["counts"]) - Counter(), len(below))


@settings(deadline=SOON)
@given(TABLES)
def test_nobody_is_called_twice_from_any_table(folder: Path, table: list[list[str]]) -> None:
    path = folder / "leads.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([HEADER, *table])
    _, rows = checked(path, region="US")
    called = [row["phone"] for row in rows if row["verdict"] in {Verdict.CALLABLE, Verdict.ASSUMED}]
    assert len(called) == len(set(called))
