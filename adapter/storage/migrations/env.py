"""Alembic's entry: runs the migrations on the connection that adapter.storage.engine hands in."""

from alembic import context

from adapter.storage.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
)
context.run_migrations()
