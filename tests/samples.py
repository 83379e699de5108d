"""The samples with what becomes of each of their rows, written out by hand, and their trials on a sandbox.

Sheets and reports are read with the csv module and openpyxl, never with dialer's own readers.
"""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.worksheet.worksheet import Worksheet

from dialer.sandbox.child import SandboxProcess
from tests.command import ROOT, SANDBOX_KEY, Finished, run_dialer
from tests.sandbox_fixtures import post

SAMPLES = ROOT / "sample_leads"
RESULT_HEADERS = (
    "call_id", "status", "is_new_contact", "to_phone", "contact_id", "called_at", "attempts", "reason",
)  # fmt: skip

Becomes = tuple[str, str | None]  # the status and the number sent

# row: what becomes of it; "invalid" and the like have no number
_EVERYDAY: Mapping[int, Becomes] = {
    5: ("queued", "+12015550101"),
    6: ("queued", "+12125550102"),
    7: ("queued", "+13125550103"),
    8: ("queued", "+14155550104"),  # with an extension
    9: ("queued", "+16175550105"),
    10: ("queued", "+13055550106"),  # no country, but a country code
    11: ("failed", "+13055550191"),  # the sandbox always refuses it
    12: ("invalid", None),  # a digit is missing
    13: ("invalid", None),  # letters
    14: ("invalid", None),  # two numbers
    15: ("duplicate", None),  # row 5 again
    16: ("suppressed", None),  # do not call
    17: ("invalid", None),  # empty
    18: ("invalid", None),  # n/a
    19: ("invalid", None),  # no country
    20: ("invalid", None),  # Untied States
    21: ("queued", "+442079460117"),
    22: ("queued", "+17135550118"),
    23: ("invalid", None),  # digits lost
    24: ("queued", "+16025550120"),
    25: ("queued", "+18085550121"),
    26: ("invalid", None),  # no area code
}
_CLEAN: Mapping[int, Becomes] = {
    2: ("queued", "+15551234567"),
    3: ("queued", "+12025550131"),
    4: ("queued", "+13035550132"),
    5: ("queued", "+14045550133"),
    6: ("queued", "+15125550134"),
    7: ("invalid", None),  # a digit is missing
    8: ("queued", "+16175550136"),
    9: ("suppressed", None),  # do not call
    10: ("queued", "+18165550138"),
    11: ("duplicate", None),  # row 3 again
    12: ("invalid", None),  # empty
    13: ("queued", "+19165550140"),
}
_BRITISH: Mapping[int, Becomes] = {
    2: ("queued", "+442079460018"),
    3: ("queued", "+441614960019"),
    4: ("queued", "+442920180020"),
    5: ("queued", "+442079460021"),
    6: ("queued", "+442079460022"),
    7: ("queued", "+441314960023"),
    8: ("queued", "+442079460024"),  # its zero was lost
    9: ("queued", "+442079460025"),  # with an extension
    10: ("duplicate", None),  # row 2 again
    11: ("invalid", None),  # a digit is missing
    12: ("invalid", None),  # the letter O for a zero
    13: ("invalid", None),  # two numbers
    14: ("suppressed", None),  # do not call
    15: ("invalid", None),  # empty
    16: ("invalid", None),  # unknown
    17: ("invalid", None),  # no country
    18: ("invalid", None),  # belongs to no operator
    19: ("queued", "+441214960034"),
}
_META: Mapping[int, Becomes] = {
    2: ("queued", "+12015550141"),
    3: ("queued", "+12125550142"),
    4: ("queued", "+13125550143"),
    5: ("invalid", None),  # the form's own tester
    6: ("queued", "+14155550145"),
    7: ("invalid", None),  # a digit is missing
    8: ("duplicate", None),  # row 2 again
    9: ("invalid", None),  # no country
    10: ("invalid", None),  # a placeholder
    11: ("invalid", None),  # empty
    12: ("queued", "+442079460149"),
    13: ("queued", "+15035550150"),
}


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """A sheet, and what should come of its first run."""

    file: str
    becomes: Mapping[int, Becomes]
    width: int  # the user's own columns
    verdict: str  # the first sentence of the HTML report
    exit_code: int = 0
    header_row: int = 1
    encoding: str = "utf-8"
    delimiter: str = ","

    def __str__(self) -> str:
        return self.file

    @property
    def called(self) -> list[str]:
        """The numbers that are called, in the order of their rows."""
        return [phone for status, phone in self.becomes.values() if status == "queued" and phone]

    @property
    def known(self) -> str:
        """The first of them; it is a contact already when the run begins."""
        return self.called[0]

    def report(self, folder: Path) -> Path:
        """Where its report is written."""
        return folder / "reports" / self.file.replace(".", ".results.")

    def rows(self, path: Path) -> dict[int, tuple[Any, ...]]:
        """The cells of its sheet, or of its report, by Excel's row numbers."""
        if path.suffix == ".xlsx":
            return dict(enumerate(leads_sheet(path).iter_rows(values_only=True), start=1))
        text = io.StringIO(path.read_bytes().decode(self.encoding), newline="")
        return dict(enumerate(map(tuple, csv.reader(text, delimiter=self.delimiter)), start=1))

    def results(self, folder: Path) -> dict[int, dict[str, Any]]:
        """What its report says beside each row that has results; "" and None are no result."""
        rows = self.rows(self.report(folder))
        assert rows[self.header_row][self.width :] == RESULT_HEADERS
        named = {
            number: {
                name: cell
                for name, cell in zip(RESULT_HEADERS, row[self.width :], strict=False)
                if cell not in {"", None}
            }
            for number, row in rows.items()
            if number != self.header_row
        }
        return {number: results for number, results in named.items() if results}


