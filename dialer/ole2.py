"""Looks into the envelope of old Office files: is it a workbook, is it whole, does it need a password?

Sources: [MS-CFB] 2.2 and 2.6 (header, directory entries), [MS-XLS] 2.4.117 (FilePass).
"""

from __future__ import annotations

import struct
from enum import Enum, auto

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

_ENTRY_BYTES = 128
_MINI_STREAM_BELOW = 4096  # shorter streams stand elsewhere; no workbook with a password is so short
_BEGINNING_OF_FILE = frozenset({0x0009, 0x0209, 0x0409, 0x0809})  # Excel 2, 3, 4, and 5 to 2003
_FILE_PASS = 0x002F
_RECORDS_LOOKED_AT = 40  # the password's record is among the first


class Envelope(Enum):
    """What an old Office file holds."""

    WORKBOOK = auto()
    ENCRYPTED = auto()  # an old workbook with a password, or a new one inside the envelope
    DOCUMENT = auto()  # of Word
    TRUNCATED = auto()
    OTHER = auto()


def open_envelope(content: bytes) -> Envelope:
    """Tells what the whole content of a file that begins with `MAGIC` is."""
    for name in ("Workbook", "WORKBOOK", "Book", "BOOK"):
        at = content.find(name.encode("utf-16-le") + b"\0\0")
        if at >= 0:
            return Envelope.ENCRYPTED if _has_password(content, at) else Envelope.WORKBOOK
    if "EncryptedPackage".encode("utf-16-le") in content:
        return Envelope.ENCRYPTED
    if "WordDocument".encode("utf-16-le") in content:
        return Envelope.DOCUMENT
    return Envelope.TRUNCATED if _directory_missing(content) else Envelope.OTHER


def _sector_bytes(content: bytes) -> int:
    (shift,) = struct.unpack_from("<H", content, 30)
    return 1 << shift if shift in {9, 12} else 512


def _directory_missing(content: bytes) -> bool:
    """True where the file ends before the directory that its header points to."""
    if len(content) < 76:
        return True
    first: int = struct.unpack_from("<L", content, 48)[0]
    return (first + 1) * _sector_bytes(content) >= len(content)


def _has_password(content: bytes, entry: int) -> bool:
    """Whether the stream of the directory entry begins with the record of a password."""
    if entry + _ENTRY_BYTES > len(content):
        return False
    first, size = struct.unpack_from("<2L", content, entry + 116)
    if size < _MINI_STREAM_BELOW:
        return False
    sector = _sector_bytes(content)
    stream = content[(first + 1) * sector : (first + 2) * sector]
    at = 0
    for number in range(_RECORDS_LOOKED_AT):
        if at + 4 > len(stream):
            return False
        kind, length = struct.unpack_from("<2H", stream, at)
        if number == 0 and kind not in _BEGINNING_OF_FILE:
            return False
        if kind == _FILE_PASS:
            return True
        at += 4 + length
    return False
