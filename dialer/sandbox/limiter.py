"""A rate limit over a sliding window: what is refused does not count."""

from __future__ import annotations

import re
from collections import defaultdict, deque
from dataclasses import dataclass

_UNITS = {
    "s": 1.0,
    "sec": 1.0,
    "second": 1.0,
    "m": 60.0,
    "min": 60.0,
    "minute": 60.0,
    "h": 3600.0,
    "hour": 3600.0,
}
_RATE = re.compile(r"([1-9][0-9]{0,8})\s*/\s*([a-z]+)")


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `count` in any window of `seconds`."""

    count: int
    seconds: float
    text: str  # as it was written, for people


def parse_rate(text: str) -> Rate:
    """`10/s` or `60/min`; a ValueError with one sentence for anything else."""
    match = _RATE.fullmatch(text.strip().lower())
    if match is None or match[2] not in _UNITS:
        raise ValueError(f"{text!r} is no rate: write a whole number per unit, like 10/s or 60/min")
    return Rate(int(match[1]), _UNITS[match[2]], text.strip())


class SlidingWindow:
    """Admits at most `rate.count` in any `rate.seconds`, for each key on its own."""

    def __init__(self, rate: Rate) -> None:
        self.rate = rate
        self._admitted: defaultdict[str, deque[float]] = defaultdict(deque)

    def seconds_to_wait(self, key: str, *, at: float) -> float:
        """0.0, and this one counts; or how long until there is room, and it does not."""
        admitted = self._admitted[key]
        while admitted and admitted[0] <= at - self.rate.seconds:
            admitted.popleft()
        if len(admitted) < self.rate.count:
            admitted.append(at)
            return 0.0
        return admitted[0] + self.rate.seconds - at
