"""`python -m tests.nights --seed N`: thirty nights, and what came of them."""

from __future__ import annotations

import argparse
import sys
import time

from tests.nights.broken import BROKEN
from tests.nights.story import tell


def main() -> int:
    """Play the seeds; 0 if every promise was kept in all of them, else 1."""
    parser = argparse.ArgumentParser(prog="python -m tests.nights", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="the first one; odd ones play in spring")
    parser.add_argument("--seeds", type=int, default=1, help="how many")
    parser.add_argument("--nights", type=int, default=30)
    parser.add_argument("--broken", choices=sorted(BROKEN), help="replace this part of the program")
    options = parser.parse_args()
    broken = [BROKEN[options.broken]] if options.broken else []
    failed = 0
    for seed in range(options.seed, options.seed + options.seeds):
        begun = time.process_time()
        told = tell(seed, nights=options.nights, broken=broken)
        failed += bool(told.faults)
        kinds = ", ".join(f"{n} {kind}" for kind, n in sorted(told.met.items()))
        verdict = "\n    ".join(["FAULTS", *told.faults[:40]]) if told.faults else "ok"
        sys.stdout.write(
            f"seed {seed}: {told.nights} nights ({kinds}), {told.sheets} sheets, {told.calls} calls, "
            f"{time.process_time() - begun:.0f} s: {verdict}\n"
        )
        sys.stdout.flush()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
