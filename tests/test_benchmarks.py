"""The benchmarks' parts work; their figures are judged by people, never by a test."""

from __future__ import annotations

import sys
from itertools import islice
from pathlib import Path

import phonenumbers
import pytest

from tests.benchmarks.__main__ import main
from tests.benchmarks.figures import HEAD, Figure, table
from tests.benchmarks.processes import Contestant, Failed, race, run_once
from tests.benchmarks.sheets import fictional_numbers, people

STAGES = "server,load,pairs,job"  # a stage of each kind


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What one run on tiny sheets prints."""
    folder = tmp_path_factory.mktemp("benchmarks")
    with pytest.MonkeyPatch.context() as patch:
        said: list[str] = []
        patch.setattr(sys.stdout, "write", said.append)
        main(["--tiny", "--only", STAGES, "--folder", str(folder)])
    assert list(folder.iterdir()) == []
    return "".join(said)


@pytest.mark.parametrize(
    "told",
    [
        *("the server alone", "dialer, ledger alone", "dialer, 50 callers"),
        *("dialer run, ledger on, 50 callers", "pandas + httpx.gather, 50"),
    ],
)
def test_a_run_tells_of_every_program(printed: str, told: str) -> None:
    assert f"| {told} " in printed


def test_every_line_of_the_table_has_all_cells(printed: str) -> None:
    lines = [line for line in printed.splitlines() if line.startswith("|")]

    assert {line.count("|") for line in lines} == {len(HEAD) + 1}


def test_a_table_says_what_was_to_be_reached_and_whether_it_was() -> None:
    figures = [
        Figure("start", "dialer --help", 0.25, target="< 0.4 s", reached=True),
        Figure("load", "dialer", 2.0, 100_000, 1.0, 64_000_000, target="<= 1 s", reached=False),
    ]

    assert table(figures).splitlines()[2:] == [
        "| start | dialer --help | 0.25 s |        |           |             |        | < 0.4 s | **yes** |",
        "| load  | dialer        | 2.00 s | 50,000 | 10 µs     | 64 MB       |        | <= 1 s  | no      |",
    ]


def test_no_number_of_the_sheets_stands_there_twice_and_none_is_in_use() -> None:
    numbers = ["".join(number) for number in islice(fictional_numbers(1), 200_000)]

    assert len(set(numbers)) == len(numbers)
    assert {number[3:6] for number in numbers} == {"555"}
    assert not {number[6:] for number in numbers} & {"1212", "4334"}


def test_the_first_numbers_are_those_that_are_kept_for_stories() -> None:
    lines = {int(line) for _, _, line in islice(fictional_numbers(1), 12_000)}

    assert (min(lines), max(lines)) == (100, 199)


def test_every_number_of_the_sheets_exists_to_libphonenumber() -> None:
    numbers = islice(fictional_numbers(1), 0, 100_000, 500)

    assert all(phonenumbers.is_valid_number(phonenumbers.parse(f"+1{''.join(number)}")) for number in numbers)


def test_the_same_seed_makes_the_same_sheet() -> None:
    assert list(people(50, seed=3, clean=False)) == list(people(50, seed=3, clean=False))


def python(code: str) -> Contestant:
    return Contestant(code, lambda _folder: [sys.executable, "-c", code])


def test_a_program_is_measured_with_its_children(tmp_path: Path) -> None:
    grandchild = "import time; kept = b'x' * 60_000_000; time.sleep(0.2)"
    run = run_once(
        python(f"import subprocess, sys; subprocess.run([sys.executable, '-c', {grandchild!r}])"),
        tmp_path,
        {},
    )

    assert run.peak_bytes > 60_000_000


def test_a_program_that_fails_is_no_figure(tmp_path: Path) -> None:
    with pytest.raises(Failed, match="ended with exit code 3:\nwhy"):
        run_once(python("print('why'); raise SystemExit(3)"), tmp_path, {})


def test_programs_take_turns_in_going_first(tmp_path: Path) -> None:
    said: list[str] = []
    race([python("1"), python("2")], runs=2, folder=tmp_path, env={}, say=said.append)

    assert [line.split(":")[0].strip() for line in said] == ["1", "2", "2", "1"]
