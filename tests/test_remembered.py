"""A mapping is remembered, used for the next sheet with the same headers, said, and forgotten."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from dialer.campaign import Reading
from dialer.errors import UsageError
from dialer.remembered import Memory, Remembered, with_memory
from dialer.snapshot import taken
from tests.command import home, run_dialer
from tests.spreadsheets.parts import book

TODAY = date(2026, 1, 2)
FIRST = "Who,Dial this\nAnn Example,+12015550123\n"
SECOND = "Leads of May\n\nwho;DIAL THIS\nBo Sample;+12015550124\n"
GIVEN = ("phone=Dial this", "full_name=Who")
USED = (
    "The mapping remembered on 2026-01-02 for these headers is used (phone=Dial this, full_name=Who);"
    " --no-saved-mapping leaves it out."
)


class Desk:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def ask(
        self, sheet: str | bytes, memory: Memory, *, rehearse: bool = False, **reading: object
    ) -> Remembered:
        path = self.folder / "leads"
        path.write_bytes(sheet if isinstance(sheet, bytes) else sheet.encode())
        with taken(str(path)) as snapshot:
            return with_memory(
                snapshot,
                Reading.model_validate(reading),
                memory,
                file=self.folder / "mappings.json",
                today=TODAY,
                rehearse=rehearse,
            )


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Somebody who has saved the mapping of the first sheet."""
    made = Desk(tmp_path)
    made.ask(FIRST, Memory.SAVE, mapping=GIVEN)
    return made


def test_saving_says_what_is_remembered(tmp_path: Path) -> None:
    assert Desk(tmp_path).ask(FIRST, Memory.SAVE, mapping=GIVEN) == Remembered(
        Reading(mapping=GIVEN), "Remembered for sheets with these headers: phone=Dial this, full_name=Who."
    )


def test_another_sheet_with_these_headers_is_read_likewise_and_it_is_said(desk: Desk) -> None:
    assert desk.ask(SECOND, Memory.USE) == Remembered(Reading(mapping=GIVEN, header_row=3), USED)


def test_a_sheet_with_other_headers_is_read_as_ever(desk: Desk) -> None:
    assert desk.ask("Name,Phone\nAnn,+12015550123\n", Memory.USE) == Remembered(Reading())


def test_it_is_left_out_if_that_is_wanted(desk: Desk) -> None:
    assert desk.ask(SECOND, Memory.IGNORE) == Remembered(Reading())


def test_what_is_given_now_wins_field_by_field(desk: Desk) -> None:
    read = desk.ask(SECOND, Memory.USE, mapping=("full_name=",))
    assert read.reading.mapping == ("phone=Dial this", "full_name=")


def test_only_what_is_used_of_it_is_said(desk: Desk) -> None:
    read = desk.ask(SECOND, Memory.USE, mapping=("full_name=",))
    assert read.remark == USED.replace(", full_name=Who", "")


def test_where_everything_is_given_anew_nothing_is_used(desk: Desk) -> None:
    given = ("full_name=A", "phone=B")
    assert desk.ask(SECOND, Memory.USE, mapping=given) == Remembered(Reading(mapping=given))


def test_a_header_row_that_is_named_is_the_only_one_that_counts(desk: Desk) -> None:
    assert desk.ask(SECOND, Memory.USE, header_row=1) == Remembered(Reading(header_row=1))


def test_saving_without_a_mapping_forgets_it(desk: Desk) -> None:
    told = desk.ask(SECOND, Memory.SAVE)
    assert (told.remark, desk.ask(SECOND, Memory.USE)) == (
        "The mapping for sheets with these headers is forgotten, because no --map was given.",
        Remembered(Reading()),
    )


def test_there_may_be_nothing_to_forget(tmp_path: Path) -> None:
    assert Desk(tmp_path).ask(FIRST, Memory.SAVE).remark == (
        "No mapping is remembered, because no --map was given."
    )


def test_a_rehearsal_remembers_nothing(tmp_path: Path) -> None:
    Desk(tmp_path).ask(FIRST, Memory.SAVE, rehearse=True, mapping=GIVEN)
    assert not (tmp_path / "mappings.json").exists()


def test_without_a_header_there_is_nothing_to_remember_it_under(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        Desk(tmp_path).ask("Ann Example,+12015550123\n", Memory.SAVE, mapping=("phone=B",))
    assert caught.value.sentence == (
        "leads has no known header under which a mapping could be remembered: name its row with"
        " --header-row N, or leave --save-mapping out."
    )


def test_the_sheet_of_a_workbook_that_has_these_headers_is_read(desk: Desk) -> None:
    leads = (("Who", "Dial this"), ("Ann Example", "+12015550123"))
    workbook = book({"Old": (("Name", "Phone"), ("Bo", "+12015550124")), "May": leads})
    assert desk.ask(workbook, Memory.USE).reading.sheet == "May"


def test_a_sheet_of_people_not_to_be_called_is_never_chosen_by_it(desk: Desk) -> None:
    leads = (("Who", "Dial this"), ("Ann Example", "+12015550123"))
    workbook = book({"Do not call": leads, "May": (("Name", "Phone"), ("Bo", "+12015550124"))})
    assert desk.ask(workbook, Memory.USE) == Remembered(Reading())


def test_the_commands_remember_use_and_forget(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(FIRST)
    (tmp_path / "b.csv").write_text(SECOND)
    env = home(tmp_path / ".home")
    saving = ("check", "a.csv", "--map", "phone=Dial this", "--save-mapping", "--json")
    stories = [
        run_dialer(*arguments, cwd=tmp_path, env=env).returncode
        for arguments in (
            ("check", "b.csv"),
            saving,
            ("check", "b.csv"),
            ("check", "b.csv", "--no-saved-mapping"),
        )
    ]
    assert stories == [65, 0, 0, 65]


def test_a_run_with_it_finds_its_sheet_unchanged_the_next_time(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(FIRST)
    run = ("run", "a.csv", "--sandbox", "--dry-run")
    run_dialer("check", "a.csv", "--map", "phone=Dial this", "--save-mapping", cwd=tmp_path)
    run_dialer("run", "a.csv", "--sandbox", "--yes", cwd=tmp_path)
    again = run_dialer(*run, cwd=tmp_path)
    assert ("the sheet is unchanged" in again.stderr, "phone=Dial this" in again.stderr) == (True, True)
