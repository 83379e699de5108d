"""What the installed command says of itself, and in which words it tells the most important things."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

from dialer import __version__
from dialer.cli import cli
from tests.command import ROOT, Finished, environment
from tests.desk import Desk, Sheet, open_desk

COMMANDS = sorted(cli.commands)
# What a person has to wait for, and what the help of a command can do without.
HEAVY = {"pandas", "sqlalchemy", "pydantic", "phonenumbers", "fastapi", "openpyxl", "alembic", "httpx"}
HEAVY |= {"structlog", "prometheus_client", "apprise"}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk that all tests of this module share."""
    with open_desk(tmp_path_factory.mktemp("desk")) as opened:
        (opened.folder / "leads.csv").write_text("phone\n")
        yield opened


@pytest.fixture(scope="module")
def help_text(desk: Desk) -> str:
    """`dialer --help`, 80 columns wide."""
    return desk.dialer("--help").stdout


def test_help_is_0_and_on_stdout(desk: Desk) -> None:
    finished = desk.dialer("--help")
    assert (finished.returncode, finished.stderr, "Usage: dialer" in finished.stdout) == (0, "", True)


def test_help_without_a_terminal_has_no_colours(help_text: str) -> None:
    assert "\x1b" not in help_text


def _listed(help_text: str) -> list[tuple[str, str]]:
    """The lines of the list of commands: a name, and what is said of it."""
    lines = help_text.split("Commands")[1].splitlines()
    words = [line.strip("│ ").partition(" ") for line in lines if line.startswith("│")]
    return [(name, sentence.strip()) for name, _, sentence in words]


def test_every_command_has_one_line_in_the_help(help_text: str) -> None:
    assert [name for name, _ in _listed(help_text)] == COMMANDS


def test_every_command_is_explained_in_a_whole_sentence(help_text: str) -> None:
    odd = [name for name, said in _listed(help_text) if not (said[:1].isupper() and said.endswith("."))]
    assert odd == []


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_a_help_of_its_own(desk: Desk, command: str) -> None:
    finished = desk.dialer(command, "--help")
    assert (finished.returncode, f"Usage: dialer {command} " in finished.stdout) == (0, True)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_says_what_it_does(command: str) -> None:
    silent = [
        parameter.name
        for parameter in cli.commands[command].params
        if parameter.param_type_name == "option" and not getattr(parameter, "help", None)
    ]
    assert silent == []


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"], ["--version"]], ids=" ".join)
def test_help_does_not_wait_for_heavy_libraries(desk: Desk, arguments: list[str]) -> None:
    code = (
        "import sys; from dialer.cli import main; main(sys.argv[1:]); "
        f"print({HEAVY!r} & set(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        env=environment(desk.folder),
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert done.stderr == "set()\n"


def test_the_version_is_that_of_the_package(desk: Desk) -> None:
    assert desk.dialer("--version").stdout == f"dialer, version {__version__}\n"


def test_help_beats_a_broken_settings_file(desk: Desk) -> None:
    place = desk.place()
    (place / "dialer.toml").write_text("rat = 5\n")
    assert desk.dialer("run", "--help", place=place).returncode == 0


# ------------------------------------------------------------------------------------------ whole sentences


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ("run",),
            "dialer: Missing argument 'LEADS'. Try dialer run --help.",
        ),
        (
            ("run", "leads.csv"),
            "dialer: Which assistant makes the calls? Name it with --assistant.",
        ),
        (
            ("run", "-", "--sandbox"),
            "dialer: Leads from standard input need a name: add --campaign NAME.",
        ),
        (
            ("run", "leads.csv", "-a", "Voz", "--rate", "quick"),
            (
                "dialer: Invalid value for '--rate': 'quick' is no rate: write a whole number per second or "
                "minute, as 5/s or 30/min. Try dialer run --help."
            ),
        ),
        (
            ("call", "911", "-a", "Voz"),
            (
                "dialer: '911' is not called. This is an emergency number, which is never called: "
                "fill in the lead's own number."
            ),
        ),
    ],
    ids=["no sheet", "no assistant", "no name", "no rate", "an emergency number"],
)
def test_a_mistake_is_answered_with_what_to_do(desk: Desk, arguments: tuple[str, ...], sentence: str) -> None:
    assert desk.dialer(*arguments).stderr == f"{sentence}\n"


def test_without_a_key_the_way_to_one_is_named(desk: Desk) -> None:
    finished = desk.dialer("run", desk.sheet(1).path, "-a", "Voz", env={"VOZAGENT_API_KEY": None})
    assert finished.stderr == (
        "dialer: There is no API key: set VOZAGENT_API_KEY, or name a file with --api-key-file "
        "(the key is in the VozAgent dashboard).\n"
    )


def test_where_nobody_can_answer_the_question_is_shown(desk: Desk) -> None:
    finished = desk.dialer("run", desk.sheet(2).path, *desk.api, "-a", "Voz", "-q")
    assert finished.stderr == (
        "dialer: Call 2 people? Nobody can answer here: add --yes to call, or --dry-run to look.\n"
    )


def test_a_wrong_assistant_is_told_who_is_there(desk: Desk) -> None:
    finished = desk.dialer("run", desk.sheet(1).path, *desk.api, "-a", "Zov", "-y", "-q")
    assert finished.stderr == (
        f"dialer: There is no assistant 'Zov' at {desk.sandbox.base_url} (there are: Voz, Aurora, Retired): "
        "name one with --assistant.\n"
    )


@pytest.fixture(scope="module")
def called(desk: Desk) -> tuple[Sheet, Finished]:
    sheet = desk.sheet(2, rows=["nobody,Nora"])
    return sheet, desk.run(sheet)


def test_the_plan_says_from_where_to_whom_and_how_fast(desk: Desk, called: tuple[Sheet, Finished]) -> None:
    sheet, finished = called
    said = [" ".join(line.split()) for line in finished.stderr.splitlines()]
    assert said == [
        f"Campaign {sheet.campaign}",
        f"Sheet {sheet.path.name}, header in row 1, 3 rows",
        "Columns phone = phone, first_name = first_name",
        f"API {desk.sandbox.base_url}, key …dbox",
        "Assistant Voz",
        f"Ledger {desk.ledger}",
        "Pace at most 200/s, 50 in flight, about 0 s",
        "",
        "2 to call now",
        (
            "1 letters, as A4 “nobody”: There are letters in the number: write all of it in digits, and an "
            "extension as x204."
        ),
        "",
        (
            f'The first request: {{"phone_number": "{sheet.numbers[0]}", "assistant_name": "Voz", '
            '"first_name": "Person 1"}'
        ),
        "",
    ]


def test_the_end_says_what_became_of_every_row_and_where_the_reports_are(
    called: tuple[Sheet, Finished],
) -> None:
    sheet, finished = called
    said = [" ".join(line.split()) for line in finished.stdout.splitlines()]
    html = sheet.report.with_name(f"{sheet.path.stem}.report.html")
    assert said == [
        "status rows",
        "queued 2",
        "invalid 1",
        "all 3",
        "",
        "2 people called now.",
        str(sheet.report),
        str(html),
    ]
