"""Campaigns and what was loaded into them: the rows of each sheet, and one lead for each number."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, Row, bindparam, text

from dialer.campaign import Duplicates
from dialer.leads import Lead, RowReading, Verdict, merge
from dialer.ledger import time_text
from dialer.phones import Tier

SELECT_CAMPAIGN = text("SELECT campaign_id, name, kind, paused_reason FROM campaigns WHERE name = :name")
INSERT_CAMPAIGN = text(
    "INSERT INTO campaigns (name, kind, created_at) VALUES (:name, :kind, :now) RETURNING campaign_id"
)
SELECT_LATEST_LOAD = text(
    "SELECT load_id, complete, loaded_at, path, sha256, reading, understood FROM loads"
    " WHERE campaign_id = :campaign_id ORDER BY load_id DESC LIMIT 1"
)
SELECT_LATEST_COMPLETE_LOAD = text(
    "SELECT load_id, complete, loaded_at, path, sha256, reading, understood FROM loads"
    " WHERE campaign_id = :campaign_id AND complete ORDER BY load_id DESC LIMIT 1"
)
INSERT_LOAD = text(
    "INSERT INTO loads (campaign_id, loaded_at, complete, path, sha256, reading, understood)"
    " VALUES (:campaign_id, :now, :complete, :path, :sha256, :reading, :understood) RETURNING load_id"
)
COMPLETE_LOAD = text(
    "UPDATE loads SET complete = :complete, understood = :understood WHERE load_id = :load_id"
)
MOVE_LOAD = text("UPDATE loads SET path = :path, sha256 = :sha256 WHERE load_id = :load_id")
INSERT_ROW = text(
    "INSERT INTO rows (load_id, row, verdict, e164, cell, problems, fingerprint)"
    " VALUES (:load_id, :row, :verdict, :e164, :cell, :problems, :fingerprint)"
)
MARK_DUPLICATE_ROWS = text(
    "UPDATE rows SET verdict = 'duplicate' WHERE load_id = :load_id AND verdict IN ('callable', 'assumed')"
    " AND row <> (SELECT l.row FROM leads AS l WHERE l.campaign_id = :campaign_id AND l.e164 = rows.e164)"
)
SELECT_INVALID_ROWS = text(
    "SELECT row FROM rows WHERE load_id = :load_id AND row BETWEEN :first AND :last AND verdict = 'invalid'"
)
# What a person may have put right since: rows that could not be read, and leads that were refused.
SELECT_MENDABLE = text(
    "SELECT r.fingerprint FROM rows AS r LEFT JOIN leads AS l"
    " ON l.campaign_id = :campaign_id AND l.e164 = r.e164"
    " WHERE r.load_id = :load_id AND r.fingerprint IS NOT NULL"
    " AND (r.verdict = 'invalid' OR l.state = 'failed')"
)
SELECT_LEADS = text(
    "SELECT lead_id, e164, load_id, row, cell, tier, region, first_name, last_name, source, tags, notes,"
    " suppressed FROM leads WHERE campaign_id = :campaign_id AND e164 IN :numbers"
).bindparams(bindparam("numbers", expanding=True))
INSERT_LEAD = text(
    "INSERT INTO leads (campaign_id, e164, load_id, row, cell, tier, region, first_name, last_name, source,"
    " tags, notes, state, suppressed, mended, attempts) VALUES (:campaign_id, :e164, :load_id, :row, :cell,"
    " :tier, :region, :first_name, :last_name, :source, :tags, :notes, 'due', :suppressed, :mended, 0)"
)
# What was sent stays as it was sent: a called lead takes a new place in the sheet, not a new name.
UPDATE_LEAD = text(
    "UPDATE leads SET load_id = :load_id, row = :row, cell = :cell, tier = :tier, region = :region,"
    " suppressed = :suppressed, mended = (mended OR :mended),"
    " first_name = CASE WHEN state IN ('due', 'failed') THEN :first_name ELSE first_name END,"
    " last_name = CASE WHEN state IN ('due', 'failed') THEN :last_name ELSE last_name END,"
    " source = CASE WHEN state IN ('due', 'failed') THEN :source ELSE source END,"
    " tags = CASE WHEN state IN ('due', 'failed') THEN :tags ELSE tags END,"
    " notes = CASE WHEN state IN ('due', 'failed') THEN :notes ELSE notes END"
    " WHERE lead_id = :lead_id"
)
COUNT_CALLED = text(
    "SELECT count(*) FROM leads WHERE campaign_id = :campaign_id AND load_id = :load_id"
    " AND state IN ('called', 'unknown', 'sending')"
)
COUNT_NUMBERS = text(
    "SELECT count(*) FROM (SELECT e164 FROM rows WHERE load_id = :load_id AND e164 IS NOT NULL GROUP BY e164)"
)
COUNT_NUMBERS_IN_COMMON = text(
    "SELECT count(*) FROM (SELECT e164 FROM rows WHERE load_id = :load_id AND e164 IS NOT NULL"
    " INTERSECT SELECT e164 FROM rows WHERE load_id = :other_id)"
)
INSERT_RUN = text(
    "INSERT INTO runs (campaign_id, started_at, settings) VALUES (:campaign_id, :now, :settings)"
    " RETURNING run_id"
)
INSERT_RUN_ROWS = text(
    "INSERT INTO run_rows (run_id, first_row, last_row) VALUES (:run_id, :first_row, :last_row)"
)
END_RUN = text(
    "UPDATE runs SET ended_at = :now, exit_code = :exit_code, stopped = :stopped WHERE run_id = :run_id"
)


@dataclass(frozen=True, slots=True)
class Campaign:
    """A named set of leads."""

    campaign_id: int
    name: str
    kind: str  # "sheet", or "call" for a single `dialer call`
    paused_reason: str | None = None


@dataclass(frozen=True, slots=True)
class Load:
    """One reading of one sheet into a campaign."""

    load_id: int
    campaign_id: int
    complete: bool
    loaded_at: str  # as `ledger.time_text` writes it
    path: str
    sha256: str
    reading: str  # JSON: how it was read
    understood: str  # JSON: what was understood


def find_campaign(connection: Connection, name: str) -> Campaign | None:
    """The campaign of this name, or None."""
    row = connection.execute(SELECT_CAMPAIGN, {"name": name}).one_or_none()
    return Campaign(row.campaign_id, row.name, row.kind, row.paused_reason) if row else None


def ensure_campaign(connection: Connection, name: str, *, now: datetime, kind: str = "sheet") -> Campaign:
    """The campaign of this name, created if there is none."""
    found = find_campaign(connection, name)
    if found is not None:
        return found
    bound = {"name": name, "kind": kind, "now": time_text(now)}
    return Campaign(connection.execute(INSERT_CAMPAIGN, bound).scalar_one(), name, kind)


def latest_load(connection: Connection, campaign_id: int, *, complete_only: bool = False) -> Load | None:
    """The newest load of a campaign, or None."""
    statement = SELECT_LATEST_COMPLETE_LOAD if complete_only else SELECT_LATEST_LOAD
    row = connection.execute(statement, {"campaign_id": campaign_id}).one_or_none()
    if row is None:
        return None
    return Load(
        row.load_id,
        campaign_id,
        bool(row.complete),
        row.loaded_at,
        row.path,
        row.sha256,
        row.reading,
        row.understood,
    )


def begin_load(
    connection: Connection, campaign_id: int, *, path: str, sha256: str, reading: str, now: datetime
) -> int:
    """Begin a load; until it is completed no run uses it. Gives its id."""
    bound = {
        "campaign_id": campaign_id,
        "path": path,
        "sha256": sha256,
        "reading": reading,
        "now": time_text(now),
        "complete": False,
        "understood": "{}",
    }
    return int(connection.execute(INSERT_LOAD, bound).scalar_one())


def complete_load(connection: Connection, *, load_id: int, campaign_id: int, understood: str) -> None:
    """Name the duplicates of a load, and let runs use it."""
    connection.execute(MARK_DUPLICATE_ROWS, {"load_id": load_id, "campaign_id": campaign_id})
    connection.execute(COMPLETE_LOAD, {"load_id": load_id, "complete": True, "understood": understood})


def count_called_elsewhere(connection: Connection, *, campaign_id: int, load_id: int) -> int:
    """How many leads that were called, or may have been, stand in no load after this one."""
    bound = {"campaign_id": campaign_id, "load_id": load_id}
    return int(connection.execute(COUNT_CALLED, bound).scalar_one())


def mendable_rows(connection: Connection, *, campaign_id: int, load_id: int) -> frozenset[int]:
    """The fingerprints of a load's invalid and refused rows: what is new in their place was mended."""
    bound = {"campaign_id": campaign_id, "load_id": load_id}
    return frozenset(connection.execute(SELECT_MENDABLE, bound).scalars())


