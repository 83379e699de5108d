"""The commands about a ledger itself, as a person types them: suppress, ledger, forget."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.command import Finished
from tests.desk import Desk, Sheet, finish, open_desk, told


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk that all tests of this module share."""
    with open_desk(tmp_path_factory.mktemp("desk")) as opened:
        yield opened


@pytest.fixture(scope="module", autouse=True)
def stories(desk: Desk, request: pytest.FixtureRequest) -> Iterator[Mapping[str, Future[Any]]]:
    """The stories of the tests that were chosen, told side by side."""
    wanted = {name for item in request.session.items for name in getattr(item, "fixturenames", ())}
    with told(desk, STORIES, wanted=wanted) as begun:
        yield begun


# ------------------------------------------------------------------------------------------ suppress


@dataclass(frozen=True)
class Suppressed:
    """A sheet of four: the second is on the list as a number, the third in a file, the fourth opted out."""

    sheet: Sheet
    added: Finished
    imported: Finished
    listed: Finished
    check: Finished
    ran: Finished
    called: Finished
    removed: Finished
    ran_again: Finished
    other: Finished  # another campaign, with the one who opted out


def _suppressed(desk: Desk) -> Suppressed:
    numbers = desk.numbers(4)
    sheet = desk.sheet(numbers)
    columns = [
        "phone,first_name,DNC",
        *(f"{e164},Person," for e164 in numbers[:3]),
        f"{numbers[3]},Person,yes",
    ]
    sheet.path.write_text("\n".join(columns) + "\n")
    place = desk.place()
    (place / "list.csv").write_text(f"Name,Phone\nSomebody,{numbers[2]}\nNobody,555\n")
    other = desk.sheet([numbers[3]])

    def suppress(*arguments: str) -> Finished:
        return desk.dialer("suppress", *arguments, *desk.api, place=place)

    return Suppressed(
        sheet,
        added=suppress("add", numbers[1], "--reason", "asked by mail"),
        imported=suppress("import", "list.csv", "--json"),
        listed=suppress("list"),
        check=desk.dialer("check", sheet.path, *desk.api, "--jsonl"),
        ran=desk.run(sheet, "--json", "--remember-opt-outs"),
        called=desk.call(numbers[1]),
        removed=suppress("remove", numbers[1]),
        ran_again=desk.run(sheet, "--json"),
        other=desk.run(other, "--json"),
    )


@pytest.fixture(scope="module")
def suppressed(stories: Mapping[str, Future[Any]]) -> Suppressed:
    return stories["suppressed"].result()


def test_an_entry_is_added_with_its_ledger_named(desk: Desk, suppressed: Suppressed) -> None:
    assert (suppressed.added.returncode, suppressed.added.stderr) == (
        0,
        f"On the do-not-call list of {desk.ledger}: 1 more.\n",
    )


def test_a_file_that_is_partly_read_is_1_and_says_what_is_wrong(suppressed: Suppressed) -> None:
    told = suppressed.imported.json

    assert (suppressed.imported.returncode, told["added"], [each["cell"] for each in told["unread"]]) == (
        1,
        1,
        ["B3"],
    )


def test_the_list_is_csv_on_stdout(suppressed: Suppressed) -> None:
    header, *lines = suppressed.listed.stdout.splitlines()
    own = [
        line for line in lines if line.startswith(suppressed.sheet.numbers)
    ]  # the ledger is not ours alone

    assert (header, [line.rpartition(",")[0] for line in own]) == (
        "phone,reason,added_at",
        [
            f"{suppressed.sheet.numbers[1]},asked by mail",
            f"{suppressed.sheet.numbers[2]},imported from list.csv",
        ],
    )


def test_check_knows_the_list(suppressed: Suppressed) -> None:
    verdicts = [line["verdict"] for line in suppressed.check.json_lines if line["type"] == "row"]

    assert verdicts == ["callable", "suppressed", "suppressed", "suppressed"]


def test_a_run_calls_nobody_on_the_list(desk: Desk, suppressed: Suppressed) -> None:
    assert suppressed.ran.json["counts"] == {"queued": 1, "suppressed": 3}
    assert not desk.received(*suppressed.sheet.numbers[2:])


def test_a_single_call_is_refused_with_1_and_the_way_to_undo_it(desk: Desk, suppressed: Suppressed) -> None:
    number = suppressed.sheet.numbers[1]
    flags = " ".join(desk.api)

    refusal = f"{number} is not called: it is on the do-not-call list of this ledger (asked by mail);"

    assert (suppressed.called.returncode, suppressed.called.json["error"]["message"]) == (
        1,
        f"{refusal} `dialer suppress remove {number} {flags}` takes it off.",
    )


def test_one_who_was_taken_off_the_list_is_called_by_the_next_run(desk: Desk, suppressed: Suppressed) -> None:
    number = suppressed.sheet.numbers[1]

    assert suppressed.removed.stderr == f"Off the list: {number}. The next run may call them.\n"
    assert (suppressed.ran_again.json["called_now"], desk.created(number).total()) == (1, 1)


def test_an_opt_out_holds_for_the_next_campaign(suppressed: Suppressed) -> None:
    assert suppressed.other.json["counts"] == {"suppressed": 1}


@dataclass(frozen=True)
class AddedMeanwhile:
    """Somebody asks not to be called while a run is on its way to them."""

    sheet: Sheet
    ran: Finished


