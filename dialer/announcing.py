"""Says on the terminal what a run is about to do: the sheet as it was understood, the plan, a request."""

from __future__ import annotations

from datetime import datetime

from dialer import screens
from dialer.hours_screen import hours_lines, unread_sentence
from dialer.ledger import time_of
from dialer.loader import Loaded, Understood
from dialer.night_facts import Twin
from dialer.plan import Plan
from dialer.pool import Progress


def show_plan(plan: Plan, loaded: Loaded, facts: screens.PlanFacts) -> None:
    """Print the plan, what is to be said of the sheet, and the JSON of the first request."""
    screens.console(stderr=True).print(screens.plan_screen(plan, facts))
    _show_hours(plan)
    for remark in loaded.understood.remarks:
        screens.say(remark)
    if plan.first_request is not None:
        screens.say_as_it_is(f"\nThe first request: {screens.request_line(plan.first_request)}\n")
    if loaded.remembered:
        opted_out = screens.people(loaded.remembered)
        screens.say(
            f"{opted_out} opted out in this sheet: no campaign of this ledger calls them from now on."
        )


def _show_hours(plan: Plan) -> None:
    """Print a line for all who have the same calling hours, where these are asked for."""
    lines = list(hours_lines(plan.survey.open_from, now=datetime.now().astimezone()))
    if lines:
        screens.console(stderr=True).print(screens.counts_screen("Calling hours", lines))
    passed_over = unread_sentence(plan.survey.unread)
    if passed_over is not None:
        screens.say(passed_over)


def why_later(plan: Plan, progress: Progress | None) -> str:
    """Why the run ends although people are due: whoever is left may not be called now."""
    if plan.used_up is not None:
        return plan.used_up.sentence
    told = progress or plan.survey
    if not told.capped:
        why = "is outside calling hours"
    elif told.capped == told.deferred:
        why = "was called as often as a cap allows"
    else:
        why = "is outside calling hours or was called as often as a cap allows"
    return f"Everybody who is due {why}: the report says from when on, run again then."


def sheet_in_words(understood: Understood) -> str:
    """Which sheet was read and where its header stands."""
    sheet = f", sheet {understood.sheet!r}" if understood.sheet else ""
    header = f"header in row {understood.header_row}" if understood.header_row else "no header"
    report = ", a report fed back" if understood.results else ""
    return f"{understood.file}{sheet}, {header}, {screens.rows(understood.data_rows)}{report}"


def history_in_words(loaded: Loaded, twin: Twin | None) -> str | None:
    """When and from where the campaign was loaded before, and what is odd about that; else of which campaign
    the same file is (`twin`); None where both are new."""
    if loaded.before is None and twin is not None:
        return (
            f"new, but the same file, byte for byte, as that of campaign {twin.campaign!r}, loaded on "
            f"{screens.local(twin.loaded_at)}: under this name its people are called again, once "
            "--recall-after has passed"
        )
    if loaded.before is None:
        return None
    when = screens.local(time_of(loaded.before.loaded_at))
    same = ", the sheet is unchanged" if loaded.unchanged else ""
    if loaded.region_as_before:
        same += f", --region {loaded.region_as_before} as then"
    if loaded.in_common is not None:
        same += (
            f"; only {loaded.in_common} of its numbers stood there: give another list a --campaign of its own"
        )
    return f"loaded before from {loaded.before.path} at {when}{same}"
