"""Source records with their files, where the configuration has these listed, and those that got a file."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from activity_sync.pipeline.scope import Mode, Scope
from activity_sync.pipeline.session import Session
from activity_sync.systems.records import SourceRecord


async def with_files(session: Session, scope: Scope, records: Iterable[SourceRecord]) -> list[SourceRecord]:
    """The records of the source, in their order, with their files. Records that are read otherwise tell of none."""
    found = list(records)
    if not session.configuration.attachments.links or not found:
        return found
    return await session.source(scope).reader.with_files(scope.activity_type, found)


async def newly_filed(session: Session, scope: Scope) -> list[str]:
    """The source ids of linked activities that got a file since the watermark less the overlap, sorted.

    In incremental runs; a whole one reads its activities whatever changed.
    """
    watermark = session.ledger.watermark(scope.flow.name, scope.activity_type)
    if not session.configuration.attachments.links or watermark is None or scope.mode is not Mode.INCREMENTAL:
        return []
    since = watermark - timedelta(seconds=session.configuration.limits.overlap_seconds)
    found = await session.source(scope).reader.newly_filed(scope.activity_type, since=since)
    # What is not linked is not read for a file's sake: it may lie before the first day, or be kept back by a filter.
    return sorted(session.ledger.links(scope.flow.source, scope.activity_type, found))
