"""Refuses a zip archive that could harm whoever unpacks it, before anything does.

The limits are Apache POI's for the ratio, and for the rest what an honest sheet of 1,000,000 rows and 8
columns (47 MB, 364 MB unpacked) leaves room for. Sizes are the archive's own claims; one that lies about
them meets the memory limit of the child process that parses it.
"""

from __future__ import annotations

import os
import struct
import zipfile
import zlib
from typing import BinaryIO
from xml.parsers import expat

from dialer.errors import SheetError

MAX_FILE_BYTES = 100_000_000
MAX_ENTRIES = 1_000
MAX_UNPACKED_BYTES = 1_000_000_000
MAX_RATIO = 100
RATIO_COUNTS_FROM_BYTES = 100_000
_MAX_DIRECTORY_BYTES = 1_000_000
_MAX_PROLOG_BYTES = 1 << 16
_END_RECORD = b"PK\x05\x06"
_END_RECORD_BYTES = 22
_MAX_COMMENT_BYTES = 65_535
_LOCATOR_BYTES = 20


class _RootReached(Exception):
    """The prolog of an XML part has ended."""


class _DoctypeMet(Exception):
    """The prolog of an XML part declares a document type."""


def open_archive(file: BinaryIO, *, name: str) -> zipfile.ZipFile:
    """Opens a zip archive that keeps the limits; `name` is the file's name for the sentences of errors.

    Raises SheetError: `truncated`, `corrupt`, `too_big`, `zip_bomb`, `doctype`, `encrypted`.
    """
    if file.seek(0, os.SEEK_END) > MAX_FILE_BYTES:
        raise too_big(name)
    _check_directory(file, name)
    try:
        archive = zipfile.ZipFile(file)
        _check_entries(archive, name)
        for entry in archive.infolist():
            if _declares_doctype(archive, entry):
                raise SheetError(
                    f"{name} was refused: its part {entry.filename} declares a document type (DOCTYPE), which"
                    " no spreadsheet program writes; open it in Excel, save it as a new file, and try again.",
                    code="doctype",
                )
    except (zipfile.BadZipFile, EOFError, NotImplementedError, OSError, ValueError) as error:
        raise _corrupt(name) from error
    except (struct.error, zlib.error) as error:
        raise _corrupt(name) from error
    return archive


def too_big(name: str) -> SheetError:
    """The refusal of a workbook above the limit for its file."""
    return SheetError(
        f"{name} is larger than {MAX_FILE_BYTES // 1_000_000} MB, the limit for workbooks;"
        " split it, or save the sheet as CSV, which may have any size.",
        code="too_big",
    )


def _check_directory(file: BinaryIO, name: str) -> None:
    """Looks at the size of the archive's directory, because Python reads it whole."""
    size = file.seek(0, os.SEEK_END)
    tail_start = max(0, size - _END_RECORD_BYTES - _MAX_COMMENT_BYTES - _LOCATOR_BYTES)
    file.seek(tail_start)
    tail = file.read()
    end = tail.rfind(_END_RECORD)
    if end < 0 or len(tail) - end < _END_RECORD_BYTES:
        raise truncated(name)
    (directory_bytes,) = struct.unpack_from("<L", tail, end + 12)
    if tail[max(0, end - _LOCATOR_BYTES) :].startswith(b"PK\x06\x07"):  # ZIP64 has a record of its own
        (record,) = struct.unpack_from("<Q", tail, end - _LOCATOR_BYTES + 8)
        file.seek(min(record, size))
        directory_bytes = int.from_bytes(file.read(56)[40:48], "little")
    if directory_bytes > _MAX_DIRECTORY_BYTES:
        raise _too_many_entries(name)
    file.seek(0)


def _check_entries(archive: zipfile.ZipFile, name: str) -> None:
    entries = archive.infolist()
    if len(entries) > MAX_ENTRIES:
        raise _too_many_entries(name)
    if len({entry.filename for entry in entries}) < len(entries):
        raise _corrupt(name)
    unpacked = 0
    for entry in entries:
        if entry.flag_bits & 1:
            raise encrypted(name)
        if entry.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
            raise _corrupt(name)
        unpacked += entry.file_size
        swollen = entry.file_size > MAX_RATIO * max(entry.compress_size, 1)
        if unpacked > MAX_UNPACKED_BYTES or (swollen and entry.file_size > RATIO_COUNTS_FROM_BYTES):
            raise SheetError(
                f"{name} was refused: its part {entry.filename} would swell to {entry.file_size:,} bytes"
                f" from {entry.compress_size:,}, more than an honest sheet does; open it in Excel, delete the"
                " formatted but empty rows and columns, save it as a new file, and try again.",
                code="zip_bomb",
            )


def encrypted(name: str) -> SheetError:
    """The refusal of a file that needs a password."""
    return SheetError(
        f"{name} is protected by a password; open it in Excel, remove the password"
        " (File > Info > Protect Workbook), save it, and try again.",
        code="encrypted",
    )


def truncated(name: str) -> SheetError:
    """The refusal of a file that is not whole."""
    return SheetError(
        f"{name} is cut off: its end is missing, as after an interrupted download or copy;"
        " fetch it again and try again.",
        code="truncated",
    )


def _declares_doctype(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bool:
    """Whether an XML part has a DOCTYPE, in whatever encoding; parts that are not XML have none."""

    def root(_name: str, _attributes: dict[str, str]) -> None:
        raise _RootReached

    def doctype(*_declaration: object) -> None:
        raise _DoctypeMet

    parser = expat.ParserCreate()
    parser.StartElementHandler = root
    parser.StartDoctypeDeclHandler = doctype
    start = b""
    with archive.open(entry) as part:
        try:
            for _ in range(_MAX_PROLOG_BYTES >> 12):
                chunk = part.read(1 << 12)
                start = start or chunk
                if not start.lstrip(b"\xef\xbb\xbf\xff\xfe\0 \t\r\n").startswith(b"<"):
                    return False
                parser.Parse(chunk, not chunk)
                if not chunk:
                    return False
        except _RootReached:
            return False
        except _DoctypeMet:
            return True
        except (expat.ExpatError, LookupError, ValueError):  # not XML, or in an encoding nobody knows
            return b"<!doctype" in start.replace(b"\0", b"").lower()
    return True  # so long a prolog hides something


def _too_many_entries(name: str) -> SheetError:
    return SheetError(
        f"{name} was refused: it holds more than {MAX_ENTRIES:,} parts, more than a spreadsheet has;"
        " open it in Excel, save the sheet of leads alone as a new file, and try again.",
        code="zip_bomb",
    )


def _corrupt(name: str) -> SheetError:
    return SheetError(
        f"{name} is damaged and cannot be unpacked; open it in Excel, which may repair it, save it as a new"
        " file, and try again, or ask for it again.",
        code="corrupt",
    )
