"""Associations that were added or removed without the activity's being modified: found by comparing, cheaply.

HubSpot does not move an activity's modification time for them, and Dynamics does not promise to. What the ledger knows
the activities to hang on is compared with what the source shows now; only those that differ are read in full, and go
through the steps as any change does, element by element.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from activity_sync.pipeline.scope import Mode, Scope
from activity_sync.pipeline.session import Session

_AT_ONCE = 10_000
"""Activities compared at a time, ten calls to HubSpot per kind of record: memory is bounded, whatever is watched."""


async def drifted(session: Session, scope: Scope) -> tuple[list[str], datetime | None]:
    """The source ids of the watched activities that hang on something else than the ledger knows, and when we looked.

    None: we did not. A pass counts once the run has loaded what it found: see `load`.

    In incremental runs, as often as `limits.association_minutes` says. Watched are the links that anything was done
    about in the last `limits.association_days`, but not within the overlap: what we have just written may not show yet,
    and is not to pass for taken away.
    """
    limits = session.configuration.limits
    flow, kind, now = scope.flow, scope.activity_type, session.clock()
    if scope.mode is not Mode.INCREMENTAL or limits.association_days == 0:
        return [], None
    before = session.ledger.fed_at(flow.name, kind)
    if before is not None and before <= now < before + timedelta(minutes=limits.association_minutes):
        return [], None
    # What is not done was decided on with what it hung on then, which the ledger's elements do not always say.
    decided = {
        row.source_id: set(row.hangs_on)
        for row in session.ledger.list_outstanding(flow=flow.name, activity_type=kind)
        if row.hangs_on is not None
    }
    found: list[str] = []
    for known in session.ledger.hanging(
        flow.source,
        kind,
        since=now - timedelta(days=limits.association_days),
        until=now - timedelta(seconds=limits.overlap_seconds),
        at_once=_AT_ONCE,
    ):
        shown = await session.source(scope).reader.associated(kind, sorted(known))
        found += (one for one, here in shown.items() if here != decided.get(one, known[one]))
    return sorted(found), now
