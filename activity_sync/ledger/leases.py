"""Leases: one run at a time per flow and type. They only save work; correctness comes from the claim."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, delete, select, update

from activity_sync.activities.kinds import ActivityType
from activity_sync.ledger.engine import insert_or, reading, writing
from activity_sync.ledger.processes import Holder
from activity_sync.ledger.schema import leases

# Without a heartbeat for this long another host's lease counts as abandoned. Beat at least every third of it.
EXPIRES_AFTER = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Lease:
    """A lease that was won. Lost when it is taken over, which `heartbeat` tells."""

    engine: Engine
    flow: str
    activity_type: ActivityType
    holder: Holder

    def heartbeat(self, now: datetime) -> bool:
        """The lease holds for another minute; False when somebody else has it."""
        with writing(self.engine) as connection:
            done = connection.execute(update(leases).where(*self._mine()).values(heartbeat_at=now))
            return done.rowcount == 1

    def release(self) -> None:
        """The lease is free. Nothing happens when it was lost."""
        with writing(self.engine) as connection:
            connection.execute(delete(leases).where(*self._mine()))

    def _mine(self) -> tuple[Any, ...]:
        return (*_of(self.flow, self.activity_type), leases.c.token == self.holder.token)


def acquire(engine: Engine, flow: str, activity_type: ActivityType, holder: Holder, now: datetime) -> Lease | None:
    """The lease, free or abandoned before; None while somebody else holds it. A holder may acquire its own again."""
    with writing(engine) as connection:
        columns = {
            "token": holder.token,
            "host": holder.host,
            "pid": holder.pid,
            "started": holder.started,
            "acquired_at": now,
            "heartbeat_at": now,
        }
        fresh = insert_or(connection, leases).values(flow=flow, activity_type=activity_type.value, **columns)
        # The row exists afterwards, whoever made it, so that there is always one to lock.
        connection.execute(fresh.on_conflict_do_nothing())
        row = connection.execute(select(leases).where(*_of(flow, activity_type)).with_for_update()).one_or_none()
        if row is None:  # released between our two statements
            return None
        if row.token != holder.token:
            other = Holder(host=row.host, pid=row.pid, started=row.started, token=row.token)
            if not other.is_gone() and now - row.heartbeat_at < EXPIRES_AFTER:
                return None
            connection.execute(update(leases).where(*_of(flow, activity_type)).values(**columns))
    return Lease(engine, flow, activity_type, holder)


def held_by(engine: Engine, flow: str, activity_type: ActivityType) -> Holder | None:
    """Who holds the lease now, dead or alive; None when it is free."""
    with reading(engine) as connection:
        row = connection.execute(select(leases).where(*_of(flow, activity_type))).one_or_none()
    return None if row is None else Holder(host=row.host, pid=row.pid, started=row.started, token=row.token)


def _of(flow: str, activity_type: ActivityType) -> tuple[Any, Any]:
    return leases.c.flow == flow, leases.c.activity_type == activity_type.value
