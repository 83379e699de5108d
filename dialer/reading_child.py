"""Reads the rows of a delimited text in a process of its own, ahead of the one that writes them down.

Started by `reading_ahead`, which gives one pickled `Job` on stdin and gets messages on stdout: eight bytes,
the length, and a marshalled `row_batches.Plain`; at the very end one of length 0. Whatever goes wrong ends
this process without that: then its parent reads on by itself, and meets the same.
"""

from __future__ import annotations

import marshal
import os
import pickle
import sys

from dialer.row_batches import Job, Sizes, few_collections
from dialer.spreadsheet import open_table

LENGTH_BYTES = 8
_SIZES = Sizes(rows=1_000, weight=1 << 20)


def main() -> None:
    """Read the sheet that stdin names."""
    job: Job = pickle.load(sys.stdin.buffer)  # noqa: S301 - our own parent wrote it
    out = sys.stdout.buffer
    opened = open_table(job.path, encoding=job.encoding, delimiter=job.delimiter)
    with opened as spreadsheet, few_collections():
        for batch in job.way.batches(spreadsheet.rows(), job.way.unseen(), sizes=_SIZES):
            message = marshal.dumps(batch.plainly())
            out.write(len(message).to_bytes(LENGTH_BYTES))
            out.write(message)
            out.flush()
    out.write(bytes(LENGTH_BYTES))
    out.flush()


def run() -> None:
    """Read, and leave without a word, whether it succeeds or not: nobody listens to stderr."""
    try:
        main()
    except BaseException:  # noqa: BLE001 - the parent reads on, and says what there is to say
        os._exit(1)
    os._exit(0)


if __name__ == "__main__":
    run()
