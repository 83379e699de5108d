"""A campaign as a long run leaves it: of the rows of a loaded sheet all but a thousandth are called.

LEDGER CAMPAIGN: the ledger in which `dialer run --limit 1` has loaded the sheet.
"""

from __future__ import annotations

import json
import sys
import time
from datetime import timedelta
from pathlib import Path

from dialer import journal, loads, whom
from dialer.ledger import Ledger
from dialer.retry import Decision, LeadState, Tally
from tests.benchmarks.parts.pairs import called, choose

BATCH = 1000


def main(path: str, name: str) -> None:
    """Write the attempts down, a thousand in a transaction, and say how many are left."""
    ledger = Ledger(Path(path))
    with ledger.reading() as connection:
        campaign = loads.find_campaign(connection, name)
        assert campaign is not None
        load = loads.latest_load(connection, campaign.campaign_id)
        assert load is not None
        rows = json.loads(load.understood)["data_rows"]
    choice = choose(ledger, campaign, load.load_id)
    decision = Decision(LeadState.CALLED, Tally(), counts_as_attempt=True)
    left, after, began = rows - 1, -1, time.perf_counter()
    while left > rows // 1000:
        with ledger.transaction() as connection:
            most = min(BATCH, left - rows // 1000)
            batch = whom.due_leads(connection, choice, after_row=after, most=most)
            for due in batch:
                now = ledger.clock()
                attempt = journal.begin(
                    connection,
                    due,
                    run_id=choice.run_id,
                    recall_since=choice.recall_since,
                    now=now - timedelta(milliseconds=200),
                )
                assert attempt is not None
                journal.end(
                    connection,
                    attempt,
                    journal.Ending(called(attempt.attempt_id), decision, now),
                    run_id=choice.run_id,
                    now=now,
                )
            after, left = batch[-1].lead.row, left - len(batch)
    with ledger.transaction() as connection:
        loads.end_run(connection, choice.run_id, exit_code=130, stopped="Stopped.", now=ledger.clock())
    ledger.close()
    size = sum(
        file.stat().st_size for file in Path(path).parent.glob(f"{Path(path).name}*") if file.is_file()
    )
    sys.stdout.write(json.dumps({"left": left, "bytes": size, "seconds": time.perf_counter() - began}) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
