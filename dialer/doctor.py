"""`dialer doctor`: what a run depends on, looked at in the order of a run; it sends GETs only."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from dialer.access import ledger_of, open_api
from dialer.errors import DialerError, SettingsError
from dialer.ledger_health import Health
from dialer.ledger_health import examine as examine_ledger
from dialer.lookups import Assistant, RollCall, roll_call
from dialer.machine import Examined, Verdict, examine_disk, examine_machine, ok, warning, wrong
from dialer.printable import clean
from dialer.report_files import FOLDER
from dialer.settings import KEY_VARIABLE, Place
from dialer.vozagent import Api

MOST_CLOCK_SECONDS = 60.0
_TIMEOUT = timedelta(seconds=30)
_KEY_ADVICE = "Copy the key again from the VozAgent dashboard."
_REFUSED = {
    401: ("key", "The API refuses the key (401).", _KEY_ADVICE, 77),
    402: ("key", "The account has no active subscription (402).", "Renew it in the VozAgent dashboard.", 77),
}


@dataclass(frozen=True, slots=True)
class Patient:
    """What is looked at. The settings were read before."""

    place: Place
    assistant: str | None = None  # by name; it may hold {column}
    assistant_id: str | None = None


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """All that was looked at: the object of `doctor --json`."""

    checks: tuple[Examined, ...]

    @property
    def exit_code(self) -> int:
        """0, or the code that a run would end with: that of the first thing that is wrong."""
        return next((each.exit_code for each in self.checks if each.verdict is Verdict.WRONG), 0)

    def as_json(self) -> dict[str, Any]:
        """The object of `doctor --json`."""
        checks = [asdict(each) for each in self.checks]
        return {"ok": self.exit_code == 0, "exit_code": self.exit_code, "checks": checks}


def examine(
    patient: Patient, settings: Callable[[], Iterable[str]], unusable: DialerError | None
) -> Diagnosis:
    """Look at everything. `settings` looks at the settings files and says what is right about them;
    `unusable` is what was wrong with them already when the command began."""
    try:
        if unusable is not None:
            raise unusable
        checks = [*_settings(list(settings()))]
        if patient.place.sandbox and patient.assistant is patient.assistant_id is None:
            patient = replace(patient, assistant="Voz")
        checks += diagnose(patient)
    except SettingsError as error:
        # What the settings name is not to be guessed; the machine is the same whatever they say.
        advice = "`dialer config check` says the line."
        checks = [wrong("settings", error.sentence, advice, exit_code=error.exit_code)]
    return Diagnosis((*checks, *examine_machine(FOLDER, now=datetime.now(UTC))))


def _settings(said: Sequence[str]) -> Iterator[Examined]:
    warned = [each.removeprefix("Warning: ") for each in said if each.startswith("Warning: ")]
    yield from (warning("settings", each, "Mend its name, or take it away.") for each in warned)
    if not warned:
        yield ok("settings", "; ".join(said))


def diagnose(patient: Patient) -> Iterator[Examined]:
    """Look at key, ledger, API, assistant and clock, one after the other."""
    place = patient.place
    try:
        # A key that is missing is said before the ledger is looked at, as `run` does.
        with open_api(place, timeout=_TIMEOUT) as api:
            yield ok("key", _key_in_words(place, api))
            yield from _ledger(place, api)
            yield from _api(patient, api)
    except DialerError as error:
        about = "key" if error.exit_code == 77 else "api"
        yield wrong(about, error.sentence, exit_code=error.exit_code)
        yield from _ledger(place, None)


def _key_in_words(place: Place, api: Api) -> str:
    if place.sandbox:
        return "the sandbox's own"
    where = f"the file {place.api_key_file}" if place.api_key_file else KEY_VARIABLE
    return f"from {where}, …{api.key_ending}"


def _ledger(place: Place, api: Api | None) -> Iterator[Examined]:
    try:
        file = ledger_of(place, api.base_url if api else None)
        file.refuse_if_lost()
        if not file.path.exists():
            yield ok("ledger", f"{file.path} is not there yet: the first run creates it.")
        else:
            health = examine_ledger(file)
            yield _health(str(file.path), health)
            yield from _standing(health, place)
        yield examine_disk("ledger's disk", file.path.parent)
    except DialerError as error:
        yield wrong("ledger", error.sentence, exit_code=error.exit_code)


def _health(path: str, health: Health) -> Examined:
    if health.damage is not None:
        return wrong(
            "ledger",
            f"{path} is damaged ({clean(health.damage)}).",
            "Put back a backup with `dialer ledger restore BACKUP`.",
            exit_code=78,
        )
    if health.schema is None:
        return wrong(
            "ledger",
            f"{path} is a database of something else.",
            "Name another ledger with --ledger.",
            exit_code=78,
        )
    if health.newer:
        return wrong(
            "ledger",
            f"{path} was written by a newer dialer (schema {health.schema}).",
            "Upgrade dialer on this machine.",
            exit_code=78,
        )
    if not health.writable:
        return wrong("ledger", f"{path} cannot be written.", "Check its rights.", exit_code=78)
    calls = "1 attempt" if health.attempts == 1 else f"{health.attempts:,} attempts"
    later = "; the next run upgrades it and keeps a backup" if health.older else ""
    return ok("ledger", f"{path}, sound, schema {health.schema}, {calls}{later}")


def _standing(health: Health, place: Place) -> Iterator[Examined]:
    for each in health.standing:
        campaign, named = clean(each.campaign), f"{shlex.quote(clean(each.campaign))}{place.flags}"
        if each.holder is not None:
            said = f"Campaign {campaign!r} is being run by {each.holder}."
            advice = f"A second run of it ends with 75: wait, or end it with `dialer stop {named}`."
            yield warning("campaign", said, advice)
        else:
            said = f"Campaign {campaign!r} is paused ({clean(each.paused)})."
            yield warning("campaign", said, f"`dialer resume {named}` lets it go on.")


def _api(patient: Patient, api: Api) -> Iterator[Examined]:
    before = datetime.now(UTC)
    rolled = asyncio.run(roll_call(api))
    between = before + (datetime.now(UTC) - before) / 2
    yield from judge(patient, api.base_url, rolled, ours=between)


def judge(patient: Patient, base_url: str, rolled: RollCall, *, ours: datetime) -> Iterator[Examined]:
    """What the API's answer says of API, key, assistant and clock; `ours` is our time of then."""
    if rolled.http_status in _REFUSED:
        name, said, advice, code = _REFUSED[rolled.http_status]
        yield wrong(name, said, advice, exit_code=code)
    elif not rolled.reached:
        said = f"{base_url} cannot be reached ({rolled.trouble})."
        yield wrong("api", said, "Check the network and --base-url.", exit_code=69)
    elif rolled.http_status is not None and 300 <= rolled.http_status < 400:
        said = f"{base_url} redirects ({rolled.http_status})."
        yield wrong("api", said, "Put the address it redirects to into --base-url.", exit_code=78)
    elif rolled.trouble is not None:
        said = f"{base_url} gives no list of assistants ({rolled.trouble})."
        yield warning("api", said, "Try one call to your own number: dialer call +E164.")
    else:
        yield ok("api", f"{base_url} answers and accepts the key")
    if rolled.trouble is None:
        yield _assistant(patient, rolled.assistants)
    if rolled.reached:
        yield _clock(rolled, ours)


