"""The settings files: which sections hold, and what is said of a wrong one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dialer.errors import SettingsError
from dialer.settings import user_file
from dialer.settings_files import WrongSetting, choose, read_sections

KNOWN = ("rate", "recall_after", "assistant", "tag", "any_hour", "profile")


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home and a current folder without any settings."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")


def write(path: Path, text: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def read(
    explicit: Path | None = None,
    *,
    profile: str | None = None,
    sheet: str | None = None,
    folder: Path | None = None,
) -> dict[str, tuple[Any, str]]:
    """What holds, each value with the section it stands in."""
    sections = read_sections(explicit, KNOWN, folder=folder)
    found = choose(sections, profile=profile, sheet=sheet)
    return {name: (setting.value, str(setting.section)) for name, setting in found.items()}


def refused(**wanted: Any) -> str:
    """The sentence with which the files are refused."""
    with pytest.raises(SettingsError) as caught:
        read(**wanted)
    assert caught.value.exit_code == 78
    return caught.value.sentence


def test_without_files_there_are_no_settings() -> None:
    assert read() == {}


def test_a_setting_is_given_with_the_file_it_stands_in() -> None:
    path = write(user_file(), 'rate = "7/s"')

    assert read() == {"rate": ("7/s", str(path))}


def test_the_file_in_the_current_folder_wins_over_the_users() -> None:
    users = write(user_file(), 'rate = "7/s"\nassistant = "Voz"')
    write(Path("dialer.toml"), 'rate = "9/s"')

    assert read() == {"rate": ("9/s", "dialer.toml"), "assistant": ("Voz", str(users))}


def test_an_explicit_file_replaces_both() -> None:
    write(user_file(), 'assistant = "Voz"')
    write(Path("dialer.toml"), 'rate = "9/s"')
    explicit = write(Path("other.toml"), "any_hour = true")

    assert read(explicit) == {"any_hour": (True, "other.toml")}


def test_a_key_may_be_written_with_dashes() -> None:
    path = write(Path("dialer.toml"), 'recall-after = "48h"')

    assert read() == {"recall_after": ("48h", str(path))}


def test_a_list_stays_a_list() -> None:
    path = write(Path("dialer.toml"), 'tag = ["spring", "north"]')

    assert read() == {"tag": (["spring", "north"], str(path))}


@pytest.mark.parametrize(
    ("key", "sentence"),
    [
        ("rat", "dialer.toml: there is no setting 'rat'; did you mean 'rate'?"),
        ("recal-after", "dialer.toml: there is no setting 'recal-after'; did you mean 'recall_after'?"),
        ("Rate", "dialer.toml: there is no setting 'Rate'; did you mean 'rate'?"),
        ("colour", "dialer.toml: there is no setting 'colour'."),
        ('"a\\u001b[1m"', "dialer.toml: there is no setting 'a[1m'."),
    ],
)
def test_an_unknown_key_is_refused_with_the_nearest_right_one(key: str, sentence: str) -> None:
    write(Path("dialer.toml"), f"{key} = 1")

    with pytest.raises(SettingsError) as caught:
        read()

    assert (caught.value.code, caught.value.sentence) == ("unknown_setting", sentence)


def test_an_unknown_key_in_the_users_file_is_refused_as_well() -> None:
    path = write(user_file(), "colour = 1")

    with pytest.raises(SettingsError) as caught:
        read()

    assert caught.value.sentence == f"{path}: there is no setting 'colour'."


def test_a_file_named_with_config_must_be_there() -> None:
    with pytest.raises(SettingsError) as caught:
        read(Path("gone.toml"))

    assert (caught.value.exit_code, caught.value.sentence) == (
        78,
        "There is no settings file gone.toml: check --config.",
    )


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"rate = 5/s", "Expected newline or end of document after a statement (at line 1, column 9)"),
        (b"\xff\xfe", "'utf-8' codec can't decode byte 0xff in position 0: invalid start byte"),
    ],
)
def test_a_file_that_is_no_toml_is_refused(text: bytes, why: str) -> None:
    write(Path("dialer.toml"), text)

    with pytest.raises(SettingsError) as caught:
        read()

    assert caught.value.sentence == (
        f"The settings file dialer.toml cannot be read ({why}): mend it, or take it away."
    )


def test_a_folder_in_the_place_of_the_file_is_refused() -> None:
    Path("dialer.toml").mkdir()

    with pytest.raises(SettingsError) as caught:
        read()

    assert caught.value.code == "settings_unreadable"
