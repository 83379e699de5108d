"""The commands that tell what the ledger knows: report, status, history."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import rich_click as click

from dialer.defaults import Command
from dialer.options import global_options, neutralise_option, option, place_of
from dialer.sheet_options import in_columns_option


@click.command("report", cls=Command)
@click.argument("campaign")
@option("-o", "--output", type=click.Path(path_type=Path), help="Where the report goes.")
@in_columns_option
@neutralise_option
@option(
    "--format",
    "export_format",
    type=click.Choice(["csv", "xlsx", "jsonl", "parquet"]),
    help="Write the full account for machines instead: one record a row, with its attempts and its call.",
)
@global_options
def report(campaign: str, output: Path | None, export_format: str | None, **options: Any) -> int:
    """Write the reports of a campaign again.

    They are made from the ledger and the sheet, which has to be where it was; with --format from the ledger
    alone.
    """
    from dialer import screens

    place = place_of(options)
    if export_format is not None:
        from dialer.account_file import write_account
        from dialer.exports import ExportFormat

        written = write_account(place, campaign, ExportFormat(export_format), output=output)
        told, lines = written.as_json(), str(written.path)
    else:
        from dialer.reports import rewrite

        both = rewrite(
            place,
            campaign,
            output=output,
            in_columns=tuple(options["in_columns"]),
            neutralise=options["neutralise"],
        )
        for remark in both.sheet.remarks:
            screens.say(remark)
        told = {"campaign": campaign, "report": str(both.sheet.path), "html": str(both.html)}
        lines = f"{both.sheet.path}\n{both.html}"
    screens.give(json.dumps(told, ensure_ascii=False) if options["as_json"] else lines)
    return 0


@click.command("status", cls=Command)
@click.argument("campaign", required=False)
@option("--watch", is_flag=True, help="Look again and again for as long as a run lasts.")
@global_options
def status(campaign: str | None, *, watch: bool, **options: Any) -> int:
    """Say where the campaigns stand, and what to do next.

    Name a campaign to see it in depth: its runs, its last attempts, who waits and until when.
    """
    from dialer.watch import Asked, seconds_between_looks, show

    asked = Asked(place_of(options), campaign, as_json=options["as_json"])
    show(asked, ticks=seconds_between_looks() if watch else None)
    return 0


@click.command("history", cls=Command)
@click.argument("number", metavar="+E164")
@global_options
def history(number: str, **options: Any) -> int:
    """Tell one person's story: sheets, calls, decisions.

    In which sheets and rows a number stood, when it was called and by what decision, and what came of it.
    """
    from dialer import screens
    from dialer.history import history as history_of

    found = history_of(place_of(options), number)
    if options["as_json"]:
        screens.give(json.dumps(found.as_json(), ensure_ascii=False))
    else:
        screens.console(stderr=False).print(found.screen())
    return 0


COMMANDS: tuple[click.Command, ...] = (report, status, history)
