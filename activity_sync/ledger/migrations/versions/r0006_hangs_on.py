"""What an activity that is not done hung on when it was decided on: nothing new there, no new look.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """The column exists; of what is listed already nothing is known."""
    op.add_column("outstanding", sa.Column("hangs_on", sa.Text()))
