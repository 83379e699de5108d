"""Every setting of a campaign in words, those too that were left alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

# What a run writes down (`survey.settings_in_words`), in the order in which it is shown: name -> its label,
# and what holds where it says nothing.
_OF_THE_RUN: Final = {
    "basis": ("These people may be called on the basis of", ""),
    "rate": ("Rate", ""),
    "callers": ("Calls in flight, at most", ""),
    "timeout": ("Time for one call's request", ""),
    "calling hours": ("Calling hours", ""),
    "waits for them": ("Stays until they have come", "no"),
    "until": ("No call begins from then on", "no such time"),
    "recall after": ("A number called elsewhere rests for", ""),
    "give up after": ("An unreachable API is tried for", ""),
    "stops after": ("Stops by itself after", ""),
    "limit": ("People in one run, at most", "no limit"),
    "caps": ("Calls of one number, at most", ""),
    "max calls": ("Calls of all campaigns in 24 hours, at most", "no limit"),
    "budget": ("Budget", "none"),
    "only": ("Only rows that are", "pending or mended"),
    "call status": ("Calls made once more if they ended as", "none"),
    "again": ("Calls made once more", "none"),
    "unknown calls": ("Calls without a certain answer", "never made again"),
    "rows": ("Rows", "all"),
    "source": ("Source of rows without one", "none"),
    "tags": ("Tags for everybody", "none"),
    "trace tags": ("Trace tags", "none"),
    "notes": ("Notes of rows without any", "none"),
    "region": ("Country of national numbers", "none: without a country they are refused"),
    "duplicates": ("Of rows with the same number", ""),
    "columns": ("Columns named by hand", "none: their headers were understood"),
}
# How the sheet was read (`campaign.Reading` as JSON); what the run tells as well is told above.
_OF_THE_READING: Final = {
    "sheet": ("Sheet named by hand", "none: the one that looks like leads"),
    "header_row": ("Header row named by hand", "none: it was found"),
    "encoding": ("Encoding named by hand", "none: it was found out"),
    "delimiter": ("Delimiter named by hand", "none: it was found out"),
    "require_consent": ("Column that has to say yes", "none"),
    "visible_only": ("Hidden rows", "read like any other"),
    "version": ("Read by dialer", ""),
}
_TABS: Final = {"\t": "tab"}
_WHICH: Final = {
    "first": "the first is called",
    "last": "the last is called",
    "merge": "the first is called, filled up from the others",
}


def every_setting(run: Mapping[str, str], reading: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """The settings of a run and of how its sheet was read, as label and value, in the order to be shown.

    A setting that is not known here is shown by its own name at the end.
    """
    told = dict(run)
    if "duplicates" in told:
        told["duplicates"] = _WHICH.get(told["duplicates"], told["duplicates"])
    lines = [(label, told.pop(name, "") or unsaid) for name, (label, unsaid) in _OF_THE_RUN.items()]
    for name, (label, unsaid) in _OF_THE_READING.items():
        lines.append((label, _in_words(reading.get(name)) or unsaid))
    lines += [(name[:1].upper() + name[1:], value) for name, value in told.items()]
    return tuple((label, value) for label, value in lines if value)


def _in_words(value: object) -> str:
    match value:
        case None | False | "":
            return ""
        case True:
            return "left out"
        case str():
            return _TABS.get(value, value)
        case _:
            return json.dumps(value)
