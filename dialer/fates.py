"""What became of the calls of a campaign: which are still to be asked for, and every answer as it came.

An answer never takes back what an earlier one said: a call that has ended stays ended, and what a later
record leaves out keeps its value. The status of a row is not touched.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, text

from dialer.call_words import Told
from dialer.ledger import Clock, time_of, time_text
from dialer.own_columns import FATE_COLUMNS
from dialer.writer import Writer

LIVES = timedelta(hours=24)  # a call that was sent longer ago and has not ended will not end any more

SELECT_WANTED = text("""
    SELECT a.call_id, max(a.contact_id) AS contact_id, min(coalesce(a.sent_at, a.begun_at)) AS sent_at,
           max(CASE WHEN c.ended THEN 1 ELSE 0 END) AS ended
      FROM attempts AS a LEFT JOIN calls AS c ON c.attempt_id = a.attempt_id
     WHERE a.campaign_id = :campaign_id AND a.outcome = 'called' AND a.call_id IS NOT NULL
       AND (c.attempt_id IS NULL OR NOT c.ended OR NOT c.detailed
            OR (:transcripts AND c.transcript IS NULL))
     GROUP BY a.call_id ORDER BY sent_at DESC""")
# An id that the API gave to several calls is all of theirs.
WRITE_FATE = text("""
    INSERT INTO calls (attempt_id, campaign_id, call_id, call_status, ended, stale, duration_seconds,
                       call_started_at, call_ended_at, appointment_booked, lead_qualification, call_intent,
                       summary, cost_usd, recording_url, transcript, detailed, looked_at)
    SELECT a.attempt_id, a.campaign_id, a.call_id, :call_status, :ended, :stale, :duration_seconds,
           :started_at, :ended_at, :appointment_booked, :lead_qualification, :call_intent,
           :summary, :cost_usd, :recording_url, :transcript, :detailed, :now
      FROM attempts AS a
     WHERE a.campaign_id = :campaign_id AND a.call_id = :call_id AND a.outcome = 'called'
        ON CONFLICT (attempt_id) DO UPDATE SET
           call_status = coalesce(excluded.call_status, calls.call_status),
           ended = excluded.ended, stale = excluded.stale,
           duration_seconds = coalesce(excluded.duration_seconds, calls.duration_seconds),
           call_started_at = coalesce(excluded.call_started_at, calls.call_started_at),
           call_ended_at = coalesce(excluded.call_ended_at, calls.call_ended_at),
           appointment_booked = coalesce(excluded.appointment_booked, calls.appointment_booked),
           lead_qualification = coalesce(excluded.lead_qualification, calls.lead_qualification),
           call_intent = coalesce(excluded.call_intent, calls.call_intent),
           summary = coalesce(excluded.summary, calls.summary),
           cost_usd = coalesce(excluded.cost_usd, calls.cost_usd),
           recording_url = coalesce(excluded.recording_url, calls.recording_url),
           transcript = coalesce(excluded.transcript, calls.transcript),
           detailed = (calls.detailed OR excluded.detailed), looked_at = excluded.looked_at
     WHERE excluded.ended OR NOT calls.ended""")
MARK_STALE = text(
    "UPDATE calls SET stale = :stale WHERE campaign_id = :campaign_id AND NOT ended AND NOT stale"
)
COUNT_CALLS = text("""
    SELECT count(*) AS calls,
           coalesce(sum(CASE WHEN c.ended THEN 1 ELSE 0 END), 0) AS ended,
           coalesce(sum(CASE WHEN c.ended AND NOT c.detailed THEN 1 ELSE 0 END), 0) AS lacking,
           coalesce(sum(CASE WHEN a.call_id IS NULL THEN 1 ELSE 0 END), 0) AS without_id,
           coalesce(sum(CASE WHEN a.call_id IS NOT NULL AND c.attempt_id IS NULL THEN 1 ELSE 0 END), 0)
               AS unheard,
           coalesce(sum(CASE WHEN NOT c.ended AND coalesce(a.sent_at, a.begun_at) <= :before
                             THEN 1 ELSE 0 END), 0) AS never_ended
      FROM attempts AS a LEFT JOIN calls AS c ON c.attempt_id = a.attempt_id
     WHERE a.campaign_id = :campaign_id AND a.outcome = 'called'""")
COUNT_WORDS = text(
    "SELECT coalesce(call_status, '') AS word, count(*) AS n FROM calls"
    " WHERE campaign_id = :campaign_id GROUP BY call_status ORDER BY n DESC, word"
)
# Of a lead AS l: its newest call has ended with one of the words, as they are or in small letters.
ENDED_WITH = """
    EXISTS (SELECT 1 FROM calls AS k WHERE k.attempt_id = l.last_attempt_id AND k.ended
             AND (k.call_status IN :call_status OR lower(k.call_status) IN :call_status))"""
# ... with a word of `--again`, was sent so long ago, and no more calls than that allows were made.
ENDED_FOR_NOW = """
    :again_times > 0 AND EXISTS (SELECT 1 FROM calls AS k JOIN attempts AS n ON n.attempt_id = k.attempt_id
             WHERE k.attempt_id = l.last_attempt_id AND k.ended
               AND (k.call_status IN :again OR lower(k.call_status) IN :again)
               AND coalesce(n.sent_at, n.begun_at) <= :again_before)
    AND (SELECT count(*) FROM attempts AS m WHERE m.lead_id = l.lead_id
          AND (m.outcome IS NULL OR m.outcome IN ('called', 'unknown'))) <= :again_times"""
# ... with any word: only then may a second round begin.
NEWEST_CALL_ENDED = """
    EXISTS (SELECT 1 FROM calls AS k WHERE k.attempt_id = l.last_attempt_id AND k.ended)"""
HAS_FATES = text("SELECT EXISTS (SELECT 1 FROM calls WHERE campaign_id = :campaign_id)")
HAS_TRANSCRIPTS = text(
    "SELECT EXISTS (SELECT 1 FROM calls WHERE campaign_id = :campaign_id AND transcript IS NOT NULL)"
)


@dataclass(slots=True)
class Wanted:
    """A call whose end, or whose details, the ledger does not know yet."""

    call_id: str
    contact_id: str | None
    sent_at: datetime  # aware, UTC
    ended: bool = False  # known to be over: only the details are missing


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the calls of a campaign stand, as the ledger knows them."""

    calls: int  # attempts that made one
    ended: int
    lacking: int  # ... of these, without their details yet
    never_ended: int  # sent longer than `LIVES` ago, and not over by the last answer
    unheard: int  # with an id, and the API has said nothing of them yet
    without_id: int  # the API gave no id: they cannot be asked for
    words: Mapping[str, int]  # by `call_status`; "" where the API gave none

    @property
    def going(self) -> int:
        """How many were not over by the last answer and may still end."""
        return self.calls - self.ended - self.never_ended - self.unheard - self.without_id


