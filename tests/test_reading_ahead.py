"""A second process reads large texts: the same rows come of it, and nothing of it stays behind."""

from __future__ import annotations

import csv
import os
import select
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from dialer.campaign import Reading
from dialer.errors import SheetError
from dialer.reading_ahead import WORTH_IT_BYTES, batches, worth_it
from dialer.row_batches import Batch, Job, Sizes, Way
from dialer.spreadsheet import Spreadsheet, open_table
from dialer.understanding import understand
from tests.command import ROOT

HEADER = ("Name", "Phone", "Country", "Do not call", "Tags", "Notes", "Zone")
SOME = (
    ("Ann Example", "+1 201 555 0123", "", "", "kitchen; solar", "two\nlines", ""),
    ("Bo Sample", "020 7946 0123", "United Kingdom", "no", "", 'a 5" pipe', ""),
    ("Cy Specimen", "201-555-0124", "", "yes", "", "", ""),
    ("Dee Placeholder", "call the office", "", "", "", "", ""),
    ("Eve Nobody", "(201) 555-0125", "Atlantis", "", "", "", ""),
    ("Person (delete this row)", "+12015550126", "", "", "", "", ""),
    ("", "", "", "", "", "", ""),
    ("<test lead: dummy data for name>", "+12015550127", "", "", "", "", ""),
    (
        "Zoë Müller",
        "+44 20 7946 0124",
        "",
        "perhaps",
        "große Küche",
        "\N{PARTY POPPER} soon",
        "Europe/London",
    ),
    ("Ann Example", "+12015550123", "", "", "", "again", ""),
    ("Total", "9", "", "", "", "", ""),
)
SIZES = Sizes(rows=300, weight=1 << 20)


def written(path: Path, rows: int) -> Path:
    """A sheet of so many rows, `SOME` over and over."""
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(HEADER)
        out.writerows(SOME[number % len(SOME)] for number in range(rows))
    return path


def way(spreadsheet: Spreadsheet) -> Way:
    """How the rows of a sheet are read, with marks, for somebody in America."""
    table = understand(spreadsheet, Reading(region="US", tags=("{Name}",)), file="leads.csv")
    return Way(table.columns, table.templates, None, "US", visible_only=False, marking=True)


def read(path: Path, *, ahead: Path | None) -> Batch:
    """All rows of the sheet `path`; the other process is told to read `ahead`."""
    whole = Batch()
    with open_table(path) as spreadsheet:
        how = way(spreadsheet)
        job = Job(ahead, None, None, how) if ahead else None
        with closing(batches(job, how, spreadsheet.rows, sizes=SIZES)) as several:
            for batch in several:
                whole.take(batch)
    return whole


@pytest.fixture
def sheet(tmp_path: Path) -> Path:
    return written(tmp_path / "leads.csv", 3_000)


def test_another_process_reads_every_row_in_the_same_way(sheet: Path) -> None:
    there, here = read(sheet, ahead=sheet), read(sheet, ahead=None)

    # As texts, since a word equals the member of an enumeration that it names.
    assert list(map(repr, there.readings)) == list(map(repr, here.readings))


def test_another_process_marks_every_row_in_the_same_way(sheet: Path) -> None:
    assert read(sheet, ahead=sheet).fingerprints == read(sheet, ahead=None).fingerprints


def test_another_process_finds_the_same_samples(sheet: Path) -> None:
    assert read(sheet, ahead=sheet).samples == read(sheet, ahead=None).samples


def test_all_rows_are_read_if_the_other_process_breaks_off(sheet: Path, tmp_path: Path) -> None:
    torn = tmp_path / "torn.csv"
    torn.write_bytes(sheet.read_bytes()[:90_000] + b'"')  # never closed: an error, behind the first rows

    assert read(sheet, ahead=torn) == read(sheet, ahead=None)


def test_all_rows_are_read_if_the_other_process_reads_nothing(sheet: Path, tmp_path: Path) -> None:
    assert read(sheet, ahead=tmp_path / "missing.csv") == read(sheet, ahead=None)


def test_all_rows_are_read_if_the_other_process_cannot_be_started(
    sheet: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = read(sheet, ahead=None)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "no-python"))

    assert read(sheet, ahead=sheet) == alone


def test_what_is_wrong_with_the_text_is_said_as_ever(sheet: Path) -> None:
    with sheet.open("ab") as file:
        file.write(b'Fay Example,"+12015550128\n')

    with pytest.raises(SheetError) as caught:
        read(sheet, ahead=sheet)

    assert caught.value.sentence == (
        "leads.csv: a quotation mark that opens in row 3002 is never closed and swallows the remaining 1"
        " line; close it or remove it, and try again."
    )


def test_the_batches_are_as_large_as_asked_for(sheet: Path) -> None:
    with open_table(sheet) as spreadsheet:
        how = way(spreadsheet)
        sizes = Sizes(rows=1_000, weight=1 << 30)
        several = batches(Job(sheet, None, None, how), how, spreadsheet.rows, sizes=sizes)

        assert [len(batch.readings) for batch in several] == [1_000, 1_000, 727]


# In a process of its own: that of the tests may have other children.
BEGIN = """
import os, sys
from pathlib import Path
from dialer.reading_ahead import batches
from dialer.row_batches import Job, Sizes
from dialer.spreadsheet import open_table
from tests.test_reading_ahead import way

def tell_of_children():
    print(Path(f"/proc/self/task/{os.getpid()}/children").read_text(), flush=True)

with open_table(Path(sys.argv[1])) as spreadsheet:
    how = way(spreadsheet)
    job = Job(Path(sys.argv[1]), None, None, how)
    several = batches(job, how, spreadsheet.rows, sizes=Sizes(rows=1, weight=1))
    next(several)
    tell_of_children()
"""
AND_WAIT = "    sys.stdin.read()"
AND_LEAVE = "    several.close()\n    tell_of_children()"


def test_the_other_process_is_gone_if_nobody_wants_more(sheet: Path) -> None:
    command = [sys.executable, "-c", BEGIN + AND_LEAVE, str(sheet)]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout

    begun, left = told.splitlines()
    assert (len(begun.split()), left.split()) == (1, [])


def test_the_other_process_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    sheet = written(tmp_path / "leads.csv", 60_000)  # more than it can say before somebody listens
    command = [sys.executable, "-c", BEGIN + AND_WAIT, str(sheet)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        other = os.pidfd_open(int(parent.stdout.readline()))
        parent.kill()

    ended, _, _ = select.select([other], [], [], 60)
    os.close(other)

    assert ended == [other]


def sparse(path: Path, size: int) -> Path:
    path.touch()
    os.truncate(path, size)
    return path


def test_a_large_text_is_worth_another_process(tmp_path: Path) -> None:
    assert worth_it(sparse(tmp_path / "leads.csv", WORTH_IT_BYTES), processors=2)


def test_a_small_text_is_not_worth_another_process(tmp_path: Path) -> None:
    assert not worth_it(sparse(tmp_path / "leads.csv", WORTH_IT_BYTES - 1), processors=2)


def test_one_processor_is_better_left_to_one_process(tmp_path: Path) -> None:
    assert not worth_it(sparse(tmp_path / "leads.csv", WORTH_IT_BYTES), processors=1)
