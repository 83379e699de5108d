"""Recognises one person in any text: by the number, however it is written, and by what was kept of them."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from dialer.numbering import number_abroad

_SHORTEST_WORDS = 10  # characters; "Ann" alone is in too many texts that are not about her
_CERTAIN_DIGITS = 9  # so many in a row belong to nobody else, whatever stands before them
_BETWEEN_DIGITS = "[ \t\u00a0\u2000-\u200b\u202f().\\-\u2010-\u2013\u2212/]{0,4}"
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:?\d\d[\d:.]*Z?)?")
_POWER = re.compile(r"\d\.\d+E\+?\d{1,2}", re.IGNORECASE)
_DIGITS_AT_END = re.compile(r"\d+$")
_LETTER = re.compile(r"[A-Za-wyz]")  # but for the x of an extension
_BEFORE = re.compile(r"0{0,2}|011|1|8")  # what is dialled before a number, or before its country code


@dataclass(frozen=True, slots=True)
class Traces:
    """What tells that a text is about a certain person."""

    e164: str
    calling_code: str
    national: str  # the digits behind the country code
    words: frozenset[str] = frozenset()  # whole names and notes, folded and with single spaces

    @classmethod
    def of(cls, e164: str, texts: Iterable[str] = ()) -> Traces:
        """The traces of a number, and of texts that are kept about this person and nobody else."""
        number = number_abroad(e164.removeprefix("+"))
        code = str(number.calling_code) if number else ""
        national = number.national if number else e164.removeprefix("+")
        words = frozenset(folded for text in texts if len(folded := _folded(text)) >= _SHORTEST_WORDS)
        return cls(e164, code, national, words)

    def has_number(self, text: str) -> bool:
        """True for a text that holds the number in any writing: national, with 00, in brackets, `...0.0`."""
        if len(text) < len(self.national):
            return False
        plain = unicodedata.normalize("NFKC", text)
        plain = _MOMENT.sub(";", _POWER.sub(_without_power, plain))
        return any(self._stands_at(plain, match) for match in _written(self.national).finditer(plain))

    def is_in(self, text: str) -> bool:
        """True for a text that holds the number, or all that was kept about the person."""
        if self.has_number(text):
            return True
        folded = _folded(text) if self.words else ""
        return any(words in folded for words in self.words)

    def without(self, value: Any) -> Any:
        """A value made of lists and dicts with every text emptied that is about the person."""
        if isinstance(value, str):
            return "" if self.is_in(value) else value
        if isinstance(value, list):
            return [self.without(each) for each in value]
        if isinstance(value, dict):
            return {name: self.without(each) for name, each in value.items()}
        return value

    def without_in_json(self, text: str) -> str:
        """The same for a JSON text; any other text is emptied whole."""
        try:
            value = json.loads(text)
        except ValueError:
            return "" if self.is_in(text) else text
        cleaned = self.without(value)
        return text if cleaned == value else json.dumps(cleaned, ensure_ascii=False)

    def _stands_at(self, text: str, match: re.Match[str]) -> bool:
        position = match.start()
        found = _DIGITS_AT_END.search(text, max(0, position - 20), position)
        before = found.group() if found else ""
        if len(self.national) >= _CERTAIN_DIGITS:
            if len(before) <= len(self.calling_code) + 4:
                return True
        elif _LETTER.match(text, match.end()) or _LETTER.match(text, max(0, position - 1)):
            return False  # a part of an id
        inner = before.removesuffix("0").removesuffix(self.calling_code)
        return _BEFORE.fullmatch(before) is not None or _BEFORE.fullmatch(inner) is not None


@lru_cache(maxsize=8)
def _written(national: str) -> re.Pattern[str]:
    """The digits with whatever people write between them, and no digit behind."""
    return re.compile(_BETWEEN_DIGITS.join(national) + r"(?!\d)")


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _without_power(match: re.Match[str]) -> str:
    value = float(match.group())
    return str(int(value)) if value.is_integer() and value < 1e16 else match.group()
