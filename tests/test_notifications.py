"""Notifications, taken by a real service on this machine."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from dialer.errors import SettingsError
from dialer.notifications import Attach, Message, Notifier, When
from tests.listeners import listening

# What apprise imports for all of its services is not ours.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

NOT_UNDERSTOOD = (
    "Notification {} is no URL that apprise understands: it looks like mailto://user:password@example.com or "
    "slack://TokenA/TokenB/TokenC."
)


def message(folder: Path | None = None, **changes: Any) -> Message:
    """Trouble, with a report, a sheet and a file of its own where there is a folder."""
    files: dict[str, Any] = {}
    if folder is not None:
        for name in ("leads.report.html", "leads.results.xlsx", "night.json"):
            (folder / name).write_text(name)
        files = {
            "report": folder / "leads.report.html",
            "sheet": folder / "leads.results.xlsx",
            "more": (folder / "night.json",),
        }
    valid: dict[str, Any] = {"title": "dialer: leads", "body": "1 failed\nmend it", "trouble": True}
    return Message(**valid | files | changes)


def test_a_message_arrives_as_it_is() -> None:
    with listening() as listener:
        remarks = Notifier([listener.url]).send(message())

    taken = listener.taken[0]
    assert (remarks, taken.title, taken.body, taken.kind) == (
        [],
        "dialer: leads",
        "1 failed\nmend it",
        "warning",
    )


def test_every_service_hears_of_it_once() -> None:
    with listening() as first, listening() as second:
        Notifier([first.url, second.url]).send(message())

    assert (len(first.taken), len(second.taken)) == (1, 1)


@pytest.mark.parametrize(
    ("when", "trouble", "sent"),
    [(When.TROUBLE, True, 1), (When.TROUBLE, False, 0), (When.ALWAYS, True, 1), (When.ALWAYS, False, 1)],
)
def test_it_is_sent_when_that_was_asked_for(when: When, trouble: bool, sent: int) -> None:  # noqa: FBT001
    with listening() as listener:
        Notifier([listener.url], when=when).send(message(trouble=trouble))

    assert len(listener.taken) == sent


@pytest.mark.parametrize(
    ("attach", "names"),
    [
        (Attach.NONE, []),
        (Attach.REPORT, ["leads.report.html", "night.json"]),
        (Attach.ALL, ["leads.report.html", "leads.results.xlsx", "night.json"]),
    ],
)
def test_so_much_is_attached(tmp_path: Path, attach: Attach, names: list[str]) -> None:
    with listening() as listener:
        Notifier([listener.url], attach=attach).send(message(tmp_path))

    assert {name: content.decode() for name, content in listener.taken[0].files.items()} == dict(
        zip(names, names, strict=True)
    )


def test_a_file_that_is_gone_holds_up_nothing(tmp_path: Path) -> None:
    with listening() as listener:
        remarks = Notifier([listener.url]).send(message(report=tmp_path / "gone.html"))

    assert (remarks, listener.taken[0].files) == ([], {})


def test_a_name_that_looks_like_an_address_is_a_file_all_the_same(tmp_path: Path) -> None:
    odd = tmp_path / "a?name=b&mime=c ü.html"
    odd.write_text("x")
    with listening() as listener:
        Notifier([listener.url]).send(message(report=odd))

    assert list(listener.taken[0].files.values()) == [b"x"]


def test_a_service_that_refuses_is_a_remark() -> None:
    with listening(status=500) as refusing, listening() as taking:
        remarks = Notifier([refusing.url, taking.url]).send(message())

    assert (remarks, len(taking.taken)) == (
        ["Notification 1 of 2 (json) was not taken: check its URL, and whether the service answers."],
        1,
    )


def test_a_service_that_is_not_there_is_a_remark() -> None:
    assert Notifier(["json://127.0.0.1:1/"]).send(message()) == [
        "Notification 1 of 1 (json) was not taken: check its URL, and whether the service answers."
    ]


def test_a_service_that_never_answers_is_not_waited_for() -> None:
    with listening(silent=True) as listener:
        remarks = Notifier([listener.url + "?rto=25"], patience_seconds=0.2).send(message())

    assert remarks == [
        "Notification 1 of 1 (json) was not taken in time: check its URL, and whether the service answers."
    ]


def test_the_password_of_a_service_is_never_said(capfd: pytest.CaptureFixture[str]) -> None:
    with listening(status=500) as listener:
        remarks = Notifier([listener.url]).send(message())

    assert [text for text in (*remarks, *capfd.readouterr()) if "CANARY" in text] == []


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("nonsense", "2 of 2"),
        ("CANARY://x", "2 of 2 (CANARY)"),
        ("slack://onlyone", "2 of 2 (slack)"),
        ("mailto://", "2 of 2 (mailto)"),
        ("/etc/passwd", "2 of 2"),
    ],
)
def test_what_is_no_url_is_refused_at_once(url: str, named: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Notifier(["json://127.0.0.1:1/", url])

    assert caught.value.sentence == NOT_UNDERSTOOD.format(named)


@pytest.mark.parametrize(
    "url",
    [
        "mailto://someone:secret@example.com",
        "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#calls",
        "workflows://example.com:443/643a8b03b3ef/N2FhNzA2ZjY/",
        "ntfys://ntfy.example.com/night",
    ],
)
def test_the_services_of_the_readme_are_understood(url: str) -> None:
    Notifier([url])


def test_without_urls_nothing_is_sent_and_apprise_is_not_needed() -> None:
    code = (
        "import sys; sys.modules['apprise'] = None\n"
        "from dialer.notifications import Message, Notifier\n"
        "print(Notifier([]).send(Message('x', 'x', trouble=True)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"


def test_without_apprise_the_way_to_get_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(SettingsError) as caught:
        Notifier(["json://127.0.0.1:1/"])

    assert caught.value.sentence == (
        "Notifications need the extra `notify`: pip install 'vozagent-dialer[notify]'."
    )
