"""How often a hook that is known came again, and when last."""

import sqlalchemy as sa
from alembic import op

from adapter.storage.schema import UTCDateTime

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("hooks", sa.Column("repeats", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("hooks", sa.Column("repeated_at", UTCDateTime()))
