"""Empties rows of an XLSX workbook; every other byte of its parts stays.

What a row says may stand elsewhere as well: its texts among the shared strings, its comments in a part of
their own, the targets of its links among the relationships. What only the row needs goes with it.
Source of the structure: ECMA-376 part 1, 18.3.1 (worksheet), 18.4 (shared strings), 18.7 (comments).
"""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.parsers import expat
from xml.sax.saxutils import escape

from dialer.sheet_part import find_sheet_part
from dialer.sheet_xml import UnsafeSheet
from dialer.table import column_number
from dialer.vanishing import CannotBlank, Vanishing, own_columns
from dialer.whole_file import whole_file
from dialer.xml_spans import Elements, Span, byte_parser, cut, element_end, local_name, tag_end

_ROOT = re.compile(rb"<(?:[\w.-]+:)?(worksheet|sst)[\s>]")
_REFERENCE = re.compile(r"([A-Z]{1,3})(\d{1,7})")


def blank_in_workbook(path: Path, vanishing: Vanishing, *, sheet: str | None) -> int:
    """Empty the rows in place; gives how many there were. Raises CannotBlank where that is not certain."""
    try:
        with zipfile.ZipFile(path) as archive:
            only = find_sheet_part(archive, sheet) if sheet is not None else None
            replaced, count = _replaced(archive, vanishing, only)
            if count:
                with whole_file(path, like=path) as out, zipfile.ZipFile(out, "w") as target:
                    for entry in archive.infolist():
                        content = replaced.get(entry.filename)
                        whole = archive.read(entry) if content is None else content
                        target.writestr(entry, whole, compress_type=entry.compress_type)
    except (UnsafeSheet, zipfile.BadZipFile, expat.ExpatError, NotImplementedError) as error:
        raise CannotBlank(f"it cannot be changed with certainty ({error})") from error
    return count


def _replaced(
    archive: zipfile.ZipFile, vanishing: Vanishing, only: str | None
) -> tuple[dict[str, bytes], int]:
    """The parts that change, and how many rows are emptied."""
    roots = {name: _root(archive, name) for name in archive.namelist()}
    strings_part = next((name for name, root in roots.items() if root == b"sst"), "")
    strings = _Strings(archive.read(strings_part)) if strings_part else None
    surveys = {
        name: _Survey(
            archive.read(name), strings.texts if strings else [], vanishing, looking=only in {None, name}
        )
        for name, root in roots.items()
        if root == b"worksheet"
    }
    changed = {name: survey for name, survey in surveys.items() if survey.numbers}
    if not changed:
        return {}, 0
    replaced: dict[str, bytes] = {}
    for name, survey in changed.items():
        replaced |= {name: survey.rewritten()} | _beside(archive, name, survey)
    if strings is not None:
        kept = {index for survey in surveys.values() for index in survey.kept_strings}
        gone = {index for survey in changed.values() for index in survey.blanked_strings} - kept
        replaced[strings_part] = strings.without(gone)
    return replaced, sum(len(survey.numbers) for survey in changed.values())


def _beside(archive: zipfile.ZipFile, sheet: str, survey: _Survey) -> dict[str, bytes]:
    """What belongs to a sheet and tells of its emptied rows: comments, and the targets of links."""
    folder, name = posixpath.split(sheet)
    part = posixpath.join(folder, "_rels", f"{name}.rels")
    if part not in archive.namelist():
        return {}
    relationships = Elements(archive.read(part), "Relationship")
    changed = {part: relationships.without(lambda each: each.get("Id") in survey.links)}
    for each in relationships.attributes:
        target = posixpath.normpath(posixpath.join("/", folder, each.get("Target", ""))).lstrip("/")
        kind = each.get("Type", "").rpartition("/")[2]
        if kind in {"comments", "threadedComment"} and target in archive.namelist():
            comments = Elements(archive.read(target), "comment", "threadedComment")
            changed[target] = comments.without(lambda one: _row_of(one.get("ref", "")) in survey.numbers)
    return changed


def _root(archive: zipfile.ZipFile, name: str) -> bytes:
    if not name.endswith(".xml"):
        return b""
    with archive.open(name) as file:
        found = _ROOT.search(file.read(4096))
    return found.group(1) if found else b""


def _row_of(reference: str) -> int:
    found = _REFERENCE.match(reference)
    return int(found[2]) if found else 0


class _Strings:
    """The shared strings of a workbook."""

    def __init__(self, document: bytes) -> None:
        self.texts: list[str] = []
        self._document = document
        self._spans: list[Span] = []
        self._parser = byte_parser()
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._inside = False
        self._begun = 0
        self._parser.Parse(document, True)  # noqa: FBT003 - expat's own way of saying: that is all

    def without(self, gone: set[int]) -> bytes:
        """The document with these strings empty; all others keep their places."""
        return cut(self._document, [span for index, span in enumerate(self._spans) if index in gone])

    def _start(self, name: str, _attributes: dict[str, str]) -> None:
        if local_name(name) == "si":
            self._begun = self._parser.CurrentByteIndex
            self.texts.append("")
        self._inside = local_name(name) == "t"

    def _text(self, text: str) -> None:
        if self._inside:
            self.texts[-1] += text

    def _end(self, name: str) -> None:
        self._inside = False
        if local_name(name) == "si":
            prefix = name.removesuffix("si").encode()
            empty = b"<%ssi><%st/></%ssi>" % (prefix, prefix, prefix)
            self._spans.append(
                (self._begun, element_end(self._document, self._parser.CurrentByteIndex), empty)
            )


