"""Calls that may be written already, as after a restored backup."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("calls", sa.Column("may_be_written", sa.Boolean(), nullable=True))
