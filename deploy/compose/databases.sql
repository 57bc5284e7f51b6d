-- Beside Dagster's own database, which the server makes: both number their migrations in `alembic_version`.
CREATE DATABASE ledger;
