"""What `dialer check` shows: the table that was understood, the verdicts on its rows, and what to mend.

Made for a terminal of 80 columns. Whatever comes from a sheet is cleaned before it is shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from dialer.leads import Verdict
from dialer.plan import ProblemKind
from dialer.printable import clean
from dialer.screens import rows, shown

_SHEETS_SHOWN = 8
_DELIMITERS = {"\t": "tabs", ",": "commas", ";": "semicolons", "|": "bars"}
# In this order, each with what it means for the row.
_VERDICTS = {
    Verdict.CALLABLE: "will be called",
    Verdict.ASSUMED: "will be called; the country or a lost zero is an assumption",
    Verdict.INVALID: "cannot be called as they stand; see below",
    Verdict.DUPLICATE: "another row with the same number is the one called",
    Verdict.SUPPRESSED: "must not be called",
    Verdict.NOT_A_LEAD: "no person: a total, a note, a repeated header or an example",
}


def table_screen(
    understood: Mapping[str, Any], samples: Mapping[str, str], remarks: Sequence[str]
) -> RenderableType:
    """What was understood of a sheet: file, sheet, header, remarks, the mapping with a sample value each."""
    head = Table.grid(padding=(0, 2))
    head.add_column(style="bold", no_wrap=True)
    head.add_column(overflow="fold")
    head.add_row("File", f"{clean(understood['file'])} ({understood['format']})")
    if understood["sheets"]:
        head.add_row("Sheet", _sheets(understood["sheet"], understood["sheets"]))
    else:
        delimiter = _DELIMITERS.get(understood["delimiter"], f"“{understood['delimiter']}”")
        head.add_row("Text", f"{understood['encoding']}, columns parted by {delimiter}")
    header = understood["header_row"]
    head.add_row("Header", f"row {header}" if header else "none found")
    head.add_row("Rows", f"{understood['data_rows']:,}" + (f" below row {header}" if header else ""))
    for remark in remarks:
        head.add_row("Note", clean(remark, longest=1000))
    if not understood["mapping"]:
        return head
    mapping = Table(box=None, padding=(0, 2), show_edge=False)
    for title in ("field", "column", "for example"):
        mapping.add_column(title, overflow="fold")
    for field, column in understood["mapping"].items():
        mapping.add_row(field, shown(column), shown(samples.get(field, "")))
    unused = _unused(understood)
    return Group(head, Text(), mapping, *([Text(), unused] if unused else []))


def verdicts_screen(counts: Mapping[str, int]) -> RenderableType:
    """How many rows got which verdict, and what that means."""
    table = Table.grid(padding=(0, 2))
    table.add_column(justify="right", no_wrap=True)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for verdict, meaning in _VERDICTS.items():
        if counts.get(verdict):
            table.add_row(f"{counts[verdict]:,}", verdict.value, meaning)
    return Padding(table, (0, 0, 0, 2))


def problems_screen(kinds: Iterable[ProblemKind], cells: Mapping[str, Sequence[str]]) -> RenderableType:
    """The problems of a sheet grouped by kind, with their first cells and how to mend them."""
    table = Table.grid(padding=(0, 2))
    table.add_column(width=2)
    table.add_column(overflow="fold")
    for kind in kinds:
        where = list(cells.get(kind.code, ()))
        more = f" and {kind.count - len(where):,} more" if kind.count > len(where) else ""
        title = Text(kind.code, style="bold yellow")
        title.append(f"  {rows(kind.count)}: {', '.join(where)}{more}", style="not bold default")
        table.add_row()
        table.add_row("", title)
        table.add_row("", clean(kind.message, longest=1000) + _value(kind))
    return Group(Text("What to mend, and how:", style="bold"), table)


def _value(kind: ProblemKind) -> str:
    """What stands in the first of the cells, if the sentence does not say it already."""
    value = shown(kind.value)
    if not value or value in kind.message:
        return ""
    return f" It holds “{value}”." if kind.count == 1 else f" {kind.cell or 'The first'} holds “{value}”."


def _sheets(chosen: str | None, names: Sequence[str]) -> str:
    others = [clean(name) for name in names if name != chosen]
    more = f" and {len(others) - _SHEETS_SHOWN:,} more" if len(others) > _SHEETS_SHOWN else ""
    listed = ", ".join(others[:_SHEETS_SHOWN]) + more
    if chosen is None:
        return f"none chosen of {listed}"
    return f"{clean(chosen)} (not read: {listed}; choose with --sheet)" if others else clean(chosen)


def _unused(understood: Mapping[str, Any]) -> RenderableType | None:
    """Which columns mean nothing to a call; they can be used in notes."""
    used = set(understood["mapping"].values())
    unused = [
        shown(name) for name in understood["columns"] if name.strip() and " ".join(name.split()) not in used
    ]
    if not unused:
        return None
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row("  Not used", ", ".join(dict.fromkeys(unused)), style="dim")
    return table
