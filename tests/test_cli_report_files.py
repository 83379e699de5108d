"""Where reports go: none takes the place of another campaign's, and none that cannot be written is lost."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from tests.command import Finished
from tests.desk import Desk, Sheet, Story, open_desk, told


@pytest.fixture(scope="module")
def stories(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Future[Any]]]:
    with (
        open_desk(tmp_path_factory.mktemp("desk")) as desk,
        told(desk, STORIES, wanted=set(STORIES)) as begun,
    ):
        yield begun


def _namesakes(desk: Desk) -> tuple[Path, Sheet, Finished, int, Finished]:
    """Two sheets of one name in two folders, for two campaigns: the second, and again with --output."""
    place = desk.place()
    sheets = []
    for name in ("north", "south"):
        sheet = desk.sheet(2)
        (place / name).mkdir()
        sheets.append(Sheet(sheet.path.rename(place / name / "leads.csv"), sheet.numbers))
    options = desk.call_options
    desk.dialer("run", sheets[0].path, *options("--campaign", f"{place.name} north"), place=place)
    south = options("--campaign", f"{place.name} south")
    refused = desk.dialer("run", sheets[1].path, *south, place=place)
    received = len(desk.received(*sheets[1].numbers))
    elsewhere = desk.dialer("run", sheets[1].path, *south, "--output", place / "south.csv", place=place)
    return place, sheets[0], refused, received, elsewhere


def _two_campaigns(desk: Desk) -> Finished:
    """One sheet for two campaigns: its report can be written again for either."""
    sheet = desk.sheet(2)
    desk.run(sheet)
    return desk.run(sheet, "--campaign", f"{sheet.campaign} again")


def _unwritable(desk: Desk) -> tuple[Sheet, Finished, Finished, int]:
    """The report's folder is a file; then it is not any more, and the report is asked for once more."""
    place = desk.place()
    sheet = desk.sheet(2)
    (place / "reports").write_text("no folder")
    first = desk.dialer("run", sheet.path, *desk.call_options(), place=place)
    (place / "reports").unlink()
    again = desk.dialer("report", sheet.campaign, *desk.api, place=place)
    lines = (place / "reports" / f"{sheet.campaign}.results.csv").read_text().splitlines()
    return sheet, first, again, sum(",queued," in line for line in lines)


def _vanished(desk: Desk) -> tuple[Finished, bool]:
    """The folder of the reports was deleted since."""
    place = desk.place()
    sheet = desk.sheet(1)
    desk.dialer("run", sheet.path, *desk.call_options(), place=place)
    shutil.rmtree(place / "reports")
    again = desk.dialer("report", sheet.campaign, *desk.api, place=place)
    return again, (place / "reports" / f"{sheet.campaign}.report.html").is_file()


STORIES: dict[str, Story] = {
    "namesakes": _namesakes,
    "two_campaigns": _two_campaigns,
    "unwritable": _unwritable,
    "vanished": _vanished,
}
Stories = Mapping[str, Future[Any]]


def test_a_report_of_another_campaign_and_sheet_is_not_replaced(stories: Stories) -> None:
    place, first, refused, received, _ = stories["namesakes"].result()
    report = place / "reports" / "leads.results.csv"
    assert (refused.returncode, refused.stderr.splitlines()[-1], received) == (
        2,
        (
            f"dialer: {report} is the report of campaign '{place.name} north', made of {first.path}: name"
            " another file with --output."
        ),
        0,
    )


def test_it_is_written_elsewhere_when_asked(stories: Stories) -> None:
    place, _, _, _, elsewhere = stories["namesakes"].result()
    assert (elsewhere.returncode, (place / "south.csv").is_file()) == (0, True)


def test_two_campaigns_of_one_sheet_may_share_its_report(stories: Stories) -> None:
    assert "is the report of campaign" not in stories["two_campaigns"].result().stderr


def test_a_report_that_cannot_be_written_is_said_and_nothing_is_lost(stories: Stories) -> None:
    sheet, first, again, queued = stories["unwritable"].result()
    assert (first.returncode, "nothing is lost, `dialer report" in first.stderr) == (1, True)
    assert (again.returncode, queued) == (0, len(sheet.numbers))


def test_a_folder_that_vanished_is_made_anew(stories: Stories) -> None:
    again, written = stories["vanished"].result()
    assert (again.returncode, written) == (0, True)
