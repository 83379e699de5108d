"""Phones that a sheet may hold are read, one program a way: WAY COUNT, where WAY is dialer or phonenumbers.

Ways `dialer-spread` and `phonenumbers-spread` spread the same number of phones over all area codes and
exchanges of America, which no list does: nothing that was learnt of one helps with the next.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from itertools import islice

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat

from dialer.phones import read_phone
from tests.benchmarks.sheets import people


def as_written(count: int) -> list[str]:
    """Phones of a sheet, in six styles, some of them broken."""
    return [row[2] for row in people(count, seed=1, clean=False)]


def spread(count: int) -> list[str]:
    """Phones in every area code and exchange in turn; they exist in this process only."""

    def numbers() -> Iterator[str]:
        for exchange in range(200, 1000):
            for area in range(201, 990):
                yield f"+1{area}{exchange}0123"

    return list(islice(numbers(), count))


def read_naively(text: str) -> str | None:
    """Parse, check, format."""
    try:
        number = phonenumbers.parse(text, "US")
    except NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def read_ours(text: str) -> object:
    """As `dialer check` does."""
    return read_phone(text, default_region="US")


def main(way: str, count: str) -> None:
    """Read them all, and say how long it took."""
    reader, _, which = way.partition("-")
    texts = spread(int(count)) if which else as_written(int(count))
    read: Callable[[str], object] = read_ours if reader == "dialer" else read_naively
    read(texts[0])  # loads the metadata
    began = time.perf_counter()
    for text in texts:
        read(text)
    sys.stdout.write(json.dumps({"seconds": time.perf_counter() - began}) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
