"""Numbers, times and statuses become the English of the HTML report.

Month names and separators are our own: a report must not change with the locale of the machine.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Final

from dialer.report import Kind

_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_PACES: Final = ((1, "s"), (60, "min"), (3_600, "h"), (86_400, "day"))
_UNITS: Final = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))

MEANINGS: Final = {
    "failed": "The API refused these rows. Nobody was called.",
    "unknown": "A request was sent and no certain answer came back. These people may have been called, "
    "so only a person can decide to call them again.",
    "pending": "These rows are still waiting for their turn.",
    "deferred": "These rows were outside their calling hours or over a limit.",
    "invalid": "These rows cannot be called as they stand in the sheet.",
    "duplicate": "Another row of the sheet has the same number, and each number is called once.",
    "suppressed": "These people must not be called.",
    "recent": "Another campaign called these numbers a short while ago.",
}
BRIEFLY: Final = {
    "failed": "Refused by the API; nobody was called.",
    "unknown": "Sent, without a certain answer; perhaps called.",
    "pending": "Waiting for its turn.",
    "deferred": "Outside its calling hours or over a limit.",
    "invalid": "Cannot be called as it stands in the sheet.",
    "duplicate": "Another row has the same number.",
    "suppressed": "Must not be called.",
    "recent": "Called by another campaign a short while ago.",
}
NEXT: Final = {
    "failed": "Read the API's message, mend the row, then retry.",
    "unknown": "Look these people up in VozAgent's own records.",
    "pending": "Run the same command again; it goes on where it stopped.",
    "deferred": "Run the same command again within their calling hours.",
    "invalid": "Mend the cells in the sheet, then retry.",
    "duplicate": "There is nothing to do.",
    "suppressed": "There is nothing to do.",
    "recent": "Run the same command again later if they should hear from this campaign too.",
}
_MEND_THE_ROW: Final = "Mend the row, most often its phone number, then retry."
_ASK_ABOUT_THE_KEY: Final = (
    "The API will not call these numbers with this key. Ask whoever manages the VozAgent account, then retry."
)
# The API documents `invalid_request` alone; the others are the names given where it gave none.
_NEXT_BY_CODE: Final = {
    "invalid_request": _MEND_THE_ROW,
    "http_400": _MEND_THE_ROW,
    "http_422": _MEND_THE_ROW,
    "http_403": _ASK_ABOUT_THE_KEY,
}
_EXIT_CODES: Final = {
    0: "done",
    1: "finished, but some rows failed or are unknown, or nobody could be called",
    2: "wrong option",
    65: "the sheet cannot be used",
    66: "the sheet is not there",
    69: "the API could not be reached",
    75: "try again later",
    77: "key, right or subscription missing",
    78: "wrong settings",
    130: "interrupted from the keyboard",
    143: "asked to end",
}


def number(value: int) -> str:
    """12345 becomes `12,345`."""
    return f"{value:,}"


def count(value: int, noun: str) -> str:
    """2 and "row" become `2 rows`; 1 and "row" become `1 row`."""
    return f"{value:,} {noun}" if value == 1 else f"{value:,} {noun}s"


def sentence(text: str) -> str:
    """A text ends as a sentence does."""
    text = text.strip()
    return text if not text or text[-1] in ".!?…" or text.endswith((".”", '."', ".)")) else text + "."


def share(part: int, whole: int) -> str:
    """A part in per cent, never rounded to none or to all unless it is."""
    if not whole:
        return "-"
    percent = 100 * part / whole
    if part and percent < 0.1:
        return "<0.1%"
    if part < whole and percent > 99.9:
        return ">99.9%"
    return f"{percent:.0f}%" if percent in (0, 100) or 1 <= percent <= 99 else f"{percent:.1f}%"


def day(local: datetime) -> str:
    """`22 Nov`, on whatever clock the time is given in."""
    return f"{local.day} {_MONTHS[local.month - 1]}"


def _date(local: datetime) -> str:
    return f"{day(local)} {local.year}"


def _clock(local: datetime, *, seconds: bool = False) -> str:
    return f"{local:%H:%M:%S}" if seconds else f"{local:%H:%M}"


def moment(at: datetime, zone: tzinfo) -> str:
    """A time on the reader's clock, e.g. `22 Nov 2026, 16:04`."""
    return f"{_date(at.astimezone(zone))}, {_clock(at.astimezone(zone))}"


