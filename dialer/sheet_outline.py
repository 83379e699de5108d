"""What stands around the rows of a worksheet: its filter, its tables, its merged cells.

Source of the structure: ECMA-376 part 1, 18.3.1.2 (autoFilter), 18.3.1.55 (mergeCell), 18.3.1.95 (tablePart).
"""

from __future__ import annotations

from xml.parsers import expat

from dialer.areas import Area

_PARENTS = {"mergeCell": "mergeCells", "tablePart": "tableParts"}


class SheetOutline:
    """Reads a worksheet's XML without its rows, as a stream, and keeps what has to be known."""

    def __init__(self, prefix: bytes, *, header_row: int | None) -> None:
        self.filter: Area | None = None  # of the sheet itself, not of a table
        self.tables: list[str] = []  # identities of relationships
        self._merged = 0  # columns up to the last merged cell at or below the header
        self._first_row = header_row or 1
        self._prefix = prefix.decode()
        self._path: list[str] = []
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end

    def feed(self, xml: bytes) -> None:
        """Takes the next bytes. What is not well-formed is found by others."""
        self._parser.Parse(xml, False)  # noqa: FBT003 - expat takes no keyword

    def merged_width(self, width: int, *, beyond: int) -> int:
        """How many columns are taken once merged cells that reach over the last one count as well.

        Merges that reach further than `beyond` columns are bands across the page, and do not count.
        """
        return self._merged if width < self._merged <= width + beyond else width

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        local = name.removeprefix(self._prefix)
        match len(self._path):
            case 1 if local == "autoFilter":
                self.filter = Area.parse(attributes.get("ref", ""))
            case 2 if self._path[1] == _PARENTS.get(local):
                self._add(local, attributes)
        self._path.append(local)

    def _add(self, local: str, attributes: dict[str, str]) -> None:
        if local == "tablePart":
            self.tables += [value for key, value in attributes.items() if key.endswith(":id")]
            return
        area = Area.parse(attributes.get("ref", ""))
        if area is not None and area.bottom >= self._first_row:
            self._merged = max(self._merged, area.right + 1)

    def _end(self, _name: str) -> None:
        self._path.pop()
