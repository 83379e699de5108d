"""Works through an inbox as files arrive in it, until it is told to end."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import ModuleType

from dialer import inbox as inboxes
from dialer import screens
from dialer.errors import UsageError
from dialer.inbox import Look
from dialer.nightly import Night, work
from dialer.nights import NightEnd

_LOOK_AGAIN_MILLISECONDS = 5_000  # whatever the file system fails to tell is seen then
_POLL_MILLISECONDS = 1_000
_TRY_AGAIN = timedelta(hours=1)  # what was left for another reason than calling hours
_KEY_REFUSED = 77
_CODES = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 143}


def watch(night: Night, tell: Callable[[NightEnd], None], *, poll: bool) -> int:
    """Work through the inbox now and whenever something has come in, until a signal ends it; gives the exit
    code. What calls are under way then are finished. `tell` hears how each time went.

    Raises UsageError without the library that watches.
    """
    watchfiles = _watchfiles()
    told = _Told()
    seen = _round(night, tell)
    changes = watchfiles.watch(
        night.inbox.folder,
        recursive=False,
        stop_event=told.event,
        rust_timeout=_LOOK_AGAIN_MILLISECONDS,
        yield_on_timeout=True,
        force_polling=poll or None,
        poll_delay_ms=_POLL_MILLISECONDS,
    )
    while seen.goes_on:
        with _heard(told):
            if next(changes, None) is None:
                break
        if seen.is_due(inboxes.look(night.inbox), now=night.clock()):
            seen = _round(night, tell)
    changes.close()
    code = told.code or seen.end.exit_code
    if told.code:
        screens.say(f"The inbox {night.inbox.folder} is not watched any more: nothing is lost.")
    return code


@dataclass(frozen=True, slots=True)
class _Seen:
    """How it went last time, and what lay in the inbox then."""

    end: NightEnd
    look: Look

    @property
    def goes_on(self) -> bool:
        return self.end.interrupted_by is None and self.end.exit_code != _KEY_REFUSED

    def is_due(self, look: Look, *, now: datetime) -> bool:
        """True if there is something that there was not last time, or the hour of what was left has come."""
        left = self.end.left
        if look and (look != self.look or self.end.growing):
            return True
        if left.next_at is not None and left.next_at <= now:
            return True
        return bool(left.rows) and now - self.end.ended >= _TRY_AGAIN


def _round(night: Night, tell: Callable[[NightEnd], None]) -> _Seen:
    end = work(night)
    tell(end)
    return _Seen(end, inboxes.look(night.inbox))


@dataclass(slots=True)
class _Told:
    """Whether somebody has told the watch to end, and by which signal."""

    event: threading.Event = field(default_factory=threading.Event)
    code: int = 0


@contextmanager
def _heard(told: _Told) -> Iterator[None]:
    """While the block lasts a signal ends the watch, and cuts nothing off."""

    def hear(number: int, _frame: object) -> None:
        told.code = _CODES[signal.Signals(number)]
        told.event.set()

    before = {number: signal.getsignal(number) for number in _CODES}
    # Under nohup a closed terminal is to be ignored.
    before = {number: handler for number, handler in before.items() if handler is not signal.SIG_IGN}
    for number in before:
        signal.signal(number, hear)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _watchfiles() -> ModuleType:
    try:
        import watchfiles  # noqa: PLC0415 - an extra, and needed for --watch alone
    except ImportError:
        raise UsageError(
            "--watch needs watchfiles, which is not installed here: pip install 'vozagent-dialer[watch]', or "
            "let a timer start `dialer nightly` without --watch.",
            code="watch_missing",
        ) from None
    return watchfiles
