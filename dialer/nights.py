"""What a night came to: each sheet, the sums, what is left and when, and the trouble there was."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from dialer import logs
from dialer.night_facts import Left

# The most serious first. Somebody who interrupts is told that first of all; then what stops every call.
_SERIOUS = (143, 130, 77, 78, 69, 2, 66, 65, 1, 75, 0)


class Where(StrEnum):
    """In which folder a sheet lies at the end of a night."""

    INBOX = "inbox"  # it was not begun
    PROCESSING = "processing"  # something of it is due
    DONE = "done"
    FAILED = "failed"
    GONE = "gone"  # somebody took it away


@dataclass(frozen=True, slots=True)
class SheetEnd:
    """What became of one sheet."""

    file: str  # the name under which it came in
    where: Where
    path: str
    campaign: str | None = None
    carried_on: bool = False  # it was begun another night
    exit_code: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)  # rows by status, every called one as `called`
    called_now: int = 0
    left: Left = field(default_factory=Left)
    report: str | None = None
    html: str | None = None
    trouble: tuple[str, ...] = ()  # sentences: what happened, and what to do

    @property
    def rows(self) -> int:
        """How many rows it has, as far as it was read."""
        return sum(self.counts.values())

    def as_json(self) -> dict[str, Any]:
        """A sheet in the line of a night."""
        return {
            "file": self.file,
            "where": self.where.value,
            "path": self.path,
            "campaign": self.campaign,
            "carried_on": self.carried_on,
            "rows": self.rows,
            "counts": dict(self.counts),
            "called_now": self.called_now,
            "left": left_as_json(self.left),
            "report": self.report,
            "html": self.html,
            "trouble": [logs.without_people(sentence) for sentence in self.trouble],
            "exit_code": self.exit_code,
        }


@dataclass(frozen=True, slots=True)
class NightEnd:
    """What a night came to. Times are aware and UTC."""

    inbox: str
    began: datetime
    ended: datetime
    sheets: tuple[SheetEnd, ...] = ()
    growing: tuple[str, ...] = ()  # names of files that were still being copied
    stopped: str | None = None  # why it ended before its work was done
    interrupted_by: int | None = None  # 130 or 143
    dry_run: bool = False

    @property
    def exit_code(self) -> int:
        """The most serious exit code of all sheets."""
        own = (self.interrupted_by,) if self.interrupted_by else ()
        return most_serious((*own, *(sheet.exit_code for sheet in self.sheets)))

    @property
    def counts(self) -> dict[str, int]:
        """Rows by status in all sheets."""
        total: Counter[str] = Counter()
        for sheet in self.sheets:
            total.update(sheet.counts)
        return dict(total)

    @property
    def called_now(self) -> int:
        """How many people were called this night."""
        return sum(sheet.called_now for sheet in self.sheets)

    @property
    def left(self) -> Left:
        """What is left of all sheets."""
        every = [sheet.left for sheet in self.sheets]
        opens = [left.next_at for left in every if left.next_at]
        return Left(
            pending=sum(left.pending for left in every),
            deferred=sum(left.deferred for left in every),
            recent=sum(left.recent for left in every),
            forbidden=sum(left.forbidden for left in every),
            never=sum(left.never for left in every),
            again=sum(left.again for left in every),
            next_at=min(opens) if opens else None,
        )

    @property
    def trouble(self) -> list[tuple[str, str]]:
        """File and sentence of all that went wrong."""
        return [
            (sheet.file, logs.without_people(sentence)) for sheet in self.sheets for sentence in sheet.trouble
        ]

    def files(self) -> dict[str, int]:
        """How many sheets lie where; all places are named, and they add up."""
        found = Counter(sheet.where for sheet in self.sheets)
        return {"all": len(self.sheets), **{where.value: found[where] for where in Where}}

    def as_json(self) -> dict[str, Any]:
        """The line of a night."""
        counts = self.counts
        return {
            "type": "night",
            "inbox": self.inbox,
            "began": _time(self.began),
            "ended": _time(self.ended),
            "seconds": round((self.ended - self.began).total_seconds(), 3),
            "dry_run": self.dry_run,
            "files": self.files(),
            "growing": list(self.growing),
            "rows": sum(counts.values()),
            "counts": counts,
            "called_now": self.called_now,
            "left": left_as_json(self.left),
            "trouble": [{"file": file, "message": sentence} for file, sentence in self.trouble],
            "stopped": logs.without_people(self.stopped) if self.stopped else None,
            "sheets": [sheet.as_json() for sheet in self.sheets],
            "exit_code": self.exit_code,
        }


def most_serious(codes: Iterable[int]) -> int:
    """The exit code of the contract that a person must hear of first; 0 for none at all."""
    order = {code: place for place, code in enumerate(_SERIOUS)}
    return min(codes, key=lambda code: order.get(code, order[1]), default=0)


def left_as_json(left: Left) -> dict[str, Any]:
    """What is left, with the time when the first of the deferred may be called."""
    return {
        "rows": left.rows,
        "pending": left.pending,
        "deferred": left.deferred,
        "recent": left.recent,
        "forbidden": left.forbidden,
        "never": left.never,
        "again": left.again,
        "next": _time(left.next_at) if left.next_at else None,
    }


def _time(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
