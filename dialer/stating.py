"""Asks the operator once on what basis a campaign's people may be called by an artificial voice."""

from __future__ import annotations

import click

from dialer.basis import Basis, basis_of, state_basis
from dialer.errors import UsageError
from dialer.ledger import Ledger
from dialer.options import nobody_can_answer

QUESTION = "On what basis may these people be called by an artificial voice? (as: written consent, form 12)"
_MISSING = (
    "On what basis may these people be called by an artificial voice? Say it once for this campaign, as "
    '--basis "written consent, form 12".'
)
_EMPTY = 'The basis is empty: say on what these people may be called, as --basis "written consent, form 12".'


def stated_basis(ledger: Ledger, campaign_id: int, words: str | None) -> Basis | None:
    """What stands for a campaign, once `words` were written down, if there are any.

    Raises UsageError for words that are none.
    """
    if words is not None:
        _write(ledger, campaign_id, words)
    with ledger.reading() as connection:
        return basis_of(connection, campaign_id)


def require_basis(ledger: Ledger, campaign_id: int, *, live: bool) -> None:
    """Let nobody be called by a live API before a basis was stated; on a terminal it is asked for.

    Raises UsageError where nobody can answer, and for an empty answer. An API on this machine rings no phone:
    there nobody is asked.
    """
    if not live or stated_basis(ledger, campaign_id, None) is not None:
        return
    if nobody_can_answer():
        raise UsageError(_MISSING, code="basis_missing")
    _write(ledger, campaign_id, click.prompt(QUESTION, default="", show_default=False, err=True))


def _write(ledger: Ledger, campaign_id: int, words: str) -> None:
    if not words.strip():
        raise UsageError(_EMPTY, code="basis_missing")
    with ledger.transaction() as connection:
        state_basis(connection, campaign_id, words, now=ledger.clock())
