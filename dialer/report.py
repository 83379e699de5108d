"""Leads and history become result columns, totals and aggregates over time.

Rows arrive as a stream: each chunk becomes a DataFrame, pandas groups and counts it, and only the
counts and a few examples are kept. Memory does not grow with the sheet beyond sixteen bytes for each
second in which calls began.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from datetime import time as wall_time
from typing import Final

import pandas as pd

from dialer.call_totals import CallTally, CallTotals
from dialer.results import RowResult

# The words of `replies.RESERVED_STATUSES`, in the order in which they are told. Every other word is one
# that the API gave a call, or `accepted` where it gave none.
FAILED: Final = "failed"
UNKNOWN: Final = "unknown"
WAITING_STATUSES: Final = ("pending", "deferred", "invalid", "duplicate", "suppressed", "recent")
FIXED_STATUSES: Final = (FAILED, UNKNOWN, *WAITING_STATUSES)

EXAMPLES_PER_KIND: Final = 50
_CHUNK_ROWS: Final = 10_000
_REASONS_PER_KIND: Final = 200  # beyond it, reasons are taken to be about single rows and are not counted
_KINDS: Final = 200  # beyond it, new codes are counted together as `OTHER_CODES`
OTHER_CODES: Final = "other"
_VALUE_CHARACTERS: Final = 120
_REASON_CHARACTERS: Final = 600

_MAX_BUCKETS: Final = 48
_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400
_CLOCK_WIDTHS: Final = (
    *(1, 2, 5, 10, 15, 30),
    *(minutes * _MINUTE for minutes in (1, 2, 5, 10, 15, 30)),
    *(hours * _HOUR for hours in (1, 2, 3, 6, 12)),
)
_CALENDAR_WIDTHS: Final = (1, 7, 28, 91, 364)  # days


@dataclass(frozen=True, slots=True)
class CampaignFacts:
    """What is known about a campaign beside its rows. Times are aware and UTC."""

    name: str
    file: str
    sheet: str | None  # None for delimited text
    loaded_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    assistant: str | None
    base_url: str
    key_ending: str | None  # the last four characters of the API key, never more
    ledger: str
    settings: tuple[tuple[str, str], ...] = ()  # name and value, in the order to be shown
    stopped: str | None = None  # the sentence that says why the run stopped early
    exit_code: int | None = None
    report_path: str | None = None  # the results sheet
    fingerprint: str | None = None  # of the ledger and where the campaign stands in it
    asked_at: datetime | None = None  # when the API was last asked what became of the calls
    arguments: str | None = None  # the sheet and flags of a command that goes on, as one types them
    named: str | None = None  # the campaign's name and the flags of its place, likewise


@dataclass(frozen=True, slots=True)
class Example:
    """One row of a kind, to be looked up and mended in the sheet."""

    row: int
    cell: str | None
    value: str | None  # the cell's text, cut after 120 characters, or else the number
    reason: str | None


@dataclass(frozen=True, slots=True)
class Kind:
    """All rows with the same status and reason code."""

    status: str
    code: str | None
    rows: int
    reasons: tuple[tuple[str, int], ...]  # sentence and rows, commonest first; () if rows differ too much
    examples: tuple[Example, ...]  # the first EXAMPLES_PER_KIND


@dataclass(frozen=True, slots=True)
class Bucket:
    """The calls that began from `start` until the next bucket's start."""

    start: datetime  # aware, in the summary's zone
    calls: int


@dataclass(frozen=True, slots=True)
class Summary:
    """A campaign in numbers. `called + failed + unknown + not_called == rows`, as do the `statuses`."""

    facts: CampaignFacts
    zone: tzinfo  # the zone of the reader
    rows: int
    called: int
    failed: int
    unknown: int
    not_called: int
    statuses: tuple[tuple[str, int], ...]  # the API's words by size, then FIXED_STATUSES in their order
    kinds: tuple[Kind, ...]  # in the order of `statuses`, each by size; calls only where a reason is given
    new_contacts: int  # called rows only, as are the next two
    known_contacts: int
    unstated_contacts: int
    first_call: datetime | None  # aware, in `zone`, whole seconds
    last_call: datetime | None
    bucket_seconds: int  # 0 without calls; a day's bucket follows the calendar, whatever the clocks do
    buckets: tuple[Bucket, ...]  # without gaps, at most about 50
    busiest_second: int  # the most calls that began in one second of the clock; 0 without calls
    busiest_minute: int
    calls: CallTotals | None  # None until somebody asked the API what became of them

    def count(self, status: str) -> int:
        """The rows with this status; 0 for a word that no row has."""
        return dict(self.statuses).get(status, 0)


