"""The settings files: which sections hold, and what is said of a wrong one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import rich_click as click

from dialer.call_options import policy_of
from dialer.cli import cli
from dialer.defaults import settings_for_file
from dialer.errors import SettingsError
from dialer.settings import user_file
from dialer.settings_files import WrongSetting, choose, read_sections

KNOWN = ("rate", "recall_after", "assistant", "tag", "any_hour", "profile")


pytestmark = pytest.mark.usefixtures("own_home")


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


# Profiles

PROFILES = """
rate = "5/s"
assistant = "Voz"

[profiles.roofing]
rate = "30/min"

[profiles."solar 2026"]
any-hour = true
"""


def test_without_a_profile_the_plain_keys_hold() -> None:
    write(Path("dialer.toml"), PROFILES)

    assert read() == {"rate": ("5/s", "dialer.toml"), "assistant": ("Voz", "dialer.toml")}


def test_the_keys_of_a_profile_win_over_the_plain_keys_of_its_file() -> None:
    write(Path("dialer.toml"), PROFILES)

    assert read(profile="roofing") == {
        "rate": ("30/min", "dialer.toml [profiles.roofing]"),
        "assistant": ("Voz", "dialer.toml"),
    }


def test_a_name_that_needs_quotes_is_shown_with_them() -> None:
    write(Path("dialer.toml"), PROFILES)

    assert read(profile="solar 2026")["any_hour"] == (True, 'dialer.toml [profiles."solar 2026"]')


def test_a_plain_key_of_the_nearer_file_wins_over_a_profile_of_the_users() -> None:
    path = write(user_file(), PROFILES)
    write(Path("dialer.toml"), 'rate = "9/s"')

    assert read(profile="roofing") == {"rate": ("9/s", "dialer.toml"), "assistant": ("Voz", str(path))}


def test_one_profile_may_stand_in_both_files() -> None:
    users = write(user_file(), '[profiles.roofing]\nrate = "1/s"\nassistant = "Voz"')
    write(Path("dialer.toml"), PROFILES)

    assert read(profile="roofing") == {
        "rate": ("30/min", "dialer.toml [profiles.roofing]"),
        "assistant": ("Voz", "dialer.toml"),
    }
    Path("dialer.toml").write_text('[profiles.roofing]\nrate = "2/s"')
    assert read(profile="roofing")["assistant"] == ("Voz", f"{users} [profiles.roofing]")


def test_a_file_may_choose_the_profile() -> None:
    write(user_file(), 'profile = "roofing"')
    write(Path("dialer.toml"), PROFILES)

    assert read()["rate"] == ("30/min", "dialer.toml [profiles.roofing]")


def test_the_nearer_file_chooses_the_profile() -> None:
    write(user_file(), 'profile = "roofing"\n[profiles.roofing]\nrate = "1/s"')
    write(Path("dialer.toml"), 'profile = "solar"\n[profiles.solar]\nrate = "2/s"')

    assert read()["rate"] == ("2/s", "dialer.toml [profiles.solar]")


def test_a_profile_that_is_named_wins_over_the_files_choice() -> None:
    write(Path("dialer.toml"), 'profile = "a"\n[profiles.a]\nrate = "1/s"\n[profiles.b]\nrate = "2/s"')

    assert read(profile="b")["rate"] == ("2/s", "dialer.toml [profiles.b]")


def test_an_unknown_profile_is_answered_with_the_nearest_and_all_there_are() -> None:
    write(Path("dialer.toml"), PROFILES)

    assert refused(profile="rofing") == (
        "--profile: there is no profile 'rofing'; did you mean 'roofing'? There are: roofing, solar 2026."
    )


def test_where_there_is_no_profile_at_all_it_is_said_how_to_write_one() -> None:
    assert refused(profile="roofing") == (
        "--profile: there is no profile 'roofing'. Write [profiles.roofing]."
    )


def test_an_unknown_profile_that_a_file_chooses_is_refused_with_the_file() -> None:
    write(Path("dialer.toml"), 'profile = "b"\n[profiles.a]\nrate = "1/s"')

    assert refused() == "dialer.toml: there is no profile 'b'. There are: a."


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "[profiles.a]\nrat = 1",
            "dialer.toml [profiles.a]: there is no setting 'rat'; did you mean 'rate'?",
        ),
        (
            '[sheets."*.csv"]\nrat = 1',
            "dialer.toml [sheets.\"*.csv\"]: there is no setting 'rat'; did you mean 'rate'?",
        ),
        (
            "[roofing]\nrate = 1",
            "dialer.toml: there is no setting 'roofing': a profile is written [profiles.roofing].",
        ),
        (
            '[profiles.a]\nprofile = "b"',
            "dialer.toml [profiles.a]: a profile cannot choose another one: take profile out.",
        ),
        ("profiles = 5", "dialer.toml: profiles must be tables with names, as [profiles.roofing]."),
        (
            "[profiles]\nrate = 5",
            "dialer.toml: profiles must be tables with names, as [profiles.roofing].",
        ),
        ("sheets = 5", 'dialer.toml: sheets must be tables with names, as [sheets."roofing*.csv"].'),
        ("profile = 5", "dialer.toml: profile must be the name of a profile."),
    ],
)
def test_a_wrong_section_is_refused_whether_it_is_chosen_or_not(text: str, sentence: str) -> None:
    write(Path("dialer.toml"), text)

    assert refused() == sentence


def test_a_wrong_setting_knows_its_section_and_its_key() -> None:
    write(Path("dialer.toml"), "[profiles.a]\nrecal-after = 1")

    with pytest.raises(WrongSetting) as caught:
        read()

    assert (caught.value.section.name, caught.value.key) == ("a", "recal-after")


# Sections for sheets

SHEETS = """
rate = "5/s"

