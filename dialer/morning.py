"""Tells people what came of a run that nobody watched."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dialer import logs, screens
from dialer.errors import DialerError, SettingsError
from dialer.notifications import Attach, Message, Notifier, When
from dialer.run_log import in_our_words
from dialer.settings import campaign_name, open_to_others

if TYPE_CHECKING:
    from dialer.run import Result

VARIABLE = "DIALER_NOTIFY"

_MEANING = {
    0: "Done: nothing due is left.",
    1: "Finished, but some rows failed or are unknown, or nobody could be called.",
    75: "Not finished: the same command works later.",
    130: "It was interrupted: the same command goes on.",
    143: "It was ended by the system: the same command goes on.",
}


def notifier_of(options: Mapping[str, Any]) -> Notifier:
    """The notifier that the options and the environment name, before anybody is called.

    Raises SettingsError if the file of URLs cannot be used, if apprise is not installed, or if it does not
    understand a URL.
    """
    path: Path | None = options["notify_file"]
    text = _urls_in(path) if path is not None else os.environ.get(VARIABLE, "")
    urls = [word for line in text.splitlines() if not line.lstrip().startswith("#") for word in line.split()]
    return Notifier(urls, when=When(options["notify_on"]), attach=Attach(options["notify_attach"]))


def notify(notifier: Notifier, message: Message) -> None:
    """Send a message; what is not taken is said and logged, and changes nothing."""
    for remark in notifier.send(message):
        logs.warn("not_notified", sentence=remark)
        screens.say(remark)


@contextmanager
def notifying(options: Mapping[str, Any], leads: str) -> Iterator[Callable[[Result], None]]:
    """Send one message at the end of the block, however it ends; gives what must be told the result."""
    notifier = notifier_of(options)
    heard: list[Result] = []
    try:
        yield heard.append
    except DialerError as error:
        _send(notifier, options, _refusal(_named(leads, options), error))
        raise
    except (click.ClickException, click.Abort):
        raise  # somebody sits at the terminal
    except (Exception, KeyboardInterrupt) as error:
        _send(notifier, options, _fault(_named(leads, options), error))
        raise
    for result in heard:
        _send(notifier, options, message_of(result))


def _send(notifier: Notifier, options: Mapping[str, Any], message: Message) -> None:
    if not options.get("dry_run"):
        notify(notifier, message)


def _named(leads: str, options: Mapping[str, Any]) -> str:
    return str(options.get("campaign") or campaign_name(leads, "standard input" if leads == "-" else None))


def message_of(result: Result) -> Message:
    """What people are told of a run: its counts, what stopped it, what to do next. It names nobody."""
    counts = in_our_words(result.counts)
    lines = [f"{status:<11}{count:>9,}" for status, count in counts.items() if count]
    said = [f"Campaign {result.campaign}: {result.rows:,} rows.", "", *lines, ""]
    said.append(f"{result.called_now:,} called now, in {result.seconds:,.0f} s.")
    meaning = _MEANING.get(result.exit_code, "It was stopped.")
    said.append(f"Exit code {result.exit_code}. {meaning}")
    if result.stopped:
        said.append(logs.without_people(result.stopped))
    said += _to_do(result.campaign, counts)
    told = ", ".join(
        f"{counts[word]:,} {word}" for word in ("called", "failed", "unknown") if counts.get(word)
    )
    return Message(
        title=f"dialer: {result.campaign}: {told or 'nobody called'} (exit code {result.exit_code})",
        body="\n".join(said),
        trouble=bool(result.exit_code or counts.get("unknown")),
        report=Path(result.html) if result.html else None,
        sheet=Path(result.report) if result.report else None,
    )


def _to_do(campaign: str, counts: Mapping[str, int]) -> Iterator[str]:
    if counts.get("unknown"):
        yield f"Unknown: they may have been called. dialer reconcile {shlex.quote(campaign)} looks for them."
    if counts.get("failed"):
        yield "Failed: mend their rows in the report, then dialer retry calls them."


def _refusal(campaign: str, error: DialerError) -> Message:
    return Message(
        title=f"dialer: {campaign}: not run (exit code {error.exit_code})",
        body=f"{logs.without_people(error.sentence)}\nExit code {error.exit_code}: nothing is lost.",
        trouble=True,
    )


def _fault(campaign: str, error: BaseException) -> Message:
    """Of a fault of ours its kind alone: what it says may quote a cell."""
    interrupted = isinstance(error, KeyboardInterrupt)
    return Message(
        title=f"dialer: {campaign}: {'interrupted' if interrupted else 'a fault'}",
        body=(
            "It was interrupted: nothing is lost, the same command goes on."
            if interrupted
            else f"A fault ({type(error).__name__}): nothing is lost. The log tells where; please report it."
        ),
        trouble=True,
    )


def _urls_in(path: Path) -> str:
    if ":/" in str(path):  # it holds a password, and is not repeated
        raise SettingsError(
            "--notify-file takes a file that holds the URLs, and not a URL itself: write it into one that "
            f"only you can read (chmod 600), or into the variable {VARIABLE}.",
            code="notify_file",
        )
    try:
        if open_to_others(path, os.environ):
            raise SettingsError(
                f"Others can read the file of notifications {path}: take their rights away with chmod 600 "
                f"{path}.",
                code="notify_file",
            )
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"The file of notifications {path} cannot be read ({error}): check --notify-file.",
            code="notify_file",
        ) from None
