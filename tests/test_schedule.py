"""What makes a machine run dialer by itself: read by those who will read it, as far as they are here.

systemd's own checker reads the units where it is installed; cron, Task Scheduler and podman are not here, so
their files are read as the text that they are, and the command in each is run.
"""

from __future__ import annotations

import configparser
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from dialer.errors import UsageError
from dialer.schedule import Kind, files_of, read_schedule, remark_on, write_files
from tests.command import ROOT, command_line, run_dialer
from tests.desk import Desk, open_desk

DIALER = "/opt/dialer/bin/dialer"
ANALYZE = shutil.which("systemd-analyze")
UNTIL = "--until 20:00 --api-key-file"
ODD = '/srv/50% of $HOME\'s "leads" \\ new'


def made(kind: Kind, inbox: str = "/srv/leads", *, dialer: str = DIALER) -> dict[str, str]:
    return files_of(kind, read_schedule(Path(inbox), at="9:05", until="20:00"), dialer=dialer)


def lines(text: str) -> list[str]:
    """The lines that are no remarks."""
    return [line for line in text.splitlines() if line and not line.startswith(("#", "@rem"))]


def unit(text: str) -> dict[str, dict[str, list[str]]]:
    """A unit by section and key; a key may come more than once."""
    sections: dict[str, dict[str, list[str]]] = {}
    for line in lines(text):
        if line.startswith("["):
            current = sections.setdefault(line.strip("[]"), {})
        else:
            key, _, value = line.partition("=")
            current.setdefault(key, []).append(value)
    return sections


@pytest.mark.parametrize("kind", list(Kind))
def test_nothing_is_left_to_fill_in(kind: Kind) -> None:
    assert re.findall(r"@[A-Z_]+@", "".join(made(kind).values())) == []


# systemd


def test_the_service_runs_the_night_as_its_own_user_with_the_key_as_a_credential() -> None:
    service = unit(made(Kind.SYSTEMD)["dialer-nightly.service"])["Service"]

    assert {key: service[key] for key in ("ExecStart", "User", "LoadCredential", "StateDirectory")} == {
        "ExecStart": [f"{DIALER} nightly /srv/leads --until 20:00 --api-key-file %d/api-key"],
        "User": ["dialer"],
        "LoadCredential": ["api-key:/etc/dialer/api-key"],
        "StateDirectory": ["dialer"],
    }


def test_a_night_that_was_missed_is_not_made_up_for() -> None:
    timer = unit(made(Kind.SYSTEMD)["dialer-nightly.timer"])["Timer"]

    assert (timer["OnCalendar"], timer["Persistent"]) == (["Mon..Fri *-*-* 09:05:00"], ["false"])


def test_an_odd_inbox_is_one_word_of_the_command_and_one_path() -> None:
    service = unit(made(Kind.SYSTEMD, ODD)["dialer-nightly.service"])["Service"]

    assert (service["ExecStart"][0].partition(" --until")[0], service["ReadWritePaths"]) == (
        f'{DIALER} nightly "/srv/50%% of $$HOME\'s \\"leads\\" \\\\ new"',
        ['"/srv/50%% of $HOME\'s \\"leads\\" \\\\ new"'],
    )


@pytest.mark.parametrize(
    ("inbox", "dialer", "protected"),
    [
        ("/srv/leads", DIALER, "yes"),
        ("/home/ann/leads", DIALER, "read-only"),
        ("/srv/leads", "/home/ann/.venv/bin/dialer", "read-only"),
    ],
)
def test_homes_are_closed_unless_something_is_in_one(inbox: str, dialer: str, protected: str) -> None:
    service = unit(made(Kind.SYSTEMD, inbox, dialer=dialer)["dialer-nightly.service"])["Service"]

    assert service["ProtectHome"] == [protected]


def test_a_program_in_a_home_is_remarked_upon() -> None:
    assert remark_on(Kind.SYSTEMD, dialer="/home/ann/.venv/bin/dialer") == (
        "/home/ann/.venv/bin/dialer is in somebody's home, where the user dialer cannot read it: install it"
        " in /opt/dialer, and give this command there."
    )


@pytest.mark.parametrize("inbox", ["/srv/leads", ODD])
def test_systemd_understands_the_units_where_it_is_installed(tmp_path: Path, inbox: str) -> None:
    """Where it is not, a parser of the same format does, which knows the form and not the words."""
    paths = write_files(made(Kind.SYSTEMD, inbox, dialer=command_line()[0]), tmp_path)
    if ANALYZE is not None:
        done = subprocess.run(
            [ANALYZE, "verify", *paths], capture_output=True, text=True, check=False, timeout=60
        )
        said = [line for line in done.stderr.splitlines() if "dialer-nightly" in line]
    else:
        for path in paths:
            configparser.RawConfigParser(strict=False, allow_no_value=False).read(path)
        said = []

    assert said == []


def test_the_service_is_as_closed_as_it_can_be_where_systemd_can_tell(tmp_path: Path) -> None:
    """systemd counts from 0 (closed) to 10; without it the options are counted that matter most to it."""
    paths = write_files(made(Kind.SYSTEMD), tmp_path)
    if ANALYZE is not None:
        command = [ANALYZE, "security", "--offline=true", "--threshold=20", paths[0]]
        closed = subprocess.run(command, capture_output=True, check=False, timeout=60).returncode == 0
    else:
        service = unit(paths[0].read_text())["Service"]
        closed = {"NoNewPrivileges", "ProtectSystem", "CapabilityBoundingSet", "SystemCallFilter"} <= set(
            service
        )

    assert closed


# cron


