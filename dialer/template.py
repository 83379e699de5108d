"""`dialer template`: an empty sheet with the columns that are understood, and one example nobody calls."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from dialer.errors import UsageError
from dialer.not_leads import EXAMPLE_NAME, EXAMPLE_NOTE
from dialer.whole_file import whole_file

# Header and example. The number is fictional; by its name and its note the row is known for an example.
_COLUMNS = {
    "First name": "Example",
    "Last name": EXAMPLE_NAME,
    "Phone": "+1 201 555 0123",
    "Country": "US",
    "Source": "website",
    "Tags": "kitchen, quote",
    "Notes": EXAMPLE_NOTE,
    "Do not call": "no",
}
_DELIMITERS = {".csv": ",", ".tsv": "\t"}


def write_template(target: Path) -> None:
    """Writes the template: Excel for a name that ends in .xlsx, text for .csv and .tsv.

    Raises UsageError for another name and for a file that is there already, and DialerError where it cannot
    be written.
    """
    if target.exists() or target.is_symlink():
        raise UsageError(f"There is a {target} already: name another file, or move it.", code="exists")
    if target.suffix.lower() == ".xlsx":
        # openpyxl takes long to import
        from dialer import write_back  # noqa: PLC0415

        write_back.write_template(target, tuple(_COLUMNS), tuple(_COLUMNS.values()))
        return
    delimiter = _DELIMITERS.get(target.suffix.lower())
    if delimiter is None:
        raise UsageError(
            f"The template {target} can be an Excel file or a text: name it like leads.xlsx or leads.csv.",
            code="template_format",
        )
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows((_COLUMNS, _COLUMNS.values()))
    with whole_file(target) as out:
        out.write(text.getvalue().encode("utf-8-sig"))  # without the mark Excel spoils accents
