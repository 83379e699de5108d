"""The numbering plans of the world: which digits are a valid number, whose, and of what kind.

The one owner of libphonenumber, which is given a country code and digits and nothing else: what it guesses
from a text (letters, extensions, prefixes, the country) is read before, in `phone_text` and `phones`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

import phonenumbers
from phonenumbers import NumberParseException, PhoneMetadata, PhoneNumber, PhoneNumberType, ValidationResult

from dialer.phone_problems import PhoneCode, PhoneProblem, phone_problem
from dialer.phone_text import COUNTED_UP

NANP = 1  # the calling code of the North American Numbering Plan

_NEVER_CALLED = {
    PhoneNumberType.PREMIUM_RATE: PhoneCode.PREMIUM_RATE,
    PhoneNumberType.SHARED_COST: PhoneCode.SHARED_COST,
    PhoneNumberType.TOLL_FREE: PhoneCode.TOLL_FREE,
}
LONGEST_SHORT_CODE = 6
_NO_REGION = "001"  # libphonenumber's word for codes that belong to no country, such as +883
_FICTIONAL_AREA = re.compile(r"555\d{7}")  # +1 555: assigned to nobody; the API's own example is in it
_SHORTEST_E164 = 7  # digits: below that only services answer (Iran's 9601), and only inside their country
_LONGEST_E164 = 15  # digits, the country code among them (ITU-T E.164); libphonenumber lets a few more pass
# Trunk prefixes that are more than one fixed string: two stages (Belarus), an old and a new one (Lithuania),
# the carrier's choice that Brazilians write in front of the area code (0 15 11 ...).
_TRUNKS = {"BR": r"(?:0(?:\d\d)?)?", "BY": "(?:80?|0)?", "LT": "[08]?"}


@dataclass(frozen=True, slots=True)
class Number:
    """A valid number."""

    calling_code: int
    national: str  # the digits behind the country code
    region: str | None  # ISO 3166 alpha-2; None for codes that belong to no country
    never_called: PhoneCode | None  # why such numbers are not called, if they are not

    @property
    def e164(self) -> str:
        """The number as it is dialled from anywhere."""
        return f"+{self.calling_code}{self.national}"


@dataclass(frozen=True, slots=True)
class Plan:
    """How numbers are written in one region."""

    region: str
    calling_code: int
    trunk: re.Pattern[str]  # what may stand before a national number: nothing, 0, 8, a carrier too
    zero_is_trunk: bool
    fixed_lengths: tuple[int, ...]  # of national numbers of fixed lines, without the trunk
    forms: tuple[tuple[re.Pattern[str], re.Pattern[str], bool], ...]  # first digits, all digits, 0 in front

    def zero_belongs_before(self, national: str) -> bool:
        """True where people in this region always write a 0 in front of such a national number."""
        for first_digits, all_digits, zero_in_front in self.forms:
            if first_digits.match(national) and all_digits.fullmatch(national):
                return zero_in_front
        return False


@lru_cache(maxsize=512)
def plan_of(region: str) -> Plan:
    """The plan of a region that `countries` knows; LookupError for any other."""
    own = PhoneMetadata.metadata_for_region(region)
    if own is None or own.country_code is None:
        raise LookupError(region)
    # Regions that share a calling code are formatted by the main one's rules and have none of their own.
    main = (
        PhoneMetadata.metadata_for_region(phonenumbers.region_code_for_country_code(own.country_code)) or own
    )
    prefix = own.national_prefix or ""
    return Plan(
        region=region,
        calling_code=own.country_code,
        trunk=re.compile(_TRUNKS.get(region, f"(?:{prefix})?")),
        zero_is_trunk=prefix == "0",
        fixed_lengths=own.fixed_line.possible_length if own.fixed_line else (),
        forms=tuple(
            (
                re.compile(form.leading_digits_pattern[-1] if form.leading_digits_pattern else ""),
                re.compile(form.pattern or ""),
                "0" in (form.national_prefix_formatting_rule or "")
                and not form.national_prefix_optional_when_formatting,
            )
            for form in main.number_format
        ),
    )


@lru_cache(maxsize=512)
def main_plan(calling_code: int) -> Plan | None:
    """The plan of the main region with that calling code; None for codes that belong to no country."""
    region = phonenumbers.region_code_for_country_code(calling_code)
    return plan_of(region) if region in phonenumbers.SUPPORTED_REGIONS else None


def region_of_calling_code(digits: str) -> str | None:
    """The (main) region of a calling code, or of America's code with an area code, as 1876 is Jamaica's."""
    region = phonenumbers.region_code_for_country_code(int(digits))
    if region in phonenumbers.SUPPORTED_REGIONS:
        return region
    if len(digits) != 4 or not digits.startswith("1"):
        return None
    for island in phonenumbers.region_codes_for_country_code(NANP):
        metadata = PhoneMetadata.metadata_for_region(island)
        if metadata and metadata.leading_digits and re.fullmatch(metadata.leading_digits, digits[1:]):
            return island
    return None


def number_abroad(digits: str) -> Number | None:
    """The valid number that digits with a country code in front are. A trunk prefix may stand behind that."""
    if len(digits) == 11 and digits[0] == "1" and digits[1] > "1":
        # What `parse` makes of such digits, and most of its time saved: +1 has no trunk prefix but 1.
        return _valid(PhoneNumber(country_code=NANP, national_number=int(digits[1:])))
    try:
        return _valid(phonenumbers.parse("+" + digits))
    except NumberParseException:
        return None


def number_at_home(digits: str, plan: Plan) -> Number | None:
    """The valid number that the digits, as they are dialled inside that region, are."""
    return number_abroad(f"{plan.calling_code}{digits}")


def number_dialled_from(digits: str, region: str) -> Number | None:
    """The valid number of another country that digits with the region's international prefix are."""
    try:
        number = phonenumbers.parse(digits, region)
    except NumberParseException:
        return None
    found = None if number.country_code == phonenumbers.country_code_for_region(region) else _valid(number)
    return found if found and digits.endswith(found.e164[1:]) else None


