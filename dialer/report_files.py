"""Where a report goes, and where it must not go. Cheap: asked before the first call is made."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dialer.errors import UsageError
from dialer.facts import noted_report
from dialer.ledger import Connection
from dialer.table import Format

FOLDER = Path("reports")
_SUFFIX = ".results"
_TEXT_EXTENSIONS = {".csv", ".tsv", ".tab", ".txt"}
_WORKBOOKS = {".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"}


@dataclass(frozen=True, slots=True)
class Wish:
    """How somebody wants a report."""

    output: Path | None = None  # where it goes, if not to its usual place
    neutralise: bool = False  # the user's own cells are made harmless as well


def stem_of(named: Path) -> str:
    """The name that a sheet gives its report: `leads` for leads.xlsx and for leads.results.xlsx."""
    return named.stem.removesuffix(_SUFFIX) or named.stem


def is_report_name(named: Path) -> bool:
    """True for a file that is called as reports are."""
    return named.stem.endswith(_SUFFIX)


def report_path(named: Path, file_format: Format, *, output: Path | None) -> Path:
    """Where the report goes: `reports/<stem>.results.<ext>`, or what `--output` names."""
    if output is not None and not output.is_dir():
        return output.absolute()
    extension = named.suffix.lower()
    if file_format is Format.CSV:
        extension = extension if extension in _TEXT_EXTENSIONS else ".csv"
    else:
        extension = ".xlsm" if file_format is Format.XLSM else ".xlsx"
    return ((output or FOLDER) / f"{stem_of(named)}{_SUFFIX}{extension}").absolute()


def check_output(named: Path, target: Path, *, file_format: Format, is_report: bool) -> None:
    """Raise UsageError where the report must not go: over a sheet that is no report of ours, onto what is no
    file, or under a name that belongs to another format."""
    right = report_path(named, file_format, output=None).suffix
    given = target.suffix.lower()
    if given != right and (right in _WORKBOOKS or given in _WORKBOOKS):
        raise UsageError(
            f"The report of this sheet is a {right} file: end the name {target.name} with that.",
            code="output_format",
        )
    if target.exists() and not target.is_file():
        raise UsageError(f"{target} is no file: name another with --output.", code="output_is_no_file")
    same = target == named or (target.exists() and named.exists() and target.samefile(named))
    if same and not is_report:
        raise UsageError(
            f"The report would replace {named}: name another file with --output.", code="output_is_input"
        )


def check_owner(connection: Connection, target: Path, *, campaign: str, named: Path) -> None:
    """Raise UsageError where the report of another campaign, made of another sheet, would be replaced: sheets
    in two folders may have one name."""
    noted = noted_report(connection, target)
    if noted is None or not target.exists() or target == named:
        return
    owner, source = noted
    if owner != campaign and source != named:
        raise UsageError(
            f"{target} is the report of campaign {owner!r}, made of {source}: name another file with"
            " --output.",
            code="output_of_another",
        )
