"""A key and a person as canaries: after everything was done loudly and badly, where are they?

The API here takes any key and quotes it back wherever it can: in messages, in pages, in places to go.
"""

from __future__ import annotations

import json
import re
import signal
import subprocess
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.command import Finished, command_line, environment, home, run_dialer

KEY = "sk-CANARY-9f3-of-some-length"
PERSON, FIRST = "+12025550142", "+12025550100"
NAME = "Birdsong"
# 555-01xx in 202; the last two digits say how each call ends.
ENDINGS = {
    "01": (422, '{"error": {"code": "bad", "message": "KEY may not call NUMBER, said NAME"}}', {}),
    "02": (500, "Traceback (most recent call last): headers = {'Authorization': 'Bearer KEY'}", {}),
    "03": (502, "<html><body>KEY NUMBER</body></html>", {}),
    "04": (201, "KEY: this is no JSON", {}),
    "05": (201, '{"call_id": "KEY", "status": "KEY", "to_phone": "NUMBER", "contact_id": "KEY"}', {}),
    "06": (429, "KEY", {"Retry-After": "KEY"}),
    "07": (409, '{"error": {"message": "KEY"}}', {}),
}
HOSTILE = "\x1b]0;pwn\x07"  # would name the window
TURNED = "\u202e"


class Handler(BaseHTTPRequestHandler):
    """Answers as the last digits of the number say, and quotes what it was sent."""

    server: Api

    def do_GET(self) -> None:
        self.server.seen.append(self.path)
        if "/assistants" in self.path:
            self._say(
                200, '[{"id": "a-1", "name": "Voz", "is_active": true}]' if "offset=0" in self.path else "[]"
            )
        else:
            self._say(500, "Bearer KEY")

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        number = body["phone_number"]
        self.server.numbers.append(number)
        answer = {"call_id": f"call-{number[-4:]}", "status": f"que{HOSTILE}{TURNED}ued", "to_phone": number}
        status, text, headers = ENDINGS.get(number[-2:], (201, json.dumps(answer), {}))
        if status == 429 and self.server.numbers.count(number) > 1:
            status, text, headers = 201, json.dumps(answer), {}
        self._say(status, text.replace("NUMBER", number).replace("NAME", str(body.get("last_name"))), headers)

    def _say(self, status: int, text: str, headers: dict[str, str] | None = None) -> None:
        key = self.headers.get("Authorization", "").removeprefix("Bearer ")
        content = text.replace("KEY", key).encode()
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value.replace("KEY", key))
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_args: Any) -> None:
        """Nothing on the screen of the tests."""


@dataclass
class Record:
    """What the API was asked."""

    seen: list[str] = field(default_factory=list)
    numbers: list[str] = field(default_factory=list)


class Api(ThreadingHTTPServer):
    """On a free port of this machine."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.seen: list[str] = []
        self.numbers: list[str] = []

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"


@contextmanager
def served() -> Iterator[Api]:
    api = Api()
    thread = threading.Thread(target=api.serve_forever, daemon=True)
    thread.start()
    try:
        yield api
    finally:
        api.shutdown()
        api.server_close()
        thread.join()


@dataclass
class Story:
    """Everything that was done, and the folder in which it was done."""

    folder: Path
    said: dict[str, Finished]
    arguments: str  # the command line of a run under way, and of its children
    received: list[str]

    def texts(self) -> Iterator[tuple[str, str]]:
        """All that was said, by command."""
        for name, finished in self.said.items():
            yield name, finished.stdout + finished.stderr

    def files(self) -> Iterator[tuple[str, str]]:
        """All that was written, unpacked, but for the sheets that the person gave and the key's own file."""
        for path in self.folder.rglob("*"):
            if not path.is_file() or path.parent == self.folder:
                continue
            yield str(path.relative_to(self.folder)), path.read_bytes().decode("latin-1")
            if zipfile.is_zipfile(path):
                with zipfile.ZipFile(path) as archive:
                    for name in archive.namelist():
                        yield f"{path.name}!{name}", archive.read(name).decode("utf-8", "replace")


