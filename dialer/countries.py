"""A country's name, in the languages that lead sheets come in, becomes its ISO code.

Knows names only; calling codes belong to `phones`. The names stand in `data/countries.toml`.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType

_FLAG_A = ord("\N{REGIONAL INDICATOR SYMBOL LETTER A}")
_FLAG = re.compile("[\N{REGIONAL INDICATOR SYMBOL LETTER A}-\N{REGIONAL INDICATOR SYMBOL LETTER Z}]{2}")
# Marks that writers leave out as they please: Latin and Greek accents, Arabic vowels and hamza, the dot below
# of Hindi letters. Other marks (Hindi and Thai vowels) are part of the word.
_OPTIONAL_MARKS = re.compile("[\u0300-\u036f\u064b-\u0655\u0670\u0640\u093c]")
_GLUE = re.compile("[.'`\u02bb\u02bc\u2018\u2019]")  # U.S.A., d'Ivoire, O'zbekiston
_BREAK = re.compile(r"[\s,;:/()\[\]_&+|\"\u2010-\u2015-]+")
_TRAILING_CODE = re.compile(r"(?P<name>.+?) (?P<code>[a-z]{2,3})")
_LEADING_CODE = re.compile(r"(?P<code>[a-z]{2,3}) (?P<name>.+)")
_WHOLE_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "\u0131": "i", "æ": "ae"})  # which NFKD keeps


@lru_cache(maxsize=1)
def country_names() -> MappingProxyType[str, str]:
    """Every name and code that is understood, folded by `fold`, with the ISO alpha-2 code that it means."""
    text = (files("dialer") / "data" / "countries.toml").read_text(encoding="utf-8")
    names: dict[str, str] = {}
    for code, spellings in tomllib.loads(text).items():
        names[code.lower()] = code
        for spelling in spellings.split(", "):
            names[fold(spelling)] = code
    return MappingProxyType(names)


def fold(name: str) -> str:
    """Brings spellings of one name together: case, accents, full stops, hyphens and a leading article go."""
    flag = _FLAG.search(name)
    if flag:
        letters = "".join(chr(ord(sign) - _FLAG_A + ord("a")) for sign in flag.group())
        name = f"{letters} {_FLAG.sub('', name)}"
    bare = _OPTIONAL_MARKS.sub("", unicodedata.normalize("NFKD", name.casefold()))
    bare = "".join(sign for sign in bare if unicodedata.category(sign) != "Cf")
    bare = bare.translate(_WHOLE_LETTERS)
    words = _BREAK.sub(" ", _GLUE.sub("", bare.replace("&", " and "))).split()
    if len(words) > 1 and words[0] == "the":
        del words[0]
    if len(words) > 1:
        words = ["saint" if word in ("st", "ste") else word for word in words]
    return " ".join(words)


@lru_cache(maxsize=4096)
def country_named(text: str) -> str | None:
    """The ISO alpha-2 code of the country that `text` names, or None where that is not certain.

    Takes a name, an alpha-2 or alpha-3 code, a flag, or a name and a code that agree ("France (FR)").
    """
    names = country_names()
    folded = fold(text)
    if folded in names:
        return names[folded]
    for both in (_TRAILING_CODE.fullmatch(folded), _LEADING_CODE.fullmatch(folded)):
        if both:
            named, coded = names.get(both["name"]), names.get(both["code"])
            if named and named == coded:
                return named
    return None
