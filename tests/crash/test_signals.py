"""Ctrl-C once and twice, SIGTERM, SIGHUP, and a process that stands still past all deadlines."""

from __future__ import annotations

import signal
import subprocess
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from time import monotonic

import pytest

from tests.command import Finished
from tests.crash.condemned import Leads, Prison
from tests.crash.executioner import Executioner, Moment, Sentence, send_signal
from tests.desk import PATIENCE_SECONDS, finish

_STORYTELLERS = 2
_LEADS = 12


@dataclass(frozen=True)
class Told:
    """A run that was interrupted, and the same command again."""

    sheet: Leads
    first: Finished
    rows: list[dict[str, str]]  # of the report after the first run; none if it wrote none
    seconds: float  # from the signal to the end of the first run
    again: Finished
    rows_again: list[dict[str, str]]
    created: Counter[str]
    received: int  # requests for a call of the first run

    @property
    def statuses(self) -> Counter[str]:
        return Counter(row["status"] for row in self.rows[:_LEADS])

    @property
    def statuses_again(self) -> Counter[str]:
        return Counter(row["status"] for row in self.rows_again[:_LEADS])


@dataclass(frozen=True)
class Blow:
    """A signal at a moment, and perhaps a second one some time after it."""

    first: signal.Signals
    moment: Moment = "received"
    nth: int = 3
    hold_seconds: float = 0.5  # how long calls under way are not answered
    second: signal.Signals | None = None
    second_after_seconds: float = 0.5
    options: tuple[str, ...] = ()


BLOWS = {
    "Ctrl-C": Blow(signal.SIGINT),
    "SIGTERM": Blow(signal.SIGTERM),
    "SIGHUP": Blow(signal.SIGHUP),
    "Ctrl-C twice": Blow(signal.SIGINT, hold_seconds=6.0, second=signal.SIGINT),
    "stopped past the deadline": Blow(
        signal.SIGSTOP,
        hold_seconds=0.5,
        second=signal.SIGCONT,
        second_after_seconds=2.5,
        options=("--timeout", "1s"),
    ),
    "stopped while a turn is waited for": Blow(
        signal.SIGSTOP,
        moment="connected",
        nth=5,
        hold_seconds=0.0,
        second=signal.SIGCONT,
        second_after_seconds=2.0,
        options=("--rate", "4/s"),
    ),
}


def _tell(prison: Prison, name: str) -> Told:
    blow = BLOWS[name]
    executioner = prison.executioner
    with executioner.client() as port:
        sheet = prison.sheet(name.replace(" ", "-"), port, _LEADS)
        process = prison.start(sheet, port, *blow.options)
        sentence = Sentence(blow.moment, blow.nth, _strike(blow, process), hold_seconds=blow.hold_seconds)
        executioner.sentences[port] = sentence
        assert sentence.done.wait(PATIENCE_SECONDS)
        struck = monotonic()
        first = finish(process)
        seconds = monotonic() - struck
        received = len(executioner.record(set(sheet.numbers)))
        executioner.sentences.pop(port)
        rows = sheet.results()
        again = prison.run(sheet, port)
        return Told(
            sheet=sheet,
            first=first,
            rows=rows,
            seconds=seconds,
            again=again,
            rows_again=sheet.results(),
            created=executioner.created(set(sheet.numbers)),
            received=received,
        )


def _strike(blow: Blow, process: subprocess.Popen[str]) -> Callable[[], None]:
    first = send_signal(blow.first, process.pid)

    def strike() -> None:
        first()
        if blow.second is not None:
            later = threading.Timer(blow.second_after_seconds, send_signal(blow.second, process.pid))
            later.start()

    return strike


@pytest.fixture(scope="module")
def stories(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Mapping[str, Future[Told]]]:
    """The stories of the tests that were chosen, told side by side."""
    chosen = {item.callspec.params.get("name") for item in request.session.items if hasattr(item, "callspec")}
    with Executioner(_STORYTELLERS) as executioner, ThreadPoolExecutor(_STORYTELLERS) as tellers:
        prison = Prison(tmp_path_factory.mktemp("prison"), executioner)
        yield {name: tellers.submit(_tell, prison, name) for name in BLOWS if name in chosen}


@pytest.fixture
def told(stories: Mapping[str, Future[Told]], name: str) -> Told:
    """The story of this name."""
    return stories[name].result()


every_blow = pytest.mark.parametrize("name", BLOWS)
one_that_ends_it = pytest.mark.parametrize("name", ["Ctrl-C", "SIGTERM", "SIGHUP"])
stopped = pytest.mark.parametrize("name", ["stopped past the deadline", "stopped while a turn is waited for"])


@every_blow
def test_nobody_is_called_twice(told: Told) -> None:
    assert set(told.created.values()) == {1}


@every_blow
def test_the_same_command_again_calls_everybody_else(told: Told) -> None:
    called = {row["phone"] for row in told.rows_again[:_LEADS] if row["status"] in {"queued", "accepted"}}

    assert set(told.statuses_again) <= {"queued", "accepted", "unknown"}
    assert called <= set(told.created)


@every_blow
def test_every_row_comes_back(told: Told) -> None:
    assert len(told.rows_again) == _LEADS + 2


@pytest.mark.parametrize(
    ("name", "code"), [("Ctrl-C", 130), ("Ctrl-C twice", 130), ("SIGTERM", 143), ("SIGHUP", 143)]
)
def test_the_exit_code_tells_the_signal(told: Told, code: int) -> None:
    assert told.first.returncode == code


@one_that_ends_it
def test_calls_under_way_are_finished_and_the_rest_is_pending(told: Told) -> None:
    assert told.statuses == {"queued": told.received, "pending": _LEADS - told.received}


@one_that_ends_it
def test_somebody_was_still_to_be_called(told: Told) -> None:
    assert 0 < told.received < _LEADS


@pytest.mark.parametrize("name", ["Ctrl-C twice"])
def test_the_second_one_waits_for_nobody(told: Told) -> None:
    assert told.seconds < 4


@pytest.mark.parametrize("name", ["Ctrl-C twice"])
def test_the_second_one_says_what_it_leaves_behind(told: Told) -> None:
    assert "Left at once: calls that were under way are unknown" in told.first.stderr


@stopped
def test_a_process_that_stood_still_goes_on_to_the_end(told: Told) -> None:
    assert told.first.returncode in {0, 1}
    assert told.statuses["pending"] == 0


@pytest.mark.parametrize("name", ["stopped past the deadline"])
def test_what_was_under_way_when_it_stood_still_is_called_or_unknown_and_found(told: Told) -> None:
    assert set(told.statuses) <= {"queued", "unknown"}
    assert set(told.statuses_again) <= {"queued", "accepted"}


@pytest.mark.parametrize("name", ["stopped while a turn is waited for"])
def test_whoever_had_not_been_called_when_it_stood_still_is_called_after_it(told: Told) -> None:
    assert told.statuses == {"queued": _LEADS}
