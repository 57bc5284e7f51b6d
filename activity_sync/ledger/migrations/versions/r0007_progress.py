"""How far runs have come while they go, and what a row of each step took in earlier ones.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Both tables exist; of a run under way nothing is known."""
    op.create_table(
        "progress",
        sa.Column("run_id", sa.String(80), primary_key=True),
        sa.Column("flow", sa.String(80), primary_key=True),
        sa.Column("activity_type", sa.String(20), primary_key=True),
        sa.Column("step", sa.String(40), primary_key=True),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("known", sa.Integer()),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("expected", sa.Float(), nullable=False),
        sa.Column("floor", sa.Float(), nullable=False),
        sa.Column("traffic", sa.Text(), nullable=False),
        sa.Column("began_at", sa.String(27), nullable=False),
        sa.Column("updated_at", sa.String(27), nullable=False),
        sa.Column("beat_at", sa.String(27), nullable=False),
        sa.Column("estimated_at", sa.String(27)),
        sa.Column("estimated_end", sa.String(27)),
        sa.Column("host", sa.String(300), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("started", sa.String(120), nullable=False),
    )
    op.create_table(
        "step_rates",
        sa.Column("flow", sa.String(80), primary_key=True),
        sa.Column("activity_type", sa.String(20), primary_key=True),
        sa.Column("step", sa.String(40), primary_key=True),
        sa.Column("rows", sa.Float(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
    )
