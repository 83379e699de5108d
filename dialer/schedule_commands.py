"""The command that prints what a machine needs to run dialer by itself."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from dialer.defaults import Command
from dialer.options import option


@click.command("schedule", cls=Command)
@click.argument("kind", type=click.Choice(["systemd", "cron", "windows", "container"]))
@click.argument("inbox", type=click.Path(path_type=Path))
@click.option("--at", default="17:00", show_default=True, metavar="HH:MM", help="When it begins.")
@click.option("--until", default="20:00", show_default=True, metavar="HH:MM", help="When it calls no more.")
@click.option("--write", type=click.Path(path_type=Path, file_okay=False), help="A folder for the files.")
@option("--config", type=click.Path(path_type=Path), help="A settings file. [default: ./dialer.toml]")
def schedule(
    kind: str,
    inbox: Path,
    at: str,
    until: str,
    write: Path | None,
    config: Path | None,  # noqa: ARG001 - read before all others
) -> int:
    """Print what makes a machine run dialer by itself.

    It runs `dialer nightly INBOX` on working days. A service and a timer for systemd, a line for cron, a task
    for Windows with WSL, or a Containerfile, with this program's and your own paths.
    """
    from dialer import screens
    from dialer.schedule import Kind, files_of, read_schedule, remark_on, this_dialer, write_files

    files = files_of(Kind(kind), read_schedule(inbox, at=at, until=until), dialer=this_dialer())
    if remark := remark_on(Kind(kind), dialer=this_dialer()):
        screens.say(remark)
    if write is None:
        screens.give("\n".join(text.rstrip("\n") + "\n" for text in files.values()).rstrip("\n"))
    else:
        screens.give("\n".join(map(str, write_files(files, write))))
    return 0


COMMANDS: tuple[click.Command, ...] = (schedule,)
