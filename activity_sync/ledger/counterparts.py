"""What look-ups have found: a record's counterpart in the other system, and by which keys.

A row says what was true when it was found. Whether it still is, an activity that hangs on the counterpart may prove.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, func, select

from activity_sync.activities.identity import Flow
from activity_sync.activities.kinds import ActivityType
from activity_sync.ledger.engine import chunks, insert_or
from activity_sync.ledger.links import own_record
from activity_sync.ledger.rows import ElementState, LinkState
from activity_sync.ledger.schema import counterparts, elements, link_sides, links

_DATED_ANEW_AFTER = timedelta(days=1)
"""A row that was found again as it stands is not written at every look-up: a pass without news writes nothing."""


@dataclass(frozen=True, slots=True)
class Counterpart:
    """What a look-up found for one record of the source. `keys`: a keyed hash of what the source had to be found by."""

    target_id: str
    keys: str
    found_at: datetime


def note(connection: Connection, flow: Flow, kind: str, found: Mapping[str, tuple[str, str]], *, now: datetime) -> None:
    """By source id, these counterparts (id and keys) have just been found."""
    stand = known(connection, flow, kind, found)
    news = [
        {
            "source_system": flow.source,
            "target_system": flow.target,
            "kind": kind,
            "source_id": source_id,
            "target_id": target_id,
            "keys": keys,
            "found_at": now,
        }
        # In one order, so that two runs that note the same records at once do not wait for each other.
        for source_id, (target_id, keys) in sorted(found.items())
        if (row := stand.get(source_id)) is None
        or (row.target_id, row.keys) != (target_id, keys)
        or row.found_at < now - _DATED_ANEW_AFTER
    ]
    if not news:
        return
    insert = insert_or(connection, counterparts)
    renewed = {name: insert.excluded[name] for name in ("target_id", "keys", "found_at")}
    connection.execute(
        insert.on_conflict_do_update(index_elements=list(counterparts.primary_key.columns), set_=renewed), news
    )


def known(connection: Connection, flow: Flow, kind: str, source_ids: Collection[str]) -> dict[str, Counterpart]:
    """By source id, what was found last; absent where nothing is noted."""
    found: dict[str, Counterpart] = {}
    table = counterparts.c
    scope = and_(table.source_system == flow.source, table.target_system == flow.target, table.kind == kind)
    for some in chunks(set(source_ids)):
        for row in connection.execute(select(counterparts).where(scope, table.source_id.in_(some))):
            found[row.source_id] = Counterpart(row.target_id, row.keys, row.found_at)
    return found


def seen_on(
    connection: Connection, system: str, kind: str, record_ids: Collection[str]
) -> dict[str, tuple[ActivityType, str]]:
    """By record of the system, an activity there (type and id) that hangs on it as far as the ledger knows.

    The one that was linked last, where its link lives and the record was carried with it; else none.
    """
    last: dict[str, int] = {}
    for some in chunks(set(record_ids)):
        for column in (elements.c.origin_record_id, elements.c.counterpart_record_id):
            latest = select(column, func.max(elements.c.link_id)).where(elements.c.kind == kind, column.in_(some))
            for record_id, link_id in connection.execute(latest.group_by(column)):
                last[record_id] = max(link_id, last.get(record_id, link_id))
    found: dict[str, tuple[ActivityType, str]] = {}
    for some_links in chunks(set(last.values())):
        rows = connection.execute(
            select(links.c.id, links.c.activity_type, link_sides.c.record_id, own_record(system).label("own"))
            .join(link_sides, link_sides.c.link_id == links.c.id)
            .join(elements, elements.c.link_id == links.c.id)
            .where(
                links.c.id.in_(some_links),
                links.c.state == LinkState.LINKED.value,
                link_sides.c.system == system,
                link_sides.c.record_id.is_not(None),
                elements.c.kind == kind,
                elements.c.state == ElementState.CARRIED.value,
            )
        )
        for link_id, activity_type, activity_id, own in rows:
            if last.get(own) == link_id:
                found[own] = (ActivityType(activity_type), activity_id)
    return found
