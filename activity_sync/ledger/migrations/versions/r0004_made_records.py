"""Contacts and companies that we make on demand: announced before each create, and which record became of it.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """The table exists."""
    op.create_table(
        "made_records",
        sa.Column("source_system", sa.String(40), primary_key=True),
        sa.Column("target_system", sa.String(40), primary_key=True),
        sa.Column("kind", sa.String(40), primary_key=True),
        sa.Column("source_id", sa.String(100), primary_key=True),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("target_id", sa.String(100), nullable=False),
        sa.Column("announced_at", sa.String(27), nullable=False),
    )
    op.create_index("made_records_by_target", "made_records", ["target_system", "kind", "target_id"])
