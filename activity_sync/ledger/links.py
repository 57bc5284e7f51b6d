"""Reading links: by record, by id, by our own key, and those that wait for something."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, case, func, select

from activity_sync.activities.kinds import ActivityType
from activity_sync.ledger.codec import load_element, load_link, load_side
from activity_sync.ledger.engine import chunks
from activity_sync.ledger.rows import Element, ElementState, LinkRow, LinkState, LinkVersion, SideRow
from activity_sync.ledger.schema import elements, link_sides, links


def load(connection: Connection, link_ids: Iterable[int], *, lock: bool = False) -> dict[int, LinkRow]:
    """The links of these ids, sides and elements included. `lock`: nobody else changes them before our commit."""
    found: dict[int, LinkRow] = {}
    for some in chunks(sorted(set(link_ids))):
        rows: Select[*tuple[object, ...]] = select(links).where(links.c.id.in_(some)).order_by(links.c.id)
        locked = connection.execute(rows.with_for_update() if lock else rows).all()
        sides: dict[int, dict[str, SideRow]] = defaultdict(dict)
        for side in connection.execute(select(link_sides).where(link_sides.c.link_id.in_(some))).all():
            sides[side.link_id][side.system] = load_side(side)
        parts: dict[int, list[Element]] = defaultdict(list)
        by_key = select(elements).where(elements.c.link_id.in_(some)).order_by(*elements.primary_key)
        for part in connection.execute(by_key).all():
            parts[part.link_id].append(load_element(part))
        for row in locked:
            found[row.id] = load_link(row, sides[row.id], tuple(parts[row.id]))
    return found


def by_record(
    connection: Connection, system: str, activity_type: ActivityType, record_ids: Collection[str]
) -> dict[str, LinkRow]:
    """Per record the living link, else the tombstoned one of the latest life; a record without any is absent."""
    owners: dict[str, list[int]] = defaultdict(list)
    for some in chunks(set(record_ids)):
        sides = select(link_sides.c.link_id, link_sides.c.record_id).where(
            link_sides.c.system == system,
            link_sides.c.activity_type == activity_type.value,
            link_sides.c.record_id.in_(some),
        )
        for side in connection.execute(sides).all():
            owners[side.record_id].append(side.link_id)
    rows = load(connection, (one for ids in owners.values() for one in ids))
    return {record_id: max((rows[one] for one in ids), key=_latest_life) for record_id, ids in owners.items()}


def versions(
    connection: Connection, system: str, activity_type: ActivityType, record_ids: Collection[str]
) -> dict[str, LinkVersion]:
    """Of the links that `by_record` gives, only what tells whether they have moved."""
    found: dict[str, LinkVersion] = {}
    for some in chunks(set(record_ids)):
        sides = (
            select(link_sides.c.record_id, link_sides.c.version, links.c.id, links.c.revision)
            .join(links, links.c.id == link_sides.c.link_id)
            .where(
                link_sides.c.system == system,
                link_sides.c.activity_type == activity_type.value,
                link_sides.c.record_id.in_(some),
            )
            .order_by(link_sides.c.living, links.c.generation, links.c.id)  # the latest life comes last
        )
        for record_id, version, link_id, revision in connection.execute(sides):
            found[record_id] = LinkVersion(link_id, revision, version)
    return found


def unmoved(connection: Connection, link_ids: Iterable[int], known: Iterable[LinkRow]) -> dict[int, LinkRow]:
    """Those of the links that stand as they are known; none of `link_ids` is changed by anybody before our commit."""
    rows = {row.id: row for row in known}
    found: dict[int, LinkRow] = {}
    for some in chunks(sorted(set(link_ids))):
        stands = select(links.c.id, links.c.revision, links.c.updated_at).where(links.c.id.in_(some))
        for link_id, revision, updated_at in connection.execute(stands.order_by(links.c.id).with_for_update()):
            row = rows.get(link_id)
            if row is not None and (row.revision, row.updated_at) == (revision, updated_at):
                found[link_id] = row
    return found


def by_key(connection: Connection, keys: Collection[str]) -> dict[str, LinkRow]:
    """Per own key its link. Keys are unique per source and generation."""
    ids: dict[str, int] = {}
    for some in chunks({key for key in keys if key}):
        for row in connection.execute(select(links.c.id, links.c.key).where(links.c.key.in_(some))):
            ids[row.key] = max(row.id, ids.get(row.key, row.id))
    rows = load(connection, ids.values())
    return {key: rows[link_id] for key, link_id in ids.items()}


def pending(connection: Connection, origin: str, activity_type: ActivityType) -> list[LinkRow]:
    """Creates whose end is unknown, oldest first."""
    ids = connection.scalars(
        select(links.c.id).where(
            links.c.state == LinkState.PENDING.value,
            links.c.origin == origin,
            links.c.activity_type == activity_type.value,
        )
    ).all()
    return list(load(connection, ids).values())


def unfinished(connection: Connection, activity_type: ActivityType) -> list[LinkRow]:
    """Links with a write plan that nobody has settled, oldest first."""
    ids = connection.scalars(
        select(links.c.id).where(links.c.plan.is_not(None), links.c.activity_type == activity_type.value)
    ).all()
    return list(load(connection, ids).values())


def with_waiting_elements(connection: Connection, activity_type: ActivityType) -> list[LinkRow]:
    """Linked rows of which at least one association waits for its record."""
    ids = connection.scalars(
        select(links.c.id)
        .join(elements, elements.c.link_id == links.c.id)
        .where(
            elements.c.state == ElementState.WAITING.value,
            links.c.state == LinkState.LINKED.value,
            links.c.activity_type == activity_type.value,
        )
        .distinct()
    ).all()
    return list(load(connection, ids).values())


def hanging(
    connection: Connection,
    system: str,
    activity_type: ActivityType,
    *,
    since: datetime,
    until: datetime,
    after: int,
    limit: int,
) -> tuple[dict[str, set[tuple[str, str]]], int | None]:
    """By record id of the system, what the ledger knows its linked activities to hang on there, as kind and id.

    Of the links that were last announced, claimed or settled from `since` until before `until`: the first `limit` whose
    own id is above `after`, and the last of these ids, from which to go on; None when there are no more.
    """
    watched = connection.execute(
        select(links.c.id, link_sides.c.record_id)
        .join(link_sides, link_sides.c.link_id == links.c.id)
        .where(
            links.c.id > after,
            links.c.state == LinkState.LINKED.value,
            links.c.plan.is_(None),
            links.c.updated_at >= since,
            links.c.updated_at < until,
            link_sides.c.system == system,
            link_sides.c.activity_type == activity_type.value,
        )
        .order_by(links.c.id)
        .limit(limit)
    ).all()
    if not watched:
        return {}, None
    found: dict[str, set[tuple[str, str]]] = {str(record_id): set() for _, record_id in watched}
    record_of = {link_id: str(record_id) for link_id, record_id in watched}
    rows = connection.execute(
        select(links.c.id, elements.c.kind, own_record(system))
        .join(elements, elements.c.link_id == links.c.id)
        .where(links.c.id > after, links.c.id <= watched[-1].id)
    )
    for link_id, kind, own in rows:
        if own and link_id in record_of:
            found[record_of[link_id]].add((kind, own))
    return found, watched[-1].id if len(watched) == limit else None


def linked_twice(connection: Connection) -> list[tuple[str, str, str]]:
    """System, type and id of the records that more than one living link has. The index forbids it."""
    rows = connection.execute(
        select(link_sides.c.system, link_sides.c.activity_type, link_sides.c.record_id)
        .where(link_sides.c.living, link_sides.c.record_id.is_not(None))
        .group_by(link_sides.c.system, link_sides.c.activity_type, link_sides.c.record_id)
        .having(func.count() > 1)
        .order_by(link_sides.c.system, link_sides.c.activity_type, link_sides.c.record_id)
    )
    return [(row.system, row.activity_type, row.record_id) for row in rows]


def own_record(system: str) -> Any:
    """The column of `elements` that holds the system's own record, of links joined to them."""
    return case((links.c.origin == system, elements.c.origin_record_id), else_=elements.c.counterpart_record_id)


