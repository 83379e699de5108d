"""`dialer forget` on a whole desk: the person is in no file that dialer wrote, and never called again."""

from __future__ import annotations

import csv
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import openpyxl
import pytest
from openpyxl.comments import Comment

from tests.command import Finished, home
from tests.desk import Desk, open_desk

NUMBER, OTHER = "+12025550142", "+12025550143"
# Whatever stands between the digits, and whatever of the name or the notes.
CANARY = re.compile(rb"202[^0-9A-Za-z]{0,5}555[^0-9A-Za-z]{0,5}0142|birdsong|yellow.kitchens", re.IGNORECASE)
SHEET = (
    "phone,first_name,last_name,notes\n"
    f"{OTHER},Olive,Other,likes red kitchens\n"
    "+1 (202) 555-0142,Canary,Birdsong,likes yellow kitchens\n"
    "202.555.0142,Canary,Birdsong,no country\n"
    "12025550142.0,Canary,Birdsong,again\n"
    "+44 20 7946 0143,Odd,Sample,\n"
)
FORGOTTEN = "This person asked to be forgotten: nothing about them is kept, and they are not called."


@dataclass
class Story:
    """A desk where a person was called in every way, and then forgotten."""

    desk: Desk
    folder: Path
    found_before: set[str]
    forgotten: Finished
    found_after: set[str]
    again: Finished  # the same sheet once more
    found_again: set[str]
    called: Finished  # `dialer call` once more
    reported: Finished
    check: Finished

    def rows(self, name: str) -> list[dict[str, str]]:
        with (self.folder / "reports" / name).open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))


def texts_of(path: Path) -> Iterator[bytes]:
    """What a file holds, unpacked, and once more as text of two bytes."""
    contents = [path.read_bytes()]
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            contents += [archive.read(name) for name in archive.namelist()]
    for content in contents:
        yield content
        yield content.replace(b"\0", b"")


def found_in(*folders: Path) -> set[str]:
    """The files under these folders in which the canary is."""
    return {
        path.name
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file() and (CANARY.search(path.name.encode()) or any(map(CANARY.search, texts_of(path))))
    }


def workbook(path: Path) -> None:
    """A workbook with the person in a row, in a comment, in a link, and on a second sheet."""
    book = openpyxl.Workbook()
    leads = book.worksheets[0]
    for row in (
        ["Phone", "First Name", "Last Name"],
        [OTHER, "Olive", "Other"],
        ["+1 202 555 0142", "Canary", "Birdsong"],
    ):
        leads.append(row)
    leads["A3"].comment = Comment("Birdsong likes yellow kitchens", "somebody")
    leads["B3"].hyperlink = "mailto:canary@birdsong.example"
    leads["B2"].hyperlink = "mailto:olive@example.com"
    book.create_sheet("Notes").append(["Call 202-555-0142 first"])
    book.save(path)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    with open_desk(tmp_path_factory.mktemp("desk")) as desk:
        folder = desk.place()
        env = home(folder / ".home")
        (folder / "leads.csv").write_text(SHEET)
        # Without the rows whose numbers cannot be read: nobody can tell whose they are.
        (folder / "again.csv").write_text("\n".join(SHEET.splitlines()[:3]) + "\n")
        workbook(folder / "book.xlsx")
        again = desk.call_options("--recall-after", "0s", "--json")

        def dialer(*arguments: str | Path, stdin: str | None = None) -> Finished:
            return desk.dialer(*arguments, env=env, place=folder, stdin=stdin)

        dialer("run", "leads.csv", *again, "--notes", "Ask for Canary Birdsong", "-v")
        dialer("run", "book.xlsx", *again)
        dialer("run", "-", *again, "--campaign", "from stdin", stdin=SHEET)
        dialer("call", NUMBER, *desk.api, "-a", "Voz", "--recall-after", "0s", "--last-name", "Birdsong")
        dialer("pause", "leads", *desk.api, "--reason", f"{NUMBER} complained")
        dialer("resume", "leads", *desk.api)
        dialer("ledger", "backup", *desk.api)
        dialer("ledger", "backup", folder / "reports" / "copy.sqlite3", *desk.api)
        dialer("suppress", "add", NUMBER, *desk.api, "--reason", "Canary Birdsong wrote")
        places = (folder / ".home", folder / "reports")
        before = found_in(*places)
        forgotten = dialer("forget", NUMBER, *desk.api, "--yes", "--json")
        after = found_in(*places)
        yield Story(
            desk,
            folder,
            before,
            forgotten,
            after,
            dialer("run", "again.csv", *again, "--campaign", "leads"),
            found_in(*places),
            dialer("call", NUMBER, *desk.api, "-a", "Voz", "--json"),
            dialer("report", "from stdin", *desk.api),
            dialer("ledger", "check", *desk.api),
        )


