"""An index of the calls that are to be written, by when they are due."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

_TO_WRITE = sa.text("due_at IS NOT NULL AND job_id IS NULL")


def upgrade() -> None:
    op.create_index(
        "calls_due_new",
        "calls",
        ["due_at"],
        postgresql_where=_TO_WRITE,
        sqlite_where=_TO_WRITE,
    )
