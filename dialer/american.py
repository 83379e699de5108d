"""The short way for the American numbers that fill most sheets: plainly written, they are read at once.

What is read here the long way of `phones` would read in the same way; all else gives None and goes that way.
In the plan of +1 the area code and the exchange, six digits, decide whether a number exists, where, and of
what kind, so that libphonenumber is asked once for each of them.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from dialer.numbering import NANP, number_abroad
from dialer.phone_text import COUNTED_UP

# +12015550123, +1 201-555-0123, 1 (201) 555-0123, 201.555.0123: one sign between the groups, or none.
_PLAIN = re.compile(
    r"(\+?1[ .-]?)?"
    r"(?:\(([2-9][0-9]{2})\) ?([0-9]{3})-([0-9]{4})|([2-9][0-9]{2})([ .-]?)([0-9]{3})\6([0-9]{4}))"
)
_SEVENTH_DIGIT_COUNTS = frozenset({"246", "658", "876"})  # Barbados, Jamaica: six do not decide there
_COUNTED_ON = COUNTED_UP[1:11]  # behind its country code: 1 234 567 8901
_PREFIX = f"+{NANP}"
_NOT_CALLED = ""  # in the place of a region


class Plain(NamedTuple):  # which is made in half of the time that a frozen dataclass takes
    """A plainly written number that exists and may be called."""

    e164: str
    region: str | None  # ISO 3166 alpha-2
    plus: bool  # it was written with a plus


# By area code and exchange the place of a region in `_regions`, 0 where nothing is known yet: one megabyte
# for 640,000 answers, which never grows.
_known = bytearray(1_000_000)
_regions: list[str | None] = [_NOT_CALLED]


def read_plain(text: str) -> Plain | None:
    """The number of a cell that holds nothing but an American number, if it is one that may be called."""
    written = _PLAIN.fullmatch(text)
    if written is None:
        return None
    _one, bracketed, middle, end, area, _, exchange, line = written.groups()
    national = bracketed + middle + end if bracketed else area + exchange + line
    region = _regions[_known[int(national[:6])] or _ask(national)]
    if region == _NOT_CALLED or national.count(national[0]) == len(national) or national == _COUNTED_ON:
        return None
    return Plain(_PREFIX + national, region, text[0] == "+")


def _ask(national: str) -> int:
    """Learn about an area code and an exchange from a number with them; gives the place of their region."""
    number = number_abroad(f"{NANP}{national}")
    if number is None or number.never_called or national[:3] in _SEVENTH_DIGIT_COUNTS:
        region: str | None = _NOT_CALLED
    else:
        region = number.region
    if region not in _regions[1:]:
        _regions.append(region)
    place = _regions.index(region, 1)
    _known[int(national[:6])] = place
    return place
