"""The first tables: links and their sides, elements, outstanding records, watermarks, leases, call counts.

Revision ID: 0001
Revises:
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

# Written out, not taken from `schema.py`: a migration stays what it was when the schema moves on.
_LINK_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_MOMENT = sa.String(27)


def upgrade() -> None:
    """All tables exist."""
    op.create_table(
        "meta",
        sa.Column("name", sa.String(200), primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
    )
    _links()
    op.create_table(
        "outstanding",
        sa.Column("flow", sa.String(80), primary_key=True),
        sa.Column("activity_type", sa.String(20), primary_key=True),
        sa.Column("source_id", sa.String(100), primary_key=True),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("case_number", sa.Integer, nullable=False),
        sa.Column("rule", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("waits_for", sa.Text, nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("correlation_id", sa.Text, nullable=False),
        sa.Column("transient", sa.Boolean(create_constraint=False), nullable=False),
        sa.Column("since", _MOMENT, nullable=False),
        sa.Column("last_seen", _MOMENT, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_try", _MOMENT),
        sa.Column("source_version", sa.Text),
    )
    op.create_index("outstanding_due", "outstanding", ["flow", "activity_type", "next_try"])
    op.create_table(
        "watermarks",
        sa.Column("flow", sa.String(80), primary_key=True),
        sa.Column("activity_type", sa.String(20), primary_key=True),
        sa.Column("at", _MOMENT, nullable=False),
    )
    op.create_table(
        "leases",
        sa.Column("flow", sa.String(80), primary_key=True),
        sa.Column("activity_type", sa.String(20), primary_key=True),
        sa.Column("token", sa.String(40), nullable=False),
        sa.Column("host", sa.String(300), nullable=False),
        sa.Column("pid", sa.Integer, nullable=False),
        sa.Column("started", sa.String(120), nullable=False),
        sa.Column("acquired_at", _MOMENT, nullable=False),
        sa.Column("heartbeat_at", _MOMENT, nullable=False),
    )
    op.create_table(
        "step_calls",
        sa.Column("run_id", sa.String(80), primary_key=True),
        sa.Column("flow", sa.String(80), primary_key=True),
        sa.Column("activity_type", sa.String(20), primary_key=True),
        sa.Column("step", sa.String(40), primary_key=True),
        sa.Column("system", sa.String(40), primary_key=True),
        sa.Column("calls", sa.Integer, nullable=False),
    )


def _links() -> None:
    op.create_table(
        "links",
        sa.Column("id", _LINK_ID, primary_key=True, autoincrement=True),
        sa.Column("activity_type", sa.String(20), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("origin", sa.String(40), nullable=False),
        sa.Column("key", sa.String(80), nullable=False),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("intended", sa.Text, nullable=False),
        sa.Column("plan", sa.Text),
        sa.Column("tombstone", sa.Text),
        sa.Column("written_at", sa.Text, nullable=False),
        sa.Column("updated_at", _MOMENT, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("links_by_state", "links", ["state", "origin", "activity_type"])
    op.create_index("links_by_key", "links", ["key"])
    op.create_table(
        "link_sides",
        sa.Column("link_id", _LINK_ID, sa.ForeignKey("links.id"), primary_key=True, autoincrement=False),
        sa.Column("system", sa.String(40), primary_key=True),
        sa.Column("activity_type", sa.String(20), nullable=False),
        sa.Column("record_id", sa.String(100)),
        sa.Column("living", sa.Boolean(create_constraint=False), nullable=False),
        sa.Column("base", sa.Text, nullable=False),
        sa.Column("unsettled", sa.Text, nullable=False),
        sa.Column("version", sa.Text),
    )
    record = ["system", "activity_type", "record_id"]
    op.create_index("link_sides_by_record", "link_sides", record)
    op.create_index(
        "link_sides_one_living",
        "link_sides",
        record,
        unique=True,
        sqlite_where=sa.text("living"),
        postgresql_where=sa.text("living"),
    )
    op.create_table(
        "elements",
        sa.Column("link_id", _LINK_ID, sa.ForeignKey("links.id"), primary_key=True, autoincrement=False),
        sa.Column("kind", sa.String(40), primary_key=True),
        sa.Column("role", sa.String(20), primary_key=True),
        sa.Column("origin_record_id", sa.String(100), primary_key=True),
        sa.Column("counterpart_record_id", sa.String(100), primary_key=True),
        sa.Column("state", sa.String(10), nullable=False),
    )
    op.create_index("elements_by_state", "elements", ["state", "kind"])
