"""One night: every sheet of an inbox is run once, what is done is put away, what is left stays.

Every call is made by `run.execute`: a night adds no way of calling. What is killed at any moment is gone on
with by the next night, for a sheet lies in `processing/` from before its first call until nothing of it is
due any more.
"""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from dialer import inbox as inboxes
from dialer import logs, screens
from dialer.access import ledger_of
from dialer.campaign import Selection
from dialer.errors import DialerError, SheetError, SheetMissing
from dialer.inbox import Inbox
from dialer.ledger import Clock, utc_now
from dialer.locks import held
from dialer.night_facts import Round
from dialer.night_sheets import bring_home, hear, put_away, refuse_twin, report_beside, standing_of, troubles
from dialer.nights import NightEnd, SheetEnd, Where
from dialer.printable import clean
from dialer.run import Job, Result, execute
from dialer.settings import Place, arguments_for, campaign_name, data_folder

_TOGETHER = timedelta(minutes=10)
_LONGEST = timedelta(hours=24)  # the next night begins where this one ends
# What holds for every sheet: to ask again for the next one would be one more refused call each.
_ENDS_THE_NIGHT = {77, 69, 130, 143}
_NO_MORE_CALLS = "No call begins after {until}: the rest is left for the next night."

JobOf = Callable[[Path], Job]  # of a sheet, by the name under which it came in


@dataclass(frozen=True, slots=True)
class Night:
    """What a night works through, and how."""

    inbox: Inbox
    place: Place
    job_of: JobOf
    settle: timedelta = timedelta(seconds=5)
    dry_run: bool = False
    quiet: bool = False
    clock: Clock = utc_now
    sleep: Callable[[float], None] = time.sleep


@contextmanager
def at_work(night: Night) -> Iterator[None]:
    """Keep everybody else from the inbox while the block lasts. Raises TryLater if somebody has it, and
    SettingsError if its sheets were begun with another ledger."""
    ledger = ledger_of(night.place).path
    with held(night.inbox.folder, locks=data_folder() / "inboxes"):
        if night.dry_run:
            yield
            return
        inboxes.bind(night.inbox, ledger=str(ledger), now=night.clock())
        try:
            yield
        finally:
            inboxes.unbind(night.inbox, now=night.clock())


def work(night: Night) -> NightEnd:
    """Work through an inbox once, and add the line of the night to its record.

    What goes wrong with one sheet stands in its `SheetEnd`, and the others go on. An interruption is
    recorded and goes on upwards.
    """
    story = _Story(night, began=night.clock())
    try:
        story.tell()
    except BaseException:
        story.stopped = story.stopped or "The night was cut off: nothing is lost, the next one goes on."
        _record(night, story.end())
        raise
    end = story.end()
    _record(night, end)
    return end


def _record(night: Night, end: NightEnd) -> None:
    files = end.files()
    logs.note(
        "night_ended", files=files, counts=end.counts, called_now=end.called_now, exit_code=end.exit_code
    )
    if not night.dry_run and (remark := inboxes.append_record(night.inbox, end.as_json())):
        screens.say(remark)


