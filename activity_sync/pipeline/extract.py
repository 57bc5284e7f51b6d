"""Step 1: what changed in the source, as the API gave it. No judgement."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from activity_sync.activities.kinds import Step
from activity_sync.ledger.outstanding import OutstandingState
from activity_sync.ledger.reads import Read
from activity_sync.pipeline.association_feed import drifted
from activity_sync.pipeline.attached import newly_filed, with_files
from activity_sync.pipeline.deletions import deleted
from activity_sync.pipeline.filtering import confirm_properties, newly_matching
from activity_sync.pipeline.mapping_change import revision_of
from activity_sync.pipeline.report import StepReport
from activity_sync.pipeline.rows import (
    ASSOCIATION,
    CHOSEN,
    DELETION,
    FILED,
    MATCHING,
    PENDING,
    RELEASED,
    RETRY,
    WINDOW,
    Extracted,
    frame,
)
from activity_sync.pipeline.scope import Mode, Scope, day_of
from activity_sync.pipeline.session import Session
from activity_sync.pipeline.waiting_room import released
from activity_sync.pipeline.watching import Watch, watching
from activity_sync.systems.records import SourceRecord, Window


async def extract(session: Session, scope: Scope) -> StepReport:
    """Everything modified in the scope's window, and what fell due, is staged once per record.

    Records modified after the window's end, and those whose modification moves while we page, are the next run's.
    """
    await session.identify()
    await confirm_properties(session, scope)
    report = StepReport(scope)
    started = session.clock() + session.source(scope).clock_ahead
    window = reading_window(session, scope)
    seen: set[str] = set()
    at_once = session.configuration.limits.batch_rows
    async with watching(session, scope, Step.EXTRACTED) as watch:
        await _announce(session, scope, window)
        await session.confirm_fields(scope.flow, scope.activity_type)
        with session.staging.write(
            scope.flow.name,
            scope.activity_type,
            Step.EXTRACTED,
            scope.run_id,
            partitions=(scope.partitions.first, scope.partitions.last),
        ) as out:

            def stage(found: list[SourceRecord], trigger: str) -> None:
                rows = []
                for record in found:
                    partition = scope.partitions.of(record.modified_at) if trigger == WINDOW else None
                    if record.id in seen or (trigger == WINDOW and partition is None):
                        continue
                    seen.add(record.id)
                    partition = partition or scope.partitions.last
                    rows.append(
                        Extracted(record, partition, day_of(record.modified_at), trigger).to_row(
                            scope.run_id, session.clock()
                        )
                    )
                    report.count(partition, "extracted")
                if rows:
                    out.append(frame(rows))
                    watch.advance(len(rows))

            if window.start < window.end:
                async for page in session.source(scope).reader.changes(
                    scope.activity_type, window, expect=watch.expect_read
                ):
                    stage(await with_files(session, scope, await up_to_date(session, scope, page)), WINDOW)
            differing, fed = await drifted(session, scope)
            falls_due = due(session, scope) | {
                RELEASED: await released(session, scope),
                ASSOCIATION: differing,
                MATCHING: await newly_matching(session, scope),
                FILED: await newly_filed(session, scope),
            }
            for trigger, ids in falls_due.items():
                unseen = [one for one in ids if one not in seen]
                for wanted in (unseen[at : at + at_once] for at in range(0, len(unseen), at_once)):
                    read = await session.source(scope).reader.read(scope.activity_type, wanted)
                    found = [record for record in read.values() if record.id in wanted]
                    stage(await with_files(session, scope, found), trigger)
            gone, look = await deleted(session, scope)
            stage(gone, DELETION)
    session.ledger.note_read(
        scope.run_id,
        scope.flow.name,
        scope.activity_type,
        Read(window.start, covered(session, scope, started), deletions=look, fed=fed),
    )
    return report


async def _announce(session: Session, scope: Scope, window: Window) -> None:
    """What the types after the first one hold: a long run is to say from its beginning when it will be through.

    What is new since the watermark is carried before anybody asks, and not worth the calls.
    """
    if scope.mode is not Mode.WHOLE or not scope.ahead:
        return
    for kind, expected in (await session.source(scope).reader.expected(scope.ahead, window)).items():
        Watch(session, replace(scope, activity_type=kind), Step.EXTRACTED).announce(expected)


async def up_to_date(session: Session, scope: Scope, page: list[SourceRecord]) -> list[SourceRecord]:
    """The page, with every record that an index shows older than we know it read again by its id.

    What we have just written would else look as if a person had put the old values back.
    """
    reader = session.source(scope).reader
    known = session.ledger.link_versions(scope.flow.source, scope.activity_type, [record.id for record in page])
    behind = [
        record.id
        for record in page
        if (link := known.get(record.id)) is not None
        and link.record_version is not None
        and reader.is_behind(record, link.record_version)
    ]
    if not behind:
        return page
    present = await reader.read(scope.activity_type, behind)
    return [record for record in page if record.id not in behind] + list(present.values())


def reading_window(session: Session, scope: Scope) -> Window:
    """The modification times to read: all of the partitions, or from the watermark less the overlap."""
    whole = scope.partitions.window
    if scope.mode is Mode.WHOLE:
        return whole
    watermark = session.ledger.watermark(scope.flow.name, scope.activity_type)
    if watermark is None:
        return whole
    overlap = timedelta(seconds=session.configuration.limits.overlap_seconds)
    return Window(max(whole.start, watermark - overlap), whole.end)


def covered(session: Session, scope: Scope, started: datetime) -> datetime | None:
    """How far the source is known to be read, in its own clock: the read's start less the overlap.

    What is younger may still be missing from the source's index. None when the run says nothing about the present: its
    partitions ended before it began.
    """
    if scope.partitions.window.end <= started:
        return None
    return started - timedelta(seconds=session.configuration.limits.overlap_seconds)


def due(session: Session, scope: Scope) -> dict[str, list[str]]:
    """The source ids to read besides the window, by trigger.

    Writes of unknown end, deletes that the mirror flow met first, held records of which a person decided, retries, and
    what failed under another mapping than today's.
    """
    flow, kind = scope.flow, scope.activity_type
    pending = [
        link.sides[flow.source].record_id
        for link in session.ledger.pending(flow.source, kind)
        if link.sides[flow.source].record_id is not None
    ]
    pending += [
        link.sides[flow.source].record_id
        for link in session.ledger.unfinished(kind)
        if (link.plan or {}).get("writes_to") == flow.target
    ]
    found = {PENDING: [one for one in pending if one is not None]}
    held = {
        row.source_id
        for row in session.ledger.list_outstanding(OutstandingState.HELD, flow=flow.name, activity_type=kind)
    }
    ended = {link.sides[flow.source].record_id or "" for link in session.ledger.delete_due(flow.source, kind)}
    found[DELETION] = sorted(ended - held)
    # Held records of which a person has decided what to do.
    found[CHOSEN] = sorted(held & session.ledger.choices(flow.source, kind).keys()) if held else []
    if scope.mode is Mode.INCREMENTAL:
        tries = session.ledger.due(flow.name, kind, session.clock(), mapping=revision_of(session, scope))
        found[RETRY] = [row.source_id for row in tries]
    return found
