"""Source records with what is known of their files, where the configuration has them listed in the copies."""

from __future__ import annotations

from collections.abc import Iterable

from activity_sync.pipeline.scope import Scope
from activity_sync.pipeline.session import Session
from activity_sync.systems.records import SourceRecord


async def with_files(session: Session, scope: Scope, records: Iterable[SourceRecord]) -> list[SourceRecord]:
    """The records of the source, in their order, with their files. Records that are read otherwise tell of none."""
    found = list(records)
    if not session.configuration.attachments.links or not found:
        return found
    return await session.source(scope).reader.with_files(scope.activity_type, found)
