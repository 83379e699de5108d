"""Runs the installed command as a person does: a process of its own, in a folder and a home of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
SANDBOX_KEY = {"VOZAGENT_API_KEY": "sk_sandbox"}

_INSTALLED = Path(sys.executable).with_name("dialer")


class Finished(subprocess.CompletedProcess[str]):
    """What a command left behind: `returncode`, and `stdout` and `stderr` as text."""

    @property
    def json(self) -> Any:
        """The one JSON object on stdout; an AssertionError with all that was said if there is none."""
        lines = self.json_lines
        assert len(lines) == 1, self
        return lines[0]

    @property
    def json_lines(self) -> list[Any]:
        """Every line of stdout as JSON; an AssertionError with all that was said if one is not."""
        try:
            return [json.loads(line) for line in self.stdout.splitlines()]
        except ValueError as error:
            raise AssertionError(str(self)) from error

    def __str__(self) -> str:
        words = " ".join(map(str, self.args))
        return f"{words}\nexit code {self.returncode}\n--- stdout\n{self.stdout}\n--- stderr\n{self.stderr}"

    __repr__ = __str__


def run_dialer(
    *arguments: str | Path,
    cwd: Path,
    env: Mapping[str, str | None] | None = None,
    stdin: str | bytes | None = None,
    timeout: float = 60,
) -> Finished:
    """Runs `dialer ARGUMENTS` in `cwd` to its end, within `timeout` seconds.

    `env` is added to `environment(cwd)`; None takes a variable away. Standard input is empty unless given.
    """
    done = subprocess.run(
        command_line(*arguments),
        cwd=cwd,
        env=environment(cwd, env),
        input=stdin.encode() if isinstance(stdin, str) else stdin or b"",
        capture_output=True,
        timeout=timeout,
        check=False,
    )
    return Finished(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


def command_line(*arguments: str | Path) -> list[str]:
    """The installed `dialer` of the environment that runs the tests, or else its module."""
    start = [str(_INSTALLED)] if _INSTALLED.exists() else [sys.executable, "-m", "dialer"]
    return [*start, *map(str, arguments)]


def environment(cwd: Path, env: Mapping[str, str | None] | None = None) -> dict[str, str]:
    """Nothing of this machine's settings: a home in `cwd / ".home"`, UTC, UTF-8, no API key.

    Commands in several folders share a home, and with it the ledger, if `env` holds `home(folder)`.
    """
    kept = {name: os.environ[name] for name in ("PATH", "TMPDIR") if name in os.environ}
    path = {} if _INSTALLED.exists() else {"PYTHONPATH": str(ROOT)}
    plain = {"TZ": "UTC", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}
    whole = kept | path | plain | home(cwd / ".home") | dict(env or {})
    return {name: value for name, value in whole.items() if value is not None}


def home(folder: Path) -> dict[str, str]:
    """The variables that make `folder` somebody's home, with settings and data in it."""
    places = {"HOME": "", "XDG_DATA_HOME": "data", "XDG_CONFIG_HOME": "config", "XDG_STATE_HOME": "state"}
    return {name: str(folder / place) for name, place in (places | {"XDG_CACHE_HOME": "cache"}).items()}
