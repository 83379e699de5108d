"""Whom a run calls: which leads of a load its policy chooses, in the sheet's order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, Connection, Row, bindparam, text

from dialer.bounds import COUNTS, MARGIN, NO_BOUNDS, Bounds, reached_cap
from dialer.campaign import Policy, Selection
from dialer.caps import LONGEST_WINDOW, Capped
from dialer.fates import ENDED_FOR_NOW, ENDED_WITH
from dialer.leads import Lead
from dialer.ledger import time_of, time_text
from dialer.loads import lead_of
from dialer.plan import ByAssistant
from dialer.retry import LeadState


@dataclass(frozen=True, slots=True)
class DueLead:
    """A lead that may be called in this run."""

    lead_id: int
    campaign_id: int
    lead: Lead
    # due, failed in an earlier run, or called for a second round; where it returns if nothing was sent
    from_state: LeadState


@dataclass(frozen=True, slots=True)
class Choice:
    """Which leads of a load this run calls."""

    campaign_id: int
    load_id: int
    run_id: int
    pending: bool = True
    mended: bool = True
    failed: bool = False
    forbidden: bool = False  # of the failed ones those whom the API answered with 403
    some_rows: bool = False  # only those of `run_rows`
    redialled: bool = False  # and those for whom a person decided that they are called once more
    call_status: tuple[str, ...] = ()  # and those whose newest call ended with one of these words
    again: tuple[str, ...] = ()  # and, within the next two, those whose newest call ended with one of these
    again_before: str = ""  # it was sent before this time
    again_times: int = 0  # so many calls besides the first
    recall_since: str = ""  # called elsewhere after this time: not again
    bounds: Bounds = NO_BOUNDS  # what the calls of the run may not exceed


def choose(
    policy: Policy,
    *,
    campaign_id: int,
    load_id: int,
    run_id: int,
    now: datetime,
    bounds: Bounds = NO_BOUNDS,
) -> Choice:
    """The leads that a policy chooses from a load, as seen at `now`, within the bounds of the run."""
    usual = set() if policy.call_status else {Selection.PENDING, Selection.MENDED}
    only = set(policy.only) or usual
    return Choice(
        campaign_id=campaign_id,
        load_id=load_id,
        run_id=run_id,
        pending=Selection.PENDING in only,
        mended=Selection.MENDED in only,
        failed=Selection.FAILED in only,
        forbidden=Selection.FORBIDDEN in only,
        some_rows=bool(policy.rows),
        redialled=policy.redial_unknown,
        call_status=policy.call_status,
        again=policy.again,
        again_before=time_text(now - policy.again_after),
        again_times=policy.again_times if policy.again else 0,
        recall_since=time_text(now - policy.recall_after),
        bounds=bounds,
    )


# Somebody whom an attempt of another campaign has called, or may have called, lately.
RECENT = """
    EXISTS (SELECT 1 FROM attempts AS a
             WHERE a.e164 = l.e164 AND a.campaign_id <> l.campaign_id AND a.begun_at > :recall_since
               AND (a.outcome IS NULL OR a.outcome IN ('called', 'unknown')))"""

# Of the failed ones, over leads AS l: it was not the lead that the API refused, but the key's right to call
# just then. After three such answers it is the lead.
FORBIDDEN = """
    EXISTS (SELECT 1 FROM attempts AS f WHERE f.attempt_id = l.last_attempt_id AND f.http_status = 403)
    AND (SELECT count(*) FROM attempts AS f WHERE f.lead_id = l.lead_id AND f.http_status = 403) < 3"""

_BATCH = 1000

_WORDS: tuple[BindParameter[Any], ...] = (
    bindparam("call_status", expanding=True),
    bindparam("again", expanding=True),
)

# What `run`, `retry`, `--only` and `--call-status` choose, as an expression over leads AS l. A lead that
# failed, or was called, in this very run is not chosen again by it, however long it waits.
_CHOSEN = f"""
    l.campaign_id = :campaign_id AND l.load_id = :load_id AND NOT l.suppressed
    AND ((l.state = 'due' AND ((l.mended AND :mended) OR (NOT l.mended AND :pending)
                               OR (l.generation > 1 AND :redialled)))
         OR (l.state = 'failed' AND (:failed OR (:forbidden AND {FORBIDDEN}))
             AND (l.last_run_id IS NULL OR l.last_run_id <> :run_id))
         OR (l.state = 'called' AND ({ENDED_WITH} OR ({ENDED_FOR_NOW}))
             AND (l.last_run_id IS NULL OR l.last_run_id <> :run_id)))
    AND (NOT :some_rows OR EXISTS (SELECT 1 FROM run_rows AS r WHERE r.run_id = :run_id
                                    AND l.row BETWEEN r.first_row AND r.last_row))"""  # noqa: S608 - constants

_LEAD = "l.lead_id, l.campaign_id, l.row, l.e164, l.tier, l.region, l.cell, l.first_name, l.last_name,\
 l.source, l.tags, l.notes, l.subdivision, l.postal_code, l.time_zone, l.assistant, l.state"

# A part for each state, which its index gives in the order of the sheet: asked for all at once, every few
# hundred leads would cost a walk over the whole campaign. What is not wanted is not even begun.
_DUE = f"SELECT {_LEAD} FROM leads AS l WHERE {_CHOSEN} AND NOT {RECENT} AND l.row > :after_row"  # noqa: S608 - constants
SELECT_DUE = text(
    f"{_DUE} AND l.state = 'due' UNION ALL {_DUE} AND l.state = 'failed' AND (:failed OR :forbidden)"
    f" UNION ALL {_DUE} AND l.state = 'called' AND :called_again ORDER BY row LIMIT :most"
).bindparams(*_WORDS)
SELECT_ANY_ATTEMPT = text("SELECT 1 FROM attempts WHERE begun_at > :since LIMIT 1")
# Of these only those whom any campaign has called, or may have: nobody else can have reached a cap.
_CALLED_BEFORE = f"""
    EXISTS (SELECT 1 FROM attempts AS a WHERE a.e164 = l.e164 AND a.begun_at > :since AND {COUNTS})"""  # noqa: S608 - constants
_DUE_CALLED_BEFORE = f"{_DUE} AND {_CALLED_BEFORE}"
SELECT_DUE_CALLED_BEFORE = text(
    f"{_DUE_CALLED_BEFORE} AND l.state = 'due'"
    f" UNION ALL {_DUE_CALLED_BEFORE} AND l.state = 'failed' AND (:failed OR :forbidden)"
    f" UNION ALL {_DUE_CALLED_BEFORE} AND l.state = 'called' AND :called_again ORDER BY row LIMIT :most"
).bindparams(*_WORDS)
COUNT_CHOSEN = text(
    f"SELECT count(*) AS chosen, coalesce(sum(CASE WHEN {RECENT} THEN 1 ELSE 0 END), 0) AS recent,"  # noqa: S608 - constants
    " coalesce(sum(CASE WHEN l.tier = 'assumed' THEN 1 ELSE 0 END), 0) AS assumed"
    f" FROM leads AS l WHERE {_CHOSEN}"
).bindparams(*_WORDS)
COUNT_AGAIN = text(f"SELECT count(*) FROM leads AS l WHERE {_CHOSEN} AND l.state = 'called'").bindparams(  # noqa: S608 - constants
    *_WORDS
)

COUNT_BY_ASSISTANT = text(
    "SELECT l.assistant, count(*) AS leads, min(l.row) AS first_row FROM leads AS l"  # noqa: S608 - constants
    f" WHERE {_CHOSEN} AND NOT {RECENT} AND l.assistant IS NOT NULL GROUP BY l.assistant"
    " ORDER BY count(*) DESC, min(l.row)"
).bindparams(*_WORDS)


SELECT_EARLIER_CALLS = text(
    "SELECT l.row, coalesce(a.sent_at, a.begun_at) AS at FROM leads AS l"  # noqa: S608 - constants
    " JOIN attempts AS a ON a.lead_id = l.lead_id"
    f" WHERE {_CHOSEN} AND l.state = 'called' AND {COUNTS} ORDER BY a.attempt_id"
).bindparams(*_WORDS)


def due_leads(connection: Connection, choice: Choice, *, after_row: int, most: int) -> list[DueLead]:
    """The next leads in the sheet's order, at most `most`, whose row is below `after_row`."""
    bound = _bind(choice) | {"after_row": after_row, "most": most, "called_again": _called_again(choice)}
    rows = connection.execute(SELECT_DUE, bound)
    return [_due_lead(row) for row in rows]


