"""What a person asked for with the options of `run`, `retry` or `nightly`, as one job."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dialer.call_options import policy_of
from dialer.options import place_of
from dialer.sheet_options import memory_of, reading_of

if TYPE_CHECKING:
    from dialer.run import Job


def job_of(leads: str, options: Mapping[str, Any]) -> Job:
    """The job that the options of a command name. Raises UsageError where they ask for what cannot be."""
    place, reading = place_of(options), reading_of(options)
    policy = policy_of(options, sandbox=options["sandbox"])
    # After the options were read: what is wrong with them is said at once.
    from dialer.run import Job  # noqa: PLC0415 - `--help` must not pay for it

    return Job(
        leads=leads,
        place=place,
        reading=reading,
        policy=policy,
        memory=memory_of(options),
        campaign=options["campaign"],
        output=options["output"],
        neutralise=options["neutralise"],
        refresh=options["refresh"],
        dry_run=options["dry_run"],
        follow=options["follow"],
        remember_opt_outs=options["remember_opt_outs"],
        quiet=options["quiet"],
        verbose=options["verbose"] > 0,
        metrics=options.get("metrics"),
    )
