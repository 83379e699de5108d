"""Thirty nights, one after the other, and what the judge says of each."""

from __future__ import annotations

import io
import json
import os
import sqlite3
from collections import Counter
from collections.abc import Sequence
from contextlib import closing, redirect_stderr
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

from dialer.campaign import Policy, Rate, Reading
from dialer.errors import DialerError
from dialer.inbox import open_inbox, own_name
from dialer.nightly import Night, at_work, work
from dialer.run import Job
from dialer.settings import KEY_VARIABLE, Place
from tests.nights import judge
from tests.nights.judge import PLACES, utc
from tests.nights.machine import NightMachine
from tests.nights.people import HEADER, Person, everybody
from tests.simulation.chance import dice
from tests.simulation.machine import NeverEnds, PowerCut, Substitute
from tests.simulation.story import _empty_ledger, _folder

NIGHTS = 30
FEED = "export"
_OF_EACH = 4
_CALLERS = 4
_LONGEST = timedelta(hours=20)
# On the clock of the whole world: in spring the clocks of America (8 March), Europe (29 March) and Australia
# (5 April) change, in autumn those of Australia (4 October), Europe (25 October) and America (1 November).
BEGINS = {"spring": utc("2026-03-07T12:00"), "autumn": utc("2026-10-03T12:00")}
# The moments of the machine, and how often a night passes them.
_CUTS = (("has sent", 12), ("has sent", 12), ("has committed", 80), ("writes a report", 12), ("commits", 80))
_INTERRUPTED = (
    "SELECT c.name, a.e164, a.begun_at FROM attempts AS a"
    " JOIN campaigns AS c ON c.campaign_id = a.campaign_id WHERE a.code = 'interrupted'"
)
_CALLABLE = frozenset(PLACES) - {"DE", "GB"}


@dataclass
class Sheet:
    """A sheet that was put into the inbox."""

    name: str
    campaign: str
    people: list[Person]
    night: int


@dataclass
class Told:
    """How a story went."""

    seed: int
    nights: int = 0
    calls: int = 0
    sheets: int = 0
    met: Counter[str] = field(default_factory=Counter)  # kinds of nights
    faults: list[str] = field(default_factory=list)


def tell(
    seed: int, *, nights: int = NIGHTS, broken: Sequence[Substitute] = (), until_caught: bool = False
) -> Told:
    """Play a seed; `broken` are parts of the program that are replaced."""
    with (
        _folder() as folder,
        patch.dict(os.environ, {KEY_VARIABLE: "sk_nights", "XDG_DATA_HOME": str(folder)}),
    ):
        return Story(seed, folder, nights=nights, broken=broken).play(until_caught=until_caught)


