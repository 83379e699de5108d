"""Which rows of a file lose what stands in them, and what is left in dialer's own columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass


class CannotBlank(Exception):
    """The file's rows cannot be emptied with certainty; the text says why."""


@dataclass(frozen=True, slots=True)
class Vanishing:
    """Rows to be emptied."""

    wanted: Callable[[int, Sequence[str]], bool]  # (Excel's row number, the texts of its cells)
    left: Mapping[str, str]  # a result column's name -> what stands there afterwards


def own_columns(texts: Sequence[str], left: Mapping[str, str]) -> dict[int, str]:
    """Position -> text of what is left in a row, if these texts are a report's header; else nothing."""
    names = [text.strip().casefold().removeprefix("dialer_") for text in texts]
    if "call_id" not in names or not set(left) <= set(names):
        return {}
    # The last of a name is dialer's own: its columns stand behind the widest row.
    return {len(names) - 1 - names[::-1].index(name): text for name, text in left.items()}
