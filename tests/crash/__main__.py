"""`python -m tests.crash --kills 300`: real SIGKILLs, and what came of them."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.crash.condemned import CALLERS, Condemned, Prison
from tests.crash.executioner import Executioner


def main() -> int:
    """Kill so many times; 0 if every promise was kept, else 1."""
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("--kills", type=int, default=30, help="how many")
    parser.add_argument("--seed", type=int, default=1, help="decides the moments")
    parser.add_argument("--at-once", type=int, default=2, help="how many campaigns side by side")
    options = parser.parse_args()
    begun = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="dialer-kills-") as folder,
        Executioner(options.at_once) as executioner,
    ):
        prison = Prison(Path(folder), executioner, seed=options.seed)
        condemned = prison.kill(options.kills, at_once=options.at_once)
    faults = [fault for one in condemned for fault in faults_of(one)]
    sys.stdout.writelines(f"{fault}\n" for fault in faults)
    sys.stdout.write(f"{summary(condemned, seconds=time.monotonic() - begun)}\n")
    return 1 if faults else 0


def faults_of(one: Condemned) -> list[str]:
    """Every promise that was broken."""
    faults = [f"{number} was called twice, killed at {one.moments}" for number in one.twice]
    faults += [f"{fault}, killed at {one.moments}" for fault in one.false_reports]
    if one.lost:
        faults.append(f"{one.lost} rows were lost, killed at {one.moments}\n{one.last}")
    if one.unknown > CALLERS * one.kills:
        faults.append(f"{one.unknown} unknown after {one.kills} kills with {CALLERS} callers")
    return faults


def summary(condemned: list[Condemned], *, seconds: float) -> str:
    """All of it in two lines."""
    moments = Counter(m if not m.endswith(" s") else "by the clock" for one in condemned for m in one.moments)
    twice = sum(len(one.twice) for one in condemned)
    lost = sum(one.lost for one in condemned)
    false = sum(len(one.false_reports) for one in condemned)
    unknown = sum(one.unknown for one in condemned)
    calls = sum(one.created.total() for one in condemned)
    return (
        f"{moments.total()} kills ({dict(moments)}) of {len(condemned)} campaigns: {twice} numbers twice, "
        f"{lost} rows lost, {false} false reports, {unknown} unknown at the end, {calls} calls, "
        f"{seconds:.0f} s"
    )


if __name__ == "__main__":
    sys.exit(main())
