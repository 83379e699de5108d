"""Messages to people: by mail, Slack, Teams and a hundred other services, through apprise.

The URL of a service holds its password: it is never shown, logged or kept, not even in an error.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from threading import Thread
from typing import Any

from dialer.errors import SettingsError

PATIENCE_SECONDS = 30.0  # what a run waits for all services together


class When(StrEnum):
    """When a message is sent."""

    TROUBLE = "trouble"
    ALWAYS = "always"


class Attach(StrEnum):
    """Which files go with a message."""

    NONE = "none"
    REPORT = "report"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Message:
    """What people are told; `trouble` is what somebody should look at."""

    title: str
    body: str  # plain text
    trouble: bool
    report: Path | None = None  # the report to read
    sheet: Path | None = None  # the sheet with the results, which names everybody on it
    more: tuple[Path, ...] = ()  # attached with the report


class Notifier:
    """Sends messages to the services that these URLs name. Without URLs it sends nothing."""

    def __init__(
        self,
        urls: Sequence[str],
        *,
        when: When = When.TROUBLE,
        attach: Attach = Attach.REPORT,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        """Read the URLs. Raises SettingsError if apprise is not installed, or does not understand one."""
        self._services = [_service(url, f"{place} of {len(urls)}") for place, url in enumerate(urls, start=1)]
        self._when = when
        self._attach = attach
        self._patience_seconds = patience_seconds

    def send(self, message: Message) -> list[str]:
        """Send a message, and give a sentence for each service that did not take it. Never raises."""
        if self._when is When.TROUBLE and not message.trouble:
            return []
        files = [str(path) for path in self._files(message) if path.is_file()]
        deliveries = [_Delivery(service, message, files) for service in self._services]
        end = time.monotonic() + self._patience_seconds
        return [remark for delivery in deliveries if (remark := delivery.remark(end)) is not None]

    def _files(self, message: Message) -> Iterator[Path]:
        if self._attach is Attach.NONE:
            return
        if message.report is not None:
            yield message.report
        yield from message.more
        if self._attach is Attach.ALL and message.sheet is not None:
            yield message.sheet


@dataclass(frozen=True, slots=True)
class _Service:
    """A service of apprise's, under a name that tells nothing of its URL."""

    name: str  # "2 of 3 (slack)"
    apprise: Any


def _service(url: str, place: str) -> _Service:
    try:
        import apprise  # noqa: PLC0415 - an extra: it need not be installed
    except ImportError:
        raise SettingsError(
            "Notifications need the extra `notify`: pip install 'vozagent-dialer[notify]'.", code="notify"
        ) from None
    # It would print its warnings on the terminal, with what the services answer.
    log = logging.getLogger("apprise")
    log.propagate = False
    log.addHandler(logging.NullHandler())
    try:
        # One after the other in this thread: apprise's own threads would hold up the end of the process.
        sender = apprise.Apprise(asset=apprise.AppriseAsset(async_mode=False))
        understood = sender.add(url)
    except Exception:  # noqa: BLE001 - each of its hundred services has a parser of its own
        understood = False
    scheme = url.partition("://")[0]
    name = f"{place} ({scheme})" if "://" in url and scheme.isalnum() and len(scheme) < 20 else place
    if not understood:
        raise SettingsError(
            f"Notification {name} is no URL that apprise understands: it looks like "
            "mailto://user:password@example.com or slack://TokenA/TokenB/TokenC.",
            code="notify",
        )
    return _Service(name, sender)


class _Delivery:
    """A message on its way, in a thread that nobody waits for too long."""

    def __init__(self, service: _Service, message: Message, files: list[str]) -> None:
        self._service = service
        self._delivered = False
        self._thread = Thread(target=self._deliver, args=(message, files), name="notify", daemon=True)
        self._thread.start()

    def remark(self, end: float) -> str | None:
        """Wait for the end, at most until then (by time.monotonic); a sentence if it was not delivered."""
        self._thread.join(max(0.0, end - time.monotonic()))
        if self._delivered:
            return None
        why = "was not taken in time" if self._thread.is_alive() else "was not taken"
        return f"Notification {self._service.name} {why}: check its URL, and whether the service answers."

    def _deliver(self, message: Message, files: list[str]) -> None:
        import apprise  # noqa: PLC0415 - as above
        from apprise.attachment.file import AttachFile  # noqa: PLC0415 - as above

        attached: Callable[..., Any] = AttachFile  # it comes without types
        try:
            self._delivered = bool(
                self._service.apprise.notify(
                    title=message.title,
                    body=message.body,
                    body_format=apprise.NotifyFormat.TEXT,
                    notify_type=apprise.NotifyType.WARNING if message.trouble else apprise.NotifyType.SUCCESS,
                    attach=[attached(file) for file in files] or None,
                )
            )
        except Exception:  # noqa: BLE001 - whatever a service does, the run is over and well
            self._delivered = False
