"""`dialer status`: the campaigns of a ledger, where they stand, and what to do next."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from dialer import account, lately, loads, orders, standing
from dialer.access import OpenLedger, known_ledger, open_ledger
from dialer.basis import basis_of
from dialer.errors import UsageError
from dialer.ledger import Connection, Ledger, time_of
from dialer.screens import local
from dialer.settings import Place, arguments_for
from dialer.standing import Point
from dialer.status_screens import Depth, StatusLine

_MOST_LINES = 10  # of each kind, in depth
_PACE_WINDOW = timedelta(seconds=10)  # of a run under way


@dataclass(frozen=True, slots=True)
class _Look:
    """One campaign at one moment, before it is put into words."""

    campaign: account.CampaignLine
    load: loads.Load | None  # the newest that is complete
    run: account.RunRecord | None
    counts: Mapping[str, int]
    holder: str | None
    pace_per_second: float | None  # of the last run, or in the last seconds of one under way
    last_call: datetime | None
    outcomes_known: bool  # of some calls at least
    now: datetime

    @property
    def since(self) -> datetime | None:
        """Since when a run lasts; None if none does."""
        lasts = self.holder is not None and self.run is not None and self.run.ended_at is None
        return self.run.started_at if self.run and lasts else None

    @property
    def is_empty(self) -> bool:
        """True for what an unreadable sheet left behind: no rows, and nobody who reads any."""
        return self.load is None and self.holder is None


@contextmanager
def ledger_of(place: Place) -> Iterator[OpenLedger | None]:
    """The ledger of a place, or None if there is none yet; then none is created."""
    if known_ledger(place) is None:
        yield None
        return
    with open_ledger(place, place.base_url) as opened:
        yield opened


def all_campaigns(opened: OpenLedger | None, place: Place) -> list[StatusLine]:
    """Every campaign that holds a sheet, by name."""
    if opened is None:
        return []
    ledger = opened.ledger
    with ledger.reading() as connection:
        found = [campaign for campaign in account.campaigns(connection) if campaign.kind == "sheet"]
        looks = [_look(connection, ledger, campaign) for campaign in found]
        return [_line(look, place) for look in looks if not look.is_empty]


def one_campaign(opened: OpenLedger | None, place: Place, name: str) -> Depth:
    """One campaign in depth. Raises UsageError if there is none of that name, or if it holds no sheet."""
    if opened is None:
        raise UsageError(
            f"There is no campaign {name!r}: dialer run LEADS begins one.", code="campaign_unknown"
        )
    ledger = opened.ledger
    with ledger.reading() as connection:
        campaign_id = find_campaign(connection, name, ledger).campaign_id
        look = _look(
            connection,
            ledger,
            next(each for each in account.campaigns(connection) if each.campaign_id == campaign_id),
        )
        if look.load is None:
            raise UsageError(
                f"Campaign {name!r} holds no rows: no sheet of it was loaded to its end.",
                code="campaign_empty",
            )
        return _depth(connection, look, look.load, place)


def set_pause(place: Place, name: str, *, reason: str | None) -> None:
    """Pause a campaign until it is resumed (`reason` None resumes it); a run notices within two seconds."""
    with open_ledger(place, place.base_url) as opened, opened.ledger.transaction() as connection:
        campaign = find_campaign(connection, name, opened.ledger)
        orders.set_pause(connection, campaign.campaign_id, reason=reason, now=opened.ledger.clock())


def request_stop(place: Place, name: str) -> str | None:
    """Ask the run of a campaign to stop, which it does within two seconds; gives who runs it, or None."""
    with open_ledger(place, place.base_url) as opened:
        ledger = opened.ledger
        with ledger.transaction() as connection:
            campaign = find_campaign(connection, name, ledger)
            orders.request_stop(connection, campaign.campaign_id, now=ledger.clock())
        return ledger.holder(name)


def find_campaign(connection: Connection, name: str, ledger: Ledger) -> loads.Campaign:
    """The campaign of this name. Raises UsageError if there is none."""
    campaign = loads.find_campaign(connection, name)
    if campaign is None:
        raise UsageError(
            f"There is no campaign {name!r} in {ledger.path}: `dialer status` lists them.",
            code="campaign_unknown",
        )
    return campaign


def _look(connection: Connection, ledger: Ledger, campaign: account.CampaignLine) -> _Look:
    now = ledger.clock()
    campaign_id = campaign.campaign_id
    load = loads.latest_load(connection, campaign_id, complete_only=True)
    run = account.latest_run(connection, campaign_id)
    holder = ledger.holder(campaign.name)
    point = Point(now=now, recall_since=now - account.recall_after(run))
    last = lately.latest_attempts(connection, campaign_id, most=1)
    return _Look(
        campaign=campaign,
        load=load,
        run=run,
        counts=standing.count_rows(connection, load, point) if load else {},
        holder=holder,
        pace_per_second=_pace(connection, campaign_id, run, lasts=holder is not None, now=now),
        last_call=last[0].at if last else None,
        outcomes_known=lately.outcomes_known(connection, campaign_id),
        now=now,
    )


def _pace(
    connection: Connection, campaign_id: int, run: account.RunRecord | None, *, lasts: bool, now: datetime
) -> float | None:
    """The calls sent in a second: in the last seconds of a run under way, else at the end of the last run."""
    if run is None:
        return None
    if not lasts or run.ended_at is not None:
        sent = lately.sent(connection, campaign_id, since=run.started_at, until=run.ended_at or now)
        return _per_second(sent, until=sent.last)
    if now - run.started_at < _PACE_WINDOW:
        sent = lately.sent_lately(connection, campaign_id, since=run.started_at, until=now)
        return _per_second(sent, until=now)
    sent = lately.sent_lately(connection, campaign_id, since=now - _PACE_WINDOW, until=now)
    return sent.attempts / _PACE_WINDOW.total_seconds()


def _per_second(sent: lately.Sent, *, until: datetime | None) -> float | None:
    """The pace from the first call on: n calls have n - 1 spaces between them."""
    if sent.first is None or until is None or until <= sent.first:
        return None
    return (sent.attempts - 1) / (until - sent.first).total_seconds()


def _line(look: _Look, place: Place) -> StatusLine:
    at, event = _last_event(look)
    return StatusLine(
        campaign=look.campaign.name,
        rows=sum(look.counts.values()),
        counts=look.counts,
        running=look.holder is not None,
        pace_per_second=None if look.pace_per_second is None else round(look.pace_per_second, 2),
        paused=look.campaign.paused_reason,
        last_event=event,
        last_event_at=f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        next_step=_next_step(look, place),
    )


def _last_event(look: _Look) -> tuple[datetime, str]:
    """What happened last to a campaign, and when."""
    run, load = look.run, look.load
    if look.holder is not None:
        words = f"running since {local(look.since)}" if look.since else "its sheet is being read"
        called = f", last call {local(look.last_call)}" if look.since and look.last_call else ""
        return look.last_call or look.since or look.now, f"{words}{called} ({look.holder})"
    events = []
    if load is not None:
        loaded = time_of(load.loaded_at)
        events.append((loaded, f"loaded {local(loaded)}{', never run' if run is None else ''}"))
    if run is not None and run.ended_at is not None:
        events.append((run.ended_at, f"ended {local(run.ended_at)}, exit code {run.exit_code}"))
    elif run is not None:
        cut_off = max(run.started_at, look.last_call or run.started_at)
        events.append((cut_off, f"cut off after {local(cut_off)}: the next run goes on"))
    return max(reversed(events), key=lambda event: event[0])


def _next_step(look: _Look, place: Place) -> str:
    name = shlex.quote(look.campaign.name) + place.flags
    if look.holder is not None:
        return f"dialer status {name} --watch"
    if look.campaign.paused_reason is not None:
        return f"dialer resume {name}"
    load, counts = look.load, look.counts
    again = arguments_for(
        load.path if load else "LEADS",
        look.campaign.name,
        place,
        reading=json.loads(load.reading) if load else {},
        assistant=look.run.settings.get("assistant") if look.run else None,
    )
    if counts.get("pending"):
        return f"dialer run {again}"
    if counts.get("deferred"):
        return f"dialer run {again} (within calling hours: dialer status {name} says from when on)"
    if counts.get("unknown"):
        return f"dialer reconcile {name}"
    if counts.get("failed"):
        return f"dialer retry {again}"
    if counts.get("invalid"):
        return f"dialer retry {again} (once the invalid rows are mended: the report says how)"
    return f"dialer outcomes {name}" if counts.get(standing.CALLED) and not look.outcomes_known else "nothing"


def _depth(connection: Connection, look: _Look, load: loads.Load, place: Place) -> Depth:
    campaign_id = look.campaign.campaign_id
    recall_since = look.now - account.recall_after(look.run)
    point = Point(now=look.now, recall_since=recall_since)
    return Depth(
        line=_line(look, place),
        statuses=standing.with_words(connection, load, point, look.counts),
        outcomes=lately.fates_of_calls(connection, campaign_id=campaign_id, load_id=load.load_id),
        settings=look.run.settings if look.run else {},
        source=load.path,
        loaded_at=time_of(load.loaded_at),
        fingerprint=standing.fingerprint(connection, load, look.counts),
        paused_at=look.campaign.paused_at,
        basis=str(basis) if (basis := basis_of(connection, campaign_id)) else None,
        loads=lately.latest_loads(connection, campaign_id, most=_MOST_LINES),
        runs=lately.latest_runs(connection, campaign_id, now=look.now, most=_MOST_LINES),
        deferred=lately.waiting_leads(
            connection, load.load_id, now=look.now, recall_since=recall_since, most=_MOST_LINES
        ),
        unknown=lately.unknown_leads(connection, load.load_id, most=_MOST_LINES),
        attempts=lately.latest_attempts(connection, campaign_id, most=_MOST_LINES),
    )
