"""Changes attributes in the bytes of XML tags; all else stays as it was.

Safe only for XML that `sheet_xml.well_formed` has let through.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from dialer.areas import Area
from dialer.sheet_xml import ATTRIBUTES, well_formed

_TAG = re.compile(rb"<(?:[A-Za-z_][\w.\-]*:)?([A-Za-z_][\w.\-]*)" + ATTRIBUTES + rb"/?>")


def checked(content: bytes) -> bytes:
    """The content of a small part, once it is proven that it may be edited. Raises UnsafeSheet if not."""
    return b"".join(well_formed([content]))


def start_tags(content: bytes, *names: bytes) -> Iterable[re.Match[bytes]]:
    """The start tags, or self-closed tags, of elements with these local names, in order."""
    return (tag for tag in _TAG.finditer(content) if tag.group(1) in names)


def first_tag(content: bytes, name: bytes, start: int = 0) -> re.Match[bytes] | None:
    """The first start tag of an element with this local name from `start` on."""
    return next((tag for tag in _TAG.finditer(content, start) if tag.group(1) == name), None)


def attribute(tag: bytes, name: bytes) -> bytes | None:
    """What an attribute of a tag holds, as it is written, or None if the tag has none of that name."""
    found = _attribute(name).search(tag)
    return found.group(1)[1:-1] if found else None


def with_attribute(tag: bytes, name: bytes, value: bytes | None) -> bytes:
    """The tag with an attribute set, or without it if the value is None."""
    written = b"" if value is None else b' %s="%s"' % (name, value)
    found = _attribute(name).search(tag)
    if found is not None:
        return tag[: found.start()] + written + tag[found.end() :]
    end = len(tag) - (2 if tag.endswith(b"/>") else 1)
    return tag[:end].rstrip() + written + tag[end:]


def area_of(tag: bytes) -> Area | None:
    """The area that the attribute `ref` of a tag names."""
    return Area.parse((attribute(tag, b"ref") or b"").decode("ascii", "replace"))


def with_area(content: bytes, name: bytes, change: Callable[[Area], Area]) -> bytes:
    """The content in which the first element of this local name covers what `change` makes of its area."""
    tag = first_tag(content, name)
    area = tag and area_of(tag.group())
    if tag is None or area is None or change(area) == area:
        return content
    changed = with_attribute(tag.group(), b"ref", str(change(area)).encode())
    return content[: tag.start()] + changed + content[tag.end() :]


def _attribute(name: bytes) -> re.Pattern[bytes]:
    return re.compile(rb"\s" + re.escape(name) + rb"""\s*=\s*("[^"]*"|'[^']*')""")
