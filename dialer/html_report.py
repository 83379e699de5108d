"""A campaign's summary becomes one HTML file that can be forwarded: no scripts, no links, no clock.

The template is `data/report.html.jinja`. Every text that it prints is stripped of control and
bidirectional characters, then escaped.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from dialer import charts, funnel, report_words
from dialer.call_totals import CallTotals
from dialer.report import FIXED_STATUSES, WAITING_STATUSES, Kind, Summary, was_called
from dialer.report_words import count, number, share

# Controls (C0, C1), marks and overrides that change the direction of what follows, invisible separators,
# tag characters, and halves of surrogate pairs, which no UTF-8 file can hold. Joiners stay: names in
# Persian or Hindi need them.
_UNPRINTABLE: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
_BREAKS: Final = re.compile("[\t\n\r\u2028\u2029]+")

_TOLD_CODES: Final = 5
_API_WORDS: Final = 12  # beyond it, the API's words are shown as one line
_WORD_CHARACTERS: Final = 40


@dataclass(frozen=True, slots=True)
class StatusLine:
    """One line of the table of statuses."""

    name: str  # names its shape and colour
    word: str
    meaning: str
    rows: int


@dataclass(frozen=True, slots=True)
class After:
    """What became of the calls, in words and bars."""

    verdict: str
    figures: tuple[tuple[str, str, str], ...]  # label, figure, what stands below it
    words: tuple[charts.Bar, ...]
    lengths: tuple[charts.Bar, ...]
    qualifications: tuple[charts.Bar, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """Something that a person should do now; `command`, if any, is typed between the two texts."""

    before: str
    command: str = ""
    after: str = ""


def render(summary: Summary) -> str:
    """Gives the report as one HTML document; the same summary always gives the same text."""
    return _TEMPLATE.render(
        summary=summary,
        facts=summary.facts,
        verdict=_verdict(summary),
        when=_when(summary),
        calling=_calling(summary),
        zone=_zone(summary),
        steps=_steps(summary),
        outcome=charts.stacked(
            ("called", "Called", summary.called),
            ("failed", "Failed", summary.failed),
            ("unknown", "Unknown", summary.unknown),
            ("waiting", "Not called", summary.not_called),
        ),
        contacts=charts.stacked(
            ("new", "New contacts", summary.new_contacts),
            ("known", "Known contacts", summary.known_contacts),
            *[("unstated", "Not stated", summary.unstated_contacts)][: summary.unstated_contacts],
        ),
        statuses=_statuses(summary),
        funnel=funnel.steps(summary),
        pace=_pace(summary),
        after=_after(summary),
        chart=charts.over_time(summary.buckets, bucket_seconds=summary.bucket_seconds),
        baseline=charts.BASELINE,
        waiting=[(status, kinds) for status in WAITING_STATUSES if (kinds := _kinds(summary, status))],
        why=_why(summary),
        failures=_kinds(summary, "failed"),
        refusals=_refusals(summary),
        unknowns=_kinds(summary, "unknown"),
        remarks=tuple(kind for kind in summary.kinds if was_called(kind.status)),
        key_ending=(summary.facts.key_ending or "")[-4:],
    )


def printable(text: object) -> object:
    """Takes out of a text what could hide, reorder or break what is read; markup and numbers stay."""
    if isinstance(text, str) and not hasattr(text, "__html__"):
        return _UNPRINTABLE.sub("", _BREAKS.sub(" ", text))
    return text


def _verdict(summary: Summary) -> str:
    if not summary.rows:
        return "The sheet held no rows."
    endings = (
        (summary.called, "called"),
        (summary.failed, "refused by the API"),
        (summary.unknown, "without a certain answer"),
        (summary.not_called, "not called"),
    )
    if summary.rows == 1:
        return f"The only row was {next(words for rows, words in endings if rows)}."
    if summary.called == summary.rows:
        return f"All {number(summary.rows)} rows were called."
    *others, last = (f"{number(rows)} {words}" for rows, words in endings[1:] if rows)
    listed = f"{', '.join(others)} and {last}" if others else last
    return f"{number(summary.called)} of {number(summary.rows)} rows called; {listed}."


def _when(summary: Summary) -> str:
    began = summary.facts.started_at or summary.facts.loaded_at
    return report_words.period(began, summary.facts.finished_at, summary.zone) if began else ""


def _calling(summary: Summary) -> str:
    first, last = summary.first_call, summary.last_call
    return "" if first is None else f"on {report_words.period(first, last, summary.zone)}"


def _pace(summary: Summary) -> str:
    """The most calls in a second or a minute, beside what the last run was allowed."""
    if not summary.busiest_second:
        return ""
    asked = dict(summary.facts.settings).get("Rate", "")
    by_minute = asked.endswith("/min")
    most, unit = (summary.busiest_minute, "minute") if by_minute else (summary.busiest_second, "second")
    allowed = f"; the rate that the last run was allowed is {asked}" if asked else ""
    return f"At most {count(most, 'call')} began in one {unit} of the clock{allowed}."


def _after(summary: Summary) -> After | None:
    calls = summary.calls
    if calls is None:
        return None
    return After(
        verdict=_verdict_of_calls(calls, summary.called),
        figures=tuple(_figures(calls)),
        words=charts.bars(*((word, n, "") for word, n in calls.words), whole=calls.heard),
        lengths=charts.bars(*_without_empty_ends(calls.lengths), whole=max(calls.timed, 1)),
        qualifications=charts.bars(*((w, n, "") for w, n in calls.qualifications), whole=calls.heard),
    )


def _without_empty_ends(lengths: Sequence[tuple[str, int]]) -> Iterator[tuple[str, int, str]]:
    held = [place for place, (_, calls) in enumerate(lengths) if calls]
    for length, calls in lengths[held[0] : held[-1] + 1] if held else ():
        yield length, calls, ""


def _verdict_of_calls(calls: CallTotals, called: int) -> str:
    told = f"{number(calls.ended)} of {count(called, 'call')} {'has' if calls.ended == 1 else 'have'} ended"
    if running := calls.heard - calls.ended - calls.stale:
        told += f", {number(running)} {'goes' if running == 1 else 'go'} on"
    if calls.stale:
        told += f", {number(calls.stale)} {'was' if calls.stale == 1 else 'were'} never seen to end"
    if unheard := called - calls.heard:
        told += f", and of {number(unheard)} nothing is known yet"
    return f"{told}."


def _figures(calls: CallTotals) -> Iterator[tuple[str, str, str]]:
    """Label, figure and what stands below it."""
    yield "Completed", number(calls.completed), share(calls.completed, calls.heard)
    yield "Appointments", number(calls.appointments), share(calls.appointments, calls.heard)
    if calls.timed:
        middle = report_words.duration(round(calls.median_seconds))
        yield "Time on the phone", report_words.hours(round(calls.seconds)), f"half lasted over {middle}"
    if calls.costed:
        each = report_words.money(calls.cost_usd / calls.costed)
        known = "" if calls.costed == calls.heard else f", known for {count(calls.costed, 'call')}"
        yield "Cost", report_words.money(calls.cost_usd), f"{each} a call{known}"


def _zone(summary: Summary) -> str:
    """The zone's name and its offset; both offsets where the clocks changed in between."""
    facts = summary.facts
    times = (facts.loaded_at, facts.started_at, summary.first_call, summary.last_call, facts.finished_at)
    offsets = [report_words.offset(time.astimezone(summary.zone)) for time in times if time is not None]
    name = str(summary.zone)
    if name.startswith("UTC") or not offsets:
        return name
    return f"{name}, {', then '.join(dict.fromkeys(offsets))}"


