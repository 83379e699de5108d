"""One worker at a time, for a campaign or in a folder: the holder of a lock is named to whoever comes second.

The operating system frees a lock when its holder dies, however it dies. The locks of network shares are
sometimes missing and sometimes granted to everybody; so a folder's lock lies in the user's own data, under
the folder's resolved path.
"""

from __future__ import annotations

import hashlib
import json
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from dialer.errors import TryLater


@contextmanager
def exclusively(lock: FileLock, *, busy: Callable[[str], str], mode: int = 0o600) -> Iterator[None]:
    """Hold a lock for the length of the block; a file of this `mode` beside it says who does.

    Raises TryLater with the sentence that `busy` makes of the holder, if another process has it.
    """
    holder = Path(lock.lock_file).with_suffix(".json")
    try:
        lock.acquire()
    except Timeout:
        raise TryLater(busy(read_holder(holder)), code="locked") from None
    try:
        words = json.dumps({"pid": os.getpid(), "host": socket.gethostname()})
        with os.fdopen(os.open(holder, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w") as file:
            file.write(words)
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


@contextmanager
def held(folder: Path, *, locks: Path) -> Iterator[None]:
    """Hold a folder for the length of the block; the lock lies in `locks`, a folder of this machine.

    Raises TryLater, naming the holder, if another process of this machine has it.
    """
    locks.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:32]
    lock = FileLock(locks / f"{name}.lock", timeout=0, mode=0o600)

    def busy(holder: str) -> str:
        return (
            f"The inbox {folder} is being worked through by {holder}: wait until it is done, or "
            "stop that one first."
        )

    with exclusively(lock, busy=busy):
        yield


def read_holder(path: Path) -> str:
    """Who holds a lock, by the file beside it, in words."""
    try:
        holder = json.loads(path.read_text(encoding="utf-8"))
        return f"process {holder['pid']} on {holder['host']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"
