"""Brings a ledger to the newest schema, once, also when several processes open it at the same moment."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.exc import ProgrammingError

from activity_sync.errors import LedgerUnusable
from activity_sync.ledger.engine import reading, writing
from activity_sync.ledger.schema import REVISION

# Any number, but always this one: PostgreSQL's advisory lock of a migrating process.
_LOCK = 7_240_511


def migrate(engine: Engine) -> None:
    """The schema is `REVISION` afterwards. LedgerUnusable for a newer, foreign or unreadable database."""
    try:
        with reading(engine) as connection:
            found = _revision(connection)
        if found == REVISION:
            return
        with writing(engine) as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            _upgrade(connection, _revision(connection))
    except ProgrammingError as error:
        raise LedgerUnusable(
            f"The ledger's tables cannot be made ({type(error.orig).__name__}: {error.orig}). The database user needs "
            "the right to create tables in its schema.",
            setting="ACTIVITY_SYNC_LEDGER_URL",
        ) from error


def _revision(connection: Connection) -> str | None:
    """The schema's revision; None for a database that holds no ledger yet."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return None if found is None else str(found)


def _upgrade(connection: Connection, found: str | None) -> None:
    if found == REVISION:  # another process was faster
        return
    if found is not None and not found.isdigit():
        raise LedgerUnusable(
            "The database is another program's: its schema is not a ledger's. Give the ledger its own.",
            setting="ACTIVITY_SYNC_LEDGER_URL",
        )
    if found is not None and found > REVISION:
        raise LedgerUnusable(
            f"The ledger was written by a newer version (schema {found}, this version knows {REVISION}): "
            "install that version or a later one.",
            setting="ACTIVITY_SYNC_LEDGER_URL",
        )
    # Here, since nearly every process finds the schema as it should be: importing Alembic costs it a fifth of a second.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
