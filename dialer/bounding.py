"""What bounds a run, as its policy asks and the law where people live: caps, calls in a day, a budget."""

from __future__ import annotations

from datetime import datetime

from dialer.bounds import Allowance, Bounds, Budget, MaxCalls, known_cost
from dialer.campaign import Policy
from dialer.errors import UsageError
from dialer.ledger import Connection
from dialer.plan import Allowed
from dialer.vozagent import Api, is_loopback
from dialer.whom import Choice


def bounds_of(connection: Connection, policy: Policy, api: Api, *, campaign_id: int) -> Bounds:
    """The bounds of a run. The law's caps hold wherever a phone may ring, so not for an API on this machine;
    `--any-hour` does not lift them.

    Raises UsageError for a budget where nothing tells what a call costs.
    """
    allowances: list[Allowance] = [MaxCalls(policy.max_calls)] if policy.max_calls else []
    if policy.budget is not None:
        allowances.append(_budget(connection, policy, campaign_id))
    return Bounds(policy.caps, legal_caps=not is_loopback(api.base_url), allowances=tuple(allowances))


def allowed(connection: Connection, choice: Choice, *, now: datetime) -> tuple[Allowed, ...]:
    """How many calls each allowance of a run leaves at `now`, for its plan."""
    return tuple(
        Allowed(
            option=each.option,
            calls=each.left(connection, now=now),
            words=each.in_words(connection, now=now),
            sentence=each.stop(connection, now=now).sentence,
        )
        for each in choice.bounds.allowances
    )


def _budget(connection: Connection, policy: Policy, campaign_id: int) -> Budget:
    assert policy.budget is not None  # noqa: S101 - for the type check
    if policy.cost_per_call is not None:
        return Budget(policy.budget, campaign_id, policy.cost_per_call)
    known = known_cost(connection, campaign_id)
    if known is None:
        raise UsageError(
            f"--budget {policy.budget}usd cannot be kept: the ledger knows of no call what it cost. Say what "
            "one costs with --cost-per-call 0.12usd, or ask with `dialer outcomes CAMPAIGN` once some have "
            "ended.",
            code="cost_unknown",
        )
    per_call, of_calls = known
    return Budget(policy.budget, campaign_id, per_call, of_calls)
