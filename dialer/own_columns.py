"""The columns that dialer adds to a sheet, and how they are known again in a report that is fed back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from dialer.cells import line
from dialer.errors import UsageError

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
OWN_COLUMNS = (*RESULT_COLUMNS, *FATE_COLUMNS)
# So many of them side by side are ours: one alone may well be the user's.
_FEWEST_FATE_COLUMNS = 3
# Somebody may have moved ours apart, or deleted every fourth of them.
_MISSING = 4
_REST = "rest"
_FORMULA_STARTS = tuple("=+-@'\uff1d\uff0b\uff0d\uff20")
_AS_USUAL: Mapping[str, str] = MappingProxyType({name: name for name in OWN_COLUMNS})


def chosen_columns(asked: Sequence[str]) -> Mapping[str, str]:
    """Which columns a report gets, name -> header, in their order, as `--in-columns` asks: names with commas
    between them, `NAME=HEADER` for another header, `rest` for all others. Nothing asked is all of them.

    Raises UsageError for what is no column of ours, for headers that are no headers, and where `status` is
    missing: without it a report that is fed back would not say who was called.
    """
    parts = [part.strip() for text in asked for part in text.split(",") if part.strip()]
    if not parts:
        return _AS_USUAL
    chosen: dict[str, str] = {}
    for part in parts:
        name, renamed, header = (piece.strip() for piece in part.partition("="))
        name = name.lower()
        if name == _REST and not renamed:
            chosen |= {
                other: other for other in OWN_COLUMNS if other not in chosen and not _named(other, parts)
            }
        elif name not in OWN_COLUMNS:
            raise _unusable(
                f"there is no result column {name!r}; choose among {', '.join(OWN_COLUMNS)}, rest"
            )
        elif name in chosen:
            raise _unusable(f"{name} stands there twice")
        else:
            chosen[name] = _header(name, header) if renamed else name
    headers = [header.casefold() for header in chosen.values()]
    if len(set(headers)) < len(headers):
        twice = next(header for header in headers if headers.count(header) > 1)
        raise _unusable(f"two columns are called {twice!r}")
    if "status" not in chosen:
        raise _unusable("add status, without which a report that is fed back does not say who was called")
    return chosen


def _named(name: str, parts: Sequence[str]) -> bool:
    return any(part.partition("=")[0].strip().lower() == name for part in parts)


def _header(name: str, header: str) -> str:
    header = line(header, longest=200)
    if not header or header.startswith(_FORMULA_STARTS):
        raise _unusable(f"{header!r} is no header for {name}: begin it with a letter")
    return header


def _unusable(what: str) -> UsageError:
    return UsageError(f"--in-columns: {what}.", code="in_columns")


def find_own(
    texts: Sequence[str], *, chosen: Mapping[str, str] = _AS_USUAL
) -> tuple[dict[str, int], frozenset[int]]:
    """Where dialer's own columns stand under these headers (name -> position, A is 0), and the positions of
    all that ever did: of several runs the last one counts. Nothing for a sheet that is no report.

    `chosen` are the columns that reports of this campaign have, as `chosen_columns` gives them. Ours are also
    known where somebody moved them, or deleted up to a fourth of them.
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
        return _scattered(names, chosen)
    fates: dict[str, int] = {}
    for start, theirs in enumerate(names):
        if _is(FATE_COLUMNS[0], theirs) and start not in excluded:
            run_of_fates = _fates_from(names, start)
            if len(run_of_fates) >= _FEWEST_FATE_COLUMNS:
                fates = run_of_fates
                excluded.update(fates.values())
    return results | fates, frozenset(excluded)


def _scattered(names: Sequence[str], chosen: Mapping[str, str]) -> tuple[dict[str, int], frozenset[int]]:
    """Our own columns wherever they stand, if enough of those that a report has are there."""
    expected = [name for name in chosen if name in RESULT_COLUMNS]
    found = {name: _last(names, header.casefold()) for name, header in chosen.items()}
    there = {name: position for name, position in found.items() if position is not None}
    count = sum(name in there for name in expected)
    if count < max(2, len(expected) - len(expected) // _MISSING):
        return {}, frozenset()
    if sum(name in there for name in FATE_COLUMNS) < min(_FEWEST_FATE_COLUMNS, len(chosen) - len(expected)):
        there = {name: position for name, position in there.items() if name in RESULT_COLUMNS}
    return there, frozenset(there.values())


def _last(names: Sequence[str], header: str) -> int | None:
    """Where a column of ours stands: the last of that name, or rather of that with the prefix."""
    for wanted in (f"dialer_{header}", header):
        positions = [position for position, name in enumerate(names) if name == wanted]
        if positions:
            return positions[-1]
    return None


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
