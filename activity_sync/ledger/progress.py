"""How far the runs under way have come, step by step, and what a row of each step took in earlier runs.

Written by the run at a bounded rate, read by anybody. A run that ends takes its rows away; those of one that was killed
stay until the next run of the flow and type, and are known as dead: by their process, or by a heart that stopped.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, select, update

from activity_sync.activities.kinds import ActivityType, Step
from activity_sync.ledger.engine import insert_or
from activity_sync.ledger.processes import Holder, this_host
from activity_sync.ledger.schema import progress, step_rates

SILENT_AFTER = timedelta(seconds=60)
"""A run of another host whose heart has not beaten for so long counts as dead."""

_KEPT = 0.5
"""How much of what was learnt of earlier runs stays beside that of a new one of the same size."""


class StepState(StrEnum):
    """Where a run is with a step of a type."""

    AHEAD = "ahead"
    UNDER_WAY = "under_way"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class StepProgress:
    """One step of one type in one run. `known`: its rows in all, None as long as nobody can tell.

    `seconds`: what the `done` rows took until `updated_at`. `expected`: seconds a row as expected before the run,
    and `trust`: for how many seconds of it that is believed.
    `floor`: seconds that the APIs' limits demand for the rows left. `estimated_end`: what the first estimate said, at
    `estimated_at`, of the end of the type's last step. `traffic`: by system, what was asked of it. `beat_at`: when the
    run was last known to live.
    """

    run_id: str
    flow: str
    activity_type: ActivityType
    step: Step
    state: StepState
    holder: Holder
    began_at: datetime
    updated_at: datetime
    beat_at: datetime
    known: int | None = None
    done: int = 0
    seconds: float = 0.0
    expected: float = 0.0
    trust: float = 0.0
    floor: float = 0.0
    estimated_at: datetime | None = None
    estimated_end: datetime | None = None
    traffic: Mapping[str, Any] = field(default_factory=dict)

    def is_alive(self, now: datetime) -> bool:
        """Whether its run is under way: its process is there, or was heard of within the last minute."""
        if self.holder.host == this_host():
            return not self.holder.is_gone()
        return now - self.beat_at < SILENT_AFTER


@dataclass(frozen=True, slots=True)
class Rate:
    """What was seen of a step in earlier runs, older ones counting less."""

    rows: float
    seconds: float

    @property
    def seconds_a_row(self) -> float:
        """What one row took."""
        return self.seconds / self.rows


def note(connection: Connection, rows: Sequence[StepProgress]) -> None:
    """These steps have come as far as this."""
    if not rows:
        return
    key = [column.name for column in progress.primary_key]
    statement = insert_or(connection, progress)
    values = {column.name: statement.excluded[column.name] for column in progress.columns if column.name not in key}
    connection.execute(
        statement.on_conflict_do_update(index_elements=key, set_=values), [_to_columns(one) for one in rows]
    )


def of_flow(connection: Connection, flow: str) -> list[StepProgress]:
    """All that is written of the flow's runs, dead ones too, in no order."""
    return [_from_row(row) for row in connection.execute(select(progress).where(progress.c.flow == flow))]


def beat(connection: Connection, run_id: str, now: datetime) -> None:
    """The run lives."""
    connection.execute(update(progress).where(progress.c.run_id == run_id).values(beat_at=now))


def forget(connection: Connection, flow: str, activity_type: ActivityType) -> None:
    """No run of the flow and type is under way."""
    connection.execute(delete(progress).where(*_of(progress, flow, activity_type)))


def learn(
    connection: Connection, flow: str, activity_type: ActivityType, step: Step, *, rows: int, seconds: float
) -> None:
    """So many rows of the step took so long, this time."""
    key = {"flow": flow, "activity_type": activity_type.value, "step": step.value}
    statement = insert_or(connection, step_rates).values(**key, rows=float(rows), seconds=seconds)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=list(key),
            set_={
                "rows": step_rates.c.rows * _KEPT + statement.excluded.rows,
                "seconds": step_rates.c.seconds * _KEPT + statement.excluded.seconds,
            },
        )
    )


def rates(connection: Connection, flow: str, activity_type: ActivityType) -> dict[Step, Rate]:
    """What is known of the steps of the flow and type; absent where no run has shown it yet."""
    found = connection.execute(select(step_rates).where(*_of(step_rates, flow, activity_type)))
    return {Step(row.step): Rate(row.rows, row.seconds) for row in found}


def _of(table: Any, flow: str, activity_type: ActivityType) -> tuple[ColumnElement[bool], ...]:
    return table.c.flow == flow, table.c.activity_type == activity_type.value


def _to_columns(one: StepProgress) -> dict[str, Any]:
    return {
        "run_id": one.run_id,
        "flow": one.flow,
        "activity_type": one.activity_type.value,
        "step": one.step.value,
        "state": one.state.value,
        "known": one.known,
        "done": one.done,
        "seconds": one.seconds,
        "expected": one.expected,
        "trust": one.trust,
        "floor": one.floor,
        "traffic": json.dumps(one.traffic),
        "began_at": one.began_at,
        "updated_at": one.updated_at,
        "beat_at": one.beat_at,
        "estimated_at": one.estimated_at,
        "estimated_end": one.estimated_end,
        "host": one.holder.host,
        "pid": one.holder.pid,
        "started": one.holder.started,
    }


def _from_row(row: Row[Any]) -> StepProgress:
    return StepProgress(
        run_id=row.run_id,
        flow=row.flow,
        activity_type=ActivityType(row.activity_type),
        step=Step(row.step),
        state=StepState(row.state),
        holder=Holder(host=row.host, pid=row.pid, started=row.started, token=row.run_id),
        began_at=row.began_at,
        updated_at=row.updated_at,
        beat_at=row.beat_at,
        known=row.known,
        done=row.done,
        seconds=row.seconds,
        expected=row.expected,
        trust=row.trust,
        floor=row.floor,
        estimated_at=row.estimated_at,
        estimated_end=row.estimated_end,
        traffic=json.loads(row.traffic),
    )
