"""Alembic's way in: runs the migrations on the connection, and in the transaction, that `slamon.store.migrate` has."""

from __future__ import annotations

from alembic import context

from slamon.store.schema import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
