"""Indexes for lists of calls by a filter, and for the search by the end of a number and by a person's name."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    _some("calls_by_rare_outcome", "outcome", "outcome <> 'answered'")
    _some("calls_by_rare_direction", "direction", "direction <> 'inbound'")
    _some("calls_by_person_kind", "person_kind", "person_kind IS NOT NULL")
    op.drop_index("calls_by_line", "calls")
    op.create_index("calls_by_line", "calls", ["line", "first_seen_at", "state"])
    to_decide = sa.text("state IN ('held', 'failed')")
    op.create_index(
        "calls_to_decide_by_person",
        "calls",
        ["state", "person_kind", "first_seen_at"],
        postgresql_where=to_decide,
        sqlite_where=to_decide,
    )
    if op.get_bind().dialect.name != "postgresql":
        op.execute("CREATE INDEX calls_by_ending ON calls (substr(other, -4), first_seen_at)")
        return
    op.execute('CREATE INDEX calls_by_ending ON calls ("right"(other, 4), first_seen_at)')
    # Without these marks: a name with a slash would be one word to the parser of texts, one in <> none.
    op.execute(
        "CREATE INDEX calls_by_person_name ON calls"
        " USING gin (to_tsvector('simple'::regconfig, translate(person_name, '/<>@._''&:-', '          ')))"
        " WHERE person_name IS NOT NULL"
    )


def _some(name: str, column: str, which: str) -> None:
    """An index of the calls of which this is true. With the state, so that they are counted in it alone."""
    where = sa.text(which)
    op.create_index(
        name,
        "calls",
        [column, "first_seen_at", "state"],
        postgresql_where=where,
        sqlite_where=where,
    )
