"""`dialer reconcile`, and the look at the API's records with which every run begins."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from rich.console import Group
from rich.table import Table
from rich.text import Text

from dialer import journal, logs, unknowns
from dialer.access import OpenLedger, open_api
from dialer.errors import AccessDenied, TryLater
from dialer.ledger import Ledger
from dialer.listings import Reads
from dialer.phones import mask
from dialer.printable import clean
from dialer.reconcile import Looked, Means, Settled, reconcile
from dialer.settings import Place
from dialer.status import find_campaign, ledger_of
from dialer.unknowns import OpenAttempt
from dialer.vozagent import Api
from dialer.writer import InlineWriter

_AT_START = timedelta(seconds=30)  # a run does not wait longer for what became of earlier calls
_GET_PATIENCE = timedelta(seconds=30)
_MANY = 10  # to look for so many takes long enough for a person to wonder
_REFUSED = {
    401: "set VOZAGENT_API_KEY to a valid key",
    402: "renew the subscription",
    403: "give the key the right to read calls and contacts in the VozAgent dashboard",
}


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What `dialer reconcile` found out."""

    settled: tuple[Settled, ...]
    unknown: int  # leads that are still unknown
    trouble: str | None
    again: str  # the options that lead to this place again

    @property
    def exit_code(self) -> int:
        """0 if nothing is unknown any more, else 1."""
        return 1 if self.unknown else 0

    def as_json(self) -> dict[str, object]:
        """The object of `reconcile --json`."""
        return {
            "settled": [
                {
                    "campaign": settled.attempt.campaign,
                    "row": settled.attempt.row,
                    "to_phone": settled.attempt.phone,
                    "call_id": settled.call_id,
                }
                for settled in self.settled
            ],
            "unknown": self.unknown,
            "trouble": self.trouble,
            "exit_code": self.exit_code,
        }

    def screen(self) -> Group:
        """What was settled, and what to do about the rest."""
        table = Table(box=None, padding=(0, 2), show_edge=False)
        for title in ("campaign", "row", "number", "call_id"):
            table.add_column(title, overflow="fold")
        for settled in self.settled:
            attempt = settled.attempt
            table.add_row(
                clean(attempt.campaign), str(attempt.row), mask(attempt.phone), clean(settled.call_id)
            )
        lines = [Text(sentence) for sentence in self._sentences()]
        return Group(table, Text(), *lines) if self.settled else Group(*lines)

    def _sentences(self) -> list[str]:
        if not self.settled and not self.unknown:
            return ["Nothing is unknown."]
        said = [f"{_found(len(self.settled))}, {self.unknown:,} still unknown."]
        names = dict.fromkeys(settled.attempt.campaign for settled in self.settled)
        said += [
            f"To write the report again: dialer report {shlex.quote(clean(name))}{self.again}"
            for name in names
        ]
        if self.unknown:
            said.append(
                "Whoever is not found may have been called all the same: look again later, or ask VozAgent. "
                "`dialer run LEADS --redial-unknown` calls them once more, if you decide so."
            )
        return said


def reconcile_campaigns(place: Place, name: str | None, *, say: Callable[[str], None]) -> Reconciled:
    """Look for the unknown calls of one campaign, or of all, in the API's records.

    `say` hears of it first where it takes a while. Raises UsageError if there is no such campaign, and
    AccessDenied if the key may not read the records.
    """
    with ledger_of(place) as opened:
        if opened is None:
            return Reconciled((), 0, None, place.flags)
        return _reconcile(opened, place, name, say)


def _reconcile(opened: OpenLedger, place: Place, name: str | None, say: Callable[[str], None]) -> Reconciled:
    ledger = opened.ledger
    ledger.check_integrity()
    with ledger.reading() as connection:
        if name is None:
            campaigns = unknowns.campaigns_to_look_at(connection)
        else:
            found = find_campaign(connection, name, ledger)
            campaigns = [(found.campaign_id, found.name)]
    for campaign_id, campaign in campaigns:
        _close_cut_off(ledger, campaign_id, campaign)
    attempts = _open_attempts(ledger, [campaign_id for campaign_id, _ in campaigns])
    looked = Looked()
    if len(attempts) >= _MANY:
        say(f"Looking for {len(attempts):,} unknown calls in the API's records.")
    if attempts:
        with open_api(place, timeout=_GET_PATIENCE) as api:
            looked = asyncio.run(_look(ledger, api, attempts, within=None))
    if looked.http_status in _REFUSED and not looked.settled:
        raise AccessDenied(
            f"The API's records cannot be read ({looked.trouble}): {_REFUSED[looked.http_status]}, "
            "then try again.",
            code="unauthorized" if looked.http_status == 401 else "forbidden",
        )
    with ledger.reading() as connection:
        left = sum(unknowns.count_unknown(connection, campaign_id) for campaign_id, _ in campaigns)
    return Reconciled(looked.settled, left, looked.trouble, place.flags)


def _close_cut_off(ledger: Ledger, campaign_id: int, campaign: str) -> None:
    """Make unknown what a crash cut off; while a run has the campaign nothing of it was."""
    try:
        with ledger.lock(campaign), ledger.transaction() as connection:
            journal.close_interrupted(connection, campaign_id, now=ledger.clock())
    except TryLater:
        return


def look_at_start(ledger: Ledger, api: Api, campaign_id: int) -> list[str]:
    """Look for the unknown calls of a campaign that is about to run; gives sentences about what came of it.

    Takes half a minute at most and stops nobody, whatever the API does.
    """
    attempts = _open_attempts(ledger, [campaign_id])
    if not attempts:
        return []
    looked = asyncio.run(_look(ledger, api, attempts, within=_AT_START))
    said = []
    if looked.settled:
        said.append(f"{_found(len(looked.settled))} in the API's records.")
    if looked.trouble:
        said.append(unread(looked.trouble))
    elif looked.not_looked_at:
        said.append(
            f"{looked.not_looked_at:,} more are not looked for yet: `dialer reconcile` looks for all."
        )
    return said


def unread(why: str) -> str:
    """The warning that the API's records could not be read."""
    return f"Warning: the API's records could not be read ({clean(why)}): what is unknown stays unknown."


def _open_attempts(ledger: Ledger, campaign_ids: Sequence[int]) -> list[OpenAttempt]:
    with ledger.reading() as connection:
        return [
            attempt
            for campaign_id in campaign_ids
            for attempt in unknowns.open_attempts(connection, campaign_id)
        ]


async def _look(
    ledger: Ledger, api: Api, attempts: Sequence[OpenAttempt], *, within: timedelta | None
) -> Looked:
    async with Reads(api, patience=_GET_PATIENCE) as reads:
        looked = await reconcile(attempts, Means(reads, InlineWriter(ledger), ledger.clock), within=within)
    logs.note(
        "reconciled", looked_for=len(attempts), found=len(looked.settled), http_status=looked.http_status
    )
    return looked


def _found(count: int) -> str:
    return "1 unknown call was found" if count == 1 else f"{count:,} unknown calls were found"
