"""The calls of each account, counted for all hosts that share a PostgreSQL ledger. Empty beside an SQLite one.

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """The tables exist. Unlogged: a count of some minutes is not worth the disk, nor a wait for it."""
    unlogged = ["UNLOGGED"] if op.get_bind().dialect.name == "postgresql" else []
    op.create_table(
        "limit_uses",
        sa.Column("account", sa.String(80), nullable=False),
        sa.Column("bucket", sa.String(40), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        prefixes=unlogged,
    )
    op.create_index("limit_uses_by_time", "limit_uses", ["account", "bucket", "at_ms"])
    op.create_table(
        "limit_places",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("account", sa.String(80), nullable=False),
        sa.Column("expires_ms", sa.BigInteger(), nullable=False),
        prefixes=unlogged,
    )
    op.create_table(
        "limit_holds",
        sa.Column("account", sa.String(80), primary_key=True),
        sa.Column("bucket", sa.String(40), primary_key=True),
        sa.Column("until_ms", sa.BigInteger(), nullable=False),
        prefixes=unlogged,
    )
