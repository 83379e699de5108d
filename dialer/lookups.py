"""Is the assistant there, and who answers on this port: what is asked before a run begins."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, assert_never

import httpx

from dialer.errors import SettingsError
from dialer.listings import NoReply, ReadFailed, Reads
from dialer.plan import ByAssistant
from dialer.printable import clean
from dialer.vozagent import Api

_MOST_SECONDS = 30.0  # for all pages together
_TRIES = 2


@dataclass(frozen=True, slots=True)
class Ready:
    """The assistant is there and active."""


@dataclass(frozen=True, slots=True)
class Missing:
    """A complete list of the assistants lacks the one asked for."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Inactive:
    """The assistant is there and switched off."""


@dataclass(frozen=True, slots=True)
class Uncertain:
    """The API did not give a complete list: this stops nobody."""

    why: str


Finding = Ready | Missing | Inactive | Uncertain


async def check_assistant(
    api: Api, *, name: str | None, assistant_id: str | None, transport: httpx.AsyncBaseTransport | None = None
) -> str | None:
    """Stop with SettingsError if the assistant is surely missing or inactive; else None, or a warning."""
    asked = name or assistant_id or ""
    match await find_assistant(api, name=name, assistant_id=assistant_id, transport=transport):
        case Ready():
            return None
        case Uncertain(why):
            return f"The assistant {asked!r} could not be checked beforehand ({why})."
        case Missing(names):
            known = ", ".join(names[:10]) or "none"
            raise SettingsError(
                f"There is no assistant {asked!r} at {api.base_url} (there are: {known}): "
                "name one with --assistant.",
                code="assistant_unknown",
            )
        case Inactive():
            raise SettingsError(
                f"The assistant {asked!r} is not active: activate it in the VozAgent dashboard, "
                "or name another with --assistant.",
                code="assistant_inactive",
            )
        case never:
            assert_never(never)


async def check_assistants(
    api: Api, wanted: Sequence[ByAssistant], *, transport: httpx.AsyncBaseTransport | None = None
) -> str | None:
    """The same for the assistants that rows name: SettingsError tells of the first row whose is wrong."""
    roll = await roll_call(api, transport=transport)
    if roll.trouble is not None:
        return f"The assistants of the rows could not be checked beforehand ({roll.trouble})."
    for each in sorted(wanted, key=lambda one: one.first_row):
        same = [assistant for assistant in roll.assistants if assistant.name == each.assistant]
        if not same:
            known = ", ".join(clean(one.name) for one in roll.assistants[:10]) or "none"
            raise SettingsError(
                f"There is no assistant {each.assistant!r} at {api.base_url}, and row {each.first_row} wants "
                f"it first (there are: {known}): write another one there.",
                code="assistant_unknown",
            )
        if not any(assistant.active for assistant in same):
            raise SettingsError(
                f"The assistant {each.assistant!r}, which row {each.first_row} wants first, is not active: "
                "activate it in the VozAgent dashboard, or write another one there.",
                code="assistant_inactive",
            )
    return None


async def find_assistant(
    api: Api, *, name: str | None, assistant_id: str | None, transport: httpx.AsyncBaseTransport | None = None
) -> Finding:
    """Look for the assistant by its exact name or id in all pages of GET /assistants."""
    patience = timedelta(seconds=_MOST_SECONDS)
    try:
        async with (
            asyncio.timeout(_MOST_SECONDS),
            Reads(api, transport=transport, tries=_TRIES, patience=patience) as reads,
        ):
            return await _find(reads, name=name, assistant_id=assistant_id)
    except TimeoutError:
        return Uncertain(f"GET /assistants took longer than {_MOST_SECONDS:.0f} s")
    except ReadFailed as failed:
        return Uncertain(failed.why)


async def _find(reads: Reads, *, name: str | None, assistant_id: str | None) -> Finding:
    key, wanted = ("id", assistant_id) if assistant_id else ("name", name)
    names: list[str] = []
    inactive = False
    async with aclosing(reads.all("/assistants")) as assistants:
        async for assistant in assistants:
            if str(assistant.get(key, "")) != wanted:
                names.append(clean(assistant.get("name")))
            elif assistant.get("is_active") is False:
                inactive = True
            else:
                return Ready()
    return Inactive() if inactive else Missing(tuple(names))


@dataclass(frozen=True, slots=True)
class Assistant:
    """An assistant of the account."""

    name: str
    assistant_id: str
    active: bool


@dataclass(frozen=True, slots=True)
class RollCall:
    """What one GET of all assistants showed: that the API is there, what it thinks of the key, its clock."""

    assistants: tuple[Assistant, ...] = ()
    trouble: str | None = None  # why there is no complete list, half a sentence
    http_status: int | None = None  # of a refusal; None if there was no reply, or nothing was refused
    reached: bool = True
    server_time: datetime | None = None  # aware, UTC; None where the API did not say


async def roll_call(api: Api, *, transport: httpx.AsyncBaseTransport | None = None) -> RollCall:
    """Ask for all assistants, for `dialer doctor`; never raises for what the API answers."""
    found: list[Assistant] = []
    patience = timedelta(seconds=_MOST_SECONDS)
    async with Reads(api, transport=transport, tries=_TRIES, patience=patience) as reads:
        try:
            async with asyncio.timeout(_MOST_SECONDS), aclosing(reads.all("/assistants")) as assistants:
                async for each in assistants:
                    name, assistant_id = str(each.get("name")), str(each.get("id"))
                    found.append(Assistant(name, assistant_id, each.get("is_active") is not False))
        except TimeoutError:
            return RollCall(trouble=f"GET /assistants took longer than {_MOST_SECONDS:.0f} s", reached=False)
        except ReadFailed as failed:
            return RollCall(
                trouble=failed.why,
                http_status=failed.http_status,
                reached=not isinstance(failed, NoReply),
                server_time=reads.server_time,
            )
        return RollCall(tuple(found), server_time=reads.server_time)


async def answer_of(url: str, *, timeout_seconds: float) -> dict[str, Any] | None:
    """The JSON object that a GET answers, or None for anything else."""
    try:
        async with httpx.AsyncClient(timeout=timeout_seconds, trust_env=False) as http:
            answer = (await http.get(url)).json()
    except (httpx.HTTPError, ValueError):
        return None
    return answer if isinstance(answer, dict) else None
