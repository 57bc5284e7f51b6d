"""Files of activities that are carried: announced before each is made, and which file became of it.

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """The table exists."""
    op.create_table(
        "carried_files",
        sa.Column(
            "link_id",
            sa.BigInteger().with_variant(sa.Integer, "sqlite"),
            sa.ForeignKey("links.id"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("source_system", sa.String(40), primary_key=True),
        sa.Column("file_id", sa.String(100), primary_key=True),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("target_file", sa.String(100), nullable=False),
        sa.Column("code", sa.String(80), nullable=False),
        sa.Column("correlation_id", sa.String(80), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("since", sa.String(27), nullable=False),
        sa.Column("next_try", sa.String(27)),
    )
    op.create_index("carried_files_due", "carried_files", ["source_system", "next_try"])
