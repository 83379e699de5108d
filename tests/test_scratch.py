"""Copies of somebody's sheet do not outlive the command that made them, however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dialer.scratch import scratch_folder

HOLD = """
import sys
from dialer.scratch import scratch_folder
with scratch_folder() as folder:
    (folder / "leads.csv").write_text("+12015550123")
    print(folder, flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the system keeps what is temporary."""
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    return tmp_path / "tmp"


@pytest.fixture
def holder(place: Path) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """Another process with a folder of its own."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD],
        env=os.environ | {"TMPDIR": str(place)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    yield process, Path(process.stdout.readline().strip())
    process.kill()
    process.communicate()


def use_one(_place: Path) -> None:
    with scratch_folder():
        pass


def test_a_folder_belongs_to_its_owner_alone(place: Path) -> None:
    with scratch_folder() as folder:
        assert (folder.parent, folder.stat().st_mode & 0o777) == (place, 0o700)


def test_a_folder_is_gone_after_the_block(place: Path) -> None:
    with scratch_folder() as folder:
        (folder / "sub").mkdir()
        (folder / "sub" / "leads.csv").write_text("+12015550123")

    assert list(place.iterdir()) == []


def test_a_folder_is_gone_after_an_error(place: Path) -> None:
    with pytest.raises(ZeroDivisionError), scratch_folder():
        raise ZeroDivisionError

    assert list(place.iterdir()) == []


def test_what_a_killed_process_left_is_removed(
    place: Path, holder: tuple[subprocess.Popen[str], Path]
) -> None:
    process, folder = holder
    process.send_signal(signal.SIGKILL)
    process.wait()
    left = (folder / "leads.csv").exists()
    use_one(place)

    assert (left, list(place.iterdir())) == (True, [])


def test_what_another_process_uses_stays(place: Path, holder: tuple[subprocess.Popen[str], Path]) -> None:
    _, folder = holder
    use_one(place)

    assert (folder / "leads.csv").read_text() == "+12015550123"


def test_two_folders_of_one_process_do_not_harm_each_other(place: Path) -> None:
    with scratch_folder() as first:
        use_one(place)

        assert first.is_dir()


def test_a_folder_of_somebodys_own_stays_whatever_its_name(place: Path) -> None:
    (place / "vozagent-dialer-notes").mkdir()
    use_one(place)

    assert (place / "vozagent-dialer-notes").is_dir()


def test_a_link_leads_nowhere(place: Path, tmp_path: Path) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / ".scratch").touch()
    (place / "vozagent-dialer-link").symlink_to(tmp_path / "precious")
    use_one(place)

    assert (tmp_path / "precious" / ".scratch").exists()
