"""The sheet of a campaign, as people write it and go on editing it."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random

from tests.builders import number

_INVALID = ("", "n/a", "12345", "+1 201 555 01XX", "call the office")
_HEADERS = ("phone", "Phone number", "Mobile")


@dataclass(frozen=True)
class Line:
    """One row: what is written in it, and whose number it is."""

    phone: str
    name: str
    number: str | None  # E.164; None where nobody could tell
    opted_out: bool = False


@dataclass
class Sheet:
    """A CSV that somebody keeps."""

    path: Path
    lines: list[Line] = field(default_factory=list)
    header: str = "phone"
    ever: set[str] = field(default_factory=set)  # every number that ever stood in it

    @property
    def report(self) -> Path:
        """Where its results come back."""
        return self.path.with_name(f"{self.path.stem}.results.csv")

    def fill(self, dice: Random, *, rows: int, people: int) -> None:
        """Write some rows, about as many people as asked for among them."""
        self.lines = [self._line(dice, people) for _ in range(rows)]

    def _line(self, dice: Random, people: int) -> Line:
        name = f"Person {dice.randrange(1000)}"
        if dice.random() < 0.08:
            return Line(dice.choice(_INVALID), name, None)
        e164 = number(dice.randrange(people))
        return Line(_written(e164, dice), name, e164, opted_out=dice.random() < 0.04)

    def edit(self, dice: Random, *, people: int) -> str:
        """Change something, as somebody does between two runs, and say what."""
        kind = dice.choice(
            ["add", "remove", "sort", "shuffle", "rename", "correct", "another number", "copy"]
        )
        at = dice.randrange(len(self.lines))
        match kind:
            case "add":
                self.lines.insert(at, self._line(dice, people))
            case "remove" if len(self.lines) > 2:
                del self.lines[at]
            case "sort":
                self.lines.sort(key=lambda line: (line.name, line.phone))
            case "shuffle":
                dice.shuffle(self.lines)
            case "rename":
                self.header = dice.choice(_HEADERS)
            case "correct":
                self.lines[at] = replace(self.lines[at], name=f"Corrected {dice.randrange(1000)}")
            case "another number":
                e164 = number(dice.randrange(people))
                self.lines[at] = replace(self.lines[at], phone=_written(e164, dice), number=e164)
            case _:
                self.lines.append(self.lines[at])
        return kind

    def write(self) -> None:
        """Save it."""
        self.ever |= {line.number for line in self.lines if line.number}
        with self.path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow([self.header, "first_name", "last_name", "do not call"])
            writer.writerows(
                [line.phone, line.name, "Example", "yes" if line.opted_out else ""] for line in self.lines
            )

    def results(self) -> list[dict[str, str]]:
        """The rows of its report."""
        with self.report.open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))


def _written(e164: str, dice: Random) -> str:
    area, office, line = e164[2:5], e164[5:8], e164[8:]
    return dice.choice([e164, f"+1 ({area}) {office}-{line}", f"+1 {area} {office} {line}"])