def seems_another_list(connection: Connection, load_id: int, before_id: int) -> int | None:
    """How many numbers two loads have in common where that is less than half of the shorter one's, or None.

    A list that grew, or of which a part was sent, is the same list; another one has a few people in common.
    """
    sizes = [
        int(connection.execute(COUNT_NUMBERS, {"load_id": each}).scalar_one())
        for each in (load_id, before_id)
    ]
    common = connection.execute(COUNT_NUMBERS_IN_COMMON, {"load_id": load_id, "other_id": before_id})
    shared = int(common.scalar_one())
    return shared if 2 * shared < min(sizes) else None


def move_load(connection: Connection, *, load_id: int, path: str, sha256: str) -> None:
    """Note that the same rows stand elsewhere now, or in a file with other result columns."""
    connection.execute(MOVE_LOAD, {"load_id": load_id, "path": path, "sha256": sha256})


def begin_run(
    connection: Connection,
    campaign_id: int,
    *,
    settings: Mapping[str, str],
    rows: Sequence[tuple[int, int]],
    now: datetime,
) -> int:
    """Note that a run begins; gives its id."""
    bound = {"campaign_id": campaign_id, "now": time_text(now), "settings": json.dumps(dict(settings))}
    run_id = int(connection.execute(INSERT_RUN, bound).scalar_one())
    for first, last in rows:
        connection.execute(INSERT_RUN_ROWS, {"run_id": run_id, "first_row": first, "last_row": last})
    return run_id