@dataclass(slots=True)
class _Cell:
    """A cell as it stands in a sheet's XML."""

    reference: str
    column: int  # 0 is A
    kind: str  # its attribute t: "s" is the number of a shared string
    style: str
    text: str = ""


class _Survey:
    """Where the rows to be emptied stand in a sheet, and what they and all others need."""

    def __init__(
        self, document: bytes, strings: Sequence[str], vanishing: Vanishing, *, looking: bool
    ) -> None:
        self.numbers: set[int] = set()  # of the rows to be emptied
        self.links: set[str] = set()  # relationships that only those need
        self.blanked_strings: set[int] = set()
        self.kept_strings: set[int] = set()
        self._document = document
        self._strings = strings
        self._vanishing = vanishing
        self._looking = looking
        self._spans: list[Span] = []
        self._own: dict[int, str] = {}
        self._prefix = ""
        self._row = 0
        self._content = 0  # where the row's content begins
        self._cells: list[_Cell] = []
        self._reading = False
        self._kept_links = 0
        self._links_begin = 0
        self._parser = byte_parser()
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._parser.Parse(document, True)  # noqa: FBT003 - as above

    def rewritten(self) -> bytes:
        """The sheet with its rows emptied."""
        return cut(self._document, self._spans)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        position = self._parser.CurrentByteIndex
        match local_name(name):
            case "worksheet":
                self._prefix = name.removesuffix("worksheet")
            case "row":
                self._row = int(attributes.get("r", self._row + 1))
                self._content = tag_end(self._document, position)
                self._cells = []
            case "c":
                reference = attributes.get("r", "")
                found = _REFERENCE.match(reference)
                column = column_number(found[1]) if found else len(self._cells)
                self._cells.append(
                    _Cell(reference, column, attributes.get("t", "n"), attributes.get("s", ""))
                )
            case "v" | "t" | "f":
                self._reading = bool(self._cells)
                if local_name(name) == "v" and self._cells and self._cells[-1].text:
                    self._cells[-1].text += "\n"  # behind a formula
            case "hyperlinks":
                self._links_begin, self._kept_links = position, 0
            case "hyperlink":
                self._link(position, attributes)

    def _text(self, text: str) -> None:
        if self._reading:
            self._cells[-1].text += text

    def _end(self, name: str) -> None:
        self._reading = False
        match local_name(name):
            case "row":
                self._end_row(self._parser.CurrentByteIndex)
            case "hyperlinks" if not self._kept_links:
                # A list of links that is empty is no valid one.
                end = element_end(self._document, self._parser.CurrentByteIndex)
                self._spans = [span for span in self._spans if span[0] < self._links_begin]
                self._spans.append((self._links_begin, end, b""))

    def _end_row(self, position: int) -> None:
        shared = {int(cell.text) for cell in self._cells if cell.kind == "s" and cell.text.isdecimal()}
        texts = [""] * (max((cell.column for cell in self._cells), default=-1) + 1)
        for cell in self._cells:
            texts[cell.column] = self._shown(cell)
        self._own = own_columns(texts, self._vanishing.left) or self._own
        if self._looking and any(texts) and self._vanishing.wanted(self._row, texts):
            self.numbers.add(self._row)
            self.blanked_strings |= shared
            content = "".join(map(self._emptied, self._cells)).encode()
            self._spans.append((self._content, position, content))
        else:
            self.kept_strings |= shared
        self._cells = []

    def _shown(self, cell: _Cell) -> str:
        if cell.kind == "s" and cell.text.isdecimal() and int(cell.text) < len(self._strings):
            return self._strings[int(cell.text)]
        return cell.text

    def _emptied(self, cell: _Cell) -> str:
        """The cell with its style and nothing else, or what is left in dialer's own column."""
        p = self._prefix
        reference = f' r="{cell.reference}"' if cell.reference else ""
        opening = f"<{p}c{reference}" + (f' s="{cell.style}"' if cell.style else "")
        left = self._own.get(cell.column)
        if left is None:
            return f"{opening}/>"
        return f'{opening} t="inlineStr"><{p}is><{p}t>{escape(left)}</{p}t></{p}is></{p}c>'

    def _link(self, position: int, attributes: dict[str, str]) -> None:
        if _row_of(attributes.get("ref", "")) not in self.numbers:
            self._kept_links += 1
            return
        self._spans.append((position, tag_end(self._document, position), b""))
        self.links |= {value for key, value in attributes.items() if local_name(key) == "id"}