def test_the_person_was_in_every_kind_of_file(story: Story) -> None:
    ledger = story.desk.ledger.name
    assert {ledger, "from%20stdin.input"} <= story.found_before | {"from stdin.input", "from%20stdin.input"}
    assert {
        "leads.results.csv",
        "book.results.xlsx",
        "leads.report.html",
        "copy.sqlite3",
    } <= story.found_before


def test_afterwards_the_person_is_in_no_file(story: Story) -> None:
    assert story.found_after == set()


def test_everything_was_erased(story: Story) -> None:
    assert story.forgotten.returncode == 0, story.forgotten


def test_what_was_erased_is_told(story: Story) -> None:
    told = story.forgotten.json
    reports = {Path(each["path"]).name for each in told["files"]}

    assert (told["number"], told["rows"], told["attempts"], told["campaigns"]) == ("+1202***0142", 8, 4, 4)
    assert {"leads.results.csv", "book.results.xlsx"} < reports
    assert len(told["backups"]) == 2


def test_the_users_own_sheets_are_named_and_not_touched(story: Story) -> None:
    own = story.forgotten.json["own_sheets"]

    assert own == [f"{story.folder}/leads.csv, row 3, 4, 5", f"{story.folder}/book.xlsx, row 3"]
    assert (story.folder / "leads.csv").read_text() == SHEET


def test_what_dialer_cannot_know_is_said(story: Story) -> None:
    assert "reports that were moved or renamed" in story.forgotten.json["not_known_to_dialer"]


def test_a_row_stays_and_says_why_it_is_empty(story: Story) -> None:
    rows = story.rows("leads.results.csv")

    assert [row["status"] for row in rows] == ["queued", *["suppressed"] * 3, "queued"]
    assert {value for value in rows[1].values() if value} == {"suppressed", FORGOTTEN}


def test_the_rows_of_others_are_as_they_were(story: Story) -> None:
    first = story.rows("leads.results.csv")[0]

    assert (first["phone"], first["last_name"], first["notes"], first["to_phone"]) == (
        OTHER,
        "Other",
        "likes red kitchens",
        OTHER,
    )


def test_a_workbook_keeps_the_rows_of_others(story: Story) -> None:
    book = openpyxl.load_workbook(story.folder / "reports" / "book.results.xlsx")
    leads = book.worksheets[0]

    assert [cell.value for cell in leads[2]][:3] == [OTHER, "Olive", "Other"]
    assert leads["B2"].hyperlink.target == "mailto:olive@example.com"
    assert {cell.value for cell in leads[3] if cell.value} == {"suppressed", FORGOTTEN}


def test_the_same_sheet_again_calls_nobody_and_writes_nothing_about_the_person(story: Story) -> None:
    told = story.again.json

    assert (told["called_now"], told["counts"], story.found_again) == (
        0,
        {"queued": 1, "suppressed": 1},
        set(),
    )


def test_the_person_was_never_called_again(story: Story) -> None:
    assert story.desk.created(NUMBER)[NUMBER] == 4


def test_a_single_call_is_refused_with_the_way_to_undo_it(story: Story) -> None:
    ledger = " ".join(story.desk.api)

    assert (story.called.returncode, story.called.json["error"]) == (
        1,
        {
            "code": "suppressed",
            "message": f"{NUMBER} is not called: it is on the do-not-call list of this ledger (asked to be "
            f"forgotten); `dialer suppress remove {NUMBER} {ledger}` takes it off.",
            "exit_code": 1,
        },
    )


def test_the_report_of_a_kept_input_can_be_written_again(story: Story) -> None:
    assert story.reported.returncode == 0, story.reported
    assert [row["status"] for row in story.rows("from stdin.results.csv")] == [
        "queued",
        *["suppressed"] * 3,
        "queued",
    ]


def test_the_ledger_is_sound_afterwards(story: Story) -> None:
    assert story.check.returncode == 0, story.check