def end_run(
    connection: Connection, run_id: int, *, exit_code: int, stopped: str | None, now: datetime
) -> None:
    """Note how a run ended."""
    connection.execute(
        END_RUN, {"run_id": run_id, "exit_code": exit_code, "stopped": stopped, "now": time_text(now)}
    )


@dataclass(slots=True)
class _Known:
    """A lead as the ledger holds it, or as this batch is about to write it."""

    lead: Lead
    suppressed: bool
    lead_id: int | None = None
    load_id: int | None = None
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
        connection.execute(INSERT_ROW, [self._row(each, fingerprints.get(each.row)) for each in readings])
        mended = self._invalid_before(connection, readings) | {
            reading.row for reading in readings if fingerprints.get(reading.row) in self.mendable
        }
        known = self._known(connection, {r.lead.phone for r in readings if r.lead is not None})
        for reading in readings:
            if reading.lead is not None:
                self._take(
                    known,
                    reading.lead,
                    suppressed=reading.verdict is Verdict.SUPPRESSED,
                    mended=reading.row in said_mended,
                    mended_if_absent=reading.row in mended,
                )
        changed = [lead for lead in known.values() if lead.changed]
        _execute_all(connection, INSERT_LEAD, [self._lead(k) for k in changed if k.lead_id is None])
        _execute_all(connection, UPDATE_LEAD, [self._lead(k) for k in changed if k.lead_id is not None])

    def _take(
        self, known: dict[str, _Known], lead: Lead, *, suppressed: bool, mended: bool, mended_if_absent: bool
    ) -> None:
        before = known.get(lead.phone)
        if before is None:
            mended = mended or mended_if_absent
            known[lead.phone] = _Known(lead, suppressed, load_id=self.load_id, mended=mended, changed=True)
            return
        before.changed = True
        if before.load_id != self.load_id:
            # Who stood in the load before under this number was not mended: the sheet was sorted.
            absent = before.load_id != self.previous_load_id
            before.mended = mended or (mended_if_absent and absent)
            before.lead, before.suppressed, before.load_id = lead, suppressed, self.load_id
            return
        # One person, many rows: whoever asked not to be called in one of them is not called at all.
        before.suppressed = before.suppressed or suppressed
        match self.duplicates:
            case Duplicates.LAST:
                before.lead = lead
            case Duplicates.MERGE:
                before.lead = merge(before.lead, lead)
            case Duplicates.FIRST:
                pass

    def _known(self, connection: Connection, numbers: set[str]) -> dict[str, _Known]:
        if not numbers:
            return {}
        rows = connection.execute(SELECT_LEADS, {"campaign_id": self.campaign_id, "numbers": sorted(numbers)})
        return {
            row.e164: _Known(
                lead_of(row),
                suppressed=bool(row.suppressed),
                lead_id=row.lead_id,
                load_id=row.load_id,
            )
            for row in rows
        }

    def _invalid_before(self, connection: Connection, readings: Sequence[RowReading]) -> frozenset[int]:
        if self.previous_load_id is None:
            return frozenset()
        bound = {"load_id": self.previous_load_id, "first": readings[0].row, "last": readings[-1].row}
        return frozenset(connection.execute(SELECT_INVALID_ROWS, bound).scalars())

    def _row(self, reading: RowReading, fingerprint: int | None) -> dict[str, Any]:
        problems = [asdict(problem) for problem in reading.problems]
        return {
            "load_id": self.load_id,
            "row": reading.row,
            "verdict": reading.verdict.value,
            "e164": reading.lead.phone if reading.lead else None,
            "cell": reading.cell,
            "problems": json.dumps(problems, ensure_ascii=False) if problems else None,
            "fingerprint": fingerprint,
        }

    def _lead(self, known: _Known) -> dict[str, Any]:
        lead = known.lead
        return {
            "lead_id": known.lead_id,
            "campaign_id": self.campaign_id,
            "e164": lead.phone,
            "load_id": self.load_id,
            "row": lead.row,
            "cell": lead.cell,
            "tier": lead.tier.value,
            "region": lead.region,
            "first_name": lead.first_name,
            "last_name": lead.last_name,
            "source": lead.source,
            "tags": json.dumps(lead.tags, ensure_ascii=False),
            "notes": lead.notes,
            "suppressed": known.suppressed,
            "mended": known.mended,
        }


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
    )


def _execute_all(connection: Connection, statement: Any, rows: Iterable[dict[str, Any]]) -> None:
    bound = list(rows)
    if bound:
        connection.execute(statement, bound)
