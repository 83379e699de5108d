"""What goes wrong on purpose. A fault is written as one word, for example `drop-after@0.1`:

    [TARGET=]NAME[-before|-after][:ARGUMENT][@PROBABILITY]

| NAME | what happens | ARGUMENT |
|---|---|---|
| any status, `429`; also `status:429` | that status, with an error body | `Retry-After`; `Location` for 3xx |
| `latency` | waits; the call is created even if the client has left meanwhile | seconds |
| `drop` | closes the connection without an answer (FIN) | |
| `reset` | the same with a reset (RST) | |
| `hang` | never answers, until the client leaves | longest wait in seconds (3600) |
| `garbage` | the status of success, and a spoilt body | one of `GARBAGES` |
| `cut` | the head promises more body than comes, then the connection closes | |
| `drip`, `drip-head` | the body, or the whole answer, byte by byte | seconds in all (10) |

`before`: nothing was created. `after`: the call exists, and only the answer is spoilt. Where neither is said,
`latency`, `drop`, `reset`, `hang` and every status but 2xx come before, all else after. `garbage`, `cut` and
`drip` only ever come after, and a request that the API refuses anyway keeps its own answer.

`Retry-After` is sent as it is written, so that every nonsense can be tried (`429:3`, `429:0.5`, `429:-1`,
`429:soon`); `429:date+5` makes an HTTP-date five seconds from now, `429` alone sends none.

TARGET is where: `POST` (starting a call; the default), `GET`, or one resource, like `GET/contacts`.
Dice are thrown for each request from the seed, the number and how often it was asked, so that a run repeats
even if its requests arrive in another order. Of several faults that hit, the first in the list counts;
`latency` comes on top of the others.

A script says what the requests of one number meet, one after the other: `+12015550123=503-after,ok`; a `*`
after the last one makes it go on for ever. While its script lasts a number meets that, any `latency`, and
nothing else.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Literal

Kind = Literal["status", "latency", "drop", "reset", "hang", "garbage", "cut", "drip", "drip-head"]
When = Literal["before", "after"]

GARBAGES = (
    "html", "empty", "half", "list", "no-id", "null-id", "number-id", "same-id", "wrong-phone",
    "bad-gzip", "gzip-bomb", "huge",
)  # fmt: skip

_USUAL: dict[Kind, When] = {
    "latency": "before", "drop": "before", "reset": "before", "hang": "before",
    "garbage": "after", "cut": "after", "drip": "after", "drip-head": "after",
}  # fmt: skip
_SECONDS: dict[Kind, float] = {"hang": 3600.0, "drip": 10.0, "drip-head": 10.0}
_NO_ARGUMENT: tuple[Kind, ...] = ("drop", "reset", "cut")
_TARGETS = ("POST", "GET", "GET/calls", "GET/contacts", "GET/assistants")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong, when, where and how often."""

    text: str  # as it was written
    kind: Kind
    when: When
    http_status: int | None = None  # the status the client sees if it differs from success
    argument: str = ""
    seconds: float = 0.0
    probability: float = 1.0
    target: str = "POST"

    @property
    def silent(self) -> bool:
        """True where the client sees no status at all."""
        return self.kind in {"drop", "reset", "hang"}


def parse_fault(text: str) -> Fault:
    """The fault written in `text`; a ValueError with one sentence where it makes no sense."""
    target, name = _split_target(text.strip())
    name, probability = _split_probability(name, text)
    name, _, argument = name.partition(":")
    if name == "status":
        name, _, argument = argument.partition(":")
    name, when = _split_when(name)
    if name.isdigit():
        return _status_fault(text, name, when, argument, (probability, target))
    kind = next((kind for kind in _USUAL if kind == name), None)
    if kind is None:
        known = ", ".join(_USUAL)
        raise ValueError(f"{text!r} is no fault: the name must be an HTTP status or one of {known}")
    if when == "before" and _USUAL[kind] == "after":
        raise ValueError(f"{text!r} is no fault: {kind} only comes after the call was created")
    seconds = _check_argument(kind, argument, text)
    return Fault(
        text,
        kind,
        when or _USUAL[kind],
        argument=argument,
        seconds=seconds,
        probability=probability,
        target=target,
    )


def _split_target(text: str) -> tuple[str, str]:
    target, equals, rest = text.partition("=")
    if equals and target in _TARGETS:
        return target, rest
    return "POST", text


def _split_probability(name: str, text: str) -> tuple[str, float]:
    head, at, tail = name.rpartition("@")
    if not at:
        return name, 1.0
    try:
        probability = float(tail)
    except ValueError:
        raise ValueError(f"{text!r} is no fault: after the @ comes a probability from 0 to 1") from None
    if not 0.0 <= probability <= 1.0:
        raise ValueError(f"{text!r} is no fault: a probability goes from 0 to 1")
    return head, probability


