"""A country's name, in the languages that lead sheets come in, becomes its ISO code."""

from __future__ import annotations

import tomllib
from collections import defaultdict
from importlib.resources import files

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.countries import country_named, fold

NAMES: dict[str, list[str]] = {
    code: spellings.split(", ")
    for code, spellings in tomllib.loads(
        (files("dialer") / "data" / "countries.toml").read_text(encoding="utf-8")
    ).items()
}


def test_every_country_that_has_numbers_is_known() -> None:
    assert set(NAMES) == set(phonenumbers.SUPPORTED_REGIONS)


def test_no_name_means_two_countries() -> None:
    meanings = defaultdict(set)
    for code, spellings in NAMES.items():
        for spelling in (code, *spellings):
            meanings[fold(spelling)].add(code)

    assert {name: codes for name, codes in meanings.items() if len(codes) > 1} == {}


def test_every_name_is_understood_in_any_case() -> None:
    spellings = [(spelling, code) for code, all_of_one in NAMES.items() for spelling in all_of_one]

    assert [
        (spelling, code)
        for spelling, code in spellings
        if not country_named(spelling)
        == country_named(spelling.upper())
        == country_named(spelling.lower())
        == code
    ] == []


def test_no_name_stands_twice_for_one_country() -> None:
    assert [
        (code, spellings)
        for code, spellings in NAMES.items()
        if len({fold(spelling) for spelling in (code, *spellings)}) <= len(spellings)
    ] == []


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("United Kingdom", "GB"),
        ("Reino Unido", "GB"),
        ("Royaume-Uni", "GB"),
        ("Vereinigtes Königreich", "GB"),
        ("Regno Unito", "GB"),
        ("Verenigd Koninkrijk", "GB"),
        ("المملكة المتحدة", "GB"),
        ("यूनाइटेड किंगडम", "GB"),
        ("UK", "GB"),
        ("gbr", "GB"),
        ("Deutschland", "DE"),
        ("ALEMANIA", "DE"),
        ("Allemagne", "DE"),
        ("Germania", "DE"),
        ("Alemanha", "DE"),
        ("Duitsland", "DE"),
        ("ألمانيا", "DE"),
        ("जर्मनी", "DE"),
        ("España", "ES"),
        ("Espana", "ES"),
        ("U.S.A.", "US"),
        ("U.S.", "US"),
        ("the United States", "US"),
        ("EE. UU.", "US"),
        ("États-Unis", "US"),
        ("Etats-Unis", "US"),
        ("\N{REGIONAL INDICATOR SYMBOL LETTER U}\N{REGIONAL INDICATOR SYMBOL LETTER S}", "US"),
        (
            "\N{REGIONAL INDICATOR SYMBOL LETTER F}\N{REGIONAL INDICATOR SYMBOL LETTER R} France",
            "FR",
        ),
        ("France (FR)", "FR"),
        ("FR - France", "FR"),
        ("St. Lucia", "LC"),
        ("Cote d'Ivoire", "CI"),
        ("Côte d\u2019Ivoire", "CI"),
        ("Trinidad & Tobago", "TT"),
        ("Korea, Republic of", "KR"),
        ("Viet-Nam", "VN"),
        ("  netherlands ", "NL"),
        ("The Netherlands", "NL"),
        ("Ελλάδα", "GR"),
        ("日本", "JP"),
        ("Türkiye", "TR"),
        ("NO", "NO"),
        ("NA", "NA"),
        ("ST", "ST"),
    ],
)
def test_people_s_ways_to_write_a_country_are_understood(text: str, code: str) -> None:
    assert country_named(text) == code


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Atlantis",
        "Congo",
        "Virgin Islands",
        "EU",
        "Europe",
        "US/CA",
        "US, Canada",
        "FR Germany",
        "London, UK",
        "ZZ",
        "English",
        "Antarctica",
        "N/A",
        "unknown",
    ],
)
def test_what_means_no_country_or_two_is_not_guessed(text: str) -> None:
    assert country_named(text) is None


@given(st.text())
def test_any_text_is_a_country_that_has_numbers_or_none(text: str) -> None:
    assert country_named(text) in {None, *NAMES}
