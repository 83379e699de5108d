"""Every setting of a campaign in words, those too that were left alone."""

from __future__ import annotations

from dialer.campaign import Rate, Reading
from dialer.report_settings import every_setting
from dialer.survey import settings_in_words
from tests.builders import API, policy

READING = {"version": "0.1.0"} | Reading().model_dump(mode="json")


def told(run: dict[str, str], reading: dict[str, object] | None = None) -> dict[str, str]:
    return dict(every_setting(run, READING if reading is None else reading))


def test_a_run_with_no_wishes_tells_every_setting() -> None:
    run = settings_in_words(policy(rate=Rate(count=5)), Reading(), API)
    apart = {"API", "key ending", "assistant"}  # told elsewhere in the report

    assert told({name: value for name, value in run.items() if name not in apart}) == {
        "Rate": "5/s",
        "Calls in flight, at most": "4",
        "Time for one call's request": "5s",
        "Calling hours": "not asked for: the API is on this machine",
        "Stays until they have come": "no",
        "No call begins from then on": "no such time",
        "A number called elsewhere rests for": "24h",
        "An unreachable API is tried for": "1min",
        "Stops by itself after": "1000 unknown, 1000 refused or 3 forbidden in a row, 3 faults of ours",
        "People in one run, at most": "no limit",
        "Calls of one number, at most": "no cap: the API is on this machine",
        "Calls of all campaigns in 24 hours, at most": "no limit",
        "Budget": "none",
        "Only rows that are": "pending or mended",
        "Calls made once more if they ended as": "none",
        "Calls made once more": "none",
        "Calls without a certain answer": "never made again",
        "Rows": "all",
        "Source of rows without one": "none",
        "Tags for everybody": "none",
        "Trace tags": "none",
        "Notes of rows without any": "none",
        "Country of national numbers": "none: without a country they are refused",
        "Of rows with the same number": "the first is called",
        "Columns named by hand": "none: their headers were understood",
        "Sheet named by hand": "none: the one that looks like leads",
        "Header row named by hand": "none: it was found",
        "Encoding named by hand": "none: it was found out",
        "Delimiter named by hand": "none: it was found out",
        "Column that has to say yes": "none",
        "Hidden rows": "read like any other",
        "Read by dialer": "0.1.0",
    }


def test_wishes_stand_in_the_place_of_what_holds_without_them() -> None:
    wished = told(
        {"limit": "5", "duplicates": "merge"}, {"header_row": 4, "visible_only": True, "delimiter": "\t"}
    )

    assert {name: wished[name] for name in ("People in one run, at most", "Header row named by hand")} == {
        "People in one run, at most": "5",
        "Header row named by hand": "4",
    }


def test_a_tab_and_hidden_rows_are_named() -> None:
    wished = told({}, {"visible_only": True, "delimiter": "\t"})

    assert (wished["Delimiter named by hand"], wished["Hidden rows"]) == ("tab", "left out")


def test_a_setting_that_is_new_here_is_told_by_its_own_name() -> None:
    assert told({"moon phase": "full"})["Moon phase"] == "full"


def test_what_nothing_is_known_of_is_left_out() -> None:
    assert "Rate" not in told({})
