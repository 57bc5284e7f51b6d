"""Alembic's entry: runs the migrations inside the transaction that `ledger/migrate.py` holds."""

from alembic import context

from activity_sync.ledger.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=False,  # the transaction is the caller's, from the look at the version to the last table
)
context.run_migrations()
