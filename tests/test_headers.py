"""What a header means."""

from __future__ import annotations

import tomllib
from collections import defaultdict
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.headers import Field, Header, read_header, read_headers
from dialer.synonyms import answers, key, normalise


def field_of(text: str, *, misspelt: bool = False) -> Field | None:
    (header,) = read_headers([text], misspelt=misspelt)
    return header.meanings[0].field if header.meanings else None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("PhoneNumber", "phone number"),
        ("phone_number", "phone number"),
        ("\ufeff Phone\u00a0-\u200bNumber: *", "phone number"),
        ("PHONE_10", "phone 10"),
        ("Número de Teléfono", "numero de telefono"),
        ("\uff30\uff48\uff4f\uff4e\uff45", "phone"),  # full-width letters
        ("Don't call", "dont call"),
        ("Straße", "strasse"),
    ],
)
def test_case_accents_punctuation_and_invisible_characters_do_not_count(text: str, words: str) -> None:
    assert normalise(text) == words


@given(st.text())
def test_normalising_twice_changes_nothing(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


@pytest.mark.parametrize(
    ("text", "rank"),
    [
        ("Mobile", 1),
        ("Cell #", 1),
        ("Person - Phone - Mobile", 1),
        ("Customer mobile no.", 1),
        ("Work mobile", 1),
        ("Handynummer", 1),
        ("رقم الجوال", 1),
        ("मोबाइल", 1),
        ("Phone", 2),
        ("☎ Contact phone", 2),
        ("what_is_your_phone_number?", 2),
        ("Phone (with country code)", 2),
        ("Phone_10digit", 2),
        ("Numéro de téléphone", 2),
        ("Rufnummer", 2),
        ("Work Phone", 3),
        ("Person - Phone - Home", 3),
        ("PHONE_3", 3),
        ("Alternate mobile", 3),
    ],
)
def test_a_phone_header_is_ranked(text: str, rank: int) -> None:
    header = read_header(text)
    assert (header.rank(Field.PHONE), header.surely(Field.PHONE)) == (rank, True)


@pytest.mark.parametrize(
    "text",
    [
        "Corporate Phone",
        "Company HQ Phone",
        "Company phone number",
        "Asst. Phone",
        "Fax",
        "Business Fax",
        "Phone (company)",
        "Phone type",
        "Phone status",
        "Phone Opt Out",
        "Email Opt Out",
        "Number of employees",
        "# Employees",
        "Call status",
        "Manager phone",
        "Emergency contact phone",
        "Spouse mobile",
        "Mobile carrier",
        "Phone 2024",
        "Order number",
        "from_number",
    ],
)
def test_what_reaches_somebody_else_or_nobody_is_no_phone_column(text: str) -> None:
    (header,) = read_headers([text], misspelt=True)
    assert header.rank(Field.PHONE) is None


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("Phne Number", Field.PHONE),
        ("Moblie Phone", Field.PHONE),
        ("phnenumber", Field.PHONE),
        ("Frist Name", Field.FIRST_NAME),
        ("Contry", Field.COUNTRY),
        ("Do Not Cal", Field.DO_NOT_CALL),
    ],
)
def test_a_misspelt_header_is_understood(text: str, field: Field) -> None:
    assert field_of(text, misspelt=True) is field


def test_a_misspelt_phone_header_needs_cells_that_agree() -> None:
    (header,) = read_headers(["Phne Number"], misspelt=True)
    assert not header.surely(Field.PHONE)


@pytest.mark.parametrize(
    "text",
    [
        *("Slate", "Estate", "Region", "Zipper", "Time", "Statement", "County", "Contract", "Username"),
        *("Compny Name", "Votes", "Resource", "Fast Nane", "Company State", "Owner time zone"),
    ],
)
def test_a_word_that_only_resembles_a_field_is_none(text: str) -> None:
    assert field_of(text, misspelt=True) is None


@pytest.mark.parametrize(
    "text",
    [
        "Do Not Call",
        "DoNotCall",
        "DNC?",
        "Phone Opt Out",
        "Opt-Out",
        "Call Opt Out",
        "Opt-out date",
        "Federal DNC",
        "Has opted out of calls",
        "No llamar",
        "Ne pas appeler",
        "Nicht anrufen",
        "Niet bellen",
        "عدم الاتصال",
    ],
)
def test_a_refusal_of_calls_is_understood(text: str) -> None:
    assert field_of(text) is Field.DO_NOT_CALL


@pytest.mark.parametrize(
    "text",
    [
        "Email Opt Out",
        "HasOptedOutOfEmail",
        "HasOptedOutOfFax",
        "SMS opt-out",
        "Unsubscribed",
        "DNC scrub date",
    ],
)
def test_a_refusal_of_something_else_says_nothing_about_calls(text: str) -> None:
    assert field_of(text) is None


@pytest.mark.parametrize("text", ["Person - Remarks", "Lead remarks", "contact_remarks"])
def test_whose_it_is_does_not_change_what_a_header_means(text: str) -> None:
    assert field_of(text) is Field.NOTES


@pytest.mark.parametrize("text", ["OK to call", "Consent", "Permission to call"])
def test_a_consent_is_no_refusal(text: str) -> None:
    assert field_of(text) is Field.CONSENT


@pytest.mark.parametrize("text", ["", "  ", "\u200b", "Unnamed: 3", "Column1", "_c2", "Spalte 4"])
def test_blank_and_made_up_headers_are_no_names(text: str) -> None:
    assert read_header(text).unnamed


def test_a_long_text_is_no_header() -> None:
    assert read_header("Phone " * 20) == Header()


def test_name_beside_vorname_is_the_last_name() -> None:
    headers = read_headers(["Vorname", "Name"])
    assert [header.meanings[0].field for header in headers] == [Field.FIRST_NAME, Field.LAST_NAME]


def test_nombre_without_a_last_name_is_the_whole_name() -> None:
    assert field_of("Nombre") is Field.FULL_NAME


def _lists() -> dict[str, dict[str, list[str]]]:
    text = resources.files("dialer").joinpath("data", "synonyms.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def test_the_table_gives_every_header_one_meaning() -> None:
    meanings = defaultdict(set)
    file = _lists()
    for section in ("phone", "fields", "others"):
        for kind, texts in file[section].items():
            for text in texts:
                meanings[key(text)].add("phone" if section == "phone" and kind != "never" else kind)
    double = {word for word, kinds in meanings.items() if len(kinds) > 1}
    vague = {key(text) for text in file["phone"]["if_cells_agree"]}
    assert double <= vague


def test_no_answer_means_yes_and_no() -> None:
    assert not answers("yes") & answers("no")


def test_the_table_knows_every_field() -> None:
    assert {*_lists()["fields"], "phone"} == {field.value for field in Field}