def _steps(summary: Summary) -> tuple[Step, ...]:
    facts, steps = summary.facts, []
    if due := summary.count("pending") + summary.count("deferred"):
        again = f"{count(due, 'row')} {'is' if due == 1 else 'are'} still to be called."
        goes_on = "it goes on where it stopped and calls nobody twice."
        if facts.arguments:
            steps.append(Step(f"{again} Type", f"dialer run {facts.arguments}", _sentence(goes_on)))
        else:
            steps.append(Step(f"{again} Run the same command again: {goes_on}"))
    if summary.unknown:
        uncertain = f"{count(summary.unknown, 'row')} {'has' if summary.unknown == 1 else 'have'} no certain"
        may = f"{uncertain} answer: the calls may have been made."
        if facts.named:
            never = "They are never called again by themselves; look them up with"
            steps.append(Step(f"{may} {never}", f"dialer reconcile {facts.named}"))
        else:
            never = "Look them up in VozAgent's list of calls; they are never called again by themselves."
            steps.append(Step(f"{may} {never}"))
    invalid = summary.count("invalid")
    mend = []
    if summary.failed:
        mend.append(f"{count(summary.failed, 'row')} {'was' if summary.failed == 1 else 'were'} refused")
    if invalid:
        mend.append(f"{count(invalid, 'row')} cannot be called as written")
    if mend:
        retry = f"dialer retry {facts.arguments or shlex.quote(PurePath(facts.file).name)}"
        before = f"{', and '.join(mend)}. Mend what is listed below, save the sheet and type"
        only = "only those rows are called."
        steps.append(
            Step(
                before, retry, _sentence(only) if facts.arguments else f"with the options of this run; {only}"
            )
        )
    if facts.named and summary.called and summary.calls is None:
        steps.append(Step("What became of the calls is told by", f"dialer outcomes {facts.named}"))
    return tuple(steps)


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]


