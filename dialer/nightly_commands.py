"""The command that works through a folder of sheets, every night or as they arrive."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import rich_click as click

from dialer.call_options import call_options
from dialer.defaults import Command, settings_for_file
from dialer.errors import DialerError, UsageError
from dialer.jobs import job_of
from dialer.options import DURATION, global_options, option, place_of
from dialer.sheet_options import sheet_options


@click.command("nightly", cls=Command)
@click.argument("inbox", type=click.Path(path_type=Path))
@option(
    "--settle", type=DURATION, default="5s", show_default=True, help="How long a new file must not change."
)
@option("--watch", is_flag=True, help="Stay, and do the same as files arrive.")
@option("--poll", is_flag=True, help="For --watch: look again and again, as network shares need it.")
@sheet_options
@call_options
@global_options
def nightly(inbox: Path, **options: Any) -> int:
    """Call everyone on every new sheet in a folder.

    It goes on with what the night before left, and never asks. A sheet goes from INBOX to its folder
    processing, and once nothing of it is due any more to done, with its report beside it; a sheet that cannot
    be used goes to failed, with the reason.
    """
    from dialer import screens
    from dialer.inbox import open_inbox, own_name
    from dialer.inbox_watch import watch
    from dialer.morning import notifier_of, notify
    from dialer.night_screens import message_of, night_screen, refusal
    from dialer.nightly import Night, at_work, work
    from dialer.nights import NightEnd
    from dialer.run import Job

    for flag in ("rows", "output", "redial_unknown"):
        if options[flag]:
            raise UsageError(
                f"--{flag.replace('_', '-')} is said of one sheet, and nightly takes every sheet of a "
                "folder: leave it out.",
                code="not_nightly",
            )
    opened = open_inbox(inbox, rehearse=options["dry_run"])

    def job(path: Path) -> Job:
        with settings_for_file(own_name(path), folder=opened.folder) as own:
            return job_of(str(path), own)

    night = Night(
        opened,
        place_of(options),
        job,
        settle=options["settle"],
        dry_run=options["dry_run"],
        quiet=options["quiet"],
    )

    notifier = notifier_of(options)

    def tell(end: NightEnd) -> None:
        if options["as_json"]:
            screens.give(json.dumps(end.as_json(), ensure_ascii=False))
        elif end.sheets or not options["watch"]:
            screens.console(stderr=False).print(night_screen(end))
        if end.sheets and not end.dry_run:
            notify(notifier, message_of(end))

    try:
        with at_work(night):
            if options["watch"]:
                return watch(night, tell, poll=options["poll"])
            end = work(night)
            tell(end)
    except DialerError as error:
        notify(notifier, refusal(error))
        raise
    return end.exit_code


COMMANDS: tuple[click.Command, ...] = (nightly,)
