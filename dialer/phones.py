"""A cell's text becomes the number we may dial, or the reason why not.

The text is cleaned first (`phone_text`), so that libphonenumber (`numbering`) only sees digits. They are
read in every way that they can be, and a number is dialled only if exactly one valid number comes of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from dialer.american import read_plain
from dialer.countries import country_named
from dialer.numbering import (
    LONGEST_SHORT_CODE,
    NANP,
    Number,
    Plan,
    is_emergency,
    main_plan,
    number_abroad,
    number_at_home,
    number_dialled_from,
    plan_of,
    region_of_calling_code,
    why_not_abroad,
    why_not_at_home,
)
from dialer.phone_problems import PhoneCode, PhoneProblem, phone_problem
from dialer.phone_text import COUNTED_UP, Written, in_plain_signs, read_text, says_nothing

__all__ = [
    "Phone",
    "PhoneCode",
    "PhoneProblem",
    "Tier",
    "looks_like_phone",
    "mask",
    "read_phone",
    "region_of",
]


class Tier(StrEnum):
    """How sure the reading is."""

    EXACT = "exact"  # a country code is there, or the row's country column gives one
    ASSUMED = "assumed"  # `--region` supplied the country, or a lost zero was restored


_EXACT, _ASSUMED = Tier.EXACT, Tier.ASSUMED  # looking them up takes a tenth of reading a plain number


class Phone(NamedTuple):  # which is made in half of the time that a frozen dataclass takes
    """A number that may be dialled."""

    e164: str
    tier: Tier
    region: str | None  # ISO 3166 alpha-2, e.g. "US"; None for codes that belong to no country
    extension: str | None = None


class _Basis(StrEnum):
    """What a reading rests on."""

    ITS_OWN_CODE = "its own country code"
    COUNTRY = "the country that the row or --region gives"
    LOST_ZERO = "that country, and a zero that was put back"
    PERHAPS_LOST_ZERO = "that country, and a zero or an area code that is missing"


_Reading = tuple[Number, _Basis]

# The longest local number, without its area code, where libphonenumber does not tell and it matters: what is
# longer has lost its zero and nothing else. Elsewhere eight digits, as in China and Brazil.
_LONGEST_LOCAL = {"BG": 7, "HR": 7, "IE": 7, "IL": 7, "IQ": 7, "KH": 7, "LB": 6, "RS": 7}
_LONGEST_LOCAL_ANYWHERE = 8
# Nobody leaves out the zero of a longer number: 4915112345678 is +49 151 12345678, not 04915 112345678.
_LONGEST_WITHOUT_ZERO = 11
_LONGEST_OF_ALL = 12  # Indonesian mobiles; what is longer is rather two numbers
# Where the same digits are a number with a zero of their own and another one without it.
_SOME_BEGIN_WITH_ZERO = frozenset({"GA"})
_INTERNATIONAL_PREFIXES = ("00", "011", "010", "810")  # most countries, America, Japan, Russia and neighbours
# Outside America 011 begins area codes too (Turin, Delhi, Buenos Aires, Leeds); no such number is so long.
_LONG_ENOUGH_FOR_011 = 13
# Mexico gave up its mobile 1 and its trunk prefixes in August 2019 (IFT): the ten digits behind stayed.
_OLD_MEXICAN_ABROAD = re.compile(r"52(?:1|01|04[45])(?=\d{10}$)")
_OLD_MEXICAN_AT_HOME = re.compile(r"(?:01|04[45])(?=\d{10}$)")
_ARGENTINA = 54  # a mobile is 011 15 2345-6789 at home and +54 9 11 2345-6789 abroad
_LONGEST_COUNTRY = 100  # characters
_CALLING_CODE = re.compile(r"\+?(?:00)?([1-9]\d{0,3})(?:\.0)?")
_NAME_AND_CODE = re.compile(r"(?P<name>[^+\d]*[^+\d\s(-])[\s(-]*\+?(?P<code>\d[\d -]*)\)?")
_CODE_AND_NAME = re.compile(r"\(?\+?(?P<code>\d{1,4})\)?[\s-]+(?P<name>[^+\d]+)")


def read_phone(
    text: str, *, country: str | None = None, default_region: str | None = None
) -> Phone | PhoneProblem:
    """Reads the one number in a cell that may be dialled, or says why there is none; never raises.

    `country` is the text of the row's country cell, `default_region` that of `--region`. A country code in
    the number itself wins over both, and a country cell over `--region`.
    """
    region = region_of(country) if country else None
    named = region is not None or (country is not None and not says_nothing(country))
    if not named and default_region:
        region = region_of(default_region)
    plain = read_plain(text)
    if plain and (plain.plus or (region and plan_of(region).calling_code == NANP)):
        return Phone(plain.e164, _EXACT if plain.plus or named else _ASSUMED, plain.region)
    return _read_with_care(text, region, named=named)


def _read_with_care(text: str, region: str | None, *, named: bool) -> Phone | PhoneProblem:
    """The long way: every reading that the text can have. `named` where the row itself gives the region."""
    written = read_text(text)
    if isinstance(written, PhoneProblem):
        return written
    if len(written.digits) <= LONGEST_SHORT_CODE and is_emergency(written.digits, region):
        return phone_problem(PhoneCode.EMERGENCY)
    home = plan_of(region) if region else None
    readings: dict[str, _Reading] = {}
    for reading in _readings(written, home, named=named):
        readings.setdefault(reading[0].e164, reading)
    if len(readings) > 1:
        return phone_problem(PhoneCode.AMBIGUOUS)
    for e164, (number, basis) in readings.items():
        problem = _not_dialled(number, basis)
        exact = basis is _Basis.ITS_OWN_CODE or (named and basis is _Basis.COUNTRY)
        tier = Tier.EXACT if exact else Tier.ASSUMED
        return problem or Phone(e164, tier, number.region, written.extension)
    return _why_none(written, home, named=named)


@lru_cache(maxsize=4096)
def region_of(country: str) -> str | None:
    """Tells the ISO alpha-2 code of the country that a country cell means, or None where that is not certain.

    Takes names in ten and more languages, ISO codes, flags, calling codes ("+44", "44", "1-876"), and a name
    and a code that agree. A calling code that countries share means the main one: 1 is US, 44 GB, 7 RU.
    """
    if len(country) > _LONGEST_COUNTRY:
        return None
    named = country_named(country)
    if named:
        return named
    text = in_plain_signs(country).strip(" \t\n'\"")
    code = _CALLING_CODE.fullmatch(re.sub(r"[\s()-]", "", text))
    if code:
        return region_of_calling_code(code[1])
    both = _NAME_AND_CODE.fullmatch(text) or _CODE_AND_NAME.fullmatch(text)
    named = country_named(both["name"]) if both else None
    if both and named:
        digits = re.sub(r"\D", "", both["code"])
        agreed = digits == str(plan_of(named).calling_code) or region_of_calling_code(digits) == named
        return named if agreed else None
    return None


def mask(e164: str) -> str:
    """Hides the middle of a number, for logs: +1201***0123. Three digits go at least."""
    return f"{e164[:5]}***{e164[max(8, len(e164) - 4) :]}" if len(e164) >= 8 else "***"


def looks_like_phone(text: str) -> bool:
    """True for a text with as many digits as a phone number has and no signs that one has not.

    Cheap, and knows nothing of any country: it recognises phone columns by their cells.
    """
    written = read_text(text)
    return isinstance(written, Written) and 7 <= len(written.digits) <= 17


def _readings(written: Written, home: Plan | None, *, named: bool) -> list[_Reading]:
    """Every valid number that the digits can be. Two that differ mean that a person has to be asked."""
    digits, zero = written.digits, written.zero_in_brackets
    prefix = 0
    if digits.startswith("00"):
        prefix = 2
    elif digits.startswith("011") and len(digits) >= _LONG_ENOUGH_FOR_011 and not written.plus:
        prefix = 3
    found: list[_Reading] = []
    if prefix or written.plus:
        found += _with_country_code(digits[prefix:], max(0, zero - prefix))
    if written.plus:
        return found + _american_without_its_one(written, found, home if named else None)
    return found + _readings_at_home(written, found, home) if home else found


def _readings_at_home(written: Written, found: list[_Reading], home: Plan) -> list[_Reading]:
    """What the digits can be in that country, beside what was found in them already."""
    digits, own_code = written.digits, str(home.calling_code)
    national = list(_dialled_at_home(digits, home))
    if digits.startswith(own_code) and home.calling_code != NANP:  # whose trunk prefix is 1 as well
        own = [(number, _Basis.COUNTRY) for number, _ in _with_country_code(digits, written.zero_in_brackets)]
        if own and len(digits) > _LONGEST_WITHOUT_ZERO:
            national = [reading for reading in national if reading[1] is _Basis.COUNTRY]
        national += own
    if digits.startswith(_INTERNATIONAL_PREFIXES):
        number = number_dialled_from(digits, home.region)
        national += [(number, _Basis.ITS_OWN_CODE)] if number else []
    if home.region in _SOME_BEGIN_WITH_ZERO or not (found or national):
        national += _zero_restored(digits, home)
    alone = len(written.groups) == 1 and not digits.startswith("00" + own_code)
    if alone and found and digits.startswith("00"):  # 002015550123: padded with zeros, or a number in Egypt?
        national += _dialled_at_home(digits.lstrip("0"), home)
    return national


def _with_country_code(digits: str, zero: int) -> Iterator[_Reading]:
    """Readings of digits that begin with a country code, with and without the zero of "+44 (0)20"."""
    for spelling in (digits, digits[:zero] + digits[zero + 1 :]) if zero else (digits,):
        current = _OLD_MEXICAN_ABROAD.sub("52", spelling)
        number = number_abroad(current)
        if number:
            behind_code = current.removeprefix(str(number.calling_code))
            plan = main_plan(number.calling_code)
            if behind_code == number.national or _explained(behind_code, number, plan):
                yield number, _Basis.ITS_OWN_CODE


def _american_without_its_one(written: Written, found: list[_Reading], home: Plan | None) -> list[_Reading]:
    """What +2015550123 may be as well, where the row says US or the grouping is American: +1 201 555 0123.

    Not asked where the country code stands apart, as in +507 212-3456.
    """
    grouping = tuple(map(len, written.groups))
    american = grouping == (3, 3, 4) or (home is not None and home.calling_code == NANP)
    if not (american and found) or written.groups[0] == str(found[0][0].calling_code):
        return []
    number = number_abroad(f"{NANP}{written.digits}")
    return [(number, _Basis.COUNTRY)] if number and number.national == written.digits else []


def _dialled_at_home(digits: str, home: Plan) -> Iterator[_Reading]:
    """Readings of digits as somebody in that country dials them."""
    current = _OLD_MEXICAN_AT_HOME.sub("", digits) if home.region == "MX" else digits
    number = number_at_home(current, home)
    if number is None:
        return
    if number.national != current:
        if _explained(current, number, home):
            yield number, _Basis.COUNTRY
    elif home.zero_is_trunk and home.zero_belongs_before(current):
        longest_local = _LONGEST_LOCAL.get(home.region, _LONGEST_LOCAL_ANYWHERE)
        certain = longest_local < len(current) <= _LONGEST_OF_ALL or home.fixed_lengths == (len(current),)
        yield number, _Basis.LOST_ZERO if certain else _Basis.PERHAPS_LOST_ZERO
    else:
        yield number, _Basis.COUNTRY


def _zero_restored(digits: str, home: Plan) -> Iterator[_Reading]:
    """Readings of digits that lost a zero of the number itself (Italy) or of its trunk (06 in Hungary)."""
    number = None if digits.startswith("0") else number_at_home("0" + digits, home)
    if number and _explained("0" + digits, number, home):
        certain = len(digits) > _LONGEST_LOCAL_ANYWHERE or home.fixed_lengths == (len(number.national),)
        yield number, _Basis.LOST_ZERO if certain else _Basis.PERHAPS_LOST_ZERO


def _explained(digits: str, number: Number, plan: Plan | None) -> bool:
    """True where the number is what was written, behind a trunk: no digit put in, no carrier taken out."""
    if number.calling_code == _ARGENTINA and number.national.startswith("9"):
        domestic, subscriber = digits.removeprefix("0"), number.national[1:]
        if any(domestic == f"{subscriber[:area]}15{subscriber[area:]}" for area in (2, 3, 4)):
            return True
    before = digits.removesuffix(number.national)
    if before == digits:
        return False
    return not before or (plan is not None and plan.trunk.fullmatch(before) is not None)


def _not_dialled(number: Number, basis: _Basis) -> PhoneProblem | None:
    """Why the one number that was read is not dialled after all, if it is not."""
    if number.never_called:
        return phone_problem(number.never_called)
    if len(set(number.national)) == 1 or COUNTED_UP.startswith(number.e164[1:]):
        return phone_problem(PhoneCode.PLACEHOLDER)
    if basis is _Basis.PERHAPS_LOST_ZERO:
        return phone_problem(PhoneCode.ZERO_MISSING, calling_code=str(number.calling_code))
    return None


def _why_none(written: Written, home: Plan | None, *, named: bool) -> PhoneProblem:
    """Says what is wrong with digits that are no valid number in any reading."""
    digits = written.digits
    if written.plus or digits.startswith("00"):
        return why_not_abroad(digits.removeprefix("00"))
    if home is not None:
        return why_not_at_home(digits, home)
    if len(digits) <= LONGEST_SHORT_CODE:
        return phone_problem(PhoneCode.SHORT_CODE if len(digits) == 3 else PhoneCode.TOO_SHORT, place="")
    if named:
        return phone_problem(PhoneCode.COUNTRY_UNKNOWN)
    if number_at_home(digits, plan_of("US")):
        return phone_problem(PhoneCode.COUNTRY_MISSING, example="+1 201 555 0123", flag="--region US")
    flag = "--region and the country's two letters, such as --region GB"
    return phone_problem(PhoneCode.COUNTRY_MISSING, example="+44 20 7946 0123", flag=flag)