class Story:
    """The feed, the world, and the nights."""

    def __init__(self, seed: int, folder: Path, *, nights: int, broken: Sequence[Substitute]) -> None:
        self.told = Told(seed)
        self.nights = nights
        self.dice = dice(seed, "nights")
        self.begins = BEGINS["spring" if seed % 2 else "autumn"]
        self.machine = NightMachine(seed, begins=self.begins, broken=broken)
        self.inbox = folder / "inbox"
        self.inbox.mkdir()
        self.place = Place(base_url="https://api.nights.example/v1", ledger=str(folder / "ledger.sqlite3"))
        for name, content in _empty_ledger().items():
            (folder / name).write_bytes(content)
        self.people = everybody(self.dice, of_each=_OF_EACH)
        self.known = {person.number: person for person in self.people}
        self.delivered: list[Person] = []  # in the feed by now
        self.sheets: dict[str, Sheet] = {}  # by the name under which it came in, and its night
        special = self.dice.sample(range(3, max(9, nights)), 6)
        self.lost, self.killed, self.wrong = special[:2], special[2:4], special[4:]
        self.until: datetime | None = None

    def play(self, *, until_caught: bool) -> Told:
        """Night after night, and three calm ones at the end."""
        told = self.told
        try:
            for number in range(self.nights + 3):
                self._night(number)
                told.nights += 1
                if told.faults and until_caught:
                    return told
            self._judge_the_end()
        except NeverEnds:
            told.faults.append("the program goes round in circles")
        except Exception as error:  # noqa: BLE001 - whatever it is, its seed must be told
            told.faults.append(f"the program failed: {type(error).__name__}: {error}")
        told.calls, told.sheets = len(self.machine.api.calls), len(self.sheets)
        return told

    # One night

    def _night(self, number: int) -> None:
        machine = self.machine
        calm = number >= self.nights
        evening = self.begins + timedelta(days=number)
        waits = calm or self.dice.random() < 0.25
        later = timedelta(minutes=self.dice.randrange(0, 120 if waits else 1200))
        machine.wait_until(evening + later)
        if not calm:
            self._deliver(number)
        began = machine.utc_now()
        self.until = began + _LONGEST if waits else None
        kind = self._kind(number, waits=waits)
        self.told.met[kind] += 1
        machine.api.weather.no_connection = 1.0 if kind == "lost" else 0.0
        calls_before = len(machine.api.calls)
        if kind == "killed":
            machine.next_cut = self._cut()
        line = self._work(number)
        self._judge_calls(number)
        if line is not None:
            self._judge_sums(number, line, calls=len(machine.api.calls) - calls_before)
            if kind not in {"lost"}:
                self._judge_missing(number, began, waits=waits)

    def _cut(self) -> tuple[str, int]:
        """At which moment the power fails: among the calls, or while something is written or moved."""
        moment, most = self.dice.choice(_CUTS)
        return moment, self.dice.randrange(2, most)

    def _kind(self, number: int, *, waits: bool) -> str:
        kinds = {**dict.fromkeys(self.lost, "lost"), **dict.fromkeys(self.killed, "killed")}
        kinds |= dict.fromkeys(self.wrong, "wrong file")
        return kinds.get(number, "waits" if waits else "goes")

    def _deliver(self, number: int) -> None:
        """The feed's export of today, and on some days lists of their own with people who recur."""
        more = max(1, len(self.people) * (number + 1) // self.nights - len(self.delivered))
        self.delivered += self.people[len(self.delivered) : len(self.delivered) + more]
        self._put(Sheet(f"{FEED}.csv", FEED, list(self.delivered), number))
        for each in range(self.dice.choice([0, 0, 0, 0, 1, 4])):
            name = f"list-{number}-{each}"
            some = [p for p in self.people if p.place in {"FL", "OR", "FR", "AE", "CO"}]
            people = self.dice.sample(some, 4) + self.dice.sample(self.people, 2)
            self._put(Sheet(f"{name}.csv", name, list(dict.fromkeys(people)), number))
        if number in self.wrong:
            (self.inbox / f"wrong-{number}.xlsx").write_bytes(self.dice.randbytes(300))

    def _put(self, sheet: Sheet) -> None:
        if (self.inbox / sheet.name).exists():  # whoever sends one while the last one lies there, replaces it
            del self.sheets[next(key for key in reversed(self.sheets) if key.endswith(f" {sheet.name}"))]
        rows = "\n".join((HEADER, *(person.row for person in sheet.people)))
        (self.inbox / sheet.name).write_text(rows + "\n", encoding="utf-8")
        self.sheets[f"{sheet.night} {sheet.name}"] = sheet

    def _job(self, path: Path) -> Job:
        name = Path(own_name(path)).stem
        policy = Policy(
            assistant_name="Voz",
            rate=Rate.parse("5/s"),
            concurrency=_CALLERS,
            timeout=timedelta(seconds=10),
            recall_after=timedelta(0),  # or nobody would ever come near a cap
            source=name,
            wait=self.until is not None,
            until=self.until,
            basis="written consent, form 12",
        )
        return Job(str(path), self.place, Reading(), policy, campaign=name, quiet=True)

    def _work(self, number: int) -> dict[str, Any] | None:
        """One night of the program; None if it was killed."""
        machine = self.machine
        night = Night(
            open_inbox(self.inbox),
            self.place,
            self._job,
            quiet=True,
            clock=machine.utc_now,
            sleep=machine.wait,
        )
        record = self.inbox / "nights.jsonl"
        before = record.read_bytes() if record.exists() else b""
        holder = self.inbox / "processing" / ".holder.json"
        try:
            with machine.life(), redirect_stderr(io.StringIO()), at_work(night):
                end = work(night)
        except NeverEnds:
            raise
        except PowerCut:
            # The dead write nothing: neither their line, nor that they have ended.
            record.write_bytes(before)
            held = json.loads(holder.read_text())
            held.pop("ended", None)
            holder.write_text(json.dumps(held))
            return None
        except DialerError as error:
            self.told.faults.append(f"night {number}: {error.sentence}")
            return None
        line: dict[str, Any] = json.loads(record.read_text().splitlines()[-1])
        if line != end.as_json():
            self.told.faults.append(f"night {number}: the record is another than what was told")
        return line

    # What the judge says

    def _calls(self, number: str, *, campaign: str | None = None) -> list[datetime]:
        return [
            self.machine.moment(call.at)
            for call in self.machine.api.calls
            if call.number == number and campaign in {None, call.campaign}
        ]

    def _judge_calls(self, number: int) -> None:
        """Nobody outside their hours, more often than a cap allows, or twice in a campaign."""
        faults, calls = self.told.faults, self.machine.api.calls
        seen: Counter[tuple[str, str]] = Counter((call.campaign, call.number) for call in calls)
        faults += [
            f"night {number}: {who} was called {n} times in {of}" for (of, who), n in seen.items() if n > 1
        ]
        for call in calls:
            place = PLACES[self.known[call.number].place]
            at = self.machine.moment(call.at)
            if not judge.allowed(place, at):
                faults.append(
                    f"night {number}: {place.name} {call.number} was called at {at:%Y-%m-%d %H:%M} UTC"
                )
        for person in self.people:
            broken = judge.over_a_cap(PLACES[person.place], self._calls(person.number))
            if broken:
                faults.append(f"night {number}: {person.place} {person.number}: {broken}")

    def _judge_missing(self, number: int, began: datetime, *, waits: bool) -> None:
        """Whoever could be called all through the night, or for long enough while it waited, was called."""
        ended = self.machine.utc_now()
        wanted = {(s.campaign, p.number): p for s in self.sheets.values() for p in s.people}
        perhaps = self._perhaps_called()
        for (campaign, number_), person in wanted.items():
            place = PLACES[person.place]
            if (campaign, number_) in perhaps or self._asked_for(number_, campaign) or not place.weekday:
                continue
            # What was under way at a kill, in whatever campaign, may have rung: it counts towards a cap.
            rang = [at for (_, called), at in perhaps.items() if called == number_]
            if judge.may_be_capped(place, (*self._calls(number_), *rang), began, ended):
                continue
            if waits and self.until is not None:
                missed = judge.surely_open_for(place, began, self.until, minutes=90)
            else:
                around = timedelta(minutes=10)
                missed = judge.surely_open(place, began - around, ended + around)
            if missed:
                self.told.faults.append(
                    f"night {number}: {person.place} {number_} could be called in {campaign}"
                    f" from {began:%Y-%m-%d %H:%M} UTC on, and was not"
                )

    def _perhaps_called(self) -> dict[tuple[str, str], datetime]:
        """Whose call was under way when a night was killed, and when: it may have rung, so they are left
        alone."""
        with closing(sqlite3.connect(self.place.ledger or "")) as ledger:
            cut_off = list(ledger.execute(_INTERRUPTED))
        found = {(campaign, number): datetime.fromisoformat(at) for campaign, number, at in cut_off}
        if len(found) > _CALLERS * len(self.killed):
            self.told.faults.append(f"{len(found)} calls are unknown")
        return found

    def _asked_for(self, number: str, campaign: str) -> bool:
        return any(p.number == number and p.campaign == campaign for p in self.machine.api.posts)

    def _judge_sums(self, number: int, line: dict[str, Any], *, calls: int) -> None:
        """Every figure of a night's summary, counted once more from what was put in and what was called."""
        sheets, files, left = line["sheets"], line["files"], line["left"]
        wrong = []
        if files["all"] != len(sheets) or files["all"] != sum(files.values()) - files["all"]:
            wrong.append("the files do not add up")
        if line["rows"] != sum(line["counts"].values()):
            wrong.append("the rows do not add up")
        if line["called_now"] != calls:
            wrong.append(f"{line['called_now']} calls told of, {calls} made")
        waiting = sum(line["counts"].get(status, 0) for status in ("pending", "deferred", "recent"))
        if left["rows"] + left["never"] != waiting + left["forbidden"]:
            wrong.append(f"{left['rows']} left, {waiting} waiting")
        for sheet in sheets:
            name, rows = sheet["file"], sheet["rows"]
            sizes = {len(each.people) for each in self.sheets.values() if each.name == name}
            if rows and rows not in sizes:
                wrong.append(f"{name} has {rows} rows")
            if sheet["where"] == "done" and (sheet["left"]["rows"] or not Path(sheet["report"]).exists()):
                wrong.append(f"{name} is done, with something left or no report")
            if not Path(sheet["path"]).exists():
                wrong.append(f"{name} is not where it is said to be")
        there = [
            p for folder in ("", "processing", "done", "failed") for p in (self.inbox / folder).iterdir()
        ]
        put = Counter(sheet.name for sheet in self.sheets.values())
        found = Counter(own_name(p) for p in there if p.is_file() and own_name(p) in put)
        if put != found:
            wrong.append(f"sheets are lost: {put - found or found - put}")
        self.told.faults += [f"night {number}: {each}" for each in wrong]

    def _judge_the_end(self) -> None:
        """In the feed everybody was asked for who may be called at all, and nobody else."""
        perhaps = self._perhaps_called()
        for person in self.people:
            place, calls = PLACES[person.place], self._calls(person.number)
            now = self.machine.utc_now()
            if (FEED, person.number) in perhaps or judge.may_be_capped(place, calls, now - 2 * _LONGEST, now):
                continue
            asked, may = self._asked_for(person.number, FEED), person.place in _CALLABLE
            if asked != may:
                self.told.faults.append(
                    f"at the end {person.place} {person.number}: called {asked}, may {may}"
                )
        failed = {path.name for path in (self.inbox / "failed").iterdir()}
        wanted = {f"wrong-{night}.xlsx{end}" for night in self.wrong for end in ("", ".txt")}
        if failed != wanted:
            self.told.faults.append(f"failed/ holds {sorted(failed)}")
