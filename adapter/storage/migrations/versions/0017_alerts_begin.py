"""When the trouble of an alert began, which may be before it opened."""

import sqlalchemy as sa
from alembic import op

from adapter.storage.schema import UTCDateTime

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.add_column("alerts", sa.Column("began_at", UTCDateTime(), nullable=True))
