"""Makes the sheets that are measured: eight columns, seeded, every number fictional."""

from __future__ import annotations

import csv
import itertools
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random

HEADERS = ("First Name", "Last Name", "Phone", "Email", "Company", "City", "Lead Source", "Notes")

_FIRST = ("Ada", "Ben", "Cleo", "Dora", "Emil", "Finn", "Gina", "Hugo", "Ines", "Jon", "Kaya", "Lars")
_LAST = ("Example", "Sample", "Specimen", "Placeholder", "Nobody", "Invented", "Madeup", "Fictive")
_COMPANIES = ("Example Widgets", "Sample & Sons", "Placeholder Ltd", "Specimen Works", "Made-up Goods")
_CITIES = ("Springfield", "Riverside", "Fairview", "Franklin", "Greenville", "Bristol", "Clinton")
_SOURCES = ("website", "referral", "trade fair", "newsletter", "webinar")
_WISHES = ("a kitchen remodel quote", "solar panels", "a new roof", "garden design", "a heat pump")
# American area codes. 555-0100 to 555-0199 are fictional in each; nobody is served by the rest of 555 either.
_AREAS = (
    201, 202, 203, 205, 206, 207, 208, 209, 210, 212, 213, 214, 215, 216, 217, 218, 219, 220, 223, 224,
    225, 227, 228, 229, 231, 234, 235, 239, 240, 248, 251, 252, 253, 254, 256, 260, 262, 267, 269, 270,
    272, 274, 276, 279, 281, 283, 301, 302, 303, 304, 305, 307, 308, 309, 310, 312, 313, 314, 315, 316,
    317, 318, 319, 320, 321, 323, 325, 326, 330, 331, 332, 334, 336, 337, 339, 341, 346, 347, 350, 351,
    352, 360, 361, 363, 364, 369, 380, 385, 386, 401, 402, 404, 405, 406, 407, 408, 409, 410, 412, 413,
    414, 415, 417, 419, 423, 424, 425, 430, 432, 434, 435, 440, 442, 443, 445, 447, 448, 458, 463, 464,
)  # fmt: skip
_IN_USE = frozenset({1212, 4334})  # of 555: directory assistance, and the one line that was ever sold
_STYLES = ("+1{0}{1}{2}", "+1 {0} {1} {2}", "({0}) {1}-{2}", "{0}-{1}-{2}", "1{0}{1}{2}", "{0}{1}{2}")
_E164 = _STYLES[:1]
_BROKEN = ("", "n/a", "call the office", "555-01", "2.01556E+09", "+1 201 555 01234")


def fictional_numbers(seed: int) -> Iterator[tuple[str, str, str]]:
    """Area code, exchange and line of valid numbers that ring nowhere, each once: more than a million.

    The first 12,000 are 555-01xx; there are no more. The others stand in exchange 555 as well, and only in
    files that are measured and thrown away.
    """
    dice = Random(seed)  # noqa: S311 - a seed makes every run the same run
    reserved = [(area, line) for area in _AREAS for line in range(100, 200)]
    dice.shuffle(reserved)
    others = len(_AREAS) * 10_000
    place = dice.randrange(others)
    # A walk that meets each place once: its step has no factor in common with their number.
    walk = ((place + step * 314_159_269) % others for step in range(others))
    rest = ((_AREAS[at // 10_000], at % 10_000) for at in walk)
    for area, line in itertools.chain(reserved, (n for n in rest if not 100 <= n[1] < 200)):
        if line not in _IN_USE:
            yield str(area), "555", f"{line:04d}"


def people(rows: int, *, seed: int, clean: bool) -> Iterator[list[str]]:
    """So many rows. With `clean` every phone is E.164 and stands there once; without, phones are written
    in six styles, one in a hundred is broken, and one in a hundred stood there before."""
    dice = Random(seed)  # noqa: S311 - as above
    numbers = fictional_numbers(seed)
    phone = ""
    for row in range(rows):
        chance = dice.random()
        if clean or chance >= 0.02 or not phone:
            phone = dice.choice(_E164 if clean else _STYLES).format(*next(numbers))
        shown = dice.choice(_BROKEN) if not clean and chance < 0.01 else phone
        first, last = dice.choice(_FIRST), dice.choice(_LAST)
        yield [
            first,
            last,
            shown,
            f"{first}.{last}.{row}@example.com".lower(),
            dice.choice(_COMPANIES),
            dice.choice(_CITIES),
            dice.choice(_SOURCES),
            f"Interested in {dice.choice(_WISHES)}" if row % 3 else "",
        ]


def write_csv(path: Path, rows: int, *, seed: int = 1, clean: bool) -> None:
    """A sheet as CSV, UTF-8."""
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(HEADERS)
        out.writerows(people(rows, seed=seed, clean=clean))


def write_xlsx(path: Path, rows: int, *, seed: int = 1, clean: bool) -> None:
    """The same as a workbook with a styled header, column widths, a frozen pane and a filter."""
    from openpyxl import Workbook  # noqa: PLC0415 - only this one needs it
    from openpyxl.cell import WriteOnlyCell  # noqa: PLC0415
    from openpyxl.styles import Alignment, Font, PatternFill  # noqa: PLC0415

    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet("Leads")
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = f"A1:H{rows + 1}"
    for letter, width in zip("ABCDEFGH", (12, 14, 18, 34, 20, 14, 14, 40), strict=True):
        sheet.column_dimensions[letter].width = width
    bold, grey = Font(bold=True), PatternFill("solid", fgColor="DDDDDD")
    header = [WriteOnlyCell(sheet, value=text) for text in HEADERS]
    for cell in header:
        cell.font, cell.fill = bold, grey
    sheet.append(header)
    italic, wrap = Font(italic=True), Alignment(wrap_text=True)
    for row in people(rows, seed=seed, clean=clean):
        email, notes = WriteOnlyCell(sheet, value=row[3]), WriteOnlyCell(sheet, value=row[7] or None)
        email.font, notes.alignment = italic, wrap
        sheet.append([*row[:3], email, *row[4:7], notes])
    workbook.save(path)


def main(path: str, rows: str, kind: str) -> None:
    """Write a sheet; a process of its own, so that openpyxl's memory is nobody else's."""
    write = write_csv if path.endswith(".csv") else write_xlsx
    write(Path(path), int(rows), clean=kind == "clean")


if __name__ == "__main__":
    main(*sys.argv[1:])
