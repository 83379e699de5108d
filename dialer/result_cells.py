"""Writes result cells as a worksheet's XML. None of them is ever a formula, whatever it begins with."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from dialer.cell_styles import CellStyles
from dialer.result_table import ResultCell, harmless
from dialer.table import column_letters

MAX_CELL_CHARACTERS = 32_767
_LONGEST_TEXT_FORMAT = 255  # old versions of Excel show longer texts in the number format "text" as ####
_ESCAPE_LIKE = re.compile("_(?=x[0-9A-Fa-f]{4}_)")
_UNSPEAKABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_DANGEROUS = re.compile(r"\|(?:[=@-]|\+(?![1-9][0-9]{6,14}\|))")


@dataclass(frozen=True, slots=True)
class Looks:
    """What stands between the row's number in a cell's reference and the cell's content, by its kind."""

    text: str
    long_text: str
    quoted_text: str
    number: str
    true: str  # with the content
    false: str
    empty: str  # likewise; nothing where an empty cell would say nothing


class CellWriter:
    """Writes cells with the namespace prefix of a worksheet, in the looks of their neighbours."""

    def __init__(self, prefix: bytes, styles: Mapping[int, CellStyles]) -> None:
        self._prefix = prefix.decode()
        self._styles = styles
        self._beside: dict[bytes, Looks] = {}
        self._in_place: dict[tuple[bytes, bool], Looks] = {}
        p = self._prefix
        self._end_of_text = f"</{p}t></{p}is></{p}c>"
        self._end_of_number = f"</{p}v></{p}c>"

    def openings(self, columns: Sequence[int]) -> tuple[str, ...]:
        """How the cells of these columns begin."""
        return tuple(f'<{self._prefix}c r="{column_letters(column)}' for column in columns)

    def beside(self, neighbour: bytes) -> Looks:
        """The looks of new cells beside one with this style, in digits; nothing is the default style."""
        if neighbour not in self._beside:
            styles = self._styles.get(int(neighbour or b"0"))
            looks = self._looks("", "", "") if styles is None else self._looks_of(styles)
            # Beside a cell without looks an empty one would say nothing.
            self._beside[neighbour] = looks if styles and styles.plain else replace(looks, empty="")
        return self._beside[neighbour]

    def in_place(self, style: bytes, *, filled: bool = True) -> Looks:
        """The looks of cells that keep a style they have.

        A number in a place that was only styled and not `filled` might be shown as a date: it does without.
        """
        if (style, filled) not in self._in_place:
            own = _attribute(int(style)) if style else ""
            near = self._styles.get(int(style or b"0"))
            quoted = own if near is None else _attribute(near.quoted)
            safe = "" if near is None else _attribute(near.plain)
            plain = own if filled or not style else safe
            self._in_place[style, filled] = self._looks(own, plain, quoted, long_text=own)
        return self._in_place[style, filled]

    def row(
        self, number: int, openings: Sequence[str], cells: Sequence[ResultCell], looks: Iterable[Looks]
    ) -> bytes:
        """The XML of some cells of a row, in their order, each in its looks."""
        texts = "|".join([cell for cell in cells if type(cell) is str])
        plain = _plain(f"|{texts}|")
        end = self._end_of_text
        written: list[str] = []
        for opening, cell, look in zip(openings, cells, looks, strict=False):
            if plain and type(cell) is str:
                written.append(f"{opening}{number}{look.text}>{cell}{end}")
            elif cell is not None or look.empty:
                written.append(f"{opening}{number}{self._content(cell, look)}")
        return "".join(written).encode("ascii")

    def cell(self, number: int, opening: str, cell: ResultCell, looks: Looks) -> bytes:
        """The XML of one cell of a row."""
        content = self._content(cell, looks)
        return f"{opening}{number}{content}".encode("ascii") if content else b""

    def _content(self, cell: ResultCell, looks: Looks) -> str:
        if cell is None:
            return looks.empty
        if isinstance(cell, bool):
            return looks.true if cell else looks.false
        if isinstance(cell, int | float):
            return f"{looks.number}{cell}{self._end_of_number}"
        if harmless(cell) != cell:
            return looks.quoted_text + _text_xml(cell) + self._end_of_text
        long = len(cell) > _LONGEST_TEXT_FORMAT
        return (looks.long_text if long else looks.text) + _text_xml(cell) + self._end_of_text

    def _looks_of(self, styles: CellStyles) -> Looks:
        return self._looks(*map(_attribute, (styles.text, styles.plain, styles.quoted)))

    def _looks(self, text: str, plain: str, quoted: str, *, long_text: str | None = None) -> Looks:
        p = self._prefix
        # An inline string is never a formula, whatever it begins with.
        inline = f' t="inlineStr"><{p}is><{p}t'
        return Looks(
            text=f'"{text}{inline}',
            long_text=f'"{plain if long_text is None else long_text}{inline}',
            quoted_text=f'"{quoted}{inline}',
            number=f'"{plain}><{p}v>',
            true=f'"{plain} t="b"><{p}v>1</{p}v></{p}c>',
            false=f'"{plain} t="b"><{p}v>0</{p}v></{p}c>',
            empty=f'"{text}/>' if text else "",
        )


def cell_text(text: str) -> str:
    """The text as an Excel cell can hold it: at most 32,767 characters, and what XML cannot say escaped as
    Excel does it, `_x001B_` (ECMA-376 part 1, 22.9.2.19, ST_Xstring)."""
    text = _ESCAPE_LIKE.sub("_x005F_", text[:MAX_CELL_CHARACTERS])
    text = _UNSPEAKABLE.sub(lambda match: f"_x{ord(match.group()):04X}_", text)
    return _SURROGATE.sub("\ufffd", text)[:MAX_CELL_CHARACTERS]


def _attribute(style: int) -> str:
    return f' s="{style}"' if style else ""


def _plain(texts: str) -> bool:
    """True if no text among these, each between two bars, needs any care."""
    return (
        len(texts) <= _LONGEST_TEXT_FORMAT
        and texts.isascii()
        and texts.isprintable()
        and "<" not in texts
        and ">" not in texts
        and "&" not in texts
        and "_x" not in texts
        and "| " not in texts
        and " |" not in texts
        and _DANGEROUS.search(texts) is None
    )


def _text_xml(text: str) -> str:
    """What stands between `<t` and `</t>`; ASCII alone, so that it is right in whatever encoding."""
    escaped = cell_text(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    kept = ' xml:space="preserve">' if escaped != escaped.strip() or "\n" in escaped else ">"
    return kept + escaped.replace("\r", "&#13;").encode("ascii", "xmlcharrefreplace").decode("ascii")
