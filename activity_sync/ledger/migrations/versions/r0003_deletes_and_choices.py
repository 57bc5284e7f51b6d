"""What deletes and people's decisions need: where a delete is still due, how far deletions were read, what was chosen.

Of records that wait for a person or for another mapping: which they may be, and under which mapping they were judged.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """The columns and tables exist."""
    op.add_column("links", sa.Column("delete_due", sa.String(40)))
    op.create_index("links_by_delete_due", "links", ["delete_due", "activity_type"])
    op.add_column("outstanding", sa.Column("candidates", sa.Text, nullable=False, server_default="[]"))
    op.add_column("outstanding", sa.Column("mapping", sa.String(80), nullable=False, server_default=""))
    op.add_column("reads", sa.Column("deletions", sa.Text))
    op.create_table(
        "deletion_cursors",
        sa.Column("flow", sa.String(80), primary_key=True),
        sa.Column("activity_type", sa.String(20), primary_key=True),
        sa.Column("cursor", sa.Text, nullable=False),
    )
    op.create_table(
        "choices",
        sa.Column("system", sa.String(40), primary_key=True),
        sa.Column("activity_type", sa.String(20), primary_key=True),
        sa.Column("record_id", sa.String(100), primary_key=True),
        sa.Column("decision", sa.String(20), nullable=False),
        sa.Column("other_id", sa.String(100), nullable=False),
        sa.Column("made_at", sa.String(27), nullable=False),
    )
