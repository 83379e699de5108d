"""`dialer history +E164`: what a ledger knows of one person, in the order in which it happened."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from dialer.errors import DialerError, UsageError
from dialer.leads import Verdict
from dialer.ledger import time_of
from dialer.phones import Phone, read_phone
from dialer.printable import clean
from dialer.results import Fate
from dialer.screens import local
from dialer.settings import Place
from dialer.status import ledger_of
from dialer.status_screens import with_times_as_text
from dialer.story import InSheet, Story, Tried, tell

_SHORTEST, _LONGEST = 7, 15  # digits of an international number, ITU-T E.164
_LONGEST_TEXT = 2000
_NO_DIGITS = re.compile(r"\D")
_IN_A_SHEET = {
    Verdict.CALLABLE: "to be called",
    Verdict.ASSUMED: "to be called, its country assumed",
    Verdict.DUPLICATE: "a duplicate: another row has the same number",
    Verdict.SUPPRESSED: "not to be called",
    Verdict.INVALID: "not to be called as it stands",
    Verdict.NOT_A_LEAD: "no lead",
}


@dataclass(frozen=True, slots=True)
class History:
    """One person's story, to be shown."""

    story: Story

    def as_json(self) -> dict[str, Any]:
        """The object of `history --json`."""
        story = self.story
        listed = story.suppression
        told: dict[str, Any] = with_times_as_text(
            {
                "phone": story.phone,
                "suppressed": {
                    "entry": listed.entry.value,
                    "kind": listed.entry.kind.value,
                    "reason": listed.reason,
                    "added_at": time_of(listed.added_at),
                }
                if listed
                else None,
                "sheets": [asdict(each) for each in story.sheets],
                "attempts": [asdict(each) for each in story.attempts],
                "now": [
                    {
                        "campaign": stands.campaign,
                        "row": stands.result.row,
                        "cell": stands.result.cell,
                        "status": stands.result.status,
                        "reason_code": stands.result.reason_code,
                        "reason": stands.result.reason,
                    }
                    for stands in story.stands
                ],
            }
        )
        return told

    def screen(self) -> Group:
        """What happened, line by line, and where the person stands now."""
        events = Table.grid(padding=(0, 2))
        events.add_column(style="dim", no_wrap=True)
        events.add_column(overflow="fold")
        for at, what in sorted(_events(self.story), key=lambda event: event[0]):
            events.add_row(local(at), clean(what, longest=_LONGEST_TEXT))
        now = Table.grid(padding=(0, 2))
        for stands in self.story.stands:
            result = stands.result
            where = f"row {result.row}" + (f" ({result.cell})" if result.cell else "")
            said = clean(result.reason or "", longest=_LONGEST_TEXT)
            now.add_row(clean(stands.campaign), where, Text(clean(result.status), style="bold"), said)
        parts: list[RenderableType] = [Text("\nnow", style="bold"), now] if now.row_count else []
        return Group(Text(self.story.phone, style="bold"), events, *parts)


def history(place: Place, number: str) -> History:
    """The story of a number, written in any way with a + in front.

    Raises UsageError for what is no such number, DialerError if the ledger never heard of it.
    """
    e164 = _e164(number)
    with ledger_of(place) as opened:
        if opened is not None:
            ledger = opened.ledger
            with ledger.reading() as connection:
                story = tell(connection, e164, now=ledger.clock())
            if not story.is_empty:
                return History(story)
    where = f"the ledger {opened.shown_path}" if opened else "the ledger, which does not exist yet"
    raise DialerError(
        f"{e164} is not in {where}: the number stood in no sheet that was loaded, and was never called.",
        code="nobody",
    )


def _e164(number: str) -> str:
    digits = _NO_DIGITS.sub("", number)
    if not number.strip().startswith("+") or not _SHORTEST <= len(digits) <= _LONGEST:
        raise UsageError(
            f"{number!r} is no number that can be looked up: write it with + and its country code, as "
            "+12015550123.",
            code="number",
        )
    phone = read_phone(number)
    # What is not dialled today may have been when the sheet was loaded.
    return phone.e164 if isinstance(phone, Phone) else f"+{digits}"


def _events(story: Story) -> Iterator[tuple[datetime, str]]:
    for sheet in story.sheets:
        yield sheet.at, _in_sheet(sheet)
    for tried in story.attempts:
        yield tried.at, _tried(tried)
        if tried.settled_at is not None:
            call = f": {tried.call_id}" if tried.call_id else ""
            yield tried.settled_at, f"{tried.campaign}: the call was found in the API's own records{call}"
    listed = story.suppression
    if listed is not None:
        reason = f": {listed.reason}" if listed.reason else ""
        entry = "" if listed.entry.value == story.phone else f" as {listed.entry.value}"
        yield time_of(listed.added_at), f"put on the do-not-call list of this ledger{entry}{reason}"


def _in_sheet(sheet: InSheet) -> str:
    cell = f" ({sheet.cell})" if sheet.cell else ""
    said = f": {sheet.reason}" if sheet.reason else ""
    verdict = _IN_A_SHEET[Verdict(sheet.verdict)]
    return f"{sheet.campaign}: row {sheet.row}{cell} of {sheet.path}, {verdict}{said}"


def _tried(tried: Tried) -> str:
    decision = "by a person's decision " if tried.by_decision else ""
    fate = f"; {_fate(tried.fate)}" if tried.fate else ""
    return f"{tried.campaign}, run {tried.run_id}: {decision}{_outcome(tried)}{fate}"


def _outcome(tried: Tried) -> str:
    said = f": {tried.reason}" if tried.reason else ""
    code = " ".join(str(part) for part in (tried.http_status, tried.code) if part)
    match tried.outcome:
        case "called":
            contact = {True: ", a new contact", False: ", a known contact", None: ""}[tried.is_new_contact]
            call = f", {tried.call_id}" if tried.call_id else ""
            return f"called: {tried.status or 'accepted'}{call}{contact}" + (
                f" ({tried.reason})" if said else ""
            )
        case "failed":
            return f"refused by the API ({code}){said}"
        case "unknown":
            return f"sent, without a certain answer{said}"
        case "throttled":
            return "not called, because the API asked to slow down"
        case "unsent":
            return f"not sent{said}"
        case "halted":
            return f"not called, because the run had to stop ({code}){said}"
        case None:
            return "under way, or cut off"
        case other:
            return f"{other}{said}"


def _fate(fate: Fate) -> str:
    """What became of a call, in one line; the API's own words as they are."""
    parts = [fate.call_status or ("ended" if fate.ended else "")]
    parts += ["never seen to end"] if fate.stale else []
    parts += [] if fate.duration_seconds is None else [f"{fate.duration_seconds:g} s"]
    parts += ["appointment booked"] if fate.appointment_booked else []
    parts += [part for part in (fate.lead_qualification, fate.call_intent) if part]
    parts += [f"{fate.cost_usd} USD"] if fate.cost_usd is not None else []
    return "the call: " + (", ".join(part for part in parts if part) or "nothing is known of it yet")
