"""Tells a spreadsheet's format by its content; the extension is never asked."""

from __future__ import annotations

import os
import re
import zipfile
from typing import BinaryIO

from dialer.archive_limits import MAX_FILE_BYTES, encrypted, open_archive, too_big, truncated
from dialer.errors import SheetError
from dialer.ole2 import MAGIC, Envelope, open_envelope
from dialer.table import Format
from dialer.text_encoding import as_characters

_SAMPLE = 1 << 16
_ODS = b"application/vnd.oasis.opendocument.spreadsheet"

# What is often sent instead of a sheet: the start of the file, what it is, and what to do.
_OTHER_KINDS = (
    (b"%PDF", "a PDF document", "ask for the sheet it was made from"),
    (b"\x89PNG", "a picture", "ask for the sheet itself"),
    (b"\xff\xd8\xff", "a picture", "ask for the sheet itself"),
    (b"GIF8", "a picture", "ask for the sheet itself"),
    (b"\x1f\x8b", "a gzip archive", "unpack it and use the file inside"),
    (b"BZh", "a bzip2 archive", "unpack it and use the file inside"),
    (b"\xfd7zXZ", "an XZ archive", "unpack it and use the file inside"),
    (b"(\xb5/\xfd", "a Zstandard archive", "unpack it and use the file inside"),
    (b"Rar!", "a RAR archive", "unpack it and use the file inside"),
    (b"7z\xbc\xaf", "a 7-Zip archive", "unpack it and use the file inside"),
    (b"{\\rtf", "a text document (RTF)", "save its table as a spreadsheet"),
    (b"SQLite format 3", "a database", "export the leads as CSV"),
    (b"PAR1", "a Parquet file", "convert it to CSV"),
    (b"ARROW1", "an Arrow file", "convert it to CSV"),
    (b"BEGIN:VCARD", "a file of contacts (vCard)", "export them as CSV"),
)
_JSON = re.compile(r"[\s\ufeff]*(?:\[\s*)?\{\s*(?:\"|\})")
_MARKUP = ("<!doctype html", "<html", "<head", "<body", "<table", "workbook", "<feed", "<rss")
_MARKUP_WITHIN = 4096
_TAG = re.compile(rb"<[^<>]*>")
_CONTROL = [chr(code) for code in range(32) if chr(code) not in "\0\t\n\x0b\f\r\x1a\x1b"]
_MAX_CONTROL_SHARE = 0.02


def find_format(file: BinaryIO, *, name: str) -> Format:
    """Tells the format of an open file that is not empty, and leaves it at its start.

    Workbooks are checked against the limits of `archive_limits`. Raises SheetError for whatever is no
    sheet: `encrypted`, `corrupt`, `truncated`, `too_big`, `zip_bomb`, `doctype`, `not_a_sheet`.
    """
    file.seek(0)
    start = file.read(_SAMPLE)
    if start.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        found = _zipped(file, name)
    elif start.startswith(MAGIC):
        found = _ole2(file, name)
    else:
        _check_text(start, name)
        found = Format.CSV
    file.seek(0)
    return found


def _zipped(file: BinaryIO, name: str) -> Format:
    with open_archive(file, name=name) as archive:
        parts = {entry.filename.replace("\\", "/").lower().lstrip("/"): entry for entry in archive.infolist()}
        if "mimetype" in parts:
            return _opendocument(archive, parts, name)
        if "xl/workbook.bin" in parts:
            return Format.XLSB
        if "[content_types].xml" in parts and any(
            re.fullmatch(r"xl/workbook\d*\.xml", part) for part in parts
        ):
            types = _read(archive, parts["[content_types].xml"])
            macros = any(b"/xl/workbook" in tag and b"macroEnabled" in tag for tag in _TAG.findall(types))
            return Format.XLSM if macros else Format.XLSX
        if "[content_types].xml" in parts and any(part.startswith("xl/") for part in parts):
            raise SheetError(
                f"{name} is an Excel file without a workbook inside, so it is damaged;"
                " ask for it again, or save it anew in Excel, and try again.",
                code="corrupt",
            )
        raise _not_a_sheet(name, *_archive_of(parts))


def _archive_of(parts: dict[str, zipfile.ZipInfo]) -> tuple[str, str]:
    if "word/document.xml" in parts:
        return "a Word document", "save its table as a spreadsheet"
    if "ppt/presentation.xml" in parts:
        return "a PowerPoint presentation", "save its table as a spreadsheet"
    if any(part.endswith(".iwa") for part in parts):
        return "an Apple Numbers document", "export it from Numbers as Excel or CSV"
    return "a zip archive", "unpack it and use the file inside"


def _opendocument(archive: zipfile.ZipFile, parts: dict[str, zipfile.ZipInfo], name: str) -> Format:
    if not _read(archive, parts["mimetype"]).startswith(_ODS):
        raise _not_a_sheet(
            name, "an OpenDocument file, but no spreadsheet", "save its table as a spreadsheet"
        )
    manifest = parts.get("meta-inf/manifest.xml")
    if manifest is not None and b"encryption-data" in _read(archive, manifest):
        raise encrypted(name)
    return Format.ODS


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """The first megabyte of a small part."""
    with archive.open(entry) as part:
        return part.read(1 << 20)


def _ole2(file: BinaryIO, name: str) -> Format:
    """An old Excel file, or the envelope of an encrypted new one."""
    if file.seek(0, os.SEEK_END) > MAX_FILE_BYTES:
        raise too_big(name)
    file.seek(0)
    match open_envelope(file.read()):
        case Envelope.WORKBOOK:
            return Format.XLS
        case Envelope.ENCRYPTED:
            raise encrypted(name)
        case Envelope.TRUNCATED:
            raise truncated(name)
        case Envelope.DOCUMENT:
            raise _not_a_sheet(name, "a Word document", "save its table as a spreadsheet")
        case Envelope.OTHER:
            raise _not_a_sheet(
                name, "an Office file without a workbook, or a damaged one", "save it anew in Excel"
            )


def _check_text(start: bytes, name: str) -> None:
    for magic, kind, advice in _OTHER_KINDS:
        if start.startswith(magic):
            raise _not_a_sheet(name, kind, advice)
    text = as_characters(start).replace("\0", "")
    opening = text[:_MARKUP_WITHIN].lower()
    if opening.lstrip().startswith("<") and any(word in opening for word in _MARKUP):
        raise _not_a_sheet(name, "a web page or XML file", "open it in Excel and save it as .xlsx or .csv")
    if _JSON.match(opening):
        raise _not_a_sheet(name, "a file of JSON", "convert it to CSV")
    if sum(map(text.count, _CONTROL)) > len(text) * _MAX_CONTROL_SHARE or not text:
        raise _not_a_sheet(name, "neither a workbook nor text", "save the leads as .xlsx or .csv")


def _not_a_sheet(name: str, kind: str, advice: str) -> SheetError:
    return SheetError(f"{name} is {kind}, not a spreadsheet; {advice}, and try again.", code="not_a_sheet")
