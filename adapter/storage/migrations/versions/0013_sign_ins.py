"""Who is signed in to the pages, and which sign-ins failed."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

_MOMENT = sa.DateTime(timezone=True)
_BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "sign_ins",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("way", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("begun_at", _MOMENT, nullable=False),
        sa.Column("ends_at", _MOMENT, nullable=False),
    )
    op.create_index("sign_ins_by_end", "sign_ins", ["ends_at"])
    op.create_table(
        "wrong_passwords",
        sa.Column("id", _BIG_ID, primary_key=True, autoincrement=True),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("source", sa.Text()),
        sa.Column("peer", sa.Text()),
        sa.Column("tries", sa.Integer(), nullable=False),
    )
    op.create_index("wrong_passwords_by_time", "wrong_passwords", ["at"])
    op.create_index("wrong_passwords_by_source", "wrong_passwords", ["source", "at"])
    op.create_index("wrong_passwords_by_peer", "wrong_passwords", ["peer", "at"])
