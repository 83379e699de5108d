"""What must hold at the end of every story, judged by the API's record and the reports alone."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

from dialer.replies import RESERVED_STATUSES
from tests.simulated_api import busiest_window
from tests.simulation.api import Call, Heard

if TYPE_CHECKING:
    from tests.simulation.story import Campaign, Story

_RECALL_SECONDS = 24 * 3600.0
_ON_THE_WAY_SECONDS = 120.0  # from the intent to the first byte at most, with a machine that stands still
_NOT_CALLED = RESERVED_STATUSES - {"unknown"}
_SAID_ELSEWHERE = {"duplicate", "suppressed"}  # where another row of the same number has the result
_A_HAIR = 1e-6


def violations(story: Story) -> list[str]:
    """Every promise that was broken, in words."""
    return [
        *story.machine.complaints,
        *_called_twice(story),
        *_too_fast(story),
        *_suppressed_and_called(story),
        *(fault for campaign in story.campaigns for fault in _rows(story, campaign)),
    ]


def _called_twice(story: Story) -> Iterator[str]:
    by_lead: defaultdict[tuple[str, str], list[Call]] = defaultdict(list)
    for call in story.machine.api.calls:
        by_lead[call.campaign, call.number].append(call)
    for (campaign, number), calls in by_lead.items():
        # Each time that a person decides to call the unknown ones again may add one.
        if len(calls) > 1 + story.redials:
            yield f"{campaign} called {number} {len(calls)} times: {[call.call_id for call in calls]}"
    asked: defaultdict[str, list[Heard]] = defaultdict(list)
    for post in story.machine.api.posts:
        if post.call is not None:
            asked[post.number].append(post)
    for number, posts in asked.items():
        for first, second in pairwise(posts):
            apart = second.at - first.at
            if first.campaign != second.campaign and apart < _RECALL_SECONDS - _ON_THE_WAY_SECONDS:
                yield f"{number} called by {first.campaign} and {apart:.0f} s later by {second.campaign}"


def _too_fast(story: Story) -> Iterator[str]:
    rate = story.rate
    times = [post.at for post in story.machine.api.posts]
    most = busiest_window(times, seconds=rate.per_seconds - _A_HAIR)
    if most > rate.count:
        yield f"{most} POSTs within {rate.per_seconds} s at {rate}"


def _suppressed_and_called(story: Story) -> Iterator[str]:
    for post in story.machine.api.posts:
        since = story.suppressed.get(post.number)
        if since is not None and post.at > since:
            yield f"{post.number} was called {post.at - since:.0f} s after it was suppressed"


def _rows(story: Story, campaign: Campaign) -> Iterator[str]:
    results = campaign.sheet.results()
    lines = campaign.sheet.lines
    if [row["first_name"] for row in results] != [line.name for line in lines]:
        yield f"{campaign.name}: {len(lines)} rows in, {len(results)} rows out, or in another order"
        return
    by_number: defaultdict[str, list[dict[str, str]]] = defaultdict(list)
    for line, row in zip(lines, results, strict=True):
        if row["status"] in {"", "pending"}:
            yield f"{campaign.name}: {line.name} is {row['status'] or 'without a status'} at the end"
        if line.number is not None:
            by_number[line.number].append(row)
        elif row["status"] != "invalid":
            yield f"{campaign.name}: {line.name} has no number and is {row['status']}"
    for number, rows in by_number.items():
        own = [row for row in rows if row["status"] not in _SAID_ELSEWHERE] or rows[:1]
        if len(own) > 1:
            yield f"{campaign.name}: {number} has two results: {[row['status'] for row in rows]}"
        elif own[0]["status"] == "duplicate":
            yield f"{campaign.name}: {number} only stands in rows that are duplicates"
        yield from _lead(story, campaign, number, own[0])
    unknown = {number for number, rows in by_number.items() if any(r["status"] == "unknown" for r in rows)}
    yield from _too_many_unknown(story, campaign, unknown)


def _lead(story: Story, campaign: Campaign, number: str, row: dict[str, str]) -> Iterator[str]:
    """What is reported of a lead must be so."""
    who, status = f"{campaign.name}: {number}", row["status"]
    api = story.machine.api
    calls = [c for c in api.calls if (c.campaign, c.number) == (campaign.name, number)]
    posts = [p for p in api.posts if (p.campaign, p.number) == (campaign.name, number)]
    if status in _NOT_CALLED and calls:
        yield f"{who} is {status} and was called: {calls[0].call_id}"
    if status not in RESERVED_STATUSES and not calls and not _has_false_id(story, number):
        yield f"{who} is {status} and was never called"
    own = {call.call_id for call in calls}
    if row["call_id"] and row["call_id"] not in own and not _has_false_id(story, number):
        yield f"{who} has the call_id {row['call_id']} of somebody else"
    if status == "failed" and not any(post.status in {400, 422, 403} for post in posts):
        yield f"{who} failed, and nobody refused it"
    if status == "unknown" and calls and not _may_stay_unknown(story, number):
        yield f"{who} is unknown, and its call {calls[0].call_id} can be found"
    if status not in RESERVED_STATUSES and row["to_phone"] != number:
        yield f"{who} was called as {row['to_phone']}"


def _has_false_id(story: Story, number: str) -> bool:
    """Whether the API gave a call to this number an id that its own records do not know it by."""
    faults = {post.fault for post in story.machine.api.posts if post.number == number}
    return bool(faults & {"same-id", "number-id"})


def _may_stay_unknown(story: Story, number: str) -> bool:
    """Whether two campaigns may have called it: then nobody can tell whose call it is that is found."""
    return sum(number in campaign.sheet.ever for campaign in story.campaigns) > 1


def _too_many_unknown(story: Story, campaign: Campaign, unknown: set[str]) -> Iterator[str]:
    """Unknown is only what had no certain answer, or was under way when the program died."""
    machine = story.machine
    unexplained: Counter[int] = Counter()  # by the life in which it happened; 0 where nothing was sent
    for number in sorted(unknown):
        posts = [p for p in machine.api.posts if (p.campaign, p.number) == (campaign.name, number)]
        if not all(post.certain for post in posts):
            continue
        # After a 429, or a refusal and a retry, there may have been one more intent, of which the API
        # never heard.
        refused = not campaign.retries
        ended = posts[-1] if posts and posts[-1].ended_its_lead(refused=refused) else None
        unexplained[ended.life if ended else 0] += 1
        if ended and ended.life not in machine.accidents:
            yield f"{campaign.name}: {number} is unknown, though its answer {ended.status} was heard"
    for life, count in unexplained.items():
        if count > campaign.policy.callers * (1 if life else len(machine.accidents)):
            yield f"{campaign.name}: {count} are unknown without a reason in life {life}"
