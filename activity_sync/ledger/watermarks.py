"""How far a flow and type has come, in the source's own timestamps, and what its steps asked of the APIs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, func, select

from activity_sync.activities.kinds import ActivityType
from activity_sync.ledger.engine import insert_or
from activity_sync.ledger.schema import deletion_cursors, step_calls, watermarks


def read(connection: Connection, flow: str, activity_type: ActivityType) -> datetime | None:
    """The watermark; None before the first pass."""
    return connection.scalar(
        select(watermarks.c.at).where(watermarks.c.flow == flow, watermarks.c.activity_type == activity_type.value)
    )


def move(connection: Connection, flow: str, activity_type: ActivityType, to: datetime) -> None:
    """The watermark is at `to`, or stays where it is if that is later: it never goes back."""
    statement = insert_or(connection, watermarks).values(flow=flow, activity_type=activity_type.value, at=to)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["flow", "activity_type"],
            set_={"at": statement.excluded.at},
            where=watermarks.c.at < statement.excluded.at,
        )
    )


def deletion_cursor(connection: Connection, flow: str, activity_type: ActivityType) -> str | None:
    """From where deletions are to be read on, in the source's own terms; None before the first time."""
    return connection.scalar(
        select(deletion_cursors.c.cursor).where(
            deletion_cursors.c.flow == flow, deletion_cursors.c.activity_type == activity_type.value
        )
    )


def store_deletion_cursor(connection: Connection, flow: str, activity_type: ActivityType, cursor: str) -> None:
    """Deletions are read on from here."""
    key = {"flow": flow, "activity_type": activity_type.value}
    statement = insert_or(connection, deletion_cursors).values(**key, cursor=cursor)
    connection.execute(statement.on_conflict_do_update(index_elements=list(key), set_={"cursor": cursor}))


def add_calls(  # noqa: PLR0917 the ledger method's order
    connection: Connection,
    run_id: str,
    flow: str,
    activity_type: ActivityType,
    step: str,
    calls: Mapping[str, int],
) -> None:
    """`calls` (by system) are added to what this run's step has made so far."""
    rows = [
        {
            "run_id": run_id,
            "flow": flow,
            "activity_type": activity_type.value,
            "step": step,
            "system": system,
            "calls": count,
        }
        for system, count in calls.items()
    ]
    if not rows:
        return
    statement = insert_or(connection, step_calls)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=[column.name for column in step_calls.primary_key],
            set_={"calls": step_calls.c.calls + statement.excluded.calls},
        ),
        rows,
    )


def calls(connection: Connection, run_id: str, flow: str, activity_type: ActivityType) -> dict[str, int]:
    """The run's calls for this flow and type over all its steps, by system."""
    rows = (
        select(step_calls.c.system, func.sum(step_calls.c.calls))
        .where(
            step_calls.c.run_id == run_id,
            step_calls.c.flow == flow,
            step_calls.c.activity_type == activity_type.value,
        )
        .group_by(step_calls.c.system)
    )
    return {system: int(count) for system, count in connection.execute(rows)}
