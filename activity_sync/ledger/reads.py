"""How far a run read its source: kept until its load has committed what was read, then the watermark follows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, select

from activity_sync.activities.kinds import ActivityType
from activity_sync.ledger.engine import insert_or
from activity_sync.ledger.schema import reads


@dataclass(frozen=True, slots=True)
class Read:
    """One run's read of one flow and type: from `begins` up to `covers`, in the source's timestamps.

    `covers` is None when the read says nothing about the present. `deletions`: the cursor from which the next run asks
    for deletions, None when this one did not ask. `fed`: when this run compared associations, None when it did not.
    """

    begins: datetime
    covers: datetime | None
    deletions: str | None = None
    fed: datetime | None = None


def note(connection: Connection, run_id: str, flow: str, activity_type: ActivityType, read: Read) -> None:
    """The run's read is known; a repeated extraction replaces it."""
    values = {"begins": read.begins, "covers": read.covers, "deletions": read.deletions, "fed": read.fed}
    key = {"run_id": run_id, "flow": flow, "activity_type": activity_type.value}
    statement = insert_or(connection, reads).values(**key, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=list(key), set_=values))


def of_run(connection: Connection, run_id: str, flow: str, activity_type: ActivityType) -> Read | None:
    """The run's read, or None when it did not extract."""
    row = connection.execute(select(reads).where(*_of(run_id, flow, activity_type))).one_or_none()
    return None if row is None else Read(row.begins, row.covers, row.deletions, row.fed)


def forget(connection: Connection, run_id: str, flow: str, activity_type: ActivityType) -> None:
    """The run's read is no longer needed."""
    connection.execute(delete(reads).where(*_of(run_id, flow, activity_type)))


def _of(run_id: str, flow: str, activity_type: ActivityType) -> tuple[ColumnElement[bool], ...]:
    return (reads.c.run_id == run_id, reads.c.flow == flow, reads.c.activity_type == activity_type.value)