SHEET = "\n".join(
    [
        "phone,first_name,last_name",
        f"{FIRST},First,Person",
        *(f"+120255501{ending},No,Body" for ending in ENDINGS),
        f"{PERSON},Canary,{NAME}",
        f"(202) 555-01,Broken,{NAME}",
    ]
)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    folder = tmp_path_factory.mktemp("secrets")
    (folder / "tmp").mkdir()
    (folder / "leads.csv").write_text(SHEET + "\n")
    (folder / "key").write_text(f"{KEY}\n")
    (folder / "key").chmod(0o600)
    hostile = f"ev{HOSTILE}il{TURNED}\r.csv"
    (folder / hostile).write_text(
        f"phone,na\x1b[2Jme{TURNED},DNC\n+12025550110,\x1b[31mRed{TURNED},\n<script>alert(1)</script>,\rX,\n"
        f"+12025550111,Ann,ye\x1b[5ms\n"
    )
    env: dict[str, str | None] = {
        **home(folder / ".home"),
        "TMPDIR": str(folder / "tmp"),
        "VOZAGENT_API_KEY": KEY,
    }
    by_file = {**env, "VOZAGENT_API_KEY": None}
    with served() as api:
        place = ("--base-url", api.base_url)
        run = ("--yes", "-vv", "--rate", "200/s", "-a", "Voz", "--region", "US", *place)

        def dialer(*arguments: str | Path, key_in_file: bool = False, stdin: str | None = None) -> Finished:
            return run_dialer(*arguments, cwd=folder, env=by_file if key_in_file else env, stdin=stdin)

        by_key_file = ("--json", "--api-key-file", folder / "key")
        nowhere = ("http://127.0.0.1:1/v1", "--campaign", "x", "--give-up-after", "1s")
        spoilt = {**env, "VOZAGENT_API_KEY": f"{KEY}\nX: 1"}
        camp, because = f"ca{HOSTILE}mp", f"be{HOSTILE}cause{TURNED}"
        said = {
            "run": dialer("run", "leads.csv", *run),
            "run again": dialer("run", "leads.csv", *run, *by_key_file, key_in_file=True),
            "check": dialer("check", "leads.csv", "--region", "US", "-vv"),
            "status": dialer("status", *place, "-vv"),
            "status in depth": dialer("status", "leads", *place, "-vv"),
            "reconcile": dialer("reconcile", *place, "-vv"),
            "call": dialer("call", "+12025550102", *place, "-a", "Voz", "-vv", "--recall-after", "0s"),
            "no key": dialer("run", "leads.csv", *run, key_in_file=True),
            "a key that is none": run_dialer("run", "leads.csv", *run, cwd=folder, env=spoilt),
            "no API": dialer("run", "leads.csv", *run[:-1], *nowhere),
            "a wrong option": dialer("run", "leads.csv", "--api-key", KEY),
            "hostile check": dialer("check", hostile, "--map", "phone=A"),
            "hostile run": dialer("run", hostile, *run, "--campaign", camp),
            "hostile pause": dialer("pause", camp, *place, "--reason", because),
            "hostile status": dialer("status", camp, *place),
            "hostile list": dialer("suppress", "add", "+12025550177", *place, "--reason", f"\x1b[2J{TURNED}"),
            "hostile listed": dialer("suppress", "list", *place),
            "hostile export": dialer("ledger", "export", *place),
            "hostile forget": dialer("forget", "+12025550110", *place, "--yes"),
        }  # fmt: skip
        said["interrupted"], arguments = interrupted(folder, run, env, api)
        yield Story(folder, said, arguments, list(api.numbers))