[sheets."roofing*.csv"]
rate = "1/s"
profile = "roofing"

[sheets."*.csv"]
rate = "2/s"

[profiles.roofing]
rate = "30/min"
assistant = "Aurora"
"""


def test_a_section_for_sheets_holds_for_no_command_without_one() -> None:
    write(Path("dialer.toml"), SHEETS)

    assert read() == {"rate": ("5/s", "dialer.toml")}


@pytest.mark.parametrize(
    ("sheet", "rate"),
    [
        ("roofing-north.csv", ("1/s", 'dialer.toml [sheets."roofing*.csv"]')),
        ("/inbox/Roofing.CSV", ("1/s", 'dialer.toml [sheets."roofing*.csv"]')),
        ("solar.csv", ("2/s", 'dialer.toml [sheets."*.csv"]')),
        ("roofing.xlsx", ("5/s", "dialer.toml")),
    ],
)
def test_the_first_section_that_fits_a_sheet_wins_over_profile_and_plain_keys(
    sheet: str, rate: tuple[str, str]
) -> None:
    write(Path("dialer.toml"), SHEETS)

    assert read(sheet=sheet)["rate"] == rate


def test_a_section_for_sheets_may_choose_the_profile() -> None:
    write(Path("dialer.toml"), SHEETS)

    assert read(sheet="roofing.csv")["assistant"] == ("Aurora", "dialer.toml [profiles.roofing]")


def test_a_profile_that_is_named_wins_over_that_of_a_sheet() -> None:
    write(Path("dialer.toml"), SHEETS + '[profiles.solar]\nassistant = "Voz"')

    assert read(sheet="roofing.csv", profile="solar")["assistant"] == ("Voz", "dialer.toml [profiles.solar]")


def test_a_section_for_sheets_with_an_unknown_profile_is_refused_before_the_night() -> None:
    write(Path("dialer.toml"), '[sheets."*"]\nprofile = "roofing"')

    assert refused() == (
        "dialer.toml [sheets.\"*\"]: there is no profile 'roofing'. Write [profiles.roofing]."
    )


def test_the_file_in_the_folder_of_the_sheets_is_the_nearest() -> None:
    inbox = write(Path("inbox") / "dialer.toml", 'rate = "3/s"').parent
    write(Path("dialer.toml"), SHEETS)

    assert read(sheet="solar.csv", folder=inbox)["rate"] == ("3/s", "inbox/dialer.toml")


def test_a_folder_that_is_the_current_one_is_read_once() -> None:
    write(Path("dialer.toml"), SHEETS)

    assert len(read_sections(None, KNOWN, folder=Path.cwd())) == 5


# What a command under way takes for one sheet


@contextmanager
def under_way(*arguments: str) -> Iterator[click.Context]:
    """`dialer run ARGUMENTS`, its options read and its body not begun."""
    with cli.make_context("dialer", ["run"]) as parent:
        command = cli.commands["run"]
        with command.make_context("run", list(arguments), parent=parent) as context:
            yield context


def test_a_command_takes_the_settings_of_a_sheet() -> None:
    write(Path("dialer.toml"), SHEETS)

    with under_way("leads.csv"), settings_for_file("roofing.csv") as options:
        assert (str(options["rate"]), options["assistant"], options["leads"]) == (
            "1/s",
            "Aurora",
            "leads.csv",
        )


def test_a_flag_wins_over_the_settings_of_a_sheet() -> None:
    write(Path("dialer.toml"), SHEETS)

    with under_way("leads.csv", "--rate", "7/s"), settings_for_file("roofing.csv") as options:
        assert (str(options["rate"]), options["assistant"]) == ("7/s", "Aurora")


def test_the_policy_of_a_sheet_has_its_breakers() -> None:
    write(Path("dialer.toml"), 'assistant = "Voz"\n[sheets."a*"]\nmax_unknown_in_row = 9')

    with under_way("leads.csv"), settings_for_file("a.csv") as options:
        assert policy_of(options, sandbox=False).breakers.max_unknown_in_row == 9


def test_after_a_sheet_the_commands_own_settings_hold_again() -> None:
    write(Path("dialer.toml"), 'assistant = "Voz"\n[sheets."a*"]\nmax_unknown_in_row = 9')

    with under_way("leads.csv") as context:
        with settings_for_file("a.csv"):
            pass
        assert policy_of(context.params, sandbox=False).breakers.max_unknown_in_row == 5


@pytest.mark.parametrize(
    "line",
    [
        'base_url = "https://elsewhere.example/v1"',
        "sandbox = true",
        'ledger = "mine.sqlite3"',
        'api_key_file = "key"',
    ],
)
def test_a_sheet_cannot_take_the_command_to_another_place(line: str) -> None:
    write(Path("inbox") / "dialer.toml", line)
    flag = line.partition(" ")[0].replace("_", "-")

    with (
        under_way("leads.csv"),
        pytest.raises(SettingsError) as caught,
        settings_for_file("a.csv", folder=Path("inbox")),
    ):
        pass

    assert caught.value.sentence == (
        f"a.csv: its settings name another --{flag} than the command under way, which has one for all "
        "sheets: take it out of them."
    )


def test_the_place_of_the_command_may_be_said_again_for_a_sheet() -> None:
    write(Path("dialer.toml"), 'sandbox = true\n[sheets."a*"]\nsandbox = true')

    with under_way("leads.csv"), settings_for_file("a.csv") as options:
        assert options["sandbox"]
