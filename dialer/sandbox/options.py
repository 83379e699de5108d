"""How a sandbox is to be run; cheap to import."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dialer.sandbox.faults import Faults, parse_fault, parse_script
from dialer.sandbox.limiter import Rate, parse_rate

DEFAULT_PORT = 8410


@dataclass(frozen=True, slots=True)
class SandboxOptions:
    """Everything that can be said at the start. Faults, scripts and the rate stand as they are written."""

    database: str  # a path, or :memory:
    port: int = DEFAULT_PORT  # 0: any free port
    rate_limit: str | None = None  # 10/s, 60/min
    faults: Sequence[str] = ()
    scripts: Sequence[str] = ()
    seed: int = 0
    latency_seconds: float = 0.0  # before every call is created
    queued_seconds: float = 1.0  # how long a call stays queued
    talk_seconds: float = 6.0  # the longest talk
    keep_alive_seconds: float = 30.0  # how long an idle connection stays open
    announce: bool = False  # one line of JSON on stdout instead of the text for people
    exit_with_parent: bool = False  # stop when standard input ends
    verbose: bool = False  # one line for each request on stderr

    def chosen_faults(self) -> Faults:
        """The faults and scripts, parsed; a ValueError with one sentence where one makes no sense."""
        latency = (f"latency:{self.latency_seconds}",) if self.latency_seconds else ()
        faults = tuple(parse_fault(text) for text in (*latency, *self.faults))
        return Faults(faults, dict(map(parse_script, self.scripts)), self.seed)

    def chosen_rate(self) -> Rate | None:
        """The rate limit, parsed; a ValueError with one sentence where it makes no sense."""
        return parse_rate(self.rate_limit) if self.rate_limit else None

    def arguments(self) -> list[str]:
        """The same options as a command line for `python -m dialer.sandbox`."""
        words = ["--database", self.database, "--port", str(self.port), "--seed", str(self.seed)]
        words += ["--latency", str(self.latency_seconds), "--queued-seconds", str(self.queued_seconds)]
        words += ["--talk-seconds", str(self.talk_seconds), "--keep-alive", str(self.keep_alive_seconds)]
        words += ["--rate-limit", self.rate_limit] if self.rate_limit else []
        words += [word for fault in self.faults for word in ("--fault", fault)]
        words += [word for script in self.scripts for word in ("--script", script)]
        switches = {"--announce": self.announce, "--exit-with-parent": self.exit_with_parent}
        return words + [name for name, on in (switches | {"--verbose": self.verbose}).items() if on]

    def resolved_database(self) -> str:
        """The database as an absolute path, or :memory:."""
        return self.database if self.database == ":memory:" else str(Path(self.database).resolve())
