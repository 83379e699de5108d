"""Gathers what a plan decides upon: the ledger's counts, and whose calling hours are open now."""

from __future__ import annotations

from datetime import datetime

from dialer import account, whom
from dialer.bounding import allowed
from dialer.campaign import Breakers, Policy, Reading, format_duration
from dialer.ledger import Connection
from dialer.limits import format_money
from dialer.openings import ask_hours
from dialer.plan import Plan, Survey, make_plan
from dialer.pool import HoursCheck
from dialer.vozagent import Api, is_loopback
from dialer.whom import Choice
from dialer.windows import week_in_words


def plan_run(
    connection: Connection, choice: Choice, policy: Policy, *, closed: HoursCheck, now: datetime
) -> Plan:
    """The plan of a run; whoever must wait for calling hours, or for a cap, is noted in the ledger."""
    chosen, recent, assumed = whom.count_chosen(connection, choice)
    capped = whom.capped_leads(connection, choice, now=now)
    asked = ask_hours(connection, choice, closed, capped)
    first = asked.first
    survey = Survey(
        rows=account.count_verdicts(connection, choice.load_id),
        states=account.count_states(connection, campaign_id=choice.campaign_id, load_id=choice.load_id),
        chosen=chosen,
        recent=recent,
        deferred=asked.deferred,
        assumed=assumed,
        again=whom.count_again(connection, choice) if policy.call_status or policy.again else 0,
        problems=account.problem_kinds(connection, choice.load_id),
        assistants=whom.count_by_assistant(connection, choice) if policy.assistant_per_row else (),
        capped=len(capped),
        open_from=asked.open_from,
        unread=asked.unread or {},
        allowed=allowed(connection, choice, now=now),
    )
    if first is not None and policy.trace_tag:
        first = first._replace(tags=(*first.tags, "dialer-…"))  # each call has another one
    return make_plan(survey, policy, first=first)


def settings_in_words(policy: Policy, reading: Reading, api: Api) -> dict[str, str]:
    """The settings of a run, for the ledger and the report; of the key only its last four characters."""
    words = {
        "API": api.base_url,
        "key ending": api.key_ending,
        "assistant": policy.assistant,
        "rate": str(policy.rate),
        "callers": str(policy.callers),
        "timeout": format_duration(policy.timeout),
        "recall after": format_duration(policy.recall_after),
        "give up after": format_duration(policy.give_up_after),
        "calling hours": _hours_in_words(policy, api),
        "waits for them": "yes" if policy.wait else None,
        "until": policy.until and policy.until.isoformat(timespec="minutes"),
        "stops after": _breakers_in_words(policy.breakers),
        "limit": policy.limit,
        "caps": _caps_in_words(policy, api),
        "max calls": policy.max_calls,
        "budget": _budget_in_words(policy),
        "only": ", ".join(policy.only),
        "call status": ", ".join(dict.fromkeys(word.lower() for word in policy.call_status)),
        "again": _again_in_words(policy),
        "rows": ", ".join(f"{first}-{last}" for first, last in policy.rows),
        "source": reading.source or policy.source,
        "tags": ", ".join((*reading.tags, *policy.tags)),
        "trace tags": "one for each call" if policy.trace_tag else None,
        "unknown calls": _redials_in_words(policy),
        "notes": reading.notes,
        "region": reading.region,
        "duplicates": reading.duplicates.value,
        "columns": "; ".join(reading.mapping),
        "result columns": ", ".join(reading.in_columns),
    }
    return {name: str(value) for name, value in words.items() if value}


def _redials_in_words(policy: Policy) -> str | None:
    if not policy.redial_unknown:
        return None
    return f"made once more where older than {format_duration(policy.older_than)}, as the operator decided"


def _caps_in_words(policy: Policy, api: Api) -> str:
    own = ", ".join(map(str, policy.caps))
    if is_loopback(api.base_url):
        return own or "no cap: the API is on this machine"
    return f"what the law allows where it is known{f', and {own}' if own else ''}"


def _again_in_words(policy: Policy) -> str | None:
    if not policy.again:
        return None
    words = " or ".join(dict.fromkeys(word.lower() for word in policy.again))
    times = "once" if policy.again_times == 1 else f"up to {policy.again_times} times"
    return f"if they ended as {words}, {times}, {format_duration(policy.again_after)} after the call before"


def _budget_in_words(policy: Policy) -> str | None:
    if policy.budget is None:
        return None
    each = f", {format_money(policy.cost_per_call)} a call" if policy.cost_per_call else ""
    return f"{format_money(policy.budget)} for the campaign, by estimate{each}"


def _breakers_in_words(breakers: Breakers) -> str:
    in_a_row = (
        f"{breakers.max_unknown_in_row} unknown, {breakers.max_refused_in_row} refused or "
        f"{breakers.max_forbidden_in_row} forbidden in a row, {breakers.max_internal_errors} faults of ours"
    )
    return in_a_row + (f", {breakers.max_unknown} unknown in all" if breakers.max_unknown else "")


def _hours_in_words(policy: Policy, api: Api) -> str:
    if is_loopback(api.base_url):
        return "not asked for: the API is on this machine"
    if policy.any_hour:
        return "any hour, on the operator's own responsibility (--any-hour)"
    if policy.hours:
        return (
            f"legal hours where the lead lives, within the operator's {week_in_words(policy.hours)} (--hours)"
        )
    return "legal hours where the lead lives"
