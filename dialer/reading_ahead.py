"""Large delimited texts are read by a second process, while this one writes down what was read before.

The rows are the same as without it, whatever happens to that process: behind the last batch that it gave
whole, this one reads on by itself.
"""

from __future__ import annotations

import fcntl
import marshal
import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import IO

from dialer.reading_child import LENGTH_BYTES
from dialer.row_batches import Batch, Job, Sizes, Way
from dialer.table import Row

# Of a file. For less, starting the process takes longer than it saves.
WORTH_IT_BYTES = 4 << 20
# By how much the process may be ahead: ten thousand rows of eight columns, as many as are written at once.
_AHEAD_BYTES = 1 << 20
_CHILD = Path(__file__).with_name("reading_child.py")
_HOUSE = Path(__file__).parents[1]  # where `dialer` is imported from, even by one who stands in that folder


def batches(
    job: Job | None, way: Way, rows: Callable[[], Iterable[Row]], *, sizes: Sizes
) -> Generator[Batch, None, None]:
    """All rows of a table as batches of about those sizes; `rows` walks the table in this process.

    With a job, `worth_it` and the same as `rows`, a second process reads it; it ends with the generator.
    """
    unseen = way.unseen()
    last = 0
    if job is not None:
        batch = Batch()
        with closing(_pieces(job)) as pieces:
            for piece in pieces:
                if piece is None:
                    yield batch
                    return
                batch.take(piece)
                last = batch.readings[-1].row
                for name in piece.samples:
                    unseen.pop(name, None)
                if len(batch.readings) >= sizes.rows or batch.weight > sizes.weight:
                    yield batch
                    batch = Batch()
        yield batch
    yield from way.batches(rows(), unseen, sizes=sizes, after=last)


def worth_it(path: Path, *, processors: int) -> bool:
    """True where with so many processors a second process makes reading the text of a file faster."""
    return processors > 1 and path.stat().st_size >= WORTH_IT_BYTES


def processors_here() -> int:
    """How many processors this process may use."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _pieces(job: Job) -> Generator[Batch | None, None, None]:
    """What the second process reads, as far as it gets; None behind the last row, if it gets there."""
    with suppress(OSError, EOFError), _started(job) as pipe:
        while length := int.from_bytes(_exactly(pipe, LENGTH_BYTES)):
            yield Batch.from_plain(marshal.loads(_exactly(pipe, length)))  # noqa: S302 - our own child's
        yield None


@contextmanager
def _started(job: Job) -> Iterator[IO[bytes]]:
    """The output of a process that does the job; leaving the block ends it, whatever it is doing.

    Its imports come from this process's path alone, never from the current folder; its environment holds no
    key. If this process is killed, its next words have no listener, and it ends.
    """
    child = subprocess.Popen(  # noqa: S603 - the program and its arguments are our own
        [sys.executable, "-P", str(_CHILD)],
        env={"PYTHONPATH": os.pathsep.join([*filter(None, sys.path), str(_HOUSE)])},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C is ours to answer
    )
    assert child.stdin is not None  # noqa: S101 - it was opened as a pipe
    assert child.stdout is not None  # noqa: S101 - it was opened as a pipe
    try:
        with child.stdout as pipe:
            with suppress(AttributeError, OSError):  # Linux alone has longer pipes, and not for everybody
                fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _AHEAD_BYTES)
            with child.stdin as stdin:
                pickle.dump(job, stdin)
            yield pipe
    finally:
        child.kill()
        child.wait()


def _exactly(pipe: IO[bytes], length: int) -> bytes:
    """So many bytes. Raises EOFError if there are no more."""
    read = pipe.read(length)
    if len(read) < length:
        raise EOFError
    return read