def _valid(number: PhoneNumber) -> Number | None:
    """The number, if libphonenumber calls it valid or it is in the fictional area code +1 555."""
    calling_code = number.country_code or 0
    national = phonenumbers.national_significant_number(number)
    if not _SHORTEST_E164 <= len(f"{calling_code}{national}") <= _LONGEST_E164:
        return None
    kind = phonenumbers.number_type(number)
    if kind == PhoneNumberType.UNKNOWN:
        fictional = calling_code == NANP and _FICTIONAL_AREA.fullmatch(national)
        return Number(NANP, national, "US", None) if fictional else None
    region = phonenumbers.region_code_for_number(number)
    return Number(calling_code, national, None if region == _NO_REGION else region, _NEVER_CALLED.get(kind))


@lru_cache(maxsize=4096)
def is_emergency(digits: str, region: str | None) -> bool:
    """True for what reaches the police or an ambulance in that region, or, with three digits, in any."""
    if region and phonenumbers.is_emergency_number(digits, region):
        return True
    return len(digits) == 3 and any(
        phonenumbers.is_emergency_number(digits, anywhere)
        for anywhere in phonenumbers.SUPPORTED_SHORT_REGIONS
    )


def why_not_abroad(digits: str) -> PhoneProblem:
    """Says what is wrong with digits that begin with a country code and are no valid number."""
    return _why_not("+" + digits, None)


def why_not_at_home(digits: str, plan: Plan) -> PhoneProblem:
    """Says what is wrong with digits that are no valid number in that region."""
    return _why_not(digits, plan)


def _why_not(digits: str, plan: Plan | None) -> PhoneProblem:
    try:
        number = phonenumbers.parse(digits, plan.region if plan else None)
    except NumberParseException as error:
        if error.error_type == NumberParseException.INVALID_COUNTRY_CODE:
            return phone_problem(PhoneCode.COUNTRY_CODE_UNKNOWN)
        code = (
            PhoneCode.TOO_LONG if error.error_type == NumberParseException.TOO_LONG else PhoneCode.TOO_SHORT
        )
        return phone_problem(code, place=_place(" for", plan.region, plan.calling_code) if plan else "")
    national = phonenumbers.national_significant_number(number)
    if len(national) > 3 and (len(set(national)) == 1 or COUNTED_UP.startswith(national)):
        return phone_problem(PhoneCode.PLACEHOLDER)
    region = plan.region if plan else phonenumbers.region_code_for_country_code(number.country_code or 0)
    if phonenumbers.is_emergency_number(national, region):
        return phone_problem(PhoneCode.EMERGENCY)
    if len(national) <= LONGEST_SHORT_CODE and phonenumbers.is_valid_short_number_for_region(number, region):
        return phone_problem(PhoneCode.SHORT_CODE)
    if _valid(number):  # with an area code that libphonenumber put in, or a carrier's code that it took out
        code = PhoneCode.AMBIGUOUS if national in digits else PhoneCode.AREA_CODE_MISSING
        return phone_problem(code, calling_code=str(number.country_code))
    return _why_invalid(number, region, at_home=plan is not None)


def _why_invalid(number: PhoneNumber, region: str, *, at_home: bool) -> PhoneProblem:
    calling_code = number.country_code or 0
    reason = phonenumbers.is_possible_number_with_reason(number)
    length = len(f"{calling_code}{phonenumbers.national_significant_number(number)}")
    if length > _LONGEST_E164:
        reason = ValidationResult.TOO_LONG
    elif length < _SHORTEST_E164:
        reason = ValidationResult.TOO_SHORT
    match reason:
        case ValidationResult.IS_POSSIBLE_LOCAL_ONLY if at_home:
            return phone_problem(PhoneCode.AREA_CODE_MISSING, calling_code=str(calling_code))
        case ValidationResult.TOO_LONG:
            return phone_problem(PhoneCode.TOO_LONG, place=_place(" for", region, calling_code))
        case ValidationResult.IS_POSSIBLE:
            return phone_problem(PhoneCode.UNASSIGNED, place=_place(" in", region, calling_code))
        case _:
            return phone_problem(PhoneCode.TOO_SHORT, place=_place(" for", region, calling_code))


def _place(preposition: str, region: str, calling_code: int) -> str:
    return (
        f"{preposition} +{calling_code}"
        if region == _NO_REGION
        else f"{preposition} {region} (+{calling_code})"
    )
