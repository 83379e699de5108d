"""The commands about a ledger itself: whom it never calls, whom it forgets, and how it is kept."""

from __future__ import annotations

import json
from typing import Any

import rich_click as click

from dialer.defaults import Command
from dialer.options import country_of, global_options, option, place_of

_region = option("--region", metavar="CC", help="The country of numbers that name none, as US or GB.")
_reason = option("--reason", metavar="TEXT", help="Why, for whoever meets it in a report.")


@click.group("suppress")
def suppress() -> None:
    """Keep people from ever being called: the ledger's do-not-call list.

    An entry is a number, the first digits of numbers (`+1900*`), or a number's SHA-256 (`sha256:...`).
    """


@suppress.command("add", cls=Command)
@click.argument("entries", nargs=-1, required=True, metavar="+E164...")
@_reason
@_region
@global_options
def add(entries: tuple[str, ...], reason: str | None, region: str | None, **options: Any) -> int:
    """Put numbers on the list; a run under way keeps to it from its next call on."""
    from dialer.suppress import add

    listed = add(place_of(options), entries, reason=reason, region=country_of(region))
    return _tell_listed(listed, as_json=options["as_json"])


@suppress.command("import", cls=Command)
@click.argument("file")
@_reason
@_region
@global_options
def import_(file: str, reason: str | None, region: str | None, **options: Any) -> int:
    """Put everybody in a file on the list.

    FILE is a spreadsheet with phone columns, or a text with one entry to a line; - is standard input.
    """
    from dialer.suppress import import_list

    listed = import_list(place_of(options), file, reason=reason, region=country_of(region))
    return _tell_listed(listed, as_json=options["as_json"])


@suppress.command("list", cls=Command)
@global_options
def list_(**options: Any) -> int:
    """Print the list as CSV, which `dialer suppress import` reads again."""
    from dialer import screens
    from dialer.suppress import list_as_json, write_list

    place = place_of(options)
    if options["as_json"]:
        _print_json(list_as_json(place))
        return 0
    for text in write_list(place):
        screens.give(text)
    return 0


@suppress.command("remove", cls=Command)
@click.argument("entries", nargs=-1, required=True, metavar="+E164...")
@_region
@global_options
def remove(entries: tuple[str, ...], region: str | None, **options: Any) -> int:
    """Take numbers off the list again."""
    from dialer import screens
    from dialer.suppress import remove

    removed = remove(place_of(options), entries, region=country_of(region))
    if options["as_json"]:
        _print_json({"removed": removed})
    else:
        screens.say(f"Off the list: {', '.join(entries)}. The next run may call them.")
    return 0


def _tell_listed(listed: Any, *, as_json: bool) -> int:
    from dialer import screens

    if as_json:
        _print_json(listed.as_json())
    else:
        for line in listed.sentences():
            screens.say(line)
    return 1 if listed.unread else 0


def _print_json(content: Any) -> None:
    from dialer import screens

    screens.give(json.dumps(content, ensure_ascii=False))


COMMANDS: tuple[click.Command, ...] = (suppress,)