def _statuses(summary: Summary) -> tuple[StatusLine, ...]:
    words = [(word, rows) for word, rows in summary.statuses if was_called(word)]
    lines = [
        StatusLine("called", word[:_WORD_CHARACTERS], report_words.meaning_of_call(word), rows)
        for word, rows in words[:_API_WORDS]
    ]
    if rest := sum(rows for _, rows in words[_API_WORDS:]):
        lines.append(StatusLine("called", "other", "Called; the API used other words.", rest))
    for status in FIXED_STATUSES:
        if rows := summary.count(status):
            name = status if status in {"failed", "unknown"} else "waiting"
            lines.append(StatusLine(name, status, report_words.BRIEFLY[status], rows))
    return tuple(lines)


def _why(summary: Summary) -> tuple[charts.Bar, ...]:
    """Why rows were not called, by status, with the commonest reasons of the invalid ones below."""
    codes = [
        f"{number(kind.rows)} {report_words.kind_title(kind).lower()}" for kind in _kinds(summary, "invalid")
    ]
    listed = ", ".join(codes[:_TOLD_CODES]) + (" and others" if len(codes) > _TOLD_CODES else "")
    notes = {"invalid": listed if len(codes) > 1 else ""}
    counts = [(status, summary.count(status)) for status in WAITING_STATUSES]
    largest = sorted((entry for entry in counts if entry[1]), key=lambda entry: -entry[1])
    parts = [(status.capitalize(), rows, notes.get(status, "")) for status, rows in largest]
    return charts.bars(*parts, whole=max(summary.not_called, 1))


def _refusals(summary: Summary) -> tuple[charts.Bar, ...]:
    kinds = _kinds(summary, "failed")
    return charts.bars(
        *((report_words.kind_title(k), k.rows, "") for k in kinds), whole=max(summary.failed, 1)
    )


def _kinds(summary: Summary, status: str) -> tuple[Kind, ...]:
    return tuple(kind for kind in summary.kinds if kind.status == status)


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("dialer", "data"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=printable,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    words = report_words
    environment.filters |= {"number": number, "count": count, "share": share, "sentence": words.sentence}
    environment.filters |= {"moment": words.moment, "exit_code": words.exit_code}
    environment.filters |= {"kind_title": words.kind_title, "next_for_failure": words.next_for_failure}
    environment.globals |= {"meanings": words.MEANINGS, "next_for": words.NEXT}
    return environment


_TEMPLATE: Final = _environment().get_template("report.html.jinja")
