"""pandas and a loop over requests.Session: SHEET URL RESULTS."""

from __future__ import annotations

import os
import sys

import pandas
import requests


def main(sheet: str, url: str, results: str) -> None:
    """Call every row of the sheet, one after the other."""
    frame = pandas.read_csv(sheet, dtype=str).fillna("")
    answers = []
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {os.environ['VOZAGENT_API_KEY']}"
        for row in frame.to_dict("records"):
            body = {
                "phone_number": row["Phone"],
                "assistant_name": "Voz",
                "first_name": row["First Name"],
                "last_name": row["Last Name"],
                "source": row["Lead Source"],
                "notes": row["Notes"],
            }
            response = session.post(f"{url}/calls/outbound", json=body, timeout=30)
            response.raise_for_status()
            answers.append(response.json())
    for name in ("call_id", "status", "is_new_contact"):
        frame[name] = [answer[name] for answer in answers]
    frame.to_csv(results, index=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
