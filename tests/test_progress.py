"""What is said of a run while it lasts."""

from __future__ import annotations

import io
from datetime import datetime

import pytest
from rich.console import Console

from dialer.campaign import Rate
from dialer.pool import Progress
from dialer.progress import learned_pace, plain_line, shown, throttled_line
from tests.virtual_time import VirtualLoop


def test_a_plain_line_tells_what_is_done_and_how_fast() -> None:
    progress = Progress(rate=Rate(count=5), called=9, failed=1, unknown=1)

    assert plain_line(progress, total=100, seconds=5.0) == (
        "11 of 100: 9 called, 1 failed, 1 unknown, 2.0/s, about 44 s left"
    )


def test_a_plain_line_tells_the_pace_that_was_learned() -> None:
    progress = Progress(rate=Rate(count=5), called=11, throttled=1, share=0.5)

    assert plain_line(progress, total=11, seconds=10.0) == (
        "11 of 11: 11 called, 0 failed, 0 unknown, 1.0/s, slowed down by the API to 2.5/s"
    )


def test_a_plain_line_tells_until_when_calling_hours_are_waited_for() -> None:
    opens = datetime(2026, 11, 23, 15, 0).astimezone()
    progress = Progress(rate=Rate(count=5), called=9, waiting_until=opens)

    assert plain_line(progress, total=100, seconds=5.0) == (
        "9 of 100: 9 called, 0 failed, 0 unknown, waiting until Monday 15:00"
    )


@pytest.mark.parametrize(
    ("rate", "share", "words"),
    [
        (Rate(count=5), 1.0, "5/s"),
        (Rate(count=5), 0.5, "2.5/s"),
        (Rate(count=100), 0.23, "23/s"),
        (Rate(count=300, per_seconds=60), 0.25, "75/min"),
        (Rate(count=1), 1 / 64, "0.016/s"),
    ],
)
def test_the_learned_pace_is_told_in_the_unit_of_the_rate(rate: Rate, share: float, words: str) -> None:
    assert learned_pace(Progress(rate=rate, share=share)) == words


def said(progress: Progress) -> str:
    """What is left standing when a run has ended that was not watched for long."""
    console = Console(file=io.StringIO(), width=200)
    loop = VirtualLoop()

    async def story() -> None:
        async with shown(progress, total=3, console=console, quiet=False):
            pass

    loop.run_until_complete(story())
    loop.close()
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_the_end_of_a_run_tells_that_the_api_slowed_it_down() -> None:
    assert said(Progress(rate=Rate(count=5), called=3, throttled=7, share=0.25)) == (
        "The API asked 7 times to slow down (429): everybody concerned was asked for again, "
        "the pace at the end was 1.2/s of 5/s.\n"
    )


def test_the_end_of_a_run_without_a_429_tells_nothing_of_it() -> None:
    assert said(Progress(rate=Rate(count=5), called=3)) == ""


def test_once_is_once() -> None:
    assert throttled_line(Progress(rate=Rate(count=5), throttled=1)).startswith("The API asked once to slow")
