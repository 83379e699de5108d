"""Text from outside, made harmless for a terminal, a log or a cell of our own."""

from __future__ import annotations

import unicodedata

_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})  # control, format (bidirectional marks), unassigned


def clean(text: object, *, longest: int = 300) -> str:
    """One printable line of at most `longest` characters; anything but a text becomes an empty one."""
    if not isinstance(text, str):
        return ""
    text = text[: 4 * longest]
    if not text.isprintable():
        spaced = "".join(" " if char.isspace() else char for char in text)
        text = "".join(char for char in spaced if unicodedata.category(char) not in _INVISIBLE)
    return " ".join(text.split())[:longest]
