"""Counts become the geometry of the report's charts: positions, scales and labels, no markup."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Final

from dialer.report import Bucket
from dialer.report_words import day, number, pace, share, width

BASELINE: Final = 140  # pixels down, where the columns stand; the labels follow below
_HEADROOM: Final = 8  # pixels, for half the height of the topmost level's label
_FEWEST_SLOTS: Final = 12  # a single bar must not fill the page
_LEAST_SHARE: Final = 0.008  # of a stacked bar: one row in a million can still be seen
_DAY: Final = 86_400  # seconds


@dataclass(frozen=True, slots=True)
class Segment:
    """One part of a stacked bar. `left` and `width` are per cent of the whole bar."""

    name: str  # names its colour, pattern and shape
    label: str
    rows: int
    share: str
    left: str
    width: str


@dataclass(frozen=True, slots=True)
class Bar:
    """One lying bar below its words. `width` is per cent of the room."""

    label: str
    count: int
    share: str
    width: str
    note: str = ""  # what stands below it


@dataclass(frozen=True, slots=True)
class Column:
    """One bar of the chart over time. `left` and `width` are per cent, `top` and `height` pixels."""

    label: str
    calls: int
    left: str
    width: str
    top: str
    height: str


@dataclass(frozen=True, slots=True)
class Level:
    """A line across the chart, `top` pixels down."""

    label: str
    top: str
    pace: str  # the same as calls in a second, a minute or an hour


@dataclass(frozen=True, slots=True)
class Mark:
    """A label under the chart, `left` per cent across; `note` is its second line."""

    label: str
    note: str
    left: str
    anchor: str  # "start", "middle" or "end" of the label stands at `left`


@dataclass(frozen=True, slots=True)
class Chart:
    """The calls over time, ready to be drawn."""

    bucket: str  # what one column spans, e.g. "5 minutes"
    columns: tuple[Column, ...]
    levels: tuple[Level, ...]
    marks: tuple[Mark, ...]
    busiest: Column


def stacked(*parts: tuple[str, str, int]) -> tuple[Segment, ...]:
    """Gives the segments of (name, label, rows); a part too small to be seen is drawn a little wider."""
    whole = sum(rows for _, _, rows in parts)
    if not whole:
        return tuple(Segment(name, label, 0, share(0, 0), "0%", "0%") for name, label, _ in parts)
    drawn = [max(rows / whole, _LEAST_SHARE) if rows else 0.0 for _, _, rows in parts]
    edges = [100 * edge / sum(drawn) for edge in accumulate(drawn, initial=0.0)]
    return tuple(
        Segment(name, label, rows, share(rows, whole), f"{left:.3f}%", f"{right - left:.3f}%")
        for (name, label, rows), (left, right) in zip(parts, pairwise(edges), strict=True)
    )


def bars(*parts: tuple[str, int, str], whole: int) -> tuple[Bar, ...]:
    """Gives the lying bars of (label, count, note), as long as their shares of `whole`; one too short to be
    seen is drawn a little longer."""
    return tuple(
        Bar(label, count, share(count, whole), f"{100 * max(count / whole, _LEAST_SHARE):.3f}%", note)
        if count
        else Bar(label, 0, share(0, whole), "0%", note)
        for label, count, note in parts
    )


def over_time(buckets: Sequence[Bucket], *, bucket_seconds: int) -> Chart | None:
    """Gives the bar chart of the calls; None where there were none."""
    if not buckets:
        return None
    top, step = scale(max(bucket.calls for bucket in buckets))
    slot = 100 / max(len(buckets), _FEWEST_SLOTS)
    columns = tuple(
        Column(
            label=_label(bucket, bucket_seconds),
            calls=bucket.calls,
            left=f"{(place + 0.08) * slot:.3f}%",
            width=f"{0.84 * slot:.3f}%",
            top=_down(bucket.calls, top),
            height=f"{(BASELINE - _HEADROOM) * bucket.calls / top:.1f}",
        )
        for place, bucket in enumerate(buckets)
    )
    return Chart(
        bucket=width(bucket_seconds),
        columns=columns,
        levels=tuple(
            Level(number(calls), _down(calls, top), pace(calls, bucket_seconds, most=top))
            for calls in range(0, top + 1, step)
        ),
        marks=_marks(buckets, bucket_seconds, slot),
        busiest=max(columns, key=lambda column: column.calls),
    )


def scale(most: int) -> tuple[int, int]:
    """The top of an axis that holds `most`, and the step between its levels: 1, 2 or 5 times a power of ten.

    There are at most four steps.
    """
    power = 1
    while most > 20 * power:
        power *= 10
    step = next(step for step in (power, 2 * power, 5 * power) if most <= 4 * step)
    return max(-(-most // step), 1) * step, step


def _down(calls: int, top: int) -> str:
    return f"{BASELINE - (BASELINE - _HEADROOM) * calls / top:.1f}"


def _clock(bucket: Bucket, bucket_seconds: int) -> str:
    return f"{bucket.start:%H:%M:%S}" if bucket_seconds < 60 else f"{bucket.start:%H:%M}"


def _label(bucket: Bucket, bucket_seconds: int) -> str:
    date = f"{day(bucket.start)} {bucket.start.year}"
    return date if bucket_seconds >= _DAY else f"{date}, {_clock(bucket, bucket_seconds)}"


def _marks(buckets: Sequence[Bucket], bucket_seconds: int, slot: float) -> tuple[Mark, ...]:
    """Labels that have room on a phone: one for about every quarter of the width.

    The day (for days, the year) stands under the first label and wherever it changes.
    """
    last = len(buckets) - 1
    wanted = max(1, min(len(buckets), round(len(buckets) * slot / 25)))
    places = sorted({round(last * place / max(wanted - 1, 1)) for place in range(wanted)})
    marks, above = [], ""
    for place in places:
        bucket = buckets[place]
        label, note = day(bucket.start), str(bucket.start.year)
        if bucket_seconds < _DAY:
            label, note = _clock(bucket, bucket_seconds), label
        left, anchor = f"{(place + 0.5) * slot:.3f}%", "middle"
        if place == 0:
            left, anchor = "0%", "start"
        elif (last + 1) * slot > 95 and place == last:
            left, anchor = "100%", "end"
        marks.append(Mark(label, "" if note == above else note, left, anchor))
        above = note
    return tuple(marks)
