"""The summary of a night, as a person reads it in the morning."""

from __future__ import annotations

from rich.console import Group
from rich.text import Text

from dialer import screens
from dialer.nights import NightEnd, Where
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
    kinds["forbidden"] = left.forbidden
    if left.rows:
        told = ", ".join(f"{count:,} {kind}" for kind, count in kinds.items() if count)
        opens = f"; the first of the deferred from {screens.local(left.next_at)} on" if left.next_at else ""
        lines.append(f"Left for the next night: {screens.rows(left.rows)} ({told}){opens}.")
    if end.stopped:
        lines.append(f"Stopped: {clean(end.stopped, longest=4000)}")
    for file, sentence in end.trouble:
        lines.append(f"{file}: {clean(sentence, longest=4000)}")
    return lines


def _growing(end: NightEnd) -> list[str]:
    return [
        f"{name} is still growing, or has just come in: it is left for the next time." for name in end.growing
    ]
