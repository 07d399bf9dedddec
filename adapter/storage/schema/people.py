"""Which tables hold the people of the target, and the leads that we asked for?"""

from __future__ import annotations

import sqlalchemy as sa

from adapter.storage.schema.base import UTCDateTime, metadata

# The index of people by phone number, as the target has them; numbers in E.164.
people = sa.Table(
    "people",
    metadata,
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("integration_id", sa.Text, nullable=False),
    sa.Column("property_id", sa.Text),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("number_1", sa.Text),
    sa.Column("number_2", sa.Text),
    sa.Column("is_active", sa.Boolean, nullable=False),
    sa.Column("updated_at", UTCDateTime, nullable=False),
    sa.Column("vendor", sa.Text),
    sa.Column("application_id", sa.Text),
    sa.Index("people_by_number_1", "number_1"),
    sa.Index("people_by_number_2", "number_2"),
)

# More numbers of people than the two above. is_whole: the number is all of its field; else it stands among
# words there ("617-555-0134 (cell)").
person_numbers = sa.Table(
    "person_numbers",
    metadata,
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("person_id", sa.Text, primary_key=True),
    sa.Column("number", sa.Text, primary_key=True),
    sa.Column("is_whole", sa.Boolean, nullable=False),
    sa.Index("person_numbers_by_number", "number"),
)

# How far the index has been read. offset: of the first fill, until it is filled. rules: those that it was read
# by (adapter.storage.people_index.RULES). reread_position: of a reading anew by later ones.
syncs = sa.Table(
    "syncs",
    metadata,
    sa.Column("integration_id", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("total", sa.Integer, nullable=False),
    sa.Column("is_filled", sa.Boolean, nullable=False),
    sa.Column("known_until", UTCDateTime, nullable=False),
    sa.Column("read_at", UTCDateTime, nullable=False),
    sa.Column("begun_at", UTCDateTime),
    sa.Column("rules", sa.Integer, nullable=False, server_default="1"),
    sa.Column("reread_position", sa.Integer),
)

# Leads that we asked for, one per unknown number and integration.
new_leads = sa.Table(
    "new_leads",
    metadata,
    sa.Column("integration_id", sa.Text, primary_key=True),
    sa.Column("number", sa.Text, primary_key=True),
    sa.Column("call_key", sa.Text, nullable=False),
    sa.Column("asked_at", UTCDateTime, nullable=False),
    sa.Column("request", sa.Text, nullable=False),
    sa.Column("job_id", sa.Text),
    sa.Column("lead_id", sa.Text),
    sa.Column("failed", sa.Text),
)
