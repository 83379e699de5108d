"""A sheet goes into the ledger: the table is found, its columns understood, its rows written in batches."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime

from dialer import __version__, suppressions
from dialer.campaign import Reading
from dialer.errors import SheetError, UsageError
from dialer.evidence import evidence_of, lost_its_call, says_mended
from dialer.facts import suppressions_revision
from dialer.ledger import Connection, Ledger
from dialer.loads import (
    Batches,
    Campaign,
    Load,
    begin_load,
    complete_load,
    count_called_elsewhere,
    latest_load,
    mendable_rows,
    move_load,
    seems_another_list,
)
from dialer.own_columns import chosen_columns, own_headers
from dialer.reading_ahead import batches as batches_of
from dialer.reading_ahead import processors_here, worth_it
from dialer.recovered import recover
from dialer.report_files import is_report_name
from dialer.row_batches import Batch, Job, Sizes, Way, few_collections
from dialer.snapshot import Snapshot
from dialer.spreadsheet import AskHidden, open_table
from dialer.table import Format
from dialer.understanding import FoundTable, NotUnderstood, Understood, understand

__all__ = ["Loaded", "NotUnderstood", "Understood", "load"]

_SIZES = Sizes(
    rows=10_000,  # with fewer, the pages of an index are written again and again
    weight=32 << 20,
)
_FLAGS = {"mapping": "map", "tags": "tag"}  # options that are called otherwise
_NO_OPTIONS = ("version", "suppressions")  # what makes a reading another one beside its options


@dataclass(frozen=True, slots=True)
class Loaded:
    """A sheet in the ledger."""

    load_id: int
    understood: Understood
    before: Load | None  # the campaign's load before this one
    unchanged: bool  # the same bytes were read the same way before: nothing was written
    recovered: int = 0  # calls that only the report itself told of, and that count as made from now on
    renumbered: int = 0  # rows that a call was made for, and whose number was changed since
    region_as_before: str | None = None  # taken from the load before, because none was given
    remembered: int = 0  # people who opted out in this sheet, and are on the do-not-call list from now on
    # How few of its numbers stood in the load before, where that is so few that it seems another list.
    in_common: int | None = None


def load(
    ledger: Ledger,
    campaign: Campaign,
    snapshot: Snapshot,
    reading: Reading,
    *,
    remember_opt_outs: bool = False,
    on_rows: Callable[[int], None] = lambda _count: None,
) -> Loaded:
    """Load a sheet into a campaign; the same sheet a second time is recognised and not read again, unless
    the do-not-call list has changed since.

    With `remember_opt_outs` whoever says "do not call" in a column is put on that list. `on_rows` is told
    after each batch how many rows have been read. Raises SheetError (`NotUnderstood`
    where the file could be read) if it cannot be used; the campaign then stays as it was.
    """
    with ledger.transaction() as connection:
        newest = latest_load(connection, campaign.campaign_id)
        before = latest_load(connection, campaign.campaign_id, complete_only=True)
        reading = _with_consent(_with_in_columns(reading, before), before)
        reading, region_as_before = _with_region(reading, before)
        seen = {"version": __version__, "suppressions": suppressions_revision(connection)}
        how = json.dumps(seen | reading.model_dump(mode="json"), sort_keys=True)
        if newest and newest.complete and newest.sha256 == snapshot.sha256 and newest.reading == how:
            move_load(connection, load_id=newest.load_id, path=str(snapshot.source), sha256=snapshot.sha256)
            return Loaded(
                newest.load_id,
                Understood.from_json(newest.understood),
                newest,
                unchanged=True,
                region_as_before=region_as_before,
                remembered=_remember(ledger, connection, newest.load_id, snapshot)
                if remember_opt_outs
                else 0,
            )
    with open_table(
        snapshot.path,
        encoding=reading.encoding,
        delimiter=reading.delimiter,
        hidden=AskHidden.SURELY if reading.visible_only else AskHidden.IF_TOLD,
    ) as spreadsheet:
        known_as = _known_as(snapshot, reading, before)
        table = understand(spreadsheet, reading, file=snapshot.source.name, known_as=known_as)
        _refuse_unknown_report(snapshot, table, before)
        with ledger.transaction() as connection:
            load_id = begin_load(
                connection,
                campaign.campaign_id,
                path=str(snapshot.source),
                sha256=snapshot.sha256,
                reading=how,
                now=ledger.clock(),
            )
            batches = _batches(connection, campaign, load_id, reading, before)
        # Marks tell the next load whose row it was: in a ledger that is thrown away there is none.
        marking = not ledger.scratch or bool(batches.mendable)
        way = Way(
            table.columns,
            table.templates,
            table.head.name,
            reading.region,
            visible_only=table.visible_only,
            marking=marking,
        )
        rows = _rows(way, table, snapshot, reading)
        written = _write_rows(ledger, batches, rows, table, on_rows, samples=dict.fromkeys(way.unseen(), ""))
        if written.rows == 0:
            raise table.no_rows()
        understood = table.understood(
            data_rows=written.rows, hidden_rows=written.hidden, samples=written.samples
        )
    with ledger.transaction() as connection:
        if before is not None and before.sha256 == snapshot.sha256:
            _refuse_to_forget(connection, campaign, before, how)
        complete_load(
            connection, load_id=load_id, campaign_id=campaign.campaign_id, understood=understood.to_json()
        )
        in_common = seems_another_list(connection, load_id, before.load_id) if before else None
        remembered = _remember(ledger, connection, load_id, snapshot) if remember_opt_outs else 0
    return Loaded(
        load_id,
        understood,
        before,
        unchanged=False,
        recovered=written.recovered,
        renumbered=written.renumbered,
        region_as_before=region_as_before,
        remembered=remembered,
        in_common=in_common,
    )


def _remember(ledger: Ledger, connection: Connection, load_id: int, snapshot: Snapshot) -> int:
    return suppressions.remember_opt_outs(connection, load_id, file=snapshot.source.name, now=ledger.clock())


def _batches(
    connection: Connection, campaign: Campaign, load_id: int, reading: Reading, before: Load | None
) -> Batches:
    campaign_id = campaign.campaign_id
    if before is None:
        return Batches(campaign_id, load_id, reading.duplicates)
    mendable = mendable_rows(connection, campaign_id=campaign_id, load_id=before.load_id)
    return Batches(campaign_id, load_id, reading.duplicates, before.load_id, mendable)


def _with_region(reading: Reading, before: Load | None) -> tuple[Reading, str | None]:
    """The reading with the region of the load before, where none is given now, and that region."""
    region = json.loads(before.reading).get("region") if before and reading.region is None else None
    return (reading.model_copy(update={"region": region}), region) if region else (reading, None)


def _with_in_columns(reading: Reading, before: Load | None) -> Reading:
    """The reading with the result columns that were asked for before, where none are now."""
    asked = json.loads(before.reading).get("in_columns") if before and not reading.in_columns else None
    return reading.model_copy(update={"in_columns": tuple(asked)}) if asked else reading


def _with_consent(reading: Reading, before: Load | None) -> Reading:
    """The reading with the consent that was asked for before, where nothing is said of it now: a command that
    leaves the flag out must not call those whom the one before left alone. An empty name lifts it."""
    asked = reading.require_consent
    if asked is None and before is not None:
        asked = json.loads(before.reading).get("require_consent")
    return reading.model_copy(update={"require_consent": asked or None})


def _known_as(snapshot: Snapshot, reading: Reading, before: Load | None) -> Mapping[str, str] | None:
    """Under which headers our own columns stand if the sheet is a report; None for the usual ones."""
    if before is None:
        named = is_report_name(snapshot.source) and reading.in_columns
        return own_headers(chosen_columns(reading.in_columns), (), {}) if named else None
    asked = json.loads(before.reading).get("in_columns")
    understood = Understood.from_json(before.understood)
    return own_headers(chosen_columns(asked), understood.columns, understood.results) if asked else None


def _refuse_unknown_report(snapshot: Snapshot, table: FoundTable, before: Load | None) -> None:
    """Raise NotUnderstood for a report of ours whose columns are called otherwise, if nothing tells how:
    taken for a new list, everybody on it would be called again."""
    if before is not None or table.columns.results or not is_report_name(snapshot.source):
        return
    error = SheetError(
        f"{snapshot.source.name} is called like a report of dialer, and holds none of its columns: give the"
        " --in-columns with which it was written, or rename the file if it is a new list.",
        code="report_not_known",
    )
    raise NotUnderstood(error, table.understood(data_rows=0, hidden_rows=0, samples={}))


def _refuse_to_forget(connection: Connection, campaign: Campaign, before: Load, how: str) -> None:
    """Raise UsageError if the same sheet, read another way, no longer holds people who were called.

    Their results would vanish from the report, and with other numbers the same people could be called again.
    """
    lost = count_called_elsewhere(connection, campaign_id=campaign.campaign_id, load_id=before.load_id)
    if lost == 0:
        return
    then, now = json.loads(before.reading), json.loads(how)
    differing = [name for name in now if now[name] != then.get(name) and name not in _NO_OPTIONS]
    options = ", ".join(
        f"--{_FLAGS.get(name) or name.replace('_', '-')} was {then.get(name) or 'not given'}"
        for name in differing
    )
    raise UsageError(
        f"Read this way, {lost} people of this sheet who were called before are not in it any more "
        f"({options or 'dialer reads it otherwise now'}): give the options of the run before, or another "
        "--campaign.",
        code="read_otherwise",
    )


@dataclass(slots=True)
class _Written:
    """What was written of a sheet so far."""

    rows: int = 0
    hidden: int = 0  # rows that nobody sees, whether they were left out or not
    recovered: int = 0
    renumbered: int = 0
    samples: dict[str, str] = field(default_factory=dict)  # the first value of each field


def _rows(way: Way, table: FoundTable, snapshot: Snapshot, reading: Reading) -> Generator[Batch, None, None]:
    """The rows of the table; those of a large delimited text, unless it is a report, come from a process that
    reads ahead."""
    spreadsheet, path = table.spreadsheet, snapshot.path
    alone = spreadsheet.info.format is Format.CSV and not way.columns.results
    ahead = alone and worth_it(path, processors=processors_here())
    job = Job(path, reading.encoding, reading.delimiter, way) if ahead else None
    return batches_of(job, way, lambda: spreadsheet.rows(table.head.name), sizes=_SIZES)


def _write_rows(
    ledger: Ledger,
    batches: Batches,
    rows: Generator[Batch, None, None],
    table: FoundTable,
    on_rows: Callable[[int], None],
    *,
    samples: dict[str, str],
) -> _Written:
    """Write all rows, batch after batch."""
    written = _Written(samples=samples)
    # Only a report, whose own columns tell of calls, moves leads from one state to another.
    taking = ledger.transaction if table.columns.results else ledger.loading
    with closing(rows), few_collections():
        # A batch is read before the ledger is taken: other runs must not wait for more than the writing.
        for batch in rows:
            with taking() as connection:
                batch.readings = suppressions.applied(connection, batch.readings)
                recovered, renumbered = _write_batch(connection, batches, batch, table, now=ledger.clock())
            written.recovered += recovered
            written.renumbered += renumbered
            written.rows += len(batch.readings)
            written.hidden += batch.hidden
            written.samples |= batch.samples
            on_rows(written.rows)
    return written


def _write_batch(
    connection: Connection, batches: Batches, batch: Batch, table: FoundTable, *, now: datetime
) -> tuple[int, int]:
    """Write one batch; gives how many calls only the sheet itself, a report, told of, and in how many
    rows the number was changed after a call."""
    columns, readings = table.columns, batch.readings
    for reading in readings:
        if reading.problems and suppressions.is_forgotten(reading):
            batch.fingerprints.pop(reading.row, None)
    if not columns.results:
        batches.add(connection, readings, fingerprints=batch.fingerprints)
        return 0, 0
    several = zip(batch.rows, readings, strict=True)
    numbers = [(row, reading.lead.phone) for row, reading in several if reading.lead]
    mended = frozenset(row.number for row, e164 in numbers if says_mended(row, columns, e164))
    batches.add(connection, readings, said_mended=mended, fingerprints=batch.fingerprints)
    told = [evidence for row, e164 in numbers if (evidence := evidence_of(row, columns, e164))]
    recovered = recover(connection, batches.campaign_id, told, file=table.file, now=now)
    return recovered, sum(lost_its_call(row, columns, e164) for row, e164 in numbers)
