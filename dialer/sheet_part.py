"""Finds the XML of a sheet inside an Excel workbook's archive."""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Iterator
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from dialer.sheet_xml import UnsafeSheet

_CHUNK = 1 << 18
_MAX_DIRECTORY_PART_BYTES = 16 << 20


def find_sheet_part(archive: zipfile.ZipFile, sheet: str) -> str:
    """The name of the part that holds the XML of the sheet called `sheet`.

    Raises UnsafeSheet if the archive does not tell with certainty, and what zipfile raises for a damaged one.
    Source: ECMA-376 part 2, 9.3 (relationships).
    """
    workbook = next(
        (target for kind, target in _relationships(archive, "").values() if kind.endswith("/officeDocument")),
        None,
    )
    if workbook is None:
        raise UnsafeSheet("its archive names no workbook")
    relationships = _relationships(archive, workbook)
    for element in _parsed(archive, workbook).iter():
        if _local_name(element.tag) == "sheet" and element.get("name") == sheet:
            identity = next((value for key, value in element.items() if key.endswith("}id")), "")
            _, part = relationships.get(identity, ("", ""))
            if part in archive.namelist():
                return part
    raise UnsafeSheet("its archive does not tell where the sheet is")


def part_chunks(archive: zipfile.ZipFile, part: str) -> Iterator[bytes]:
    """Streams the unpacked bytes of a part."""
    with archive.open(part) as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def _relationships(archive: zipfile.ZipFile, part: str) -> dict[str, tuple[str, str]]:
    """Identity -> (type, name of the part) of a part's relationships; "" is the archive's own."""
    folder, name = posixpath.split(part)
    found = {}
    for element in _parsed(archive, posixpath.join(folder, "_rels", f"{name}.rels")):
        target = posixpath.normpath(posixpath.join("/", folder, element.get("Target", ""))).lstrip("/")
        found[element.get("Id", "")] = (element.get("Type", ""), target)
    return found


def _parsed(archive: zipfile.ZipFile, part: str) -> Element:
    try:
        if archive.getinfo(part).file_size > _MAX_DIRECTORY_PART_BYTES:
            raise UnsafeSheet(f"its part {part} is too large")
        root: Element = fromstring(archive.read(part), forbid_dtd=True)
    except LookupError as error:
        raise UnsafeSheet(f"its part {part} is missing, or in an encoding that nobody knows") from error
    except (ParseError, DefusedXmlException) as error:
        raise UnsafeSheet(f"its archive cannot be read with certainty ({error})") from error
    return root


def _local_name(tag: str) -> str:
    return tag.rpartition("}")[2]