def was_called(status: str) -> bool:
    """True when the status says that a call exists."""
    return status not in FIXED_STATUSES


def summarise(rows: Iterable[RowResult], facts: CampaignFacts, *, zone: tzinfo) -> Summary:
    """Counts a campaign's rows in one pass; the same rows always give the same summary."""
    counting = Counting()
    for _ in counting.passing(rows):
        pass
    return counting.summary(facts, zone=zone)


class Counting:
    """Counts a campaign's rows on their way to somewhere else, so that nobody has to read them twice."""

    def __init__(self) -> None:
        self._tally = _Tally()
        self._waiting: list[RowResult] = []

    def passing(self, rows: Iterable[RowResult]) -> Iterator[RowResult]:
        """The same rows, of which those are counted that were taken."""
        for row in rows:
            self._waiting.append(row)
            if len(self._waiting) == _CHUNK_ROWS:
                self._count()
            yield row

    def summary(self, facts: CampaignFacts, *, zone: tzinfo) -> Summary:
        """The summary of all rows that have passed."""
        self._count()
        tally = self._tally
        statuses = _ordered(tally.statuses)
        called = sum(count for status, count in statuses if was_called(status))
        failed, unknown = tally.statuses[FAILED], tally.statuses[UNKNOWN]
        seconds = tally.calls_by_second()
        width, buckets = _timeline(seconds, zone)
        return Summary(
            facts=facts,
            zone=zone,
            rows=tally.statuses.total(),
            called=called,
            failed=failed,
            unknown=unknown,
            not_called=tally.statuses.total() - called - failed - unknown,
            statuses=statuses,
            kinds=tally.kinds_in(statuses),
            new_contacts=tally.contacts["new"],
            known_contacts=tally.contacts["known"],
            unstated_contacts=tally.contacts["unstated"],
            first_call=datetime.fromtimestamp(int(seconds.index.min()), zone) if buckets else None,
            last_call=datetime.fromtimestamp(int(seconds.index.max()), zone) if buckets else None,
            bucket_seconds=width,
            buckets=buckets,
            busiest_second=_most_in(1, seconds),
            busiest_minute=_most_in(_MINUTE, seconds),
            calls=tally.calls.totals(),
        )

    def _count(self) -> None:
        chunk, self._waiting = self._waiting, []
        if chunk:
            # Where pyarrow is installed pandas would keep texts in it, and it refuses half a surrogate pair.
            with pd.option_context("mode.string_storage", "python"):
                self._tally.add(chunk)


@dataclass(slots=True)
class _KindTally:
    rows: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    varied: bool = False
    examples: list[Example] = field(default_factory=list)

    def add_reason(self, reason: str, rows: int) -> None:
        self.rows += rows
        if self.varied:
            return
        self.reasons[reason] += rows
        if len(self.reasons) > _REASONS_PER_KIND:
            self.varied = True
            self.reasons.clear()

    def kind(self, status: str, code: str) -> Kind:
        by_size = sorted(self.reasons.items(), key=lambda reason: (-reason[1], reason[0]))
        return Kind(
            status=status,
            code=code or None,
            rows=self.rows,
            reasons=tuple((reason, rows) for reason, rows in by_size if reason),
            examples=tuple(self.examples),
        )


@dataclass(slots=True)
class _Tally:
    """What is kept of the chunks that have gone by."""

    statuses: Counter[str] = field(default_factory=Counter)
    contacts: Counter[str] = field(default_factory=Counter)
    kinds: dict[tuple[str, str], _KindTally] = field(default_factory=dict)
    seconds: list[pd.Series[int]] = field(default_factory=list)  # of each chunk: second -> calls
    calls: CallTally = field(default_factory=CallTally)

    def add(self, chunk: list[RowResult]) -> None:
        frame = _frame(chunk)
        for status, count in frame["status"].value_counts(sort=False).items():
            self.statuses[str(status)] += count

        calls = frame[frame["called"]]
        for contact, count in calls["contact"].value_counts(sort=False).items():
            self.contacts[str(contact)] += count
        self.seconds.append(calls["second"].dropna().astype("int64").value_counts(sort=False))
        if fates := [row.fate for row in chunk if row.fate is not None and was_called(row.status)]:
            self.calls.add(fates)

        told = frame[~frame["called"] | (frame["reason"] != "")]
        sizes = told.groupby(["status", "code", "reason"], sort=False).size().reset_index(name="rows")
        for status, code, reason, count in sizes.itertuples(index=False, name=None):
            self._kind(status, code).add_reason(reason, int(count))
        for place in told.groupby(["status", "code"], sort=False).head(EXAMPLES_PER_KIND).index:
            self._add_example(chunk[place])

    def _add_example(self, result: RowResult) -> None:
        examples = self._kind(result.status, _cut(result.reason_code, _VALUE_CHARACTERS) or "").examples
        if len(examples) < EXAMPLES_PER_KIND:
            value = _cut(result.to_phone if result.value is None else result.value, _VALUE_CHARACTERS)
            reason = _cut(result.reason, _REASON_CHARACTERS)
            examples.append(Example(result.row, result.cell, value, reason))

    def _kind(self, status: str, code: str) -> _KindTally:
        if (status, code) not in self.kinds and len(self.kinds) >= _KINDS:
            code = OTHER_CODES
        return self.kinds.setdefault((status, code), _KindTally())

    def calls_by_second(self) -> pd.Series[int]:
        """How many calls began in which second since 1970, as far as any did."""
        counts = [chunk for chunk in self.seconds if not chunk.empty]
        together = pd.concat(counts).groupby(level=0).sum() if counts else pd.Series([])
        return together.astype("int64")

    def kinds_in(self, statuses: tuple[tuple[str, int], ...]) -> tuple[Kind, ...]:
        rank = {status: place for place, (status, _) in enumerate(statuses)}
        kinds = [tally.kind(status, code) for (status, code), tally in self.kinds.items()]
        return tuple(sorted(kinds, key=lambda kind: (rank[kind.status], -kind.rows, kind.code or "")))


