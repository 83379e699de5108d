"""The settings of one campaign, checked: what to say, how fast, how careful."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from math import ceil
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from dialer.limits import Cap
from dialer.windows import Week

_RATE = re.compile(r"(?P<count>\d{1,6})\s*/\s*(?P<unit>s|sec|second|m|min|minute)", re.IGNORECASE)
_DURATION = re.compile(r"(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>s|sec|m|min|h|d)?", re.IGNORECASE)
_SECONDS = {"s": 1, "sec": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400}

# Further back than this there is no date that compares with ours.
_LONGEST_DURATION = timedelta(days=36_525)

REPLY_SECONDS = 2.0  # how long a reply is expected to take when the number of callers is chosen
MOST_CALLERS = 50
DEFAULT_RECALL_AFTER = timedelta(hours=24)
DEFAULT_AGAIN_AFTER = timedelta(hours=4)
DEFAULT_REDIAL_AGE = timedelta(hours=1)


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Rate(_Frozen):
    """At most `count` calls begin in any window of `per_seconds` (1 or 60)."""

    count: int = Field(gt=0)
    per_seconds: Literal[1, 60] = 1

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `5/s` or `300/min`; raises ValueError with a sentence for anything else."""
        match = _RATE.fullmatch(text.strip())
        if match is None or int(match["count"]) == 0:
            raise ValueError(
                f"{text!r} is no rate: write a whole number per second or minute, as 5/s or 30/min."
            )
        return cls(count=int(match["count"]), per_seconds=1 if match["unit"].lower().startswith("s") else 60)

    @property
    def per_second(self) -> float:
        """Calls per second on average."""
        return self.count / self.per_seconds

    def __str__(self) -> str:
        return f"{self.count}/{'s' if self.per_seconds == 1 else 'min'}"


def parse_duration(text: str) -> timedelta:
    """Read `24h`, `90s`, `10min`, `7d`, or a bare number of seconds; raises ValueError with a sentence."""
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is no duration: write a number and s, min, h or d, as 60s or 24h.")
    seconds = float(match["number"]) * _SECONDS[(match["unit"] or "s").lower()]
    if seconds > _LONGEST_DURATION.total_seconds():
        raise ValueError(f"{text!r} is too long a duration: write a number and s, min, h or d, as 24h.")
    return timedelta(seconds=seconds)


def format_duration(duration: timedelta) -> str:
    """Write a duration as `parse_duration` reads it, in the largest unit that stays whole."""
    seconds = duration.total_seconds()
    for unit, size in (("d", 86_400), ("h", 3600), ("min", 60)):
        # one day is said as 24h, as people say it of calls
        if seconds and seconds % size == 0 and not (unit == "d" and seconds < 2 * size):
            return f"{int(seconds // size)}{unit}"
    return f"{seconds:.6f}".rstrip("0").rstrip(".") + "s"


def parse_rows(text: str) -> tuple[tuple[int, int], ...]:
    """Read `5-40,77` as ascending, inclusive ranges of Excel's row numbers, or raise ValueError."""
    ranges = []
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\d{1,7})\s*(?:-\s*(\d{1,7})\s*)?", part)
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
        if not 1 <= first <= last:
            raise ValueError(f"{text!r} names no rows: write Excel's row numbers, as 5-40,77.")
        ranges.append((first, last))
    united: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if united and first <= united[-1][1] + 1:
            united[-1] = (united[-1][0], max(last, united[-1][1]))
        else:
            united.append((first, last))
    return tuple(united)


def parse_words(text: str) -> tuple[str, ...]:
    """Read `failed,no-answer` as words, as they are and in small letters; raises ValueError for none."""
    words = [word.strip() for word in text.split(",") if word.strip()]
    if not words:
        raise ValueError("name the words of the API's call_status, as failed,no-answer.")
    return tuple(dict.fromkeys(each for word in words for each in (word, word.lower())))


class Duplicates(StrEnum):
    """Which of several rows with one number is called."""

    FIRST = "first"
    LAST = "last"
    MERGE = "merge"  # the first, with tags united and empty fields filled from the later rows


