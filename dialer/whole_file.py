"""A file that is there whole, or not at all."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from dialer.errors import DialerError


@contextmanager
def whole_file(target: Path, *, like: Path | None = None) -> Iterator[BinaryIO]:
    """Gives a new file to write to, which takes the place of `target` once the block has ended well.

    It is written in the target's own folder, synced, renamed, and the folder synced, so that neither a
    crash nor a full disk leaves half a file or harms the one that was there. It may be read by whoever may
    read `like`, or else by its owner only. Raises DialerError where it cannot be written.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(prefix=f".{target.name[:100]}.", dir=target.parent)
    except OSError as error:
        raise _unwritable(target, error) from error
    try:
        with os.fdopen(descriptor, "w+b") as file:
            yield file
            file.flush()
            if like is not None:
                os.fchmod(file.fileno(), stat.S_IMODE(like.stat().st_mode) & 0o666 | 0o600)
            os.fsync(file.fileno())
        Path(temporary).replace(target)
    except OSError as error:
        raise _unwritable(target, error) from error
    finally:
        with suppress(FileNotFoundError):
            Path(temporary).unlink()
    _sync_folder(target.parent)


def _sync_folder(folder: Path) -> None:
    # Some network file systems cannot sync a folder; the file itself is safe by now.
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _unwritable(target: Path, error: OSError) -> DialerError:
    reason = error.strerror or type(error).__name__
    return DialerError(
        f"{target} could not be written ({reason}); make room or choose another place with --output,"
        " and write it again.",
        code="not_written",
    )
