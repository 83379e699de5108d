"""A cell's text becomes the number we may dial, or the reason why not.

`phone_numbers.csv` was written by hand from numbering plans; each of its rows says why it is so.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import phonenumbers
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from dialer.numbering import number_abroad
from dialer.phones import (
    Phone,
    PhoneCode,
    PhoneProblem,
    Tier,
    looks_like_phone,
    mask,
    read_phone,
    region_of,
)

REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)


# --- the table


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table. `expected` is a number or the code of a refusal."""

    text: str
    country: str | None
    region: str | None
    expected: str
    tier: str
    extension: str | None
    why: str


def unescaped(cell: str) -> str:
    """The table writes signs that nobody sees as \\u200e, \\n and \\t."""
    letters = {"n": "\n", "t": "\t"}
    return re.sub(
        r"\\(?:u([0-9a-f]{4})|U([0-9a-f]{8})|([nt]))",
        lambda found: letters[found[3]] if found[3] else chr(int(found[1] or found[2], 16)),
        cell,
    )


def table() -> Iterator[Line]:
    path = Path(__file__).with_name("phone_numbers.csv")
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield Line(
                text=unescaped(row["text"]),
                country=unescaped(row["country"]) or None,
                region=row["region"] or None,
                expected=row["expected"],
                tier=row["tier"],
                extension=row["extension"] or None,
                why=row["why"],
            )


TABLE = list(table())
GOOD = [line for line in TABLE if line.expected.startswith("+")]


def read(line: Line) -> Phone | PhoneProblem:
    return read_phone(line.text, country=line.country, default_region=line.region)


@pytest.mark.parametrize("line", TABLE, ids=lambda line: f"{line.text!r} {line.country or line.region}")
def test_the_table_is_read_as_the_numbering_plans_say(line: Line) -> None:
    match read(line):
        case Phone() as phone:
            found = (phone.e164, phone.tier.value, phone.extension)
        case PhoneProblem() as problem:
            found = (problem.code, "", None)

    assert found == (line.expected, line.tier, line.extension), line.why


def test_no_number_of_the_table_is_a_wrong_one_and_few_good_ones_are_refused() -> None:
    readings = [(line, read(line)) for line in TABLE]
    wrong = [line for line, phone in readings if isinstance(phone, Phone) and phone.e164 != line.expected]
    refused = [line for line, phone in readings if line in GOOD and isinstance(phone, PhoneProblem)]

    assert len(TABLE) >= 300
    assert wrong == []
    assert len(refused) <= len(GOOD) / 100


# --- every refusal, with its whole sentence

