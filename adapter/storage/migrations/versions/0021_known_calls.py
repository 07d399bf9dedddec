"""Whether a provider's API has ever had a call of this account."""

import sqlalchemy as sa
from alembic import op

from adapter.storage.schema import UTCDateTime

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.add_column("provider_health", sa.Column("had_call_at", UTCDateTime()))
