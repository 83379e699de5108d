"""Where a lead is and who calls it, as its row says; on what basis a campaign may call; shorter indexes."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# Times are texts in UTC of one width (2026-11-22T15:04:05.123456Z), so that they compare as text.
TIME = sa.Text


def upgrade() -> None:
    """Add what calling hours ask of a lead, its own assistant, and the operator's statement."""
    for name in ("subdivision", "postal_code", "time_zone", "assistant"):
        op.add_column("leads", sa.Column(name, sa.Text))
    # On what basis these people may be called by an artificial voice, as the operator stated it once.
    op.add_column("campaigns", sa.Column("basis", sa.Text))
    op.add_column("campaigns", sa.Column("basis_stated_at", TIME))
    # Only what few rows are is counted: an entry for each of the others took a fifth of a load's time.
    few = sa.text("verdict NOT IN ('callable', 'assumed')")
    op.drop_index("rows_by_verdict", "rows")
    op.create_index("rows_by_verdict", "rows", ["load_id", "verdict"], sqlite_where=few, postgresql_where=few)
    # An attempt has no call_id until it has ended, and need not stand here until then.
    known = sa.text("call_id IS NOT NULL")
    op.drop_index("attempts_by_call", "attempts")
    op.create_index("attempts_by_call", "attempts", ["call_id"], sqlite_where=known, postgresql_where=known)
    # Calls whose word is not the one that the API documents; by it the words are counted without a walk.
    odd = sa.text("outcome IS NOT NULL AND (status IS NULL OR status <> 'queued')")
    op.create_index(
        "attempts_of_other_words", "attempts", ["campaign_id"], sqlite_where=odd, postgresql_where=odd
    )
