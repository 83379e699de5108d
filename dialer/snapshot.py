"""The sheet as it was when the command began: a private copy, so that an edit meanwhile changes nothing."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from dialer.errors import SheetError, SheetMissing
from dialer.scratch import scratch_folder
from dialer.table import STANDARD_INPUT

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A sheet's copy and where it came from."""

    source: Path  # absolute; for standard input a file kept beside the ledger
    path: Path  # the copy, under the source's own name
    sha256: str


@contextmanager
def taken(leads: str, *, keep_input_in: Path | None = None) -> Iterator[Snapshot]:
    """Copy the sheet, and remove the copy at the end. The source is only ever opened for reading.

    Standard input (`-`) is kept as the file `keep_input_in`, so that its report can be written again;
    without that it lives as long as the copy. Raises SheetMissing and SheetError.
    """
    with scratch_folder() as folder:
        if leads == STANDARD_INPUT:
            source = (keep_input_in or folder / "standard-input").absolute()
            source.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            copy = folder / "standard input"  # as errors name it
            digest = _copy_input(copy)
            if keep_input_in is not None:
                source.touch(mode=0o600)
                shutil.copyfile(copy, source)
        else:
            source = _sound(Path(leads).absolute())
            copy = folder / source.name
            digest = _copy_file(source, copy)
        yield Snapshot(source, copy, digest)


def require(leads: str) -> None:
    """Raise SheetMissing if there is no such sheet: to be told first, before keys and assistants."""
    if leads != STANDARD_INPUT and not _sound(Path(leads).absolute()).exists():
        raise _missing(Path(leads).absolute())


def _sound(source: Path) -> Path:
    """The path, if the ledger can keep it. Names are bytes to the system, and a text to everybody else."""
    try:
        str(source).encode()
    except UnicodeEncodeError:
        shown = os.fsencode(source).decode("utf-8", "replace")
        raise SheetError(
            f"The path {shown} is not written in UTF-8 (\N{REPLACEMENT CHARACTER} stands for what cannot be"
            " read): rename the file or its folder.",
            code="name_undecodable",
        ) from None
    return source


def _missing(source: Path) -> SheetMissing:
    return SheetMissing(f"There is no file {source}: check the path.", code="missing")


def digest_of(path: Path) -> str | None:
    """The SHA-256 of a file, or None if it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


def _copy_input(copy: Path) -> str:
    if sys.stdin is None:
        raise SheetError("Standard input is closed: give it the sheet, or name a file.", code="unreadable")
    try:
        return _copy(sys.stdin.buffer, copy)
    except OSError as error:
        raise SheetError(
            f"Standard input cannot be read ({error.strerror}): give it the sheet, or name a file.",
            code="unreadable",
        ) from None


def _copy_file(source: Path, copy: Path) -> str:
    try:
        if source.is_dir():
            raise SheetError(f"{source} is a folder: name the sheet in it.", code="folder")
        if source.is_char_device() or source.is_block_device():
            raise SheetError(f"{source} is a device, which may never end: name a file.", code="device")
        with source.open("rb") as file:
            return _copy(file, copy)
    except FileNotFoundError:
        raise _missing(source) from None
    except OSError as error:
        raise SheetError(
            f"{source} cannot be read ({error.strerror}): check its rights.", code="unreadable"
        ) from None


def _copy(file: BinaryIO, copy: Path) -> str:
    digest = hashlib.sha256()
    with copy.open("wb") as target:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            target.write(chunk)
    return digest.hexdigest()
