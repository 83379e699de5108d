"""`dialer doctor`: what it finds, what it says to do, and that it calls nobody."""

from __future__ import annotations

import os
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from dialer.doctor import Diagnosis, Patient, diagnose, judge
from dialer.ledger import Ledger
from dialer.ledger_file import LedgerFile
from dialer.ledger_health import Health, Standing, examine
from dialer.lookups import Assistant, RollCall
from dialer.machine import Examined, Verdict, examine_disk, examine_machine, ok, warning, wrong
from dialer.settings import Place
from tests.command import Finished
from tests.desk import Desk, open_desk

NOW = datetime(2026, 3, 2, 15, 4, 5, tzinfo=UTC)
API = "https://api.voz.example/v1"
VOZ = Assistant("Voz", "a-1", active=True)
RETIRED = Assistant("Retired", "a-2", active=False)


def judged(rolled: RollCall, *, ours: datetime = NOW, **patient: Any) -> dict[str, Examined]:
    found = judge(Patient(Place(), **patient), API, rolled, ours=ours)
    return {each.name: each for each in found}


# ------------------------------------------------------------------------------------ what the API says


def test_an_api_that_lists_its_assistants_is_well() -> None:
    assert judged(RollCall((VOZ,)))["api"] == ok("api", f"{API} answers and accepts the key")


@pytest.mark.parametrize(
    ("rolled", "found"),
    [
        (
            RollCall(trouble="GET /assistants answered 401", http_status=401),
            wrong(
                "key",
                "The API refuses the key (401).",
                "Copy the key again from the VozAgent dashboard.",
                exit_code=77,
            ),
        ),
        (
            RollCall(trouble="GET /assistants answered 402", http_status=402),
            wrong(
                "key",
                "The account has no active subscription (402).",
                "Renew it in the VozAgent dashboard.",
                exit_code=77,
            ),
        ),
        (
            RollCall(trouble="ConnectError: refused", reached=False),
            wrong(
                "api",
                f"{API} cannot be reached (ConnectError: refused).",
                "Check the network and --base-url.",
                exit_code=69,
            ),
        ),
        (
            RollCall(trouble="GET /assistants answered 301", http_status=301),
            wrong(
                "api",
                f"{API} redirects (301).",
                "Put the address it redirects to into --base-url.",
                exit_code=78,
            ),
        ),
        (
            RollCall(trouble="GET /assistants answered 403", http_status=403),
            warning(
                "api",
                f"{API} gives no list of assistants (GET /assistants answered 403).",
                "Try one call to your own number: dialer call +E164.",
            ),
        ),
    ],
    ids=["401", "402", "no reply", "redirect", "403"],
)
def test_what_the_api_refuses_is_said_with_what_to_do(rolled: RollCall, found: Examined) -> None:
    assert judged(rolled, assistant="Voz")[found.name] == found


@pytest.mark.parametrize(
    ("patient", "found"),
    [
        ({"assistant": "Voz"}, ok("assistant", "Voz, active")),
        ({"assistant_id": "a-1"}, ok("assistant", "a-1, active")),
        (
            {"assistant": "{Agent|Voz}"},
            ok("assistant", "{Agent|Voz} is filled in from each row, and looked up before the first call"),
        ),
        (
            {},
            warning(
                "assistant",
                "None is named; there are: Voz, Retired.",
                "Name one with --assistant, or in dialer.toml.",
            ),
        ),
        (
            {"assistant": "voz"},
            wrong(
                "assistant",
                "There is no assistant 'voz'; there are: Voz, Retired.",
                "Name one of them with --assistant.",
                exit_code=78,
            ),
        ),
        (
            {"assistant": "Retired"},
            wrong(
                "assistant",
                "The assistant 'Retired' is not active.",
                "Activate it in the VozAgent dashboard, or name another.",
                exit_code=78,
            ),
        ),
    ],
    ids=["there", "by id", "a template", "none", "missing", "inactive"],
)
def test_the_assistant_is_looked_up(patient: dict[str, Any], found: Examined) -> None:
    assert judged(RollCall((VOZ, RETIRED)), **patient)["assistant"] == found


@pytest.mark.parametrize("seconds", [-60, 0, 60])
def test_a_clock_within_a_minute_of_the_apis_is_well(seconds: int) -> None:
    ours = NOW + timedelta(seconds=seconds)

    assert judged(RollCall(server_time=NOW), ours=ours)["clock"].verdict is Verdict.OK


@pytest.mark.parametrize(("seconds", "way"), [(61, "61 s ahead of"), (-7200, "7,200 s behind")])
def test_a_clock_that_is_off_is_warned_of(seconds: int, way: str) -> None:
    ours = NOW + timedelta(seconds=seconds)

    assert judged(RollCall(server_time=NOW), ours=ours)["clock"] == warning(
        "clock",
        f"This machine's clock is {way} the API's.",
        "Have it set by the network (NTP): calling hours depend on it.",
    )


