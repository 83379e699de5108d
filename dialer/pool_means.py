"""What a pool works with, and what it tells of its work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Protocol

from dialer.campaign import Rate
from dialer.caps import Capped
from dialer.journal import Attempt, Ending
from dialer.leads import Lead
from dialer.outcomes import Outcome
from dialer.pace import Pace
from dialer.retry import Stop
from dialer.vozagent import Connection
from dialer.whom import DueLead


class Journal(Protocol):
    """What the pool needs of `journal.RunJournal`: any source of leads that keeps its word will do."""

    async def due(self, *, after_row: int, most: int) -> list[DueLead]: ...

    async def begin(self, lead: DueLead) -> Attempt | Capped | Stop | None: ...

    async def end(self, attempt: Attempt, ending: Ending) -> None: ...

    async def defer(self, lead: DueLead, *, until: datetime | None, reason: str) -> None: ...

    async def stop_asked(self) -> Stop | None: ...


@dataclass(frozen=True, slots=True)
class Closed:
    """This lead may not be called at this hour."""

    until: datetime | None
    reason: str


@dataclass(slots=True)
class Progress:
    """What this run has done so far."""

    rate: Rate  # as asked for
    called: int = 0
    failed: int = 0
    unknown: int = 0
    deferred: int = 0
    capped: int = 0  # of these, those whose number was called as often as a cap allows
    skipped: int = 0  # turned out to be called elsewhere, or by nobody any more
    throttled: int = 0  # how often the API answered 429
    share: float = 1.0  # of the asked rate that the API lets us use
    stop: Stop | None = None
    waiting_until: datetime | None = None  # aware; nobody may be called before; None while calls are made
    unwritten: list[tuple[Attempt, Outcome]] = field(default_factory=list)  # the ledger did not take these

    @property
    def ended(self) -> int:
        """Attempts that have ended for good."""
        return self.called + self.failed + self.unknown


HoursCheck = Callable[[Lead], Closed | None]  # None: may be called now
Listener = Callable[[DueLead, Outcome, float], None]  # ... and the seconds from the first byte to the end


def deadline(until: datetime) -> Stop:
    """Ends a run whose time is over: whoever is left is called by the next."""
    sentence = (
        f"It is {until:%H:%M}, and no call begins from then on (--until): the rest is left for the next run."
    )
    return Stop("deadline", sentence, exit_code=75)


def _nobody(_lead: DueLead, _outcome: Outcome, _seconds: float) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Means:
    """What a pool works with: all that touches the world is handed in."""

    journal: Journal
    connect: Callable[[], Connection]
    pace: Pace
    clock: Callable[[], datetime]
    dice: Random
    closed: HoursCheck = lambda _lead: None
    listen: Listener = _nobody
