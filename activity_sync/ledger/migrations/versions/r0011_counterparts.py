"""Counterparts as look-ups found them, and which activities hang on a record: both save the next look-up.

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """The table and the indexes exist."""
    op.create_table(
        "counterparts",
        sa.Column("source_system", sa.String(40), primary_key=True),
        sa.Column("target_system", sa.String(40), primary_key=True),
        sa.Column("kind", sa.String(40), primary_key=True),
        sa.Column("source_id", sa.String(100), primary_key=True),
        sa.Column("target_id", sa.String(100), nullable=False),
        sa.Column("keys", sa.String(40), nullable=False),
        sa.Column("found_at", sa.String(27), nullable=False),
    )
    op.create_index("elements_by_origin_record", "elements", ["kind", "origin_record_id", "link_id"])
    op.create_index("elements_by_counterpart_record", "elements", ["kind", "counterpart_record_id", "link_id"])
