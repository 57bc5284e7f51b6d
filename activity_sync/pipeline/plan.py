"""Which days an incremental run has to cover."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from activity_sync.activities.identity import Flow
from activity_sync.activities.kinds import ActivityType
from activity_sync.pipeline.session import Session


async def days_to_read(session: Session, flow: Flow, types: Sequence[ActivityType]) -> tuple[date, date]:
    """The first and the last UTC day of an incremental run over these types.

    From the oldest watermark less the overlap; a type without one begins at its oldest change in the source, but not
    before the configured first day. Only the latter costs calls. The last day is today.
    """
    today = session.clock().date()
    overlap = timedelta(seconds=session.configuration.limits.overlap_seconds)
    starts: list[datetime] = []
    fresh = []
    for kind in types:
        watermark = session.ledger.watermark(flow.name, kind)
        if watermark is None:
            fresh.append(kind)
        else:
            starts.append(watermark - overlap)
    if fresh:
        oldest = await session.systems[flow.source].reader.oldest_changes(fresh)
        starts += [moment for moment in oldest.values() if moment is not None]
    first = min((moment.astimezone(UTC).date() for moment in starts), default=today)
    return max(min(first, today), session.configuration.start_date), today
