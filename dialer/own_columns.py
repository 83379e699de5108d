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
_MISSING = 4  # one column of so many may be missing, because somebody deleted it
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
    texts: Sequence[str], *, known_as: Mapping[str, str] | None = None
) -> tuple[dict[str, int], frozenset[int]]:
    """Where dialer's own columns stand under these headers (name -> position, A is 0), and the positions of
    all that ever did: of several runs the last one counts. Nothing for a sheet that is no report.

    Ours are also known where somebody moved them, or deleted up to a fourth of them. `known_as` are the
    headers of the report that was written before, as `own_headers` gave them, if they were not the usual.
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
        return _scattered(names, known_as)
    fates: dict[str, int] = {}
    for start, theirs in enumerate(names):
        if _is(FATE_COLUMNS[0], theirs) and start not in excluded:
            run_of_fates = _fates_from(names, start)
            if len(run_of_fates) >= _FEWEST_FATE_COLUMNS:
                fates = run_of_fates
                excluded.update(fates.values())
    return results | fates, frozenset(excluded)


def own_headers(
    chosen: Mapping[str, str], headers: Sequence[str], found: Mapping[str, int]
) -> dict[str, str]:
    """Under which headers our columns stand in the report of a sheet with these `headers`, name -> header:
    those that were `found` in it as they are, the others behind them as they were chosen. Where the user has
    a column of that name, ours gets a prefix."""
    ours = {name: headers[position].strip() for name, position in found.items()}
    taken = {text.strip().casefold() for text in headers}
    for name, header in chosen.items():
        while name not in ours:
            if header.casefold() not in taken:
                ours[name] = header
                taken.add(header.casefold())
            header = f"dialer_{header}"  # noqa: PLW2901 - until it is free
    return ours


def _scattered(
    names: Sequence[str], known_as: Mapping[str, str] | None
) -> tuple[dict[str, int], frozenset[int]]:
    """Our own columns wherever they stand, if enough of those that a report has are there."""
    if known_as is None:
        places = {name: _last(names, f"dialer_{name}", name) for name in OWN_COLUMNS}
        expected: Sequence[str] = RESULT_COLUMNS
    else:
        places = {name: _last(names, header.casefold()) for name, header in known_as.items()}
        expected = [name for name in known_as if name in RESULT_COLUMNS]
    there = {name: position for name, position in places.items() if position is not None}
    missing = sum(name not in there for name in expected)
    if missing > len(expected) // _MISSING or not there:
        return {}, frozenset()
    fates = sum(name in there for name in FATE_COLUMNS)
    if known_as is None and fates < _FEWEST_FATE_COLUMNS:
        there = {name: position for name, position in there.items() if name in RESULT_COLUMNS}
    return there, frozenset(there.values())


def _last(names: Sequence[str], *wanted: str) -> int | None:
    """The position of the last column that is called like the first of these that there is."""
    for header in wanted:
        positions = [position for position, name in enumerate(names) if name == header]
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
