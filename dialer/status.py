"""`dialer status`: the campaigns of a ledger, where they stand, and what to do next."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass

from rich.console import Group

from dialer import account, journal, loads
from dialer.access import open_ledger
from dialer.campaign import DEFAULT_RECALL_AFTER
from dialer.errors import UsageError
from dialer.leads import Verdict
from dialer.ledger import Connection, Ledger, time_of
from dialer.screens import StatusLine, depth_screen, local
from dialer.settings import Place, arguments_for, ledger_path
from dialer.vozagent import check_base_url, origin


@dataclass(frozen=True, slots=True)
class Depth:
    """One campaign in depth."""

    line: StatusLine
    statuses: Mapping[str, int]  # rows by status, as in the report
    settings: Mapping[str, str]  # of the last run
    source: str
    loaded_at: str

    def screen(self) -> Group:
        """What `status CAMPAIGN` shows."""
        more = {"sheet": f"{self.source}, loaded {self.loaded_at}", **self.settings}
        return depth_screen(self.line, self.statuses, more)

    def as_json(self) -> dict[str, object]:
        """The object of `status CAMPAIGN --json`."""
        return self.line.as_json() | {
            "statuses": dict(self.statuses),
            "settings": dict(self.settings),
            "source": self.source,
            "loaded_at": self.loaded_at,
        }


def all_campaigns(place: Place) -> list[StatusLine]:
    """Every campaign of a place's ledger; none if it has no ledger yet, and then none is created."""
    base_url = place.base_url if place.sandbox else check_base_url(place.base_url)
    if not ledger_path(place, origin(base_url)).exists():
        return []
    with open_ledger(place, place.base_url) as opened, opened.ledger.reading() as connection:
        found = [line for line in account.campaigns(connection) if line.kind == "sheet"]
        return [_line(connection, campaign, place) for campaign in found]


def one_campaign(place: Place, name: str) -> Depth:
    """One campaign in depth. Raises UsageError if there is none of that name."""
    with open_ledger(place, place.base_url) as opened, opened.ledger.reading() as connection:
        campaign = _find(connection, name, opened.ledger)
        load = loads.latest_load(connection, campaign.campaign_id, complete_only=True)
        run = account.latest_run(connection, campaign.campaign_id)
        listed = next(c for c in account.campaigns(connection) if c.campaign_id == campaign.campaign_id)
        statuses: dict[str, int] = {}
        if load is not None:
            results = account.row_results(
                connection,
                campaign_id=campaign.campaign_id,
                load_id=load.load_id,
                recall_after=DEFAULT_RECALL_AFTER,
                now=opened.ledger.clock(),
            )
            statuses = account.count_statuses(results)
        return Depth(
            line=_line(connection, listed, place),
            statuses=statuses,
            settings=run.settings if run else {},
            source=load.path if load else "",
            loaded_at=local(time_of(load.loaded_at)) if load else "",
        )


def set_pause(place: Place, name: str, *, reason: str | None) -> None:
    """Pause a campaign until it is resumed (`reason` None resumes it); a run notices within two seconds."""
    with open_ledger(place, place.base_url) as opened, opened.ledger.transaction() as connection:
        campaign = _find(connection, name, opened.ledger)
        journal.set_pause(connection, campaign.campaign_id, reason=reason, now=opened.ledger.clock())


def _find(connection: Connection, name: str, ledger: Ledger) -> loads.Campaign:
    campaign = loads.find_campaign(connection, name)
    if campaign is None:
        raise UsageError(
            f"There is no campaign {name!r} in {ledger.path}: `dialer status` lists them.",
            code="campaign_unknown",
        )
    return campaign


def _line(connection: Connection, campaign: account.CampaignLine, place: Place) -> StatusLine:
    load = loads.latest_load(connection, campaign.campaign_id, complete_only=True)
    run = account.latest_run(connection, campaign.campaign_id)
    verdicts = account.count_verdicts(connection, load.load_id) if load else {}
    states = (
        account.count_states(connection, campaign_id=campaign.campaign_id, load_id=load.load_id)
        if load
        else {}
    )
    counts = {
        "called": states.get("called", 0),
        "failed": states.get("failed", 0),
        "unknown": states.get("unknown", 0) + states.get("sending", 0),
        "pending": states.get("due", 0),
        **{
            v.value: verdicts.get(v.value, 0)
            for v in (Verdict.INVALID, Verdict.DUPLICATE, Verdict.SUPPRESSED)
        },
    }
    return StatusLine(
        campaign=campaign.name,
        rows=sum(count for verdict, count in verdicts.items() if verdict != Verdict.NOT_A_LEAD),
        counts=counts,
        paused=campaign.paused_reason,
        last_event=_last_event(run),
        next_step=_next_step(campaign, counts, place, load, run),
    )


def _last_event(run: account.RunRecord | None) -> str:
    if run is None:
        return "never run"
    if run.ended_at is None:
        return f"running, or cut off, since {local(run.started_at)}"
    return f"ended {local(run.ended_at)}, exit code {run.exit_code}"


def _next_step(
    campaign: account.CampaignLine,
    counts: Mapping[str, int],
    place: Place,
    load: loads.Load | None,
    run: account.RunRecord | None,
) -> str:
    again = arguments_for(
        load.path if load else "LEADS",
        campaign.name,
        place,
        reading=json.loads(load.reading) if load else {},
        assistant=run.settings.get("assistant") if run else None,
    )
    if campaign.paused_reason is not None:
        return f"dialer resume {shlex.quote(campaign.name)}{place.flags}"
    if counts["pending"]:
        return f"dialer run {again}"
    if counts["failed"]:
        return f"dialer retry {again}"
    return "look the unknown ones up at VozAgent" if counts["unknown"] else "nothing"
