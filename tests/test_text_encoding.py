"""The encoding of a text is what its bytes say, and a guess only where they say nothing."""

from __future__ import annotations

import io

import pytest

from dialer.errors import UsageError
from dialer.text_encoding import TextEncoding, find_encoding

WESTERN = (
    "Name,Phone,Notes\nJosé Example,+12015550123,Größe 5 £ \u2013 “quoted” it\u2019s\n"
    "Zoë Sample,+442079460001,façade\n"
)
POLISH = "Imię,Nazwisko,Telefon\nŁukasz,Przykład,+48\nMałgorzata,Próba,+48\nŻaneta,Dąb,+48\n"
RUSSIAN = "Имя,Фамилия,Телефон\nИван,Образцов,+7 900\nОльга,Пример,+7 901\n"  # noqa: RUF001 - Cyrillic
JAPANESE = "名前,電話番号\n見本太郎,+81 3\n見本花子,+81 3\n"
CHINESE = "姓名,电话\n张样本,+86\n王样本,+86\n李样本,+86 1\n"


def encoding_of(content: bytes, asked: str | None = None) -> TextEncoding:
    return find_encoding(io.BytesIO(content), asked=asked)


@pytest.mark.parametrize(
    ("text", "codec", "name"),
    [
        ("Name,Phone\nAnn,+12015550123\n", "ascii", "utf-8"),
        (WESTERN, "utf-8", "utf-8"),
        (WESTERN, "utf-8-sig", "utf-8-sig"),
        (WESTERN, "utf-16", "utf-16"),
        (WESTERN, "utf-32", "utf-32"),
        (WESTERN, "utf-16-le", "utf-16-le"),
        (WESTERN, "utf-16-be", "utf-16-be"),
        (RUSSIAN, "utf-16-le", "utf-16-le"),
        (WESTERN, "cp1252", "cp1252"),
        (WESTERN, "mac_roman", "mac_roman"),
        (POLISH, "cp1250", "cp1250"),
        (RUSSIAN, "cp1251", "cp1251"),
        (RUSSIAN, "koi8_r", "koi8_r"),
        (JAPANESE, "cp932", "cp932"),
        (CHINESE, "gb18030", "gb18030"),
    ],
)
def test_the_usual_encodings_are_found_and_read_right(text: str, codec: str, name: str) -> None:
    content = text.encode(codec, "replace")
    found = encoding_of(content)
    read = content[len(found.mark) :].decode(found.codec, found.errors)
    assert (found.name, read) == (name, content.decode(codec))


def test_one_accent_far_down_a_western_file_is_enough() -> None:
    content = b"Name,Phone\n" + b"Ann,+12015550123\n" * 100_000 + "José,+12015550123\n".encode("cp1252")
    assert encoding_of(content).name == "cp1252"


def test_one_damaged_character_does_not_spoil_all_the_sound_ones() -> None:
    content = "José Ñandú, Zoë Ärmel, Ö Ü\n".encode() + b"B\xe9\n"
    assert encoding_of(content) == TextEncoding("utf-8", "utf-8", errors="replace")


def test_a_character_cut_in_two_at_the_end_is_damage_not_another_encoding() -> None:
    assert encoding_of("José Ñandú, Zoë".encode() + b"\xc3").name == "utf-8"


def test_a_replacement_character_of_the_users_own_is_no_damage() -> None:
    assert encoding_of("caf\ufffd\n".encode()) == TextEncoding("utf-8", "utf-8")


def test_the_users_encoding_wins() -> None:
    assert encoding_of(WESTERN.encode(), asked="Latin-1") == TextEncoding("iso8859-1", "iso8859-1")


@pytest.mark.parametrize("asked", ["utf-8", "utf8", "utf-8-sig"])
def test_a_mark_is_no_text_even_if_the_user_names_the_encoding(asked: str) -> None:
    assert encoding_of(b"\xef\xbb\xbfName", asked=asked) == TextEncoding(
        "utf-8-sig", "utf-8", mark=b"\xef\xbb\xbf"
    )


def test_utf_16_is_read_by_its_mark_when_asked_for() -> None:
    assert encoding_of(b"\xfe\xff\0N", asked="utf-16") == TextEncoding(
        "utf-16", "utf-16-be", mark=b"\xfe\xff"
    )


@pytest.mark.parametrize("asked", ["klingon", "hex", "a\0b", "undefined"])
def test_an_encoding_that_does_not_exist_is_a_mistake_of_usage(asked: str) -> None:
    with pytest.raises(UsageError) as caught:
        encoding_of(b"Name", asked=asked)
    assert caught.value.sentence == (
        f'There is no encoding called "{asked}"; use for example --encoding utf-8, cp1252 or utf-16.'
    )


def test_an_encoding_without_ascii_lines_is_refused() -> None:
    with pytest.raises(UsageError) as caught:
        encoding_of(b"Name", asked="cp037")
    assert caught.value.sentence == (
        'Lines and commas cannot be told apart in the encoding "cp037"; save the sheet as UTF-8.'
    )


@pytest.mark.parametrize("asked", [None, "cp1252", "utf-16"])
def test_the_file_is_left_at_its_start(asked: str | None) -> None:
    file = io.BytesIO(WESTERN.encode())
    find_encoding(file, asked=asked)
    assert file.tell() == 0
