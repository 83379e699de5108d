"""The sandbox as a process: how it starts, what it says, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

import httpx
import pytest

from dialer.sandbox.__main__ import main
from dialer.sandbox.child import SandboxDidNotStart, SandboxProcess
from tests.sandbox_fixtures import ADA, post, raw_post

ROOT = Path(__file__).resolve().parents[1]
RUN = [sys.executable, "-m", "dialer.sandbox"]


@contextmanager
def _started(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [*RUN, *arguments],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


@contextmanager
def _idle_connection(address: SplitResult) -> Iterator[socket.socket]:
    """A connection over which one request was made and answered."""
    connection = HTTPConnection(address.netloc, timeout=5.0)
    try:
        connection.request("GET", "/sandbox")
        connection.getresponse().read()
        assert isinstance(connection.sock, socket.socket)
        yield connection.sock
    finally:
        connection.close()


def _announced(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    base_url: str = json.loads(process.stdout.readline())["base_url"]
    return base_url


def test_a_child_is_ready_when_the_block_begins_and_gone_when_it_ends(tmp_path: Path) -> None:
    with SandboxProcess(tmp_path / "sandbox.db") as sandbox:
        assert post(sandbox.base_url).status_code == 201
        pid, base_url = sandbox.pid, sandbox.base_url
    address = urlsplit(base_url)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((address.hostname, address.port))
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_child_says_that_it_does_not_stand_alone(tmp_path: Path) -> None:
    with SandboxProcess(tmp_path / "sandbox.db") as sandbox:
        said = sandbox.ask("GET", "/sandbox")
    assert (said["standalone"], said["database"]) == (False, str(tmp_path / "sandbox.db"))


def test_a_child_takes_its_options() -> None:
    options = {"faults": ["503@0.5"], "scripts": [f"{ADA}=429:7,ok"], "rate_limit": "9/s"}
    with SandboxProcess(":memory:", seed=3, latency_seconds=0.25, **options) as sandbox:  # type: ignore[arg-type] # a table for the test
        shown = sandbox.ask("GET", "/sandbox/faults")
    assert shown == {
        "faults": ["latency:0.25", "503@0.5"],
        "scripts": {ADA: ["429:7", "ok"]},
        "seed": 3,
        "rate_limit": "9/s",
    }


def test_a_child_has_a_session_of_its_own(tmp_path: Path) -> None:
    with SandboxProcess(tmp_path / "sandbox.db") as sandbox:
        assert os.getsid(sandbox.pid) == sandbox.pid != os.getsid(0)


def test_a_child_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom dialer.sandbox.child import SandboxProcess\n"
        "print(SandboxProcess(sys.argv[1]).start().base_url, flush=True)\nsys.stdin.read()"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "sandbox.db")]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True) as parent:
        assert parent.stdout is not None
        address = urlsplit(parent.stdout.readline().strip())
        with _idle_connection(address) as connection:
            parent.kill()
            assert connection.recv(1) == b""  # closed by the sandbox, which has noticed


def test_what_was_answered_survives_kill_9(tmp_path: Path) -> None:
    sandbox = SandboxProcess(tmp_path / "sandbox.db").start()
    for last in range(20):
        post(sandbox.base_url, f"+120155501{last:02d}")
    sandbox.kill()
    with SandboxProcess(tmp_path / "sandbox.db") as again:
        assert len(again.record("created")) == 20
        assert post(again.base_url, "+12015550100").json()["is_new_contact"] is False


def test_a_port_in_use_is_one_clear_sentence(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(SandboxDidNotStart) as caught:
            SandboxProcess(tmp_path / "sandbox.db", port=port).start()
    sentence = f"The sandbox cannot listen on 127.0.0.1:{port}: Address already in use"
    assert (caught.value.sentence, caught.value.exit_code) == (sentence, 69)


def test_a_file_that_is_no_database_is_one_clear_sentence(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.db"
    path.write_text("a letter to my grandmother, which nobody may overwrite")
    with pytest.raises(SandboxDidNotStart) as caught:
        SandboxProcess(path).start()
    sentence = f"The sandbox cannot use {path} as its database: file is not a database"
    assert (caught.value.sentence, caught.value.exit_code) == (sentence, 78)


def test_an_option_that_makes_no_sense_is_one_clear_sentence() -> None:
    with pytest.raises(SandboxDidNotStart) as caught:
        SandboxProcess(":memory:", faults=["drop:9"]).start()
    assert (caught.value.sentence, caught.value.exit_code) == (
        "'drop:9' is no fault: drop takes no argument",
        2,
    )


@pytest.mark.parametrize(
    ("option", "value", "sentence"),
    [
        ("--port", "99999", "'99999' is no port: it goes from 0 to 65535"),
        ("--latency", "soon", "'soon' is no number of seconds from 0 to 86400"),
    ],
)
def test_a_number_that_makes_no_sense_is_one_clear_sentence(
    capsys: pytest.CaptureFixture[str], option: str, value: str, sentence: str
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--database", ":memory:", option, value])
    last_line = capsys.readouterr().err.splitlines()[-1]
    assert (caught.value.code, last_line.partition(f"{option}: ")[2]) == (2, sentence)


def test_the_announcement_is_one_line_and_nothing_else() -> None:
    with _started("--database", ":memory:", "--port", "0", "--announce") as process:
        assert process.stdout is not None
        announced = json.loads(process.stdout.readline())
        assert announced == {"base_url": announced["base_url"], "pid": process.pid}
        process.terminate()
        assert process.communicate(timeout=10.0) == ("", "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_being_stopped_is_no_failure(number: signal.Signals) -> None:
    with _started("--database", ":memory:", "--port", "0", "--announce") as process:
        _announced(process)
        process.send_signal(number)
        assert process.wait(timeout=10.0) == 0


@contextmanager
def _waiting(fault: str) -> Iterator[tuple[subprocess.Popen[str], socket.socket]]:
    """A sandbox, and a connection whose request for a call has arrived there and meets this fault."""
    with _started("--database", ":memory:", "--port", "0", "--announce", "--fault", fault) as process:
        base_url = _announced(process)
        with raw_post(base_url) as connection:
            # Asked later and answered: so the request before it has been read.
            httpx.get(f"{base_url}/assistants", trust_env=False)
            yield process, connection


def test_a_request_that_hangs_does_not_keep_it_from_stopping() -> None:
    with _waiting("hang") as (process, connection):
        process.terminate()
        assert connection.recv(1) == b""
        assert (process.wait(timeout=3.0), process.communicate()[1]) == (0, "")


def test_a_delayed_request_is_answered_before_it_stops() -> None:
    with _waiting("latency:30") as (process, connection):
        process.terminate()
        assert connection.recv(12) == b"HTTP/1.1 201"
        assert process.wait(timeout=3.0) == 0


def test_a_person_is_told_what_is_needed_to_use_it() -> None:
    with _started(
        "--database", ":memory:", "--port", "0", "--fault", "drop@0.1", "--rate-limit", "9/s"
    ) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline().rstrip() for _ in range(17)]
        process.terminate()
    base_url = lines[2].split()[-1]
    assert base_url.startswith("http://127.0.0.1:")
    assert lines[1:] == [
        "",
        f"  Base URL    {base_url}",
        "  Keys        sk_sandbox (works), sk_sandbox_readonly (call: 403), sk_sandbox_lapsed (call: 402)",
        "  Assistants  Voz (a1000001-5eed-0001), Aurora (a1000002-5eed-0002)",
        "              Retired (a1000003-5eed-0003, inactive)",
        "  Database    :memory:",
        "  Rate limit  9/s",
        "  Faults      drop@0.1",
        "",
        "Try it:",
        "",
        f"  curl -s {base_url}/calls/outbound -H 'Authorization: Bearer sk_sandbox' \\",
        "       -H 'Content-Type: application/json' \\",
        """       -d '{"phone_number": "+12015550123", "assistant_name": "Voz", "first_name": "Ada"}'""",
        "",
        "Stop it with Ctrl-C.",
    ]


def test_a_verbose_sandbox_prints_one_line_for_each_request() -> None:
    command = (
        "--database",
        ":memory:",
        "--port",
        "0",
        "--announce",
        "--verbose",
        "--script",
        f"{ADA}=ok,drop",
    )
    with _started(*command) as process:
        base_url = _announced(process)
        post(base_url)
        post(base_url, "nonsense")
        with raw_post(base_url) as connection:
            assert connection.recv(1) == b""
        process.terminate()
        said = [line.split(" ", 2)[2] for line in process.communicate(timeout=10.0)[1].splitlines()]
    assert said == [f"POST /v1/calls/outbound {status}" for status in ("201", "400", "-")]


def test_a_child_keeps_what_it_says() -> None:
    with SandboxProcess(":memory:", verbose=True) as sandbox:
        post(sandbox.base_url)
    assert sandbox.said().endswith(" POST /v1/calls/outbound 201")


def test_two_processes_can_share_one_file(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.db"
    with SandboxProcess(path) as one, SandboxProcess(path) as other:
        new = [post(sandbox.base_url, ADA).json()["is_new_contact"] for sandbox in (one, other, one)]
        assert (new, len(one.record()), len(other.record())) == ([True, False, False], 3, 3)


def test_starting_a_child_loads_no_web_framework() -> None:
    code = "import sys, dialer.sandbox.child; print({'fastapi', 'uvicorn', 'pydantic'} & set(sys.modules))"
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert result.stdout == "set()\n"


def test_idle_connections_are_closed_after_the_time_asked_for() -> None:
    with (
        SandboxProcess(":memory:", keep_alive_seconds=0.1) as sandbox,
        _idle_connection(urlsplit(sandbox.base_url)) as connection,
    ):
        assert connection.recv(1) == b""


def test_it_listens_on_loopback_only() -> None:
    with SandboxProcess(":memory:") as sandbox:
        table = Path("/proc/net/tcp").read_text() if Path("/proc/net/tcp").exists() else None
        port = urlsplit(sandbox.base_url).port or 0
        assert table is None or f" 0100007F:{port:04X} 00000000:0000 0A" in table