REFUSALS = [
    (
        "phone_missing",
        " ",
        "US",
        "The phone cell is empty: fill in the number with its country code, such as +1 201 555 0123.",
    ),
    (
        "placeholder",
        "N/A",
        "US",
        "This only stands in for a number: fill in the real one, or leave the cell empty.",
    ),
    (
        "test_lead",
        "<test lead: dummy data for phone>",
        "US",
        "This is an advertising platform's test lead, not a person: delete the row.",
    ),
    (
        "excel_error",
        "#REF!",
        "US",
        (
            "The cell shows an Excel error instead of a number: mend its formula, or type the number in as"
            " text."
        ),
    ),
    (
        "formula_leftover",
        "-1199",
        "US",
        "The number was taken for a formula: format the cell as text and type the number in again.",
    ),
    (
        "digits_lost",
        "1.20156E+10",
        "US",
        (
            "The number was rounded to scientific notation and its last digits are lost: format the column"
            " as text and paste the numbers in again."
        ),
    ),
    (
        "fraction",
        "2015550123.5",
        "US",
        (
            "The cell holds a number with decimals, which no phone number has: format it as text and type"
            " the phone number in again."
        ),
    ),
    (
        "date",
        "2024-12-05",
        "US",
        "The cell holds a date: format it as text and type the phone number in again.",
    ),
    (
        "email_in_cell",
        "jane@example.com",
        "US",
        "There is an e-mail address in the phone cell: leave only the phone number.",
    ),
    (
        "two_numbers",
        "201-555-0123 / 201-555-0124",
        "US",
        "There seems to be more than one number in the cell: leave only the one to call.",
    ),
    (
        "letters",
        "1-800-FLOWERS",
        "US",
        "There are letters in the number: write all of it in digits, and an extension as x204.",
    ),
    (
        "unexpected_characters",
        "201-555-****",
        "US",
        (
            "There are signs in the cell that do not belong to a phone number: leave only the number, such"
            " as +1 201 555 0123."
        ),
    ),
    (
        "country_missing",
        "201-555-0123",
        None,
        (
            "The number has no country code: write it as +1 201 555 0123, fill a country column, or add"
            " --region US."
        ),
    ),
    (
        "country_missing",
        "020 7946 0123",
        None,
        (
            "The number has no country code: write it as +44 20 7946 0123, fill a country column, or add"
            " --region and the country's two letters, such as --region GB."
        ),
    ),
    (
        "country_code_unknown",
        "+999 123456789",
        None,
        "No country has the country code that the number begins with: check its first digits.",
    ),
    (
        "area_code_missing",
        "555-0123",
        "US",
        "The number lacks its area code: write it whole, with +1 in front.",
    ),
    (
        "area_code_missing",  # libphonenumber would put in 268
        "462 0123",
        "AG",
        "The number lacks its area code: write it whole, with +1 in front.",
    ),
    (
        "zero_missing",
        "30231251",
        "DE",
        (
            "The number lacks its leading 0 or its area code, and it is not certain which: write it whole,"
            " with +49 in front."
        ),
    ),
    (
        "ambiguous",
        "002015550123",
        "US",
        "The number can be read in more than one way: write it whole, with + and its country code in front.",
    ),
    (
        "too_short",
        "201 555 012",
        "US",
        "The number has too few digits for US (+1): find the missing ones.",
    ),
    (
        "too_short",
        "+800 123",
        None,
        "The number has too few digits for +800: find the missing ones.",
    ),
    (
        "too_short",
        "+98 9601",
        None,
        "The number has too few digits for IR (+98): find the missing ones.",
    ),
    (
        "too_short",
        "12345",
        None,
        "The number has too few digits: find the missing ones.",
    ),
    (
        "too_short",
        "5",
        "US",
        "The number has too few digits for US (+1): find the missing ones.",
    ),
    (
        "too_long",
        "447400123456",
        "US",
        (
            "The number has too many digits for US (+1): leave only one number, and write a foreign one"
            " with + and its country code."
        ),
    ),
    (
        "too_long",
        "1" + "2" * 25,
        "US",
        (
            "The number has too many digits: leave only one number, and write a foreign one with + and its"
            " country code."
        ),
    ),
    (
        "unassigned",
        "07700 900123",
        "GB",
        "No number in GB (+44) looks like this: check its area code, its digits and its country.",
    ),
    (
        "emergency",
        "911",
        "US",
        "This is an emergency number, which is never called: fill in the lead's own number.",
    ),
    (
        "short_code",
        "411",
        "US",
        "This is a short code of a service, not a person's number: fill in the lead's own.",
    ),
    (
        "premium_rate",
        "+1 900 555 0123",
        None,
        "Premium-rate numbers are never called: fill in the lead's own number.",
    ),
    (
        "shared_cost",
        "901 234 567",
        "ES",
        "Shared-cost numbers are never called: fill in the lead's own number.",
    ),
    (
        "toll_free",
        "+1 800 555 0123",
        None,
        "Toll-free numbers are not called: fill in the lead's own number.",
    ),
]


@pytest.mark.parametrize(("code", "text", "region", "sentence"), REFUSALS)
def test_a_refusal_says_how_to_mend_the_cell(code: str, text: str, region: str | None, sentence: str) -> None:
    assert read_phone(text, default_region=region) == PhoneProblem(code, sentence)


def test_a_country_that_is_not_known_says_how_to_mend_the_row() -> None:
    assert read_phone("2015550123", country="Atlantis", default_region="US") == PhoneProblem(
        "country_unknown",
        "The country of this row is not known and the number has no country code: write the country as a name"
        " or a two-letter code such as GB, or the number as +44 20 7946 0123.",
    )


def test_every_code_has_been_reached() -> None:
    assert {code for code, *_ in REFUSALS} | {"country_unknown"} == set(PhoneCode)


# --- the world


def examples() -> Iterator[tuple[str, phonenumbers.PhoneNumber]]:
    for region in REGIONS:
        for kind in PhoneNumberType.values():
            number = phonenumbers.example_number_for_type(region, kind)
            # Iran's 9601 is a service inside Iran: no number of six digits can be dialled from abroad.
            if number and len(phonenumbers.format_number(number, PhoneNumberFormat.E164)) > 7:
                yield region, number


EXAMPLES = list(examples())
NEVER_CALLED = {
    PhoneNumberType.PREMIUM_RATE: "premium_rate",
    PhoneNumberType.SHARED_COST: "shared_cost",
    PhoneNumberType.TOLL_FREE: "toll_free",
}


def expected(number: phonenumbers.PhoneNumber) -> str:
    e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    return NEVER_CALLED.get(phonenumbers.number_type(number), e164)


def got(text: str, **where: str | None) -> str:
    reading = read_phone(text, **where)
    return reading.e164 if isinstance(reading, Phone) else reading.code


