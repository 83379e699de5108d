"""Rows become leads or row problems."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialer.columns import RESULT_COLUMNS, Columns, find_columns
from dialer.leads import Lead, RowProblem, RowReader, RowReading, Verdict, merge, other_name, report_cell
from dialer.phones import Tier
from dialer.table import Row
from dialer.templates import Templates, parse_template

PHONE = "+1 201 555 0123"
HEADERS = (
    *("First Name", "Last Name", "Full Name", "Mobile", "Phone", "Country", "Source", "Tags", "Notes"),
    *("Do Not Call", "Opt-Out", "OK to call", "Company"),
)
SHEET = find_columns([Row(1, HEADERS), Row(2, ("", "", "", PHONE, PHONE))])


def row(number: int = 7, /, **cells: str) -> Row:
    """A row under `HEADERS`; cells are named by header, with underscores: `Opt_Out`."""
    texts = {header.replace(" ", "_").replace("-", "_"): "" for header in HEADERS}
    assert texts.keys() >= cells.keys()
    return Row(number, tuple({**texts, **cells}.values()))


def read(*, sheet: str | None = None, region: str | None = None, **cells: str) -> RowReading:
    return RowReader(SHEET, sheet=sheet, region=region).read(row(**cells))


def lead(**cells: str) -> Lead:
    reading = read(**{"Mobile": PHONE, **cells})
    assert reading.lead is not None
    return reading.lead


def problem(**cells: str) -> RowProblem:
    (only,) = read(**cells).problems
    return only


# -------------------------------------------------------------------------------------------- whole rows


def test_a_row_becomes_a_lead() -> None:
    reading = read(
        First_Name=" Anna ",
        Last_Name="Example",
        Mobile=PHONE,
        Source="website",
        Tags="kitchen, quote",
        Notes="Wants a quote",
    )
    assert reading == RowReading(
        row=7,
        verdict=Verdict.CALLABLE,
        cell="D7",
        lead=Lead(
            row=7,
            phone="+12015550123",
            tier=Tier.EXACT,
            region="US",
            cell="D7",
            first_name="Anna",
            last_name="Example",
            source="website",
            tags=("kitchen", "quote"),
            notes="Wants a quote",
        ),
    )


def test_a_row_shorter_than_the_header_is_read() -> None:
    assert RowReader(SHEET).read(Row(3, ("Anna", "", "", PHONE))).verdict is Verdict.CALLABLE


def test_a_region_makes_the_lead_an_assumption() -> None:
    assert read(Mobile="201 555 0123", region="US").verdict is Verdict.ASSUMED


def test_a_country_in_the_row_makes_it_certain() -> None:
    assert read(Mobile="201 555 0123", Country="US").verdict is Verdict.CALLABLE


def test_the_country_in_the_row_comes_before_the_region() -> None:
    reading = read(Mobile="020 7946 0123", Country="GB", region="US")
    assert reading.lead is not None
    assert reading.lead.phone == "+442079460123"


def test_a_national_number_without_a_country_is_not_called() -> None:
    assert read(Mobile="201 555 0123").verdict is Verdict.INVALID


# -------------------------------------------------------------------------------------------- which phone


@pytest.mark.parametrize("unusable", ["", " ", "\u200b", "n/a", "ask Bob", "+1 201 555"])
def test_the_next_phone_column_serves_where_the_first_cannot(unusable: str) -> None:
    assert read(Mobile=unusable, Phone=PHONE).cell == "E7"


def test_the_first_phone_column_comes_first() -> None:
    assert read(Mobile=PHONE, Phone="+1 201 555 0124").cell == "D7"


def test_every_phone_cell_that_cannot_be_read_is_a_problem() -> None:
    reading = read(First_Name="Anna", Mobile="ask Bob", Phone="nope")
    assert (reading.verdict, reading.cell) == (Verdict.INVALID, "D7")
    assert [(each.column, each.cell, each.value) for each in reading.problems] == [
        ("Mobile", "D7", "ask Bob"),
        ("Phone", "E7", "nope"),
    ]


def test_a_name_without_a_phone_says_where_to_write_it() -> None:
    assert problem(First_Name="Anna", Last_Name="Example") == RowProblem(
        code="phone_missing",
        column="Mobile",
        cell="D7",
        value="",
        message="There is no phone number in D7 or E7: write one there, with its country code.",
    )


def test_the_sheet_s_name_stands_in_the_sentence() -> None:
    (missing,) = read(First_Name="Anna", Last_Name="Example", sheet="Fair").problems
    assert missing.message == (
        'There is no phone number in D7 or E7 of sheet "Fair": write one there, with its country code.'
    )


# ---------------------------------------------------------------------------------------------- no leads


@pytest.mark.parametrize(
    "cells",
    [
        {},
        {"First_Name": " \u00a0\u200b "},
        {"First_Name": "Total"},
        {"First_Name": "Grand total 7"},
        {"First_Name": "Total:", "Phone": "12", "Notes": "1,204.50"},
        {"First_Name": "Total", "Mobile": "4031110246"},  # Excel adds up phone numbers, too
        {"Company": "Summe", "Notes": "12"},
        {"First_Name": "Leads exported on 2026-11-22 by the autumn team."},
        {"First_Name": "Autumn fair 2026"},
        {"First_Name": "Confidential"},
        {"Company": "West"},
        {"Notes": "Call them before Friday"},
        dict.fromkeys(("First_Name",), "First Name") | {"Mobile": "Mobile", "Notes": "notes"},
    ],
)
def test_totals_notes_and_repeated_headers_are_no_leads(cells: dict[str, str]) -> None:
    assert read(**cells) == RowReading(7, Verdict.NOT_A_LEAD)


@pytest.mark.parametrize(
    "cells",
    [
        {"First_Name": "Anna"},
        {"Full_Name": "Anna van der Example"},
        {"Company": "anna@example.com"},
        {"Mobile": "see notes"},
        {"First_Name": "Total", "Last_Name": "Example"},
    ],
)
def test_a_person_without_a_phone_is_a_lead_to_be_mended(cells: dict[str, str]) -> None:
    assert read(**cells).verdict is Verdict.INVALID


@pytest.mark.parametrize("name", ["Total", "Som"])
def test_a_person_with_a_phone_and_an_odd_name_is_called(name: str) -> None:
    assert read(First_Name=name, Mobile=PHONE).verdict is Verdict.CALLABLE


def test_a_person_called_like_a_sum_is_called_by_a_national_number() -> None:
    assert read(First_Name="Som", Mobile="2015550123", region="US").verdict is Verdict.ASSUMED


def test_an_entry_of_meta_s_form_tester_is_a_problem() -> None:
    cells = {
        "Full_Name": "<test lead: dummy data for full_name>",
        "Mobile": "<test lead: dummy data for phone_number>",
    }
    assert problem(**cells) == RowProblem(
        code="test_row",
        column="Full Name",
        cell="C7",
        value="<test lead: dummy data for full_name>",
        message="This is an entry of the form's own tester, not a person: delete the row.",
    )


def test_a_row_with_nothing_but_results_is_no_lead() -> None:
    columns = find_columns([Row(1, ("Name", "Phone", *RESULT_COLUMNS)), Row(2, ("Anna", PHONE))])
    results = Row(9, ("", "", "call-1", "queued", "true", "+12015550123"))
    assert RowReader(columns).read(results).verdict is Verdict.NOT_A_LEAD


# --------------------------------------------------------------------------------------------- do not call


@pytest.mark.parametrize(
    "said",
    [
        "yes",
        " YES ",
        "Y",
        "true",
        "TRUE",
        "1",
        "x",
        "X",
        "\u2713",
        "DNC",
        "do not call",
        "Sí",
        "oui",
        "ja",
        "yes!",
    ],
)
def test_a_yes_to_do_not_call_is_obeyed(said: str) -> None:
    reading = read(Mobile=PHONE, Do_Not_Call=said)
    assert (reading.verdict, reading.problems[0].code) == (Verdict.SUPPRESSED, "do_not_call")


@pytest.mark.parametrize(
    "said",
    ["", " ", "no", "No.", "N", "FALSE", "0", "0.0", "nein", "non", "n/a", "-", "#N/A", "\u2610", "opted in"],
)
def test_a_no_to_do_not_call_lets_the_call_be_made(said: str) -> None:
    assert read(Mobile=PHONE, Do_Not_Call=said).verdict is Verdict.CALLABLE


@pytest.mark.parametrize("said", ["maybe", "unknown", "2026-03-01", "?", "#REF!", "call after 5", "2"])
def test_an_unclear_answer_is_taken_for_a_yes(said: str) -> None:
    reading = read(Mobile=PHONE, Do_Not_Call=said)
    assert (reading.verdict, reading.problems[0].code) == (Verdict.SUPPRESSED, "do_not_call_unclear")


def test_any_do_not_call_column_is_enough() -> None:
    assert read(Mobile=PHONE, Do_Not_Call="no", Opt_Out="yes").verdict is Verdict.SUPPRESSED


def test_a_clear_yes_is_named_before_an_unclear_answer() -> None:
    assert problem(Mobile=PHONE, Do_Not_Call="maybe", Opt_Out="yes") == RowProblem(
        code="do_not_call",
        column="Opt-Out",
        cell="K7",
        value="yes",
        message='The column "Opt-Out" says "yes" in K7, so this person is not called.',
    )


def test_an_unclear_answer_says_how_to_clear_it() -> None:
    assert problem(Mobile=PHONE, Do_Not_Call="maybe").message == (
        'The column "Do Not Call" says "maybe" in J7, which is neither yes nor no, so this person '
        "is not called: write no there if they may be."
    )


def test_the_number_of_a_suppressed_row_is_known() -> None:
    reading = read(Mobile=PHONE, Do_Not_Call="yes")
    assert reading.lead is not None
    assert (reading.lead.phone, reading.cell) == ("+12015550123", "D7")


def test_a_suppressed_row_without_a_number_has_no_lead() -> None:
    reading = read(First_Name="Anna", Mobile="ask Bob", Do_Not_Call="yes")
    assert (reading.verdict, reading.lead, reading.cell) == (Verdict.SUPPRESSED, None, "J7")


@pytest.mark.parametrize("said", ["no", "False", "declined", "opted out"])
def test_a_refused_consent_is_obeyed(said: str) -> None:
    reading = read(Mobile=PHONE, OK_to_call=said)
    assert (reading.verdict, reading.problems[0].code) == (Verdict.SUPPRESSED, "no_consent")


def test_a_refused_consent_says_how_to_leave_the_column_out() -> None:
    assert problem(Mobile=PHONE, OK_to_call="no").message == (
        'The column "OK to call" says "no" in L7, so this person is not called: '
        "--map consent= leaves this column out."
    )


@pytest.mark.parametrize("said", ["yes", "", "2026-03-01", "by e-mail", "x"])
def test_a_consent_that_is_not_refused_lets_the_call_be_made(said: str) -> None:
    assert read(Mobile=PHONE, OK_to_call=said).verdict is Verdict.CALLABLE


# ------------------------------------------------------------------------------------------------- fields


def test_tags_are_split_and_told_apart_without_case() -> None:
    assert lead(Tags="Kitchen; quote|kitchen,, QUOTE ,hot\nn/a").tags == ("Kitchen", "quote", "hot")


def test_at_most_fifty_tags_of_a_hundred_characters_are_kept() -> None:
    tags = lead(Tags=",".join(f"{number:02}" + "x" * 200 for number in range(60))).tags
    assert (len(tags), {len(tag) for tag in tags}) == (50, {100})


def test_a_whole_name_is_split_when_there_is_no_other() -> None:
    split = lead(Full_Name="Example, Anna")
    assert (split.first_name, split.last_name) == ("Anna", "Example")


def test_a_whole_name_gives_way_to_its_parts() -> None:
    parts = lead(Full_Name="Bob Sample", Last_Name="Example")
    assert (parts.first_name, parts.last_name) == (None, "Example")


def test_names_are_cleaned_but_never_re_cased() -> None:
    assert lead(First_Name="\u202e an\x00NA \u00a0 maria\u200b ").first_name == "an NA maria"


@pytest.mark.parametrize("nothing", ["#N/A", "#REF!", "n/a", "-", "NULL"])
def test_an_error_is_no_value(nothing: str) -> None:
    empty = lead(First_Name=nothing, Source=nothing, Tags=nothing, Notes=nothing, Country=nothing)
    assert (empty.first_name, empty.source, empty.tags, empty.notes) == (None, None, (), None)


def test_long_texts_are_cut() -> None:
    long = lead(First_Name="a" * 999, Last_Name="b" * 999, Source="c" * 999, Notes="d" * 9_999)
    lengths = [len(text or "") for text in (long.first_name, long.last_name, long.source, long.notes)]
    assert lengths == [200, 200, 200, 4_000]


def test_notes_keep_their_lines() -> None:
    assert lead(Notes=" Wants\r\na  quote\x07 ").notes == "Wants\na quote"


def test_a_template_gives_notes_to_a_row_without_any() -> None:
    templates = Templates(notes=parse_template("Works at {Company}", SHEET, option="--notes"))
    reading = RowReader(SHEET, templates=templates).read(row(Mobile=PHONE, Company="Acme"))
    assert reading.lead is not None
    assert reading.lead.notes == "Works at Acme"


def test_the_row_s_own_notes_come_before_the_template() -> None:
    templates = Templates(notes=parse_template("Works at {Company}", SHEET, option="--notes"))
    reading = RowReader(SHEET, templates=templates).read(
        row(Mobile=PHONE, Company="Acme", Notes="Wants a quote")
    )
    assert reading.lead is not None
    assert reading.lead.notes == "Wants a quote"


def by_row(**templates: str) -> Templates:
    parsed = {name: parse_template(text, SHEET, option="--x") for name, text in templates.items()}
    tag = parsed.pop("tag", None)
    return Templates(**parsed, tags=(tag,) if tag else ())


def test_a_row_names_its_own_assistant() -> None:
    reading = RowReader(SHEET, templates=by_row(assistant="{Company}")).read(
        row(Mobile=PHONE, Company="Acme")
    )
    assert reading.lead is not None
    assert reading.lead.assistant == "Acme"


def test_a_row_without_an_assistant_is_invalid_with_the_cell() -> None:
    reading = RowReader(SHEET, sheet="May", templates=by_row(assistant="{Company}")).read(row(Mobile=PHONE))
    assert (reading.verdict, reading.lead, reading.problems) == (
        Verdict.INVALID,
        None,
        (
            RowProblem(
                "assistant_missing",
                "Company",
                "M7",
                "",
                (
                    'There is no assistant in M7 of sheet "May", and --assistant takes it from there: write '
                    "its name, or give the column a default, as in {Company|Voz}."
                ),
            ),
        ),
    )


def test_a_person_who_refused_is_suppressed_whoever_would_call() -> None:
    refusing = row(Mobile=PHONE, Do_Not_Call="yes")
    reading = RowReader(SHEET, templates=by_row(assistant="{Company}")).read(refusing)
    assert reading.verdict is Verdict.SUPPRESSED


def test_a_wrong_number_is_told_before_a_missing_assistant() -> None:
    reading = RowReader(SHEET, templates=by_row(assistant="{Company}")).read(row(Mobile="nobody"))
    assert [each.code for each in reading.problems] == ["letters"]


def test_a_template_gives_a_source_to_rows_without_one() -> None:
    templates = by_row(source="fair-{Company}")
    rows = (row(Mobile=PHONE, Company="Acme"), row(Mobile=PHONE, Company="Acme", Source="web"))
    readings = [RowReader(SHEET, templates=templates).read(each) for each in rows]
    assert [each.lead.source for each in readings if each.lead] == ["fair-Acme", "web"]


def test_a_templates_tag_stands_behind_the_rows_own_and_but_once() -> None:
    cells = row(Mobile=PHONE, Company="Acme", Tags="vip; ACME")
    reading = RowReader(SHEET, templates=by_row(tag="{Company}")).read(cells)
    assert reading.lead is not None
    assert reading.lead.tags == ("vip", "ACME")


# ------------------------------------------------------------------------------------------ two rows, one


def test_merging_fills_what_the_first_lacks_and_unites_the_tags() -> None:
    first = lead(First_Name="Anna", Tags="kitchen,quote", Source="fair")
    later = lead(
        First_Name="anna", Last_Name="Example", Tags="Quote,hot", Source="website", Notes="Call late"
    )
    merged = merge(first, later)
    assert (merged.first_name, merged.last_name, merged.tags, merged.source, merged.notes) == (
        "Anna",
        "Example",
        ("kitchen", "quote", "hot"),
        "fair",
        "Call late",
    )


def test_merging_keeps_the_place_of_the_first() -> None:
    merged = merge(lead(), RowReader(SHEET).read(row(9, Phone=PHONE, First_Name="Anna")).lead or lead())
    assert (merged.row, merged.cell, merged.first_name) == (7, "D7", "Anna")


def test_merging_never_mixes_two_people_s_names() -> None:
    merged = merge(lead(First_Name="Anna"), lead(First_Name="Bob", Last_Name="Sample"))
    assert (merged.first_name, merged.last_name) == ("Anna", None)


# -------------------------------------------------------------------------------------------- a report back


def test_a_cell_of_a_report_that_is_fed_back_is_read() -> None:
    columns = find_columns([Row(1, ("Phone", *RESULT_COLUMNS)), Row(2, (PHONE, "call-1", " queued "))])
    assert report_cell(Row(2, (PHONE, "call-1", " queued ")), columns, "status") == "queued"


def test_a_sheet_that_is_no_report_has_no_such_cell() -> None:
    assert report_cell(row(Mobile=PHONE), SHEET, "status") == ""


# ------------------------------------------------------------------------------------------------ properties

CELLS = st.one_of(
    st.sampled_from(
        ["", PHONE, "2015550123", "yes", "no", "maybe", "Total", "Anna", "Phone", "US", "#N/A", "a, b"]
    ),
    st.text(),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(CELLS, max_size=15), st.sampled_from([None, "US", "GB"]))
def test_any_row_has_a_reading(cells: list[str], region: str | None) -> None:
    reading = RowReader(SHEET, region=region).read(Row(7, tuple(cells)))
    has_lead = reading.lead is not None and reading.verdict is not Verdict.SUPPRESSED
    assert has_lead == (reading.verdict in {Verdict.CALLABLE, Verdict.ASSUMED})


@settings(max_examples=300, deadline=None)
@given(st.lists(CELLS, max_size=15))
def test_every_row_that_is_not_called_says_why(cells: list[str]) -> None:
    reading = RowReader(SHEET).read(Row(7, tuple(cells)))
    explained = bool(reading.problems)
    assert explained == (reading.verdict in {Verdict.INVALID, Verdict.SUPPRESSED})


@settings(max_examples=200, deadline=None)
@given(st.text(), st.text(), st.text(), st.text())
def test_whatever_stands_in_a_cell_a_lead_can_be_sent(first: str, last: str, tags: str, notes: str) -> None:
    sent = lead(First_Name=first, Last_Name=last, Tags=tags, Notes=notes)
    texts = [sent.first_name or "", sent.last_name or "", sent.notes or "", *sent.tags]
    kinds = {unicodedata.category(character) for text in texts for character in text.replace("\n", "")}
    assert not kinds & {"Cc", "Cs"}


@given(st.lists(st.text(min_size=1), max_size=4))
def test_a_row_of_a_sheet_without_a_header_is_read(cells: list[str]) -> None:
    bare = Columns(header_row=None, headers=(), phones=(0,), width=4)
    reading = RowReader(bare).read(Row(1, (PHONE, *cells)))
    assert reading.cell == "A1"


# ------------------------------------------------------------------------- one number under two names


@pytest.mark.parametrize(
    ("first", "later"),
    [
        ({"First_Name": "Ann", "Last_Name": "Example"}, {"First_Name": "Bo", "Last_Name": "Sample"}),
        ({"First_Name": "Ann", "Last_Name": "Example"}, {"First_Name": "Ann", "Last_Name": "Sample"}),
        ({"First_Name": "Ann"}, {"First_Name": "Bo", "Last_Name": "Example"}),
    ],
)
def test_one_number_under_two_names_is_said(first: dict[str, str], later: dict[str, str]) -> None:
    problem = other_name(lead(**first), lead(**later))
    assert problem is not None
    assert problem.code == "same_number_other_name"


@pytest.mark.parametrize(
    "later",
    [{"First_Name": "ANN", "Last_Name": "example"}, {"First_Name": "Ann"}, {}, {"Full_Name": "Ann Example"}],
)
def test_the_same_name_written_otherwise_or_in_part_is_no_other_name(later: dict[str, str]) -> None:
    assert other_name(lead(First_Name="Ann", Last_Name="Example"), lead(**later)) is None


def test_the_sentence_about_two_names_tells_both_and_the_row() -> None:
    first, later = lead(First_Name="Ann"), lead(First_Name="Bo", Last_Name="Sample")
    assert other_name(first, later) == RowProblem(
        "same_number_other_name",
        None,
        "D7",
        "+12015550123",
        'Row 7 has the same number for "Ann", this one for "Bo Sample": find out whose it is.',
    )


# ------------------------------------------------------------------- "do not call" in any other column


@pytest.mark.parametrize(
    "cells",
    [
        *(
            {"Company": "DNC"},
            {"Tags": "fair, Do Not Call"},
            {"Notes": "DO NOT CALL!"},
            {"Source": "do-not-contact"},
        ),
        *(
            {"Company": "Ne pas appeler"},
            {"Notes": "D.N.C."},
            {"Tags": "web; nicht anrufen"},
            {"Notes": "No llamar"},
        ),
        *({"Company": "Non contattare"}, {"Notes": "عدم الاتصال"}, {"Phone": "do not call"}),
    ],
)
def test_whoever_is_not_to_be_called_by_a_word_in_any_column_is_not_called(cells: dict[str, str]) -> None:
    reading = read(**{"Mobile": PHONE, **cells})
    assert (reading.verdict, [each.code for each in reading.problems]) == (
        Verdict.SUPPRESSED,
        ["do_not_call"],
    )


@pytest.mark.parametrize(
    "said",
    [
        *(
            "call me",
            "Please call after 6",
            "Call centre",
            "do not call before noon",
            "phone",
            "contact",
            "no",
        ),
        *("Contact made", "asked about the do not call list", "DNCA Ltd", "called", "not on DNC list"),
    ],
)
def test_a_text_that_only_has_such_words_in_it_keeps_nobody_from_being_called(said: str) -> None:
    assert read(Mobile=PHONE, Notes=said, Company=said, Tags=said).verdict is Verdict.CALLABLE


def test_the_sentence_about_such_a_word_names_its_cell() -> None:
    assert problem(Mobile=PHONE, Company="DNC").message == (
        'The column "Company" says "DNC" in M7, so this person is not called.'
    )


def test_what_dialer_itself_wrote_beside_a_row_keeps_nobody_from_being_called() -> None:
    columns = find_columns([Row(1, ("Phone", *RESULT_COLUMNS)), Row(2, (PHONE, *["do not call"] * 8))])
    assert RowReader(columns).read(Row(2, (PHONE, *["do not call"] * 8))).verdict is Verdict.CALLABLE
