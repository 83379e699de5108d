"""What `dialer doctor` looks at on this machine: Python, the data of zones, holidays and numbers, disks."""

from __future__ import annotations

import shutil
import sys
import tempfile
import zoneinfo
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

OLDEST_PYTHON = (3, 11)
_MEGABYTE = 1_000_000
_LITTLE = 500 * _MEGABYTE  # free: enough for a night, not for a month
_NOTHING = 20 * _MEGABYTE
# One for each kind of rule: daylight saving, none, half an hour of it, a border beside New York.
_ZONES = ("America/New_York", "America/Phoenix", "Australia/Lord_Howe", "Asia/Kolkata", "Europe/Berlin")
_OLD_YEARS = 2  # that zone data may lie behind; a government changes its clocks with months of notice


class Verdict(StrEnum):
    """What was found."""

    OK = "ok"
    WARNING = "warning"  # a run would go on
    WRONG = "wrong"  # a run would not


@dataclass(frozen=True, slots=True)
class Examined:
    """One thing that was looked at."""

    name: str
    verdict: Verdict
    said: str
    advice: str | None = None  # what to do; None where nothing is to be done
    exit_code: int = 0  # that a run would have had; 0 unless wrong


def ok(name: str, said: str) -> Examined:
    """Nothing is to be done."""
    return Examined(name, Verdict.OK, said)


def warning(name: str, said: str, advice: str) -> Examined:
    """A run would go on; somebody should look all the same."""
    return Examined(name, Verdict.WARNING, said, advice)


def wrong(name: str, said: str, advice: str | None = None, *, exit_code: int) -> Examined:
    """A run would end with this exit code; without `advice` the sentence itself says what to do."""
    return Examined(name, Verdict.WRONG, said, advice, exit_code)


def examine_machine(reports: Path, *, now: datetime) -> Iterator[Examined]:
    """What of this machine a run depends on; `reports` is the folder where reports go, there or not."""
    yield _python()
    yield _time_zones(now)
    for name, package, what in (
        ("holidays", "holidays", "public holidays"),
        ("phone numbers", "phonenumbers", "the numbering plans"),
    ):
        yield _package(name, package, what)
    yield examine_disk("reports", reports)


def examine_disk(name: str, folder: Path) -> Examined:
    """Whether one may write in a folder, or create it, and how much room there is."""
    standing = folder.absolute()
    while not standing.exists() and standing != standing.parent:
        standing = standing.parent
    try:
        with tempfile.TemporaryFile(dir=standing):
            free = shutil.disk_usage(standing).free
    except OSError as error:
        return wrong(
            name,
            f"Nothing can be written in {standing} ({error.strerror}).",
            "Check the folder's rights, or name another place.",
            exit_code=78,
        )
    there = (
        str(folder.absolute()) if standing == folder.absolute() else f"{folder.absolute()} (to be created)"
    )
    said = f"{there}, {free // _MEGABYTE:,} MB free"
    if free < _NOTHING:
        return wrong(name, f"{said}: the disk is full.", "Make room before the next run.", exit_code=78)
    if free < _LITTLE:
        return warning(name, f"{said}: the disk is almost full.", "Make room.")
    return ok(name, said)


def _python() -> Examined:
    said = f"{sys.version_info.major}.{sys.version_info.minor}.{sys.version_info.micro}"
    if sys.version_info[:2] < OLDEST_PYTHON:
        wanted = ".".join(map(str, OLDEST_PYTHON))
        return wrong("python", said, f"Install Python {wanted} or newer.", exit_code=1)
    return ok("python", said)


def _time_zones(now: datetime) -> Examined:
    name = "time zones"
    for zone in _ZONES:
        try:
            zoneinfo.ZoneInfo(zone)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            return wrong(
                name,
                f"The zone {zone} is not known here.",
                "Install the package tzdata: calling hours depend on it.",
                exit_code=1,
            )
    release = zone_release()
    if release is None:
        return warning(name, "It is not known how old the zone data is.", "Install the package tzdata.")
    year = int(release[:4])
    if now.year - year >= _OLD_YEARS:
        return warning(
            name,
            f"tzdata {release} is of {year}.",
            "Upgrade the package tzdata: clocks have been changed since in some places.",
        )
    return ok(name, f"tzdata {release}")


def zone_release() -> str | None:
    """The release of the zone data that is in use, as 2026b: the system's, else the package's."""
    for folder in map(Path, zoneinfo.TZPATH):
        if (folder / _ZONES[0]).exists():
            return _release_in(folder / "tzdata.zi") or _release_in(folder / "+VERSION")
    try:
        major, _, minor = version("tzdata").partition(".")
        return f"{major}{chr(ord('a') + int(minor) - 1)}"
    except (PackageNotFoundError, ValueError):
        return None


def _release_in(file: Path) -> str | None:
    try:
        with file.open(encoding="utf-8") as lines:
            first = lines.readline().removeprefix("# version").strip()
    except (OSError, UnicodeDecodeError):
        return None
    return first if first[:4].isdigit() else None


def _package(name: str, package: str, what: str) -> Examined:
    try:
        return ok(name, f"{package} {version(package)}")
    except PackageNotFoundError:
        return wrong(
            name,
            f"The package {package} is missing.",
            f"Install it: it knows {what}.",
            exit_code=1,
        )