@dataclass(slots=True)
class _Story:
    """A night while it lasts."""

    night: Night
    began: datetime
    ends: dict[str, SheetEnd] = field(default_factory=dict)  # by the path under which it was found
    growing: tuple[str, ...] = ()
    stopped: str | None = None
    wait: bool = False  # somebody wants to stay until calling hours have come

    def end(self) -> NightEnd:
        night = self.night
        return NightEnd(
            inbox=str(night.inbox.folder),
            began=self.began,
            ended=night.clock(),
            sheets=tuple(self.ends.values()),
            growing=self.growing,
            stopped=self.stopped,
            interrupted_by=self._interrupted(),
            dry_run=night.dry_run,
        )

    def _interrupted(self) -> int | None:
        codes = (sheet.exit_code for sheet in self.ends.values())
        return next((code for code in codes if code in {130, 143}), None)

    def tell(self) -> None:
        """All of it: what was begun before, what came in, those who could not be called at once."""
        night = self.night
        if not night.dry_run:
            bring_home(night.place, night.inbox, now=night.clock())
        begun = inboxes.under_way(night.inbox)
        found = inboxes.arrived(night.inbox, settle=night.settle, sleep=night.sleep)
        self.growing = tuple(clean(path.name) for path in found.growing)
        for path in (*begun, *found.ready):
            carried_on = path in begun
            self._note(path, self._sheet(path, carried_on=carried_on))
        self._second_round()
        while self.wait and self.stopped is None and (opens := self._next_opening()) is not None:
            # Caps lift by the minute, for each number at another one: a few are called together.
            night.sleep(max(opens - night.clock(), _TOGETHER).total_seconds())
            self._again(lambda end: end.left.next_at is not None and end.left.next_at <= night.clock())

    def _note(self, key: Path, end: SheetEnd) -> None:
        before = self.ends.get(str(key))
        if before is not None:
            end = replace(end, carried_on=before.carried_on, called_now=before.called_now + end.called_now)
        self.ends[str(key)] = end

    def _second_round(self) -> None:
        """Whom the API forbade another night: after all others, since their refusal could end the night."""
        if self.stopped is None:
            self._again(lambda end: end.carried_on and end.left.forbidden > 0, only=(Selection.FORBIDDEN,))
            if not self._interrupted():
                self.stopped = None  # a key that may call nobody at all has shown itself before

    def _again(
        self, wanted: Callable[[SheetEnd], bool], *, only: tuple[Selection, ...] | None = None
    ) -> None:
        for key, end in list(self.ends.items()):
            if self.stopped is None and end.where is Where.PROCESSING and wanted(end):
                self._note(Path(key), self._sheet(Path(end.path), carried_on=end.carried_on, only=only))

    def _next_opening(self) -> datetime | None:
        """When the next of those who are left may be called, if that is still this night."""
        opens = [end.left.next_at for end in self.ends.values() if end.where is Where.PROCESSING]
        found = min((each for each in opens if each), default=None)
        return found if found and found - self.began < _LONGEST else None

    def _sheet(self, path: Path, *, carried_on: bool, only: tuple[Selection, ...] | None = None) -> SheetEnd:
        """One sheet, to its end or to where it must stop."""
        lies = Where.PROCESSING if path.parent == self.night.inbox.processing else Where.INBOX
        end = SheetEnd(clean(inboxes.own_name(path)), lies, str(path), carried_on=carried_on)
        try:
            job = self._job(path, only)
            if self.stopped is not None:
                return self._counted(replace(end, campaign=job.campaign))
            if job.policy.until is not None and self.night.clock() >= job.policy.until:
                self.stopped = _NO_MORE_CALLS.format(until=screens.local(job.policy.until))
                return self._counted(replace(end, campaign=job.campaign, exit_code=75))
            return self._run(job, path, end)
        except DialerError as error:  # of its settings: the sheet itself may be good
            return replace(end, exit_code=error.exit_code, trouble=(error.sentence,))

    def _job(self, path: Path, only: tuple[Selection, ...] | None) -> Job:
        """What to do with a sheet: what its settings say; their times are counted from the evening on."""
        job = self.night.job_of(path)
        policy = job.policy
        self.wait = self.wait or policy.wait
        until = policy.until
        while until is not None and until - _LONGEST > self.began:
            until -= _LONGEST  # the settings were read after midnight, or after the time they name
        changed = {"until": until, "wait": False} | ({} if only is None else {"only": only})
        return replace(
            job,
            campaign=campaign_name(inboxes.own_name(path), job.campaign),
            policy=policy.model_copy(update=changed),
            dry_run=self.night.dry_run,
        )

    def _run(self, job: Job, path: Path, end: SheetEnd) -> SheetEnd:
        night = self.night
        if not night.dry_run and end.where is Where.INBOX:
            path = inboxes.move(path, night.inbox.processing, now=night.clock())
            end = replace(end, where=Where.PROCESSING, path=str(path))
        end = replace(end, campaign=job.campaign)
        if not night.quiet:
            screens.say(f"{end.file}: campaign {job.campaign!r}")
        try:
            return self._executed(job, path, end)
        except DialerError as error:  # it could not be moved to where it belongs now
            return self._counted(replace(end, exit_code=error.exit_code, trouble=(error.sentence,)))

    def _executed(self, job: Job, path: Path, end: SheetEnd) -> SheetEnd:
        night = self.night
        try:
            if job.campaign == (name := campaign_name(inboxes.own_name(path), None)):
                refuse_twin(night.place, path, name, rehearse=night.dry_run)
            if end.carried_on and job.policy.again and not night.dry_run:
                hear(night.place, job.campaign or "")
            output = night.inbox.reports if night.inbox.reports.is_dir() else None
            result = execute(replace(job, leads=str(path), output=output), ask=lambda _count: True)
        except SheetMissing as error:
            return replace(end, where=Where.GONE, exit_code=error.exit_code, trouble=(error.sentence,))
        except SheetError as error:
            return self._failed(path, end, error)
        except DialerError as error:
            return self._stopped(replace(end, exit_code=error.exit_code, trouble=(error.sentence,)))
        except Exception as error:  # noqa: BLE001 - a fault with one sheet must not keep the others from their calls
            sentence = f"A fault inside dialer ({type(error).__name__}: {error}): nothing is lost; report it."
            return self._stopped(replace(end, exit_code=1, trouble=(sentence,)))
        return self._ended(job, path, replace(end, exit_code=result.exit_code), result)

    def _failed(self, path: Path, end: SheetEnd, error: SheetError) -> SheetEnd:
        """A sheet that cannot be used goes to `failed/`, with the reason beside it."""
        end = replace(end, exit_code=error.exit_code, trouble=(error.sentence,))
        if self.night.dry_run:
            return end
        moved = put_away(self.night.place, path, self.night.inbox.failed, now=self.night.clock())
        reason = inboxes.reason_beside(moved, error.sentence)
        return replace(end, where=Where.FAILED, path=str(moved), report=str(reason))

    def _stopped(self, end: SheetEnd) -> SheetEnd:
        """A sheet that stays where it is; what holds for every sheet ends the night."""
        if end.exit_code in _ENDS_THE_NIGHT:
            self.stopped = end.trouble[0] if end.trouble else "Interrupted: the next night goes on."
        return self._counted(end)

    def _ended(self, job: Job, path: Path, end: SheetEnd, result: Result) -> SheetEnd:
        """A sheet that was run: put away if nothing of it is due any more."""
        night = self.night
        if night.dry_run:
            return replace(end, counts=result.counts)
        end = replace(end, called_now=result.called_now, report=result.report, html=result.html)
        policy = job.policy
        end = self._counted(end, Round(policy.again, policy.again_times) if policy.again else None)
        stopped, until = result.stopped, job.policy.until
        if until is not None and night.clock() >= until:
            self.stopped, stopped = _NO_MORE_CALLS.format(until=screens.local(until)), None
        if result.exit_code in _ENDS_THE_NIGHT:
            self.stopped = result.stopped or "Interrupted: the next night goes on."
            return self._with_troubles(job, end, stopped)
        # Where the ledger could not be asked, nobody knows that nothing is left.
        if end.left.rows or end.rows != result.rows or end.where is not Where.PROCESSING:
            return self._with_troubles(job, end, stopped)
        moved = put_away(night.place, path, night.inbox.done, now=night.clock())
        # Where the sheet lies by now is where it has to be mended.
        end = self._with_troubles(job, replace(end, where=Where.DONE, path=str(moved)), stopped)
        try:
            before = [Path(each) for each in (result.report, result.html) if each]
            sheet, html = report_beside(
                night.place, night.inbox, result.campaign, neutralise=job.neutralise, before=before
            )
        except DialerError as error:
            return replace(end, trouble=(*end.trouble, error.sentence))
        return replace(end, report=str(sheet), html=str(html))

    def _with_troubles(self, job: Job, end: SheetEnd, stopped: str | None) -> SheetEnd:
        place, campaign = self.night.place, job.campaign or ""
        again = arguments_for(
            end.path,
            campaign,
            place,
            reading=job.reading.model_dump(mode="json"),
            assistant=job.policy.assistant_name,
        )
        named = f"{shlex.quote(campaign)}{place.flags}"
        return replace(end, trouble=troubles(end, stopped=stopped, named=named, again=again))

    def _counted(self, end: SheetEnd, again: Round | None = None) -> SheetEnd:
        """The sheet with its rows by status and what is left of it, as the ledger knows them."""
        if end.campaign is None or end.where is Where.INBOX:
            return end
        counts, left = standing_of(self.night.place, end.campaign, Path(end.path), again)
        return replace(end, counts=counts, left=left)
