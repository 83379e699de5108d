"""Finds the XML of a sheet, and what belongs to it, inside an Excel workbook's archive."""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from dialer.sheet_xml import UnsafeSheet

_CHUNK = 1 << 18
_MAX_DIRECTORY_PART_BYTES = 16 << 20


@dataclass(frozen=True, slots=True)
class SheetPlace:
    """Which parts of an archive hold a sheet and what it needs."""

    sheet: str
    index: int  # its position among the sheets of the workbook, from 0 on
    workbook: str
    styles: str | None


def find_sheet_part(archive: zipfile.ZipFile, sheet: str) -> str:
    """The name of the part that holds the XML of the sheet called `sheet`. Raises as `find_sheet` does."""
    return find_sheet(archive, sheet).sheet


def find_sheet(archive: zipfile.ZipFile, sheet: str) -> SheetPlace:
    """Where the sheet called `sheet` stands.

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
    parts = archive.namelist()
    sheets = (each for each in _parsed(archive, workbook).iter() if _local_name(each.tag) == "sheet")
    for index, element in enumerate(sheets):
        if element.get("name") == sheet:
            identity = next((value for key, value in element.items() if key.endswith("}id")), "")
            _, part = relationships.get(identity, ("", ""))
            if part in parts:
                styles = (target for kind, target in relationships.values() if kind.endswith("/styles"))
                return SheetPlace(part, index, workbook, next((s for s in styles if s in parts), None))
    raise UnsafeSheet("its archive does not tell where the sheet is")


def related_parts(archive: zipfile.ZipFile, part: str, identities: Sequence[str]) -> list[str]:
    """The names of the parts to which a part's relationships with these identities lead."""
    if not identities:
        return []
    relationships = _relationships(archive, part)
    found = [relationships.get(identity, ("", ""))[1] for identity in identities]
    if not set(found) <= set(archive.namelist()):
        raise UnsafeSheet("its archive does not tell where its tables are")
    return found


def part_bytes(archive: zipfile.ZipFile, part: str) -> bytes:
    """The unpacked bytes of a small part. Raises UnsafeSheet if it is missing, or too large to be one."""
    try:
        if archive.getinfo(part).file_size > _MAX_DIRECTORY_PART_BYTES:
            raise UnsafeSheet(f"its part {part} is too large")
        return archive.read(part)
    except KeyError as error:
        raise UnsafeSheet(f"its part {part} is missing") from error


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
    content = part_bytes(archive, part)
    try:
        root: Element = fromstring(content, forbid_dtd=True)
    except LookupError as error:
        raise UnsafeSheet(f"its part {part} is in an encoding that nobody knows") from error
    except (ParseError, DefusedXmlException) as error:
        raise UnsafeSheet(f"its archive cannot be read with certainty ({error})") from error
    return root


def _local_name(tag: str) -> str:
    return tag.rpartition("}")[2]