def test_an_api_that_tells_no_time_is_warned_of() -> None:
    assert judged(RollCall())["clock"] == warning(
        "clock",
        "The API did not say what time it is.",
        "See that this machine sets its clock by the network: calling hours depend on it.",
    )


# ------------------------------------------------------------------------------------ the ledger


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A ledger with one campaign."""
    place = tmp_path / "ledger.sqlite3"
    with closing(Ledger(place)) as ledger, ledger.transaction() as connection:
        connection.exec_driver_sql(
            "INSERT INTO campaigns (name, kind, created_at) VALUES ('spring sale', 'sheet', '')"
        )
    return place


def execute(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)


def looked_at(path: Path) -> list[Examined]:
    """What is said of a ledger; there is no key, so that nothing is sent."""
    place = Place(ledger=str(path), api_key_file=path.with_name("no key"))
    return [each for each in diagnose(Patient(place)) if each.name in {"ledger", "campaign"}]


def test_a_sound_ledger_is_healthy(path: Path) -> None:
    assert examine(LedgerFile(path)) == Health(None, "0004", 0, (), writable=True)


def test_a_sound_ledger_is_well(path: Path) -> None:
    assert looked_at(path) == [ok("ledger", f"{path}, sound, schema 0004, 0 attempts")]


def test_a_ledger_that_is_not_there_is_not_created(tmp_path: Path) -> None:
    path = tmp_path / "new" / "ledger.sqlite3"

    assert (looked_at(path), path.parent.exists()) == (
        [ok("ledger", f"{path} is not there yet: the first run creates it.")],
        False,
    )


def test_to_look_at_a_ledger_leaves_nothing_beside_it(path: Path) -> None:
    before = sorted(path.parent.rglob("*"))
    looked_at(path)

    assert sorted(path.parent.rglob("*")) == before


def test_an_older_ledger_is_not_upgraded(path: Path) -> None:
    execute(path, "UPDATE alembic_version SET version_num = '0003'")

    assert [looked_at(path), looked_at(path)] == [
        [
            ok(
                "ledger",
                f"{path}, sound, schema 0003, 0 attempts; the next run upgrades it and keeps a backup",
            )
        ]
    ] * 2


def test_a_newer_ledger_is_wrong(path: Path) -> None:
    execute(path, "UPDATE alembic_version SET version_num = '0999'")

    assert looked_at(path) == [
        wrong(
            "ledger",
            f"{path} was written by a newer dialer (schema 0999).",
            "Upgrade dialer on this machine.",
            exit_code=78,
        )
    ]


def test_a_damaged_ledger_is_wrong(path: Path) -> None:
    path.write_bytes(b"SQLite format 3\0" + b"\xff" * 4096)

    (found,) = looked_at(path)

    assert (found.verdict, found.exit_code, found.advice) == (
        Verdict.WRONG,
        78,
        "Put back a backup with `dialer ledger restore BACKUP`.",
    )


def test_another_database_is_wrong(tmp_path: Path) -> None:
    execute(tmp_path / "other.sqlite3", "CREATE TABLE songs (name)")

    assert looked_at(tmp_path / "other.sqlite3") == [
        wrong(
            "ledger",
            f"{tmp_path / 'other.sqlite3'} is a database of something else.",
            "Name another ledger with --ledger.",
            exit_code=78,
        )
    ]


def test_a_ledger_that_was_taken_away_is_wrong(path: Path) -> None:
    path.unlink()

    (found,) = looked_at(path)

    assert (found.verdict, found.exit_code) == (Verdict.WRONG, 78)


def test_a_paused_campaign_is_warned_of(path: Path) -> None:
    execute(path, "UPDATE campaigns SET paused_reason = 'by a person', paused_at = ''")

    assert looked_at(path)[1] == warning(
        "campaign",
        "Campaign 'spring sale' is paused (by a person).",
        f"`dialer resume 'spring sale' --ledger {path}` lets it go on.",
    )


def test_a_campaign_under_way_is_warned_of(path: Path) -> None:
    with closing(Ledger(path)) as ledger, ledger.lock("spring sale"):
        (standing,) = examine(LedgerFile(path)).standing

    holder = f"process {os.getpid()} on {socket.gethostname()}"
    assert standing == Standing("spring sale", paused=None, holder=holder)


# ------------------------------------------------------------------------------------ the machine


def test_this_machine_can_run_dialer(tmp_path: Path) -> None:
    found = {each.name: each.verdict for each in examine_machine(tmp_path / "reports", now=datetime.now(UTC))}

    assert (list(found), Verdict.WRONG in found.values()) == (
        ["python", "time zones", "holidays", "phone numbers", "reports"],
        False,
    )


def test_old_zone_data_is_warned_of(tmp_path: Path) -> None:
    far = datetime(2100, 1, 1, tzinfo=UTC)
    (zones,) = [each for each in examine_machine(tmp_path, now=far) if each.name == "time zones"]

    assert (zones.verdict, zones.advice) == (
        Verdict.WARNING,
        "Upgrade the package tzdata: clocks have been changed since in some places.",
    )


def test_a_folder_that_is_not_there_is_looked_at_where_it_would_be(tmp_path: Path) -> None:
    found = examine_disk("reports", tmp_path / "a" / "b")

    assert (found.verdict, found.said.startswith(f"{tmp_path / 'a' / 'b'} (to be created), ")) == (
        Verdict.OK,
        True,
    )


def test_a_folder_in_which_nothing_can_be_written_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    assert examine_disk("reports", tmp_path / "file") == wrong(
        "reports",
        f"Nothing can be written in {tmp_path / 'file'} (Not a directory).",
        "Check the folder's rights, or name another place.",
        exit_code=78,
    )


def test_the_exit_code_is_that_of_the_first_wrong_thing() -> None:
    checks = (warning("a", "", ""), wrong("b", "", exit_code=77), wrong("c", "", exit_code=78))

    assert Diagnosis(checks).exit_code == 77


def test_warnings_alone_are_0() -> None:
    assert Diagnosis((warning("a", "", ""), ok("b", ""))).exit_code == 0


# ------------------------------------------------------------------------------------ the command


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk that all tests of this module share."""
    with open_desk(tmp_path_factory.mktemp("desk")) as opened:
        yield opened