def period(began: datetime, ended: datetime | None, zone: tzinfo) -> str:
    """From when to when, and how long, e.g. `22 Nov 2026, 16:04 to 17:12 (1 hour 8 minutes)`.

    Seconds are shown where minutes would say too little.
    """
    if ended is None or ended < began:
        return moment(began, zone)
    start, end = began.astimezone(zone), ended.astimezone(zone)
    seconds = int((ended - began).total_seconds())
    brief = seconds < 120
    until = _clock(end, seconds=brief) if start.date() == end.date() else f"{_date(end)}, {_clock(end)}"
    return f"{_date(start)}, {_clock(start, seconds=brief)} to {until} ({duration(seconds)})"


def duration(seconds: int) -> str:
    """The largest unit and the one below it, e.g. `1 hour 8 minutes`."""
    place = next((place for place, (size, _) in enumerate(_UNITS) if seconds >= size), None)
    if place is None:
        return "under a second"
    parts = []
    for size, unit in _UNITS[place : place + 2]:
        amount, seconds = divmod(seconds, size)
        if amount:
            parts.append(count(amount, unit))
    return " ".join(parts)


def hours(seconds: int) -> str:
    """A length of time in hours at most: `1,456 hours`, `12 hours 5 minutes`, `40 seconds`."""
    whole = seconds // 3_600
    return count(whole, "hour") if whole >= 24 else duration(seconds)


def width(seconds: int) -> str:
    """A bucket's length in its largest whole unit, e.g. `5 minutes`."""
    size, unit = next(unit for unit in _UNITS if seconds % unit[0] == 0)
    return count(seconds // size, unit)


def pace(calls: int, seconds: int, *, most: int) -> str:
    """So many calls in so many seconds as a pace, in the unit in which `most` calls are at least one."""
    size, unit = next((unit for unit in _PACES if most * unit[0] >= seconds), _PACES[-1])
    value = calls * size / seconds
    plain = f"{value:,.0f}" if value >= 10 else f"{value:.1f}".removesuffix(".0")
    return f"{plain}/{unit}" if calls else "0"


def money(usd: Decimal) -> str:
    """An amount to the cent, or with two digits that say something where it is less."""
    if usd and abs(usd) < Decimal("0.095"):
        return f"{usd:.2g} USD" if abs(usd) >= Decimal("0.0001") else "less than 0.0001 USD"
    return f"{usd:,.2f} USD"


def offset(local: datetime) -> str:
    """How far an aware time's clock is from UTC, e.g. `UTC+01:00`."""
    ahead = local.utcoffset() or timedelta()
    whole_hours, minutes = divmod(abs(ahead) // timedelta(minutes=1), 60)
    sign = "\u2212" if ahead < timedelta() else "+"  # a hyphen would break the line
    return f"UTC{sign}{whole_hours:02}:{minutes:02}"


def kind_title(kind: Kind) -> str:
    """A reason code as words: `phone_missing` becomes `Phone missing`, `http_422` `HTTP 422`."""
    words = (kind.code or kind.status).replace("_", " ").strip()
    return re.sub(r"^http (?=\d)", "HTTP ", words[:1].upper() + words[1:], flags=re.IGNORECASE)


def next_for_failure(kind: Kind) -> str:
    """What to do about a refusal."""
    return _NEXT_BY_CODE.get(kind.code or "", NEXT["failed"])


def meaning_of_call(word: str) -> str:
    """What it means that a row has this word of the API as its status."""
    return (
        "Called; the API gave no word for it."
        if word == "accepted"
        else "Called; this is the API's own word."
    )


def exit_code(code: int | None) -> str:
    """An exit code and what it stands for; nothing for None."""
    if code is None:
        return ""
    return f"{code}, {_EXIT_CODES[code]}" if code in _EXIT_CODES else str(code)
