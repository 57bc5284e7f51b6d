"""Changing links: announce, adopt, claim, settle. Each is one transaction over a whole batch.

Every function expects a write transaction (`engine.writing`): a row that was read and locked stays as read.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select, update
from sqlalchemy.exc import IntegrityError

from activity_sync.activities.kinds import ActivityType
from activity_sync.ledger import codec
from activity_sync.ledger.engine import chunks
from activity_sync.ledger.links import by_record, load, unmoved
from activity_sync.ledger.merging import merge_elements, merge_side
from activity_sync.ledger.rows import (
    AdoptedLink,
    Claim,
    LinkChange,
    LinkRow,
    LinkState,
    NewLink,
    SideRow,
    Tombstone,
)
from activity_sync.ledger.schema import elements, link_sides, links
from activity_sync.ledger.storing import store, store_new

# An announcement or adoption, to be tried again when it met a row that it had not seen.
Insert = Callable[[Connection], dict[str, LinkRow]]


def announce(connection: Connection, creates: Sequence[NewLink], *, now: datetime) -> dict[str, LinkRow]:
    """Pending rows for these creates, by source id. A source that has a living link gives that one, not fresh."""
    found: dict[str, LinkRow] = {}
    for origin, activity_type in {(one.origin, one.activity_type) for one in creates}:
        ids = [one.source_id for one in creates if (one.origin, one.activity_type) == (origin, activity_type)]
        found |= _living(connection, origin, activity_type, ids)
    fresh: dict[str, LinkRow] = {}
    for one in creates:
        if one.source_id in found or one.source_id in fresh:
            continue
        fresh[one.source_id] = LinkRow(
            id=0,
            activity_type=one.activity_type,
            state=LinkState.PENDING,
            origin=one.origin,
            key=one.key,
            generation=one.generation,
            revision=0,
            intended=one.intended,
            plan=one.plan,
            sides={
                one.origin: SideRow(one.source_id, one.source_base, version=one.source_version),
                one.counterpart: SideRow(None),
            },
            elements=one.elements,
            tombstone=None,
            written_at=(),
            updated_at=now,
        )
    return found | store_new(connection, fresh)


def adopt(connection: Connection, adopted: Sequence[AdoptedLink], *, now: datetime) -> dict[str, LinkRow]:
    """Linked rows, by origin id. Where either record has a living link already, that one is given, not fresh."""
    found: dict[str, LinkRow] = {}
    for kind in {(one.origin, one.counterpart, one.activity_type) for one in adopted}:
        origin, counterpart, activity_type = kind
        some = [one for one in adopted if (one.origin, one.counterpart, one.activity_type) == kind]
        here = _living(connection, origin, activity_type, [one.origin_id for one in some])
        there = _living(connection, counterpart, activity_type, [one.counterpart_id for one in some])
        for one in some:
            row = here.get(one.origin_id) or there.get(one.counterpart_id)
            if row is not None:
                found[one.origin_id] = row
    fresh: dict[str, LinkRow] = {}
    first: dict[tuple[str, str, str], str] = {}
    again: dict[str, str] = {}
    for one in adopted:
        target = (one.counterpart, one.activity_type, one.counterpart_id)
        if one.origin_id in found or one.origin_id in fresh:
            continue
        if first.setdefault(target, one.origin_id) != one.origin_id:
            again[one.origin_id] = first[target]
            continue
        ids = {one.origin: one.origin_id, one.counterpart: one.counterpart_id}
        fresh[one.origin_id] = LinkRow(
            id=0,
            activity_type=one.activity_type,
            state=LinkState.LINKED,
            origin=one.origin,
            key=one.key,
            generation=one.generation,
            revision=0,
            intended={},
            plan=None,
            sides={
                system: SideRow(
                    record_id,
                    one.bases.get(system, {}),
                    one.unsettled.get(system, frozenset()),
                    one.versions.get(system),
                )
                for system, record_id in ids.items()
            },
            elements=one.elements,
            tombstone=None,
            written_at=(),
            updated_at=now,
        )
    made = store_new(connection, fresh)
    return found | made | {one: replace(made[other], fresh=False) for one, other in again.items()}


def claim(connection: Connection, claims: Sequence[Claim], *, now: datetime) -> set[int]:
    """The ids won: links whose revision was the claimed one, which is one higher afterwards."""
    wanted = {one.link_id: one for one in claims}
    won: list[dict[str, Any]] = []
    for some in chunks(sorted(wanted)):
        rows = select(links.c.id, links.c.revision).where(links.c.id.in_(some)).order_by(links.c.id)
        won += [
            {
                "at_id": row.id,
                "revision": row.revision + 1,
                "plan": codec.dump_plan(wanted[row.id].plan),
                "updated_at": now,
            }
            for row in connection.execute(rows.with_for_update())
            if row.revision == wanted[row.id].revision
        ]
    if won:
        connection.execute(update(links).where(links.c.id == bindparam("at_id")), won)
    return {row["at_id"] for row in won}


def settle(
    connection: Connection, changes: Sequence[LinkChange], *, now: datetime, known: Sequence[LinkRow] = ()
) -> set[int]:
    """The ids of the links that were changed. `known`: links as they were last read, or made; a moved one is read anew.

    Not changed: an unknown link, one whose revision is not the expected one, and one that would take a record which
    belongs to another living link. A link named twice takes its changes in order.
    """
    ids = {change.link_id for change in changes}
    before = unmoved(connection, ids, known) if known else {}
    before |= load(connection, ids - before.keys(), lock=True)
    after = dict(before)
    for change in changes:
        row = after.get(change.link_id)
        if row is None or (change.expect_revision is not None and change.expect_revision != row.revision):
            continue
        after[change.link_id] = _changed(row, change, now)
    touched = [link_id for link_id, row in after.items() if row is not before[link_id]]
    try:
        with connection.begin_nested():
            store(connection, [(before[one], after[one]) for one in touched])
    except IntegrityError:
        # Some record belongs to another living link. Find out which, one by one; the others must not suffer.
        return {one for one in touched if _stored_alone(connection, before[one], after[one])}
    return set(touched)


def _changed(row: LinkRow, change: LinkChange, now: datetime) -> LinkRow:
    state = change.state or row.state
    sides = {system: merge_side(side, system, change) for system, side in row.sides.items()}
    tombstone = None  # a link that lives again has none
    if state is LinkState.TOMBSTONED:
        mapped = frozenset(name for side in sides.values() for name in side.base)
        tombstone = change.tombstone or row.tombstone or Tombstone(mapped)
    return replace(
        row,
        state=state,
        key=row.key if change.key is None else change.key,
        revision=row.revision + change.moves_revision,
        intended={} if state is LinkState.LINKED else row.intended,
        plan=None if change.clear_plan else row.plan,
        sides=sides,
        elements=row.elements if change.elements is None else merge_elements(row.elements, change.elements),
        tombstone=tombstone,
        written_at=tuple(codec.written(row.written_at, change.wrote_at)),
        updated_at=now,
    )


def discard(connection: Connection, link_ids: Sequence[int]) -> None:
    """Pending links of which nothing was written are gone without a trace; other links stay as they are."""
    for some in chunks(sorted(set(link_ids))):
        pending = connection.scalars(
            select(links.c.id)
            .where(links.c.id.in_(some), links.c.state == LinkState.PENDING.value)
            .order_by(links.c.id)
            .with_for_update()
        ).all()
        _remove(connection, pending)


def forget(connection: Connection, link_id: int, *, expect_revision: int) -> bool:
    """A linked pair is gone without a trace, as if nobody had ever linked it. False: the link has moved since."""
    row = load(connection, [link_id], lock=True).get(link_id)
    if row is None or row.state is not LinkState.LINKED or row.revision != expect_revision:
        return False
    _remove(connection, [link_id])
    return True


def _remove(connection: Connection, link_ids: Sequence[int]) -> None:
    for table, column in ((elements, elements.c.link_id), (link_sides, link_sides.c.link_id), (links, links.c.id)):
        connection.execute(delete(table).where(column.in_(link_ids)))


def _stored_alone(connection: Connection, before: LinkRow, after: LinkRow) -> bool:
    try:
        with connection.begin_nested():
            store(connection, [(before, after)])
    except IntegrityError:
        return False
    return True


def _living(
    connection: Connection, system: str, activity_type: ActivityType, record_ids: Collection[str]
) -> dict[str, LinkRow]:
    """The living links of these records, as found, not fresh."""
    rows = by_record(connection, system, activity_type, record_ids)
    return {one: replace(row, fresh=False) for one, row in rows.items() if row.is_living}
