"""Real kills: `python -m tests.crash --kills 300`.

The installed command runs as a process of its own against the sandbox, which runs in this process and kills
it at an exact moment: when a connection was made, a request received, a call created, a reply sent. The
sandbox's record is the judge.
"""