EVERYDAY = Sample(
    "everyday.xlsx",
    _EVERYDAY,
    width=11,
    verdict="10 of 22 rows called; 1 refused by the API and 11 not called.",
    exit_code=1,
    header_row=4,
)
CLEAN = Sample("clean.csv", _CLEAN, width=8, verdict="8 of 12 rows called; 4 not called.")
BRITISH = Sample(
    "uk_semicolon_cp1252.csv",
    _BRITISH,
    width=8,
    verdict="9 of 18 rows called; 9 not called.",
    encoding="cp1252",
    delimiter=";",
)
META = Sample("meta_lead_ads.csv", _META, width=18, verdict="6 of 12 rows called; 6 not called.")
TEXTS = (CLEAN, BRITISH, META)
ALL = (EVERYDAY, *TEXTS)


@dataclass(frozen=True, slots=True)
class Trial:
    """A sample that was run once in a folder and a home of its own. Trials may share a sandbox."""

    sample: Sample
    folder: Path
    sandbox: SandboxProcess
    first: Finished
    record: tuple[dict[str, Any], ...]  # every request for a call that came in during the first run

    @property
    def sheet(self) -> Path:
        """The user's own sheet."""
        return self.folder / self.sample.file

    @property
    def report(self) -> Path:
        """The sheet that came back."""
        return self.sample.report(self.folder)

    def page(self) -> str:
        """The HTML report."""
        name = f"{Path(self.sample.file).stem}.report.html"
        return (self.folder / "reports" / name).read_text(encoding="utf-8")

    def results(self) -> dict[int, dict[str, Any]]:
        """What the report says beside each row."""
        return self.sample.results(self.folder)

    def column(self, name: str) -> dict[int, Any]:
        """One result column of the report, by rows; rows without it are left out."""
        return {row: result[name] for row, result in self.results().items() if name in result}

    def copied(self, folder: Path) -> Trial:
        """The same trial to go on with, where no other test is disturbed."""
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        return replace(self, folder=folder)

    def go_on(self, command: str, sheet: Path) -> tuple[Finished, list[str]]:
        """Gives a sheet to one more command; tells how it ended and which numbers the API was asked for."""
        finished, record = _recorded(command, sheet.relative_to(self.folder), self.folder, self.sandbox)
        return finished, sorted(request["phone_number"] for request in record)


def begin(sample: Sample, folder: Path, sandbox: SandboxProcess) -> Trial:
    """Runs a sample for the first time; one of its people is a contact already."""
    shutil.copyfile(SAMPLES / sample.file, folder / sample.file)
    post(sandbox.base_url, sample.known)
    first, record = _recorded("run", Path(sample.file), folder, sandbox)
    return Trial(sample, folder, sandbox, first, record)


def leads_sheet(path: Path) -> Worksheet:
    """The sheet of a workbook that holds the leads."""
    sheet = openpyxl.load_workbook(path)["Leads"]
    assert isinstance(sheet, Worksheet)
    return sheet


def _recorded(
    command: str, sheet: Path, folder: Path, sandbox: SandboxProcess
) -> tuple[Finished, tuple[dict[str, Any], ...]]:
    """Runs a command on a sheet; gives the requests for calls that the sandbox received meanwhile as well."""
    before = len(sandbox.record())
    options = ("--base-url", sandbox.base_url, "--assistant", "Voz", "--rate", "100/s", "--yes", "--json")
    finished = run_dialer(command, sheet, *options, cwd=folder, env=SANDBOX_KEY)
    return finished, tuple(sandbox.record()[before:])
