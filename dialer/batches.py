"""The rows of a load go into the ledger, batch after batch, and one lead is kept for each number."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, Row, text

from dialer.campaign import Duplicates
from dialer.leads import Lead, RowProblem, RowReading, Verdict, merge, other_name
from dialer.phones import Tier
from dialer.statements import run_all

INSERT_ROW = text(
    "INSERT INTO rows (load_id, row, verdict, e164, cell, problems, fingerprint)"
    " VALUES (:load_id, :row, :verdict, :e164, :cell, :problems, :fingerprint)"
)
MARK_DUPLICATE = text(
    "UPDATE rows SET verdict = 'duplicate' WHERE load_id = :load_id AND row = :row"
    " AND verdict IN ('callable', 'assumed')"
)
UPDATE_PROBLEMS = text("UPDATE rows SET problems = :problems WHERE load_id = :load_id AND row = :row")
SELECT_INVALID_ROWS = text(
    "SELECT row FROM rows WHERE load_id = :load_id AND row BETWEEN :first AND :last AND verdict = 'invalid'"
)
# Whom the ledger knows already of those who stand in the rows just written.
SELECT_LEADS = text(
    "SELECT l.lead_id, l.e164, l.load_id, l.row, l.cell, l.tier, l.region, l.first_name, l.last_name,"
    " l.source, l.tags, l.notes, l.subdivision, l.postal_code, l.time_zone, l.assistant, l.suppressed"
    " FROM rows AS r"
    " JOIN leads AS l ON l.campaign_id = :campaign_id AND l.e164 = r.e164"
    " WHERE r.load_id = :load_id AND r.row BETWEEN :first AND :last"
)
INSERT_LEAD = text(
    "INSERT INTO leads (campaign_id, e164, load_id, row, cell, tier, region, first_name, last_name, source,"
    " tags, notes, subdivision, postal_code, time_zone, assistant, state, suppressed, mended, attempts)"
    " VALUES (:campaign_id, :e164, :load_id, :row, :cell, :tier, :region, :first_name, :last_name, :source,"
    " :tags, :notes, :subdivision, :postal_code, :time_zone, :assistant, 'due', :suppressed, :mended, 0)"
)
# What was sent stays as it was sent: a called lead takes a new place in the sheet, not a new name. Who calls
# is said anew by each load: a second call is made by whom the command of then names.
UPDATE_LEAD = text(
    "UPDATE leads SET load_id = :load_id, row = :row, cell = :cell, tier = :tier, region = :region,"
    " suppressed = :suppressed, mended = (mended OR :mended),"
    " first_name = CASE WHEN state IN ('due', 'failed') THEN :first_name ELSE first_name END,"
    " last_name = CASE WHEN state IN ('due', 'failed') THEN :last_name ELSE last_name END,"
    " source = CASE WHEN state IN ('due', 'failed') THEN :source ELSE source END,"
    " tags = CASE WHEN state IN ('due', 'failed') THEN :tags ELSE tags END,"
    " notes = CASE WHEN state IN ('due', 'failed') THEN :notes ELSE notes END,"
    " subdivision = :subdivision, postal_code = :postal_code, time_zone = :time_zone, assistant = :assistant"
    " WHERE lead_id = :lead_id"
)


@dataclass(slots=True)
class _Known:
    """A lead as the ledger holds it, or as this batch is about to write it."""

    lead: Lead
    suppressed: bool
    load_id: int
    lead_id: int | None = None  # None: this batch is about to write it
    mended: bool = False
    changed: bool = False


@dataclass(frozen=True, slots=True)
class Batches:
    """Writes the rows of one load, batch after batch, and keeps one lead for each number."""

    campaign_id: int
    load_id: int
    duplicates: Duplicates
    previous_load_id: int | None = None  # whose rows may have been mended since
    mendable: frozenset[int] = frozenset()  # the fingerprints of those, from `mendable_rows`

    def add(
        self,
        connection: Connection,
        readings: Sequence[RowReading],
        *,
        said_mended: frozenset[int] = frozenset(),
        fingerprints: Mapping[int, int | None] = MappingProxyType({}),
    ) -> None:
        """Write one batch. `said_mended` are rows that the sheet itself, a report, says were put right;
        `fingerprints` are those of the rows, by row number, as `evidence.fingerprint` makes them."""
        if not readings:
            return
        run_all(connection, INSERT_ROW, [self._row(each, fingerprints.get(each.row)) for each in readings])
        mended = self._invalid_before(connection, readings)
        if self.mendable:
            mended |= {each.row for each in readings if fingerprints.get(each.row) in self.mendable}
        known = self._known(connection, readings)
        of_before = list(known.values())
        new: list[_Known] = []
        duplicates: list[int] = []
        misnamed: list[tuple[Any, ...]] = []
        load_id = self.load_id
        for reading in readings:
            lead = reading.lead
            if lead is None:
                continue
            row = reading.row
            suppressed = reading.verdict is Verdict.SUPPRESSED
            earlier = known.get(lead.phone)
            if earlier is None:
                is_mended = row in said_mended or row in mended
                known[lead.phone] = first = _Known(lead, suppressed, load_id, mended=is_mended)
                new.append(first)
                continue
            if earlier.load_id == load_id and (problem := other_name(earlier.lead, lead)) is not None:
                misnamed.append((_as_json((*reading.problems, problem)), load_id, row))
            duplicate = self._take(
                earlier,
                lead,
                suppressed=suppressed,
                mended=row in said_mended,
                mended_if_absent=row in mended,
            )
            if duplicate is not None:
                duplicates.append(duplicate)
        run_all(connection, INSERT_LEAD, [self._new_lead(each) for each in new])
        run_all(connection, UPDATE_LEAD, (self._old_lead(each) for each in of_before if each.changed))
        run_all(connection, MARK_DUPLICATE, ((load_id, row) for row in duplicates))
        run_all(connection, UPDATE_PROBLEMS, misnamed)

    def _take(
        self, before: _Known, lead: Lead, *, suppressed: bool, mended: bool, mended_if_absent: bool
    ) -> int | None:
        """Let a row have its say about the lead of its number; gives the row that is a duplicate by now."""
        if before.load_id != self.load_id:
            # Who stood in the load before under this number was not mended: the sheet was sorted.
            absent = before.load_id != self.previous_load_id
            before.mended = mended or (mended_if_absent and absent)
            before.lead, before.suppressed, before.load_id = lead, suppressed, self.load_id
            before.changed = True
            return None
        first = before.lead
        match self.duplicates:
            case Duplicates.LAST:
                before.lead = lead
            case Duplicates.MERGE:
                before.lead = merge(first, lead)
            case Duplicates.FIRST:
                pass
        # One person, many rows: whoever asked not to be called in one of them is not called at all.
        if before.lead is not first or (suppressed and not before.suppressed):
            before.suppressed = before.suppressed or suppressed
            before.changed = True
        return first.row if self.duplicates is Duplicates.LAST else lead.row

    def _known(self, connection: Connection, readings: Sequence[RowReading]) -> dict[str, _Known]:
        bound = {
            "campaign_id": self.campaign_id,
            "load_id": self.load_id,
            "first": min(reading.row for reading in readings),
            "last": max(reading.row for reading in readings),
        }
        return {
            row.e164: _Known(
                lead_of(row),
                suppressed=bool(row.suppressed),
                lead_id=row.lead_id,
                load_id=row.load_id,
            )
            for row in connection.execute(SELECT_LEADS, bound)
        }

    def _invalid_before(self, connection: Connection, readings: Sequence[RowReading]) -> frozenset[int]:
        if self.previous_load_id is None:
            return frozenset()
        bound = {"load_id": self.previous_load_id, "first": readings[0].row, "last": readings[-1].row}
        return frozenset(connection.execute(SELECT_INVALID_ROWS, bound).scalars())

    def _row(self, reading: RowReading, fingerprint: int | None) -> tuple[Any, ...]:
        """What `INSERT_ROW` binds, in its order."""
        return (
            self.load_id,
            reading.row,
            str(reading.verdict),
            reading.lead.phone if reading.lead else None,
            reading.cell,
            _as_json(reading.problems) if reading.problems else None,
            fingerprint,
        )

    def _new_lead(self, known: _Known) -> tuple[Any, ...]:
        """What `INSERT_LEAD` binds, in its order."""
        lead = known.lead
        return (
            self.campaign_id,
            lead.phone,
            self.load_id,
            lead.row,
            lead.cell,
            str(lead.tier),
            lead.region,
            *_said(lead),
            # As numbers: a bool takes the driver as long as all the other columns.
            int(known.suppressed),
            int(known.mended),
        )

    def _old_lead(self, known: _Known) -> tuple[Any, ...]:
        """What `UPDATE_LEAD` binds, in its order."""
        lead = known.lead
        place = (self.load_id, lead.row, lead.cell, str(lead.tier), lead.region)
        return (*place, int(known.suppressed), int(known.mended), *_said(lead), known.lead_id)


def _as_json(problems: Sequence[RowProblem]) -> str:
    return json.dumps([asdict(problem) for problem in problems], ensure_ascii=False)


def _said(lead: Lead) -> tuple[str | None, ...]:
    """What the sheet says of a person: the columns from `first_name` to `assistant`."""
    tags = json.dumps(lead.tags, ensure_ascii=False) if lead.tags else "[]"
    return (
        lead.first_name,
        lead.last_name,
        lead.source,
        tags,
        lead.notes,
        lead.subdivision,
        lead.postal_code,
        lead.time_zone,
        lead.assistant,
    )


def lead_of(row: Row[Any]) -> Lead:
    """The lead that a row of the table `leads` holds."""
    return Lead(
        row=row.row,
        phone=row.e164,
        tier=Tier(row.tier),
        region=row.region,
        cell=row.cell,
        first_name=row.first_name,
        last_name=row.last_name,
        source=row.source,
        tags=tuple(json.loads(row.tags)),
        notes=row.notes,
        subdivision=row.subdivision,
        postal_code=row.postal_code,
        time_zone=row.time_zone,
        assistant=row.assistant,
    )
