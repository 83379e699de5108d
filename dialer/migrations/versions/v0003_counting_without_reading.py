"""A name for this ledger, and indexes by which campaigns are counted without reading their rows."""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what status, the fingerprint of a report and one person's story need to be quick."""
    facts = sa.table("facts", sa.column("name", sa.Text), sa.column("value", sa.Text))
    op.bulk_insert(facts, [{"name": "ledger", "value": secrets.token_hex(8)}])
    op.create_index("rows_by_verdict", "rows", ["load_id", "verdict"])
    op.create_index("attempts_of_campaign", "attempts", ["campaign_id", "begun_at"])
    op.create_index("calls_by_look", "calls", ["campaign_id", "looked_at"])
    # Both hold few leads, and are what tells the statuses of those that wait apart.
    op.create_index(
        "leads_suppressed",
        "leads",
        ["load_id", "state"],
        sqlite_where=sa.text("suppressed"),
        postgresql_where=sa.text("suppressed"),
    )
    op.create_index(
        "leads_deferred",
        "leads",
        ["load_id", "state", "deferred_until"],
        sqlite_where=sa.text("deferred_reason IS NOT NULL"),
        postgresql_where=sa.text("deferred_reason IS NOT NULL"),
    )
