"""Where a lead is and who calls it, as its row says; on what basis a campaign may call."""

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
    # A run walks through those whom it calls in the order of the sheet, whatever state each of them is in.
    op.create_index("leads_by_row", "leads", ["load_id", "row"])
    # On what basis these people may be called by an artificial voice, as the operator stated it once.
    op.add_column("campaigns", sa.Column("basis", sa.Text))
    op.add_column("campaigns", sa.Column("basis_stated_at", TIME))
