"""Reads the README as a newcomer does: its blocks of commands are what gets run.

`python tests/readme.py tests` prints the command that runs the tests, for `.ci/run`.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_COMMENT = re.compile(r"\s+# (?:exit )?(\d+)$")


@dataclass(frozen=True, slots=True)
class Line:
    """One command of the README and the number that stands behind it: an exit code or an HTTP status."""

    command: str
    expected: int


def lines(language: str) -> list[Line]:
    """All lines of the blocks in one language, in order."""
    found = []
    for block in _BLOCK.finditer(README.read_text(encoding="utf-8")):
        if block[1] == language:
            found += [line for line in block[2].splitlines() if line.strip()]
    return [Line(_COMMENT.sub("", line), int(m[1]) if (m := _COMMENT.search(line)) else 0) for line in found]


def set_up(what: str) -> str:
    """The README's first command (`run`) or its second (`tests`)."""
    first, second = [line.command for line in lines("sh") if line.command.startswith("python3.11 -m venv")]
    return {"run": first, "tests": second}[what]


if __name__ == "__main__":
    sys.stdout.write(set_up(sys.argv[1]) + "\n")
