"""The way in: which API a command talks to, with which key, and which ledger belongs to it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from dialer.errors import Unreachable
from dialer.ledger import Ledger
from dialer.ledger_file import LedgerFile, copy_ledger
from dialer.lookups import answer_of
from dialer.sandbox.child import SandboxDidNotStart, SandboxProcess
from dialer.scratch import scratch_folder
from dialer.settings import KEY_VARIABLE, Place, data_folder, ledger_path, read_key
from dialer.vozagent import Api, check_base_url, origin

SANDBOX_KEY = "sk_sandbox"
SANDBOX_PORT = 8410


def sandbox_database() -> Path:
    """The sandbox's own file: its contacts outlive a run."""
    return data_folder() / "sandbox" / "sandbox.sqlite3"


@contextmanager
def open_api(place: Place, *, timeout: timedelta, key_needed: bool = True) -> Iterator[Api]:
    """The API of a place; a sandbox that is not running yet is started for as long as the block lasts.

    Raises AccessDenied without a usable key, SettingsError for a base URL that must not be used.
    """
    if place.sandbox:
        with _sandbox(start=key_needed) as base_url:
            yield Api(base_url, SANDBOX_KEY, timeout)
        return
    base_url = check_base_url(place.base_url)
    key = read_key(place, os.environ) if key_needed or _has_key(place) else ""
    yield Api(base_url, key, timeout)


def _has_key(place: Place) -> bool:
    return place.api_key_file is not None or bool(os.environ.get(KEY_VARIABLE, "").strip())


@contextmanager
def _sandbox(*, start: bool) -> Iterator[str]:
    standing = _standing_sandbox()
    if standing is not None or not start:
        yield standing or f"http://127.0.0.1:{SANDBOX_PORT}/v1"
        return
    database = sandbox_database()
    database.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        with SandboxProcess(database) as sandbox:
            yield sandbox.base_url
    except SandboxDidNotStart as error:
        raise Unreachable(
            f"The sandbox did not start ({error}): try `dialer sandbox`.", code="sandbox"
        ) from error


def _standing_sandbox() -> str | None:
    """The base URL of a `dialer sandbox` that is running on this machine for this user, or None."""
    address = f"http://127.0.0.1:{SANDBOX_PORT}"
    answer = asyncio.run(answer_of(f"{address}/sandbox", timeout_seconds=1.0))
    own = answer is not None and answer.get("database") == str(sandbox_database().resolve())
    return f"{address}/v1" if own else None


@dataclass(frozen=True, slots=True)
class OpenLedger:
    """An open ledger and the path that a person knows it by."""

    ledger: Ledger
    shown_path: Path


def ledger_of(place: Place, base_url: str | None = None) -> LedgerFile:
    """The ledger's file of a place, whether it is there or not. Raises SettingsError for a base URL or a
    ledger that must not be used."""
    url = base_url or place.base_url
    return LedgerFile(ledger_path(place, origin(url if place.sandbox else check_base_url(url))))


def known_ledger(place: Place) -> LedgerFile | None:
    """The ledger's file of a place, or None if there never was one; to look does not create it.

    Raises SettingsError where there was one and it is gone.
    """
    file = ledger_of(place)
    file.refuse_if_lost()
    return file if file.path.exists() else None


@contextmanager
def open_ledger(place: Place, base_url: str, *, rehearse: bool = False) -> Iterator[OpenLedger]:
    """The ledger of a place. With `rehearse`, a throw-away copy: nothing of it is ever written back."""
    file = ledger_of(place, base_url)
    path = file.path
    if not rehearse:
        ledger = Ledger(path)
        try:
            yield OpenLedger(ledger, path)
        finally:
            ledger.close()
        return
    file.refuse_if_lost()
    with scratch_folder() as folder:
        copy = folder / "ledger.sqlite3"
        copy_ledger(path, copy)
        ledger = Ledger(copy, scratch=True)
        try:
            yield OpenLedger(ledger, path)
        finally:
            ledger.close()
