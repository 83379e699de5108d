"""The reports of a campaign: after a run, and again with `dialer report`."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

from dialer import account, loads
from dialer.access import OpenLedger, open_ledger
from dialer.campaign import DEFAULT_RECALL_AFTER, parse_duration
from dialer.erasure import forgotten_rows
from dialer.errors import DialerError, UsageError
from dialer.facts import note_file
from dialer.forgotten_files import without_forgotten
from dialer.ledger import time_of
from dialer.loader import Loaded, Understood
from dialer.report import CampaignFacts
from dialer.report_files import report_path
from dialer.reporter import Origin, Written, source_unchanged, with_own_columns, write_reports
from dialer.settings import Place, arguments_for
from dialer.snapshot import Snapshot, digest_of
from dialer.table import Format


def write(
    opened: OpenLedger,
    campaign: loads.Campaign,
    loaded: Loaded,
    *,
    snapshot: Snapshot,
    output: Path | None,
    place: Place,
) -> Written:
    """Write both reports of a loaded sheet from its snapshot."""
    ledger = opened.ledger
    understood, named = loaded.understood, snapshot.source
    target = report_path(named, Format(understood.format), output=output)
    with ledger.reading() as connection:
        run = account.latest_run(connection, campaign.campaign_id)
        load = loads.latest_load(connection, campaign.campaign_id, complete_only=True)
    settings = dict(run.settings) if run else {}
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
        settings=tuple(settings.items()),
        stopped=run.stopped if run else None,
        exit_code=run.exit_code if run else None,
        report_path=str(target),
        arguments=arguments_for(
            _short(named),
            campaign.name,
            place,
            reading=json.loads(load.reading) if load else {},
            assistant=run.settings.get("assistant") if run else None,
        ),
    )
    origin = Origin(campaign.campaign_id, loaded.load_id, understood, snapshot.path, named)
    written = write_reports(ledger, origin, facts, target=target, recall_after=_recall(settings))
    with ledger.transaction() as connection:
        for path in (written.sheet.path, written.html):
            note_file(connection, "report", path)
        forgotten = forgotten_rows(connection, loaded.load_id)
    if forgotten:
        without_forgotten(written, forgotten, understood)
    if target == named and understood.results:
        # A report brought up to date holds the same rows under a new digest, perhaps with more columns.
        with ledger.transaction() as connection:
            digest = digest_of(named) or ""
            now = with_own_columns(understood, written.sheet).to_json()
            loads.move_load(
                connection, load_id=loaded.load_id, path=str(named), sha256=digest, understood=now
            )
    return written


def rewrite(place: Place, name: str, *, output: Path | None) -> Written:
    """Write the reports of a campaign again, from the ledger and the sheet where it was.

    Raises UsageError if there is no such campaign, SheetError if its sheet is gone or is another now.
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
                output=output,
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


def _recall(settings: dict[str, str]) -> timedelta:
    stored = settings.get("recall after")
    return parse_duration(stored) if stored else DEFAULT_RECALL_AFTER