def wanted(connection: Connection, campaign_id: int, *, transcripts: bool) -> list[Wanted]:
    """The calls to ask for, the newest first; with `transcripts` also those that lack only theirs."""
    rows = connection.execute(SELECT_WANTED, {"campaign_id": campaign_id, "transcripts": transcripts})
    return [Wanted(row.call_id, row.contact_id, time_of(row.sent_at), bool(row.ended)) for row in rows]


def write_fate(
    connection: Connection, campaign_id: int, call_id: str, told: Told, *, detailed: bool, now: datetime
) -> None:
    """Write down what a record told of a call; `detailed` says that nothing more is to be asked."""
    bound = asdict(told) | {"detailed": detailed, "stale": False, "now": time_text(now)}
    connection.execute(WRITE_FATE, bound | {"campaign_id": campaign_id, "call_id": call_id})


def mark_stale(connection: Connection, campaign_id: int) -> int:
    """Mark every call that was looked at and had not ended; gives how many are new. An end undoes it."""
    return connection.execute(MARK_STALE, {"campaign_id": campaign_id, "stale": True}).rowcount


def standing(connection: Connection, campaign_id: int, *, now: datetime) -> Standing:
    """Where the calls of a campaign stand at `now`."""
    bound = {"campaign_id": campaign_id, "before": time_text(now - LIVES)}
    row = connection.execute(COUNT_CALLS, bound).one()
    words = {each.word: each.n for each in connection.execute(COUNT_WORDS, bound)}
    return Standing(
        calls=row.calls,
        ended=row.ended,
        lacking=row.lacking,
        never_ended=row.never_ended,
        unheard=row.unheard,
        without_id=row.without_id,
        words=words,
    )


def known_columns(connection: Connection, campaign_id: int) -> int:
    """How many of `own_columns.FATE_COLUMNS` a report shows: none until the API was asked what became of any
    call of the campaign; the last one, the transcript, where it was asked for."""
    bound = {"campaign_id": campaign_id}
    if not connection.execute(HAS_FATES, bound).scalar():
        return 0
    transcripts = bool(connection.execute(HAS_TRANSCRIPTS, bound).scalar())
    return len(FATE_COLUMNS) if transcripts else len(FATE_COLUMNS) - 1


class FateBook:
    """The fates of one campaign as the follower uses them: a method returns once its words are on disk."""

    def __init__(self, writer: Writer, campaign_id: int, *, transcripts: bool, clock: Clock) -> None:
        """A book that keeps transcripts only where they were asked for."""
        self._writer = writer
        self._campaign_id = campaign_id
        self._transcripts = transcripts
        self._clock = clock

    async def wanted(self) -> list[Wanted]:
        """The calls to ask for, the newest first."""
        return await self._writer.do(lambda c: wanted(c, self._campaign_id, transcripts=self._transcripts))

    async def write(self, call_id: str, told: Told, *, detailed: bool) -> None:
        """Commit what a record told of a call."""
        kept = replace(told, transcript=(told.transcript or "") if self._transcripts and detailed else None)
        await self._writer.do(
            lambda c: write_fate(c, self._campaign_id, call_id, kept, detailed=detailed, now=self._clock())
        )

    async def mark_stale(self) -> None:
        """Commit that nobody waits any longer for the calls that have not ended."""
        await self._writer.do(lambda c: mark_stale(c, self._campaign_id))
