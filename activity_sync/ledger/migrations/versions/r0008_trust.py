"""For how long a run believes what was expected of a step before it believes its own pace.

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """The column exists; runs under way believe their pace."""
    op.add_column("progress", sa.Column("trust", sa.Float(), nullable=False, server_default="0"))
