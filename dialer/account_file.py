"""`dialer report CAMPAIGN --format ...`: the full account of a campaign as one file for machines."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from dialer import account, loads
from dialer.errors import UsageError
from dialer.exports import ExportFormat, check_format, write_records
from dialer.facts import note_file
from dialer.full_account import account_records
from dialer.ledger import Ledger
from dialer.report_files import FOLDER, stem_of
from dialer.settings import Place
from dialer.status import find_campaign, ledger_of
from dialer.whole_file import whole_file


@dataclass(frozen=True, slots=True)
class AccountFile:
    """A file that was written."""

    campaign: str
    format: ExportFormat
    path: Path
    rows: int

    def as_json(self) -> dict[str, object]:
        """The object of `report --format ... --json`."""
        return {
            "campaign": self.campaign,
            "format": self.format.value,
            "path": str(self.path),
            "rows": self.rows,
        }


def write_account(
    place: Place, name: str, export_format: ExportFormat, *, output: Path | None
) -> AccountFile:
    """Write the account of a campaign from the ledger alone; its sheet need not be there any more.

    Raises UsageError if there is no such campaign, if the file would replace its sheet, and if the format
    cannot be written here.
    """
    check_format(export_format)
    with ledger_of(place) as opened:
        if opened is None:
            raise UsageError(
                f"There is no campaign {name!r}: dialer run LEADS begins one.", code="campaign_unknown"
            )
        return write_account_of(opened.ledger, name, export_format, output=output)


def write_account_of(
    ledger: Ledger, name: str, export_format: ExportFormat, *, output: Path | None
) -> AccountFile:
    """Write the account of a campaign of this ledger, as seen by its clock. Raises UsageError as above."""
    with ledger.reading() as connection:
        campaign = find_campaign(connection, name, ledger)
        load = loads.latest_load(connection, campaign.campaign_id, complete_only=True)
        if load is None:
            raise UsageError(
                f"Campaign {name!r} holds no rows: no sheet of it was loaded to its end.",
                code="campaign_empty",
            )
        target = _target(Path(load.path), export_format, output)
        now = ledger.clock()
        run = account.latest_run(connection, campaign.campaign_id)
        records = partial(
            account_records,
            connection,
            name,
            campaign_id=campaign.campaign_id,
            load_id=load.load_id,
            recall_since=now - account.recall_after(run),
            now=now,
        )
        with whole_file(target) as file:
            rows = write_records(file, records, export_format)
    with ledger.transaction() as connection:
        note_file(connection, "report", target)
    return AccountFile(name, export_format, target, rows)


def _target(source: Path, export_format: ExportFormat, output: Path | None) -> Path:
    """`reports/<stem>.account.<ext>`, or what `--output` names: a file, or the folder for it."""
    if output is not None and not output.is_dir():
        target = output.absolute()
    else:
        target = ((output or FOLDER) / f"{stem_of(source)}.account.{export_format.value}").absolute()
    if target == source or (target.exists() and source.exists() and target.samefile(source)):
        raise UsageError(
            f"The account would replace the sheet {source}: name another file with --output.",
            code="output_is_input",
        )
    return target
