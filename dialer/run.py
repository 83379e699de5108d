"""One run of a campaign, from the sheet to the report: load, plan, confirm, call, report."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from dialer import journal, loads, logs, orders, run_log, screens, standing, unknowns
from dialer.access import OpenLedger, open_api, open_ledger
from dialer.aftermath import follow_run
from dialer.announcing import history_in_words, sheet_in_words, show_plan, why_later
from dialer.basis import Basis
from dialer.bounding import bounds_of
from dialer.calling_hours import legal_hours, open_at_any_hour
from dialer.campaign import Policy, Reading
from dialer.dialing import Dialing, Talk, dial
from dialer.errors import DialerError, TryLater
from dialer.leads import Verdict
from dialer.ledger import Ledger
from dialer.loader import Loaded, load
from dialer.night_facts import twin_of
from dialer.plan import Plan
from dialer.pool import Progress
from dialer.reconciling import look_at_start
from dialer.redialling import redial, redials_screen
from dialer.refresh import refreshing, report_command
from dialer.remembered import Memory, with_memory
from dialer.report_files import Wish, check_output, check_owner, report_path
from dialer.run_metrics import Meter, failures_measured
from dialer.settings import Place, campaign_name, kept_input, saved_mappings_file
from dialer.snapshot import Snapshot, taken
from dialer.spreading import spread
from dialer.stating import require_basis, stated_basis
from dialer.survey import plan_run, settings_in_words
from dialer.table import Format
from dialer.vozagent import Api, is_loopback
from dialer.whom import choose, earlier_calls

if TYPE_CHECKING:
    from dialer.reporter import Written

Ask = Callable[[int], bool]  # how many people -> go on; raises UsageError where nobody can answer


@dataclass(frozen=True, slots=True)
class Job:
    """What a person asked for with `run` or `retry`."""

    leads: str  # a path, or "-" for standard input
    place: Place
    reading: Reading
    policy: Policy
    memory: Memory = Memory.USE
    campaign: str | None = None
    output: Path | None = None
    neutralise: bool = False
    refresh: timedelta | None = None  # so often the report is written again while the run lasts
    dry_run: bool = False
    follow: bool = False  # after the calls, ask what became of them until they have ended
    remember_opt_outs: bool = False
    quiet: bool = False
    verbose: bool = False
    metrics: Path | None = None  # the file in which Prometheus' collector finds the figures of the run


@dataclass(frozen=True, slots=True)
class Result:
    """How a run ended: the object of `run --json`."""

    campaign: str
    rows: int
    counts: Mapping[str, int]  # by status
    called_now: int
    report: str | None
    html: str | None
    exit_code: int
    stopped: str | None
    seconds: float

    def as_json(self) -> dict[str, object]:
        """The object of `run --json`."""
        return asdict(self)


@dataclass(slots=True)
class _Run:
    """What the steps of one run share."""

    job: Job
    api: Api
    ledger: Ledger
    ledger_path: Path
    snapshot: Snapshot
    campaign: loads.Campaign
    loaded: Loaded
    run_id: int = 0
    basis: Basis | None = None  # as it stood when the run began
    begun: float = field(default_factory=time.monotonic)
    meter: Meter | None = None
    progress: Progress | None = None


def execute(job: Job, *, ask: Ask) -> Result:
    """Run a job to its end and tell how it ended. Raises DialerError where it cannot go on."""
    name = campaign_name(job.leads, job.campaign)
    with logs.about(campaign=name), failures_measured(None if job.dry_run else job.metrics, name):
        return _execute(job, name, ask)


def _execute(job: Job, name: str, ask: Ask) -> Result:
    begun = time.monotonic()
    kept = None if job.dry_run else kept_input(name)
    with (
        taken(job.leads, keep_input_in=kept) as snapshot,
        open_api(job.place, timeout=job.policy.timeout, key_needed=not job.dry_run) as api,
        open_ledger(job.place, api.base_url, rehearse=job.dry_run) as opened,
        opened.ledger.lock(name),
    ):
        logs.hide(api.key)
        campaign = _enter(opened.ledger, name, job)
        reading = _with_memory(job, snapshot, today=opened.ledger.clock().date())
        loaded = load(opened.ledger, campaign, snapshot, reading, remember_opt_outs=job.remember_opt_outs)
        file_format = Format(loaded.understood.format)
        target = report_path(snapshot.source, file_format, output=job.output)
        is_report = bool(loaded.understood.results)
        check_output(snapshot.source, target, file_format=file_format, is_report=is_report)
        with opened.ledger.reading() as connection:
            check_owner(connection, target, campaign=name, named=snapshot.source)
        run = _Run(job, api, opened.ledger, opened.shown_path, snapshot, campaign, loaded, begun=begun)
        run.meter = _meter(run)
        return _plan_and_perform(run, ask)


def _meter(run: _Run) -> Meter | None:
    path, campaign = run.job.metrics, run.campaign
    if path is None or run.job.dry_run:
        return None
    recall_after = run.job.policy.recall_after
    return Meter(path, campaign.name, campaign.campaign_id, run.ledger, recall_after, run.begun)


def _with_memory(job: Job, snapshot: Snapshot, *, today: date) -> Reading:
    """The reading that was asked for, with the mapping that is remembered for such sheets."""
    file = saved_mappings_file()
    read = with_memory(snapshot, job.reading, job.memory, file=file, today=today, rehearse=job.dry_run)
    if read.remark is not None and not job.quiet:
        screens.say(read.remark)
    return read.reading


def _enter(ledger: Ledger, name: str, job: Job) -> loads.Campaign:
    """Find the campaign, settle what a crash left behind, and respect a pause."""
    ledger.check_integrity()
    now = ledger.clock()
    with ledger.transaction() as connection:
        campaign = loads.ensure_campaign(connection, name, now=now)
        cut_off = journal.close_interrupted(connection, campaign.campaign_id, now=now)
        unknowns.withdraw_generations(connection, campaign.campaign_id)
        orders.request_stop(connection, campaign.campaign_id, now=None)
    if cut_off and not job.quiet:
        calls = "1 call that was under way is" if cut_off == 1 else f"{cut_off} calls that were under way are"
        screens.say(f"The run before was cut off: {calls} unknown now, and nobody is called again for it.")
    if campaign.paused_reason is not None and not job.dry_run:
        # A breaker's own sentence begins and ends as sentences do.
        reason = campaign.paused_reason.removeprefix("Paused: ").rstrip(".")
        raise TryLater(
            f"Campaign {name!r} is paused ({reason}): go on with "
            f"`dialer resume {shlex.quote(name)}{job.place.flags}`.",
            code="paused",
        )
    return campaign


def _plan_and_perform(run: _Run, ask: Ask) -> Result:
    job, policy = run.job, run.job.policy
    if not job.dry_run:
        for sentence in look_at_start(run.ledger, run.api, run.campaign.campaign_id):
            _say(run, sentence)
    run.basis = stated_basis(run.ledger, run.campaign.campaign_id, policy.basis)
    now = run.ledger.clock()
    with run.ledger.transaction() as connection:
        bounds = bounds_of(connection, policy, run.api, campaign_id=run.campaign.campaign_id)
        run.run_id = loads.begin_run(
            connection,
            run.campaign.campaign_id,
            settings=settings_in_words(job.policy, job.reading, run.api)
            | ({"neutralised": "yes"} if job.neutralise else {}),
            rows=policy.rows,
            now=now,
        )
    run_log.begun(run.api, policy, run_id=run.run_id)
    choice = choose(
        policy,
        campaign_id=run.campaign.campaign_id,
        load_id=run.loaded.load_id,
        run_id=run.run_id,
        now=now,
        bounds=bounds,
    )
    any_hour = policy.any_hour or is_loopback(run.api.base_url)
    closed = open_at_any_hour if any_hour else legal_hours(run.ledger.clock, policy.hours)
    with run.ledger.transaction() as connection:
        # What is decided here holds for this run alone: `_end_run` takes back what was not done.
        redials = redial(connection, choice, policy, now=now)
        closed = spread(closed, earlier_calls(connection, choice))
        plan = plan_run(connection, choice, policy, closed=closed, now=now)
    run_log.planned(plan, redialled=len(redials))
    if not job.quiet:
        show_plan(plan, run.loaded, _facts(run, redialled=len(redials)))
    if policy.redial_unknown:
        screens.say_as_it_is(redials_screen(redials, policy))
    if job.dry_run or not plan.in_all:
        return _finish(run, plan, progress=None)
    talk = Talk(screens.console(stderr=True), quiet=job.quiet, verbose=job.verbose)
    try:
        require_basis(run.ledger, run.campaign.campaign_id, live=not is_loopback(run.api.base_url))
        if not ask(plan.in_all):
            _end_run(run, exit_code=1, stopped="The question was answered No.")
            return _result(run, exit_code=1, stopped="The question was answered No.")
        again = report_command(job.place, run.campaign.name, job.output)
        with refreshing(again, job.refresh):
            progress = dial(
                Dialing(run.api, run.ledger, policy, choice, closed, plan.in_all, talk, run.meter)
            )
    except DialerError as error:
        _end_run(run, exit_code=error.exit_code, stopped=error.sentence)
        raise
    except BaseException:
        # Ctrl-C at the question, or a fault of ours: `status` must not take this run for one that goes on.
        _end_run(run, exit_code=130, stopped="Interrupted before the calls ended.")
        raise
    run.progress = progress
    return _finish(run, plan, progress=progress)


def _say(run: _Run, sentence: str) -> None:
    if not run.job.quiet:
        screens.say(sentence)


def _facts(run: _Run, *, redialled: int) -> screens.PlanFacts:
    with run.ledger.reading() as connection:
        twin = twin_of(connection, run.snapshot.sha256, campaign=run.campaign.name)
    return screens.PlanFacts(
        campaign=run.campaign.name,
        sheet=sheet_in_words(run.loaded.understood),
        columns=run.loaded.understood.mapping,
        history=history_in_words(run.loaded, twin),
        base_url=run.api.base_url,
        key_ending=run.api.key_ending or None,
        ledger=str(run.ledger_path),
        basis=_basis_in_words(run),
        dry_run=run.job.dry_run,
        redialled=redialled,
    )


def _basis_in_words(run: _Run) -> str | None:
    if run.basis is not None:
        return str(run.basis)
    return None if is_loopback(run.api.base_url) else "not stated yet (--basis)"


def exit_code(plan: Plan, progress: Progress | None, counts: Mapping[str, int]) -> int:
    """The exit code of a run that ended by itself or was stopped; `counts` are rows by status."""
    if progress is not None and progress.stop is not None:
        return progress.stop.exit_code
    survey = plan.survey
    if progress is None:
        if (survey.deferred and not plan.due) or plan.used_up:
            return 75
        callable_rows = survey.rows.get(Verdict.CALLABLE, 0) + survey.rows.get(Verdict.ASSUMED, 0)
        return 0 if callable_rows else 1
    if plan.policy.limit is not None and progress.ended >= plan.policy.limit:
        return 1 if progress.failed or progress.unknown else 0
    if counts.get("failed") or counts.get("unknown"):
        return 1
    deferred_before = 0 if plan.policy.wait else survey.deferred
    return 75 if progress.deferred or deferred_before else 0


def _finish(run: _Run, plan: Plan, *, progress: Progress | None) -> Result:
    """Write the reports, say what remains, and close the run."""
    job, counts = run.job, _counts(run)
    code = exit_code(plan, progress, counts)
    stopped = progress.stop.sentence if progress and progress.stop else None
    if code == 75 and stopped is None:
        stopped = why_later(plan, progress)
    if job.dry_run:
        return _result(run, exit_code=code if code == 1 else 0, stopped=None, counts=counts)
    _end_run(run, exit_code=code, stopped=stopped)
    if progress is not None and progress.stop is not None:
        run_log.stopped(progress.stop)
    if stopped is not None:
        screens.say(stopped)
    if job.follow and (progress is None or progress.stop is None):
        code = code or follow_run(run.api, run.ledger, run.campaign, job.policy, quiet=job.quiet)
    written = _write_reports(run)
    if written is not None:
        run_log.reported(written)
    for remark in written.sheet.remarks if written is not None else ():
        _say(run, remark)
    called = progress.called if progress else 0
    code = code if written is not None else code or 1
    return _result(run, exit_code=code, stopped=stopped, counts=counts, called_now=called, written=written)


def _counts(run: _Run) -> dict[str, int]:
    with run.ledger.reading() as connection:
        load = loads.latest_load(connection, run.campaign.campaign_id, complete_only=True)
        now = run.ledger.clock()
        point = standing.Point(now=now, recall_since=now - run.job.policy.recall_after)
        return standing.count_statuses(connection, load, point) if load else {}


def _write_reports(run: _Run) -> Written | None:
    """Both reports; None if they could not be written, which loses nothing: the ledger has it all."""
    # pandas and Jinja take most of a second to import: after the calls, not before them
    from dialer.reports import write  # noqa: PLC0415

    try:
        return write(
            OpenLedger(run.ledger, run.ledger_path),
            run.campaign,
            run.loaded,
            snapshot=run.snapshot,
            wish=Wish(run.job.output, neutralise=run.job.neutralise),
            place=run.job.place,
        )
    except (OSError, DialerError) as error:
        logs.error("report_not_written", kind=type(error).__name__)
        screens.say(
            f"The report could not be written ({error}): nothing is lost, `dialer report "
            f"{shlex.quote(run.campaign.name)}{run.job.place.flags}` writes it again."
        )
        return None


def _end_run(run: _Run, *, exit_code: int, stopped: str | None) -> None:
    with run.ledger.transaction() as connection:
        unknowns.withdraw_generations(connection, run.campaign.campaign_id)
        loads.end_run(connection, run.run_id, exit_code=exit_code, stopped=stopped, now=run.ledger.clock())


def _result(
    run: _Run,
    *,
    exit_code: int,
    stopped: str | None,
    counts: Mapping[str, int] | None = None,
    called_now: int = 0,
    written: Written | None = None,
) -> Result:
    counts = _counts(run) if counts is None else counts
    seconds = round(time.monotonic() - run.begun, 3)
    run_log.ended(counts, called_now=called_now, exit_code=exit_code, seconds=seconds)
    if run.meter is not None:
        run.meter.write(run.progress, exit_code=exit_code)
    return Result(
        campaign=run.campaign.name,
        rows=sum(counts.values()),
        counts=counts,
        called_now=called_now,
        report=str(written.sheet.path) if written else None,
        html=str(written.html) if written else None,
        exit_code=exit_code,
        stopped=stopped,
        seconds=seconds,
    )
