"""Copies a zip archive with some parts replaced; every other keeps its very bytes, packed as they were."""

from __future__ import annotations

import os
import struct
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from typing import BinaryIO

# The fixed parts of the records, from PKWARE's APPNOTE.TXT 4.3.7, 4.3.12 and 4.3.16, without signatures.
_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_SIZES_FOLLOW = 0x08  # a flag: sizes stand behind the data; we know them before
_CHUNK = 1 << 18
_LEVEL = 3  # a third of the time of zlib's own default, for a tenth more bytes


class _Sizes:
    """What has to be known of a part's data once it is written."""

    def __init__(self, crc: int, packed: int, unpacked: int) -> None:
        self.crc, self.packed, self.unpacked = crc, packed, unpacked


def check_archive(source: BinaryIO, archive: zipfile.ZipFile) -> None:
    """Raises zipfile.BadZipFile if `copy_archive` would not find every part of the archive once and whole."""
    size = source.seek(0, os.SEEK_END)
    if len(set(archive.namelist())) < len(archive.namelist()):
        raise zipfile.BadZipFile("two parts have one name")
    for entry in archive.infolist():
        _local_header(source, entry)
        if source.tell() + entry.compress_size > size:
            raise zipfile.BadZipFile(f"{entry.filename} is cut off")


def copy_archive(
    source: BinaryIO,
    archive: zipfile.ZipFile,
    out: BinaryIO,
    *,
    replaced: Mapping[str, Iterable[bytes]],
    level: int = _LEVEL,
) -> None:
    """Writes to `out` the archive that is open as `archive` over the file `source`, in its order, with new
    content, packed at `level`, for the parts that `replaced` names. `out` must be able to seek.

    Raises zipfile.BadZipFile for an archive that `check_archive` refuses.
    """
    directory: list[bytes] = []
    for entry in archive.infolist():
        offset = out.tell()
        fixed, name = _local_header(source, entry)
        content = replaced.get(entry.filename)
        method = entry.compress_type if content is None else zipfile.ZIP_DEFLATED
        flags = entry.flag_bits & ~_SIZES_FOLLOW
        # version needed, flags, method, time, date: as they were
        common = (fixed[1], flags, method, fixed[4], fixed[5])
        header_bytes = _LOCAL.size + len(name)
        out.write(bytes(header_bytes))
        sizes = _copy(source, entry, out) if content is None else _pack(content, out, level)
        end = out.tell()
        out.seek(offset)
        out.write(
            _LOCAL.pack(b"PK\x03\x04", *common, sizes.crc, sizes.packed, sizes.unpacked, len(name), 0) + name
        )
        out.seek(end)
        made_by = entry.create_system << 8 | entry.create_version
        record = (made_by, *common, sizes.crc, sizes.packed, sizes.unpacked, len(name), 0, 0, 0)
        directory.append(
            _CENTRAL.pack(b"PK\x01\x02", *record, entry.internal_attr, entry.external_attr, offset) + name
        )
    start = out.tell()
    packed_directory = b"".join(directory)
    out.write(packed_directory)
    count = len(directory)
    out.write(_END.pack(b"PK\x05\x06", 0, 0, count, count, len(packed_directory), start, 0))


def _local_header(source: BinaryIO, entry: zipfile.ZipInfo) -> tuple[tuple[int, ...], bytes]:
    """The fixed fields of a part's own header and the bytes of its name; leaves the file at its data."""
    source.seek(entry.header_offset)
    header = source.read(_LOCAL.size)
    if len(header) < _LOCAL.size or not header.startswith(b"PK\x03\x04"):
        raise zipfile.BadZipFile(f"no header for {entry.filename}")
    fixed = _LOCAL.unpack(header)
    name_bytes, extra_bytes = fixed[9], fixed[10]
    name = source.read(name_bytes)
    source.seek(extra_bytes, 1)
    return fixed, name


def _copy(source: BinaryIO, entry: zipfile.ZipInfo, out: BinaryIO) -> _Sizes:
    remaining = entry.compress_size
    while remaining:
        chunk = source.read(min(remaining, _CHUNK))
        if not chunk:
            raise zipfile.BadZipFile(f"{entry.filename} is cut off")
        out.write(chunk)
        remaining -= len(chunk)
    return _Sizes(entry.CRC, entry.compress_size, entry.file_size)


def _pack(content: Iterable[bytes], out: BinaryIO, level: int) -> _Sizes:
    packer = zlib.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS)
    crc = unpacked = 0
    start = out.tell()
    for chunk in content:
        crc = zlib.crc32(chunk, crc)
        unpacked += len(chunk)
        out.write(packer.compress(chunk))
    out.write(packer.flush())
    return _Sizes(crc, out.tell() - start, unpacked)
