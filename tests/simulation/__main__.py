"""`python -m tests.simulation --seeds 2000 --first-seed 1`: many stories, and what came of them."""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import replace

from tests.simulation.broken import BROKEN
from tests.simulation.story import Told, tell


def main() -> int:
    """Play the seeds; 0 if every promise was kept in all of them, else 1."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=100, help="how many")
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--most-crashes", type=int, default=12, help="of one story")
    parser.add_argument("--trace", action="store_true", help="print what happened at last in each story")
    parser.add_argument("-v", "--verbose", action="store_true", help="one line for each seed")
    parser.add_argument("--broken", choices=sorted(BROKEN), help="replace this part of the program")
    options = parser.parse_args()
    broken = [BROKEN[options.broken]] if options.broken else []
    begun = time.monotonic()
    stories: list[Told] = []
    for seed in range(options.first_seed, options.first_seed + options.seeds):
        told = tell(seed, most_crashes=options.most_crashes, broken=broken)
        stories.append(replace(told, latest=[]))  # thousands of them would fill the memory
        if told.faults or options.verbose or options.trace:
            _say(line_of(told))
        if told.faults or options.trace:
            _say("\n".join(f"    {line}" for line in told.latest))
    failed = [told.seed for told in stories if told.faults]
    _say(
        f"{len(stories)} seeds, {sum(t.crashes for t in stories)} crashes, "
        f"{sum(t.lives for t in stories)} lives, "
        f"{sum(t.posts for t in stories)} POSTs, {sum(t.calls for t in stories)} calls, "
        f"{len(failed)} failed{': ' + str(failed) if failed else ''}, {time.monotonic() - begun:.0f} s"
    )
    return 1 if failed else 0


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()  # whoever reads along should not wait for the end


def line_of(told: Told) -> str:
    """One story in a line."""
    verdict = "; ".join(told.faults) or "ok"
    return (
        f"seed {told.seed}: {told.crashes} crashes, {told.lives} lives, {told.posts} POSTs, "
        f"{told.calls} calls, trace {told.trace}: {verdict}"
    )


if __name__ == "__main__":
    sys.exit(main())
