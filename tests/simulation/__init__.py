"""The whole program on a simulated machine: `python -m tests.simulation --seeds 2000 --first-seed 1`.

Real are the ledger (SQLite), the loader, the pool, the pace, the decisions, the reconciliation, the reports,
httpx, httpcore and h11. Simulated are the clock, the order in which tasks run, the network, the API on its
other end, the power supply, and the people. One seed decides all of it, so that every run repeats.

`machine` what the program runs on · `network` and `api` what it talks to · `weather` what goes wrong ·
`sheet` what it is given · `story` what people do with it · `judge` what must hold.
"""
