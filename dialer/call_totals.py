"""What became of the calls, in totals: how they ended, how long they took, what they led to and cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

import pandas as pd

from dialer.results import Fate

NO_WORD: Final = "no word"
_COMPLETED: Final = "completed"  # the API documents completed, in-progress and failed
_WARMEST_FIRST: Final = ("hot", "warm", "cold")  # as the API documents them; other words follow
_WORDS: Final = 50  # beyond it, new words are counted together as `OTHER_WORDS`
OTHER_WORDS: Final = "other words"
_EDGES: Final = (0, 10, 30, 60, 120, 300, 600)  # seconds; the last length has no end
LENGTHS: Final = (
    *("under 10 s", "10 to 30 s", "30 s to 1 min", "1 to 2 min", "2 to 5 min", "5 to 10 min"),
    "over 10 min",
)


@dataclass(frozen=True, slots=True)
class CallTotals:
    """The calls of a campaign whose fate is known, in numbers."""

    heard: int  # calls that the API told anything about
    ended: int
    stale: int  # of those that have not ended: they never will
    completed: int
    words: tuple[tuple[str, int], ...]  # the API's own words for how they stand, by size
    appointments: int
    qualifications: tuple[tuple[str, int], ...]  # hot, warm, cold, then other words by size; known ones only
    timed: int  # calls with a known duration, which the next three are about
    seconds: float
    median_seconds: float
    lengths: tuple[tuple[str, int], ...]  # how many calls were how long, in the order of `LENGTHS`
    costed: int  # calls with a known cost
    cost_usd: Decimal


@dataclass(slots=True)
class CallTally:
    """Adds up fates chunk by chunk; of a call only its duration is kept."""

    heard: int = 0
    ended: int = 0
    stale: int = 0
    appointments: int = 0
    costed: int = 0
    cost_usd: Decimal = Decimal(0)
    words: Counter[str] = field(default_factory=Counter)
    qualifications: Counter[str] = field(default_factory=Counter)
    durations: list[pd.Series[float]] = field(default_factory=list)

    def add(self, fates: Sequence[Fate]) -> None:
        """Count these calls too."""
        self.heard += len(fates)
        self.ended += sum(fate.ended for fate in fates)
        self.stale += sum(fate.stale and not fate.ended for fate in fates)
        self.appointments += sum(bool(fate.appointment_booked) for fate in fates)
        for fate in fates:
            _count(self.words, fate.call_status or NO_WORD)
            if fate.lead_qualification is not None:
                _count(self.qualifications, fate.lead_qualification)
            if fate.cost_usd is not None:
                self.costed += 1
                self.cost_usd += Decimal(fate.cost_usd)
        durations = [fate.duration_seconds for fate in fates if fate.duration_seconds is not None]
        self.durations.append(pd.Series(durations, dtype="float64"))

    def totals(self) -> CallTotals | None:
        """The totals; None where nothing is known of any call."""
        if not self.heard:
            return None
        durations = pd.concat(self.durations)
        return CallTotals(
            heard=self.heard,
            ended=self.ended,
            stale=self.stale,
            completed=sum(n for word, n in self.words.items() if word.casefold() == _COMPLETED),
            words=_by_size(self.words),
            appointments=self.appointments,
            qualifications=tuple(sorted(_by_size(self.qualifications), key=_warmth)),
            timed=len(durations),
            seconds=float(durations.sum()),
            median_seconds=0.0 if durations.empty else float(durations.median()),
            lengths=_lengths(durations),
            costed=self.costed,
            cost_usd=self.cost_usd,
        )


def _count(words: Counter[str], word: str) -> None:
    words[word if word in words or len(words) < _WORDS else OTHER_WORDS] += 1


def _by_size(words: Counter[str]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(words.items(), key=lambda entry: (-entry[1], entry[0])))


def _warmth(entry: tuple[str, int]) -> int:
    word = entry[0].casefold()
    return _WARMEST_FIRST.index(word) if word in _WARMEST_FIRST else len(_WARMEST_FIRST)


def _lengths(durations: pd.Series[float]) -> tuple[tuple[str, int], ...]:
    if durations.empty:
        return ()
    edges = [*map(float, _EDGES), float("inf")]
    places = pd.cut(durations, bins=edges, right=False, labels=False)
    counts = places.value_counts().reindex(range(len(LENGTHS)), fill_value=0)
    return tuple((length, int(count)) for length, count in zip(LENGTHS, counts, strict=True))
