"""After a wrong link was undone: neither record goes on saying that it is the other one.

A record that was linked to an existing one is stamped with it. When a person parts the two, each gets its own copy; a
stamp left behind would contradict that copy when a lost ledger is rebuilt.
"""

from __future__ import annotations

from collections.abc import Collection

from activity_sync.ledger.choices import Decision
from activity_sync.pipeline.scope import Scope
from activity_sync.pipeline.session import Session
from activity_sync.systems.records import Stamp


async def clear_stamps(session: Session, scope: Scope, created: Collection[str]) -> None:
    """`created`: the source ids that have got a copy just now. No call where none of them was ever parted."""
    flow, kind = scope.flow, scope.activity_type
    chosen = session.ledger.choices(flow.source, kind) if created else {}
    parted = {one: chosen[one].other_id for one in created if one in chosen and chosen[one].decision is Decision.APART}
    if not parted:
        return
    if session.policy(scope).two_way:  # a one-way flow has never stamped its source
        await session.source(scope).writer.stamp(kind, [Stamp(one, "", "") for one in sorted(parted)])
    links = session.ledger.links(flow.target, kind, list(parted.values()))
    # What has been linked since then says so rightly.
    free = [one for one in parted.values() if not (one in links and links[one].is_living)]
    if free:
        await session.target(scope).writer.stamp(kind, [Stamp(one, "", "") for one in sorted(free)])