def linked_ids(connection: Connection, system: str, activity_type: ActivityType) -> list[str]:
    """The system's records that have a counterpart, sorted."""
    found = connection.scalars(
        select(link_sides.c.record_id)
        .join(links, links.c.id == link_sides.c.link_id)
        .where(
            links.c.state == LinkState.LINKED.value,
            link_sides.c.system == system,
            link_sides.c.activity_type == activity_type.value,
        )
        .order_by(link_sides.c.record_id)
    )
    return [str(one) for one in found]


def is_linked(connection: Connection, system: str, activity_type: ActivityType) -> bool:
    """Whether any record of the system has a counterpart."""
    found = (
        select(links.c.id)
        .join(link_sides, links.c.id == link_sides.c.link_id)
        .where(
            links.c.state == LinkState.LINKED.value,
            link_sides.c.system == system,
            link_sides.c.activity_type == activity_type.value,
        )
        .limit(1)
    )
    return connection.scalar(found) is not None


def delete_due(connection: Connection, system: str, activity_type: ActivityType) -> list[LinkRow]:
    """Ended links whose delete in `system` its own flow has not acted on yet, oldest first."""
    ids = connection.scalars(
        select(links.c.id).where(links.c.delete_due == system, links.c.activity_type == activity_type.value)
    ).all()
    return list(load(connection, ids).values())


def _latest_life(row: LinkRow) -> tuple[bool, int, int]:
    return row.is_living, row.generation, row.id