def _split_when(name: str) -> tuple[str, When | None]:
    if name.endswith("-before"):
        return name.removesuffix("-before"), "before"
    if name.endswith("-after"):
        return name.removesuffix("-after"), "after"
    return name, None


def _status_fault(text: str, name: str, when: When | None, argument: str, where: tuple[float, str]) -> Fault:
    status = int(name)
    if not 200 <= status <= 599:
        raise ValueError(f"{text!r} is no fault: a final HTTP status goes from 200 to 599")
    usual: When = "after" if status < 300 else "before"
    probability, target = where
    return Fault(text, "status", when or usual, status, argument, probability=probability, target=target)


def _check_argument(kind: Kind, argument: str, text: str) -> float:
    if kind == "garbage":
        if argument not in GARBAGES:
            raise ValueError(f"{text!r} is no fault: garbage is one of {', '.join(GARBAGES)}")
        return 0.0
    if kind in _NO_ARGUMENT:
        if argument:
            raise ValueError(f"{text!r} is no fault: {kind} takes no argument")
        return 0.0
    if not argument and kind in _SECONDS:
        return _SECONDS[kind]
    try:
        seconds = float(argument)
    except ValueError:
        seconds = math.nan
    if not 0.0 <= seconds <= 86400.0:
        raise ValueError(f"{text!r} is no fault: {kind} takes seconds, like {kind}:2")
    return seconds


@dataclass(frozen=True, slots=True)
class Script:
    """What the requests of one number meet, one after the other; None is a request left in peace."""

    steps: tuple[Fault | None, ...]
    endless: bool = False  # the last step goes on for ever

    def step(self, nth: int) -> Fault | None:
        """What the request with this place, counted from 0, meets."""
        if nth < len(self.steps):
            return self.steps[nth]
        return self.steps[-1] if self.endless and self.steps else None

    def covers(self, nth: int) -> bool:
        """Whether the script still has a say about this request."""
        return nth < len(self.steps) or self.endless

    def words(self) -> list[str]:
        """The steps as they are written."""
        words = [step.text if step else "ok" for step in self.steps]
        return [*words[:-1], words[-1] + "*"] if self.endless else words


def parse_steps(steps: Sequence[str]) -> Script:
    """A script from its steps; `ok` is a request left in peace, a `*` after the last makes it endless."""
    words = [step.strip() for step in steps]
    endless = bool(words) and words[-1].endswith("*")
    if endless:
        words[-1] = words[-1].removesuffix("*")
    return Script(tuple(None if word == "ok" else parse_fault(word) for word in words), endless)


def parse_script(text: str) -> tuple[str, Script]:
    """`+12015550123=503-after,ok` as the number and its script."""
    number, equals, steps = text.partition("=")
    if not (equals and number.startswith("+") and steps):
        raise ValueError(f"{text!r} is no script: write the number, =, and what its requests meet")
    return number.strip(), parse_steps(steps.split(","))


@dataclass(slots=True)
class Faults:
    """All that goes wrong, and how far the scripts have come."""

    faults: tuple[Fault, ...] = ()
    scripts: Mapping[str, Script] = field(default_factory=dict)
    seed: int = 0
    _asked: Counter[tuple[str, str]] = field(default_factory=Counter)

    def draw(self, target: str, subject: str) -> tuple[Fault, ...]:
        """What this request meets, in this order: any latency, and at most one other fault.

        `target` is POST or like GET/contacts; `subject` is the number, or the address that is read.
        """
        if not self.faults and not self.scripts:
            return ()
        nth = self._asked[target, subject]
        self._asked[target, subject] += 1
        hits = [
            fault
            for place, fault in enumerate(self.faults)
            if fault.target in {target, target.partition("/")[0]}
            and self._dice(target, subject, nth, place) < fault.probability
        ]
        latencies = tuple(fault for fault in hits if fault.kind == "latency")
        others = tuple(fault for fault in hits if fault.kind != "latency")
        script = self.scripts.get(subject) if target == "POST" else None
        if script is not None and script.covers(nth):
            step = script.step(nth)
            others = (step,) if step else ()
        return latencies + others[:1]

    def _dice(self, target: str, subject: str, nth: int, place: int) -> float:
        text = f"{self.seed}\x00{target}\x00{subject}\x00{nth}\x00{place}"
        return int.from_bytes(blake2b(text.encode("utf-8", "replace"), digest_size=7).digest()) / 2**56


def parse_faults(faults: Sequence[str] = (), scripts: Sequence[str] = (), *, seed: int = 0) -> Faults:
    """Everything from its written form."""
    return Faults(tuple(map(parse_fault, faults)), dict(map(parse_script, scripts)), seed)
