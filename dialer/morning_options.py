"""The options by which a command that nobody watches tells in the morning what happened."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from dialer.defaults import LOG_FILE
from dialer.options import all_of, option


def _keep(context: click.Context, _parameter: click.Parameter, path: Path | None) -> None:
    context.meta[LOG_FILE] = path


log_option = option(
    "--log-file",
    type=click.Path(path_type=Path),
    callback=_keep,
    expose_value=False,
    help="Where the log goes. [default: in the user's state folder]",
)

metrics_option = option(
    "--metrics",
    type=click.Path(path_type=Path),
    help="A text file with figures for Prometheus' node_exporter, written again every 15 seconds.",
)

notify_options = all_of(
    option(
        "--notify-file",
        type=click.Path(path_type=Path),
        help="A file (mode 0600) with apprise URLs, one a line, that are told what came of it. "
        "[default: those in DIALER_NOTIFY]",
    ),
    option(
        "--notify-on",
        type=click.Choice(["trouble", "always"]),
        default="trouble",
        show_default=True,
        help="Trouble is an exit code other than 0, and calls whose fate is unknown.",
    ),
    option(
        "--notify-attach",
        type=click.Choice(["none", "report", "all"]),
        default="report",
        show_default=True,
        help="What goes along: the HTML report, or the sheet with the results as well.",
    ),
)

# For a command that runs at night: `nightly` and whatever comes after it.
morning_options = all_of(log_option, metrics_option, notify_options)
