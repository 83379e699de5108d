"""The log of one command: where it is, how the command began, and how it ended."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

from dialer import __version__, logs, screens
from dialer.errors import DialerError
from dialer.settings import log_file

Ending = TypeVar("Ending")


def logged(command: str, body: Callable[[], Ending], *, path: Path | None) -> Ending:
    """Run the body of a command with a log in `path`, or in the user's state folder."""
    with logs.opened(path or log_file(), say=screens.say):
        logs.note("command_started", command=command, version=__version__)
        try:
            ending = body()
        except DialerError as error:
            _failed(command, error.code, error.exit_code, error.sentence)
            raise
        except OSError as error:
            _failed(command, "system", 1, error.strerror or "")
            raise
        except (click.ClickException, click.Abort) as error:
            _failed(command, "usage", getattr(error, "exit_code", 130), "")
            raise
        except Exception as error:
            logs.fault(error)
            raise
        except BaseException as error:
            logs.warn("command_interrupted", command=command, by=type(error).__name__.strip("_"))
            raise
        logs.note("command_ended", command=command, exit_code=ending if isinstance(ending, int) else 0)
        return ending


def _failed(command: str, code: str, exit_code: int, sentence: str) -> None:
    said = logs.without_people(sentence)
    logs.error("command_failed", command=command, code=code, exit_code=exit_code, sentence=said)
