"""pandas and a loop over phonenumbers: reads SHEET and counts the numbers that can be called."""

from __future__ import annotations

import sys

import pandas
import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat


def read(sheet: str) -> pandas.DataFrame:
    """The sheet as texts."""
    if sheet.endswith(".csv"):
        return pandas.read_csv(sheet, dtype=str).fillna("")
    return pandas.read_excel(sheet, dtype=str, engine="openpyxl").fillna("")


def main(sheet: str) -> None:
    """Parse, check and format every phone of the sheet."""
    numbers = []
    for row in read(sheet).to_dict("records"):
        try:
            number = phonenumbers.parse(row["Phone"], "US")
        except NumberParseException:
            continue
        if phonenumbers.is_valid_number(number):
            numbers.append(phonenumbers.format_number(number, PhoneNumberFormat.E164))
    sys.stdout.write(f"{len(numbers)}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
