"""Makes the small nasty spreadsheets of this folder, each named for its nastiness.

Run it from the root of the project: `python -m tests.spreadsheets.make`, with another folder after it if they
should go there. The files are the same on every run, the people in them invented, the numbers fictional.
What each of them should be read as stands in `readings.toml`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from tests.spreadsheets import exports, hostile, texts, workbooks
from tests.spreadsheets.parts import MAIN, text_cell, xlsb, xlsx, xlsx_parts, zipped

__all__ = ["FILES", "FOLDER", "MAIN", "main", "text_cell", "xlsb", "xlsx", "xlsx_parts", "zipped"]

FOLDER = Path(__file__).parent

# In this order, because odfpy's files depend on those that it has written before.
FILES: dict[str, Callable[[], bytes]] = {**workbooks.FILES, **hostile.FILES, **texts.FILES, **exports.FILES}


def main(folder: Path) -> None:
    """Writes every file into a folder."""
    for name, build in FILES.items():
        (folder / name).write_bytes(build())


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
