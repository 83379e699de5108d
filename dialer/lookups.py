"""What the API says of itself: GETs, which may be repeated, at a pace of their own."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any, assert_never

import httpx
import stamina
import stamina.instrumentation
from aiolimiter import AsyncLimiter

from dialer.errors import SettingsError
from dialer.printable import clean
from dialer.vozagent import LONGEST_BODY, Api, describe, headers_of

_PAGE = 100
_MOST_PAGES = 100
_GETS_PER_SECOND = 5
_SECONDS = 5.0
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


class _Odd(Exception):
    pass


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


async def find_assistant(
    api: Api, *, name: str | None, assistant_id: str | None, transport: httpx.AsyncBaseTransport | None = None
) -> Finding:
    """Look for the assistant by its exact name or id in all pages of GET /assistants."""
    try:
        # httpx bounds each chunk, not the whole: drop by drop a reply could last for ever.
        async with asyncio.timeout(_MOST_SECONDS):
            found = await _all_assistants(api, transport)
    except TimeoutError:
        return Uncertain(f"GET /assistants took longer than {_MOST_SECONDS:.0f} s")
    except _Odd as odd:
        return Uncertain(str(odd))
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
        return Uncertain(describe(error))
    key, wanted = ("id", assistant_id) if assistant_id else ("name", name)
    same = [assistant for assistant in found if str(assistant.get(key, "")) == wanted]
    if not same:
        return Missing(tuple(clean(assistant.get("name")) for assistant in found))
    if all(assistant.get("is_active") is False for assistant in same):
        return Inactive()
    return Ready()


async def answer_of(url: str, *, timeout_seconds: float) -> dict[str, Any] | None:
    """The JSON object that a GET answers, or None for anything else."""
    try:
        async with httpx.AsyncClient(timeout=timeout_seconds, trust_env=False) as http:
            answer = (await http.get(url)).json()
    except (httpx.HTTPError, ValueError):
        return None
    return answer if isinstance(answer, dict) else None


async def _all_assistants(api: Api, transport: httpx.AsyncBaseTransport | None) -> list[dict[str, Any]]:
    # stamina would log each retry; what a person needs to know is in the finding.
    stamina.instrumentation.set_on_retry_hooks([])
    pace = AsyncLimiter(1, 1 / _GETS_PER_SECOND)
    found: list[dict[str, Any]] = []
    known: set[str] = set()
    async with httpx.AsyncClient(
        headers=headers_of(api),
        transport=transport,
        verify=api.ssl_context or True,
        timeout=_SECONDS,
        follow_redirects=False,
        trust_env=False,
    ) as http:
        for page in range(_MOST_PAGES):
            async with pace:
                rows = await _page(http, f"{api.base_url}/assistants", offset=page * _PAGE)
            fresh = [row for row in rows if str(row["id"]) not in known]
            found += fresh
            known.update(str(row["id"]) for row in fresh)
            if len(rows) < _PAGE:
                return found
            if not fresh:
                raise _Odd("the list of assistants repeats itself")
    raise _Odd("the list of assistants does not end")


async def _page(http: httpx.AsyncClient, url: str, *, offset: int) -> list[dict[str, Any]]:
    body = b""
    async for attempt in stamina.retry_context(
        on=httpx.TransportError, attempts=_TRIES, timeout=2 * _SECONDS, wait_initial=0.2, wait_jitter=0.0
    ):
        with attempt:
            async with http.stream("GET", url, params={"limit": _PAGE, "offset": offset}) as response:
                if response.status_code != 200:
                    raise _Odd(f"GET /assistants answered {response.status_code}")
                body = await _capped(response)
    try:
        rows = json.loads(body)
    except (ValueError, RecursionError):
        raise _Odd("GET /assistants answered no JSON") from None
    if not isinstance(rows, list) or not all(isinstance(row, dict) and "id" in row for row in rows):
        raise _Odd("GET /assistants answered no list of assistants")
    return rows


async def _capped(response: httpx.Response) -> bytes:
    body = b""
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > LONGEST_BODY:
            raise _Odd("GET /assistants answered too much")
    return body
