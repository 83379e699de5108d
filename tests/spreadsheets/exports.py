"""What the programs that keep leads export, with their very headers, and sheets in nine languages."""

from __future__ import annotations

from collections.abc import Callable

FILES: dict[str, Callable[[], bytes]] = {}
