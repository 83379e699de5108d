"""Formats for results look like those of the cells beside them, and are safe for texts and numbers."""

from __future__ import annotations

import re

import pytest

from dialer.cell_styles import CellStyles, add_styles
from dialer.sheet_xml import UnsafeSheet
from tests.spreadsheets.make import MAIN

PLAIN = '<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
DATE = '<xf numFmtId="14" fontId="1" fillId="2" borderId="3" xfId="0" applyNumberFormat="1"/>'
LINK = '<xf numFmtId="0" fontId="5" fillId="2" borderId="0" xfId="1"><alignment wrapText="1"/></xf>'
ONE = re.compile(r"<\w*:?xf [^>]*/>|<\w*:?xf [^>]*[^/]>.*?</\w*:?xf>")
QUOTED = '<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0" quotePrefix="1"/>'


def styles(*formats: str, count: str | None = None, prefix: str = "") -> bytes:
    """The XML of a workbook's styles with these cell formats."""
    p = prefix
    inner = "".join(each.replace("<", f"<{p}").replace(f"<{p}/", f"</{p}") for each in formats)
    space = f"xmlns:{p[:-1]}" if p else "xmlns"
    return (
        f'<?xml version="1.0"?><{p}styleSheet {space}="{MAIN}">'
        f'<{p}cellXfs count="{count or len(formats)}">{inner}</{p}cellXfs>'
        f'<{p}cellStyles><{p}cellStyle name="Hyperlink" xfId="1" builtinId="8"/></{p}cellStyles>'
        f"</{p}styleSheet>"
    ).encode()


def added(content: bytes, *bases: int) -> tuple[list[str], CellStyles]:
    """The formats that are added beside the old ones, and those for the first of the bases."""
    after, found = add_styles(content, bases)
    old, all_of_them = (ONE.findall(each.decode()) for each in (content, after))
    return all_of_them[len(old) :], found[bases[0]]


def test_a_text_gets_the_format_text_and_a_number_the_general_one() -> None:
    new, found = added(styles(PLAIN, DATE), 1)
    assert new == [
        DATE.replace('"14"', '"49"'),
        DATE.replace('"14"', '"0"'),
        DATE.replace('"14"', '"49"').replace("/>", ' quotePrefix="1"/>'),
    ]
    assert found == CellStyles(text=2, plain=3, quoted=4)


def test_formats_that_are_there_are_not_added() -> None:
    once, found = add_styles(styles(PLAIN, DATE), [0, 1])
    again, same = add_styles(once, [0, 1, *(each.text for each in found.values())])
    assert (again, {base: same[base] for base in found}) == (once, dict(found))


def test_the_count_is_brought_up_to_date() -> None:
    assert b'<cellXfs count="3">' in add_styles(styles(PLAIN), [0])[0]


def test_all_else_keeps_its_bytes() -> None:
    content = styles(PLAIN, DATE)
    after, _ = add_styles(content, [1])
    assert after.startswith(content[: content.index(b"</cellXfs>")].replace(b'count="2"', b'count="5"'))
    assert after.endswith(content[content.index(b"</cellXfs>") :])


def test_what_stands_beside_a_link_does_not_look_like_one() -> None:
    new, found = added(styles(PLAIN, LINK), 1)
    shape = '<xf numFmtId="{}" fontId="0" fillId="2" borderId="0" xfId="0"{}><alignment wrapText="1"/></xf>'
    text = ' applyNumberFormat="1"'
    assert new == [shape.format(49, text), shape.format(0, ""), shape.format(49, f'{text} quotePrefix="1"')]
    assert found == CellStyles(text=2, plain=3, quoted=4)


def test_a_mark_for_texts_is_not_handed_on_to_numbers() -> None:
    new, found = added(styles(PLAIN, QUOTED), 1)
    assert (found.plain, ["quotePrefix" in each for each in new]) == (0, [False, True])


def test_a_namespace_prefix_is_kept() -> None:
    after, _ = add_styles(styles(PLAIN, prefix="x:"), [0])
    assert after.count(b"<x:xf ") == 3


def test_a_format_that_is_not_there_is_left_out() -> None:
    content = styles(PLAIN)
    assert add_styles(content, [7]) == (content, {})


ODD = {
    "no formats": b"<styleSheet/>",
    "an empty list of formats": b"<styleSheet><cellXfs count='0'/></styleSheet>",
    "a comment with a tag": styles(PLAIN, "<!-- <xf/> -->"),
    "no XML": b"<styleSheet>",
    "another encoding": styles(PLAIN).decode().encode("utf-16"),
    "a format in a format": styles("<xf><xf/></xf>"),
    "too many": styles(*[PLAIN] * 64_000),
}


@pytest.mark.parametrize("content", ODD.values(), ids=ODD)
def test_odd_styles_are_not_added_to(content: bytes) -> None:
    with pytest.raises(UnsafeSheet):
        add_styles(content, [0])
