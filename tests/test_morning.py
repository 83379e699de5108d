"""What people are told of a run, and where the addresses of the messages are read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dialer.errors import AccessDenied, SettingsError
from dialer.morning import message_of, notifier_of, notifying
from dialer.notifications import Message
from dialer.run import Result
from tests.listeners import Listener, listening

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # apprise's own


def result(**changes: Any) -> Result:
    valid: dict[str, Any] = {
        "campaign": "leads",
        "rows": 1200,
        "counts": {"queued": 1100, "in-progress": 97, "failed": 2, "unknown": 1, "pending": 0},
        "called_now": 1197,
        "report": "/r/leads.results.csv",
        "html": "/r/leads.report.html",
        "exit_code": 1,
        "stopped": None,
        "seconds": 240.4,
    }
    return Result(**valid | changes)


def options(**changes: Any) -> dict[str, Any]:
    return {"notify_file": None, "notify_on": "trouble", "notify_attach": "report", **changes}


@pytest.fixture
def listener(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A service that hears everything, named in the environment."""
    with listening() as opened:
        monkeypatch.setenv("DIALER_NOTIFY", opened.url)
        yield opened


def test_a_run_is_told_with_its_counts_and_the_way_on() -> None:
    assert message_of(result()) == Message(
        title="dialer: leads: 1,197 called, 2 failed, 1 unknown (exit code 1)",
        body=(
            "Campaign leads: 1,200 rows.\n"
            "\n"
            "called         1,197\n"
            "failed             2\n"
            "unknown            1\n"
            "\n"
            "1,197 called now, in 240 s.\n"
            "Exit code 1. Finished, but some rows failed or are unknown, or nobody could be called.\n"
            "Unknown: they may have been called. dialer reconcile leads looks for them.\n"
            "Failed: mend their rows in the report, then dialer retry calls them."
        ),
        trouble=True,
        report=Path("/r/leads.report.html"),
        sheet=Path("/r/leads.results.csv"),
    )


@pytest.mark.parametrize(
    ("changes", "trouble"),
    [
        ({"exit_code": 0, "counts": {"queued": 1}}, False),
        ({"exit_code": 75, "counts": {"pending": 1}}, True),
        ({"exit_code": 0, "counts": {"queued": 1, "unknown": 1}}, True),
    ],
    ids=["done", "paused", "unknown of an earlier run"],
)
def test_trouble_is_an_exit_code_or_a_call_of_which_nothing_is_known(
    changes: dict[str, Any],
    trouble: bool,  # noqa: FBT001 - a column of the table
) -> None:
    assert message_of(result(**changes)).trouble is trouble


def test_what_stopped_a_run_is_told_without_what_the_api_said() -> None:
    stopped = "The API answered 403, “Ann Example may not be called”: check the key."

    assert "The API answered 403, “…”: check the key.\n" in message_of(result(stopped=stopped)).body


def test_words_of_the_api_are_not_in_a_message() -> None:
    assert "Birdsong" not in str(message_of(result(counts={"Birdsong": 3})))


def test_one_message_is_sent_at_the_end(listener: Listener) -> None:
    with notifying(options(), "leads.csv") as tell:
        tell(result())
        before = len(listener.taken)

    assert (before, [taken.title for taken in listener.taken]) == (0, [message_of(result()).title])


def test_a_run_that_is_refused_is_told(listener: Listener) -> None:
    with pytest.raises(AccessDenied), notifying(options(), "in/leads.csv"):
        raise AccessDenied("There is no API key: set it.", code="key_missing")

    assert (listener.taken[0].title, listener.taken[0].body) == (
        "dialer: leads: not run (exit code 77)",
        "There is no API key: set it.\nExit code 77: nothing is lost.",
    )


def test_a_fault_is_told_without_what_it_says(listener: Listener) -> None:
    with pytest.raises(KeyError), notifying(options(), "leads.csv"):
        raise KeyError("Birdsong")

    assert (listener.taken[0].title, listener.taken[0].body) == (
        "dialer: leads: a fault",
        "A fault (KeyError): nothing is lost. The log tells where; please report it.",
    )


def test_a_rehearsal_is_not_told(listener: Listener) -> None:
    with notifying(options(dry_run=True), "leads.csv") as tell:
        tell(result())

    assert listener.taken == []


def test_what_is_not_taken_is_said_and_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DIALER_NOTIFY", "json://127.0.0.1:1/")
    with notifying(options(), "leads.csv") as tell:
        tell(result())

    assert capsys.readouterr().err == (
        "Notification 1 of 1 (json) was not taken: check its URL, and whether the service answers.\n"
    )


# Where the addresses are


def test_a_file_holds_a_url_on_each_line_and_beats_the_environment(
    tmp_path: Path, listener: Listener
) -> None:
    with listening() as other:
        (tmp_path / "urls").write_text(f"# the night's\n{other.url}\n\n  {other.url}\n")
        (tmp_path / "urls").chmod(0o600)
        with notifying(options(notify_file=tmp_path / "urls"), "leads.csv") as tell:
            tell(result())

    assert (len(other.taken), listener.taken) == (2, [])


@pytest.mark.parametrize("mode", [0o644, 0o640])
def test_a_file_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    (tmp_path / "urls").write_text("json://127.0.0.1:1/")
    (tmp_path / "urls").chmod(mode)
    with pytest.raises(SettingsError) as caught:
        notifier_of(options(notify_file=tmp_path / "urls"))

    assert caught.value.sentence == (
        f"Others can read the file of notifications {tmp_path}/urls: take their rights away with chmod 600 "
        f"{tmp_path}/urls."
    )


def test_a_url_in_the_place_of_the_file_is_refused_and_not_repeated() -> None:
    with pytest.raises(SettingsError) as caught:
        notifier_of(options(notify_file=Path("slack://TokenA/TokenB")))

    assert caught.value.sentence == (
        "--notify-file takes a file that holds the URLs, and not a URL itself: write it into one that only "
        "you can read (chmod 600), or into the variable DIALER_NOTIFY."
    )


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "urls"
    with pytest.raises(SettingsError) as caught:
        notifier_of(options(notify_file=path))

    assert caught.value.sentence == (
        f"The file of notifications {path} cannot be read ([Errno 2] No such file or directory: '{path}'):"
        " check --notify-file."
    )


def test_without_addresses_nobody_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DIALER_NOTIFY", raising=False)

    assert notifier_of(options()).send(message_of(result())) == []
