"""The columns that dialer adds to a sheet, and how they are known again in a report that is fed back."""

from __future__ import annotations

from collections.abc import Sequence

from dialer.cells import line

# In this order. A user's column of the same name stays, and ours is then called `dialer_<name>`.
RESULT_COLUMNS = (
    "call_id",
    "status",
    "is_new_contact",
    "to_phone",
    "contact_id",
    "called_at",
    "attempts",
    "reason",
)
# Likewise, once the API was asked what became of the calls.
FATE_COLUMNS = (
    "call_status",
    "duration_seconds",
    "appointment_booked",
    "lead_qualification",
    "call_intent",
    "summary",
    "cost",
    "recording_url",
    "transcript",  # only on request
)
# So many of them side by side are ours: one alone may well be the user's.
_FEWEST_FATE_COLUMNS = 3


def find_own(texts: Sequence[str]) -> tuple[dict[str, int], frozenset[int]]:
    """Where dialer's own columns stand under these headers (name -> position, A is 0), and the positions of
    all that ever did: of several runs the last one counts. Nothing for a sheet that is no report.
    """
    names = [line(text).casefold() for text in texts]
    results: dict[str, int] = {}
    excluded: set[int] = set()
    for start in range(len(names) - len(RESULT_COLUMNS) + 1):
        run = names[start : start + len(RESULT_COLUMNS)]
        if all(_is(ours, theirs) for theirs, ours in zip(run, RESULT_COLUMNS, strict=True)):
            results = {ours: start + offset for offset, ours in enumerate(RESULT_COLUMNS)}
            excluded.update(results.values())
    if not results:
        return {}, frozenset()
    fates: dict[str, int] = {}
    for start, theirs in enumerate(names):
        if _is(FATE_COLUMNS[0], theirs) and start not in excluded:
            run_of_fates = _fates_from(names, start)
            if len(run_of_fates) >= _FEWEST_FATE_COLUMNS:
                fates = run_of_fates
                excluded.update(fates.values())
    return results | fates, frozenset(excluded)


def _fates_from(names: Sequence[str], start: int) -> dict[str, int]:
    """The run of fate columns from here on, in their order; some may have been deleted."""
    run: dict[str, int] = {}
    left = iter(FATE_COLUMNS)
    for position in range(start, len(names)):
        ours = next((ours for ours in left if _is(ours, names[position])), None)
        if ours is None:
            break
        run[ours] = position
    return run


def _is(ours: str, theirs: str) -> bool:
    return theirs in {ours, f"dialer_{ours}"}
