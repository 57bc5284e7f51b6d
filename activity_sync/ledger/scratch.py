"""A copy of a ledger that is thrown away: a preview decides on it as a sync would, and the ledger stays as it is."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine, delete, select

from activity_sync.ledger.engine import connect, reading, writing
from activity_sync.ledger.migrate import migrate
from activity_sync.ledger.schema import OF_THE_MOMENT, leases, metadata, progress

_ROWS = 1_000


def copied(engine: Engine, path: Path) -> Engine:
    """The whole ledger as of one moment, in an SQLite file that did not exist; nobody has a lease or is under way."""
    if engine.dialect.name == "sqlite":
        raw = engine.raw_connection()
        try:
            raw.cursor().execute("VACUUM INTO ?", (str(path),))
        finally:
            raw.close()
        copy = connect(f"sqlite:///{path}")
    else:
        copy = connect(f"sqlite:///{path}")
        copy_rows(engine, copy)
    with writing(copy) as there:
        # Whoever carries the flow at this moment will never give back a lease, nor go on, in the copy.
        there.execute(delete(leases))
        there.execute(delete(progress))
    return copy


def copy_rows(engine: Engine, copy: Engine) -> None:
    """An empty database holds the whole ledger as of one moment."""
    migrate(copy)
    with reading(engine) as here, writing(copy) as there:
        for table in metadata.sorted_tables:
            if table in OF_THE_MOMENT:
                continue
            there.execute(delete(table))
            rows = here.execution_options(yield_per=_ROWS).execute(select(table)).mappings()
            for some in rows.partitions(_ROWS):
                there.execute(table.insert(), [dict(one) for one in some])
