"""The cause of held, failed and ignored calls, and an index of the first two by it.

Calls that are there get their cause from their reason, as the versions before worded it.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

# The first pattern (LIKE) that fits says the cause. What fits none is "other".
CAUSES = (
    ("forgotten on request", "forgotten"),
    ("by an operator", "by_operator"),
    ("not to be written", "by_operator"),
    ("the number called is none of our lines%", "no_line"),
    ("the provider never reported how the call ended%", "no_ending"),
    ("%how it ended is not known%", "no_ending"),
    ("the caller withheld the number%", "number_withheld"),
    ("no number to find a person or make a lead by: the caller withheld it", "number_withheld"),
    ("no number to find a person%", "no_number"),
    ("the number is not available%", "no_number"),
    ("no phone number of the other side%", "no_number"),
    ("the other side is one of our own lines%", "own_number"),
    ("the other side is a browser phone%", "device"),
    ("the number is on the ignore list%", "ignore_list"),
    ("answered calls under % are ignored", "too_short"),
    ("the number is a shared switchboard%", "switchboard"),
    ("nobody with this number among % unknown callers are ignored", "unknown_ignored"),
    ("nobody with this number among % so far; the index of people%", "people_not_read"),
    ("nobody with this number among %", "nobody_found"),
    ("% people fit equally well%", "several_found"),
    ("% has this number only among the words of a phone field%", "number_in_doubt"),
    ("% has this number, but %", "not_supported"),
    ("assigned to %", "assigned_not_found"),
    ("the lead could not be made%", "lead_not_made"),
    ("the lead of this number could not be made%", "lead_not_made"),
    ("a lead was made, but the PMS has not shown it%", "lead_not_shown"),
    ("given up after a day of trying%", "given_up"),
    ("the PMS refused it%", "refused_by_pms"),
    ("a bug of the adapter%", "bug"),
    ("the last try may have got through%", "write_in_doubt"),
    ("it came late, as after a restored backup%", "write_in_doubt"),
    ("a lead of this number was made, and it cannot be seen%", "write_in_doubt"),
    ("the write that failed has no job%", "write_in_doubt"),
    ("% write logs %", "write_in_doubt"),
    ("% takes no new leads%", "lead_not_made"),
    ("% takes no call events for %", "not_supported"),
    ("%makes no valid event%", "does_not_fit"),
    ("the link and the reference of call %", "does_not_fit"),
    ("% lacks %", "line_incomplete"),
    ("%correct lines.toml%", "line_incomplete"),
    ("%'s API answered %", "refused_by_provider"),  # the provider's
    ("% answered 405%", "not_supported"),
    ("% answered %", "refused_by_target"),
)
_HAVE_ONE = "state IN ('held', 'failed', 'ignored')"
_TO_DECIDE = sa.text("state IN ('held', 'failed')")


def upgrade() -> None:
    op.add_column("calls", sa.Column("cause", sa.Text(), nullable=True))
    reason = sa.column("reason", sa.Text)
    first_fit = sa.case(*((reason.like(like), cause) for like, cause in CAUSES), else_="other")
    calls = sa.table("calls", sa.column("cause", sa.Text), reason)
    op.execute(sa.update(calls).where(sa.text(_HAVE_ONE)).values(cause=first_fit))
    op.create_index(
        "calls_by_cause",
        "calls",
        ["state", "cause", "line", "first_seen_at"],
        postgresql_where=_TO_DECIDE,
        sqlite_where=_TO_DECIDE,
    )
