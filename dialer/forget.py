"""`dialer forget`: erases a person from the ledger and from every file that dialer knows it wrote."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path

from dialer import erasure, facts, loads
from dialer.access import OpenLedger, open_ledger, sandbox_database
from dialer.errors import DialerError, TryLater, UsageError
from dialer.forgotten_files import Cleared, clear
from dialer.ledger import transaction_in_backup
from dialer.phones import Phone, mask, read_phone
from dialer.report_files import FOLDER
from dialer.sandbox.erase import erase as erase_in_sandbox
from dialer.settings import Place, data_folder
from dialer.snapshot import digest_of
from dialer.traces import Traces

Ask = Callable[[str], bool]  # the question -> go on; raises UsageError where nobody can answer

_E164 = re.compile(r"\+[1-9]\d{6,14}")
UNKNOWN_TO_DIALER = (
    "Not known to dialer, and to be looked for by hand: reports that were moved or renamed, fix-lists, "
    "exports, what was printed or redirected into a file, backups of this machine; and VozAgent's records."
)


@dataclass(slots=True)
class Forgotten:
    """What was erased, and what was not."""

    number: str  # masked
    rows: int = 0
    attempts: int = 0
    campaigns: int = 0
    files: list[Cleared] = field(default_factory=list)
    backups: list[Cleared] = field(default_factory=list)
    own_sheets: list[str] = field(default_factory=list)  # the user's own files hold the person still
    problems: list[str] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        """1 where something could not be erased."""
        failed = any(each.problem for each in (*self.files, *self.backups))
        return 1 if failed or self.problems else 0

    def as_json(self) -> dict[str, object]:
        """The object of `forget --json`."""
        return asdict(self) | {"exit_code": self.exit_code, "not_known_to_dialer": UNKNOWN_TO_DIALER}

    def sentences(self) -> list[str]:
        """What a person is told, a line each."""
        rows, campaigns = _count(self.rows, "row"), _count(self.campaigns, "campaign")
        lines = [
            f"Forgotten: {self.number}. Only a keyed hash of it stays, so that nobody calls it again.",
            f"Erased from the ledger: {rows} in {campaigns}, {_count(self.attempts, 'attempt')}.",
        ]
        for each in (*self.files, *self.backups):
            if each.problem:
                lines.append(f"Not erased: {each.path} ({each.problem})")
            elif each.deleted:
                lines.append(f"Deleted, since more than a row told of them: {each.path}")
            else:
                lines.append(f"Erased from {each.path}")
        lines += self.problems
        lines += [f"Your own sheet holds them still: {where}" for where in self.own_sheets]
        return [*lines, UNKNOWN_TO_DIALER]


def forget(place: Place, number: str, *, ask: Ask) -> Forgotten | None:
    """Erase the person with this number; None if the question was answered No.

    Raises UsageError for what is no number, TryLater while a campaign that they are in is being run.
    What is interrupted half way is finished by the same command.
    """
    e164 = _e164(number)
    with open_ledger(place, place.base_url) as opened, ExitStack() as locks:
        ledger = opened.ledger
        with ledger.reading() as connection:
            known = erasure.known_of(connection, e164)
        where = f"{_count(len(known.campaigns), 'campaign')} of {opened.shown_path}"
        if not ask(f"Forget {mask(e164)} for good? They are in {where}."):
            return None
        for name in dict.fromkeys((*known.campaigns, f"call {e164}")):
            locks.enter_context(ledger.lock(name))
        result = Forgotten(mask(e164))
        traces = Traces.of(e164, known.texts)
        # The hash first: whatever comes between, nobody calls them again.
        with ledger.transaction() as connection:
            erasure.mark(connection, e164, now=ledger.clock())
        _clear_files(opened, traces, result)
        with ledger.transaction() as connection:
            erased = erasure.erase(connection, traces)
        result.rows, result.attempts, result.campaigns = erased.rows, erased.attempts, erased.campaigns
        if not ledger.empty_log():
            raise TryLater(
                f"Another process reads {opened.shown_path}, so what was erased still stands in the file "
                "beside it: run the same command again once that one is done.",
                code="still_read",
            )
        _clear_backups(opened, traces, result)
        result.own_sheets = _own_sheets(known.sheets)
    ledger.file.drop_lock(f"call {e164}")
    if place.sandbox:
        _clear_sandbox(e164, result)
    return result


def _e164(number: str) -> str:
    phone = read_phone(number)
    if isinstance(phone, Phone):
        return phone.e164
    if _E164.fullmatch(number.strip()):  # what was once dialled is forgotten, whatever it counts as today
        return number.strip()
    raise UsageError(f"{number!r} is not understood. {phone.message}", code=phone.code)


def _clear_files(opened: OpenLedger, traces: Traces, result: Forgotten) -> None:
    with opened.ledger.reading() as connection:
        noted = facts.noted_files(connection, "report")
    folders = {path.parent for path in noted} | {FOLDER.absolute()}
    reports = {path for folder in folders for ending in _ENDINGS for path in _found(folder, ending)}
    kept = set(_found(data_folder() / "standard-input", "*.input"))
    for path in sorted({path for path in noted if path.exists()} | reports | kept):
        cleared = clear(path, traces)
        if cleared is None:
            continue
        result.files.append(cleared)
        with opened.ledger.transaction() as connection:
            if cleared.deleted:
                facts.forget_file(connection, "report", path)
            elif path in kept:
                loads.rename_content(connection, path=str(path), sha256=digest_of(path) or "")


_ENDINGS = ("*.results.*", "*.report.html", "*.account.*")


def _found(folder: Path, ending: str) -> Iterable[Path]:
    return (path for path in folder.glob(ending) if path.is_file() and not path.is_symlink())


def _clear_backups(opened: OpenLedger, traces: Traces, result: Forgotten) -> None:
    with opened.ledger.reading() as connection:
        noted = set(facts.noted_files(connection, "backup"))
    for path in sorted(noted | set(opened.ledger.file.all_backups())):
        if not path.exists():
            result.problems.append(
                f"Not erased: {path}, a backup that is not there any more; if it was moved, delete it."
            )
            continue
        try:
            with transaction_in_backup(path) as connection:
                erased = erasure.erase(connection, traces)
                if erasure.knows_hashes(connection):
                    erasure.mark(connection, traces.e164, now=opened.ledger.clock())
            result.backups.append(Cleared(str(path), erased.rows))
        except DialerError as error:
            result.backups.append(Cleared(str(path), problem=error.sentence))


def _own_sheets(sheets: Iterable[tuple[str, int]]) -> list[str]:
    """Where the user's own files hold the person: path and rows, as far as the files are there."""
    kept = str(data_folder() / "standard-input")
    rows: dict[str, set[int]] = {}
    for path, row in sheets:
        if not path.startswith(kept) and Path(path).exists():
            rows.setdefault(path, set()).add(row)
    return [f"{path}, row {', '.join(map(str, sorted(numbers)))}" for path, numbers in rows.items()]


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _clear_sandbox(e164: str, result: Forgotten) -> None:
    try:
        erase_in_sandbox(sandbox_database(), e164)
    except sqlite3.Error as error:
        result.problems.append(f"Not erased: the sandbox's own file {sandbox_database()} ({error}).")
