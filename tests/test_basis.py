"""Before a live API calls anybody, the operator has stated on what basis these people may be called."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
from pathlib import Path

import pytest

from dialer.basis import Basis, basis_of, state_basis
from dialer.errors import UsageError
from dialer.stating import require_basis, stated_basis
from tests.builders import World
from tests.command import SANDBOX_KEY, Finished, command_line, environment, run_dialer

# Nobody is reached there: the name belongs to nobody, and for ever.
LIVE = ("--base-url", "https://voz.invalid/v1", "--assistant", "Voz", "--any-hour", "--give-up-after", "0s")
MISSING = (
    "On what basis may these people be called by an artificial voice? Say it once for this campaign, as "
    '--basis "written consent, form 12".'
)


def basis(world: World) -> Basis | None:
    with world.ledger.reading() as connection:
        return basis_of(connection, world.campaign.campaign_id)


def state(world: World, words: str) -> None:
    with world.ledger.transaction() as connection:
        state_basis(connection, world.campaign.campaign_id, words, now=world.loop.utc_now())


# What is written down


def test_what_was_stated_stands_with_its_time(world: World) -> None:
    now = world.loop.utc_now()
    state(world, "  written consent,\n form 12 ")

    assert basis(world) == Basis("written consent, form 12", now)


def test_the_same_words_again_keep_their_time(world: World) -> None:
    state(world, "form 12")
    before = basis(world)
    world.loop.stall(60)
    state(world, "form 12")

    assert basis(world) == before


def test_other_words_take_their_place_with_a_new_time(world: World) -> None:
    state(world, "form 12")
    world.loop.stall(60)
    state(world, "form 13")

    assert basis(world) == Basis("form 13", world.loop.utc_now())


def test_a_campaign_says_nothing_of_another(make_world: type[World]) -> None:
    first, second = make_world(name="first"), make_world(name="second")
    state(first, "form 12")

    assert basis(second) is None


# When it is asked for


def test_where_nobody_can_answer_the_sentence_names_the_flag(world: World) -> None:
    with pytest.raises(UsageError) as refused:
        require_basis(world.ledger, world.campaign.campaign_id, live=True)

    assert refused.value.sentence == MISSING


def test_an_api_on_this_machine_needs_none(world: World) -> None:
    require_basis(world.ledger, world.campaign.campaign_id, live=False)

    assert basis(world) is None


def test_once_stated_it_is_not_asked_for_again(world: World) -> None:
    state(world, "form 12")

    require_basis(world.ledger, world.campaign.campaign_id, live=True)


def test_an_empty_flag_states_nothing(world: World) -> None:
    with pytest.raises(UsageError) as refused:
        stated_basis(world.ledger, world.campaign.campaign_id, "  ")

    assert refused.value.sentence == (
        'The basis is empty: say on what these people may be called, as --basis "written consent, form 12".'
    )


# The command


def dialer(folder: Path, *arguments: str) -> Finished:
    return run_dialer(*arguments, cwd=folder, env=SANDBOX_KEY)


def on_a_terminal(folder: Path, *arguments: str, answers: str) -> int:
    """`dialer ARGUMENTS` on a terminal where these answers are typed; gives its exit code."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        command_line(*arguments),
        cwd=folder,
        env=environment(folder, SANDBOX_KEY),
        stdin=theirs,
        stdout=subprocess.DEVNULL,
        stderr=theirs,
    )
    os.close(theirs)
    os.write(ours, answers.encode())
    try:
        while os.read(ours, 4096):
            pass
    except OSError:  # the terminal has no other end any more
        pass
    finally:
        os.close(ours)
    return process.wait(timeout=30)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "leads.csv").write_text("phone,name\n+12015550123,Ann Example\n")
    return tmp_path


def basis_in_status(folder: Path) -> object:
    shown = dialer(folder, "status", "leads", "--json", *LIVE[:2])
    return json.loads(shown.stdout)["basis"]


def test_a_live_api_calls_nobody_before_it_was_said_and_anybody_after(folder: Path) -> None:
    refused = dialer(folder, "run", "leads.csv", *LIVE, "--yes")

    assert (refused.returncode, refused.stderr.splitlines()[-1]) == (2, f"dialer: {MISSING}")
    assert "Basis not stated yet (--basis)" in " ".join(refused.stderr.split())

    stated = dialer(folder, "run", "leads.csv", *LIVE, "--yes", "--basis", "written consent, form 12")

    assert stated.returncode == 69  # the API that does not exist was tried
    (page,) = (folder / "reports").glob("*.report.html")
    words = r"written consent, form 12 \(stated \d{4}-\d\d-\d\d \d\d:\d\d UTC\)"
    assert re.search(f"Basis {words}", " ".join(stated.stderr.split()))
    assert re.search(words, page.read_text())
    assert re.fullmatch(words, str(basis_in_status(folder)))


def test_on_a_terminal_it_is_asked_for_and_kept(folder: Path) -> None:
    ended = on_a_terminal(folder, "run", "leads.csv", *LIVE, answers="form 12\nn\n")

    assert (ended, str(basis_in_status(folder))[:16]) == (1, "form 12 (stated ")


def test_an_empty_answer_calls_nobody(folder: Path) -> None:
    assert on_a_terminal(folder, "run", "leads.csv", *LIVE, "--yes", answers="\n") == 2
