"""Areas are read and written as workbooks do it."""

from __future__ import annotations

import pytest

from dialer.areas import Area


@pytest.mark.parametrize("text", ["A1:H100", "$A$1:$H$100", "A1:$H$100"])
def test_an_area_is_read(text: str) -> None:
    assert Area.parse(text) == Area(top=1, left=0, bottom=100, right=7)


def test_a_cell_is_an_area() -> None:
    assert Area.parse("XFD7") == Area(7, 16_383, 7, 16_383)


@pytest.mark.parametrize("text", ["", "A:H", "1:3", "#REF!", "A1:", "A1:B2 D4", "a1"])
def test_anything_else_is_none(text: str) -> None:
    assert Area.parse(text) is None


def test_an_area_is_written() -> None:
    assert str(Area(1, 0, 100, 27)) == "A1:AB100"


def test_an_area_is_widened_and_never_narrowed() -> None:
    area = Area(1, 0, 9, 4)
    assert (area.widened(6), area.widened(2)) == (Area(1, 0, 9, 6), area)


@pytest.mark.parametrize(
    ("other", "overlaps"),
    [("B2:C3", True), ("C3:D4", True), ("D1:D9", False), ("A4:C9", False), ("A1:Z99", True)],
)
def test_areas_overlap_where_a_cell_belongs_to_both(other: str, *, overlaps: bool) -> None:
    one, two = Area.parse("A1:C3"), Area.parse(other)
    assert one is not None
    assert two is not None
    assert (one.overlaps(two), two.overlaps(one)) == (overlaps, overlaps)
