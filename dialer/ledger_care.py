"""`dialer ledger`: where it is, whether it is sound, copies of it, and what it says for an auditor."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from dialer import audit
from dialer.access import known_ledger, ledger_of, open_ledger
from dialer.audit import ATTEMPT_COLUMNS, AuditedAttempt, Finding, Size
from dialer.errors import UsageError
from dialer.facts import note_file
from dialer.ledger import Ledger, utc_now
from dialer.printable import clean
from dialer.result_table import harmless
from dialer.settings import Place

Ask = Callable[[str], bool]
_LONGEST = 4000  # characters of a cell


@dataclass(frozen=True, slots=True)
class Where:
    """A ledger's place, and what is in it; `size` is None where there is none yet."""

    path: Path
    megabytes: float = 0.0
    size: Size | None = None
    backups: tuple[Path, ...] = ()

    def as_json(self) -> dict[str, object]:
        """The object of `ledger where --json`."""
        return {
            "ledger": str(self.path),
            "exists": self.size is not None,
            "megabytes": self.megabytes,
            **({} if self.size is None else asdict(self.size)),
            "backups": [str(path) for path in self.backups],
        }

    def lines(self) -> list[str]:
        """The path on a line of its own, then what is in it."""
        if self.size is None:
            return [str(self.path), "It is not there yet: the first run creates it."]
        held = self.size
        held_words = (
            ("campaigns from sheets", held.sheets),
            ("single calls", held.single_calls),
            ("attempts", held.attempts),
            ("entries on the do-not-call list", held.suppressions),
        )
        return [
            str(self.path),
            f"{self.megabytes:,.1f} MB, schema {held.schema}",
            *(f"{name}: {count:,}" for name, count in held_words),
            *(f"backup: {path}" for path in self.backups),
        ]


@dataclass(frozen=True, slots=True)
class Restored:
    """A ledger that a backup was put in the place of."""

    path: Path
    aside: Path | None  # where the file that was there went

    def as_json(self) -> dict[str, object]:
        """The object of `ledger restore --json`."""
        return {"ledger": str(self.path), "replaced": str(self.aside) if self.aside else None}

    def sentence(self) -> str:
        """What a person is told."""
        kept = f" The file that was there is {self.aside} now." if self.aside else ""
        return f"The backup is the ledger {self.path} now.{kept}"


def where(place: Place) -> Where:
    """Where the ledger of a place is; to look does not create it."""
    file = ledger_of(place)
    if known_ledger(place) is None:
        return Where(file.path)
    with open_ledger(place, place.base_url) as opened, opened.ledger.reading() as connection:
        size = audit.size_of(connection)
    backups = tuple(file.all_backups())
    return Where(file.path, round(file.path.stat().st_size / 1_000_000, 1), size, backups)


def check(place: Place) -> list[Finding]:
    """What was looked at, and what is wrong with it."""
    _require(place)
    with open_ledger(place, place.base_url) as opened, opened.ledger.reading() as connection:
        return list(audit.findings(connection))


def back_up(place: Place, target: Path | None) -> Path:
    """Write a consistent copy, while runs may go on; gives where it is."""
    _require(place)
    with open_ledger(place, place.base_url) as opened:
        ledger = opened.ledger
        ledger.check_integrity()
        copy = ledger.file.back_up(target.absolute() if target else None, now=ledger.clock())
        if target is not None:
            with ledger.transaction() as connection:
                note_file(connection, "backup", copy)
    return copy


def export(place: Place, *, as_jsonl: bool) -> Iterator[str]:
    """Every attempt of every campaign as lines of CSV with a header, or of JSON."""
    _require(place)
    with open_ledger(place, place.base_url) as opened, opened.ledger.reading() as connection:
        if not as_jsonl:
            yield _csv(ATTEMPT_COLUMNS)
        for attempt in audit.attempts(connection):
            yield json.dumps(asdict(attempt), ensure_ascii=False) if as_jsonl else _csv(_cells(attempt))


def begin_anew(place: Place, *, ask: Ask) -> Path | None:
    """Create a ledger where one was lost; None if the question was answered No.

    Raises UsageError where there is one: it would be a second life for everybody in it.
    """
    file = ledger_of(place)
    if file.path.exists() and file.path.stat().st_size > 0:
        raise UsageError(
            f"There is a ledger {file.path}: move it away if another is to take its place.",
            code="ledger_exists",
        )
    if not ask(f"Begin a new ledger {file.path}? It knows of no call made before, and calls everybody."):
        return None
    Ledger(file.path, anew=True).close()
    return file.path


def restore(place: Place, backup: Path, *, ask: Ask) -> Restored | None:
    """Put a copy of a backup in the place of the ledger; None if the question was answered No.

    Raises UsageError if there is no such file, SettingsError for what is no sound ledger, TryLater while
    the ledger is in use.
    """
    file = ledger_of(place)
    if not backup.is_file():
        raise UsageError(f"There is no backup {backup}: check the path.", code="no_backup")
    question = (
        f"Put {backup} in the place of the ledger {file.path}? It knows of no call made since: look those up "
        "at VozAgent first, or they are made again."
    )
    if not ask(question):
        return None
    file.create_folder()
    with Ledger.unused(file):
        aside = file.put_back(backup.absolute(), now=utc_now())
    Ledger(file.path).close()
    return Restored(file.path, aside)


def _require(place: Place) -> None:
    if known_ledger(place) is None:
        raise UsageError(f"There is no ledger {ledger_of(place).path} yet.", code="no_ledger")


def _cells(attempt: AuditedAttempt) -> list[str]:
    values = (getattr(attempt, name) for name in ATTEMPT_COLUMNS)
    return [harmless(clean(_text(value), longest=_LONGEST)) for value in values]


def _text(value: object) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _csv(cells: list[str] | tuple[str, ...]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(cells)
    return line.getvalue()
