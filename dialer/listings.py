"""The API's own records, read with GETs: paged, at a pace of their own, repeated where that helps.

A GET may be repeated, since it changes nothing; a POST never comes this way. The key goes to the base URL
and nowhere else: no redirect is followed and no proxy of the environment is asked.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Self
from urllib.parse import quote

import httpx
import stamina
import stamina.instrumentation
from aiolimiter import AsyncLimiter

from dialer.replies import retry_after_seconds
from dialer.vozagent import LONGEST_BODY, Api, describe, headers_of

GETS_PER_SECOND = 5.0
_PAGE = 100  # the most that the API gives at once
_MOST_PAGES = 100
# The documented page where no limit is named. A page with fewer records was cut off by no cap.
_USUAL_PAGE = 50
_SILENT_SECONDS = 5.0  # connecting, and between two pieces of a reply
_FIRST_WAIT_SECONDS = 0.2  # before a GET is repeated; doubles
_THROTTLED_SECONDS = 1.0  # where a 429 does not say how long to wait

Record = dict[str, Any]


class ReadFailed(Exception):
    """A GET gave no usable answer; `why` is half a sentence, `http_status` None if there was no reply."""

    def __init__(self, why: str, *, http_status: int | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.http_status = http_status


class NoReply(ReadFailed):
    """The API could not be reached, or broke off."""


class _MayPass(Exception):
    """The same GET may fare better in a moment."""

    def __init__(self, failed: ReadFailed) -> None:
        super().__init__(failed.why)
        self.failed = failed


class Reads:
    """GETs of one API: `async with Reads(api) as reads: async for call in reads.all("/calls"): ...`.

    Tasks may share one: they share its pace, and a 429 holds all of them back. `patience` is how long one
    GET may take, with its repetitions (`tries` in all) and the waiting that a 429 asks for.
    """

    def __init__(
        self,
        api: Api,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        per_second: float = GETS_PER_SECOND,
        tries: int = 4,
        patience: timedelta = timedelta(seconds=30),
    ) -> None:
        """Prepare; nothing is opened before the first GET."""
        self.server_time: datetime | None = None  # the last reply's Date (aware, UTC); None if it had none
        self._base_url = api.base_url
        self._tries = tries
        self._patience = patience.total_seconds()
        self._pace = AsyncLimiter(1, 1 / per_second)
        self._held_until = float("-inf")
        # stamina would log each repetition; what a person needs to know is in the error.
        stamina.instrumentation.set_on_retry_hooks([])
        self._http = httpx.AsyncClient(
            headers=headers_of(api),
            transport=transport,
            verify=api.ssl_context or True,
            timeout=_SILENT_SECONDS,
            follow_redirects=False,
            trust_env=False,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self._http.aclose()

    async def all(self, path: str, params: Mapping[str, str] | None = None) -> AsyncGenerator[Record, None]:
        """Every record of a list such as `/calls`, page after page, each with its `id`; raises ReadFailed.

        The list ends with an empty page and not before: a server may give fewer at once than it was asked
        for. Whoever leaves early closes this with `contextlib.aclosing`.
        """
        known: set[str] = set()
        offset = 0
        for _ in range(_MOST_PAGES):
            rows = await self._page(path, {**(params or {}), "limit": str(_PAGE), "offset": str(offset)})
            fresh = [row for row in rows if str(row["id"]) not in known]
            if not fresh:
                if rows and offset >= _USUAL_PAGE:
                    raise ReadFailed(f"the list of {_noun(path)} repeats itself")
                # Empty; or the whole of a short list once more, from a server that knows no offset.
                return
            known.update(str(row["id"]) for row in fresh)
            offset += len(rows)
            for row in fresh:
                yield row
        raise ReadFailed(f"the list of {_noun(path)} does not end")

    async def one(self, path: str, record_id: str) -> Record:
        """The full record, such as `one("/calls", call_id)`; raises ReadFailed, with 404 if there is none."""
        value = await self._get(path, {}, f"/{quote(record_id, safe='')}")
        if not isinstance(value, dict):
            raise ReadFailed(f"GET {path} answered no record")
        return value

    async def _page(self, path: str, params: Mapping[str, str]) -> list[Record]:
        rows = await self._get(path, params)
        if not isinstance(rows, list) or not all(isinstance(row, dict) and "id" in row for row in rows):
            raise ReadFailed(f"GET {path} answered no list of {_noun(path)}")
        return rows

    async def _get(self, path: str, params: Mapping[str, str], record: str = "") -> Any:
        try:
            # httpx bounds each piece, not the whole: drop by drop a reply could last for ever.
            async with asyncio.timeout(self._patience):
                return _json(path, await self._repeated(path, params, record))
        except TimeoutError:
            raise ReadFailed(f"GET {path} took longer than {self._patience:.0f} s") from None
        except _MayPass as error:
            raise error.failed from None

    async def _repeated(self, path: str, params: Mapping[str, str], record: str) -> bytes:
        body = b""
        async for attempt in stamina.retry_context(
            on=_MayPass,
            attempts=self._tries,
            timeout=None,
            wait_initial=_FIRST_WAIT_SECONDS,
            wait_jitter=0.0,
        ):
            with attempt:
                await self._turn()
                body = await self._once(path, params, record)
        return body

    async def _turn(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._pace.acquire()
            wait = self._held_until - loop.time()
            if wait <= 0:
                return
            await asyncio.sleep(wait)

    async def _once(self, path: str, params: Mapping[str, str], record: str) -> bytes:
        try:
            url = f"{self._base_url}{path}{record}"
            async with self._http.stream("GET", url, params=params or None) as response:
                self.server_time = _date(response.headers.get("date", ""))
                self._check_status(path, response)
                return await _capped(path, response)
        except httpx.TransportError as error:
            raise _MayPass(NoReply(describe(error))) from error
        except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as error:
            raise ReadFailed(describe(error)) from error

    def _check_status(self, path: str, response: httpx.Response) -> None:
        status = response.status_code
        if status == 200:
            return
        failed = ReadFailed(f"GET {path} answered {status}", http_status=status)
        if status not in {408, 429} and status < 500:
            raise failed
        headers = {name.lower(): value for name, value in response.headers.items()}
        wait = retry_after_seconds(headers) or (_THROTTLED_SECONDS if status == 429 else 0.0)
        if wait > self._patience:
            raise failed
        self._held_until = max(self._held_until, asyncio.get_running_loop().time() + wait)
        raise _MayPass(failed)


def _noun(path: str) -> str:
    return path.strip("/")


async def _capped(path: str, response: httpx.Response) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_raw():
        if len(body) + len(chunk) > LONGEST_BODY:
            raise ReadFailed(f"GET {path} answered too much")
        body += chunk
    return bytes(body)


def _json(path: str, body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise ReadFailed(f"GET {path} answered no JSON") from None


def _date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    return date.astimezone(UTC) if date.tzinfo else date.replace(tzinfo=UTC)
