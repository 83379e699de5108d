"""The reports of a campaign: after a run, and again with `dialer report`."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

from dialer import account, loads, standing
from dialer.access import OpenLedger, open_ledger
from dialer.basis import basis_of
from dialer.erasure import forgotten_rows
from dialer.errors import DialerError, UsageError
from dialer.facts import note_file, note_report
from dialer.forgotten_files import without_forgotten
from dialer.ledger import time_of
from dialer.loader import Loaded, Understood
from dialer.own_columns import chosen_columns, own_headers
from dialer.report import CampaignFacts
from dialer.report_files import Wish, check_owner, report_path
from dialer.report_settings import every_setting
from dialer.reporter import Origin, Written, source_unchanged, with_own_columns, write_reports
from dialer.settings import Place, arguments_for
from dialer.snapshot import Snapshot, digest_of
from dialer.table import Format

NEUTRALISED = "neutralised"  # the setting of a run that says so


def write(
    opened: OpenLedger,
    campaign: loads.Campaign,
    loaded: Loaded,
    *,
    snapshot: Snapshot,
    wish: Wish,
    place: Place,
) -> Written:
    """Write both reports of a loaded sheet from its snapshot."""
    ledger = opened.ledger
    understood, named = loaded.understood, snapshot.source
    target = report_path(named, Format(understood.format), output=wish.output)
    with ledger.reading() as connection:
        check_owner(connection, target, campaign=campaign.name, named=named)
        run = account.latest_run(connection, campaign.campaign_id)
        load = loads.latest_load(connection, campaign.campaign_id, complete_only=True)
        basis = basis_of(connection, campaign.campaign_id)
        state = standing.state_of(connection, load, now=ledger.clock()) if load else None
    settings = dict(run.settings) if run else {}
    if basis is not None:
        settings["basis"] = str(basis)
    reading = json.loads(load.reading) if load else {}
    facts = CampaignFacts(
        name=campaign.name,
        file=understood.file,
        sheet=understood.sheet,
        loaded_at=time_of(load.loaded_at) if load else None,
        started_at=run.started_at if run else None,
        finished_at=run.ended_at if run else None,
        assistant=settings.pop("assistant", None),
        base_url=settings.pop("API", ""),
        key_ending=settings.pop("key ending", None),
        ledger=str(opened.shown_path),
        settings=every_setting(settings, reading),
        stopped=run.stopped if run else None,
        exit_code=run.exit_code if run else None,
        report_path=str(target),
        fingerprint=state.fingerprint if state else None,
        asked_at=state.asked_at if state else None,
        arguments=arguments_for(
            _short(named),
            campaign.name,
            place,
            reading=reading,
            assistant=run.settings.get("assistant") if run else None,
        ),
        named=f"{shlex.quote(campaign.name)}{place.flags}",
    )
    own = own_headers(chosen_columns(reading.get("in_columns", ())), understood.columns, understood.results)
    origin = Origin(
        campaign.campaign_id,
        loaded.load_id,
        understood,
        snapshot.path,
        named,
        headers=own,
        neutralise=wish.neutralise or NEUTRALISED in (run.settings if run else {}),
    )
    written = write_reports(ledger, origin, facts, target=target, recall_after=account.recall_after(run))
    with ledger.transaction() as connection:
        for path in (written.sheet.path, written.html):
            note_file(connection, "report", path)
        note_report(connection, written.sheet.path, campaign=campaign.name, source=named)
    with ledger.reading() as connection:
        forgotten = forgotten_rows(connection, loaded.load_id)
    if forgotten:
        without_forgotten(written, forgotten, understood)
    if target == named and understood.results:
        # A report brought up to date holds the same rows under a new digest, perhaps with more columns.
        with ledger.transaction() as connection:
            digest = digest_of(named) or ""
            now = with_own_columns(understood, written.sheet, own).to_json()
            loads.move_load(
                connection, load_id=loaded.load_id, path=str(named), sha256=digest, understood=now
            )
    return written


def rewrite(
    place: Place,
    name: str,
    *,
    output: Path | None,
    in_columns: tuple[str, ...] = (),
    neutralise: bool = False,
) -> Written:
    """Write the reports of a campaign again, from the ledger and the sheet where it was.

    `in_columns` are other result columns than before, as `--in-columns` asks; they hold from now on. Raises
    UsageError if there is no such campaign, SheetError if its sheet is gone or is another now.
    """
    with open_ledger(place, place.base_url) as opened:
        with opened.ledger.reading() as connection:
            campaign = loads.find_campaign(connection, name)
            load = (
                loads.latest_load(connection, campaign.campaign_id, complete_only=True) if campaign else None
            )
        if campaign is None or load is None:
            raise UsageError(
                f"There is no campaign {name!r} in {opened.shown_path}: `dialer status` lists them.",
                code="campaign_unknown",
            )
        if in_columns:
            chosen_columns(in_columns)
            reading = json.dumps(json.loads(load.reading) | {"in_columns": list(in_columns)}, sort_keys=True)
            with opened.ledger.transaction() as connection:
                loads.set_reading(connection, load_id=load.load_id, reading=reading)
        source = Path(load.path)
        source_unchanged(source, digest=load.sha256, found=digest_of(source))
        loaded = Loaded(load.load_id, Understood.from_json(load.understood), load, unchanged=True)
        snapshot = Snapshot(source, source, load.sha256)
        try:
            return write(
                opened,
                campaign,
                loaded,
                snapshot=snapshot,
                wish=Wish(output, neutralise=neutralise),
                place=place,
            )
        except OSError as error:
            raise DialerError(
                f"The report could not be written ({error}): name another place with --output.",
                code="report_unwritable",
            ) from error


def _short(path: Path) -> str:
    """A path as one would type it here."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
