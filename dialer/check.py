"""`dialer check`: what was understood of a sheet, what would be called, and what is wrong with the rest."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from dialer import account, check_screens, loads, screens, suppressions
from dialer.access import known_ledger
from dialer.campaign import Reading
from dialer.errors import SheetError, UsageError
from dialer.leads import RowProblem, Verdict
from dialer.ledger import Ledger
from dialer.loader import Loaded, NotUnderstood, Understood, load
from dialer.plan import ProblemKind
from dialer.remembered import Memory, Remembered, with_memory
from dialer.results import RowRecord, same_number
from dialer.scratch import scratch_folder
from dialer.settings import Place, saved_mappings_file
from dialer.snapshot import taken
from dialer.spreadsheet import open_table
from dialer.table import column_number

_CELLS_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Checked:
    """What `check` found."""

    table: Mapping[str, Any]  # the object of `check --json`
    samples: Mapping[str, str]
    kinds: tuple[ProblemKind, ...]
    cells: Mapping[str, list[str]]  # problem code -> its first cells
    problem: SheetError | None = None
    remarks: tuple[str, ...] = ()  # what a person may not expect: hidden rows and the like

    @property
    def exit_code(self) -> int:
        """0 with at least one callable row, 1 with none, 65 if the sheet is no list of leads."""
        if self.problem is not None:
            return self.problem.exit_code
        counts = self.table["counts"]
        return 0 if counts.get(Verdict.CALLABLE) or counts.get(Verdict.ASSUMED) else 1


class Check:
    """A sheet loaded into a ledger of its own, which is thrown away afterwards. Use as a context manager."""

    def __init__(
        self,
        leads: str,
        reading: Reading,
        *,
        rows: tuple[tuple[int, int], ...],
        place: Place | None = None,
        memory: Memory = Memory.IGNORE,
    ) -> None:
        """Prepare; with `place` the do-not-call list of its ledger counts as well."""
        self._place = place
        self._memory = memory
        self._leads = leads
        self._reading = reading
        self._rows = rows

    def __enter__(self) -> Check:
        self._cleanup = ExitStack()
        folder = self._cleanup.enter_context(scratch_folder())
        self._ledger: Ledger | None = None
        self._loaded: Loaded | None = None
        self._refused: NotUnderstood | None = None
        self._read = Remembered(self._reading)
        try:
            self._snapshot = self._cleanup.enter_context(taken(self._leads))
            self._ledger = Ledger(folder / "check.sqlite3", scratch=True, undoes=False)
            self._cleanup.callback(self._ledger.close)
            with self._ledger.transaction() as connection:
                self._campaign = loads.ensure_campaign(connection, "check", now=self._ledger.clock())
                known = known_ledger(self._place) if self._place else None
                if known is not None:
                    suppressions.borrow(connection, known.path)
            try:
                self._read = with_memory(
                    self._snapshot,
                    self._reading,
                    self._memory,
                    file=saved_mappings_file(),
                    today=self._ledger.clock().date(),
                )
                self._loaded = load(self._ledger, self._campaign, self._snapshot, self._read.reading)
            except NotUnderstood as error:
                self._refused = error
        except BaseException:
            self._cleanup.close()
            raise
        return self

    def __exit__(self, *_error: object) -> None:
        self._cleanup.close()

    def findings(self) -> Checked:
        """Everything but the rows."""
        if self._loaded is None or self._ledger is None:
            assert self._refused is not None  # noqa: S101 - one of the two is set by __enter__
            table = table_object(self._refused.understood, {}, problem=self._refused)
            remarks = self._remarks(self._refused.understood)
            return Checked(table, {}, (), {}, problem=self._refused, remarks=remarks)
        counts: Counter[str] = Counter({verdict.value: 0 for verdict in Verdict})
        cells: dict[str, list[str]] = {}
        kinds: dict[str, ProblemKind] = {}
        with self._ledger.reading() as connection:
            load_id = self._loaded.load_id
            if self._rows:
                verdicts = account.verdicts(connection, load_id)
                counts.update(verdict for row, verdict in verdicts if self._chosen(row))
            else:
                counts.update(account.count_verdicts(connection, load_id))
            for row, problems in account.problems(connection, load_id):
                if self._chosen(row):
                    _note(kinds, cells, problems[0], row=row)
        ordered = tuple(sorted(kinds.values(), key=lambda kind: -kind.count))
        understood = self._loaded.understood
        table = table_object(understood, counts, problem=None)
        return Checked(table, understood.samples, ordered, cells, remarks=self._remarks(understood))

    def _remarks(self, understood: Understood) -> tuple[str, ...]:
        return (*([self._read.remark] if self._read.remark else []), *understood.remarks)

    def rows(self) -> Iterator[dict[str, Any]]:
        """One object a data row, for `check --jsonl`."""
        for record in self._records():
            yield {
                "type": "row",
                "row": record.row,
                "cell": record.cell,
                "verdict": record.verdict.value,
                "phone": record.lead.phone if record.lead else None,
                "problems": [asdict(problem) for problem in _problems(record)],
            }

    def write_fix_list(self, target: Path) -> None:
        """Write an Excel copy of the sheet in which the wrong cells are coloured and say how to mend them."""
        if self._loaded is None:
            return
        if target.suffix.lower() != ".xlsx" or (
            target.exists() and self._snapshot.source.exists() and target.samefile(self._snapshot.source)
        ):
            raise UsageError(
                f"The fix-list {target} must be an Excel file of its own: name it like to-mend.xlsx.",
                code="fix_list",
            )
        # openpyxl brings numpy along: only a fix-list pays for it
        from dialer.write_back import write_fix_list  # noqa: PLC0415

        understood = self._loaded.understood
        wrong = {
            record.row: [(_position(problem), problem.message) for problem in record.problems]
            for record in self._records()
            if record.problems
        }
        with open_table(
            self._snapshot.path, encoding=understood.encoding, delimiter=understood.delimiter
        ) as spreadsheet:
            rows = spreadsheet.rows(understood.sheet)
            write_fix_list(target, rows, wrong, header_row=understood.header_row)

    def _records(self) -> Iterator[RowRecord]:
        if self._ledger is None or self._loaded is None:
            return
        with self._ledger.reading() as connection:
            records = account.row_records(
                connection,
                campaign_id=self._campaign.campaign_id,
                load_id=self._loaded.load_id,
                recall_since=self._ledger.clock(),
            )
            yield from (record for record in records if self._chosen(record.row))

    def _chosen(self, row: int) -> bool:
        return not self._rows or any(first <= row <= last for first, last in self._rows)


def table_object(
    understood: Understood, counts: Mapping[str, int], *, problem: SheetError | None
) -> dict[str, Any]:
    """The object of `check --json`."""
    return {
        "type": "table",
        "file": understood.file,
        "format": understood.format,
        "sheet": understood.sheet,
        "sheets": list(understood.sheets),
        "encoding": understood.encoding,
        "delimiter": understood.delimiter,
        "header_row": understood.header_row,
        "columns": list(understood.columns),
        "data_rows": understood.data_rows,
        "mapping": dict(understood.mapping),
        "counts": dict(counts),
        "problem": {"code": problem.code, "message": problem.sentence} if problem else None,
    }


def _problems(record: RowRecord) -> tuple[RowProblem, ...]:
    """What is wrong with a row; a duplicate names the row that is called."""
    if record.verdict is not Verdict.DUPLICATE or record.lead is None:
        return record.problems
    problem = RowProblem("duplicate", None, record.cell, record.lead.phone, same_number(record.lead))
    return (problem, *record.problems)


def _note(
    kinds: dict[str, ProblemKind], cells: dict[str, list[str]], problem: RowProblem, *, row: int
) -> None:
    known = kinds.get(problem.code)
    count = known.count + 1 if known else 1
    first = known or ProblemKind(problem.code, 1, problem.cell, problem.value, problem.message)
    kinds[problem.code] = ProblemKind(problem.code, count, first.cell, first.value, first.message)
    where = cells.setdefault(problem.code, [])
    if len(where) < _CELLS_SHOWN:
        where.append(problem.cell or f"row {row}")


def _position(problem: RowProblem) -> int:
    letters = "".join(char for char in problem.cell or "A" if char.isalpha())
    return column_number(letters)


def report_check(
    checking: Check, *, as_json: bool, as_jsonl: bool, quiet: bool, fix_list: Path | None
) -> int:
    """Print what was found, write the fix-list if asked for, and give the exit code."""
    found = checking.findings()
    if as_json or as_jsonl:
        screens.give(json.dumps(found.table, ensure_ascii=False))
        for remark in found.remarks if not quiet else ():
            screens.say(remark)
        for row in checking.rows() if as_jsonl else ():
            screens.give(json.dumps(row, ensure_ascii=False))
    else:
        console = screens.console(stderr=False)
        console.print(check_screens.table_screen(found.table, found.samples, found.remarks))
        if found.problem is None:
            console.print("")
            console.print(check_screens.verdicts_screen(found.table["counts"]))
        if found.kinds:
            console.print("")
            console.print(check_screens.problems_screen(found.kinds, found.cells))
    if found.problem is not None:
        screens.say(f"dialer: {found.problem.sentence}")
    elif fix_list is not None:
        checking.write_fix_list(fix_list)
        if not quiet:
            screens.say(f"The fix-list: {fix_list}")
    return found.exit_code
