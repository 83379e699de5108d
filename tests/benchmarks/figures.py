"""What was measured, beside what was to be reached, as a table."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table."""

    stage: str
    what: str
    seconds: float | None = None
    rows: int | None = None
    cpu_seconds: float | None = None
    peak_bytes: int | None = None
    said: str = ""  # the figure itself where it is no time
    target: str = ""
    reached: bool | None = None  # None: nothing was asked of it

    def cells(self) -> list[str]:
        """The cells of its line."""
        told = ("no", "**yes**")[self.reached] if self.reached is not None else ""
        per_row = self.cpu_seconds / self.rows * 1e6 if self.cpu_seconds and self.rows else None
        return [
            self.stage,
            self.what,
            "" if self.seconds is None else f"{self.seconds:.2f} s",
            f"{self.rows / self.seconds:,.0f}" if self.rows and self.seconds else "",
            "" if per_row is None else f"{per_row:,.0f} µs",
            "" if self.peak_bytes is None else f"{self.peak_bytes / 1e6:.0f} MB",
            self.said,
            self.target,
            told,
        ]


HEAD = ("stage", "program", "time", "rows/s", "CPU a row", "peak memory", "figure", "target", "reached")


def table(figures: Iterable[Figure]) -> str:
    """All figures as a Markdown table, its columns aligned for a terminal."""
    lines: list[Sequence[str]] = [HEAD, *(figure.cells() for figure in figures)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEAD))]
    shown = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |"
        for line in lines
    ]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join((shown[0], rule, *shown[1:]))


def circumstances() -> str:
    """When and on what it was measured; the load says how much else the machine did."""
    load = " ".join(f"{value:.1f}" for value in os.getloadavg())
    return (
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, Python {platform.python_version()}, "
        f"{os.cpu_count()} processors ({_processor()}), load {load}"
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
