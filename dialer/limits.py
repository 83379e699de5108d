"""How much a campaign may do: calls of one number in a time, and money."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Self

_CAP = re.compile(r"(?P<count>\d{1,4})\s*/\s*(?P<window>24h|7d|30d)", re.IGNORECASE)
_WINDOWS = {"24h": timedelta(hours=24), "7d": timedelta(days=7), "30d": timedelta(days=30)}
_IN_WORDS = {"24h": "24 hours", "7d": "7 days", "30d": "30 days"}
_MONEY = re.compile(r"(?:\$|usd)?\s*(?P<amount>\d{1,9}(?:\.\d{1,6})?)\s*(?:usd|\$)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Cap:
    """At most `count` calls of one number in any `window`."""

    count: int
    window: timedelta  # 24 hours, 7 days or 30 days

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `3/24h`, `2/7d` or `4/30d`; raises ValueError with a sentence for anything else."""
        match = _CAP.fullmatch(text.strip())
        if match is None or int(match["count"]) == 0:
            raise ValueError(
                f"{text!r} is no cap: write how many calls of one number in 24 hours, 7 or 30 days, as 3/24h"
                " or 4/30d."
            )
        return cls(int(match["count"]), _WINDOWS[match["window"].lower()])

    @property
    def window_in_words(self) -> str:
        """`24 hours`, `7 days`, `30 days`."""
        return _IN_WORDS[self._window]

    @property
    def _window(self) -> str:
        return next(text for text, window in _WINDOWS.items() if window == self.window)

    def __str__(self) -> str:
        return f"{self.count}/{self._window}"


def parse_money(text: str) -> Decimal:
    """Read `50usd`, `0.12 USD` or `$50` as dollars; raises ValueError with a sentence for anything else."""
    match = _MONEY.fullmatch(text.strip())
    if match is None or not Decimal(match["amount"]):
        raise ValueError(
            f"{text!r} is no sum of money: write dollars above 0 with a point, as 50usd or 0.12usd."
        )
    return Decimal(match["amount"])


def format_money(dollars: Decimal) -> str:
    """Write dollars for a person: `50.00 USD`, and less than ten cents with four places."""
    return f"{dollars:.2f} USD" if dollars >= Decimal("0.1") or not dollars else f"{dollars:.4f} USD"
