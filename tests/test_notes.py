"""Templates for notes."""

from __future__ import annotations

import pytest

from dialer.columns import Columns
from dialer.errors import UsageError
from dialer.notes import parse_notes
from dialer.table import Row

SHEET = Columns(
    header_row=1,
    headers=("Phone", "Product", "First Name", "status"),
    phones=(0,),
    results={"status": 3},
    width=4,
)


def render(template: str, *cells: str) -> str:
    return parse_notes(template, SHEET).render(Row(2, cells))


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
        parse_notes("Asked about {Prodct}", SHEET)
    assert caught.value.sentence == (
        '--notes names the column "Prodct", which is not in the sheet: did you mean "Product"? '
        'The sheet has "Phone", "Product", "First Name".'
    )
    assert caught.value.code == "column_not_found"


def test_a_result_of_dialer_s_own_is_no_note() -> None:
    with pytest.raises(UsageError) as caught:
        parse_notes("Was {status}", SHEET)
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
        parse_notes(template, SHEET)
    assert caught.value.sentence == (
        f'--notes "{template}" has a {brace} without its {partner}: '
        "write {COLUMN} for the text of a column, and {{ or }} for a brace."
    )
