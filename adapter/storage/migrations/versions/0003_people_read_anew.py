"""More numbers of a person; the index of people is read anew, and held calls are looked at once more.

The rules by which people are kept changed (adapter.storage.people_index.RULES): each row of syncs says by which
it was read. Nothing is emptied: until all are read anew, what stands there says whom to ask for.
"""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from adapter.storage.schema import UTCDateTime

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "person_numbers",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("is_whole", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "person_id", "number"),
    )
    op.create_index("person_numbers_by_number", "person_numbers", ["number"], unique=False)
    op.add_column("syncs", sa.Column("rules", sa.Integer(), server_default="1", nullable=False))
    op.add_column("syncs", sa.Column("reread_position", sa.Integer(), nullable=True))
    _plan_the_look_at_held_calls()


def _plan_the_look_at_held_calls() -> None:
    """A job that comes once (adapter.worker.tasks); a database without held calls does not need it."""
    connection = op.get_bind()
    held = sa.text("SELECT 1 FROM calls WHERE state = 'held' LIMIT 1")
    if connection.execute(held).first() is None:
        return
    jobs = sa.table(
        "jobs",
        sa.column("name", sa.Text),
        sa.column("first_at", UTCDateTime),
        sa.column("next_at", UTCDateTime),
    )
    now = datetime.now(UTC)
    op.bulk_insert(jobs, [{"name": "look_again", "first_at": now, "next_at": now}])
