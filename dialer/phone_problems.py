"""Why a cell's text is not dialled: a closed set of codes, each with the sentence that mends the cell."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class PhoneCode(StrEnum):
    """Stable codes for machines. They reach people only together with their sentence."""

    # nothing to read
    PHONE_MISSING = "phone_missing"
    PLACEHOLDER = "placeholder"
    TEST_LEAD = "test_lead"
    # not a number any more, or not only one
    EXCEL_ERROR = "excel_error"
    FORMULA_LEFTOVER = "formula_leftover"
    DIGITS_LOST = "digits_lost"
    FRACTION = "fraction"
    DATE = "date"
    EMAIL_IN_CELL = "email_in_cell"
    TWO_NUMBERS = "two_numbers"
    LETTERS = "letters"
    UNEXPECTED_CHARACTERS = "unexpected_characters"
    # not certain which number it is
    COUNTRY_MISSING = "country_missing"
    COUNTRY_UNKNOWN = "country_unknown"
    COUNTRY_CODE_UNKNOWN = "country_code_unknown"
    AREA_CODE_MISSING = "area_code_missing"
    ZERO_MISSING = "zero_missing"
    AMBIGUOUS = "ambiguous"
    # no such number
    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    UNASSIGNED = "unassigned"
    # never called
    EMERGENCY = "emergency"
    SHORT_CODE = "short_code"
    PREMIUM_RATE = "premium_rate"
    SHARED_COST = "shared_cost"
    TOLL_FREE = "toll_free"


@dataclass(frozen=True, slots=True)
class PhoneProblem:
    """Why a cell's text is not dialled; `message` says how to mend the cell. It never holds the number."""

    code: str
    message: str


_SENTENCES = {
    PhoneCode.PHONE_MISSING: "The phone cell is empty: fill in the number with its country code, such as +1"
    " 201 555 0123.",
    PhoneCode.PLACEHOLDER: "This only stands in for a number: fill in the real one, or leave the cell empty.",
    PhoneCode.TEST_LEAD: "This is an advertising platform's test lead, not a person: delete the row.",
    PhoneCode.EXCEL_ERROR: "The cell shows an Excel error instead of a number: mend its formula, or type the"
    " number in as text.",
    PhoneCode.FORMULA_LEFTOVER: "The number was taken for a formula: format the cell as text and type the"
    " number in again.",
    PhoneCode.DIGITS_LOST: "The number was rounded to scientific notation and its last digits are lost:"
    " format the column as text and paste the numbers in again.",
    PhoneCode.FRACTION: "The cell holds a number with decimals, which no phone number has: format it as text"
    " and type the phone number in again.",
    PhoneCode.DATE: "The cell holds a date: format it as text and type the phone number in again.",
    PhoneCode.EMAIL_IN_CELL: "There is an e-mail address in the phone cell: leave only the phone number.",
    PhoneCode.TWO_NUMBERS: "There seems to be more than one number in the cell: leave only the one to call.",
    PhoneCode.LETTERS: "There are letters in the number: write all of it in digits, and an extension as"
    " x204.",
    PhoneCode.UNEXPECTED_CHARACTERS: "There are signs in the cell that do not belong to a phone number:"
    " leave only the number, such as +1 201 555 0123.",
    PhoneCode.COUNTRY_MISSING: "The number has no country code: write it as {example}, fill a country"
    " column, or add {flag}.",
    PhoneCode.COUNTRY_UNKNOWN: "The country of this row is not known and the number has no country code:"
    " write the country as a name or a two-letter code such as GB, or the number as +44 20 7946 0123.",
    PhoneCode.COUNTRY_CODE_UNKNOWN: "No country has the country code that the number begins with: check its"
    " first digits.",
    PhoneCode.AREA_CODE_MISSING: "The number lacks its area code: write it whole, with +{calling_code} in"
    " front.",
    PhoneCode.ZERO_MISSING: "The number lacks its leading 0 or its area code, and it is not certain which:"
    " write it whole, with +{calling_code} in front.",
    PhoneCode.AMBIGUOUS: "The number can be read in more than one way: write it whole, with + and its"
    " country code in front.",
    PhoneCode.TOO_SHORT: "The number has too few digits{place}: find the missing ones.",
    PhoneCode.TOO_LONG: "The number has too many digits{place}: leave only one number, and write a foreign"
    " one with + and its country code.",
    PhoneCode.UNASSIGNED: "No number{place} looks like this: check its area code, its digits and its"
    " country.",
    PhoneCode.EMERGENCY: "This is an emergency number, which is never called: fill in the lead's own number.",
    PhoneCode.SHORT_CODE: "This is a short code of a service, not a person's number: fill in the lead's own.",
    PhoneCode.PREMIUM_RATE: "Premium-rate numbers are never called: fill in the lead's own number.",
    PhoneCode.SHARED_COST: "Shared-cost numbers are never called: fill in the lead's own number.",
    PhoneCode.TOLL_FREE: "Toll-free numbers are not called: fill in the lead's own number.",
}


def phone_problem(code: PhoneCode, **facts: str) -> PhoneProblem:
    """The problem of that code, its sentence filled with facts (a place, an example, a flag)."""
    return PhoneProblem(code.value, _SENTENCES[code].format(**facts))
