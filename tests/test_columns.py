"""The header row and what each column means."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialer.columns import (
    RESULT_COLUMNS,
    Columns,
    Field,
    find_columns,
    lead_score,
    mapping_names,
    parse_override,
)
from dialer.errors import DialerError, SheetError, UsageError
from dialer.headers import read_header
from dialer.table import Row

PHONE = "+1 201 555 0123"
OTHER_PHONE = "+1 201 555 0124"


def head(*rows: list[str]) -> list[Row]:
    return [Row(number, tuple(cells)) for number, cells in enumerate(rows, start=1)]


def under(*headers: str) -> list[Row]:
    """A header with one lead below it, whose phone columns hold phone numbers."""
    lead = [PHONE if read_header(text).rank(Field.PHONE) else "something" for text in headers]
    return head(list(headers), lead)


def refused(
    rows: list[Row],
    *,
    code: str,
    header_row: int | None = None,
    overrides: Sequence[tuple[Field, str]] = (),
) -> str:
    """The sentence with which a sheet is refused under `code`."""
    with pytest.raises(DialerError) as caught:
        find_columns(rows, header_row=header_row, overrides=overrides)
    assert caught.value.code == code
    return caught.value.sentence


CRM_EXPORTS = tomllib.loads(Path(__file__).with_name("crm_headers.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("export", CRM_EXPORTS.values(), ids=CRM_EXPORTS)
def test_the_export_of_a_crm_is_understood(export: dict[str, Any]) -> None:
    assert mapping_names(find_columns(under(*export["headers"]))) == export["mapping"]


# ------------------------------------------------------------------------------------ where the header is


@pytest.mark.parametrize(
    ("rows", "header_row"),
    [
        ([["Name", "Phone"], ["Anna", PHONE]], 1),
        ([["Leads of the autumn fair"], [], ["Name", "Phone"], ["Anna", PHONE]], 3),
        ([["Person", "", "Contact"], ["First name", "Last name", "Phone"], ["Anna", "Example", PHONE]], 2),
        ([["Owner", "Anna"], ["Source", "Website"], ["Name", "City", "Phone"], ["Bob", "Rome", PHONE]], 3),
        ([["Acme", "+1 201 555 0199"], ["Name", "City", "Phone"], ["Bob", "Rome", PHONE]], 2),
        ([["Name", "Phone (e.g. +1 201 555 0100)"], ["Anna", PHONE]], 1),
        ([["Nmae", "Phne Number"], ["Anna", PHONE]], 1),
        ([["Name", "Phone"], ["Anna", "ask Bob"]], 1),
        ([["Name", "Phone"], ["Anna", PHONE], ["Name", "Phone", "Page 2"], ["Bob", PHONE]], 1),
        ([["Phone"], ["n/a"]], 1),
    ],
)
def test_the_header_row_is_found(rows: list[list[str]], header_row: int) -> None:
    assert find_columns(head(*rows)).header_row == header_row


def test_blank_rows_count_as_excel_counts_them() -> None:
    rows = [Row(4, ("Name", "Phone")), Row(9, ("Anna", PHONE))]
    assert find_columns(rows).first_data_row == 5


def test_a_sheet_that_begins_with_a_lead_is_refused_with_the_column_to_name() -> None:
    sentence = refused(head(["Anna", "Example", PHONE], ["Bob", "Sample", OTHER_PHONE]), code="no_header")
    assert sentence == (
        "The sheet has no header: its first row already holds a phone number, in C1. Name the columns "
        "by letter, for example --map phone=C, or put a header above the first row."
    )


def test_columns_named_by_letters_make_a_header_needless() -> None:
    rows = head(["Anna", "Example", PHONE], ["Bob", "Sample", OTHER_PHONE])
    columns = find_columns(rows, overrides=[(Field.PHONE, "C"), (Field.FIRST_NAME, "a")])
    assert (columns.header_row, columns.first_data_row, mapping_names(columns)) == (
        None,
        1,
        {"phone": "C", "first_name": "A"},
    )


def test_a_first_lead_without_a_phone_is_not_taken_for_the_header() -> None:
    sentence = refused(head(["Anna", "Example", ""], ["Bob", "Sample", PHONE]), code="no_header")
    assert sentence == (
        "No row looks like a header, but column C holds phone numbers: if they are the leads' own, "
        "add --map phone=C, and --header-row 1 if row 1 is the header."
    )


def test_values_that_look_like_headers_are_not_taken_for_one() -> None:
    rows = head(
        ["Mobile", "Website", ""], ["Mobile", "Website", PHONE], ["Home phone", "Website", OTHER_PHONE]
    )
    sentence = refused(rows, code="no_header")
    assert sentence == (
        "No row looks like a header, but column C holds phone numbers: if they are the leads' own, "
        "add --map phone=C, and --header-row 1 if row 1 is the header."
    )


def test_a_name_that_is_also_a_header_word_makes_no_header() -> None:
    rows = head(["Anna", "Handy", "Rome", ""], ["Bob", "Sample", "Paris", PHONE])
    assert refused(rows, code="no_header").startswith("No row looks like a header, but column D")


def test_leads_above_a_header_are_not_dropped() -> None:
    sentence = refused(
        head(["Anna", "Rome", PHONE], ["Name", "City", "Phone"], ["Bob", "Paris", OTHER_PHONE]),
        code="no_header",
    )
    assert sentence == (
        "Row 1 already holds a phone number, above what looks like the header in row 2: "
        "name the header with --header-row 2, or move such rows below."
    )


def test_the_header_row_can_be_named() -> None:
    rows = head(["Anna", "Rome", PHONE], ["Name", "City", "Phone"], ["Bob", "Paris", OTHER_PHONE])
    assert find_columns(rows, header_row=2).header_row == 2


@pytest.mark.parametrize("number", [0, 2, 99])
def test_a_header_row_that_is_not_there_is_refused(number: int) -> None:
    sentence = refused(
        head(["Name", "Phone"], [], ["Anna", PHONE]), header_row=number, code="header_row_missing"
    )
    assert sentence == (
        f"Row {number} cannot be the header, for nothing stands in it within the first rows of the sheet: "
        "--header-row must name a filled row from 1 to 3."
    )


def test_a_header_in_an_unknown_language_is_found_by_the_column_that_is_named() -> None:
    rows = head(["Numer kontaktowy", "Osoba"], [PHONE, "Anna"])
    columns = find_columns(rows, overrides=[(Field.PHONE, "numer kontaktowy")])
    assert (columns.header_row, mapping_names(columns)) == (1, {"phone": "Numer kontaktowy"})


@pytest.mark.parametrize("rows", [[], [[]], [["", " "], [""]]])
def test_an_empty_sheet_is_refused(rows: list[list[str]]) -> None:
    sentence = refused(head(*rows), code="no_rows")
    assert sentence == (
        "The sheet is empty: put a header and at least one lead into it, or name another with --sheet NAME."
    )


def test_a_header_without_leads_is_refused() -> None:
    sentence = refused(head(["Name", "Phone"], ["", ""]), code="no_rows")
    assert sentence == (
        "There is no row below the header in row 1: add at least one lead, "
        "or name another sheet with --sheet NAME."
    )


# ------------------------------------------------------------------------------------- the phone columns


def test_two_columns_of_one_name_are_both_read_in_order() -> None:
    assert find_columns(under("Phone", "Name", "Phone", "phone")).phones == (0, 2, 3)


def test_mobile_comes_before_plain_before_work() -> None:
    assert find_columns(under("Work phone", "Phone", "Mobile", "Home phone", "Cell")).phones == (
        2,
        4,
        1,
        0,
        3,
    )


def test_a_sheet_with_only_a_switchboard_is_refused() -> None:
    sentence = refused(
        head(["Name", "Company Phone", "Fax"], ["Anna", PHONE, OTHER_PHONE]), code="no_phone_column"
    )
    assert sentence == (
        'The header in row 1 has no phone column of the leads\' own, only "Name", "Company Phone", "Fax": '
        'if the numbers under "Company Phone" are to be called, add --map phone="Company Phone", else '
        "name the column with --map phone=COLUMN, or the header row with --header-row N."
    )


def test_a_sheet_without_phones_is_refused_with_its_headers() -> None:
    sentence = refused(
        head(["Name", "Order ID", "Notes"], ["Anna", "2015550123", "x"]), code="no_phone_column"
    )
    assert sentence == (
        'The header in row 1 has no phone column of the leads\' own, only "Name", "Order ID", "Notes": '
        "name the column with --map phone=COLUMN, or the header row with --header-row N."
    )


def test_a_sheet_of_prose_is_refused_with_what_it_holds() -> None:
    sentence = refused(head(["To whom it may concern"], ["hello there", "you"]), code="no_phone_column")
    assert sentence == (
        "No row looks like a header with a phone column, and no column is full of phone numbers "
        '(row 2 holds "hello there", "you"): name the column with --map phone=COLUMN, '
        "or the header row with --header-row N."
    )


def test_many_headers_are_not_all_listed() -> None:
    rows = under("Name", "Phone", *(f"Question {number}" for number in range(15)))
    sentence = refused(rows, overrides=[(Field.TAGS, "zzz")], code="column_not_found")
    assert sentence.endswith(', "Question 9" and 5 more.')


def test_a_column_without_a_header_is_a_phone_column_if_it_is_full_of_phones() -> None:
    rows = head(["Name", "City"], ["Anna", "Rome", PHONE], ["Bob", "Paris", OTHER_PHONE])
    assert mapping_names(find_columns(rows)) == {"phone": "C", "full_name": "Name"}


def test_a_column_without_a_header_that_holds_a_few_phones_is_not_guessed() -> None:
    rows = head(["Name", "City"], ["Anna", "Rome", PHONE], ["Bob", "Paris", "no"], ["Eve", "Oslo", "no"])
    sentence = refused(rows, code="no_phone_column")
    assert sentence == (
        'The header in row 1 has no phone column of the leads\' own, only "Name", "City": '
        "name the column with --map phone=COLUMN, or the header row with --header-row N."
    )


def test_a_column_with_a_header_that_says_something_else_is_never_guessed() -> None:
    sentence = refused(head(["Name", "Email", "Manager phone"], ["Anna", "x", PHONE]), code="no_phone_column")
    assert 'add --map phone="Manager phone"' in sentence


def test_a_column_of_contacts_is_a_phone_column_if_its_cells_are_phones() -> None:
    rows = head(["Contact", "Company"], [PHONE, "Acme"])
    assert mapping_names(find_columns(rows)) == {"phone": "Contact"}


def test_a_column_of_contacts_is_a_name_if_its_cells_are_names() -> None:
    rows = head(["Contact", "Phone"], ["Anna Example", PHONE])
    assert mapping_names(find_columns(rows)) == {"phone": "Phone", "full_name": "Contact"}


def test_the_best_known_of_two_columns_wins() -> None:
    columns = find_columns(under("Phone", "campaign_name", "Description", "Lead Source", "Notes"))
    assert mapping_names(columns) == {"phone": "Phone", "source": "Lead Source", "notes": "Notes"}


def test_every_do_not_call_column_counts() -> None:
    columns = find_columns(under("Phone", "Opt-Out", "Do Not Call", "Email Opt Out"))
    assert (columns.fields[Field.DO_NOT_CALL], columns.refusals) == (2, (2, 1))


# ---------------------------------------------------------------------------------------- fed-back reports

REPORT = (
    *("Name", "Phone", "status"),
    *(
        "call_id",
        "dialer_status",
        "is_new_contact",
        "to_phone",
        "contact_id",
        "called_at",
        "attempts",
        "reason",
    ),
    "notes",
)


def test_a_report_that_is_fed_back_is_recognised() -> None:
    columns = find_columns(under(*REPORT))
    assert columns.results == {name: position for position, name in enumerate(RESULT_COLUMNS, start=3)}


def test_the_report_s_own_columns_mean_nothing_else() -> None:
    assert mapping_names(find_columns(under(*REPORT))) == {
        "phone": "Phone",
        "full_name": "Name",
        "notes": "notes",
    }


def test_the_last_of_two_reports_in_one_sheet_counts() -> None:
    twice = under(*REPORT, *RESULT_COLUMNS)
    assert find_columns(twice).results["call_id"] == 12


def test_a_report_s_columns_that_somebody_moved_are_known_all_the_same() -> None:
    moved = find_columns(under("Phone", *reversed(RESULT_COLUMNS))).results
    assert moved == {name: position for position, name in enumerate(reversed(RESULT_COLUMNS), start=1)}


def test_a_report_s_own_column_cannot_be_mapped() -> None:
    sentence = refused(under(*REPORT), overrides=[(Field.PHONE, "to_phone")], code="column_not_found")
    assert sentence == (
        '--map phone names the column "to_phone", which dialer added to the sheet itself: '
        'name one of "Name", "Phone", "status", "notes".'
    )


# ---------------------------------------------------------------------------------------------- overrides


def test_phones_that_are_named_rank_in_their_order_and_alone() -> None:
    overrides = [(Field.PHONE, "Fax"), (Field.PHONE, "Work phone")]
    assert find_columns(under("Mobile", "Work phone", "Fax"), overrides=overrides).phones == (2, 1)


def test_a_named_column_loses_its_other_meaning() -> None:
    columns = find_columns(under("Name", "Phone"), overrides=[(Field.LAST_NAME, "Name")])
    assert mapping_names(columns) == {"phone": "Phone", "last_name": "Name"}


def test_a_named_do_not_call_column_joins_those_that_are_found() -> None:
    columns = find_columns(under("Phone", "DNC", "Partner"), overrides=[(Field.DO_NOT_CALL, "Partner")])
    assert mapping_names(columns) == {"phone": "Phone", "do_not_call": "Partner", "do_not_call_2": "DNC"}


def test_a_do_not_call_column_that_is_mapped_to_something_else_still_counts() -> None:
    columns = find_columns(under("Phone", "DNC"), overrides=[(Field.TAGS, "DNC")])
    assert columns.refusals == (1,)


def test_an_empty_column_leaves_a_field_out() -> None:
    overrides = [(Field.DO_NOT_CALL, ""), (Field.NOTES, "")]
    assert mapping_names(find_columns(under("Phone", "DND", "Notes"), overrides=overrides)) == {
        "phone": "Phone"
    }


def test_a_header_wins_over_the_letters_that_it_spells() -> None:
    rows = head(["Name", "B", "A"], ["Anna", "x", PHONE])
    assert find_columns(rows, header_row=1, overrides=[(Field.PHONE, "A")]).phones == (2,)


def test_a_column_that_is_not_there_is_refused_with_the_nearest() -> None:
    sentence = refused(
        under("Name", "Phone", "Mobil"), overrides=[(Field.PHONE, "Mobile")], code="column_not_found"
    )
    assert sentence == (
        '--map phone names the column "Mobile", which is not in the sheet: did you mean "Mobil"? '
        'The sheet has "Name", "Phone", "Mobil".'
    )


def test_a_column_like_no_other_is_refused_with_all_there_are() -> None:
    sentence = refused(under("Name", "Phone"), overrides=[(Field.TAGS, "zzz")], code="column_not_found")
    assert sentence == (
        '--map tags names the column "zzz", which is not in the sheet: it has "Name", "Phone".'
    )


def test_a_sheet_without_a_header_has_letters_only() -> None:
    rows = head(["Anna", PHONE], ["Bob", OTHER_PHONE])
    sentence = refused(rows, overrides=[(Field.PHONE, "Telephone")], code="column_not_found")
    assert sentence == (
        '--map phone names the column "Telephone", but the sheet has no header: '
        "name its columns by letter, A to B."
    )


@pytest.mark.parametrize(
    ("text", "override"),
    [
        ("phone=Mobile", (Field.PHONE, "Mobile")),
        ("First-Name = A=B ", (Field.FIRST_NAME, "A=B")),
        ("DO_NOT_CALL=", (Field.DO_NOT_CALL, "")),
    ],
)
def test_an_override_is_read(text: str, override: tuple[Field, str]) -> None:
    assert parse_override(text) == override


FIELDS = (
    "The fields are phone, first_name, last_name, full_name, country, source, tags, notes, do_not_call, "
    "consent, state, postal_code, time_zone."
)


@pytest.mark.parametrize(
    ("text", "code", "sentence"),
    [
        (
            "phone",
            "map_invalid",
            '--map "phone" has no equals sign: write --map FIELD=COLUMN, as in --map phone=Mobile.',
        ),
        (
            "phone=",
            "map_invalid",
            "--map phone= names no column: without a phone column nobody can be called.",
        ),
        ("fone=A", "unknown_field", f'--map knows no field "fone": did you mean phone? {FIELDS}'),
        ("mobile=A", "unknown_field", f'--map knows no field "mobile": did you mean phone? {FIELDS}'),
        ("surname=A", "unknown_field", f'--map knows no field "surname": did you mean last_name? {FIELDS}'),
        ("=A", "unknown_field", f'--map knows no field "": {FIELDS}'),
    ],
)
def test_an_override_that_makes_no_sense_is_refused(text: str, code: str, sentence: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_override(text)
    assert (caught.value.code, caught.value.sentence) == (code, sentence)


# ------------------------------------------------------------------------------------- choosing a sheet


def test_leads_score_above_a_list_without_header_above_a_sheet_without_phones() -> None:
    leads = under("First Name", "Last Name", "Phone")
    bare = head(["Anna", PHONE], ["Bob", OTHER_PHONE])
    prices = head(["Product", "Price"], ["Panel", "100"])
    scores = [lead_score(rows) for rows in (leads, bare, prices, [])]
    assert scores[0] > scores[1] > scores[2] == scores[3] == 0


def test_a_list_of_numbers_scores_below_leads_with_names() -> None:
    assert lead_score(under("Phone")) < lead_score(under("Name", "Phone"))


def test_a_sheet_with_readable_phones_scores_above_the_same_without() -> None:
    assert lead_score(head(["Name", "Phone"], ["Anna", PHONE])) > lead_score(
        head(["Name", "Phone"], ["Anna", "?"])
    )


# --------------------------------------------------------------------------------------------- properties

CELLS = st.one_of(
    st.sampled_from(
        ["", "Phone", "Mobile", "Name", "Do Not Call", "Website", PHONE, "2015550123", "Anna", "no", "Total"]
    ),
    st.text(max_size=12),
)
ROWS = st.lists(st.lists(CELLS, max_size=6), max_size=8)


@settings(max_examples=200, deadline=None)
@given(ROWS)
def test_any_sheet_has_a_phone_column_or_is_refused(rows: list[list[str]]) -> None:
    with suppress(SheetError):
        assert find_columns(head(*rows)).phones


@settings(max_examples=200, deadline=None)
@given(ROWS)
def test_the_header_row_never_holds_a_phone_number(rows: list[list[str]]) -> None:
    with suppress(SheetError):
        assert not {PHONE, "2015550123"} & set(find_columns(head(*rows)).headers)


def test_positions_beyond_the_header_go_by_letters() -> None:
    assert Columns(header_row=1, headers=("Name",), phones=(27,)).name(27) == "AB"