def _added_meanwhile(desk: Desk) -> AddedMeanwhile:
    sheet = desk.sheet(4)
    run = desk.start(sheet, "--rate", "30/min", "--json")
    desk.wait_for(sheet, 1)
    desk.dialer("suppress", "add", sheet.numbers[3], *desk.api)
    return AddedMeanwhile(sheet, finish(run))


@pytest.fixture(scope="module")
def added_meanwhile(stories: Mapping[str, Future[Any]]) -> AddedMeanwhile:
    return stories["added_meanwhile"].result()


def test_a_run_under_way_keeps_to_an_entry_from_its_next_call_on(
    desk: Desk, added_meanwhile: AddedMeanwhile
) -> None:
    assert added_meanwhile.sheet.statuses() == ["queued"] * 3 + ["suppressed"], added_meanwhile.ran
    assert not desk.received(added_meanwhile.sheet.numbers[3])


# ------------------------------------------------------------------------------------------ ledger


@dataclass(frozen=True)
class Kept:
    """A ledger of its own: backed up, looked over, exported, lost, restored."""

    ledger: Path
    where: Finished
    check: Finished
    backup: Finished
    export: Finished
    lost: Finished
    dry: Finished
    status: Finished
    nobody: Finished  # nobody can answer
    restored: Finished
    again: Finished
    new: Finished


def _kept(desk: Desk) -> Kept:
    place, sheet = desk.place(), desk.sheet(2)
    ledger = place / "mine.sqlite3"
    here = ("--ledger", ledger)

    def care(*arguments: str | Path) -> Finished:
        return desk.dialer("ledger", *arguments, *desk.api, *here, place=place)

    desk.run(sheet, *here)
    where, check, export = care("where", "--json"), care("check"), care("export", "--jsonl")
    backup = care("backup", place / "copy.sqlite3")
    ledger.unlink()
    lost, dry = desk.run(sheet, *here, "--json"), desk.run(sheet, *here, "--dry-run", "--json")
    status = desk.dialer("status", *desk.api, *here, "--json")
    nobody = care("restore", place / "copy.sqlite3", "--json")
    restored = care("restore", place / "copy.sqlite3", "--yes")
    again = desk.run(sheet, *here, "--json")
    ledger.unlink()
    return Kept(
        ledger, where, check, backup, export, lost, dry, status, nobody, restored, again, care("new", "--yes")
    )


@pytest.fixture(scope="module")
def kept(stories: Mapping[str, Future[Any]]) -> Kept:
    return stories["kept"].result()


def test_where_the_ledger_is(kept: Kept) -> None:
    assert (kept.where.json["ledger"], kept.where.json["attempts"]) == (str(kept.ledger), 2)


def test_a_sound_ledger_is_0_and_every_promise_is_named(kept: Kept) -> None:
    lines = kept.check.stdout.splitlines()

    assert (kept.check.returncode, len(lines), {line[-3:] for line in lines}) == (0, 8, {" ok"})


def test_a_backup_says_where_it_is(kept: Kept) -> None:
    assert kept.backup.stdout == f"{kept.ledger.with_name('copy.sqlite3')}\n"


def test_an_export_is_json_lines_on_stdout(kept: Kept) -> None:
    assert [line["outcome"] for line in kept.export.json_lines] == ["called", "called"]


@pytest.mark.parametrize("which", ["lost", "dry", "status"])
def test_a_lost_ledger_is_78_for_every_command(kept: Kept, which: str) -> None:
    finished: Finished = getattr(kept, which)

    assert (finished.returncode, json.loads(finished.stdout)["error"]["code"]) == (78, "ledger_lost")


def test_nothing_is_restored_where_nobody_can_answer(kept: Kept) -> None:
    assert (kept.nobody.returncode, kept.nobody.json["error"]["code"]) == (2, "nobody_can_answer")


def test_after_a_backup_was_restored_nobody_is_called_again(kept: Kept) -> None:
    assert kept.restored.stderr == f"The backup is the ledger {kept.ledger} now.\n"
    assert (kept.again.json["called_now"], kept.again.json["counts"]) == (0, {"queued": 2})


def test_a_ledger_is_begun_anew_on_purpose(kept: Kept) -> None:
    assert (kept.new.returncode, kept.new.stderr) == (0, f"A new ledger: {kept.ledger}\n")


# ------------------------------------------------------------------------------------------ another list


@dataclass(frozen=True)
class Strange:
    """A campaign's name meets quite another sheet."""

    planned: Finished


def _strange(desk: Desk) -> Strange:
    first, second = desk.sheet(3), desk.sheet(3)
    desk.run(first, "--campaign", "spring")
    return Strange(desk.run(second, "--campaign", "spring", "--dry-run"))


@pytest.fixture(scope="module")
def strange(stories: Mapping[str, Future[Any]]) -> Strange:
    return stories["strange"].result()


def test_the_plan_says_that_a_campaign_meets_quite_another_sheet(strange: Strange) -> None:
    assert (
        "; only 0 of its numbers stood there: give another list a --campaign of its own"
        in strange.planned.stderr
    )


STORIES = {
    "suppressed": _suppressed,
    "added_meanwhile": _added_meanwhile,
    "kept": _kept,
    "strange": _strange,
}
