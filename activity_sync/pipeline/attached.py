"""Source records with their files, where the configuration has these listed or carried, and those that got a file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from activity_sync.activities.files import AttachedFile
from activity_sync.mapping.attached import files_field, too_large_to_carry
from activity_sync.pipeline.rows import Proposal
from activity_sync.pipeline.scope import Mode, Scope
from activity_sync.pipeline.session import Session
from activity_sync.rules.files import largest
from activity_sync.systems.records import FILES, SourceRecord


async def with_files(session: Session, scope: Scope, records: Iterable[SourceRecord]) -> list[SourceRecord]:
    """The records of the source, in their order, with their files. Records that are read otherwise tell of none.

    What we have put on them is no file of theirs.
    """
    found = list(records)
    if not session.configuration.attachments.reads_files or not found:
        return found
    kind = scope.activity_type
    ours = session.ledger.files_made_on(scope.flow.source, kind, [one.id for one in found])
    return await session.source(scope).reader.with_files(kind, found, ours=ours)


async def newly_filed(session: Session, scope: Scope) -> list[str]:
    """The source ids of linked activities with a file to carry, or that got one since the watermark less the overlap.

    Sorted. In incremental runs; a whole one reads its activities whatever changed.
    """
    if scope.mode is not Mode.INCREMENTAL:
        return []
    due: list[str] = []
    if session.configuration.attachments.files:
        due = session.ledger.files_due(scope.flow.source, scope.activity_type, session.clock())
    watermark = session.ledger.watermark(scope.flow.name, scope.activity_type)
    if not session.configuration.attachments.reads_files or watermark is None:
        return due
    since = watermark - timedelta(seconds=session.configuration.limits.overlap_seconds)
    found = await session.source(scope).reader.newly_filed(scope.activity_type, since=since)
    # What is not linked is not read for a file's sake: it may lie before the first day, or be kept back by a filter.
    return sorted({*due, *session.ledger.links(scope.flow.source, scope.activity_type, found)})


async def with_files_to_carry(
    session: Session, scope: Scope, proposals: Sequence[Proposal], records: Mapping[str, SourceRecord]
) -> list[Proposal]:
    """The proposals with the files of their records, and of what is written the loss where a file is too large."""
    told = {name: tuple(record.payload.get(FILES) or ()) for name, record in records.items()}
    if not session.configuration.attachments.files or not any(told.values()):
        return list(proposals)
    at_most = await most_bytes(session, scope)
    name = files_field(scope.flow.source)
    found = []
    for one in proposals:
        files = told.get(one.source_id, ())
        lost = too_large_to_carry(name, [AttachedFile.from_json(each) for each in files], at_most=at_most)
        is_written = one.action in {"create", "update"}
        losses = ({"field": lost.field, "what": lost.what, "detail": lost.detail},) if lost and is_written else ()
        found.append(replace(one, files=files, losses=(*one.losses, *losses)) if files else one)
    return found


async def most_bytes(session: Session, scope: Scope) -> int:
    """How large a file may be that is carried into the target."""
    return largest(session.configuration.attachments.max_bytes, await session.target(scope).files.longest())
