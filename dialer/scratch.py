"""Private folders that do not outlive their owner: a copy of somebody's sheet must not be left behind.

Whoever is killed cannot tidy up, so the next one does. A folder is locked for as long as its owner lives,
however that one ends; the lock is the operating system's, and no process id can be mistaken for another.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_PREFIX = "vozagent-dialer-"
_UNLOCKED = "vozagent-dialer.new-"  # until it is locked nobody may take it for one that was left behind
_MARK = ".scratch"  # without it a folder of that name is somebody's own


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder of one's own for the length of the block; those that killed processes left are removed."""
    _sweep(Path(tempfile.gettempdir()))
    folder = Path(tempfile.mkdtemp(prefix=_UNLOCKED))
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        (folder / _MARK).touch(mode=0o600)
        with suppress(OSError):  # a file system without locks: nobody else can lock it either
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        folder = folder.rename(folder.with_name(_PREFIX + folder.name.removeprefix(_UNLOCKED)))
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(descriptor)


def _sweep(place: Path) -> None:
    """Remove what killed processes of this user left behind."""
    for folder in place.glob(f"{_PREFIX}*"):
        with suppress(OSError):
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                if os.fstat(descriptor).st_uid == os.geteuid() and (folder / _MARK).exists():
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(descriptor)
