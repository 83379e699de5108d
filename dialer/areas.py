"""Rectangles of cells, as a workbook writes them: `A1:H100`."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from dialer.table import a1, column_number

_AREA = re.compile(r"\$?([A-Z]{1,3})\$?([0-9]{1,7})(?::\$?([A-Z]{1,3})\$?([0-9]{1,7}))?")


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle of cells, its edges included. Rows are Excel's, column 0 is A."""

    top: int
    left: int
    bottom: int
    right: int

    @classmethod
    def parse(cls, text: str) -> Area | None:
        """The area that `B2`, `A1:H100` or `$A$1:$H$100` names; None for anything else, as `A:H`."""
        found = _AREA.fullmatch(text)
        if found is None:
            return None
        left, top, right, bottom = found.groups()
        return cls(int(top), column_number(left), int(bottom or top), column_number(right or left))

    def __str__(self) -> str:
        return f"{a1(self.top, self.left)}:{a1(self.bottom, self.right)}"

    def widened(self, right: int) -> Area:
        """The same area up to the column `right`, if it does not reach it yet."""
        return replace(self, right=max(self.right, right))

    def overlaps(self, other: Area) -> bool:
        """True if a cell belongs to both."""
        return (
            self.left <= other.right
            and other.left <= self.right
            and self.top <= other.bottom
            and other.top <= self.bottom
        )
