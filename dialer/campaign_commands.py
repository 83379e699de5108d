"""The commands that act on a campaign from another terminal: pause, resume, stop, reconcile."""

from __future__ import annotations

import json
import shlex
from typing import Any

import rich_click as click

from dialer.defaults import Command
from dialer.morning_options import log_option
from dialer.options import DURATION, RATE, global_options, option, place_of


@click.command("pause", cls=Command)
@click.argument("campaign")
@option("--reason", default="by a person", help="Why, for whoever meets the pause.")
@global_options
def pause(campaign: str, reason: str, **options: Any) -> int:
    """Pause a campaign until it is resumed.

    A run under way stops within two seconds; calls that were sent are finished.
    """
    from dialer import screens, status

    status.set_pause(place_of(options), campaign, reason=reason)
    place = place_of(options)
    screens.say(
        f"Campaign {campaign!r} is paused: dialer resume {shlex.quote(campaign)}{place.flags} lets it go on."
    )
    return 0


@click.command("resume", cls=Command)
@click.argument("campaign")
@global_options
def resume(campaign: str, **options: Any) -> int:
    """Let a paused campaign go on; the next run calls the rest."""
    from dialer import screens, status

    status.set_pause(place_of(options), campaign, reason=None)
    screens.say(f"Campaign {campaign!r} may go on: the next dialer run calls the rest.")
    return 0


@click.command("stop", cls=Command)
@click.argument("campaign")
@global_options
def stop(campaign: str, **options: Any) -> int:
    """Stop the run of a campaign; the next run goes on.

    It stops within two seconds; calls that were sent are finished, and the report is written.
    """
    from dialer import screens, status

    holder = status.request_stop(place_of(options), campaign)
    if holder is None:
        screens.say(f"No run of campaign {campaign!r} is under way: there is nothing to stop.")
    else:
        screens.say(
            f"The run of campaign {campaign!r} ({holder}) stops; the same dialer run goes on with it."
        )
    return 0


@click.command("reconcile", cls=Command)
@click.argument("campaign", required=False)
@log_option
@global_options
def reconcile(campaign: str | None, **options: Any) -> int:
    """Look for unknown calls in the API's own records.

    Unknown is a call that was sent and never answered for certain. What is found was called; what is not
    found stays unknown. Without CAMPAIGN, all campaigns.
    """
    from dialer import screens
    from dialer.reconciling import reconcile_campaigns, unread

    say = (lambda _sentence: None) if options["quiet"] else screens.say
    reconciled = reconcile_campaigns(place_of(options), campaign, say=say)
    if reconciled.trouble:
        say(unread(reconciled.trouble))
    if options["as_json"]:
        screens.give(json.dumps(reconciled.as_json(), ensure_ascii=False))
    else:
        screens.console(stderr=False).print(reconciled.screen())
    return reconciled.exit_code


@click.command("outcomes", cls=Command)
@click.argument("campaign")
@option(
    "--give-up-after",
    type=DURATION,
    default="30min",
    show_default=True,
    help="How long calls that have not ended are waited for; 0s looks once.",
)
@option("--transcript", is_flag=True, help="Keep the transcripts as well, and add them to the report.")
@option(
    "--get-rate", type=RATE, default="5/s", show_default=True, metavar="N/s|N/min", help="Reads, at most."
)
@log_option
@global_options
def outcomes(campaign: str, **options: Any) -> int:
    """Ask what became of the calls, and add it to the report.

    It asks until every call has ended. The same command goes on after a stop.
    """
    from dialer import screens
    from dialer.aftermath import Following, ask_outcomes
    from dialer.follow import Patience

    following = Following(
        patience=Patience(give_up_after=options["give_up_after"]),
        gets_per_second=options["get_rate"].per_second,
        transcripts=options["transcript"],
        quiet=options["quiet"],
    )
    found = ask_outcomes(place_of(options), campaign, following)
    if options["as_json"]:
        screens.give(json.dumps(found.as_json(), ensure_ascii=False))
    else:
        screens.give("\n".join(found.lines()))
    return found.exit_code


COMMANDS: tuple[click.Command, ...] = (pause, resume, stop, reconcile, outcomes)
