"""pandas and asyncio.gather over one httpx.AsyncClient with a semaphore: SHEET URL RESULTS CALLERS."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import Any

import httpx
import pandas


async def call_all(rows: list[dict[str, Any]], url: str, callers: int) -> list[dict[str, Any]]:
    """Call every row, so many at a time."""
    semaphore = asyncio.Semaphore(callers)
    headers = {"Authorization": f"Bearer {os.environ['VOZAGENT_API_KEY']}"}
    async with httpx.AsyncClient(headers=headers, timeout=30, trust_env=False) as client:

        async def call(row: dict[str, Any]) -> dict[str, Any]:
            body = {
                "phone_number": row["Phone"],
                "assistant_name": "Voz",
                "first_name": row["First Name"],
                "last_name": row["Last Name"],
                "source": row["Lead Source"],
                "notes": row["Notes"],
            }
            async with semaphore:
                response = await client.post(f"{url}/calls/outbound", json=body)
            response.raise_for_status()
            answer: dict[str, Any] = response.json()
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
