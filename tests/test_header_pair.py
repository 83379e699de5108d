"""A header that spans two rows is read as one."""

from __future__ import annotations

import pytest

from dialer.columns import find_columns, mapping_names
from dialer.table import Row

Cells = tuple[str, ...]
LEAD = ("Ann", "Example", "+12015550123", "+12015550124", "US")


def read(*rows: Cells) -> tuple[int | None, dict[str, str]]:
    """The header row and the mapping of a sheet that begins with these rows."""
    columns = find_columns([Row(number, cells) for number, cells in enumerate(rows, 1)])
    return columns.header_row, mapping_names(columns)


def test_a_column_that_says_nothing_by_itself_is_named_with_its_group() -> None:
    groups = ("Person", "", "Phones", "", "Where")
    names = ("First name", "Last name", "Mobile", "Office", "Country")
    assert read(groups, names, LEAD) == (
        2,
        {
            "phone": "Mobile",
            "phone_2": "Phones Office",
            "first_name": "First name",
            "last_name": "Last name",
            "country": "Country",
        },
    )


def test_the_second_row_of_a_merged_header_is_no_lead() -> None:
    assert read(
        ("Name", "", "Phone", "", "Country"), ("", "", "Mobile", "Work", ""), ("Ann", "", *LEAD[2:])
    ) == (2, {"phone": "Mobile", "phone_2": "Phone Work", "full_name": "Name", "country": "Country"})


@pytest.mark.parametrize("group", ["Spouse", "Emergency contact", "Company", "Assistant"])
def test_the_phone_of_somebody_else_beside_the_lead_is_not_called(group: str) -> None:
    top = ("Lead", "", group, "")
    assert read(top, ("Name", "Phone", "Name", "Phone"), ("Ann", LEAD[2], "Bo", LEAD[3])) == (
        2,
        {"phone": "Phone", "full_name": "Name"},
    )


def test_a_group_makes_a_phone_what_it_is() -> None:
    top = ("Person", "Business", "Mobile")
    assert read(top, ("Name", "Phone", "Phone"), ("Ann", LEAD[2], LEAD[3]))[1] == {
        "phone": "Mobile Phone",
        "phone_2": "Business Phone",
        "full_name": "Name",
    }


@pytest.mark.parametrize(
    "title",
    [("Phones of May",), ("Phone list", "", ""), ("Leads", "exported by Ann"), ("Home", "Private", "")],
)
def test_a_title_above_makes_no_phone_column_of_another(title: Cells) -> None:
    assert read(title, ("Name", "Phone", "Home"), ("Ann", LEAD[2], "Springfield"))[1]["phone"] == "Phone"


@pytest.mark.parametrize(
    "second",
    [
        ("Ann", "", "", "", ""),
        ("", "", "unknown", "", ""),
        ("Ann", "Example", "no number", "", "US"),
        ("", "", "Mobile", "", ""),
    ],
)
def test_a_row_of_leads_is_never_taken_for_a_second_header_row(second: Cells) -> None:
    top = ("First name", "Last name", "Phone", "Work phone", "Country")
    assert read(top, second, LEAD)[0] == 1


def test_a_blank_row_parts_a_title_from_the_header() -> None:
    rows = [Row(1, ("Company", "", "")), Row(3, ("Name", "Phone")), Row(4, ("Ann", LEAD[2]))]
    assert find_columns(rows).headers == ("Name", "Phone")


def test_a_header_row_that_is_named_is_the_last_one() -> None:
    rows = (("Name", "Phone", ""), ("", "Mobile", "Work"), ("Ann", "", LEAD[2]))
    columns = find_columns([Row(n, cells) for n, cells in enumerate(rows, 1)], header_row=1)
    assert columns.header_row == 1
