"""`dialer outcomes`, and `run --follow`: what became of the calls of a campaign, followed to their ends."""

from __future__ import annotations

import asyncio
import shlex
import time
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from dialer import fates, screens
from dialer.access import open_api
from dialer.errors import DialerError, UsageError
from dialer.fates import FateBook, Standing
from dialer.follow import Follower, Patience
from dialer.ledger import Ledger
from dialer.listings import GETS_PER_SECOND, Reads
from dialer.printable import clean
from dialer.settings import Place
from dialer.status import find_campaign, ledger_of
from dialer.vozagent import Api, ssl_context
from dialer.writer import group_writer

if TYPE_CHECKING:
    from dialer.campaign import Policy
    from dialer.loads import Campaign
    from dialer.reporter import Written

_POST_TIMEOUT = timedelta(seconds=30)  # of the API as a whole; nothing is posted here
_GET_PATIENCE = timedelta(seconds=60)  # for one GET, with its repetitions and what a 429 asks for
_TELL_SECONDS = 5.0  # between two lines about how far it is


@dataclass(frozen=True, slots=True)
class Following:
    """How the calls of a campaign are followed."""

    patience: Patience = field(default_factory=Patience)
    gets_per_second: float = GETS_PER_SECOND
    transcripts: bool = False
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class Aftermath:
    """What became of the calls of a campaign: the object of `outcomes --json`."""

    campaign: str
    standing: Standing
    not_found: int  # calls that the API does not know
    seconds: float
    report: str | None = None
    html: str | None = None
    unreported: bool = False  # the reports could not be written

    @property
    def unheard(self) -> int:
        """How many calls nothing is known of, though the API may know them."""
        return max(0, self.standing.unheard - self.not_found)

    @property
    def exit_code(self) -> int:
        """0: every call has ended. 75: the same command may find more. 1: it will not."""
        standing = self.standing
        if standing.going or standing.lacking or self.unheard:
            return 75
        return 1 if standing.never_ended or standing.without_id or self.not_found or self.unreported else 0

    def as_json(self) -> dict[str, object]:
        """The object of `outcomes --json`."""
        standing = self.standing
        return {
            "campaign": self.campaign,
            "calls": standing.calls,
            "ended": standing.ended,
            "stale": standing.going + standing.never_ended,
            "not_found": self.not_found,
            "unheard": self.unheard,
            "without_id": standing.without_id,
            "counts": dict(standing.words),
            "report": self.report,
            "html": self.html,
            "exit_code": self.exit_code,
            "seconds": self.seconds,
        }

    def lines(self) -> list[str]:
        """What a person reads: the API's words with their counts, then what is missing and why."""
        standing = self.standing
        if not standing.calls:
            return ["No call was made in this campaign."]
        counts = {clean(word) or "(no word)": count for word, count in standing.words.items()}
        width = max(map(len, counts), default=0)
        said = [f"  {word:<{width}}  {count:,}" for word, count in counts.items()]
        said.append(f"{standing.ended:,} of {_calls(standing.calls)} ended.")
        missing = [
            (standing.going, "had not ended by the last look, and may still: the same command looks again"),
            (standing.never_ended, "had not ended 24 hours after the beginning, and never will"),
            (standing.lacking, "ended and came without details so far: the same command asks again"),
            (self.unheard, "could not be looked up: the same command asks again"),
            (self.not_found, "could not be found at the API under the id that it gave"),
            (standing.without_id, "got no id from the API, and cannot be looked up"),
        ]
        return said + [f"{_calls(count)} {what}." for count, what in missing if count]


def ask_outcomes(place: Place, name: str, following: Following) -> Aftermath:
    """Follow the calls of a campaign, then write its reports again. Raises UsageError if there is none."""
    with ledger_of(place) as opened:
        if opened is None:
            raise UsageError(
                f"There is no campaign {name!r}: dialer run LEADS begins one.", code="campaign_unknown"
            )
        with opened.ledger.reading() as connection:
            campaign = find_campaign(connection, name, opened.ledger)
        with open_api(place, timeout=_POST_TIMEOUT) as api:
            found = follow_calls(api, opened.ledger, (campaign.campaign_id, name), following)
        if campaign.kind != "sheet" or not found.standing.words:
            return found
    written = _write_reports(place, name)
    if written is None:
        return replace(found, unreported=True)
    return replace(found, report=str(written.sheet.path), html=str(written.html))


def follow_run(api: Api, ledger: Ledger, campaign: Campaign, policy: Policy, *, quiet: bool) -> int:
    """Follow the calls of a campaign after its run, and give the exit code of that: its reports are still to
    be written, so neither Ctrl-C nor an API that fails is raised."""
    following = Following(patience=Patience(unreachable_after=policy.give_up_after), quiet=quiet)
    try:
        found = follow_calls(api, ledger, (campaign.campaign_id, campaign.name), following)
    except DialerError as error:
        screens.say(error.sentence)
        return error.exit_code
    except KeyboardInterrupt:
        screens.say("Interrupted: `dialer outcomes` goes on asking what became of the calls.")
        return 130
    if not quiet:
        screens.say_as_it_is("\n".join(found.lines()))
    return found.exit_code


def follow_calls(api: Api, ledger: Ledger, campaign: tuple[int, str], following: Following) -> Aftermath:
    """Follow the calls of one campaign (its id and name) until they have ended or nobody waits any longer.

    Raises AccessDenied, Unreachable; what was heard until then is written down.
    """
    campaign_id, name = campaign
    begun = time.monotonic()
    not_found = asyncio.run(_follow(replace(api, ssl_context=ssl_context()), ledger, campaign_id, following))
    with ledger.reading() as connection:
        standing = fates.standing(connection, campaign_id, now=ledger.clock())
    return Aftermath(name, standing, not_found, seconds=round(time.monotonic() - begun, 3))


async def _follow(api: Api, ledger: Ledger, campaign_id: int, following: Following) -> int:
    async with (
        group_writer(ledger) as writer,
        Reads(api, per_second=following.gets_per_second, patience=_GET_PATIENCE) as reads,
    ):
        book = FateBook(writer, campaign_id, transcripts=following.transcripts, clock=ledger.clock)
        follower = Follower(
            reads,
            book,
            clock=ledger.clock,
            patience=following.patience,
            listen=_Silent() if following.quiet else _Teller(),
        )
        await follower.follow()
        return len(follower.not_found)


class _Silent:
    """Says nothing."""

    def __call__(self, left: int) -> None:
        """Let it pass."""


class _Teller:
    """Says now and then how many calls are waited for."""

    def __init__(self) -> None:
        self._told: int | None = None
        self._told_at = float("-inf")

    def __call__(self, left: int) -> None:
        """Say it if it is news, and not too often."""
        now = time.monotonic()
        if left and left != self._told and now - self._told_at >= _TELL_SECONDS:
            screens.say(f"Waiting for {_calls(left)} to end.")
            self._told, self._told_at = left, now


def _calls(count: int) -> str:
    return f"{count:,} call" if count == 1 else f"{count:,} calls"


def _write_reports(place: Place, name: str) -> Written | None:
    """Both reports with what is known now; None if they could not be written, which loses nothing."""
    # pandas and Jinja take most of a second to import: after the calls, not before them
    from dialer.reports import rewrite  # noqa: PLC0415

    try:
        return rewrite(place, name, output=None)
    except DialerError as error:
        screens.say(
            f"The report could not be written ({error.sentence}): what became of the calls is in the ledger, "
            f"`dialer report {shlex.quote(name)}{place.flags}` writes it again."
        )
        return None
