"""The commands about a ledger itself: whom it never calls, whom it forgets, and how it is kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import rich_click as click

from dialer.defaults import Command
from dialer.errors import UsageError
from dialer.options import global_options, nobody_can_answer, option, place_of
from dialer.sheet_options import country_of

_region = option("--region", metavar="CC", help="The country of numbers that name none, as US or GB.")
_reason = option("--reason", metavar="TEXT", help="Why, for whoever meets it in a report.")


@click.group("suppress")
def suppress() -> None:
    """Keep people from ever being called, in any campaign.

    They stand on the do-not-call list of the ledger, and another ledger does not know of it.
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


@click.command("forget", cls=Command)
@click.argument("number", metavar="+E164")
@option("-y", "--yes", is_flag=True, help="Erase without asking.")
@global_options
def forget(number: str, *, yes: bool, **options: Any) -> int:
    """Erase a person from ledger, backups and reports.

    Only reports that dialer knows of are searched; it says which those are. A keyed hash of the number
    stays, so that no sheet ever has them called again.
    """
    from dialer import screens
    from dialer.forget import forget
    from dialer.printable import clean

    result = forget(place_of(options), number, ask=_ask(yes=yes))
    if result is None:
        return 1
    if options["as_json"]:
        _print_json(result.as_json())
    else:
        for line in result.sentences():
            screens.give(clean(line, longest=4000))
    return result.exit_code


def _ask(*, yes: bool) -> Callable[[str], bool]:
    def ask(question: str) -> bool:
        if yes:
            return True
        if nobody_can_answer():
            raise UsageError(
                f"{question} Nobody can answer here: add --yes to go on.", code="nobody_can_answer"
            )
        return click.confirm(question, err=True)

    return ask


@click.group("ledger")
def ledger() -> None:
    """Look after the ledger: the record of whom dialer called."""


@ledger.command("where", cls=Command)
@global_options
def where(**options: Any) -> int:
    """Print where it is, and what is in it."""
    from dialer import screens
    from dialer.ledger_care import where

    found = where(place_of(options))
    if options["as_json"]:
        _print_json(found.as_json())
    else:
        screens.give("\n".join(found.lines()))
    return 0


@ledger.command("check", cls=Command)
@global_options
def check(**options: Any) -> int:
    """Look whether it is sound, as a file and in what it promises."""
    from dialer import screens
    from dialer.audit import in_words
    from dialer.errors import SettingsError
    from dialer.ledger_care import check
    from dialer.printable import clean

    findings = check(place_of(options))
    broken = [finding for finding in findings if finding.broken]
    code = SettingsError.exit_code if broken else 0
    if options["as_json"]:
        _print_json({"findings": [asdict(finding) for finding in findings], "exit_code": code})
        return code
    for finding in findings:
        screens.give(clean(in_words(finding), longest=2000))
    return code


@ledger.command("backup", cls=Command)
@click.argument("path", required=False, type=click.Path(path_type=Path))
@global_options
def backup(path: Path | None, **options: Any) -> int:
    """Copy it, also while a run goes on. PATH is a new file, or a folder. [default: beside the ledger]"""
    from dialer import screens
    from dialer.ledger_care import back_up

    copy = back_up(place_of(options), path)
    if options["as_json"]:
        _print_json({"backup": str(copy)})
    else:
        screens.give(str(copy))
    return 0


@ledger.command("export", cls=Command)
@option("--jsonl", is_flag=True, help="JSON, one object to a line. [default: CSV]")
@global_options
def export(*, jsonl: bool, **options: Any) -> int:
    """Print every attempt of every campaign, for an auditor: whom, when, and what came of it."""
    from dialer import screens
    from dialer.ledger_care import export

    for line in export(place_of(options), as_jsonl=jsonl or options["as_json"]):
        screens.give(line)
    return 0


@ledger.command("restore", cls=Command)
@click.argument("backup", type=click.Path(path_type=Path))
@option("-y", "--yes", is_flag=True, help="Restore without asking.")
@global_options
def restore(backup: Path, *, yes: bool, **options: Any) -> int:
    """Put a backup in the place of a ledger that is damaged or lost. Calls made since are not in it."""
    from dialer import screens
    from dialer.ledger_care import restore

    restored = restore(place_of(options), backup, ask=_ask(yes=yes))
    if restored is None:
        return 1
    if options["as_json"]:
        _print_json(restored.as_json())
    else:
        screens.say(restored.sentence())
    return 0


@ledger.command("new", cls=Command)
@option("-y", "--yes", is_flag=True, help="Begin without asking.")
@global_options
def new(*, yes: bool, **options: Any) -> int:
    """Begin a new one where the old one is lost for good: nobody counts as called any more."""
    from dialer import screens
    from dialer.ledger_care import begin_anew

    path = begin_anew(place_of(options), ask=_ask(yes=yes))
    if path is None:
        return 1
    screens.say(f"A new ledger: {path}")
    return 0


COMMANDS: tuple[click.Command, ...] = (suppress, forget, ledger)
