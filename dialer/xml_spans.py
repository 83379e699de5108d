"""Where elements stand in an XML document, by the byte, so that they can be cut out and all else stays."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from xml.parsers import expat

from dialer.sheet_xml import UnsafeSheet

_TAG = re.compile(rb"""<(?:[^"'>]|"[^"]*"|'[^']*')*>""")
_UTF_8 = {"utf-8", "us-ascii", "ascii"}

Span = tuple[int, int, bytes]  # from, to, and what takes its place


def byte_parser() -> expat.XMLParserType:
    """A parser whose positions are bytes of the document, which has to be UTF-8 and without DOCTYPE.

    It raises UnsafeSheet for any other, and expat.ExpatError for what is no XML.
    """
    parser = expat.ParserCreate()
    parser.buffer_text = True

    def declared(_version: str, encoding: str | None, _standalone: int) -> None:
        if encoding is not None and encoding.lower() not in _UTF_8:
            raise UnsafeSheet(f"a part is in {encoding}")

    def doctype(*_facts: object) -> None:
        raise UnsafeSheet("a part has a DOCTYPE")

    parser.XmlDeclHandler = declared
    parser.StartDoctypeDeclHandler = doctype
    return parser


def local_name(name: str) -> str:
    """An element's name without its prefix."""
    return name.rpartition(":")[2]


def tag_end(document: bytes, position: int) -> int:
    """Where the tag that begins at `position` ends."""
    found = _TAG.match(document, position)
    if found is None:
        raise UnsafeSheet("a tag has no end")
    return found.end()


def element_end(document: bytes, position: int) -> int:
    """Where the element ends of which `position` is where expat announces the end: its end tag, or, for an
    empty element, what comes behind it."""
    return tag_end(document, position) if document.startswith(b"</", position) else position


def cut(document: bytes, spans: Sequence[Span]) -> bytes:
    """The document with something else, or nothing, in the place of these spans."""
    written, copied = [], 0
    for start, end, instead in sorted(spans):
        written += [document[copied:start], instead]
        copied = end
    return b"".join([*written, document[copied:]])


class Elements:
    """The elements of certain names in a small document, with what they say and where they stand."""

    def __init__(self, document: bytes, *names: str) -> None:
        """Raises UnsafeSheet and expat.ExpatError as `byte_parser` does."""
        self.attributes: list[Mapping[str, str]] = []
        self._document = document
        self._spans: list[Span] = []
        self._names = names
        self._begun = 0
        self._parser = byte_parser()
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.Parse(document, True)  # noqa: FBT003 - expat's own way of saying: that is all

    def without(self, unwanted: Callable[[Mapping[str, str]], bool]) -> bytes:
        """The document without the elements whose attributes are `unwanted`."""
        pairs = zip(self.attributes, self._spans, strict=True)
        return cut(self._document, [span for attributes, span in pairs if unwanted(attributes)])

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if local_name(name) in self._names:
            self.attributes.append(attributes)
            self._begun = self._parser.CurrentByteIndex

    def _end(self, name: str) -> None:
        if local_name(name) in self._names:
            self._spans.append((self._begun, element_end(self._document, self._parser.CurrentByteIndex), b""))