def capped_leads(connection: Connection, choice: Choice, *, now: datetime) -> dict[int, Capped]:
    """Whom of the chosen a cap keeps from being called at `now`, by row."""
    since = {"since": time_text(now - LONGEST_WINDOW - MARGIN)}
    if not choice.bounds.caps or connection.execute(SELECT_ANY_ATTEMPT, since).first() is None:
        return {}
    capped: dict[int, Capped] = {}
    bound = _bind(choice) | since | {"most": _BATCH, "called_again": _called_again(choice)}
    after = -1
    while rows := connection.execute(SELECT_DUE_CALLED_BEFORE, bound | {"after_row": after}).all():
        after = rows[-1].row
        for row in rows:
            found = reached_cap(connection, lead_of(row), choice.bounds, now=now)
            if found is not None:
                capped[row.row] = found
    return capped


def count_chosen(connection: Connection, choice: Choice) -> tuple[int, int, int]:
    """How many leads a choice holds: all, those called elsewhere lately, those with an assumed country."""
    row = connection.execute(COUNT_CHOSEN, _bind(choice)).one()
    return row.chosen, row.recent, row.assumed


def count_again(connection: Connection, choice: Choice) -> int:
    """How many of these have been called before: it is their second round, or a later one."""
    return int(connection.execute(COUNT_AGAIN, _bind(choice)).scalar_one())


def count_by_assistant(connection: Connection, choice: Choice) -> tuple[ByAssistant, ...]:
    """How many of the chosen each assistant is to call, the busiest first, where the rows name them."""
    rows = connection.execute(COUNT_BY_ASSISTANT, _bind(choice))
    return tuple(ByAssistant(row.assistant, row.leads, row.first_row) for row in rows)


def earlier_calls(connection: Connection, choice: Choice) -> dict[int, tuple[datetime, ...]]:
    """When those were called who are to be called once more, by row; empty unless `--again` asks for any."""
    if not choice.again:
        return {}
    calls: dict[int, tuple[datetime, ...]] = {}
    for row in connection.execute(SELECT_EARLIER_CALLS, _bind(choice)):
        calls[row.row] = (*calls.get(row.row, ()), time_of(row.at))
    return calls


def _called_again(choice: Choice) -> bool:
    return bool(choice.call_status or choice.again)


def _bind(choice: Choice) -> dict[str, Any]:
    return {name: getattr(choice, name) for name in Choice.__slots__ if name != "bounds"}


def _due_lead(row: Row[Any]) -> DueLead:
    return DueLead(row.lead_id, row.campaign_id, lead_of(row), LeadState(row.state))