def _frame(chunk: list[RowResult]) -> pd.DataFrame:
    """A chunk as columns. Texts are objects, never pandas' string type: an API's message may hold half a
    surrogate pair, which Arrow refuses."""
    contact = {True: "new", False: "known", None: "unstated"}
    return pd.DataFrame(
        {
            "status": pd.Series([result.status for result in chunk], dtype="object"),
            "code": pd.Series([_cut(r.reason_code, _VALUE_CHARACTERS) or "" for r in chunk], dtype="object"),
            "reason": pd.Series([_cut(r.reason, _REASON_CHARACTERS) or "" for r in chunk], dtype="object"),
            "contact": pd.Series([contact[result.is_new_contact] for result in chunk], dtype="object"),
            "called": pd.Series([was_called(result.status) for result in chunk], dtype="bool"),
            "second": pd.Series([_epoch(result.called_at) for result in chunk], dtype="float64"),
        }
    )


def _ordered(statuses: Counter[str]) -> tuple[tuple[str, int], ...]:
    words = sorted(filter(was_called, statuses), key=lambda word: (-statuses[word], word))
    return tuple((word, statuses[word]) for word in (*words, *FIXED_STATUSES) if statuses[word])


def _most_in(width: int, seconds: pd.Series[int]) -> int:
    return 0 if seconds.empty else int(seconds.groupby(seconds.index // width).sum().max())


def _timeline(seconds: pd.Series[int], zone: tzinfo) -> tuple[int, tuple[Bucket, ...]]:
    if seconds.empty:
        return 0, ()
    width, edges = _edges(int(seconds.index.min()), int(seconds.index.max()), zone)
    places = pd.cut(seconds.index, bins=edges, right=False, labels=False)
    counts = seconds.groupby(places).sum().reindex(range(len(edges) - 1), fill_value=0)
    starts = [datetime.fromtimestamp(edge, zone) for edge in edges[:-1]]
    return width, tuple(Bucket(start, int(calls)) for start, calls in zip(starts, counts, strict=True))


def _edges(first: int, last: int, zone: tzinfo) -> tuple[int, list[int]]:
    """The width in seconds and the edges of all buckets, in seconds since 1970, the last one past `last`."""
    began = datetime.fromtimestamp(first, zone)
    since_midnight = began.hour * _HOUR + began.minute * _MINUTE + began.second
    for width in _CLOCK_WIDTHS:
        start = first - since_midnight % width
        if last - start < width * _MAX_BUCKETS:
            return width, list(range(start, last + width + 1, width))
    day = began.date()
    days = (datetime.fromtimestamp(last, zone).date() - day).days + 1
    fitting = (width for width in _CALENDAR_WIDTHS if days <= width * _MAX_BUCKETS)
    step = next(fitting, -(-days // _MAX_BUCKETS))
    return step * _DAY, [_midnight(day + timedelta(place), zone) for place in range(0, days + step, step)]


def _midnight(day: date, zone: tzinfo) -> int:
    return int(datetime.combine(day, wall_time.min, zone).timestamp())


def _epoch(moment: datetime | None) -> float | None:
    return None if moment is None else float(moment.timestamp() // 1)


def _cut(text: str | None, characters: int) -> str | None:
    return text if text is None or len(text) <= characters else text[:characters] + "…"
