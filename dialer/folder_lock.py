"""One worker at a time in a folder: a lock of this machine, whatever file system the folder is on.

The locks of network shares are sometimes missing and sometimes granted to everybody; so the lock lies in the
user's own data, under the folder's resolved path, and the operating system frees it when its holder dies.
"""

from __future__ import annotations

import hashlib
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from dialer.errors import TryLater


@contextmanager
def held(folder: Path, *, locks: Path) -> Iterator[None]:
    """Hold a folder for the length of the block; the lock lies in `locks`, a folder of this machine.

    Raises TryLater, naming the holder, if another process of this machine has it.
    """
    locks.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:32]
    lock = FileLock(locks / f"{name}.lock", timeout=0, mode=0o600)
    holder = locks / f"{name}.json"
    try:
        lock.acquire()
    except Timeout:
        raise TryLater(
            f"The inbox {folder} is being worked through by {_holder(holder)}: wait until it is done, or "
            "stop that one first.",
            code="locked",
        ) from None
    try:
        words = json.dumps({"pid": os.getpid(), "host": socket.gethostname()})
        holder.write_text(words, encoding="utf-8")
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def _holder(path: Path) -> str:
    try:
        holder = json.loads(path.read_text(encoding="utf-8"))
        return f"process {holder['pid']} on {holder['host']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"
