"""Generations and trace tags of attempts, what became of calls, suppression, requests to stop."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# Times are texts in UTC of one width (2026-11-22T15:04:05.123456Z), so that they compare as text.
TIME = sa.Text


def upgrade() -> None:
    """Add what reconciliation, suppression, second rounds and the fate of calls need."""
    # A person may decide that a lead is called once more: that opens a new generation, and what earlier
    # generations did no longer forbids an attempt.
    op.add_column("leads", sa.Column("generation", sa.Integer, nullable=False, server_default="1"))
    op.add_column("attempts", sa.Column("generation", sa.Integer, nullable=False, server_default="1"))
    op.add_column("attempts", sa.Column("trace_tag", sa.Text))  # sent as a tag, so that a match is certain
    op.add_column("attempts", sa.Column("settled_at", TIME))  # when an unknown was found to be a call
    op.add_column("attempts", sa.Column("looked_at", TIME))  # when the API's records were last asked for it
    op.create_index(
        "attempts_unknown",
        "attempts",
        ["campaign_id"],
        sqlite_where=sa.text("outcome = 'unknown'"),
        postgresql_where=sa.text("outcome = 'unknown'"),
    )
    # Whose row it is, by all cells but phones and results: a mended row is known in a sorted sheet too.
    op.add_column("rows", sa.Column("fingerprint", sa.BigInteger))
    op.create_index("attempts_by_call", "attempts", ["call_id"])
    op.add_column(
        "campaigns", sa.Column("stop_requested_at", TIME)
    )  # `dialer stop`: ends a run, pauses nothing
    op.create_table(
        "calls",  # what became of a call, in the API's own words
        sa.Column("attempt_id", sa.Integer, sa.ForeignKey("attempts.attempt_id"), primary_key=True),
        sa.Column("campaign_id", sa.Integer, sa.ForeignKey("campaigns.campaign_id"), nullable=False),
        sa.Column("call_id", sa.Text, nullable=False),
        sa.Column("call_status", sa.Text),
        sa.Column("ended", sa.Boolean, nullable=False),
        sa.Column("stale", sa.Boolean, nullable=False),  # it never ended within the time given
        sa.Column("duration_seconds", sa.Float),
        sa.Column("call_started_at", sa.Text),  # as the API wrote it
        sa.Column("call_ended_at", sa.Text),
        sa.Column("appointment_booked", sa.Boolean),
        sa.Column("lead_qualification", sa.Text),
        sa.Column("call_intent", sa.Text),
        sa.Column("summary", sa.Text),
        sa.Column("cost_usd", sa.Text),  # decimal, as the API wrote it
        sa.Column("recording_url", sa.Text),
        sa.Column("transcript", sa.Text),
        sa.Column("detailed", sa.Boolean, nullable=False),  # the full record was read after the call ended
        sa.Column("looked_at", TIME, nullable=False),
    )
    op.create_index("calls_of_campaign", "calls", ["campaign_id", "ended"])
    op.create_table(
        "suppressions",
        sa.Column("suppression_id", sa.Integer, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        # E.164, the first digits of E.164 with "+", or the keyed hash of E.164 in hex
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("added_at", TIME, nullable=False),
        sa.UniqueConstraint("kind", "value"),
        sa.CheckConstraint("kind IN ('number', 'prefix', 'hash')"),
    )
    op.create_table(
        "facts",  # a few lasting values of this ledger, such as the key of its hashes
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
    )
