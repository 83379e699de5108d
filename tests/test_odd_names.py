"""Names that are not written in UTF-8 get one clear sentence, wherever they stand."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.command import run_dialer

ODD = os.fsdecode(b"caf\xe9")
SHEET = "Name,Phone\nAnn Example,+12015550123\n"


@pytest.mark.parametrize("command", [("check",), ("run", "--sandbox", "--yes")])
def test_a_file_whose_name_is_not_utf_8_has_to_be_renamed(tmp_path: Path, command: tuple[str, ...]) -> None:
    (tmp_path / f"{ODD}.csv").write_text(SHEET)
    done = run_dialer(*command, f"{ODD}.csv", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (
        65,
        (
            f"dialer: The path {tmp_path}/caf\ufffd.csv is not written in UTF-8 (\ufffd stands for what"
            " cannot be read): rename the file or its folder.\n"
        ),
    )


def test_so_has_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / ODD
    folder.mkdir()
    (folder / "leads.csv").write_text(SHEET)
    assert run_dialer("check", "leads.csv", "--json", cwd=folder).json["error"]["code"] == "name_undecodable"


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (("run", "leads.csv", "--sandbox", "--yes", "--campaign", ODD), "--campaign"),
        (("run", "leads.csv", "--sandbox", "--yes", "--tag", ODD), "--tag"),
        (("check", "leads.csv", "--fix-list", f"{ODD}.xlsx"), "--fix-list"),
        (("status", ODD, "--sandbox"), "CAMPAIGN"),
    ],
)
def test_an_option_that_is_not_utf_8_has_to_be_typed_again(
    tmp_path: Path, arguments: tuple[str, ...], name: str
) -> None:
    (tmp_path / "leads.csv").write_text(SHEET)
    done = run_dialer(*arguments, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (
        2,
        f"dialer: What is given for {name} is not written in UTF-8: type it again.\n",
    )


def test_so_has_a_variable_of_the_environment(tmp_path: Path) -> None:
    (tmp_path / "leads.csv").write_text(SHEET)
    done = run_dialer("check", "leads.csv", cwd=tmp_path, env={"DIALER_CAMPAIGN": ODD})
    assert done.returncode == 2
