"""Says what a header means."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from enum import StrEnum
from functools import cache, lru_cache

from dialer import synonyms
from dialer.cells import is_error
from dialer.synonyms import key, normalise

_NEAR = 0.8  # difflib's ratio of two headers at which one may be a misspelling of the other
_NEAR_SHORT = 0.81  # for up to five letters: "stage" is no misspelling of "state"
_NEAR_WORD = 0.75  # for each word by itself: "phone type" is no misspelling of "phone no"
_SHORTEST_MISSPELT = 4  # letters; "tga" could be anything
_LONGEST_HEADER = 80  # characters; longer texts are prose
_PREFIXES = frozenset({"person", "contact", "lead"})
_ASIDE = re.compile(r"[(\[]([^()\[\]]*)[)\]]")
_MADE_UP = re.compile(r"(?:unnamed|column|col|field|c|f|spalte|colonne|columna|colonna|coluna|kolom)? ?\d+")

_PHONE_RANKS = {"mobile": 1, "direct": 2, "other": 3, "if_cells_agree": 4}


class Field(StrEnum):
    """What a column can mean to dialer. The names are those of `--map FIELD=COLUMN`."""

    # An enumeration's own is written in Python, and every row of a sheet asks for it ten times.
    __hash__ = str.__hash__

    PHONE = "phone"
    FIRST_NAME = "first_name"
    LAST_NAME = "last_name"
    FULL_NAME = "full_name"
    COUNTRY = "country"
    SOURCE = "source"
    TAGS = "tags"
    NOTES = "notes"
    DO_NOT_CALL = "do_not_call"  # a yes there: the person is not called
    CONSENT = "consent"  # a no there: the person is not called; anything else says nothing
    STATE = "state"  # of the US, or a province: by its law and its clock the person may be called
    POSTAL_CODE = "postal_code"
    TIME_ZONE = "time_zone"


@dataclass(frozen=True, slots=True)
class Meaning:
    """One thing that a header can mean."""

    field: Field
    rank: int  # of two columns for one field the lower rank wins
    certain: bool = True  # False: only if the cells below it agree


@dataclass(frozen=True, slots=True)
class Header:
    """What is known about the text of a header."""

    known: bool = False  # it is in the table, be it of use to a call or not
    meanings: tuple[Meaning, ...] = ()
    unnamed: bool = False  # blank, or made up by a program: "Unnamed: 3", "Column1"

    def rank(self, field: Field) -> int | None:
        """The rank under which the header means `field`, for certain or not; None if it doesn't."""
        return min((m.rank for m in self.meanings if m.field is field), default=None)

    def surely(self, field: Field) -> bool:
        """True when the header means `field` whatever its cells hold."""
        return any(m.field is field and m.certain for m in self.meanings)


def read_headers(texts: Sequence[str], *, misspelt: bool = False) -> tuple[Header, ...]:
    """Reads a header row as a whole, so that "Name" beside "Vorname" is the last name.

    With `misspelt`, headers that mean nothing are compared with the table once more by likeness.
    """
    headers = [read_header(text) for text in texts]
    if misspelt:
        headers = [
            header if header.known or header.unnamed else _misspelt(text)
            for text, header in zip(texts, headers, strict=True)
        ]
    if any(header.rank(Field.LAST_NAME) is not None for header in headers):
        return tuple(headers)
    names = [key(text) for text in texts]
    present = frozenset(names)
    for position, name in enumerate(names):
        if synonyms.last_name_beside().get(name, frozenset()) & present:
            headers[position] = Header(known=True, meanings=(Meaning(Field.LAST_NAME, 0),))
        elif name in synonyms.keys("whole_name", "alone"):
            headers[position] = Header(known=True, meanings=(Meaning(Field.FULL_NAME, 0),))
    return tuple(headers)


@lru_cache(maxsize=8192)
def read_header(text: str) -> Header:
    """Reads one header by the table, then by the words that phone and do-not-call headers are made of."""
    if len(text) > _LONGEST_HEADER:
        return Header()
    words = normalise(text)
    if not words or is_error(text):
        return Header(unnamed=True)
    found = _look_up(words)
    if not found.known and (shorter := _without_asides(text)) is not None:
        found = _look_up(normalise(shorter))
    if not found.known and _MADE_UP.fullmatch(words):
        return Header(unnamed=True)
    return found


