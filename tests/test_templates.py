"""Templates for assistants, sources, tags and notes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.campaign import Reading
from dialer.columns import Columns
from dialer.errors import UsageError
from dialer.table import Row
from dialer.templates import (
    Slot,
    Template,
    Templates,
    is_template,
    literal,
    parse_template,
    parse_templates,
)

SHEET = Columns(
    header_row=1,
    headers=("Phone", "Product", "First Name", "status"),
    phones=(0,),
    results={"status": 3},
    width=4,
)


def parse_notes(template: str) -> Template:
    return parse_template(template, SHEET, option="--notes")


def render(template: str, *cells: str) -> str:
    return Templates(notes=parse_notes(template)).notes_of(Row(2, cells))


@pytest.mark.parametrize(
    ("template", "notes"),
    [
        ("Asked about {Product}", "Asked about solar panels"),
        ("Asked about {product} for {FIRST_NAME}.", "Asked about solar panels for Anna."),
        ("Asked about {B}", "Asked about solar panels"),
        ("{{{Product}}}", "{solar panels}"),
        ("Asked about {Product|our services}", "Asked about solar panels"),
        ("No braces at all", "No braces at all"),
        ("Two\nlines", "Two\nlines"),
    ],
)
def test_a_template_is_filled_from_the_row(template: str, notes: str) -> None:
    assert render(template, "+12015550123", "solar panels", "Anna") == notes


@pytest.mark.parametrize("cell", ["", " ", "n/a", "#REF!"])
def test_a_default_stands_in_for_an_empty_cell(cell: str) -> None:
    assert render("Asked about {Product|our services}", "+12015550123", cell) == "Asked about our services"


def test_an_empty_cell_without_a_default_leaves_nothing() -> None:
    assert render("{Product}") == ""


def test_notes_are_cut_at_four_thousand_characters() -> None:
    assert len(render("{Product}", "", "x" * 9_000)) == 4_000


def test_control_characters_of_a_cell_do_not_reach_the_notes() -> None:
    assert render("On {Product}!", "", "so\x1blar\u202e\r\npanels") == "On so lar\npanels!"


def test_an_unknown_column_is_named_with_those_there_are() -> None:
    with pytest.raises(UsageError) as caught:
        parse_notes("Asked about {Prodct}")
    assert caught.value.sentence == (
        '--notes names the column "Prodct", which is not in the sheet: did you mean "Product"? '
        'The sheet has "Phone", "Product", "First Name".'
    )
    assert caught.value.code == "column_not_found"


def test_a_result_of_dialer_s_own_is_no_note() -> None:
    with pytest.raises(UsageError) as caught:
        parse_notes("Was {status}")
    assert caught.value.sentence == (
        '--notes names the column "status", which dialer added to the sheet itself: '
        'name one of "Phone", "Product", "First Name".'
    )


@pytest.mark.parametrize(
    ("template", "brace", "partner"),
    [("Asked {Product", "{", "}"), ("Asked Product}", "}", "{"), ("{Pro{duct}", "{", "}")],
)
def test_a_lonely_brace_is_refused(template: str, brace: str, partner: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_notes(template)
    assert caught.value.sentence == (
        f'--notes "{template}" has a {brace} without its {partner}: '
        "write {COLUMN} for the text of a column, and {{ or }} for a brace."
    )


# Templates of assistants, sources and tags


def row(*cells: str) -> Row:
    return Row(2, cells)


def assistant(template: str) -> Templates:
    return Templates(assistant=parse_template(template, SHEET, option="--assistant"))


def tags(*templates: str) -> Templates:
    return Templates(tags=tuple(parse_template(each, SHEET, option="--tag") for each in templates))


@pytest.mark.parametrize(
    ("text", "is_one"),
    [("Voz", False), ("{Agent}", True), ("Team {{A}}", False), ("{{{Agent}}}", True), ("", False)],
)
def test_a_template_is_a_text_with_a_column(text: str, is_one: bool) -> None:  # noqa: FBT001 - a table
    assert is_template(text, option="--assistant") == is_one


def test_a_text_without_columns_is_taken_as_it_is_meant() -> None:
    assert literal("Team {{A}}", option="--assistant") == "Team {A}"


def test_the_assistant_is_read_from_the_row() -> None:
    assert assistant("{Product} agent").assistant_of(row("", "Solar")) == "Solar agent"


def test_a_default_names_the_assistant_of_an_empty_cell() -> None:
    templates = assistant("{Product|Voz}")

    assert (templates.assistant_of(row("", "")), templates.assistant_missing(row("", ""))) == ("Voz", None)


@pytest.mark.parametrize("cell", ["", " ", "n/a", "#REF!"])
@pytest.mark.parametrize("template", ["{Product}", "{Product} agent", "{Product|}"])
def test_without_a_default_the_cell_has_to_name_an_assistant(template: str, cell: str) -> None:
    assert assistant(template).assistant_missing(row("", cell)) == 1


def test_the_first_of_several_columns_that_is_empty_is_the_one_that_is_missing() -> None:
    assert assistant("{Product} {First Name}").assistant_missing(row("", "Solar", "")) == 2


def test_without_a_template_no_assistant_is_missing() -> None:
    assert (Templates().assistant_missing(row("")), Templates().assistant_of(row(""))) == (None, None)


@pytest.mark.parametrize(("cell", "found"), [("Solar, large", ["p:Solar, large", "x"]), ("", ["x"])])
def test_a_tag_with_an_empty_cell_is_left_out(cell: str, found: list[str]) -> None:
    assert list(tags("p:{Product}", "{First Name|x}").tags_of(row("", cell, ""))) == found


def test_a_source_with_an_empty_cell_is_none() -> None:
    templates = Templates(source=parse_template("web-{Product}", SHEET, option="--source"))

    assert [templates.source_of(row("", cell)) for cell in ("Solar", "")] == ["web-Solar", ""]


@pytest.mark.parametrize("option", ["--assistant", "--source", "--tag", "--notes"])
def test_an_unknown_column_is_refused_with_the_option(option: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_template("{Prodct}", SHEET, option=option)
    assert caught.value.sentence.startswith(f'{option} names the column "Prodct", which is not in the sheet:')


def test_a_reading_holds_the_templates_of_all_options() -> None:
    reading = Reading(assistant="{Product|Voz}", source="{B}", tags=("{A}",), notes="Hello")

    assert parse_templates(reading, SHEET) == Templates(
        assistant=Template((Slot(1, "Voz"),)),
        source=Template((Slot(1),)),
        tags=(Template((Slot(0),)),),
        notes=Template(("Hello",)),
    )


@given(st.text())
def test_any_text_with_its_braces_doubled_is_itself(text: str) -> None:
    doubled = text.replace("{", "{{").replace("}", "}}")

    assert literal(doubled, option="--source") == text


@given(st.text(alphabet="{}|AB x"), st.lists(st.text(), max_size=4))
def test_any_template_is_read_or_refused_in_a_sentence(template: str, cells: list[str]) -> None:
    try:
        templates = Templates(
            assistant=parse_template(template, SHEET, option="--assistant"),
            notes=parse_template(template, SHEET, option="--notes"),
        )
    except UsageError:
        return
    filled = row(*cells)
    assert templates.assistant is not None
    asks = any(isinstance(part, Slot) for part in templates.assistant.parts)

    assert not asks or templates.assistant_missing(filled) is not None or templates.assistant_of(filled)
