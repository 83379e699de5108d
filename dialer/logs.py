"""The log that a command leaves for the morning: one JSON object a line, rotated, in which nobody is named.

    {"at": "2026-11-22T21:03:07.412345Z", "level": "info", "event": "call_ended", "campaign": "leads", ...}

Without an open log every function here does nothing. None of them raises, whatever the disk does: a log
that cannot be written is said once, and the calls go on.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import re
import stat
import traceback
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

import structlog

MOST_BYTES = 10_000_000
KEPT = 9  # older files, `.1` being the newest of them
_HIDDEN = "(hidden)"
_SHORTEST_SECRET = 6
_DEEPEST = 4

_QUOTED = re.compile("“.*”", re.DOTALL)
_NUMBER = re.compile(r"\+\d{5,}(\d\d)")
# As people write numbers; a date, with its time or without, is none.
_WRITTEN_NUMBER = re.compile(
    r"\b\d{4}-\d\d-\d\d(?:[T ]\d[\d:.]*)?|[+(]?\d(?:[\s().\-/]*\d){4,}[\s().\-/]*(\d[\s().\-/]*\d)"
)

_secrets: set[str] = set()
_log: Any = None  # structlog's bound logger, while one is open


@contextmanager
def opened(path: Path, *, say: Callable[[str], None], most_bytes: int = MOST_BYTES) -> Iterator[None]:
    """Log to `path` for as long as the block lasts. `say` hears once of a log that cannot be written."""
    global _log  # noqa: PLW0603 - one process has one log, as structlog and logging have it
    file = _RotatedFile(path, say=say, most_bytes=most_bytes)
    before = _log
    _log = structlog.wrap_logger(
        structlog.BytesLogger(cast(BinaryIO, file)),  # it only writes and flushes
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
            _name_nobody,
            structlog.processors.JSONRenderer(serializer=_line),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=True,
        pid=os.getpid(),
    )
    try:
        yield
    finally:
        _log = before
        file.close()


@contextmanager
def about(**facts: object) -> Iterator[None]:
    """Every line written in this block bears these facts: the campaign, the run."""
    with structlog.contextvars.bound_contextvars(**facts):
        yield


def note(event: str, **facts: object) -> None:
    """Write down that something happened. Never hand it a name, a note, a tag or an API's own text."""
    if _log is not None:
        _log.info(event, **facts)


def warn(event: str, **facts: object) -> None:
    """Write down what a person should look at."""
    if _log is not None:
        _log.warning(event, **facts)


def error(event: str, **facts: object) -> None:
    """Write down what ended the work or lost some of it."""
    if _log is not None:
        _log.error(event, **facts)


def fault(raised: BaseException) -> None:
    """Write down a fault of our own: its kind and where it came from, each cause in turn.

    What an exception says is left out, for it may quote a cell: the places in the code say enough.
    """
    causes: list[dict[str, object]] = []
    each: BaseException | None = raised
    while each is not None and len(causes) < _DEEPEST:
        causes.append({"kind": type(each).__name__, "where": _frames(each)})
        inner = each.exceptions[0] if isinstance(each, BaseExceptionGroup) else None
        each = inner or each.__cause__ or each.__context__
    error("fault", causes=causes)


def hide(secret: str) -> None:
    """Keep this text out of every line from now on, wherever it would turn up."""
    if len(secret) >= _SHORTEST_SECRET:
        _secrets.add(secret)


def without_people(sentence: str) -> str:
    """A sentence of ours as the log may hold it: nothing that is quoted from elsewhere, no whole number."""
    return _WRITTEN_NUMBER.sub(_last_two, _QUOTED.sub("“…”", sentence))


def _last_two(match: re.Match[str]) -> str:
    if match[1] is None:
        return match[0]
    return f"***{''.join(char for char in match[1] if char.isdigit())}"


def masked(number: str) -> str:
    """The last two digits of a number, as the log shows it."""
    return f"***{number[-2:]}" if len(number) > 6 else "***"


def _frames(raised: BaseException) -> list[str]:
    frames = traceback.extract_tb(raised.__traceback__)
    return [f"{'/'.join(Path(f.filename).parts[-2:])}:{f.lineno} in {f.name}" for f in frames]


def _name_nobody(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name, value in event.items():
        event[name] = _cleaned(value)
    return event


def _cleaned(value: object, depth: int = 0) -> object:
    if isinstance(value, str):
        for secret in _secrets:
            value = value.replace(secret, _HIDDEN)
        return _NUMBER.sub(r"***\1", value) if "+" in value else value
    if depth < _DEEPEST:
        if isinstance(value, Mapping):
            return {str(_cleaned(key)): _cleaned(each, depth + 1) for key, each in value.items()}
        if isinstance(value, list | tuple):
            return [_cleaned(each, depth + 1) for each in value]
    return value


def _line(event: Mapping[str, Any], **_structlogs_own: object) -> bytes:
    # The time first, for people's eyes; halves of surrogates, from odd file names, are escaped.
    ordered = {name: event[name] for name in ("at", "level", "event") if name in event} | dict(event)
    return json.dumps(ordered, ensure_ascii=False, default=str).encode("utf-8", "backslashreplace")


class _RotatedFile:
    """A file to which many processes append whole lines; one that is full becomes `.1`, and so on.

    Who still holds a file that another process put aside notices at the next line: it is full.
    """

    def __init__(self, path: Path, *, say: Callable[[str], None], most_bytes: int) -> None:
        self._path = path
        self._say = say
        self._most_bytes = most_bytes
        self._file: int | None = None
        self._regular = True
        self._try(self._open)

    def write(self, line: bytes) -> None:
        """Append a line; structlog gives it with its end."""
        if self._file is not None:
            self._try(lambda: self._append(line))

    def flush(self) -> None:
        """Nothing waits: every line is handed to the system at once."""

    def close(self) -> None:
        """Write no more."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _try(self, do: Callable[[], None]) -> None:
        try:
            do()
        except OSError as failed:
            self.close()
            self._say(f"The log {self._path} cannot be written ({failed}): the work goes on without it.")

    def _open(self) -> None:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Not to wait: nobody may read at the other end of a pipe.
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK | os.O_CLOEXEC
        self._file = os.open(self._path, flags, 0o600)
        status = os.fstat(self._file)
        self._regular = stat.S_ISREG(status.st_mode)
        if self._regular and status.st_size and os.pread(self._file, 1, status.st_size - 1) != b"\n":
            os.write(self._file, b"\n")  # a full disk, or the end of a process, cut the last line

    def _append(self, line: bytes) -> None:
        assert self._file is not None  # noqa: S101 - for the type checker: `write` has asked
        if self._regular and os.fstat(self._file).st_size + len(line) > self._most_bytes:
            self._rotate()
        while line:
            line = line[os.write(self._file, line) :]

    def _rotate(self) -> None:
        assert self._file is not None  # noqa: S101 - as above
        folder = os.open(self._path.parent, os.O_RDONLY | os.O_CLOEXEC)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            mine = os.fstat(self._file)
            if self._path.exists() and os.path.samestat(mine, self._path.stat()):
                for number in range(KEPT, 0, -1):
                    older = self._numbered(number - 1) if number > 1 else self._path
                    if older.exists():
                        older.replace(self._numbered(number))
            self.close()
            self._open()
        finally:
            os.close(folder)

    def _numbered(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number}")
