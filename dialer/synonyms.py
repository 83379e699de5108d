"""The words of lead sheets, from `data/synonyms.toml`, and when two of them are the same word."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache
from importlib import resources

_WORD_EDGES = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])")

_LONGEST = 200  # characters


def normalise(text: str) -> str:
    """The words of a text: no case, accents, punctuation or invisible characters, single spaces.

    "PhoneNumber", "phone_number" and "Phone-Number:" all become "phone number". Only the beginning of a
    long text is looked at: no header and no answer is as long as that.
    """
    return _normalise(text[:_LONGEST])


def key(text: str) -> str:
    """What two texts share when a person would call them the same word: "E-Mail" and "email"."""
    return normalise(text).replace(" ", "")


@cache
def answers(kind: str) -> frozenset[str]:
    """What means `"yes"` or `"no"`, or `"refused"` in a column of consents, in the form of `answer`."""
    return frozenset(answer(text) for text in _file()["answers"][kind])


def answer(text: str) -> str:
    """A cell as it is compared with `answers`: its key, or itself where it is a mark like a tick."""
    return key(text) or text.strip().strip("\ufe0e\ufe0f")


@cache
def words(section: str, kind: str) -> frozenset[str]:
    """The normalised texts of one list of the file."""
    return frozenset(normalise(text) for text in _file()[section][kind])


def says(text: str, section: str, kind: str) -> bool:
    """True where one entry of the list stands among the words of the text."""
    said = f" {normalise(text)} "
    return any(f" {entry} " in said for entry in words(section, kind))


@cache
def keys(section: str, kind: str) -> frozenset[str]:
    """The same as keys."""
    return frozenset(key(text) for text in _file()[section][kind])


def lists(section: str) -> Iterator[tuple[str, Sequence[str]]]:
    """Every list of a section with its name, in the order of the file."""
    for kind, texts in _file()[section].items():
        yield kind, tuple(texts)


@cache
def last_name_beside() -> Mapping[str, frozenset[str]]:
    """Keys of headers that are the last name where one of the other headers stands beside them."""
    return {key(text): keys("last_name_beside", text) for text in _file()["last_name_beside"]}


@cache
def _file() -> Mapping[str, Mapping[str, Sequence[str]]]:
    text = resources.files("dialer").joinpath("data", "synonyms.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


@lru_cache(maxsize=8192)
def _normalise(text: str) -> str:
    kept: list[str] = []
    for character in unicodedata.normalize("NFKD", _WORD_EDGES.sub(" ", text)):
        category = unicodedata.category(character)
        if category[0] in "LN" or category == "Mc":
            kept.append(character)
        elif category not in {"Mn", "Cf"} and character not in "'\u2019":
            kept.append(" ")
    folded = "".join(kept).replace("\u0640", "").casefold()  # U+0640 only stretches Arabic words
    return " ".join(_WORD_EDGES.sub(" ", folded).split())
