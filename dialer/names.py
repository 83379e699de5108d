"""Splits a whole name into first and last name and loses no letter of it."""

from __future__ import annotations

from dialer.synonyms import key, keys


def split_name(whole: str) -> tuple[str, str]:
    """First and last name of a clean line; either may be empty, and together they hold all its letters.

    "Example, Anna" is turned round. Else the first word is the first name, with the title before it, and
    the rest, particles included, the last: "Dr. Anna van der Berg" gives "Dr. Anna" and "van der Berg".
    """
    before, _, after = (part.strip() for part in whole.partition(","))
    if before and after and not (_is_suffix(after) and " " in before):
        return _turned_round(before, after)
    words = whole.strip(", ").split()
    if not words or (_is_particle(words[0]) and len(words) > 1):
        return "", " ".join(words)
    titles = 0
    while titles < len(words) and _is_title(words[titles]):
        titles += 1
    if 0 < titles == len(words) - 1:  # "Mr. Example" has no first name
        return "", " ".join(words)
    return " ".join(words[: titles + 1]), " ".join(words[titles + 1 :])


def _turned_round(last: str, after: str) -> tuple[str, str]:
    """What follows a second comma stays with the last name: "Example, Anna, Jr."."""
    first, _, rest = (part.strip() for part in after.partition(","))
    return (first, f"{last}, {rest}") if first and rest else (first or rest, last)


def _is_particle(word: str) -> bool:
    """ "van" begins a last name, "Van" may be a first name."""
    return word.islower() and key(word) in keys("names", "particles")


def _is_title(word: str) -> bool:
    name = key(word)
    return name in keys("names", "titles") or (
        word.endswith(".") and name in keys("names", "titles_with_a_stop")
    )


def _is_suffix(text: str) -> bool:
    return all(key(word) in keys("names", "suffixes") for word in text.replace(",", " ").split())