@pytest.mark.parametrize(
    "form",
    [PhoneNumberFormat.E164, PhoneNumberFormat.INTERNATIONAL, PhoneNumberFormat.RFC3966],
    ids=["E.164", "international", "RFC 3966"],
)
@pytest.mark.parametrize("region", [None, "US", "DE"])
def test_every_region_s_numbers_of_every_kind_are_read_with_their_country_code(
    form: int, region: str | None
) -> None:
    """Whatever --region says: the number's own country code wins."""
    texts = [(phonenumbers.format_number(number, form), expected(number)) for _, number in EXAMPLES]

    assert [(text, e164) for text, e164 in texts if got(text, default_region=region) != e164] == []


@pytest.mark.parametrize("where", ["country", "default_region"])
def test_every_region_s_numbers_of_every_kind_are_read_as_they_are_written_at_home(where: str) -> None:
    texts = [
        (region, phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL), expected(number))
        for region, number in EXAMPLES
    ]

    assert [line for line in texts if got(line[1], **{where: line[0]}) != line[2]] == []


def test_a_number_that_lost_its_zeros_is_itself_or_refused() -> None:
    """As Excel stores it: the national number without its leading zeros, and perhaps with a .0 behind."""
    texts = []
    for region, number in EXAMPLES:
        national = phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)
        digits = re.sub(r"\D", "", national).lstrip("0")
        texts += [(region, digits, expected(number)), (region, f"{digits}.0", expected(number))]
    found = [(region, text, e164, got(text, country=region)) for region, text, e164 in texts]

    assert [line for line in found if line[3] != line[2] and line[3].startswith("+")] == []


def test_a_number_s_own_country_code_without_plus_is_itself_or_refused() -> None:
    texts = [
        (region, phonenumbers.format_number(number, PhoneNumberFormat.E164)[1:], expected(number))
        for region, number in EXAMPLES
    ]
    found = [(region, text, e164, got(text, country=region)) for region, text, e164 in texts]

    assert [line for line in found if line[3] != line[2] and line[3].startswith("+")] == []


def test_a_number_is_its_own_region_s_and_not_the_row_s() -> None:
    assert read_phone("+1 416 555 0123", country="US") == Phone("+14165550123", Tier.EXACT, "CA")


def test_a_number_of_no_country_has_no_region() -> None:
    assert read_phone("+881 612 345 678") == Phone("+881612345678", Tier.EXACT, None)


def test_the_api_s_own_example_is_american() -> None:
    assert read_phone("+15551234567") == Phone("+15551234567", Tier.EXACT, "US")


@given(st.integers(10**9, 10**10 - 1))
@example(2015550123)
@example(9115550123)
def test_the_short_way_to_american_numbers_ends_where_libphonenumber_does(national: int) -> None:
    parsed = phonenumbers.parse(f"+1{national}")
    short_way = number_abroad(f"1{national}")

    if str(national).startswith("555"):
        assert not phonenumbers.is_valid_number(parsed)
    else:
        assert (short_way.e164 if short_way else None) == (
            phonenumbers.format_number(parsed, PhoneNumberFormat.E164)
            if phonenumbers.is_valid_number(parsed)
            else None
        )


# --- any text at all

PIECES = st.sampled_from(
    [
        *"0123456789+-./(),;: \n\tx#@eE'\"=",
        "00",
        "011",
        "(0)",
        "tel:",
        "p:",
        " ext. ",
        ",,",
        " or ",
        ".0",
        "E+10",
        "\u200e",
        "\u00a0",
        "\u0661",
        "\uff0b",
        "\uff11",
        "\u0967",
        "\u00b2",
        "N/A",
        "#REF!",
        "201",
        "555",
        "0123",
        "44",
    ]
)
TEXTS = st.one_of(st.text(max_size=40), st.lists(PIECES, max_size=24).map("".join))
COUNTRIES = st.one_of(
    st.none(), st.sampled_from([*REGIONS, "Germany", "+44", "1", "Atlantis", "-", ""]), st.text()
)


