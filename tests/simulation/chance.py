"""Dice whose throws are decided by the seed alone."""

from __future__ import annotations

from random import Random


def dice(seed: int, purpose: str) -> Random:
    """Dice of their own for each purpose, so that one more throw here changes nothing there."""
    return Random(f"{seed} {purpose}")  # noqa: S311 - a seed makes every run the same run
