"""A mapping is kept under the signature of a sheet's headers, in a file of the user's own."""

from __future__ import annotations

import stat
from datetime import date
from pathlib import Path

import pytest

from dialer.columns import RESULT_COLUMNS
from dialer.errors import SettingsError
from dialer.saved_mappings import SavedMapping, SavedMappings, signature

TODAY = date(2026, 1, 2)
MAPPING = ("phone=Best number", "notes=")


@pytest.fixture
def saved(tmp_path: Path) -> SavedMappings:
    return SavedMappings(tmp_path / "dialer" / "mappings.json")


@pytest.mark.parametrize(
    "headers",
    [
        ("Name", "Best number"),
        ("NAME", " best_number "),
        ("Näme", "Best-Number:"),
        ("Name", "Best number", "", " "),
        ("Name", "Best number", *RESULT_COLUMNS),
    ],
)
def test_the_same_words_have_the_same_signature(headers: tuple[str, ...]) -> None:
    assert signature(headers) == signature(("Name", "Best number"))


@pytest.mark.parametrize(
    "headers",
    [
        *(("Best number", "Name"), ("Name", "Best number", "City"), ("Name", "", "Best number")),
        *(("Name",), ("", "Name", "Best number")),
    ],
)
def test_other_headers_have_another_signature(headers: tuple[str, ...]) -> None:
    assert signature(headers) != signature(("Name", "Best number"))


@pytest.mark.parametrize("headers", [(), ("", " "), RESULT_COLUMNS])
def test_a_row_without_words_has_no_signature(headers: tuple[str, ...]) -> None:
    assert signature(headers) is None


def test_what_was_saved_is_there(saved: SavedMappings) -> None:
    saved.save("a", MAPPING, today=TODAY)
    assert saved.all() == {"a": SavedMapping(MAPPING, TODAY)}


def test_nothing_is_there_at_first(saved: SavedMappings) -> None:
    assert saved.all() == {}


def test_saving_again_takes_the_place_of_what_was_there(saved: SavedMappings) -> None:
    saved.save("a", MAPPING, today=TODAY)
    saved.save("a", ("phone=B",), today=date(2026, 1, 3))
    assert saved.all() == {"a": SavedMapping(("phone=B",), date(2026, 1, 3))}


def test_what_was_forgotten_is_gone(saved: SavedMappings) -> None:
    saved.save("a", MAPPING, today=TODAY)
    saved.save("b", MAPPING, today=TODAY)
    assert (saved.forget("a"), list(saved.all())) == (True, ["b"])


def test_what_is_not_there_cannot_be_forgotten(saved: SavedMappings) -> None:
    assert saved.forget("a") is False


def test_only_the_newest_thousand_are_kept(saved: SavedMappings, tmp_path: Path) -> None:
    entries = ", ".join(f'"{n}": {{"mapping": [], "saved_on": "2025-01-01"}}' for n in range(1000))
    (tmp_path / "dialer").mkdir()
    (tmp_path / "dialer" / "mappings.json").write_text(f'{{"mappings": {{{entries}}}}}')
    saved.save("new", MAPPING, today=TODAY)
    assert (len(saved.all()), "new" in saved.all()) == (1000, True)


def test_nobody_else_can_read_it(saved: SavedMappings, tmp_path: Path) -> None:
    saved.save("a", MAPPING, today=TODAY)
    folder = tmp_path / "dialer"
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (folder, folder / "mappings.json")]
    assert (modes, [path.name for path in folder.iterdir()]) == ([0o700, 0o600], ["mappings.json"])


@pytest.mark.parametrize(
    "content",
    [
        *("", "{", "[]", "3", '{"mappings": 3}', '{"mappings": {"a": 3}}', '{"mappings": {"a": {}}}'),
        '{"mappings": {"a": {"mapping": "phone=B", "saved_on": "2026-01-02"}}}',
        '{"mappings": {"a": {"mapping": [3], "saved_on": "2026-01-02"}}}',
        '{"mappings": {"a": {"mapping": [], "saved_on": "soon"}}}',
        "[" * 100_000,
    ],
)
def test_a_file_that_cannot_be_understood_is_said_so(tmp_path: Path, content: str) -> None:
    path = tmp_path / "mappings.json"
    path.write_text(content)
    with pytest.raises(SettingsError) as caught:
        SavedMappings(path).all()
    assert caught.value.code == "saved_mappings_unreadable"


def test_the_sentence_about_such_a_file_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "mappings.json"
    path.write_bytes(b"\xff")
    with pytest.raises(SettingsError) as caught:
        SavedMappings(path).all()
    assert caught.value.sentence == (
        f"The remembered mappings in {path} cannot be read (UnicodeDecodeError): delete the file, or add"
        " --no-saved-mapping."
    )


def test_a_folder_that_cannot_be_written_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "dialer").write_text("a file, no folder")
    with pytest.raises(SettingsError) as caught:
        SavedMappings(tmp_path / "dialer" / "mappings.json").save("a", MAPPING, today=TODAY)
    assert caught.value.code in {"mapping_not_saved", "saved_mappings_unreadable"}
