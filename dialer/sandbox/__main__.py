"""`python -m dialer.sandbox`: the sandbox without the rest of the program."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence

from dialer.sandbox.options import DEFAULT_PORT, SandboxOptions
from dialer.sandbox.server import serve


def main(arguments: Sequence[str] | None = None) -> int:
    """Reads the command line, serves, gives the exit code."""
    options = _parser().parse_args(arguments)
    return serve(
        SandboxOptions(
            database=options.database,
            port=options.port,
            rate_limit=options.rate_limit,
            faults=tuple(options.fault),
            scripts=tuple(options.script),
            seed=options.seed,
            latency_seconds=options.latency,
            queued_seconds=options.queued_seconds,
            talk_seconds=options.talk_seconds,
            keep_alive_seconds=options.keep_alive,
            announce=options.announce,
            exit_with_parent=options.exit_with_parent,
            verbose=options.verbose,
        )
    )


def _port(text: str) -> int:
    if not (text.isdecimal() and int(text) <= 65535):
        raise argparse.ArgumentTypeError(f"{text!r} is no port: it goes from 0 to 65535")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0.0 <= seconds <= 86400.0:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds from 0 to 86400")
    return seconds


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m dialer.sandbox",
        description="The VozAgent API on this machine, for rehearsals and tests.",
    )
    add = parser.add_argument
    add("--database", required=True, metavar="PATH", help="SQLite file that outlives the run, or :memory:")
    add(
        "--port",
        type=_port,
        default=DEFAULT_PORT,
        help="on 127.0.0.1; 0 takes any free port (default: %(default)s)",
    )
    add("--rate-limit", metavar="N/UNIT", help="answer 429 beyond it, for example 10/s or 60/min")
    add(
        "--fault",
        action="append",
        default=[],
        metavar="FAULT",
        help="what goes wrong, for example drop-after@0.1",
    )
    add("--script", action="append", default=[], metavar="+E164=F,F", help="what one number's requests meet")
    add("--seed", type=int, default=0, help="of the faults' dice (default: %(default)s)")
    add("--latency", type=_seconds, default=0.0, metavar="SECONDS", help="before each call is created")
    add(
        "--queued-seconds", type=_seconds, default=1.0, metavar="SECONDS", help="how long a call stays queued"
    )
    add(
        "--talk-seconds",
        type=_seconds,
        default=6.0,
        metavar="SECONDS",
        help="how long the longest talk takes",
    )
    add(
        "--keep-alive",
        type=_seconds,
        default=30.0,
        metavar="SECONDS",
        help="how long idle connections stay open",
    )
    add(
        "--announce",
        action="store_true",
        help="print one line of JSON once connections are accepted, and no more",
    )
    add("--exit-with-parent", action="store_true", help="stop when standard input ends")
    add("--verbose", action="store_true", help="print one line for each request on stderr")
    return parser


if __name__ == "__main__":
    sys.exit(main())
