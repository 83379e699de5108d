"""A sandbox in a process of its own, which ends with the process that started it. Cheap to import."""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from http.client import HTTPConnection
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self, TypedDict, Unpack
from urllib.parse import urlsplit

from dialer.sandbox.options import SandboxOptions

_START_WITHIN_SECONDS = 20.0
_PACKAGE_ROOT = str(Path(__file__).resolve().parents[2])
# Not `-m`: that needs the package on the child's path, where a checkout is not. `-P` keeps the current
# folder off the path, and the package's own place comes last, so that it cannot shadow anything.
_START = """\
import sys
sys.path.append(sys.argv.pop(1))
from dialer.sandbox.__main__ import main
sys.exit(main())
"""


class MoreOptions(TypedDict, total=False):
    """What else a child can be told; the words and units of `SandboxOptions`."""

    rate_limit: str | None
    faults: Sequence[str]
    scripts: Sequence[str]
    seed: int
    latency_seconds: float
    queued_seconds: float
    talk_seconds: float
    keep_alive_seconds: float
    verbose: bool


class SandboxDidNotStart(Exception):
    """The child ended or stayed silent; carries what it said and its exit code (None: it stayed silent)."""

    def __init__(self, sentence: str, exit_code: int | None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.exit_code = exit_code


class SandboxProcess:
    """Starts a sandbox and knows where it is: `with SandboxProcess(path, faults=[...]) as sandbox: ...`.

    Ctrl-C at the terminal does not reach it before its user is done: it leads a process group of its own. It
    ends when the block is left, and also if this process dies in any way. The port is a free one unless said.
    """

    def __init__(self, database: str | Path, *, port: int = 0, **more: Unpack[MoreOptions]) -> None:
        chosen = SandboxOptions(str(database), port, announce=True, exit_with_parent=True, **more)
        # Tuples, because a frozen value must not hold a list that somebody else may change.
        self.options = replace(chosen, faults=tuple(chosen.faults), scripts=tuple(chosen.scripts))
        self.base_url = ""  # http://127.0.0.1:PORT/v1, once it has started
        self._process: subprocess.Popen[bytes] | None = None
        self._stderr: IO[bytes] | None = None  # a file, because nobody would empty a pipe
        self._last_words = ""

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._running().pid

    def start(self) -> Self:
        """Starts it and waits until it accepts connections; a SandboxDidNotStart if it does not."""
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the child
        command = [sys.executable, "-P", "-c", _START, _PACKAGE_ROOT, *self.options.arguments()]
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module, no shell
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            start_new_session=True,
        )
        line = self._first_line()
        if not line:
            exit_code = self.stop()
            raise SandboxDidNotStart(self.said() or "The sandbox did not start in time", exit_code)
        self.base_url = json.loads(line)["base_url"]
        return self

    def stop(self) -> int | None:
        """Ends it and gives its exit code; None if it had to be killed."""
        process = self._running()
        assert process.stdin is not None and process.stdout is not None  # noqa: S101, PT018 - for the type checker
        process.stdin.close()
        try:
            return process.wait(timeout=8.0)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return None
        finally:
            process.stdout.close()
            self._keep_last_words()

    def said(self) -> str:
        """What it wrote on stderr so far."""
        if self._stderr is not None:
            # `pread`, because the child writes where this file's own position is.
            self._last_words = (
                os.pread(self._stderr.fileno(), 1_000_000, 0).decode("utf-8", "replace").strip()
            )
        return self._last_words

    def kill(self) -> None:
        """Ends it as a power cut would."""
        self._running().kill()
        self.stop()

    def record(self, kind: str = "all") -> list[dict[str, Any]]:
        """The requests for a call that the sandbox received; `created` leaves out those that made none."""
        requests: list[dict[str, Any]] = self.ask("GET", f"/sandbox/record?kind={kind}")["requests"]
        return requests

    def ask(self, method: str, path: str, content: object = None) -> Any:
        """The JSON answer of one of the endpoints under /sandbox; a ValueError if it refuses."""
        connection = HTTPConnection(urlsplit(self.base_url).netloc, timeout=10.0)
        try:
            body = None if content is None else json.dumps(content)
            connection.request(method, path, body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            answer = json.loads(response.read())
        finally:
            connection.close()
        if response.status >= 400:
            raise ValueError(answer["error"]["message"])
        return answer

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def _keep_last_words(self) -> None:
        self.said()
        if self._stderr is not None:
            self._stderr.close()
            self._stderr = None

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise RuntimeError("the sandbox has not been started")
        return self._process

    def _first_line(self) -> bytes:
        stdout = self._running().stdout
        assert stdout is not None  # noqa: S101 - for the type checker
        with selectors.DefaultSelector() as selector:
            selector.register(stdout, selectors.EVENT_READ)
            return stdout.readline() if selector.select(_START_WITHIN_SECONDS) else b""
