"""`--redial-unknown`: a person decides that people are called again who may have been called already."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from dialer import screens, unknowns
from dialer.campaign import Policy, format_duration
from dialer.ledger import Connection
from dialer.phones import mask
from dialer.printable import clean
from dialer.unknowns import Redial
from dialer.whom import Choice


def redial(connection: Connection, choice: Choice, policy: Policy, *, now: datetime) -> list[Redial]:
    """Make those due again whom the policy's owner wants to call once more; nobody unless that was asked."""
    if not policy.redial_unknown:
        return []
    chosen = (choice.campaign_id, choice.load_id, choice.run_id)
    before = now - policy.older_than
    redials = unknowns.redialable(connection, chosen, some_rows=choice.some_rows, before=before)
    unknowns.open_generation(connection, redials)
    return redials


def redials_screen(redials: Sequence[Redial], policy: Policy) -> str:
    """Whom a run would call once more. Names and whole numbers only on a terminal: a log keeps them."""
    age = format_duration(policy.older_than)
    if not redials:
        return f"Nobody is called once more: no unknown call is older than {age} (--older-than)."
    whole = screens.console(stderr=True).is_terminal
    lines = [f"Called once more, although they may have been called already ({age} ago or longer):"]
    for one in redials:
        who = f"{one.phone} {clean(one.name)}".rstrip() if whole else mask(one.phone)
        lines.append(f"  row {one.row}: {who}, unknown since {screens.local(one.at)}")
    return "\n".join(lines)
