"""Putting whole links into their tables: new ones, and changed ones, a batch per statement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, update

from activity_sync.ledger import codec
from activity_sync.ledger.engine import chunks
from activity_sync.ledger.rows import Element, LinkRow, SideRow
from activity_sync.ledger.schema import elements, link_sides, links


def store_new(connection: Connection, fresh: Mapping[str, LinkRow]) -> dict[str, LinkRow]:
    """The rows as they stand afterwards, with their ids; `fresh` by source id."""
    if not fresh:
        return {}
    fresh = dict(sorted(fresh.items()))
    ids = connection.scalars(
        insert(links).returning(links.c.id, sort_by_parameter_order=True),
        [_link_columns(row) for row in fresh.values()],
    ).all()
    made = {record_id: replace(row, id=link_id) for (record_id, row), link_id in zip(fresh.items(), ids, strict=True)}
    sides = [
        {"link_id": row.id, "system": system} | _side_columns(row, side)
        for row in made.values()
        for system, side in row.sides.items()
    ]
    # Everybody takes the unique entries in one order, so that two who insert the same do not wait for each other.
    sides.sort(key=lambda side: (side["system"], side["record_id"] or ""))
    connection.execute(insert(link_sides), sides)
    _insert_elements(connection, {row.id: row.elements for row in made.values()})
    return made


def store(connection: Connection, rows: Sequence[tuple[LinkRow, LinkRow]]) -> None:
    """Each link, as it was and as it is to be, is as it is to be."""
    if not rows:
        return
    connection.execute(
        update(links).where(links.c.id == bindparam("at_id")),
        [{"at_id": row.id} | _link_columns(row) for _, row in rows],
    )
    sides = [
        {"at_link": row.id, "at_system": system} | _side_columns(row, side)
        for old, row in rows
        for system, side in row.sides.items()
        if side != old.sides[system] or old.is_living != row.is_living
    ]
    if sides:
        at = (link_sides.c.link_id == bindparam("at_link")) & (link_sides.c.system == bindparam("at_system"))
        connection.execute(update(link_sides).where(at), sides)
    moved = [row for old, row in rows if row.elements != old.elements]
    for some in chunks([row.id for row in moved]):
        connection.execute(delete(elements).where(elements.c.link_id.in_(some)))
    _insert_elements(connection, {row.id: row.elements for row in moved})


def _insert_elements(connection: Connection, of_links: Mapping[int, tuple[Element, ...]]) -> None:
    rows = [
        {
            "link_id": link_id,
            "kind": one.kind,
            "role": one.role,
            "origin_record_id": one.origin_record_id,
            "counterpart_record_id": one.counterpart_record_id,
            "state": one.state.value,
        }
        for link_id, parts in of_links.items()
        for one in dict.fromkeys(parts)
    ]
    if rows:
        connection.execute(insert(elements), rows)


def _link_columns(row: LinkRow) -> dict[str, Any]:
    return {
        "activity_type": row.activity_type.value,
        "state": row.state.value,
        "origin": row.origin,
        "key": row.key,
        "generation": row.generation,
        "revision": row.revision,
        "intended": codec.dump_prints(row.intended),
        "plan": codec.dump_plan(row.plan),
        "tombstone": codec.dump_tombstone(row.tombstone),
        "written_at": codec.dump(list(row.written_at)),
        "updated_at": row.updated_at,
        "delete_due": (row.tombstone.delete_due or None) if row.tombstone is not None else None,
    }


def _side_columns(row: LinkRow, side: SideRow) -> dict[str, Any]:
    return {
        "activity_type": row.activity_type.value,
        "record_id": side.record_id,
        "living": row.is_living,
        "base": codec.dump_prints(side.base),
        "unsettled": codec.dump_names(side.unsettled),
        "version": side.version,
    }
