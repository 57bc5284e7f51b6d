"""Records that are not done: deferred, held, failed or dismissed; why, since when, and when to look again."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, and_, case, delete, func, or_, select, update

from activity_sync.activities.kinds import ActivityType
from activity_sync.ledger.codec import dump
from activity_sync.ledger.engine import chunks, insert_or
from activity_sync.ledger.schema import outstanding
from activity_sync.rules.values import Missing


class OutstandingState(StrEnum):
    """Waits by itself, waits for a person, was refused, or was refused and a person wants to hear no more of it.

    `filtered`: kept back by what records that it hangs on say; `waits_for` names these, of which one may change.

    A dismissed record stays so while it fails in the version in which it was dismissed; it is neither retried nor
    counted as failed.
    """

    DEFERRED = "deferred"
    HELD = "held"
    FAILED = "failed"
    DISMISSED = "dismissed"
    FILTERED = "filtered"


@dataclass(frozen=True, slots=True)
class Outstanding:
    """One record of one flow that is not done.

    `waits_for`: the missing records, by id; of a filtered one those that the filter asks. `message`: already masked.
    `transient`: worth another try by itself. `candidates`: the records that a held one may be. `mapping`: the revision
    of the mapping that it was judged under. `hangs_on`: the source's records (kind, id) that it hung on then; None
    where an older version did not note them. `since` and `attempts` of a record that is recorded again are the
    ledger's: the first time, and one more. `next_try`: not before then; None waits for a person.
    """

    flow: str
    activity_type: ActivityType
    source_id: str
    state: OutstandingState
    since: datetime
    last_seen: datetime
    case: int = 0
    rule: str = ""
    reason: str = ""
    waits_for: tuple[Missing, ...] = ()
    code: str = ""
    message: str = ""
    correlation_id: str = ""
    transient: bool = False
    attempts: int = 1
    next_try: datetime | None = None
    source_version: str | None = None
    candidates: tuple[str, ...] = ()
    mapping: str = ""
    hangs_on: tuple[tuple[str, str], ...] | None = None

    @classmethod
    def due_at_once(
        cls, flow: str, activity_type: ActivityType, source_id: str, *, rule: str, reason: str, now: datetime
    ) -> Outstanding:
        """A record that the next incremental run is to take in, though it has not changed."""
        return cls(
            flow,
            activity_type,
            source_id,
            OutstandingState.DEFERRED,
            since=now,
            last_seen=now,
            case=1,
            rule=rule,
            reason=reason,
            transient=True,
            next_try=now,
        )


_KEY = ("flow", "activity_type", "source_id")


def record(connection: Connection, rows: Sequence[Outstanding]) -> None:
    """Each is outstanding afterwards, once; a later row of the same record replaces the earlier one.

    A dismissed record that fails once more in the version in which it was dismissed stays dismissed.
    """
    newest = {(row.flow, row.activity_type, row.source_id): row for row in rows}
    if not newest:
        return
    statement = insert_or(connection, outstanding)
    new = statement.excluded
    kept = {*_KEY, "since", "attempts"}
    dismissed = and_(
        outstanding.c.state == OutstandingState.DISMISSED.value,
        new.state == OutstandingState.FAILED.value,
        outstanding.c.source_version.is_not_distinct_from(new.source_version),
    )
    statement = statement.on_conflict_do_update(
        index_elements=_KEY,
        set_={
            **{column.name: new[column.name] for column in outstanding.c if column.name not in kept},
            "state": case((dismissed, outstanding.c.state), else_=new.state),
            "next_try": case((dismissed, None), else_=new.next_try),
            "attempts": outstanding.c.attempts + 1,
        },
    )
    connection.execute(statement, [_columns(row) for row in newest.values()])


def clear(connection: Connection, flow: str, activity_type: ActivityType, source_ids: Collection[str]) -> None:
    """None of them is outstanding."""
    for some in chunks(set(source_ids)):
        connection.execute(delete(outstanding).where(*_of(flow, activity_type), outstanding.c.source_id.in_(some)))


def of_records(
    connection: Connection, flow: str, activity_type: ActivityType, source_ids: Collection[str]
) -> dict[str, Outstanding]:
    """Those of them that are outstanding, by source id."""
    found: dict[str, Outstanding] = {}
    for some in chunks(set(source_ids)):
        rows = select(outstanding).where(*_of(flow, activity_type), outstanding.c.source_id.in_(some))
        found |= {row.source_id: _load(row) for row in connection.execute(rows)}
    return found


def retry(connection: Connection, rows: Sequence[Outstanding], now: datetime) -> None:
    """Those of them that still have failed, or are dismissed, are due now, as failed."""
    _change(
        connection,
        rows,
        (OutstandingState.FAILED, OutstandingState.DISMISSED),
        {"state": OutstandingState.FAILED.value, "next_try": now},
    )


def dismiss(connection: Connection, rows: Sequence[Outstanding]) -> None:
    """Those of them that still have failed are dismissed."""
    _change(
        connection,
        rows,
        (OutstandingState.FAILED,),
        {"state": OutstandingState.DISMISSED.value, "next_try": None},
    )


def look_again(connection: Connection, rows: Sequence[Outstanding], now: datetime) -> None:
    """Those of them that are still held are due now: what held them may be decided."""
    _change(connection, rows, (OutstandingState.HELD,), {"next_try": now})


def due(
    connection: Connection, flow: str, activity_type: ActivityType, now: datetime, *, mapping: str | None = None
) -> list[Outstanding]:
    """Those whose next try has come, the longest waiting first; then those that failed under another `mapping`."""
    is_due = outstanding.c.next_try <= now
    if mapping is not None:
        failed = outstanding.c.state == OutstandingState.FAILED.value
        is_due = or_(is_due, and_(failed, outstanding.c.mapping != mapping))
    rows = select(outstanding).where(*_of(flow, activity_type), is_due)
    ordered = rows.order_by(outstanding.c.next_try.is_(None), outstanding.c.next_try, outstanding.c.source_id)
    return [_load(row) for row in connection.execute(ordered)]


def listed(
    connection: Connection,
    state: OutstandingState | None,
    flow: str | None,
    activity_type: ActivityType | None,
) -> list[Outstanding]:
    """All that match, oldest first. None matches everything."""
    rows = select(outstanding).order_by(outstanding.c.since, *(outstanding.c[name] for name in _KEY))
    if state is not None:
        rows = rows.where(outstanding.c.state == state.value)
    if flow is not None:
        rows = rows.where(outstanding.c.flow == flow)
    if activity_type is not None:
        rows = rows.where(outstanding.c.activity_type == activity_type.value)
    return [_load(row) for row in connection.execute(rows)]


def counted(
    connection: Connection, *, before: datetime | None = None
) -> dict[tuple[str, ActivityType, OutstandingState], int]:
    """How many per flow, type and state; absent where none. `before`: only those that have been listed since before."""
    group = (outstanding.c.flow, outstanding.c.activity_type, outstanding.c.state)
    counts = select(*group, func.count()).group_by(*group)
    rows = connection.execute(counts if before is None else counts.where(outstanding.c.since < before))
    return {(flow, ActivityType(kind), OutstandingState(state)): count for flow, kind, state, count in rows}


def _change(
    connection: Connection, rows: Sequence[Outstanding], states: Sequence[OutstandingState], values: dict[str, Any]
) -> None:
    in_state = outstanding.c.state.in_([one.value for one in states])
    for row in rows:
        this = outstanding.c.source_id == row.source_id
        connection.execute(update(outstanding).where(*_of(row.flow, row.activity_type), this, in_state).values(values))


def _of(flow: str, activity_type: ActivityType) -> tuple[Any, Any]:
    return outstanding.c.flow == flow, outstanding.c.activity_type == activity_type.value


def _columns(row: Outstanding) -> dict[str, Any]:
    values = {one.name: getattr(row, one.name) for one in fields(row)}
    values["case_number"] = values.pop("case")
    values["activity_type"] = row.activity_type.value
    values["state"] = row.state.value
    values["waits_for"] = dump([{"system": one.system, "kind": one.kind, "id": one.id} for one in row.waits_for])
    values["candidates"] = dump(list(row.candidates))
    values["hangs_on"] = None if row.hangs_on is None else dump([list(one) for one in row.hangs_on])
    return values


def _load(row: Any) -> Outstanding:
    values = dict(row._mapping)  # noqa: SLF001 SQLAlchemy's public name for a row's columns
    return Outstanding(
        **values
        | {
            "activity_type": ActivityType(row.activity_type),
            "state": OutstandingState(row.state),
            "waits_for": tuple(Missing(**one) for one in json.loads(row.waits_for)),
            "candidates": tuple(json.loads(row.candidates)),
            "hangs_on": None if row.hangs_on is None else tuple((kind, one) for kind, one in json.loads(row.hangs_on)),
            "case": values.pop("case_number"),
        }
    )