def test_cron_runs_the_night_on_working_days() -> None:
    assert lines(made(Kind.CRON)["crontab"]) == [
        "LANG=C.UTF-8",
        f'5 9 * * 1-5 {DIALER} nightly /srv/leads {UNTIL} "$HOME/.config/dialer/api-key" --quiet',
    ]


def as_cron_reads_it(line: str) -> str:
    """What cron hands to the shell of a line: behind five fields, up to the first % that is not \\%."""
    command = line.split(maxsplit=5)[5]
    return re.split(r"(?<!\\)%", command)[0].replace(r"\%", "%")


def test_an_odd_inbox_is_one_word_of_crons_command() -> None:
    line = lines(made(Kind.CRON, ODD)["crontab"])[1]

    assert shlex.split(as_cron_reads_it(line))[:3] == [DIALER, "nightly", ODD]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk with an inbox in which one sheet waits."""
    with open_desk(tmp_path_factory.mktemp("desk")) as opened:
        (opened.folder / "50% new leads").mkdir()
        sheet = opened.sheet(2)
        sheet.path.rename(opened.folder / "50% new leads" / "roofing.csv")
        yield opened


def test_the_line_of_cron_calls_everybody_with_the_environment_that_cron_gives(desk: Desk) -> None:
    """A home, a shell and nothing else; the key and the settings are where the line looks for them."""
    config = desk.folder / ".config" / "dialer"
    config.mkdir(parents=True)
    (config / "api-key").write_text("sk_sandbox\n")
    (config / "api-key").chmod(0o600)
    (config / "dialer.toml").write_text(
        f'assistant = "Voz"\nrate = "100/s"\nsettle = "0s"\nbase_url = "{desk.sandbox.base_url}"\n'
    )
    inbox = desk.folder / "50% new leads"
    # A night that lasts another hour, whatever time it is: shortly after midnight 23:59 has just passed.
    until = max(f"{datetime.now() + timedelta(hours=1):%H:%M}", "00:01")  # noqa: DTZ005 - cron's own clock
    schedule = read_schedule(inbox, at="0:00", until=until)
    text = files_of(Kind.CRON, schedule, dialer=command_line()[0])["crontab"]
    done = subprocess.run(
        ["/bin/sh", "-c", as_cron_reads_it(lines(text)[1])],
        env={"HOME": str(desk.folder), "SHELL": "/bin/sh", "LOGNAME": "someone", "PATH": "/usr/bin:/bin"},
        cwd=desk.folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    called = [request for request in desk.sandbox.record() if request["outcome"] == "created"]

    assert (done.returncode, len(called), done.stderr) == (0, 2, "")


# Windows


def test_the_task_of_windows_runs_the_night_in_wsl() -> None:
    task = lines(made(Kind.WINDOWS)["task.cmd"])

    run = f"wsl.exe -- {DIALER} nightly /srv/leads {UNTIL} {Path.home()}/.config/dialer/api-key"
    when = "schtasks /Create /TN dialer /SC WEEKLY /D MON,TUE,WED,THU,FRI /ST 09:05"
    assert task == [f'{when} /TR "{run}"']


@pytest.mark.parametrize("inbox", [ODD, "/mnt/c/" + "leads/" * 40], ids=["odd", "long"])
def test_what_a_task_cannot_hold_is_refused(inbox: str) -> None:
    with pytest.raises(UsageError) as caught:
        made(Kind.WINDOWS, inbox)

    assert caught.value.sentence == (
        "A task of Windows takes 250 plain characters: give the inbox a short name of letters and digits."
    )


# Containers


def test_the_container_copies_only_what_is_in_the_source() -> None:
    """No builder is here that could say so: the words of the file are looked up."""
    copied = [
        line.split()[1:-1] for line in lines(made(Kind.CONTAINER)["Containerfile"]) if line[:5] == "COPY "
    ]

    assert [name for names in copied for name in names if not (ROOT / name).exists()] == []


def test_the_container_runs_as_a_user_whose_ledger_is_on_the_volume() -> None:
    instructions = [line.split(maxsplit=1) for line in lines(made(Kind.CONTAINER)["Containerfile"])]
    words = dict(each for each in instructions if len(each) == 2)

    assert (words["USER"], words["VOLUME"], "XDG_DATA_HOME=/data " in words["ENV"]) == (
        "10001",
        "/data",
        True,
    )


# The command


@pytest.mark.parametrize(
    ("at", "until", "sentence"),
    [
        ("25:00", "20:00", "--at '25:00' is no time of day: write it as 17:30."),
        ("17:00", "late", "--until 'late' is no time of day: write it as 17:30."),
        ("20:00", "9:00", "--until 09:00 must be later than --at 20:00."),
    ],
)
def test_a_schedule_that_cannot_be_is_refused(at: str, until: str, sentence: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_schedule(Path("/srv/leads"), at=at, until=until)

    assert caught.value.sentence == sentence


def test_the_command_writes_the_files_and_replaces_none(tmp_path: Path) -> None:
    first, second = (
        run_dialer("schedule", "systemd", "in", "--write", tmp_path, cwd=tmp_path) for _ in range(2)
    )

    assert (first.stdout.splitlines(), second.returncode, second.stderr) == (
        [f"{tmp_path}/dialer-nightly.service", f"{tmp_path}/dialer-nightly.timer"],
        2,
        f"dialer: {tmp_path}/dialer-nightly.service is there already: take it away first.\n",
    )


def test_the_command_fills_in_the_whole_path_of_the_inbox(tmp_path: Path) -> None:
    printed = run_dialer("schedule", "cron", "in box", cwd=tmp_path).stdout

    assert f"nightly '{tmp_path}/in box' --until 20:00" in printed