@st.composite
def written_numbers(draw: st.DrawFn) -> tuple[str, str | None]:
    """Numbers of some country in some hand, and a country that may be theirs."""
    region, number = draw(st.sampled_from(EXAMPLES))
    form = draw(st.sampled_from([0, 1, 2, 3]))
    digits = list(phonenumbers.format_number(number, form))
    for place in draw(st.lists(st.integers(len(digits) // 2, len(digits) - 1), max_size=4)):
        digits[place] = draw(st.sampled_from("0123456789 -.()/"))
    return "".join(digits), draw(st.sampled_from([region, None, "US", "DE", "IT"]))


def ascii_digits(text: str) -> str:
    return "".join(str(unicodedata.decimal(sign)) for sign in text if unicodedata.category(sign) == "Nd")


def is_subsequence(part: str, whole: str) -> bool:
    rest = iter(whole)
    return all(sign in rest for sign in part)


def check(reading: Phone | PhoneProblem, text: str) -> None:
    """What holds of every reading."""
    match reading:
        case PhoneProblem(code, message):
            assert code in set(PhoneCode)
            assert re.fullmatch(r"[A-Z].*\.", message)
        case Phone(e164, tier, region, extension):
            assert re.fullmatch(r"\+[1-9]\d{6,14}", e164)
            assert region is None or region in REGIONS
            assert extension is None or re.fullmatch(r"\d{1,6}", extension)
            assert read_phone(e164) == Phone(e164, Tier.EXACT, region)
            parsed = phonenumbers.parse(e164)
            national = phonenumbers.national_significant_number(parsed)
            explained = is_subsequence(national, ascii_digits(text))
            zero_restored = tier is Tier.ASSUMED and is_subsequence(
                national.removeprefix("0"), ascii_digits(text)
            )
            argentine_mobile = parsed.country_code == 54 and is_subsequence(national[1:], ascii_digits(text))
            assert explained or zero_restored or argentine_mobile


@settings(max_examples=400, deadline=None)
@given(TEXTS, COUNTRIES, st.one_of(st.none(), st.sampled_from(REGIONS)))
def test_any_text_is_a_number_or_a_problem(text: str, country: str | None, region: str | None) -> None:
    check(read_phone(text, country=country, default_region=region), text)


@settings(max_examples=600, deadline=None)
@given(written_numbers())
def test_no_digit_is_invented_and_what_is_printed_is_read_again(written: tuple[str, str | None]) -> None:
    text, region = written

    check(read_phone(text, default_region=region), text)
    check(read_phone(text, country=region), text)


@given(TEXTS)
def test_any_text_looks_like_a_phone_or_does_not(text: str) -> None:
    assert looks_like_phone(text) in (True, False)


@pytest.mark.parametrize(
    "piece", ["1 ", "1,", "(0)", "1x", "1/", "1.,;(-", "1)", "1 ext", "(1", "=1", "\n1", " +1"]
)
def test_a_long_cell_is_refused_whatever_is_in_it(piece: str) -> None:
    assert isinstance(read_phone((piece * 300)[:300], default_region="DE"), PhoneProblem)


def test_a_very_long_cell_is_not_searched_for_a_number() -> None:
    assert got("call " * 100_000 + "+12015550123") == "unexpected_characters"


# --- the small ones


@pytest.mark.parametrize(
    ("e164", "masked"),
    [
        ("+12015550123", "+1201***0123"),
        ("+442079460123", "+4420***0123"),
        ("+4722123456", "+4722***456"),
        ("+6834002", "+6834***"),
        ("+683400", "***"),
        ("", "***"),
    ],
)
def test_a_number_in_a_log_has_no_middle(e164: str, masked: str) -> None:
    assert mask(e164) == masked


@pytest.mark.parametrize(
    "text",
    [
        "+1 201 555 0123",
        "(201) 555-0123",
        "2015550123",
        "2015550123.0",
        "p:+12015550123",
        "201-555-0123 x204",
        "07400 123456",
        "20 12 34 56",
        "1.2015550123E+10",
        "'+1 201-555-0123",
    ],
)
def test_a_phone_looks_like_one(text: str) -> None:
    assert looks_like_phone(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Jane Smith",
        "jane@example.com",
        "2024-12-05",
        "12/05/2024",
        "07030",
        "$1,200.00",
        "1234.56",
        "N/A",
        "221B Baker Street",
        "00Q5e00000AbCdE",
        "2024-12-05 10:15:00",
        "12345678901234567890",
        "0",
        "Yes",
    ],
)
def test_something_else_does_not_look_like_a_phone(text: str) -> None:
    assert not looks_like_phone(text)


@pytest.mark.parametrize(
    ("country", "region"),
    [
        ("+1", "US"),
        ("1", "US"),
        ("44", "GB"),
        ("+44", "GB"),
        ("0044", "GB"),
        ("44.0", "GB"),
        ("(+44)", "GB"),
        ("7", "RU"),
        ("+1-876", "JM"),
        ("1876", "JM"),
        ("+1 242", "BS"),
        ("+\u0664\u0664", "GB"),
        ("United Kingdom (+44)", "GB"),
        ("+44 United Kingdom", "GB"),
        ("US +1", "US"),
        ("Jamaica +1-876", "JM"),
        ("(+49) Deutschland", "DE"),
        ("+33 Germany", None),
        ("+999", None),
        ("999", None),
        ("0", None),
        ("", None),
        ("800", None),
        ("1999", None),
        ("44 1481", None),
        ("+", None),
        ("12 Main Street", None),
        ("US" * 99, None),
    ],
)
def test_a_calling_code_means_a_country_where_that_is_certain(country: str, region: str | None) -> None:
    assert region_of(country) == region
