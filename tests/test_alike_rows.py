"""Rows that differ in their number and texts alone are recognised, and no others."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialer.alike_rows import AlikeRows
from dialer.sheet_xml import Grammar, RowXml, cells, rows

GRAMMAR = Grammar(b"")
PROVEN = '<c r="A7" s="7" t="s"><v>5</v></c><c r="B7"/>'


def row(content: str, number: int = 7) -> tuple[bytes, RowXml]:
    block = f'<row r="{number}" ht="7">{content}</row>'.encode()
    return block, next(rows(block, GRAMMAR, last_number=0))


def finds(content: str, *, number: int, learned: str = PROVEN) -> bool:
    alike: AlikeRows[str] = AlikeRows(GRAMMAR)
    alike.learn(*row(learned), "found")
    return alike.find(*row(content, number)) == "found"


def test_a_row_with_another_number_and_other_texts_is_alike() -> None:
    assert finds('<c r="A12" s="7" t="s"><v>6 &gt; 5</v></c><c r="B12"/>', number=12)


@pytest.mark.parametrize(
    "content",
    [
        '<c r="A12" s="7" t="s"><v>5</v></c><c r="B13"/>',
        '<c r="A13" s="7" t="s"><v>5</v></c><c r="B13"/>',
        '<c r="A12" s="12" t="s"><v>5</v></c><c r="B12"/>',
        '<c r="A12" s="7" t="s"><v>5</v></c><c r="C12"/>',
        '<c r="A12" s="7" t="s"><v>5</v></c>',
        '<c r="A12" s="7" t="s"><v>5</v></c><c r="B12"/><c r="C12"/>',
        '<c r="A12" s="7" t="s"><f>1</f><v>5</v></c><c r="B12"/>',
        '<c r="A12" s="7" t="s"></c><c r="B12"/>',
        "",
    ],
    ids=[
        *("a cell of another row", "cells of another row", "another style", "another column"),
        *("a cell less", "a cell more", "a formula", "an empty cell", "no cells"),
    ],
)
def test_what_differs_in_anything_else_is_not(content: str) -> None:
    assert not finds(content, number=12)


@pytest.mark.parametrize(
    "content",
    [
        '<c r="A7"><v>1</v></c><!-- > -->',
        '<c r="A7"><v>1</v></c><?x > ?>',
        '<c r="A7" x=">"><v>1</v></c>',
        '<c r="A7">bare</c>',
        "<c><v>1</v></c>",
        "<c r='A7'><v>1</v></c>",
    ],
    ids=[
        *("a comment", "an instruction", "a sign of a tag's end", "a text in no element"),
        *("no references", "references in other marks"),
    ],
)
def test_a_row_whose_likes_cannot_be_told_with_certainty_has_none(content: str) -> None:
    assert not finds(content.replace("A7", "A12"), number=12, learned=content)


CELLS = (
    *('<c r="{0}{1}"/>', '<c r="{0}{1}" s="{2}"/>', '<c r="{0}{1}"></c>', '<c r="{0}{1}"> </c>'),
    *('<c r="{0}{1}" s="{2}"><v>{2}</v></c>', '<c r="{0}{1}" t="inlineStr"><is><t>{2} &lt;</t></is></c>'),
    *(
        '<c s="{2}" r="{0}{1}"><f r="A{1}">A{1}</f><v/></c>',
        "<c r='{0}{1}'><v>{1}</v></c>",
        "<c><v>1</v></c>",
    ),
)
SHAPES = st.lists(st.tuples(st.sampled_from(CELLS), st.sampled_from("ABC"), st.integers(0, 2)), max_size=3)


@given(several=st.lists(st.tuples(st.integers(1, 12), SHAPES), min_size=2, max_size=6))
@settings(max_examples=300)
def test_what_is_found_is_what_taking_the_cells_apart_finds(
    several: list[tuple[int, list[tuple[str, str, int]]]],
) -> None:
    alike: AlikeRows[list[tuple[int, bool, bytes]]] = AlikeRows(GRAMMAR)
    for number, shape in several:
        letters = sorted({letter for _, letter, _ in shape})
        written = (
            cell.format(at, number, digit) for at, (cell, _, digit) in zip(letters, shape, strict=False)
        )
        block, this = row("".join(written), number)
        told = [(each.column, each.holds_something, each.style) for each in cells(block, this, GRAMMAR)]
        assert alike.find(block, this) in (None, told)
        alike.learn(block, this, told)


def test_where_all_rows_are_different_nothing_is_looked_for_any_more() -> None:
    alike: AlikeRows[str] = AlikeRows(GRAMMAR)
    alike.learn(*row(PROVEN), "found")
    for _ in range(1_001):
        alike.find(*row("<c/>"))
    assert alike.find(*row(PROVEN)) is None
