"""The options that say how a sheet is read, and the frozen value that they become."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import rich_click as click

from dialer.call_options import templates_of
from dialer.errors import UsageError
from dialer.options import ROWS, all_of, option

if TYPE_CHECKING:
    from dialer.campaign import Reading
    from dialer.remembered import Memory

in_columns_option = option(
    "--in-columns",
    multiple=True,
    metavar="NAME[=HEADER],...",
    help="The result columns, in this order; NAME=HEADER renames one, `rest` is all others. [default: rest]",
)
sheet_options = all_of(
    option(
        "--sheet", metavar="NAME", help="The sheet of a workbook. [default: the one that looks like leads]"
    ),
    option(
        "--header-row",
        type=click.IntRange(min=1),
        metavar="N",
        help="The row of the header, as Excel counts.",
    ),
    option(
        "--map", "mapping", multiple=True, metavar="FIELD=COLUMN", help="Which column is which. Repeatable."
    ),
    option(
        "--save-mapping", is_flag=True, help="Remember --map for these headers; without --map, forget it."
    ),
    option("--no-saved-mapping", is_flag=True, help="Leave out the mapping remembered for these headers."),
    option("--encoding", help="The encoding of a text file. [default: found out and shown]"),
    option("--delimiter", help="The delimiter of a text file. [default: found out and shown]"),
    option("--region", metavar="CC", help="The country of national numbers, as US or GB; marked as assumed."),
    option(
        "--duplicates",
        type=click.Choice(["first", "last", "merge"]),
        default="first",
        show_default=True,
        help="Which of several rows with one number is called.",
    ),
    option(
        "--require-consent",
        metavar="COLUMN",
        help="Call a row only if this column says yes; it holds for the campaign until another is named.",
    ),
    option("--visible-only", is_flag=True, help="Leave hidden rows out."),
    in_columns_option,
    option("--rows", type=ROWS, metavar="5-40,77", help="Only these rows, by Excel's numbers."),
    option("--campaign", metavar="NAME", help="The campaign's name. [default: the file's name]"),
)


def reading_of(options: Mapping[str, Any]) -> Reading:
    """How the sheet options want the sheet read. Raises UsageError for a field that does not exist."""
    from dialer.campaign import Duplicates, Reading  # noqa: PLC0415 - `--help` must not pay for it
    from dialer.columns import parse_override  # noqa: PLC0415
    from dialer.own_columns import chosen_columns  # noqa: PLC0415

    region = country_of(options["region"])
    by_row = templates_of(options)
    for text in options["mapping"]:
        parse_override(text)
    chosen_columns(options["in_columns"])
    return Reading(
        sheet=options["sheet"],
        header_row=options["header_row"],
        mapping=tuple(options["mapping"]),
        encoding=options["encoding"],
        delimiter=_delimiter(options["delimiter"]),
        region=region,
        duplicates=Duplicates(options["duplicates"]),
        visible_only=options["visible_only"],
        notes=options.get("notes"),
        assistant=by_row.assistant,
        source=by_row.source,
        tags=by_row.tags,
        require_consent=options["require_consent"],
        in_columns=tuple(options["in_columns"]),
    )


def country_of(region: str | None) -> str | None:
    """The ISO alpha-2 code that --region means. Raises UsageError if it is no country."""
    from dialer.phones import region_of  # noqa: PLC0415 - `--help` must not pay for it

    found = region_of(region) if region else None
    if region and found is None:
        raise UsageError(f"--region {region!r} is no country: write two letters, as US or GB.", code="region")
    return found


def memory_of(options: Mapping[str, Any]) -> Memory:
    """What the sheet options want done about a mapping that was remembered, or should be."""
    from dialer.remembered import Memory  # noqa: PLC0415 - `--help` must not pay for it

    if options["save_mapping"]:
        return Memory.SAVE
    return Memory.IGNORE if options["no_saved_mapping"] else Memory.USE


def _delimiter(text: str | None) -> str | None:
    if text is None:
        return None
    char = {"tab": "\t", "\\t": "\t"}.get(text.lower(), text)
    if len(char) != 1:
        raise UsageError("--delimiter is one character, or tab.", code="delimiter")
    return char
