"""The summary of a night, as a person reads it in the morning."""

from __future__ import annotations

from pathlib import Path

from rich.console import Group
from rich.text import Text

from dialer import logs, screens
from dialer.errors import DialerError
from dialer.nights import NightEnd, Where
from dialer.notifications import Message
from dialer.printable import clean


def night_screen(end: NightEnd) -> Group:
    """The whole night: sheets by folder, rows by status, calls, what is left, and the trouble there was."""
    lines: list[Text | Group] = [Text(line) for line in head_lines(end)]
    if end.counts:
        lines += [Text(), Group(screens.counts_table(end.counts)), Text()]
    return Group(*lines, *[Text(line) for line in tail_lines(end)])


def head_lines(end: NightEnd) -> list[str]:
    """Which sheets there were, and where they lie now."""
    files = end.files()
    if not files["all"]:
        return [f"There is nothing to do in {clean(end.inbox, longest=2000)}.", *_growing(end)]
    words = {
        Where.DONE: "done",
        Where.PROCESSING: "with something left",
        Where.FAILED: "failed",
        Where.INBOX: "not begun",
        Where.GONE: "taken away",
    }
    told = ", ".join(f"{files[where.value]} {word}" for where, word in words.items() if files[where.value])
    sheets = "1 sheet" if files["all"] == 1 else f"{files['all']} sheets"
    began, ended = screens.local(end.began), screens.local(end.ended)
    return [
        f"{'A dry run' if end.dry_run else 'The night'} from {began} to {ended}: {sheets}, {told}.",
        *_growing(end),
    ]


def tail_lines(end: NightEnd) -> list[str]:
    """Calls, what is left for the next night and from when on, and what to do about the trouble."""
    if not end.sheets:
        return []
    lines = [
        f"{screens.people(end.called_now)} called this night." if end.called_now else "Nobody was called."
    ]
    left = end.left
    kinds = {"pending": left.pending, "deferred": left.deferred, "recent": left.recent}
    kinds |= {"forbidden": left.forbidden, "to be called once more": left.again}
    if left.rows:
        told = ", ".join(f"{count:,} {kind}" for kind, count in kinds.items() if count)
        opens = f"; the first of the deferred from {screens.local(left.next_at)} on" if left.next_at else ""
        lines.append(f"Left for the next night: {screens.rows(left.rows)} ({told}){opens}.")
    if end.stopped:
        lines.append(f"Stopped: {clean(end.stopped, longest=4000)}")
    for file, sentence in end.trouble:
        of_it = "" if sentence.startswith(file) else f"{file}: "
        lines.append(f"{of_it}{clean(sentence, longest=4000)}")
    return lines


def message_of(end: NightEnd) -> Message:
    """The night as a message to people; it is trouble if somebody should do something about it.

    That people wait for their calling hours is none: the next night calls them.
    """
    head, *more = head_lines(end)
    counts = [f"{status}: {rows:,}" for status, rows in sorted(end.counts.items())]
    pages = tuple(Path(sheet.html) for sheet in end.sheets if sheet.html)
    return Message(
        title=f"dialer nightly: {head.rpartition(': ')[2]}",
        body="\n".join([head, *more, *counts, *tail_lines(end)]),
        trouble=bool(end.trouble) or end.exit_code not in {0, 75},
        report=pages[0] if pages else None,
        more=pages[1:],
    )


def refusal(error: DialerError) -> Message:
    """A night that did not take place, as a message to people."""
    return Message(
        title=f"dialer nightly: not begun (exit code {error.exit_code})",
        body=f"{logs.without_people(error.sentence)}\nExit code {error.exit_code}: nothing is lost.",
        trouble=True,
    )


def _growing(end: NightEnd) -> list[str]:
    return [
        f"{name} is still growing, or has just come in: it is left for the next time." for name in end.growing
    ]
