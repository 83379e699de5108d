"""Figures of the latest run of each campaign, as a text file that Prometheus' node_exporter collects.

One file serves many campaigns and many processes: what it holds of other campaigns is kept, until they
have not run for two weeks. It names nobody, so everybody may read it (mode 0644): the collector is another
user.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from prometheus_client import CollectorRegistry, Metric, write_to_textfile
from prometheus_client.parser import text_string_to_metric_families

from dialer.printable import clean

FORGOTTEN_AFTER = timedelta(days=14)
_MODE = 0o644
_LAST_RUN = "dialer_last_run_timestamp_seconds"
_CAMPAIGN = "campaign"

# name -> (type, help); a counter's samples end in `_total`
_FAMILIES = {
    "dialer_rows": ("gauge", "Rows of the campaign's sheet by status."),
    "dialer_unknown": (
        "gauge",
        "Rows whose call may have been made or not: nobody is called again for them.",
    ),
    "dialer_calls": ("counter", "Calls of the latest run by how they ended."),
    "dialer_run_seconds": ("gauge", "How long the latest run took, or has taken so far."),
    "dialer_running": ("gauge", "1 while the run lasts."),
    _LAST_RUN: ("gauge", "When these figures were written: while a run lasts, and at its end."),
    "dialer_last_exit_code": ("gauge", "The exit code of the latest run that has ended."),
    "dialer_pace_asked": ("gauge", "Calls per second that were asked for, at most."),
    "dialer_pace_used": ("gauge", "Calls per second that the API lets the run use."),
}


@dataclass(frozen=True, slots=True)
class Figures:
    """What is known of a run; what is None or empty is left as the file has it."""

    campaign: str
    at: float  # seconds since 1970
    seconds: float  # since the run began
    exit_code: int | None = None  # None while it lasts
    rows: Mapping[str, int] = field(default_factory=dict)  # by status, each known status once
    calls: Mapping[str, int] = field(default_factory=dict)  # by outcome
    pace_asked: float | None = None  # per second
    pace_used: float | None = None


_Labels = tuple[tuple[str, str], ...]
_Samples = dict[tuple[str, _Labels], float]


def write(path: Path, figures: Figures) -> None:
    """Write the figures of a run into the file, in one step. Raises OSError where that is not possible."""
    samples = _of_others(path, figures) | _samples(figures)
    registry = CollectorRegistry()
    registry.register(_Given(samples))
    path.parent.mkdir(parents=True, exist_ok=True)
    write_to_textfile(str(path), registry)
    path.chmod(_MODE)


def _samples(figures: Figures) -> _Samples:
    values: list[tuple[str, str | None, str | None, float | None]] = [
        *(("dialer_rows", "status", status, count) for status, count in figures.rows.items()),
        ("dialer_unknown", None, None, figures.rows.get("unknown")),
        *(("dialer_calls_total", "outcome", outcome, count) for outcome, count in figures.calls.items()),
        ("dialer_run_seconds", None, None, round(figures.seconds, 3)),
        ("dialer_running", None, None, 1 if figures.exit_code is None else 0),
        (_LAST_RUN, None, None, round(figures.at, 3)),
        ("dialer_last_exit_code", None, None, figures.exit_code),
        ("dialer_pace_asked", None, None, figures.pace_asked),
        ("dialer_pace_used", None, None, figures.pace_used),
    ]
    campaign = (_CAMPAIGN, clean(figures.campaign))
    return {
        (name, (campaign, (label, word)) if label and word else (campaign,)): float(value)
        for name, label, word, value in values
        if value is not None
    }


def _of_others(path: Path, figures: Figures) -> _Samples:
    """What the file holds already, but for campaigns that have not run for long; nothing if it is no such
    file."""
    try:
        families = list(text_string_to_metric_families(path.read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, KeyError, IndexError):
        return {}
    found: _Samples = {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
        if family.name in _FAMILIES
    }
    oldest = figures.at - FORGOTTEN_AFTER.total_seconds()
    kept = {
        value
        for (name, labels), at in found.items()
        if name == _LAST_RUN and at >= oldest
        for label, value in labels
        if label == _CAMPAIGN
    }
    return {key: value for key, value in found.items() if dict(key[1]).get(_CAMPAIGN) in kept}


class _Given:
    """Hands samples to a registry as they are: no counter of a library's own runs along."""

    def __init__(self, samples: Mapping[tuple[str, _Labels], float]) -> None:
        self._samples = samples

    def collect(self) -> Iterable[Metric]:
        """The families in their order, each with its samples."""
        return list(self._families())

    def _families(self) -> Iterator[Metric]:
        for name, (kind, said) in _FAMILIES.items():
            family = Metric(name, said, kind)
            of_it = name + ("_total" if kind == "counter" else "")
            for (sample, labels), value in self._samples.items():
                if sample == of_it:
                    family.add_sample(sample, dict(labels), value)
            if family.samples:
                yield family
