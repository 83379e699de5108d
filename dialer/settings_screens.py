"""What `dialer config show` and `dialer doctor` show."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from dialer.config import Config, Shown, Source
from dialer.doctor import Diagnosis
from dialer.machine import Verdict
from dialer.printable import clean

_LONGEST = 500  # characters of a value

_STYLES = {Verdict.OK: "green", Verdict.WARNING: "yellow", Verdict.WRONG: "bold red"}


def config_screen(config: Config, *, origin: bool) -> RenderableType:
    """All settings in a table; what somebody set stands out."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("setting", no_wrap=True)
    table.add_column("value", overflow="fold")
    if origin:
        table.add_column("from", overflow="fold")
    for setting in config.settings:
        style = "" if setting.source is Source.DEFAULT else "bold"
        cells = [Text(setting.key, style=style), Text(_value(setting), style=style)]
        table.add_row(*cells, *([Text(clean(setting.origin, longest=_LONGEST))] if origin else []))
    files = (f"{path}{'' if there else ' (not there)'}" for path, there in config.files.items())
    head = Table.grid(padding=(0, 2))
    head.add_row("Files", Text(clean(", ".join(files), longest=_LONGEST)))
    head.add_row("Profile", Text(clean(config.profile or "none")))
    head.add_row("API key", Text(clean(config.api_key, longest=_LONGEST)))
    return Group(head, Text(), table)


def _value(setting: Shown) -> str:
    value = setting.value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return clean("; ".join(value), longest=_LONGEST)
    return "-" if value is None else clean(str(value), longest=_LONGEST)


def doctor_screen(diagnosis: Diagnosis, *, quiet: bool) -> RenderableType:
    """One line for each thing that was looked at, and below it what to do; `quiet` leaves out the good."""
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for check in diagnosis.checks:
        if quiet and check.verdict is Verdict.OK:
            continue
        verdict = Text(check.verdict.value, style=_STYLES[check.verdict])
        table.add_row(verdict, Text(check.name), Text(clean(check.said, longest=_LONGEST)))
        if check.advice is not None:
            table.add_row("", "", Text(clean(check.advice, longest=_LONGEST), style="italic"))
    return table
