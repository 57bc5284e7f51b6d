"""What is worth doing once in a while, by whichever of many processes comes first."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, select

from activity_sync.activities.kinds import ActivityType
from activity_sync.ledger.engine import insert_or
from activity_sync.ledger.schema import meta


def is_due(
    connection: Connection, what: str, flow: str, activity_type: ActivityType, *, now: datetime, every: timedelta
) -> bool:
    """Whether nobody has had the turn for so long."""
    had = connection.scalar(select(meta.c.value).where(meta.c.name == _name(what, flow, activity_type)))
    return had is None or had <= _written(now - every)


def take(
    connection: Connection, what: str, flow: str, activity_type: ActivityType, *, now: datetime, every: timedelta
) -> bool:
    """Whether it is the caller's turn: nobody has had it for so long. From now on it is nobody's for as long."""
    statement = insert_or(connection, meta).values(name=_name(what, flow, activity_type), value=_written(now))
    taken = connection.execute(
        statement.on_conflict_do_update(
            index_elements=["name"],
            set_={"value": statement.excluded.value},
            where=meta.c.value <= _written(now - every),
        )
    )
    return bool(taken.rowcount)


def _name(what: str, flow: str, activity_type: ActivityType) -> str:
    return f"{what}:{flow}/{activity_type}"


def _written(moment: datetime) -> str:
    """In a form whose order as text is that of time."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
