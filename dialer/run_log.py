"""What the log says of a run: how it began, what it planned, what stopped it, how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from dialer import logs
from dialer.campaign import Policy
from dialer.plan import Plan
from dialer.replies import RESERVED_STATUSES
from dialer.retry import Stop
from dialer.standing import CALLED
from dialer.vozagent import Api

if TYPE_CHECKING:
    from dialer.reporter import Written


def begun(api: Api, policy: Policy, *, run_id: int) -> None:
    """A run began."""
    logs.note(
        "run_started",
        run=run_id,
        api=api.base_url,
        assistant=policy.assistant,
        rate=str(policy.rate),
        callers=policy.callers,
        any_hour=policy.any_hour,
    )


def planned(plan: Plan, *, redialled: int) -> None:
    """How many people are called now, and why the others are not."""
    survey = plan.survey
    logs.note(
        "plan",
        due=plan.due,
        rows=dict(survey.rows),
        leads=dict(survey.states),
        recent=survey.recent,
        deferred=survey.deferred,
        assumed=survey.assumed,
        again=survey.again,
        redialled=redialled,
        expected_seconds=round(plan.expected.total_seconds(), 1),
    )


def stopped(stop: Stop) -> None:
    """A run ends before its work is done: by a person, a breaker, the API or the clock."""
    tell = logs.error if stop.pause or stop.alarm else logs.warn
    # An alarm quotes what the API says it dials.
    sentence = None if stop.alarm else logs.without_people(stop.sentence)
    tell("run_stopped", code=stop.code, exit_code=stop.exit_code, paused=stop.pause, sentence=sentence)


def reported(written: Written) -> None:
    """The reports were written."""
    logs.note("report_written", path=str(written.sheet.path), html=str(written.html))


def ended(counts: Mapping[str, int], *, called_now: int, exit_code: int, seconds: float) -> None:
    """A run ended; `counts` are rows by status."""
    tell = logs.warn if exit_code else logs.note
    tell(
        "run_ended",
        exit_code=exit_code,
        called_now=called_now,
        counts=in_our_words(counts),
        seconds=round(seconds, 3),
    )


def in_our_words(counts: Mapping[str, int]) -> dict[str, int]:
    """Rows by status, with `called` for all the words that the API has for its calls."""
    found: dict[str, int] = {}
    for status, count in counts.items():
        word = status if status in RESERVED_STATUSES else CALLED
        found[word] = found.get(word, 0) + count
    return found