@pytest.fixture(scope="module")
def well(desk: Desk) -> Finished:
    """`dialer doctor` where all is well."""
    return desk.dialer("doctor", *desk.api, "-a", "Voz", "--json")


def verdicts(finished: Finished) -> dict[str, str]:
    return {each["name"]: each["verdict"] for each in finished.json["checks"]}


def test_where_all_is_well_it_is_0(well: Finished) -> None:
    assert (well.returncode, well.json["ok"], well.json["exit_code"]) == (0, True, 0)


def test_everything_is_looked_at(well: Finished) -> None:
    assert list(verdicts(well)) == [
        *("settings", "key", "ledger", "ledger's disk", "api", "assistant", "clock"),
        *("python", "time zones", "holidays", "phone numbers", "reports"),
    ]


def test_the_end_of_the_key_is_shown_and_no_more(well: Finished) -> None:
    (key,) = [each for each in well.json["checks"] if each["name"] == "key"]
    assert (key["said"], "sk_sandbox" in well.stdout) == ("from VOZAGENT_API_KEY, …dbox", False)


def test_nobody_is_called(desk: Desk, well: Finished) -> None:
    assert (well.returncode, desk.sandbox.record()) == (0, [])


@pytest.mark.parametrize(
    ("arguments", "key", "code", "about"),
    [
        (("-a", "Voz"), None, 77, "key"),
        (("-a", "Voz"), "sk_nobody", 77, "key"),
        (("-a", "Zov"), "sk_sandbox", 78, "assistant"),
        (("-a", "Voz", "--base-url", "http://127.0.0.1:9/v1"), "sk_sandbox", 69, "api"),
    ],
    ids=["no key", "a refused key", "no such assistant", "nobody there"],
)
def test_what_is_wrong_has_the_exit_code_of_a_run(
    desk: Desk, arguments: tuple[str, ...], key: str | None, code: int, about: str
) -> None:
    finished = desk.dialer("doctor", *desk.api, *arguments, "--json", env={"VOZAGENT_API_KEY": key})
    wrong = [each["name"] for each in finished.json["checks"] if each["verdict"] == "wrong"]
    assert (finished.returncode, finished.json["exit_code"], wrong) == (code, code, [about])


def test_wrong_settings_are_78_and_the_machine_is_looked_at_all_the_same(desk: Desk) -> None:
    place = desk.place()
    (place / "dialer.toml").write_text("rat = 5\n")
    finished = desk.dialer("doctor", "--json", place=place)
    assert (finished.returncode, finished.json["checks"][0]["said"], list(verdicts(finished))[1]) == (
        78,
        "dialer.toml: there is no setting 'rat'; did you mean 'rate'?",
        "python",
    )


def test_a_person_reads_a_line_for_each_thing_and_what_to_do_below(desk: Desk) -> None:
    finished = desk.dialer("doctor", *desk.api, "-q", "-a", "Retired")
    assert [" ".join(line.split()) for line in finished.stdout.splitlines()] == [
        "wrong assistant The assistant 'Retired' is not active.",
        "Activate it in the VozAgent dashboard, or name another.",
    ]
