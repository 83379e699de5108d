"""The options by which a command that nobody watches tells in the morning what happened."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from dialer.defaults import LOG_FILE
from dialer.options import option


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
