"""Everything that a person can put right, each with its exit code.

    DialerError
    ├── UsageError           2    the command line asks for what cannot be
    ├── SheetError          65    the sheet cannot be used
    │   └── SheetMissing    66    ... because it is not there
    ├── Unreachable         69    the API did not answer for as long as was asked
    ├── TryLater            75    locked, paused, or outside calling hours
    ├── AccessDenied        77    key missing or refused, no right, no subscription
    └── SettingsError       78    settings, assistant, base URL or ledger are wrong

A row that cannot be called is no error: it is a value (`leads.RowProblem`), collected.
"""

from __future__ import annotations

from typing import ClassVar


class DialerError(Exception):
    """Says in one sentence what is wrong, where, and what to do next.

    `code` is stable and meant for machines; the sentence is meant for people.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, sentence: str, *, code: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.code = code


class UsageError(DialerError):
    """The command line asks for what cannot be done."""

    exit_code = 2


class SheetError(DialerError):
    """The sheet cannot be read or used: unreadable, hostile, no phone column, no rows."""

    exit_code = 65


class SheetMissing(SheetError):
    """There is no such file."""

    exit_code = 66


class Unreachable(DialerError):
    """The API could not be reached for as long as `--give-up-after` allows."""

    exit_code = 69


class TryLater(DialerError):
    """The same command will work later: locked, paused, or outside calling hours."""

    exit_code = 75


class AccessDenied(DialerError):
    """The key is missing or refused, or lacks the right or the subscription."""

    exit_code = 77


class SettingsError(DialerError):
    """A setting, the assistant, the base URL or the ledger is wrong."""

    exit_code = 78
