"""`dialer call`: one call without a sheet, as carefully written down as any other."""

from __future__ import annotations

from dataclasses import dataclass, replace

from dialer import account, loads, screens, suppressions
from dialer.access import open_api, open_ledger
from dialer.bounding import bounds_of
from dialer.bounds import Bounds, reached_cap
from dialer.calling_hours import legal_hours, open_at_any_hour
from dialer.campaign import Duplicates, Policy, Reading
from dialer.columns import RESULT_COLUMNS
from dialer.dialing import Dialing, Talk, dial
from dialer.do_not_call import Kind
from dialer.errors import DialerError, TryLater, UsageError
from dialer.leads import Lead, RowReading, Verdict
from dialer.ledger import Ledger
from dialer.phones import Phone, read_phone
from dialer.plan import call_request
from dialer.results import RowResult, result_columns
from dialer.retry import Stop
from dialer.settings import Place
from dialer.survey import settings_in_words
from dialer.vozagent import Api, is_loopback
from dialer.whom import Choice, choose

_NO_COUNTRY = "The number has no country code: write it with one, as +12015550123."


@dataclass(frozen=True, slots=True)
class Person:
    """Whom `dialer call` calls."""

    number: str  # as typed
    first_name: str | None = None
    last_name: str | None = None
    notes: str | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """How the call ended."""

    result: RowResult
    exit_code: int
    stopped: str | None

    def as_json(self) -> dict[str, object]:
        """The object of `call --json`."""
        names = (*RESULT_COLUMNS, "exit_code", "stopped")
        return dict(zip(names, (*result_columns(self.result), self.exit_code, self.stopped), strict=True))


def call(place: Place, person: Person, policy: Policy, *, quiet: bool) -> Ended:
    """Call one person. Raises UsageError for a number that is not dialled, TryLater for one called lately,
    DialerError for one on the do-not-call list."""
    phone = read_phone(person.number)
    if not isinstance(phone, Phone):
        why = _NO_COUNTRY if phone.code == "country_missing" else phone.message
        raise UsageError(f"{person.number!r} is not called. {why}", code=phone.code)
    lead = Lead(
        row=1,
        phone=phone.e164,
        tier=phone.tier,
        region=phone.region,
        cell="A1",
        first_name=person.first_name,
        last_name=person.last_name,
        notes=person.notes,
    )
    with (
        open_api(place, timeout=policy.timeout) as api,
        open_ledger(place, api.base_url) as opened,
    ):
        ledger = opened.ledger
        ledger.check_integrity()
        _refuse_suppressed(ledger, lead, place)
        _refuse_repeated(ledger, lead, policy)
        bounds = _bounds(ledger, lead, policy, api)
        closed = (
            open_at_any_hour
            if policy.any_hour or is_loopback(api.base_url)
            else legal_hours(ledger.clock, policy.hours)
        )
        shut = closed(lead)
        if shut is not None:
            raise TryLater(f"{lead.phone} is not called now: {shut.reason}", code="calling_hours")
        if not quiet:
            screens.say_as_it_is(f"The request: {screens.request_line(call_request(lead, policy))}")
        with ledger.lock(f"call {lead.phone}"):
            choice = replace(_write_down(ledger, lead, policy, api), bounds=bounds)
            talk = Talk(screens.console(stderr=True), quiet=True)
            progress = dial(Dialing(api, ledger, policy, choice, closed, 1, talk))
            return _ended(ledger, choice, policy, progress.stop)


def _refuse_suppressed(ledger: Ledger, lead: Lead, place: Place) -> None:
    with ledger.reading() as connection:
        found = suppressions.suppression_of(connection, lead.phone)
    if found is not None:
        entry = f"{found.entry.value}*" if found.entry.kind is Kind.PREFIX else lead.phone
        raise DialerError(
            f"{lead.phone} is not called: it is on the do-not-call list of this ledger"
            f"{suppressions.why(found)}; `dialer suppress remove {entry}{place.flags}` takes it off.",
            code="suppressed",
        )


def _refuse_repeated(ledger: Ledger, lead: Lead, policy: Policy) -> None:
    since = ledger.clock() - policy.recall_after
    with ledger.reading() as connection:
        last = account.last_call(connection, lead.phone, since=since)
    if last is not None:
        how = (
            f"was called ({last.call_id})"
            if last.outcome == "called" and last.call_id
            else "may have been called"
        )
        raise TryLater(
            f"{lead.phone} {how} at {screens.local(last.at)} by campaign {last.campaign!r}: "
            "--recall-after 0s calls all the same.",
            code="recent",
        )


def _bounds(ledger: Ledger, lead: Lead, policy: Policy, api: Api) -> Bounds:
    """What the call may not exceed. Raises TryLater if its number was called too often already."""
    with ledger.reading() as connection:
        bounds = bounds_of(connection, policy, api, campaign_id=0)
        capped = reached_cap(connection, lead, bounds, now=ledger.clock())
    if capped is not None:
        when = f"It may be called from {capped.until:%Y-%m-%d %H:%M} UTC on."
        raise TryLater(f"{lead.phone} is not called now: {capped.reason} {when}", code="cap")
    return bounds


def _write_down(ledger: Ledger, lead: Lead, policy: Policy, api: Api) -> Choice:
    now = ledger.clock()
    with ledger.transaction() as connection:
        name = f"call {lead.phone} {now:%Y-%m-%dT%H:%M:%S.%fZ}"
        campaign = loads.ensure_campaign(connection, name, now=now, kind="call")
        load_id = loads.begin_load(
            connection, campaign.campaign_id, path="dialer call", sha256="", reading="{}", now=now
        )
        reading = RowReading(row=lead.row, verdict=Verdict.CALLABLE, cell=lead.cell, lead=lead)
        batches = loads.Batches(campaign.campaign_id, load_id, Duplicates.FIRST)
        batches.add(connection, [reading])
        loads.complete_load(connection, load_id=load_id, campaign_id=campaign.campaign_id, understood="{}")
        run_id = loads.begin_run(
            connection,
            campaign.campaign_id,
            settings=settings_in_words(policy, Reading(), api),
            rows=(),
            now=now,
        )
    return choose(policy, campaign_id=campaign.campaign_id, load_id=load_id, run_id=run_id, now=now)


def _ended(ledger: Ledger, choice: Choice, policy: Policy, stop: Stop | None) -> Ended:
    now = ledger.clock()
    with ledger.reading() as connection:
        result = next(
            account.row_results(
                connection,
                campaign_id=choice.campaign_id,
                load_id=choice.load_id,
                recall_after=policy.recall_after,
                now=now,
            )
        )
    code = (
        stop.exit_code
        if stop
        else int(result.status in {"failed", "unknown", "pending", "recent", "suppressed"})
    )
    with ledger.transaction() as connection:
        sentence = stop.sentence if stop else None
        loads.end_run(connection, choice.run_id, exit_code=code, stopped=sentence, now=now)
    return Ended(result, code, stop.sentence if stop else None)
