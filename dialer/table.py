"""Rows of text, numbered as Excel numbers them.

Every spreadsheet, whatever its format, arrives as these values; nothing here reads a file.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

STANDARD_INPUT = "-"  # in the place of a file's name

# What nobody sees: zeros that pad a file, the mark with which old programs end one, marks of width zero.
_UNSEEN = " \0\x1a\u200b\u200e\u200f\u2060\ufeff"


class Format(StrEnum):
    """The formats that can be read, told apart by content, never by extension."""

    CSV = "csv"  # any delimited text; `TableInfo.delimiter` says which
    XLSX = "xlsx"
    XLSM = "xlsm"
    XLSB = "xlsb"
    XLS = "xls"
    ODS = "ods"


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a sheet. `cells` are texts as a person reads them; trailing empty cells may be missing."""

    number: int  # Excel's: the first row of a sheet is 1
    cells: tuple[str, ...]
    hidden: bool = False  # known only where it was asked for when the sheet was opened

    @property
    def blank(self) -> bool:
        """True when no cell holds anything but white space and marks that nobody sees."""
        # A generator takes three times as long, for each of a million rows.
        for cell in self.cells:  # noqa: SIM110
            if (seen := cell.strip()) and seen.strip(_UNSEEN):
                return False
        return True

    def cell(self, column: int) -> str:
        """The text in a column (0 is A), empty where the row is shorter."""
        return self.cells[column] if 0 <= column < len(self.cells) else ""


@dataclass(frozen=True, slots=True)
class SheetHead:
    """The first rows of one sheet of a workbook: enough to tell whether it holds leads."""

    name: str | None  # None for delimited text, which has no sheets
    rows: tuple[Row, ...]
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class TableInfo:
    """What was understood about the file itself."""

    file: str  # the file's name, without its folder
    format: Format
    sheets: tuple[str, ...] = ()  # names in the workbook's order; () for delimited text
    encoding: str | None = None  # delimited text only, e.g. "utf-8-sig", "cp1252"
    delimiter: str | None = None  # delimited text only, one character


@lru_cache(maxsize=16_384)
def column_letters(column: int) -> str:
    """The letters of a column: 0 is A, 25 is Z, 26 is AA."""
    letters = ""
    number = column + 1
    while number:
        number, remainder = divmod(number - 1, 26)
        letters = chr(ord("A") + remainder) + letters
    return letters


def column_number(letters: str) -> int:
    """The column that `letters` name: A is 0, AA is 26. The inverse of `column_letters`."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


def a1(row: int, column: int) -> str:
    """The address of a cell as Excel writes it: `a1(7, 1)` is `"B7"`."""
    return f"{column_letters(column)}{row}"
