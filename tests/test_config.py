"""`dialer config`: every setting with its origin, and what is said of right and of wrong files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import rich_click as click
from rich.console import Console, RenderableType

from dialer.cli import cli
from dialer.config import Config, Shown, Source, check, keys, markdown, show
from dialer.defaults import BREAKERS, known_settings
from dialer.errors import SettingsError
from dialer.settings import user_file
from dialer.settings_screens import config_screen
from tests.command import ROOT, run_dialer

PROFILES = """\
assistant = "Voz"
profile = "roofing"

[profiles.roofing]
rate = "30/min"
tag = ["north", "spring"]

[sheets."solar*"]
rate = "1/s"
"""


pytestmark = pytest.mark.usefixtures("own_home")


@contextmanager
def under_way(name: str, *arguments: str) -> Iterator[click.Context]:
    """`dialer config NAME ARGUMENTS`, its options read and its body not begun."""
    group = cli.commands["config"]
    assert isinstance(group, click.Group)
    root = cli.make_context("dialer", ["config"])
    with root, group.commands[name].make_context(name, list(arguments), parent=root) as context:
        yield context


def shown(*arguments: str, sheet: str | None = None) -> Config:
    with under_way("show", *arguments) as context:
        return show(context, sheet=sheet)


def setting(key: str, *arguments: str, sheet: str | None = None) -> Shown:
    (found,) = [each for each in shown(*arguments, sheet=sheet).settings if each.key == key]
    return found


def checked(*arguments: str) -> list[str]:
    with under_way("check", *arguments) as context:
        return list(check(context))


def refused(*arguments: str) -> str:
    with pytest.raises(SettingsError) as caught:
        checked(*arguments)
    return caught.value.sentence


def on_screen(screen: RenderableType) -> set[str]:
    """The lines of a screen, with one space between two words."""
    console = Console(width=200, highlight=False, markup=False, emoji=False)
    with console.capture() as captured:
        console.print(screen)
    return {" ".join(line.split()) for line in captured.get().splitlines()}


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


# ------------------------------------------------------------------------------------------ show


def test_every_setting_is_shown() -> None:
    with under_way("show") as context:
        expected = {*known_settings(context), *BREAKERS}

    assert {each.key for each in shown().settings} == expected


def test_what_nobody_set_is_the_default() -> None:
    assert setting("rate") == Shown("rate", "5/s", Source.DEFAULT)


def test_what_has_no_default_is_not_set() -> None:
    assert setting("region") == Shown("region", None, Source.DEFAULT)


def test_a_value_of_a_file_is_shown_with_its_line() -> None:
    write(Path("dialer.toml"), PROFILES)

    assert setting("assistant") == Shown("assistant", "Voz", Source.FILE, "dialer.toml, line 1")


def test_a_value_of_a_profile_is_shown_with_the_profile_and_its_line() -> None:
    write(Path("dialer.toml"), PROFILES)

    assert setting("rate") == Shown("rate", "30/min", Source.FILE, "dialer.toml [profiles.roofing], line 5")


def test_several_values_are_shown_as_a_list() -> None:
    write(Path("dialer.toml"), PROFILES)

    assert setting("tag").value == ["north", "spring"]


def test_a_value_of_the_users_file_is_shown_with_its_path() -> None:
    path = write(user_file(), "visible-only = true")

    assert setting("visible_only") == Shown(
        "visible_only", value=True, source=Source.FILE, where=f"{path}, line 1"
    )


def test_a_variable_wins_over_the_files(monkeypatch: pytest.MonkeyPatch) -> None:
    write(Path("dialer.toml"), PROFILES)
    monkeypatch.setenv("DIALER_RATE", "9/s")

    assert setting("rate") == Shown("rate", "9/s", Source.ENVIRONMENT, "DIALER_RATE")


def test_a_switch_of_the_environment_is_a_switch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIALER_ANY_HOUR", "yes")

    assert setting("any_hour").value is True


def test_a_flag_wins_over_a_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIALER_LEDGER", "a.sqlite3")

    assert setting("ledger", "--ledger", "b.sqlite3") == Shown("ledger", "b.sqlite3", Source.FLAG, "--ledger")


SOLAR = PROFILES + '[profiles.solar]\nrate = "2/s"\n'


def test_the_profile_can_be_named_with_a_flag() -> None:
    write(Path("dialer.toml"), SOLAR)

    assert setting("rate", "--profile", "solar").value == "2/s"


def test_the_profile_can_be_named_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    write(Path("dialer.toml"), SOLAR)
    monkeypatch.setenv("DIALER_PROFILE", "solar")

    assert setting("rate").value == "2/s"


def test_the_flag_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    write(Path("dialer.toml"), SOLAR)
    monkeypatch.setenv("DIALER_PROFILE", "roofing")

    assert setting("rate", "--profile=solar").value == "2/s"


def test_of_several_flags_the_last_one_holds() -> None:
    write(Path("dialer.toml"), SOLAR)

    assert setting("rate", "--profile", "roofing", "--profile", "solar").value == "2/s"


def test_an_unknown_profile_is_78_for_any_command(tmp_path: Path) -> None:
    write(tmp_path / "dialer.toml", SOLAR)
    finished = run_dialer("status", "--profile", "rofing", cwd=tmp_path)

    assert (finished.returncode, finished.stderr) == (
        78,
        (
            "dialer: --profile: there is no profile 'rofing'; did you mean 'roofing'? "
            "There are: roofing, solar.\n"
        ),
    )


def test_the_settings_of_a_sheet_can_be_shown_before_the_night() -> None:
    write(Path("dialer.toml"), PROFILES)

    assert setting("rate", sheet="solar-3.csv") == Shown(
        "rate", "1/s", Source.FILE, 'dialer.toml [sheets."solar*"], line 9'
    )


def test_a_breaker_is_shown_like_any_other_setting() -> None:
    write(Path("dialer.toml"), "max_unknown_in_row = 9")

    assert setting("max_unknown_in_row") == Shown("max_unknown_in_row", 9, Source.FILE, "dialer.toml, line 1")


def test_the_profile_is_named() -> None:
    write(Path("dialer.toml"), PROFILES)

    assert shown().profile == "roofing"


def test_a_url_in_the_place_of_the_file_of_urls_is_not_shown() -> None:
    write(Path("dialer.toml"), 'notify_file = "slack://TokenA/TokenB"')

    assert setting("notify_file").value == "set, and not shown"


def test_a_password_in_an_address_is_not_shown() -> None:
    value = setting("ledger", "--ledger", "postgresql://dialer:hunter2@db.example/leads").value

    assert value == "postgresql://dialer:…@db.example/leads"


def test_the_key_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOZAGENT_API_KEY", "sk_live_hunter2")

    assert (shown().api_key, "hunter2" in str(shown())) == ("from VOZAGENT_API_KEY", False)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "not set"),
        (("--sandbox",), "the sandbox's own"),
        (("--api-key-file", "key.txt"), "from the file key.txt"),
    ],
)
def test_it_is_said_where_the_key_comes_from(arguments: tuple[str, ...], said: str) -> None:
    assert shown(*arguments).api_key == said


def test_the_files_are_named_whether_they_are_there_or_not() -> None:
    write(Path("dialer.toml"), PROFILES)

    assert shown().files == {"dialer.toml": True, str(user_file()): False}


def test_the_screen_has_the_origin_beside_each_value() -> None:
    write(Path("dialer.toml"), PROFILES)
    assert {
        "Files dialer.toml, " + str(user_file()) + " (not there)",
        "Profile roofing",
        "rate 30/min dialer.toml [profiles.roofing], line 5",
        "tag north; spring dialer.toml [profiles.roofing], line 6",
        "region - default",
    } <= on_screen(config_screen(shown(), origin=True))


def test_without_origin_the_screen_has_the_values_alone() -> None:
    assert {"setting value", "rate 5/s"} <= on_screen(config_screen(shown(), origin=False))


def test_json_has_every_setting_with_value_source_and_place(tmp_path: Path) -> None:
    write(tmp_path / "dialer.toml", PROFILES)
    said = run_dialer("config", "show", "--json", cwd=tmp_path).json

    assert (said["profile"], said["settings"]["rate"], said["settings"]["region"]) == (
        "roofing",
        {"value": "30/min", "source": "file", "where": "dialer.toml [profiles.roofing], line 5"},
        {"value": None, "source": "default", "where": None},
    )


# ------------------------------------------------------------------------------------------ check


def test_right_files_are_ok() -> None:
    write(Path("dialer.toml"), PROFILES)

    assert checked() == [
        "dialer.toml: 5 settings, profiles: roofing, sheets: solar*",
        f"{user_file()}: not there",
    ]


def test_ok_is_0_and_on_stdout(tmp_path: Path) -> None:
    finished = run_dialer("config", "check", cwd=tmp_path)

    assert (finished.returncode, finished.stdout) == (0, "OK\n")


def test_a_wrong_key_is_78_with_its_line(tmp_path: Path) -> None:
    write(tmp_path / "dialer.toml", PROFILES + "\n[profiles.solar]\n# slower\nrat = 5\n")
    finished = run_dialer("config", "check", cwd=tmp_path)

    assert (finished.returncode, finished.stderr) == (
        78,
        "dialer: dialer.toml [profiles.solar], line 13: there is no setting 'rat'; did you mean 'rate'?\n",
    )


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            'assistant = "Voz"\nrate = "fast"',
            (
                "dialer.toml, line 2: rate: Invalid value for '--rate': 'fast' is no rate: write a whole "
                "number per second or minute, as 5/s or 30/min."
            ),
        ),
        (
            '[profiles."solar 2026"]\nrecall-after = "soon"',
            (
                'dialer.toml [profiles."solar 2026"], line 2: recall_after: Invalid value for '
                "'--recall-after': 'soon' is no duration: write a number and s, min, h or d, as 60s or 24h."
            ),
        ),
        (
            "profiles.a.rat = 1",
            "dialer.toml [profiles.a], line 1: there is no setting 'rat'; did you mean 'rate'?",
        ),
        (
            "\n[roofing]\nrate = 1",
            "dialer.toml, line 2: there is no setting 'roofing': a profile is written [profiles.roofing].",
        ),
        ("quiet = true\nprofile = 5", "dialer.toml, line 2: profile must be the name of a profile."),
        (
            "max_unknown_in_row = true",
            "dialer.toml, line 1: max_unknown_in_row must be a whole number above 0.",
        ),
        (
            "limit = true",
            "dialer.toml, line 1: limit is no switch: write what it is to be, not true or false.",
        ),
    ],
)
def test_a_wrong_setting_is_refused_with_its_line(text: str, sentence: str) -> None:
    write(Path("dialer.toml"), text)

    assert refused() == sentence


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            'region = "Utopia"',
            "With these settings: --region 'Utopia' is no country: write two letters, as US or GB.",
        ),
        (
            '[profiles.solar]\nregion = "Utopia"',
            "With profile solar: --region 'Utopia' is no country: write two letters, as US or GB.",
        ),
        (
            '[profiles.solar]\nassistant = "Voz"\ntimeout = "0s"',
            "With profile solar: --timeout must be longer than nothing.",
        ),
        (
            '[sheets."solar*"]\nregion = "Utopia"',
            (
                "dialer.toml [sheets.\"solar*\"]: --region 'Utopia' is no country: write two letters, as US "
                "or GB."
            ),
        ),
        (
            '[sheets."solar*"]\nprofile = "rehearsal"\n[profiles.rehearsal]\nsandbox = true',
            (
                'dialer.toml [sheets."solar*"]: solar*: its settings name another --sandbox than the command '
                "under way, which has one for all sheets: take it out of them."
            ),
        ),
    ],
)
def test_what_only_a_run_would_refuse_is_found_before(text: str, sentence: str) -> None:
    write(Path("dialer.toml"), text)

    assert refused() == sentence


def test_a_wrong_base_url_is_found_before() -> None:
    write(Path("dialer.toml"), 'base_url = "http://api.example/v1"')

    assert refused().startswith("With these settings: ")


def test_a_wrong_variable_is_found_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIALER_RATE", "fast")

    assert refused() == (
        "With these settings: Invalid value for '--rate': 'fast' is no rate: write a whole number per "
        "second or minute, as 5/s or 30/min."
    )


def test_a_variable_that_is_no_setting_is_warned_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIALER_RAET", "5/s")
    monkeypatch.setenv("DIALER_DRY_RUN", "1")
    monkeypatch.setenv("DIALER_NOTIFY", "mailto://ann:hunter2@mail.example")

    assert [said for said in checked() if said.startswith("Warning")] == [
        "Warning: DIALER_RAET is set and is no setting of dialer."
    ]


# ------------------------------------------------------------------------------------------ keys


def test_every_key_is_explained() -> None:
    with under_way("keys") as context:
        assert [key.name for key in keys(context) if not key.meaning.strip()] == []


def test_the_keys_are_those_that_a_file_may_hold() -> None:
    with under_way("keys") as context:
        assert {key.name for key in keys(context)} == {*known_settings(context), *BREAKERS}


def test_a_key_is_documented_with_meaning_default_and_commands() -> None:
    with under_way("keys") as context:
        lines = markdown(context).splitlines()

    assert {
        "| `encoding` | The encoding of a text file. | found out and shown | check, run, retry |",
        "| `campaign` | The campaign's name. | the file's name | check, run, retry |",
        "| `fix_list` | Write an Excel copy with the wrong cells marked. |  | check |",
        "| `visible_only` | Leave hidden rows out. | false | check, run, retry |",
        "| `base_url` | The API's URL with its version. | https://api.vozagent.ai/v1 | all |",
    } <= {line.replace(", nightly", "") for line in lines}


def test_the_readme_documents_every_key() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    table = readme.partition("<!-- keys -->")[2].partition("<!-- /keys -->")[0].strip()
    with under_way("keys") as context:
        assert table == markdown(context).strip(), "make it again with `dialer config keys`"