def interrupted(
    folder: Path, run: tuple[str, ...], env: dict[str, str | None], api: Api
) -> tuple[Finished, str]:
    """A slow run that is stopped with Ctrl-C, and how it stood in the list of processes."""
    (folder / "slow.csv").write_text("phone\n" + "".join(f"+120355501{last:02d}\n" for last in range(30, 60)))
    before = len(api.numbers)
    options = [*run[:3], "5/s", *run[4:]]
    process = subprocess.Popen(
        command_line("run", "slow.csv", *options),
        cwd=folder,
        env=environment(folder, env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        end = time.monotonic() + 30
        while len(api.numbers) < before + 2 and time.monotonic() < end:
            threading.Event().wait(0.05)
        listed = subprocess.run(["ps", "-wweo", "args"], capture_output=True, text=True, check=True).stdout  # noqa: S607
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=30)
    finally:
        process.kill()
    return Finished(process.args, process.returncode, stdout, stderr), listed


# The key


def test_all_that_can_go_wrong_went_wrong(story: Story) -> None:
    codes = {name: finished.returncode for name, finished in story.said.items()}

    assert {name: code for name, code in codes.items() if code not in {0, 1}} == {
        "no key": 77,
        "a key that is none": 77,
        "no API": 69,
        "a wrong option": 2,
        "interrupted": 130,
    }
    assert {number[-2:] for number in story.received} >= set(ENDINGS)


def test_the_key_is_never_said(story: Story) -> None:
    saying = [name for name, text in story.texts() if "CANARY" in text and name != "a wrong option"]

    assert saying == []


def test_the_key_is_never_written(story: Story) -> None:
    assert [name for name, text in story.files() if "CANARY" in text] == []


def test_of_the_key_only_its_last_four_characters_are_shown(story: Story) -> None:
    assert f"key …{KEY[-4:]}" in story.said["run"].stderr


def test_the_key_is_in_no_list_of_processes(story: Story) -> None:
    assert ("slow.csv" in story.arguments, "CANARY" in story.arguments) == (True, False)


def test_there_is_no_option_for_the_key_itself(story: Story) -> None:
    assert "No such option" in story.said["a wrong option"].stderr


# The person


def test_what_a_run_says_about_each_call_is_masked(story: Story) -> None:
    loud = story.said["run"].stderr

    assert ("+1202***0142" in loud, PERSON in loud, NAME in loud) == (True, False, False)


def test_the_first_request_is_shown_whole_on_purpose(story: Story) -> None:
    assert f'"phone_number": "{FIRST}"' in story.said["run"].stderr


@pytest.mark.parametrize(
    "name", ["run", "run again", "status", "status in depth", "reconcile", "interrupted"]
)
def test_no_command_names_a_person_unasked(story: Story, name: str) -> None:
    finished = story.said[name]

    assert [each for each in (PERSON, NAME) if each in finished.stdout + finished.stderr] == []


def test_the_person_is_in_the_ledger_and_in_the_reports_alone(story: Story) -> None:
    holding = {Path(name).parts[0] for name, text in story.files() if PERSON in text or NAME in text}

    assert holding <= {".home", "reports"}


def test_the_log_tells_of_everything_and_names_nobody(story: Story) -> None:
    """Of all that the API quoted back, and of those whom the commands named, nothing is there."""
    told = next(text for name, text in story.files() if name.endswith("dialer.log.jsonl"))
    named = [PERSON, FIRST, NAME, "Canary", *(number.removeprefix("+1") for number in story.received)]

    assert (told.count('"call_ended"') >= len(ENDINGS), '"number": "***42"' in told) == (True, True)
    assert [each for each in named if each in told] == []


def test_nothing_is_left_where_things_are_temporary(story: Story) -> None:
    assert list((story.folder / "tmp").iterdir()) == []


# What comes from outside


@pytest.mark.parametrize("what", ["\x1b", "\x07", TURNED, "\r"], ids=["escape", "bell", "turned", "return"])
def test_nothing_from_outside_moves_the_cursor(story: Story, what: str) -> None:
    """Names of files, campaigns and columns, cells, reasons, and what the API says."""
    assert [name for name, text in story.texts() if what in text] == []


def test_nothing_from_outside_becomes_markup(story: Story) -> None:
    pages = [text for name, text in story.files() if name.endswith(".html")]

    assert pages
    assert [page for page in pages if re.search(r"<script|\x1b", page)] == []


@pytest.mark.parametrize("mode", [0o644, 0o640])
def test_a_key_that_others_can_read_is_refused_before_anything_is_done(tmp_path: Path, mode: int) -> None:
    (tmp_path / "key").write_text(KEY)
    (tmp_path / "key").chmod(mode)
    (tmp_path / "leads.csv").write_text(f"phone\n{PERSON}\n")
    done = run_dialer("run", "leads.csv", "-a", "Voz", "--yes", "--api-key-file", "key", cwd=tmp_path)

    assert (done.returncode, done.stderr) == (
        77,
        "dialer: Others can read the key file key: take their rights away with chmod 600 key.\n",
    )
    written = {path.name for path in tmp_path.rglob("*") if path.is_file()}
    assert written == {"key", "leads.csv", "dialer.log.jsonl"}