def _assistant(patient: Patient, assistants: Sequence[Assistant]) -> Examined:
    name, asked = "assistant", patient.assistant_id or patient.assistant
    if asked is None:
        said = f"None is named; there are: {_names(assistants)}."
        return warning(name, said, "Name one with --assistant, or in dialer.toml.")
    if patient.assistant_id is None and "{" in asked:
        return ok(name, f"{clean(asked)} is filled in from each row, and looked up before the first call")
    same = [
        each for each in assistants if asked == (each.assistant_id if patient.assistant_id else each.name)
    ]
    if not same:
        said = f"There is no assistant {clean(asked)!r}; there are: {_names(assistants)}."
        return wrong(name, said, "Name one of them with --assistant.", exit_code=78)
    if not any(each.active for each in same):
        advice = "Activate it in the VozAgent dashboard, or name another."
        return wrong(name, f"The assistant {clean(asked)!r} is not active.", advice, exit_code=78)
    return ok(name, f"{clean(asked)}, active")


def _clock(rolled: RollCall, ours: datetime) -> Examined:
    if rolled.server_time is None:
        advice = "See that this machine sets its clock by the network: calling hours depend on it."
        return warning("clock", "The API did not say what time it is.", advice)
    off = (ours - rolled.server_time).total_seconds()
    if abs(off) > MOST_CLOCK_SECONDS:
        way = "ahead of" if off > 0 else "behind"
        advice = "Have it set by the network (NTP): calling hours depend on it."
        return warning("clock", f"This machine's clock is {abs(off):,.0f} s {way} the API's.", advice)
    # The API tells whole seconds, and its answer travels for a while.
    return ok("clock", f"{ours.astimezone():%Y-%m-%d %H:%M %Z}, as the API's")


def _names(assistants: Sequence[Assistant]) -> str:
    return ", ".join(clean(each.name) for each in assistants[:10]) or "none"
