"""pandas and asyncio.gather over one aiohttp.ClientSession: SHEET URL RESULTS CALLERS."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import Any

import aiohttp
import pandas


async def call_all(rows: list[dict[str, Any]], url: str, callers: int) -> list[dict[str, Any]]:
    """Call every row, so many at a time."""
    headers = {"Authorization": f"Bearer {os.environ['VOZAGENT_API_KEY']}"}
    # A job of many rows takes longer than the five minutes that aiohttp gives the whole of a request,
    # the wait for a connection among them.
    timeout = aiohttp.ClientTimeout(total=None, sock_read=30)
    connector = aiohttp.TCPConnector(limit=callers)
    async with aiohttp.ClientSession(headers=headers, connector=connector, timeout=timeout) as session:

        async def call(row: dict[str, Any]) -> dict[str, Any]:
            body = {
                "phone_number": row["Phone"],
                "assistant_name": "Voz",
                "first_name": row["First Name"],
                "last_name": row["Last Name"],
                "source": row["Lead Source"],
                "notes": row["Notes"],
            }
            async with session.post(f"{url}/calls/outbound", json=body) as response:
                response.raise_for_status()
                answer: dict[str, Any] = await response.json()
                return answer

        return await asyncio.gather(*(call(row) for row in rows))


def main(sheet: str, url: str, results: str, callers: str) -> None:
    """Call every row of the sheet."""
    frame = pandas.read_csv(sheet, dtype=str).fillna("")
    answers = asyncio.run(call_all(frame.to_dict("records"), url, int(callers)))
    for name in ("call_id", "status", "is_new_contact"):
        frame[name] = [answer[name] for answer in answers]
    frame.to_csv(results, index=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
