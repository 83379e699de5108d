"""Campaigns, loads, rows, leads, attempts, runs."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# Times are texts in UTC of one width (2026-11-22T15:04:05.123456Z), so that they compare as text.
TIME = sa.Text


def upgrade() -> None:
    """Create the first schema."""
    op.create_table(
        "campaigns",
        sa.Column("campaign_id", sa.Integer, primary_key=True),
        sa.Column("name", sa.Text, nullable=False, unique=True),
        sa.Column("kind", sa.Text, nullable=False),  # sheet, or call for a single `dialer call`
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("paused_at", TIME),
        sa.Column("paused_reason", sa.Text),
    )
    op.create_table(
        "loads",
        sa.Column("load_id", sa.Integer, primary_key=True),
        sa.Column("campaign_id", sa.Integer, sa.ForeignKey("campaigns.campaign_id"), nullable=False),
        sa.Column("loaded_at", TIME, nullable=False),
        sa.Column("complete", sa.Boolean, nullable=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("reading", sa.Text, nullable=False),  # JSON of campaign.Reading and dialer's version
        sa.Column("understood", sa.Text, nullable=False),  # JSON of loader.Understood
    )
    op.create_index("loads_by_campaign", "loads", ["campaign_id", "load_id"])
    op.create_table(
        "rows",
        sa.Column("load_id", sa.Integer, sa.ForeignKey("loads.load_id"), primary_key=True),
        sa.Column("row", sa.Integer, primary_key=True),
        sa.Column("verdict", sa.Text, nullable=False),
        sa.Column("e164", sa.Text),
        sa.Column("cell", sa.Text),
        sa.Column("problems", sa.Text),  # JSON list of leads.RowProblem; NULL for none
        sqlite_with_rowid=False,
    )
    op.create_table(
        "leads",
        sa.Column("lead_id", sa.Integer, primary_key=True),
        sa.Column("campaign_id", sa.Integer, sa.ForeignKey("campaigns.campaign_id"), nullable=False),
        sa.Column("e164", sa.Text, nullable=False),
        sa.Column(
            "load_id", sa.Integer, sa.ForeignKey("loads.load_id")
        ),  # the newest load that holds this lead
        sa.Column("row", sa.Integer, nullable=False),
        sa.Column("cell", sa.Text, nullable=False),
        sa.Column("tier", sa.Text, nullable=False),
        sa.Column("region", sa.Text),
        sa.Column("first_name", sa.Text),
        sa.Column("last_name", sa.Text),
        sa.Column("source", sa.Text),
        sa.Column("tags", sa.Text, nullable=False),  # JSON list
        sa.Column("notes", sa.Text),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("suppressed", sa.Boolean, nullable=False),
        sa.Column("mended", sa.Boolean, nullable=False),  # its row was invalid in the load before
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("last_attempt_id", sa.Integer),
        sa.Column("last_run_id", sa.Integer),
        sa.Column("deferred_until", TIME),
        sa.Column("deferred_reason", sa.Text),
        sa.UniqueConstraint("campaign_id", "e164"),
        sa.CheckConstraint("state IN ('due', 'sending', 'called', 'failed', 'unknown')"),
    )
    op.create_index("leads_in_order", "leads", ["load_id", "state", "row"])
    op.create_table(
        "runs",
        sa.Column("run_id", sa.Integer, primary_key=True),
        sa.Column("campaign_id", sa.Integer, sa.ForeignKey("campaigns.campaign_id"), nullable=False),
        sa.Column("started_at", TIME, nullable=False),
        sa.Column("ended_at", TIME),
        sa.Column("exit_code", sa.Integer),
        sa.Column("stopped", sa.Text),
        sa.Column("settings", sa.Text, nullable=False),  # JSON, for the report; never the key
    )
    op.create_index("runs_by_campaign", "runs", ["campaign_id", "run_id"])
    op.create_table(
        "run_rows",  # what `--rows` chose; none means all
        sa.Column("run_id", sa.Integer, sa.ForeignKey("runs.run_id"), primary_key=True),
        sa.Column("first_row", sa.Integer, primary_key=True),
        sa.Column("last_row", sa.Integer, nullable=False),
    )
    op.create_table(
        "attempts",
        sa.Column("attempt_id", sa.Integer, primary_key=True),
        sa.Column("lead_id", sa.Integer, sa.ForeignKey("leads.lead_id"), nullable=False),
        sa.Column("campaign_id", sa.Integer, sa.ForeignKey("campaigns.campaign_id"), nullable=False),
        sa.Column("run_id", sa.Integer, sa.ForeignKey("runs.run_id"), nullable=False),
        sa.Column("e164", sa.Text, nullable=False),
        sa.Column("from_state", sa.Text, nullable=False),
        sa.Column("begun_at", TIME, nullable=False),
        sa.Column("sent_at", TIME),  # when the first byte was about to leave
        sa.Column("ended_at", TIME),
        sa.Column("outcome", sa.Text),  # NULL while it is under way, or after a crash
        sa.Column("http_status", sa.Integer),
        sa.Column("code", sa.Text),
        sa.Column("reason", sa.Text),
        sa.Column("call_id", sa.Text),
        sa.Column("status", sa.Text),
        sa.Column("is_new_contact", sa.Boolean),
        sa.Column("contact_id", sa.Text),
        sa.Column("to_phone", sa.Text),
    )
    op.create_index("attempts_by_number", "attempts", ["e164", "begun_at"])
    op.create_index("attempts_by_lead", "attempts", ["lead_id"])
    op.create_index("attempts_by_time", "attempts", ["begun_at"])
    op.create_index(
        "attempts_under_way",
        "attempts",
        ["campaign_id"],
        sqlite_where=sa.text("outcome IS NULL"),
        postgresql_where=sa.text("outcome IS NULL"),
    )
