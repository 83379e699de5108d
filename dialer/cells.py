"""Says what the text of a cell holds once everything invisible is gone."""

from __future__ import annotations

import re
import unicodedata

_ERROR = re.compile(r"#(?:[NC]/[A-Z]{1,2}|NV|[^\W\d_¡¿][\w /]{1,20}[!?]|[¡¿][\w /]{1,20}[!?])", re.IGNORECASE)
# What exports write where there is nothing. "None" and "null" only in the spelling of programs: there
# are people called Null.
_NOTHING = frozenset(
    {"n/a", "n.a.", "n\\a", "-", "--", "---", "\u2013", "\u2014", "nan", "<na>", "undefined", "(blank)"}
    | {"(empty)", "[not provided]", "[[unknown]]", "[unknown]", "\\n"}
)
_NOTHING_EXACTLY = frozenset({"NULL", "null", "None"})
# With one of these signs begins whatever stands for nothing: a quick look at what hardly ever does.
_NOTHING_BEGINS = frozenset(
    sign for text in _NOTHING | _NOTHING_EXACTLY for sign in (text[0], text[0].upper())
) | {"#", " "}
_BLANKS = re.compile(r"[ \t]+")
_MANY_LINES = re.compile(r"\n{3,}")


def line(text: str, *, longest: int = 32_767) -> str:
    """The text on one line: no control, bidirectional or zero-width characters, single spaces.

    Letters are never re-cased and never replaced; at most `longest` characters are kept.
    """
    if text.isprintable():  # then the only white space is the plain space
        if "  " not in text and len(text) <= longest:
            return text.strip()
        return " ".join(text.split())[:longest].rstrip()
    return " ".join(_visible(text).split())[:longest].rstrip()


def lines(text: str, *, longest: int) -> str:
    """The same for text of several lines: its line breaks stay, as `\\n`, at most one blank line in a row."""
    if text.isprintable():
        return line(text, longest=longest)
    broken = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    kept = (_BLANKS.sub(" ", _visible(part)).strip() for part in broken.split("\n"))
    return _MANY_LINES.sub("\n\n", "\n".join(kept)).strip()[:longest].rstrip()


def is_error(text: str) -> bool:
    """True for what a spreadsheet shows in place of a failed formula: `#N/A`, `#REF!`, `#¡VALOR!`."""
    return "#" in text and _ERROR.fullmatch(text.strip()) is not None


def holds_nothing(text: str) -> bool:
    """True for a clean line that stands for an empty cell: blank, an error, `n/a`, `-`, `[not provided]`."""
    if not text:
        return True
    if text[0] not in _NOTHING_BEGINS or len(text) > 24:
        return False
    return text in _NOTHING_EXACTLY or text.casefold() in _NOTHING or is_error(text)


def quoted(text: str, *, longest: int = 40) -> str:
    """The text in double quotes as it may stand in a sentence: on one line, shortened with an ellipsis."""
    shown = line(text)
    if len(shown) > longest:
        shown = shown[: longest - 1].rstrip() + "\u2026"
    return f'"{shown}"'


def _visible(text: str) -> str:
    """Control characters and every kind of space become a space, format characters nothing."""
    kept: list[str] = []
    for character in text:
        category = unicodedata.category(character)
        if category in {"Cc", "Zl", "Zp", "Zs"}:
            kept.append(" ")
        elif category == "Cf":
            # Persian, Hindi and emoji need the (non-)joiners inside a word
            if character in "\u200c\u200d" and kept and kept[-1] != " ":
                kept.append(character)
        elif category not in {"Cs", "Co"}:
            kept.append(character)
    return "".join(kept)
