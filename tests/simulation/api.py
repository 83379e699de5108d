"""The API of this world: it keeps a record of every call it created, and misbehaves as the weather says.

Its record is the judge. It outlives every crash of the program.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from tests.simulation.chance import dice
from tests.simulation.network import FIN, RESET, Piece, Replies
from tests.simulation.weather import Weather
from tests.virtual_time import START

if TYPE_CHECKING:
    from tests.simulation.machine import Machine

_LATEST_CREATION_SECONDS = 900.0
_RETRY_AFTER = ("", "1", "3", "0", "0.5", "-1", "soon", "date+2", "date-5", "700", "1e3", " 2 ")
_BOMB = gzip.compress(b'{"call_id": "' + b"0" * 3_000_000 + b'"}')


@dataclass
class Heard:
    """One request, and how much of its reply the program has heard."""

    at: float  # when its first byte came in
    is_post: bool
    life: int  # of the program that sent it
    bytes: bytearray = field(default_factory=bytearray)
    number: str = ""  # "" where the request never became whole
    campaign: str = ""
    fault: str = ""
    tags: list[str] = field(default_factory=list)
    call: Call | None = None  # the call that was created for it

    @property
    def status(self) -> int | None:
        """The status that the program has heard: a whole head, or a whole 2xx status line."""
        rest = bytes(self.bytes)
        while True:
            _, blank, after = rest.partition(b"\r\n\r\n")
            line, newline, _ = rest.partition(b"\r\n")
            if not newline:
                return None
            status = int(line.split(b" ")[1])
            if 100 <= status < 200 and blank:
                rest = after
                continue
            return status if blank or 200 <= status < 300 else None

    @property
    def served_well(self) -> bool:
        """True for a POST that met no fault."""
        return self.is_post and self.fault == "ok"

    @property
    def certain(self) -> bool:
        """Whether the program can know how this request ended."""
        status = self.status
        if status is None or status >= 500 or status in {303, 408, 409}:
            return status == 501
        return True

    def ended_its_lead(self, *, refused: bool) -> bool:
        """Whether the lead was called or, if that counts, refused, as far as the program can know."""
        status = self.status or 0
        return 200 <= status < 300 or (refused and status in {400, 422})


@dataclass(frozen=True)
class Call:
    """A call that was created."""

    call_id: str
    number: str
    campaign: str
    contact_id: str
    at: float  # when it was created, which may be long after it was asked for


@dataclass
class Contact:
    """A person as the API knows them."""

    contact_id: str
    at: float  # when they were created
    tags: list[str] = field(default_factory=list)


class HostileApi:
    """Answers POST /v1/calls/outbound and the GETs of the documentation."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self.dice = dice(machine.seed, "api")
        self.weather = Weather.of(dice(machine.seed, "weather"))
        self.posts: list[Heard] = []
        self.calls: list[Call] = []
        self.contacts: dict[str, Contact] = {}  # by number
        self.skew = timedelta(seconds=self.dice.choice([0, 0, -100, 100, 200]))  # of its clock

    # What came in

    def is_asked(self, first: bytes) -> Heard:
        """Note that the first bytes of a request came in."""
        heard = Heard(self._machine.now, first.startswith(b"POST /v1/calls/outbound "), self._machine.lives)
        if heard.is_post:
            self.posts.append(heard)
            self._machine.note("POST begins")
        return heard

    def answer(self, heard: Heard, head: bytes, body: bytes) -> Replies:
        """Do what a whole request asks for, and say what comes back, and when."""
        if not heard.is_post:
            return self._answer_get(head.split(b" ")[1].decode())
        order = json.loads(body)
        heard.number, heard.campaign = order["phone_number"], order["source"]
        heard.tags = order.get("tags", [])
        heard.fault = self.weather.post()
        replies = self._FAULTS.get(heard.fault, HostileApi._any_status)(self, heard)
        self._machine.note("POST", heard.number, heard.campaign, heard.fault, heard.call)
        if heard.call is not None:
            self._machine.pass_by("call created")
        return replies

    # Creating

    def _create(self, heard: Heard, *, after: float = 0.005) -> dict[str, Any]:
        at = self._machine.now + after
        known = self.contacts.get(heard.number)
        contact = known or Contact(f"contact-{len(self.contacts) + 1}", at)
        contact.tags += heard.tags
        self.contacts[heard.number] = contact
        call_id = f"call-{len(self.calls) + 1}"
        heard.call = Call(call_id, heard.number, heard.campaign, contact.contact_id, at)
        self.calls.append(heard.call)
        return {
            "call_id": call_id,
            "status": "queued",
            "direction": "outbound",
            "to_phone": heard.number,
            "assistant_name": "Voz",
            "contact_id": contact.contact_id,
            "is_new_contact": known is None,
            "created_at": self._time(at).isoformat(),
        }

    def _created(self, heard: Heard) -> bytes:
        return self._reply(201, self._create(heard))

    def _time(self, at: float) -> datetime:
        return START + timedelta(seconds=at) + self.skew

    def _reply(self, status: int, content: object, **headers: str) -> bytes:
        """A whole reply; bytes are sent as they are, anything else as JSON."""
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        date = format_datetime(self._time(self._machine.now).replace(microsecond=0), usegmt=True)
        lines = [f"HTTP/1.1 {status} Whatever", f"Date: {date}", f"Content-Length: {len(body)}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        return "\r\n".join([*lines, "", ""]).encode() + body

    def _error(self, status: int, **headers: str) -> bytes:
        error = {"code": f"code_{status}", "message": f"Simulated {status}."}
        return self._reply(status, {"error": error}, **headers)

    def _soon(self) -> float:
        return self.weather.reply_seconds()

    # What a POST can meet: each gives the reply

    def _ok(self, heard: Heard) -> Replies:
        return [(self._soon(), self._created(heard))]

    def _slow(self, heard: Heard) -> Replies:
        return [(self.dice.uniform(1.0, 4.0), self._created(heard))]

    def _slower_than_the_timeout(self, heard: Heard) -> Replies:
        return [(self.dice.uniform(5.0, 60.0), self._created(heard))]

    def _created_later(self, heard: Heard) -> Replies:
        after = self.dice.choice([1.0, 4.9, 20.0, 100.0, _LATEST_CREATION_SECONDS]) * self.dice.random()
        body = self._create(heard, after=after)
        if self.dice.random() < 0.5:
            return [(self._soon(), FIN)]
        return [(after + 0.01, self._reply(201, body))]

    def _before(self, ending: str) -> Replies:
        return [(self._soon(), ending)]

    def _after(self, heard: Heard, ending: str) -> Replies:
        self._create(heard)
        return [(self._soon(), ending)]

    def _hang(self, heard: Heard, *, create: bool) -> Replies:
        if create:
            self._create(heard)
        return []

    def _half_a_line(self, heard: Heard) -> Replies:
        return [(self._soon(), self._created(heard)[:11]), (self._soon(), FIN)]

    def _status_before(self, status: int, **headers: str) -> Replies:
        return [(self._soon(), self._error(status, **headers))]

    def _status_after(self, heard: Heard, status: int) -> Replies:
        self._create(heard)
        return self._status_before(status)

    def _any_5xx(self) -> int:
        return self.dice.choice([500, 502, 503, 504, 507, 520])

    def _see_other(self, heard: Heard) -> Replies:
        self._create(heard)
        return self._status_before(303, Location="/v1/calls/1")

    def _any_status(self, heard: Heard) -> Replies:
        status = int(heard.fault)
        return (
            self._status_before(status, Location="/v1/elsewhere")
            if status < 400
            else self._status_before(status)
        )

    def _throttle(self, _heard: Heard) -> Replies:
        asked = self.dice.choice(_RETRY_AFTER)
        if asked.startswith("date"):
            at = self._time(self._machine.now + float(asked.removeprefix("date")))
            asked = format_datetime(at.replace(microsecond=0), usegmt=True)
        return self._status_before(429, **({"Retry_After": asked} if asked else {}))

    def _spoilt(self, heard: Heard, spoil: Callable[[dict[str, Any]], object], **headers: str) -> Replies:
        return [(self._soon(), self._reply(201, spoil(self._create(heard)), **headers))]

    def _wrong_number(self, heard: Heard) -> Replies:
        return self._spoilt(heard, lambda said: {**said, "to_phone": "+12025550199"})

    def _half(self, heard: Heard) -> Replies:
        whole = self._created(heard)
        return [(self._soon(), whole[: -self.dice.randrange(1, 100)]), (self._soon(), FIN)]

    def _drip(self, heard: Heard, *, head: bool) -> Replies:
        whole = self._created(heard)
        start = 0 if head else whole.index(b"\r\n\r\n") + 4
        step = 0.05
        pieces = [(step * n, whole[n : n + 1]) for n in range(start, len(whole))]
        return [(0.0, whole[:start]), *pieces] if start else list(pieces)

    def _broken_head(self, heard: Heard) -> Replies:
        self._create(heard)
        bad = self.dice.choice([b"Content-Length: x\r\n\r\n{}", b"\x00: \xff\r\n\r\n", b": none\r\n\r\n"])
        return [(self._soon(), b"HTTP/1.1 201 Created\r\n" + bad), (self._soon(), FIN)]

    def _hang_in_the_head(self, heard: Heard) -> Replies:
        self._create(heard)
        return [(self._soon(), b"HTTP/1.1 201 Created\r\nContent-Le")]

    def _early_hints(self, heard: Heard) -> Replies:
        return [
            (0.01, b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"),
            (self._soon(), self._created(heard)),
        ]

    _FAULTS: dict[str, Callable[[HostileApi, Heard], Replies]] = {  # noqa: RUF012 - nobody writes to it
        "ok": _ok,
        "slow": _slow,
        "slower-than-the-timeout": _slower_than_the_timeout,
        "created-later": _created_later,
        "drop-before": lambda api, _: api._before(FIN),
        "drop-after": lambda api, heard: api._after(heard, FIN),
        "reset-before": lambda api, _: api._before(RESET),
        "reset-after": lambda api, heard: api._after(heard, RESET),
        "reset-while-sending": lambda _api, _heard: [(0.0, RESET)],
        "hang-before": lambda api, heard: api._hang(heard, create=False),
        "hang-after": lambda api, heard: api._hang(heard, create=True),
        "half-a-line": _half_a_line,
        "5xx-before": lambda api, _: api._status_before(api._any_5xx()),
        "5xx-after": lambda api, heard: api._status_after(heard, api._any_5xx()),
        "408-before": lambda api, _: api._status_before(408),
        "408-after": lambda api, heard: api._status_after(heard, 408),
        "409-before": lambda api, _: api._status_before(409),
        "409-after": lambda api, heard: api._status_after(heard, 409),
        "303-after": _see_other,
        "429": _throttle,
        "html": lambda api, heard: api._spoilt(heard, lambda _: b"<!doctype html>"),
        "empty": lambda api, heard: api._spoilt(heard, lambda _: b""),
        "half": _half,
        "list": lambda api, heard: api._spoilt(heard, lambda said: [said]),
        "no-id": lambda api, heard: api._spoilt(
            heard, lambda said: {name: value for name, value in said.items() if name != "call_id"}
        ),
        "null-id": lambda api, heard: api._spoilt(heard, lambda said: {**said, "call_id": None}),
        "number-id": lambda api, heard: api._spoilt(heard, lambda said: {**said, "call_id": 4711}),
        "same-id": lambda api, heard: api._spoilt(heard, lambda said: {**said, "call_id": "call-same"}),
        "own-word": lambda api, heard: api._spoilt(heard, lambda said: {**said, "status": "failed"}),
        "bad-gzip": lambda api, heard: api._spoilt(
            heard, lambda said: json.dumps(said).encode(), Content_Encoding="gzip"
        ),
        "gzip-bomb": lambda api, heard: api._spoilt(heard, lambda _: _BOMB, Content_Encoding="gzip"),
        "huge": lambda api, heard: api._spoilt(heard, lambda _: b"[" + b" " * 1_500_000 + b"]"),
        "cut": _half,
        "drip": lambda api, heard: api._drip(heard, head=False),
        "drip-head": lambda api, heard: api._drip(heard, head=True),
        "broken-head": _broken_head,
        "hang-in-the-head": _hang_in_the_head,
        "early-hints": _early_hints,
        "wrong-number": _wrong_number,
    }

    # GETs

    def _answer_get(self, target: str) -> Replies:
        url = urlsplit(target)
        asked = {name: values[0] for name, values in parse_qs(url.query).items()}
        fault = self.weather.get()
        self._machine.note("GET", url.path, fault)
        limit, offset = int(asked.get("limit", 50)), int(asked.get("offset", 0))
        match url.path.removeprefix("/v1").split("/")[1:]:
            case ["assistants"]:
                found = [{"id": "assistant-1", "name": "Voz", "is_active": True}]
            case ["contacts"]:
                found = self._contacts(asked.get("search", ""))
            case ["calls"]:
                found = self._calls(asked["contact_id"])
            case ["calls", call_id]:
                return [(0.05, self._reply(200, self._full(call_id)))]
            case _:
                return [(0.05, self._error(404))]
        return self._get_reply(fault, found[offset : offset + limit])

    def _get_reply(self, fault: str, found: list[dict[str, Any]]) -> Replies:
        whole = self._reply(200, found)
        odd: dict[str, list[Piece]] = {
            "ok": [whole],
            "hang": [],
            "reset": [RESET],
            "drop": [FIN],
            "half": [whole[:-5], FIN],
            "html": [self._reply(200, b"<html>")],
            "object": [self._reply(200, {"data": found})],
            "empty-list": [self._reply(200, [])],
            "429": [self._error(429, Retry_After=self.dice.choice(["1", "60", "soon"]))],
        }
        pieces = odd[fault] if fault in odd else [self._error(int(fault))]
        return [(0.05, piece) for piece in pieces]

    def _known_by_now(self, at: float) -> bool:
        return at + self.weather.lag_seconds <= self._machine.now

    def _contacts(self, search: str) -> list[dict[str, Any]]:
        return [
            {
                "id": contact.contact_id,
                "phone_number": number,
                "tags": contact.tags,
                "created_at": self._time(contact.at).isoformat(),
            }
            for number, contact in reversed(self.contacts.items())
            if search in number and self._known_by_now(contact.at)
        ]

    def _calls(self, contact_id: str) -> list[dict[str, Any]]:
        known = [call for call in self.calls if call.contact_id == contact_id and self._known_by_now(call.at)]
        return [self._summary(call) for call in sorted(known, key=lambda call: -call.at)]

    def _summary(self, call: Call) -> dict[str, Any]:
        started = self._machine.now > call.at + 5
        return {
            "id": call.call_id,
            "contact_id": call.contact_id,
            "assistant_id": "assistant-1",
            "call_type": "outbound",
            "call_status": "completed" if started else "queued",
            "call_started_at": self._time(call.at + 5).isoformat() if started else None,
        }

    def _full(self, call_id: str) -> dict[str, Any]:
        call = next(call for call in self.calls if call.call_id == call_id)
        return self._summary(call) | {"customer_phone_number": call.number}