def _look_up(words: str) -> Header:
    if (found := _table().get(words.replace(" ", ""))) is not None:
        return found
    first, _, rest = words.partition(" ")
    if first in _PREFIXES and (found := _table().get(rest.replace(" ", ""))) is not None:
        return found
    return _refusal(words) or _phone(words) or Header()


def _refusal(words: str) -> Header | None:
    if not any(f" {say} " in f" {words} " for say in synonyms.words("refusals", "say")):
        return None
    if synonyms.words("refusals", "about_something_else").intersection(words.split()):
        return Header(known=True)
    return Header(known=True, meanings=(Meaning(Field.DO_NOT_CALL, 500),))


def _phone(words: str) -> Header | None:
    """A header made only of the words of phone headers, ranked by them."""
    nouns, mobile, spare, place, neutral = (
        synonyms.words("phone_words", kind) for kind in ("nouns", "mobile", "spare", "place", "neutral")
    )
    counts = [int(word) for word in words.split() if word.isdecimal()]
    said = frozenset(word for word in words.split() if not word.isdecimal())
    if not said & (nouns | mobile) or not said <= nouns | mobile | spare | place | neutral:
        return None
    if said & {"digit", "digits", "e"}:  # "Phone_10digit", "Phone E.164"
        counts = []
    if any(count > 99 for count in counts):
        return None
    if said & spare or any(count > 1 for count in counts):
        rank = 3
    elif said & mobile:
        rank = 1
    else:
        rank = 3 if said & place else 2
    return Header(known=True, meanings=(Meaning(Field.PHONE, rank),))


def _without_asides(text: str) -> str | None:
    """The header without brackets, where what they hold cannot change its meaning."""
    said = {
        word for aside in _ASIDE.findall(text) for word in normalise(aside).split() if not word.isdecimal()
    }
    if not _ASIDE.search(text) or not said <= synonyms.words("asides", "harmless"):
        return None
    return _ASIDE.sub(" ", text)


@lru_cache(maxsize=2048)
def _misspelt(text: str) -> Header:
    words = tuple(normalise(text).split())
    letters = sum(map(len, words))
    if len(text) > _LONGEST_HEADER or letters < _SHORTEST_MISSPELT:
        return Header()
    best, best_ratio = Header(), _NEAR if letters > 5 else _NEAR_SHORT
    whole = SequenceMatcher(None, autojunk=False)
    whole.set_seq2(" ".join(words))
    for theirs, header in _phrases().get(len(words), ()):
        whole.set_seq1(" ".join(theirs))
        if whole.real_quick_ratio() < best_ratio or whole.quick_ratio() < best_ratio:
            continue
        if (ratio := whole.ratio()) >= best_ratio and all(map(_near_word, words, theirs)):
            best, best_ratio = header, ratio
    # a misspelling is a guess: where a phone is guessed, the cells must look like phones as well
    unsure = (replace(m, rank=m.rank + 1000, certain=m.field is not Field.PHONE) for m in best.meanings)
    return replace(best, meanings=tuple(unsure))


def _near_word(mine: str, theirs: str) -> bool:
    return SequenceMatcher(None, mine, theirs, autojunk=False).ratio() >= _NEAR_WORD


@cache
def _table() -> Mapping[str, Header]:
    """What each key of the file means."""
    table: dict[str, Header] = {}
    for text, meaning in _entries():
        known = table.get(key(text), Header(known=True))
        table[key(text)] = replace(known, meanings=(*known.meanings, meaning)) if meaning else known
    return table


@cache
def _phrases() -> Mapping[int, Sequence[tuple[tuple[str, ...], Header]]]:
    """What headers may be misspellings of, by their number of words; each also as one word."""
    phrases: dict[int, dict[tuple[str, ...], Header]] = {}
    for text, _ in _entries():
        header = _table()[key(text)]
        if len(key(text)) > _SHORTEST_MISSPELT and all(meaning.certain for meaning in header.meanings):
            for spelling in (tuple(normalise(text).split()), (key(text),)):
                phrases.setdefault(len(spelling), {})[spelling] = header
    return {count: tuple(found.items()) for count, found in phrases.items()}


def _entries() -> Iterator[tuple[str, Meaning | None]]:
    for kind, texts in synonyms.lists("phone"):
        rank = _PHONE_RANKS.get(kind)
        for text in texts:
            yield text, Meaning(Field.PHONE, rank, certain=rank < 4) if rank else None
    for name, texts in synonyms.lists("fields"):
        for rank, text in enumerate(texts):
            yield text, Meaning(Field(name), rank)
    for _, texts in synonyms.lists("others"):
        for text in texts:
            yield text, None
