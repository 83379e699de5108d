"""What the README says is run here, and what can be run is in the README."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from dialer.cli import cli
from dialer.replies import RESERVED_STATUSES
from dialer.sandbox.child import SandboxProcess
from tests.command import run_dialer
from tests.readme import README, ROOT, Line, lines

TEXT = README.read_text(encoding="utf-8")


def dialer_lines() -> list[Line]:
    """The commands of the product, in the README's order: one may need what another left behind."""
    found = []
    for line in lines("sh"):
        command = line.command.split("&&")[-1].strip().removeprefix(".venv/bin/")
        if command.startswith("dialer "):
            found.append(Line(command, line.expected))
    return found


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, subprocess.CompletedProcess[str]]:
    """All of them, run one after the other in one folder, as a newcomer would."""
    folder = tmp_path_factory.mktemp("newcomer")
    shutil.copytree(ROOT / "sample_leads", folder / "sample_leads")
    for line in lines("sh"):
        for part in line.command.split(" && "):
            if part.startswith(("mkdir ", "cp ")):
                subprocess.run(shlex.split(part), cwd=folder, check=True)
    return {line.command: run_dialer(*shlex.split(line.command)[1:], cwd=folder) for line in dialer_lines()}


@pytest.mark.parametrize("line", dialer_lines(), ids=lambda line: line.command)
def test_every_command_of_the_readme_ends_as_it_says(
    line: Line, outcomes: dict[str, subprocess.CompletedProcess[str]]
) -> None:
    done = outcomes[line.command]

    assert done.returncode == line.expected, done.stderr


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with SandboxProcess(tmp_path_factory.mktemp("sandbox") / "sandbox.sqlite3") as running:
        yield running


def answer(line: Line, base_url: str) -> httpx.Response:
    """Send what a curl line says, to the sandbox that runs here."""
    words = iter(shlex.split(line.command)[1:])
    url, headers, body = "", {}, None
    for word in words:
        match word:
            case "-H":
                name, _, value = next(words).partition(": ")
                headers[name] = value
            case "-d":
                body = next(words)
            case _:
                url = word.replace("http://127.0.0.1:8410/v1", base_url)
    return httpx.request("POST" if body else "GET", url, headers=headers, content=body, trust_env=False)


@pytest.mark.parametrize("line", lines("curl"), ids=lambda line: line.command[30:])
def test_every_curl_line_is_answered_as_it_says(line: Line, sandbox: SandboxProcess) -> None:
    assert answer(line, sandbox.base_url).status_code == line.expected


def test_the_apis_own_example_gets_the_documented_fields(sandbox: SandboxProcess) -> None:
    assert set(answer(lines("curl")[0], sandbox.base_url).json()) == {
        *("call_id", "status", "direction", "to_phone", "assistant_name", "contact_id"),
        *("is_new_contact", "created_at"),
    }


@pytest.mark.parametrize(
    "line", [line for line in lines("curl") if line.expected >= 400], ids=lambda x: x.command[30:]
)
def test_every_refusal_has_the_documented_error_body(line: Line, sandbox: SandboxProcess) -> None:
    error = answer(line, sandbox.base_url).json()["error"]

    assert set(error) == {"code", "message", "details"}


@pytest.mark.parametrize("command", sorted(cli.commands))
def test_every_command_is_in_the_readme(command: str) -> None:
    assert f"| `dialer {command}" in TEXT


@pytest.mark.parametrize("status", sorted(RESERVED_STATUSES | {"accepted"}))
def test_every_status_is_in_the_readme(status: str) -> None:
    assert f"| `{status}`" in TEXT


@pytest.mark.parametrize("named", sorted(set(re.findall(r"`(tests/[\w/.]+(?:::\w+)?)`", TEXT))))
def test_every_test_that_the_readme_names_is_there(named: str) -> None:
    path, _, test = named.partition("::")

    assert f"def {test}(" in (ROOT / path).read_text(encoding="utf-8") if test else (ROOT / path).exists()


def test_the_settings_of_the_readme_are_accepted(tmp_path: Path) -> None:
    settings = re.search(r"```toml\n(.*?)```", TEXT, re.DOTALL)
    assert settings is not None
    (tmp_path / "dialer.toml").write_text(settings[1], encoding="utf-8")

    done = run_dialer("status", "--sandbox", "--json", cwd=tmp_path)

    assert (done.returncode, json.loads(done.stdout)) == (0, {"campaigns": []})
