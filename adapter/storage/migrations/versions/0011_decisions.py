"""Who decided what about a call: a table of its own. It stood among the attempts, without who."""

import sqlalchemy as sa
from alembic import op

from adapter.storage.schema import UTCDateTime

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.create_table(
        "decisions",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("call_key", sa.Text(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=True),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("decisions_by_call", "decisions", ["call_key", "id"])
    # A decision that the version before makes from now on stays among the attempts, and is shown from there.
    op.execute(
        "INSERT INTO decisions (call_key, at, who, what)"
        " SELECT call_key, at, 'operator', asked FROM attempts WHERE step = 'operator' ORDER BY id"
    )
    op.execute("DELETE FROM attempts WHERE step = 'operator'")
