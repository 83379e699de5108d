"""`python -m tests.benchmarks`: measures every stage, and prints one table."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from tests.benchmarks import stages_calls, stages_ledger, stages_pace, stages_sheets
from tests.benchmarks.bench import FULL, QUICK, TINY, Bench, find_newman, installed
from tests.benchmarks.figures import Figure, circumstances, table

STAGES: dict[str, Callable[[Bench], list[Figure]]] = {
    "server": stages_calls.server_alone,
    "start": stages_calls.start_up,
    "phones": stages_sheets.phones,
    "check-csv": stages_sheets.check_csv,
    "check-xlsx": stages_sheets.check_xlsx,
    "load": stages_ledger.load,
    "pairs": stages_ledger.pairs,
    "resumed": stages_ledger.resumed,
    "job": stages_calls.whole_job,
    "growth": stages_calls.growth,
    "pace": stages_pace.pace,
    "trouble": stages_pace.pace_in_trouble,
    "report-xlsx": stages_sheets.report_xlsx,
    "report-csv": stages_sheets.report_csv,
}


def say(text: str) -> None:
    """Tell how far it is, on stderr."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def read_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="smaller sheets, a few minutes instead of an hour")
    size.add_argument(
        "--tiny", action="store_true", help="proves that all parts work; the figures say nothing"
    )
    parser.add_argument(
        "--only", metavar="STAGE,...", help=f"only these of {', '.join(STAGES)}", default=",".join(STAGES)
    )
    parser.add_argument("--runs", type=int, help="how often each program runs [default: 3, or 1 if tiny]")
    parser.add_argument("--folder", type=Path, help="where files are made [default: a temporary folder]")
    chosen = parser.parse_args(arguments)
    chosen.only = chosen.only.split(",")
    if unknown := set(chosen.only) - set(STAGES):
        parser.error(f"there is no stage {', '.join(sorted(unknown))}")
    return chosen


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and print the table; 1 if a target was missed."""
    chosen = read_arguments(arguments)
    sizes = QUICK if chosen.quick else TINY if chosen.tiny else FULL
    sizes = replace(sizes, runs=chosen.runs or sizes.runs)
    began = circumstances()
    for library in ("requests", "aiohttp"):
        if not installed(library):
            say(f"Without {library} its baseline is left out: pip install -e '.[benchmarks]'")
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="dialer-benchmarks-", dir=chosen.folder) as name:
        folder = Path(name)
        newman = find_newman(folder, say) if sizes.newman_calls and "job" in chosen.only else None
        bench = Bench(sizes, folder, say, newman)
        for stage in chosen.only:
            say(stage)
            figures += STAGES[stage](bench)
    runs = "one run each" if sizes.runs == 1 else f"medians of {sizes.runs} runs"
    sys.stdout.write(f"{began}; at the end {circumstances()}; {runs}\n\n{table(figures)}\n")
    return 0 if all(figure.reached is not False for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
