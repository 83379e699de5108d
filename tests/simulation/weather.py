"""What goes wrong in a story, and how often: storms and calms, decided by the seed."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

# What a POST can meet, by the sandbox's names where it has one. `-after`: the call was created.
_AMBIGUOUS = (
    *("drop-before", "drop-after", "reset-before", "reset-after", "hang-before", "hang-after"),
    *("5xx-before", "5xx-after", "408-before", "408-after", "409-before", "409-after", "303-after"),
    *("created-later", "half-a-line", "reset-while-sending"),
)
_SPOILT = (
    *("html", "empty", "half", "list", "no-id", "null-id", "number-id", "bad-gzip", "gzip-bomb", "huge"),
    *("own-word", "same-id", "cut", "drip", "drip-head", "broken-head", "hang-in-the-head", "early-hints"),
)
_SLOW = ("slow", "slower-than-the-timeout")
_THROTTLED = ("429",)
_REFUSED = ("400", "422", "403")
FAULTS = (_AMBIGUOUS, _SPOILT, _SLOW, _THROTTLED, _REFUSED)
# What meets everybody until somebody mends it.
CLOSED = ("401", "402", "404", "302", "307", "501")
GET_FAULTS = ("500", "503", "429", "404", "hang", "reset", "drop", "half", "html", "object", "empty-list")


@dataclass
class Weather:
    """The sky over one story."""

    dice: Random
    fault: float = 0.0  # how many of the POSTs meet a fault
    kinds: tuple[tuple[str, ...], ...] = ()  # ... of one of these kinds
    no_connection: float = 0.0
    get_fault: float = 0.0
    lag_seconds: float = 0.0  # how long what was created is not yet in the API's records
    closed: str | None = None  # everybody meets this
    wrong_number: bool = False  # once, the API dials somebody else
    closings: float = 0.0  # how likely each POST is to be the first that meets something of CLOSED
    seconds: tuple[float, float] = (0.02, 0.6)  # how long a good reply takes

    @classmethod
    def of(cls, dice: Random) -> Weather:
        """The weather of a seed."""
        weather = cls(dice)
        weather.fault = dice.choice([0.0, 0.1, 0.3, 0.3, 0.6, 0.9])
        weather.kinds = tuple(kinds for kinds in FAULTS if dice.random() < 0.6) or (_AMBIGUOUS,)
        weather.no_connection = dice.choice([0.0, 0.0, 0.05, 0.3])
        weather.get_fault = dice.choice([0.0, 0.0, 0.2, 1.0])
        weather.lag_seconds = dice.choice([0.0, 0.0, 20.0, 400.0])
        weather.closings = dice.choice([0.0, 0.0, 0.0, 0.03])
        weather.wrong_number = dice.random() < 0.05
        weather.seconds = (0.02, dice.choice([0.1, 0.6, 2.0]))
        return weather

    def clear_up(self) -> None:
        """From now on everything works."""
        self.fault = self.no_connection = self.get_fault = self.closings = self.lag_seconds = 0.0
        self.closed = None
        self.wrong_number = False

    def mend(self) -> None:
        """Somebody has put right what met everybody."""
        self.closed = None
        self.closings = 0.0

    def connecting(self) -> tuple[str, float]:
        """What comes of an attempt to connect, and after how many seconds."""
        if self.dice.random() < self.no_connection:
            return self.dice.choice(["refused", "refused", "silent"]), 0.001
        return "connected", 0.001 + 0.02 * self.dice.random()

    def post(self) -> str:
        """What the next POST meets."""
        if self.closed is None and self.dice.random() < self.closings:
            self.closed = self.dice.choice(CLOSED)
        if self.closed is not None:
            return self.closed
        if self.wrong_number and self.dice.random() < 0.1:
            self.wrong_number = False
            return "wrong-number"
        if self.dice.random() < self.fault:
            return self.dice.choice(self.dice.choice(self.kinds))
        return "ok"

    def get(self) -> str:
        """What the next GET meets."""
        return self.dice.choice(GET_FAULTS) if self.dice.random() < self.get_fault else "ok"

    def reply_seconds(self) -> float:
        """How long a good reply takes."""
        return self.dice.uniform(*self.seconds)
