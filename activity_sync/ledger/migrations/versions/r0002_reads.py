"""How far each run read its source, until its load is done.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """The table exists."""
    op.create_table(
        "reads",
        sa.Column("run_id", sa.String(80), primary_key=True),
        sa.Column("flow", sa.String(80), primary_key=True),
        sa.Column("activity_type", sa.String(20), primary_key=True),
        sa.Column("begins", sa.String(27), nullable=False),
        sa.Column("covers", sa.String(27)),
    )