class Reading(_Frozen):
    """How a sheet is to be read. Two loads of the same bytes with equal `Reading` are the same load."""

    sheet: str | None = None
    header_row: int | None = Field(default=None, ge=1)
    mapping: tuple[str, ...] = ()  # FIELD=COLUMN, as given with --map
    encoding: str | None = None
    delimiter: str | None = None
    region: str | None = None  # ISO 3166 alpha-2; None refuses national numbers without a country
    duplicates: Duplicates = Duplicates.FIRST
    visible_only: bool = False
    notes: str | None = None  # the template for rows without notes of their own
    assistant: str | None = None  # the template of every row's assistant; None is the policy's for all
    source: str | None = None  # the template for rows without a source of their own
    tags: tuple[str, ...] = ()  # templates of tags for every row
    require_consent: str | None = None  # the column that must say yes for a row to be called
    in_columns: tuple[str, ...] = ()  # our own columns in its report, as given with --in-columns


class Selection(StrEnum):
    """Which leads `--only` may choose."""

    PENDING = "pending"
    FAILED = "failed"
    MENDED = "mended"  # was invalid in the load before, and can be read now
    FORBIDDEN = "forbidden"  # of the failed ones: those whom the API answered with 403


def _positive(duration: timedelta) -> timedelta:
    if duration <= timedelta(0):
        raise ValueError("must be longer than nothing")
    return duration


Positive = Annotated[timedelta, AfterValidator(_positive)]


class Breakers(_Frozen):
    """After how many endings of one kind in a row a run stops by itself."""

    max_unknown_in_row: int = Field(default=5, ge=1)
    max_refused_in_row: int = Field(default=20, ge=1)
    max_forbidden_in_row: int = Field(default=3, ge=1)
    max_internal_errors: int = Field(default=3, ge=1)
    max_unknown: int | None = Field(default=None, ge=1)  # in the whole run, in a row or not


class Policy(_Frozen):
    """How the leads of a campaign are called."""

    assistant_name: str | None = None
    assistant_id: str | None = None
    assistant_per_row: bool = False  # assistant_name is a template, and each lead has its own
    rate: Rate = Rate(count=5)
    concurrency: int | None = Field(default=None, ge=1, le=1000)
    timeout: Positive = timedelta(seconds=30)  # the whole exchange of one POST, after its turn came
    limit: int | None = Field(default=None, ge=1)
    only: tuple[Selection, ...] = ()  # () is what plain `run` calls: pending and mended
    call_status: tuple[str, ...] = ()  # calls that ended with these words are made once more
    again: tuple[str, ...] = ()  # ... and so are those, as long as these three hold, whoever else is called:
    again_after: timedelta = DEFAULT_AGAIN_AFTER  # the newest call was sent so long ago
    again_times: int = Field(default=1, ge=1)  # fewer second and later calls than these were made
    rows: tuple[tuple[int, int], ...] = ()  # inclusive ranges; () is every row
    source: str | None = None
    tags: tuple[str, ...] = ()
    recall_after: timedelta = DEFAULT_RECALL_AFTER
    give_up_after: timedelta = timedelta(seconds=60)
    any_hour: bool = False
    hours: Week | None = None  # the operator's own: narrows every rule and stands in for a missing one
    caps: tuple[Cap, ...] = ()  # the operator's own, beside those of the law
    max_calls: int | None = Field(default=None, ge=1)  # in any 24 hours, of all campaigns of the ledger
    budget: Decimal | None = Field(default=None, gt=0)  # US dollars, for all calls of the campaign
    cost_per_call: Decimal | None = Field(default=None, gt=0)  # ... an estimate; None: by the known costs
    wait: bool = False  # stay until everybody's calling hours have come
    until: datetime | None = None  # no call begins from this moment on; aware
    trace_tag: bool = False  # each attempt sends a unique tag along
    basis: str | None = None  # on what these people may be called, as the operator states it
    redial_unknown: bool = False  # a person decided to call those again who may have been called
    older_than: timedelta = DEFAULT_REDIAL_AGE  # ... but nobody whose unknown call is younger than this
    breakers: Breakers = Breakers()

    @model_validator(mode="after")
    def _one_assistant(self) -> Self:
        if (self.assistant_name is None) == (self.assistant_id is None):
            raise ValueError("one of assistant_name and assistant_id is needed")
        return self

    @property
    def assistant(self) -> str:
        """The assistant's name or id, whichever was given."""
        return self.assistant_name or self.assistant_id or ""

    @property
    def callers(self) -> int:
        """How many calls may be in flight: enough for the rate at two seconds a reply, 2 to 50."""
        if self.concurrency is not None:
            return self.concurrency
        return max(2, min(MOST_CALLERS, ceil(self.rate.per_second * REPLY_SECONDS)))
