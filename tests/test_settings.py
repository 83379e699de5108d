"""Where things are kept, the ledger's place, and the key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dialer.errors import AccessDenied, SettingsError
from dialer.settings import (
    KEY_VARIABLE,
    Place,
    arguments_for,
    data_folder,
    kept_input,
    ledger_path,
    read_key,
)

LIVE = "https://api.vozagent.ai"

NO_LEDGER = (
    "The ledger {ledger!r} cannot be opened: name a file, or a URL such as sqlite:////home/me/leads.sqlite3."
)
NO_KEY = (
    "There is no API key: set VOZAGENT_API_KEY, or name a file with --api-key-file "
    "(the key is in the VozAgent dashboard)."
)


pytestmark = pytest.mark.usefixtures("own_home")


def write(path: Path, text: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def key_file(text: str | bytes, *, mode: int = 0o600) -> Place:
    path = write(Path("key.txt").absolute(), text)
    path.chmod(mode)
    return Place(api_key_file=path)


# Standard input


@pytest.mark.parametrize("name", ["spring", "spring sale"])
def test_standard_input_is_kept_under_the_name_of_its_campaign(name: str) -> None:
    assert kept_input(name) == data_folder() / "standard-input" / f"{name}.input"


@pytest.mark.parametrize("name", ["a/b", "../../x", "a\0b", "CON", "x\n", "é"])
def test_a_name_cannot_lead_out_of_the_folder(name: str) -> None:
    assert kept_input(name).resolve().parent == (data_folder() / "standard-input").resolve()


@pytest.mark.parametrize("name", ["n" * 300, "é" * 300, "/" * 100, "\ud800" * 300])
def test_a_name_of_any_length_is_kept_in_a_file(name: str) -> None:
    path = kept_input(name)
    write(path, "phone\n")

    assert len(path.name) <= 150  # its report has to fit as well


def test_two_long_names_are_kept_apart() -> None:
    assert kept_input("n" * 300) != kept_input("n" * 299 + "m")


# The ledger's place


@pytest.mark.parametrize(
    ("origin", "name"),
    [
        (LIVE, "api.vozagent.ai.sqlite3"),
        ("https://api.vozagent.ai:8443", "api.vozagent.ai-8443.sqlite3"),
        ("http://127.0.0.1:8410", "http-127.0.0.1-8410.sqlite3"),
        ("http://localhost:8410", "http-localhost-8410.sqlite3"),
        ("https://[::1]:8443", "-1--8443.sqlite3"),
    ],
)
def test_each_origin_has_a_ledger_of_its_own(origin: str, name: str) -> None:
    assert ledger_path(Place(), origin) == data_folder() / "ledgers" / name


def test_the_sandbox_has_one_ledger_whatever_its_port() -> None:
    paths = {ledger_path(Place(sandbox=True), f"http://127.0.0.1:{port}") for port in (8410, 8411)}

    assert paths == {data_folder() / "ledgers" / "sandbox.sqlite3"}


def test_the_ledger_is_never_in_the_current_folder() -> None:
    assert Path.cwd() not in ledger_path(Place(), LIVE).parents


@pytest.mark.parametrize(
    ("ledger", "path"),
    [
        ("/var/dialer/l.sqlite3", "/var/dialer/l.sqlite3"),
        ("sqlite:////var/dialer/l.sqlite3", "/var/dialer/l.sqlite3"),
        ("sqlite:////var/dialer/l?.sqlite3", "/var/dialer/l?.sqlite3"),
        ("sqlite:///l.sqlite3", "{work}/l.sqlite3"),
        ("l.sqlite3", "{work}/l.sqlite3"),
        ("~/l.sqlite3", "{home}/l.sqlite3"),
        ("sqlite:///~/l.sqlite3", "{home}/l.sqlite3"),
    ],
)
def test_a_ledger_is_named_by_its_path_or_a_url(tmp_path: Path, ledger: str, path: str) -> None:
    expected = path.format(work=tmp_path / "work", home=tmp_path / "home")

    assert ledger_path(Place(ledger=ledger), LIVE) == Path(expected)


@pytest.mark.parametrize(
    "ledger",
    [
        "postgresql://localhost/leads",
        "sqlite://",
        "sqlite:///",
        "sqlite://l.sqlite3",
        "sqlite+pysqlite:///l.sqlite3",
        "~nobody-of-this-name/l.sqlite3",
    ],
)
def test_any_other_ledger_is_refused(ledger: str) -> None:
    with pytest.raises(SettingsError) as caught:
        ledger_path(Place(ledger=ledger), LIVE)

    assert (caught.value.exit_code, caught.value.sentence) == (78, NO_LEDGER.format(ledger=ledger))


@pytest.mark.parametrize(
    ("place", "flags"),
    [
        (Place(), ""),
        (Place(sandbox=True), " --sandbox"),
        (Place(base_url="http://127.0.0.1:9/v1"), " --base-url http://127.0.0.1:9/v1"),
        (Place(ledger="my leads.sqlite3"), " --ledger 'my leads.sqlite3'"),
        (Place(sandbox=True, base_url="http://127.0.0.1:9/v1", ledger="l"), " --sandbox --ledger l"),
    ],
)
def test_the_flags_of_a_place_lead_to_it_again(place: Place, flags: str) -> None:
    assert place.flags == flags


# The key


def test_the_key_comes_from_the_environment() -> None:
    assert read_key(Place(), {KEY_VARIABLE: " sk-live-1\n"}) == "sk-live-1"


def test_the_key_file_wins_over_the_environment() -> None:
    assert read_key(key_file("sk-file-1\n"), {KEY_VARIABLE: "sk-live-1"}) == "sk-file-1"


@pytest.mark.parametrize("environment", [{}, {KEY_VARIABLE: ""}, {KEY_VARIABLE: " \n"}])
def test_without_a_key_one_is_asked_for(environment: dict[str, str]) -> None:
    with pytest.raises(AccessDenied) as caught:
        read_key(Place(), environment)

    assert (caught.value.exit_code, caught.value.sentence) == (77, NO_KEY)


def test_an_empty_key_file_holds_no_key() -> None:
    with pytest.raises(AccessDenied) as caught:
        read_key(key_file("\n"), {KEY_VARIABLE: "sk-live-1"})

    assert caught.value.code == "key_missing"


@pytest.mark.parametrize(
    "key", ["sk live", "sk-live\r\nX-Evil: 1", "sk-\x00", "sk-ключ", "“sk-live”", "sk-\ud800", "s" * 4097]
)
def test_what_cannot_be_a_key_is_refused_without_being_shown(key: str) -> None:
    with pytest.raises(AccessDenied) as caught:
        read_key(Place(), {KEY_VARIABLE: key})

    assert (caught.value.code, caught.value.sentence) == (
        "key_odd",
        "What VOZAGENT_API_KEY holds cannot be an API key: copy it again from the VozAgent dashboard.",
    )


def test_an_odd_key_file_is_named() -> None:
    place = key_file("\ufeffsk-live")

    with pytest.raises(AccessDenied) as caught:
        read_key(place, {})

    assert caught.value.sentence == (
        f"What {place.api_key_file} holds cannot be an API key: copy it again from the VozAgent dashboard."
    )


@pytest.mark.parametrize("mode", [0o400, 0o600, 0o700])
def test_a_key_file_of_ones_own_is_read(mode: int) -> None:
    assert read_key(key_file("sk-file-1", mode=mode), {}) == "sk-file-1"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o620, 0o602, 0o610, 0o601, 0o777])
def test_a_key_file_that_others_can_touch_is_refused(mode: int) -> None:
    place = key_file("sk-file-1", mode=mode)

    with pytest.raises(AccessDenied) as caught:
        read_key(place, {})

    path = place.api_key_file
    assert (caught.value.code, caught.value.sentence) == (
        "key_file",
        f"Others can read the key file {path}: take their rights away with chmod 600 {path}.",
    )


def test_a_link_to_a_key_file_that_others_can_read_is_refused() -> None:
    target = key_file("sk-file-1", mode=0o644).api_key_file
    assert target is not None
    Path("link").symlink_to(target)

    with pytest.raises(AccessDenied, match="Others can read the key file link"):
        read_key(Place(api_key_file=Path("link")), {})


def test_a_key_file_that_is_not_there_is_named() -> None:
    with pytest.raises(AccessDenied) as caught:
        read_key(Place(api_key_file=Path("gone")), {})

    assert caught.value.sentence == (
        "The key file gone cannot be read ([Errno 2] No such file or directory: 'gone'): check its path."
    )


def test_a_key_file_that_is_no_text_is_refused_without_being_shown() -> None:
    place = key_file(b"sk-\xff\xfe")

    with pytest.raises(AccessDenied) as caught:
        read_key(place, {})

    assert caught.value.sentence == (
        f"The key file {place.api_key_file} cannot be read "
        "('utf-8' codec can't decode byte 0xff in position 3: invalid start byte): check its path."
    )


# The command that goes on


@pytest.mark.parametrize(
    ("place", "reading", "assistant", "expected"),
    [
        (Place(), {}, "Voz", "leads.csv -a Voz"),
        (Place(sandbox=True), {}, "Voz", "leads.csv --sandbox"),
        (Place(), {}, "Team {A}", "leads.csv -a 'Team {{A}}'"),
        (Place(), {"assistant": "{Agent|Voz}"}, "{Agent|Voz}", "leads.csv -a '{Agent|Voz}'"),
        (
            Place(sandbox=True),
            {"assistant": "{Agent}"},
            "{Agent}",
            "leads.csv -a '{Agent}' --sandbox",
        ),
        (
            Place(),
            {"source": "{Product}", "tags": ["p:{Product}", "{B}"]},
            "Voz",
            "leads.csv --source '{Product}' --tag 'p:{Product}' --tag '{B}' -a Voz",
        ),
    ],
)
def test_the_command_that_goes_on_fills_in_the_same_templates(
    place: Place, reading: dict[str, Any], assistant: str, expected: str
) -> None:
    command = arguments_for("leads.csv", "leads", place, reading=reading, assistant=assistant)

    assert command == expected


# Credentials of systemd


@pytest.mark.parametrize(("mode", "refused"), [(0o400, False), (0o440, False), (0o444, True)])
def test_a_credential_may_show_the_rights_of_a_list_of_users(mode: int, refused: bool) -> None:  # noqa: FBT001
    place = key_file("sk_live", mode=mode)
    environment = {"CREDENTIALS_DIRECTORY": str(Path.cwd())}
    try:
        key = read_key(place, environment)
    except AccessDenied:
        key = ""

    assert key == ("" if refused else "sk_live")


def test_elsewhere_such_rights_are_refused() -> None:
    with pytest.raises(AccessDenied):
        read_key(key_file("sk_live", mode=0o440), {"CREDENTIALS_DIRECTORY": "/run/credentials/x"})
