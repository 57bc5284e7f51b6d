"""When a run compared associations: known with its read, so that only a finished run counts as a pass of the feed.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """The column exists; a run under way has compared nothing."""
    op.add_column("reads", sa.Column("fed", sa.String(27)))
