"""Contacts and companies that we make on demand: announced before the create, so that none is made twice."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, Connection, and_, delete, select, update

from activity_sync.activities.identity import Flow
from activity_sync.ledger.engine import chunks, insert_or
from activity_sync.ledger.schema import made_records


class MadeState(StrEnum):
    """`pending`: announced, and its end is unknown. `made`: the counterpart stands in the target."""

    PENDING = "pending"
    MADE = "made"


@dataclass(frozen=True, slots=True)
class MadeRecord:
    """The counterpart of one source record, as it was announced or made. `fresh`: announced by this very call."""

    source_id: str
    state: MadeState
    target_id: str
    announced_at: datetime
    fresh: bool = False


def announce(
    connection: Connection, flow: Flow, kind: str, source_ids: Sequence[str], *, now: datetime
) -> dict[str, MadeRecord]:
    """A row per source id: a pending one, fresh, or the one that stands there already."""
    fresh = set()
    for one in dict.fromkeys(source_ids):
        values = {**_scope(flow, kind), "source_id": one, "state": "pending", "target_id": "", "announced_at": now}
        statement = insert_or(connection, made_records).values(**values).on_conflict_do_nothing()
        # What was inserted is returned; a count of rows is not to be had of every driver.
        if connection.execute(statement.returning(made_records.c.source_id)).first() is not None:
            fresh.add(one)
    rows: dict[str, MadeRecord] = {}
    for some in chunks(set(source_ids)):
        wanted = select(made_records).where(_of(flow, kind), made_records.c.source_id.in_(some))
        for row in connection.execute(wanted):
            state = MadeState(row.state)
            rows[row.source_id] = MadeRecord(
                row.source_id, state, row.target_id, row.announced_at, fresh=row.source_id in fresh
            )
    return rows


def announce_again(connection: Connection, flow: Flow, kind: str, seen: MadeRecord, *, now: datetime) -> bool:
    """The pending row is dated anew; False where another run was faster."""
    unmoved = and_(
        _of(flow, kind),
        made_records.c.source_id == seen.source_id,
        made_records.c.state == MadeState.PENDING.value,
        made_records.c.announced_at == seen.announced_at,
    )
    return connection.execute(update(made_records).where(unmoved).values(announced_at=now)).rowcount == 1


def settle(connection: Connection, flow: Flow, kind: str, made: Mapping[str, str], *, now: datetime) -> None:
    """Each source id has this counterpart, whatever was known of it."""
    for source_id, target_id in made.items():
        key = {**_scope(flow, kind), "source_id": source_id}
        values = {"state": MadeState.MADE.value, "target_id": target_id}
        statement = insert_or(connection, made_records).values(**key, **values, announced_at=now)
        connection.execute(statement.on_conflict_do_update(index_elements=list(key), set_=values))


def discard(connection: Connection, flow: Flow, kind: str, source_ids: Collection[str]) -> None:
    """These announcements came to nothing, certainly."""
    for some in chunks(set(source_ids)):
        connection.execute(
            delete(made_records).where(
                _of(flow, kind),
                made_records.c.source_id.in_(some),
                made_records.c.state == MadeState.PENDING.value,
            )
        )


def counterparts(connection: Connection, flow: Flow, kind: str, source_ids: Collection[str]) -> dict[str, str]:
    """By source id, the counterparts that were made: from the source's records in the target, or the other way."""
    found: dict[str, str] = {}
    table = made_records.c
    for some in chunks(set(source_ids)):
        made = table.state == MadeState.MADE.value
        backwards = select(table.target_id, table.source_id).where(
            _of(flow.mirror, kind), made, table.target_id.in_(some)
        )
        forwards = select(table.source_id, table.target_id).where(_of(flow, kind), made, table.source_id.in_(some))
        for statement in (backwards, forwards):
            # Where one record was made for several, the first of them is its counterpart: it comes last here.
            rows = connection.execute(statement.order_by(table.announced_at.desc(), table.source_id.desc()))
            found |= {here: there for here, there in rows.tuples()}  # noqa: C416 - rows are no pairs for mypy
    return found


def _scope(flow: Flow, kind: str) -> dict[str, str]:
    return {"source_system": flow.source, "target_system": flow.target, "kind": kind}


def _of(flow: Flow, kind: str) -> ColumnElement[bool]:
    return and_(*(made_records.c[name] == value for name, value in _scope(flow, kind).items()))
